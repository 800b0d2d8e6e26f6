"""Three-way merge of labels and texts: what is wanted, what stands on the server, what this program wrote there last.

Pure. A label that a person put, confirmed, or took away is never touched; what differs from the wish is told as a
dispute. Foreign classifications are not looked at. Rules: reference/openmetadata-server.md, "Label state, styles,
renames" (Manual or Confirmed on a column = a person; on a table it proves nothing, since the UI of 1.2 stamps every
label of a table anew).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import msgspec

from connectors.om_errors import clean
from connectors.om_names import split_fqn
from connectors.om_patch import Operation, pointer
from workflows.publish.history import NESTED, Author, mark_of
from workflows.publish.model import ON_ASSET, Base, Entity, Mark, Slot

PLATFORM = frozenset({"Derived", "Propagated"})
"""Labels that the platform itself brings and takes along with others."""

Place = tuple[str, str]
"""(path, full tag name)."""


class Acts(Protocol):
    """What the history of one entity says of one label (`workflows.publish.history`). Asked only where stored differs
    from base, so it may be lazy."""

    def removed_by(self, path: str, fqn: str) -> Author | None:
        """Who took a label away; None: it went with its column, was erased without a trace, or history is silent."""

    def put_by(self, path: str, fqn: str) -> Author | None:
        """Who put a label that stands there, restamps of its type or state left aside; None: history is silent."""

    def stamped_by(self, path: str, fqn: str) -> Author | None:
        """Who put a label that stands there, or changed its type or state, last; None: history is silent."""


@lru_cache(maxsize=8192)
def _first_name(fqn: str) -> str:
    """Of the few hundred tags that there are, asked a million times."""
    return split_fqn(fqn)[0]


class Scheme(NamedTuple):
    """Our own classifications and glossaries by name; all others are foreign."""

    single: frozenset[str]
    """One label each per column or asset."""
    many: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    """Of ``single``: classifications of others in which we have a label, too. Nothing but what we wrote is ours."""

    def slot(self, path: str, fqn: str) -> Slot | None:
        """Where a label stands; None for a foreign one."""
        name = _first_name(fqn)
        if name in self.single:
            return Slot(path, name)
        return Slot(path, name, fqn) if name in self.many else None


class Edit(NamedTuple):
    """One label to write: no ``old`` = add, no ``new`` = withdraw, both = replace."""

    slot: Slot
    old: Mark | None
    new: Mark | None


class Dispute(NamedTuple):
    """People's work that differs from what is wanted, left as it is."""

    slot: Slot
    stored: Mark | None
    wanted: Mark | None
    reason: str


class Merged(NamedTuple):
    """What to write, what is left to people, and the base once that is written."""

    edits: tuple[Edit, ...]
    disputes: tuple[Dispute, ...]
    marks: tuple[tuple[str, Mark], ...]


Labels = Mapping[str, Sequence[Mark]]
"""Path → labels in the stored order; paths that exist have an entry, be it empty."""


Waiting = AbstractSet[Place]
"""(path, classification) of labels that somebody took away who may not rule, until somebody has settled that."""


def merge_labels(
    wanted: Labels, stored: Labels, base: Base, scheme: Scheme, acts: Acts, waiting: Waiting = frozenset()
) -> Merged:
    """Merge all labels of one asset. Wanted labels of paths that are not stored, and foreign ones, are left out."""
    return _Merge(wanted, stored, base, scheme, acts, waiting).run()


class _Merge:
    def __init__(
        self, wanted: Labels, stored: Labels, base: Base, scheme: Scheme, acts: Acts, waiting: Waiting
    ) -> None:
        self.scheme, self.acts, self.waiting = scheme, acts, waiting
        self.strange = not (base.id or base.marks or base.seen or base.gone)
        self.wanted: dict[Slot, Mark] = {}
        for slot, mark in self._slots(wanted):
            if slot.path in stored:
                self.wanted.setdefault(slot, mark)
        self.stored: dict[Slot, list[Mark]] = {}
        for slot, mark in self._slots(stored):
            self.stored.setdefault(slot, []).append(mark)
        self.base: dict[Slot, dict[str, Mark]] = {}
        for path, mark in base.marks:
            place = scheme.slot(path, mark.fqn)
            if place is not None and path in stored:
                self.base.setdefault(place, {})[mark.fqn] = mark
        self.seen: set[Place] = {(path, mark.fqn) for path, mark in base.seen}
        self.theirs: dict[Slot | None, list[str]] = {}
        for path, mark in base.seen:
            self.theirs.setdefault(scheme.slot(path, mark.fqn), []).append(mark.fqn)
        self.gone: set[Place] = {(path, mark.fqn) for path, mark in base.gone}
        self.edits: list[Edit] = []
        self.disputes: list[Dispute] = []

    def _slots(self, labels: Labels) -> Iterator[tuple[Slot, Mark]]:
        for path, marks in labels.items():
            for mark in marks:
                slot = self.scheme.slot(path, mark.fqn)
                if slot is not None:
                    yield slot, mark

    def run(self) -> Merged:
        marks: list[tuple[str, Mark]] = []
        for slot in dict.fromkeys((*self.wanted, *self.stored, *self.base)):
            marks.extend((slot.path, mark) for mark in self._slot(slot, self.wanted.get(slot)).values())
        return Merged(tuple(self.edits), tuple(self.disputes), tuple(marks))

    def _slot(self, slot: Slot, wanted: Mark | None) -> dict[str, Mark]:
        """Settle one slot; our labels in it afterwards, those that people have taken or changed included."""
        stored, base = self.stored.get(slot, []), dict(self.base.get(slot, {}))
        if not stored:
            return self._empty(slot, wanted, base)
        own = [mark for mark in stored if self._is_ours(slot, mark, wanted)]
        held = [mark for mark in stored if mark not in own]
        keep = next((mark for mark in stored if wanted and mark.fqn == wanted.fqn), None)
        if held:
            self._withdraw(slot, [mark for mark in own if mark is not keep], base)
            if keep not in held and not slot.tag:
                self._dispute(slot, wanted, held)
            if wanted is not None and keep in held and self._is_news(slot, keep):
                # A person's, and what we would say: known from now on, so that it stays away when they take it off.
                base.setdefault(wanted.fqn, wanted)
        else:
            self._rewrite(slot, wanted, keep, own, base)
        if keep is not None and wanted is not None and keep.same(wanted) and not self._is_accepted(slot, keep):
            base[keep.fqn] = wanted
        return base

    def _empty(self, slot: Slot, wanted: Mark | None, base: dict[str, Mark]) -> dict[str, Mark]:
        if wanted is None:
            return base
        remover = self._remover(slot, wanted, base)
        if remover is not None:
            self.disputes.append(Dispute(slot, None, wanted, remover))
            # Known from now on, so that a pull asks who took it away.
            return {**base, wanted.fqn: wanted} if self.strange else base
        self.edits.append(Edit(slot, None, wanted))
        return {wanted.fqn: wanted}

    def _remover(self, slot: Slot, wanted: Mark, base: Mapping[str, Mark]) -> str | None:
        """Why an empty slot stays empty; None when nobody emptied it."""
        # 数据类别 follows from the element, and nobody's decision ever brings one back.
        unsettled = wanted.state == "Suggested" or slot.tag or (slot.path, slot.classification) in self.waiting
        if unsettled and (slot.path, wanted.fqn) in self.gone:
            return "已被人工移除，不再自动标注"
        # Of an asset that this site has not written to before, another site or an earlier store may have.
        known = (*base, *self.theirs.get(slot, ()), *((wanted.fqn,) if self.strange else ()))
        for fqn in dict.fromkeys(known):
            who = self.acts.removed_by(slot.path, fqn)
            if who is not None and who.person:
                return f"{who.login} 已移除 {fqn}，待 pdc pull 处理"
        return None

    def _is_ours(self, slot: Slot, mark: Mark, wanted: Mark | None) -> bool:
        if mark.label_type in PLATFORM:
            return False
        written = self.base.get(slot, {}).get(mark.fqn)
        if slot.classification in self.scheme.shared and not mark.same(written):
            return False
        if not mark.by_person or mark.same(written):
            return True
        if slot.path != ON_ASSET or (wanted is not None and mark.fqn == wanted.fqn):
            return False
        return (slot.path, mark.fqn) not in self.seen and self._no_person_put(slot, mark, written)

    def _is_news(self, slot: Slot, mark: Mark) -> bool:
        """Whether no pull has dealt with a person's label."""
        return mark.label_type not in PLATFORM and (slot.path, mark.fqn) not in self.seen

    def _is_accepted(self, slot: Slot, mark: Mark) -> bool:
        """Whether a person has put or confirmed what we say as well: the next pull must find it."""
        written = self.base.get(slot, {}).get(mark.fqn)
        if mark.label_type == "Manual" or written is None or mark.weight <= written.weight:
            return mark.label_type == "Manual"
        who = self.acts.stamped_by(slot.path, mark.fqn)
        return who is not None and who.person

    def _no_person_put(self, slot: Slot, mark: Mark, written: Mark | None) -> bool:
        """On an asset itself only history tells; where it is silent, what we wrote is ours and all else is not."""
        who = self.acts.put_by(slot.path, mark.fqn)
        return written is not None if who is None else not who.person

    def _dispute(self, slot: Slot, wanted: Mark | None, held: Sequence[Mark]) -> None:
        if wanted is None and slot.classification in self.scheme.shared:
            return
        for mark in held:
            if mark.label_type not in PLATFORM:
                self.disputes.append(Dispute(slot, mark, wanted, "人工标注，保留"))
            elif wanted is not None:
                self.disputes.append(Dispute(slot, mark, wanted, "由平台带来的标签占用此分类"))

    def _rewrite(
        self, slot: Slot, wanted: Mark | None, keep: Mark | None, own: Sequence[Mark], base: dict[str, Mark]
    ) -> None:
        """A slot that holds nothing but ours becomes what is wanted, by a replacement in place where there is one."""
        rest = list(own)
        if wanted is not None:
            old = keep or own[0]
            rest = [mark for mark in own if mark is not old]
            base.pop(old.fqn, None)
            base[wanted.fqn] = wanted
            if not old.same(wanted):
                self.edits.append(Edit(slot, old, wanted))
        self._withdraw(slot, rest, base)

    def _withdraw(self, slot: Slot, marks: Iterable[Mark], base: dict[str, Mark]) -> None:
        for mark in marks:
            base.pop(mark.fqn, None)
            self.edits.append(Edit(slot, mark, None))


# --- labels in entities ------------------------------------------------------------------------------------------


class LabelList(NamedTuple):
    """One list of labels in an entity; ``labels`` None = the entity has no such list yet."""

    pointer: str
    labels: Sequence[Entity] | None


FIELDS_POINTER = ("responseSchema", "schemaFields")


def columns_of(entity: Entity) -> tuple[tuple[str | int, ...], Sequence[Entity]]:
    """Where an entity's columns stand (steps of a JSON pointer), and they: a table's, or an endpoint's fields."""
    if "columns" in entity:
        return ("columns",), entity["columns"] or ()
    return FIELDS_POINTER, (entity.get("responseSchema") or {}).get("schemaFields") or ()


def label_lists(entity: Entity) -> dict[str, LabelList]:
    """Path → labels of the entity itself, its columns, and columns inside columns (`history.NESTED`)."""
    found = {ON_ASSET: LabelList("/tags", entity.get("tags"))}
    steps, columns = columns_of(entity)
    pending = [(steps, columns, "")]
    for steps, columns, prefix in pending:
        for at, column in enumerate(columns):
            here, path = (*steps, at), prefix + column["name"]
            found.setdefault(path, LabelList(pointer(*here, "tags"), column.get("tags")))
            if column.get("children"):
                pending.append(((*here, "children"), column["children"], f"{path}{NESTED}"))
    return found


def stored_labels(entity: Entity) -> dict[str, tuple[Mark, ...]]:
    """Path → labels in the stored order, with their reasons, which are written back when a label must be put back."""
    return {path: tuple(map(_with_reason, found.labels or ())) for path, found in label_lists(entity).items()}


def _with_reason(label: Entity) -> Mark:
    found = mark_of(label)
    return msgspec.structs.replace(found, reason=label["reason"]) if label.get("reason") else found


def bare(marks: Iterable[tuple[str, Mark]]) -> list[tuple[str, Mark]]:
    """The labels without reasons: what is remembered, which is compared by name, type and state alone."""
    return [(path, msgspec.structs.replace(mark, reason="") if mark.reason else mark) for path, mark in marks]


def all_marks(labels: Labels) -> list[tuple[str, Mark]]:
    """(path, label) of every label, in order."""
    return [(path, mark) for path, marks in labels.items() for mark in marks]


def edited(labels: Labels, edits: Iterable[Edit]) -> dict[str, list[Mark]]:
    """The labels as they stand once the edits are applied."""
    after = {path: list(marks) for path, marks in labels.items()}
    for edit in edits:
        marks = after[edit.slot.path]
        if edit.old is None:
            assert edit.new is not None
            marks.append(edit.new)
        else:
            at = next(at for at, mark in enumerate(marks) if mark.fqn == edit.old.fqn)
            marks[at : at + 1] = [] if edit.new is None else [edit.new]
    return after


def label_ops(entity: Entity, edits: Sequence[Edit], encode: Callable[[Mark], Entity]) -> list[Operation]:
    """JSON-Patch operations for edits computed from this very entity.

    Replacements in place, additions at the end, removals by the index of the stored list: whatever order the server
    runs them in (adds and replaces before removes), the same list comes out.
    """
    lists = label_lists(entity)
    ops: list[Operation] = []
    fresh: dict[str, list[Entity]] = {}
    for edit in edits:
        place = lists[edit.slot.path]
        if edit.old is not None:
            fqn = edit.old.fqn
            at = next(at for at, label in enumerate(place.labels or ()) if label["tagFQN"] == fqn)
            path = f"{place.pointer}/{at}"
            value = {} if edit.new is None else {"value": encode(edit.new)}
            ops.append({"op": "replace" if edit.new else "remove", "path": path, **value})
        elif edit.new is not None and place.labels is None:
            fresh.setdefault(place.pointer, []).append(encode(edit.new))
        elif edit.new is not None:
            ops.append({"op": "add", "path": f"{place.pointer}/-", "value": encode(edit.new)})
    return ops + [{"op": "add", "path": path, "value": labels} for path, labels in fresh.items()]


def encoder(reasons: bool) -> Callable[[Mark], Entity]:
    """How labels are written: with their reason where the server knows it (2.0)."""

    def encode(mark: Mark) -> Entity:
        label = {"tagFQN": mark.fqn, "source": mark.source, "labelType": mark.label_type, "state": mark.state}
        return {**label, "reason": mark.reason} if reasons and mark.reason else label

    return encode


def lost_labels(before: Iterable[tuple[str, Mark]], now: Labels, scheme: Scheme, acts: Acts) -> list[Edit]:
    """Labels that stood before, are gone without a person's act, and can stand again, as additions.

    A path that exists no longer, and a slot that somebody has filled meanwhile, cannot take one back.
    """
    taken = {(path, mark.fqn) for path, marks in now.items() for mark in marks}
    filled = {scheme.slot(path, fqn) for path, fqn in taken} - {None}
    edits = []
    for path, mark in before:
        slot = scheme.slot(path, mark.fqn)
        lost = path in now and (path, mark.fqn) not in taken and slot not in filled
        if lost and mark.label_type not in PLATFORM and acts.removed_by(path, mark.fqn) is None:
            edits.append(Edit(slot or Slot(path, mark.classification, mark.fqn), None, mark))
            filled |= {slot} - {None}
    return edits


# --- texts, properties and other single values -------------------------------------------------------------------


class Values(NamedTuple):
    """``write``: key → new value, None = take it away; ``kept``: keys where a person's value stays."""

    write: dict[str, Any]
    kept: tuple[str, ...]
    base: dict[str, Any]


def merge_values(wanted: Mapping[str, Any], stored: Mapping[str, Any], base: Mapping[str, Any]) -> Values:
    """Write where the server has nothing, or what we wrote last; anything else is a person's and stays.

    Empty texts count as nothing. Keys that are not wanted any more are taken away where they are still ours.
    """
    write: dict[str, Any] = {}
    kept: list[str] = []
    after = dict(base)
    for key in dict.fromkeys((*wanted, *base)):
        want, there, ours = (found.get(key) or None for found in (wanted, stored, base))
        if want == there or there is None or there == ours:
            if want != there:
                write[key] = want
            _set(after, key, want)
        elif want is not None:
            kept.append(key)
    return Values(write, tuple(kept), after)


def _set(values: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        values.pop(key, None)
    else:
        values[key] = value


def shown(value: Any) -> str:
    """A value for a plan: one line, cut short, without anything that looks like a secret."""
    return "" if value is None else clean(str(value))
