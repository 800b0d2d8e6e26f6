"""Days that people write down on requests: real days, not over, and no more of them than were asked for."""

from __future__ import annotations

from datetime import timedelta

from workflows.acts.model import Blocked
from workflows.errors import InputError
from workflows.sharing.calendar import iso_day
from workflows.sharing.states import RequestState


def check_due(due: str, today: str) -> None:
    """Raises `InputError` for a day that is none or that is over; empty is no day."""
    try:
        late = bool(due) and iso_day(due).isoformat() < today
    except ValueError:
        raise InputError(f"--due is a day such as {today}, not {due!r}") from None
    if late:
        raise InputError(f"--due {due} is over")


def check_within(state: RequestState, since: str, until: str) -> None:
    """Raises `Blocked` for days that nobody asked for: what was approved is the period of the request."""
    period = state.renewal or state.document
    if since and since < period.since:
        raise Blocked(f"{state.id} was asked for from {period.since} on: --from {since} is before it")
    if period.until and until > period.until:
        raise Blocked(
            f"{state.id} was asked for until {period.until}: for more, who asked renews it (pdc request renew)"
        )


def check_joined(state: RequestState, since: str, today: str) -> None:
    """Raises `InputError` for a renewal that does not begin where the grant that it renews ends."""
    grant = state.grant
    if grant is not None and not state.past(today) and since > _next_day(grant.until):
        raise InputError(
            f"{state.id} is granted until {grant.until}: more time follows on it; leave --from {since} out"
        )


def first_day(state: RequestState, given: str, today: str) -> str:
    """The first day of a grant that is made today; a renewal leaves no gap to the grant that it renews.

    Raises `Blocked` for a ``given`` day that would leave one.
    """
    held = state.grant
    if held is None or state.past(today):
        return max(given or (state.renewal or state.document).since, today)
    if given and held.until and given > _next_day(held.until):
        raise Blocked(f"{state.id} is granted until {held.until}: --from {given} would leave a gap; leave it out")
    return max(held.since, today)


def _next_day(day: str) -> str:
    return (iso_day(day) + timedelta(days=1)).isoformat()


def check_since(since: str, today: str) -> None:
    """Raises `InputError` for a first day that is over; empty is no day."""
    if since and since < today:
        raise InputError(f"--from {since} is over; without --from it begins with the grant")


def check_period(since: str, until: str, today: str) -> None:
    """Raises `InputError` for days that are none, that are over or that end before they begin."""
    for name, day in (("--from", since), ("--until", until)):
        try:
            if day:
                iso_day(day)
        except ValueError:
            raise InputError(f"{name} is a day such as {today}, not {day!r}") from None
    check_since(since, today)
    if until and until < today:
        raise InputError(f"--until {until} is over")
    if since and until and until < since:
        raise InputError(f"--until {until} is before --from {since}")
