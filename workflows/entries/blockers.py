"""What keeps an entry from being submitted or published, as a list of things to do (Art. 15, 21, 22, 25, 31)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from classifiers.draft import awaits_a_person
from workflows.entries.elements import completeness, element_title, elements, value_of
from workflows.entries.states import REVIEWS, EntryState
from workflows.entry import Entry, EntryItem
from workflows.outputs import words

if TYPE_CHECKING:
    from classifiers.policy import Pack

DOUBTFUL = "待审查"
SAID_ELSEWHERE = (*words.AXES, "items")
"""Elements that `_undetermined` speaks of."""
FOLLOWS: dict[str, words.Axis] = {"share_condition": "share", "share_method": "share", "open_condition": "open"}
"""Elements of the resource that a label says once it is determined."""
SIGN = {"secrecy": "保密审查", "security": "安全审查"}


def to_submit(entry: Entry, pack: Pack) -> list[str]:
    """Undetermined or contradictory labels, tiers that are only kept, restrictions without reason or basis, mandatory
    elements nobody filled.
    """
    labels = (*_undetermined(entry), *_only_kept(entry, pack), *_contradictory(entry), *_without_basis(entry, pack))
    return [*labels, *_incomplete(entry)]


def to_publish(entry: Entry, state: EntryState, pack: Pack) -> list[str]:
    """What `to_submit` says, then approval, reviews and, for 非共享, the district office."""
    found = to_submit(entry, pack)
    version = state.under_way.digest if state.under_way else ""
    if state.approved is None or state.approved.digest != version:
        found.append("the centre has not approved this version: pdc entry approve")
    for name in REVIEWS:
        signed = state.signed.get(name)
        if signed is None or signed.digest != version:
            found.append(f"{SIGN[name]} is not signed for this version: pdc entry sign --{name} (Art. 31)")
    if refuses(entry) and (state.refusal is None or state.refusal.digest != version):
        found.append("非共享 is not approved by the district office: pdc entry approve-refusal (上海市数据条例 38)")
    return [*found, *_doubtful(entry)]


def _doubtful(entry: Entry) -> Iterator[str]:
    """State secrets are no public data (Art. 3): what 保密审查 has not cleared stays unpublished."""
    owners: list[tuple[str, Entry | EntryItem]] = [("", entry), *((one.name, one) for one in entry.items)]
    for name, owner in owners:
        if value_of(owner, "secrecy") == DOUBTFUL:
            title = element_title(f"{name}.secrecy" if name else "secrecy")
            fill = f"pdc entry fill {entry.asset} {f'--item {name} ' if name else ''}secrecy=非涉密"
            yield f"{title} is {DOUBTFUL}: 保密审查 decides (Art. 3, 31); once cleared: {fill}, then submit it again"


def refuses(entry: Entry) -> bool:
    """Whether anything in it is not shared."""
    return entry.value("share") == "none" or any(item.value("share") == "none" for item in entry.items)


def _undetermined(entry: Entry) -> Iterator[str]:
    for item in entry.items:
        axes = [words.AXIS_TITLES[axis] for axis in words.AXES if _is_open(item, axis)]
        if axes:
            yield f"{item.name}: {'、'.join(axes)} 待判定: decide it (pdc decide, the review workbook or OpenMetadata)"
    axes = [words.AXIS_TITLES[axis] for axis in words.AXES if _is_open(entry, axis)]
    if axes and not any(_is_open(item, axis) for item in entry.items for axis in words.AXES):
        yield f"the resource itself: {'、'.join(axes)} 待判定: decide it"
    if not entry.items:
        yield "it has no items: harvest it; where its source has lost it, it stays or becomes withdrawn"


def _is_open(owner: Entry | EntryItem, axis: words.Axis) -> bool:
    label = owner.label(axis)
    return label is None or words.is_undetermined(label)


def _only_kept(entry: Entry, pack: Pack) -> Iterator[str]:
    """A tier that waits for a person has no ground that could be published (就高 is a stopgap, not a reason).

    The resource's own says what its items' say, where one of these waits.
    """
    items = [item for item in entry.items if _awaits(item)]
    owners: list[Entry | EntryItem] = [*items] or ([entry] if _awaits(entry) else [])
    for owner in owners:
        name, place = ("the resource itself", "") if isinstance(owner, Entry) else (owner.name, f".{owner.name}")
        decide = f"pdc decide {entry.asset}{place} --why TEXT --set tier="
        tier = f"数据分级 {words.axis_name(pack, owner, 'tier')}"
        yield (
            f"{name}: {tier} is only kept (待确认): somebody keeps it ({decide}{owner.value('tier')}), "
            f"or two persons lower it ({decide}…, by each of them)"
        )


def _awaits(owner: Entry | EntryItem) -> bool:
    label = owner.label("tier")
    return label is not None and awaits_a_person(label)


def _contradictory(entry: Entry) -> Iterator[str]:
    """What no department may have is not the public's (Art. 21, 25)."""
    for name, owner in _owners(entry):
        if owner.value("share") == "none" and owner.value("open") in ("conditional", "unconditional"):
            yield f"{name}: 非共享 and yet to be opened (Art. 21, 25): rule it 非开放, or share it"


def _owners(entry: Entry) -> list[tuple[str, Entry | EntryItem]]:
    return [("the resource", entry), *((one.name, one) for one in entry.items)]


def _without_basis(entry: Entry, pack: Pack) -> Iterator[str]:
    for name, owner in _owners(entry):
        share, opened = owner.label("share"), owner.label("open")
        if share and share.value in ("conditional", "none"):
            if not share.reason.strip():
                yield f"{name}: {words.axis_name(pack, owner, 'share')} without a reason (Art. 22): say why"
            if not pack.sufficient(share.value, share.basis):
                kind = words.axis_name(pack, owner, "share")
                yield f"{name}: {kind} without a law, regulation or rule (Art. 21, 22): cite one, or share it"
        if opened and opened.value == "none" and not opened.basis:
            kind = words.axis_name(pack, owner, "open")
            yield f"{name}: {kind} without its ground (Art. 25): cite it, or open it"


def _incomplete(entry: Entry) -> Iterator[str]:
    for key in completeness(entry).missing:
        follows = FOLLOWS.get(key)
        if key.rpartition(".")[2] not in SAID_ELSEWHERE and not (follows and _is_open(entry, follows)):
            yield f"{element_title(key)} ({key}) is not filled: {_how(entry, key)}"


def _how(entry: Entry, key: str) -> str:
    column, _, own = key.rpartition(".")
    if elements("item" if column else "asset")[own].fixed:
        return f"departments/*.yaml says it of {entry.department}"
    return f"pdc entry fill {entry.asset} {f'--item {column} ' if column else ''}{own}=…"
