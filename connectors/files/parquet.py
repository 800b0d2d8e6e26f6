"""Parquet, from its footer: names, types, nullability and the number of rows; rows only for a sample."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.base import BadInputError
from connectors.files.source import MAX_COLUMNS, Settings, Source, extra
from connectors.files.table import Table, clean_name, unique_names
from connectors.model import Column

_ENDS = b"PAR1"
_BUFFER = 1 << 16
_FOOTER = 64 << 20
_DEPTH = 12
_TYPES = (
    (r"bool", "BOOLEAN"),
    (r"u?int8", "TINYINT"),
    (r"u?int16", "SMALLINT"),
    (r"u?int32", "INT"),
    (r"u?int64", "BIGINT"),
    (r"halffloat|float16|float", "FLOAT"),
    (r"double", "DOUBLE"),
    (r"decimal.*", "DECIMAL"),
    (r"(?:large_)?string(?:_view)?", "VARCHAR"),
    (r"(?:large_|fixed_size_)?binary.*", "VARBINARY"),
    (r"date.*", "DATE"),
    (r"timestamp\[.*tz=.*", "TIMESTAMPZ"),
    (r"timestamp.*", "TIMESTAMP"),
    (r"time.*", "TIME"),
    (r"duration.*|.*interval.*", "INTERVAL"),
    (r"map.*", "MAP"),
)
_NUMBERS = re.compile(r"decimal\d*\((\d+), (-?\d+)\)")


def read_parquet(source: Source, settings: Settings, rows: int = 0) -> list[Table]:
    """Raises `BadInputError` for a damaged file, `SourceFatalError` without pyarrow."""
    parquet = extra("pyarrow.parquet", "parquet", "reading Parquet")
    with source.seekable(settings.limits) as stream:
        _check(stream, source)
        # Buffered reading keeps a row group of gigabytes out of memory.
        file = parquet.ParquetFile(stream, buffer_size=_BUFFER, pre_buffer=False)
        schema = file.schema_arrow
        columns = list(_columns(schema))[:MAX_COLUMNS]
        names = unique_names(column.name for column in columns)
        table = Table(
            columns=[
                _numbered(column, name, at) for at, (column, name) in enumerate(zip(columns, names, strict=True), 1)
            ],
            row_estimate=int(file.metadata.num_rows),
        )
        if rows > 0:
            table.rows = list(_rows(file, columns, rows))
    return [table]


def _check(stream: Any, source: Source) -> None:
    """The footer's own length, before a library believes it."""
    size = stream.seek(0, 2)
    stream.seek(max(size - 8, 0))
    tail = stream.read(8)
    stream.seek(0)
    length = int.from_bytes(tail[:4], "little")
    if size < 12 or tail[4:] != _ENDS or stream.read(4) != _ENDS or length > min(size, _FOOTER):
        raise BadInputError("the file is not a complete Parquet file", place=source.path, hint="deliver it again")
    stream.seek(0)


def _columns(schema: Any) -> Iterator[Column]:
    for field in schema:
        yield from _leaves(field, clean_name(field.name), _DEPTH)


def _leaves(field: Any, path: str, depth: int) -> Iterator[Column]:
    """A list's only child and a struct's children: ``a.b[].c``."""
    native = str(field.type)
    if depth and native.startswith("struct<"):
        for index in range(field.type.num_fields):
            inner = field.type.field(index)
            yield from _leaves(inner, f"{path}.{clean_name(inner.name)}", depth - 1)
    elif depth and re.match(r"(?:large_|fixed_size_)?list(?:_view)?<", native):
        yield from _leaves(field.type.value_field, f"{path}[]", depth - 1)
    else:
        yield _leaf(field, path, native)


def _leaf(field: Any, path: str, native: str) -> Column:
    plain = re.sub(r"^dictionary<values=([^,]+),.*$", r"\1", native)
    kind = next((name for pattern, name in _TYPES if re.fullmatch(pattern, plain)), "UNKNOWN")
    numbers = _NUMBERS.match(plain)
    comment = (field.metadata or {}).get(b"comment", b"").decode("utf-8", "replace")
    return Column(
        name=path,
        ordinal=1,
        type=native[:255],
        data_type=kind,
        nullable=bool(field.nullable),
        comment=comment or None,
        precision=int(numbers[1]) if numbers else None,
        scale=int(numbers[2]) if numbers else None,
    )


def _numbered(column: Column, name: str, ordinal: int) -> Column:
    from msgspec.structs import replace

    return replace(column, name=name, ordinal=ordinal)


def _rows(file: Any, columns: list[Column], rows: int) -> Iterator[list[Any]]:
    paths = [re.findall(r"\[\]|[^.\[\]]+", column.name) for column in columns]
    left = rows
    for batch in file.iter_batches(batch_size=min(rows, 1024)):
        for record in batch.to_pylist():
            yield [_at(record, path) for path in paths]
            left -= 1
            if left == 0:
                return


def _at(value: Any, path: list[str]) -> Any:
    """The first value at a path."""
    for part in path:
        if part == "[]":
            value = value[0] if isinstance(value, list) and value else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return None if isinstance(value, (dict, list, tuple)) else value
