"""机动车号牌: the number plate of a motor vehicle.

Authority: GA 36-2018.

Structure: province (one Han character), a letter for the issuing office, then 5 of ``0-9A-Z`` without I and O,
the last of which may be 挂 学 警 港 澳; or for new energy vehicles 6: small ones a letter of ``DABCEFGHJK``, one
character and 4 digits, large ones 5 digits and ``D`` or ``F``. A middle dot may follow the second character.

>>> [check(text).result for text in ("沪A00001", "沪A·00001", "沪AD00001", "沪A00001D", "沪A0001学", "沪a00001")]
['valid', 'valid', 'valid', 'valid', 'valid', 'valid']
>>> check("沪AI0001").reason, check("沪AD0O001").result
('not a number of the series', 'invalid')
>>> check("申A00001").result
'other'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import compact as normalise

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

_PLATE = re.compile(
    rf"[{PROVINCES}][A-HJ-NP-Z]"
    r"(?:[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳]|[A-HJK][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[DF])"
)
_NEAR = re.compile(rf"[{PROVINCES}][A-Z0-9][A-Z0-9?*]{{3,7}}")
_NOT_IN_SERIES = Check("invalid", "not a number of the series")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised plate; ``today`` does not matter."""
    if _PLATE.fullmatch(number):
        return VALID
    return _NOT_IN_SERIES if _NEAR.fullmatch(number) else OTHER
