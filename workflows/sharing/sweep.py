"""What the calendar does by itself: grants whose last day is past expire. And what people should look at again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from workflows.acts.model import Act
from workflows.acts.site import program
from workflows.acts.trail import Trail
from workflows.entries.published import published_entry
from workflows.errors import InputError
from workflows.outputs import words
from workflows.sharing.judge import judge
from workflows.sharing.states import RequestState, fold, states, unfit

if TYPE_CHECKING:
    from classifiers.policy import Pack


def sweep(trail: Trail) -> list[Act]:
    """Expire every grant whose last day is past; nothing the second time."""
    today = trail.clock().date().isoformat()
    late = [state.id for state in states(trail).values() if state.past(today)]
    if not late:
        return []
    with trail.acting(program()) as acting:
        for ident in late:
            # Looked at again: somebody may have renewed or revoked it meanwhile.
            state = fold(acting.acts("request", ident))
            if state.past(today) and not unfit(state, "expire"):
                acting.add("request", ident, "expire", before=state.grant)
        return acting.added


class Recheck(msgspec.Struct, frozen=True):
    """A grant that today's entry would not give; a person decides, nothing is revoked by itself."""

    id: str
    why: str


def recheck(trail: Trail, pack: Pack, found: Iterator[RequestState]) -> Iterator[Recheck]:
    """Grants whose entry is withdrawn, closed or stricter than when it was granted."""
    for state in found:
        if state.grant is not None and (why := _stricter(trail, pack, state)):
            yield Recheck(state.id, why)


def _stricter(trail: Trail, pack: Pack, state: RequestState) -> str:
    asked = state.document
    entry = published_entry(trail, asked.asset)
    if entry is None:
        return f"no version of {asked.asset} is in force any more"
    try:
        verdict = judge(asked, entry.entry, pack).verdict
    except InputError as error:
        return str(error)
    if verdict == "refuse":
        return f"{asked.asset} is {words.key_name(pack, asked.kind, 'none')} now"
    if verdict == "ask":
        return f"{asked.asset} is 待判定 now"
    if verdict == "review" and not state.approvals:
        return f"{asked.asset} was unconditional and is {words.key_name(pack, asked.kind, 'conditional')} now"
    return ""
