"""Who calls, and whether they may: every handler asks `authorize` before it changes or shows anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import policies
from .patch import steps_of
from .profiles import Profile
from .store import Doc, Entity, Store


@dataclass(frozen=True)
class Principal:
    """The caller, from the token; `name` is what ``updatedBy`` and events say."""

    id: str
    name: str
    is_admin: bool
    is_bot: bool


def principal_of(user: Entity) -> Principal:
    return Principal(user.id, user.name, bool(user.doc.get("isAdmin")), bool(user.doc.get("isBot")))


#: First step of a patched path → the operation it takes; every other path is EditAll.
PATCH_OPERATIONS = {
    "tags": "EditTags",
    "description": "EditDescription",
    "displayName": "EditDisplayName",
    "owner": "EditOwner",
    "owners": "EditOwners",
    "extension": "EditCustomFields",
    "entityStatus": "EditStatus",
}
#: Fields of a column that have an operation of their own.
COLUMN_FIELDS = ("tags", "description", "displayName", "extension")


#: 2.0 asks for other operations where a label is of these; the rest, and all labels on 1.2, are EditTags.
LABEL_OPERATIONS = {"Tier": "EditTier", "Certification": "EditCertification"}


def patch_operations(profile: Profile, doc: Doc, operations: list[dict[str, Any]]) -> list[str]:
    """The operations that a patch of `doc` needs, without doubles; ``test`` needs none."""
    found: list[str] = []
    for one in operations:
        if one.get("op") == "test":
            continue
        steps = steps_of(one.get("path"))
        name = operation_of(steps)
        split = name == "EditTags" and not profile.single_relations
        found += label_operations(doc, steps, one) if split else [name]
    return list(dict.fromkeys(found))


def label_operations(doc: Doc, steps: list[str], operation: dict[str, Any]) -> list[str]:
    """By the labels that a patch puts in or takes out."""
    place = steps.index("tags") + 2
    before = {} if operation.get("op") == "add" and len(steps) == place else labels_in(stored_at(doc, steps[:place]))
    after = labels_in(operation.get("value") if len(steps) <= place else None)
    changed = before.keys() ^ after.keys() or before.keys()
    names = {LABEL_OPERATIONS.get(fqn.split(".")[0]) or (before | after)[fqn] for fqn in changed}
    return sorted(names) or ["EditTags"]


def labels_in(raw: Any) -> dict[str, str]:
    """FQN → operation, of one label or a list."""
    rows = raw if isinstance(raw, list) else [raw]
    return {
        str(one["tagFQN"]): "EditGlossaryTerms" if one.get("source") == "Glossary" else "EditTags"
        for one in rows
        if isinstance(one, dict) and "tagFQN" in one
    }


def stored_at(doc: Any, steps: list[str]) -> Any:
    """What a pointer leads to; None for nothing."""
    for step in steps:
        if isinstance(doc, dict):
            doc = doc.get(step)
        elif isinstance(doc, list) and step.isdigit() and int(step) < len(doc):
            doc = doc[int(step)]
        else:
            return None
    return doc


def operation_of(steps: list[str]) -> str:
    if steps[0] == "columns":
        inner = next((step for step in steps[1:] if step in COLUMN_FIELDS), "")
        return PATCH_OPERATIONS.get(inner, "EditAll")
    return PATCH_OPERATIONS.get(steps[0], "EditAll")


def authorize(store: Store, principal: Principal, operations: list[str], kind: str, entity: Entity | None) -> None:
    """Refuse (`Forbidden`) what the principal may not do to `entity`, or to any of its kind when there is none yet."""
    if not principal.is_admin:
        policies.require(store, principal, operations, kind, entity)
