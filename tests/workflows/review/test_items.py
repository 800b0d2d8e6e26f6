"""What a steward is asked about, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from classifiers.evidence import Decision, Evidence, Label
from workflows.review.desk import Wish
from workflows.review.items import Item, is_tie, items, marks_of, most_urgent

PERSON = "dept/sys/person"


def pending(store: Any) -> list[Item]:
    return most_urgent(store, ["dept"], 100)[1]


def label(value: str, state: Any = "suggested", rule: str = "r1", **more: Any) -> Label:
    return Label("tier", value, state, 0.9, "", rule=rule, **more)


def ruling(value: str | None, **more: Any) -> Decision:
    return Decision("a", "tier", value, "李华", "2026-01-01", column="c", **more)


@pytest.mark.parametrize(
    ("found", "rulings", "proposed", "now"),
    [
        (label("L3"), [], True, ""),
        (label("undetermined", "undetermined"), [], False, ""),
        (label("L3", rule="in-force"), [], True, "L3"),
        (label("L3", "confirmed", "decision"), [ruling("L3")], False, "L3"),
        (label("L3"), [ruling("L4")], False, "L4"),
        (label("L3"), [ruling(None, rejected="L3", rule="r1", fingerprint="f")], False, ""),
        (label("L3", rule="r2"), [ruling(None, rejected="L3", rule="r1", fingerprint="f")], True, ""),
        (label("L3"), [ruling(None, rejected="L3", rule="r1", fingerprint="other")], True, ""),
        (label("L3", rule="in-force"), [ruling(None, rejected="L3", rule="r1")], False, "L3"),
        (None, [ruling("L2")], False, "L2"),
    ],
)
def test_what_is_proposed_and_what_is_in_force(found: Any, rulings: Any, proposed: bool, now: str) -> None:
    mark = marks_of([found] if found else [], rulings, "f")["tier"]
    assert (mark.proposed, mark.now, mark.ruled) == (proposed, now, len(rulings))


def test_a_tie_is_between_two_elements() -> None:
    first, second = Evidence("a", "person.name", "name", 0.7), Evidence("b", "org.name", "comment", 0.66)
    assert is_tie([first, second])
    assert not is_tie([first, Evidence("b", "person.name", "comment", 0.7)])
    assert not is_tie([first, Evidence("b", "org.name", "comment", 0.5)])
    assert not is_tie([first])


def test_what_needs_a_person_comes_first_then_the_highest_tier(room: Any) -> None:
    found = pending(room.store)
    assert most_urgent(room.store, [], 2) == (len(found), found[:2])
    assert most_urgent(room.store, ["other"], 2) == (0, [])
    bands = [0 if item.doubt else 1 for item in found]
    assert bands == sorted(bands)
    assert (found[0].column.name, found[0].doubt) == ("fld3", "undetermined")
    tiers = [item.tier for item in found if not item.doubt]
    assert tiers == sorted(tiers, reverse=True)
    sure = [(item.tier, item.confidence) for item in found if not item.doubt]
    assert sure == sorted(sure, key=lambda one: (-int(one[0][1]), one[1]))


def test_what_is_decided_waits_no_longer_even_before_the_next_run(room: Any) -> None:
    before = {(item.stored.asset.key, item.column.name) for item in pending(room.store)}
    item = next(one for one in items(room.store, []) if one.column.name == "sfzh")
    room.judge(*(Wish(PERSON, one.dimension, one.value, "sfzh", "核对") for one in item.pending))
    after = {(item.stored.asset.key, item.column.name) for item in pending(room.store)}
    assert before - after == {(PERSON, "sfzh")}
    room.classify()
    assert {(item.stored.asset.key, item.column.name) for item in pending(room.store)} == after
