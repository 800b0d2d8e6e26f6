"""Definitions on both profiles: made whole, left alone when they stand, changed only where nobody else has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from classifiers.policy import load_pack
from connectors.om_client import OpenMetadata
from workflows.publish.definition_steps import covers, steps_of, three_way
from workflows.publish.definitions import Applied, Facts, Stored, apply_definitions, plan_definitions
from workflows.publish.ledger import DefinitionBase, Ledger
from workflows.publish.model import Base, Change, Definition, Mark
from workflows.publish.places import Place
from workflows.publish.taxonomy import definitions
from workflows.publish.vocabulary import vocabulary
from workflows.server_settings import ServerSettings
from workflows.settings import Department, Site, SiteSettings, SystemSettings
from workflows.store import Store

AT = "2026-11-26T10:00:00+08:00"
TAG = "共享类型.授权共享"
PLACES = (Place("minzheng-rescue", "default", "public", "t"),)
SYSTEM = SystemSettings(id="rescue", name="社会救助系统", connector="postgresql")
MINZHENG = Department("minzheng", "普陀区民政局", "", "", "", (SYSTEM,), "departments/minzheng.yaml")
SITE = Site(Path("/nowhere"), SiteSettings(), (MINZHENG,))


@dataclass
class Desk:
    """A server, the bot's and an administrator's clients, and the store's memory."""

    server: Any
    bot: OpenMetadata
    admin: OpenMetadata
    ledger: Ledger

    def wanted(
        self, pack: str = "putuo-2020", overlay: str = "", places: Sequence[Place] = PLACES, **settings: Any
    ) -> list[Definition]:
        texts = [("packs/a.yaml", f"extends: putuo-2020\nid: site\n{overlay}")] if overlay else []
        loaded = load_pack(pack, texts)
        names = vocabulary(loaded, ServerSettings(url="http://h/api", token="t", **settings), self.bot.features)
        return definitions(SITE, loaded, names, self.bot.features, places)

    def plan(self, wanted: list[Definition]) -> tuple[list[Change], Facts]:
        return plan_definitions(self.bot, wanted, self.ledger.definitions())

    def publish(self, wanted: list[Definition] | None = None) -> tuple[list[Change], Facts, Applied]:
        wanted = self.wanted() if wanted is None else wanted
        changes, facts = self.plan(wanted)
        applied = apply_definitions(self.bot, wanted, changes, self.ledger, AT)
        return changes, facts, applied

    def writes(self) -> int:
        made = self.bot.requests_made
        return sum(count for method, count in made.items() if method not in ("GET", "HEAD"))

    def get(self, kind: str, fqn: str, *fields: str) -> dict[str, Any]:
        found = self.admin.get(kind, fqn, fields, include="all")
        assert found is not None
        return found

    def person(self, kind: str, fqn: str, *operations: dict[str, Any]) -> None:
        """An administrator edits."""
        self.admin.patch(kind, self.get(kind, fqn)["id"], list(operations))


@pytest.fixture(params=["1.2", "2.0"])
def desk(request: pytest.FixtureRequest, contract_server: Callable[..., Any], tmp_path: Path) -> Iterator[Desk]:
    server = contract_server(request.param)
    with (
        Store(f"sqlite:///{tmp_path}/store.db") as store,
        OpenMetadata(server.url, server.tokens["bot"], sleep=lambda seconds: None) as bot,
        OpenMetadata(server.url, server.admin_token, sleep=lambda seconds: None) as admin,
    ):
        yield Desk(server, bot, admin, Ledger(store, server.url))


def put(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def test_first_everything_then_nothing(desk: Desk) -> None:
    wanted = desk.wanted()
    changes, facts, applied = desk.publish(wanted)
    assert {change.operation for change in changes} == {"create"}
    assert (len(changes), applied.done, applied.failures, applied.missing) == (len(wanted), changes, [], set())
    assert facts.existing == {item.fqn for item in wanted}
    before = desk.writes()
    desk.bot.requests_made.clear()
    changes, facts, applied = desk.publish(wanted)
    assert (changes, facts.conflicts, facts.kept, applied.failures) == ([], [], [], [])
    assert (desk.writes(), before > 0) == (0, True)
    # Planning reads twice here, once more before writing.
    assert desk.bot.requests_made["GET"] <= 2 * 25


def test_what_was_made_is_as_wanted(desk: Desk) -> None:
    desk.publish()
    tag = desk.get("tag", TAG)
    assert (tag["style"]["color"], tag["displayName"]) == ("#ef6c00", "授权共享")
    assert desk.get("classification", "数据类别").get("mutuallyExclusive", False) is False
    assert desk.get("classification", "审核状态")["mutuallyExclusive"] is True
    assert desk.get("glossaryTerm", "数据元.公民身份号码")["glossary"]["name"] == "数据元"
    team = desk.get("team", "minzheng-owners", "parents")
    assert [parent["name"] for parent in team["parents"]] == ["minzheng"]
    fields = ("domains",) if desk.bot.features.domains else ("domain",)
    service = desk.get("databaseService", "minzheng-rescue", *fields)
    assert "minzheng" in str(service[fields[0]])
    found = desk.admin.type("table")
    assert found is not None
    assert {one["name"]: one["propertyType"]["name"] for one in found["customProperties"]}[
        "withheldColumns"
    ] == "integer"


def test_texts_of_people_stay_and_ours_follow_the_pack(desk: Desk) -> None:
    desk.publish()
    desk.person("tag", TAG, put("/description", "他们的说明"), put("/style", {"color": "#123456"}))
    desk.person("domain", "minzheng", put("/displayName", "民政"))
    overlay = "display:\n  tier: {L1: 公开级, L2: 内部级, L3: 敏感级, L4: 极敏感级}\n"
    changes, facts, applied = desk.publish(desk.wanted(overlay=overlay))
    assert {(change.fqn, change.field) for change in changes if change.kind == "tag"} == {
        ("数据分级.L4", "displayName")
    }
    assert {(change.fqn, change.field) for change in facts.kept} == {
        (TAG, "description"),
        (TAG, "style"),
        ("minzheng", "displayName"),
    }
    assert (applied.failures, facts.conflicts) == ([], [])
    tag = desk.get("tag", TAG)
    assert (tag["description"], tag["style"]["color"], tag["displayName"]) == ("他们的说明", "#123456", "授权共享")
    assert desk.get("tag", "数据分级.L4")["displayName"] == "L4 极敏感级"
    # What an update of one field must not clear.
    assert desk.get("tag", "数据分级.L4")["style"]["color"] == "#c62828"
    assert desk.publish(desk.wanted(overlay=overlay))[0] == []


def test_a_bot_changes_its_own_description(desk: Desk) -> None:
    desk.publish(desk.wanted())
    term = next(item for item in desk.wanted() if item.key == "term/person.name")
    newer = Definition(term.key, term.kind, term.fqn, {**term.body, "description": "新的说明"})
    changes, _, applied = desk.publish([newer])
    assert ([change.field for change in changes], applied.failures) == (["description"], [])
    assert desk.get("glossaryTerm", "数据元.姓名")["description"] == "新的说明"


def test_an_icon_beside_our_colour_is_no_difference(desk: Desk) -> None:
    desk.publish()
    desk.person("tag", TAG, put("/style", {"color": "#ef6c00", "iconURL": "http://h/i.png"}))
    assert desk.publish()[0] == []


def test_another_law_renames_tags_and_what_the_store_remembers(desk: Desk) -> None:
    desk.publish()
    desk.ledger.save_bases({"a": Base("s.d.s.t", marks=[("c", Mark(TAG))], gone=[("d", Mark(TAG))])}, AT)
    wanted = desk.wanted("national-2025")
    changes, facts, applied = desk.publish(wanted)
    new = "共享类型.有条件共享"
    renames = [(change.old, change.new) for change in changes if change.operation == "rename"]
    assert (TAG, new) in renames
    assert facts.renames[TAG] == new
    assert applied.failures == []
    assert desk.admin.get("tag", TAG, include="all") is None
    assert desk.get("tag", new)["displayName"] == "有条件共享"
    base = desk.ledger.bases(["a"])["a"]
    assert (base.marks, base.gone) == ([("c", Mark(new))], [("d", Mark(new))])
    assert desk.publish(wanted)[0] == []
    assert len(list(desk.admin.list("tag", parent="共享类型", include="all"))) == 3


def test_other_names_rename_classifications_and_all_below(desk: Desk) -> None:
    desk.publish()
    desk.ledger.save_bases({"a": Base("s.d.s.t", marks=[("c", Mark("数据分级.L3"))])}, AT)
    wanted = desk.wanted(names="ascii")
    _, facts, applied = desk.publish(wanted)
    assert applied.failures == []
    assert facts.renames["数据分级"] == "DataTier"
    assert desk.ledger.bases(["a"])["a"].marks == [("c", Mark("DataTier.L3"))]
    assert desk.admin.get("classification", "数据分级", include="all") is None
    assert desk.get("tag", "ShareType.conditional")["displayName"] == "授权共享"
    assert desk.get("glossaryTerm", "DataElement.person_id_card")["displayName"] == "公民身份号码"
    assert desk.publish(wanted)[0] == []


def test_a_rename_that_was_cut_off_is_noted_later(desk: Desk) -> None:
    desk.publish()
    desk.ledger.save_bases({"a": Base("s.d.s.t", marks=[("c", Mark(TAG))])}, AT)
    # All of the change had been written; only the store does not know.
    desk.person(
        "tag", TAG, {"op": "replace", "path": "/name", "value": "有条件共享"}, put("/displayName", "有条件共享")
    )
    overlay = "display:\n  share: {unconditional: 无条件共享, conditional: 有条件共享, none: 非共享}\n"
    changes, _, applied = desk.publish(desk.wanted(overlay=overlay))
    assert (changes, applied.failures) == ([], [])
    assert desk.ledger.bases(["a"])["a"].marks == [("c", Mark("共享类型.有条件共享"))]


def test_a_name_that_is_taken_is_a_conflict(desk: Desk) -> None:
    desk.publish()
    body = {"name": "有条件共享", "classification": "共享类型", "description": "他们的"}
    desk.admin.put("tag", body)
    changes, facts = desk.plan(desk.wanted("national-2025"))
    assert not any(change.operation == "rename" and change.old == TAG for change in changes)
    assert any(change.old == TAG and "there already" in change.reason for change in facts.conflicts)


def test_deleted_and_disabled_ones_are_told_and_left(desk: Desk) -> None:
    desk.publish()
    admin = desk.admin
    admin.delete("tag", desk.get("tag", "审核状态.有异议")["id"])
    desk.person("tag", TAG, put("/disabled", True))
    admin.delete("databaseSchema", desk.get("databaseSchema", "minzheng-rescue.default.public")["id"])
    desk.bot.requests_made.clear()
    changes, facts, _ = desk.publish()
    assert (changes, desk.writes()) == ([], 0)
    told = {change.fqn: change.reason for change in facts.conflicts}
    assert set(told) == {"审核状态.有异议", TAG, "minzheng-rescue.default.public"}
    assert "deleted" in told["审核状态.有异议"]
    assert "disabled" in told[TAG]
    assert not facts.usable("minzheng-rescue.default.public.t")
    assert (facts.usable("审核状态.有异议"), facts.usable(TAG), facts.usable("数据分级.L1")) == (False, True, True)


def test_nothing_is_made_below_what_people_deleted(desk: Desk) -> None:
    desk.publish()
    desk.admin.delete("databaseService", desk.get("databaseService", "minzheng-rescue")["id"], recursive=True)
    changes, facts, _ = desk.publish(desk.wanted(places=(*PLACES, Place("minzheng-rescue", "new", "public", "t"))))
    assert changes == []
    assert facts.unusable >= {"minzheng-rescue", "minzheng-rescue.default.public", "minzheng-rescue.new.public"}


def test_a_property_of_another_type_is_never_touched(desk: Desk) -> None:
    table, text = desk.admin.type("table"), desk.admin.type("integer")
    assert table is not None
    assert text is not None
    theirs = {"name": "provider", "description": "他们的", "propertyType": {"id": text["id"], "type": "type"}}
    desk.admin.put_property(table["id"], theirs)
    _, facts, _ = desk.publish()
    assert [change.fqn for change in facts.conflicts] == ["table.provider"]
    found = desk.admin.type("table")
    assert found is not None
    kept = next(one for one in found["customProperties"] if one["name"] == "provider")
    assert (kept["propertyType"]["name"], kept["description"]) == ("integer", "他们的")


def test_what_was_there_before_us_is_kept(desk: Desk) -> None:
    body = {"name": "数据分级", "description": "市里已有的分级", "mutuallyExclusive": False}
    desk.admin.put("classification", body)
    _, facts, applied = desk.publish()
    assert applied.failures == []
    assert desk.get("classification", "数据分级")["description"] == "市里已有的分级"
    assert [(change.fqn, change.field) for change in facts.conflicts] == [("数据分级", "mutuallyExclusive")]


def test_a_domain_that_was_deleted_comes_back_to_its_service(desk: Desk) -> None:
    desk.publish()
    desk.admin.delete("domain", desk.get("domain", "minzheng")["id"], hard=True, recursive=True)
    _, _, applied = desk.publish()
    assert applied.failures == []
    field = "domains" if desk.bot.features.domains else "domain"
    assert desk.get("databaseService", "minzheng-rescue", field)[field]
    assert desk.publish()[0] == []


def test_only_what_was_planned_is_written(desk: Desk) -> None:
    desk.publish()
    desk.person("tag", "数据分级.L1", put("/description", ""))
    wanted = desk.wanted()
    desk.bot.requests_made.clear()
    applied = apply_definitions(desk.bot, wanted, [], desk.ledger, AT)
    assert desk.writes() == 0
    assert len(applied.failures) == 1
    assert "数据分级.L1" in applied.failures[0]
    assert "plan again" in applied.failures[0]


def refusing(client: OpenMetadata, kind: str, method: str = "PUT") -> Any:
    """As if the account lacked a right on one collection."""
    from connectors.om_errors import NotAllowed

    original = client.request

    def request(verb: str, path: str, *rest: Any, **more: Any) -> Any:
        if verb == method and path.split("/")[0] == kind:
            told = f"bot may not {'Create' if method == 'PUT' else 'ViewAll'} on {kind}"
            raise NotAllowed(told, hint="give its role the operation", place="h", status=403)
        return original(verb, path, *rest, **more)

    client.request = request  # type: ignore[method-assign]


def test_a_missing_right_is_one_line_and_the_rest_goes_on(desk: Desk) -> None:
    refusing(desk.bot, "glossaryTerms")
    changes, _, applied = desk.publish()
    assert applied.failures == ["h: bot may not Create on glossaryTerms (give its role the operation)"]
    terms = {change.fqn for change in changes if change.kind == "glossaryTerm"}
    assert applied.missing == terms
    assert len(applied.done) == len(changes) - len(terms)


def test_what_may_not_be_read_is_not_made(desk: Desk) -> None:
    refusing(desk.bot, "tags", "GET")
    desk.wanted()
    desk.admin.put("classification", {"name": "数据分级", "description": "d", "mutuallyExclusive": True})
    changes, facts = desk.plan(desk.wanted())
    assert not any(change.kind == "tag" and change.fqn.startswith("数据分级") for change in changes)
    assert facts.failures == ["h: bot may not ViewAll on tags (give its role the operation)"]
    assert not facts.usable("数据分级.L3")


def test_native_recognizers_keep_peoples_exceptions(desk: Desk) -> None:
    wanted = desk.wanted(recognizers=True)
    assert desk.publish(wanted)[2].failures == []
    assert desk.publish(wanted)[0] == []
    if not desk.bot.features.recognizers:
        assert "recognizers" not in desk.get("tag", "数据分级.L4")
        return
    stored = desk.get("tag", "数据分级.L4")["recognizers"]
    exception = [{"entityLink": "<#E::table::x>", "reason": "误报"}]
    desk.person("tag", "数据分级.L4", put("/recognizers", [{**stored[0], "exceptionList": exception}, *stored[1:]]))
    assert desk.publish(wanted)[0] == []
    fewer = [
        Definition(item.key, item.kind, item.fqn, {**item.body, "recognizers": item.body["recognizers"][:2]})
        if item.key == "tag/tier/L4"
        else item
        for item in wanted
    ]
    changes, _, applied = desk.publish(fewer)
    assert ([change.field for change in changes], applied.failures) == (["recognizers"], [])
    found = desk.get("tag", "数据分级.L4")["recognizers"]
    assert (len(found), found[0]["exceptionList"]) == (2, exception)


def test_what_a_server_does_not_show_is_written_once() -> None:
    body = {"name": "L4", "classification": "数据分级", "description": "d", "recognizers": [{"name": "r"}]}
    item = Definition("tag/tier/L4", "tag", "数据分级.L4", body)
    there = Stored(found={("tag", item.fqn): {"id": "1", "name": "L4", "description": "d"}})
    first, _ = steps_of([item], {}, there)
    again, _ = steps_of([item], {item.key: DefinitionBase(item.key, "tag", item.fqn, "1", body)}, there)
    assert [change.field for change in first[0].changes] == ["recognizers"]
    assert again[0].changes == ()


def test_kinds_of_properties_that_a_server_lacks_are_a_notice() -> None:
    item = Definition("property/tableColumn/itemType", "type", "tableColumn.itemType", {"name": "itemType"})
    stored = Stored(notices=["this server has no custom properties of tableColumn: they are left out"])
    steps, facts = steps_of([item], {}, stored)
    assert (steps, facts.failures, facts.notices) == ([], [], stored.notices)
    assert not facts.usable(item.fqn)


@pytest.mark.parametrize(
    ("wanted", "stored", "last", "outcome"),
    [
        ("a", "a", None, "same"),
        ("b", "a", "a", "write"),
        ("b", "c", "a", "kept"),
        ("b", "c", None, "kept"),
        ("b", "", "a", "write"),
        (True, False, True, "kept"),
        (True, False, False, "write"),
        ([1], None, None, "write"),
        ({"color": "x"}, {"color": "y", "iconURL": "i"}, {"color": "y"}, "write"),
    ],
)
def test_three_states_decide(wanted: Any, stored: Any, last: Any, outcome: str) -> None:
    assert three_way(wanted, stored, last) == outcome


def test_true_is_not_one() -> None:
    assert not covers(1, True)
