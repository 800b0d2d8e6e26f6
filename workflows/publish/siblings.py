"""The assets of one system by name, for what refers to each other: foreign keys and the sources of views."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import select

from connectors.base import BadInputError, is_quarantined, matches
from connectors.model import Asset, Failure
from connectors.om_names import child_fqn
from connectors.om_version import Features
from workflows import store_schema as schema
from workflows.batches import BATCH
from workflows.publish.model import WantedEdge
from workflows.publish.places import Place, place_of, stored_name
from workflows.store import Store

if TYPE_CHECKING:
    from workflows.settings import SystemSettings

KEPT = 2_000


class _Head(msgspec.Struct):
    """Of a stored asset only what its place needs: millions of columns stay unread."""

    name: str
    kind: str = "table"
    database: str | None = None
    schema: str | None = None
    comment: str | None = None

    @property
    def qualified_name(self) -> str:
        return ".".join(part for part in (self.database, self.schema, self.name) if part)


class Row(NamedTuple):
    """One present asset of the store, and where it goes."""

    place: Place
    id: int
    names: tuple[str, str, str]
    """Full name, ``schema.name`` and name as the source writes them, in lower case."""


_head = msgspec.json.Decoder(_Head)


def rows_of(
    store: Store,
    department: str,
    system: SystemSettings,
    service: str,
    features: Features,
    failures: list[Failure],
) -> list[Row]:
    """The system's present assets in order of place; what is restricted or secret by its own name is left out.

    Two assets of one name on the server: the second is a failure, as is one whose name no server takes.
    """
    found = []
    for key, ident, head in _heads(store, department, system.id):
        if _hidden(head, system):
            continue
        try:
            place = place_of(head, service, features)
        except BadInputError as exc:
            failures.append(Failure(f"not published: {exc.failure.what}", key[:300], exc.failure.hint))
            continue
        found.append(Row(place, ident, _names(head)))
    found.sort()
    return list(_once(found, failures))


def _heads(store: Store, department: str, system: str) -> Iterator[tuple[str, int, _Head]]:
    table = schema.assets
    match = (table.c.department == department) & (table.c.system == system) & table.c.vanished_at.is_(None)
    with store.read() as connection:
        query = select(table.c.key, table.c.id, table.c.body).where(match).execution_options(yield_per=BATCH)
        for row in connection.execute(query):
            yield row.key, row.id, _head.decode(row.body)


def _hidden(head: _Head, system: SystemSettings) -> bool:
    """Harvest takes such assets out of the store; the settings may be younger than the last harvest."""
    globs = system.restricted if isinstance(system.restricted, tuple) else ()
    qualified = ".".join(part for part in (head.schema, head.name) if part)
    return matches(qualified, globs) or is_quarantined(head.name, head.comment)


def _once(rows: Sequence[Row], failures: list[Failure]) -> Iterator[Row]:
    last: Place | None = None
    for row in rows:
        if row.place == last:
            what = "not published: another asset has the same name on the server"
            failures.append(Failure(what, row.place.fqn, "rename one of them in the source"))
        else:
            yield row
        last = row.place


def _names(head: _Head) -> tuple[str, str, str]:
    name = head.name.casefold()
    beside = f"{(head.schema or '').casefold()}.{name}".lstrip(".")
    return (head.qualified_name.casefold(), beside, name)


class Siblings:
    """Finds assets of the same system by what a foreign key or a view calls them."""

    def __init__(self, store: Store, rows: Sequence[Row]) -> None:
        self._by_name: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            for name in dict.fromkeys(row.names):
                self._by_name[name].append(row)
        self._columns = lru_cache(maxsize=KEPT)(lambda ident: _published_columns(store, ident))

    def find(self, text: str, schema_name: str | None) -> Row | None:
        """The one asset that ``table``, ``schema.table`` or the full name means, the one of the same schema first."""
        found = self._by_name.get(text.casefold(), [])
        near = self._by_name.get(f"{(schema_name or '').casefold()}.{text.casefold()}".lstrip("."), [])
        if len(near) == 1:
            return near[0]
        return found[0] if len(found) == 1 else None

    def foreign_keys(self, asset: Asset, names: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """(own columns, FQNs of the referred columns), names as on the server; unknown ones are left out."""
        for key in asset.foreign_keys:
            row = self.find(key.referred_table, asset.schema)
            known = self._columns(row.id) if row else {}
            referred = [known.get(name.casefold()) for name in key.referred_columns]
            own = [names.get(name) for name in key.columns]
            if row and referred and all(referred) and all(own):
                fqns = tuple(child_fqn(row.place.fqn, name) for name in referred if name)
                yield tuple(name for name in own if name), fqns

    def lineage(self, asset: Asset, fqn: str, names: Mapping[str, str]) -> Iterator[WantedEdge]:
        """Edges to the sources of a view's columns, in order of name."""
        edges: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for column in asset.columns:
            for source in column.sources:
                row = self.find(source.table, asset.schema)
                if row is None or row.place.fqn == fqn or row.place.kind != "table":
                    continue
                pairs = edges[row.place.fqn]
                upstream, own = self._columns(row.id).get(source.column.casefold()), names.get(column.name)
                if upstream and own:
                    pairs.add((upstream, own))
        for source_fqn, pairs in sorted(edges.items()):
            yield WantedEdge(source_fqn, tuple(sorted(pairs)))


def _published_columns(store: Store, ident: int) -> dict[str, str]:
    """Lower-case name → name on the server of every column that is published."""
    found: dict[str, str] = {}
    for stored in store.load([ident]):
        verdicts = stored.column_verdicts
        for column in stored.asset.columns:
            verdict = verdicts.get(column.name)
            if verdict is None or verdict.catalogued:
                try:
                    found[column.name.casefold()] = stored_name(column.name)
                except BadInputError:
                    continue
    return found
