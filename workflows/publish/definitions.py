"""Definitions on the server: reading them, planning what must change, writing exactly that, remembering it.

What must change is worked out by `definition_steps`, from what `definition_reads` finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAllowed, NotAuthenticated, ServerError
from connectors.om_kinds import kind_of
from connectors.om_names import join_fqn, split_fqn
from connectors.om_patch import Operation, set_field
from workflows.publish.definition_reads import PROPERTY, REFERENCES, Stored, read_definitions
from workflows.publish.definition_steps import Facts, Step, bases_of, is_below, steps_of, stored_value
from workflows.publish.ledger import DefinitionBase, Ledger
from workflows.publish.model import Change, Definition, Entity

__all__ = ["Applied", "Facts", "Stored", "apply_definitions", "plan_definitions", "read_definitions"]


NAMED = {"domains": "domain", "policies": "policy", "defaultRoles": "role"}
"""Fields that name other entities → their kind."""


@dataclass
class Applied:
    """What came of it."""

    done: list[Change] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """One sentence each; a missing right is said once per kind."""
    missing: set[str] = field(default_factory=set)
    """FQNs that are not there although they should be: nothing may refer to them or be put below them."""


def plan_definitions(
    client: OpenMetadata, definitions: Sequence[Definition], bases: Mapping[str, DefinitionBase]
) -> tuple[list[Change], Facts]:
    """What would be written, in order; conflicts, what people keep, and names are in the facts. Writes nothing."""
    steps, facts = steps_of(definitions, bases, read_definitions(client, definitions, bases))
    return [change for step in steps for change in step.changes], facts


def apply_definitions(
    client: OpenMetadata, definitions: Sequence[Definition], changes: Sequence[Change], ledger: Ledger, at: str
) -> Applied:
    """Write what is in ``changes`` and still differs. What already stands as wanted is remembered; what differs
    otherwise than was planned is left for the next plan.

    Raises ``NotAuthenticated`` only; what one entity meets is a failure, and the rest goes on.
    """
    bases = ledger.definitions()
    stored = read_definitions(client, definitions, bases)
    steps, facts = steps_of(definitions, bases, stored)
    applied = Applied(failures=list(facts.failures))
    writer = _Writer(client, ledger, at, applied, stored.types)
    writer.adopt(definitions, bases, steps)
    planned = {change.what for change in changes}
    for stage, group in groupby(_granted(steps, planned, applied), key=_stage):
        if stage.creating:
            writer.create(list(group))
        else:
            for step in group:
                writer.change(step, bases)
    applied.missing |= facts.unusable
    return applied


def _granted(steps: Sequence[Step], planned: set[Any], applied: Applied) -> Iterator[Step]:
    """The steps all of whose changes were planned."""
    for step in steps:
        if all(change.what in planned for change in step.changes):
            if step.changes:
                yield step
            continue
        item = step.definition
        applied.failures.append(f"{item.kind} {item.fqn}: it is not as it was when this was planned (plan again)")
        if step.stored is None:
            applied.missing.add(item.fqn)


class _Stage(NamedTuple):
    """Steps of one stage do not need each other: a department's Group needs the department's team."""

    creating: bool
    kind: str
    sort: str


def _stage(step: Step) -> _Stage:
    return _Stage(step.stored is None, step.definition.kind, step.definition.key.split("/", 1)[0])


class _Writer:
    def __init__(
        self, client: OpenMetadata, ledger: Ledger, at: str, applied: Applied, types: Mapping[str, Entity]
    ) -> None:
        self.client, self.ledger, self.at, self.applied, self.types = client, ledger, at, applied, types
        self._ids: dict[tuple[str, str], str] = {}

    def adopt(
        self, definitions: Sequence[Definition], bases: Mapping[str, DefinitionBase], steps: Sequence[Step]
    ) -> None:
        """Remember what stands as wanted, and renames that a run before this one had made and could not note."""
        ready = [step for step in steps if step.stored is not None and not step.changes]
        new = [base for base in bases_of(ready) if bases.get(base.key) != base]
        renamed = {
            bases[base.key].fqn: base.fqn for base in new if base.key in bases and bases[base.key].fqn != base.fqn
        }
        if renamed:
            self.ledger.rename_marks(renamed, self.at)
        if new:
            self.ledger.save_definitions(new, self.at)

    # --- creating ------------------------------------------------------------------------------------------------

    def create(self, steps: Sequence[Step]) -> None:
        """The first one alone: where it is not allowed, the others are not either."""
        ready: list[tuple[Step, Entity]] = []
        for step in steps:
            body = self._body(step)
            if body is None:
                self.applied.missing.add(step.definition.fqn)
            else:
                ready.append((step, body))
        for part in (ready[:1], ready[1:]):
            if part and self._put(part):
                self.applied.missing.update(step.definition.fqn for step, _ in ready[1:])
                return

    def _put(self, part: Sequence[tuple[Step, Entity]]) -> bool:
        """Whether one of them is not allowed."""
        kind = part[0][0].definition.kind
        if kind == PROPERTY:
            results: Sequence[Any] = [self._guarded(self._define, step.definition.fqn, body) for step, body in part]
        else:
            results = self.client.put_many(kind, [body for _, body in part])
        bases = []
        refused = False
        for (step, _), result in zip(part, results, strict=True):
            item = step.definition
            if isinstance(result, ServerError):
                self._failed(item, result)
                refused = refused or isinstance(result, NotAllowed)
                continue
            self.applied.done += step.changes
            bases.append(DefinitionBase(item.key, item.kind, item.fqn, str(result.get("id", "")), item.body))
        self.ledger.save_definitions(bases, self.at)
        return refused

    def _body(self, step: Step) -> Entity | None:
        """The PUT body with its references resolved; None when something that it needs is not there."""
        item = step.definition
        if is_below(item.fqn, self.applied.missing):
            return None
        body = dict(item.body)
        try:
            if "parents" in body:
                body["parents"] = [self._id("team", name) for name in body["parents"]]
            if kind_of(item.kind).name == "team":
                body |= {name: [one["id"] for one in self._named(name, body[name])] for name in NAMED if name in body}
            domains = body.get("domains") or ([body["domain"]] if "domain" in body else [])
            for domain in domains:
                self._id("domain", domain)
            if "propertyType" in body:
                body["propertyType"] = {"id": self._type_id(body["propertyType"]), "type": "type"}
        except ServerError as exc:
            self._failed(item, exc)
            return None
        except LookupError as exc:
            self._say(f"{item.kind} {item.fqn}: {exc.args[0]} is not there, so it was left out")
            return None
        return body

    def _define(self, fqn: str, body: Entity) -> Entity:
        return self.client.put_property(self.types[split_fqn(fqn)[0]]["id"], body)

    def _id(self, kind: str, fqn: str) -> str:
        """The id by name, asked just before; ``LookupError`` without one: 1.2 stores ids of nothing, for ever."""
        if (kind, fqn) not in self._ids:
            found = self.client.get(kind, fqn)
            if found is None:
                raise LookupError(f"the {kind} {fqn}")
            self._ids[kind, fqn] = found["id"]
        return self._ids[kind, fqn]

    def _named(self, field: str, names: Sequence[str]) -> list[Entity]:
        kind = NAMED[field]
        return [{"id": self._id(kind, name), "type": kind} for name in names]

    def _type_id(self, name: str) -> str:
        if ("type", name) not in self._ids:
            found = self.client.type(name)
            if found is None:
                raise LookupError(f"the property type {name}")
            self._ids["type", name] = found["id"]
        return self._ids["type", name]

    # --- changing ------------------------------------------------------------------------------------------------

    def change(self, step: Step, bases: Mapping[str, DefinitionBase]) -> None:
        item, found = step.definition, step.stored
        assert found is not None
        if is_below(item.fqn, self.applied.missing):
            return
        result = self._guarded(self._write, step, found)
        if isinstance(result, ServerError):
            self._failed(item, result, there=True)
            return
        self.applied.done += step.changes
        base = DefinitionBase(item.key, item.kind, item.fqn, str(found.get("id", "")), step.base)
        before = bases.get(item.key)
        for name in dict.fromkeys((before.fqn if before else "", step.rename_from)):
            # As it was written last, and as people called it since: a pull may have met it by that name.
            if name and name != item.fqn:
                self.ledger.rename_marks(dict.fromkeys(_called(name, item.fqn), item.fqn), self.at)
        self.ledger.save_definitions([base], self.at)

    def _write(self, step: Step, found: Entity) -> Entity:
        item = step.definition
        if item.kind == PROPERTY:
            return self._define(item.fqn, self._property(step, found))
        kind = kind_of(item.kind).name
        # Whatever was written before may have moved its version on: a classification its tags.
        now = self.client.get(kind, found["id"], _fields(step), include="all") or {}
        if any(stored_value(name, now) != stored_value(name, found) for name in step.fields if name in now):
            raise ServerError("somebody changed it just now", hint="plan again")
        found = {**found, **now}
        return self.client.patch(kind, found["id"], list(self._operations(step, found)), found.get("version"))

    def _property(self, step: Step, found: Entity) -> Entity:
        """The stored definition with our texts, whole; its type is never another."""
        kept = {name: found[name] for name in ("displayName", "customPropertyConfig") if found.get(name)}
        ours = {name: step.definition.body[name] for name in step.fields}
        kind = {"id": self._type_id(step.definition.body["propertyType"]), "type": "type"}
        return {
            "name": found["name"],
            "description": found.get("description", ""),
            **kept,
            **ours,
            "propertyType": kind,
        }

    def _operations(self, step: Step, found: Entity) -> Iterator[Operation]:
        body = step.definition.body
        if step.rename_from:
            yield from set_field("/name", found["name"], body["name"])
        for name in step.fields:
            yield from set_field(f"/{name}", found.get(name), self._patched(name, body[name], found))

    def _patched(self, name: str, wanted: Any, found: Entity) -> Any:
        if name == "domain":
            return {"id": self._id("domain", wanted), "type": "domain"}
        if name in NAMED:
            return self._named(name, wanted)
        if name == "recognizers":
            return with_exceptions(wanted, stored_value(name, found))
        if isinstance(wanted, dict):
            return {**(found.get(name) or {}), **wanted}
        return wanted

    # --- failures ------------------------------------------------------------------------------------------------

    def _guarded(self, write: Any, *arguments: Any) -> Any:
        try:
            return write(*arguments)
        except NotAuthenticated:
            raise
        except ServerError as exc:
            return exc
        except LookupError as exc:
            return ServerError(f"{exc.args[0]} is not there", hint="it was left as it is")

    def _failed(self, item: Definition, error: ServerError, there: bool = False) -> None:
        if not there:
            self.applied.missing.add(item.fqn)
        told = str(error) if isinstance(error, NotAllowed) else f"{item.kind} {item.fqn}: {error}"
        self._say(told)

    def _say(self, told: str) -> None:
        if told not in self.applied.failures:
            self.applied.failures.append(told)


def _called(before: str, now: str) -> tuple[str, ...]:
    """How bases may call what is renamed: as it was, or so within what it stands in and what was renamed before it.

    >>> _called("共享类型.非共享", "ShareType.none")
    ('共享类型.非共享', 'ShareType.非共享')
    """
    return before, join_fqn(*split_fqn(now)[:-1], split_fqn(before)[-1])


def _fields(step: Step) -> tuple[str, ...]:
    return tuple(name for name in REFERENCES if name in step.definition.body)


def with_exceptions(wanted: Sequence[Entity], stored: Sequence[Entity] | None) -> list[Entity]:
    """Recognizers as we want them, with the exceptions that people's feedback added to those of the same name."""
    known = {one.get("name"): one.get("exceptionList") for one in stored or []}
    return [{**one, "exceptionList": known[one["name"]]} if known.get(one["name"]) else one for one in wanted]
