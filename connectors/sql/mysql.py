"""MySQL, as far as it differs from MariaDB."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.sql.dialect import Timeouts
from connectors.sql.mariadb import MariaDB


class MySQL(MariaDB):
    name = "mysql"
    DEFAULT = "COLUMN_DEFAULT"

    def sampling_session(self, timeouts: Timeouts) -> Iterable[str]:
        yield f"SET SESSION max_execution_time = {timeouts.statement * 1000}"


DIALECT = MySQL()
