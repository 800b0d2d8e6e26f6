"""What time it is, for people in China."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
Clock = Callable[[], datetime]


def now() -> datetime:
    """The present in China's one time zone."""
    return datetime.now(CHINA).replace(microsecond=0)
