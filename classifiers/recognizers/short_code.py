"""Short codes: every value has at most three characters. Evidence against a comment that promises a number."""

from __future__ import annotations

from classifiers.identifiers.common import OTHER, VALID, Check

from .base import Recognizer


def examine(number: str, today: int) -> Check:
    """Check one compact value; ``today`` does not matter.

    >>> [examine(number, 0).result for number in ("1", "01", "A1", "0101")]
    ['valid', 'valid', 'valid', 'other']
    """
    return VALID if 0 < len(number) <= 3 else OTHER


RECOGNIZER = Recognizer(
    id="short_code",
    element="code.value",
    kind="plain",
    examine=examine,
    digits=(1, 2, 3),
    letters=(1, 2, 3),
    min_ratio=1.0,
    min_distinct=2,
    strength=0.3,
)
