"""What stands on the server otherwise than this program last knew: labels of ours, and descriptions that we wrote.

Pure, and cheap for what has not changed: only an asset with a difference has its history read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from workflows.publish.history import NESTED, mark_of, places, present_case
from workflows.publish.merge import PLATFORM
from workflows.publish.model import Base, Entity, Mark, Slot
from workflows.publish.vocabulary import Vocabulary

Kind = Literal["set", "removed", "stamped"]
NAMES = "displayName:"


class Difference(NamedTuple):
    """One label that is not as known; ``stamped``: the same label with another type or state."""

    kind: Kind
    path: str
    dimension: str
    """``category`` and ``review`` included."""
    new: Mark | None
    old: Mark | None

    @property
    def mark(self) -> Mark:
        found = self.new or self.old
        assert found is not None
        return found


def known_base(base: Base, entity: Entity) -> Base:
    """The base to compare with: what we knew of an asset that was deleted for good and made anew counts no longer."""
    if not base.id or base.id == entity["id"]:
        return with_present_case(base, entity)
    return msgspec.structs.replace(
        base, id=entity["id"], structure="", marks=[], seen=[], gone=[], texts={}, pulled={}, properties={}, edges=[]
    )


def with_present_case(base: Base, entity: Entity) -> Base:
    """The base with columns called as they are now: to servers a change of case is none, and labels stay."""
    lists = (base.marks, base.seen, base.gone)
    paths = {path for marks in lists for path, _ in marks} | {path.removeprefix(NAMES) for path in base.texts}
    now = present_case(paths, places(entity))
    if not now:
        return base

    def text_key(key: str) -> str:
        path = key.removeprefix(NAMES)
        return key[: len(key) - len(path)] + now.get(path, path)

    marks, seen, gone = ([(now.get(path, path), mark) for path, mark in one] for one in lists)
    texts, pulled = ({text_key(key): one for key, one in found.items()} for found in (base.texts, base.pulled))
    return msgspec.structs.replace(base, marks=marks, seen=seen, gone=gone, texts=texts, pulled=pulled)


def differences(base: Base, entity: Entity, vocabulary: Vocabulary) -> list[Difference]:
    """Labels of our classifications and glossary that came, went, or were stamped as a person's."""
    there = list(stored_marks(entity))
    if _as_known(base, there, vocabulary):
        return []
    stored, known = _slots(there, vocabulary), _slots([*base.marks, *base.seen], vocabulary)
    gone = {(path, mark.fqn) for path, mark in base.gone}
    paths = places(entity)
    found: list[Difference] = []
    for slot in dict.fromkeys((*stored, *(slot for slot in known if slot.path in paths))):
        taken = {fqn for fqn in known.get(slot, {}) if (slot.path, fqn) in gone}
        before = {fqn: mark for fqn, mark in known.get(slot, {}).items() if fqn not in taken}
        found.extend(_in_slot(slot, stored.get(slot, {}), before, vocabulary))
    return found


def _as_known(base: Base, stored: Sequence[tuple[str, Mark]], names: Vocabulary) -> bool:
    """Whether every label of ours stands as it did: the quick look at what nearly every asset is."""
    known = {(path, mark.fqn): mark.weight for path, mark in (*base.marks, *base.seen)}
    for path, mark in stored:
        was = known.pop((path, mark.fqn), None)
        if names.ours(mark.fqn) if was is None else mark.weight > was:
            return False
    return not known


def stored_marks(entity: Entity) -> Iterator[tuple[str, Mark]]:
    """(path, label) of everything that somebody put: what the platform brings along by itself is left out."""
    for path, place in places(entity).items():
        marks = (mark_of(label) for label in place.get("tags") or [])
        yield from ((path, mark) for mark in marks if mark.label_type not in PLATFORM)


def _slots(marks: Sequence[tuple[str, Mark]], names: Vocabulary) -> dict[Slot, dict[str, Mark]]:
    found: dict[Slot, dict[str, Mark]] = {}
    for path, mark in marks:
        if names.ours(mark.fqn):
            found.setdefault(names.slot(path, mark), {})[mark.fqn] = mark
    return found


def _in_slot(
    slot: Slot, stored: Mapping[str, Mark], before: Mapping[str, Mark], names: Vocabulary
) -> Iterator[Difference]:
    dimension = dimension_of(slot.classification, names)
    new = [mark for fqn, mark in stored.items() if fqn not in before]
    missing = [mark for fqn, mark in before.items() if fqn not in stored]
    for at, mark in enumerate(new):
        yield Difference("set", slot.path, dimension, mark, missing[at] if at < len(missing) else None)
    yield from (Difference("removed", slot.path, dimension, None, mark) for mark in missing[len(new) :])
    for fqn, mark in stored.items():
        was = before.get(fqn)
        if was is not None and mark.weight > was.weight:
            yield Difference("stamped", slot.path, dimension, mark, was)


def dimension_of(classification: str, names: Vocabulary) -> str:
    """The dimension of one of our classifications or the glossary."""
    return next(dimension for dimension, name in names.groups.items() if name == classification)


def text_differences(base: Base, entity: Entity) -> dict[str, str]:
    """Path → description that is there now, where another one of ours was."""
    found: dict[str, str] = {}
    stored = places(entity)
    for path, text in base.texts.items():
        place = stored.get(path)
        now = (place or {}).get("description") or ""
        if not path.startswith(NAMES) and now and now != text:
            found[path] = now
    return found


def column_of(path: str, names: Mapping[str, str]) -> str | None:
    """The source's own column name of a path; ``names``: name on the server → own name."""
    return names.get(path, path.replace(NESTED, ".")) if path else None
