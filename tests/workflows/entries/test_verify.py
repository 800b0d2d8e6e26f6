"""What acts rest on: no document, ruling or code goes or changes without `verify` telling."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from classifiers.evidence import Decision
from workflows.acts.decisions import decide
from workflows.acts.verify import Verified, verify
from workflows.entries.published import published_entries, published_entry
from workflows.errors import StoreError
from workflows.lists.issues import issue


def ruling(value: str, column: str = "mj", at: str = "2026-01-05") -> Decision:
    basis = ("dsl-20",) if value == "L2" else ()
    return Decision("lvhua/gis/parks", "tier", value, "li", at, column=column, reason="核实", basis=basis)


@pytest.fixture
def told(office: Any) -> Any:
    """A published entry, an issued list, and three rulings in two acts' transactions."""
    office.publish()
    with office.trail.acting(office.actor("li")) as acting:
        decide(acting, office.store, [ruling("L2"), ruling("L1", "mc")])
    with office.trail.acting(office.actor("li")) as acting:
        decide(acting, office.store, [ruling("L1")])
    rights = {"list.issue": ("reviewer",)}
    issue(office.trail, office.actor("wang"), rights, "open", "2026-01-05", [{"asset": "x"}], "putuo-2020")
    return office


def changed(office: Any, *statements: str) -> Verified:
    with office.store.write() as connection:
        for statement in statements:
            connection.execute(text(statement))
    return verify(office.trail)


def test_what_nobody_touched_is_whole(told: Any) -> None:
    found = verify(told.trail)
    assert (found.acts, found.documents, found.before_trail, found.faults) == (9, 2, 0, ())


@pytest.mark.parametrize(
    ("change", "whats"),
    [
        ("DELETE FROM documents WHERE body LIKE '%公园绿地%'", ["that it names is gone"]),
        ("DELETE FROM documents WHERE body NOT LIKE '%公园绿地%'", ["that it names is gone"]),
        ("UPDATE decisions SET value = 'L3' WHERE id = 3", ["or was changed there", "parks.mj that no act made"]),
        (
            "UPDATE decisions SET basis = '[]' WHERE id = 1",
            ["parks.mj is gone from the table of decisions, or was changed"],
        ),
        ("UPDATE decisions SET dimension = 'x' WHERE id = 2", ["tier of lvhua/gis/parks.mc is gone", "x of lvhua"]),
        ("DELETE FROM decisions WHERE id = 1", ["its ruling on tier of lvhua/gis/parks.mj is gone"]),
        ("DELETE FROM decisions", ["parks.mj is gone", "parks.mc is gone", "parks.mj is gone"]),
        ("UPDATE decisions SET id = 9 WHERE id = 1", ["parks.mj stand in another order"]),
        ("DELETE FROM codes WHERE sequence = 2", ["was published under, is no longer given"]),
        ("UPDATE codes SET asset = 3 - asset", ["was published under, is lvhua/gis/applicants's now"]),
    ],
)
def test_no_change_beside_the_chain_goes_unseen(change: str, whats: list[str], told: Any) -> None:
    faults = sorted(fault.what for fault in changed(told, change).faults)
    assert len(faults) == len(whats), faults
    assert all(any(what in fault for fault in faults) for what in whats), faults


def test_a_ruling_that_nobody_made_is_told(told: Any) -> None:
    told.store.add_decisions([ruling("L4", "id")])
    (fault,) = verify(told.trail).faults
    assert (fault.number, fault.what) == (
        0,
        "the table of decisions has a ruling on tier of lvhua/gis/parks.id that no act made",
    )


def test_rulings_from_before_the_trail_are_counted_and_no_fault(office: Any) -> None:
    office.store.add_decisions([ruling("L4", "id", "2025-11-01")])
    with office.trail.acting(office.actor("li")) as acting:
        decide(acting, office.store, [ruling("L2", "id")])
    found = verify(office.trail)
    assert (found.before_trail, found.faults) == (1, ())


def test_a_later_ruling_is_not_from_before_the_trail(office: Any) -> None:
    office.publish()
    office.store.add_decisions([ruling("L4", "id", "2026-02-01")])
    assert [fault.number for fault in verify(office.trail).faults] == [0]


def test_a_version_in_force_that_is_gone_is_an_error_and_no_silence(told: Any) -> None:
    changed(told, "DELETE FROM documents")
    for look in (lambda: list(published_entries(told.trail)), lambda: published_entry(told.trail, "lvhua/gis/parks")):
        with pytest.raises(StoreError, match=r"lvhua/gis/parks: the version in force .* is gone from the store"):
            look()
