"""台湾居民来往大陆通行证: the permit by which residents of Taiwan travel to the mainland.

Authority: notices of the National Immigration Administration.

Structure: 8 digits (10 on older cards). Any serial has that shape, so the name of the column must say it; eight digits
that are a date are not taken for a permit.

>>> check("00000001").result, check("0000000101").result
('valid', 'valid')
>>> check("20260101").result, check("000000001").result
('other', 'other')
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number, is_date
from .normal import compact as normalise

_NUMBER = re.compile(r"[0-9]{8}(?:[0-9]{2})?")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    if not _NUMBER.fullmatch(number):
        return OTHER
    return OTHER if len(number) == 8 and number[:2] in ("19", "20") and is_date(number) else VALID
