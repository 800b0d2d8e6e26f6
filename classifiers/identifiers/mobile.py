"""手机号码: a mobile telephone number of the mainland.

Authority: the numbering plan of telecommunication networks (电信网编号计划); which three-digit segments are assigned
changes and is known from memory only (see `UNVERIFIED_SEGMENTS`).

Structure: 11 digits, the first three the segment; ``+86`` or ``86`` may stand before it.

>>> check("13800138000").result, check("+86 138-0013-8000").result
('valid', 'valid')
>>> check("12000138000").reason, check("15400138000").reason
('a segment that is not assigned', 'a segment that is not assigned')
>>> check("1380013800").result
'other'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import compact as normalise

UNVERIFIED_SEGMENTS = r"3[0-9]|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8[0-9]|9[0-35-9]"

_NUMBER = re.compile(rf"(?:86)?1(?:{UNVERIFIED_SEGMENTS})[0-9]{{8}}")
_NEAR = re.compile(r"(?:86)?1[0-9]{10}")
_WRONG_SEGMENT = Check("invalid", "a segment that is not assigned")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    if _NUMBER.fullmatch(number):
        return VALID
    return _WRONG_SEGMENT if _NEAR.fullmatch(number) else OTHER
