"""Entities in memory: documents, versions, and the indexes to find them by.

A document (`Entity.doc`) holds what is the entity's own; what follows from others (its place, inherited domains, a
label's colour) is added when it is shown. Documents are never changed in place: a write puts a new one, so that the
parts that did not change are shared and no copy is ever made of a whole table.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from . import names
from .kinds import Kind

Doc = dict[str, Any]


@dataclass(slots=True)
class Entity:
    """`version` counts tenths. `history` holds the superseded versions as JSON, oldest first.

    `marks` are the last (moment, version) pairs, with which a request that came before a version was made is told
    from a later one; moments are the store's `clock` of writes, not of time.
    """

    kind: str
    id: str
    name: str
    fqn: str
    doc: Doc
    parent: str | None = None
    version: int = 1
    updated_at: int = 0
    updated_by: str = ""
    deleted: bool = False
    change: Doc | None = None
    snapshot: str = ""
    history: list[str] = field(default_factory=list)
    created: int = 0
    marks: list[tuple[int, int]] = field(default_factory=list)
    aside: Doc = field(default_factory=dict)

    def version_at(self, moment: int) -> int:
        """The version a request saw that arrived at a moment."""
        seen = [version for made, version in self.marks if made <= moment]
        return seen[-1] if seen else self.marks[0][1] if self.marks else self.version


def version_number(tenths: int) -> float:
    return tenths / 10


@dataclass(slots=True)
class Event:
    """One line of the change feed; `entity` is the whole entity as JSON."""

    kind: str
    event: str
    entity_id: str
    fqn: str
    user: str
    timestamp: int
    version: int
    change: Doc | None
    entity: str


class Store:
    """All entities, by id and by name, and the change feed."""

    def __init__(self, kinds: dict[str, Kind]) -> None:
        self.kinds = kinds
        self.by_id: dict[str, Entity] = {}
        self.by_name: dict[tuple[str, str], str] = {}
        self.of_kind: dict[str, dict[str, Entity]] = {name: {} for name in kinds}
        self.children: dict[str, dict[str, Entity]] = {}
        # Goes up when a kind gains, loses, hides or renames an entity: what was listed before is stale.
        self.generation: dict[str, int] = dict.fromkeys(kinds, 0)
        self.events: deque[Event] = deque()
        self.edges: dict[tuple[str, str], Doc] = {}
        self.clock = 0

    # --- finding ---

    def get(self, kind: str, entity_id: str) -> Entity | None:
        found = self.by_id.get(entity_id)
        return found if found is not None and found.kind == kind else None

    def named(self, kind: str, fqn: str) -> Entity | None:
        entity_id = self.by_name.get((kind, name_key(kind, fqn)))
        return self.by_id[entity_id] if entity_id else None

    def parent_of(self, entity: Entity) -> Entity | None:
        return self.by_id.get(entity.parent) if entity.parent else None

    def ancestors(self, entity: Entity) -> Iterator[Entity]:
        """From the closest up."""
        above = self.parent_of(entity)
        while above is not None:
            yield above
            above = self.parent_of(above)

    def below(self, entity: Entity) -> list[Entity]:
        """Everything under an entity, parents before children."""
        found = list(self.children.get(entity.id, {}).values())
        for one in found:
            found.extend(self.children.get(one.id, {}).values())
        return found

    # --- writing ---

    def tick(self) -> int:
        self.clock += 1
        return self.clock

    def add(self, entity: Entity) -> None:
        self.by_id[entity.id] = entity
        self.by_name[entity.kind, name_key(entity.kind, entity.fqn)] = entity.id
        self.of_kind[entity.kind][entity.id] = entity
        if entity.parent:
            self.children.setdefault(entity.parent, {})[entity.id] = entity
        self.generation[entity.kind] += 1

    def drop(self, entity: Entity) -> None:
        """Forget an entity, its history and its lineage."""
        del self.by_id[entity.id]
        del self.by_name[entity.kind, name_key(entity.kind, entity.fqn)]
        del self.of_kind[entity.kind][entity.id]
        if entity.parent:
            self.children.get(entity.parent, {}).pop(entity.id, None)
        self.children.pop(entity.id, None)
        self.generation[entity.kind] += 1
        for edge in [edge for edge in self.edges if entity.id in edge]:
            del self.edges[edge]

    def rename(self, entity: Entity, name: str) -> None:
        """Change a name and with it the FQN of everything below."""
        entity.name = name
        for one in (entity, *self.below(entity)):
            above = self.parent_of(one)
            del self.by_name[one.kind, name_key(one.kind, one.fqn)]
            one.fqn = names.join(above.fqn if above else None, one.name)
            self.by_name[one.kind, name_key(one.kind, one.fqn)] = one.id
            self.generation[one.kind] += 1

    def mark(self, entity: Entity, deleted: bool) -> None:
        """Note a soft delete or a restore."""
        entity.deleted = deleted
        self.generation[entity.kind] += 1

    # --- saving ---

    def dump(self) -> str:
        entities = [{one.name: getattr(entity, one.name) for one in fields(Entity)} for entity in self.by_id.values()]
        events = [{one.name: getattr(event, one.name) for one in fields(Event)} for event in self.events]
        edges = [[*edge, details] for edge, details in self.edges.items()]
        return json.dumps({"entities": entities, "events": events, "edges": edges, "clock": self.clock})

    def load(self, text: str) -> None:
        state = json.loads(text)
        for row in state["entities"]:
            self.add(Entity(**{**row, "marks": [tuple(mark) for mark in row["marks"]]}))
        self.events = deque(Event(**row) for row in state["events"])
        self.edges = {(one, other): details for one, other, details in state["edges"]}
        self.clock = state["clock"]


def name_key(kind: str, fqn: str) -> str:
    """User names are kept in lower case."""
    return fqn.lower() if kind == "user" else fqn
