"""PostgreSQL 10 and newer, from pg_catalog.

Asset identity: ``database.schema.table``. Seen is what information_schema would show: relations that the user owns or
has a privilege on, in schemas with USAGE. Partitions belong to their parent, and objects of extensions to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import Connection, Executable, Select
from sqlalchemy.engine import URL
from sqlalchemy.sql import ColumnElement

from connectors.sql import dialect as troubles
from connectors.sql import plans
from connectors.sql.dialect import TOO_MUCH, Ask, Dialect, Explain, Large, Timeouts, Trouble

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
# What somebody alters, or waits to alter.
_LOCKED = """
    locked AS (
        SELECT l.relation FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database b ON b.oid = l.database
        WHERE b.datname = pg_catalog.current_database() AND l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
    )"""
# What a table's rows lie in: itself, or the partitions at the ends of its tree. Sizes are those of the last VACUUM or
# ANALYZE: pg_total_relation_size would wait for whoever has locked the table.
_STORED = """
    tree AS (
        SELECT s.oid AS root, s.oid AS part FROM seen s WHERE s.relkind IN ('r', 'p', 'm', 'f')
        UNION ALL
        SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.part
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
    ),
    parts AS (
        SELECT t.root, c.oid, c.relpages, c.relkind, c.reltoastrelid,
               CASE WHEN c.reltuples > 0
                      OR (c.reltuples = 0 AND (c.relpages > 0
                          OR pg_catalog.current_setting('server_version_num')::int >= 140000))
                    THEN c.reltuples::float8 END AS rows
        FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.part AND c.relkind <> 'p'
    ),
    stored AS (
        SELECT p.root, sum(p.rows)::bigint AS rows,
               (sum(CASE WHEN p.rows IS NOT NULL AND p.relkind <> 'f' THEN p.relpages
                         + (SELECT coalesce(sum(c.relpages), 0) FROM pg_catalog.pg_index i
                            JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = p.oid)
                         + (SELECT coalesce(sum(c.relpages + coalesce(x.relpages, 0)), 0) FROM pg_catalog.pg_class c
                            LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
                            LEFT JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
                            WHERE c.oid = p.reltoastrelid) END)
                * pg_catalog.current_setting('block_size')::int)::bigint AS size,
               max(greatest(pg_catalog.pg_stat_get_last_analyze_time(p.oid),
                            pg_catalog.pg_stat_get_last_autoanalyze_time(p.oid))) AS counted
        FROM parts p GROUP BY p.root
    )"""

_ROWS_READ = 40
"""Rows of a large table that are read for each one that is sampled."""
_MOST_PAGES = 500
"""Pages of a table that is read for the few rows in them."""
_PAGE = 8_192

_TEXT_OIDS = (18, 19, 25, 1042, 1043)
"""char, name, text, bpchar, varchar."""

_FAILED_CONNECTIONS = (
    (re.compile(r"password|口令|密码|28P01|认证|authentication|role .* does not exist|角色"), "28P01"),
    (re.compile(r"database .* does not exist|数据库.*不存在"), "3D000"),
    (re.compile(r"pg_hba"), "28000"),
    (re.compile(r"permission denied for database|权限"), "42501"),
    (re.compile(r"too many|remaining connection slots|太多|剩余"), "53300"),
    (re.compile(r"starting up|shutting down|recovery mode|正在"), "57P03"),
    (re.compile(r"invalid response to SSL negotiation|expected authentication request"), "08P01"),
    (re.compile(r"server closed the connection|connection already closed|terminating connection"), "08006"),
)


class PostgreSQL(Dialect):
    name = "postgresql"
    schemes = dict.fromkeys(("postgresql", "postgres", "postgresql+psycopg2"), "postgresql+psycopg2")
    # psycopg2 raises on years after 9999 and on 'infinity', which real tables hold.
    cast_in_samples = True
    shows_all_columns = True
    explains = True

    RELATIONS = f"""
    WITH RECURSIVE {SEEN}, {_STORED}
    SELECT pg_catalog.current_database(), s.schema, s.name,
           CASE WHEN s.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END,
           d.description, t.rows, NULL, t.size, NULL, t.counted,
           CASE s.relkind WHEN 'm' THEN 'materialized' WHEN 'p' THEN 'partitioned' WHEN 'f' THEN 'foreign' END
    FROM seen s
    LEFT JOIN stored t ON t.root = s.oid
    LEFT JOIN pg_catalog.pg_description d
           ON d.objoid = s.oid AND d.objsubid = 0 AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    ORDER BY s.schema COLLATE "C", s.name COLLATE "C"
    """

    # Given a table, pg_get_expr locks it, or waits for who has: only generated columns, which name others, need it. Of
    # a table that is being altered these are left out, so that it does not stop the reading of all others.
    COLUMNS = f"""
    WITH RECURSIVE {SEEN}, {_LOCKED},
    domains AS (
        SELECT oid, typbasetype AS base, typtypmod AS modifier, typnotnull AS required
        FROM pg_catalog.pg_type WHERE typtype = 'd'
        UNION ALL
        SELECT o.oid, t.typbasetype, t.typtypmod, o.required OR t.typnotnull
        FROM domains o JOIN pg_catalog.pg_type t ON t.oid = o.base AND t.typtype = 'd'
    ),
    based AS (
        SELECT o.oid, o.base, o.modifier, o.required, t.typtype
        FROM domains o JOIN pg_catalog.pg_type t ON t.oid = o.base AND t.typtype <> 'd'
    )
    SELECT s.schema, s.name, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
           CASE coalesce(b.typtype, t.typtype) WHEN 'e' THEN 'enum' WHEN 'c' THEN 'struct'
                ELSE pg_catalog.format_type(b.base, b.modifier) END,
           NOT (a.attnotnull OR coalesce(b.required, false)),
           CASE WHEN f.adbin::text NOT LIKE '%{{VAR :%' THEN pg_catalog.pg_get_expr(f.adbin, 0)
                WHEN f.adrelid NOT IN (SELECT relation FROM locked)
                THEN pg_catalog.pg_get_expr(f.adbin, f.adrelid) END,
           d.description
    FROM seen s
    JOIN pg_catalog.pg_attribute a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN based b ON b.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum AND a.atthasdef
    LEFT JOIN pg_catalog.pg_description d
           ON d.objoid = a.attrelid AND d.objsubid = a.attnum
          AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    ORDER BY s.schema COLLATE "C", s.name COLLATE "C", a.attnum
    """

    # Indexes tell more than constraints do: those that no constraint stands for are unique, too. Columns that an index
    # only carries along (INCLUDE, from version 11 on) are no part of its key.
    KEYS = f"""
    WITH {SEEN}
    SELECT * FROM (
        SELECT s.schema, s.name, k.contype::text AS kind, k.conname, a.attname, rn.nspname, r.relname,
               ra.attname AS referred, part.position
        FROM seen s
        JOIN pg_catalog.pg_constraint k ON k.conrelid = s.oid AND k.contype IN ('p', 'f')
        CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS part(attnum, position)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = part.attnum
        LEFT JOIN pg_catalog.pg_class r ON r.oid = k.confrelid
        LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
        LEFT JOIN pg_catalog.pg_attribute ra ON ra.attrelid = k.confrelid AND ra.attnum = k.confkey[part.position]
        WHERE k.contype = 'p' OR NOT r.relispartition
        UNION ALL
        SELECT s.schema, s.name, 'u', x.relname, a.attname, NULL, NULL, NULL, part.position
        FROM seen s
        JOIN pg_catalog.pg_index i ON i.indrelid = s.oid AND i.indisunique AND NOT i.indisprimary
             AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
        JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
        CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS part(attnum, position)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = s.oid AND a.attnum = part.attnum
        WHERE part.position <= coalesce((pg_catalog.to_jsonb(i) ->> 'indnkeyatts')::int, i.indnatts)
    ) parts
    ORDER BY schema COLLATE "C", name COLLATE "C", kind, conname COLLATE "C", position
    """

    # Definitions name what the search path finds without its schema, and the path is the reader's own. Making one locks
    # the tables in it, or would wait for those who have.
    VIEWS = f"""
    WITH {SEEN}, {_LOCKED}
    SELECT s.schema, s.name,
           CASE WHEN NOT EXISTS (
               SELECT 1 FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_depend p ON p.objid = w.oid
               WHERE w.ev_class = s.oid AND p.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                 AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                 AND p.refobjid IN (SELECT relation FROM locked))
           THEN pg_catalog.pg_get_viewdef(s.oid) END,
           (SELECT coalesce(pg_catalog.json_object_agg(c.relname, n.nspname), '{{}}')
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE pg_catalog.pg_table_is_visible(c.oid) AND c.oid IN (
                SELECT p.refobjid FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_depend p ON p.objid = w.oid
                WHERE w.ev_class = s.oid AND p.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                  AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass))
    FROM seen s
    WHERE s.relkind IN ('v', 'm')
    ORDER BY s.schema COLLATE "C", s.name COLLATE "C"
    """
    VIEW_SQL = "postgres"
    no_definition = troubles.LOCKED

    UNSEEN = f"SELECT n.nspname, count(*) {_EXISTING} AND NOT ({_READABLE}) GROUP BY n.nspname ORDER BY n.nspname"

    REFUSED = f"""
    SELECT n.nspname, c.relname, a.attname {_EXISTING} AND {_READABLE}
    """.replace(
        "WHERE c.relkind",
        """
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
    WHERE NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') AND c.relkind""",
        1,
    )

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
        "55000": troubles.EMPTY,
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
        # Who waits for a lock makes others wait behind him.
        yield f"SET lock_timeout = {timeouts.lock * 1000}"
        # A slow consumer of the streams is no reason for the server to hang up.
        yield "SET idle_in_transaction_session_timeout = 0"

    def bound_samples(self, connection: Connection, timeouts: Timeouts) -> None:
        connection.exec_driver_sql(f"SET statement_timeout = {timeouts.sampling * 1000}")
        # A little less, so that it says which of both it was.
        connection.exec_driver_sql(f"SET lock_timeout = {min(timeouts.lock, timeouts.sampling) * 900}")
        # PostgreSQL has no priorities, but it would give a statement more than one of its processors. Not all of its
        # relatives know the setting.
        connection.exec_driver_sql(
            "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings "
            "WHERE name = 'max_parallel_workers_per_gather'"
        )

    def spread(self, large: Large, ask: Ask) -> Executable | None:
        # Few whole pages, chosen over the length of the table, and of their rows those that a hash picks: always the
        # same ones, and half as many again as are asked for.
        share = min(100.0, 100 * _ROWS_READ * large.rows / max(large.estimate, 1))
        if large.size:
            share = min(share, 100 * _MOST_PAGES * _PAGE / large.size)
        pages = sa.func.system(sa.literal_column(f"{share:.6f}"))
        source = sa.tablesample(large.table, pages, name="pages", seed=sa.literal_column("1"))
        if large.sparse:
            return large.select(source).limit(large.rows)
        hashed = sa.literal_column("pg_catalog.hashtext(pages.ctid::text)", sa.Integer)
        every: ColumnElement[int] = sa.literal_column(str(_ROWS_READ * 2 // 3))
        return large.select(source).where(hashed % every == 0).limit(large.rows)

    def objection(self, query: Select[Any], ask: Ask) -> str | None:
        plan = self._plan(query, ask)
        return TOO_MUCH if plan is None or plans.stalls(plan) else None

    def is_bulky(self, query: Select[Any], ask: Ask) -> bool:
        plan = self._plan(query, ask)
        return plan is None or plans.whole_cost(plan) > plans.BULKY

    def _plan(self, query: Select[Any], ask: Ask) -> dict[str, Any] | None:
        """None when the server answers in a way of its own."""
        answer = ask(Explain("EXPLAIN (FORMAT JSON)", query))
        try:
            return plans.postgres_plan(answer[0][0])
        except (ValueError, IndexError):
            return None

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
