"""Writes: what a PUT and what a PATCH makes of a stored entity (reference: Writing tables and tags)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timezone

from . import columns, labels, names
from .access import Principal
from .errors import BadRequest
from .history import MAJOR, Changes, emit
from .kinds import Kind
from .labels import Label, Refused
from .profiles import Profile
from .render import View
from .store import Doc, Entity, Store, name_key

#: Kept by a PUT that does not send them; other references are replaced by what a PUT says, or by nothing.
KEPT = frozenset({"owner", "owners", "domain", "domains", "dataProducts"})
SCHEMAS = ("requestSchema", "responseSchema")
STATUS = ("entityStatus", "status")
CURATED = ("description", "displayName")
#: Written without being compared: a change of these alone is no version.
QUIET = frozenset({"connection", "sourceHash", "authenticationMechanism"})


class Writer:
    """Creates and updates entities; `now` gives milliseconds since 1970."""

    def __init__(self, store: Store, profile: Profile, view: View, now: Callable[[], int]) -> None:
        self.store = store
        self.profile = profile
        self.view = view
        self.now = now

    # --- creating ---

    def create(self, kind: Kind, name: str, doc: Doc, parent: Entity | None, by: Principal) -> Entity:
        try:
            doc = self.settle_new(doc, by)
        except Refused as refused:
            raise refused.error from None
        entity = Entity(
            kind=kind.name,
            id=str(uuid.uuid4()),
            name=name,
            fqn=name_key(kind.name, names.join(parent.fqn if parent else None, name)),
            doc=doc,
            parent=parent.id if parent else None,
            created=self.store.tick(),
        )
        entity.marks = [(entity.created, 1)]
        self.store.add(entity)
        self.publish(entity, by, "entityCreated")
        return entity

    def settle_new(self, doc: Doc, by: Principal) -> Doc:
        return labels.map_labels(doc, lambda found: self.settle([], found, by))

    def settle(self, old: list[Label], new: list[Label], by: Principal) -> list[Label]:
        settled = labels.settle(self.store, new)
        if self.profile.single_relations:
            return settled
        moment = datetime.fromtimestamp(self.now() / 1000, timezone.utc)
        return labels.stamped(old, settled, by.name, moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))

    def publish(self, entity: Entity, by: Principal, event: str) -> None:
        """Make the entity's state a version that can be looked up, and an event."""
        entity.updated_at, entity.updated_by = self.now(), by.name
        kind = self.store.kinds[entity.kind]
        entity.snapshot = json.dumps(self.view.show(entity, kind.stored, brief=True), ensure_ascii=False)
        emit(self.store, self.profile, entity, event)

    # --- updating ---

    def put(self, entity: Entity, doc: Doc, by: Principal, override: bool = False) -> bool:
        """Bring a stored entity to what a PUT says; whether that made a version. `override`: bots may too."""
        keeps = by.is_bot and not override
        kind = self.store.kinds[entity.kind]
        wanted = self.put_wanted(kind, entity.doc, doc, keeps)
        try:
            wanted = self.put_labels(entity.doc, wanted, by)
        except Located as refused:
            self.erase(entity, refused.path)
            raise refused.error from None
        return self.store_changes(entity, wanted, by, None)

    def put_wanted(self, kind: Kind, old: Doc, sent: Doc, keeps: bool) -> Doc:
        """The document a PUT asks for, labels still as sent."""
        wanted = {name: value for name, value in old.items() if name in KEPT | kind.patch_only or name in STATUS}
        wanted |= sent
        if keeps:
            wanted |= {name: old[name] for name in CURATED if old.get(name)}
            wanted = keep(wanted, old, "extension")
            if self.profile.bot_keeps_curated and old.get("owners"):
                wanted["owners"] = old["owners"]
        if "columns" in sent:
            wanted["columns"] = [
                self.put_column(stored, column, keeps)
                for stored, column in columns.match(old["columns"], sent["columns"]).pairs
            ]
        return wanted

    def put_column(self, old: Doc | None, sent: Doc, keeps: bool) -> Doc:
        if old is None:
            return sent
        column = dict(sent)
        if keeps:
            column |= {name: old[name] for name in CURATED if old.get(name)}
            column = keep(column, old, "extension")
        if "children" in old and "children" in sent:
            pairs = columns.match(old["children"], sent["children"]).pairs
            column["children"] = [self.put_column(stored, child, keeps) for stored, child in pairs]
        return column

    def put_labels(self, old: Doc, wanted: Doc, by: Principal) -> Doc:
        """Labels merged with the stored ones, for the entity and everything in it."""
        return self.with_labels(old, wanted, by, labels.merge, ())

    def with_labels(self, old: Doc | None, new: Doc, by: Principal, combine: Combine, path: Path) -> Doc:
        """The document with its labels settled; `Located` says where a label was refused."""
        result = dict(new)
        stored = (old or {}).get("tags") or []
        if "tags" in new or stored:
            result["tags"] = self.combined(stored, new.get("tags") or [], by, combine, path)
        for name in ("columns", "children"):
            if new.get(name) and (old is None or new[name] is not old.get(name)):
                matched = columns.match((old or {}).get(name) or [], new[name])
                result[name] = [
                    after if before is after else self.with_labels(before, after, by, combine, (*path, after["name"]))
                    for before, after in matched.pairs
                ]
        for name in SCHEMAS:
            if new.get(name) and new[name] is not (old or {}).get(name):
                before = {"children": ((old or {}).get(name) or {}).get("schemaFields") or []}
                after = {"children": new[name].get("schemaFields") or []}
                inner = self.with_labels(before, after, by, combine, (*path, name))
                result[name] = {**new[name], "schemaFields": inner["children"]}
        return result

    def combined(
        self, stored: list[Label], sent: list[Label], by: Principal, combine: Combine, path: Path
    ) -> list[Label]:
        wanted = combine(stored, sent)
        if wanted == stored:
            return stored
        try:
            return self.settle(stored, wanted, by)
        except Refused as refused:
            raise Located(refused, path) from None

    def patch(self, entity: Entity, doc: Doc, by: Principal, seen: int | None = None) -> bool:
        """Bring a stored entity to what a patch made of it; `seen` is the version that a racing patch saw."""
        try:
            wanted = self.with_labels(entity.doc, doc, by, lambda _, sent: sent, ())
        except Located as refused:
            if refused.unknown:
                self.erase(entity, refused.path)
            raise refused.error from None
        return self.store_changes(entity, wanted, by, seen)

    def erase(self, entity: Entity, path: Path) -> None:
        """What a refused write leaves behind: the labels of the place that was refused are gone, without a version."""
        entity.doc = erased(entity.doc, path)

    # --- comparing and storing ---

    def store_changes(self, entity: Entity, doc: Doc, by: Principal, seen: int | None) -> bool:
        changes = Changes(self.store, self.profile)
        self.compare(changes, self.store.kinds[entity.kind], entity, doc)
        if not changes:
            entity.doc = doc
            return False
        self.commit(entity, doc, changes, by, "entityUpdated", seen)
        return True

    def commit(
        self, entity: Entity, doc: Doc, changes: Changes, by: Principal, event: str, seen: int | None = None
    ) -> None:
        """Make a version of a change."""
        base = entity.version if seen is None else seen
        if base + changes.step > entity.version:
            entity.history.append(entity.snapshot)
        entity.doc, entity.change = doc, changes.description(base)
        entity.version = max(entity.version, base + changes.step)
        entity.marks = [*entity.marks[-7:], (self.store.tick(), entity.version)]
        self.publish(entity, by, event)

    def compare(self, changes: Changes, kind: Kind, entity: Entity, doc: Doc) -> None:
        old = entity.doc
        related = {relation.name for relation in kind.relations}
        for name in sorted((old.keys() | doc.keys()) - QUIET):
            before, after = old.get(name), doc.get(name)
            if before is after or (before == after and name != "tags"):
                continue
            if name == "columns":
                self.compare_columns(changes, "columns", before or [], after or [])
            elif name == "tags":
                changes.labels("tags", before or [], after or [])
            elif name == "extension":
                changes.extension("extension", before, after)
            elif name in SCHEMAS and before and after:
                was, now = before.get("schemaFields") or [], after.get("schemaFields") or []
                self.compare_columns(changes, f"{name}.schemaFields", was, now)
            elif name in related:
                changes.field(name, self.shown_refs(before), self.shown_refs(after))
            else:
                changes.field(name, before, after)

    def shown_refs(self, refs: list[Doc] | None) -> list[Doc]:
        return [self.view.reference(ref) if ref["id"] in self.store.by_id else ref for ref in refs or []]

    def compare_columns(self, changes: Changes, prefix: str, old: list[Doc], new: list[Doc]) -> None:
        matched = columns.match(old, new)
        if matched.dropped:
            changes.delete(prefix, json.dumps(matched.dropped, ensure_ascii=False))
            changes.step = MAJOR
        if matched.added:
            changes.add(prefix, json.dumps(matched.added, ensure_ascii=False))
        for before, after in matched.pairs:
            if before is not None and before is not after:
                self.compare_column(changes, f"{prefix}.{after['name']}", before, after)

    def compare_column(self, changes: Changes, name: str, before: Doc, after: Doc) -> None:
        for field in columns.COMPARED:
            if field == "extension":
                changes.extension(f"{name}.extension", before.get(field), after.get(field))
            else:
                changes.field(f"{name}.{field}", before.get(field), after.get(field))
        changes.labels(f"{name}.tags", before.get("tags") or [], after.get("tags") or [])
        if before.get("children") or after.get("children"):
            self.compare_columns(changes, name, before.get("children") or [], after.get("children") or [])


Path = tuple[str, ...]
Combine = Callable[[list[Label], list[Label]], list[Label]]


class Located(Exception):
    """A refused label, and the names of the columns that lead to it."""

    def __init__(self, refused: Refused, path: Path) -> None:
        super().__init__(str(refused))
        self.error = refused.error
        self.unknown = refused.unknown
        self.path = path


def keep(wanted: Doc, old: Doc, name: str) -> Doc:
    """`wanted` with the stored value of a field, or without the field."""
    rest = {key: value for key, value in wanted.items() if key != name}
    return {**rest, name: old[name]} if name in old else rest


def erased(doc: Doc, path: Path) -> Doc:
    if not path:
        return {**doc, "tags": []}
    result = dict(doc)
    for name in ("columns", "children"):
        if name in doc:
            result[name] = [erased(one, path[1:]) if one["name"] == path[0] else one for one in doc[name]]
    if path[0] in SCHEMAS and doc.get(path[0]):
        inner = erased({"children": doc[path[0]].get("schemaFields") or []}, path[1:])
        result[path[0]] = {**doc[path[0]], "schemaFields": inner["children"]}
    return result


def check_connection(entity: Entity, doc: Doc) -> None:
    if entity.doc.get("connection") is not None and doc.get("connection") is None:
        raise BadRequest("[connection must not be null]")
