"""Who calls, and whether they may: every handler asks `authorize` before it changes or shows anything."""

from __future__ import annotations

from dataclasses import dataclass

from .store import Entity, Store


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
    "entityStatus": "EditEntityStatus",
}
#: Fields of a column that have an operation of their own.
COLUMN_FIELDS = ("tags", "description", "displayName", "extension")


def patch_operations(paths: list[list[str]]) -> list[str]:
    """The operations a patch needs, without doubles; ``test`` needs none, so leave its paths out."""
    return list(dict.fromkeys(operation_of(steps) for steps in paths))


def operation_of(steps: list[str]) -> str:
    if steps[0] == "columns":
        inner = next((step for step in steps[1:] if step in COLUMN_FIELDS), "")
        return PATCH_OPERATIONS.get(inner, "EditAll")
    return PATCH_OPERATIONS.get(steps[0], "EditAll")


def authorize(store: Store, principal: Principal, operations: list[str], kind: str, entity: Entity | None) -> None:
    """Refuse (`Forbidden`) what the principal may not do to `entity`, or to any of its kind when there is none yet.

    Everyone with a valid token may do everything until roles and policies say otherwise.
    """
