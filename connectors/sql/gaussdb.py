"""GaussDB (centralised), as far as it differs from openGauss."""

from __future__ import annotations

from connectors.sql.opengauss import OpenGauss


class GaussDB(OpenGauss):
    name = "gaussdb"


DIALECT = GaussDB()
