"""The same server by another address: what was written at the one is known at the other, and history tells the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from sqlalchemy import delete

from connectors.om_client import OpenMetadata
from workflows import catalogue
from workflows import store_schema as schema
from workflows.acts.model import Actor
from workflows.acts.trail import Trail
from workflows.cli import cli
from workflows.entries.versions import document

KEY, TABLE = "mz/rescue/t_000", "mz-rescue.default.default.t_000"
L3, L4 = "数据分级.L3", "数据分级.L4"
DELETED = "已在 OpenMetadata 中被删除，保持原状"


class Address(NamedTuple):
    url: str
    tokens: dict[str, str]


class Scene:
    """Two tables, published at ``home``; ``away`` is the same server by another name."""

    def __init__(self, server: Any, site: Any, browser: Callable[..., Any]) -> None:
        self.site, self.zhang = site, browser(server, "zhang")
        self.admin = OpenMetadata(server.url, server.admin_token, sleep=lambda seconds: None)
        self.home = Address(server.url, server.tokens)
        self.away = self.home._replace(url=server.url.replace("127.0.0.1", "localhost"))
        self.token: str | None = None
        self.root_token = server.admin_token
        site.accept_removals = True
        self.at(self.home)
        self.settled()

    def at(self, address: Address) -> None:
        self.site.connect(address, self.token, removals={"share": 1.0})

    def settled(self) -> Any:
        """Published, and nothing left to write; the first result."""
        done = self.site.publish()
        assert (done.failures, done.assets.failures, done.refused) == ([], [], [])
        assert self.site.publish().requests.keys() == {"GET"}
        return done

    def lose(self) -> None:
        """The store knows no more what was published."""
        with self.site.publishing() as job, job.store.write() as connection:
            connection.execute(delete(schema.published))

    def source(self, there: bool) -> None:
        """The first table goes from the source, or comes back."""
        self.site.harvest(self.site.sql(2, dropped=() if there else [0]))

    def delete(self) -> None:
        """By a person."""
        assert self.admin.delete("table", self.zhang.read(TABLE)["id"])

    def is_there(self) -> bool:
        return self.admin.get("table", TABLE) is not None

    def labels(self, column: str) -> dict[str, tuple[str, str]]:
        """Tag or term → type and state."""
        found = next(one for one in self.zhang.read(TABLE)["columns"] if one["name"] == column)
        return {label["tagFQN"]: (label["labelType"], label["state"]) for label in found["tags"]}

    def confirm(self, column: str, tag: str) -> None:
        """State alone, the type stays: as servers with a button for it do."""
        entity = self.zhang.read(TABLE)
        at = next(at for at, one in enumerate(entity["columns"]) if one["name"] == column)
        index = [label["tagFQN"] for label in entity["columns"][at]["tags"]].index(tag)
        path = f"/columns/{at}/tags/{index}/state"
        self.zhang.patch(entity["id"], [{"op": "replace", "path": path, "value": "Confirmed"}])

    def act(self, *verbs: str) -> None:
        """On the entry as it is compiled now."""
        with self.site.publishing() as job:
            department = job.site.departments[0]
            systems = {one.id: one for one in department.systems}
            entries = {one.asset: one for one in catalogue.entries(job.store, job.pack, department, systems)}
            with Trail(job.store).acting(Actor("li")) as acting:
                version = acting.keep(document(entries[KEY]))
                for verb in verbs:
                    acting.add("entry", KEY, verb, after={"version": version})


@pytest.fixture(params=["1.2", "2.0"])
def scene(
    request: Any, warm_servers: Callable[[str], Any], published_site: Any, browser: Callable[..., Any]
) -> Iterator[Scene]:
    server = warm_servers(request.param)
    made = Scene(server, published_site(server, 2), browser)
    yield made
    made.admin.close()


# --- what was written at the former address --------------------------------------------------------------------------


def test_nothing_is_written_because_of_another_address(scene: Scene) -> None:
    scene.at(scene.away)
    assert scene.site.publish().requests.keys() == {"GET"}


def test_texts_and_states_of_ours_are_ours_by_another_address(scene: Scene) -> None:
    """What we say otherwise since is written; what a person wrote stands."""
    scene.zhang.describe(TABLE, "张三写的", "lxdh")
    scene.site.harvest(scene.site.sql(2, company="企业全称").replace("联系电话", "手机"))
    scene.at(scene.away)
    scene.settled()
    columns = {one["name"]: one["description"] for one in scene.zhang.read(TABLE)["columns"]}
    assert (columns["qymc"], columns["lxdh"]) == ("企业全称", "张三写的")


def test_a_pull_by_another_address_brings_what_people_did(scene: Scene) -> None:
    """Also when nothing was published there before."""
    scene.zhang.replace_on_column(TABLE, "lxdh", L3, L4)
    scene.at(scene.away)
    done = CliRunner().invoke(cli, ["--site", str(scene.site.root), "pull", "--json"])
    assert done.exit_code == 0, done.output
    assert [(one["column"], one["value"]) for one in json.loads(done.stdout)["decisions"]] == [("lxdh", "L4")]


def test_protecting_knows_what_was_written_at_the_former_address(scene: Scene) -> None:
    from workflows.publish.protect import Protecting

    scene.at(scene.away)
    with scene.site.publishing() as job:
        with job.store.write() as connection:
            connection.execute(delete(schema.published).where(schema.published.c.server == job.ledger.server))
        assert job.ledger.is_empty()
        assert not Protecting(job.site, job.store, job.pack, job.settings, job.client).ledger.is_empty()


def test_another_server_has_nothing_of_ours(scene: Scene, warm_servers: Callable[[str], Any]) -> None:
    with scene.site.publishing() as job:
        assert len(job.ledger.published_fqns()) == 2
        other = warm_servers("1.2" if str(job.client.version).startswith("2.") else "2.0")
    scene.at(Address(other.url, other.tokens))
    with scene.site.publishing() as job:
        assert job.ledger.is_empty()


# --- tables that were deleted ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", ["before", "taken over", "lost"])
def test_a_table_that_we_deleted_by_another_address_comes_back_with_its_source(scene: Scene, known: str) -> None:
    """``known``: what the second address knows of it: that it stands, that we deleted it, or nothing."""
    scene.zhang.replace_on_column(TABLE, "lxdh", L3, L4)
    if known == "before":
        scene.at(scene.away)
        scene.settled()
    scene.source(there=False)
    scene.at(scene.home)
    scene.settled()
    assert not scene.is_there()
    scene.source(there=True)
    if known == "lost":
        scene.lose()
    scene.at(scene.away)
    assert scene.settled().assets.restored == 1
    assert scene.labels("lxdh")[L4] == ("Manual", "Confirmed")


def test_a_table_that_came_back_by_another_address_goes_again_by_the_first(scene: Scene) -> None:
    for there, address in ((False, scene.home), (True, scene.away), (False, scene.home), (True, scene.home)):
        scene.source(there)
        scene.at(address)
        scene.settled()
        assert scene.is_there() == there


def test_a_table_that_a_person_deleted_after_we_had_stays_deleted(scene: Scene) -> None:
    """We deleted it by the one address and brought it back by the other; then somebody deleted it."""
    scene.source(there=False)
    scene.settled()
    scene.source(there=True)
    scene.at(scene.away)
    scene.settled()
    scene.delete()
    scene.at(scene.home)
    assert [one.reason for one in scene.settled().assets.conflicts] == [DELETED]
    assert not scene.is_there()


def test_a_table_that_a_person_deleted_before_its_source_went_stays_deleted(scene: Scene) -> None:
    scene.delete()
    scene.source(there=False)
    scene.settled()
    scene.source(there=True)
    for address in (scene.home, scene.away):
        scene.at(address)
        assert [one.reason for one in scene.settled().assets.conflicts] == [DELETED]
        assert not scene.is_there()


def test_deletions_by_an_account_that_a_person_uses_prove_nothing(scene: Scene) -> None:
    """Who publishes with an administrator's token also works in the browser by that name."""
    scene.token = scene.root_token
    scene.at(scene.home)
    scene.settled()
    scene.delete()
    for address in (scene.home, scene.away):
        scene.at(address)
        assert [one.reason for one in scene.settled().assets.conflicts] == [DELETED]
    scene.admin.restore("table", scene.admin.get("table", TABLE, include="all")["id"])  # type: ignore[index]
    scene.at(scene.home)
    scene.source(there=False)
    scene.settled()
    scene.source(there=True)
    assert scene.settled().assets.restored == 1


# --- labels that we confirmed ----------------------------------------------------------------------------------------

COMPANY = "法定代表人身份证号"
"""What the column ``qymc`` is said to hold from one day on."""


def test_labels_of_the_version_before_are_ours_by_another_address(scene: Scene) -> None:
    """A new version comes into force before the first publication there, and replaces them; people's stand."""
    scene.act("submit", "publish")
    scene.settled()
    before = scene.labels("qymc")
    scene.zhang.replace_on_column(TABLE, "lxdh", L3, L4)
    scene.site.harvest(scene.site.sql(2, company=COMPANY))
    scene.act("submit", "publish")
    scene.at(scene.away)
    conflicts = scene.settled().assets.conflicts
    assert {(one.path, one.field) for one in conflicts} == {("lxdh", "数据分级")}
    after = scene.labels("qymc")
    assert {"数据元.公民身份号码", L3} <= after.keys()
    assert not (before.keys() - after.keys()) & {"数据元.企业名称", "数据元.法人和其他组织名称"}
    assert {state for _, state in after.values()} == {"Confirmed"}
    pulled = scene.site.pull()
    assert {(one.column, one.value) for one in pulled.decisions} == {("lxdh", "L4")}
    assert pulled.questions == []


def test_labels_of_a_withdrawn_version_are_proposals_by_another_address(scene: Scene) -> None:
    scene.act("submit", "publish")
    scene.settled()
    assert scene.labels("sfzh")[L3][1] == "Confirmed"
    scene.act("withdraw")
    scene.at(scene.away)
    scene.settled()
    assert {state for _, state in scene.labels("sfzh").values()} == {"Suggested"}


def test_what_a_person_confirmed_stands_by_another_address(scene: Scene) -> None:
    """Though its type says that a program put it."""
    (element,) = (tag for tag in scene.labels("qymc") if tag.startswith("数据元."))
    scene.confirm("qymc", element)
    scene.site.harvest(scene.site.sql(2, company=COMPANY))
    scene.act("submit", "publish")
    scene.at(scene.away)
    conflicts = scene.settled().assets.conflicts
    assert [(one.path, one.old) for one in conflicts] == [("qymc", element)]
    assert element in scene.labels("qymc")


# --- two addresses by turns: each knows what was written there last -------------------------------------------------


def test_what_was_written_by_the_other_address_meanwhile_is_ours(scene: Scene) -> None:
    """Labels that were confirmed there, and texts; people's stand."""
    scene.at(scene.away)
    scene.settled()
    scene.act("submit", "publish")
    scene.site.harvest(scene.site.sql(2, company="企业全称"))
    scene.settled()
    scene.zhang.replace_on_column(TABLE, "lxdh", L3, L4)
    scene.site.harvest(scene.site.sql(2, company=COMPANY))
    scene.act("submit", "publish")
    scene.at(scene.home)
    conflicts = scene.settled().assets.conflicts
    assert {(one.path, one.field) for one in conflicts} == {("lxdh", "数据分级")}
    assert {state for _, state in scene.labels("qymc").values()} == {"Confirmed"}
    assert {"数据元.公民身份号码", L3} <= scene.labels("qymc").keys()
    columns = {one["name"]: one["description"] for one in scene.zhang.read(TABLE)["columns"]}
    assert columns["qymc"] == COMPANY
    pulled = scene.site.pull()
    assert [(one.column, one.value) for one in pulled.decisions] == [("lxdh", "L4")]
    assert pulled.questions == []


def test_a_pull_takes_what_was_written_by_the_other_address_for_nobodys(scene: Scene) -> None:
    scene.at(scene.away)
    scene.settled()
    scene.act("submit", "publish")
    scene.site.harvest(scene.site.sql(2, company=COMPANY))
    scene.settled()
    scene.zhang.replace_on_column(TABLE, "lxdh", L3, L4)
    scene.at(scene.home)
    pulled = scene.site.pull()
    assert [(one.column, one.value) for one in pulled.decisions] == [("lxdh", "L4")]
    assert (pulled.questions, pulled.descriptions) == ([], [])


@pytest.mark.parametrize("pulled", [True, False])
def test_what_a_person_took_away_that_the_other_address_had_put_stays_away(scene: Scene, pulled: bool) -> None:
    scene.at(scene.away)
    scene.settled()
    scene.site.harvest(scene.site.sql(2, company=COMPANY))
    scene.settled()
    scene.zhang.label_column(TABLE, "qymc", remove=[L3])
    if pulled:
        scene.site.pull()
        scene.site.harvest(scene.site.sql(2, company=COMPANY))
    scene.at(scene.home)
    scene.settled()
    assert L3 not in scene.labels("qymc")
    decided = {(one.column, one.rejected or one.value) for one in scene.site.pull().decisions}
    assert decided == (set() if pulled else {("qymc", "L3")})
