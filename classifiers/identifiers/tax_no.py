"""纳税人识别号, the older one with 15 characters; today's is the unified social credit code.

Authority: tax registration rules before 2015: 6 area and 9 of an organisation code (GB 11714-1997). The forms with
17, 18 and 20 characters for individuals and branches are not encoded: no source could be checked.

>>> check("310107000000019").result
'valid'
>>> check("310107000000018").reason, check("990107000000019").reason
('wrong check digit', 'no such area')
>>> check("31010700000001").result
'other'
"""

from __future__ import annotations

from datetime import date

from . import org_code
from .common import NO_LIMIT, OTHER, PROVINCES, WRONG_AREA, Check, day_number
from .normal import compact as normalise


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    area = number[:6]
    if len(number) != 15 or not (area.isascii() and area.isdigit()):
        return OTHER
    return org_code.examine(number[6:]) if area[:2] in PROVINCES else WRONG_AREA
