"""Roles and policies on both profiles: what each role may do, what people changed, renamed tags, masks, publishing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from classifiers.policy import load_pack
from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAllowed
from connectors.om_version import Features, ServerVersion
from workflows.publish.definition_steps import shared_list
from workflows.publish.model import Entity
from workflows.publish.protect import Protected, Protecting
from workflows.publish.protection import Operations, quoted, role
from workflows.server_settings import ServerSettings
from workflows.settings import Department, Site, SiteSettings, SystemSettings
from workflows.store import Store

DEPARTMENTS = tuple(
    Department(
        ident,
        name,
        "",
        "",
        "",
        (SystemSettings(id="s", name="系统", connector="postgresql"),),
        f"departments/{ident}.yaml",
    )
    for ident, name in (("mz", "民政局"), ("wj", "卫健委"))
)
SITE = Site(Path("/nowhere"), SiteSettings(), DEPARTMENTS)
L3, L4, PENDING = "数据分级.L3", "数据分级.L4", "审核状态.待确认"


@dataclass
class Desk:
    """A server, an administrator on it, and the store's memory."""

    server: Any
    admin: OpenMetadata
    store: Store

    def protecting(self, overlay: str = "", names: str = "han", **protection: Any) -> Protecting:
        texts = [("packs/a.yaml", f"extends: putuo-2020\nid: site\n{overlay}")] if overlay else []
        found = {"url": self.server.url, "token": "t", "names": names, "protection": protection}
        settings = ServerSettings.model_validate(found)
        return Protecting(SITE, self.store, load_pack("putuo-2020", texts), settings, self.admin)

    def protect(self, overlay: str = "", force: bool = False, **protection: Any) -> Protected:
        return self.protecting(overlay, **protection).protect(force)

    def as_user(self, name: str, *teams: str) -> OpenMetadata:
        ids = [self.get("team", team)["id"] for team in teams]
        self.admin.put("user", {"name": name, "email": f"{name}@example.cn", "teams": ids})
        return OpenMetadata(self.server.url, self.server.token(name), sleep=lambda seconds: None)

    def get(self, kind: str, fqn: str, *fields: str) -> Entity:
        found = self.admin.get(kind, fqn, fields, include="all")
        assert found is not None, fqn
        return found

    def person(self, kind: str, fqn: str, *operations: Entity) -> None:
        self.admin.patch(kind, self.get(kind, fqn)["id"], list(operations))

    def table(self, name: str, *tags: str, owner: str = "mz-owners") -> Entity:
        """A table with labels on itself, owned by a department's Group, with samples and a profile."""
        connection = {"config": {"type": "CustomDatabase"}}
        self.admin.put("databaseService", {"name": "mz-s", "serviceType": "CustomDatabase", "connection": connection})
        self.admin.put("database", {"name": "d", "service": "mz-s"})
        self.admin.put("databaseSchema", {"name": "s", "database": "mz-s.d"})
        ref = {"id": self.get("team", owner)["id"], "type": "team"} if owner else None
        v1 = not self.admin.features.owners
        owned = {} if ref is None else {"owner": ref} if v1 else {"owners": [ref]}
        body = {"name": name, "databaseSchema": "mz-s.d.s", "columns": [{"name": "sjh", "dataType": "STRING"}], **owned}
        labels = [{"tagFQN": tag, "source": "Classification"} for tag in tags]
        table = self.admin.put("table", {**body, "tags": labels})
        sample = {"columns": ["sjh"], "rows": [["x"]]}
        self.admin.request("PUT", f"tables/{table['id']}/sampleData", body=sample, doing="sample")
        return table


@pytest.fixture(params=["1.2", "2.0"])
def desk(request: pytest.FixtureRequest, contract_server: Callable[..., Any], tmp_path: Path) -> Iterator[Desk]:
    server = contract_server(request.param)
    with (
        Store(f"sqlite:///{tmp_path}/store.db") as store,
        OpenMetadata(server.url, server.admin_token, sleep=lambda seconds: None) as admin,
    ):
        yield Desk(server, admin, store)


def label(client: OpenMetadata, table: Entity, tag: str = "PII.Sensitive") -> None:
    value = {"tagFQN": tag, "source": "Classification", "labelType": "Manual", "state": "Confirmed"}
    client.patch("table", table["id"], [{"op": "add", "path": "/columns/0/tags/0", "value": value}])


def describe(client: OpenMetadata, table: Entity) -> None:
    client.patch("table", table["id"], [{"op": "add", "path": "/description", "value": "文"}])


def take(client: OpenMetadata, table: Entity) -> None:
    me = {"id": client.whoami()["id"], "type": "user"}
    value: Any = [me] if client.features.owners else me
    path = "/owners" if client.features.owners else "/owner"
    client.patch("table", table["id"], [{"op": "add", "path": path, "value": value}])


def sample(client: OpenMetadata, table: Entity) -> None:
    client.sample(table["id"])


def profile(client: OpenMetadata, table: Entity) -> None:
    client.profile(table["fullyQualifiedName"])


def delete(client: OpenMetadata, table: Entity) -> None:
    client.delete("table", table["id"])


def may(act: Callable[[OpenMetadata, Entity], None], client: OpenMetadata, table: Entity) -> bool:
    try:
        act(client, table)
    except NotAllowed:
        return False
    return True


def tagged(desk: Desk) -> None:
    desk.admin.put("classification", {"name": "PII", "description": "d"})
    desk.admin.put("tag", {"name": "Sensitive", "classification": "PII", "description": "d"})


def test_first_everything_then_nothing(desk: Desk) -> None:
    planned = desk.protecting().plan()
    done = desk.protect()
    assert (done.failures, done.conflicts, done.exit_code) == ([], [], 0)
    assert [change.what for change in done.changes] == [change.what for change in planned.changes]
    assert {change.kind for change in done.changes} == {"classification", "tag", "policy", "role", "team"}
    again = desk.protecting().plan()
    assert (again.changes, again.conflicts, again.failures) == ([], [], [])
    organization = desk.get("team", "Organization", "policies", "defaultRoles")
    assert [one["name"] for one in organization["policies"]] == [
        "OrganizationPolicy",
        "pdc-tier-L3",
        "pdc-tier-L4",
        "pdc-ownerless",
    ]
    assert [one["name"] for one in organization["defaultRoles"]] == ["DataConsumer", "pdc-reader"]


def test_what_each_role_may(desk: Desk) -> None:
    tagged(desk)
    desk.protect()
    l1, l3, l4 = (desk.table(f"t{tag[-1]}", tag, PENDING) for tag in ("数据分级.L1", L3, L4))
    foreign = desk.table("foreign")
    reader, own, other = desk.as_user("li"), desk.as_user("zhang", "mz"), desk.as_user("wang", "wj")
    group, reviewer = desk.as_user("zhao", "mz-owners"), desk.as_user("chen", "pdc-reviewers")
    everybody = (reader, own, group, other, reviewer)

    def who(act: Callable[[OpenMetadata, Entity], None], table: Entity) -> list[bool]:
        return [may(act, client, table) for client in everybody]

    assert who(sample, l1) == [True] * 5
    assert who(sample, l3) == [False, True, True, False, True]
    assert who(sample, l4) == [False, False, False, False, True]
    assert who(profile, l3) == [True] * 5
    assert who(profile, l4) == [False, True, True, False, True]
    assert who(label, l3) == [False, True, True, False, True]
    assert who(describe, l3) == [False] * 5
    assert who(take, l3) == [False] * 5
    assert who(delete, l3) == [False] * 5
    # What bears no tag of ours is as it was: DataConsumer for all, everything for the owning group.
    assert who(label, foreign) == [True] * 5
    assert who(sample, foreign) == [True] * 5
    for client in everybody:
        client.close()


def test_what_has_no_owner_is_not_taken(desk: Desk) -> None:
    desk.protect()
    ours, foreign = desk.table("ours", L3, owner=""), desk.table("foreign", owner="")
    with desk.as_user("li") as reader, desk.as_user("chen", "pdc-reviewers") as reviewer:
        assert [may(take, one, ours) for one in (reader, reviewer)] == [False, False]
        assert may(take, reader, foreign)


def test_an_administrator_of_the_catalogue_manages_no_people(desk: Desk) -> None:
    desk.protect()
    table = desk.table("t", L3, owner="")
    with desk.as_user("qian", "pdc-admins") as admin:
        assert [may(act, admin, table) for act in (describe, take, sample)] == [True, True, False]
        body = {"name": "x", "email": "x@example.cn"}
        for kind, found in (
            ("user", body),
            ("team", {"name": "x", "teamType": "Group"}),
            ("role", {"name": "x", "policies": ["pdc-admin"]}),
        ):
            with pytest.raises(NotAllowed):
                admin.put(kind, found)


def test_descriptions_where_the_site_allows_them(desk: Desk) -> None:
    desk.protect(descriptions=True)
    table = desk.table("t", L3)
    with desk.as_user("zhang", "mz") as own, desk.as_user("wang", "wj") as other:
        assert [may(describe, one, table) for one in (own, other)] == [True, False]


def test_stock_bots_go_on_writing(desk: Desk) -> None:
    tagged(desk)
    desk.protect()
    table = desk.table("t", L3, owner="")
    with OpenMetadata(desk.server.url, desk.server.tokens["bot"]) as bot:
        assert [may(act, bot, table) for act in (label, describe, take)] == [True, True, True]


def test_what_a_person_changed_is_told_and_stays_until_forced(desk: Desk) -> None:
    desk.protect()
    replaced = {"op": "replace", "path": "/rules/0/condition", "value": "matchAnyTag('数据分级.L1')"}
    desk.person("policy", "pdc-tier-L4", replaced, {"op": "add", "path": "/description", "value": "人写的"})
    desk.person("policy", "pdc-tier-L3", {"op": "replace", "path": "/enabled", "value": False})
    desk.person("team", "Organization", {"op": "remove", "path": "/policies/3"})
    found = desk.protect()
    told = [(change.fqn, change.field) for change in found.conflicts]
    assert sorted(told) == [("Organization", "policies"), ("pdc-tier-L3", "enabled"), ("pdc-tier-L4", "rules")]
    assert (found.changes, found.exit_code) == ([], 3)
    forced = desk.protect(force=True)
    assert (len(forced.changes), forced.conflicts, forced.exit_code) == (3, [], 0)
    assert desk.get("policy", "pdc-tier-L4")["description"] == "人写的"
    assert desk.get("policy", "pdc-tier-L3")["enabled"] is True
    assert desk.protecting().plan().changes == []


def test_others_in_our_teams_stay(desk: Desk) -> None:
    desk.protect()
    other = {"id": desk.get("role", "DataSteward")["id"], "type": "role"}
    desk.person("team", "mz", {"op": "add", "path": "/defaultRoles/-", "value": other})
    assert (desk.protect().changes, desk.protect().conflicts) == ([], [])
    desk.protect(roles={"steward": ["elsewhere"], "reviewer": ["mz"]})
    roles = [one["name"] for one in desk.get("team", "mz", "defaultRoles")["defaultRoles"]]
    assert roles == ["DataSteward", "pdc-reviewer"]
    made = desk.get("team", "elsewhere", "defaultRoles")
    assert (made["teamType"], [one["name"] for one in made["defaultRoles"]]) == ("Group", ["pdc-steward"])


def test_a_renamed_tag_is_followed(desk: Desk) -> None:
    desk.protect()
    table = desk.table("t", L4)
    done = desk.protecting(names="ascii").protect()
    assert (done.failures, done.conflicts) == ([], [])
    tag = desk.get("table", "mz-s.d.s.t", "tags")["tags"][0]["tagFQN"]
    assert tag != L4
    assert all(f"'{tag}'" in rule["condition"] for rule in desk.get("policy", "pdc-tier-L4")["rules"])
    with desk.as_user("li") as reader:
        assert [may(act, reader, table) for act in (sample, describe)] == [False, False]


def test_a_team_that_is_there_may_be_of_any_type(desk: Desk) -> None:
    desk.admin.put("team", {"name": "centre", "teamType": "BusinessUnit"})
    done = desk.protect(roles={"reviewer": ["centre"]})
    assert (done.failures, done.conflicts) == ([], [])
    assert [one["name"] for one in desk.get("team", "centre", "defaultRoles")["defaultRoles"]] == ["pdc-reviewer"]


def test_a_departments_group_may_hold_a_role(desk: Desk) -> None:
    done = desk.protect(roles={"steward": ["mz-owners"], "reviewer": ["wj"]})
    assert (done.failures, desk.protecting(roles={"steward": ["mz-owners"], "reviewer": ["wj"]}).plan().changes) == (
        [],
        [],
    )
    group = desk.get("team", "mz-owners", "defaultRoles", "parents")
    assert [one["name"] for one in group["defaultRoles"]] == ["pdc-steward"]
    assert [one["name"] for one in group["parents"]] == ["mz"]


def test_names_of_operations() -> None:
    old, new = (Features.of(ServerVersion.parse(text)) for text in ("1.2.0", "2.0.6"))
    assert Operations.among({"EditTags", "EditOwner"}, old) == (("EditTags",), "EditOwner", ("Create", "EditAll"))
    every = {"EditTags", "EditGlossaryTerms", "EditOwners", "BulkCreate", "BulkUpdate"}
    assert Operations.among(every, new).write == ("Create", "EditAll", "BulkCreate", "BulkUpdate")
    assert Operations.among(every, new).labels == ("EditTags", "EditGlossaryTerms")
    assert [Operations.among((), one).owner for one in (old, new)] == ["EditOwner", "EditOwners"]


def test_a_view_that_the_pack_opens_is_open_again(desk: Desk) -> None:
    desk.protect()
    table = desk.table("t", L3)
    desk.protect("protection: {L3: {sample_data: [reader], queries: [reader]}}\n")
    with desk.as_user("li") as reader:
        assert may(sample, reader, table)
    assert "pdc-tier-L3" not in [one["name"] for one in desk.get("team", "Organization", "policies")["policies"]]


def test_shared_lists() -> None:
    assert shared_list(["a"], ["x", "a"], []) == ["x", "a"]
    assert shared_list(["a"], ["x"], []) == ["x", "a"]
    assert shared_list(["a", "b"], ["x", "a"], ["a"]) == ["x", "a", "b"]
    assert shared_list([], ["x", "a"], ["a"]) == ["x"]
    assert shared_list(["a"], [], ["a"]) == []


def test_quotes_within_names_are_doubled() -> None:
    assert quoted("it's", "L4") == "'it''s', 'L4'"
    assert role("steward", "reader") == ("pdc-steward", "pdc-reader")
