"""What a reviewer sees of a request: who asks what of whom, what each item is, what is missing, who acts next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from workflows.acts.model import Act
from workflows.entry import Entry
from workflows.outputs import words
from workflows.people import Person, who_line
from workflows.sharing.awaits import Step
from workflows.sharing.limits import Due
from workflows.sharing.states import Mark, RequestState
from workflows.sharing.texts import cut

if TYPE_CHECKING:
    from workflows.outputs.words import Lexicon

ITEMS_SHOWN: Final = 40
GROUNDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "breach": "(the conditions of the grant were broken)",
        "gone": "(no longer in the catalogue)",
        "version": "(by the version in force)",
        "review": "(it is had after a review only)",
    }
)


class ShownItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item that is asked for, as the version in force has it."""

    name: str
    title: str = ""
    tier: str = ""
    share: str = ""
    open: str = ""
    basis: tuple[str, ...] = ()
    """Citation keys of its type of sharing or opening."""
    gone: bool = False
    """The version in force does not have it."""


def shown_items(state: RequestState, entry: Entry | None) -> list[ShownItem]:
    """The items of a request; none where nothing is in force and none was named."""
    known = {item.name: item for item in entry.items} if entry else {}
    found = []
    for name in state.document.items or tuple(known):
        item = known.get(name)
        if item is None:
            found.append(ShownItem(name, gone=entry is not None))
            continue
        label = item.label(state.kind)
        values = (item.value("tier"), item.value("share"), item.value("open"))
        found.append(ShownItem(name, item.title, *values, label.basis if label else ()))
    return found


def item_rows(found: Sequence[ShownItem], state: RequestState, told: Lexicon) -> Iterator[tuple[str, ...]]:
    """Cells for people: item, name, tier, type, citations; the first few of many."""
    for one in found[:ITEMS_SHOWN]:
        if one.gone or not one.tier:
            yield one.name, "", "", "not in the version in force" if one.gone else "", ""
            continue
        value = one.share if state.kind == "share" else one.open
        basis = "；".join(words.citation_line(told, key) for key in one.basis)
        yield one.name, one.title, words.tier_name(told, one.tier), words.key_name(told, state.kind, value), basis
    if len(found) > ITEMS_SHOWN:
        yield "…", f"(+{len(found) - ITEMS_SHOWN}; --json shows all)", "", "", ""


def row(state: RequestState, due: Due | None, steps: Sequence[Step], note: str, today: str) -> dict[str, Any]:
    """One request in a list."""
    asked = state.document
    waits = [one for one in steps if one.must]
    return {
        "id": state.id,
        "stage": state.stage,
        "requester": asked.applicant or asked.requester,
        "owner": asked.owner,
        "asset": asked.asset,
        "demand": asked.demand,
        "usable": state.usable(today),
        "until": state.grant.until if state.grant else "",
        "waits_for": [one.party for one in waits],
        "since": min((one.since for one in waits), default=""),
        "to_do": due.what if due else "",
        "due": due.day if due else "",
        "overdue": bool(due and due.day < today),
        "note": note or (due.note if due else ""),
    }


WIDE: Final = 60
"""Characters of what people wrote that a cell shows."""
HEADER: Final = ("id", "stage", "asked by", "owner", "what", "until", "waits for", "to do", "due", "note")


def cells(told: Mapping[str, Any]) -> list[str]:
    due = f"{told['due']}{' late' if told['overdue'] else ''}"
    named = [told[name] for name in ("id", "stage", "requester", "owner")]
    waits = f"{', '.join(told['waits_for'])} since {told['since'][:10]}" if told["waits_for"] else ""
    what = (
        f"{told['asset']} ({told['demand']})" if told["asset"] and told["demand"] else told["asset"] or told["demand"]
    )
    return [*(cut(one, WIDE) for one in (*named, what)), told["until"], waits, told["to_do"], due, told["note"]]


def cited_keys(state: RequestState, due: Due | None) -> tuple[str, ...]:
    """Every citation that what is shown of a request rests on, each once."""
    ended = [*(state.refusal.by.basis if state.refusal else ()), *(state.revoked.basis if state.revoked else ())]
    return tuple(dict.fromkeys((*state.document.basis, *ended, *(due.basis if due else ()))))


def facts(
    state: RequestState, names: Mapping[str, str], cited: Mapping[str, str], today: str
) -> Iterator[tuple[str, str]]:
    """Name and text of every line of `pdc request show` that is not a table; empty ones are left out by who prints."""
    asked = state.document
    requester = _department(asked.requester, names)
    yield "asked by", f"{asked.applicant} via {requester}" if asked.applicant else requester
    yield "owner", _department(asked.owner, names)
    yield "what", f"{asked.title} ({asked.asset})" if asked.title else asked.asset or asked.demand
    yield "demand", asked.demand if asked.asset else ""
    yield "items", "、".join(asked.items) or ("the whole resource" if asked.asset else "")
    yield "purpose", asked.purpose
    yield "basis", "；".join(cited[key] for key in asked.basis)
    yield "means", asked.means
    yield "period", f"{asked.since or 'from the grant on'} to {asked.until or 'no end'}"
    if state.renewal:
        yield "renewal", f"to {state.renewal.until}"
    yield from _results(state, cited, today)


def _department(ident: str, names: Mapping[str, str]) -> str:
    return f"{names[ident]} ({ident})" if ident in names else ident


def _mark(mark: Mark) -> str:
    """Who and when."""
    return f"{who_line(mark.who, mark.name)} {mark.at[:10]}"


def _ground(mark: Mark, cited: Mapping[str, str]) -> str:
    """On what a revocation rests."""
    return "；".join(filter(None, (GROUNDS.get(mark.ground or "", ""), *(cited[key] for key in mark.basis))))


def _results(state: RequestState, cited: Mapping[str, str], today: str) -> Iterator[tuple[str, str]]:
    """What came of it so far."""
    yield "approved", "、".join(f"{side} {_mark(mark)}" for side, mark in state.approvals.items())
    if state.grant:
        unusable = "" if state.usable(today) else f" (not usable on {today})"
        by = who_line(state.grant.by, state.grant.name)
        yield "granted", f"{state.grant.since} to {state.grant.until or 'no end'}{unusable} by {by}"
    if state.refusal:
        grounds = state.refusal.gone or "；".join(cited[key] for key in state.refusal.by.basis)
        yield "closed" if state.refusal.gone else "refused", f"{state.refusal.by.why} {grounds}"
        yield "instead", "、".join(state.refusal.instead)
    if state.revoked:
        yield "revoked", f"{_mark(state.revoked)} {state.revoked.why} {_ground(state.revoked, cited)}".rstrip()
    if state.stage in ("absent", "uncatalogued"):
        yield "ended", state.closed
    yield "uses", f"{state.uses} ({state.rows_used} rows)" if state.uses else ""


def act_rows(acts: Iterable[Act], people: Sequence[Person]) -> Iterator[tuple[str, ...]]:
    """When, who, what and why, of every act."""
    for act in acts:
        yield act.at[:16], who_line(act.who, act.name, people), act.verb, act.why


def waiting(steps: Sequence[Step], names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Whom it waits for, and what else may be done; ``names``: id of a person → name."""
    for step in steps:
        people = "、".join(f"{names[one]} {one}" for one in step.people) or "nobody in site.yaml"
        since = f" since {step.since[:10]}" if step.since else ""
        yield "waits for" if step.must else "possible", f"{step.party}{since} ({people}): {step.command}"
