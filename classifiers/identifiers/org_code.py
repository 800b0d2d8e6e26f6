"""组织机构代码: the older code of an organisation, still inside the unified social credit code.

Authority: GB 11714-1997.

Structure: 8 of ``0-9A-Z`` and a check character, often written after a hyphen; weights 3 7 9 10 5 8 4 2 modulo 11,
``X`` is ten.

>>> check("MA000000-7").result, check("00000001-9").result, check("000000019").result
('valid', 'valid', 'valid')
>>> check("00000001-8").reason
'wrong check digit'
>>> check("00000001").result
'other'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, WRONG_CHECK, Check, day_number
from .normal import compact as normalise

_SHAPE = re.compile(r"[0-9A-Z]{8}[0-9X]")
_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised code; ``today`` does not matter."""
    if not _SHAPE.fullmatch(number):
        return OTHER
    return VALID if check_character(number) == number[8] else WRONG_CHECK


def check_character(code: str) -> str:
    """The check character of the first 8 of a code.

    >>> check_character("MA000000"), check_character("00000001")
    ('7', '9')
    """
    total = sum(weight * int(character, 36) for weight, character in zip(_WEIGHTS, code, strict=False))
    return "0X987654321"[total % 11]
