"""Which stored assets a view is computed from, in which order that has to be judged, and what its columns inherit.

Sources are found by name within one system, as the source's definitions write them. What is not found tells nothing:
a view over a table that is not catalogued is judged by itself. Sites without views pay nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from connectors.model import ColumnSource
from workflows import store_schema as schema
from workflows.batches import chunks
from workflows.store import Store
from workflows.store_records import Judgeable, StoredAsset

if TYPE_CHECKING:
    from classifiers.inherited import SourceColumn

VIEW = "view"
WHOLE_ROW = "*"
_MOST_PARTS = 4
"""Dots in a name after which no further part may be left out; names themselves may hold dots."""


class _Column(msgspec.Struct):
    sources: tuple[ColumnSource, ...] = ()


class _View(msgspec.Struct):
    """Of a stored view only what its sources need: types and comments stay unread."""

    schema: str | None = None
    columns: tuple[_Column, ...] = ()


_view = msgspec.json.Decoder(_View)


class Names:
    """The assets of one system by the names that definitions of views give them."""

    def __init__(self, keys: Iterable[tuple[str, int]]) -> None:
        """``keys``: (qualified name within the system, row)."""
        self._by_name: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for name, row in keys:
            for text in _endings(name):
                self._by_name[text.casefold()].append((text, row))

    def find(self, text: str, schema_name: str | None) -> tuple[int, ...]:
        """Every asset that ``table``, ``schema.table`` or the full name may mean, the one of the same schema first.

        More than one where names differ in case only or the schema is not told: any of them may be the source.
        """
        near = self._named(f"{schema_name}.{text}") if schema_name else ()
        return near or self._named(text)

    def _named(self, text: str) -> tuple[int, ...]:
        found = self._by_name.get(text.casefold(), ())
        exact = [row for name, row in found if name == text]
        return tuple(dict.fromkeys(exact or [row for _, row in found]))


def _endings(name: str) -> Iterator[str]:
    """``db.public.t``, ``public.t`` and ``t``: a definition leaves out what is plain."""
    parts = name.split(".", _MOST_PARTS)
    for start in range(len(parts)):
        yield ".".join(parts[start:])


class Lineage:
    """What the views of some systems are computed from."""

    def __init__(self, store: Store, assets: Sequence[Judgeable]) -> None:
        """``assets``: every present asset of whole systems."""
        self.store = store
        copies = _copies(store)
        views = [item for item in assets if item.kind == VIEW or item.id in copies]
        systems = {_system(item.key) for item in views}
        parts: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for item in assets if views else ():
            if (system := _system(item.key)) in systems:
                parts[system].append((item.key[len(system) + 1 :], item.id))
        self._names = {system: Names(found) for system, found in parts.items()}
        found_sources: dict[int, tuple[int, ...]] = {}
        by_row = {item.id: item for item in views}
        for row, head in _heads(store, list(by_row)):
            names = self._names[_system(by_row[row].key)]
            tables = dict.fromkeys(s.table for column in head.columns for s in column.sources if s.carried)
            found = {source for table in tables for source in names.find(table, head.schema)}
            if found := found - {row}:
                found_sources[row] = tuple(sorted(found))
        self.depths = _depths(found_sources)
        """Row of a view → how many views lie on top of each other from a table up to it."""
        self.sources = {
            view: tuple(source for source in sources if self.depths.get(source, 0) < self.depths[view])
            for view, sources in found_sources.items()
        }
        """Row of a view → rows of the assets whose values its columns show, in order."""

    def waves(self, rows: Iterable[int]) -> list[list[int]]:
        """``rows`` in the order of judging: the sources of each wave are in the waves before it."""
        waves: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            waves[self.depths.get(row, 0)].append(row)
        return [waves[number] for number in sorted(waves)]

    def inherited(self, views: Sequence[StoredAsset]) -> list[dict[str, tuple[SourceColumn, ...]]]:
        """Per asset: column → what it is computed from, as it is labelled now; empty for what is no view."""
        wanted = dict.fromkeys(row for view in views for row in self.sources.get(view.id, ()))
        loaded = {stored.id: stored for stored in self.store.load(list(wanted))}
        return [self.of_view(view, loaded) for view in views]

    def of_view(self, view: StoredAsset, loaded: Mapping[int, StoredAsset]) -> dict[str, tuple[SourceColumn, ...]]:
        """The same of one asset; ``loaded``: what it may be computed from, by row."""
        if view.id not in self.sources:
            return {}
        names, allowed = self._names[_system(view.asset.key)], frozenset(self.sources[view.id])
        below = {row: _Below(loaded[row], view.asset.schema) for row in allowed if row in loaded}
        found = {}
        for column in view.asset.columns:
            carried = (source for source in column.sources if source.carried)
            every = (
                one
                for source in carried
                for row in names.find(source.table, view.asset.schema)
                if row in below
                for one in below[row].find(source.column)
            )
            if sources := tuple(dict.fromkeys(every)):
                found[column.name] = sources
        return found


def _depths(sources: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """View → depth, from 1. Views in a circle, which no database has, and above one come last, all at one depth."""
    waiting = {view: {s for s in below if s in sources} for view, below in sources.items()}
    above: dict[int, list[int]] = defaultdict(list)
    for view, views in waiting.items():
        for source in views:
            above[source].append(view)
    depths = {view: 1 for view, views in waiting.items() if not views}
    ready = list(depths)
    for view in ready:
        for upper in above[view]:
            waiting[upper].discard(view)
            if not waiting[upper]:
                depths[upper] = depths[view] + 1
                ready.append(upper)
    last = max(depths.values(), default=0) + 1
    return {view: depths.get(view, last) for view in sources}


def _system(key: str) -> str:
    """``department/system`` of an asset's key."""
    department, system, _ = key.split("/", 2)
    return f"{department}/{system}"


def _copies(store: Store) -> frozenset[int]:
    """Rows of tables that a dump fills from others (CREATE TABLE AS); nothing else tells of such."""
    systems = [(one.department, one.system) for one in store.systems() if one.connector == "ddl"]
    table, found = schema.assets, set[int]()
    for department, system in systems:
        match = (table.c.department == department) & (table.c.system == system) & (table.c.kind == "table")
        with store.read() as connection:
            query = select(table.c.id).where(match, table.c.body.like('%"sources":[{%'))
            found.update(connection.execute(query).scalars())
    return frozenset(found)


def _heads(store: Store, rows: Sequence[int]) -> Iterator[tuple[int, _View]]:
    table = schema.assets
    for batch in chunks(rows):
        with store.read() as connection:
            query = select(table.c.id, table.c.body).where(table.c.id.in_(batch))
            for row in connection.execute(query):
                yield row.id, _view.decode(row.body)


class ColumnNames:
    """The columns of a source by what definitions call them."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._every = tuple(columns)
        self._by_fold: dict[str, list[str]] = defaultdict(list)
        for name in self._every:
            self._by_fold[name.casefold()].append(name)

    def find(self, text: str) -> Sequence[str]:
        """Case counts only where names differ in nothing else."""
        if text == WHOLE_ROW:
            return self._every
        names = self._by_fold.get(text.casefold(), ())
        return (text,) if text in names else names


class _Below:
    """One asset that a view is computed from; its columns are made once for all columns of the view."""

    def __init__(self, stored: StoredAsset, schema_name: str | None) -> None:
        """``schema_name``: the view's; a source in another is named with its own."""
        asset = stored.asset
        self._place = asset.name if asset.schema == schema_name else f"{asset.schema}.{asset.name}"
        self._verdict, self._columns = stored.verdict, stored.column_verdicts
        self._names = ColumnNames(self._columns)
        self._made: dict[str, SourceColumn] = {}

    def find(self, text: str) -> Iterator[SourceColumn]:
        yield from map(self._column, self._names.find(text))

    def _column(self, name: str) -> SourceColumn:
        from classifiers.inherited import source_column

        if name not in self._made:
            assert self._verdict is not None  # it has columns
            self._made[name] = source_column(f"{self._place}.{name}", self._columns[name], self._verdict.subject)
        return self._made[name]
