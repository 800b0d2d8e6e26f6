"""SQL Server 2008 and newer, from the catalogue views of one database.

Asset identity: ``database.schema.table``. Read is the database that ``url`` names, else the login's default one; seen
is what the login has a right to. Comments are the extended properties MS_Description.

The driver is pymssql: its wheels hold all that it needs, it logs in to servers as old as 2008 (Microsoft's ODBC driver
does not any more), and it reads each column in its own code page, which old databases in GBK need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import Executable
from sqlalchemy.engine import URL
from sqlalchemy.sql import ColumnElement

from connectors.sql import dialect as troubles
from connectors.sql.dialect import (
    Ask,
    ColumnRow,
    Dialect,
    Driver,
    Large,
    RelationRow,
    Row,
    Run,
    Timeouts,
    Trouble,
    ViewRow,
)

# Names of catalogue views are in the database's own collation, which often ignores case or sorts by pinyin.
_ORDER = "s.name COLLATE Latin1_General_BIN2, o.name COLLATE Latin1_General_BIN2"
_SEEN = """
    FROM sys.objects o
    JOIN sys.schemas s ON s.schema_id = o.schema_id
    {joined}
    WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0
      AND NOT EXISTS (SELECT 1 FROM sys.extended_properties tool
                      WHERE tool.class = 1 AND tool.major_id = o.object_id AND tool.minor_id = 0
                        AND tool.name = 'microsoft_database_tools_support')"""
_DESCRIPTION = """
    LEFT JOIN sys.extended_properties e
           ON e.class = 1 AND e.major_id = o.object_id AND e.minor_id = {column} AND e.name = 'MS_Description'"""

_RELATION_JOINS = f"""
    LEFT JOIN sys.indexes i ON i.object_id = o.object_id AND i.index_id IN (0, 1)
    LEFT JOIN sys.data_spaces d ON d.data_space_id = i.data_space_id
    LEFT JOIN (SELECT object_id, SUM(rows) AS n FROM sys.partitions WHERE index_id IN (0, 1)
               GROUP BY object_id) r ON r.object_id = o.object_id AND o.type = 'U'
    LEFT JOIN (SELECT p.object_id, SUM(a.total_pages) * 8192 AS size
               FROM sys.partitions p
               JOIN sys.allocation_units a
                 ON a.container_id = CASE WHEN a.type = 2 THEN p.partition_id ELSE p.hobt_id END
               GROUP BY p.object_id) z ON z.object_id = o.object_id
    {_DESCRIPTION.format(column="0")}"""
_COLUMN_JOINS = f"""
    JOIN sys.columns c ON c.object_id = o.object_id
    JOIN sys.types t ON t.user_type_id = c.user_type_id
    LEFT JOIN sys.types b ON b.user_type_id = c.system_type_id
    LEFT JOIN sys.default_constraints f ON f.object_id = c.default_object_id
    {_DESCRIPTION.format(column="c.column_id")}"""

_KEY_JOINS = """
    JOIN (
        SELECT i.object_id, CASE WHEN i.is_primary_key = 1 THEN 'p' ELSE 'u' END AS kind, i.name,
               c.name AS column_name, CAST(NULL AS nvarchar(128)) AS r_schema, CAST(NULL AS nvarchar(128)) AS r_table,
               CAST(NULL AS nvarchar(128)) AS r_column, p.key_ordinal AS position
        FROM sys.indexes i
        JOIN sys.index_columns p ON p.object_id = i.object_id AND p.index_id = i.index_id AND p.key_ordinal > 0
        JOIN sys.columns c ON c.object_id = p.object_id AND c.column_id = p.column_id
        WHERE i.is_unique = 1 AND i.has_filter = 0 AND i.is_hypothetical = 0
          AND (i.is_primary_key = 1 OR i.is_disabled = 0)
        UNION ALL
        SELECT f.parent_object_id, 'f', f.name, c.name, rs.name, ro.name, rc.name, p.constraint_column_id
        FROM sys.foreign_keys f
        JOIN sys.foreign_key_columns p ON p.constraint_object_id = f.object_id
        JOIN sys.columns c ON c.object_id = p.parent_object_id AND c.column_id = p.parent_column_id
        JOIN sys.objects ro ON ro.object_id = p.referenced_object_id
        JOIN sys.schemas rs ON rs.schema_id = ro.schema_id
        JOIN sys.columns rc ON rc.object_id = p.referenced_object_id AND rc.column_id = p.referenced_column_id
    ) k ON k.object_id = o.object_id"""

# Types of Microsoft's own libraries (hierarchyid, geography) have no row of their base in sys.types.
_TYPE = """CASE
               WHEN b.name IN ('nchar', 'nvarchar')
                    THEN b.name + '(' + CASE c.max_length WHEN -1 THEN 'max'
                                        ELSE CAST(c.max_length / 2 AS varchar(5)) END + ')'
               WHEN b.name IN ('char', 'varchar', 'binary', 'varbinary')
                    THEN b.name + '(' + CASE c.max_length WHEN -1 THEN 'max'
                                        ELSE CAST(c.max_length AS varchar(5)) END + ')'
               WHEN b.name IN ('decimal', 'numeric')
                    THEN b.name + '(' + CAST(c.precision AS varchar(3)) + ',' + CAST(c.scale AS varchar(3)) + ')'
               WHEN b.name IN ('time', 'datetime2', 'datetimeoffset')
                    THEN b.name + '(' + CAST(c.scale AS varchar(3)) + ')'
               ELSE COALESCE(b.name, t.name) END"""

_BASES = {"bit": "boolean", "timestamp": "rowversion", "float": "double"}
"""Types that mean something else elsewhere."""


class SQLServer(Dialect):
    name = "mssql"
    schemes = dict.fromkeys(("mssql", "sqlserver", "mssql+pymssql"), "mssql+pymssql")
    driver = Driver("pymssql", "mssql")
    # The driver has one result at a time.
    shared_connection = False
    unsampled = frozenset({"UNKNOWN", "VARIANT"})

    # External tables came with 2016; a column that is not there would fail the whole statement.
    HAS_EXTERNAL: ClassVar[str] = (
        "SELECT COUNT(*) FROM sys.all_columns WHERE object_id = OBJECT_ID('sys.tables') AND name = 'is_external'"
    )
    # Rows are counted by the server itself all the time: they are as old as the statement.
    RELATIONS = f"""
    SELECT DB_NAME(), s.name, o.name, CASE WHEN o.type = 'V' THEN 'view' ELSE 'table' END,
           CAST(e.value AS nvarchar(4000)), r.n, NULL, z.size, o.modify_date, NULL,
           CASE WHEN o.type = 'V' AND i.index_id = 1 THEN 'materialized' WHEN {{external}} THEN 'external'
                WHEN d.type = 'PS' THEN 'partitioned' END
    {_SEEN.format(joined=_RELATION_JOINS)}
    ORDER BY {_ORDER}
    """
    EXTERNAL: ClassVar[str] = (
        "EXISTS (SELECT 1 FROM sys.tables x WHERE x.object_id = o.object_id AND x.is_external = 1)"
    )
    COLUMNS = f"""
    SELECT s.name, o.name, c.name, CASE WHEN t.is_user_defined = 1 THEN t.name ELSE {_TYPE} END, {_TYPE},
           c.is_nullable, f.definition, CAST(e.value AS nvarchar(4000))
    {_SEEN.format(joined=_COLUMN_JOINS)}
    ORDER BY {_ORDER}, c.column_id
    """
    # An index with a filter says nothing of the rows outside it; columns that are only included have no key_ordinal.
    KEYS = f"""
    SELECT s.name, o.name, k.kind, k.name, k.column_name, k.r_schema, k.r_table, k.r_column, k.position
    {_SEEN.format(joined=_KEY_JOINS)}
    ORDER BY {_ORDER}, k.kind, k.name, k.position
    """
    # NULL when it is encrypted, or without the right VIEW DEFINITION.
    VIEWS = f"""
    SELECT s.name, o.name, m.definition, NULL
    {_SEEN.format(joined="JOIN sys.sql_modules m ON m.object_id = o.object_id")} AND o.type = 'V'
    ORDER BY {_ORDER}
    """
    ELSEWHERE: ClassVar[str] = f"SELECT s.name, o.name {_SEEN.format(joined='')} AND s.name <> 'dbo'"
    VIEW_SQL = "tsql"
    views_as_written = True

    TROUBLES: ClassVar[Mapping[str, Trouble]] = {
        **dict.fromkeys(("18456", "18452", "18470", "18486", "18487", "18488"), troubles.WRONG_PASSWORD),
        **dict.fromkeys(("4060", "4063", "4064", "911"), troubles.NO_DATABASE),
        **dict.fromkeys(("229", "230", "262", "297", "300", "916"), troubles.NOT_ALLOWED),
        **dict.fromkeys(("207", "208"), troubles.GONE),
        **dict.fromkeys(("1222", "1205", "601"), troubles.LOCKED),
        "20003": troubles.TIMEOUT,
        **dict.fromkeys(("20002", "20009"), troubles.UNREACHABLE),
        **dict.fromkeys(("20004", "20006", "20017", "20047"), troubles.LOST),
        **dict.fromkeys(("6005", "17142", "922", "927"), troubles.STOPPING),
        "17809": troubles.BUSY,
        "8649": Trouble(False, "the database expects that this takes too long", "raise sample_timeout, or exclude it"),
        "3906": troubles.READ_ONLY,
    }

    def grants(self, user: str) -> tuple[str, ...]:
        name = "[" + user.replace("]", "]]") + "]"
        return (
            f"GRANT CONNECT TO {name}",
            f"GRANT VIEW DEFINITION ON SCHEMA::<schema> TO {name}",
            f"GRANT SELECT ON SCHEMA::<schema> TO {name}",
        )

    def connect_arguments(self, url: URL, timeouts: Timeouts) -> dict[str, Any]:
        return {
            "login_timeout": max(timeouts.connect, 1),
            "timeout": timeouts.statement,
            "charset": "UTF-8",
            "appname": "public-data-catalog",
            # A login cannot be made read-only for a session; this one goes to a readable copy where there is one.
            "read_only": True,
        }

    def session(self, timeouts: Timeouts) -> Iterable[str]:
        # No lock on rows, so that nobody who writes waits for us; a row that is undone later does no harm here.
        yield "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED"
        yield "SET DEADLOCK_PRIORITY LOW"
        # Behind a change of structure; those who come after us would wait as well. -1: for ever.
        yield f"SET LOCK_TIMEOUT {timeouts.lock * 1000 or -1}"

    def bound_samples(self, connection: sa.Connection, timeouts: Timeouts) -> None:
        # The driver's own limit is that of the whole process. The server's is one of its estimates, made beforehand.
        connection.exec_driver_sql(f"SET QUERY_GOVERNOR_COST_LIMIT {timeouts.sampling}")

    def beginning(self, value: ColumnElement[Any], length: int) -> ColumnElement[Any]:
        # XML and the old type text have no functions of their own for this.
        return sa.func.substring(sa.cast(value, sa.NVARCHAR()), 1, length)

    def spread(self, large: Large, ask: Ask) -> Executable | None:
        """Some pages from all over the table, always the same ones."""
        share = min(100.0, 100 * 20 * large.rows / large.estimate)
        pages = sa.func.system(sa.literal_column(f"{share:.6f}"))
        return large.select(sa.tablesample(large.table, pages, name="pages", seed=sa.literal_column("1"))).limit(
            large.rows
        )

    def relations(self, run: Run, url: URL) -> Iterator[RelationRow]:
        [(has_external,)] = run(self.HAS_EXTERNAL)
        statement = self.RELATIONS.format(external=self.EXTERNAL if has_external else "1 = 0")
        return map(_relation, run(statement))

    def columns(self, run: Run, url: URL) -> Iterator[ColumnRow]:
        return map(_column, run(self.COLUMNS))

    def views(self, run: Run, url: URL) -> Iterator[ViewRow]:
        """A table that a view names without a schema is in the view's own, else in dbo."""
        elsewhere = {(schema, name.lower()) for schema, name in run(self.ELSEWHERE)}
        for row in run(self.VIEWS):
            view = ViewRow._make(row)
            yield view if view.schema == "dbo" else view._replace(near=_Near(view.schema, elsewhere))

    def code(self, error: BaseException) -> str:
        """pymssql raises ``(number, text)``, and while connecting a tuple of them in a tuple."""
        first = error.args[0] if error.args else None
        number = first[0] if isinstance(first, tuple) and first else first
        return str(number) if isinstance(number, int) and number else ""


class _Near(Mapping[str, str]):
    """Schema by name, in any case, of the tables that a view outside dbo names without one."""

    def __init__(self, own: str, elsewhere: Set[tuple[str, str]]) -> None:
        self.own, self.elsewhere = own, elsewhere

    def __getitem__(self, name: str) -> str:
        return self.own if (self.own, name.lower()) in self.elsewhere else "dbo"

    def __iter__(self) -> Iterator[str]:
        return (name for schema, name in self.elsewhere if schema == self.own)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _relation(row: Row) -> RelationRow:
    found = RelationRow(*row)
    return found._replace(
        comment=(found.comment or "").strip() or None,
        rows=None if found.rows is None else int(found.rows),
        size=None if found.size is None else int(found.size),
    )


def _column(row: Row) -> ColumnRow:
    found = ColumnRow._make(row)
    base = _BASES.get(found.base or "", found.base)
    return found._replace(
        base=None if base == found.native else base,
        nullable=bool(found.nullable),
        comment=(found.comment or "").strip() or None,
    )


DIALECT = SQLServer()
