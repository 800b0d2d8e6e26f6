"""What a steward rules on: every catalogue item of a department with what is in force and what is proposed."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from classifiers.evidence import TIERS, ColumnInput, ColumnVerdict, Decision, Dimension, Evidence, Label
from classifiers.rulings import Rulings, column_fingerprint
from connectors.model import Column
from workflows.classify import by_asset
from workflows.outputs.words import Judged
from workflows.ruling import SUGGESTED
from workflows.store import Store
from workflows.store_records import StoredAsset

NEAR = 0.6
"""A statement of 0.5 may decide alone (`classifiers.evidence.Evidence`): what is little surer is for people."""
TIE = 0.05
"""Statements for two elements that are this close in strength."""


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """One label as it stands."""

    value: str
    """What the last run gave; empty without a label."""
    proposed: bool = False
    """Whether somebody is asked to agree with it."""
    ruled: int = 0
    """How many rulings people have made here: the version that whoever looks at it sees."""
    now: str = ""
    """What is in force: ruled by a person, or a tier kept from before. Empty while there is only a proposal."""


Marks = dict[str, Mark]
"""Dimension → mark, for those of `SUGGESTED`."""


class Item(msgspec.Struct, frozen=True):
    """One column of an asset."""

    stored: StoredAsset
    column: Column
    verdict: ColumnVerdict
    marks: Marks

    @property
    def pending(self) -> tuple[Label, ...]:
        """The labels that somebody is asked about."""
        return tuple(label for label in self.verdict.labels if self._mark(label).proposed)

    @property
    def state(self) -> Judged:
        """The weakest of tier, share and open."""
        if any(self._is_open(dimension) for dimension in ("tier", "share", "open")):
            return "undetermined"
        return "suggested" if self.pending else "confirmed"

    @property
    def confidence(self) -> float:
        """The lowest of the labels that wait, 0–1; 1 when none does."""
        return min((label.confidence for label in self.pending), default=0.0 if self.state == "undetermined" else 1.0)

    @property
    def tier(self) -> str:
        mark = self.marks["tier"]
        return mark.now or mark.value

    @property
    def doubt(self) -> str:
        """Why a person should look first: ``undetermined``, ``tie`` or ``near``; empty when nothing is."""
        if self.state == "undetermined":
            return "undetermined"
        if self.state == "confirmed":
            return ""
        return "tie" if is_tie(self.verdict.evidence) else "near" if self.confidence < NEAR else ""

    def _mark(self, label: Label) -> Mark:
        return self.marks.get(label.dimension, Mark(""))

    def _is_open(self, dimension: str) -> bool:
        mark = self.marks[dimension]
        return not mark.proposed and not mark.now


def is_tie(evidence: Iterable[Evidence]) -> bool:
    """Whether two elements are almost equally well supported."""
    best: dict[str, float] = defaultdict(float)
    for one in evidence:
        best[one.element] = max(best[one.element], one.strength)
    first, second, *_ = [*sorted(best.values(), reverse=True), 0.0, 0.0]
    return second > 0 and first - second <= TIE


def items(store: Store, departments: Sequence[str]) -> Iterator[Item]:
    """Every catalogue item of the departments, in order of system and asset; credentials are none."""
    rulings = by_asset(store.decisions())
    for stored in store.stream(departments):
        yield from items_of(stored, rulings.get(stored.asset.key, ()))


def items_of(stored: StoredAsset, decisions: Sequence[Decision]) -> Iterator[Item]:
    verdicts = stored.column_verdicts
    own: dict[str | None, list[Decision]] = defaultdict(list)
    for decision in decisions:
        own[decision.column].append(decision)
    for column in stored.asset.columns:
        verdict = verdicts.get(column.name)
        if verdict is not None and verdict.catalogued:
            rulings = own.get(column.name, ())
            yield Item(
                stored, column, verdict, marks_of(verdict.labels, rulings, fingerprint(column) if rulings else "")
            )


def marks_of(labels: Sequence[Label], decisions: Sequence[Decision], print_: str) -> Marks:
    """How labels stand after all rulings, those included that no run has seen yet.

    ``decisions``: on this column (or on the asset itself), oldest first; ``print_``: its fingerprint.
    """
    rulings = Rulings(tuple(decisions))
    by_dimension = {label.dimension: label for label in labels}
    return {dimension: mark_of(by_dimension.get(dimension), dimension, rulings, print_) for dimension in SUGGESTED}


def mark_of(label: Label | None, dimension: Dimension, rulings: Rulings, print_: str) -> Mark:
    """One of `marks_of`."""
    count = sum(one.dimension == dimension for one in rulings.every)
    decided = rulings.decided(dimension)
    if label is None or decided is not None:
        return Mark(label.value if label else "", False, count, decided.value or "" if decided else "")
    # A refused tier stays in force, and nobody is asked to agree with it again.
    kept = label.rule == "in-force"
    refused = bool(count) and (kept or rulings.standing(dimension, label.value, label.rule, print_) == "refused")
    proposed = label.state == "suggested" and label.value != "undetermined" and not refused
    return Mark(label.value, proposed, count, label.value if kept or label.state == "confirmed" else "")


def fingerprint(column: Column) -> str:
    """What makes it the column that somebody looked at: name, comment and type."""
    return column_fingerprint(ColumnInput(column.name, column.comment, column.type or None))


# --- alike ---------------------------------------------------------------------------------------------------------


class Group(msgspec.Struct, frozen=True):
    """Items that are alike: same name, data element and comment."""

    number: int
    items: tuple[Item, ...]


def groups(found: Iterable[Item]) -> list[Group]:
    """Alike items together, those that need a person first (see `urgency`)."""
    alike: dict[tuple[str, str, str], list[Item]] = defaultdict(list)
    for item in found:
        comment = "".join((item.column.comment or "").split())
        alike[item.column.name.casefold(), item.verdict.element or "", comment].append(item)
    ordered = sorted(alike.values(), key=lambda same: min(map(urgency, same)))
    return [Group(number, tuple(sorted(same, key=urgency))) for number, same in enumerate(ordered, start=1)]


def urgency(item: Item) -> tuple[int, int, float, str, int]:
    """Sorts what a person should look at first: what is undetermined, a tie or near the threshold, then what else is
    proposed; within both the highest tier, then the lowest confidence.
    """
    band = 0 if item.doubt else 1 if item.pending else 2
    tier = TIERS.index(item.tier) if item.tier in TIERS else len(TIERS)
    return band, -tier, item.confidence, item.stored.asset.key, item.column.ordinal


def most_urgent(store: Store, departments: Sequence[str], limit: int) -> tuple[int, list[Item]]:
    """How many items wait for people, and the first of them by `urgency`; however many there are, few are held."""
    count = 0

    def waiting() -> Iterator[Item]:
        nonlocal count
        for item in items(store, departments):
            if item.pending or item.doubt:
                count += 1
                yield item

    first = heapq.nsmallest(limit, waiting(), key=urgency)
    return count, first
