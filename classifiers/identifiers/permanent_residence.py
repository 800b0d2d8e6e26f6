"""外国人永久居留身份证号码: the number of a foreigner's permanent resident identity card.

Authority: adaptation notes of the National Immigration Administration for the card of 2023.

Structure since 2023: 18 digits: ``9``, 2 office (province), 3 nationality (ISO 3166 numeric), 8 date of birth,
3 serial, 1 check character by ISO 7064 MOD 11-2. Before: 15 characters, 3 nationality (letters), 4 office, 6 date of
birth, 1 serial, 1 check digit whose rule is not published; only the shape and the date are tested.

>>> check("931840190001010010").result, check("932682198501010017").result
('valid', 'valid')
>>> check("931840190001010011").reason, check("999840190001010010").reason
('wrong check digit', 'no such area')
>>> check("USA310000010112").result, check("US3100000101123").result
('valid', 'other')
>>> check("USA310000130112").reason
'impossible or future date'
"""

from __future__ import annotations

import re
from datetime import date

from .common import (
    NO_LIMIT,
    OTHER,
    PROVINCES,
    VALID,
    WRONG_AREA,
    WRONG_CHECK,
    WRONG_DATE,
    Check,
    day_number,
    is_date,
    mod_11_2,
)
from .normal import compact as normalise

_SHAPE = re.compile(r"9[0-9]{5}(?:18|19|20)[0-9]{9}[0-9X]")
_OLD_SHAPE = re.compile(r"[A-Z]{3}[0-9]{12}")


def check(text: str, *, as_of: date | None = None) -> Check:
    number, today = normalise(text), day_number(as_of)
    return examine_old(number, today) if len(number) == 15 else examine(number, today)


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number of 18 characters."""
    if not _SHAPE.fullmatch(number):
        return OTHER
    if number[1:3] not in PROVINCES:
        return WRONG_AREA
    if not is_date(number[6:14], today):
        return WRONG_DATE
    return VALID if mod_11_2(number) == number[17] else WRONG_CHECK


def examine_old(number: str, today: int = NO_LIMIT) -> Check:
    """Check the shape of a normalised number of 15 characters."""
    if not _OLD_SHAPE.fullmatch(number):
        return OTHER
    # A century is not written: either one makes a date.
    return VALID if is_date("19" + number[7:13]) or is_date("20" + number[7:13], today) else WRONG_DATE
