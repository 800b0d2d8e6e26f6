"""不动产权证号: the number of a real estate certificate.

Authority: certificate forms of the Ministry of Natural Resources; the wording is known from memory only (see
`UNVERIFIED_FORM`).

>>> check("沪(2020)普字不动产权第000001号").result, check("沪（2020）普字不动产证明第000001号").result
('valid', 'valid')
>>> check("权证号：沪（2020）普字 不动产权第000001号（共有）").result
'valid'
>>> check("沪(2020)普字不动产权第号").reason
'not a complete number'
>>> check("沪房地普字第000001号").result
'other'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number, stands_in
from .normal import tidy as normalise
from .plate import PROVINCES

UNVERIFIED_FORM = rf"[{PROVINCES}]\(?(?:19|20)[0-9]{{2}}\)?[\u4e00-\u9fff]{{1,12}}不动产(?:权|证明)第[0-9]{{1,8}}号"

_NUMBER = re.compile(UNVERIFIED_FORM)
_NEAR = re.compile(r".{0,24}不动产(?:权|证明)第.{0,12}")
_INCOMPLETE = Check("invalid", "not a complete number")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a tidy number; ``today`` does not matter."""
    number = number.replace(" ", "")
    if stands_in(_NUMBER, number):
        return VALID
    return _INCOMPLETE if _NEAR.fullmatch(number) else OTHER
