"""邮政编码: a postal code.

Authority: the state post's numbering; Shanghai has ``20xxxx``.

Structure: 6 digits, the first 0–8. Area codes and serials have that shape too: the name must say it.

>>> check("200333").result, check("900000").result
('valid', 'other')
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import compact as normalise

_NUMBER = re.compile(r"[0-8][0-9]{5}")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised code; ``today`` does not matter."""
    return VALID if _NUMBER.fullmatch(number) else OTHER
