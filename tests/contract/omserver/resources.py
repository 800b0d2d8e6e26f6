"""The routes every kind of entity has: lists, look-ups, POST, PUT, PATCH, versions. Deletes are in `deleting`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import deleting, patch
from .access import authorize, patch_operations
from .errors import BadRequest, Conflict, PreconditionFailed, ServerError, not_found
from .kinds import Kind
from .listing import included
from .names import join
from .routing import Answer, Call
from .store import Doc, Entity, version_number
from .update import check_connection

if TYPE_CHECKING:
    from .server import Server

JSON_PATCH = "application/json-patch+json"
#: Kinds a PATCH may rename.
RENAMED = frozenset({"classification", "tag", "glossary", "glossaryTerm"})


def install(server: Server) -> None:
    for kind in server.store.kinds.values():
        resource = Resource(server, kind)
        path = "v1/" + "/".join(kind.path)
        add = server.router.add
        add("GET", path, resource.list)
        add("POST", path, resource.post)
        add("PUT", path, resource.put)
        add("GET", f"{path}/{{id}}", resource.get)
        add("GET", f"{path}/name/{{fqn}}", resource.get_by_name)
        add("PATCH", f"{path}/{{id}}", resource.patch)
        if not server.profile.single_relations:
            add("PATCH", f"{path}/name/{{fqn}}", resource.patch_by_name)
        add("GET", f"{path}/{{id}}/versions", resource.versions)
        add("GET", f"{path}/{{id}}/versions/{{version}}", resource.version)
        deleting.install(server, kind)


class Resource:
    """One kind's routes."""

    def __init__(self, server: Server, kind: Kind) -> None:
        self.server = server
        self.kind = kind

    # --- reading ---

    def found(self, call: Call, include: str | None = None) -> Entity:
        """The entity of ``{id}``; 404 when there is none that `include` covers."""
        entity = self.server.store.get(self.kind.name, call.params["id"])
        if entity is None or not included(include)(entity):
            raise not_found(self.kind.name, call.params["id"])
        return entity

    def show(self, call: Call, entity: Entity) -> Answer:
        fields = self.server.view.fields_of(self.kind, call.query.get("fields"))
        authorize(self.server.store, call.caller, ["ViewBasic"], self.kind.name, entity)
        return self.tagged(entity, self.server.view.show(entity, fields))

    def tagged(self, entity: Entity, body: Doc, status: int = 200) -> Answer:
        self.server.check_answer(self.kind.name, body)
        return Answer(body, status, {"ETag": etag(entity)} if self.server.profile.etags else {})

    def get(self, call: Call) -> Answer:
        return self.show(call, self.found(call, call.query.get("include")))

    def get_by_name(self, call: Call) -> Answer:
        entity = self.server.store.named(self.kind.name, call.params["fqn"])
        if entity is None or not included(call.query.get("include"))(entity):
            raise not_found(self.kind.name, call.params["fqn"])
        return self.show(call, entity)

    def list(self, call: Call) -> Answer:
        fields = self.server.view.fields_of(self.kind, call.query.get("fields"))
        authorize(self.server.store, call.caller, ["ViewBasic"], self.kind.name, None)
        rows, paging = self.server.lists.page(call, self.kind)
        return Answer({"data": [self.server.view.show(one, fields) for one in rows], "paging": paging})

    def all_fields(self, entity: Entity) -> Doc:
        return self.server.view.show(entity, self.kind.stored)

    def versions(self, call: Call) -> Answer:
        entity = self.found(call, "all")
        authorize(self.server.store, call.caller, ["ViewBasic"], self.kind.name, entity)
        present = json.dumps(self.all_fields(entity), ensure_ascii=False)
        return Answer({"entityType": self.kind.name, "versions": [present, *reversed(entity.history)]})

    def version(self, call: Call) -> Answer:
        entity = self.found(call, "all")
        authorize(self.server.store, call.caller, ["ViewBasic"], self.kind.name, entity)
        present = self.all_fields(entity)
        for one in (present, *map(json.loads, reversed(entity.history))):
            if str(one["version"]) == call.params["version"]:
                return Answer(one)
        raise not_found(self.kind.name, f"{entity.id} version {call.params['version']}")

    # --- writing ---

    def brief(self, entity: Entity) -> Doc:
        """A write's answer: labels lack name, displayName and style."""
        return self.server.view.show(entity, self.kind.stored, brief=True)

    def post(self, call: Call) -> Answer:
        body = call.json()
        doc, parent = self.server.described(self.kind, body, None)
        authorize(self.server.store, call.caller, ["Create"], self.kind.name, None)
        if self.server.intake.target(self.kind, body) is not None:
            raise Conflict("Entity already exists")
        entity = self.server.created(self.kind, body["name"], doc, parent, call.caller)
        return self.tagged(entity, self.brief(entity), 201)

    def put(self, call: Call) -> Answer:
        entity, created = self.put_one(call, call.json())
        return self.tagged(entity, self.brief(entity), 201 if created else 200)

    def put_one(self, call: Call, body: Any, override: bool = False) -> tuple[Entity, bool]:
        """Create or update from one request body; whether it was created."""
        entity = self.server.intake.target(self.kind, body)
        doc, parent = self.server.described(self.kind, body, entity)
        authorize(self.server.store, call.caller, ["EditAll" if entity else "Create"], self.kind.name, entity)
        if entity is None:
            return self.server.created(self.kind, body["name"], doc, parent, call.caller), True
        if self.server.profile.racy_guard and entity.created > call.moment:
            raise Conflict("Entity already exists")
        check_match(call, entity)
        self.update(call, entity, doc, override)
        return entity, False

    def update(self, call: Call, entity: Entity, doc: Doc, override: bool) -> None:
        self.refuse_poisoned(entity)
        check_connection(entity, doc)
        fragile = self.is_fragile(entity)
        if entity.deleted:
            deleting.undelete(self.server, entity, call.caller)
        self.server.writer.put(entity, doc, call.caller, override)
        self.server.after_write(entity)
        if fragile:
            raise ServerError('Cannot invoke "getConfig()" because "connection" is null')

    def is_fragile(self, entity: Entity) -> bool:
        return (
            self.server.profile.fragile_service
            and self.kind.name == "databaseService"
            and not entity.doc.get("connection")
        )

    def refuse_poisoned(self, entity: Entity) -> None:
        """A reference that leads nowhere makes every PUT a conflict."""
        for relation in self.kind.relations:
            for ref in entity.doc.get(relation.name) or []:
                if ref["id"] not in self.server.store.by_id:
                    raise Conflict("Entity already exists")

    def patch_by_name(self, call: Call) -> Answer:
        entity = self.server.store.named(self.kind.name, call.params["fqn"])
        if entity is None:
            raise not_found(self.kind.name, call.params["fqn"])
        call.params["id"] = entity.id
        return self.patch(call)

    def patch(self, call: Call) -> Answer:
        if call.headers.get("content-type", "").split(";")[0].strip() != JSON_PATCH:
            raise ServerError("HTTP 415 Unsupported Media Type")
        entity = self.found(call)
        operations = checked(call.json())
        needed = patch_operations(self.server.profile, entity.doc, operations)
        authorize(self.server.store, call.caller, needed, self.kind.name, entity)
        check_match(call, entity)
        seen = entity.version_at(call.moment) if self.server.profile.racy_guard else entity.version
        before = self.all_fields(entity) | {"version": version_number(seen)}
        after = patch.apply(before, operations, self.server.profile.patch_sorted)
        if (guard := self.server.guards.get(self.kind.name)) is not None:
            guard(self.server, call.caller, entity, before, after)
        fragile = self.is_fragile(entity)
        self.rename(entity, after)
        doc = self.server.intake.patched(self.kind, entity, before, after)
        self.server.writer.patch(entity, doc, call.caller, seen)
        self.server.after_write(entity)
        if fragile:
            raise ServerError('Cannot invoke "getConfig()" because "connection" is null')
        return self.tagged(entity, self.brief(entity))

    def rename(self, entity: Entity, after: Doc) -> None:
        """A new name of what may have one; of anything else it is passed over."""
        name = after.get("name")
        if self.kind.name not in RENAMED or name == entity.name:
            return
        old = {one.id: (one.kind, one.fqn) for one in (entity, *self.server.store.below(entity))}
        parent = self.server.store.parent_of(entity)
        if self.server.store.named(self.kind.name, join(parent.fqn if parent else None, self.kind.check_name(name))):
            raise Conflict("Entity already exists")
        self.server.store.rename(entity, str(name))
        deleting.follow_names(self.server.store, old)


def etag(entity: Entity) -> str:
    return f'W/"{version_number(entity.version)}"'


def check_match(call: Call, entity: Entity) -> None:
    """``If-Match``, where the profile knows it."""
    wanted = call.headers.get("if-match")
    if call.server.profile.etags and wanted not in (None, "*", etag(entity)):
        raise PreconditionFailed(f"Entity {entity.id} was changed: version is {version_number(entity.version)}")


def checked(operations: Any) -> list[dict[str, Any]]:
    if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
        raise BadRequest("a JSON Patch is an array of operations")
    return operations
