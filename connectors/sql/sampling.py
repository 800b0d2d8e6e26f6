"""Looking at a few rows of a table without disturbing those who work with it.

One short statement per table, each a transaction of its own, on a connection whose statements are bounded by
``sample_timeout`` and ``lock_timeout``. A large table is read in several places and never as a whole, a view only where
the database's own plan says that it costs little, and no column that the user may not read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnClause, Connection, Executable, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ColumnElement, FromClause, quoted_name

from connectors.base import Sample
from connectors.model import Asset, Column
from connectors.sql.dialect import BROKEN, EMPTY, Dialect, Large, Row, Timeouts
from connectors.sql.merge import Key
from connectors.sql.rights import by_table

LONGEST_VALUE = 4_000
"""Characters of a sampled value; the rest is cut off."""
LARGE_TABLE = 10_000
"""Rows, by the database's estimate, from which on the first rows do not speak for a table."""
LARGE_SIZE = 8_000_000
"""Bytes from which on a table may be large whatever the estimate of its rows is: it may be mostly empty pages."""

_BINARY = frozenset(
    {"BLOB", "MEDIUMBLOB", "LONGBLOB", "BYTEA", "BINARY", "VARBINARY", "IMAGE", "GEOMETRY", "GEOGRAPHY"}
    | {"POINT", "POLYGON", "BIT"}
)
_LONG_TEXT = frozenset({"TEXT", "MEDIUMTEXT", "NTEXT", "CLOB", "LONG", "JSON", "XML", "STRING"})
_PLAIN_VALUES = frozenset(
    {"CHAR", "VARCHAR", "TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL", "NUMERIC", "NUMBER", "FLOAT", "DOUBLE"}
    | {"BOOLEAN"}
)


class Sampler:
    """The one connection of a system that samples. ``notices`` gets a line for each asset that is left alone."""

    def __init__(
        self, dialect: Dialect, timeouts: Timeouts, connect: Callable[[], Connection], foreign: bool, notices: list[str]
    ) -> None:
        self.dialect, self.timeouts, self.foreign, self.notices = dialect, timeouts, foreign, notices
        self._connect = connect
        self._connection: Connection | None = None
        self._refused: Mapping[Key, frozenset[str]] | None = None
        """Columns that the user may not read, of tables of which others may be read; None before it was asked."""

    def take(self, asset: Asset, rows: int) -> Sample:
        """At most ``rows`` rows of the asset's columns: binary ones left out, values cut at 4,000 characters.

        Raises the driver's errors; after one, the next call connects anew.
        """
        unsampled = _BINARY | self.dialect.unsampled
        picked = [column for column in asset.columns if column.data_type not in unsampled]
        if rows <= 0 or not picked:
            return {}
        try:
            picked = self._allowed(asset, picked)
            found = self._rows(asset, picked, rows)
        except DBAPIError as error:
            self.close()
            trouble = self.dialect.trouble(error.orig or error)
            if trouble not in (BROKEN, EMPTY):
                raise
            found = self._left_alone(asset, f"{trouble.what}; {trouble.hint}")
        except BaseException:
            self.close()
            raise
        return {column.name: [_cut(row[i]) for row in found] for i, column in enumerate(picked)}

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def connection(self) -> Connection:
        """Every statement is its own transaction: no lock and no snapshot outlives it."""
        if self._connection is None:
            self._connection = self._connect().execution_options(isolation_level="AUTOCOMMIT")
            self.dialect.bound_samples(self._connection, self.timeouts)
        return self._connection

    def _allowed(self, asset: Asset, picked: list[Column]) -> list[Column]:
        """Those that the user may read; all when none may, so that the database says so itself."""
        refused = self._refused_of(asset)
        return [column for column in picked if column.name not in refused] or picked

    def _refused_of(self, asset: Asset) -> frozenset[str]:
        if self._refused is None:
            self._refused = self._refusals()
        return self._refused.get((asset.schema or "", asset.name), frozenset())

    def _refusals(self) -> Mapping[Key, frozenset[str]]:
        if self.dialect.REFUSED is None:
            return {}
        try:
            return by_table(self._ask(sa.text(self.dialect.REFUSED)))
        except DBAPIError as error:
            if self.dialect.trouble(error.orig or error).retry:
                raise
            # A relative that cannot tell: then it refuses the sample of a whole table.
            return {}

    def _rows(self, asset: Asset, picked: Sequence[Column], rows: int) -> Sequence[Row]:
        table = _table(asset, picked)

        def select(source: FromClause) -> Select[Any]:
            return sa.select(*(self._value(source.c[c.name], c) for c in picked)).select_from(source)

        plain = select(table).limit(rows)
        partly = bool(self._refused_of(asset))
        if asset.variant == "foreign" and not self.foreign:
            return self._left_alone(asset, "it lies in another database; sample_foreign: true allows it")
        if asset.kind == "view" and asset.variant is None:
            why = self.dialect.objection(plain, self._ask)
            return self._left_alone(asset, why) if why else self._ask(plain)
        estimate, size = asset.row_estimate or 0, asset.size_bytes or 0
        if estimate < LARGE_TABLE and size < LARGE_SIZE:
            return self._ask(plain)
        bulky = self.dialect.is_bulky(plain, self._ask)
        if estimate < LARGE_TABLE and not bulky:
            return self._ask(plain)
        sparse = partly or estimate < LARGE_TABLE
        spread = self.dialect.spread(Large(table, select, asset.primary_key, rows, estimate, size, sparse), self._ask)
        found = self._ask(spread) if spread is not None else ()
        # Estimates are old, keys have gaps: then the first rows are better than few, if they are soon found.
        return found[:rows] if bulky or 2 * len(found) >= rows else self._ask(plain)

    def _ask(self, statement: Executable) -> Sequence[Any]:
        return self.connection().execute(statement).all()

    def _left_alone(self, asset: Asset, why: str) -> Sequence[Row]:
        place = ".".join(part for part in (asset.schema, asset.name) if part)
        self.notices.append(f"{place}: not sampled: {why}")
        return ()

    def _value(self, value: ColumnElement[Any], column: Column) -> ColumnElement[Any]:
        if self.dialect.cast_in_samples and column.data_type not in _PLAIN_VALUES:
            return self.dialect.beginning(sa.cast(value, sa.Text), LONGEST_VALUE)
        unbounded = column.data_type in ("VARCHAR", "CHAR") and (column.length or LONGEST_VALUE + 1) > LONGEST_VALUE
        long = unbounded or column.data_type in _LONG_TEXT
        return self.dialect.beginning(value, LONGEST_VALUE) if long else value


def _table(asset: Asset, picked: Sequence[Column]) -> sa.TableClause:
    """The columns asked for and those of the primary key."""
    # Quoted always, and columns qualified by their table: SQLite takes a lone unknown "name" for a string.
    names = dict.fromkeys((*(column.name for column in picked), *asset.primary_key))
    columns: list[ColumnClause[Any]] = [sa.column(quoted_name(name, True)) for name in names]
    schema = quoted_name(asset.schema, True) if asset.schema else None
    return sa.table(quoted_name(asset.name, True), *columns, schema=schema)


def _cut(value: Any) -> Any:
    """A sampled value as numbers, text and dates; what is neither becomes text, and bytes are not looked at."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return None
    if value is None or isinstance(value, (bool, int, float, Decimal, date, time, timedelta)):
        return value
    return str(value)[:LONGEST_VALUE]
