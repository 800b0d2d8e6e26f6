"""Which reader takes which ending, and what is told of endings that nobody takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.files.dbf import read_dbf
from connectors.files.delimited import read_delimited
from connectors.files.jsontext import read_json, read_jsonl
from connectors.files.parquet import read_parquet
from connectors.files.source import Settings, Source
from connectors.files.spreadsheet import read_spreadsheet
from connectors.files.table import Table

Reader = Callable[[Source, Settings], list[Table]]

READERS: Mapping[str, Reader] = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt", ".dat"), read_delimited),
    **dict.fromkeys((".json", ".geojson"), read_json),
    **dict.fromkeys((".jsonl", ".ndjson"), read_jsonl),
    **dict.fromkeys((".parquet", ".pq"), read_parquet),
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".et"), read_spreadsheet),
    ".dbf": read_dbf,
}
WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".et"})
DATABASES = frozenset({".sqlite", ".sqlite3", ".db", ".db3"})
PACKED = ".gz"
ARCHIVES = frozenset({".zip"})
KNOWN = frozenset({*READERS, *DATABASES, *ARCHIVES, PACKED})

_UNPACK, _SAVE, _EXPORT = "unpack it", "save it as .xlsx", "export it as .csv"
REFUSED: Mapping[str, str] = {
    **dict.fromkeys((".rar", ".7z", ".tar", ".tgz", ".bz2", ".xz", ".zst", ".gz"), _UNPACK),
    **dict.fromkeys((".xlsb", ".ods", ".ett"), _SAVE),
    **dict.fromkeys((".mdb", ".accdb", ".sav", ".dta", ".sas7bdat", ".avro", ".orc", ".xml", ".shp", ".gdb"), _EXPORT),
    **dict.fromkeys((".sql", ".dmp"), "read dumps with the connector ddl"),
}
"""Endings of data that is not read → what to do. Anything else (.docx, .pdf, .jpg, …) is no data and passed over."""
