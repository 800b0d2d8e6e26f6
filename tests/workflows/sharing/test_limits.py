"""Working days, and what a pack's limits make of a request."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from classifiers.pack_diff import diff_packs
from classifiers.pack_file import Limit, Limits, PackError, overlay_schema
from classifiers.policy import load_pack
from workflows.sharing.calendar import WorkingCalendar, days_of
from workflows.sharing.limits import Deadlines, Due
from workflows.sharing.states import Document, Mark, Period, RequestState

CALENDAR = WorkingCalendar(frozenset(days_of("2026-10-01/2026-10-07")), frozenset({date(2026, 10, 10)}))


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-09-30", 3, "2026-10-10"),
        ("2026-10-09", 1, "2026-10-10"),
        ("2026-10-10", 1, "2026-10-12"),
        ("2026-10-03", 1, "2026-10-08"),
        ("2026-11-06", 5, "2026-11-13"),
    ],
)
def test_working_days(start: str, days: int, end: str) -> None:
    assert CALENDAR.after(date.fromisoformat(start), days).isoformat() == end


def test_a_year_of_which_nothing_is_said_is_told() -> None:
    assert CALENDAR.note(date(2026, 9, 1), date(2026, 12, 31)) == ""
    assert "2025, 2027" in CALENDAR.note(date(2025, 12, 31), date(2027, 1, 2))


@pytest.mark.parametrize(
    "text", ["", "2026-13-01", "2026-10-07/2026-10-01", "20261001", "2026-10-01/", "2020-01-01/2026-01-01"]
)
def test_days_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"iso|month|/|2026"):
        list(days_of(text))


AT = "2026-09-30T17:00:00+08:00"
LIMITS = Limits(
    confirm=Limit(days=15, calendar="working", basis=("shanghai-data/39",)),
    confirm_open=Limit(days=10),
    review=Limit(days=10),
    grant=Limit(days=2),
    renewal=Limit(days=3),
    answer=Limit(days=5),
    period=Limit(days=365),
)
MARK = Mark("sun", "2026-10-05T09:00:00+08:00")
ASKED = RequestState("S2026-0001", "asked", 1, Document("share", "minzheng"), asked=Mark("qian", AT), stage_since=AT)


OPENING = msgspec.structs.replace(ASKED, document=Document("open", "lvhua"))


def state(**given: object) -> RequestState:
    return msgspec.structs.replace(ASKED, **given)


@pytest.mark.parametrize(
    ("found", "due"),
    [
        (ASKED, Due("confirm", "2026-10-27", ("shanghai-data/39",))),
        (state(stage="cataloguing"), Due("catalogue", "2026-10-27", ("shanghai-data/39",))),
        (state(stage="cataloguing", promised="2026-10-09"), Due("catalogue", "2026-10-09")),
        (state(stage="cataloguing", promised="2026-12-01"), Due("catalogue", "2026-10-27", ("shanghai-data/39",))),
        (state(stage="reviewing"), Due("review", "2026-10-10")),
        (state(stage="reviewing", renewal=Period("", "2027-01-01")), Due("renewal", "2026-10-03")),
        (state(stage="reviewing", approvals={"office": MARK}), Due("review", "2026-10-10")),
        (state(stage="reviewing", approvals={"office": MARK, "owner": MARK}), Due("grant", "2026-10-07")),
        (state(stage="objected"), Due("answer", "2026-10-05")),
        (state(stage="granted"), None),
        (OPENING, Due("confirm", "2026-10-10")),
        (msgspec.structs.replace(OPENING, stage="cataloguing"), Due("catalogue", "2026-10-10")),
        (state(stage="refused"), None),
    ],
)
def test_what_is_due(found: RequestState, due: Due | None) -> None:
    deadlines = Deadlines(LIMITS, CALENDAR)
    assert deadlines.due(found) == due
    if due:
        assert deadlines.overdue(found, due.day) is None
        assert deadlines.overdue(found, "2027-01-01") == due


def test_a_limit_that_no_source_gives_is_none() -> None:
    nothing = Deadlines(Limits(), CALENDAR)
    assert nothing.due(ASKED) is None
    # The 15 working days of the law are for sharing.
    assert Deadlines(Limits(confirm=LIMITS.confirm), CALENDAR).due(OPENING) is None
    assert nothing.due(state(stage="cataloguing", promised="2026-10-09")) == Due("catalogue", "2026-10-09")
    assert nothing.due(state(stage="reviewing", approvals={"office": MARK, "owner": MARK})) is None
    assert nothing.longest("2026-01-01") == ""
    assert Deadlines(LIMITS, CALENDAR).longest("2026-01-01") == "2027-01-01"


def test_packs_hold_only_limits_that_were_read() -> None:
    assert load_pack("putuo-2020").body.limits == Limits(confirm=LIMITS.confirm)
    assert load_pack("national-2025").body.limits == Limits()
    assert "十五个工作日" in load_pack("putuo-2020").cite("shanghai-data/39").text


def test_an_overlay_sets_limits_and_its_mistakes_are_named() -> None:
    own = load_pack("national-2025", [("own.yaml", "extends: national-2025\nlimits: {review: {days: 10}}\n")])
    assert own.body.limits == Limits(review=Limit(days=10))
    (change,) = diff_packs(load_pack("national-2025"), own)
    assert (change.section, change.key, change.old, change.new["days"]) == ("limits", "review", None, 10)
    assert set(overlay_schema()["$defs"]["Limits"]["properties"]) == set(Limits.__struct_fields__)
    for text, told in (
        ("limits: {review: {days: 10, basis: [pipl/999]}}", "review: there is no citation pipl/999"),
        ("limits: {review: {days: 0}}", "review"),
        ("limits: {reveiw: {days: 3}}", "reveiw"),
    ):
        with pytest.raises(PackError, match=told) as refused:
            load_pack("putuo-2020", [("own.yaml", f"extends: putuo-2020\n{text}\n")])
        assert refused.value.file == "own.yaml"
