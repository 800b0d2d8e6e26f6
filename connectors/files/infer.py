"""The type of a column of texts, from a bounded number of its values, in OpenMetadata's names."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

NULLS = frozenset({"", "null", "none", "nan", "n/a", "#n/a", "\\n", "-", "--", "/", "无", "空"})
_LONG = 1_000
_CODE = 11
"""So many digits, as many in every value, are a number of somebody or something, not a quantity."""

_DAY = r"\d{4}(?:-\d{1,2}-|/\d{1,2}/|\.\d{1,2}\.|年\d{1,2}月)\d{1,2}日?"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"
_PATTERNS = {
    "BIGINT": r"[+-]?(?:0|[1-9]\d{0,17})",
    "DECIMAL": r"[+-]?(?:(?:0|[1-9]\d{0,29})?\.\d{1,30}|\d{1,3}(?:,\d{3})+(?:\.\d+)?)(?:e[+-]?\d{1,3})?",
    "DATE": _DAY,
    "DATETIME": rf"{_DAY}[T\s]+{_CLOCK}",
    "TIME": _CLOCK,
    "BOOLEAN": r"true|false",
}
_KIND = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS.items()), re.I)
_BEGIN = frozenset("0123456789+-.tTfF")
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "BOOLEAN"),
    (int, "BIGINT"),
    (float, "DOUBLE"),
    (Decimal, "DECIMAL"),
    (datetime.datetime, "DATETIME"),
    (datetime.date, "DATE"),
    (datetime.time, "TIME"),
    (datetime.timedelta, "INTERVAL"),
)


def is_null(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in NULLS)


def kind_of(value: Any) -> str:
    """The type of one value that is not null.

    >>> [kind_of(value) for value in ("12", "012", "1,200.5", "2026年1月2日", "2026-01-02 08:00", 3.5)]
    ['BIGINT', 'VARCHAR', 'DECIMAL', 'DATE', 'DATETIME', 'DOUBLE']
    """
    if not isinstance(value, str):
        return next((name for known, name in _TYPES if isinstance(value, known)), "VARCHAR")
    text = value.strip()
    if not text or len(text) > 60 or (text[0] not in _BEGIN and not text[0].isdigit()):
        return "VARCHAR"
    found = _KIND.fullmatch(text)
    return found.lastgroup or "VARCHAR" if found else "VARCHAR"


def data_type(values: Iterable[Any]) -> str:
    """One type for all values; ``UNKNOWN`` when there is none.

    >>> data_type(["1", "", "200"]), data_type(["310107199001011230"] * 2), data_type(["1", "2.5"])
    ('INT', 'VARCHAR', 'DECIMAL')
    >>> data_type(["2026-01-02", "2026-01-02 08:00:00"]), data_type(["1", "x"]), data_type(["", None])
    ('DATETIME', 'VARCHAR', 'UNKNOWN')
    """
    # Equal values of different kinds (1, 1.0, True) must not become one.
    known = [value for _, value in {(type(value), value) for value in values} if not is_null(value)]
    kinds = {kind_of(value) for value in known}
    if not kinds:
        return "UNKNOWN"
    if kinds == {"BIGINT"}:
        return _integer([str(value).strip().lstrip("+-") for value in known])
    if kinds <= {"BIGINT", "DECIMAL"}:
        return "DECIMAL"
    if kinds <= {"BIGINT", "DECIMAL", "DOUBLE"}:
        return "DOUBLE"
    if kinds == {"DATE", "DATETIME"}:
        return "DATETIME"
    if len(kinds) == 1 and kinds != {"VARCHAR"}:
        return kinds.pop()
    return "TEXT" if any(isinstance(value, str) and len(value) > _LONG for value in known) else "VARCHAR"


def _integer(digits: list[str]) -> str:
    longest = max(map(len, digits))
    if longest >= _CODE and min(map(len, digits)) == longest:
        return "VARCHAR"
    return "INT" if longest <= 9 else "BIGINT"
