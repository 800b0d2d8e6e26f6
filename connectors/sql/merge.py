"""Ordered dictionary streams → assets, one at a time: memory holds one table, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Generic, TypeVar

from connectors.model import Column, ForeignKey
from connectors.sql.dialect import ColumnRow, KeyRow, ViewRow
from connectors.types import normalise

Key = tuple[str, str]
RowT = TypeVar("RowT", ColumnRow, KeyRow, ViewRow)

_table_of: Callable[[tuple[object, ...]], Key] = itemgetter(0, 1)


class ByTable(Generic[RowT]):
    """A stream ordered by schema and table, read one table at a time and never backwards."""

    def __init__(self, rows: Iterator[RowT]) -> None:
        self._groups: Iterator[tuple[Key, Iterator[RowT]]] = groupby(rows, _table_of)
        self._next: tuple[Key, Iterator[RowT]] | None = next(self._groups, None)

    def __bool__(self) -> bool:
        """Whether rows are left."""
        return self._next is not None

    def take(self, key: Key) -> list[RowT]:
        """The rows of ``key``; those before it belong to tables nobody asked for and are passed over."""
        while self._next is not None and self._next[0] < key:
            self._next = next(self._groups, None)
        if self._next is None or self._next[0] != key:
            return []
        rows = list(self._next[1])
        self._next = next(self._groups, None)
        return rows


def columns_of(rows: Sequence[ColumnRow], comments: dict[str, str]) -> tuple[Column, ...]:
    """Columns numbered from 1 without gaps: what a dropped column leaves behind is not a position."""
    columns = []
    for ordinal, (_, _, name, native, base, nullable, default, comment) in enumerate(rows, 1):
        data_type, length, precision, scale = normalise(base or native)
        known = None if nullable is None else bool(nullable)
        comment = comment or comments.get(name)
        # By position: there are hundreds of thousands of them.
        columns.append(Column(name, ordinal, native, data_type, known, comment, default, length, precision, scale))
    return tuple(columns)


def primary_key_of(rows: Sequence[KeyRow]) -> tuple[str, ...]:
    return tuple(row.column for row in rows if row.kind == "p")


def unique_keys_of(rows: Sequence[KeyRow]) -> tuple[tuple[str, ...], ...]:
    """Each set of columns once, however many indexes say so, in the order of their names."""
    groups = groupby((row for row in rows if row.kind == "u"), lambda row: row.constraint)
    found = [tuple(row.column for row in group) for _, group in groups]
    return tuple(key for key in dict.fromkeys(found) if key != primary_key_of(rows))


def foreign_keys_of(rows: Sequence[KeyRow], shown: Callable[[str, str], bool]) -> Iterator[ForeignKey]:
    """Foreign keys to tables that may be ``shown``; the name of a hidden table must not leak through its referrer."""
    foreign = [row for row in rows if row.kind == "f"]
    for _, group in groupby(foreign, lambda row: row.constraint):
        parts = list(group)
        schema, table = parts[0].referred_schema or "", parts[0].referred_table or ""
        if shown(schema, table):
            yield ForeignKey(
                columns=tuple(part.column for part in parts),
                referred_table=f"{schema}.{table}" if schema else table,
                referred_columns=tuple(part.referred_column for part in parts if part.referred_column is not None),
            )
