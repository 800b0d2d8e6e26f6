"""统一社会信用代码: the unified social credit code of an organisation.

Authority: GB 32100-2015.

Structure: 18 of ``0-9A-Z`` without I, O, S, V, Z: 1 registering authority, 1 kind of organisation, 6 area (digits),
9 body (itself a code of GB 11714), 1 check character, which can be any of the 31: weights are the powers of 3
modulo 31.

>>> check("91310107MA0000007Y").result, check("11310107000000019B").result, check("913101070000000193").result
('valid', 'valid', 'valid')
>>> check("91310107m a000000-7y").result
'valid'
>>> check("91310107M0A000007Y").reason
'wrong check digit'
>>> check("9131010OMA0000007Y").reason
'a character that the code does not use'
>>> check("913101070000000").result
'other'
"""

from __future__ import annotations

import re
from datetime import date
from operator import mul

from .common import NO_LIMIT, OTHER, VALID, WRONG_CHECK, Check, day_number
from .normal import compact as normalise

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

# No authority has the number 0: rows of zeros would pass every check.
_SHAPE = re.compile(rf"[{ALPHABET[1:]}][{ALPHABET}][0-9]{{6}}[{ALPHABET}]{{10}}")
_NEAR = re.compile(r"[0-9A-Z]{18}")
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_VALUES = bytes.maketrans(ALPHABET.encode(), bytes(range(31)))
_WRONG_CHARACTER = Check("invalid", "a character that the code does not use")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised code; ``today`` does not matter."""
    if not _SHAPE.fullmatch(number):
        return _WRONG_CHARACTER if _NEAR.fullmatch(number) and number.isascii() else OTHER
    return VALID if check_character(number) == number[17] else WRONG_CHECK


def check_character(code: str) -> str:
    """The check character of the first 17 of a code.

    >>> check_character("91310107MA0000007")
    'Y'
    """
    return ALPHABET[-sum(map(mul, _WEIGHTS, code.encode().translate(_VALUES))) % 31]
