"""港澳居民来往内地通行证: the permit by which residents of Hong Kong and Macao travel to the mainland.

Authority: notices of the National Immigration Administration.

Structure: ``H`` (Hong Kong) or ``M`` (Macao) and 8 digits; older cards add 2 digits for the number of issues.

>>> check("H00000001").result, check("M0000000101").result
('valid', 'valid')
>>> check("A00000001").result, check("H0000001").result
('other', 'other')
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import compact as normalise

_NUMBER = re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    return VALID if _NUMBER.fullmatch(number) else OTHER
