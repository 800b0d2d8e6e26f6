"""PostgreSQL 10 and newer, from pg_catalog.

Asset identity: ``database.schema.table``. Seen is what information_schema would show: relations that the user owns or
has a privilege on, in schemas with USAGE. Partitions belong to their parent, and objects of extensions to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, ClassVar

from sqlalchemy.engine import URL

from connectors.sql import dialect as troubles
from connectors.sql.dialect import Dialect, Timeouts, Trouble

_EXISTING = """
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
                      WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                        AND e.objid = c.oid AND e.deptype = 'e')"""
_READABLE = """
          pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      AND (pg_catalog.pg_has_role(c.relowner, 'USAGE')
           OR pg_catalog.has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
           OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))"""
SEEN = f"""
    seen AS (
        SELECT c.oid, c.relkind, c.reltuples, c.relpages, n.nspname AS schema, c.relname AS name
        {_EXISTING} AND {_READABLE}
    )"""

_TEXT_OIDS = (18, 19, 25, 1042, 1043)
"""char, name, text, bpchar, varchar."""

_FAILED_CONNECTIONS = (
    (re.compile(r"password|口令|密码|28P01|认证|authentication|role .* does not exist|角色"), "28P01"),
    (re.compile(r"database .* does not exist|数据库.*不存在"), "3D000"),
    (re.compile(r"pg_hba"), "28000"),
    (re.compile(r"permission denied for database|权限"), "42501"),
    (re.compile(r"too many|remaining connection slots|太多|剩余"), "53300"),
    (re.compile(r"starting up|shutting down|recovery mode|正在"), "57P03"),
    (re.compile(r"server closed the connection|connection already closed|terminating connection"), "08006"),
)


class PostgreSQL(Dialect):
    name = "postgresql"
    schemes = dict.fromkeys(("postgresql", "postgres", "postgresql+psycopg2"), "postgresql+psycopg2")
    # psycopg2 raises on years after 9999 and on 'infinity', which real tables hold.
    cast_in_samples = True

    RELATIONS = f"""
    WITH {SEEN}
    SELECT pg_catalog.current_database(), s.schema, s.name,
           CASE WHEN s.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END,
           d.description,
           CASE WHEN s.relkind IN ('v', 'm') OR s.reltuples < 0
                  OR (s.reltuples = 0 AND s.relpages = 0
                      AND pg_catalog.current_setting('server_version_num')::int < 140000) THEN NULL
                ELSE s.reltuples::bigint END,
           NULL
    FROM seen s
    LEFT JOIN pg_catalog.pg_description d
           ON d.objoid = s.oid AND d.objsubid = 0 AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    ORDER BY s.schema COLLATE "C", s.name COLLATE "C"
    """

    COLUMNS = f"""
    WITH {SEEN}
    SELECT s.schema, s.name, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
           CASE t.typtype WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
                          WHEN 'e' THEN 'enum' WHEN 'c' THEN 'struct' END,
           NOT (a.attnotnull OR t.typnotnull), pg_catalog.pg_get_expr(f.adbin, f.adrelid), d.description
    FROM seen s
    JOIN pg_catalog.pg_attribute a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum AND a.atthasdef
    LEFT JOIN pg_catalog.pg_description d
           ON d.objoid = a.attrelid AND d.objsubid = a.attnum
          AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    ORDER BY s.schema COLLATE "C", s.name COLLATE "C", a.attnum
    """

    KEYS = f"""
    WITH {SEEN}
    SELECT s.schema, s.name, k.contype::text, k.conname, a.attname, rn.nspname, r.relname, ra.attname,
           part.position
    FROM seen s
    JOIN pg_catalog.pg_constraint k ON k.conrelid = s.oid AND k.contype IN ('p', 'f')
    CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS part(attnum, position)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = part.attnum
    LEFT JOIN pg_catalog.pg_class r ON r.oid = k.confrelid
    LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
    LEFT JOIN pg_catalog.pg_attribute ra ON ra.attrelid = k.confrelid AND ra.attnum = k.confkey[part.position]
    WHERE k.contype = 'p' OR NOT r.relispartition
    ORDER BY s.schema COLLATE "C", s.name COLLATE "C", k.contype, k.conname COLLATE "C", part.position
    """

    # Definitions name what the search path finds without its schema, and the path is the reader's own. Making one waits
    # for the tables in it, which somebody may have locked for hours: the setting, made once and first, ends that wait.
    VIEWS = f"""
    WITH {SEEN}
    SELECT s.schema, s.name, pg_catalog.pg_get_viewdef(s.oid),
           (SELECT coalesce(pg_catalog.json_object_agg(c.relname, n.nspname), '{{}}')
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE pg_catalog.pg_table_is_visible(c.oid) AND c.oid IN (
                SELECT p.refobjid FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_depend p ON p.objid = w.oid
                WHERE w.ev_class = s.oid AND p.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                  AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass))
    FROM seen s
    WHERE s.relkind IN ('v', 'm') AND (SELECT pg_catalog.set_config('lock_timeout', '5s', true)) IS NOT NULL
    ORDER BY s.schema COLLATE "C", s.name COLLATE "C"
    """
    VIEW_SQL = "postgres"

    UNSEEN = f"SELECT count(*) {_EXISTING} AND NOT ({_READABLE})"

    TROUBLES: ClassVar[Mapping[str, Trouble]] = {
        **dict.fromkeys(("28P01", "28000", "28"), troubles.WRONG_PASSWORD),
        "3D000": troubles.NO_DATABASE,
        "42501": troubles.NOT_ALLOWED,
        **dict.fromkeys(("42P01", "42703", "3F000"), troubles.GONE),
        "57014": troubles.TIMEOUT,
        **dict.fromkeys(("55P03", "40"), troubles.LOCKED),
        "53": troubles.BUSY,
        "57": troubles.STOPPING,
        "08": troubles.LOST,
        "25006": troubles.READ_ONLY,
        "55000": Trouble(False, "the materialised view holds nothing yet", "refresh it in the source"),
        "unreachable": troubles.UNREACHABLE,
    }

    def grants(self, user: str) -> tuple[str, ...]:
        name = '"' + user.replace('"', '""') + '"'
        return (
            f"GRANT USAGE ON SCHEMA <schema> TO {name}",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA <schema> TO {name}",
        )

    def connect_arguments(self, url: URL, timeouts: Timeouts) -> dict[str, Any]:
        return {
            "connect_timeout": max(timeouts.connect, 1),
            "application_name": "public-data-catalog",
            "client_encoding": "utf8",
        }

    def prepare(self, connection: Any, timeouts: Timeouts) -> None:
        if connection.get_parameter_status("server_encoding") == "SQL_ASCII":
            _read_any_bytes(connection)

    def session(self, timeouts: Timeouts) -> Iterable[str]:
        # One snapshot for all dictionary streams of a transaction, and no writes in any.
        yield "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        yield f"SET statement_timeout = {timeouts.statement * 1000}"
        # A slow consumer of the streams is no reason for the server to hang up.
        yield "SET idle_in_transaction_session_timeout = 0"

    def code(self, error: BaseException) -> str:
        if state := getattr(error, "pgcode", None):
            return str(state)
        text = str(error)
        for pattern, code in _FAILED_CONNECTIONS:
            if pattern.search(text):
                return code
        # While connecting, libpq gives a text without a code; the server's own refusals say FATAL.
        return "" if re.search("FATAL|致命", text) or not _is_operational(error) else "unreachable"


def _read_any_bytes(connection: Any) -> None:
    """Let text that is no UTF-8 become unreadable, not an error: SQL_ASCII databases hold whatever was sent to them."""
    # That of psycopg2, or of a relative's own build of it.
    extensions = import_module(type(connection).__module__)

    def decode(value: Any, _cursor: Any) -> str | None:
        return None if value is None else str(value).encode("latin-1").decode("utf-8", "replace")

    connection.set_client_encoding("LATIN1")
    extensions.register_type(extensions.new_type(_TEXT_OIDS, "ANY_BYTES", decode), connection)


def _is_operational(error: BaseException) -> bool:
    return type(error).__name__ == "OperationalError"


DIALECT = PostgreSQL()
