"""What the identifier modules share: the three-valued answer, dates, areas and check-digit algorithms."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from operator import mul
from typing import Literal, NamedTuple


class Check(NamedTuple):
    """The answer about one value. ``reason`` is English, says what is wrong and never quotes the value."""

    result: Literal["valid", "invalid", "other"]
    reason: str = ""


VALID = Check("valid")
OTHER = Check("other", "not of this kind")
WRONG_CHECK = Check("invalid", "wrong check digit")
WRONG_DATE = Check("invalid", "impossible or future date")
WRONG_AREA = Check("invalid", "no such area")

Examine = Callable[[str, int], Check]
"""``examine(normalised value, today as yyyymmdd) -> Check``; never raises."""

NO_LIMIT = 99991231
"""The ``today`` of a check that is given no date: nothing lies in the future."""

GLUE = 12
"""Characters of other text that may stand around a number that describes itself: 车主本人, 证号."""


def stands_in(number: re.Pattern[str], text: str) -> bool:
    """Whether ``text`` is a number with at most a few words before and after it.

    >>> [stands_in(re.compile("[0-9]+号"), text) for text in ("编号:1号(本人)", "详见第三季度专项检查工作情况通报1号")]
    [True, False]
    """
    found = number.search(text)
    return found is not None and len(text) - len(found[0]) <= GLUE


_PROVINCES = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83"
PROVINCES = frozenset(_PROVINCES.split())
"""First two digits of GB/T 2260. Only these are checked: abolished area codes stay valid for old people."""

_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAYS = frozenset(f"{month:02}{day:02}" for month, days in enumerate(_MONTH_DAYS, 1) for day in range(1, days + 1))


def day_number(day: date | None) -> int:
    """``yyyymmdd`` as an integer; `NO_LIMIT` for None.

    >>> day_number(date(2026, 11, 23))
    20261123
    """
    return day.year * 10000 + day.month * 100 + day.day if day else NO_LIMIT


def is_date(digits: str, today: int = NO_LIMIT) -> bool:
    """Whether eight ASCII digits are a day of the Gregorian calendar, not later than ``today``.

    >>> is_date("19000228"), is_date("19000229"), is_date("20000229"), is_date("20270101", 20261123)
    (True, False, True, False)
    """
    if digits[4:] not in _DAYS or int(digits) > today:
        return False
    return digits[4:] != "0229" or _is_leap(int(digits[:4]))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


_MOD_11_2_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# Weights are applied to the bytes of the digits; this takes the ASCII code of "0" out of the sum again.
_MOD_11_2_ZERO = 48 * sum(_MOD_11_2_WEIGHTS)


def mod_11_2(digits: str) -> str:
    """The check character of the first 17 digits, ISO 7064 MOD 11-2 as GB 11643-1999 uses it.

    >>> mod_11_2("31010719000101001")
    'X'
    """
    return "10X98765432"[(sum(map(mul, _MOD_11_2_WEIGHTS, digits.encode())) - _MOD_11_2_ZERO) % 11]


_LUHN_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")


def luhn(digits: str) -> bool:
    """Whether ASCII digits satisfy the Luhn formula of ISO/IEC 7812-1, the last one being the check digit.

    >>> luhn("6222020000000007"), luhn("6222020000000008")
    (True, False)
    """
    codes = digits.encode()
    return (sum(codes[-1::-2]) + sum(codes[-2::-2].translate(_LUHN_DOUBLED)) - 48 * len(codes)) % 10 == 0
