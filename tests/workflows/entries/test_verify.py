"""What acts rest on: no document, ruling or code goes or changes without `verify` telling."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from classifiers.evidence import Decision
from classifiers.pack_file import Limits
from connectors.model import Column
from workflows.acts.decisions import decide
from workflows.acts.verify import Verified, verify
from workflows.entries.changes import record_changes
from workflows.entries.published import published_entries, published_entry
from workflows.errors import StoreError
from workflows.lists.issues import Issued, issue
from workflows.sharing.calendar import WorkingCalendar
from workflows.sharing.limits import Deadlines
from workflows.sharing.requests import Requests
from workflows.sharing.states import Document


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
    with office.trail.acting(office.actor("wang")) as acting:
        issue(acting, Issued("open", "2026-01-05", ({"asset": "x"},), "putuo-2020"))
    return office


def changed(office: Any, *statements: str) -> Verified:
    with office.store.write() as connection:
        for statement in statements:
            connection.execute(text(statement))
    return verify(office.trail)


def test_what_nobody_touched_is_whole(told: Any) -> None:
    found = verify(told.trail)
    assert (found.acts, found.documents, found.before_trail, found.faults) == (9, 3, 0, ())


@pytest.mark.parametrize(
    ("change", "whats"),
    [
        ("DELETE FROM documents WHERE body LIKE '%公园绿地%'", ["that it names is gone"]),
        ('DELETE FROM documents WHERE body LIKE \'%"asset":"x"%\'', ["that it names is gone"]),
        ("UPDATE decisions SET value = 'L3' WHERE id = 3", ["or was changed there", "parks.mj that no act made"]),
        (
            "UPDATE decisions SET basis = '[]' WHERE id = 1",
            ["parks.mj is gone from the table of decisions, or was changed", "parks.mj that no act made"],
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


@pytest.mark.parametrize("at", ["2025-11-01", "2026-02-01"])
def test_a_ruling_that_nobody_made_is_told_whenever_it_says_it_was(at: str, office: Any) -> None:
    office.store.add_decisions([ruling("L4", "id", at)])
    with office.trail.acting(office.actor("li")) as acting:
        decide(acting, office.store, [ruling("L2", "id")])
    found = verify(office.trail)
    assert (found.before_trail, [fault.number for fault in found.faults]) == (0, [0])


def test_a_version_in_force_that_is_gone_is_an_error_and_no_silence(told: Any) -> None:
    changed(told, "DELETE FROM documents")
    for look in (lambda: list(published_entries(told.trail)), lambda: published_entry(told.trail, "lvhua/gis/parks")):
        with pytest.raises(StoreError, match=r"lvhua/gis/parks: the version in force .* is gone from the store"):
            look()


def gone(office: Any) -> None:
    with office.store.write() as connection:
        connection.execute(text("DELETE FROM documents"))


def test_a_lost_version_under_review_is_an_error_and_not_a_change_of_unknown_kind(office: Any) -> None:
    office.cycle("li").submit(office.entries()["parks"])
    gone(office)
    office.hold(msgspec.structs.replace(office.parks, comment="城市公园"))
    with pytest.raises(StoreError, match=r"lvhua/gis/parks: the version under review .* is gone from the store"):
        office.cycle("wang").approve(office.entries()["parks"])


def test_a_harvest_tells_of_the_lost_version_and_goes_on_with_the_others(office: Any) -> None:
    office.publish("parks")
    gone(office)
    office.publish("applicants")
    more = Column("bz", 4, "varchar(20)", "VARCHAR", True, "联系地址")
    office.hold(
        msgspec.structs.replace(office.parks, columns=(*office.parks.columns, more)),
        msgspec.structs.replace(office.permits, columns=(*office.permits.columns, more)),
    )
    found = record_changes(office.trail, office.entries().values(), ["lvhua"], office.actor("ops"))
    assert [act.subject for act in found.acts] == ["lvhua/gis/applicants"]
    assert len(found.unread) == 1
    assert "lvhua/gis/parks: the version in force" in found.unread[0]


def test_a_request_for_a_lost_version_is_an_error_and_no_demand(office: Any) -> None:
    office.publish()
    gone(office)
    asked = Document(
        "share", "minzheng", purpose="核对资格", asset="lvhua/gis/parks", basis=("putuo-2020/21",), means="数据库"
    )
    names = {"minzheng": "民政局", "lvhua": "绿化局"}
    asker = msgspec.structs.replace(office.actor("li"), departments=("minzheng",))
    requests = Requests(office.trail, office.pack, asker, Deadlines(Limits(), WorkingCalendar()), names=names)
    with pytest.raises(StoreError, match="the version in force"):
        requests.new(asked)
