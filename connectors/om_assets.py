"""Entities of an OpenMetadata server → assets: tables and views, API endpoints, their columns however deep.

Pure. What stands in an answer is checked by type before it is used (``msgspec.ValidationError``), since a connector of
any make may have written it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import msgspec

from connectors.base import BadInputError, SystemConfig
from connectors.model import Asset, Column, Failure, ForeignKey, Kind, Origin
from connectors.om_names import decode_name, split_fqn
from connectors.types import DATA_TYPES, normalise

NESTED = "."
"""Between a column and the one inside it, in an asset's column names; so people and the server's history write it."""
_SIZED = frozenset({"CHAR", "VARCHAR", "BINARY", "VARBINARY"})
_NULLABLE = {"NULL": True, "NOT_NULL": False, "PRIMARY_KEY": False}


class _Field(msgspec.Struct):
    """A column, or a field of an endpoint's schema."""

    name: str
    dataType: str | None = None
    dataTypeDisplay: str | None = None
    dataLength: int | None = None
    precision: int | None = None
    scale: int | None = None
    constraint: str | None = None
    description: str | None = None
    displayName: str | None = None
    children: list[_Field] | None = None


class _Constraint(msgspec.Struct):
    constraintType: str | None = None
    columns: list[str] | None = None
    referredColumns: list[str] | None = None


class _Schema(msgspec.Struct):
    schemaFields: list[_Field] | None = None


class Row(msgspec.Struct):
    """A table or endpoint as a list shows it."""

    id: str
    name: str
    fullyQualifiedName: str
    description: str | None = None
    displayName: str | None = None
    deleted: bool | None = None
    tableType: str | None = None
    columns: list[_Field] | None = None
    tableConstraints: list[_Constraint] | None = None
    responseSchema: _Schema | None = None

    @property
    def comment(self) -> str | None:
        return _comment(self.description, self.displayName)


class Place(msgspec.Struct, frozen=True):
    """What an asset stands in, by the source's own names; an API collection is a schema without a database."""

    database: str | None
    schema: str


def row_of(entity: dict[str, Any]) -> Row:
    """Raises ``msgspec.ValidationError`` when this is no table or endpoint."""
    return msgspec.convert(entity, Row)


def asset_of(
    row: Row, place: Place, config: SystemConfig, may_show: Callable[[str, str], bool], failures: list[Failure]
) -> Asset:
    """The asset; columns that it cannot have go to ``failures``. ``may_show(schema, table)``: whether keys may name it.

    Comments are descriptions, or display names where there is none. They are other people's: `pdc publish` writes
    labels only to the tables of such a system, never a text, so nothing of ours comes back here as evidence.
    """
    fields = (row.columns if row.responseSchema is None else row.responseSchema.schemaFields) or []
    columns = tuple(_columns(fields, row.fullyQualifiedName, failures))
    names = {column.name for column in columns}
    return Asset(
        department=config.department,
        system=config.id,
        database=place.database,
        schema=place.schema,
        name=decode_name(row.name),
        kind=_kind(row, place),
        comment=row.comment,
        primary_key=_primary_key(row, fields, names),
        foreign_keys=tuple(_foreign_keys(row.tableConstraints or [], names, may_show)),
        columns=columns,
        origin=cast("Origin", config.origin),
        update_cycle=config.update_cycle,
    )


def _kind(row: Row, place: Place) -> Kind:
    if place.database is None:
        return "operation"
    return "view" if "view" in (row.tableType or "").lower() else "table"


def _comment(description: str | None, title: str | None) -> str | None:
    return (description or "").strip() or (title or "").strip() or None


def _columns(fields: Sequence[_Field], place: str, failures: list[Failure]) -> Iterator[Column]:
    """Depth first, as the server orders them; a field inside a column is called ``column.field``."""
    seen: set[str] = set()
    pending = [("", field) for field in reversed(fields)]
    while pending:
        prefix, field = pending.pop()
        name = prefix + decode_name(field.name)
        if not field.name or name in seen:
            what = "a column has no name" if not field.name else f"two columns are called {name}"
            failures.append(Failure(what, place=place, hint="the first one is kept; repair it on the server"))
            continue
        seen.add(name)
        yield _column(field, name, len(seen))
        pending += [(name + NESTED, child) for child in reversed(field.children or [])]


def _column(field: _Field, name: str, ordinal: int) -> Column:
    known = field.dataType if field.dataType in DATA_TYPES else None
    native = (field.dataTypeDisplay or "").strip() or (field.dataType or "").lower()
    sized = known in _SIZED
    return Column(
        name=name,
        ordinal=ordinal,
        type=native,
        data_type=known or normalise(native).data_type,
        nullable=_NULLABLE.get(field.constraint or ""),
        comment=_comment(field.description, field.displayName),
        # 1 is what servers are told when nobody knows.
        length=field.dataLength if sized and (field.dataLength or 0) > 1 else normalise(native).length,
        precision=field.precision,
        scale=field.scale,
    )


def _primary_key(row: Row, fields: Sequence[_Field], names: set[str]) -> tuple[str, ...]:
    """Of the table's constraints, else of the columns'; nothing when it is not whole."""
    whole = [one.columns or [] for one in row.tableConstraints or [] if one.constraintType == "PRIMARY_KEY"]
    found = whole[0] if whole else [field.name for field in fields if field.constraint == "PRIMARY_KEY"]
    keys = tuple(dict.fromkeys(map(decode_name, found)))
    return keys if set(keys) <= names else ()


def _foreign_keys(
    constraints: Sequence[_Constraint], names: set[str], may_show: Callable[[str, str], bool]
) -> Iterator[ForeignKey]:
    """Referred columns are FQNs: service, database, schema, table, column."""
    for one in constraints:
        columns = tuple(map(decode_name, one.columns or []))
        if one.constraintType != "FOREIGN_KEY" or not columns or not set(columns) <= names:
            continue
        try:
            parts = [[decode_name(name) for name in split_fqn(fqn)] for fqn in one.referredColumns or []]
        except BadInputError:
            continue
        tables = {tuple(part[2:4]) for part in parts}
        if any(len(part) < 5 for part in parts) or len(tables) != 1:
            continue
        schema, table = tables.pop()
        if may_show(schema, table):
            yield ForeignKey(columns, f"{schema}.{table}", tuple(NESTED.join(part[4:]) for part in parts))


def place_of_parent(fqn: str) -> Place:
    """The place that a schema's FQN (service, database, schema) or an API collection's (service, collection) means.

    Raises ``BadInputError`` when it is neither.
    """
    names = [decode_name(name) for name in split_fqn(fqn)]
    if len(names) not in (2, 3):
        raise BadInputError(f"{fqn[:80]!r} is neither a schema nor an API collection", place="fqn")
    return Place(names[1] if len(names) == 3 else None, names[-1])
