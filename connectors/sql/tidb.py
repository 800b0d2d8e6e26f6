"""TiDB, as far as it differs from MySQL.

Read-only sessions are an empty word there (``tidb_enable_noop_functions``): that the catalogue does not write rests on
the user's rights and on what is sent, which is SELECT and EXPLAIN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from sqlalchemy import Select

from connectors.sql import dialect as troubles
from connectors.sql.dialect import TOO_MUCH, Ask, Explain, Timeouts, Trouble
from connectors.sql.mysql import MySQL
from connectors.sql.plans import tidb_stalls

_READ_ONLY = "SET SESSION TRANSACTION READ ONLY"
_STORE = Trouble(True, "a part of the cluster does not answer", "try again later; see TiDB's dashboard")


class TiDB(MySQL):
    name = "tidb"
    schemes = dict.fromkeys(("tidb", "tidb+pymysql", "mysql", "mysql+pymysql"), "mysql+pymysql")
    # Not known to give all of it in order.
    COLUMNS_BY_TABLE = None
    OWN_SCHEMAS = (*MySQL.OWN_SCHEMAS, "metrics_schema", "lightning_task_info", "workload_schema")

    TROUBLES: ClassVar[Mapping[str, Trouble]] = {
        **MySQL.TROUBLES,
        **dict.fromkeys(("9001", "9002", "9005"), _STORE),
        "9003": troubles.BUSY,
        "8175": Trouble(False, "the statement needs more memory than TiDB grants it", "raise tidb_mem_quota_query"),
    }

    def session(self, timeouts: Timeouts) -> Iterable[str]:
        return (statement for statement in super().session(timeouts) if statement != _READ_ONLY)

    def objection(self, query: Select[Any], ask: Ask) -> str | None:
        try:
            return TOO_MUCH if tidb_stalls(ask(Explain("EXPLAIN", query.limit(None)))) else None
        except (AttributeError, TypeError, ValueError):
            return TOO_MUCH


DIALECT = TiDB()
