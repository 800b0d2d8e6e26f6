"""Entities as answers show them: own values, place, inherited owner and domain, labels with their tags' names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from . import labels, names
from .errors import BadRequest, not_found
from .kinds import Kind, Relation
from .profiles import Profile
from .store import Doc, Entity, Store, version_number

#: Services hand their domain down, but not their owner.
SERVICES = frozenset({"databaseService", "apiService"})
INHERITED = ("owner", "owners", "domain", "domains")
#: Kinds whose columns or fields carry labels.
SCHEMAS = ("requestSchema", "responseSchema")

Computed = Callable[["View", Entity], Any]


class View:
    """Shows entities of one store.

    `computed` are fields that are worked out from other entities; `usage` is forgotten before every request.
    """

    def __init__(self, store: Store, profile: Profile, base: str) -> None:
        self.store = store
        self.profile = profile
        self.base = base
        self.computed: dict[tuple[str, str], Computed] = {}
        self.usage: Counter[tuple[str, str]] | None = None

    def fields_of(self, kind: Kind, text: str | None) -> frozenset[str]:
        """What ``fields`` asks for; unknown names are 400, ``*`` is all."""
        asked = {name.strip() for name in (text or "").split(",")} - {""}
        if "*" in asked:
            return kind.fields
        for name in asked - kind.fields:
            raise BadRequest(f"Invalid field name {name}")
        return frozenset(asked)

    def href(self, kind: Kind, entity_id: str) -> str:
        return f"{self.base}/v1/{'/'.join(kind.path)}/{entity_id}"

    def reference(self, ref: Doc, inherited: bool = False) -> Doc:
        """A stored ``{"id", "type"}`` as answers show it; 404 when it leads nowhere (a poisoned table)."""
        entity = self.store.by_id.get(ref["id"])
        if entity is None:
            raise not_found(ref["type"], ref["id"])
        shown = {
            "id": entity.id,
            "type": entity.kind,
            "name": entity.name,
            "fullyQualifiedName": entity.fqn,
            "description": entity.doc.get("description", ""),
            "deleted": entity.deleted,
            "href": self.href(self.store.kinds[entity.kind], entity.id),
        }
        if entity.doc.get("displayName"):
            shown["displayName"] = entity.doc["displayName"]
        if inherited and not self.profile.single_relations:
            shown["inherited"] = True
        return shown

    def related(self, entity: Entity, relation: Relation) -> tuple[list[Doc], bool]:
        """The stored references of a relation, and whether they were inherited."""
        own = entity.doc.get(relation.name)
        if own or relation.name not in INHERITED:
            return own or [], False
        for above in self.store.ancestors(entity):
            if relation.name.startswith("owner") and above.kind in SERVICES:
                continue
            if found := above.doc.get(relation.name):
                return found, True
        return [], False

    def show(self, entity: Entity, fields: frozenset[str], brief: bool = False) -> Doc:
        """The entity with the asked fields.

        `brief` is how writes answer: labels lack names, and a reference that leads nowhere is passed on as it is.
        """
        kind = self.store.kinds[entity.kind]
        shown: Doc = {"id": entity.id, "name": entity.name, "fullyQualifiedName": entity.fqn}
        hidden = kind.gated - fields
        shown.update({name: value for name, value in entity.doc.items() if name in kind.shown and name not in hidden})
        shown["version"] = version_number(entity.version)
        shown["updatedAt"], shown["updatedBy"] = entity.updated_at, entity.updated_by
        shown["href"] = self.href(kind, entity.id)
        shown.update(self.place(kind, entity))
        self.add_relations(shown, kind, entity, fields, brief)
        if kind.taggable and "tags" in fields:
            shown["tags"] = labels.show(self.store, entity.doc.get("tags") or [], brief)
        if "columns" in entity.doc:
            tagged = "tags" in fields and "columns" in fields
            shown["columns"] = list(self.columns(entity.doc["columns"], entity.fqn, tagged, brief))
        for name in shown.keys() & SCHEMAS:
            inner = list(self.columns(shown[name].get("schemaFields") or [], f"{entity.fqn}.{name}", True, brief))
            shown[name] = {**shown[name], "schemaFields": inner}
        if kind.extensible and "extension" in fields and entity.doc.get("extension") is not None:
            shown["extension"] = entity.doc["extension"]
        if entity.change is not None:
            shown["changeDescription"] = entity.change
        if entity.deleted or kind.soft:
            shown["deleted"] = entity.deleted
        for name in fields & kind.computed:
            if (compute := self.computed.get((kind.name, name))) is not None:
                shown[name] = compute(self, entity)
        return shown

    def place(self, kind: Kind, entity: Entity) -> Iterator[tuple[str, Any]]:
        above = {one.kind: one for one in reversed(list(self.store.ancestors(entity)))}
        for name, parent_kind in kind.ancestors:
            if parent_kind in above:
                yield name, self.reference({"id": above[parent_kind].id, "type": parent_kind})
        parent = self.store.parent_of(entity)
        if parent is not None and kind.parents and kind.parents[0][0] == "parent" and parent.kind == kind.name:
            yield "parent", self.reference({"id": parent.id, "type": parent.kind})
        service = next((above[name] for name in SERVICES if name in above), None)
        if service is not None and "serviceType" in service.doc:
            yield "serviceType", service.doc["serviceType"]

    def add_relations(self, shown: Doc, kind: Kind, entity: Entity, fields: frozenset[str], brief: bool) -> None:
        for relation in kind.relations:
            if relation.name not in fields:
                continue
            refs, inherited = self.related(entity, relation)
            dangling = [ref for ref in refs if brief and ref["id"] not in self.store.by_id]
            references = dangling or [self.reference(ref, inherited) for ref in refs]
            if relation.name == "relatedTerms" and not self.profile.single_relations:
                references = [{"term": one, "relationType": "relatedTo"} for one in references]
            if not relation.single:
                shown[relation.name] = references
            elif references:
                shown[relation.name] = references[0]

    def columns(self, columns: list[Doc], prefix: str, tagged: bool, brief: bool) -> Iterator[Doc]:
        for column in columns:
            fqn = f"{prefix}.{names.quote(column['name'])}"
            shown = {**column, "fullyQualifiedName": fqn}
            if tagged:
                shown["tags"] = labels.show(self.store, column.get("tags") or [], brief)
            else:
                shown.pop("tags", None)
            if "children" in column:
                shown["children"] = list(self.columns(column["children"], fqn, tagged, brief))
            yield shown
