"""Identifiers that stand where none should: in column names, comments, defaults, file names and free text.

Only validated ones are found: identity numbers with the right check digit, date and area, payment cards with the right
check digit, mobile numbers with nothing glued to them; also in groups with spaces or hyphens between them. Credit codes
of organisations are public and stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from .identifiers import bank_card, id_card, mobile
from .identifiers.common import NO_LIMIT, day_number
from .recognizers import person_name

# Full width to half width, one character for one, so that positions stay true.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_FULL_WIDTH = re.compile("[\uff01-\uff5e]")
_ANY = re.compile(r"[0-9](?:[ -]?[0-9]){10}")
# In one piece, and in groups as people write them: 310107 19000101 001X, 138-0013-8000, 6217 0000 0000 0000 004.
_ALONE, _ENDS = r"(?<![0-9A-Za-z.])(?<![0-9][ -])", r"(?![0-9A-Za-z])(?![ -][0-9])"
_PATTERNS = {
    "id_card": (
        re.compile(r"(?<![0-9])[1-8][0-9]{16}[0-9Xx](?![0-9A-Za-z])"),
        re.compile(rf"{_ALONE}[1-8][0-9]{{5}}([ -])[0-9]{{4}}\1?[0-9]{{4}}\1[0-9]{{3}}[0-9Xx]{_ENDS}"),
    ),
    "bank_card": (
        re.compile(r"(?<![0-9A-Za-z.])(?:62[0-9]{17}|(?:62|4[0-9]|5[1-5])[0-9]{14})(?![0-9A-Za-z])"),
        re.compile(
            rf"{_ALONE}(?:62[0-9]{{2}}([ -])(?:[0-9]{{4}}\1){{3}}[0-9]{{3}}"
            rf"|(?:62|4[0-9]|5[1-5])[0-9]{{2}}([ -])(?:[0-9]{{4}}\2){{2}}[0-9]{{4}}){_ENDS}"
        ),
    ),
    "mobile": (
        re.compile(r"(?<![0-9A-Za-z.])1[3-9][0-9]{9}(?![0-9A-Za-z])"),
        re.compile(rf"(?:{_ALONE}|(?<=86[ -]))1[3-9][0-9]([ -])[0-9]{{4}}\1[0-9]{{4}}{_ENDS}"),
    ),
}
_SEPARATORS = str.maketrans("", "", " -")
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


def mask_mail(text: str) -> str:
    """The text with asterisks in place of all but the first letter of each address of mail.

    For defaults only: in messages and comments ``reader@db.example.com`` says how to connect.

    >>> mask_mail("'zhang.san@example.com'::text")
    "'z********@example.com'::text"
    """
    return _MAIL.sub(_stars, text) if "@" in text else text


def mask_names(text: str) -> str:
    """The text with asterisks in place of given names, where a literal is nothing but a name.

    For defaults of columns that hold names; elsewhere 高级 begins with a surname too.

    >>> mask_names("'王某某'::character varying"), mask_names("李四"), mask_names("'未知'"), mask_names("current_user")
    ("'王**'::character varying", '李*', "'未知'", 'current_user')
    """
    return _HAN_LITERAL.sub(lambda found: _stars(found) if _is_name(found[0]) else found[0], text)


_MAIL = re.compile(r"[A-Za-z0-9_%+-][A-Za-z0-9_.%+-]*(?=@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2})")
_HAN_LITERAL = re.compile(r"(?:(?<=')|^)[\u3400-\u9fff]{1,14}(?:[·•][\u3400-\u9fff]{1,14})?(?:(?=')|$)")


def _is_name(text: str) -> bool:
    return person_name.examine(text, NO_LIMIT).result == "valid"


def _stars(found: re.Match[str]) -> str:
    return found[0][0] + "*" * (len(found[0]) - 1)


def _find(text: str, today: int) -> Iterator[tuple[str, int, int]]:
    hits = [
        (kind, *match.span())
        for kind, patterns in _PATTERNS.items()
        for pattern in patterns
        for match in pattern.finditer(text)
        if _is_valid(kind, match[0].translate(_SEPARATORS), today)
    ]
    return iter(sorted(hits, key=lambda hit: hit[1]))


def _is_valid(kind: str, number: str, today: int) -> bool:
    if kind == "id_card":
        return id_card.examine(number.upper(), today).result == "valid"
    if kind == "bank_card":
        return bank_card.examine(number).result == "valid"
    return mobile.examine(number).result == "valid"
