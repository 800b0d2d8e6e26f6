"""Working days: Monday to Friday, without the holidays and with the working weekends that ``site.yaml`` names.

The State Council publishes each year's arrangement late in the year before, so a due date may lie in a year of which
nothing is said yet: it is counted Monday to Friday, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

SATURDAY = 5
DAY = timedelta(days=1)


@dataclass(frozen=True)
class WorkingCalendar:
    holidays: frozenset[date] = frozenset()
    working_weekends: frozenset[date] = frozenset()
    known: frozenset[int] = field(init=False)
    """Years of which something is said."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", frozenset(day.year for day in self.holidays | self.working_weekends))

    def is_working(self, day: date) -> bool:
        """Whether people work on that day; what is named beats the day of the week.

        >>> WorkingCalendar(frozenset({date(2026, 10, 1)})).is_working(date(2026, 10, 1))
        False
        """
        if day in self.working_weekends:
            return True
        return day.weekday() < SATURDAY and day not in self.holidays

    def after(self, start: date, days: int) -> date:
        """The last of so many working days; the day on which something begins does not count.

        >>> WorkingCalendar().after(date(2026, 1, 2), 1)  # a Friday
        datetime.date(2026, 1, 5)
        """
        day = start
        while days > 0:
            day += DAY
            days -= self.is_working(day)
        return day

    def note(self, start: date, end: date) -> str:
        """Which years between two days were counted without a calendar; empty when none."""
        unsaid = [str(year) for year in range(start.year, end.year + 1) if year not in self.known]
        return f"no holidays are configured for {', '.join(unsaid)}: Monday to Friday" if unsaid else ""


def iso_day(text: str) -> date:
    """Exactly CCYY-MM-DD, the same on every Python. Raises `ValueError`."""
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError(text)
    return day


def days_of(text: str) -> Iterator[date]:
    """``2026-10-01`` or ``2026-10-01/2026-10-07``, both ends included. Raises `ValueError`.

    >>> [day.day for day in days_of("2026-10-01/2026-10-03")]
    [1, 2, 3]
    """
    first, slash, last = text.partition("/")
    start = iso_day(first.strip())
    end = iso_day(last.strip()) if slash else start
    if end < start or (end - start).days > 366:
        raise ValueError(text)
    yield from (start + DAY * number for number in range((end - start).days + 1))
