"""openGauss, and what is made of it: 磐维, Vastbase, MogDB. Its dictionary is PostgreSQL 9.2's, grown on its own.

Partitions are no relations of their own here. Its own way of logging in (sha256) is known to its own build of psycopg2
only; a server that keeps a user's password with ``password_encryption_type = 1`` lets the common one in, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from sqlalchemy import Connection, Select
from sqlalchemy.engine import URL

from connectors.sql import dialect as troubles
from connectors.sql import plans
from connectors.sql.dialect import TOO_MUCH, Ask, Explain, Large, Run, Timeouts, Trouble, ViewRow
from connectors.sql.kindred import PSYCOPG2, adapted
from connectors.sql.postgresql import _LOCKED, SEEN, PostgreSQL

VIEWS_SECONDS = 30
"""What the definitions of all views may take; when somebody has locked a table for longer, there is no lineage."""

_OWN_SCHEMAS = (
    *("blockchain", "coverage", "cstore", "db4ai", "dbe_perf", "dbe_pldebugger", "dbe_pldeveloper", "dbe_sql_util"),
    *("pkg_service", "pkg_util", "snapshot", "sqladvisor", "sys"),
)


def _older(statement: str) -> str:
    """The statement without what came after PostgreSQL 9.2, and without pg_locks, which may be for administrators only.

    An expression of 9.2's is told without a lock on its table.
    """
    nobody = "locked AS (SELECT 0::oid AS relation WHERE false)"
    return adapted(statement, _OWN_SCHEMAS).replace(_LOCKED.strip(), nobody).replace("AND NOT c.relispartition", "")


_SEEN = _older(SEEN).replace("c.relpages,", "c.relpages, c.reltoastrelid, c.parttype,")


class OpenGauss(PostgreSQL):
    name = "opengauss"
    schemes = dict.fromkeys(
        ("opengauss", "opengauss+psycopg2", "gaussdb", "gaussdb+psycopg2", "postgresql", "postgresql+psycopg2"),
        PSYCOPG2,
    )

    # Sizes are those of the last ANALYZE: to measure one, the server locks the table.
    RELATIONS = f"""
    WITH {_SEEN}
    SELECT pg_catalog.current_database(), s.schema, s.name,
           CASE WHEN s.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END,
           d.description,
           CASE WHEN s.relkind = 'v' OR s.relpages = 0 THEN NULL ELSE s.reltuples::bigint END,
           NULL,
           CASE WHEN s.relkind IN ('r', 'm') AND s.relpages > 0 AND s.parttype = 'n' THEN
                pg_catalog.current_setting('block_size')::bigint * (s.relpages + coalesce((
                    SELECT sum(x.relpages) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
                    WHERE i.indrelid IN (s.oid, s.reltoastrelid)), 0) + coalesce((
                    SELECT o.relpages FROM pg_catalog.pg_class o WHERE o.oid = s.reltoastrelid), 0))::bigint END,
           NULL, pg_catalog.pg_stat_get_last_analyze_time(s.oid),
           CASE WHEN s.relkind = 'm' THEN 'materialized' WHEN s.relkind = 'f' THEN 'foreign'
                WHEN s.parttype IN ('p', 's', 'v') THEN 'partitioned' END
    FROM seen s
    LEFT JOIN pg_catalog.pg_description d ON d.objoid = s.oid AND d.objsubid = 0 AND d.classoid = 1259
    ORDER BY s.schema COLLATE "C", s.name COLLATE "C"
    """
    COLUMNS = _older(PostgreSQL.COLUMNS)
    # Without WITH ORDINALITY and LATERAL: positions come from a function among the selected columns. A unique index
    # that carries columns along (INCLUDE) is told by its definition only, in whatever version.
    KEYS = f"""
    WITH {_SEEN},
    parts AS (
        SELECT s.schema, s.name, k.contype::text AS kind, k.conname AS key_name, k.conrelid AS owner,
               k.conkey::int2[] AS attnums, k.confrelid, k.confkey::int2[] AS referred,
               pg_catalog.generate_series(1, pg_catalog.array_upper(k.conkey, 1)) AS position
        FROM seen s JOIN pg_catalog.pg_constraint k ON k.conrelid = s.oid AND k.contype IN ('p', 'f', 'u')
        UNION ALL
        SELECT s.schema, s.name, 'u', x.relname, i.indrelid, pg_catalog.string_to_array(i.indkey::text, ' ')::int2[],
               NULL, NULL, pg_catalog.generate_series(1, i.indnatts::int)
        FROM seen s
        JOIN pg_catalog.pg_index i ON i.indrelid = s.oid AND i.indisunique AND NOT i.indisprimary
             AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
             AND pg_catalog.pg_get_indexdef(i.indexrelid) NOT LIKE '%) INCLUDE (%'
        JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
        WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint o
                          WHERE o.conindid = i.indexrelid AND o.conrelid = s.oid AND o.contype = 'u')
    )
    SELECT p.schema, p.name, p.kind, p.key_name, a.attname, rn.nspname, r.relname, ra.attname, p.position
    FROM parts p
    JOIN pg_catalog.pg_attribute a ON a.attrelid = p.owner AND a.attnum = p.attnums[p.position]
    LEFT JOIN pg_catalog.pg_class r ON r.oid = p.confrelid
    LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
    LEFT JOIN pg_catalog.pg_attribute ra ON ra.attrelid = p.confrelid AND ra.attnum = p.referred[p.position]
    ORDER BY p.schema COLLATE "C", p.name COLLATE "C", p.kind, p.key_name COLLATE "C", p.position
    """
    # Two arrays in the same order, for there is no json_object_agg.
    _NEAR: ClassVar[str] = """ARRAY(
               SELECT {name}::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE pg_catalog.pg_table_is_visible(c.oid) AND c.oid IN (
                   SELECT p.refobjid FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_depend p ON p.objid = w.oid
                   WHERE w.ev_class = s.oid AND p.classid = 2618 AND p.refclassid = 1259)
               ORDER BY c.oid)"""
    VIEWS = f"""
    WITH {_SEEN}
    SELECT s.schema, s.name, pg_catalog.pg_get_viewdef(s.oid),
           {_NEAR.format(name="c.relname")}, {_NEAR.format(name="n.nspname")}
    FROM seen s
    WHERE s.relkind IN ('v', 'm')
    ORDER BY s.schema COLLATE "C", s.name COLLATE "C"
    """
    UNSEEN = _older(PostgreSQL.UNSEEN or "")
    REFUSED = _older(PostgreSQL.REFUSED or "")

    TROUBLES: ClassVar[Mapping[str, Trouble]] = {
        **PostgreSQL.TROUBLES,
        "YY": troubles.LOST,
        "YY003": troubles.LOCKED,
        "sha256": Trouble(
            False,
            "the server wants openGauss's own way of logging in (sha256), which this psycopg2 does not know",
            "install openGauss's build of psycopg2, or let the administrator set password_encryption_type = 1 and "
            "the user's password anew",
        ),
    }

    def views(self, run: Run, url: URL) -> Iterator[ViewRow]:
        # Making a definition waits for the tables in it, and lockwait_timeout is for administrators to set.
        next(run(f"SELECT pg_catalog.set_config('statement_timeout', '{VIEWS_SECONDS}s', true)"))
        for schema, name, definition, tables, schemas in run(self.VIEWS):
            yield ViewRow(schema, name, definition, dict(zip(tables, schemas, strict=True)))

    def session(self, timeouts: Timeouts) -> Iterable[str]:
        yield "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        yield f"SET statement_timeout = {timeouts.statement * 1000}"
        # A slow consumer of the streams is no reason for the server to hang up.
        yield (
            "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'session_timeout'"
        )

    def bound_samples(self, connection: Connection, timeouts: Timeouts) -> None:
        connection.exec_driver_sql(f"SET statement_timeout = {timeouts.sampling * 1000}")

    def spread(self, large: Large, ask: Ask) -> None:
        """Its tables by column and by partition were not there to try: the first rows have to do."""

    def objection(self, query: Select[Any], ask: Ask) -> str | None:
        drawing = "\n".join(str(line[0]) for line in ask(Explain("EXPLAIN", query.limit(None))))
        return TOO_MUCH if plans.stalls_as_text(drawing) else None

    def is_bulky(self, query: Select[Any], ask: Ask) -> bool:
        return False

    def code(self, error: BaseException) -> str:
        # openGauss asks by the number that libpq takes for SCRAM.
        return "sha256" if "SASL authentication mechanisms" in str(error) else super().code(error)


DIALECT = OpenGauss()
