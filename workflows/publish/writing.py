"""Request bodies and JSON-Patch operations for assets, made from what is wanted and what stands there.

Structure goes by PUT, without tags and owners; everything else by one PATCH (reference, "Writing tables and tags"). A
PUT of an existing asset carries its stored texts and properties, since an administrator's PUT clears what it leaves
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.om_patch import Operation, pointer
from connectors.om_version import Features
from workflows.publish.merge import Values, columns_of
from workflows.publish.model import Entity, WantedAsset, WantedColumn
from workflows.publish.stored import DISPLAY

Reference = dict[str, str]
"""``{"id", "type"}``"""


def put_body(wanted: WantedAsset, stored: Entity | None, features: Features, *, drifted: bool = False) -> Entity:
    """The create-or-update body of an asset. ``drifted``: somebody else changed the structure, so that the server must
    not skip the write because it knows the digest."""
    before = {column["name"].casefold(): column for column in columns_of(stored or {"columns": []})[1]}
    columns = [_column(one, before.get(one.name.casefold()), wanted) for one in wanted.columns]
    body: Entity = {"name": wanted.name, **_texts(wanted.description, wanted.title, stored)}
    if stored and stored.get("extension"):
        body["extension"] = stored["extension"]
    if features.bulk and not drifted:
        body["sourceHash"] = wanted.structure
    if wanted.kind == "endpoint":
        schema = {"schemaType": "JSON", "schemaFields": columns}
        place = {"apiCollection": wanted.parent, "endpointURL": wanted.url, "requestMethod": wanted.method}
        return {**body, **place, "responseSchema": schema}
    body |= {"databaseSchema": wanted.parent, "tableType": wanted.table_type, "columns": columns}
    keys = primary_key(wanted)
    return {**body, "tableConstraints": keys} if keys else body


def _texts(description: str, title: str, stored: Entity | None) -> Entity:
    """What stands there where something does, else what is wanted: which of them wins is settled by the PATCH."""
    there = stored or {}
    found = {
        "description": there.get("description") if stored else description,
        "displayName": there.get("displayName") if stored else title,
    }
    return {name: text for name, text in found.items() if text}


def _column(column: WantedColumn, stored: Entity | None, wanted: WantedAsset) -> Entity:
    body: dict[str, Any] = {"name": column.name, "dataType": column.data_type}
    if wanted.kind == "table":
        body |= {
            "dataLength": column.length,
            "precision": column.precision,
            "scale": column.scale,
            "ordinalPosition": column.ordinal,
            "constraint": "PRIMARY_KEY" if wanted.primary_key == (column.name,) else column.constraint,
        }
    body["dataTypeDisplay"] = column.display_type or None
    body |= _texts(column.description, column.title, stored)
    if stored and stored.get("extension"):
        body["extension"] = stored["extension"]
    return {name: value for name, value in body.items() if value is not None}


def primary_key(wanted: WantedAsset) -> list[Entity]:
    """A primary key of several columns; one of a single column stands on the column."""
    keys = list(wanted.primary_key)
    return [{"constraintType": "PRIMARY_KEY", "columns": keys}] if len(keys) > 1 else []


def constraints_op(wanted: WantedAsset) -> Operation:
    """All keys of a table, foreign ones too; the tables that they refer to must be there."""
    foreign = [
        {"constraintType": "FOREIGN_KEY", "columns": list(own), "referredColumns": list(referred)}
        for own, referred in wanted.foreign_keys
    ]
    return {"op": "add", "path": "/tableConstraints", "value": primary_key(wanted) + foreign}


# --- patches -----------------------------------------------------------------------------------------------------


def _set(path: str, value: Any) -> Operation:
    """``add`` sets a member of an object whether it is there or not."""
    return {"op": "remove", "path": path} if value is None else {"op": "add", "path": path, "value": value}


def _pointers(entity: Entity) -> dict[str, str]:
    """Path → JSON pointer of the entity itself and its columns."""
    steps, columns = columns_of(entity)
    return {"": ""} | {column["name"]: pointer(*steps, at) for at, column in enumerate(columns)}


def text_ops(entity: Entity, texts: Values) -> list[Operation]:
    """Descriptions and display names. Of columns that are not there, none."""
    places, ops = _pointers(entity), []
    for key, text in texts.write.items():
        shown = key.startswith(DISPLAY)
        path = key.removeprefix(DISPLAY) if shown else key
        if path in places:
            ops.append(_set(f"{places[path]}/{'displayName' if shown else 'description'}", text))
    return ops


def property_ops(entity: Entity, properties: Values) -> list[Operation]:
    """Custom properties; ``/extension`` must be there before a property of it (reference, "Custom properties")."""
    places = _pointers(entity)
    by_path: dict[str, dict[str, Any]] = {}
    for key, value in properties.write.items():
        path, _, name = key.rpartition("\0")
        if path in places:
            by_path.setdefault(path, {})[name] = value
    stored = {"": entity} | {column["name"]: column for column in columns_of(entity)[1]}
    ops: list[Operation] = []
    for path, values in by_path.items():
        ops.extend(_extension_ops(f"{places[path]}/extension", stored[path].get("extension"), values))
    return ops


def _extension_ops(path: str, stored: Entity | None, values: Mapping[str, Any]) -> list[Operation]:
    if stored is None:
        return [{"op": "add", "path": path, "value": {name: v for name, v in values.items() if v is not None}}]
    return [_set(path + pointer(name), value) for name, value in values.items()]


def ownership_ops(values: Values, references: Mapping[str, Reference], features: Features) -> list[Operation]:
    """Owner and domain by reference (``references``: field → the entity found just before), status by name.

    A reference that was not found is left out: a domain that is not there poisons a table of 1.2.
    """
    ops: list[Operation] = []
    many = {"owner": features.owners, "domain": features.domains}
    for name, value in values.write.items():
        if name == "status":
            ops += [_set("/entityStatus", value)] if value else []
        elif value is None:
            ops.append(_set(f"/{name}s", []) if many[name] else {"op": "remove", "path": f"/{name}"})
        elif name in references:
            reference = references[name]
            ops.append(_set(f"/{name}s", [reference]) if many[name] else _set(f"/{name}", reference))
    return ops
