"""Definitions: what must be created, changed or renamed on the server. Pure; `definitions` reads and writes.

Three states meet per field: wanted, stored, and what was written last. What people changed stays theirs. Entities are
created by a whole PUT; what exists is changed by a PATCH of the differing fields alone, since an omitted style or
display name would be cleared by a PUT, and a bot's PUT does not change a description (reference, "Writing tables and
tags", "Label state, styles, renames").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import msgspec

from connectors.om_kinds import kind_of
from workflows.publish.definition_reads import HIDDEN, PROPERTY, REFERENCES, RENAMED, Stored
from workflows.publish.ledger import DefinitionBase, renamed_fqn
from workflows.publish.model import Change, Definition, Entity

FIXED = {"teamType": "team", "serviceType": "service"}
"""What a server never changes."""
ONCE = frozenset(
    ("name", "classification", "glossary", "service", "database", "parents", "connection", "isJoinable", "endpointURL")
)
"""Fields of a body that say what is made, and are not looked at again."""
SHARED = {"team": ("defaultRoles", "policies")}
"""Kind → lists of which our part alone is ours: what others put beside it stays."""
LONGEST_SHOWN = 120

Outcome = Literal["same", "write", "kept"]


@dataclass
class Facts:
    """What the assets' plan must know of the definitions."""

    renames: dict[str, str] = field(default_factory=dict)
    """FQN as stored labels have it now → FQN after the renames; for the names below a classification too
    (`ledger.renamed_fqn`)."""
    existing: set[str] = field(default_factory=set)
    """FQNs of tags, terms and containers that are there and usable once the changes are made."""
    unusable: set[str] = field(default_factory=set)
    """FQNs that people deleted or that could not be read: nothing may be written to or below them."""
    conflicts: list[Change] = field(default_factory=list)
    kept: list[Change] = field(default_factory=list)
    """People's descriptions, display names and colours that differ from ours and stay: no conflict."""
    failures: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    """What this server cannot do."""

    def usable(self, fqn: str) -> bool:
        return fqn in self.existing and not is_below(fqn, self.unusable)


class Step(NamedTuple):
    """One definition with all that is to be done about it."""

    definition: Definition
    stored: Entity | None
    """None = to be created."""
    changes: tuple[Change, ...]
    base: dict[str, Any]
    """Body to remember when all is done: ours where it is ours, the last base where people's stays."""
    rename_from: str = ""
    """The FQN that it has now; empty when its own name stays."""
    fields: tuple[str, ...] = ()
    """Fields to patch."""


def steps_of(
    definitions: Sequence[Definition], bases: Mapping[str, DefinitionBase], stored: Stored
) -> tuple[list[Step], Facts]:
    """Pure: from what is wanted, what was written and what is there, to steps in the given order."""
    facts = Facts(failures=list(stored.failures), notices=list(stored.notices))
    steps = []
    for item in definitions:
        step = _step(item, _as_called(bases.get(item.key), stored), stored, facts)
        if step is not None:
            steps.append(step)
    return steps, facts


def _as_called(base: DefinitionBase | None, stored: Stored) -> DefinitionBase | None:
    """What was written last, by the name that people have given it since: it is renamed as the pack says, like all
    that has another name than it should, and its labels stay on it."""
    if base is None or not stored.renamed or kind_of(base.kind).name not in RENAMED:
        return base
    return msgspec.structs.replace(base, fqn=renamed_fqn(base.fqn, stored.renamed))


def _step(item: Definition, base: DefinitionBase | None, stored: Stored, facts: Facts) -> Step | None:
    if not stored.readable(item) or is_below(item.fqn, facts.unusable):
        facts.unusable.add(item.fqn)
        return None
    found, former = _find(item, base, stored, facts)
    if found is None:
        facts.existing.add(item.fqn)
        new = Change("create", item.kind, item.fqn, new=_shown(item.body.get("displayName") or item.body["name"]))
        return Step(item, None, (new,), item.body)
    trouble = _trouble(item, found)
    if trouble:
        facts.conflicts.append(Change("conflict", item.kind, item.fqn, reason=trouble))
    if found.get("deleted"):
        facts.unusable.add(item.fqn)
        return None
    facts.existing.add(item.fqn)
    if trouble:
        return None
    if former:
        facts.renames[former] = item.fqn
    return _changed(item, found, former, base, facts)


def _find(item: Definition, base: DefinitionBase | None, stored: Stored, facts: Facts) -> tuple[Entity | None, str]:
    """The stored entity, and its present FQN when its own name must change."""
    now = stored.at(item.kind, item.fqn)
    if base is None or base.fqn == item.fqn or kind_of(item.kind).name not in RENAMED:
        return now, ""
    before = stored.at(item.kind, base.fqn)
    if before is None or before.get("deleted"):
        return now, ""
    if now is not None:
        reason = f"{base.fqn} should be called {item.fqn}, but that is there already; move its labels and delete one"
        facts.conflicts.append(
            Change("conflict", item.kind, base.fqn, field="name", old=base.fqn, new=item.fqn, reason=reason)
        )
        return now, ""
    # The name of the classification alone may have changed: then this one follows by itself.
    return before, base.fqn if renamed_fqn(base.fqn, facts.renames) != item.fqn else ""


def _trouble(item: Definition, found: Entity) -> str:
    """Why the stored entity cannot be used as it is; empty when it can."""
    if found.get("deleted"):
        return "people deleted it; restore it, or delete it for good so that it is made anew"
    if found.get("disabled"):
        return "people disabled it; labels go on being written with it"
    if item.kind == PROPERTY and property_type(found) != item.body["propertyType"]:
        return f"it is of type {property_type(found)}, not {item.body['propertyType']}; its values would be lost"
    for name, what in FIXED.items():
        if name in item.body and name not in item.texts and found.get(name, item.body[name]) != item.body[name]:
            return f"it is a {what} of type {found[name]}, not {item.body[name]}, which no server changes"
    return ""


def property_type(found: Entity) -> str:
    """Name of a custom property's type."""
    kind = found.get("propertyType") or {}
    return str(kind.get("name") or kind.get("fullyQualifiedName") or "")


def _changed(item: Definition, found: Entity, former: str, base: DefinitionBase | None, facts: Facts) -> Step:
    changes: list[Change] = []
    fields: list[str] = []
    remembered: dict[str, Any] = {}
    if former:
        changes.append(Change("rename", item.kind, former, field="name", old=former, new=item.fqn))
    last = base.body if base else {}
    lists = _shared(item, found, last, facts)
    for name, wanted in item.body.items():
        if name in lists:
            remembered[name] = wanted
            there, after = stored_value(name, found), lists[name]
            if there != after:
                changes.append(Change("update", item.kind, item.fqn, "", name, _shown(there), _shown(after)))
                fields.append(name)
            continue
        if name in ONCE or name in FIXED or name == "propertyType":
            remembered[name] = wanted
            continue
        there = stored_value(name, found)
        outcome = three_way(wanted, there, last.get(name))
        if name in HIDDEN and name not in found and covers(last.get(name), wanted):
            # A server that does not show it would be written to for ever.
            outcome = "same"
        line = Change("update", item.kind, item.fqn, field=name, old=_shown(there), new=_shown(wanted))
        if outcome == "kept":
            remembered.update({name: last[name]} if name in last else {})
            _keep(item, line, name, facts)
            continue
        remembered[name] = wanted
        if outcome == "write":
            changes.append(line)
            fields.append(name)
    item = msgspec.structs.replace(item, body={**item.body, **lists}) if lists else item
    return Step(item, found, tuple(changes), remembered, former, tuple(fields))


def _shared(item: Definition, found: Entity, last: Mapping[str, Any], facts: Facts) -> dict[str, list[str]]:
    """Lists that others share, as they should be; what of ours somebody took away is told."""
    lists = {}
    for name in SHARED.get(kind_of(item.kind).name, ()):
        if name not in item.body:
            continue
        wanted, there, before = item.body[name], stored_value(name, found), last.get(name) or []
        lists[name] = shared_list(wanted, there, before)
        taken = [one for one in wanted if one in before and one not in there]
        if taken:
            line = Change("conflict", item.kind, item.fqn, "", name, _shown(there), _shown(taken))
            facts.conflicts.append(msgspec.structs.replace(line, reason="somebody else took it away"))
    return lists


def shared_list(wanted: Sequence[str], there: Sequence[str], last: Sequence[str]) -> list[str]:
    """A list with our part as wanted; ``last`` is our part as it was written last.

    >>> shared_list(["b"], ["x", "a"], ["a"]), shared_list(["a"], ["x"], ["a"])
    (['x', 'b'], ['x'])
    """
    kept = [one for one in there if one in wanted or one not in last]
    return [*kept, *(one for one in wanted if one not in there and one not in last)]


def _keep(item: Definition, line: Change, name: str, facts: Facts) -> None:
    if name in item.texts:
        facts.kept.append(line)
        return
    reason = "somebody else changed it, or it was there before"
    facts.conflicts.append(msgspec.structs.replace(line, operation="conflict", reason=reason))


def three_way(wanted: Any, stored: Any, last: Any) -> Outcome:
    """What to do about one field: nothing stored or only what we wrote → ours to write; else somebody's, and kept.

    >>> three_way("new", "old", "old"), three_way("new", "theirs", "old"), three_way("new", None, "old")
    ('write', 'kept', 'write')
    """
    if covers(stored, wanted):
        return "same"
    if stored is None or stored in ("", [], {}):
        return "write"
    return "write" if last is not None and covers(stored, last) else "kept"


def covers(stored: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there; servers and people add keys of their own (an icon, exceptions).

    >>> covers({"color": "#c62828", "iconURL": "x"}, {"color": "#c62828"}), covers([1], [1, 2]), covers(None, {})
    (True, False, False)
    """
    if isinstance(wanted, dict):
        return isinstance(stored, dict) and all(covers(stored.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(stored, list)
            and len(stored) == len(wanted)
            and all(covers(there, one) for there, one in zip(stored, wanted, strict=True))
        )
    return type(stored) is type(wanted) and bool(stored == wanted)


def stored_value(name: str, found: Entity) -> Any:
    """A field as a create request would say it: references as FQNs, absent flags as false."""
    there = found.get(name)
    if name == "domain":
        return there.get("fullyQualifiedName") if isinstance(there, dict) else there
    if name in REFERENCES:
        return [one.get("fullyQualifiedName") or one.get("name") for one in there or []]
    if name in ("mutuallyExclusive", "autoClassificationEnabled"):
        return bool(there)
    return there


def is_below(fqn: str, among: set[str]) -> bool:
    """Whether the FQN or something that it stands in is among these."""
    return bool(among) and any(fqn == one or fqn.startswith(f"{one}.") for one in among)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def bases_of(steps: Sequence[Step]) -> Iterator[DefinitionBase]:
    """What to remember of definitions that need nothing more."""
    for step in steps:
        if step.stored is not None:
            item = step.definition
            ident = str(step.stored.get("id", ""))
            yield DefinitionBase(item.key, item.kind, item.fqn, ident, step.base)
