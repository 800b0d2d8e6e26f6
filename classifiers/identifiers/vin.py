"""车辆识别代号: the vehicle identification number (VIN), 车架号.

Authority: GB 16735-2019, after ISO 3779 and ISO 3780.

Structure: 17 of ``0-9A-Z`` without I, O, Q; the ninth is the check character: letters have values 1–9, weights
8 7 6 5 4 3 2 10 0 9 8 7 6 5 4 3 2, modulo 11, ``X`` is ten.

>>> check("LSVAA000200000001").result, check("1M8GDM9AXKP042788").result
('valid', 'valid')
>>> check("LSVAA000300000001").reason
'wrong check digit'
>>> check("LSVAO000200000001").reason
'a character that the code does not use'
>>> check("LSVAA00020000001").result
'other'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, WRONG_CHECK, Check, day_number
from .normal import compact as normalise

_SHAPE = re.compile(r"[0-9A-HJ-NPR-Z]{8}[0-9X][0-9A-HJ-NPR-Z]{8}")
_NEAR = re.compile(r"[0-9A-Z]{17}")
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VALUES = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True))
_WRONG_CHARACTER = Check("invalid", "a character that the code does not use")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    if not _SHAPE.fullmatch(number):
        return _WRONG_CHARACTER if _NEAR.fullmatch(number) and not number.isdigit() else OTHER
    return VALID if check_character(number) == number[8] else WRONG_CHECK


def check_character(number: str) -> str:
    """The check character that belongs at the ninth place.

    >>> check_character("LSVAA000_00000001")
    '2'
    """
    total = sum(weight * _VALUES.get(character, 0) for weight, character in zip(_WEIGHTS, number, strict=True))
    return "0123456789X"[total % 11]
