"""What ``pdc entry show`` says of an entry, as JSON; its tables are made from the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from classifiers.evidence import ACCESS, TIERS, Decision
from workflows.entries.blockers import to_publish, to_submit
from workflows.entries.derived import derived, derived_item
from workflows.entries.elements import LABELLED, Filled, Level, completeness, elements, filled, filled_item
from workflows.entries.states import EntryState
from workflows.entries.versions import named
from workflows.entry import Entry, EntryItem, Given
from workflows.outputs import words

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.entries.words import Wording
    from workflows.outputs.words import Lexicon

Ruled = Mapping[str | None, Mapping[str, Sequence[Given]]]
"""Item (casefolded; None = the resource) → tier, share or open → who ruled what, oldest first."""


def ruled(decisions: Iterable[Decision], until: str = "") -> Ruled:
    """The rulings of people on one asset, given oldest first; ``until``: an ISO day or time, which counts."""
    found: dict[str | None, dict[str, list[Given]]] = {}
    for one in decisions:
        if one.dimension not in LABELLED or (until and one.at[: len(until)] > until):
            continue
        own = found.setdefault(one.column and one.column.casefold(), {})
        if one.value is None:
            own.pop(one.dimension, None)
        else:
            own.setdefault(one.dimension, []).append(Given(one.value, one.who, one.at))
    return found


def in_force(said: Ruled, owner: Entry | EntryItem) -> dict[str, Given]:
    """The last rulings that are what the labels say; later ones may not have been classified with yet."""
    own = said.get(owner.name.casefold() if isinstance(owner, EntryItem) else None, {})
    return {key: one for key, given in own.items() for one in given if one.value == owner.value(key)}


def record(
    found: Entry,
    standing: EntryState,
    pack: Pack,
    *,
    told: Wording | None = None,
    said: Ruled | None = None,
    declared: Sequence[str] = (),
) -> dict[str, Any]:
    """One entry. ``told``: in whose words, the pack's or those of a day; ``declared``: as `filled`."""
    lexicon: Pack | Wording = told or pack
    said = said or {}
    own = in_force(said, found)
    values = filled(found, derived(found, standing, lexicon), own, declared)
    return {
        "asset": found.asset,
        "code": found.code,
        "title": found.title,
        "state": standing.stage,
        "version": standing.version,
        "in_force": standing.in_force,
        "under_review": standing.under_review,
        "completeness": completeness(found).score,
        "elements": _elements("asset", values, lexicon),
        "items": [_item(found, item, lexicon, in_force(said, item)) for item in found.items],
        "labels": [{**one, "stricter": _stricter(found, one["key"])} for one in _labels(found, lexicon, own)],
        "changes": standing.changes,
        "to_do": to_publish(found, standing, pack) if standing.under_review else to_submit(found, pack),
    }


def _elements(level: Level, values: Mapping[str, Filled], told: Lexicon) -> list[dict[str, str]]:
    """``value``: the law-neutral key where there is one; ``name``: what readers see."""
    titles = elements(level)
    return [
        {
            "key": key,
            "title": titles[key].title,
            "value": one.value,
            "name": named(key, one.value, told),
            "by": one.by,
            "who": one.who,
            "who_name": one.name,
        }
        for key, one in values.items()
    ]


def _item(entry: Entry, item: EntryItem, told: Lexicon, own: Mapping[str, Given]) -> dict[str, Any]:
    values = filled_item(item, derived_item(entry, item, told))
    return {
        "number": item.number,
        "name": item.name,
        "elements": _elements("item", values, told),
        "labels": _labels(item, told, own),
    }


def _stricter(entry: Entry, dimension: str) -> list[str]:
    """Items of which less is shared or opened, or whose tier is higher, than the resource's: somebody ruled it so."""
    scale = (*TIERS, *ACCESS)
    own = entry.value(dimension)
    values = ((item.name, item.value(dimension)) for item in entry.items)
    return [name for name, value in values if own in scale and value in scale and scale.index(value) > scale.index(own)]


def _labels(owner: Entry | EntryItem, told: Lexicon, own: Mapping[str, Given]) -> list[dict[str, Any]]:
    """Tier, share and open type as readers see them, with reason and citations, and who says so."""
    return [
        {
            "key": label.dimension,
            "title": words.AXIS_TITLES[label.dimension],
            "value": label.value,
            "name": words.key_name(told, label.dimension, label.value),
            "by": "person" if label.dimension in own else "rule",
            "who": own[label.dimension].who if label.dimension in own else "",
            "reason": label.reason,
            "basis": [words.citation_line(told, key) for key in label.basis],
        }
        for label in words.axis_labels(owner)
    ]
