"""Columns: reading them from requests, and matching stored ones with sent ones.

The fields of API requests and responses have the same shape and go the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import labels, names
from .errors import BadRequest
from .profiles import Profile, words

Column = dict[str, Any]
NEED_LENGTH = frozenset({"CHAR", "VARCHAR", "BINARY", "VARBINARY"})
DATA_TYPES = words(
    "NUMBER TINYINT SMALLINT INT BIGINT BYTEINT BYTES FLOAT DOUBLE DECIMAL NUMERIC TIMESTAMP TIMESTAMPZ TIME"
    " DATE DATETIME INTERVAL STRING MEDIUMTEXT TEXT CHAR LONG VARCHAR BOOLEAN BINARY VARBINARY ARRAY BLOB"
    " LONGBLOB MEDIUMBLOB MAP STRUCT UNION SET GEOGRAPHY ENUM JSON UUID VARIANT GEOMETRY BYTEA"
    " AGGREGATEFUNCTION ERROR FIXED RECORD NULL SUPER HLLSKETCH PG_LSN PG_SNAPSHOT TSQUERY TXID_SNAPSHOT XML"
    " MACADDR TSVECTOR UNKNOWN CIDR INET CLOB ROWID LOWCARDINALITY YEAR POINT POLYGON SPATIAL TABLE NTEXT IMAGE"
    " IPV4 IPV6 DATETIMERANGE MEASURE HIERARCHYID KPI "
    " HEIRARCHY LARGEINT QUANTILE_STATE AGG_STATE BITMAP BIT"
    " HLL UINT MONEY TUPLE"
) | {"MEASURE VISIBLE", "MEASURE HIDDEN"}
PLAIN = (
    "name",
    "displayName",
    "dataType",
    "arrayDataType",
    "dataLength",
    "precision",
    "scale",
    "dataTypeDisplay",
    "description",
    "constraint",
    "ordinalPosition",
    "jsonSchema",
    "extension",
)
#: What an answer carries that a request may send back.
SHOWN = frozenset({*PLAIN, "tags", "children", "fullyQualifiedName", "profile", "customMetrics"})
#: Compared one by one; a change is named ``columns.<name>.<field>``.
COMPARED = (
    "displayName",
    "description",
    "dataLength",
    "precision",
    "scale",
    "constraint",
    "dataTypeDisplay",
    "extension",
)


def parse(raw: object, profile: Profile, is_table: bool = True) -> list[Column]:
    """The columns of a request in stored form; 400 for what no column may be."""
    if not isinstance(raw, list):
        raise BadRequest("[columns must not be null]")
    columns = [parse_one(one, profile, is_table) for one in raw]
    check_unique(columns)
    return columns


def check_unique(columns: list[Column]) -> None:
    seen: set[str] = set()
    for column in columns:
        if column["name"] in seen:
            raise BadRequest(f"Column name {column['name']} is repeated")
        seen.add(column["name"])


def parse_one(raw: object, profile: Profile, is_table: bool) -> Column:
    if not isinstance(raw, dict):
        raise BadRequest("Cannot construct instance of Column")
    plain = profile.single_relations or not is_table
    unknown = raw.keys() - SHOWN or (raw.keys() & {"extension"} if plain else set())
    for name in unknown:
        raise labels.unrecognized(name, "org.openmetadata.schema.type.Column")
    names.check_entity_name(raw.get("name"))
    if is_table:
        check_type(raw)
    column = {name: raw[name] for name in PLAIN if raw.get(name) is not None}
    if is_table:
        column.setdefault("dataTypeDisplay", raw["dataType"].lower())
    column["tags"] = labels.parse(raw.get("tags"), profile)
    if raw.get("children") is not None:
        column["children"] = parse(raw["children"], profile, is_table)
    return column


def check_type(raw: Column) -> None:
    labels.check_enum(raw.get("dataType"), DATA_TYPES, "ColumnDataType")
    if raw["dataType"] in NEED_LENGTH and raw.get("dataLength") is None:
        raise BadRequest(
            f"For column data types char, varchar, binary, varbinary dataLength must not be null: {raw['name']}"
        )
    if raw["dataType"] == "ARRAY" and raw.get("arrayDataType") is None:
        raise BadRequest(f"For column data type array, arrayDataType must not be null: {raw['name']}")


def identity(column: Column) -> tuple[str, object, object]:
    """Two columns are the same one when name (whatever its case) and type agree; lengths do not count."""
    return column["name"].lower(), column.get("dataType"), column.get("arrayDataType")


@dataclass(frozen=True)
class Match:
    """How the columns of a request stand to the stored ones; `pairs` are (stored, sent) in the order sent."""

    pairs: list[tuple[Column | None, Column]]
    added: list[Column]
    dropped: list[Column]


def match(stored: list[Column], sent: list[Column]) -> Match:
    before = {identity(column): column for column in stored}
    pairs = [(before.pop(identity(column), None), column) for column in sent]
    return Match(pairs, [new for old, new in pairs if old is None], list(before.values()))
