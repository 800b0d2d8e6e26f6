"""What is under way is on disk before it begins; whatever ended a publication, the next one mends what it left.

A kill, a refused write that erased labels (reference, "Writing tables and tags": "A failed write can lose data"), a
connection that was cut before or after the write: the labels that stood before are known from the journal, and those
that are gone without a person's act are put back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import msgspec

from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAuthenticated, ServerError, Stale
from workflows.publish.differences import known_base
from workflows.publish.ledger import InFlight, Ledger
from workflows.publish.merge import (
    Edit,
    Labels,
    Scheme,
    all_marks,
    bare,
    edited,
    encoder,
    label_ops,
    lost_labels,
    stored_labels,
)
from workflows.publish.model import AssetKind, Base, Entity, Mark
from workflows.publish.planner import Draft
from workflows.publish.stored import SERVER_KINDS, Histories, Shelf, Terms

Marks = list[tuple[str, Mark]]
ATTEMPTS = 6


def in_flight(found: Draft) -> InFlight:
    """A draft whose write is about to begin."""
    stored = found.stored or {}
    before = found.standing
    # Columns that are dropped keep no labels, and new ones have a list that is not stored yet.
    expected = {"": (), **{column.name: () for column in found.wanted.columns}, **before}
    return InFlight(
        key=found.wanted.key,
        fqn=found.wanted.fqn,
        kind=found.wanted.kind,
        id=stored.get("id", ""),
        version=stored.get("version", 0.0),
        before=all_marks(before),
        after=bare(all_marks(edited(expected, found.labels.edits))),
    )


def kept(item: InFlight) -> Marks:
    """Labels that stood before and were to stand afterwards: people's, foreign ones, and ours that did not change."""
    after = {(path, mark.fqn) for path, mark in item.after}
    return [(path, mark) for path, mark in item.before if (path, mark.fqn) in after]


class Repairer:
    """Puts back labels that were lost."""

    def __init__(self, client: OpenMetadata, shelf: Shelf, histories: Histories, scheme: Scheme, terms: Terms) -> None:
        self.client, self.shelf, self.histories, self.scheme, self.terms = client, shelf, histories, scheme, terms

    def put_back(self, kind: AssetKind, ref: str, labels: Marks) -> Entity | None:
        """Read the asset and put back what is gone of ``labels`` without a person's act; the asset as it then stands.

        None when there is no such asset. Raises ``ServerError`` when the server does not let us.
        """
        for _ in range(ATTEMPTS):
            entity = self.shelf.read(kind, ref)
            if entity is None or entity.get("deleted"):
                return entity
            lost = self.lost(kind, entity, labels)
            if not lost:
                return entity
            try:
                ops = label_ops(entity, lost, encoder(self.client.features.reason))
                self.client.patch(SERVER_KINDS[kind], entity["id"], ops, entity["version"])
            except Stale:
                continue
        return self.shelf.read(kind, ref)

    def lost(self, kind: AssetKind, entity: Entity, labels: Marks, edits: Sequence[Edit] = ()) -> list[Edit]:
        """What must be added to an asset, beside ``edits``, so that ``labels`` stand again."""
        now = edited(stored_labels(entity), edits)
        found = lost_labels(labels, now, self.scheme, self.histories.of(kind, entity))
        found = [edit for edit in found if edit.new is not None and self._exists(edit.new)]
        found = self._yielding(found, [edit for edit in found if edit.new is not None and edit.new.by_person])
        after = edited(now, found)
        # What its term brings along since must not push out what stands there: the write would be refused.
        return [edit for edit in found if edit.new is not None and not self._clashes(edit.new, edit.slot.path, after)]

    def giving_way(self, kind: AssetKind, entity: Entity, labels: Marks, edits: Sequence[Edit]) -> list[Edit]:
        """The edits without additions of ours where a person's label of ``labels`` is gone without a person's act."""
        mine = [(path, mark) for path, mark in labels if path and mark.by_person]
        return self._yielding(edits, self.lost(kind, entity, mine))

    def _yielding(self, edits: Sequence[Edit], theirs: Sequence[Edit]) -> list[Edit]:
        """The edits without additions that cannot stand beside people's labels."""

        def gives_way(one: Edit) -> bool:
            if one.old is not None or one.new is None or one in theirs:
                return False
            return any(
                one.slot == other.slot
                or (
                    one.slot.path == other.slot.path
                    and self._clashes(other.new, one.slot.path, {one.slot.path: [one.new]})
                )
                for other in theirs
                if other.new is not None
            )

        return [one for one in edits if not gives_way(one)]

    def _clashes(self, mark: Mark, path: str, after: Labels) -> bool:
        return self.terms.clash(mark, path, after.get(path, ()), self.scheme) is not None

    def _exists(self, mark: Mark) -> bool:
        """A label of a tag that is no more cannot be put back; trying would erase the others of the same place."""
        kind = "glossaryTerm" if mark.source == "Glossary" else "tag"
        return self.client.get(kind, mark.fqn) is not None


def learned(item: InFlight, base: Base | None, entity: Entity, scheme: Scheme) -> Base:
    """The base after a write whose end is not known, from what stands there now.

    The structure counts as not written, so that it is written again. The version stays that of the last pull or
    undisturbed write: history since then is read by the next pull.
    """
    known = known_base(base, entity) if base is not None else Base(item.fqn)
    standing = all_marks(stored_labels(entity))
    places = {(path, mark.fqn) for path, mark in (*item.after, *standing)}
    # Only what the write itself was to withdraw is ours no more: what was gone before, a person had taken away.
    withdrawn = {(path, mark.fqn) for path, mark in item.before} - places
    marks = {(path, mark.fqn): mark for path, mark in known.marks if (path, mark.fqn) not in withdrawn}
    for path, mark in arrived(item, entity):
        if scheme.slot(path, mark.fqn) is not None:
            marks[path, mark.fqn] = mark
    return msgspec.structs.replace(
        known,
        id=entity["id"],
        structure="",
        marks=bare((path, mark) for (path, _), mark in marks.items()),
        deleted=bool(entity.get("deleted")) and (known.deleted or item.removing),
    )


def arrived(item: InFlight, entity: Entity) -> Marks:
    """Labels that the write was to bring, and that stand as it was to write them."""

    def exact(marks: Iterable[tuple[str, Mark]]) -> set[tuple[str, str, str, str]]:
        return {(path, mark.fqn, mark.label_type, mark.state) for path, mark in marks}

    new = exact(all_marks(stored_labels(entity))) - exact(item.before)
    return [(path, mark) for path, mark in item.after if (path, mark.fqn, mark.label_type, mark.state) in new]


class Mended(msgspec.Struct):
    """What an earlier publication had left, and what became of it."""

    assets: int = 0
    failures: list[str] = []


def mend(ledger: Ledger, repairer: Repairer, at: str) -> Mended:
    """Bring every publication that was cut off to an end. What cannot be mended now stays in the journal."""
    result = Mended()
    for publication in ledger.unfinished():
        items = ledger.in_flight(publication.id)
        bases = ledger.bases(item.key for item in items)
        settled: dict[str, Base] = {}
        failures = len(result.failures)
        for item in items:
            try:
                settled[item.key] = _mended(item, bases.get(item.key), repairer)
            except NotAuthenticated:
                raise
            except ServerError as exc:
                result.failures.append(f"{item.fqn}: {exc}")
        ledger.settle(publication.id, settled, at)
        result.assets += len(settled)
        if len(result.failures) == failures:
            ledger.finish(publication.id, at, {"mended": len(settled)})
    return result


def _mended(item: InFlight, base: Base | None, repairer: Repairer) -> Base:
    kind = cast(AssetKind, item.kind)
    entity = repairer.put_back(kind, item.id or item.fqn, kept(item))
    if entity is None:
        # Never created, or deleted for good since.
        return Base(item.fqn)
    return learned(item, base, entity, repairer.scheme)


class Journal:
    """The journal of one publication."""

    def __init__(self, ledger: Ledger, publication: int, at: str) -> None:
        self.ledger, self.publication, self.at = ledger, publication, at
        self.open: set[str] = set()
        """Keys of assets whose write began and is not settled."""

    def enter(self, drafts: Iterable[Draft]) -> dict[str, InFlight]:
        """Put these writes on disk; key → what was put there."""
        items = {found.wanted.key: in_flight(found) for found in drafts}
        self.ledger.enter(self.publication, list(items.values()))
        self.open.update(items)
        return items

    def settle(self, bases: dict[str, Base]) -> None:
        """These writes are over."""
        if bases:
            self.ledger.settle(self.publication, bases, self.at)
            self.open.difference_update(bases)
