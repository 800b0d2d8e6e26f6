"""IP 地址: an address of the Internet protocol.

Authority: RFC 791 (version 4, dotted decimal), RFC 4291 (version 6).

>>> check("192.0.2.1").result, check("2001:db8::1").result
('valid', 'valid')
>>> check("256.1.1.1").reason
'a part is too large'
>>> check("1.2.3").result, check("12:30:00").result
('other', 'other')
"""

from __future__ import annotations

import re
from datetime import date
from ipaddress import IPv6Address

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import tidy as normalise

_PART = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_V4 = re.compile(rf"{_PART}(?:\.{_PART}){{3}}")
_V4_NEAR = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
# What IPv6Address is asked about at all; times and MAC addresses are not.
_V6 = re.compile(r"(?=.*::|(?:[^:]*:){7}[^:]*$)[0-9A-Fa-f:]{2,39}(?:[0-9.]{7,15})?")
_TOO_LARGE = Check("invalid", "a part is too large")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a tidy address; ``today`` does not matter."""
    if _V4.fullmatch(number):
        return VALID
    if _V4_NEAR.fullmatch(number):
        return _TOO_LARGE
    return VALID if _V6.fullmatch(number) and _is_v6(number) else OTHER


def _is_v6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
