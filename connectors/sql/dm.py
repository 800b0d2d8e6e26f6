"""达梦 DM8, as far as it differs from Oracle.

Asset identity: ``schema.table``. Read are the ALL_* views that DM8 has in common with Oracle; statements are sent in a
connection that its driver opens read-only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import Executable
from sqlalchemy.engine import URL

from connectors.sql import dialect as troubles
from connectors.sql.dialect import Ask, Driver, Large, RelationRow, Run, Timeouts, Trouble
from connectors.sql.oracle import _NOTHING, Oracle

_TYPE = """CASE
           WHEN c.DATA_TYPE IN ('CHAR', 'CHARACTER', 'VARCHAR', 'VARCHAR2', 'NCHAR', 'NVARCHAR', 'NVARCHAR2', 'BINARY',
                                'VARBINARY', 'RAW')
                THEN c.DATA_TYPE || '(' || c.DATA_LENGTH || ')'
           WHEN c.DATA_TYPE IN ('NUMBER', 'NUMERIC', 'DECIMAL', 'DEC') AND c.DATA_PRECISION > 0
                THEN c.DATA_TYPE || '(' || c.DATA_PRECISION || ',' || NVL(c.DATA_SCALE, 0) || ')'
           ELSE c.DATA_TYPE END"""

_UTF8 = 1
"""The driver's number for it; without one it takes the encoding of the machine that it runs on."""


class DM(Oracle):
    name = "dm"
    schemes: ClassVar[Mapping[str, str]] = dict.fromkeys(("dm", "dm+dmPython"), "dm+dmPython")
    driver = Driver("dmSQLAlchemy", "dm")
    BEGIN = None

    # SYSDBA is none of them: many programs keep their own tables there.
    SYSTEM = "'SYS', 'SYSAUDITOR', 'SYSSSO', 'SYSDBO', 'SYSJOB', 'CTISYS', 'SYSGEO', 'SYSGEO2'"
    # Its own view of them numbers the schema instead of naming it.
    MATERIALIZED = (
        "SELECT s.NAME OWNER, v.MVIEW_NAME NAME FROM ALL_MVIEWS v "
        "JOIN SYSOBJECTS s ON s.ID = v.SCHID AND s.TYPE$ = 'SCH'"
    )
    EXTERNAL = _NOTHING
    # Each partition is a table of its own, below that of the whole.
    WHOLE = "NOT EXISTS (SELECT 1 FROM SYSOBJECTS s WHERE s.ID = o.OBJECT_ID AND s.PID > 0)"
    TYPE = _TYPE
    # There, OWNER is the user, who may have several schemas.
    COMMENT_OWNER = "SCHEMA_NAME"
    # Its order is that of its own encoding, mostly GB18030.
    BY = None
    MATERIALIZED_VIEWS = None
    DEPENDENCIES = None

    # From published reports of its users and the open dialect; the server's whole list is V$ERR_INFO.
    TROUBLES: ClassVar[Mapping[str, Trouble]] = {
        "-2501": troubles.WRONG_PASSWORD,
        "-2106": troubles.GONE,
        "-6409": troubles.LOCKED,
        "-70028": troubles.UNREACHABLE,
        **dict.fromkeys(("-6010", "-70019", "-70025"), troubles.LOST),
    }

    def grants(self, user: str) -> tuple[str, ...]:
        name = '"' + user.replace('"', '""') + '"'
        return f"GRANT SOI TO {name}", f"GRANT VTI TO {name}", f"GRANT SELECT ON <schema>.<table> TO {name}"

    def address(self, url: URL) -> URL:
        return url

    def connect_arguments(self, url: URL, timeouts: Timeouts) -> dict[str, Any]:
        driver: Any = import_module("dmPython")
        return {
            "access_mode": driver.DSQL_MODE_READ_ONLY,
            "login_timeout": max(timeouts.connect, 1),
            "connection_timeout": timeouts.statement,
            "local_code": _UTF8,
            "app_name": "public-data-catalog",
        }

    def prepare(self, connection: Any, timeouts: Timeouts) -> None:
        """The limit of time is set while connecting; the driver has no other."""

    def session(self, timeouts: Timeouts) -> Iterable[str]:
        return ()

    def bound_samples(self, connection: sa.Connection, timeouts: Timeouts) -> None:
        """As `prepare`."""

    def spread(self, large: Large, ask: Ask) -> Executable | None:
        return None

    def relations(self, run: Run, url: URL) -> Iterator[RelationRow]:
        """Without the tables ``##…`` that DM itself puts into SYSDBA."""
        return (row for row in super().relations(run, url) if not row.name.startswith("##"))

    def code(self, error: BaseException) -> str:
        number = getattr(error.args[0], "code", None) if error.args else None
        return str(number) if isinstance(number, int) and number else ""


DIALECT = DM()
