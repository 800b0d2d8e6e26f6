"""Assets from DDL dumps."""

from connectors.ddl.connector import DdlConnector

__all__ = ["DdlConnector"]
