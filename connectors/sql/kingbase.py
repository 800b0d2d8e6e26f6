"""人大金仓 KingbaseES V8R6 and newer in its pg, oracle and mysql modes, as far as it differs from PostgreSQL."""

from __future__ import annotations

from sqlalchemy.engine import URL

from connectors.sql.dialect import Driver
from connectors.sql.kindred import KSYCOPG2, PSYCOPG2, adapted
from connectors.sql.postgresql import PostgreSQL

_OWN_SCHEMAS = (
    *("sys", "sys_catalog", "sys_hm", "sysaudit", "sysmac", "src_restrict", "xlog_record_read", "anon", "perf"),
    *("kdb_schedule", "wmsys", "dbms_sql"),
)


class KingbaseES(PostgreSQL):
    name = "kingbase"
    schemes = {  # noqa: RUF012 - a ClassVar of Dialect's
        **dict.fromkeys(("kingbase", "kingbase+psycopg2", "postgresql", "postgresql+psycopg2"), PSYCOPG2),
        "kingbase+ksycopg2": KSYCOPG2,
    }

    RELATIONS = adapted(PostgreSQL.RELATIONS, _OWN_SCHEMAS)
    COLUMNS = adapted(PostgreSQL.COLUMNS, _OWN_SCHEMAS)
    KEYS = adapted(PostgreSQL.KEYS, _OWN_SCHEMAS)
    VIEWS = adapted(PostgreSQL.VIEWS, _OWN_SCHEMAS)
    UNSEEN = adapted(PostgreSQL.UNSEEN, _OWN_SCHEMAS)
    REFUSED = adapted(PostgreSQL.REFUSED, _OWN_SCHEMAS)

    def driver_of(self, url: URL) -> Driver | None:
        return Driver("ksycopg2", "kingbase") if url.drivername == KSYCOPG2 else None

    def code(self, error: BaseException) -> str:
        # ksycopg2 has renamed psycopg2's pgcode.
        return str(getattr(error, "kbcode", None) or super().code(error))


DIALECT = KingbaseES()
