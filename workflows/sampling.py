"""Which columns of one system's assets may be looked into, and when: views after what they are computed from.

A column of passwords stays one under whatever name a view shows it. Whether a source is one is known once it is in the
store, with its comment and its neighbours; of a table that is not catalogued, the column's own name has to tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from classifiers.evidence import ColumnInput, TableInput
from connectors.model import Asset, Column, ColumnSource
from workflows.inputs import table_input
from workflows.lineage import ColumnNames, Names
from workflows.masking import masked_asset, masked_text
from workflows.store import Store

if TYPE_CHECKING:
    from classifiers.policy import Pack

_KEPT = 2_000
"""Assets below views that are remembered."""


class _Known(NamedTuple):
    schema: str | None
    columns: dict[str, Column]
    names: ColumnNames
    secret: frozenset[str]


class Worth:
    """The columns of one system whose values may be asked for."""

    def __init__(self, store: Store, prefix: str, pack: Pack | None) -> None:
        """``prefix``: ``department/system/``."""
        self.store, self.prefix, self.pack = store, prefix, pack
        self.views: list[Asset] = []
        """What `tables` has kept back, in order."""
        self._found: Names | None = None
        self._known = lru_cache(maxsize=_KEPT)(self._asset)

    def tables(self, assets: Iterable[Asset]) -> Iterator[Asset]:
        """All but the views that show columns of something else: these are kept back."""
        for asset in assets:
            if any(source.carried for column in asset.columns for source in column.sources):
                self.views.append(asset)
            else:
                yield asset

    def columns(self, asset: Asset, strict_types: bool) -> frozenset[str]:
        """The names of the columns to sample; of a view, once all that it may show is in the store."""
        from classifiers.gain import gains_from_values

        worth = gains_from_values(table_input(asset), self.pack, strict_types=strict_types)
        return frozenset(c.name for c in asset.columns if c.name in worth and not self._shows_secret(c, asset.schema))

    def _shows_secret(self, column: Column, schema: str | None) -> bool:
        """Whether a column is computed from one of passwords or keys, be it through other views."""
        waiting = [(source, schema) for source in column.sources if source.carried]
        seen: set[tuple[int, str]] = set()
        while waiting:
            source, near = waiting.pop()
            rows = self._names.find(source.table, near)
            if not rows and self._is_called_secret(source):
                return True
            places = {(row, name) for row in rows for name in self._known(row).names.find(source.column)}
            if any(name in self._known(row).secret for row, name in places):
                return True
            for row, name in places - seen:
                known = self._known(row)
                waiting += [(below, known.schema) for below in known.columns[name].sources if below.carried]
            seen |= places
        return False

    def _is_called_secret(self, source: ColumnSource) -> bool:
        table = TableInput(source.table.rpartition(".")[2], (ColumnInput(source.column),))
        return bool(self._credentials(table))

    def _credentials(self, table: TableInput) -> frozenset[str]:
        from classifiers.gain import credentials

        return credentials(table, self.pack)

    @property
    def _names(self) -> Names:
        if self._found is None:
            department, system, _ = self.prefix.split("/")
            stored = self.store.known(department, system).items()
            rows = [(key.removeprefix(self.prefix), known.id) for key, known in stored]
            self._found = Names(
                [*rows, *((masked_text(view.qualified_name), -1 - i) for i, view in enumerate(self.views))]
            )
        return self._found

    def _asset(self, row: int) -> _Known:
        """An asset of the store, or (below 0) a view that has been kept back."""
        if row < 0:
            asset, ruled = masked_asset(self.views[-1 - row])[0], frozenset[str]()
        else:
            (stored,) = self.store.load([row])
            asset = stored.asset
            ruled = frozenset(name for name, verdict in stored.column_verdicts.items() if not verdict.catalogued)
        secret = self._credentials(table_input(asset)) | ruled
        columns = {column.name: column for column in asset.columns}
        return _Known(asset.schema, columns, ColumnNames(columns), secret)
