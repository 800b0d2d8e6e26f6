"""SQLite files among the others, through the SQLite dialect: read-only, and not even a lock or log file is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy.engine import URL

from connectors.base import BadInputError, Sample, SystemConfig
from connectors.files.source import Limits, Source
from connectors.model import Asset
from connectors.sql.connector import SqlConnector
from connectors.sql.sqlite import SQLite

_MAGIC = b"SQLite format 3\0"
SCHEMA = "main"


class NotADatabase(BadInputError): ...


class Immutable(SQLite):
    """A file that nobody writes to: opening a database in WAL mode would otherwise make files beside it."""

    def address(self, url: URL) -> URL:
        return super().address(url).update_query_dict({"immutable": "1"})


@contextmanager
def opened(source: Source, config: SystemConfig, limits: Limits) -> Iterator[SqlConnector]:
    """The database of a file, of which all tables are kept: globs are for whoever knows the file's own place."""
    head, _ = source.head(len(_MAGIC))
    if head != _MAGIC:
        raise NotADatabase("the file is not a SQLite database", place=source.path, hint="check its ending")
    with source.on_disk(limits) as path:
        plain: dict[str, Any] = {"include": (), "exclude": (), "restricted": (), "options": {}, "url": None}
        database = SqlConnector(msgspec.structs.replace(config, connector="sqlite", path=str(path), **plain))
        database.dialect = Immutable()
        with database:
            yield database


def sample_table(source: Source, config: SystemConfig, limits: Limits, asset: Asset, rows: int) -> Sample:
    with opened(source, config, limits) as database:
        return database.sample(msgspec.structs.replace(asset, schema=SCHEMA), rows)
