"""Whom a request waits for: what is to be done next, and which people of the site may do it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from workflows.acts.model import Act, Actor, NotAllowed, actor_of
from workflows.acts.rights import Rights
from workflows.people import Person
from workflows.sharing.ending import departed
from workflows.sharing.persons import CONTESTED, OTHER, require_another
from workflows.sharing.standing import Standing, counting
from workflows.sharing.states import FROM, SIDES, RequestState

Party = Literal["office", "owner", "centre", "requester"]
REVIEW = "pdc request review {id} --approve --{side}, or --refuse --basis KEY --why TEXT"
BARRED = (
    "pdc request review {id} --refuse --{side} --why TEXT (on the citation of the version in force, or --basis KEY)"
)
OTHERWISE = "pdc request withdraw {id} --why TEXT, where this is not what the demand asks for, and ask anew"
CLOSE = "pdc request review {id} --refuse --why TEXT (no law is needed), or publish a version with it"


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that would move a request on."""

    party: Party
    command: str
    since: str = ""
    """Since when it waits for this."""
    people: tuple[str, ...] = ()
    """Ids of the people of ``site.yaml`` who may do it."""
    must: bool = True
    """Whether the request waits for it; else somebody may do it who wants to."""


@dataclass(frozen=True)
class Awaits:
    """Next steps, for one site."""

    people: Sequence[Person]
    rights: Rights
    departments: Container[str]
    """Ids of the site's."""

    def steps(self, state: RequestState, now: Standing | None, acts: Sequence[Act]) -> tuple[Step, ...]:
        """What is to be done next; ``now``: what the version in force makes of the request."""
        found = self._gone(state) if departed(state, self.departments) else self._steps(counting(state, now), now)
        return tuple(self._named(state, acts, *one) for one in found)

    def _named(self, state: RequestState, acts: Sequence[Act], right: str, step: Step, others: Sequence[str]) -> Step:
        """The step with its command and the people who may do it."""
        centre = right == "request.confirm"
        department = state.document.requester if centre or step.party == "requester" else state.owner
        able = (one for one in self.people if one.accounts and _actor(one).has(self.rights[right], department))
        free = centre or step.party == "requester"
        people = tuple(one.id for one in able if free or _another(_actor(one), state, acts, others))
        command = step.command.format(id=state.id, side=step.party, owner=state.owner, asset=state.document.asset)
        return msgspec.structs.replace(step, command=command, people=people)

    @staticmethod
    def _gone(state: RequestState) -> Iterator[tuple[str, Step, Sequence[str]]]:
        """Who asked is no department any more: whatever it waits for, the centre ends it."""
        if state.stage in FROM["withdraw"]:
            command = "pdc request withdraw {id} --why TEXT"
            yield "request.confirm", Step("centre", command, state.stage_since), ()

    def _steps(self, state: RequestState, now: Standing | None) -> Iterator[tuple[str, Step, Sequence[str]]]:
        if state.stage in ("asked", "cataloguing"):
            yield _demand(state, now)
        elif state.stage == "reviewing":
            yield from _review(state, now)
        elif state.stage == "objected":
            command = "pdc request answer {id} --upheld --why TEXT, or --review"
            yield "request.answer", Step("office", command, state.stage_since), CONTESTED
        elif state.stage in ("absent", "uncatalogued", "refused", "revoked"):
            right = "request.object" if state.kind == "share" else "request.new-open"
            yield right, Step("requester", "pdc request object {id} --why TEXT", must=False), ()
        if state.stage in ("reviewing", "granted") and state.document.demand and not state.uses:
            right = "request.withdraw" if state.kind == "share" else "request.open"
            yield right, Step("requester", OTHERWISE, must=False), ()
        if state.stage == "uncatalogued":
            command = "pdc ticket open --for {owner} --limb 5 --due DAY --what TEXT"
            yield "ticket.open", Step("office", command, state.stage_since, must=False), ()


def _demand(state: RequestState, now: Standing | None) -> tuple[str, Step, Sequence[str]]:
    published = now is not None and now.verdict not in (None, "ask")
    if published:
        return "request.catalogue", Step("centre", "pdc request catalogue {id} {asset}", state.stage_since), ()
    if state.stage == "asked":
        command = "pdc request confirm {id} --catalogue, or --absent --why TEXT"
        return "request.confirm", Step("centre", command, state.stage_since), ()
    command = "publish an entry (pdc entry), then: pdc request catalogue {id} ASSET"
    return "request.catalogue", Step("owner", command, state.stage_since), ()


def _review(state: RequestState, now: Standing | None) -> Iterator[tuple[str, Step, Sequence[str]]]:
    """``state`` has only the approvals that count."""
    granting = "request.grant" if state.kind == "share" else "request.open"
    if now is not None and now.gone:
        yield granting, Step("centre", CLOSE, state.stage_since), ()
        return
    if now is not None and now.barred:
        for side in SIDES[state.kind]:
            yield f"request.review-{side}", Step(side, BARRED, max(state.stage_since, now.since)), ()
        return
    missing = () if now is not None and now.verdict == "grant" else state.missing_sides()
    for side in missing:
        yield f"request.review-{side}", Step(side, REVIEW, state.stage_since), OTHER[side]
    if not missing:
        last = max((mark.at for mark in state.approvals.values()), default=state.stage_since)
        where = " --interface TEXT" if state.kind == "open" else ""
        yield granting, Step("centre", f"pdc request grant {{id}}{where}", last), ()


def _actor(person: Person) -> Actor:
    return actor_of(person, person.accounts[0])


def _another(actor: Actor, state: RequestState, acts: Sequence[Act], verbs: Sequence[str]) -> bool:
    try:
        require_another(actor, state, acts, verbs, "")
    except NotAllowed:
        return False
    return True
