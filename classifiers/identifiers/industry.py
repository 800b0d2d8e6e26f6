"""行业代码: the code of a branch of the economy.

Authority: GB/T 4754.

Structure: a letter A–T and 2 to 4 digits.

>>> check("I6513").result, check("Z6513").result
('valid', 'other')
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import compact as normalise

_CODE = re.compile(r"[A-T][0-9]{2,4}")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised code; ``today`` does not matter."""
    return VALID if _CODE.fullmatch(number) else OTHER
