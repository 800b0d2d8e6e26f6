"""dBASE, FoxPro and Visual FoxPro tables: the header, and the first records.

The layout is that of the dBASE file header: 32 bytes (version, date, number of records, length of header and record,
code page), then 32 bytes for each field up to 0x0D. Memo files beside the table are not read. The code page that the
header names is often wrong in China (0 or 0x03 above GBK text): the bytes decide between UTF-8 and GB18030.
"""

from __future__ import annotations

import datetime
import struct
from typing import Any, NamedTuple

from connectors.base import BadInputError
from connectors.files.source import HEAD, ROWS, Settings, Source
from connectors.files.table import Table, unique_names
from connectors.model import Column
from connectors.text import encoding_of
from connectors.types import normalise

_VERSIONS = frozenset({0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0x8C, 0xCB, 0xE5, 0xF5, 0xFB})
_CODE_PAGES = {0x4F: "big5", 0x78: "big5", 0x7B: "cp932", 0x79: "cp949", 0xC9: "cp1251", 0x65: "cp866"}
_SIZED, _SCALED = frozenset("C"), frozenset("NF")
_NATIVE = {"T": "DATETIME", "@": "DATETIME", "B": "DOUBLE", "O": "DOUBLE", "+": "INT", "Y": "MONEY", "V": "VARCHAR"}
_DELETED = 0x2A


class Field(NamedTuple):
    name: bytes
    kind: str
    offset: int
    """In the record."""
    length: int
    decimals: int


def read_dbf(source: Source, settings: Settings) -> list[Table]:
    """Raises `BadInputError` when the header is none, or promises what the file does not hold."""
    data, _ = source.head(HEAD)
    if len(data) < 33 or data[0] not in _VERSIONS:
        raise BadInputError("the file is not a DBF table", place=source.path, hint="export it again")
    count, header, length = struct.unpack_from("<IHH", data, 4)
    fields = _fields(data[: min(header, len(data))], length)
    if not fields or length < 2:
        raise BadInputError("the header of the DBF table is damaged", place=source.path, hint="export it again")
    records = [data[at : at + length] for at in range(header, len(data) - length + 1, length)][:ROWS]
    kept = [record for record in records if record[0] != _DELETED]
    encoding = settings.encoding or _encoding(data[29], fields, kept)
    names = unique_names(field.name.decode(encoding, "replace").rstrip("\ufffd") for field in fields)
    return [
        Table(
            columns=[_column(name, at, field) for at, (name, field) in enumerate(zip(names, fields, strict=True), 1)],
            rows=[[_value(record, field, encoding) for field in fields] for record in kept],
            row_estimate=count if not source.size or count * length <= source.size else None,
        )
    ]


def _fields(head: bytes, length: int) -> list[Field]:
    fields: list[Field] = []
    offset = 1
    for at in range(32, len(head) - 31, 32):
        if head[at] in (0x0D, 0x00):
            break
        kind = chr(head[at + 11]).upper()
        # FoxPro's character fields may be longer than 255: the other half of the length stands in the decimals.
        size = head[at + 16] + (head[at + 17] << 8 if kind == "C" else 0)
        decimals = 0 if kind == "C" else head[at + 17]
        if offset + size > length:
            break
        fields.append(Field(head[at : at + 11].split(b"\0")[0], kind, offset, size, decimals))
        offset += size
    return fields


def _encoding(code_page: int, fields: list[Field], records: list[bytes]) -> str:
    if code_page in _CODE_PAGES:
        return _CODE_PAGES[code_page]
    texts = [field.name for field in fields]
    texts += [record[f.offset : f.offset + f.length].rstrip() for record in records for f in fields if f.kind == "C"]
    return encoding_of(b"\n".join(texts))


def _column(name: str, ordinal: int, field: Field) -> Column:
    native = field.kind
    if field.kind in _SIZED:
        native = f"C({field.length})"
    elif field.kind in _SCALED:
        native = f"{field.kind}({field.length},{field.decimals})"
    normal = normalise(_NATIVE.get(field.kind, native))
    return Column(
        name=name,
        ordinal=ordinal,
        type=native,
        data_type=normal.data_type,
        length=normal.length,
        precision=normal.precision,
        scale=normal.scale,
    )


def _value(record: bytes, field: Field, encoding: str) -> Any:
    raw = record[field.offset : field.offset + field.length]
    if field.kind == "I" and len(raw) == 4:
        return struct.unpack("<i", raw)[0]
    if field.kind in "BO" and len(raw) == 8:
        return struct.unpack("<d", raw)[0]
    if field.kind not in "CNFDLV":
        return None
    text = raw.decode(encoding, "replace").strip(" \0")
    if field.kind == "D":
        return _date(text)
    if field.kind == "L":
        return {"T": True, "Y": True, "F": False, "N": False}.get(text.upper())
    return _number(text) if field.kind in "NF" else text


def _number(text: str) -> Any:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text or None


def _date(text: str) -> Any:
    try:
        return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
