"""Requests → documents: known fields, names, references, labels, custom properties; everything 400 and 404 is here."""

from __future__ import annotations

from typing import Any

from . import columns, labels
from .errors import BadRequest, NotFound, ServerError, not_found
from .kinds import Kind, Relation
from .labels import unrecognized
from .names import join
from .profiles import Profile, words
from .properties import Properties
from .store import Doc, Entity, Store

STATUSES = frozenset({"Draft", "In Review", "Approved", "Archived", "Deprecated", "Rejected", "Unprocessed"})
TERM_STATUSES = frozenset({"Draft", "Approved", "Deprecated", "Rejected"})
#: What every answer carries and a patch may therefore hold, unchanged.
SHOWN = words(
    "id name fullyQualifiedName version updatedAt updatedBy href deleted changeDescription"
    " incrementalChangeDescription displayName description serviceType parent entityStatus status service"
    " customProperties"
)
SCHEMAS = ("requestSchema", "responseSchema")


def class_name(kind: Kind) -> str:
    return "org.openmetadata.schema.api.Create" + kind.name[0].upper() + kind.name[1:]


class Intake:
    """Reads request bodies for one store and profile."""

    def __init__(self, store: Store, profile: Profile, properties: Properties) -> None:
        self.store = store
        self.profile = profile
        self.properties = properties

    # --- create requests ---

    def create(self, kind: Kind, body: object) -> tuple[Doc, Entity | None]:
        """The document and the parent that a POST or PUT body describes."""
        if not isinstance(body, dict):
            raise BadRequest(f"Cannot deserialize value of type {class_name(kind)}")
        for name in body.keys() - kind.create_fields:
            raise unrecognized(name, class_name(kind))
        kind.check_name(body.get("name"))
        for name in kind.required:
            if body.get(name) in (None, ""):
                raise BadRequest(f"[{name} must not be null]")
        doc = self.content(kind, body)
        for relation in kind.relations:
            if body.get(relation.name) is not None:
                doc[relation.name] = self.relation(relation, body[relation.name])
        return {**kind.defaults, **doc}, self.parent(kind, body)

    def target(self, kind: Kind, body: object) -> Entity | None:
        """The stored entity that a create request names, if any; the request is checked elsewhere."""
        if not isinstance(body, dict) or not isinstance(body.get("name"), str):
            return None
        parent = self.parent(kind, body)
        return self.store.named(kind.name, join(parent.fqn if parent else None, body["name"]))

    def content(self, kind: Kind, body: Doc) -> Doc:
        """All of a document but its references."""
        doc = {name: body[name] for name in kind.plain | {"displayName", "description"} if body.get(name) is not None}
        if "columns" in doc:
            doc["columns"] = columns.parse(doc["columns"], self.profile)
        for name in doc.keys() & set(SCHEMAS):
            doc[name] = self.schema(doc[name])
        if kind.taggable:
            doc["tags"] = labels.parse(body.get("tags"), self.profile)
        if kind.extensible and body.get("extension") is not None:
            self.properties.check(kind.name, body["extension"])
            doc["extension"] = body["extension"]
        self.check_column_extensions(doc.get("columns") or [])
        return doc

    def schema(self, raw: object) -> Doc:
        if not isinstance(raw, dict) or raw.keys() - {"schemaType", "schemaFields"}:
            raise BadRequest("Cannot construct instance of APISchema")
        return {**raw, "schemaFields": columns.parse(raw.get("schemaFields") or [], self.profile, is_table=False)}

    def check_column_extensions(self, found: list[Doc]) -> None:
        for column in found:
            if "extension" in column:
                self.properties.check("tableColumn", column["extension"])

    def parent(self, kind: Kind, body: Doc) -> Entity | None:
        """The entity that the closest given parent field names; 404 when it is not there."""
        for name, parent_kind in kind.parents:
            if body.get(name) is None:
                continue
            found = self.store.named(parent_kind, str(body[name]))
            if found is None or (found.deleted and parent_kind in ("databaseService", "apiService")):
                raise not_found(parent_kind, str(body[name]))
            self.check_container(kind, body, found)
            return found
        if kind.parents and kind.name != "domain":
            raise BadRequest(f"[{kind.parents[-1][0]} must not be null]")
        return None

    def check_container(self, kind: Kind, body: Doc, parent: Entity) -> None:
        """A tag or term under another one still names the classification or glossary both are in."""
        name, container = kind.parents[-1]
        if (
            parent.kind == kind.name
            and kind.name != "domain"
            and self.store.named(container, str(body.get(name))) is None
        ):
            raise not_found(container, str(body.get(name)))

    # --- references ---

    def relation(self, relation: Relation, raw: object) -> list[Doc]:
        """The references of a create request."""
        if relation.single == isinstance(raw, list):
            raise BadRequest(f"Cannot deserialize value of {relation.name}")
        values = raw if isinstance(raw, list) else [raw]
        return [self.one_reference(relation, value) for value in values]

    def one_reference(self, relation: Relation, value: object) -> Doc:
        if relation.form == "ref":
            return self.object_reference(relation, value)
        if not isinstance(value, str):
            raise BadRequest(f"Cannot deserialize value of type String from Object value: {relation.name}")
        if relation.form == "id":
            found = self.store.get(relation.kinds[0], value)
        else:
            found = next(filter(None, (self.store.named(kind, value) for kind in relation.kinds)), None)
        if found is None or found.deleted:
            raise not_found(relation.kinds[0], value)
        return {"id": found.id, "type": found.kind}

    def object_reference(self, relation: Relation, value: object) -> Doc:
        if not isinstance(value, dict) or "id" not in value:
            raise BadRequest(f"Cannot construct instance of EntityReference: {relation.name}")
        kind = value.get("type")
        if not isinstance(kind, str):
            raise ServerError(f"Entity type null not found: {relation.name}")
        found = self.store.get(kind, value["id"])
        if found is None or found.deleted:
            raise not_found(kind, value["id"])
        if relation.name.startswith("owner"):
            check_owner(found)
        return {"id": found.id, "type": found.kind}

    def patched_relation(self, relation: Relation, raw: object) -> list[Doc]:
        """The references of a patched document, which are objects whatever a create request would carry."""
        if raw is None:
            return []
        if relation.single == isinstance(raw, list):
            raise BadRequest(f"Cannot deserialize value of {relation.name}")
        values: list[Any] = raw if isinstance(raw, list) else [raw]
        # On 2.0 a related term is an object that holds the reference.
        values = [value["term"] if isinstance(value, dict) and "term" in value else value for value in values]
        as_objects = Relation(relation.name, relation.kinds, "ref", relation.single)
        try:
            return [self.object_reference(as_objects, value) for value in values if not inherited(value)]
        except NotFound:
            if relation.name == "domain" and self.profile.poisonable_domain:
                return [{"id": value["id"], "type": value["type"]} for value in values]
            raise

    # --- patched documents ---

    def patched(self, kind: Kind, entity: Entity, before: Doc, after: Doc) -> Doc:
        """The document that a patched view stands for; what the patch left alone keeps its stored form."""
        known = SHOWN | kind.plain | kind.patch_only | kind.fields | {name for name, _ in kind.ancestors}
        for name in after.keys() - known:
            raise unrecognized(name, class_name(kind))
        doc = dict(entity.doc)
        for name in before.keys() | after.keys():
            if before.get(name) is not after.get(name):
                self.try_take(kind, doc, name, before.get(name), after.get(name))
        return doc

    def try_take(self, kind: Kind, doc: Doc, name: str, before: Any, value: Any) -> None:
        try:
            self.take(kind, doc, name, before, value)
        except labels.MissingFqn:
            raise ServerError('Cannot invoke "getTagFQN()" because it is null') from None

    def take(self, kind: Kind, doc: Doc, name: str, before: Any, value: Any) -> None:
        """One changed field of a patched view."""
        relation = next((one for one in kind.relations if one.name == name), None)
        if relation is not None:
            refs = self.patched_relation(relation, value)
            if doc.get(name) or ids(refs) != ids(before if isinstance(before, list) else [before] if before else []):
                doc[name] = refs
        elif name == "columns":
            doc["columns"] = self.patched_columns(doc["columns"], before, value)
            self.check_column_extensions(doc["columns"])
        elif name in SCHEMAS:
            put(doc, name, None if value is None else self.schema(value))
        elif name == "tags" and kind.taggable:
            doc["tags"] = labels.parse(value, self.profile)
        elif name == "extension" and kind.extensible:
            if value is not None:
                self.properties.check(kind.name, value)
            put(doc, "extension", value)
        elif name == "status":
            put(doc, name, labels.check_enum(value, TERM_STATUSES, "TermStatus"))
        elif name == "entityStatus":
            put(doc, name, labels.check_enum(value, STATUSES, "EntityStatus"))
        elif name in kind.plain | kind.patch_only or name in ("displayName", "description"):
            put(doc, name, value)

    def patched_columns(self, stored: list[Doc], before: list[Doc], after: object) -> list[Doc]:
        if not isinstance(after, list):
            raise BadRequest("[columns must not be null]")
        untouched = {id(shown): column for shown, column in zip(before, stored, strict=True)}
        touched = iter(columns.parse([one for one in after if id(one) not in untouched], self.profile))
        found = [untouched.get(id(one)) or next(touched) for one in after]
        columns.check_unique(found)
        return found


def put(doc: Doc, name: str, value: Any) -> None:
    if value is None:
        doc.pop(name, None)
    else:
        doc[name] = value


def ids(refs: list[Doc]) -> list[str]:
    return [ref["id"] for ref in refs]


def inherited(value: object) -> bool:
    return isinstance(value, dict) and bool(value.get("inherited"))


def check_owner(owner: Entity) -> None:
    """Of teams only groups may own."""
    team_type = owner.doc.get("teamType", "Group")
    if owner.kind == "team" and team_type != "Group":
        raise BadRequest(f"Team of type {team_type} can't own entities")
