"""MariaDB, from information_schema.

Asset identity: ``schema.table``, where schema is MariaDB's database. When ``url`` names a database only that one is
read, else all that the user may see but the server's own.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import dropwhile, pairwise
from typing import Any, ClassVar

import sqlalchemy as sa
from pymysql.connections import Connection as DriverConnection
from sqlalchemy import Executable, Select
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError

from connectors.sql import dialect as troubles
from connectors.sql.dialect import (
    NO_PLAN,
    TOO_MUCH,
    Ask,
    ColumnRow,
    Dialect,
    Explain,
    KeyRow,
    Large,
    RelationRow,
    Run,
    Timeouts,
    Trouble,
    ViewRow,
    whole_keys,
)
from connectors.sql.plans import rows_stall

_STEPS = 5
"""Places of a large table that are sampled."""

LONGEST_ANSWER = 1_048_576
"""Bytes of the columns of one table, as the server puts them into one text; longer ones are read row by row."""

_OF_OPENED_TABLES = ("TABLE_ROWS", "DATA_LENGTH + INDEX_LENGTH", "COALESCE(UPDATE_TIME, CREATE_TIME)", "CREATE_OPTIONS")


class MariaDB(Dialect):
    name = "mariadb"
    schemes = dict.fromkeys(("mariadb", "mysql", "mariadb+pymysql", "mysql+pymysql"), "mysql+pymysql")
    # The protocol sends one unbuffered result at a time.
    shared_connection = False
    side_by_side = True
    explains = True
    # The driver asks for no more than it is given to read, and a row may hold all columns of a table.
    fetch = 50

    # A comparison with a literal lets the server open the one database's files only. BINARY orders by code point.
    # A table that cannot be opened has the error for a comment, and no engine.
    RELATIONS = """
    SELECT NULL, TABLE_SCHEMA, TABLE_NAME, IF(TABLE_TYPE LIKE '%VIEW', 'view', 'table'),
           IF(TABLE_TYPE LIKE '%VIEW' OR ENGINE IS NULL, NULL, NULLIF(TABLE_COMMENT, '')), TABLE_ROWS, NULL,
           CAST(DATA_LENGTH + INDEX_LENGTH AS SIGNED),
           DATE_FORMAT(COALESCE(UPDATE_TIME, CREATE_TIME), '%Y-%m-%dT%H:%i:%s+00:00'), NULL,
           CASE WHEN CREATE_OPTIONS LIKE '%partitioned%' THEN 'partitioned'
                WHEN ENGINE IN ('FEDERATED', 'CONNECT', 'SPIDER') THEN 'foreign' END
    FROM information_schema.TABLES
    WHERE {where} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW')
    ORDER BY BINARY TABLE_SCHEMA, BINARY TABLE_NAME
    """
    COLUMNS = """
    SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, NULL, IS_NULLABLE = 'YES',
           {default}, NULLIF(COLUMN_COMMENT, '')
    FROM information_schema.COLUMNS
    WHERE {where}
    ORDER BY BINARY TABLE_SCHEMA, BINARY TABLE_NAME, ORDINAL_POSITION
    """
    # The driver takes rows apart in Python: one for each table is a fifth of the work. Names hold no NUL.
    COLUMNS_BY_TABLE: ClassVar[str | None] = """
    SELECT TABLE_SCHEMA, TABLE_NAME, COUNT(*),
           GROUP_CONCAT(COLUMN_NAME, '\\0', COLUMN_TYPE, '\\0', IFNULL(CONCAT('=', {default}), ''), '\\0',
                        COLUMN_COMMENT, '\\0', IS_NULLABLE ORDER BY ORDINAL_POSITION SEPARATOR '\\0')
    FROM information_schema.COLUMNS
    WHERE {where}
    GROUP BY BINARY TABLE_SCHEMA, BINARY TABLE_NAME
    ORDER BY BINARY TABLE_SCHEMA, BINARY TABLE_NAME
    """
    # STATISTICS shows a primary key to readers who have SELECT only; KEY_COLUMN_USAGE does not everywhere.
    KEYS = """
    SELECT * FROM (
        SELECT TABLE_SCHEMA s, TABLE_NAME t, IF(INDEX_NAME = 'PRIMARY', 'p', 'u') kind, INDEX_NAME name,
               IF(INDEX_NAME = 'PRIMARY' OR SUB_PART IS NULL, COLUMN_NAME, NULL) part,
               NULL referred_schema, NULL referred_table, NULL referred_column, SEQ_IN_INDEX position
        FROM information_schema.STATISTICS WHERE {where} AND NON_UNIQUE = 0
        UNION ALL
        SELECT TABLE_SCHEMA, TABLE_NAME, 'f', CONSTRAINT_NAME, COLUMN_NAME,
               REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME, ORDINAL_POSITION
        FROM information_schema.KEY_COLUMN_USAGE WHERE {where} AND REFERENCED_TABLE_NAME IS NOT NULL
    ) parts
    ORDER BY BINARY s, BINARY t, kind, BINARY name, position
    """
    # Empty without the right SHOW VIEW.
    VIEWS = """
    SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION, NULL
    FROM information_schema.VIEWS
    WHERE {where}
    ORDER BY BINARY TABLE_SCHEMA, BINARY TABLE_NAME
    """
    VIEW_SQL = "mysql"
    # MariaDB gives defaults as SQL, so that an absent one is the word NULL.
    DEFAULT: ClassVar[str] = "NULLIF(COLUMN_DEFAULT, 'NULL')"
    OWN_SCHEMAS: ClassVar[tuple[str, ...]] = ("information_schema", "mysql", "performance_schema", "sys")
    """The server's own, in small letters."""

    TROUBLES: ClassVar[Mapping[str, Trouble]] = {
        **dict.fromkeys(("1045", "1130", "1698", "1820", "1862"), troubles.WRONG_PASSWORD),
        "1049": troubles.NO_DATABASE,
        **dict.fromkeys(("1044", "1142", "1143", "1227", "1370", "1345"), troubles.NOT_ALLOWED),
        **dict.fromkeys(("1054", "1146"), troubles.GONE),
        **dict.fromkeys(("1356", "1449"), troubles.BROKEN),
        **dict.fromkeys(("1040", "1203", "1226"), troubles.BUSY),
        "1053": troubles.STOPPING,
        **dict.fromkeys(("1205", "1213"), troubles.LOCKED),
        **dict.fromkeys(("1317", "1969", "3024"), troubles.TIMEOUT),
        **dict.fromkeys(("2006", "2013", "2055"), troubles.LOST),
        **dict.fromkeys(("2002", "2003", "2005"), troubles.UNREACHABLE),
        **dict.fromkeys(("1290", "1792"), troubles.READ_ONLY),
    }

    def grants(self, user: str) -> tuple[str, ...]:
        name = user.replace("\\", "\\\\").replace("'", "''")
        return (f"GRANT SELECT, SHOW VIEW ON <database>.* TO '{name}'@'%'",)

    def connect_arguments(self, url: URL, timeouts: Timeouts) -> dict[str, Any]:
        # PyMySQL's connect_timeout ends with TCP's handshake; a silent server is caught by the read timeout.
        bound = max(timeouts.connect, 1)
        return {
            "connect_timeout": bound,
            "read_timeout": bound,
            "charset": "utf8mb4",
            "program_name": "public-data-catalog",
        }

    def connect(self, arguments: Mapping[str, Any]) -> Any:
        return _Connection(**arguments)

    def prepare(self, connection: Any, timeouts: Timeouts) -> None:
        # The server's own limit comes first; this one is for a server that has gone silent.
        connection._read_timeout = timeouts.statement + 10 if timeouts.statement else None

    def session(self, timeouts: Timeouts) -> Iterable[str]:
        yield "SET SESSION TRANSACTION READ ONLY"
        # Double quotes and backslashes in names keep their standard meaning whatever the server's default is.
        yield "SET SESSION sql_mode = ''"
        # The dictionary tells times in the session's zone.
        yield "SET SESSION time_zone = '+00:00'"
        # Their defaults are a day or a year, and half a minute or longer. Neither takes 0.
        yield f"SET SESSION lock_wait_timeout = {timeouts.lock or 31536000}"
        yield f"SET SESSION innodb_lock_wait_timeout = {timeouts.lock or 31536000}"
        # A slow consumer of the streams is no reason for the server to hang up.
        yield "SET SESSION net_write_timeout = 3600"
        if self.COLUMNS_BY_TABLE is not None:
            yield f"SET SESSION group_concat_max_len = {LONGEST_ANSWER}"

    def bound_samples(self, connection: Connection, timeouts: Timeouts) -> None:
        if timeouts.lock:
            # A little less than the statement's own limit, so that it says which of both it was.
            connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {max(timeouts.sampling - 1, 1)}")
        # Either server answers to either name in departments/*.yaml, so the server itself says what it is.
        if getattr(connection.dialect, "is_mariadb", False):
            connection.exec_driver_sql(f"SET SESSION max_statement_time = {timeouts.sampling}")
        else:
            connection.exec_driver_sql(f"SET SESSION max_execution_time = {timeouts.sampling * 1000}")

    def spread(self, large: Large, ask: Ask) -> Executable | None:
        """The beginnings of equal ranges of a primary key that is one whole number."""
        if len(large.key) != 1:
            return None
        key = large.table.c[large.key[0]]
        low, high = ask(sa.select(sa.func.min(key), sa.func.max(key)))[0]
        if not isinstance(low, int) or not isinstance(high, int) or high - low < _STEPS:
            return None
        bounds = [low + (high + 1 - low) * i // _STEPS for i in range(_STEPS + 1)]
        each = -(-large.rows // _STEPS)
        return sa.union_all(
            *(
                large.select(large.table).where(key >= first, key < after).order_by(key).limit(each)
                for first, after in pairwise(bounds)
            )
        )

    def objection(self, query: Select[Any], ask: Ask) -> str | None:
        try:
            return TOO_MUCH if rows_stall(ask(Explain("EXPLAIN", query))) else None
        except DBAPIError as error:
            if self.code(error.orig or error) in ("1142", "1345"):
                return NO_PLAN
            raise
        except (AttributeError, ValueError):
            return TOO_MUCH

    def listed(self, run: Run, url: URL) -> Iterator[RelationRow]:
        return map(RelationRow._make, run(_unopened(self._statement(self.RELATIONS, url))))

    def relations(self, run: Run, url: URL) -> Iterator[RelationRow]:
        return map(RelationRow._make, run(self._statement(self.RELATIONS, url)))

    def columns(self, run: Run, url: URL) -> Iterator[ColumnRow]:
        by_row = self._statement(self.COLUMNS, url)
        if self.COLUMNS_BY_TABLE is None:
            return map(ColumnRow._make, run(by_row))
        return self._by_table(run, self._statement(self.COLUMNS_BY_TABLE, url), by_row)

    def _by_table(self, run: Run, by_table: str, by_row: str) -> Iterator[ColumnRow]:
        """Columns told by table, and by row from the first table on that does not fit into one text."""
        try:
            tables = run(by_table)
        except DBAPIError as error:
            if self.trouble(error.orig or error).retry:
                raise
            # A relative that cannot do it.
            yield from map(ColumnRow._make, run(by_row))
            return
        for schema, table, count, text in tables:
            columns = _unpacked(schema, table, count, text or "")
            if columns is None:
                # The connection is free again when a result has been read to its end.
                deque(tables, maxlen=0)
                yield from _from((schema, table), map(ColumnRow._make, run(by_row)))
                return
            yield from columns

    def keys(self, run: Run, url: URL) -> Iterator[KeyRow]:
        return whole_keys(run(self._statement(self.KEYS, url)))

    def views(self, run: Run, url: URL) -> Iterator[ViewRow]:
        return map(ViewRow._make, run(self._statement(self.VIEWS, url)))

    def lesser(self, statement: str) -> str | None:
        shorter = _unopened(statement)
        return shorter if shorter != statement else None

    def _statement(self, template: str, url: URL) -> str:
        own = "LOWER(TABLE_SCHEMA) NOT IN ({})".format(", ".join(f"'{schema}'" for schema in self.OWN_SCHEMAS))
        named = "TABLE_SCHEMA = '{}'".format((url.database or "").replace("\\", "\\\\").replace("'", "''"))
        return template.format(where=named if url.database else own, default=self.DEFAULT)

    def code(self, error: BaseException) -> str:
        number = error.args[0] if error.args else None
        return str(number) if isinstance(number, int) and number else ""


class _Connection(DriverConnection):
    """PyMySQL's, which takes TLS where the server offers it, and reads the system's certificate authorities each time
    although it verifies nobody before ``ssl_ca`` (or another option of TLS) is in the URL."""

    def _create_ssl_ctx(self, given: Any) -> ssl.SSLContext:
        found: ssl.SSLContext = super()._create_ssl_ctx(given) if given else _unverified()  # type: ignore[misc]
        return found


@lru_cache(maxsize=1)
def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _unopened(statement: str) -> str:
    """The statement without what makes the server open every table: counts, sizes, times, foreign keys. A table that
    lies in another database which is away (FEDERATED) would fail it as a whole."""
    shorter = statement.replace("REFERENCED_TABLE_NAME IS NOT NULL", "FALSE")
    for told in _OF_OPENED_TABLES:
        shorter = shorter.replace(told, "NULL")
    return shorter


def _from(first: tuple[str, str], rows: Iterator[ColumnRow]) -> Iterator[ColumnRow]:
    return dropwhile(lambda row: row[:2] < first, rows)


def _unpacked(schema: str, table: str, count: int, text: str) -> list[ColumnRow] | None:
    """The columns of one table; None when the server has cut the text, or it cannot be told where a comment ends."""
    parts = text.split("\0")
    if len(parts) != 5 * count or not {"YES", "NO"}.issuperset(parts[4::5]):
        return None
    return [
        ColumnRow(schema, table, name, native, None, nullable == "YES", default[1:] if default else None, told or None)
        for name, native, default, told, nullable in zip(*[iter(parts)] * 5, strict=True)
    ]


DIALECT = MariaDB()
