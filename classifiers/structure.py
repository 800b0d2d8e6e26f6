"""Identifiers that stand where none should: in column names, comments, defaults, file names and free text.

Only validated ones are found: identity numbers with the right check digit, date and area, payment cards with the right
check digit, mobile numbers with nothing glued to them. Credit codes of organisations are public and stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from .identifiers import bank_card, id_card, mobile
from .identifiers.common import day_number

# Full width to half width, one character for one, so that positions stay true.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_FULL_WIDTH = re.compile("[\uff01-\uff5e]")
_ANY = re.compile(r"[0-9]{11}")
_ID_CARD = re.compile(r"(?<![0-9])[1-8][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_BANK_CARD = re.compile(r"(?<![0-9A-Za-z.])(?:62[0-9]{17}|(?:62|4[0-9]|5[1-5])[0-9]{14})(?![0-9A-Za-z])")
_MOBILE = re.compile(r"(?<![0-9A-Za-z.])1[3-9][0-9]{9}(?![0-9A-Za-z])")
_KEPT = {"id_card": 6, "bank_card": 6, "mobile": 3}


def identifiers_in_text(text: str, as_of: date | None) -> list[tuple[str, int, int]]:
    """``(recognizer, start, end)`` of every validated identifier, from left to right, none overlapping.

    >>> identifiers_in_text("投诉人13800138000,身份证３１０１０７１９０００１０１００１Ｘ", None)
    [('mobile', 3, 14), ('id_card', 18, 36)]
    >>> identifiers_in_text("t_20260101000000001", None)
    []
    """
    half = text.translate(_HALF_WIDTH) if _FULL_WIDTH.search(text) else text
    return list(_find(half, day_number(as_of))) if _ANY.search(half) else []


def mask_identifiers(text: str, as_of: date | None) -> tuple[str, int]:
    """The text with asterisks in place of all but the first digits of each identifier, and how many there were.

    >>> mask_identifiers("31010719000101001X的材料", None)
    ('310107************的材料', 1)
    """
    found = identifiers_in_text(text, as_of)
    for recognizer, start, end in reversed(found):
        kept = start + _KEPT[recognizer]
        text = text[:kept] + "*" * (end - kept) + text[end:]
    return text, len(found)


def _find(text: str, today: int) -> Iterator[tuple[str, int, int]]:
    hits = [("id_card", *match.span()) for match in _ID_CARD.finditer(text) if _is_id_card(match[0], today)]
    hits += [("bank_card", *match.span()) for match in _BANK_CARD.finditer(text) if _is_bank_card(match[0])]
    hits += [("mobile", *match.span()) for match in _MOBILE.finditer(text) if _is_mobile(match[0])]
    return iter(sorted(hits, key=lambda hit: hit[1]))


def _is_id_card(number: str, today: int) -> bool:
    return id_card.examine(number.upper(), today).result == "valid"


def _is_bank_card(number: str) -> bool:
    return bank_card.examine(number).result == "valid"


def _is_mobile(number: str) -> bool:
    return mobile.examine(number).result == "valid"
