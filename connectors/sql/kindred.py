"""Relatives of PostgreSQL, whose ``version()`` says so in words that SQLAlchemy's PostgreSQL dialect cannot read.

They get SQLAlchemy dialects of our own, under names of our own: neither SQLAlchemy's class nor a vendor's dialect that
may be installed is touched. What they are built on the server tells while connecting (``server_version``).
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2, PGIdentifierPreparer_psycopg2

PSYCOPG2 = "pdc_kindred+psycopg2"
KSYCOPG2 = "pdc_kindred+ksycopg2"
"""金仓's own build of psycopg2, the same module by another name."""

OLDEST = (9, 2)
"""The PostgreSQL that openGauss grew from; the others are younger."""

_POSTGRESQL = re.compile(r"\b(?:PostgreSQL|EnterpriseDB) (\d+)(?:\.(\d+))?(?:\.(\d+))?")


def kernel(told: str, number: int) -> tuple[int, ...]:
    """The PostgreSQL version that a server is built on.

    ``told`` is its ``version()``, and ``number`` what libpq makes of its ``server_version``, 0 when it tells none.

    >>> kernel("KingbaseES V008R006C008B0014 on x86_64-pc-linux-gnu", 120001)
    (12, 1)
    >>> kernel("(openGauss 5.0.2 build 48a25b11) compiled at 2024-05-14", 90204)
    (9, 2, 4)
    >>> kernel("PostgreSQL 9.2.4 (Vastbase G100 V2.2 (Build 5.83))", 0)
    (9, 2, 4)
    """
    if found := _POSTGRESQL.search(told):
        return tuple(int(part) for part in found.groups() if part)
    if number >= 100_000:
        return number // 10_000, number % 10_000
    return (number // 10_000, number // 100 % 100, number % 100) if number >= 90_000 else OLDEST


_CATALOGUES = {"pg_class": 1259, "pg_rewrite": 2618, "pg_proc": 1255, "pg_type": 1247, "pg_constraint": 2606}
_BY_NAME = re.compile(r"'pg_catalog\.(\w+)'::pg_catalog\.regclass")
_USERS_OBJECTS = 16384
"""What was made together with the database bears a smaller number, in the whole family."""


def adapted(statement: str, own_schemas: tuple[str, ...]) -> str:
    """A dictionary statement of PostgreSQL's for a relative that has further schemas of its own.

    System tables are called by their numbers, which are the same everywhere: ``pg_class`` may be a view of the
    relative's own system table, with a number of its own, and comments hang on that of the table.
    """
    hidden = ", ".join(f"'{schema}'" for schema in ("information_schema", *own_schemas))
    told = "n.nspname <> 'information_schema'"
    changed = statement.replace(told, f"c.oid >= {_USERS_OBJECTS} AND n.nspname NOT IN ({hidden})")
    return _BY_NAME.sub(lambda found: str(_CATALOGUES[found[1]]), changed)


class Kindred(PGDialect_psycopg2):
    supports_statement_cache = True

    def _get_server_version_info(self, connection: Connection) -> tuple[int, ...]:
        told = connection.exec_driver_sql("SELECT pg_catalog.version()").scalar()
        return kernel(str(told), getattr(connection.connection.dbapi_connection, "server_version", 0))


class _KsycopgsNames(PGIdentifierPreparer_psycopg2):
    def _escape_identifier(self, value: str) -> str:
        # Unlike psycopg2, it looks for no placeholders between quotes: there %% stays %%.
        return value.replace(self.escape_quote, self.escape_to_quote)


class KindredByKsycopg2(Kindred):
    supports_statement_cache = True
    driver = "ksycopg2"
    preparer = _KsycopgsNames

    @classmethod
    def import_dbapi(cls) -> Any:
        return import_module("ksycopg2")

    @property
    def _psycopg2_extensions(self) -> Any:
        return import_module("ksycopg2.extensions")

    @property
    def _psycopg2_extras(self) -> Any:
        return import_module("ksycopg2.extras")


registry.register(PSYCOPG2.replace("+", "."), __name__, Kindred.__name__)
registry.register(KSYCOPG2.replace("+", "."), __name__, KindredByKsycopg2.__name__)
