"""文书文号: the number of a decision on a penalty or a licence.

Authority: 党政机关公文格式 GB/T 9704-2012 (authority, year in brackets, serial, 号).

>>> check("沪普市监罚〔2026〕1号").result, check("普城管许决字[2026]第000001号").result
('valid', 'valid')
>>> check("沪普市监罚 〔2026〕 1号（已公开）").result
'valid'
>>> check("沪普市监罚2026第1号").reason
'not a complete number'
>>> check("2026年第1号").result
'other'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number, stands_in
from .normal import tidy as normalise

_NUMBER = re.compile(r"[^\s〔\[(]{1,14}[罚许决处准]字?[〔\[(【](?:19|20)[0-9]{2}[〕\])】]第?[0-9]+号")
_NEAR = re.compile(r"[^\s〔\[(]{1,14}[罚许决]字?[〔\[(【]?(?:19|20)[0-9]{2}.{0,14}")
# Of most texts, such as addresses, nothing else is worth looking at.
_KIND_AND_YEAR = re.compile(r"[罚许决处准]字? *[〔\[(【]? *(?:19|20)[0-9]{2}")
_INCOMPLETE = Check("invalid", "not a complete number")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a tidy number; ``today`` does not matter."""
    if not _KIND_AND_YEAR.search(number):
        return OTHER
    number = number.replace(" ", "")
    if stands_in(_NUMBER, number):
        return VALID
    return _INCOMPLETE if _NEAR.fullmatch(number) else OTHER
