"""The verbs on requests: each once, with its stages, its right and what must be there.

Every verb is one transaction. Errors: `NotAllowed`, `Blocked`, `Conflict` (workflows.acts.model), `InputError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from workflows.acts.acting import Acting, document
from workflows.acts.model import Act, Actor, Blocked
from workflows.acts.rights import DEFAULT, Rights, require
from workflows.acts.trail import Trail
from workflows.entries import states as entry_states
from workflows.entries.documents import open_version
from workflows.entries.words import Recalled, keep_words, recalled
from workflows.entry import Entry
from workflows.errors import InputError
from workflows.people import PROGRAM, who_line
from workflows.sharing.ending import check_carried, check_withdrawal, departed, revocation, supervising
from workflows.sharing.judge import Judgement, judge, not_shared, place, resolved, unconditional
from workflows.sharing.limits import Deadlines
from workflows.sharing.numbers import next_number
from workflows.sharing.periods import check_due, check_joined, check_period, check_since, check_within, first_day
from workflows.sharing.persons import CONTESTED, OTHER, require_another
from workflows.sharing.standing import barred, no_longer, too_late, voided
from workflows.sharing.states import SIDES, Document, Grant, RequestState, Side, before, fold, unfit
from workflows.sharing.terms import terms
from workflows.sharing.texts import free_texts

if TYPE_CHECKING:
    from classifiers.policy import Pack

LETTERS = {"share": "S", "open": "O"}
SIDE_RIGHTS: Mapping[Side, str] = {"office": "request.review-office", "owner": "request.review-owner"}
GONE = "no longer in the catalogue"
CLOSE = "close the request (no law is needed): pdc request review {} --refuse --why TEXT; or publish a version with it"
KEY = re.compile(r"[a-z][a-z0-9-]*/[\w.-]+")
"""What looks like a citation key; every other basis of a need is a text."""
REASONED = ("refuse", "revoke", "object", "answer", "withdraw")


@dataclass(frozen=True)
class Requests:
    """The verbs, for one site and one actor."""

    trail: Trail
    pack: Pack
    actor: Actor
    deadlines: Deadlines
    rights: Rights = field(default_factory=lambda: DEFAULT)
    district: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    """Department id → name; also which departments there are."""
    site_name: str = ""
    """What the site is called; it is kept with what is asked."""

    # --- asking --------------------------------------------------------------------------------------------------

    def new(self, asked: Document, why: str = "") -> list[Act]:
        """Ask for data. What is unconditional is granted and what is not shared refused in the same transaction."""
        self._complete(asked)
        free_texts({"--why": why})
        require(
            self.actor, "request.new" if asked.kind == "share" else "request.new-open", asked.requester, self.rights
        )
        with self._acting() as acting:
            entry, version = self._in_force(acting, asked.asset)
            asked = _with_entry(resolved(asked, entry), entry)
            judgement = judge(asked, entry, self.pack)
            self._foreign(asked)
            ident = next_number(acting, "request", LETTERS[asked.kind])
            stage = "asked" if judgement.verdict == "ask" else "reviewing"
            after = {"document": asked, "stage": stage, "entry": version, "words": self._words(acting)}
            acting.add("request", ident, "new", why=why, after=after, expected=0)
            self._follow(acting, ident, entry, version, judgement)
            return acting.added

    def _complete(self, asked: Document) -> None:
        free_texts(
            {f"--{name}": getattr(asked, name) for name in ("applicant", "demand", "purpose", "basis", "means")}
            | {"--asset": asked.asset, "--item": asked.items}
        )
        for name in filter(None, (asked.requester, asked.owner)):
            self._department(name)
        needed: dict[str, object] = {
            "purpose": asked.purpose.strip(),
            "asset or demand": asked.asset or asked.demand.strip(),
        }
        if asked.kind == "share":
            needed |= {"basis": all(one.strip() for one in asked.basis) and asked.basis, "means": asked.means.strip()}
        else:
            needed |= {"applicant": asked.applicant.strip()}
        missing = [f"--{name.replace(' or ', ' or --')}" for name, value in needed.items() if not value]
        if missing:
            raise InputError(f"the request says nothing of {', '.join(missing)} (Art. 21, 22, 25)")
        self._citations([one for one in asked.basis if KEY.fullmatch(one)])
        check_period(asked.since, asked.until, self._today())

    def _department(self, ident: str) -> str:
        if ident not in self.names:
            raise InputError(f"no department {ident!r}; known: {', '.join(self.names)}")
        return ident

    @staticmethod
    def _foreign(asked: Document) -> None:
        if asked.kind == "share" and asked.owner == asked.requester:
            raise InputError(f"{asked.asset or asked.owner} is {asked.requester}'s own: nothing to ask another for")

    def confirm(
        self, ident: str, *, held: bool, refused: bool = False, owner: str = "", due: str = "", why: str = ""
    ) -> Act:
        """The centre says that a department has the data and will catalogue it, or that nobody has it.

        While it waits to be catalogued the centre may say so of another department, that it is not to be had after
        all, or (``refused``) that the department does not catalogue it, which ends the demand.
        """
        with self._begin(ident, "confirm", why) as (acting, state):
            require(self.actor, "request.confirm", state.document.requester, self.rights)
            after = self._uncatalogued(state, why) if refused else {"held": False}
            if held and not refused:
                after = self._promised(state, owner, due, why) | {"words": self._words(acting)}
            elif not why.strip():
                raise Blocked(f"{ident}: say where you looked: --why TEXT")
            return self._add(acting, state, "confirm", why, after=after)

    @staticmethod
    def _uncatalogued(state: RequestState, why: str) -> dict[str, Any]:
        if state.stage != "cataloguing":
            raise Blocked(f"{state.id}: say first which department has it: --catalogue --owner DEPT")
        if not why.strip():
            raise Blocked(f"{state.id}: say what {state.owner} answered: --why TEXT")
        return {"held": True, "owner": state.owner, "refused": True}

    def _promised(self, state: RequestState, owner: str, due: str, why: str) -> dict[str, Any]:
        has = owner or state.document.owner
        if not has:
            raise Blocked(f"{state.id}: say which department catalogues it: --owner DEPT")
        self._foreign(msgspec.structs.replace(state.document, owner=self._department(has)))
        check_due(due, self._today())
        if not due and self.deadlines.confirming(state.kind) is None:
            raise Blocked(f"{state.id}: {self.pack.id} has no limit for cataloguing; say by when: --due DAY")
        if state.stage == "cataloguing" and not why.strip():
            raise Blocked(f"{state.id} waits for {state.owner} to catalogue it; say what has changed: --why TEXT")
        if state.stage == "cataloguing" and (has, due or state.promised) == (state.owner, state.promised):
            raise Blocked(f"{state.id} waits for {has} already: name another --owner, another --due, or end it")
        return {"held": True, "owner": has, "due": due}

    def catalogue(self, ident: str, asset: str, items: Sequence[str] = (), why: str = "") -> list[Act]:
        """The demand is settled by a published entry, which it is judged by now."""
        with self._begin(ident, "catalogue", why) as (acting, state):
            department = asset.split("/", 1)[0]
            require(self.actor, "request.catalogue", department, self.rights)
            self._settles(state, asset, why)
            entry, version = self._in_force(acting, asset)
            if entry is None:
                raise Blocked(f"{ident}: no version of {asset} is in force; publish it first (pdc entry publish)")
            asked = msgspec.structs.replace(
                state.document, asset=asset, owner="", items=tuple(items) or state.document.items
            )
            asked = _with_entry(resolved(asked, entry), entry)
            judgement = judge(asked, entry, self.pack)
            if judgement.verdict == "ask":
                raise Blocked(f"{ident}: {asset} is 待判定 in part of what is asked; publish a determined version")
            self._foreign(asked)
            after = {"document": asked, "entry": version, "words": self._words(acting)}
            self._add(acting, state, "catalogue", why, after=after)
            self._follow(acting, ident, entry, version, judgement)
            return acting.added

    def _settles(self, state: RequestState, asset: str, why: str) -> None:
        """The owner settles what was asked of it, by what was asked for; by anything else only the centre, with why."""
        wanted, department = state.document.asset, asset.split("/", 1)[0]
        if state.owner != department or wanted not in ("", asset):
            require(self.actor, "request.confirm", department, self.rights)
        if wanted not in ("", asset) and not why.strip():
            raise Blocked(f"{state.id} asks for {wanted}; say why {asset} settles it: --why TEXT")

    def renew(self, ident: str, until: str, since: str = "", why: str = "") -> list[Act]:
        """Ask for more time; what is unconditional gets it at once, the rest is reviewed again."""
        check_period(since, until, self._today())
        with self._begin(ident, "renew", why) as (acting, state):
            require(self.actor, _asking(state, "request.renew"), state.document.requester, self.rights)
            if state.grant and (not state.grant.until or until <= state.grant.until):
                end = f"until {state.grant.until}" if state.grant.until else "without end"
                raise InputError(f"{ident} is granted {end} already")
            check_joined(state, since, self._today())
            entry, version = self._in_force(acting, state.document.asset)
            gone = no_longer(state.document, entry)
            judgement = judge(state.document, None if gone else entry, self.pack)
            if judgement.verdict == "ask":
                raise Blocked(f"{ident}: {gone or f'{state.document.asset} is 待判定 now'}: ask anew")
            self._add(acting, state, "renew", why, after={"since": since, "until": until})
            self._follow(acting, ident, entry, version, judgement)
            return acting.added

    def _follow(self, acting: Acting, ident: str, entry: Entry | None, version: str, judgement: Judgement) -> None:
        """What the program does by itself after a request, in the same transaction."""
        state = fold(acting.acts("request", ident))
        if judgement.verdict == "refuse":
            after: Any = {"basis": judgement.basis, "instead": judgement.instead}
            self._add(acting, state, "refuse", judgement.reason, after=after, who=PROGRAM)
        elif judgement.verdict == "grant" and entry is not None:
            grant = self._granted(acting, state, entry, Grant("", entry=version))
            self._add(acting, state, "grant", judgement.reason, after=grant, who=PROGRAM)

    # --- reviewing -----------------------------------------------------------------------------------------------

    def approve(self, ident: str, side: Side | None = None, why: str = "") -> Act:
        """One side's approval; the two are two persons, and neither is who asked."""
        with self._begin(ident, None, why) as (acting, state):
            side = self._side(state, side)
            verb = f"approve-{side}"
            self._fit(state, verb)
            require(self.actor, SIDE_RIGHTS[side], state.owner, self.rights)
            entry, version = self._in_force(acting, state.document.asset)
            if entry is None or no_longer(state.document, entry):
                raise self._gone(state, entry, "approved")
            self._approvable(state, entry)
            mark = state.approvals.get(side)
            if mark and not self._voided(acting, state, side, entry, version):
                raise Blocked(
                    f"{ident} was approved for the {side} by {who_line(mark.who, mark.name)} on {mark.at[:10]} already"
                )
            self._another(acting, state, OTHER[side], verb)
            return self._add(acting, state, verb, why, after={"entry": version})

    def refuse(self, ident: str, why: str, basis: Sequence[str] = (), side: Side | None = None) -> Act:
        """Refuse what is under review; sharing only with a law, regulation or rule (Art. 21).

        Without ``basis`` on what the version in force cites, where it does not share what is asked.
        What is not in force any more is closed without one, by the centre too, and recorded as such.
        """
        with self._begin(ident, "refuse", why) as (acting, state):
            entry, _ = self._in_force(acting, state.document.asset)
            if not basis and no_longer(state.document, entry):
                return self._close(acting, state, why, side)
            side = self._may_refuse(state, side)
            self._another(acting, state, (), "refuse")
            self._citations(basis)
            after: dict[str, Any] = {"basis": list(basis), "side": side}
            if entry is not None and not basis and (own := judge(state.document, entry, self.pack)).basis:
                after |= {"basis": list(own.basis), "instead": list(own.instead)}
            check_carried(state, after["basis"], self.pack)
            return self._add(acting, state, "refuse", why, after=after)

    def _may_refuse(self, state: RequestState, side: Side | None) -> Side:
        side = self._side(state, side)
        require(self.actor, SIDE_RIGHTS[side], state.owner, self.rights)
        require(self.actor, "request.refuse", state.owner, self.rights)
        return side

    def _close(self, acting: Acting, state: RequestState, why: str, side: Side | None) -> Act:
        centre = self.actor.has(self.rights[_granting(state)], state.owner)
        after = {"basis": [], "gone": GONE} | ({} if centre else {"side": self._may_refuse(state, side)})
        self._another(acting, state, (), "refuse")
        return self._add(acting, state, "refuse", why, after=after)

    @staticmethod
    def _gone(state: RequestState, entry: Entry | None, verb: str) -> Blocked:
        return Blocked(f"{state.id} cannot be {verb}: {no_longer(state.document, entry)}", [CLOSE.format(state.id)])

    def _citations(self, keys: Sequence[str]) -> None:
        """Raises `InputError` for keys that the pack does not have."""
        known = {citation.key for citation in self.pack.citations()}
        unknown = [key for key in keys if key not in known]
        if unknown:
            raise InputError(f"the pack {self.pack.id} has no citation {', '.join(unknown)} (pdc pack show)")

    def _approvable(self, state: RequestState, entry: Entry) -> None:
        """Raises `Blocked` for what no approval leads to a grant of."""
        if told := departed(state, self.names):
            raise Blocked(f"{state.id}: {told}")
        if told := barred(state.document, entry, self.pack):
            basis = "" if judge(state.document, entry, self.pack).basis else " --basis KEY"
            close = f"refuse it: pdc request review {state.id} --refuse --why TEXT{basis}"
            raise Blocked(f"{state.id} cannot be approved: {told}", [close, "or publish another version"])

    def _side(self, state: RequestState, side: Side | None) -> Side:
        """For whom the actor reviews: what they said, else what their roles say."""
        able = [one for one in SIDES[state.kind] if self.actor.has(self.rights[SIDE_RIGHTS[one]], state.owner)]
        if side is None and len(able) > 1:
            raise InputError(f"{state.id}: you may review for both; say --office or --owner")
        found = side or (able[0] if able else "owner")
        if found not in SIDES[state.kind]:
            raise Blocked(f"{state.id}: a request for opening is reviewed by the owning department (Art. 25)")
        return found

    def _another(self, acting: Acting, state: RequestState, verbs: Sequence[str], what: str) -> None:
        require_another(self.actor, state, acting.acts("request", state.id), verbs, what)

    def grant(self, ident: str, *, since: str = "", until: str = "", interface: str = "", why: str = "") -> Act:
        """The centre gives access after every approval (Art. 22); an opening request through an interface (Art. 25)."""
        free_texts({"--interface": interface})
        with self._begin(ident, "grant", why) as (acting, state):
            require(self.actor, _granting(state), state.owner, self.rights)
            self._another(acting, state, (), "grant")
            entry, version = self._in_force(acting, state.document.asset)
            if entry is None or no_longer(state.document, entry):
                raise self._gone(state, entry, "granted")
            if told := departed(state, self.names):
                raise Blocked(f"{ident}: {told}")
            missing = list(self._lacking(acting, state, entry, version))
            if missing:
                raise Blocked(f"{ident} cannot be granted", missing)
            check_since(since, self._today())
            check_within(state, since, until)
            grant = self._granted(acting, state, entry, Grant(since, until, interface, entry=version))
            return self._add(acting, state, "grant", why, after=grant)

    def _lacking(self, acting: Acting, state: RequestState, entry: Entry, version: str) -> Iterator[str]:
        """What keeps a request from being granted. What the entry says by now counts, not what it said when asked."""
        verdict = judge(state.document, entry, self.pack).verdict
        if verdict == "grant":
            # What is shared unconditionally by now is given without review (Art. 22).
            return
        for side in state.missing_sides():
            yield f"{side} has not approved: pdc request review {state.id} --approve --{side}"
        for side in state.approvals:
            if why := self._voided(acting, state, side, entry, version):
                again = f"pdc request review {state.id} --approve --{side}"
                yield f"{side} approved another version ({why}); approve again: {again}"
        if not_shared(state.document, entry):
            told = barred(state.document, entry, self.pack)
            yield f"{told}: refuse it (pdc request review {state.id} --refuse --why TEXT), or publish another version"
        elif verdict == "ask":
            yield f"no determined version of {state.document.asset} is in force: publish one first"

    def _voided(self, acting: Acting, state: RequestState, side: Side, entry: Entry, version: str) -> str:
        mark = state.approvals[side]
        told = self._then(acting, state)
        return voided(state.document, mark, entry, version, lambda key: document(acting.connection, key), told)

    def _granted(self, acting: Acting, state: RequestState, entry: Entry, given: Grant) -> Grant:
        """The grant with its text; what ``given`` leaves empty comes from the request, the entry and the limits."""
        asked, today = state.document, self._today()
        if too_late(state, today):
            raise Blocked(f"{state.id}: {too_late(state, today)}")
        period = state.renewal or asked
        since = first_day(state, given.since, today)
        longest = self.deadlines.longest(since)
        until = given.until or period.until or longest
        check_period(since, until, today)
        if longest and until > longest:
            raise Blocked(f"{state.id}: a grant from {since} ends on {longest} at the latest: --until {longest}")
        where = given.interface or place(asked, entry)
        if asked.kind == "open" and not where:
            raise Blocked(f"{state.id}: conditional opening goes through an interface (Art. 25): --interface TEXT")
        grant = Grant(since, until, where, entry=given.entry, free=unconditional(asked, entry))
        dated = msgspec.structs.replace(grant, at=acting.at)
        told = self._then(acting, state)
        text = terms(state.id, asked, entry, dated, self.pack, told, self.district, self._names(told))
        return msgspec.structs.replace(grant, text=acting.keep(text))

    def _then(self, acting: Acting, state: RequestState) -> Recalled:
        """The words of now, and for what they do not know those of the day on which it was asked."""
        return recalled(self.pack, lambda key: document(acting.connection, key), state.words)

    def _names(self, told: Recalled) -> dict[str, str]:
        """What departments are called; those that are gone as on the day on which it was asked."""
        return {**told.departments, **self.names}

    def _words(self, acting: Acting) -> str:
        """What departments and citations are called now, for lists of this day that are made later."""
        return keep_words(acting, self.pack, self.site_name, self.names)

    # --- afterwards ----------------------------------------------------------------------------------------------

    def revoke(self, ident: str, why: str, basis: Sequence[str] = (), *, breach: bool = False) -> Act:
        """Take a grant back, on the ground that a refusal needs, or since its conditions were broken."""
        with self._begin(ident, "revoke", why) as (acting, state):
            oversees = supervising(state, self.actor, self.rights)
            if not oversees:
                require(self.actor, "request.revoke", state.owner, self.rights)
            self._citations(basis)
            entry, _ = self._in_force(acting, state.document.asset)
            after = revocation(state, entry, self.pack, basis, breach=breach, oversees=oversees)
            return self._add(acting, state, "revoke", why, after=after)

    def object(self, ident: str, why: str) -> Act:
        """The asking department does not accept that it does not get the data (Art. 38 (5))."""
        with self._begin(ident, "object", why) as (acting, state):
            require(self.actor, _asking(state, "request.object"), state.document.requester, self.rights)
            return self._add(acting, state, "object", why)

    def answer(self, ident: str, *, upheld: bool, why: str) -> Act:
        """The office lets the refusal stand, or has the request reviewed again."""
        with self._begin(ident, "answer", why) as (acting, state):
            require(self.actor, "request.answer", state.owner, self.rights)
            self._another(acting, state, CONTESTED, "answer")
            return self._add(acting, state, "answer", why, after={"upheld": upheld})

    def use(self, ident: str, *, rows: int, what: str = "", user: str = "", why: str = "") -> Act:
        """One entry of the log of use; refused outside the days of the grant."""
        free_texts({"--what": what, "--user": user})
        with self._begin(ident, "use", why) as (acting, state):
            require(self.actor, "request.use", state.document.requester, self.rights)
            today = self._today()
            if not state.usable(today) and state.grant is not None:
                until = state.grant.until or "now on"
                raise Blocked(f"{ident} is granted from {state.grant.since} to {until}: not to be used on {today}")
            return self._add(acting, state, "use", why, after={"user": user, "what": what, "rows": rows})

    def withdraw(self, ident: str, why: str) -> Act:
        """Who asked needs it no more; a grant ends with it."""
        with self._begin(ident, "withdraw", why) as (acting, state):
            [entered, *_] = acting.acts("request", ident)
            check_withdrawal(state, self.actor, self.rights, entered, self.names)
            return self._add(acting, state, "withdraw", why)

    # --- common --------------------------------------------------------------------------------------------------

    def _today(self) -> str:
        return self.trail.clock().date().isoformat()

    @staticmethod
    def _add(
        acting: Acting, state: RequestState, verb: str, why: str, after: Any = None, who: str | None = None
    ) -> Act:
        """One act, with what it changes as that was before."""
        return acting.add("request", state.id, verb, why=why, before=before(state, verb), after=after, who=who)

    def _acting(self) -> AbstractContextManager[Acting]:
        free_texts({"--as": self.actor.behalf})
        return self.trail.acting(self.actor, self.pack.ident)

    @contextmanager
    def _begin(self, ident: str, verb: str | None, why: str) -> Iterator[tuple[Acting, RequestState]]:
        free_texts({"--why": why})
        with self._acting() as acting:
            state = fold(acting.acts("request", ident), ident)
            if not state.version:
                raise InputError(f"no request {ident!r} (pdc request list shows them)")
            if verb is not None:
                self._fit(state, verb)
            if verb in REASONED and not why.strip():
                raise Blocked(f"{ident}: {verb} needs a reason: --why TEXT")
            yield acting, state

    @staticmethod
    def _fit(state: RequestState, verb: str) -> None:
        if told := unfit(state, verb):
            raise Blocked(told)

    @staticmethod
    def _in_force(acting: Acting, asset: str) -> tuple[Entry | None, str]:
        """The published version and its digest, as this transaction sees them."""
        state = entry_states.fold(acting.acts("entry", asset), asset) if asset else None
        if state is None or state.in_force is None:
            return None, ""
        version = state.in_force.digest
        return open_version(acting.connection, asset, version), version


def _asking(state: RequestState, right: str) -> str:
    """The right of who asks; for an applicant from outside everybody acts who may enter such requests."""
    return right if state.kind == "share" else "request.new-open"


def _granting(state: RequestState) -> str:
    return "request.grant" if state.kind == "share" else "request.open"


def _with_entry(asked: Document, entry: Entry | None) -> Document:
    if entry is None:
        owner = asked.owner or asked.asset.partition("/")[0]
        return msgspec.structs.replace(asked, owner=owner)
    return msgspec.structs.replace(asked, title=entry.title, owner=entry.department)
