"""400/800 电话: a service number of an organisation.

Authority: the numbering plan of telecommunication networks (电信网编号计划).

Structure: ``400`` or ``800`` and 7 digits.

>>> check("400-000-0000").result, check("8000000000").result
('valid', 'valid')
>>> check("401-000-0000").result
'other'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import compact as normalise

_NUMBER = re.compile(r"[48]00[0-9]{7}")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    return VALID if _NUMBER.fullmatch(number) else OTHER
