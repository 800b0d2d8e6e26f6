"""Classify: stored assets and their evidence become labels. Works from the store only; connects to nothing.

What has the same structure, evidence, engine, pack and decisions as when it was judged last is left alone, unless what
it is computed from has not. Views are judged after their sources, whose labels they inherit.

No rule lowers a tier in force. Of an entry in force that is the tier of its version, whatever was proposed since; of
what no version knows it is the tier of the last run. Publishing changes neither: a version says what the labels do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from classifiers.evidence import TIERS, AssetVerdict, Decision, Label
from connectors.model import Failure
from workflows.batches import chunks
from workflows.entries.tiers import digests_in_force, may_differ, tiers_of_versions
from workflows.harvest import Progress, Silent
from workflows.judging import Context, Judge, Outcome, Task, judging, workers_for
from workflows.lineage import Lineage
from workflows.store import Store, digest
from workflows.store_records import Event, Judgeable, Judged, LabelChange, StoredAsset

if TYPE_CHECKING:
    from classifiers.policy import Pack

_UNSETTLED = ""
"""The key of what has to be judged again in the next run."""
_DIMENSIONS = ("element", "tier", "share", "open", "importance")


class ClassifyResult(msgspec.Struct, kw_only=True):
    judged: int = 0
    skipped: int = 0
    """Assets whose structure, evidence, engine, pack and decisions have not changed."""
    first: int = 0
    """Assets judged for the first time."""
    changed_labels: int = 0
    """Labels of assets judged before whose value or state is another now."""
    tiers_back: int = 0
    """Those that are as in the version in force again: what a rule had proposed above it no rule proposes any more."""
    failed: list[Failure] = []
    """Assets that could not be judged; they keep the labels they had."""

    @property
    def nothing_changed(self) -> bool:
        return not self.changed_labels and not self.first

    def as_json(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self) | {"failed": [msgspec.to_builtins(item) for item in self.failed]}


def classify(
    store: Store,
    pack: Pack,
    names: Mapping[str, str],
    *,
    run: int,
    at: str,
    as_of: date,
    departments: Sequence[str] = (),
    progress: Progress | None = None,
    judge: Judge | None = None,
    engine: str | None = None,
    workers: int = 1,
) -> ClassifyResult:
    """Judge what is new or different; ``names`` = department id → display name.

    ``workers``: processes that judge where there is enough to do.
    """
    context = Context(pack, as_of, judge or _policy_judge())
    bar = progress or Silent()
    rulings = by_asset(store.decisions())
    base = digest(engine if engine is not None else _engine_version(), pack.digest)
    assets = store.judgeable(departments)
    lineage = Lineage(store, assets)
    stale = _stale(assets, lineage, rulings, base, names)
    versions = digests_in_force(store) if stale else {}
    writer = _Writer(store, lineage, stale, run, at, ClassifyResult(skipped=len(assets) - len(stale)))
    bar.start("classify", len(stale))
    with judging(context, workers_for(len(stale), workers)) as judged:
        for wave in lineage.waves(stale):
            # Each wave is in the store before the next one asks what its views inherit.
            batches = (_tasks(store.load(rows), lineage, rulings, names, versions) for rows in chunks(wave))
            for tasks, outcomes in judged(batches):
                writer.write(tasks, outcomes)
                bar.advance("classify", len(tasks))
    bar.finish("classify")
    failed = writer.result.failed
    store.add_events(run, at, [Event("failed", str(failure), place=failure.place) for failure in failed])
    return writer.result


class _Writer:
    """Puts verdicts into the store and counts them."""

    def __init__(
        self, store: Store, lineage: Lineage, keys: Mapping[int, str], run: int, at: str, result: ClassifyResult
    ) -> None:
        """``keys``: row → new judged key."""
        self.store, self.lineage, self.keys, self.run, self.at, self.result = store, lineage, keys, run, at, result
        self._unsettled: set[int] = set()
        """Assets whose labels are older than their keys, or rest on such: what failed, and the views over it."""

    def write(self, tasks: Sequence[Task], outcomes: Sequence[Outcome]) -> None:
        changes: list[LabelChange] = []
        verdicts = []
        for task, verdict in zip(tasks, outcomes, strict=True):
            asset = task.stored
            if isinstance(verdict, Failure):
                self.result.failed.append(verdict)
                self._unsettled.add(asset.id)
                continue
            names_in_order = tuple(column.name for column in asset.asset.columns)
            verdicts.append(Judged(asset.id, self._key(asset.id), names_in_order, verdict))
            self.result.first += asset.verdict is None
            changes.extend(self._noted(change, task) for change in label_changes(asset, verdict))
        self.store.write_verdicts(self.run, self.at, verdicts, changes)
        self.result.judged += len(verdicts)
        self.result.changed_labels += len(changes)

    def _key(self, row: int) -> str:
        if self._unsettled.isdisjoint(self.lineage.sources.get(row, ())):
            return self.keys[row]
        self._unsettled.add(row)
        return _UNSETTLED

    def _noted(self, change: LabelChange, task: Task) -> LabelChange:
        """A tier that is as in the version in force again is counted, and says so."""
        if not _is_back(change, task.in_force):
            return change
        self.result.tiers_back += 1
        why = f"回到已发布版本的{change.new}，{change.old}只是建议，已没有规则这样建议。{change.why}"
        return msgspec.structs.replace(change, why=why)


def _policy_judge() -> Judge:
    from classifiers.verdict import judge

    return judge


def _engine_version() -> str:
    from classifiers.engine import engine_version

    return engine_version()


def by_asset(decisions: Sequence[Decision]) -> dict[str, list[Decision]]:
    grouped: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        grouped[decision.asset].append(decision)
    return grouped


def outdated(store: Store, pack: Pack, names: Mapping[str, str]) -> frozenset[str]:
    """Keys of assets whose labels are older than a ruling, a harvest or the pack: the next `classify` judges them."""
    assets = store.judgeable()
    base = digest(_engine_version(), pack.digest)
    stale = _stale(assets, Lineage(store, assets), by_asset(store.decisions()), base, names)
    return frozenset(item.key for item in assets if item.id in stale)


def _stale(
    assets: Sequence[Judgeable],
    lineage: Lineage,
    rulings: Mapping[str, Sequence[Decision]],
    base: str,
    names: Mapping[str, str],
) -> dict[int, str]:
    """Row → new judged key of every asset to judge, in order.

    All that bears on a verdict is in its asset's key; so a view's key is made from its sources' keys as well.
    """
    digests = {key: digest(msgspec.json.encode(items)) for key, items in rulings.items()}
    keys: dict[int, str] = {}
    for item in assets:
        name = names.get(item.department, "")
        keys[item.id] = digest(base, item.fingerprint, item.evidence_digest, digests.get(item.key, ""), name)
    for wave in lineage.waves(lineage.sources):
        for row in wave:
            keys[row] = digest(keys[row], *(keys[source] for source in lineage.sources[row]))
    return {item.id: keys[item.id] for item in assets if keys[item.id] != item.judged}


def _tasks(
    loaded: Sequence[StoredAsset],
    lineage: Lineage,
    rulings: Mapping[str, Sequence[Decision]],
    names: Mapping[str, str],
    versions: Mapping[str, str],
) -> list[Task]:
    inherited = lineage.inherited(loaded)
    differing = may_differ(lineage.store, loaded, versions) if versions else ()
    published = tiers_of_versions(lineage.store, differing, versions)
    return [
        Task(
            one,
            {**tiers_in_force(one), **published.get(one.asset.key, {})},
            rulings.get(one.asset.key, ()),
            names.get(one.asset.department),
            of_view,
        )
        for one, of_view in zip(loaded, inherited, strict=True)
    ]


def tiers_in_force(stored: StoredAsset) -> dict[str, str]:
    """Column name → tier of the last run; ``""`` = the asset itself. Columns that are new since are not in it.

    The floor under what nobody understood is a stopgap, not a tier in force: understanding the column replaces it.
    """
    tiers = {name: labels["tier"] for name, labels in _before(stored).items() if "tier" in labels}
    known = {name: label.value for name, label in tiers.items() if name and label.rule != "unknown"}
    asset = tiers.get("")
    if asset is not None and (asset.rule != "roll-up" or asset.value in known.values()):
        known[""] = asset.value
    return known


def _is_back(change: LabelChange, in_force: Mapping[str, str]) -> bool:
    """Whether a proposed tier gave way to the one of the version in force; people's rulings are no such thing.

    Where no version knows it, the tier in force is the old one itself.
    """
    if change.dimension != "tier" or change.new_state == "confirmed" or change.old not in TIERS:
        return False
    return change.new in TIERS[: TIERS.index(change.old)] and change.new == in_force.get(change.column or "")


def label_changes(stored: StoredAsset, new: AssetVerdict) -> Iterator[LabelChange]:
    """Labels whose value or state is not the stored one; first judgements and new columns are no changes."""
    before = _before(stored)
    now = _labelled(new, [column.name for column in stored.asset.columns])
    for column, labels in now.items():
        for dimension in _DIMENSIONS if column in before else ():
            was, label = before[column].get(dimension), labels.get(dimension)
            if _value(was) != _value(label):
                yield _change(stored.asset.key, column, dimension, was, label)


def _change(asset: str, column: str, dimension: str, was: Label | None, label: Label | None) -> LabelChange:
    return LabelChange(
        asset=asset,
        column=column or None,
        dimension=dimension,
        old=was.value if was else None,
        new=label.value if label else None,
        old_state=was.state if was else None,
        new_state=label.state if label else None,
        why=f"{label.rule} {label.pack}: {label.reason}" if label else "",
    )


def _before(stored: StoredAsset) -> dict[str, dict[str, Label]]:
    return _labelled(stored.verdict, stored.judged_columns) if stored.verdict else {}


def _labelled(verdict: AssetVerdict, names: Sequence[str]) -> dict[str, dict[str, Label]]:
    """``""`` → the asset's labels by dimension, then each column's."""
    columns = zip(names, verdict.columns, strict=True)
    every = {"": verdict.labels} | {name: column.labels for name, column in columns}
    return {name: {label.dimension: label for label in labels} for name, labels in every.items()}


def _value(label: Label | None) -> tuple[str, str] | None:
    return (label.value, label.state) if label else None
