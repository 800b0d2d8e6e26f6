"""MAC 地址: the hardware address of a network interface.

Authority: IEEE 802, EUI-48.

Structure: 6 pairs of hexadecimal digits between colons or hyphens, or 3 groups of 4 between dots.

>>> check("00:00:5E:00:53:01").result, check("00-00-5e-00-53-01").result, check("0000.5e00.5301").result
('valid', 'valid', 'valid')
>>> check("00:00:5E:00:53").result, check("00005E005301").result
('other', 'other')
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import tidy as normalise

_ADDRESS = re.compile(
    r"[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}"
)


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a tidy address; ``today`` does not matter."""
    return VALID if _ADDRESS.fullmatch(number) else OTHER
