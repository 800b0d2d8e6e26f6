"""Labels and texts merge so that no person's work is ever lost: tables of cases, and properties over random ones."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.publish.history import Author
from workflows.publish.merge import (
    Labels,
    Merged,
    Scheme,
    all_marks,
    edited,
    encoder,
    label_lists,
    label_ops,
    lost_labels,
    merge_labels,
    merge_values,
    stored_labels,
)
from workflows.publish.model import ON_ASSET, Base, Mark, Slot

SCHEME = Scheme(frozenset({"数据分级", "共享类型", "数据元"}), frozenset({"数据类别"}))
L2, L3, L4 = (Mark(f"数据分级.L{n}", "Automated", "Suggested") for n in (2, 3, 4))
RULED = Mark("数据分级.L3", "Automated", "Confirmed")
BY_HAND = Mark("数据分级.L3", "Manual", "Confirmed")
CONFIRMED = Mark("数据分级.L2", "Automated", "Confirmed")
DERIVED = Mark("数据分级.L3", "Derived", "Confirmed")
NAME, PHONE = (Mark(f"数据元.{name}", "Automated", "Suggested", "Glossary") for name in ("姓名", "手机号码"))
NAME_BY_HAND = Mark("数据元.姓名", "Manual", "Confirmed", "Glossary")
HEALTH, MONEY = (Mark(f"数据类别.{name}", "Automated", "Suggested") for name in ("健康", "财产"))
FOREIGN = Mark("PII.Sensitive", "Manual", "Confirmed")
ZHANG = Author("zhang", True, "2026-01-01T00:00:00+08:00", 0.3)
BOT = Author("ingestion-bot", False, "2026-01-01T00:00:00+08:00", 0.3)


class Told:
    """A history that the test writes; ``asked`` says what was looked up."""

    def __init__(
        self,
        removed: Mapping[tuple[str, str], Author] | None = None,
        put: Mapping[tuple[str, str], Author] | None = None,
    ) -> None:
        self.removed, self.put = removed or {}, put or {}
        self.asked: list[tuple[str, str]] = []

    def removed_by(self, path: str, fqn: str) -> Author | None:
        self.asked.append((path, fqn))
        return self.removed.get((path, fqn))

    def put_by(self, path: str, fqn: str) -> Author | None:
        self.asked.append((path, fqn))
        return self.put.get((path, fqn))

    stamped_by = put_by


def merged(
    wanted: list[Mark],
    stored: list[Mark],
    base: list[Mark],
    path: str = "idno",
    told: Told | None = None,
    **more: Any,
) -> Merged:
    known = Base("s.d.x.t", **{"id": "7", "marks": [(path, mark) for mark in base], **more})
    return merge_labels({path: wanted}, {ON_ASSET: [], path: stored}, known, SCHEME, told or Told())


def outcome(found: Merged) -> list[tuple[Mark | None, Mark | None]]:
    return [(edit.old, edit.new) for edit in found.edits]


# wanted, stored, base → (old, new) of the edits, number of disputes, base afterwards
COLUMN_CASES: dict[str, tuple[list[Mark], list[Mark], list[Mark], list[Any], int, list[Mark]]] = {
    "nothing anywhere": ([], [], [], [], 0, []),
    "new": ([L2], [], [], [(None, L2)], 0, [L2]),
    "lost without a person": ([L3], [], [L2], [(None, L3)], 0, [L3]),
    "not wanted any more and gone": ([], [], [L2], [], 0, [L2]),
    "as it should be": ([L2], [L2], [L2], [], 0, [L2]),
    "ours, adopted without a base": ([L2], [L2], [], [], 0, [L2]),
    "rules say otherwise": ([L3], [L2], [L2], [(L2, L3)], 0, [L3]),
    "rules say nothing any more": ([], [L2], [L2], [(L2, None)], 0, []),
    "another machine's": ([L3], [L4], [], [(L4, L3)], 0, [L3]),
    "another machine's, not wanted": ([], [L4], [], [(L4, None)], 0, []),
    "decided elsewhere": ([CONFIRMED], [L2], [L2], [(L2, CONFIRMED)], 0, [CONFIRMED]),
    "ours although confirmed": ([L2], [RULED], [RULED], [(RULED, L2)], 0, [L2]),
    "ours although confirmed, withdrawn": ([], [RULED], [RULED], [(RULED, None)], 0, []),
    "a person confirmed it": ([L2], [CONFIRMED], [L2], [], 0, [L2]),
    "confirmed, nobody knows by whom": ([CONFIRMED], [CONFIRMED], [L2], [], 0, [CONFIRMED]),
    "a person confirmed it, rules moved on": ([L4], [CONFIRMED], [L2], [], 1, [L2]),
    "a person replaced it": ([L2], [BY_HAND], [L2], [], 1, [L2]),
    "a person put what is wanted": ([RULED], [BY_HAND], [], [], 0, [RULED]),
    "a person's own": ([], [BY_HAND], [], [], 1, []),
    "the platform's, same": ([L3], [DERIVED], [], [], 0, []),
    "the platform's, other": ([L2], [DERIVED], [], [], 1, []),
    "the platform's, not wanted": ([], [DERIVED], [], [], 0, []),
    "two of ours": ([L3], [L2, L4], [L2], [(L2, L3), (L4, None)], 0, [L3]),
    "two of ours, one wanted": ([L4], [L2, L4], [L2, L4], [(L2, None)], 0, [L4]),
    "a person's term beside ours": ([PHONE], [PHONE, NAME_BY_HAND], [PHONE], [], 1, [PHONE]),
    "a person's term, wanted, beside ours": (
        [NAME],
        [PHONE, NAME_BY_HAND],
        [PHONE],
        [(PHONE, None)],
        0,
        [NAME],
    ),
    "categories side by side": ([HEALTH, MONEY], [HEALTH], [HEALTH], [(None, MONEY)], 0, [HEALTH, MONEY]),
    "a category less": ([HEALTH], [HEALTH, MONEY], [HEALTH, MONEY], [(MONEY, None)], 0, [HEALTH]),
    "a person's category": (
        [HEALTH],
        [Mark("数据类别.轨迹", "Manual", "Confirmed")],
        [],
        [(None, HEALTH)],
        0,
        [HEALTH],
    ),
    "foreign": ([], [FOREIGN], [], [], 0, []),
    "foreign is not ours to want": ([FOREIGN], [], [], [], 0, []),
}


@pytest.mark.parametrize("case", COLUMN_CASES)
def test_columns(case: str) -> None:
    wanted, stored, base, edits, disputes, after = COLUMN_CASES[case]
    told = Told()
    found = merged(wanted, stored, base, told=told)
    assert outcome(found) == edits
    assert len(found.disputes) == disputes
    assert [mark for _, mark in found.marks] == after
    # History is asked only about what has gone although it is wanted, and about who confirmed what is wanted so.
    assert bool(told.asked) == bool(wanted and base and (not stored or (wanted == stored == [CONFIRMED] != base)))


def test_what_a_person_confirmed_before_we_said_so_is_left_to_the_next_pull() -> None:
    """A version came into force meanwhile: what it says is theirs all the same."""
    place = ("idno", CONFIRMED.fqn)
    found = merged([CONFIRMED], [CONFIRMED], [L2], told=Told(put={place: ZHANG}))
    assert (outcome(found), found.marks) == ([], (("idno", L2),))
    found = merged([CONFIRMED], [CONFIRMED], [L2], told=Told(put={place: BOT}))
    assert found.marks == (("idno", CONFIRMED),)


def test_a_category_that_a_person_took_away_stays_away_however_sure_it_is() -> None:
    sure = Mark(HEALTH.fqn, "Automated", "Confirmed")
    assert outcome(merged([sure], [], [], gone=[("idno", HEALTH)])) == []
    assert outcome(merged([sure, MONEY], [], [], gone=[("idno", HEALTH)])) == [(None, MONEY)]


def test_what_a_person_removed_stays_away() -> None:
    told = Told(removed={("idno", L2.fqn): ZHANG})
    for wanted in (L2, L3):
        found = merged([wanted], [], [L2], told=told)
        assert outcome(found) == []
        assert found.disputes[0].reason == "zhang 已移除 数据分级.L2，待 pdc pull 处理"
        assert found.marks == (("idno", L2),), "the next pull must see what was removed"


def test_what_a_person_put_and_took_away_stays_away() -> None:
    """A label that a pull had taken for the person's own, too."""
    told = Told(removed={("idno", L2.fqn): ZHANG})
    assert outcome(merged([CONFIRMED], [], [], told=told, seen=[("idno", CONFIRMED)])) == []
    assert outcome(merged([CONFIRMED], [], [], seen=[("idno", CONFIRMED)])) == [(None, CONFIRMED)]


def test_history_is_asked_of_what_this_site_has_never_written() -> None:
    """Another address of the server, a store of last week: somebody may have taken a label of ours away."""
    told = Told(removed={("idno", L2.fqn): ZHANG})
    found = merged([L2], [], [], told=told, id="")
    assert (outcome(found), found.marks) == ([], (("idno", L2),))
    assert outcome(merged([L2], [], [], id="")) == [(None, L2)]


def test_a_removal_that_waits_for_somebody_stands() -> None:
    """By somebody who may not rule, of a label that people had confirmed."""
    base = Base("t", id="7", gone=[("idno", L2)])
    for waiting, edits in ((frozenset({("idno", "数据分级")}), 0), (frozenset({("idno", "共享类型")}), 1)):
        found = merge_labels({"idno": [CONFIRMED]}, {"idno": ()}, base, SCHEME, Told(), waiting)
        assert (len(found.edits), len(found.disputes)) == (edits, 1 - edits)


def test_what_a_bot_removed_comes_back() -> None:
    assert outcome(merged([L2], [], [L2], told=Told(removed={("idno", L2.fqn): BOT}))) == [(None, L2)]


def test_what_a_pull_dealt_with_stays_away_until_a_person_asks_for_it() -> None:
    gone = {"gone": [("idno", L2)]}
    assert len(merged([L2], [], [], **gone).disputes) == 1
    assert outcome(merged([L3], [], [], **gone)) == [(None, L3)]
    assert outcome(merged([CONFIRMED], [], [], **gone)) == [(None, CONFIRMED)]


# On the asset itself: wanted, stored, base, history of what stands there → edits, disputes
RESTAMPED = Mark("数据分级.L2", "Manual", "Confirmed")
ASSET_CASES: dict[str, tuple[list[Mark], list[Mark], list[Mark], Author | None, list[Any], int]] = {
    "restamped by the UI, unchanged": ([L2], [RESTAMPED], [L2], None, [], 0),
    "restamped by the UI, rules moved on": ([L3], [RESTAMPED], [L2], None, [(RESTAMPED, L3)], 0),
    "restamped by the UI, put by us": ([L3], [RESTAMPED], [L2], BOT, [(RESTAMPED, L3)], 0),
    "restamped by the UI, withdrawn": ([], [RESTAMPED], [L2], None, [(RESTAMPED, None)], 0),
    "ours, taken off and put back by a person": ([L3], [RESTAMPED], [L2], ZHANG, [], 1),
    "a person's": ([L2], [BY_HAND], [L2], ZHANG, [], 1),
    "unknown whose": ([L2], [BY_HAND], [L2], None, [], 1),
    "a bot's": ([L2], [BY_HAND], [L2], BOT, [(BY_HAND, L2)], 0),
    "a machine's, whatever history says": ([L2], [L3], [], ZHANG, [(L3, L2)], 0),
    "a person says the same": ([L3], [BY_HAND], [], ZHANG, [], 0),
}


@pytest.mark.parametrize("case", ASSET_CASES)
def test_assets(case: str) -> None:
    wanted, stored, base, author, edits, disputes = ASSET_CASES[case]
    told = Told(put={(ON_ASSET, stored[0].fqn): author} if author else {})
    found = merged(wanted, stored, base, ON_ASSET, told)
    assert outcome(found) == edits
    assert len(found.disputes) == disputes


def test_a_label_that_a_pull_has_seen_is_a_persons() -> None:
    found = merged([L2], [BY_HAND], [], ON_ASSET, Told(put={(ON_ASSET, BY_HAND.fqn): BOT}), seen=[(ON_ASSET, BY_HAND)])
    assert outcome(found) == []


def test_labels_of_columns_that_are_not_there_are_left_out() -> None:
    base = Base("s.d.x.t", marks=[("old", L2)])
    found = merge_labels({"new": [L3]}, {ON_ASSET: []}, base, SCHEME, Told())
    assert found == Merged((), (), ())


# --- operations --------------------------------------------------------------------------------------------------


def entity(labels: Labels) -> dict[str, Any]:
    """A table as the server shows it."""

    def shown(marks: Any) -> list[dict[str, Any]]:
        encode = encoder(reasons=False)
        return [{**encode(mark), "description": "…", "style": {"color": "#ff0000"}} for mark in marks]

    columns = [{"name": path, "tags": shown(marks)} for path, marks in labels.items() if path]
    return {"tags": shown(labels.get(ON_ASSET, ())), "columns": columns}


def patched(document: dict[str, Any], ops: list[dict[str, Any]], by_path: bool) -> dict[str, Any]:
    """The document as a server leaves it: adds and replaces first, then removes from the highest index down."""
    found = copy.deepcopy(document)

    def steps(op: dict[str, Any]) -> list[Any]:
        return [int(step) if step.isdigit() else step for step in op["path"].split("/")[1:]]

    def order(op: dict[str, Any]) -> list[tuple[int, str]]:
        return [(step, "") if isinstance(step, int) else (1 << 30, step) for step in steps(op)]

    writes = [op for op in ops if op["op"] != "remove"]
    removes = sorted((op for op in ops if op["op"] == "remove"), key=order, reverse=True)
    for op in [*(sorted(writes, key=order) if by_path else writes), *removes]:
        *above, last = steps(op)
        place: Any = found
        for step in above:
            place = place[step]
        if op["op"] == "remove":
            del place[last]
        elif last == "-":
            place.append(op["value"])
        else:
            place[last] = op["value"]
    return found


def test_a_list_that_is_not_there_yet_is_made_whole() -> None:
    table = {"columns": [{"name": "a.b"}]}
    found = merge_labels({"a.b": [L2, NAME], "": [L2]}, stored_labels(table), Base("t"), SCHEME, Told())
    ops = label_ops(table, found.edits, encoder(False))
    assert [(op["op"], op["path"], len(op["value"])) for op in ops] == [
        ("add", "/columns/0/tags", 2),
        ("add", "/tags", 1),
    ]


def test_fields_of_an_endpoint_and_nested_columns_have_places() -> None:
    endpoint = {"responseSchema": {"schemaFields": [{"name": "id", "tags": []}]}}
    assert label_lists(endpoint)["id"].pointer == "/responseSchema/schemaFields/0/tags"
    nested = {"columns": [{"name": "a/b", "children": [{"name": "c", "tags": []}]}]}
    assert [found.pointer for found in label_lists(nested).values()] == [
        "/tags",
        "/columns/0/tags",
        "/columns/0/children/0/tags",
    ]


def test_reasons_are_told_to_servers_that_know_them() -> None:
    mark = Mark("数据分级.L3", reason="身份证号")
    assert encoder(True)(mark)["reason"] == "身份证号"
    assert "reason" not in encoder(False)(mark)
    assert "reason" not in encoder(True)(L2)


POOL = (L2, L3, L4, RULED, BY_HAND, CONFIRMED, DERIVED, NAME, PHONE, NAME_BY_HAND, HEALTH, MONEY, FOREIGN)
WANTED = (L2, L3, RULED, CONFIRMED, NAME, PHONE, HEALTH, MONEY)
PATHS = (ON_ASSET, "a", "b.c")


def one_per_name(marks: list[Mark]) -> list[Mark]:
    return list({mark.fqn: mark for mark in marks}.values())


def one_per_slot(marks: list[Mark]) -> list[Mark]:
    return list({SCHEME.slot("", mark.fqn) or mark.fqn: mark for mark in marks}.values())


labels_of_paths = st.fixed_dictionaries(
    {path: st.lists(st.sampled_from(POOL), max_size=6).map(one_per_name) for path in PATHS}
)
wanted_of_paths = st.fixed_dictionaries(
    {path: st.lists(st.sampled_from(WANTED), max_size=4).map(one_per_slot) for path in (*PATHS, "dropped")}
)
ours_of_paths = st.fixed_dictionaries(
    {path: st.lists(st.sampled_from(WANTED), max_size=3).map(one_per_name) for path in PATHS}
)
places = st.tuples(st.sampled_from(PATHS), st.sampled_from(sorted({mark.fqn for mark in POOL})))
authors = st.dictionaries(places, st.sampled_from((ZHANG, BOT)), max_size=6)


@settings(max_examples=150, deadline=None)
@given(wanted_of_paths, labels_of_paths, ours_of_paths, authors, authors, st.booleans())
def test_properties(
    wanted: dict[str, list[Mark]],
    stored: dict[str, list[Mark]],
    ours: dict[str, list[Mark]],
    removed: dict[tuple[str, str], Author],
    put: dict[tuple[str, str], Author],
    by_path: bool,
) -> None:
    told = Told(removed, put)
    base = Base("t", marks=all_marks(ours))
    found = merge_labels(wanted, stored, base, SCHEME, told)
    after = edited(stored, found.edits)

    for path, mark in all_marks(stored):
        written = next((one for at, one in base.marks if (at, one.fqn) == (path, mark.fqn)), None)
        persons = mark.by_person and not mark.same(written)
        if path == ON_ASSET:
            author = put.get((path, mark.fqn))
            persons = persons and (author.person if author else written is None)
        if persons or SCHEME.slot(path, mark.fqn) is None or mark.label_type == "Derived":
            assert mark in after[path], "people's, foreign and derived labels stay as they are"

    table = entity(stored)
    result = patched(table, label_ops(table, found.edits, encoder(False)), by_path)
    assert stored_labels(result) == {path: tuple(marks) for path, marks in after.items()}

    again = merge_labels(wanted, after, Base("t", marks=list(found.marks)), SCHEME, told)
    assert again.edits == ()
    assert set(again.marks) == set(found.marks)

    for path, marks in after.items():
        for name in SCHEME.single:
            were = [mark for mark in stored[path] if mark.classification == name]
            are = [mark for mark in marks if mark.classification == name]
            assert len(are) <= max(1, len(were))


# --- what was lost -----------------------------------------------------------------------------------------------


def test_lost_labels_come_back_where_nobody_took_them_away() -> None:
    before = [("", FOREIGN), ("a", BY_HAND), ("a", NAME), ("b", L2), ("dropped", L3), ("c", DERIVED), ("c", HEALTH)]
    now: dict[str, list[Mark]] = {"": [], "a": [L4], "b": [L2], "c": []}
    told = Told(removed={("c", HEALTH.fqn): ZHANG})
    found = lost_labels(before, now, SCHEME, told)
    assert [(edit.slot.path, edit.new) for edit in found] == [("", FOREIGN), ("a", NAME)]
    assert found[0].slot == Slot("", "PII", "PII.Sensitive")


# --- single values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "stored", "base", "write", "kept", "after"),
    [
        ("新", None, None, {"k": "新"}, (), {"k": "新"}),
        ("新", "", "旧", {"k": "新"}, (), {"k": "新"}),
        ("新", "旧", "旧", {"k": "新"}, (), {"k": "新"}),
        ("新", "新", None, {}, (), {"k": "新"}),
        ("新", "人工", "旧", {}, ("k",), {"k": "旧"}),
        ("新", "人工", None, {}, ("k",), {}),
        (None, "旧", "旧", {"k": None}, (), {}),
        (None, "人工", "旧", {}, (), {"k": "旧"}),
        (None, "人工", None, {}, (), {}),
        ("", None, "旧", {}, (), {}),
    ],
)
def test_values(wanted: Any, stored: Any, base: Any, write: Any, kept: Any, after: Any) -> None:
    def one(value: Any) -> dict[str, Any]:
        return {} if value is None else {"k": value}

    assert merge_values(one(wanted), one(stored), one(base)) == (write, kept, after)
