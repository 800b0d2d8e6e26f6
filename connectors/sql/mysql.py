"""MySQL, as far as it differs from MariaDB."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from connectors.sql.dialect import Timeouts
from connectors.sql.mariadb import MariaDB


class MySQL(MariaDB):
    name = "mysql"
    DEFAULT = "COLUMN_DEFAULT"

    def bound_samples(self, connection: Connection, timeouts: Timeouts) -> None:
        connection.exec_driver_sql(f"SET SESSION max_execution_time = {timeouts.statement * 1000}")


DIALECT = MySQL()
