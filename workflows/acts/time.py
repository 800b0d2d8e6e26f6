"""Time in the trail: it never runs back, so that what a past day's lists say cannot change.

Clocks step by seconds and minutes when they are put right: an act then takes the time of the act before it. A clock
that is further behind is wrong, or the clock was wrong that dated the last act ahead: nobody acts until one of the two
is mended. The first is mended on the computer; for the second an administrator says so by an act (`set_clock`), which
stands in the chain, with a time before the last act's. From then on what was dated ahead counts from that act's time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from workflows.acts.model import Act, Actor, Blocked, NotAllowed
from workflows.clock import CHINA

if TYPE_CHECKING:
    from workflows.acts.trail import Trail

SUBJECT, SET_CLOCK = "clock", "set-clock"
STEP = timedelta(minutes=10)
"""How far a clock may be behind the last act: what time servers and daylight put right in one step is less."""


def written(now: datetime, before: str, number: int) -> str:
    """The time of an act in the one zone in which times compare as texts. ``before``: that of the last act, or empty,
    and its ``number``. Raises `Blocked` when the clock is more than `STEP` behind it.

    >>> written(datetime(2026, 3, 1, 8, tzinfo=CHINA), "2026-03-01T00:09:00+00:00", 1)
    '2026-03-01T08:09:00+08:00'
    """
    told, last = now.astimezone(CHINA), instant(before)
    if last is None or last <= told:
        return told.isoformat(timespec="seconds")
    if last - told <= STEP:
        return last.isoformat(timespec="seconds")
    raise Blocked(
        f"this computer's clock says {told:%Y-%m-%d %H:%M}, and act {number} was at {last:%Y-%m-%d %H:%M} already: "
        f"set the clock right; if it is right, act {number} was dated ahead by a wrong one: "
        "an administrator says so with `pdc audit set-clock --why TEXT`"
    )


def instant(text: str) -> datetime | None:
    """A time of the trail in China's zone; None for what is none, or has no zone."""
    try:
        # Python 3.10 does not read the Z of UTC.
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found.astimezone(CHINA) if found.tzinfo else None


class Settings:
    """What acts of `set_clock` say: number and time of each, in order."""

    def __init__(self, found: Sequence[tuple[int, str]] = ()) -> None:
        self._numbers = [number for number, _ in found]
        self._times = [at for _, at in found]
        for place in range(len(found) - 2, -1, -1):
            self._times[place] = min(self._times[place], self._times[place + 1])

    def told(self, act: Act) -> str:
        """From when the act counts: its own time, or that of the earliest setting after it which is before that."""
        place = bisect_right(self._numbers, act.number)
        return min(act.at, self._times[place]) if place < len(self._times) else act.at


class Watch:
    """Told act by act, says where time runs back."""

    def __init__(self) -> None:
        self._last: datetime | None = None

    def wrong(self, act: Act) -> str:
        """What is wrong with the act's time; empty when nothing is."""
        at = instant(act.at)
        if at is None:
            return f"its time {act.at!r} is none"
        last, setting = self._last, (act.kind, act.verb) == ("trail", SET_CLOCK)
        self._last = at if last is None or setting else max(at, last)
        if last is None or setting or last - at <= STEP:
            return ""
        return f"time runs back: it is of {at:%Y-%m-%d %H:%M}, and an act before it of {last:%Y-%m-%d %H:%M}"


def set_clock(trail: Trail, actor: Actor, why: str) -> Act:
    """Say that the last acts were dated ahead by a wrong clock, and go on from the time that it is now.

    Raises `NotAllowed`; `Blocked` without a reason, or when the last act is not ahead of the clock.
    """
    if not actor.has(("admin",), ""):
        raise NotAllowed("only an administrator of the whole site (admin) may say that the trail's clock was wrong")
    if not why.strip():
        raise Blocked("set-clock needs a reason: --why TEXT")
    with trail.acting(actor, setting=True) as acting:
        before, now = instant(acting.before), instant(acting.at)
        if before is None or now is None or before - now <= STEP:
            raise Blocked("the last act is not dated ahead of this computer's clock: there is nothing to set right")
        return acting.add("trail", SUBJECT, SET_CLOCK, why=why, before={"at": acting.before})
