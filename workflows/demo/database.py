"""Writing the demo's SQLite files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

Rows = Iterable[Sequence[Any]]


def write_database(path: Path, schema: str, rows: Mapping[str, Rows]) -> None:
    """Write ``path`` anew: the statements of ``schema``, then the rows of each table in the order of its columns."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.executescript(schema)
        for table, lines in rows.items():
            count = len(connection.execute(f'PRAGMA table_info("{table}")').fetchall())
            marks = ", ".join("?" * count)
            connection.executemany(f'INSERT INTO "{table}" VALUES ({marks})', lines)
