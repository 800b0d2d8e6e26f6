"""Which columns of a table are worth looking into: sampled values could change what is thought of them.

Nearly all are. Values confirm what a name only hints at, contradict a wrong comment, show masks, dirt and identifiers
that nobody spoke of. Left out are:

- columns of passwords, keys and tokens: their values are nobody's business;
- columns that are understood as dates, flags or small codes where the database lets in nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .element import understand
from .elements import elements, vocabulary
from .evidence import ElementFinding, TableInput

if TYPE_CHECKING:
    from .policy import Pack

_DATES = re.compile(
    r"(?:date|time|timetz|datetime2?|smalldatetime|datetimeoffset|timestamp|timestamptz|year)\s*(?:\(\d\))?"
    r"(?:\s+with(?:out)?(?:\s+local)?\s+time\s+zone)?"
)
_SMALL = re.compile(r"(?:bool|boolean|bit|(?:tinyint|smallint|int1|int2)(?:\s*\(\d\))?(?:\s+unsigned)?|bit\s*\(1\))")
_DATED = frozenset({"date_time", "birth_date"})
_TECHNICAL_DATES = frozenset({"system.timestamp"})
_SECRET = "credential_secret"
_TECHNICAL_FLAGS = frozenset({"system.flag"})


def gains_from_values(table: TableInput, pack: Pack | None = None, *, strict_types: bool = False) -> frozenset[str]:
    """The names of the columns of ``table`` whose values may be asked for.

    ``pack`` knows the site's own terms and codebooks. ``strict_types``: the source lets no value into a column that is
    not of its type, as servers do; in files and in SQLite a column ``rq DATE`` may hold anything.

    >>> from classifiers.evidence import ColumnInput
    >>> told = [("xm", "varchar(50)"), ("mima", "varchar(32)"), ("csrq", "date"), ("lxdh", "smallint")]
    >>> table = TableInput("t_ry", tuple(ColumnInput(name, None, type) for name, type in told))
    >>> sorted(gains_from_values(table, strict_types=True)), sorted(gains_from_values(table))
    (['lxdh', 'xm'], ['csrq', 'lxdh', 'xm'])
    """
    found, known = _understood(table, pack)
    return frozenset(
        column.name
        for column, item in zip(table.columns, found, strict=True)
        if known.get(item.element or "") != _SECRET
        and not (strict_types and column.type and _is_settled(item, column.type, known))
    )


def credentials(table: TableInput, pack: Pack | None = None) -> frozenset[str]:
    """The names of the columns of ``table`` that hold passwords, keys or tokens, by names and comments."""
    found, known = _understood(table, pack)
    pairs = zip(table.columns, found, strict=True)
    return frozenset(column.name for column, item in pairs if known.get(item.element or "") == _SECRET)


def _understood(table: TableInput, pack: Pack | None) -> tuple[tuple[ElementFinding, ...], dict[str, str]]:
    """One finding per column, and the families of the elements found."""
    own, reader, books = (pack.elements, pack.reader, pack.codebooks) if pack else (elements(), None, ())
    with vocabulary(own):
        _, found = understand(table, {}, reader=reader, books=books)
        return found, {item.element: elements()[item.element].family for item in found if item.element}


def _is_settled(item: ElementFinding, native: str, families: dict[str, str]) -> bool:
    """Whether a column of this type is understood as what alone it can hold."""
    if item.element is None or item.findings:
        return False
    if _DATES.fullmatch(native.strip().lower()):
        return item.element in _TECHNICAL_DATES or families[item.element] in _DATED
    coded = item.element in _TECHNICAL_FLAGS or families[item.element] == "status_or_code"
    return coded and bool(_SMALL.fullmatch(native.strip().lower()))
