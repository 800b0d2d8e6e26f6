"""行政区划代码: the code of an administrative division.

Authority: GB/T 2260 (6 digits), GB/T 10114 (9, with the street or town),
and the statistical code (12, with the committee).

Structure: province, city, county, then street and committee. Provinces are checked, and for Shanghai the districts,
abolished ones included.

>>> check("310107").result, check("310107014").result, check("310107014001").result
('valid', 'valid', 'valid')
>>> check("310199").reason, check("990107").reason
('no such area', 'no such area')
>>> check("31010").result
'other'
"""

from __future__ import annotations

from datetime import date

from .common import NO_LIMIT, OTHER, PROVINCES, VALID, WRONG_AREA, Check, day_number
from .normal import compact as normalise

_SHANGHAI = "0000 0100 0101 0103 0104 0105 0106 0107 0108 0109 0110 0112 0113 0114 0115 0116 0117 0118 0119 0120 0151"
SHANGHAI = frozenset(f"31{code}" for code in [*_SHANGHAI.split(), "0200", "0230"])


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised code; ``today`` does not matter."""
    if len(number) not in (6, 9, 12) or not (number.isascii() and number.isdigit()):
        return OTHER
    if number[:2] == "31":
        return VALID if number[:6] in SHANGHAI else WRONG_AREA
    return VALID if number[:2] in PROVINCES else WRONG_AREA
