"""社会保障卡卡号: the number printed on a social security card.

Authority: the card rules of several provinces.

Structure: a letter and 8 characters of ``0-9A-Z``, at least one of them a digit.

>>> check("A00000001").result, check("a1234567B").result
('valid', 'valid')
>>> check("A0000001").result, check("ABCDEFGHI").result
('other', 'other')
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import compact as normalise

_NUMBER = re.compile(r"(?=.*[0-9])[A-Z][0-9A-Z]{8}")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    return VALID if _NUMBER.fullmatch(number) else OTHER
