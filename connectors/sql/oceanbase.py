"""OceanBase, a tenant in MySQL mode, as far as it differs from MySQL. (`oceanbase_oracle` is for the others.)

The user is ``user@tenant#cluster``; in ``url`` it is written ``user%40tenant%23cluster``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from sqlalchemy import Connection, Select

from connectors.sql import dialect as troubles
from connectors.sql.dialect import TOO_MUCH, Ask, Explain, Timeouts, Trouble
from connectors.sql.mysql import MySQL
from connectors.sql.plans import oceanbase_stalls

_LONGEST = 86_400
"""Seconds for a statement without limit, and for one whose rows stream: the server's clock goes on while we read."""
_LOCK_WAITS = ("lock_wait_timeout", "innodb_lock_wait_timeout")

_WHO = Trouble(
    False,
    troubles.WRONG_PASSWORD.what,
    "check user and password in url; the user is user@tenant#cluster, written user%40tenant%23cluster",
)


class OceanBase(MySQL):
    name = "oceanbase"
    schemes = dict.fromkeys(("oceanbase", "oceanbase+pymysql", "mysql", "mysql+pymysql"), "mysql+pymysql")
    # Not known to give all of it in order.
    COLUMNS_BY_TABLE = None
    OWN_SCHEMAS = (*MySQL.OWN_SCHEMAS, "oceanbase", "__recyclebin", "__public", "lbacsys", "oraauditor", "ocs")

    # Its tables have no engine in some versions; comments they have all the same.
    RELATIONS = MySQL.RELATIONS.replace(" OR ENGINE IS NULL", "")

    TROUBLES: ClassVar[Mapping[str, Trouble]] = {
        **{code: _WHO if trouble is troubles.WRONG_PASSWORD else trouble for code, trouble in MySQL.TROUBLES.items()},
        "1235": Trouble(False, "this tenant is in Oracle mode", "connector: oceanbase-oracle"),
        "4012": troubles.TIMEOUT,
        "4013": Trouble(True, "the tenant is out of memory", "try again later or enlarge the tenant"),
        "4669": Trouble(False, "this cluster does not exist", _WHO.hint),
    }

    def session(self, timeouts: Timeouts) -> Iterable[str]:
        # Who reads waits for no locks here.
        yield from (line for line in super().session(timeouts) if not any(name in line for name in _LOCK_WAITS))
        # By default a statement ends after ten seconds. These are microseconds.
        yield f"SET SESSION ob_query_timeout = {_LONGEST * 1_000_000}"
        yield f"SET SESSION ob_trx_timeout = {_LONGEST * 1_000_000}"

    def bound_samples(self, connection: Connection, timeouts: Timeouts) -> None:
        connection.exec_driver_sql(f"SET SESSION ob_query_timeout = {(timeouts.sampling or _LONGEST) * 1_000_000}")

    def objection(self, query: Select[Any], ask: Ask) -> str | None:
        # Its plan is a drawing, one operator on a line.
        drawing = "\n".join(str(step[0]) for step in ask(Explain("EXPLAIN", query.limit(None))))
        return TOO_MUCH if oceanbase_stalls(drawing) else None


DIALECT = OceanBase()
