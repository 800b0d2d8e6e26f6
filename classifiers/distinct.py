"""The distinct values of a column in their normal forms: one pass over the joined text instead of one per value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .identifiers.normal import NULLS, PADDING, SEPARATOR_TABLE, unify_masks

MAX_LENGTH = 2000
"""Characters of one value that are looked at."""

_EXACT_FLOAT = 2**53
_LABEL = re.compile(r"^[\u3400-\u9fffA-Za-z]{1,12}\s*[:=]\s*(?!//)", re.MULTILINE)
_SEPARATORS = tuple(map(chr, SEPARATOR_TABLE))


@dataclass
class Distinct:
    """Distinct values that are not null, in order of appearance."""

    values: dict[str, str]
    """Compact form → tidy text without a label before it (电话:…)."""
    filled: int
    """Values that are not null, repetitions counted."""
    numeric: bool
    """Whether some values came as numbers."""
    joined: str
    """All texts, one a line."""


def distinct(values: Sequence[Any]) -> Distinct:
    """Normalise a column's values; None, blanks and words for "nothing" are dropped.

    >>> distinct(["３１０１０７ ", "'310107", None, "无", 7]).values
    {'310107': '310107', '7': '7'}
    """
    kinds = set(map(type, values))
    if kinds <= _PLAIN_KINDS:
        texts = [value for value in values if value is not None]
    elif kinds <= _WHOLE_KINDS:
        texts = [str(value) for value in values if value is not None]
    else:
        texts = [text for value in values if (text := as_text(value)) is not None]
    joined = _join(texts)
    compacts = _compact(joined).split("\n")
    found = dict(zip(compacts, _tidy(joined), strict=True))
    nulls = [] if NULLS.isdisjoint(found) else [number for number in found if number in NULLS]
    filled = len(compacts)
    for null in nulls:
        filled -= compacts.count(null)
        del found[null]
    return Distinct(found, filled, not kinds.isdisjoint(_NUMBER_KINDS), joined)


_PLAIN_KINDS: frozenset[type] = frozenset((str, type(None)))
_WHOLE_KINDS: frozenset[type] = _PLAIN_KINDS | {int}
_NUMBER_KINDS: frozenset[type] = frozenset((int, float, Decimal))


def as_text(value: Any) -> str | None:
    """One value as text; floats that are whole and exact lose their ``.0``, larger ones keep their exponent.

    >>> as_text(13800138000.0), as_text(310107190001010010), as_text(3.1010719000101e17), as_text(Decimal("1.50"))
    ('13800138000', '310107190001010010', '3.1010719000101e+17', '1.50')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT_FLOAT else repr(value)
    if isinstance(value, Decimal):
        return str(int(value)) if value.is_finite() and value == value.to_integral_value() else str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


def _join(texts: list[str]) -> str:
    joined = "\n".join(texts)
    if joined.count("\n") != len(texts) - 1 or len(joined) > MAX_LENGTH * len(texts) or len(joined) > 20 * MAX_LENGTH:
        joined = "\n".join([text[:MAX_LENGTH].replace("\n", " ") for text in texts])
    return unify_masks(joined if joined.isascii() else unicodedata.normalize("NFKC", joined))


def _tidy(joined: str) -> list[str]:
    texts = [text.strip(PADDING) for text in joined.split("\n")]
    # Looking for what ends a label is much quicker than looking for the label.
    if joined.isascii() or (":" not in joined and "=" not in joined) or not _LABEL.search(joined):
        return texts
    return [text if text.isascii() else _LABEL.sub("", text, count=1) for text in texts]


def _compact(joined: str) -> str:
    # translate() is quick for ASCII only; elsewhere looking for each separator is quicker than any pattern.
    if joined.isascii():
        return joined.translate(SEPARATOR_TABLE).upper()
    for separator in _SEPARATORS:
        if separator in joined:
            joined = joined.replace(separator, "")
    return joined.upper()
