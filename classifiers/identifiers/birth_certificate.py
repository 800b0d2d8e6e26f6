"""出生医学证明编号: the number of a medical certificate of birth.

Authority: notices of the National Health Commission on the forms (the seventh since April 2023).

Structure: a letter for the form and 9 digits.

>>> check("X310000001").result
'valid'
>>> check("X31000001").result
'other'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import compact as normalise

_NUMBER = re.compile(r"[A-Z][0-9]{9}")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    return VALID if _NUMBER.fullmatch(number) else OTHER
