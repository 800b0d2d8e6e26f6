"""The one model of what was harvested: assets with columns, and listings that say whether they are complete.

Every struct is frozen and goes to JSON and back without loss; one asset is one line of JSONL. Data types are
OpenMetadata's names (``VARCHAR``, ``BIGINT``, ``TIMESTAMP`` …); the native type is kept beside them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

Kind = Literal["table", "view", "file", "sheet", "operation"]
Origin = Literal["own", "shared", "negotiated"]
Variant = Literal["materialized", "partitioned", "foreign", "external"]
"""What is special about a table or view: how the source stores it, where it says so."""


class ColumnSource(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One column that a view's column is computed from: ``table`` is ``schema.table`` or ``table`` as written."""

    table: str
    column: str
    """``*``: every column of the table (``row_to_json(t)``)."""
    carried: bool = True
    """False: no value of it reaches the view; it is only counted, summed, averaged or compared."""


class Column(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One information item (信息项) of an asset."""

    name: str
    ordinal: int
    """1-based position in the source's own order."""
    type: str = ""
    """The source's own spelling, such as ``varchar(18)`` or ``NUMBER(10,2)``; empty when the source has none."""
    data_type: str = "UNKNOWN"
    """OpenMetadata's name for it."""
    nullable: bool | None = None
    comment: str | None = None
    default: str | None = None
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    sources: tuple[ColumnSource, ...] = ()
    """Column lineage: what a view's column is computed from; empty when unknown or not a view."""


class ForeignKey(msgspec.Struct, frozen=True, omit_defaults=True):
    columns: tuple[str, ...]
    referred_table: str
    referred_columns: tuple[str, ...] = ()


class Asset(msgspec.Struct, frozen=True, omit_defaults=True):
    """One information resource (信息资源): a table, view, file, sheet or service operation.

    Identity within a site is ``key``: department, system, database, schema and name.
    """

    department: str
    system: str
    name: str
    kind: Kind = "table"
    database: str | None = None
    schema: str | None = None
    comment: str | None = None
    row_estimate: int | None = None
    """The source's own estimate of rows, never a count made by us; None when it has none."""
    size_bytes: int | None = None
    """What the source says it takes on disk, indexes included; None when it does not say."""
    changed_at: str | None = None
    """When the source says that its rows or its structure last changed, ISO 8601; None when it does not say."""
    statistics_at: str | None = None
    """When the source last counted: ``row_estimate`` is as old as this, ISO 8601."""
    variant: Variant | None = None
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    """Further sets of columns that are unique together: constraints and whole unique indexes, without the primary
    key."""
    foreign_keys: tuple[ForeignKey, ...] = ()
    columns: tuple[Column, ...] = ()
    origin: Origin = "own"
    """How the department came by the data (Art. 26: shared or negotiated data is not in its own open list)."""
    update_cycle: str | None = None
    format: str | None = None
    """信息资源格式 of what a data dictionary describes, such as ``数据库(oracle)``; None where it does not say."""
    place: str | None = None
    """Where in a file the asset stands (file, sheet, line), for messages; not part of the structure."""
    product: str | None = None
    """Whose database a dump is of, such as ``mysql``; None where the connector or nothing says so."""

    @property
    def key(self) -> str:
        """``department/system/[database.][schema.]name``; unique in a site."""
        return f"{self.department}/{self.system}/{self.qualified_name}"

    @property
    def qualified_name(self) -> str:
        return ".".join(part for part in (self.database, self.schema, self.name) if part)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (32 hex) over the structure and comments; estimates, sizes, times, place and product do not count."""
        stable = msgspec.structs.replace(
            self, row_estimate=None, size_bytes=None, changed_at=None, statistics_at=None, place=None, product=None
        )
        return hashlib.sha256(_encoder.encode(stable)).hexdigest()[:32]


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that could not be read: what happened (with place, without values) and what to do next."""

    what: str
    place: str | None = None
    """``file:line``, ``file!sheet!cell``, ``schema.table`` or a host; None when there is no finer place."""
    hint: str | None = None

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.what}" + (f" ({self.hint})" if self.hint else "")


class Listing(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a connector said about the names in a system. "Could not list" and "is empty" are different:

    a partial listing has a reason, and after one nothing may be marked vanished.
    """

    names: tuple[str, ...]
    """Qualified names of the assets that the source holds and the include/exclude globs keep."""
    complete: bool = True
    reason: str | None = None
    quarantined: int = 0
    """Assets whose own name or comment bears 绝密, 机密, 秘密★ or 涉密: counted, never listed."""
    excluded: int = 0
    """Assets that restricted globs, include or exclude left out: counted only."""


class Rights(msgspec.Struct, frozen=True):
    """What a system's user lacks, as far as the source tells."""

    unseen: int | None = None
    """Assets that exist but that the user may not read; None when the source does not tell."""
    grants: tuple[str, ...] = ()
    """Statements for the source's administrator that give the user what the catalogue needs."""
    partly: tuple[str, ...] = ()
    """``schema.table`` of listed assets of which some columns may not be read, where the source tells."""

    @property
    def advice(self) -> str | None:
        """The statements as one line to copy; None when there are none."""
        return " ".join(f"{statement};" for statement in self.grants) or None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Asset)


def to_json(asset: Asset) -> bytes:
    return _encoder.encode(asset)


def from_json(line: bytes | str) -> Asset:
    """Raises ``msgspec.ValidationError`` (a ValueError) when the line is no asset."""
    return _decoder.decode(line)


def write_jsonl(assets: Iterable[Asset]) -> Iterator[bytes]:
    """One line of UTF-8 JSON per asset, newline included."""
    for asset in assets:
        yield _encoder.encode(asset) + b"\n"


def read_jsonl(lines: Iterable[bytes | str]) -> Iterator[Asset]:
    for line in lines:
        if line.strip():
            yield _decoder.decode(line)
