"""IMEI: the identity of a mobile device.

Authority: 3GPP TS 23.003.

Structure: 15 digits: 8 type, 6 serial, 1 Luhn check digit.

>>> check("490154203237518").result
'valid'
>>> check("490154203237519").reason
'wrong check digit'
>>> check("49015420323751").result
'other'
"""

from __future__ import annotations

from datetime import date

from .common import NO_LIMIT, OTHER, VALID, WRONG_CHECK, Check, day_number, luhn
from .normal import compact as normalise


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    if len(number) != 15 or not (number.isascii() and number.isdigit()):
        return OTHER
    return VALID if luhn(number) else WRONG_CHECK
