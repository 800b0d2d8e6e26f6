"""Until when somebody must act: the pack's limits counted in the site's calendar.

Limits are law or the site's own rule; a pack without one gives no due date. Due dates are worked out when asked for,
so that a calendar that is published later corrects them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from workflows.sharing.calendar import WorkingCalendar
from workflows.sharing.states import RequestKind, RequestState

if TYPE_CHECKING:
    from classifiers.pack_file import Limit, Limits


class Due(msgspec.Struct, frozen=True, omit_defaults=True):
    what: str
    """confirm, catalogue, review, grant, renewal or answer."""
    day: str
    """Last day, ISO."""
    basis: tuple[str, ...] = ()
    """Citations of the pack; empty = the site's own limit, or what a department promised."""
    note: str = ""


@dataclass(frozen=True)
class Deadlines:
    limits: Limits
    calendar: WorkingCalendar

    def due(self, state: RequestState) -> Due | None:
        """What somebody must do about a request, and by when; None when nothing, or when no limit is known."""
        if state.stage == "asked":
            return self._by("confirm", self.confirming(state.kind), _demanded(state))
        if state.stage == "cataloguing":
            return self._catalogue(state)
        if state.stage == "reviewing":
            return self._review(state)
        if state.stage == "objected":
            return self._by("answer", self.limits.answer, state.stage_since)
        return None

    def overdue(self, state: RequestState, day: str) -> Due | None:
        """What should have been done before ``day``."""
        found = self.due(state)
        return found if found and found.day < day else None

    def confirming(self, kind: RequestKind) -> Limit | None:
        """The limit of a demand: what the law says of sharing does not bind who opens (上海市数据条例 39)."""
        return self.limits.confirm if kind == "share" else self.limits.confirm_open

    def longest(self, since: str) -> str:
        """The last day that a grant from ``since`` may have; empty when the pack says nothing."""
        found = self._by("period", self.limits.period, since)
        return found.day if found else ""

    def _catalogue(self, state: RequestState) -> Due | None:
        """Confirmed and catalogued within one and the same limit; what was promised counts when it is earlier."""
        law = self._by("catalogue", self.confirming(state.kind), _demanded(state))
        own = Due("catalogue", state.promised) if state.promised else None
        return min((one for one in (law, own) if one), key=lambda one: one.day, default=None)

    def _review(self, state: RequestState) -> Due | None:
        if not state.missing_sides():
            last = max(mark.at for mark in state.approvals.values())
            return self._by("grant", self.limits.grant, last)
        if state.renewal and self.limits.renewal:
            return self._by("renewal", self.limits.renewal, state.stage_since)
        return self._by("review", self.limits.review, state.stage_since)

    def _by(self, what: str, limit: Limit | None, since: str) -> Due | None:
        if limit is None or not since:
            return None
        start = date.fromisoformat(since[:10])
        if limit.calendar == "calendar":
            return Due(what, (start + timedelta(days=limit.days)).isoformat(), limit.basis)
        end = self.calendar.after(start, limit.days)
        return Due(what, end.isoformat(), limit.basis, self.calendar.note(start, end))


def _demanded(state: RequestState) -> str:
    """When the data was asked for, or when an objection had it confirmed anew."""
    return state.again or (state.asked.at if state.asked else "")
