"""Types and their custom properties (reference: Custom properties)."""

from __future__ import annotations

import re
import uuid
from typing import Any

from . import names
from .errors import BadRequest, ServerError, not_found
from .profiles import Profile
from .store import Doc

TEXT = frozenset({"string", "markdown", "sqlQuery", "duration", "date", "dateTime", "time", "email"})
TEXT_2_0 = frozenset({"date-cp", "dateTime-cp", "time-cp"})
NUMBERS: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "timestamp": (int,)}


class Properties:
    """The definitions, per entity type; type ids are derived from their names, so a restart keeps them."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.defined: dict[str, dict[str, Doc]] = {name: {} for name in sorted(profile.extensible)}

    def type_id(self, name: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"type.{name}"))

    def name_of(self, type_id: str) -> str:
        for name in (*self.defined, *sorted(self.profile.property_types)):
            if self.type_id(name) == type_id:
                return name
        raise not_found("type", type_id)

    def define(self, entity_type: str, raw: object) -> Doc:
        """Add a property or update it; the type of one that exists changes without a word."""
        if entity_type not in self.defined:
            raise BadRequest("Only entity types can be extended and field types can't be extended")
        if not isinstance(raw, dict):
            raise BadRequest("Cannot construct instance of CustomProperty")
        known = {"name", "description", "propertyType"}
        if not self.profile.single_relations:
            known |= {"displayName", "customPropertyConfig"}
        for name in raw.keys() - known:
            raise BadRequest(f'Unrecognized field "{name}" (class org.openmetadata.schema.entity.type.CustomProperty)')
        names.check_property_name(raw.get("name"))
        kind = raw.get("propertyType")
        if not isinstance(kind, dict) or "id" not in kind:
            raise BadRequest("[propertyType must not be null]")
        type_name = self.name_of(kind["id"])
        if type_name == "enum" and not config_of(raw).get("values"):
            raise BadRequest("Enum Custom Property Type must have EnumConfig.")
        given = {key: value for key, value in raw.items() if value is not None}
        definition = {**given, "propertyType": {"id": kind["id"], "type": "type", "name": type_name}}
        self.defined[entity_type][raw["name"]] = definition
        return definition

    def check(self, entity_type: str, extension: object) -> None:
        """400 for unknown properties and values of the wrong type."""
        if not isinstance(extension, dict):
            raise BadRequest("Cannot deserialize value of extension")
        for name, value in extension.items():
            definition = self.defined.get(entity_type, {}).get(name)
            if definition is None:
                raise BadRequest(f"Unknown custom field {name}")
            if not fits(definition, value):
                raise BadRequest(f"Custom field {name} has invalid JSON")

    def show(self, name: str) -> Doc:
        """A type as ``GET /metadata/types`` shows it, its properties in the order of their names."""
        is_entity = name in self.defined
        shown: Doc = {
            "id": self.type_id(name),
            "name": name,
            "fullyQualifiedName": name,
            "displayName": name,
            "description": "",
            "category": "entity" if is_entity else "field",
            "version": 0.1,
            "schema": "{}",
        }
        if is_entity:
            shown["customProperties"] = [self.defined[name][one] for one in sorted(self.defined[name])]
        return shown


def config_of(definition: Doc) -> Doc:
    config: Any = (definition.get("customPropertyConfig") or {}).get("config")
    return config if isinstance(config, dict) else {}


def fits(definition: Doc, value: object) -> bool:
    name = definition["propertyType"]["name"]
    if name in NUMBERS:
        return isinstance(value, NUMBERS[name]) and not isinstance(value, bool)
    if name in TEXT or name in TEXT_2_0:
        return isinstance(value, str) and (name != "email" or bool(re.fullmatch(r"\S+@\S+\.\S+", value)))
    if name == "enum":
        config = config_of(definition)
        values = value if isinstance(value, list) else []
        return bool(values) and set(values) <= set(config["values"]) and (config.get("multiSelect") or len(values) == 1)
    if name == "entityReferenceList":
        return isinstance(value, list)
    if name in ("timeInterval", "entityReference"):
        return isinstance(value, dict)
    raise ServerError(f"no rule for {name}")
