"""``/v1/metadata/types``: types and the definitions of custom properties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import patch
from .access import authorize
from .errors import not_found
from .routing import Answer, Call

if TYPE_CHECKING:
    from .server import Server


def install(server: Server) -> None:
    add = server.router.add
    add("GET", "v1/metadata/types", list_types)
    add("GET", "v1/metadata/types/{id}", get_type)
    add("GET", "v1/metadata/types/name/{fqn}", get_type)
    add("PUT", "v1/metadata/types/{id}", define)
    add("PATCH", "v1/metadata/types/{id}", patch_type)


def list_types(call: Call) -> Answer:
    properties = call.server.properties
    names = [*properties.defined, *sorted(call.server.profile.property_types)]
    shown = [properties.show(name) for name in names]
    wanted = call.query.get("category")
    rows = [one for one in shown if wanted in (None, one["category"])]
    return Answer({"data": rows, "paging": {"total": len(rows)}})


def name_in(call: Call) -> str:
    properties = call.server.properties
    if "id" in call.params:
        return properties.name_of(call.params["id"])
    name = call.params["fqn"]
    if name not in properties.defined and name not in call.server.profile.property_types:
        raise not_found("type", name)
    return name


def get_type(call: Call) -> Answer:
    return Answer(call.server.properties.show(name_in(call)))


def define(call: Call) -> Answer:
    """Adding a property is Create on ``type``, adding one more as well."""
    name = name_in(call)
    authorize(call.server.store, call.caller, ["Create"], "type", None)
    call.server.check_request("customProperty", call.json())
    call.server.properties.define(name, call.json())
    return Answer(call.server.properties.show(name))


def patch_type(call: Call) -> Answer:
    """Only whole definitions change here; a definition taken away takes its values of all entities along."""
    name = name_in(call)
    authorize(call.server.store, call.caller, ["EditAll"], "type", None)
    properties = call.server.properties
    after = patch.apply(properties.show(name), call.json(), call.server.profile.patch_sorted)
    wanted = {one["name"]: one for one in after.get("customProperties") or []}
    gone = properties.defined[name].keys() - wanted.keys()
    for one in wanted.values():
        properties.define(name, one)
    for one in gone:
        del properties.defined[name][one]
        forget_values(call.server, name, one)
    return Answer(properties.show(name))


def forget_values(server: Server, entity_type: str, name: str) -> None:
    for entity in server.store.of_kind.get(entity_type, {}).values():
        extension = entity.doc.get("extension")
        if extension and name in extension:
            rest = {key: value for key, value in extension.items() if key != name}
            entity.doc = {**entity.doc, "extension": rest}
