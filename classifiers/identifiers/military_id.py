"""军官证、士兵证号: the number of an officer's or soldier's card.

Authority: code 114 and its kin in the document types of GA/T 517; the shape as seen in published systems.

Structure: one character for the service, 字第, 6 to 8 digits, 号.

>>> check("军字第0000001号").result, check("武字第00000001号").result
('valid', 'valid')
>>> check("军官证:军字第0000001号（本人）").result, check("航空0000001").result
('valid', 'other')
>>> check("军字第1号").reason
'the serial has the wrong length'
>>> check("第0000001号").result
'other'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number, stands_in
from .normal import compact as normalise

_NUMBER = re.compile(r"[军兵士文武海空]字?第?[0-9]{6,8}号?")
_IN_WORDS = re.compile(r"[军兵士文武海空]字第[0-9]{6,8}号")
_NEAR = re.compile(r"[军兵士文武海空]字第?[0-9]+号?")
_WRONG_LENGTH = Check("invalid", "the serial has the wrong length")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    if _NUMBER.fullmatch(number) or stands_in(_IN_WORDS, number):
        return VALID
    return _WRONG_LENGTH if _NEAR.fullmatch(number) else OTHER
