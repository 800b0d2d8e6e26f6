"""What publishing would change: wanted assets beside stored ones, schema by schema, nothing written.

An asset's `Draft` holds everything that a plan shows and that applying it needs. Reads are lists of one schema at a
time, and the history of an asset only where a label of ours is missing or somebody else's stands in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from connectors.om_errors import NotAuthenticated, ServerError
from connectors.om_names import join_fqn
from workflows.batches import chunks
from workflows.publish.addresses import with_elsewhere
from workflows.publish.differences import known_base, with_present_case
from workflows.publish.history import NESTED, present_case
from workflows.publish.ledger import Ledger, renamed_base, renamed_fqn
from workflows.publish.merge import (
    Acts,
    Dispute,
    Edit,
    Labels,
    Merged,
    Scheme,
    Values,
    Waiting,
    bare,
    columns_of,
    edited,
    label_lists,
    merge_labels,
    merge_values,
    shown,
    stored_labels,
)
from workflows.publish.model import (
    ON_ASSET,
    AssetKind,
    Base,
    Change,
    Entity,
    Mark,
    Operation,
    PlannedAsset,
    WantedAsset,
    WantedEdge,
)
from workflows.publish.stored import (
    DISPLAY,
    SERVER_KINDS,
    Histories,
    Shelf,
    Terms,
    ownership_of,
    properties_of,
    texts_of,
)

BATCH = 100
WITHDRAWN = "规则已不给出此标签"
"""Assets written together: what a server takes in one bulk request."""
COLUMN_TYPE = "tableColumn"
"""The entity type whose custom properties are those of columns."""
NOTHING = Values({}, (), {})
COLLECTIONS: dict[AssetKind, str] = {"table": "tables", "endpoint": "apiEndpoints"}
"""How plans call the kinds."""


class Draft(NamedTuple):
    """One asset: what is wanted, what stands there, and what follows."""

    wanted: WantedAsset
    stored: Entity | None
    base: Base
    structure: str | None = None
    """What differs in structure, in words; None = nothing."""
    drifted: bool = False
    """The structure was changed by somebody else since we wrote it."""
    restore: bool = False
    labels: Merged = Merged((), (), ())
    texts: Values = NOTHING
    properties: Values = NOTHING
    ownership: Values = NOTHING
    new_edges: tuple[WantedEdge, ...] = ()
    old_edges: tuple[WantedEdge, ...] = ()
    blocked: str = ""
    """Why nothing may be written at all."""

    @property
    def patches(self) -> bool:
        """Whether the asset itself needs a PATCH."""
        return bool(self.labels.edits or self.texts.write or self.properties.write or self.ownership.write)

    @property
    def writes(self) -> bool:
        linked = self.new_edges or self.old_edges
        return bool(self.structure is not None or self.restore or self.patches or linked) and not self.blocked

    @property
    def differs(self) -> bool:
        """Whether anything that stands there is not what is wanted, be it left so."""
        kept = self.texts.kept or self.properties.kept or self.ownership.kept
        return bool(self.writes or self.blocked or self.labels.disputes or kept)

    @property
    def standing(self) -> dict[str, tuple[Mark, ...]]:
        """The labels that stand there, by the names that columns will have: one whose name changes case keeps them."""
        labels = stored_labels(self.stored) if self.stored else {}
        if self.structure is None:
            return labels
        now = present_case(labels, [ON_ASSET, *(column.name for column in self.wanted.columns)])
        return {now.get(path, path): marks for path, marks in labels.items()}

    @property
    def after(self) -> Base:
        """The base once everything but lineage is written; ``version`` and ``id`` are the writer's to set."""
        owned = self.ownership.base
        ours = {(path, mark.fqn) for path, mark in self.labels.marks}
        return Base(
            fqn=self.wanted.fqn,
            id=self.base.id,
            version=self.base.version,
            structure="" if self.wanted.labels_only else self.wanted.structure,
            marks=bare(self.labels.marks),
            seen=self.base.seen,
            # What stands again can be taken away again.
            gone=[(path, mark) for path, mark in self.base.gone if (path, mark.fqn) not in ours],
            texts=self.texts.base,
            pulled={key: at for key, at in self.base.pulled.items() if key in self.texts.base},
            properties=self.properties.base,
            owner=owned.get("owner", ""),
            domain=owned.get("domain", ""),
            status=owned.get("status", ""),
            edges=self.base.edges,
        )


def draft(
    wanted: WantedAsset,
    stored: Entity | None,
    base: Base | None,
    scheme: Scheme,
    acts: Acts,
    waiting: Waiting = frozenset(),
) -> Draft:
    """Compare one asset; ``stored`` as `stored.trimmed` gives it, deleted ones included."""
    known = Base(wanted.fqn) if base is None or stored is None else known_base(base, stored)
    why = _blocked(wanted, stored, base)
    if why:
        return Draft(wanted, stored, known, blocked=why)
    there: Entity = stored or {"columns": []}
    structure, drifted = (None, False) if wanted.labels_only else _structure(wanted, stored, known)
    after = there if structure is None else _restructured(wanted, there)
    known = with_present_case(known, after)
    there_labels = stored_labels(after)
    labels = merge_labels(_wanted_labels(wanted, there_labels), there_labels, known, scheme, acts, waiting)
    found = Draft(wanted, stored, known, structure, drifted, restore=bool(there.get("deleted")), labels=labels)
    return found if wanted.labels_only else _with_values(found, after)


def _with_values(found: Draft, after: Entity) -> Draft:
    wanted, base = found.wanted, found.base
    owned = {"owner": base.owner, "domain": base.domain, "status": base.status}
    edges = {edge.source: edge for edge in base.edges}
    return found._replace(
        texts=merge_values(wanted_texts(wanted) | _newer_texts(wanted, base), texts_of(after), base.texts),
        properties=merge_values(wanted_properties(wanted), properties_of(after), base.properties),
        ownership=merge_values(_wanted_ownership(wanted), ownership_of(after), owned),
        new_edges=tuple(edge for edge in wanted.lineage if edges.get(edge.source) != edge),
        old_edges=tuple(edge for edge in base.edges if edge.source not in {one.source for one in wanted.lineage}),
    )


def _blocked(wanted: WantedAsset, stored: Entity | None, base: Base | None) -> str:
    if stored is None:
        return "服务器上没有此资产" if wanted.labels_only else ""
    if stored.get("deleted") and not (base is not None and base.deleted):
        return "已在 OpenMetadata 中被删除，保持原状"
    return ""


def _structure(wanted: WantedAsset, stored: Entity | None, base: Base) -> tuple[str | None, bool]:
    """What differs in structure (None = nothing), and whether somebody else changed it."""
    if stored is None:
        return "", False
    before = {column["name"]: str(column.get("dataType", "")) for column in columns_of(stored)[1]}
    after = {column.name: column.data_type for column in wanted.columns}
    if before == after:
        return ("", False) if base.structure != wanted.structure else (None, False)
    words = [f"+{name}" for name in after if name not in before]
    words += [f"-{name}" for name in before if name not in after]
    words += [f"{name}: {before[name]} → {kind}" for name, kind in after.items() if before.get(name, kind) != kind]
    return ", ".join(words), base.structure == wanted.structure


def _restructured(wanted: WantedAsset, stored: Entity) -> Entity:
    """The asset as it stands once its structure is written and what a change of type erases is put back."""
    before = {column["name"].casefold(): column for column in columns_of(stored)[1]}
    columns = [{"tags": [], **before.get(one.name.casefold(), {}), "name": one.name} for one in wanted.columns]
    bare = {name: value for name, value in stored.items() if name not in ("columns", "responseSchema")}
    return {"tags": [], **bare, "columns": columns}


def _wanted_labels(wanted: WantedAsset, stored: Labels) -> Labels:
    """By the server's paths: what ``connector: openmetadata`` calls ``column.field`` stands inside that column."""
    inner = {path.replace(NESTED, "."): path for path in stored if NESTED in path} if wanted.labels_only else {}
    inner = {name: path for name, path in inner.items() if name not in stored}
    return {ON_ASSET: wanted.marks} | {inner.get(column.name, column.name): column.marks for column in wanted.columns}


def _newer_texts(wanted: WantedAsset, base: Base) -> dict[str, str]:
    """Descriptions that a pull has brought since the version in force was published: they wait for the next one, and
    stand meanwhile."""
    newer = {key for key, at in base.pulled.items() if wanted.in_force and at >= wanted.in_force}
    return {key: base.texts[key] for key in (ON_ASSET, *(one.name for one in wanted.columns)) if key in newer}


def wanted_texts(wanted: WantedAsset) -> dict[str, str]:
    """By the keys of ``Base.texts``."""
    found = {"": wanted.description, DISPLAY: wanted.title}
    for column in wanted.columns:
        found |= {column.name: column.description, DISPLAY + column.name: column.title}
    return {key: text for key, text in found.items() if text}


def wanted_properties(wanted: WantedAsset) -> dict[str, Any]:
    """By the keys of ``Base.properties``."""
    found: dict[str, Any] = dict(wanted.properties)
    for column in wanted.columns:
        found |= {f"{column.name}\0{name}": value for name, value in column.properties.items()}
    return found


def _wanted_ownership(wanted: WantedAsset) -> dict[str, str]:
    found = {"owner": wanted.owner, "domain": wanted.domain, "status": wanted.status}
    return {name: value for name, value in found.items() if value}


# --- what a plan shows -------------------------------------------------------------------------------------------


def planned(found: Draft) -> PlannedAsset:
    """The asset in a plan."""
    wanted = found.wanted
    return PlannedAsset(wanted.key, wanted.fqn, wanted.kind, wanted.digest, tuple(changes_of(found)))


def changes_of(found: Draft) -> Iterator[Change]:
    """Every change of one asset, old → new. What comes with a new asset is in its creation, labels excepted."""
    if found.blocked:
        return
    line = _Line(found.wanted)
    if found.stored is None:
        yield line("create", new=shown(found.wanted.title or found.wanted.name))
    elif found.structure is not None:
        yield line("update", "structure", new=found.structure)
    if found.restore:
        yield line("restore")
    yield from (_label_change(line, edit) for edit in found.labels.edits)
    if found.stored is not None:
        yield from _value_changes(line, found, found.stored)
    yield from (line("create", "lineage", new=edge.source) for edge in found.new_edges)
    yield from (line("delete", "lineage", old=edge.source) for edge in found.old_edges)


def conflicts_of(found: Draft) -> Iterator[Change]:
    """What is left to people."""
    line = _Line(found.wanted)
    if found.blocked:
        yield line("conflict", reason=found.blocked)
    for dispute in found.labels.disputes:
        yield _conflict(line, dispute)


class _Line:
    """Makes the changes of one asset."""

    def __init__(self, wanted: WantedAsset) -> None:
        self.kind, self.fqn = COLLECTIONS[wanted.kind], wanted.fqn

    def __call__(
        self, operation: Operation, field: str = "", path: str = "", old: str = "", new: str = "", reason: str = ""
    ) -> Change:
        return Change(operation, self.kind, self.fqn, path, field, old, new, reason)


def _label_change(line: _Line, edit: Edit) -> Change:
    old, new = edit.old, edit.new
    same = old is not None and new is not None and old.fqn == new.fqn
    operation: Operation = "create" if old is None else "withdraw" if new is None else "update"
    was, will = _named(old, stamped=same), _named(new, stamped=same)
    return line(operation, edit.slot.classification, edit.slot.path, was, will, new.reason if new else WITHDRAWN)


def _named(mark: Mark | None, stamped: bool) -> str:
    if mark is None:
        return ""
    return f"{mark.fqn} ({mark.label_type}, {mark.state})" if stamped else mark.fqn


def _conflict(line: _Line, dispute: Dispute) -> Change:
    stored, wanted = (mark.fqn if mark else "" for mark in (dispute.stored, dispute.wanted))
    return line("conflict", dispute.slot.classification, dispute.slot.path, stored, wanted, dispute.reason)


def _value_changes(line: _Line, found: Draft, stored: Entity) -> Iterator[Change]:
    texts, properties, owned = texts_of(stored), properties_of(stored), ownership_of(stored)
    for key, new in found.texts.write.items():
        field = "displayName" if key.startswith(DISPLAY) else "description"
        yield line("update", field, key.removeprefix(DISPLAY), shown(texts.get(key)), shown(new))
    for key, new in found.properties.write.items():
        path, _, name = key.rpartition("\0")
        yield line("update", name, path, shown(properties.get(key)), shown(new))
    for name, new in found.ownership.write.items():
        yield line("update", name, "", owned.get(name, ""), shown(new))


# --- reading a whole server --------------------------------------------------------------------------------------


class Group(NamedTuple):
    """Consecutive assets of one schema or API collection."""

    kind: AssetKind
    parent: str
    assets: Iterator[WantedAsset]


def by_parent(assets: Iterable[WantedAsset]) -> Iterator[Group]:
    """The stream in groups; each must be read before the next."""
    for (kind, parent), group in groupby(assets, key=lambda one: (one.kind, one.parent)):
        yield Group(kind, parent, group)


class Names(NamedTuple):
    """What assets must know of definitions."""

    scheme: Scheme
    renames: Mapping[str, str] = {}
    """FQN of a tag as stored labels have it → as it will be once definitions are written; empty after that."""
    waiting: Mapping[str, Waiting] = {}
    """Asset key → labels whose removal nobody has settled yet."""
    usable: Callable[[str], bool] = lambda _: True
    """Whether a tag, term, property or container is there and not deleted; no write may refer to another."""


class Planner:
    """Compares wanted assets with one server."""

    def __init__(self, shelf: Shelf, histories: Histories, terms: Terms, ledger: Ledger, names: Names) -> None:
        self.shelf, self.histories, self.terms, self.ledger, self.names = shelf, histories, terms, ledger, names
        self.failures: list[str] = []

    def drafts(self, assets: Iterable[WantedAsset]) -> Iterator[Draft]:
        """A draft of each asset, schema by schema. What cannot be read goes to ``failures``; the rest goes on."""
        for group in by_parent(assets):
            for batch in self.of_group(group):
                yield from batch

    def of_group(self, group: Group) -> Iterator[list[Draft]]:
        """Drafts of the assets of one schema, some at a time."""
        self.shelf.forget()
        if not self._readable(group):
            return
        for batch in chunks(group.assets, BATCH):
            bases = self.ledger.bases([wanted.key for wanted in batch])
            drafts = (self._of_shelf(wanted, bases.get(wanted.key)) for wanted in batch)
            yield [found for found in drafts if found is not None]

    def _readable(self, group: Group) -> bool:
        try:
            self.shelf.rows(group.kind, group.parent)
        except NotAuthenticated:
            raise
        except ServerError as exc:
            self.failures.append(f"{group.parent}: {exc}")
            return False
        return True

    def _of_shelf(self, wanted: WantedAsset, base: Base | None) -> Draft | None:
        if not wanted.labels_only and not self.names.usable(wanted.parent):
            blocked = "所在的服务、数据库或模式不可用，保持原状"
            return Draft(wanted, None, base or Base(wanted.fqn), blocked=blocked)
        return self.guarded(wanted, self.shelf.find(wanted.kind, wanted.parent, wanted.fqn), base)

    def guarded(self, wanted: WantedAsset, stored: Entity | None, base: Base | None) -> Draft | None:
        """`one`; None, and a failure, when the server does not show the history that the comparison needs."""
        try:
            return self.one(wanted, stored, base)
        except NotAuthenticated:
            raise
        except ServerError as exc:
            self.failures.append(f"{wanted.fqn}: {exc}")
            return None

    def one(self, wanted: WantedAsset, stored: Entity | None, base: Base | None) -> Draft:
        """Compare one asset with what was just read of it. Raises ``ServerError``."""
        renames = self.names.renames
        if renames:
            stored = stored and _renamed_labels(stored, renames)
            base = base and renamed_base(base, renames)
        found = self._compared(wanted, stored, base)
        if stored is None or not found.differs:
            return found
        others = (renamed_base(other, renames) for other in self.ledger.elsewhere(wanted.key))
        both = with_elsewhere(base, stored, others)
        return found if both == base else self._compared(wanted, stored, both)

    def _compared(self, wanted: WantedAsset, stored: Entity | None, base: Base | None) -> Draft:
        if stored is not None and stored.get("deleted"):
            ours = self.histories.deleted_by_us(stored, base)
            base = msgspec.structs.replace(base or Base(wanted.fqn), deleted=ours)
        acts = self.histories.of(wanted.kind, stored)
        waiting = self.names.waiting.get(wanted.key, frozenset())
        found = _withheld(draft(wanted, stored, base, self.names.scheme, acts, waiting), self.names.usable)
        return _compatible(found, self.names.scheme, self.terms)


def _renamed_labels(entity: Entity, renames: Mapping[str, str]) -> Entity:
    for found in label_lists(entity).values():
        for label in found.labels or ():
            label["tagFQN"] = renamed_fqn(label["tagFQN"], renames)
    return entity


def _withheld(found: Draft, usable: Callable[[str], bool]) -> Draft:
    """Without writes that refer to what is not there: servers refuse those, and erase labels while they refuse."""
    edits = tuple(edit for edit in found.labels.edits if edit.new is None or usable(edit.new.fqn))
    properties = found.properties
    values = {key: value for key, value in properties.write.items() if usable(_property_fqn(found.wanted.kind, key))}
    if len(edits) < len(found.labels.edits):
        known = {(path, mark.fqn) for path, mark in found.base.marks}
        marks = ((path, mark) for path, mark in found.labels.marks if (path, mark.fqn) in known or usable(mark.fqn))
        found = found._replace(labels=found.labels._replace(edits=edits, marks=tuple(marks)))
    if len(values) < len(properties.write):
        known_values = {key: value for key, value in properties.base.items() if key not in properties.write}
        found = found._replace(properties=Values(values, properties.kept, known_values | values))
    return found


def _compatible(found: Draft, scheme: Scheme, terms: Terms) -> Draft:
    """Without terms whose own tags would stand beside another label of an exclusive classification: refused, too."""
    added = [edit for edit in found.labels.edits if edit.new is not None and edit.new.source == "Glossary"]
    clashes = {edit: why for edit in added if (why := _clash(found, edit, scheme, terms))}
    if not clashes:
        return found
    merged = found.labels
    disputes = (Dispute(edit.slot, None, edit.new, why) for edit, why in clashes.items())
    left_out = {(edit.slot.path, edit.new.fqn) for edit in clashes if edit.new is not None}
    labels = Merged(
        tuple(edit for edit in merged.edits if edit not in clashes),
        (*merged.disputes, *disputes),
        tuple((path, mark) for path, mark in merged.marks if (path, mark.fqn) not in left_out),
    )
    return found._replace(labels=labels)


def _clash(found: Draft, edit: Edit, scheme: Scheme, terms: Terms) -> str:
    """Which tag of the term cannot stand beside what will be there; empty when all can."""
    path = edit.slot.path
    if edit.new is None or not terms.brought_by(edit.new.fqn):
        return ""
    there: Labels = found.standing
    after = edited({path: there.get(path, ())}, (one for one in found.labels.edits if one.slot.path == path))[path]
    clash = terms.clash(edit.new, path, after, scheme)
    return f"术语自带 {clash[0]}，与 {clash[1]} 互斥" if clash else ""


def _property_fqn(kind: AssetKind, key: str) -> str:
    """Full name of a custom property's definition: its entity type, and its name."""
    path, _, name = key.rpartition("\0")
    return join_fqn(COLUMN_TYPE if path else SERVER_KINDS[kind], name)


def allowed(fresh: Sequence[Change], planned_changes: Sequence[Change]) -> bool:
    """Whether what is to be written now was planned: what has been done meanwhile may be missing.

    With its creation everything that makes an asset what is wanted of it was planned.
    """
    known = {change.what for change in planned_changes}
    created = any(change.operation == "create" and not change.field for change in planned_changes)
    ours = ("create", "update")
    return all(change.what in known or (created and change.operation in ours) for change in fresh)
