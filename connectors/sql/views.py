"""Which columns of which tables the columns of a database's views are computed from.

A definition is read when its view comes up and forgotten with it; only pairs of table and column leave this file, and
only of tables that are listed: names of restricted, secret and excluded ones are not told by those who read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from connectors.lineage import Source, Unreadable, view_columns
from connectors.model import Column
from connectors.sql.dialect import ColumnRow, ViewRow
from connectors.sql.merge import Key

LONGEST_DEFINITION = 200_000
"""Characters of a view's definition; a longer one is not parsed."""


class Listed:
    """The tables and views of a database that may be told of, by the names that definitions give them."""

    def __init__(self, shown: Iterable[Key], folded: bool) -> None:
        """``folded``: definitions are kept as somebody wrote them, in any case."""
        self.folded = folded
        self._tables = {self._key(key): key for key in shown}
        self._columns: Mapping[Key, tuple[Column, ...]] = {}

    def learn(self, rows: Iterable[ColumnRow]) -> None:
        """The columns of all tables, without which ``*`` and unqualified names of a join mean nothing."""
        columns: dict[Key, list[Column]] = {}
        for row in rows:
            of_table = columns.setdefault((row.schema, row.table), [])
            of_table.append(Column(row.name, len(of_table) + 1))
        self._columns = {key: tuple(found) for key, found in columns.items()}

    def find(self, schema: str, name: str) -> Source:
        key = self._tables.get(self._key((schema, name)))
        if key is None:
            return Source(name, ())
        return Source(".".join(key), self._columns.get(key, ()) if self.folded else None)

    def _key(self, key: Key) -> Key:
        return (key[0].lower(), key[1].lower()) if self.folded else key


def short(view: ViewRow) -> ViewRow:
    """The view, without a definition that is too long to be parsed."""
    too_long = view.definition is not None and len(view.definition) > LONGEST_DEFINITION
    return view._replace(definition=None) if too_long else view


def with_sources(columns: tuple[Column, ...], view: ViewRow, listed: Listed, dialect: str) -> tuple[Column, ...]:
    """A view's columns with what they are computed from; as they are when its definition tells nothing.

    ``dialect`` is sqlglot's name for how ``view.definition`` is written.
    """
    if not (definition := short(view).definition):
        return columns

    def lookup(parts: tuple[str, ...]) -> Source:
        name = parts[-1] if parts else ""
        own = view.schema if view.near is None else view.near.get(name, "")
        return listed.find(parts[-2] if len(parts) > 1 else own, name)

    try:
        found = view_columns(definition, dialect, (), lookup)
    except Unreadable:
        return columns
    if len(found) == len(columns):
        pairs = zip(columns, found, strict=True)
        return tuple(msgspec.structs.replace(column, sources=same.sources) for column, same in pairs)
    by_name = {column.name: column.sources for column in found}
    return tuple(msgspec.structs.replace(column, sources=by_name.get(column.name, ())) for column in columns)
