"""Any database that SQLAlchemy has an installed dialect for, through SQLAlchemy's own reflection.

Asset identity: ``schema.table``. Reflection is asked for a schema at a time, for all its tables at once. What it cannot
promise: sessions that are read-only or bounded in time, a number of statements that does not grow with the tables (a
dialect may ask for each), row counts, sizes, times, lineage of views. A database that has a file of its own here is
read better by it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Executable
from sqlalchemy.engine import URL, ObjectKind
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
from sqlalchemy.types import TypeEngine

from connectors.base import ConfigurationError, ConnectorError, Sample, SourceFatalError, SystemConfig
from connectors.model import Asset, Column
from connectors.sql.connector import SqlConnector
from connectors.sql.dialect import ColumnRow, Dialect, Driver, KeyRow, RelationRow, Row, Run, ViewRow
from connectors.sql.sampling import Sampler
from connectors.sql.sqlite import DIALECT as SQLITE

_ResultT = TypeVar("_ResultT")
_Key = tuple[str | None, str]

_OWN_SCHEMAS = frozenset(
    {"information_schema", "pg_catalog", "pg_toast", "sys", "system", "mysql", "performance_schema", "sysibm", "syscat"}
)


class Reflection:
    """What SQLAlchemy's inspector says, schema by schema, by code points. Also a `Run`, which dialects are given."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.inspector: sa.Inspector = sa.inspect(connection)

    def __call__(self, statement: str) -> Iterator[Row]:
        return iter(self.connection.exec_driver_sql(statement).tuples())

    def schemas(self) -> list[str | None]:
        """Names, or [None] when the dialect knows no schemas."""
        names = self._names(self.inspector.get_schema_names)
        kept = sorted(name for name in names if name.lower() not in _OWN_SCHEMAS and not name.startswith("pg_temp"))
        return list(kept) or [None]

    def named(self, schema: str | None) -> str:
        return str(schema or self.inspector.default_schema_name or "")

    def relations(self, schema: str | None) -> dict[str, str]:
        """Name → ``table``, ``view`` or ``materialized``."""
        found = dict.fromkeys(self._names(self.inspector.get_table_names, schema), "table")
        found |= dict.fromkeys(self._names(self.inspector.get_view_names, schema), "view")
        found |= dict.fromkeys(self._names(self.inspector.get_materialized_view_names, schema), "materialized")
        return dict(sorted(found.items()))

    def of_each(self, what: str, schema: str | None) -> Mapping[_Key, Any]:
        """``get_multi_…`` of tables and views; {} when the dialect has no such thing."""
        ask = getattr(self.inspector, f"get_multi_{what}")
        return _asked(lambda: dict(ask(schema=schema, kind=ObjectKind.ANY))) or {}

    def spelt(self, kind: TypeEngine[Any]) -> str:
        """A type as the database spells it; empty when SQLAlchemy does not know it."""
        try:
            return "" if isinstance(kind, sa.types.NullType) else str(kind.compile(self.connection.dialect))
        except (SQLAlchemyError, NotImplementedError):
            return str(kind)

    def _names(self, ask: Callable[..., list[str]], *schema: str | None) -> list[str]:
        return _asked(lambda: [str(name) for name in ask(*schema)]) or []


class Reflected(Dialect):
    """Rows as the other dialects give them, made of what the inspector says."""

    name = "sqlalchemy"

    def driver_of(self, url: URL) -> Driver | None:
        try:
            url.get_dialect().import_dbapi()
        except NoSuchModuleError:
            hint = "install the Python package that brings it, or write the scheme as that package tells"
            raise ConfigurationError(f"SQLAlchemy knows no dialect {url.drivername}", hint=hint) from None
        except ImportError as error:
            return Driver(error.name or url.get_driver_name())
        return None

    def address(self, url: URL) -> URL:
        # SQLite would make a file that is not there.
        return SQLITE.address(url) if url.get_backend_name() == "sqlite" else url

    def beginning(self, value: ColumnElement[Any], length: int) -> ColumnElement[Any]:
        # Not every database has the same name for it.
        return value

    def relations(self, run: Run, url: URL) -> Iterator[RelationRow]:
        source = cast("Reflection", run)
        for schema in source.schemas():
            comments = source.of_each("table_comment", schema)
            for name, kind in source.relations(schema).items():
                comment = (comments.get((schema, name)) or {}).get("text") or None
                row = RelationRow(None, source.named(schema), name, "table", comment, None, None)
                if kind == "table":
                    yield row
                else:
                    yield row._replace(kind="view", variant="materialized" if kind == "materialized" else None)

    def columns(self, run: Run, url: URL) -> Iterator[ColumnRow]:
        source = cast("Reflection", run)
        for schema in source.schemas():
            for (_, table), columns in sorted(source.of_each("columns", schema).items(), key=_by_name):
                for column in columns:
                    default, comment = column.get("default"), column.get("comment")
                    yield ColumnRow(
                        source.named(schema),
                        table,
                        str(column["name"]),
                        source.spelt(column["type"]),
                        "enum" if isinstance(column["type"], sa.Enum) else None,
                        column.get("nullable"),
                        None if default is None else str(default),
                        comment or None,
                    )

    def keys(self, run: Run, url: URL) -> Iterator[KeyRow]:
        source = cast("Reflection", run)
        for schema in source.schemas():
            primary = source.of_each("pk_constraint", schema)
            foreign = source.of_each("foreign_keys", schema)
            unique = [source.of_each(what, schema) for what in ("unique_constraints", "indexes")]
            for table in sorted({name for found in (primary, foreign, *unique) for _, name in found}):
                key = (schema, table)
                own = source.named(schema)
                yield from _foreign(own, table, foreign.get(key) or [], source.inspector.default_schema_name or own)
                yield from _columns(own, table, "p", "", (primary.get(key) or {}).get("constrained_columns") or [])
                for number, names in enumerate(_unique([*(unique[0].get(key) or []), *(unique[1].get(key) or [])])):
                    yield from _columns(own, table, "u", str(number), names)

    def views(self, run: Run, url: URL) -> Iterator[ViewRow]:
        return iter(())


class AnyConnector(SqlConnector):
    """Tables and views of a database that only SQLAlchemy knows."""

    def __init__(self, config: SystemConfig) -> None:
        super().__init__(config)
        # Types and options that SQLAlchemy does not know are kept as they are spelt. Its warnings would name our files.
        warnings.filterwarnings("ignore", category=sa.exc.SAWarning, module=r"connectors\.sql\.")
        self.sampler = _PlainSampler(self.dialect, self.timeouts, self._connect, False, self.notices)

    @contextmanager
    def _reading(self) -> Iterator[Run]:
        with self._connect() as connection:
            sa.event.listen(connection, "before_cursor_execute", self._count)
            yield Reflection(connection)

    def probe(self) -> None:
        with self._errors(), self._reading() as run:
            cast("Reflection", run).schemas()

    def sample(self, asset: Asset, rows: int) -> Sample:
        try:
            return super().sample(asset, rows)
        except NotImplementedError as error:
            place = f"{asset.schema}.{asset.name}"
            raise SourceFatalError("this SQLAlchemy dialect cannot read rows", place=place) from error

    def _count(self, *_: object) -> None:
        self.statements += 1


class _PlainSampler(Sampler):
    """For databases of which it is not known how they count, spread, stop or end a transaction by themselves."""

    def connection(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _rows(self, asset: Asset, picked: Sequence[Column], rows: int) -> Sequence[Row]:
        if asset.kind == "view" and asset.variant is None:
            return self._left_alone(asset, "what a view costs is not known here")
        return super()._rows(asset, picked, rows)

    def _ask(self, statement: Executable) -> Sequence[Any]:
        try:
            return super()._ask(statement)
        finally:
            self.connection().rollback()


def _asked(ask: Callable[[], _ResultT]) -> _ResultT | None:
    """The answer, None when there is none. Dialects by third parties raise whatever their makers did not think of."""
    try:
        return ask()
    except NotImplementedError:
        return None
    except (SQLAlchemyError, ConnectorError, UnicodeDecodeError):
        raise
    except Exception as error:
        what = f"this SQLAlchemy dialect cannot read the dictionary ({type(error).__name__})"
        raise SourceFatalError(what, hint="tell those who made the dialect") from error


def _by_name(item: tuple[_Key, Any]) -> str:
    return item[0][1]


def _columns(schema: str, table: str, kind: Any, constraint: str, names: Sequence[str]) -> Iterator[KeyRow]:
    for position, name in enumerate(names, 1):
        yield KeyRow(schema, table, kind, constraint, str(name), None, None, None, position)


def _unique(found: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[str]]:
    """Columns of unique constraints, which have no ``unique``, and of unique indexes over whole columns of all rows."""
    for key in found:
        partial = any(option.endswith("_where") for option in key.get("dialect_options") or ())
        if key.get("unique", True) and None not in key["column_names"] and not partial:
            yield key["column_names"]


def _foreign(schema: str, table: str, found: Sequence[Mapping[str, Any]], default: str) -> Iterator[KeyRow]:
    """A table that is referred to without its schema is in the default one."""
    for number, key in enumerate(found):
        constraint = key.get("name") or str(number)
        # Plain texts: what a dialect calls a name may know how it is to be quoted.
        referred = (str(key.get("referred_schema") or default), str(key["referred_table"]))
        pairs = zip(key["constrained_columns"], key["referred_columns"], strict=False)
        for position, (column, other) in enumerate(pairs, 1):
            yield KeyRow(schema, table, "f", str(constraint), str(column), *referred, str(other), position)


DIALECT = Reflected()
