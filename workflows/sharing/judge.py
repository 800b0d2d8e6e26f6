"""What follows from the version in force for a request, before any person looks at it (Art. 21, 22, 25, 26)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import msgspec

from workflows.entries.elements import value_of
from workflows.entry import Entry, EntryItem
from workflows.errors import InputError
from workflows.outputs import words
from workflows.sharing.states import Document, RequestKind

if TYPE_CHECKING:
    from classifiers.policy import Pack

Verdict = Literal["grant", "refuse", "review", "ask"]
OPEN_PLATFORM = "公共数据开放平台（无条件开放，直接获取）"


class Judgement(msgspec.Struct, frozen=True):
    verdict: Verdict
    reason: str = ""
    """Chinese."""
    basis: tuple[str, ...] = ()
    """Citations of a refusal: never empty there."""
    instead: tuple[str, ...] = ()
    """Items of the same resource that could be had."""


def judge(document: Document, entry: Entry | None, pack: Pack) -> Judgement:
    """Whether the program grants or refuses at once, people review, or it is a demand that the centre confirms.

    Raises `InputError` for an item that the entry in force does not have.
    """
    if entry is None:
        return Judgement("ask")
    asked = _asked(document, entry)
    values = {one.value(document.kind) for one in asked}
    if "none" in values:
        return _refusal(document, entry, [one for one in asked if one.value(document.kind) == "none"], pack)
    if not values <= {"unconditional", "conditional"}:
        return Judgement("ask")
    if unconditional(document, entry):
        return Judgement("grant", words.key_name(pack, document.kind, "unconditional"))
    # What came by sharing is in nobody's own open list (Art. 26): the department that has it looks first.
    return Judgement("review")


def resolved(document: Document, entry: Entry | None) -> Document:
    """The request with the items' own names, each once: people write them in any case, or by their Chinese names.

    Raises `InputError` for an item that the entry in force does not have, or that two could be.
    """
    if entry is None:
        return document
    found = dict.fromkeys(_named(name, entry) for name in document.items)
    return msgspec.structs.replace(document, items=tuple(found))


def _named(name: str, entry: Entry) -> str:
    ways = (
        [item.name for item in entry.items if item.name == name],
        [item.name for item in entry.items if item.name.casefold() == name.casefold()],
        [item.name for item in entry.items if item.title == name],
    )
    found: list[str] = next(filter(None, ways), [])
    if len(found) > 1:
        raise InputError(f"{entry.asset} has several items {name!r}: {', '.join(found)}; write which one")
    if not found:
        raise _unknown(name, entry)
    return found[0]


def _unknown(name: str, entry: Entry) -> InputError:
    known = [item.name for item in entry.items]
    close = difflib.get_close_matches(name, known, 3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(known[:20])}"
    return InputError(f"{entry.asset} has no item {name!r} in the version in force; {hint}")


def given_items(document: Document, entry: Entry) -> tuple[EntryItem, ...]:
    """The items that a request is about: those it names, else all of the resource. `InputError` as `resolved`."""
    if not document.items:
        return entry.items
    known = {item.name: item for item in entry.items}
    missing = next((name for name in document.items if name not in known), None)
    if missing is not None:
        raise _unknown(missing, entry)
    return tuple(known[name] for name in document.items)


def _asked(document: Document, entry: Entry) -> list[Entry | EntryItem]:
    """Whose labels count. The whole resource is itself and every item: a ruling on it alone opens none of them."""
    items = given_items(document, entry)
    return [*items] if document.items else [entry, *items]


def _refusal(document: Document, entry: Entry, refused: list[Entry | EntryItem], pack: Pack) -> Judgement:
    """With the citations that carry it; where none does, people decide: no refusal without law (Art. 21)."""
    labels = [label for one in refused if (label := one.label(document.kind))]
    basis = tuple(key for key in words.cited(labels) if words.citation(pack, key))
    if not basis or (document.kind == "share" and not pack.sufficient("none", basis)):
        return Judgement("review")
    reasons = "；".join(_reasons(refused, document.kind))
    instead = tuple(item.name for item in entry.items if item.value(document.kind) in ("unconditional", "conditional"))
    return Judgement("refuse", reasons or words.key_name(pack, document.kind, "none"), basis, instead)


def _reasons(refused: list[Entry | EntryItem], kind: RequestKind) -> Iterator[str]:
    """Each ground once: what a resource says sums up what its items say."""
    labels = [label for one in refused if (label := one.label(kind)) and label.reason]
    own = labels[:1] if isinstance(refused[0], Entry) and refused[0].label(kind) in labels else labels
    yield from dict.fromkeys(part for label in own for part in label.reason.split("；") if part)


def place(document: Document, entry: Entry) -> str:
    """Where the data is to be had, as far as the entry says; the centre may say otherwise."""
    given = value_of(entry, "interface")
    if document.kind == "open" and unconditional(document, entry):
        return f"{OPEN_PLATFORM} {given}".strip()
    return given


def unconditional(document: Document, entry: Entry) -> bool:
    """Whether all of it is had without review; what came by sharing is never opened so (Art. 26)."""
    own = document.kind == "share" or entry.origin == "own"
    return own and all(one.value(document.kind) == "unconditional" for one in _asked(document, entry))


def not_shared(document: Document, entry: Entry) -> bool:
    """Whether the version in force says 非共享 or 非开放 of any of it."""
    return any(one.value(document.kind) == "none" for one in _asked(document, entry))
