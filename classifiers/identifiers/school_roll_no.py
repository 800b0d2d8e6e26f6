"""全国学籍号: the national school roll number of a pupil.

Authority: rules of the Ministry of Education on school rolls; known from memory only (see `UNVERIFIED_PREFIXES`).

Structure: ``G`` (``L`` for a temporary one) and the pupil's identity number of 18 characters (GB 11643-1999).

>>> check("G31010719000101001X").result, check("l31010719000101001x").result
('valid', 'valid')
>>> check("G310107190001010010").reason
'wrong check digit'
>>> check("31010719000101001X").result
'other'
"""

from __future__ import annotations

from datetime import date

from . import id_card
from .common import NO_LIMIT, OTHER, Check, day_number
from .normal import compact as normalise

UNVERIFIED_PREFIXES = ("G", "L")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; the date of birth must not lie after ``today``."""
    return id_card.examine(number[1:], today) if number.startswith(UNVERIFIED_PREFIXES) else OTHER
