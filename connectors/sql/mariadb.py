"""MariaDB, from information_schema.

Asset identity: ``schema.table``, where schema is MariaDB's database. When ``url`` names a database only that one is
read, else all that the user may see but the server's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from sqlalchemy.engine import URL, Connection

from connectors.sql import dialect as troubles
from connectors.sql.dialect import ColumnRow, Dialect, KeyRow, RelationRow, Run, Timeouts, Trouble, ViewRow


class MariaDB(Dialect):
    name = "mariadb"
    schemes = dict.fromkeys(("mariadb", "mysql", "mariadb+pymysql", "mysql+pymysql"), "mysql+pymysql")
    # The protocol sends one unbuffered result at a time.
    shared_connection = False

    # A comparison with a literal lets the server open the one database's files only. BINARY orders by code point.
    RELATIONS = """
    SELECT NULL, TABLE_SCHEMA, TABLE_NAME, IF(TABLE_TYPE LIKE '%VIEW', 'view', 'table'),
           IF(TABLE_TYPE LIKE '%VIEW', NULL, NULLIF(TABLE_COMMENT, '')), TABLE_ROWS, NULL
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
        SELECT TABLE_SCHEMA s, TABLE_NAME t, 'p' kind, INDEX_NAME name, COLUMN_NAME,
               NULL referred_schema, NULL referred_table, NULL referred_column, SEQ_IN_INDEX position
        FROM information_schema.STATISTICS WHERE {where} AND INDEX_NAME = 'PRIMARY'
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
        return {"connect_timeout": bound, "read_timeout": bound, "charset": "utf8mb4"}

    def prepare(self, connection: Any, timeouts: Timeouts) -> None:
        # The server's own limit comes first; this one is for a server that has gone silent.
        connection._read_timeout = timeouts.statement + 10 if timeouts.statement else None

    def session(self, timeouts: Timeouts) -> Iterable[str]:
        yield "SET SESSION TRANSACTION READ ONLY"
        # Double quotes and backslashes in names keep their standard meaning whatever the server's default is.
        yield "SET SESSION sql_mode = ''"
        # A slow consumer of the streams is no reason for the server to hang up.
        yield "SET SESSION net_write_timeout = 3600"

    def bound_samples(self, connection: Connection, timeouts: Timeouts) -> None:
        # Either server answers to either name in departments/*.yaml, so the server itself says what it is.
        if getattr(connection.dialect, "is_mariadb", False):
            connection.exec_driver_sql(f"SET SESSION max_statement_time = {timeouts.statement}")
        else:
            connection.exec_driver_sql(f"SET SESSION max_execution_time = {timeouts.statement * 1000}")

    def relations(self, run: Run, url: URL) -> Iterator[RelationRow]:
        return (RelationRow(*row) for row in run(self._statement(self.RELATIONS, url)))

    def columns(self, run: Run, url: URL) -> Iterator[ColumnRow]:
        return map(ColumnRow._make, run(self._statement(self.COLUMNS, url)))

    def keys(self, run: Run, url: URL) -> Iterator[KeyRow]:
        return map(KeyRow._make, run(self._statement(self.KEYS, url)))

    def views(self, run: Run, url: URL) -> Iterator[ViewRow]:
        return map(ViewRow._make, run(self._statement(self.VIEWS, url)))

    def _statement(self, template: str, url: URL) -> str:
        own = "TABLE_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')"
        named = "TABLE_SCHEMA = '{}'".format((url.database or "").replace("\\", "\\\\").replace("'", "''"))
        return template.format(where=named if url.database else own, default=self.DEFAULT)

    def code(self, error: BaseException) -> str:
        number = error.args[0] if error.args else None
        return str(number) if isinstance(number, int) and number else ""


DIALECT = MariaDB()
