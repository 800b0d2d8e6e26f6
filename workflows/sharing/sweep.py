"""What the calendar does by itself: grants whose last day is past expire."""

from __future__ import annotations

from workflows.acts.model import Act
from workflows.acts.site import program
from workflows.acts.trail import Trail
from workflows.sharing.states import before, fold, states, unfit


def sweep(trail: Trail, pack: str = "") -> list[Act]:
    """Expire every grant whose last day is past; nothing the second time.

    ``pack``: id and version, as `Trail.acting`.
    """
    today = trail.clock().date().isoformat()
    late = [state.id for state in states(trail).values() if state.past(today)]
    if not late:
        return []
    with trail.acting(program(), pack) as acting:
        for ident in late:
            # Looked at again: somebody may have renewed or revoked it meanwhile.
            state = fold(acting.acts("request", ident))
            if state.past(today) and not unfit(state, "expire"):
                acting.add("request", ident, "expire", before=before(state, "expire"))
        return acting.added
