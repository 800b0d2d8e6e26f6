"""纳税人识别号, the older one with 15 characters; today's is the unified social credit code.

Authority: tax registration rules before 2015: 6 area and 9 of an organisation code (GB 11714-1997). Individuals in
business had their identity number (GB 11643-1999) and 2 more digits: 20 characters, known from memory only (see
`UNVERIFIED_SUFFIX`). The form with 17 characters holds an identity number without check digit and is not encoded.

>>> check("310107000000019").result
'valid'
>>> check("310107000000018").reason, check("990107000000019").reason
('wrong check digit', 'no such area')
>>> check("31010700000001").result
'other'
>>> check("31010719000101001X01").result, check("31010719000101001001").reason
('valid', 'wrong check digit')
"""

from __future__ import annotations

from datetime import date

from . import id_card, org_code
from .common import NO_LIMIT, OTHER, PROVINCES, WRONG_AREA, Check, day_number
from .normal import compact as normalise

UNVERIFIED_SUFFIX = 2
"""Digits after the identity number of an individual in business."""

_LONG = 18 + UNVERIFIED_SUFFIX


def check(text: str, *, as_of: date | None = None) -> Check:
    number, today = normalise(text), day_number(as_of)
    return examine_individual(number, today) if len(number) == _LONG else examine(number, today)


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    area = number[:6]
    if len(number) != 15 or not (area.isascii() and area.isdigit()):
        return OTHER
    return org_code.examine(number[6:]) if area[:2] in PROVINCES else WRONG_AREA


def examine_individual(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number of an individual in business: an identity number with a suffix."""
    suffix = number[18:]
    if len(number) != _LONG or not (suffix.isascii() and suffix.isdigit()):
        return OTHER
    return id_card.examine(number[:18], today)
