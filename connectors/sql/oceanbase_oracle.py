"""An Oracle tenant of OceanBase, as far as it differs from Oracle.

Asset identity: ``schema.table``. It speaks MySQL's protocol, and refuses drivers that do not say that they know Oracle
tenants; pyoceanbase does, and is pure Python. The dialect for it is our own: the vendor's needs a compiled driver.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import Executable
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.oracle.base import OracleDialect
from sqlalchemy.engine import URL

from connectors.sql import dialect as troubles
from connectors.sql.dialect import Ask, Driver, Large, Timeouts, Trouble
from connectors.sql.oracle import _NOTHING, Oracle

PYOCEANBASE = "pdc_oceanbase_oracle+pyoceanbase"
_NO_LIMIT = 24 * 3600
"""Seconds; the server's own default is ten."""


class ByPyOceanBase(OracleDialect):
    """Oracle's SQL by MySQL's protocol."""

    supports_statement_cache = True
    driver = "pyoceanbase"
    default_paramstyle = "pyformat"

    @classmethod
    def import_dbapi(cls) -> Any:
        return import_module("pyoceanbase")

    def create_connect_args(self, url: URL) -> tuple[list[Any], dict[str, Any]]:
        return [], {**url.translate_connect_args(username="user"), **url.query}

    def _get_server_version_info(self, connection: sa.Connection) -> tuple[int, ...]:
        # The Oracle whose SQL every version of it understands: rows are limited by ROWNUM.
        return 11, 2

    def get_isolation_level_values(self, dbapi_connection: Any) -> Any:
        return ["AUTOCOMMIT", "READ COMMITTED"]

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        return "READ COMMITTED"

    def set_isolation_level(self, dbapi_connection: Any, level: str) -> None:
        dbapi_connection.autocommit(level == "AUTOCOMMIT")


registry.register(PYOCEANBASE.replace("+", "."), __name__, ByPyOceanBase.__name__)


class OceanBaseOracle(Oracle):
    name = "oceanbase-oracle"
    schemes: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("oceanbase_oracle", "oceanbase_oracle+pyoceanbase"), PYOCEANBASE
    )
    driver = Driver("pyoceanbase", "oceanbase-oracle")
    shared_connection = False

    SYSTEM = "'SYS', 'LBACSYS', 'ORAAUDITOR', '__PUBLIC', '__recyclebin'"
    # Not every version has these views, and none the conversion that orders by code point.
    MATERIALIZED = _NOTHING
    EXTERNAL = _NOTHING
    BY = None
    MATERIALIZED_VIEWS = None
    DEPENDENCIES = None

    TROUBLES: ClassVar[Mapping[str, Trouble]] = {
        **Oracle.TROUBLES,
        "1045": troubles.WRONG_PASSWORD,
        "1235": Trouble(False, "the server refuses this driver", "update the package pyoceanbase"),
        **dict.fromkeys(("2006", "2013", "2055"), troubles.LOST),
        **dict.fromkeys(("2002", "2003", "2005"), troubles.UNREACHABLE),
        "4012": troubles.TIMEOUT,
    }

    def address(self, url: URL) -> URL:
        return url

    def connect_arguments(self, url: URL, timeouts: Timeouts) -> dict[str, Any]:
        bound = max(timeouts.connect, 1)
        return {"connect_timeout": bound, "read_timeout": bound, "charset": "utf8mb4"}

    def prepare(self, connection: Any, timeouts: Timeouts) -> None:
        # The server's own limit comes first; this one is for a server that has gone silent.
        connection._read_timeout = timeouts.statement + 10 if timeouts.statement else None

    def session(self, timeouts: Timeouts) -> Iterable[str]:
        yield _limit(timeouts.statement)

    def bound_samples(self, connection: sa.Connection, timeouts: Timeouts) -> None:
        connection.exec_driver_sql(_limit(timeouts.sampling))

    def spread(self, large: Large, ask: Ask) -> Executable | None:
        return None

    def code(self, error: BaseException) -> str:
        """The server sends Oracle's number; the driver's own have four digits, too, and are known by name."""
        number = error.args[0] if error.args else None
        if not isinstance(number, int) or not number:
            return ""
        return str(number) if str(number) in self.TROUBLES else f"ORA-{number:05d}"


def _limit(seconds: int) -> str:
    return f"ALTER SESSION SET ob_query_timeout = {(seconds or _NO_LIMIT) * 1_000_000}"


DIALECT = OceanBaseOracle()
