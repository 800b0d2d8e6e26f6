"""电话 of either kind: columns that hold mobile and fixed numbers side by side."""

from __future__ import annotations

from classifiers.identifiers import landline, mobile, service_phone
from classifiers.identifiers.common import OTHER, VALID, Check
from classifiers.identifiers.normal import compact

from .base import Recognizer

_NO_OTHER = frozenset("0235679")
"""Mobile numbers begin with 1 or 86, those of services with 4 or 8."""


def examine(text: str, today: int) -> Check:
    """Check one tidy value; ``today`` does not matter.

    >>> [examine(text, 0).result for text in ("138 0013 8000", "021-50000000", "400-000-0000", "20260101")]
    ['valid', 'valid', 'valid', 'other']
    """
    if landline.examine(text, today) is VALID:
        return VALID
    if text[:1] in _NO_OTHER:
        return OTHER
    number = text if text.isdigit() and text.isascii() else compact(text)
    answer = mobile.examine(number, today)
    return answer if answer is not OTHER else service_phone.examine(number, today)


RECOGNIZER = Recognizer(
    id="phone",
    element="generic.phone",
    kind="plain",
    examine=examine,
    digits=range(7, 18),
    tidy=True,
    strength=0.35,
)
