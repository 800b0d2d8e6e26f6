"""公民身份号码: the number of a resident's identity card.

Authority: GB 11643-1999 (18 digits); area codes of GB/T 2260. Holders of a 港澳台居民居住证 have numbers by the same
rule with the areas 810000 (Hong Kong), 820000 (Macao) and 830000 (Taiwan).

Structure: 6 area, 8 date of birth, 3 serial (odd for men), 1 check character by ISO 7064 MOD 11-2 (``X`` is ten).
Before 1999: 15 digits, 6 area, 6 date of birth without century, 3 serial, no check digit.

>>> check("31010719000101001X")
Check(result='valid', reason='')
>>> check("'３１０１０７ 19000101-001x ").result
'valid'
>>> check("310107190001010010").reason
'wrong check digit'
>>> check("310107190002290017").reason, check("990107190001010016").reason
('impossible or future date', 'no such area')
>>> check("31010719000110001X").result
'invalid'
>>> [check(number).result for number in ("810000190001010018", "82000019000101001X", "830000190001010011")]
['valid', 'valid', 'valid']
>>> check("810001190001010018").reason
'no such area'
>>> check("310107000101001").result, check("310107001301001").result, to_18("310107000101001")
('valid', 'invalid', '31010719000101001X')
>>> check("310107202601010502", as_of=date(2025, 12, 31)).reason
'impossible or future date'
>>> check("沪A00001").result
'other'
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

_SHAPE = re.compile(r"[1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9X]")
_RESIDENCE_PERMIT_AREAS = ("810000", "820000", "830000")


def check(text: str, *, as_of: date | None = None) -> Check:
    """Check one value of 18 or 15 characters; a date of birth after ``as_of`` is impossible."""
    number, today = normalise(text), day_number(as_of)
    return examine_15(number, today) if len(number) == 15 else examine(number, today)


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number of 18 characters."""
    if not _SHAPE.fullmatch(number):
        return OTHER
    if number[:2] not in PROVINCES or (number[0] == "8" and number[:6] not in _RESIDENCE_PERMIT_AREAS):
        return WRONG_AREA
    if not is_date(number[6:14], today):
        return WRONG_DATE
    return VALID if mod_11_2(number) == number[17] else WRONG_CHECK


def examine_15(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number of 15 digits: there is no check digit, so a hit says little by itself."""
    if len(number) != 15 or not (number.isascii() and number.isdigit()):
        return OTHER
    if number[:2] not in PROVINCES:
        return WRONG_AREA
    return VALID if is_date("19" + number[6:12], today) else WRONG_DATE


def to_18(number: str) -> str:
    """The 18-character number of a normalised one with 15 digits: the century inserted, the check digit added."""
    digits = f"{number[:6]}19{number[6:]}"
    return digits + mod_11_2(digits)
