"""工商注册号: the registration number of an enterprise before the unified social credit code.

Authority: 工商行政管理注册号编制规则.

Structure: 15 digits: 6 registering office, 8 serial, 1 check digit by ISO 7064 MOD 11,10.

>>> check("310107000000012").result, check("110108000000016").result
('valid', 'valid')
>>> check("310107000000013").reason
'wrong check digit'
>>> check("31010700000001").result
'other'
"""

from __future__ import annotations

from datetime import date

from .common import NO_LIMIT, OTHER, VALID, WRONG_CHECK, Check, day_number
from .normal import compact as normalise


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    if len(number) != 15 or not (number.isascii() and number.isdigit()):
        return OTHER
    return VALID if check_digit(number) == number[14] else WRONG_CHECK


def check_digit(number: str) -> str:
    """The check digit of the first 14 digits.

    >>> check_digit("31010700000001")
    '2'
    """
    product = 10
    for digit in number[:14]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)
