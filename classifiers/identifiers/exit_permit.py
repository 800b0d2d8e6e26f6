"""往来港澳通行证: the permit by which mainland residents travel to Hong Kong and Macao.

Authority: notices of the National Immigration Administration, known from memory only (see `UNVERIFIED_SERIES`).

>>> check("C00000001").result, check("CA0000001").result, check("W00000001").result
('valid', 'valid', 'valid')
>>> check("B00000001").result
'other'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import compact as normalise

UNVERIFIED_SERIES = r"[CW][0-9]{8}|C[A-Z][0-9]{7}"

_NUMBER = re.compile(UNVERIFIED_SERIES)


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    return VALID if _NUMBER.fullmatch(number) else OTHER
