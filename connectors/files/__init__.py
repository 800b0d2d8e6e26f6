"""Files that departments drop: delimited text, JSON, Parquet, data sheets, DBF, SQLite, in folders and archives."""

from connectors.files.connector import FilesConnector

__all__ = ["FilesConnector"]
