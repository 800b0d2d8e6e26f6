"""护照号码: the number of a passport of the People's Republic of China.

Authority: notices of the National Immigration Administration; the older and the service series are known from memory
only (see `UNVERIFIED_SERIES`).

Structure: ordinary ``E`` and 8 digits, or ``E``, a letter without I and O, and 7 digits.

>>> check("E00000001").result, check("EA0000001").result, check("G00000001").result
('valid', 'valid', 'valid')
>>> check("EI0000001").reason
'a letter that the series does not use'
>>> check("E0000001").result
'other'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import compact as normalise

UNVERIFIED_SERIES = r"G[0-9]{8}|1[45][0-9]{7}|[SPD]E[0-9]{7}"

_NUMBER = re.compile(rf"E(?:[0-9]{{8}}|[A-HJ-NP-Z][0-9]{{7}})|{UNVERIFIED_SERIES}")
_NEAR = re.compile(r"E[IO][0-9]{7}")
_WRONG_LETTER = Check("invalid", "a letter that the series does not use")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    if _NUMBER.fullmatch(number):
        return VALID
    return _WRONG_LETTER if _NEAR.fullmatch(number) else OTHER
