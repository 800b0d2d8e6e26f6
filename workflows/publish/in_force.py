"""Labels of entries in force: what the version says, what is proposed today, and what people have ruled since.

Nothing published changes by itself, so the version speaks, until another one is published or a person rules. Only what
protects more is shown before that: a higher tier, a more restricted sharing or opening, as the proposal that it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

import msgspec
from sqlalchemy import select

from classifiers.evidence import ACCESS, TIERS, Label
from connectors.model import Asset
from workflows import store_schema as schema
from workflows.acts.trail import Trail
from workflows.batches import chunks
from workflows.entries.states import EntryState, Signed, states
from workflows.entries.tiers import Place, rulings_since
from workflows.entries.versions import read
from workflows.entry import Entry, EntryItem
from workflows.publish.history import present_case
from workflows.store import Store

DIMENSIONS = ("element", "tier", "share", "open", "importance")
_STEPS = {"tier": TIERS, "share": ACCESS, "open": ACCESS}
"""From the least to the most protected."""

ValueT = TypeVar("ValueT")


class InForce(NamedTuple):
    """One version in force and the rulings that are newer than it."""

    entry: Entry
    """With 发布日期; its labels say in ``pack`` which version they are of."""
    since: Mapping[Place, str | None]
    """The value of the last ruling that the version does not know; None = a value was refused, and none set."""
    at: str
    """When it was published, ISO 8601."""

    def items(self, asset: Asset) -> dict[str, EntryItem]:
        """By the names that columns have now."""
        return by_present_names({item.name: item for item in self.entry.items}, asset)

    def ruled(self, asset: Asset) -> dict[str | None, dict[str, str | None]]:
        """Column as it is called now (None = the asset itself) → dimension → what somebody has ruled since."""
        found: dict[str | None, dict[str, str | None]] = {}
        now = by_present_names({column: column for column, _ in self.since if column is not None}, asset)
        called = {former: name for name, former in now.items()}
        for (column, dimension), value in self.since.items():
            found.setdefault(None if column is None else called[column], {})[dimension] = value
        return found


def versions_in_force(
    store: Store, known: Mapping[str, EntryState], assets: Iterable[str]
) -> dict[str, InForce | None]:
    """Of the assets that have a version in force; None where the store has lost its text. Reads by batches."""
    found: dict[str, InForce | None] = {}
    wanted = {key: state for key in assets if (state := known.get(key)) is not None and state.in_force is not None}
    for batch in chunks(wanted.items()):
        present = {key: (state, state.in_force) for key, state in batch if state.in_force is not None}
        texts = _texts(store, {signed.digest for _, signed in present.values()})
        since = rulings_since(store, list(present))
        for key, (state, signed) in present.items():
            body = texts.get(signed.digest)
            ruled = dict(since.get(key, ()))
            found[key] = InForce(_signed(read(body), state, signed), ruled, signed.at) if body else None
    return found


def _texts(store: Store, digests: Iterable[str]) -> dict[str, bytes]:
    table = schema.documents
    with store.read() as connection:
        rows = connection.execute(select(table).where(table.c.digest.in_(sorted(digests)))).all()
    return {row.digest: row.body.encode() for row in rows}


def _signed(kept: Entry, state: EntryState, signed: Signed) -> Entry:
    day = signed.at[:10]
    told = f"{day}发布的第{state.issue}版"

    def named(labels: Sequence[Label]) -> tuple[Label, ...]:
        return tuple(msgspec.structs.replace(label, pack=told) for label in labels)

    items = tuple(msgspec.structs.replace(item, labels=named(item.labels)) for item in kept.items)
    return msgspec.structs.replace(kept, items=items, labels=named(kept.labels), publish_date=day)


def outlived(store: Store, refused: Iterable[tuple[str, str | None, str]]) -> set[tuple[str, str | None, str]]:
    """Of refusals without another value (asset, column, dimension), those that a version came into force after."""
    places = set(refused)
    if not places:
        return set()
    known = states(Trail(store))
    versions = versions_in_force(store, known, {asset for asset, _, _ in places})
    found = {asset: version.since for asset, version in versions.items() if version is not None}
    return {place for place in places if place[0] in found and place[1:] not in found[place[0]]}


def labels_shown(kept: Sequence[Label], today: Sequence[Label], ruled: Mapping[str, str | None]) -> tuple[Label, ...]:
    """What readers see of one column, or of the asset itself, that the version in force knows.

    ``ruled``: what people have ruled since, by dimension.
    """
    return tuple(_shown_of_each(kept, today, ruled))


def _shown_of_each(kept: Sequence[Label], today: Sequence[Label], ruled: Mapping[str, str | None]) -> Iterator[Label]:
    version: dict[str, Label] = {label.dimension: label for label in kept}
    proposed: dict[str, Label] = {label.dimension: label for label in today}
    for dimension in DIMENSIONS:
        old, new = version.get(dimension), proposed.get(dimension)
        if dimension not in ruled or not _is_judged(ruled[dimension], new):
            found = new if old is None and dimension in _STEPS else stricter(old, new)
        elif ruled[dimension] is None and dimension != "tier":
            # Who takes the version's label away does not thereby open the data: no proposal looser than it follows.
            found = new if stricter(old, new) is new else None
        else:
            found = new
        if found is not None:
            yield found


def _is_judged(value: str | None, today: Label | None) -> bool:
    """Whether today's label knows the ruling: `pdc classify` may not have run since."""
    return value is None or (today is not None and today.origin == "steward")


def stricter(old: Label | None, new: Label | None) -> Label | None:
    """The proposal where it protects more than the version does, else what the version says.

    待判定 protects nothing: nobody has seen anything that speaks against the version.
    """
    if old is None or new is None or new.value == "undetermined":
        return old
    steps = _STEPS.get(old.dimension, ())
    both = old.value in steps and new.value in steps
    return new if both and steps.index(new.value) > steps.index(old.value) else old


def by_present_names(found: Mapping[str, ValueT], asset: Asset) -> dict[str, ValueT]:
    """By the names that columns have now: one that has only changed case is the same column to servers."""
    now = present_case(found, [column.name for column in asset.columns]) if found else {}
    return {now.get(name, name): value for name, value in found.items()}
