"""信息资源代码 when classes change."""

from __future__ import annotations

from typing import Any

import pytest

from workflows.acts.verify import verify
from workflows.entries import codes
from workflows.entries.changes import record_changes

OWN, OTHER = "300001", "3091070001"


def given(office: Any, class_code: str | None = None) -> dict[str, tuple[str, ...]]:
    """Number by this class; table → its codes, the last one counts."""
    codes.number(office.store, ["lvhua"], {("lvhua", "gis"): class_code} if class_code else None)
    found = codes.codes(office.store, "lvhua")
    return {key.rpartition("/")[2]: found[one.id] for key, one in office.store.known("lvhua", "gis").items()}


def test_a_class_that_was_mistyped_leaves_no_trace(office: Any) -> None:
    office.publish()
    before = given(office)
    assert before == {"applicants": (f"{OWN}/000001",), "parks": (f"{OWN}/000002",)}
    assert given(office, OTHER)["parks"] == (f"{OWN}/000002", f"{OTHER}/000002")
    opened = record_changes(office.trail, office.entries().values(), ["lvhua"], office.actor("ops")).acts
    assert [act.verb for act in opened] == ["change"]
    assert given(office) == before
    settled = record_changes(office.trail, office.entries().values(), ["lvhua"], office.actor("ops")).acts
    assert [act.verb for act in settled] == ["settle"]
    assert not verify(office.trail).faults
    # Nothing was ever handed in under the numbers of the wrong class: they are free.
    assert given(office, OTHER)["applicants"] == (f"{OWN}/000001", f"{OTHER}/000001")


def test_codes_that_something_was_handed_in_under_stay_related(office: Any) -> None:
    given(office, OTHER)
    office.publish()
    back = given(office)
    assert back["parks"] == (f"{OTHER}/000002", f"{OWN}/000002")
    assert back["applicants"] == (f"{OWN}/000001",)
    assert office.entries()["parks"].related_codes == (f"{OTHER}/000002",)
    assert not verify(office.trail).faults
    assert given(office, OTHER)["parks"] == (f"{OTHER}/000002",)


def test_numbers_that_something_was_handed_in_under_stay_taken(office: Any) -> None:
    given(office, OTHER)
    office.publish()
    rows = {one.key: one.id for one in office.store.judgeable()}
    office.store.forget([*rows.values()])
    office.hold(office.permits, office.parks)
    # 000001 was the applicants' alone and nobody ever handed them in; 000002 was published.
    codes.number(office.store, ["lvhua"], {("lvhua", "gis"): OTHER})
    found = codes.codes(office.store, "lvhua")
    assert sorted(own[-1] for own in found.values()) == [f"{OTHER}/000001", f"{OTHER}/000003"]
    assert not verify(office.trail).faults


@pytest.mark.parametrize("times", [1, 3])
def test_numbering_again_gives_nothing(office: Any, times: int) -> None:
    for _ in range(times):
        assert codes.number(office.store, ["lvhua"]) == 0
