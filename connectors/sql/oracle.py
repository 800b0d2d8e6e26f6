"""Oracle Database 12.1 and newer, and 11.2 with Oracle's client libraries, from the ALL_* dictionary views.

Asset identity: ``schema.table``. The service by which a database is reached is not part of it: it changes when a
database moves, and one database often has several. Seen is what the user owns or has a privilege on; the schemas that
Oracle makes itself are left out. Partitions, storage of nested tables, logs and text indexes belong to their tables.

The driver speaks to 12.1 and newer by itself. Older servers need Oracle's client libraries, whose folder ``url`` names:
``oracle://…/?service_name=HIS&client_lib_dir=/opt/oracle/instantclient_19_23``; from then on the whole process uses
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from operator import itemgetter
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import Executable
from sqlalchemy.engine import URL

from connectors.base import SourceFatalError
from connectors.sql import dialect as troubles
from connectors.sql.dialect import (
    Ask,
    ColumnRow,
    Dialect,
    Driver,
    KeyRow,
    Large,
    RelationRow,
    Row,
    Run,
    Timeouts,
    Trouble,
    ViewRow,
)

SYSTEM_SCHEMAS = """
    'ANONYMOUS', 'APPQOSSYS', 'AUDSYS', 'CTXSYS', 'DBSFWUSER', 'DBSNMP', 'DGPDB_INT', 'DIP', 'DVF', 'DVSYS', 'EXFSYS',
    'FLOWS_FILES', 'GGSYS', 'GSMADMIN_INTERNAL', 'GSMCATUSER', 'GSMROOTUSER', 'GSMUSER', 'LBACSYS', 'MDDATA', 'MDSYS',
    'MGMT_VIEW', 'OJVMSYS', 'OLAPSYS', 'ORACLE_OCM', 'ORDDATA', 'ORDPLUGINS', 'ORDSYS', 'OUTLN', 'OWBSYS',
    'OWBSYS_AUDIT', 'PDBADMIN', 'REMOTE_SCHEDULER_AGENT', 'SI_INFORMTN_SCHEMA', 'SPATIAL_CSW_ADMIN_USR',
    'SPATIAL_WFS_ADMIN_USR', 'SYS', 'SYS$UMF', 'SYSBACKUP', 'SYSDG', 'SYSKM', 'SYSMAN', 'SYSRAC', 'SYSTEM', 'VECSYS',
    'WKPROXY', 'WKSYS', 'WK_TEST', 'WMSYS', 'XDB', 'XS$NULL'"""

_OWN = "{owner} NOT IN ({system}) AND NOT REGEXP_LIKE({owner}, '^APEX_[0-9]+$')"

# A LONG (DATA_DEFAULT, TEXT, QUERY) may be selected, but stands in no expression and no UNION.
_RELATIONS = """
SELECT NULL, o.OWNER, o.OBJECT_NAME,
       CASE WHEN o.OBJECT_TYPE = 'VIEW' OR m.NAME IS NOT NULL THEN 'view' ELSE 'table' END,
       d.COMMENTS, t.NUM_ROWS, NULL, NULL, o.LAST_DDL_TIME, t.LAST_ANALYZED,
       CASE WHEN m.NAME IS NOT NULL THEN 'materialized' WHEN e.NAME IS NOT NULL THEN 'external'
            WHEN t.PARTITIONED = 'YES' THEN 'partitioned' END
FROM ALL_OBJECTS o
LEFT JOIN ALL_TABLES t ON t.OWNER = o.OWNER AND t.TABLE_NAME = o.OBJECT_NAME AND o.OBJECT_TYPE = 'TABLE'
LEFT JOIN ({materialized}) m ON m.OWNER = o.OWNER AND m.NAME = o.OBJECT_NAME
LEFT JOIN ({external}) e ON e.OWNER = o.OWNER AND e.NAME = o.OBJECT_NAME
LEFT JOIN ALL_TAB_COMMENTS d
       ON d.OWNER = o.OWNER AND d.TABLE_NAME = o.OBJECT_NAME AND d.TABLE_TYPE = o.OBJECT_TYPE
WHERE o.OBJECT_TYPE IN ('TABLE', 'VIEW') AND {own} AND NVL(o.SECONDARY, 'N') = 'N'
  AND o.OBJECT_NAME NOT LIKE 'BIN$%' AND o.OBJECT_NAME NOT LIKE 'MLOG$\\_%' ESCAPE '\\'
  AND o.OBJECT_NAME NOT LIKE 'RUPD$\\_%' ESCAPE '\\'
  AND NVL(t.NESTED, 'NO') = 'NO' AND (t.IOT_TYPE IS NULL OR t.IOT_TYPE = 'IOT') AND {whole}
ORDER BY {by_owner}, {by_name}
"""
_COLUMNS = """
SELECT c.OWNER, c.TABLE_NAME, c.COLUMN_NAME, {type}, NULL, c.NULLABLE, c.DATA_DEFAULT, d.COMMENTS
FROM ALL_TAB_COLUMNS c
LEFT JOIN ALL_COL_COMMENTS d
       ON d.{comment_owner} = c.OWNER AND d.TABLE_NAME = c.TABLE_NAME AND d.COLUMN_NAME = c.COLUMN_NAME
WHERE {own}
ORDER BY {by_owner}, {by_name}, c.COLUMN_ID
"""
# The columns of an index on expressions have names that mean nothing; such indexes have a type of their own.
_KEYS = """
SELECT k.OWNER, k.NAME, k.KIND, k.KEY_NAME, k.COLUMN_NAME, k.R_OWNER, k.R_NAME, k.R_COLUMN, k.N
FROM (
    SELECT c.OWNER, c.TABLE_NAME NAME, CASE c.CONSTRAINT_TYPE WHEN 'P' THEN 'p' WHEN 'R' THEN 'f' ELSE 'u' END KIND,
           c.CONSTRAINT_NAME KEY_NAME, p.COLUMN_NAME, r.OWNER R_OWNER, r.TABLE_NAME R_NAME, r.COLUMN_NAME R_COLUMN,
           p.POSITION N
    FROM ALL_CONSTRAINTS c
    JOIN ALL_CONS_COLUMNS p ON p.OWNER = c.OWNER AND p.CONSTRAINT_NAME = c.CONSTRAINT_NAME
    LEFT JOIN ALL_CONS_COLUMNS r
           ON r.OWNER = c.R_OWNER AND r.CONSTRAINT_NAME = c.R_CONSTRAINT_NAME AND r.POSITION = p.POSITION
    WHERE {own_keys}
      AND (c.CONSTRAINT_TYPE = 'P' OR c.CONSTRAINT_TYPE = 'U' AND c.STATUS = 'ENABLED'
           OR c.CONSTRAINT_TYPE = 'R' AND r.TABLE_NAME IS NOT NULL)
    UNION ALL
    SELECT i.TABLE_OWNER, i.TABLE_NAME, 'u', i.INDEX_NAME, p.COLUMN_NAME, NULL, NULL, NULL, p.COLUMN_POSITION
    FROM ALL_INDEXES i
    JOIN ALL_IND_COLUMNS p ON p.INDEX_OWNER = i.OWNER AND p.INDEX_NAME = i.INDEX_NAME
    WHERE {own_indexes} AND i.UNIQUENESS = 'UNIQUE' AND i.INDEX_TYPE IN ('NORMAL', 'NORMAL/REV', 'IOT - TOP')
      AND NOT EXISTS (SELECT 1 FROM ALL_CONSTRAINTS c WHERE c.OWNER = i.TABLE_OWNER AND c.TABLE_NAME = i.TABLE_NAME
                      AND c.INDEX_NAME = i.INDEX_NAME AND c.CONSTRAINT_TYPE IN ('P', 'U'))
) k
ORDER BY {by_owner}, {by_name}, k.KIND, k.KEY_NAME, k.N
"""
_TYPE = """CASE
           WHEN c.DATA_TYPE IN ('CHAR', 'VARCHAR2') AND c.CHAR_USED = 'C'
                THEN c.DATA_TYPE || '(' || c.CHAR_LENGTH || ' CHAR)'
           WHEN c.DATA_TYPE IN ('CHAR', 'VARCHAR2', 'NCHAR', 'NVARCHAR2')
                THEN c.DATA_TYPE || '(' || c.CHAR_LENGTH || ')'
           WHEN c.DATA_TYPE IN ('RAW', 'UROWID') THEN c.DATA_TYPE || '(' || c.DATA_LENGTH || ')'
           WHEN c.DATA_TYPE = 'FLOAT' THEN c.DATA_TYPE || '(' || c.DATA_PRECISION || ')'
           WHEN c.DATA_TYPE = 'NUMBER' AND c.DATA_PRECISION IS NULL AND c.DATA_SCALE = 0 THEN 'NUMBER(*,0)'
           WHEN c.DATA_TYPE = 'NUMBER' AND c.DATA_PRECISION IS NOT NULL AND c.DATA_SCALE = 0
                THEN 'NUMBER(' || c.DATA_PRECISION || ')'
           WHEN c.DATA_TYPE = 'NUMBER' AND c.DATA_PRECISION IS NOT NULL
                THEN 'NUMBER(' || c.DATA_PRECISION || ',' || c.DATA_SCALE || ')'
           ELSE c.DATA_TYPE END"""
_ROWS = 2_000
"""That each answer of the server brings; the driver's own number is a twentieth of it."""
_NOTHING = "SELECT OWNER, OBJECT_NAME NAME FROM ALL_OBJECTS WHERE 1 = 0"
_DEFAULT_COMMENT = "snapshot table for snapshot "
"""What Oracle itself writes beside a materialised view."""


class Oracle(Dialect):
    name = "oracle"
    schemes: ClassVar[Mapping[str, str]] = dict.fromkeys(("oracle", "oracle+oracledb"), "oracle+oracledb")
    driver = Driver("oracledb", "oracle")
    BEGIN: ClassVar[str | None] = "SET TRANSACTION READ ONLY"
    # In an inline view, which a limit makes of the statement, neither driver nor server gives all of them.
    unsampled = frozenset({"LONG", "XML", "UNKNOWN", "VARIANT", "STRUCT", "ARRAY"})

    SYSTEM: ClassVar[str] = SYSTEM_SCHEMAS
    """The schemas that the database makes itself, as a list in SQL."""
    MATERIALIZED: ClassVar[str] = "SELECT OWNER, MVIEW_NAME NAME FROM ALL_MVIEWS"
    EXTERNAL: ClassVar[str] = "SELECT OWNER, TABLE_NAME NAME FROM ALL_EXTERNAL_TABLES"
    WHOLE: ClassVar[str] = "1 = 1"
    """Tells tables from their parts, where both are tables to the dictionary."""
    TYPE: ClassVar[str] = _TYPE
    COMMENT_OWNER: ClassVar[str] = "OWNER"
    """The column of ALL_COL_COMMENTS that holds the schema."""
    BY: ClassVar[str | None] = "CONVERT({}, 'AL32UTF8')"
    """Orders names by code point, which no sort of a database in GBK does; None: the rows are sorted here."""

    PROBE = "SELECT 1 FROM DUAL"
    VIEWS = "SELECT v.OWNER, v.VIEW_NAME, v.TEXT, NULL FROM ALL_VIEWS v WHERE {own}"
    MATERIALIZED_VIEWS: ClassVar[str | None] = (
        "SELECT v.OWNER, v.MVIEW_NAME, v.QUERY, NULL FROM ALL_MVIEWS v WHERE {own}"
    )
    DEPENDENCIES: ClassVar[str | None] = """
    SELECT v.OWNER, v.NAME, v.REFERENCED_OWNER, v.REFERENCED_NAME FROM ALL_DEPENDENCIES v
    WHERE v.TYPE IN ('VIEW', 'MATERIALIZED VIEW')
      AND v.REFERENCED_TYPE IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') AND {own}
    """
    """What each view reads, synonyms followed to their ends."""
    VIEW_SQL = "oracle"
    # The star is expanded when a view is made, but names stay in the case in which they were typed.
    views_as_written = True

    TROUBLES: ClassVar[Mapping[str, Trouble]] = {
        **dict.fromkeys(("ORA-01017", "ORA-01005", "ORA-28001", "ORA-28000", "DPY-4001"), troubles.WRONG_PASSWORD),
        **dict.fromkeys(("ORA-12514", "ORA-12505", "DPY-6001", "DPY-6003"), troubles.NO_DATABASE),
        **dict.fromkeys(("DPY-4000", "ORA-12154"), troubles.NO_DATABASE),
        **dict.fromkeys(("ORA-01031", "ORA-01045"), troubles.NOT_ALLOWED),
        **dict.fromkeys(("ORA-00942", "ORA-00904", "ORA-04043", "ORA-04063", "ORA-08103"), troubles.GONE),
        **dict.fromkeys(("ORA-01013", "DPY-4024", "ORA-03136", "ORA-03156"), troubles.TIMEOUT),
        **dict.fromkeys(("ORA-00054", "ORA-00060", "ORA-04021", "ORA-08177"), troubles.LOCKED),
        **dict.fromkeys(("ORA-00018", "ORA-00020", "ORA-02391", "ORA-12516", "ORA-12519", "ORA-12520"), troubles.BUSY),
        **dict.fromkeys(("ORA-01033", "ORA-01034", "ORA-01089", "ORA-01109", "ORA-27101"), troubles.STOPPING),
        **dict.fromkeys(("ORA-00028", "ORA-03113", "ORA-03114", "ORA-03135", "DPY-4011", "DPY-1001"), troubles.LOST),
        **dict.fromkeys(("ORA-12541", "ORA-12170", "ORA-12543", "ORA-12545", "DPY-6000"), troubles.UNREACHABLE),
        **dict.fromkeys(("DPY-6005", "ORA-12535", "ORA-12537", "ORA-12560"), troubles.UNREACHABLE),
        **dict.fromkeys(("ORA-01456", "ORA-16000"), troubles.READ_ONLY),
        "ORA-01555": Trouble(True, "the database keeps its past for too short a time", "try again at a quieter time"),
        "DPY-3010": Trouble(
            False,
            "the server is older than Oracle 12.1, which the driver cannot read by itself",
            "add client_lib_dir=<folder of Oracle's client libraries> to url; see docs/connectors.md",
        ),
        "DPY-3012": Trouble(
            False,
            "the database's national character set is one that the driver cannot read by itself",
            "add client_lib_dir=<folder of Oracle's client libraries> to url; see docs/connectors.md",
        ),
        "DPY-3015": Trouble(
            False,
            "the user's password is kept in Oracle's oldest form, which the driver refuses",
            "set the password anew, or add client_lib_dir to url; see docs/connectors.md",
        ),
    }

    def grants(self, user: str) -> tuple[str, ...]:
        name = user if re.fullmatch(r"[A-Za-z][\w$#]*", user, re.ASCII) else '"' + user + '"'
        return f"GRANT CREATE SESSION TO {name}", f"GRANT SELECT ON <schema>.<table> TO {name}"

    def address(self, url: URL) -> URL:
        import_module("oracledb").defaults.arraysize = _ROWS
        if folder := url.query.get("client_lib_dir"):
            _use_client_libraries(str(folder))
        return url.difference_update_query(["client_lib_dir"])

    def connect_arguments(self, url: URL, timeouts: Timeouts) -> dict[str, Any]:
        return {"tcp_connect_timeout": max(timeouts.connect, 1)}

    def prepare(self, connection: Any, timeouts: Timeouts) -> None:
        # For each answer of the server, so that it ends no stream that a slow consumer reads.
        connection.call_timeout = timeouts.statement * 1000
        connection.module = "public-data-catalog"

    def session(self, timeouts: Timeouts) -> Iterable[str]:
        yield "ALTER SESSION SET NLS_SORT = BINARY NLS_COMP = BINARY"

    def bound_samples(self, connection: sa.Connection, timeouts: Timeouts) -> None:
        connection.connection.dbapi_connection.call_timeout = timeouts.sampling * 1000  # type: ignore[union-attr]

    def spread(self, large: Large, ask: Ask) -> Executable | None:
        """Some blocks from all over the table, always the same ones."""
        share = min(max(100 * 20 * large.rows / large.estimate, 0.0001), 99)
        columns = [column.name for column in large.table.c]
        where = ".".join(_quoted(part) for part in (large.table.schema, large.table.name) if part)
        sampled = f"SELECT {', '.join(map(_quoted, columns))} FROM {where} SAMPLE BLOCK ({share:.4f}) SEED (1)"
        named: list[sa.ColumnClause[Any]] = [sa.column(sa.quoted_name(name, True)) for name in columns]
        return large.select(sa.text(sampled.replace(":", "\\:")).columns(*named).subquery("s")).limit(large.rows)

    def relations(self, run: Run, url: URL) -> Iterator[RelationRow]:
        kinds = {"materialized": self.MATERIALIZED, "external": self.EXTERNAL, "whole": self.WHOLE}
        statement = _RELATIONS.format(**self._parts("o", name="OBJECT_NAME"), **kinds)
        return self._ordered(map(_relation, run(statement)), 1)

    def columns(self, run: Run, url: URL) -> Iterator[ColumnRow]:
        parts = self._parts("c")
        statement = _COLUMNS.format(**parts, type=self.TYPE, comment_owner=self.COMMENT_OWNER)
        return self._ordered(map(_column, run(statement)), 0)

    def keys(self, run: Run, url: URL) -> Iterator[KeyRow]:
        parts = self._parts("k", name="NAME")
        own = {"own_keys": self._own("c.OWNER"), "own_indexes": self._own("i.TABLE_OWNER")}
        return self._ordered(map(KeyRow._make, run(_KEYS.format(**parts, **own))), 0)

    def views(self, run: Run, url: URL) -> Iterator[ViewRow]:
        own = self._own("v.OWNER")
        near: dict[tuple[str, str], _Near] = {}
        for schema, name, read_schema, read_name in run(self.DEPENDENCIES.format(own=own)) if self.DEPENDENCIES else ():
            near.setdefault((schema, name), _Near(schema)).add(read_schema, read_name)
        templates = filter(None, (self.VIEWS, self.MATERIALIZED_VIEWS))
        rows = (_view(row) for template in templates for row in run(template.format(own=own)))
        return iter(sorted((row._replace(near=near.get(row[:2])) for row in rows), key=itemgetter(0, 1)))

    def code(self, error: BaseException) -> str:
        return str(getattr(error.args[0], "full_code", "")) if error.args else ""

    def _own(self, owner: str) -> str:
        return _OWN.format(owner=owner, system=self.SYSTEM)

    def _parts(self, alias: str, name: str = "TABLE_NAME") -> dict[str, str]:
        owner, own_name = f"{alias}.OWNER", f"{alias}.{name}"
        order = self.BY or "{}"
        return {"own": self._own(owner), "by_owner": order.format(owner), "by_name": order.format(own_name)}

    def _ordered(self, rows: Iterator[Any], schema_at: int) -> Iterator[Any]:
        return rows if self.BY else iter(sorted(rows, key=itemgetter(schema_at, schema_at + 1)))


class _Near(dict[str, str]):
    """Schema by name, in any case, of the tables that a view names without one: its own, or through a synonym.

    A synonym that is called otherwise than its table is not known by it.
    """

    def __init__(self, own: str) -> None:
        super().__init__()
        self.own = own

    def add(self, schema: str, name: str) -> None:
        if self.get(name) != self.own:
            self[name.lower()] = schema

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        return super().get(name.lower(), default)


def _use_client_libraries(folder: str) -> None:
    driver: Any = import_module("oracledb")
    try:
        driver.init_oracle_client(lib_dir=folder)
    except driver.Error:
        what = "Oracle's client libraries cannot be used"
        hint = "check client_lib_dir in url, and that no other Oracle system of the site goes without it"
        raise SourceFatalError(what, hint=hint) from None


def _relation(row: Row) -> RelationRow:
    found = RelationRow(*row)
    comment = (found.comment or "").strip()
    return found._replace(
        comment=None if not comment or comment.startswith(_DEFAULT_COMMENT) else comment,
        rows=None if found.rows is None else int(found.rows),
    )


def _column(row: Row) -> ColumnRow:
    found = ColumnRow._make(row)
    # The text as it stood in CREATE TABLE, with the blanks and line ends before the next comma.
    default = (found.default or "").strip()
    return found._replace(
        nullable=row[5] == "Y",
        default=None if default.upper() in ("", "NULL") else default,
        comment=(found.comment or "").strip() or None,
    )


def _view(row: Row) -> ViewRow:
    found = ViewRow._make(row)
    return found._replace(definition=(found.definition or "").strip("\0 \r\n\t;") or None)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


DIALECT = Oracle()
