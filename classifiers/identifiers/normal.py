"""Normal forms of values as departments write them, and the shapes of values that were masked, hashed or encrypted.

`tidy` is the text as a person reads it: full width to half width (NFKC), padding and quotes stripped.
`compact` is what a number is checked in: also without blanks, hyphens, brackets and middle dots, in upper case.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from .common import PROVINCES

PADDING = " \t\r\n\f\v\0'\"`‘’“”\u3000\ufeff\u200b"
"""Stripped from both ends: CHAR padding, the apostrophe of spreadsheets, quotes, invisible marks."""

SEPARATORS = PADDING + "-‐‑‒–—()+·•\xa0"
"""Dropped by `compact`. The line feed is kept by `SEPARATOR_TABLE`, which works on many lines at once."""

SEPARATOR_TABLE: dict[int, None] = dict.fromkeys(map(ord, SEPARATORS.replace("\n", "")))

_NULL_WORDS = r"""
. .. / \ * ** *** ? ?? 、 , , 。 ; : _ __ 空 无 无无 没有 未知 不详 暂无 暂缺 暂无数据
无数据 未填 未填写 未提供 待补 待补充 缺
NULL <NULL> [NULL] \N NONE NIL NAN N/A #N/A NA UNKNOWN UNDEFINED
"""
NULLS = frozenset(_NULL_WORDS.split()) | {""}
"""Compact forms that mean "nothing": dropped as blanks. Rows of hyphens are empty after `compact`."""

MaskedKind = Literal["id_card", "permanent_residence", "uscc", "mobile", "bank_card", "email"]

_MASKED_ID = re.compile(r"[0-9]{1,10}\*{4,17}[0-9]{0,6}[0-9X]?")
_MASKED_USCC = re.compile(r"9[1-3][0-9A-Y]{0,10}\*{4,15}[0-9A-Y]{0,6}")
_MASKED_RESIDENCE = re.compile(r"9[0-9]{2,9}\*{4,15}[0-9]{0,6}[0-9X]?")
_MASKED_MOBILE = re.compile(r"1[3-9][0-9]{0,2}\*{3,8}[0-9]{0,4}")
_MASKED_CARD = re.compile(r"[34569][0-9]{3,5}\*{4,12}[0-9]{3,4}")
_MASKED_EMAIL = re.compile(r"[^@*\s]*\*+[^@\s]*@[A-Z0-9.\-]+\.[A-Z]{2,}")
# Other characters that stand for a hidden one: in runs, so that 沪A·00001, 二○二六 and size XXL keep their meaning.
_MASKS = re.compile(
    r"[#●•∗✱✻◯■□×█▇]{2,}|[○·]{3,}"
    r"|(?:(?<=[0-9 \-])|(?m:^))(?:X{3,}|x{3,})(?=[0-9 \-]|(?m:$))"
    r"|(?<=[0-9])(?:X{4,}|x{4,})(?=[0-9A-Za-z])"
    r"|(?<=[0-9])(?:[._]{3,}|-{4,})(?=[0-9])|(?<=[0-9])某{3,}"
)
# One of these is in every text that `_MASKS` finds something in.
_ASCII_MASKS = ("XXX", "xxx", "##", "...", "___", "----")
_ANY_MASKS = ("XXX", "xxx", *"#●•∗✱✻◯■□×█▇○·", "..", "._", "_.", "__", "----", "某某某")
_HEX = re.compile(r"[0-9A-F]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/\-_]{22,}={0,2}")
_LONG_HEX = 96  # An SM2 ciphertext has 97 bytes and more: no whole blocks.
_HASH_LENGTHS = frozenset((32, 40, 64, 128))


def tidy(text: str) -> str:
    """Half width, without padding and quotes at the ends.

    >>> tidy("'３１０１０７　 ")
    '310107'
    """
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip(PADDING)


def compact(text: str) -> str:
    """Half width, upper case, without blanks, hyphens, brackets and middle dots.

    >>> compact("'310107 19000101-001x  "), compact("（021）5000 0000"), compact("沪A·00001")
    ('31010719000101001X', '02150000000', '沪A00001')
    """
    return tidy(text).replace("\n", "").translate(SEPARATOR_TABLE).upper()


def unify_masks(text: str) -> str:
    """The text with asterisks in place of other characters that hide something; lines stay lines.

    >>> [unify_masks(text) for text in ("138••••8000", "310107XXXXXXXX001X", "6217 xxxx xxxx 0004", "138____8000")]
    ['138****8000', '310107********001X', '6217 **** **** 0004', '138****8000']
    >>> [unify_masks(text) for text in ("沪A·00001", "二○○六年", "XXL", "某某路1号")]
    ['沪A·00001', '二○○六年', 'XXL', '某某路1号']
    """
    # One character is found much sooner than two.
    if not any(mark[0] in text and mark in text for mark in (_ASCII_MASKS if text.isascii() else _ANY_MASKS)):
        return text
    return _MASKS.sub(lambda run: "*" * len(run[0]), text)


def is_null(text: str) -> bool:
    """Whether a value only says that there is none.

    >>> [is_null(text) for text in ("", " - ", "无", "暂无", "N/A", "null", "0")]
    [True, True, True, True, True, True, False]
    """
    number = compact(text)
    return not number or number in NULLS


def masked_kind(number: str) -> MaskedKind | None:
    """What a compact value with asterisks was before it was masked; None when it does not say.

    >>> masked_kind("310107********001X"), masked_kind("138****8000"), masked_kind("6217***********0004")
    ('id_card', 'mobile', 'bank_card')
    >>> masked_kind("931840********0010"), masked_kind("931310********007X")
    ('permanent_residence', 'uscc')
    >>> masked_kind("U***@EXAMPLE.COM"), masked_kind("91310107******007Y"), masked_kind("张**"), masked_kind("********")
    ('email', 'uscc', None, None)
    """
    if "@" in number:
        return "email" if _MASKED_EMAIL.fullmatch(number) else None
    length = len(number)
    if length == 11 and _MASKED_MOBILE.fullmatch(number):
        return "mobile"
    if length in (16, 19) and _MASKED_CARD.fullmatch(number):
        return "bank_card"
    if length == 18 and _MASKED_RESIDENCE.fullmatch(number) and number[1:3] in PROVINCES and not _has_county(number):
        return "permanent_residence"
    if length == 18 and _MASKED_USCC.fullmatch(number):
        return "uscc"
    if length in (14, 15, 17, 18) and _MASKED_ID.fullmatch(number) and _starts_in_province(number):
        return "id_card"
    return None


def _has_county(number: str) -> bool:
    """Whether a credit code's area can stand at its place, where a foreigner's number has the nationality."""
    return number[2:4] in PROVINCES or "*" in number[2:4]


def _starts_in_province(number: str) -> bool:
    return number[:2] in PROVINCES if number[1] != "*" else number[0] in "12345678"


def is_hash(number: str) -> bool:
    """Whether a compact value has the shape of an MD5, SHA-1, SM3, SHA-256 or SHA-512 in hexadecimal.

    A UUID without hyphens has that shape too; its version and variant digits give it away.

    >>> is_hash("D41D8CD98F00B204E9800998ECF8427E"), is_hash("1" * 32), is_hash("2C1743A391305FBF367DF8E4F069F9F9")
    (True, False, True)
    """
    if len(number) not in _HASH_LENGTHS or not _HEX.fullmatch(number) or number.isdigit():
        return False
    return not is_uuid(number)


def is_uuid(number: str) -> bool:
    """Whether 32 compact hexadecimal digits carry the version and variant of RFC 9562.

    >>> is_uuid("550E8400E29B41D4A716446655440000"), is_uuid("D41D8CD98F00B204E9800998ECF8427E")
    (True, False)
    """
    return len(number) == 32 and number[12] in "13457" and number[16] in "89AB" and bool(_HEX.fullmatch(number))


def is_ciphertext(text: str) -> bool:
    """Whether a tidy value looks like Base64 or long hexadecimal ciphertext: whole blocks or long, mixed characters.

    >>> is_ciphertext("3q2+7wAAQkJCQkJCQkJCQg=="), is_ciphertext("ordinary English sentence without end")
    (True, False)
    """
    if _HEX.fullmatch(text.upper()):
        blocks = len(text) % 32 == 0 or (len(text) >= _LONG_HEX and len(text) % 2 == 0)
        return blocks and len(text) not in _HASH_LENGTHS and not text.isdigit()
    if not _BASE64.fullmatch(text) or (len(text) % 4 and text.endswith("=")):
        return False
    return _is_mixed(text) and (len(text) % 4 == 0 or len(text) >= 43)


def _is_mixed(text: str) -> bool:
    has_lower, has_upper = text.upper() != text, text.lower() != text
    return has_lower and has_upper and (text.endswith("=") or any(map(str.isdigit, text)))
