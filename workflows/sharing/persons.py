"""Who may not act on a request although their role could: who asked, who acts for them, who decided the other half."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from workflows.acts.model import Act, Actor, NotAllowed
from workflows.acts.rights import require_other
from workflows.people import PROGRAM
from workflows.sharing.states import RequestState, Side

ASKING: Final = ("new", "renew", "object")
"""Verbs of who asks: they review nothing of it."""
OTHER: Final[Mapping[Side, tuple[str, ...]]] = {"office": ("approve-owner",), "owner": ("approve-office",)}
"""Side → the approval that another person gives."""
CONTESTED: Final = ("refuse", "revoke", "confirm")
"""What an objection may be against: who did it does not answer the objection."""
ROUND: Final = ("renew", "answer", "catalogue")
"""Verbs with which a request is judged anew: what people did before does not bind them.

An answer that lets a refusal stand is none: who refused does not answer the next objection to it either.
"""


def _upheld(act: Act) -> bool:
    return act.verb == "answer" and bool(msgspec.json.decode(act.after)["upheld"])


def require_another(actor: Actor, state: RequestState, acts: Sequence[Act], verbs: Sequence[str], what: str) -> None:
    """Raise `NotAllowed` for who asked or acts for them, and for who did one of this round's ``verbs``."""
    start = max((place for place, act in enumerate(acts) if act.verb in ROUND and not _upheld(act)), default=0)
    earlier = [act for act in acts if act.verb in ASKING and act.who != PROGRAM]
    require_other(actor, [*earlier, *(act for act in acts[start:] if act.verb in verbs)], what)
    if state.kind == "share" and state.document.requester in actor.departments:
        who = actor.name or actor.who
        raise NotAllowed(f"{who} acts for {state.document.requester}, which asks; {what} needs somebody else")
