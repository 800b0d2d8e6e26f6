"""MariaDB, from information_schema.

Asset identity: ``schema.table``, where schema is MariaDB's database. When ``url`` names a database only that one is
read, else all that the user may see but the server's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from itertools import pairwise
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import Executable
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError

from connectors.sql import dialect as troubles
from connectors.sql.dialect import (
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

_STEPS = 5
"""Places of a large table that are sampled."""
MANY_ROWS = 100_000
"""Rows of a table in a view that is computed as a whole, however few of its rows are asked for."""

_OF_OPENED_TABLES = ("TABLE_ROWS", "DATA_LENGTH + INDEX_LENGTH", "COALESCE(UPDATE_TIME, CREATE_TIME)", "CREATE_OPTIONS")


class MariaDB(Dialect):
    name = "mariadb"
    schemes = dict.fromkeys(("mariadb", "mysql", "mariadb+pymysql", "mysql+pymysql"), "mysql+pymysql")
    # The protocol sends one unbuffered result at a time.
    shared_connection = False

    # A comparison with a literal lets the server open the one database's files only. BINARY orders by code point.
    # A table that cannot be opened has the error for a comment, and no engine.
    RELATIONS = """
    SELECT NULL, TABLE_SCHEMA, TABLE_NAME, IF(TABLE_TYPE LIKE '%VIEW', 'view', 'table'),
           IF(TABLE_TYPE LIKE '%VIEW' OR ENGINE IS NULL, NULL, NULLIF(TABLE_COMMENT, '')), TABLE_ROWS, NULL,
           CAST(DATA_LENGTH + INDEX_LENGTH AS SIGNED), COALESCE(UPDATE_TIME, CREATE_TIME), NULL,
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
        **dict.fromkeys(("1054", "1146", "1356"), troubles.GONE),
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

    def bound_samples(self, connection: Connection, timeouts: Timeouts) -> None:
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

    def is_costly(self, query: Executable, ask: Ask) -> bool:
        try:
            steps = ask(Explain("EXPLAIN", query))
        except DBAPIError as error:
            # Who may read a view is not always shown how it is computed; sample_timeout ends what takes long.
            if self.code(error.orig or error) in ("1142", "1345"):
                return False
            raise
        whole = any(
            step.select_type not in ("SIMPLE", "PRIMARY") or re.search("temporary|filesort", step.Extra or "")
            for step in steps
        )
        return whole and max(int(step.rows or 0) for step in steps) > MANY_ROWS

    def relations(self, run: Run, url: URL) -> Iterator[RelationRow]:
        for row in map(RelationRow._make, run(self._statement(self.RELATIONS, url))):
            changed = row.changed.replace(tzinfo=timezone.utc) if isinstance(row.changed, datetime) else row.changed
            yield row._replace(changed=changed)

    def columns(self, run: Run, url: URL) -> Iterator[ColumnRow]:
        return map(ColumnRow._make, run(self._statement(self.COLUMNS, url)))

    def keys(self, run: Run, url: URL) -> Iterator[KeyRow]:
        return whole_keys(run(self._statement(self.KEYS, url)))

    def views(self, run: Run, url: URL) -> Iterator[ViewRow]:
        return map(ViewRow._make, run(self._statement(self.VIEWS, url)))

    def lesser(self, statement: str) -> str | None:
        # To count rows or find foreign keys the server opens every table, and one that lies in another database which
        # is away (FEDERATED) fails the whole statement.
        shorter = statement.replace("REFERENCED_TABLE_NAME IS NOT NULL", "FALSE")
        for told in _OF_OPENED_TABLES:
            shorter = shorter.replace(told, "NULL")
        return shorter if shorter != statement else None

    def _statement(self, template: str, url: URL) -> str:
        own = "LOWER(TABLE_SCHEMA) NOT IN ({})".format(", ".join(f"'{schema}'" for schema in self.OWN_SCHEMAS))
        named = "TABLE_SCHEMA = '{}'".format((url.database or "").replace("\\", "\\\\").replace("'", "''"))
        return template.format(where=named if url.database else own, default=self.DEFAULT)

    def code(self, error: BaseException) -> str:
        number = error.args[0] if error.args else None
        return str(number) if isinstance(number, int) and number else ""


DIALECT = MariaDB()
