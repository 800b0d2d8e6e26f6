"""MySQL, as far as it differs from MariaDB."""

from __future__ import annotations

from connectors.sql.mariadb import MariaDB


class MySQL(MariaDB):
    name = "mysql"
    DEFAULT = "COLUMN_DEFAULT"


DIALECT = MySQL()
