"""``pdc protect``, ``--check`` and ``pdc bot create`` on both profiles: output, exit codes, what is not protected."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connectors.om_client import OpenMetadata
from workflows.cli import cli
from workflows.publish.protection_check import LIMITS, masked_columns

TABLE = "mz-rescue.default.default.t_000"
Patch = dict[str, Any]


class Desk:
    """A published and protected site whose steward and reviewer are in their teams."""

    def __init__(self, server: Any, site: Any) -> None:
        self.server, self.site = server, site
        self.admin = OpenMetadata(server.url, server.admin_token, sleep=lambda seconds: None)
        self.connect()

    def connect(self, **protection: Any) -> None:
        self.site.connect(self.server, admin_token=self.server.admin_token, protection=protection)

    def pdc(self, *words: object) -> Result:
        return CliRunner().invoke(cli, ["--site", str(self.site.root), *map(str, words)])

    def get(self, kind: str, fqn: str, *fields: str) -> dict[str, Any]:
        found = self.admin.get(kind, fqn, fields)
        assert found is not None, fqn
        return found

    def patch(self, kind: str, fqn: str, *operations: Patch, **fields: str) -> None:
        self.admin.patch(kind, self.get(kind, fqn)["id"], list(operations))

    def member(self, name: str, team: str) -> None:
        teams = [self.get("team", team)["id"]] if team else []
        self.admin.put("user", {"name": name, "email": f"{name}@example.cn", "teams": teams})

    def ready(self) -> None:
        """Protected, published, and people in their teams."""
        assert self.pdc("protect").exit_code == 0
        assert self.site.publish().exit_code == 0
        self.member("zhang", "mz-owners")
        self.member("chen", "pdc-reviewers")

    def gaps(self) -> list[tuple[str, str]]:
        found = self.pdc("protect", "--check", "--json")
        document = json.loads(found.stdout)
        assert found.exit_code == document["exit_code"] == (1 if document["gaps"] else 0), found.output
        return [(gap["what"], gap["where"]) for gap in document["gaps"]]


@pytest.fixture(params=["1.2", "2.0"])
def desk(request: pytest.FixtureRequest, contract_server: Callable[..., Any], published_site: Any) -> Any:
    server = contract_server(request.param)
    found = Desk(server, published_site(server, 2))
    yield found
    found.admin.close()


def at(place: str, **more: Any) -> Patch:
    return {"op": "replace", "path": place, **more}


def test_protect_shows_writes_and_is_done(desk: Desk, writes_of: Callable[[Any], int]) -> None:
    before = writes_of(desk.server)
    planned = desk.pdc("protect", "--dry-run")
    assert (planned.exit_code, writes_of(desk.server)) == (0, before)
    assert planned.stdout.splitlines()[-1].endswith("would be written, 0 changed by somebody else")
    done = desk.pdc("protect")
    assert (done.exit_code, done.stdout.splitlines()[:-1]) == (0, planned.stdout.splitlines()[:-1])
    again = json.loads(desk.pdc("protect", "--json").stdout)
    assert (again["changes"], again["conflicts"], again["exit_code"]) == ([], [], 0)


def test_publishing_brings_them_along_where_the_token_may(desk: Desk, writes_of: Callable[[Any], int]) -> None:
    """The stock ingestion bot may write everything; whoever is no administrator of all may not and is told."""
    kinds = {change["kind"] for change in json.loads(desk.pdc("plan", "--json").stdout)["definitions"]}
    assert {"policy", "role", "team"} <= kinds
    first = desk.pdc("publish")
    assert (first.exit_code, "tiers do not yet limit" in first.stderr) == (0, True), first.output
    everybody = desk.get("team", "Organization", "policies", "defaultRoles")
    assert not [
        one["name"] for key in ("policies", "defaultRoles") for one in everybody.get(key, ()) if "pdc" in one["name"]
    ]
    before = writes_of(desk.server)
    again = desk.pdc("publish")
    assert (again.exit_code, writes_of(desk.server)) == (0, before), again.output
    # What binds everybody is an administrator's to say, once.
    changes = json.loads(desk.pdc("protect", "--json").stdout)["changes"]
    assert {change["fqn"] for change in changes} == {"Organization"}
    assert "tiers do not yet limit" not in desk.pdc("publish").stderr
    assert json.loads(desk.pdc("protect", "--dry-run", "--json").stdout)["changes"] == []
    (desk.site.root / "packs").mkdir(exist_ok=True)
    opened = "extends: putuo-2020\nid: site\nversion: '1'\nprotection: {L3: {queries: [reviewer]}}\n"
    (desk.site.root / "packs" / "a.yaml").write_text(opened, encoding="utf-8")
    assert desk.pdc("publish").exit_code == 0
    (rule,) = [one for one in desk.get("policy", "pdc-tier-L3")["rules"] if one["name"] == "queries"]
    assert rule["condition"] == "matchAnyTag('数据分级.L3') && !hasAnyRole('pdc-reviewer')"


def test_what_somebody_changed_is_told(desk: Desk) -> None:
    desk.pdc("protect")
    desk.patch("policy", "pdc-ownerless", at("/enabled", value=False))
    found = desk.pdc("protect")
    assert (found.exit_code, "pdc protect --force" in found.stderr) == (3, True)
    assert any(line.startswith("conflict") and "pdc-ownerless" in line for line in found.stdout.splitlines())
    assert desk.pdc("protect", "--force").exit_code == 0
    assert desk.get("policy", "pdc-ownerless")["enabled"] is True


def test_a_protected_site_passes(desk: Desk) -> None:
    desk.ready()
    found = desk.pdc("protect", "--check")
    assert (found.exit_code, found.stdout.splitlines()[-1].endswith("均已按要求保护。")) == (0, True), found.output
    assert "L3、L4资产2个" in found.stdout
    assert all(limit in found.stderr for limit in LIMITS)


def test_a_server_without_any_protection(desk: Desk) -> None:
    kinds = {what for what, _ in desk.gaps()}
    assert {"policy", "role", "team", "tier", "consumer", "person"} <= kinds
    found = desk.pdc("protect", "--check")
    assert "策略不存在：pdc-tier-L4" in found.stdout
    assert "张三（zhang）在 OpenMetadata 中没有帐号" in found.stdout
    assert "另有2个尚未发布" in found.stdout


def drop_roll_up(desk: Desk) -> None:
    tags = desk.get("table", TABLE, "tags")["tags"]
    place = next(place for place, one in enumerate(tags) if one["tagFQN"].startswith("数据分级."))
    desk.patch("table", TABLE, {"op": "remove", "path": f"/tags/{place}"})


def lower_roll_up(desk: Desk) -> None:
    tags = desk.get("table", TABLE, "tags")["tags"]
    place = next(place for place, one in enumerate(tags) if one["tagFQN"].startswith("数据分级."))
    lower = {"tagFQN": "数据分级.L2", "source": "Classification", "labelType": "Manual", "state": "Confirmed"}
    desk.patch("table", TABLE, at(f"/tags/{place}", value=lower))


def open_to_all(desk: Desk) -> None:
    roles = [one["name"] for one in desk.get("team", "Organization", "defaultRoles")["defaultRoles"]]
    desk.patch("team", "Organization", {"op": "remove", "path": f"/defaultRoles/{roles.index('pdc-reader')}"})


def detach(desk: Desk) -> None:
    names = [one["name"] for one in desk.get("team", "Organization", "policies")["policies"]]
    desk.patch("team", "Organization", {"op": "remove", "path": f"/policies/{names.index('pdc-tier-L3')}"})


ACTS: dict[str, tuple[Callable[[Desk], None], list[tuple[str, str]]]] = {
    "roll-up gone": (drop_roll_up, [("asset", TABLE)]),
    "roll-up lowered": (lower_roll_up, [("asset", TABLE)]),
    "policy disabled": (
        lambda d: d.patch("policy", "pdc-tier-L3", at("/enabled", value=False)),
        [("policy", "pdc-tier-L3")],
    ),
    "policy loosened": (
        lambda d: d.patch("policy", "pdc-tier-L3", at("/rules/0/condition", value="noOwner()")),
        [("policy", "pdc-tier-L3")],
    ),
    "policy deleted": (
        lambda d: d.admin.delete("policy", d.get("policy", "pdc-tier-L3")["id"]) and None,
        [("policy", "pdc-tier-L3")],
    ),
    "policy detached": (detach, [("team", "Organization")]),
    "open to all": (open_to_all, [("team", "Organization"), ("consumer", "Organization")]),
    "nobody reviews": (lambda d: d.member("chen", ""), [("role", "pdc-reviewer")]),
    "steward without a team": (lambda d: d.member("zhang", ""), [("role", "mz"), ("person", "zhang")]),
    "tag renamed": (
        lambda d: d.patch("tag", "数据分级.L4", at("/name", value="四级")),
        [("tier", "数据分级.四级")],
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_check_finds(desk: Desk, act: str) -> None:
    desk.ready()
    change, expected = ACTS[act]
    change(desk)
    assert desk.gaps() == expected


def test_masks_and_samples(desk: Desk) -> None:
    """With ``mask`` L3 and L4 columns bear PII.Sensitive, but for one that a person judged otherwise."""
    desk.ready()
    for name in ("Sensitive", "NonSensitive"):
        desk.admin.put("classification", {"name": "PII", "description": "d", "mutuallyExclusive": True})
        desk.admin.put("tag", {"name": name, "classification": "PII", "description": "d"})
    columns = [one["name"] for one in desk.get("table", TABLE, "columns")["columns"]]
    person = {"tagFQN": "PII.NonSensitive", "source": "Classification", "labelType": "Manual", "state": "Confirmed"}
    machine = {**person, "labelType": "Automated", "state": "Suggested"}
    desk.patch(
        "table",
        TABLE,
        {"op": "add", "path": f"/columns/{columns.index('xm')}/tags/-", "value": person},
        {"op": "add", "path": f"/columns/{columns.index('id')}/tags/-", "value": machine},
    )
    desk.connect(mask=True)
    assert desk.gaps() == [("mask", TABLE), ("mask", TABLE.replace("000", "001"))]
    result = desk.site.publish()
    assert [change.path for change in result.assets.conflicts] == ["xm"]
    tags = {
        one["name"]: [tag["tagFQN"] for tag in one["tags"]]
        for one in desk.get("table", TABLE, "columns", "tags")["columns"]
    }
    assert "PII.Sensitive" in tags["sfzh"]
    assert "PII.NonSensitive" in tags["xm"]
    assert "PII.NonSensitive" in tags["id"]
    assert not [tag for tag in tags["qymc"] if tag.startswith("PII.")]
    assert desk.gaps() == [("mask", TABLE)]
    assert desk.site.publish().written == 0
    desk.connect(mask=False)
    desk.site.publish()
    tags = {
        one["name"]: [tag["tagFQN"] for tag in one["tags"]]
        for one in desk.get("table", TABLE, "columns", "tags")["columns"]
    }
    assert not [tag for tag in tags["sfzh"] if tag.startswith("PII.")]
    assert "PII.NonSensitive" in tags["xm"]


def test_masks_of_fields_and_of_columns_inside_columns() -> None:
    tags = [{"tagFQN": "PII.Sensitive", "source": "Classification", "labelType": "Manual", "state": "Confirmed"}]
    fields = [{"name": "tel", "tags": tags}, {"name": "name", "tags": []}]
    assert masked_columns({"responseSchema": {"schemaFields": fields}}) == {"tel"}
    nested = [{"name": "person", "tags": [], "children": fields}]
    assert masked_columns({"columns": nested, "tags": tags}) == {"", "person.tel"}


def test_samples_of_the_highest_tier(desk: Desk) -> None:
    overlay = "extends: putuo-2020\nid: site\nversion: '1'\nparameters: {id_number_tier: L4}\n"
    (desk.site.root / "packs").mkdir(exist_ok=True)
    (desk.site.root / "packs" / "a.yaml").write_text(overlay, encoding="utf-8")
    assert desk.pdc("classify").exit_code == 0
    desk.ready()
    assert desk.gaps() == []
    table = desk.get("table", TABLE)
    sample = {"columns": ["xm"], "rows": [["甲"]]}
    desk.admin.request("PUT", f"tables/{table['id']}/sampleData", body=sample, doing="sample")
    assert desk.gaps() == [("sample", TABLE)]


# --- settings and the bot -------------------------------------------------------------------------------------------


def test_an_administrators_token_is_needed(desk: Desk) -> None:
    desk.site.connect(desk.server, protection={})
    for words in (("protect",), ("protect", "--check"), ("bot", "create", "publisher")):
        found = desk.pdc(*words)
        assert (found.exit_code, "admin_token" in found.stderr) == (2, True)
    desk.site.connect(desk.server, protection={}, admin_token=desk.server.token("li"))
    found = desk.pdc("protect")
    assert found.exit_code != 0
    assert "may not" in found.stderr
    assert desk.pdc("protect", "--check", "--force").exit_code == 2


def test_the_bot_is_made_before_its_token_is_there(desk: Desk) -> None:
    """A new site: ``token:`` names the file that `pdc bot create` is about to write."""
    desk.site.connect(desk.server, token="file:var/publisher.token", admin_token=desk.server.admin_token, protection={})
    assert desk.pdc("protect").exit_code == 0
    made = desk.pdc("bot", "create", "publisher", "--expiry", "90")
    assert made.exit_code == 0, made.output
    token = (desk.site.root / "var" / "publisher.token").read_text("ascii").strip()
    assert made.stdout.splitlines() == [
        "made the bot publisher with pdc-publisher",
        "put into openmetadata.yaml: token: file:var/publisher.token",
    ]
    assert "--allow-delete" in made.stderr
    assert token not in made.output
    published = desk.pdc("publish")
    assert published.exit_code == 0, published.output
    rotated = desk.pdc("bot", "create", "publisher", "--rotate", "--json")
    assert (rotated.exit_code, json.loads(rotated.stdout)["rotated"]) == (0, True)
    assert desk.pdc("publish", "--dry-run").exit_code == 0
    again = desk.pdc("bot", "create", "publisher")
    assert (again.exit_code, "--rotate" in again.stderr) == (4, True)


def test_another_file(desk: Desk, tmp_path: Path) -> None:
    made = desk.pdc("bot", "create", "publisher", "--token-file", tmp_path / "elsewhere", "--allow-delete")
    assert made.stdout.splitlines()[1] == f"put into openmetadata.yaml: token: file:{tmp_path / 'elsewhere'}"
    assert made.stderr == ""
