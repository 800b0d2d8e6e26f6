"""A connector for any database that has a file in this package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, cast

import sqlalchemy as sa
from sqlalchemy import ColumnClause, Connection, CursorResult, Engine, Select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import ColumnElement, quoted_name

from connectors.base import (
    ConfigurationError,
    Connector,
    ConnectorError,
    Sample,
    SourceFatalError,
    SourceRetryError,
    SystemConfig,
    is_quarantined,
    keeps,
    matches,
)
from connectors.model import Asset, Column, Failure, Listing, Origin
from connectors.sql.dialect import ColumnRow, Dialect, Driver, KeyRow, RelationRow, Row, Run, Timeouts, ViewRow
from connectors.sql.merge import ByTable, columns_of, foreign_keys_of, primary_key_of, unique_keys_of
from connectors.sql.views import Listed, with_sources

LONGEST_VALUE = 4_000
"""Characters of a sampled value; the rest is cut off."""
FETCH = 2_000
"""Rows that a stream asks the server for at a time."""

TIMEOUTS = ("connect_timeout", "statement_timeout")

_BINARY = frozenset(
    {"BLOB", "MEDIUMBLOB", "LONGBLOB", "BYTEA", "BINARY", "VARBINARY", "IMAGE", "GEOMETRY", "GEOGRAPHY"}
    | {"POINT", "POLYGON", "BIT"}
)
_LONG_TEXT = frozenset({"TEXT", "MEDIUMTEXT", "NTEXT", "CLOB", "LONG", "JSON", "XML", "STRING"})
_PLAIN_VALUES = frozenset(
    {"CHAR", "VARCHAR", "TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL", "NUMERIC", "NUMBER", "FLOAT", "DOUBLE"}
    | {"BOOLEAN"}
)


class SqlConnector(Connector):
    """Tables and views of one database, read-only.

    Options: ``connect_timeout`` and ``statement_timeout`` in seconds (10 and 300; a statement timeout of 0 means none).
    """

    KEYS: ClassVar[frozenset[str]] = frozenset({"url", "path"})
    OPTIONS: ClassVar[dict[str, type]] = dict.fromkeys(TIMEOUTS, int)

    def __init__(self, config: SystemConfig) -> None:
        """Raises `ConfigurationError` when ``url``, ``path`` or an option is wrong, or the driver is not installed;
        nothing is opened."""
        super().__init__(config)
        self.dialect = _dialect(config.connector)
        self.timeouts = _timeouts(config)
        self.url = _url(config, self.dialect)
        _need_driver(config, self.dialect.driver_of(self.url))
        self.place = self.url.database or "" if self.dialect.in_file else _server(self.url)
        """Where this is, for messages: ``host:port/database`` or the file."""
        self._engine: Engine | None = None
        self._sampler: Connection | None = None
        self._hidden: frozenset[tuple[str, str]] | None = None
        self._listed = Listed((), self.dialect.views_as_written)

    @classmethod
    def keys_for(cls, name: str) -> frozenset[str]:
        """Only a database that is a file has a ``path``."""
        return cls.KEYS if _dialect(name).in_file else cls.KEYS - {"path"}

    def probe(self) -> None:
        with self._errors(), self._reading() as run:
            for _ in run(self.dialect.PROBE):
                pass
            if self.dialect.UNSEEN and next(self.dialect.relations(run, self.url), None) is None:
                self._refuse_blindness(run)

    def list_assets(self) -> Listing:
        names: list[str] = []
        hidden: set[tuple[str, str]] = set()
        shown: list[tuple[str, str]] = []
        secret: set[str] = set()
        excluded = 0
        reason: str | None = None
        try:
            with self._errors(), self._reading() as run:
                for row in self.dialect.relations(run, self.url):
                    if not keeps(self.config, _qualified(row)):
                        excluded += 1
                    elif is_quarantined(row.name, row.comment):
                        hidden.add((row.schema, row.name))
                        secret.add(_asset_name(row))
                    else:
                        names.append(_asset_name(row))
                        shown.append((row.schema, row.name))
                if not (names or hidden or excluded):
                    self._refuse_blindness(run)
        except ConnectorError as error:
            if not (names or hidden or excluded):
                raise
            reason = str(error)
        self._hidden, self.quarantined = frozenset(hidden), frozenset(secret)
        self._listed = Listed(shown, self.dialect.views_as_written)
        return Listing(
            names=tuple(dict.fromkeys(names)),
            complete=reason is None,
            reason=reason,
            quarantined=len(hidden),
            excluded=excluded,
        )

    def assets(self) -> Iterator[Asset]:
        """Ordered by schema and name. Of two tables whose dotted names are the same text the second is a failure."""
        if self._hidden is None:
            self.list_assets()
        with ExitStack() as stack, self._errors():
            main = stack.enter_context(self._reading())
            shared = self.dialect.shared_connection
            second, third = (main if shared else stack.enter_context(self._reading()) for _ in range(2))
            relations = self._kept(self.dialect.relations(main, self.url))
            views = ByTable(self._views(stack))
            columns = ByTable(self._columns(second, bool(views)))
            keys = ByTable(self.dialect.keys(third, self.url))
            for row in relations:
                table_key = (row.schema, row.name)
                yield self._asset(row, columns.take(table_key), keys.take(table_key), views.take(table_key))

    def sample(self, asset: Asset, rows: int) -> Sample:
        """One ``SELECT … LIMIT`` of the asset's columns: binary ones left out, values cut at 4,000 characters."""
        place = ".".join(part for part in (asset.schema, asset.name) if part)
        if not keeps(self.config, place) or is_quarantined(asset.name, asset.comment):
            raise SourceFatalError("this asset is restricted and is not sampled", place=place)
        picked = [column for column in asset.columns if column.data_type not in _BINARY]
        if rows <= 0 or not picked:
            return {}
        query = self._query(asset, picked, rows)
        try:
            with self._errors(place):
                found = self._sampling().execute(query).all()
        except ConnectorError:
            self._stop_sampling()
            raise
        return {column.name: [_cut(row[i]) for row in found] for i, column in enumerate(picked)}

    def close(self) -> None:
        self._stop_sampling()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _kept(self, rows: Iterator[RelationRow]) -> Iterator[RelationRow]:
        # Only a name with a dot in it can look like another schema's table.
        dotted: set[str] = set()
        for row in rows:
            name = _qualified(row)
            if not keeps(self.config, name) or is_quarantined(row.name, row.comment):
                continue
            if name.count(".") > 1 and name in dotted:
                self._fail("another table has the same dotted name", name, "rename one, or exclude it")
                continue
            if name.count(".") > 1:
                dotted.add(name)
            yield row

    def _views(self, stack: ExitStack) -> Iterator[ViewRow]:
        """Definitions of views, on a connection of their own: an error on it costs lineage, and no asset."""
        try:
            with self._errors():
                yield from self.dialect.views(stack.enter_context(self._reading()), self.url)
        except ConnectorError as error:
            self._fail(f"its views have no lineage: {error.failure.what}", self.place, error.failure.hint)

    def _columns(self, run: Run, views: bool) -> Iterator[ColumnRow]:
        """The stream of columns; known all at once where views are kept as written, and there is one."""
        rows = self.dialect.columns(run, self.url)
        if not (views and self.dialect.views_as_written):
            return rows
        known = list(rows)
        self._listed.learn(known)
        return iter(known)

    def _asset(self, row: RelationRow, columns: list[ColumnRow], keys: list[KeyRow], views: Sequence[ViewRow]) -> Asset:
        names = [column.name for column in columns]
        comments = self.dialect.comments(row.definition, names) if row.definition else {}
        described = columns_of(columns, comments)
        for view in views:
            described = with_sources(described, view, self._listed, self.dialect.VIEW_SQL)
        if not columns:
            self._fail(
                "none of its columns can be read", _qualified(row), "it is broken, or the user has no right to it"
            )
        return Asset(
            department=self.config.department,
            system=self.config.id,
            database=row.database,
            schema=row.schema,
            name=row.name,
            kind=row.kind,
            comment=row.comment,
            row_estimate=row.rows,
            size_bytes=row.size,
            changed_at=_moment(row.changed),
            statistics_at=_moment(row.counted),
            variant=row.variant,
            primary_key=primary_key_of(keys),
            unique_keys=unique_keys_of(keys),
            foreign_keys=tuple(foreign_keys_of(keys, self._may_show)),
            columns=described,
            origin=cast("Origin", self.config.origin),
            update_cycle=self.config.update_cycle,
        )

    def _may_show(self, schema: str, name: str) -> bool:
        hidden = (schema, name) in (self._hidden or ())
        return not hidden and not is_quarantined(name) and not matches(f"{schema}.{name}", self.config.restricted)

    def _query(self, asset: Asset, picked: Sequence[Column], rows: int) -> Select[Any]:
        # Quoted always, and columns qualified by their table: SQLite takes a lone unknown "name" for a string.
        names: list[ColumnClause[Any]] = [sa.column(quoted_name(column.name, True)) for column in picked]
        schema = quoted_name(asset.schema, True) if asset.schema else None
        source = sa.table(quoted_name(asset.name, True), *names, schema=schema)
        values = [self._value(source.c[column.name], column) for column in picked]
        return sa.select(*values).select_from(source).limit(rows)

    def _value(self, value: ColumnElement[Any], column: Column) -> ColumnElement[Any]:
        if self.dialect.cast_in_samples and column.data_type not in _PLAIN_VALUES:
            return sa.func.substr(sa.cast(value, sa.Text), 1, LONGEST_VALUE)
        unbounded = column.data_type in ("VARCHAR", "CHAR") and (column.length or LONGEST_VALUE + 1) > LONGEST_VALUE
        return sa.func.substr(value, 1, LONGEST_VALUE) if unbounded or column.data_type in _LONG_TEXT else value

    def _sampling(self) -> Connection:
        """The one connection that samples; no transaction stays open between two tables."""
        if self._sampler is None:
            self._sampler = self._connect().execution_options(isolation_level="AUTOCOMMIT")
            self.dialect.bound_samples(self._sampler, self.timeouts)
        return self._sampler

    def _stop_sampling(self) -> None:
        if self._sampler is not None:
            self._sampler.close()
            self._sampler = None

    @contextmanager
    def _reading(self) -> Iterator[Run]:
        """A connection of its own on which to send dictionary statements whose rows stream."""
        connection = self._connect()
        results: list[CursorResult[Any]] = []

        def run(statement: str) -> Iterator[Row]:
            self.statements += 1
            options = {"no_parameters": True, "stream_results": True, "yield_per": FETCH}
            results.append(connection.exec_driver_sql(statement, execution_options=options))
            return iter(results[-1].tuples())

        try:
            yield run
        finally:
            # Before the connection: PyMySQL wants what is left of an unbuffered result to be read first.
            for result in results:
                result.close()
            connection.close()

    def _connect(self) -> Connection:
        if self.dialect.in_file and not Path(self.place).is_file():
            raise SourceFatalError("there is no such file", place=self.place, hint="check path")
        try:
            if self._engine is None:
                self._engine = _engine(self.dialect, self.url, self.timeouts)
            return self._engine.connect()
        except ImportError:
            # Compiled drivers want libraries of their vendors beside them.
            advice = "start Python and import it: the message names what it misses"
            what = f"the driver for {self.dialect.name} is installed but cannot be loaded"
            raise SourceFatalError(what, place=self.place, hint=advice) from None
        except RuntimeError as error:
            # PyMySQL says so when a server asks for a way of logging in that needs a further package.
            hint = "install the Python package cryptography" if "cryptography" in str(error) else None
            raise SourceFatalError("the driver cannot log in to this server", place=self.place, hint=hint) from None

    def _refuse_blindness(self, run: Run) -> None:
        """A database in which everything is hidden from the user is not an empty one."""
        if self.dialect.UNSEEN is None:
            return
        unseen = next(run(self.dialect.UNSEEN))[0]
        if unseen:
            what = f"the user may read none of the {unseen} tables"
            raise SourceFatalError(what, place=self.place, hint="grant USAGE on the schemas and SELECT on the tables")

    @contextmanager
    def _errors(self, place: str | None = None) -> Iterator[None]:
        """Turn the driver's errors into ours, and keep their texts, which may quote values, out of them."""
        try:
            yield
        except DBAPIError as error:
            trouble = self.dialect.trouble(error.orig or error)
            raised = SourceRetryError if trouble.retry else SourceFatalError
            raise raised(trouble.what, place=place or self.place, hint=trouble.hint) from None
        except (UnicodeDecodeError, SQLAlchemyError, ValueError) as error:
            what = f"the driver cannot read what the database sent ({type(error).__name__})"
            raise SourceFatalError(what, place=place or self.place, hint="check the database's encoding") from None

    def _fail(self, what: str, place: str, hint: str | None) -> None:
        failure = Failure(what=what, place=place, hint=hint)
        if failure not in self.failures:
            self.failures.append(failure)


def _engine(dialect: Dialect, url: URL, timeouts: Timeouts) -> Engine:
    arguments = dialect.connect_arguments(url, timeouts)
    engine = sa.create_engine(dialect.address(url), poolclass=NullPool, connect_args=arguments)

    def start(connection: Any, _: object) -> None:
        dialect.prepare(connection, timeouts)
        cursor = connection.cursor()
        for statement in dialect.session(timeouts):
            cursor.execute(statement)
        cursor.close()
        connection.commit()

    sa.event.listen(engine, "connect", start)
    return engine


def _dialect(name: str) -> Dialect:
    own = name.replace("-", "_")
    module = f"{__package__}.{own}"
    found = import_module(module) if own.isidentifier() and find_spec(module) else None
    dialect = getattr(found, "DIALECT", None)
    if not isinstance(dialect, Dialect):
        raise ConfigurationError(f"there is no database dialect {name!r}", hint=f"see {__package__}")
    return dialect


def _need_driver(config: SystemConfig, driver: Driver | None) -> None:
    if driver is not None and find_spec(driver.module) is None:
        what = f"the driver {driver.module} is not installed"
        raise ConfigurationError(what, place=_where(config), hint=driver.remedy)


def _timeouts(config: SystemConfig) -> Timeouts:
    given = {name.removesuffix("_timeout"): value for name, value in config.options.items() if name in TIMEOUTS}
    for name, value in given.items():
        if not isinstance(value, int) or value < 0:
            raise ConfigurationError(f"{name}_timeout must be seconds, 0 or more", place=_where(config))
    return Timeouts(**given)


def _url(config: SystemConfig, dialect: Dialect) -> URL:
    """The address with our driver in it. Messages never show it: it holds a password."""
    if dialect.in_file and config.path is not None:
        return URL.create(next(iter(dialect.schemes.values())), database=config.path)
    needed = "path or url" if dialect.in_file else "url"
    if config.url is None:
        raise ConfigurationError(f"{dialect.name} needs {needed}", place=_where(config))
    try:
        url = sa.make_url(config.url)
    except (sa.exc.ArgumentError, ValueError):
        hint = f"as in {next(iter(dialect.schemes))}://user:password@host:port/database; escape odd characters with %"
        raise ConfigurationError("url cannot be read", place=_where(config), hint=hint) from None
    if url.drivername not in dialect.schemes:
        known = ", ".join(f"{scheme}://" for scheme in dialect.schemes)
        raise ConfigurationError(f"url begins with {url.drivername}://", place=_where(config), hint=f"known: {known}")
    if dialect.in_file and url.database in (None, "", ":memory:"):
        raise ConfigurationError("url names no file", place=_where(config), hint="sqlite:////absolute/path or path:")
    return url.set(drivername=dialect.schemes[url.drivername])


def _where(config: SystemConfig) -> str:
    return f"{config.department}/{config.id}"


def _server(url: URL) -> str:
    host = url.host or "local socket"
    return f"{host}{f':{url.port}' if url.port else ''}/{url.database or ''}"


def _qualified(row: RelationRow) -> str:
    return f"{row.schema}.{row.name}"


def _asset_name(row: RelationRow) -> str:
    return ".".join(part for part in (row.database, row.schema, row.name) if part)


def _moment(value: datetime | str | None) -> str | None:
    """ISO 8601 to the second; what the driver gives as text is left as the database wrote it."""
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _cut(value: Any) -> Any:
    """A sampled value as numbers, text and dates; what is neither becomes text, and bytes are not looked at."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return None
    if value is None or isinstance(value, (bool, int, float, Decimal, date, time, timedelta)):
        return value
    return str(value)[:LONGEST_VALUE]
