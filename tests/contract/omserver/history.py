"""Change descriptions, versions and events (reference: History; Change feed)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from . import labels
from .profiles import Profile
from .store import Doc, Entity, Event, Store, version_number

MINOR, MAJOR = 1, 10


def plain_or_json(value: object) -> object:
    """Texts, numbers and booleans as they are, everything else as JSON in a string."""
    return value if isinstance(value, (str, bool, int, float)) else json.dumps(value, ensure_ascii=False)


@dataclass
class Changes:
    """What one write changed, for ``changeDescription``; `step` is how far the version goes, in tenths."""

    store: Store
    profile: Profile
    added: list[Doc] = field(default_factory=list)
    updated: list[Doc] = field(default_factory=list)
    deleted: list[Doc] = field(default_factory=list)
    step: int = MINOR

    def __bool__(self) -> bool:
        return bool(self.added or self.updated or self.deleted)

    def add(self, name: str, value: object) -> None:
        self.added.append({"name": name, "newValue": value})

    def delete(self, name: str, value: object) -> None:
        self.deleted.append({"name": name, "oldValue": value})

    def update(self, name: str, old: object, new: object) -> None:
        self.updated.append({"name": name, "oldValue": old, "newValue": new})

    def field(self, name: str, old: Any, new: Any) -> None:
        """A plain field; empty texts and lists count as nothing there."""
        if old == new or (not old and not new and not isinstance(new, (bool, int))):
            return
        if old in (None, "", []):
            self.add(name, plain_or_json(new))
        elif new in (None, "", []):
            self.delete(name, plain_or_json(old))
        else:
            self.update(name, plain_or_json(old), plain_or_json(new))

    def labels(self, name: str, old: list[labels.Label], new: list[labels.Label]) -> None:
        added, deleted = labels.changes(old, new, self.profile)
        if added:
            self.add(name, labels.as_history(self.store, added, old=False))
        if deleted:
            self.delete(name, labels.as_history(self.store, deleted, old=True))

    def extension(self, prefix: str, old: Doc | None, new: Doc | None) -> None:
        """Custom properties: one entry each, values as JSON scalars in strings."""
        before, after = old or {}, new or {}
        for name in dict.fromkeys([*before, *after]):
            was, now = before.get(name), after.get(name)
            if was == now:
                continue
            if name not in before:
                self.add(f"{prefix}.{name}", json.dumps(now, ensure_ascii=False))
            elif name not in after:
                self.delete(f"{prefix}.{name}", json.dumps(was, ensure_ascii=False))
            else:
                texts = (json.dumps(was, ensure_ascii=False), json.dumps(now, ensure_ascii=False))
                self.update(f"{prefix}.{name}", *texts)

    def description(self, previous: int) -> Doc:
        return {
            "fieldsAdded": self.added,
            "fieldsUpdated": self.updated,
            "fieldsDeleted": self.deleted,
            "previousVersion": version_number(previous),
        }


def emit(store: Store, profile: Profile, entity: Entity, event: str) -> None:
    """Put the entity's present state into the change feed."""
    store.events.append(
        Event(
            kind=entity.kind,
            event=event,
            entity_id=entity.id,
            fqn=entity.fqn,
            user=entity.updated_by,
            timestamp=entity.updated_at,
            version=entity.version,
            change=entity.change,
            entity=entity.snapshot,
        )
    )
