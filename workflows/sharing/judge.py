"""What follows from the version in force for a request, before any person looks at it (Art. 21, 22, 25, 26)."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Literal

import msgspec

from workflows.entries.elements import value_of
from workflows.entry import Entry, EntryItem
from workflows.errors import InputError
from workflows.outputs import words
from workflows.sharing.states import Document

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
    if values == {"unconditional"} and not (document.kind == "open" and entry.origin != "own"):
        return Judgement("grant", words.key_name(pack, document.kind, "unconditional"))
    # What came by sharing is in nobody's own open list (Art. 26): the department that has it looks first.
    return Judgement("review")


def _asked(document: Document, entry: Entry) -> list[Entry | EntryItem]:
    if not document.items:
        return [entry]
    known = {item.name: item for item in entry.items}
    for name in document.items:
        if name not in known:
            close = difflib.get_close_matches(name, known, 3)
            hint = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(list(known)[:20])}"
            raise InputError(f"{entry.asset} has no item {name!r} in the version in force; {hint}")
    return [known[name] for name in document.items]


def _refusal(document: Document, entry: Entry, refused: list[Entry | EntryItem], pack: Pack) -> Judgement:
    """With the citations that carry it; where none does, people decide: no refusal without law (Art. 21)."""
    labels = [label for one in refused if (label := one.label(document.kind))]
    basis = tuple(key for key in words.cited(labels) if words.citation(pack, key))
    if not basis or (document.kind == "share" and not pack.sufficient("none", basis)):
        return Judgement("review")
    reasons = "；".join(dict.fromkeys(label.reason for label in labels if label.reason))
    instead = tuple(item.name for item in entry.items if item.value(document.kind) in ("unconditional", "conditional"))
    return Judgement("refuse", reasons or words.key_name(pack, document.kind, "none"), basis, instead)


def place(document: Document, entry: Entry) -> str:
    """Where the data is to be had, as far as the entry says; the centre may say otherwise."""
    given = value_of(entry, "interface")
    if document.kind == "open" and judged_unconditional(document, entry):
        return f"{OPEN_PLATFORM} {given}".strip()
    return given


def judged_unconditional(document: Document, entry: Entry) -> bool:
    return all(one.value(document.kind) == "unconditional" for one in _asked(document, entry))
