"""Fields that follow from other entities: counts of labels, children, members."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from .labels import all_labels, key
from .render import View
from .store import Doc, Entity

if TYPE_CHECKING:
    from .server import Server


def install(server: Server) -> None:
    found = server.view.computed
    for kind in ("classification", "tag", "glossary", "glossaryTerm"):
        found[kind, "usageCount"] = usage_count
    for kind in ("classification", "glossary"):
        found[kind, "termCount"] = term_count
    for kind, name, child in (
        ("tag", "children", "tag"),
        ("glossaryTerm", "children", "glossaryTerm"),
        ("domain", "children", "domain"),
        ("database", "databaseSchemas", "databaseSchema"),
        ("databaseSchema", "tables", "table"),
        ("apiCollection", "apiEndpoints", "apiEndpoint"),
    ):
        if kind in server.store.kinds and child in server.store.kinds:
            found[kind, name] = partial(children, kind=child)
    found["team", "children"] = sub_teams
    found["team", "userCount"] = lambda _, entity: len(entity.doc.get("users") or ())
    found["team", "childrenCount"] = lambda view, entity: len(sub_teams(view, entity))
    found["team", "owns"] = found["user", "owns"] = owned


def usage(view: View) -> Counter[tuple[str, str]]:
    """Labels per tag and term, of tables and columns together; counted once per request."""
    if view.usage is None:
        view.usage = Counter(key(label) for one in view.store.by_id.values() for label in all_labels(one.doc))
    return view.usage


def usage_count(view: View, entity: Entity) -> int:
    source = "Glossary" if entity.kind.startswith("glossary") else "Classification"
    counts = usage(view)
    return counts[entity.fqn, source] + sum(counts[one.fqn, source] for one in view.store.below(entity))


def term_count(view: View, entity: Entity) -> int:
    return sum(not one.deleted for one in view.store.below(entity))


def children(view: View, entity: Entity, kind: str) -> list[Doc]:
    found = view.store.children.get(entity.id, {}).values()
    return [view.reference({"id": one.id, "type": kind}) for one in found if one.kind == kind and not one.deleted]


def refers(entity: Entity, name: str, target: Entity) -> bool:
    return any(ref["id"] == target.id for ref in entity.doc.get(name) or ())


def sub_teams(view: View, entity: Entity) -> list[Doc]:
    teams = view.store.of_kind["team"].values()
    return [view.reference({"id": one.id, "type": "team"}) for one in teams if refers(one, "parents", entity)]


def owned(view: View, entity: Entity) -> list[Any]:
    name = "owner" if view.profile.single_relations else "owners"
    rows = [one for one in view.store.by_id.values() if not one.deleted and refers(one, name, entity)]
    return [view.reference({"id": one.id, "type": one.kind}) for one in rows]
