"""经纬度: longitude and latitude in degrees inside China, one of them or a pair ``longitude, latitude``.

Authority: the extent of the country: 73.33–135.05 E, 3.86–53.55 N. Degrees are decimal; a lone number needs three
decimals, as amounts and areas have two. Local projected coordinates are not of this kind.

>>> check("121.40, 31.25").result, check("121.401234").result, check("31.250123").result
('valid', 'valid', 'valid')
>>> check("31.25, 121.40").reason
'latitude before longitude'
>>> check("121.40").result, check("161.401234").result
('other', 'other')
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import tidy as normalise

EAST = (73.33, 135.05)
NORTH = (3.86, 53.55)

_ONE = re.compile(r"[0-9]{1,3}\.[0-9]{3,15}")
_PAIR = re.compile(r"[\[(]?([0-9]{1,3}\.[0-9]{1,15})\s*[,;， ]\s*([0-9]{1,3}\.[0-9]{1,15})[\])]?")
_SWAPPED = Check("invalid", "latitude before longitude")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a tidy value; ``today`` does not matter."""
    if _ONE.fullmatch(number):
        return VALID if _within(number, EAST) or _within(number, NORTH) else OTHER
    pair = _PAIR.fullmatch(number)
    if pair is None:
        return OTHER
    first, second = pair.groups()
    if _within(first, EAST) and _within(second, NORTH):
        return VALID
    return _SWAPPED if _within(first, NORTH) and _within(second, EAST) else OTHER


def _within(degrees: str, extent: tuple[float, float]) -> bool:
    return extent[0] <= float(degrees) <= extent[1]
