"""What ends a request or a grant before its time: the ground that it needs, and who may say so (Art. 21, 22, 25)."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Any

from workflows.acts.model import Act, Actor, Blocked, NotAllowed
from workflows.acts.rights import Rights, require
from workflows.entry import Entry
from workflows.sharing.judge import judge, unconditional
from workflows.sharing.standing import no_longer
from workflows.sharing.states import RequestState

if TYPE_CHECKING:
    from classifiers.policy import Pack

REFUSING = "name what carries it: --basis KEY (pdc pack show), or approve it"
REVOKING = "name what carries it: --basis KEY (pdc pack show); --breach, by who oversees, where its terms were broken"


def departed(state: RequestState, departments: Container[str]) -> str:
    """That who asked is no department of this site any more; empty when it is one, or an applicant from outside."""
    requester = state.document.requester
    if state.kind == "open" or requester in departments:
        return ""
    ends = f"the centre ends it: pdc request withdraw {state.id} --why TEXT"
    return f"{requester} is no department of this site any more; {ends}"


def check_carried(state: RequestState, basis: Sequence[str], pack: Pack, *, revoking: bool = False) -> None:
    """Raises `Blocked` unless the citations carry that data is not given, or not any more (Art. 21, 25)."""
    ways = REVOKING if revoking else REFUSING
    if state.kind == "open" and not basis:
        what = "to take back what was opened" if revoking else "refusing to open"
        raise Blocked(f"{state.id}: {what} needs its ground (Art. 25)", [ways])
    if state.kind == "share" and not pack.sufficient("none", basis):
        ranks = ", ".join(pack.body.sufficient_ranks.get("none", ()))
        verb = "take back what is shared" if revoking else "refuse to share"
        what = f"{state.id}: nobody may {verb} without a {ranks} (Art. 21); it cites {', '.join(basis) or 'nothing'}"
        raise Blocked(what, [*pack.lacking("none", basis), ways])


def supervising(state: RequestState, actor: Actor, rights: Rights) -> bool:
    """Whether the actor oversees what is given: of sharing the office and the centre, of opening its authority."""
    held = ("request.answer", "request.grant") if state.kind == "share" else ("request.open",)
    return any(actor.has(rights[one], state.owner) for one in held)


def revocation(
    state: RequestState, entry: Entry | None, pack: Pack, basis: Sequence[str], *, breach: bool, oversees: bool
) -> dict[str, Any]:
    """The ground on which a grant is taken back, as the act says it.

    The version in force is one where it does not give the data any more. Else it is a refusal, which needs what every
    refusal needs; who oversees may also find that the conditions of the grant were broken. Raises `Blocked`.
    """
    asked = state.document
    if entry is None or no_longer(asked, entry):
        return _breach(state, oversees=oversees) if breach else {"basis": list(basis), "ground": "gone"}
    free = unconditional(asked, entry)
    if free and not oversees:
        raise Blocked(f"{state.id}: {_freely(state)}")
    if breach:
        return _breach(state, oversees=oversees, opened=free and asked.kind == "open")
    judgement = judge(asked, entry, pack)
    if not basis and judgement.verdict == "refuse":
        return {"basis": list(judgement.basis), "ground": "version"}
    if not basis and oversees and judgement.verdict == "review" and state.grant and state.grant.free:
        return {"basis": [], "ground": "review"}
    check_carried(state, basis, pack, revoking=True)
    return {"basis": list(basis)}


def _freely(state: RequestState) -> str:
    if state.kind == "share":
        return f"{state.document.asset} is shared unconditionally (Art. 22); the centre or the office revokes it"
    what = f"{state.document.asset} is open unconditionally (Art. 25)"
    return f"{what}; the centre or the opening authority revokes it, or a version is published that is not"


def _breach(state: RequestState, *, oversees: bool, opened: bool = False) -> dict[str, Any]:
    if not oversees:
        who = "the centre or the office" if state.kind == "share" else "the centre or the opening authority"
        raise Blocked(f"{state.id}: that the conditions of a grant were broken is found by {who}; tell them")
    if opened:
        raise Blocked(f"{state.id}: what is open unconditionally has no conditions to break (Art. 25): --basis KEY")
    return {"basis": [], "ground": "breach"}


def check_withdrawal(
    state: RequestState, actor: Actor, rights: Rights, entered: Act, departments: Container[str]
) -> None:
    """Raises `NotAllowed` for who does not speak for who asked.

    For an applicant from outside that is who entered the request (``entered``), the centre or the opening authority,
    and never the department that would have to give the data: that would be its refusal without a ground. For a
    department that is gone it is the centre too.
    """
    requester = state.document.requester
    if state.kind == "share":
        centre = requester not in departments and actor.has(rights["request.confirm"], requester)
        return None if centre else require(actor, "request.withdraw", requester, rights)
    who = actor.name or actor.who
    if state.owner in actor.departments and actor.has(rights["request.review-owner"], state.owner):
        what = f"{who} acts for {state.owner}, which is asked to give it: to withdraw would be to refuse (Art. 25)"
        raise NotAllowed(f"{what}; the centre or the opening authority writes down that the applicant withdraws")
    if actor.account != entered.account:
        require(actor, "request.open", state.owner, rights)
    return None
