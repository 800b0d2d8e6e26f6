"""The least-privilege bot on both profiles: it publishes a site, and may do nothing else; its token and its file."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAllowed, NotAuthenticated
from workflows.errors import InputError, Refusal
from workflows.publish.bot import NO_DELETE, Wish, make_bot, token_written
from workflows.publish.connect import ServerUnusable
from workflows.publish.protect import Protecting
from workflows.run import open_pack
from workflows.site import load_site
from workflows.store import Store

NAME = "publisher"


@dataclass
class Desk:
    server: Any
    admin: OpenMetadata
    site: Any
    job: Protecting

    def bot(self, **wish: Any) -> Any:
        return make_bot(self.job, Wish(NAME, self.file, **wish))

    def get(self, kind: str, fqn: str, *fields: str) -> dict[str, Any]:
        found = self.admin.get(kind, fqn, fields)
        assert found is not None, fqn
        return found

    @property
    def file(self) -> Path:
        path: Path = self.site.root / "var" / "publisher.token"
        return path

    @property
    def token(self) -> str:
        return self.file.read_text("ascii").strip()

    def as_bot(self, token: str | None = None) -> OpenMetadata:
        return OpenMetadata(self.server.url, token or self.token, sleep=lambda seconds: None)


@pytest.fixture(params=["1.2", "2.0"])
def desk(
    request: pytest.FixtureRequest, contract_server: Callable[..., Any], published_site: Callable[..., Any]
) -> Iterator[Desk]:
    server = contract_server(request.param)
    copy = published_site(server, 2, protection={})
    site = load_site(copy.root)
    with (
        Store(site.store_url) as store,
        OpenMetadata(server.url, server.admin_token, sleep=lambda seconds: None) as admin,
    ):
        yield Desk(
            server, admin, copy, Protecting(site, store, open_pack(site.pack, site.overlays), site.server, admin)
        )


def test_exactly_this_token_publishes_everything(desk: Desk, writes_of: Callable[[Any], int]) -> None:
    assert desk.job.protect().exit_code == 0
    made = desk.bot()
    assert (made.roles, made.notices) == (["pdc-publisher"], [NO_DELETE])
    desk.site.connect(desk.server, token=desk.token, protection={})
    result = desk.site.publish()
    assert (result.exit_code, result.failures, result.assets.failures) == (0, [], [])
    assert not [notice for notice in result.notices if "pdc protect" in notice]
    assert result.assets.created == 2
    table = desk.get("table", "mz-rescue.default.default.t_000", "tags")
    assert any(label["tagFQN"].startswith("数据分级.") for label in table["tags"])
    before = writes_of(desk.server)
    again = desk.site.publish()
    assert (again.written, writes_of(desk.server) - before) == (0, 0)


def test_without_protect_before_it_publishes_all_but_owners_and_says_what_to_do(desk: Desk) -> None:
    """A bot makes no teams: publishing again would say the same for ever."""
    desk.bot()
    desk.site.connect(desk.server, token=desk.token, protection={})
    first, second = desk.site.publish(), desk.site.publish()
    told = "team mz-owners: not there, so no asset refers to it yet (run `pdc protect` with an administrator's token)"
    assert (first.assets.created, first.exit_code, first.assets.failures) == (2, 3, [told])
    assert (second.assets.updated, second.assets.unchanged, second.assets.failures) == (0, 2, [told])
    assert desk.job.protect().exit_code == 0
    last = desk.site.publish()
    assert (last.assets.updated, last.exit_code) == (2, 0)


def refused(act: Callable[[], Any]) -> bool:
    try:
        act()
    except NotAllowed:
        return True
    return False


def test_and_does_nothing_else(desk: Desk) -> None:
    desk.job.protect()
    desk.bot()
    desk.site.connect(desk.server, token=desk.token, protection={})
    desk.site.publish()
    table, policy = desk.get("table", "mz-rescue.default.default.t_000"), desk.get("policy", "pdc-publisher")
    me, team, tag = desk.get("user", NAME), desk.get("team", "mz"), desk.get("tag", "数据分级.L1")
    everything = [{"name": "all", "effect": "allow", "resources": ["All"], "operations": ["All"]}]
    ownership = [{"op": "add", "path": "/roles/0", "value": policy}]
    user = {"name": "x", "email": "x@example.cn"}
    with desk.as_bot() as bot:
        acts: dict[str, Callable[[], Any]] = {
            "delete a table": lambda: bot.delete("table", table["id"]),
            "delete a tag": lambda: bot.delete("tag", tag["id"]),
            "see samples": lambda: bot.sample(table["id"]),
            "write samples": lambda: bot.request(
                "PUT", f"tables/{table['id']}/sampleData", body={"columns": [], "rows": []}, doing="sample"
            ),
            "policies": lambda: bot.put("policy", {"name": "pdc-publisher", "rules": everything}),
            "new policies": lambda: bot.put("policy", {"name": "mine", "rules": everything}),
            "roles": lambda: bot.put("role", {"name": "mine", "policies": ["pdc-publisher"]}),
            "users": lambda: bot.put("user", user),
            "its own roles": lambda: bot.patch("user", me["id"], ownership),
            "teams": lambda: bot.put("team", {"name": "x", "teamType": "Group", "users": [me["id"]]}),
            "its team": lambda: bot.patch("team", team["id"], [{"op": "add", "path": "/displayName", "value": "x"}]),
            "bots": lambda: bot.put("bot", {"name": NAME, "botUser": NAME, "description": "x"}),
            "tokens": lambda: bot.request("GET", f"users/token/{me['id']}", doing="read"),
        }
        assert [name for name, act in acts.items() if not refused(act)] == []


def test_without_teams_it_publishes_what_it_may_and_says_so(desk: Desk) -> None:
    """Nobody has run `pdc protect`: assets have no owner, and one notice says what to do."""
    desk.bot()
    desk.site.connect(desk.server, token=desk.token, protection={})
    result = desk.site.publish()
    assert (result.failures, result.assets.created) == ([], 2)
    assert [failure.split(":")[0] for failure in result.assets.failures] == ["team mz-owners"]
    assert sum("pdc protect" in notice for notice in result.notices) == 1


def test_a_renamed_tag_is_told_when_the_bot_may_not_follow_it(desk: Desk) -> None:
    desk.job.protect()
    desk.bot()
    desk.site.connect(desk.server, token=desk.token, protection={})
    assert not any("pdc protect" in notice for notice in desk.site.publish().notices)
    desk.site.connect(desk.server, token=desk.token, protection={}, names="ascii")
    assert sum("pdc protect" in notice for notice in desk.site.publish().notices) == 1


def test_deleting_is_asked_for(desk: Desk) -> None:
    desk.job.protect()
    assert desk.bot(allow_delete=True).roles == ["pdc-publisher", "pdc-remover"]
    desk.site.connect(desk.server, token=desk.token, protection={})
    desk.site.publish()
    table, tags = desk.get("table", "mz-rescue.default.default.t_000"), desk.get("classification", "数据分级")
    with desk.as_bot() as bot:
        assert bot.delete("table", table["id"])
        assert refused(lambda: bot.delete("classification", tags["id"], recursive=True))


def test_the_file_is_ours_alone(desk: Desk) -> None:
    umask = os.umask(0)
    try:
        made = desk.bot()
    finally:
        os.umask(umask)
    assert stat.S_IMODE(desk.file.stat().st_mode) == 0o600
    assert desk.token.count(".") == 2
    assert desk.token not in repr(made)
    assert desk.token not in str(made.as_json())
    assert [path.name for path in desk.file.parent.glob("*publisher*")] == ["publisher.token"]


def test_rotation_ends_the_old_token_and_the_new_one_works_at_once(desk: Desk) -> None:
    desk.bot()
    old = desk.token
    with desk.as_bot() as bot:
        bot.whoami()
    made = desk.bot(rotate=True, expiry="7", allow_delete=True)
    assert (made.rotated, made.notices, made.roles) == (True, [], ["pdc-publisher", "pdc-remover"])
    assert desk.token != old
    assert [one["name"] for one in desk.get("user", NAME, "roles")["roles"]] == ["pdc-publisher", "pdc-remover"]
    with desk.as_bot() as new, desk.as_bot(old) as former:
        assert new.whoami()["name"] == NAME
        with pytest.raises(NotAuthenticated):
            former.whoami()


def test_nothing_is_overwritten_unasked(desk: Desk) -> None:
    with pytest.raises(Refusal, match="no bot publisher"):
        desk.bot(rotate=True)
    desk.bot()
    token = desk.token
    with pytest.raises(Refusal, match="has a bot publisher already"):
        desk.bot()
    with pytest.raises(Refusal, match="is there already"):
        make_bot(desk.job, Wish("another", desk.file))
    assert desk.token == token
    assert desk.admin.get("user", "another") is None
    desk.admin.put("user", {"name": "wang", "email": "wang@example.cn"})
    with pytest.raises(Refusal, match="a person's account"):
        make_bot(desk.job, Wish("wang", desk.file.with_name("wang")))


def test_a_file_that_cannot_be_written_is_found_before_the_server_changes(desk: Desk, writes_of: Any) -> None:
    (desk.site.root / "blocked").write_text("")
    before = writes_of(desk.server)
    with pytest.raises(InputError, match="cannot be written"):
        make_bot(desk.job, Wish(NAME, desk.site.root / "blocked" / "token"))
    assert writes_of(desk.server) == before


@pytest.mark.parametrize("name", ["Bot", "a", "a b", "a.b", "../x", "机器人"])
def test_bad_names(name: str, tmp_path: Path) -> None:
    class Nobody:
        client = None

    with pytest.raises(InputError, match="no name for a bot"):
        make_bot(Nobody(), Wish(name, tmp_path / "token"))  # type: ignore[arg-type]


def test_only_an_administrator(desk: Desk) -> None:
    with OpenMetadata(desk.server.url, desk.server.tokens["bot"]) as bot:
        desk.job.client = bot
        with pytest.raises(ServerUnusable, match="only an administrator"):
            desk.bot()


def test_a_role_that_somebody_changed_is_no_role_for_the_bot(desk: Desk) -> None:
    desk.job.protect()
    wide = {"op": "replace", "path": "/rules/0/operations", "value": ["All"]}
    desk.admin.patch("policy", desk.get("policy", "pdc-publisher")["id"], [wide])
    with pytest.raises(ServerUnusable, match="pdc protect --force"):
        desk.bot()
    assert not desk.file.exists()


def test_a_draft_is_never_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "token"
    with pytest.raises(RuntimeError), token_written(path, replace=False):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    path.write_text("old\n")
    with pytest.raises(RuntimeError), token_written(path, replace=True):
        raise RuntimeError
    assert path.read_text() == "old\n"


def test_the_sdk_models_take_every_body(
    contract_server: Callable[..., Any], published_site: Callable[..., Any]
) -> None:
    """Teams, roles, policies, users and bots, as requests and as answers, by the generated models of 2.0.6."""
    server = contract_server("2.0", validate=True)
    copy = published_site(server, 1, protection={})
    site = load_site(copy.root)
    with (
        Store(site.store_url) as store,
        OpenMetadata(server.url, server.admin_token, sleep=lambda seconds: None) as admin,
    ):
        desk = Desk(
            server, admin, copy, Protecting(site, store, open_pack(site.pack, site.overlays), site.server, admin)
        )
        assert desk.job.protect().failures == []
        assert desk.bot(allow_delete=True).notices == []
    assert "SDK" not in server.log()
