"""固定电话: a fixed telephone number, with or without area code and extension.

Authority: the numbering plan of telecommunication networks (电信网编号计划).

Structure: area code ``010``, ``02x`` and 8 digits, or ``0xxx`` and 7 or 8 digits; the local number starts with 2–8;
up to 6 digits of extension after a hyphen or 转. Eight digits that are a date are not taken for a number.

>>> [check(text).result for text in ("021-50000000", "(021)5000 0000", "50000000", "021-50000000转801")]
['valid', 'valid', 'valid', 'valid']
>>> check("021-1234567").result, check("20260101").result, check("13800138000").result
('other', 'other', 'other')
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number, is_date
from .normal import tidy as normalise

_NUMBER = re.compile(
    r"(?:(?:\+?86[- ]?)?\(?(?:0(?:10|2[0-9])\)?[- ]?[2-8][0-9]{3}[- ]?[0-9]{4}|0[3-9][0-9]{2}\)?[- ]?[2-8][0-9]{6,7})"
    r"|[2-8][0-9]{6,7})(?:(?:-|转|\*)[0-9]{1,6})?"
)


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a tidy number; ``today`` does not matter."""
    if not _NUMBER.fullmatch(number):
        return OTHER
    return OTHER if len(number) == 8 and is_date(number) else VALID
