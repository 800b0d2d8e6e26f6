"""A connector for any database that has a file in this package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, CursorResult, Engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

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
from connectors.model import Asset, Failure, Listing, Origin, Rights
from connectors.sql.dialect import (
    BROKEN,
    GONE,
    LOCKED,
    LOST,
    TOO_MUCH,
    ColumnRow,
    Dialect,
    Driver,
    KeyRow,
    RelationRow,
    Row,
    Run,
    Timeouts,
    Trouble,
    ViewRow,
)
from connectors.sql.locks import Locks
from connectors.sql.merge import ByTable, columns_of, foreign_keys_of, primary_key_of, unique_keys_of
from connectors.sql.mistaken import really
from connectors.sql.plans import MANY_ROWS
from connectors.sql.rights import by_table, granted
from connectors.sql.sampling import Sampler
from connectors.sql.views import Listed, short, with_sources

TIMEOUTS = tuple(f"{name}_timeout" for name in Timeouts._fields)


class SqlConnector(Connector):
    """Tables and views of one database, read-only.

    Options: ``connect_timeout``, ``statement_timeout``, ``lock_timeout`` and ``sample_timeout`` in seconds (10, 300, 5
    and 5; 0 means none), ``sample_foreign`` (false) for tables that lie in another database.
    """

    KEYS: ClassVar[frozenset[str]] = frozenset({"url", "path"})
    OPTIONS: ClassVar[dict[str, type]] = {**dict.fromkeys(TIMEOUTS, int), "sample_foreign": bool}

    def __init__(self, config: SystemConfig) -> None:
        """Raises `ConfigurationError` when ``url``, ``path`` or an option is wrong, or the driver is not installed;
        nothing is opened."""
        super().__init__(config)
        self.dialect = _dialect(config.connector)
        self.timeouts = _timeouts(config)
        self.url = _url(config, self.dialect)
        _need_driver(config, self.dialect.driver_of(self.url))
        self.strict_types = self.url.get_backend_name() != "sqlite"
        self.place = self.url.database or "" if self.dialect.in_file else _server(self.url)
        """Where this is, for messages: ``host:port/database`` or the file."""
        self._engine: Engine | None = None
        self._counting = Lock()
        foreign = bool(config.options.get("sample_foreign"))
        self.sampler = Sampler(self.dialect, self.timeouts, self._connect, foreign, self.notices)
        self.locks = Locks()
        self._large: set[str] = set()
        """Tables that a view is not sampled over, where no plan can be asked for."""
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
            if self.dialect.UNSEEN and next(self.dialect.listed(run, self.url), None) is None:
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
                for row in self.dialect.listed(run, self.url):
                    if not keeps(self.config, _qualified(row)):
                        excluded += 1
                    elif is_quarantined(row.name, row.comment):
                        hidden.add((row.schema, row.name))
                        secret.add(_asset_name(row))
                    else:
                        names.append(_asset_name(row))
                        shown.append((row.schema, row.name))
                    if not self.dialect.explains and (row.rows or 0) > MANY_ROWS:
                        self._large.add(_qualified(row))
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
            first = stack.enter_context(self._reading())
            begun = self._begun(stack, first)
            shared = self.dialect.shared_connection
            second, third = (first if shared else stack.enter_context(self._reading()) for _ in range(2))
            views = ByTable(self._views())
            keys = ByTable(self.dialect.keys(second, self.url))
            relations = self.dialect.relations(third, self.url)
            sent = list(islice(relations, 1))
            columns = begun.result() if begun else ByTable(self._columns(first, bool(views)))
            for row in self._kept(chain(sent, relations)):
                table_key = (row.schema, row.name)
                yield self._asset(row, columns.take(table_key), keys.take(table_key), views.take(table_key))

    def rights(self) -> Rights:
        with self._errors(), self._reading() as run:
            found = self._rights(run)
            refused = by_table(run(self.dialect.REFUSED)) if self.dialect.REFUSED else {}
        partly = (f"{schema}.{name}" for schema, name in refused if self._may_show(schema, name))
        return msgspec.structs.replace(found, partly=tuple(name for name in partly if keeps(self.config, name)))

    def sample(self, asset: Asset, rows: int) -> Sample:
        """A few rows, see `Sampler`; an asset that is left alone gives {} values and a notice."""
        place = ".".join(part for part in (asset.schema, asset.name) if part)
        if not keeps(self.config, place) or is_quarantined(asset.name, asset.comment):
            raise SourceFatalError("this asset is restricted and is not sampled", place=place)
        if rows > 0 and self._large.intersection(self._read_by(asset)):
            self.notices.append(f"{place}: not sampled: {TOO_MUCH}")
            return {column.name: [] for column in asset.columns}
        if self.locks.concern(asset):
            raise SourceRetryError(LOCKED.what, place=place, hint=LOCKED.hint)
        try:
            with self._errors(place):
                return self.sampler.take(asset, rows)
        except SourceRetryError as error:
            if error.failure.what == LOCKED.what:
                self.locks.add(asset)
            raise

    def close(self) -> None:
        self.sampler.close()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _begun(self, stack: ExitStack, run: Run) -> Future[ByTable[ColumnRow]] | None:
        """The slowest statement, on its way while others are sent on connections of their own."""
        if not self.dialect.side_by_side:
            return None
        pool = stack.enter_context(ThreadPoolExecutor(1, "columns"))
        return pool.submit(ByTable, self._columns(run, False))

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

    def _views(self) -> Iterator[ViewRow]:
        """Definitions of views, read at once: making them locks the tables in them until the transaction ends.

        An error costs lineage, and no asset.
        """
        try:
            with self._errors(), self._reading() as run:
                found = [short(self._told(row)) for row in self.dialect.views(run, self.url)]
        except ConnectorError as error:
            self._fail(f"its views have no lineage: {error.failure.what}", self.place, error.failure.hint)
            return
        yield from found

    def _told(self, view: ViewRow) -> ViewRow:
        trouble, place = self.dialect.no_definition, f"{view.schema}.{view.table}"
        if view.definition is None and trouble and keeps(self.config, place) and self._may_show(*view[:2]):
            self._fail(f"it has no lineage: {trouble.what}", place, trouble.hint)
            self.locks.add_view(place)
        return view

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
            self._tell_empty(row)
        if row.kind == "view" and row.variant is None:
            self.locks.learn(_qualified(row), described)
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

    def _read_by(self, asset: Asset) -> set[str]:
        return self.locks.behind(asset) if asset.kind == "view" and asset.variant is None else set()

    def _tell_empty(self, row: RelationRow) -> None:
        """What nobody who runs the catalogue can mend is a notice, or each run would fail for it."""
        if self.dialect.shows_all_columns:
            self.notices.append(f"{_qualified(row)}: it has no columns")
        elif row.kind == "view":
            self.notices.append(f"{_qualified(row)}: {BROKEN.what}, or the user has no right to its columns")
        else:
            what = "none of its columns can be read"
            self._fail(what, _qualified(row), "it is broken, or the user has no right to it")

    def _may_show(self, schema: str, name: str) -> bool:
        hidden = (schema, name) in (self._hidden or ())
        return not hidden and not is_quarantined(name) and not matches(f"{schema}.{name}", self.config.restricted)

    @contextmanager
    def _reading(self) -> Iterator[Run]:
        """A connection of its own on which to send dictionary statements whose rows stream."""
        connection = self._connect()
        results: list[CursorResult[Any]] = []

        def send(statement: str) -> Iterator[Row]:
            with self._counting:
                self.statements += 1
            options = {"no_parameters": True, "stream_results": True, "yield_per": self.dialect.fetch}
            results.append(connection.exec_driver_sql(statement, execution_options=options))
            return iter(results[-1].tuples())

        def run(statement: str) -> Iterator[Row]:
            lesser = self.dialect.lesser(statement)
            if lesser is None:
                return send(statement)
            try:
                # Such a statement fails before its first row, or not at all.
                rows = send(statement)
                return chain([*islice(rows, 1)], rows)
            except DBAPIError as error:
                trouble = self.dialect.trouble(error.orig or error)
                if trouble.retry:
                    raise
                hint = "see that its tables of other servers (FEDERATED) answer, or drop them"
                self._fail(f"counts, sizes and foreign keys are missing: {trouble.what}", self.place, hint)
                return send(lesser)

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
        except AssertionError:
            # SQLAlchemy's way of saying that it cannot read the server's version.
            advice = "for 人大金仓, openGauss or GaussDB the connector is kingbase, opengauss or gaussdb"
            what = f"the server is no {self.dialect.name}"
            raise SourceFatalError(what, place=self.place, hint=advice) from None
        except RuntimeError as error:
            # PyMySQL says so when a server asks for a way of logging in that needs a further package.
            hint = "install the Python package cryptography" if "cryptography" in str(error) else None
            raise SourceFatalError("the driver cannot log in to this server", place=self.place, hint=hint) from None

    def _refuse_blindness(self, run: Run) -> None:
        """A database in which everything is hidden from the user is not an empty one."""
        rights = self._rights(run)
        if rights.unseen:
            what = f"the user may read none of the {rights.unseen} tables"
            hint = rights.advice or "grant USAGE on the schemas and SELECT on the tables"
            raise SourceFatalError(what, place=self.place, hint=hint)

    def _rights(self, run: Run) -> Rights:
        unseen: dict[str, int] | None = dict(run(self.dialect.UNSEEN)) if self.dialect.UNSEEN else None
        statements = granted(self.dialect, self.url, list(unseen or ()))
        return Rights(None if unseen is None else sum(unseen.values()), statements)

    @contextmanager
    def _errors(self, place: str | None = None) -> Iterator[None]:
        """Turn the driver's errors into ours, and keep their texts, which may quote values, out of them."""
        try:
            yield
        except DBAPIError as error:
            trouble = self.dialect.trouble(error.orig or error)
            if place is None:
                self._refuse_others(trouble)
            raised = SourceRetryError if trouble.retry else SourceFatalError
            raise raised(trouble.what, place=place or self.place, hint=trouble.hint) from None
        except (UnicodeDecodeError, SQLAlchemyError, ValueError) as error:
            what = f"the driver cannot read what the database sent ({type(error).__name__})"
            raise SourceFatalError(what, place=place or self.place, hint="check the database's encoding") from None

    def _refuse_others(self, trouble: Trouble) -> None:
        """A server of another kind gives odd answers; what it is says more than they do."""
        known = set(self.dialect.TROUBLES.values()) - {GONE, LOST}
        if trouble in known or self.dialect.in_file or not self.dialect.schemes:
            return
        if server := really(self.dialect, self.url, self.timeouts, connected=trouble is not LOST):
            what = f"the server is no {self.dialect.name}: it seems to be {server.name}"
            raise SourceFatalError(
                what, place=self.place, hint=f"connector: {' or '.join(server.connectors)}"
            ) from None

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

    sa.event.listen(engine, "do_connect", lambda _dialect, _record, _given, named: dialect.connect(named))
    sa.event.listen(engine, "connect", start)
    if dialect.BEGIN is not None:
        sa.event.listen(engine, "begin", partial(_begin, dialect.BEGIN))
    return engine


def _begin(statement: str, connection: Connection) -> None:
    # Each statement that samples is a transaction of its own, and a snapshot must not outlive it.
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql(statement)


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
        scheme = next(iter(dialect.schemes), "dialect+driver")
        hint = f"as in {scheme}://user:password@host:port/database; escape odd characters with %"
        raise ConfigurationError("url cannot be read", place=_where(config), hint=hint) from None
    if dialect.schemes and url.drivername not in dialect.schemes:
        known = ", ".join(f"{scheme}://" for scheme in dialect.schemes)
        raise ConfigurationError(f"url begins with {url.drivername}://", place=_where(config), hint=f"known: {known}")
    if dialect.in_file and url.database in (None, "", ":memory:"):
        raise ConfigurationError("url names no file", place=_where(config), hint="sqlite:////absolute/path or path:")
    return url.set(drivername=dialect.schemes.get(url.drivername, url.drivername))


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
