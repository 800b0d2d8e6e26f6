"""案号: the number of a court case.

Authority: rules of the Supreme People's Court on case numbers (2016); the short names are known from memory only (see
`UNVERIFIED_COURTS`).

Structure: year in brackets, court (最 or the province, up to 4 digits), kind of case, serial, 号.

>>> check("(2026)沪0107民初1号").result, check("（2026）最高法民终1号").result
('valid', 'valid')
>>> check("案号：(2026) 沪0107 民初1号（一审）").result
'valid'
>>> check("(2026)沪0107民初号").reason
'not a complete number'
>>> check("沪0107民初1号").result
'other'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number, stands_in
from .normal import tidy as normalise
from .plate import PROVINCES

UNVERIFIED_COURTS = rf"最高?法?|[{PROVINCES}]"

_NUMBER = re.compile(
    rf"\((?:19|20)[0-9]{{2}}\)(?:{UNVERIFIED_COURTS})[0-9]{{0,4}}[\u4e00-\u9fff]{{1,6}}[0-9]+号(?:之[一二三四五六七八九十]+)?"
)
_NEAR = re.compile(rf"\(?(?:19|20)[0-9]{{2}}\)?(?:{UNVERIFIED_COURTS})[0-9]{{0,4}}[民刑行执破赔清].{{0,16}}")
_INCOMPLETE = Check("invalid", "not a complete number")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a tidy number; ``today`` does not matter."""
    number = number.replace(" ", "")
    if stands_in(_NUMBER, number):
        return VALID
    return _INCOMPLETE if _NEAR.fullmatch(number) else OTHER
