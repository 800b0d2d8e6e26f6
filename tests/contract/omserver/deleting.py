"""Soft and hard deletes, restores, and what follows a name or an entity that goes (reference: Delete and restore)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .access import Principal, authorize
from .errors import BadRequest, not_found
from .history import Changes, emit
from .kinds import Kind
from .labels import SOURCES, Label, all_labels, key, map_labels, without
from .routing import Answer, Call
from .store import Entity, Store

if TYPE_CHECKING:
    from .server import Server

LABELLING = {kind: source for source, kind in SOURCES.items()}


def install(server: Server, kind: Kind) -> None:
    path = "v1/" + "/".join(kind.path)

    def delete_by_id(call: Call) -> Answer:
        entity = server.store.get(kind.name, call.params["id"])
        return delete(call, entity, kind, call.params["id"])

    def delete_by_name(call: Call) -> Answer:
        return delete(call, server.store.named(kind.name, call.params["fqn"]), kind, call.params["fqn"])

    server.router.add("DELETE", f"{path}/{{id}}", delete_by_id)
    server.router.add("DELETE", f"{path}/name/{{fqn}}", delete_by_name)
    if kind.soft:
        server.router.add("PUT", f"{path}/restore", restore)


def delete(call: Call, entity: Entity | None, kind: Kind, name: str) -> Answer:
    if entity is None:
        raise not_found(kind.name, name)
    server = call.server
    authorize(server.store, call.caller, ["Delete"], kind.name, entity)
    hard = call.flag("hardDelete") or not kind.soft
    below = server.store.below(entity)
    alive = [one for one in below if hard or not one.deleted]
    if alive and not call.flag("recursive"):
        raise BadRequest(f"{kind.name} is not empty")
    if hard:
        refuse_poisoned(server, [entity, *below])
    shown = server.view.show(entity, frozenset())
    for one in (*reversed(alive), entity):
        forget_labels(server.store, one)
        (erase if hard else hide)(server, one, call.caller)
    return Answer(shown if hard else server.view.show(entity, frozenset()))


def refuse_poisoned(server: Server, entities: list[Entity]) -> None:
    for one in entities:
        for relation in server.store.kinds[one.kind].relations:
            for ref in one.doc.get(relation.name) or []:
                server.view.reference(ref)


def hide(server: Server, entity: Entity, by: Principal) -> None:
    """Soft delete; of what is deleted already only the event is repeated."""
    if entity.deleted:
        emit(server.store, server.profile, entity, "entitySoftDeleted")
        return
    mark(server, entity, by, True, "entitySoftDeleted")


def mark(server: Server, entity: Entity, by: Principal, deleted: bool, event: str) -> None:
    changes = Changes(server.store, server.profile)
    changes.update("deleted", not deleted, deleted)
    server.store.mark(entity, deleted)
    server.writer.commit(entity, entity.doc, changes, by, event)


def erase(server: Server, entity: Entity, by: Principal) -> None:
    """Hard delete: references to the entity go as well, silently."""
    entity.updated_at, entity.updated_by = server.now(), by.name
    emit(server.store, server.profile, entity, "entityDeleted")
    server.store.drop(entity)
    unlink(server.store, entity.id)


def unlink(store: Store, entity_id: str) -> None:
    """Take an entity out of every reference to it."""
    for entity in store.by_id.values():
        for relation in store.kinds[entity.kind].relations:
            refs = entity.doc.get(relation.name)
            if refs and any(ref["id"] == entity_id for ref in refs):
                rest = [ref for ref in refs if ref["id"] != entity_id]
                entity.doc = {**entity.doc, relation.name: rest}


def forget_labels(store: Store, entity: Entity) -> None:
    """The labels of a tag or term that is deleted, softly too, are gone at once and for good, without a version."""
    if entity.kind not in LABELLING:
        return
    gone = frozenset({(entity.fqn, LABELLING[entity.kind])})
    for one in labelled(store, gone):
        one.doc = map_labels(one.doc, lambda found: without(found, gone))


def labelled(store: Store, names: frozenset[tuple[str, str]]) -> list[Entity]:
    return [one for one in store.by_id.values() if any(key(label) in names for label in all_labels(one.doc))]


def follow_names(store: Store, old: dict[str, tuple[str, str]]) -> None:
    """After a rename, labels carry the new FQNs; `old` gives kind and former FQN per id. No version is made."""
    renamed = {(fqn, LABELLING[kind]): store.by_id[one].fqn for one, (kind, fqn) in old.items() if kind in LABELLING}

    def change(labels: list[Label]) -> list[Label]:
        return [{**label, "tagFQN": renamed.get(key(label), label["tagFQN"])} for label in labels]

    for one in labelled(store, frozenset(renamed)):
        one.doc = map_labels(one.doc, change)


# --- restoring ---


def restore(call: Call) -> Answer:
    body = call.json()
    if not isinstance(body, dict) or set(body) != {"id"}:
        raise BadRequest("[id must not be null]")
    entity = call.server.store.by_id.get(str(body["id"]))
    if entity is None or not entity.deleted:
        raise not_found(entity.kind if entity else "entity", str(body["id"]))
    authorize(call.server.store, call.caller, ["EditAll"], entity.kind, entity)
    undelete(call.server, entity, call.caller)
    return Answer(call.server.view.show(entity, frozenset()))


def undelete(server: Server, entity: Entity, by: Principal) -> None:
    """Restore an entity and everything below; on 1.2 a child that is not deleted stops it half-way with 404."""
    mark(server, entity, by, False, "entityRestored")
    for child in list(server.store.children.get(entity.id, {}).values()):
        if child.deleted:
            undelete(server, child, by)
        elif server.profile.single_relations:
            raise not_found(child.kind, child.id)
