"""Whether what was asked, approved and granted is still what the version in force says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec

from workflows.acts.trail import Trail
from workflows.entries.published import PublishedEntry, published_entry
from workflows.entries.versions import Change, diff, read
from workflows.entries.words import recalled
from workflows.entry import Entry
from workflows.errors import StoreError
from workflows.outputs import words
from workflows.sharing.judge import Verdict, judge, not_shared
from workflows.sharing.states import Document, Mark, RequestState, Side

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.outputs.words import Lexicon

Kept = Callable[[str], bytes | None]
"""Gives a document by its SHA-256, None where it is lost."""
SHOWN = 5
WAITING: Final = ("asked", "cataloguing", "reviewing", "objected")
"""Stages in which somebody has still to act by what is in force."""
NOT_GIVEN: Final = ("的依据", "的理由")
"""Changes that leave what was given as it was."""


class Standing(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the version in force makes of a request today."""

    verdict: Verdict | None = None
    """What the program would do if it were asked now; None where nothing of it is in force."""
    gone: str = ""
    """What is not in force any more."""
    void: dict[Side, str] = {}
    """Side → what has changed since it approved: its approval counts no more."""
    changed: str = ""
    """What differs in the items that a grant gives."""
    since: str = ""
    """When the version in force was published."""
    barred: str = ""
    """That it gives part of it to nobody, with its citation."""
    unread: str = ""
    """Why the version in force cannot be read."""


def no_longer(asked: Document, entry: Entry | None) -> str:
    """What of a request for an asset is not in force any more; empty when all of it is."""
    if entry is None:
        return f"no version of {asked.asset} is in force any more"
    gone = sorted(set(asked.items) - {item.name for item in entry.items})
    return f"the version in force of {asked.asset} has no item {', '.join(gone)}" if gone else ""


def barred(asked: Document, entry: Entry, pack: Pack) -> str:
    """Why the version in force gives part of it to nobody, with its citations; empty when it gives all of it."""
    if not not_shared(asked, entry):
        return ""
    name = words.key_name(pack, asked.kind, "none")
    cited = "、".join(words.citation_line(pack, key) for key in judge(asked, entry, pack).basis)
    return f"{asked.asset} is {name} now ({cited or 'without a citation that carries it'})"


def too_late(state: RequestState, today: str) -> str:
    """Why nothing can be granted any more of what was asked for; empty when it can."""
    until = (state.renewal or state.document).until
    if state.stage not in ("asked", "cataloguing", "reviewing") or not until or until >= today:
        return ""
    return f"asked for until {until}, which is over: who asked withdraws it and asks anew"


def changes(asked: Document, seen: Entry, now: Entry, told: Lexicon) -> tuple[Change, ...]:
    """What differs between two versions in what was asked: the named items, or all of the resource."""
    found = diff(seen, now, told)
    return tuple(one for one in found if one.item in asked.items) if asked.items else found


def told(found: tuple[Change, ...]) -> str:
    """Changes on one line, the first few of many: items before what is made from them, such as the abstract."""
    more = f" … (+{len(found) - SHOWN})" if len(found) > SHOWN else ""
    return "；".join(map(str, sorted(found, key=lambda one: one.item is None)[:SHOWN])) + more


def voided(asked: Document, mark: Mark, entry: Entry, version: str, kept: Kept, words_of: Lexicon) -> str:
    """What makes an approval one of another version than the one in force; empty when it stands."""
    if mark.entry == version:
        return ""
    body = kept(mark.entry)
    found = changes(asked, read(body), entry, words_of) if body else ()
    if body and not found:
        return ""
    return told(found) or "which is not kept"


def standing(state: RequestState, found: PublishedEntry | None, pack: Pack, kept: Kept) -> Standing:
    """What the version in force makes of a request today."""
    asked, entry = state.document, found.entry if found else None
    gone = no_longer(asked, entry)
    if found is None or entry is None or found.state.in_force is None or gone:
        return Standing(gone=gone)
    version, since = found.state.in_force.digest, found.state.in_force.at
    approvals = state.approvals if state.stage == "reviewing" else {}
    then = recalled(pack, kept, state.words)
    told = {side: voided(asked, mark, entry, version, kept, then) for side, mark in approvals.items()}
    void = {side: why for side, why in told.items() if why}
    verdict = judge(asked, entry, pack).verdict
    changed, shut = _given(state, entry, version, kept, then), barred(asked, entry, pack)
    return Standing(verdict, void=void, changed=changed, since=since, barred=shut)


def _given(state: RequestState, entry: Entry, version: str, kept: Kept, then: Lexicon) -> str:
    """What differs between the items that were granted and those in force."""
    if state.grant is None or state.grant.entry in ("", version):
        return ""
    body = kept(state.grant.entry)
    found = changes(state.document, read(body), entry, then) if body else ()
    return told(tuple(one for one in found if one.item and not one.what.endswith(NOT_GIVEN)))


def standings(trail: Trail, pack: Pack, found: Iterable[RequestState]) -> dict[str, Standing]:
    """Id → `Standing` of the requests for an asset that somebody has to act on, or that are granted."""
    wanted = [one for one in found if one.document.asset and (one.stage in WAITING or one.grant)]
    entries: dict[str, PublishedEntry | StoreError | None] = {}
    # Many requests name the same words and versions.
    kept = cache(trail.document)
    made = {}
    for one in wanted:
        asset = one.document.asset
        if asset not in entries:
            entries[asset] = _readable(trail, asset)
        entry = entries[asset]
        made[one.id] = (
            Standing(unread=str(entry)) if isinstance(entry, StoreError) else standing(one, entry, pack, kept)
        )
    return made


def _readable(trail: Trail, asset: str) -> PublishedEntry | StoreError | None:
    """One version that the store has lost does not keep the others from being listed."""
    try:
        return published_entry(trail, asset)
    except StoreError as error:
        return error


def counting(state: RequestState, now: Standing | None) -> RequestState:
    """The state with the approvals that still count; where one does not, it is waited for since that version."""
    if now is None or not now.void:
        return state
    kept = {side: mark for side, mark in state.approvals.items() if side not in now.void}
    return msgspec.structs.replace(state, approvals=kept, stage_since=max(state.stage_since, now.since))


def remark(state: RequestState, now: Standing | None, pack: Pack, today: str) -> str:
    """What a person should look at: approvals that count no more, grants that would not be given today."""
    if over := too_late(state, today):
        return over
    if now is None:
        return ""
    if now.unread:
        return now.unread
    if state.stage == "reviewing" and (now.gone or now.barred):
        return now.gone or now.barred
    if now.void:
        return _void_text(now)
    return _stricter(state, now, pack) if state.grant else ""


def _void_text(now: Standing) -> str:
    """Sides that approved the same version are told together."""
    found: dict[str, list[str]] = {}
    for side, why in now.void.items():
        found.setdefault(why, []).append(side)
    parts = (f"approved by {' and '.join(sides)} for another version ({why})" for why, sides in found.items())
    return f"{'; '.join(parts)}: void since {now.since[:10]}, when the version in force was published"


def _stricter(state: RequestState, now: Standing, pack: Pack) -> str:
    """Why the entry of today would not give a grant; nothing is revoked by itself."""
    asked = state.document
    name = words.key_name(pack, asked.kind, "conditional")
    if now.gone or now.barred:
        return now.gone or now.barred
    if now.verdict == "ask":
        return f"{asked.asset} is 待判定 now"
    if now.verdict == "review" and state.grant and state.grant.free:
        return f"{asked.asset} was unconditional and is {name} now"
    return f"granted for another version: {now.changed}" if now.changed else ""
