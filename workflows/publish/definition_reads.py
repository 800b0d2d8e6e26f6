"""What the server holds of our definitions, in few reads; and what there is of it by full name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.om_client import OpenMetadata
from connectors.om_errors import IncompleteListing, NotAllowed, Refused
from connectors.om_kinds import kind_of
from connectors.om_names import join_fqn, split_fqn
from workflows.publish.ledger import DefinitionBase, renamed_fqn
from workflows.publish.model import Definition, Entity

PROPERTY = "type"
"""Kind of the definitions that are custom properties; their FQN is ``<entity type>.<name>``."""
HIDDEN = ("recognizers", "autoClassificationEnabled", "autoClassificationPriority", "autoClassificationConfig")
"""What the SDK asks for by name, so that a server may not show it otherwise."""
REFERENCES = ("domain", "domains", "policies", "defaultRoles")
"""Fields of a body that name other entities, and that an answer shows only when asked."""
RENAMED = ("classification", "tag", "glossary", "glossaryTerm")
"""Kinds that a server renames, labels following; what stands in others after them."""
FEW = 3
"""So many of one parent are asked for one by one; more of them by a list."""


@dataclass
class Stored:
    """Entities by kind and FQN, deleted ones too, and the custom properties as entities of kind ``type``."""

    found: dict[tuple[str, str], Entity] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    """Kinds that the account may not read, in a sentence each."""
    notices: list[str] = field(default_factory=list)
    asked: set[tuple[str, str]] = field(default_factory=set)
    types: dict[str, Entity] = field(default_factory=dict)
    """Entity type → the type with its custom properties."""

    renamed: dict[str, str] = field(default_factory=dict)
    """FQN that was written last → FQN by which people call it since."""
    unread: set[str] = field(default_factory=set)
    """Kinds of which nothing is known: what is not found there may well exist."""

    def readable(self, item: Definition) -> bool:
        """Whether not having found it means that it is not there."""
        kind = kind_of(item.kind).name
        return kind not in self.unread and (kind != PROPERTY or split_fqn(item.fqn)[0] in self.types)

    def at(self, kind: str, fqn: str) -> Entity | None:
        return self.found.get((kind_of(kind).name, fqn))


def read_definitions(
    client: OpenMetadata, definitions: Sequence[Definition], bases: Mapping[str, DefinitionBase] | None = None
) -> Stored:
    """What there is of the definitions, under the names of now and of last time (``bases``)."""
    stored = Stored()
    for kind, group in _by_kind(definitions, bases or {}):
        try:
            if kind == PROPERTY:
                _read_properties(client, stored, group)
            else:
                now = [(renamed_fqn(fqn, stored.renamed), item) for fqn, item in group]
                _read_kind(client, stored, kind, now)
                if kind in RENAMED:
                    _follow(client, stored, kind, now, bases or {})
        except NotAllowed as exc:
            stored.failures.append(str(exc))
            stored.unread.add(kind)
    return stored


def names_by_people(client: OpenMetadata, bases: Mapping[str, DefinitionBase]) -> dict[str, str]:
    """FQN that was written last → FQN now, of what of ours people have renamed since."""
    every = [
        Definition(base.key, base.kind, base.fqn, {})
        for kind in RENAMED
        for base in bases.values()
        if base.id and kind_of(base.kind).name == kind
    ]
    return read_definitions(client, every, bases).renamed


def _follow(
    client: OpenMetadata, stored: Stored, kind: str, asked: _Asked, bases: Mapping[str, DefinitionBase]
) -> None:
    """What is not there by the name that it had may have been renamed by people: its id tells."""
    for fqn, item in asked:
        base = bases.get(item.key)
        if base is None or not base.id or fqn != renamed_fqn(base.fqn, stored.renamed) or (kind, fqn) in stored.found:
            continue
        parent = join_fqn(*split_fqn(fqn)[:-1])
        spec = kind_of(kind)
        if parent and (spec.parent or spec.fqn_parent, parent) not in stored.found:
            continue
        found = client.get(kind, base.id, _fields(client, kind, [(fqn, item)]), include="all")
        if found is not None:
            stored.found[kind, found["fullyQualifiedName"]] = found
            stored.renamed[base.fqn] = found["fullyQualifiedName"]


_Asked = list[tuple[str, Definition]]
"""(FQN, the definition that it is asked for)."""


def _by_kind(definitions: Iterable[Definition], bases: Mapping[str, DefinitionBase]) -> Iterator[tuple[str, _Asked]]:
    """In the order of the definitions, which is that of dependency: parents are read before what is in them."""
    groups: dict[str, dict[str, Definition]] = {}
    for item in definitions:
        group = groups.setdefault(kind_of(item.kind).name, {})
        group.setdefault(item.fqn, item)
        if item.key in bases:
            group.setdefault(bases[item.key].fqn, item)
    yield from ((kind, list(group.items())) for kind, group in groups.items())


def _read_properties(client: OpenMetadata, stored: Stored, asked: _Asked) -> None:
    for entity in dict.fromkeys(split_fqn(fqn)[0] for fqn, _ in asked):
        found = client.type(entity)
        if found is None:
            stored.notices.append(f"this server has no custom properties of {entity}: they are left out")
            continue
        stored.types[entity] = found
        for one in found.get("customProperties") or []:
            stored.found[PROPERTY, join_fqn(entity, one["name"])] = one


def _read_kind(client: OpenMetadata, stored: Stored, kind: str, asked: _Asked) -> None:
    spec = kind_of(kind)
    groups: dict[str, _Asked] = {}
    for fqn, item in asked:
        parent = join_fqn(*split_fqn(fqn)[:-1]) if spec.fqn_parent else ""
        groups.setdefault(parent, []).append((fqn, item))
    for parent, group in groups.items():
        place = (spec.parent or spec.fqn_parent, parent)
        holder = stored.found.get(place)
        if holder is None and place in stored.asked:
            # What is not there holds nothing.
            continue
        fields = _fields(client, kind, group)
        missing = list(dict.fromkeys(fqn for fqn, _ in group))
        stored.asked.update((kind, fqn) for fqn in missing)
        if len(group) > FEW and (holder or not parent):
            missing = _listed(client, stored, kind, fields, group, holder)
        for fqn in missing:
            found = client.get(kind, fqn, fields, include="all")
            if found is not None:
                stored.found[kind, fqn] = found


def _listed(
    client: OpenMetadata, stored: Stored, kind: str, fields: Sequence[str], group: _Asked, holder: Entity | None
) -> list[str]:
    """Takes what a list shows; returns the FQNs that must be asked for one by one.

    Lists may leave out what people disabled; after an incomplete list a missing name proves nothing.
    """
    wanted = {fqn for fqn, _ in group}
    complete = kind not in ("tag", "classification")
    try:
        for entity in client.list(kind, fields=fields, include="all", **_within(kind, holder)):
            if entity["fullyQualifiedName"] in wanted:
                stored.found[kind, entity["fullyQualifiedName"]] = entity
    except IncompleteListing:
        complete = False
    return [] if complete else [fqn for fqn in wanted if (kind, fqn) not in stored.found]


def _within(kind: str, holder: Entity | None) -> dict[str, str]:
    if holder is None:
        return {}
    if kind == "glossaryTerm":
        return {"glossary": holder["id"]}
    return {kind_of(kind).parent_param: holder["fullyQualifiedName"]}


def _fields(client: OpenMetadata, kind: str, group: _Asked) -> tuple[str, ...]:
    """What an answer shows only when asked for."""
    bodies = [item.body for _, item in group]
    fields = tuple(name for name in REFERENCES if any(name in body for body in bodies))
    hidden = tuple(name for name in HIDDEN if any(name in body for body in bodies))
    return fields + (hidden if hidden and _takes(client, kind, hidden) else ())


def _takes(client: OpenMetadata, kind: str, fields: Sequence[str]) -> bool:
    """Whether this server knows the fields as some to ask for; else it shows them unasked, or not at all."""
    params = {"limit": "0", "fields": ",".join(fields)}
    try:
        client.request("GET", kind_of(kind).path, params, doing=f"list {kind}", kind=kind)
    except Refused:
        return False
    return True
