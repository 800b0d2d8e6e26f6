"""Dates and times as departments write them: 2026-01-31, 2026/1/31 08:00:00, 20260131, 2026年1月31日, and so on."""

from __future__ import annotations

import re

from classifiers.identifiers.common import OTHER, VALID, Check, is_date

from .base import Recognizer

_PLAIN = re.compile(r"(1[89]|20|2100)[0-9]{6}(?:[01][0-9]|2[0-3])?(?:[0-5][0-9]){0,2}")
_WRITTEN = re.compile(
    r"((?:1[89]|20)[0-9]{2})(?:([-/.])([01]?[0-9])\2([0-3]?[0-9])|年([01]?[0-9])月([0-3]?[0-9])日)"
    r"(?:[T ]*[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9:]{4,6})?)?"
)


def examine(text: str, today: int) -> Check:
    """Check one tidy value; dates after ``today`` are dates.

    >>> [examine(text, 0).result for text in ("2026-01-31", "2026/1/31 08:00:00", "20260131", "2026年1月31日")]
    ['valid', 'valid', 'valid', 'valid']
    >>> [examine(text, 0).result for text in ("2026-02-30", "20260230", "31010719")]
    ['other', 'other', 'other']
    """
    written = _WRITTEN.fullmatch(text)
    if written is not None:
        year, _, month, day, month_han, day_han = written.groups()
        digits = year + (month or month_han).zfill(2) + (day or day_han).zfill(2)
        return VALID if is_date(digits) else OTHER
    return VALID if _PLAIN.fullmatch(text) and is_date(text[:8]) else OTHER


RECOGNIZER = Recognizer(
    id="date",
    element="date.business",
    kind="plain",
    examine=examine,
    digits=(7, 8, 12, 14, 17),
    symbols=True,
    letters=(14, 15, 16, 17),
    han=True,
    lengths=(8, 64),
    tidy=True,
)
