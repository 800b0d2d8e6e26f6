"""Acts of people that do not count yet: who may settle them, and what comes of it.

A lowered tier takes effect only when a second, different person who may rule on the department agrees. An act whose
author may not rule or is not known counts when somebody who may rule accepts it as their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import msgspec

from classifiers.evidence import Decision, Dimension
from workflows.acts import model
from workflows.acts.acting import Acting
from workflows.acts.decisions import decide
from workflows.acts.trail import Trail
from workflows.errors import InputError, Refusal
from workflows.packs import completed
from workflows.people import Person, account
from workflows.publish.history import NESTED
from workflows.publish.ledger import Ledger, Question
from workflows.publish.model import ON_ASSET, Base, Mark
from workflows.publish.places import stored_name
from workflows.publish.vocabulary import Vocabulary
from workflows.ruling import SUGGESTED, Outcome, agreed, is_lower, latest, lowering, settled, tier_in_force
from workflows.store import Store
from workflows.store_records import StoredAsset

# --- what is asked, and what comes of it ---------------------------------------------------------------------------


def is_kept(decision: Decision, kept: Sequence[Decision]) -> bool:
    """Whether the same act is kept, or the same value since, by two people together."""
    ruled = latest(kept, decision.dimension, decision.column)
    since = ruled is not None and ruled.value == decision.value and ruled.at >= decision.at
    return since or any(_act(decision) == _act(one) for one in kept)


def _act(decision: Decision) -> tuple[str | None, str, str | None, str, str]:
    return (decision.column, decision.dimension, decision.value, decision.who, decision.at)


class Actor(NamedTuple):
    """Who settles a question: the person at the keyboard, and for whom when it is not for themselves."""

    person: Person
    behalf: Person | None = None

    @property
    def responsible(self) -> Person:
        return self.behalf or self.person

    @property
    def name(self) -> str:
        return f"{self.behalf.name}（{self.person.name}代录）" if self.behalf else self.person.name

    @property
    def acting(self) -> model.Actor:
        """As the audit trail has them."""
        return model.actor_of(self.person, account(), self.behalf.name if self.behalf else "")


@dataclass
class Settlement:
    """What settling questions came to."""

    settled: list[Question] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    """New ones: an accepted act that lowers a tier still needs a second person."""


def accept(
    store: Store, ledger: Ledger, names: Vocabulary, idents: Sequence[int], actor: Actor, at: str, reason: str = ""
) -> Settlement:
    """Let these acts count. All or none: raises `InputError` or `Refusal` before anything is written."""
    found = Settlement()
    for question in _open(ledger, idents):
        _check_may_rule(question, actor)
        _accept(store, names, question, actor, at, reason, found)
    found.decisions = completed(store, found.decisions)
    with Trail(store).acting(actor.acting, names.pack.ident) as acting:
        decide(acting, store, found.decisions)
        ledger.ask(found.questions, acting)
        _settle(ledger, found.settled, acting, reason)
    return found


def _accept(
    store: Store, names: Vocabulary, question: Question, actor: Actor, at: str, reason: str, found: Settlement
) -> None:
    if question.kind == "lowering":
        _check_second(question, actor)
        found.decisions.append(agreed(question, actor.person.name, at, reason))
    elif question.kind == "author":
        decision, stored = own(question, actor.name, at, reason), _stored(store, question)
        force = tier_in_force(stored, store.decisions(question.asset), question.column)
        if question.dimension != "tier" or not is_lower(question.value, force):
            found.decisions += [decision, *_with_review(decision, stored)]
        else:
            _check_personal(question, actor)
            found.questions.append(lowering(decision, force, names.shown, actor.person.id))
    found.settled.append(settled(question, "accepted", actor.name, at))


def own(question: Question, who: str, at: str, reason: str) -> Decision:
    """Somebody else's act as this person's decision."""
    told = f"采纳{question.who or '未知人员'}在OpenMetadata中的修改"
    return Decision(
        asset=question.asset,
        column=question.column,
        dimension=cast(Dimension, question.dimension),
        value=question.value,
        who=who,
        at=at,
        reason=f"{told}：{reason}" if reason else told,
        rejected=question.rejected,
    )


def _with_review(decision: Decision, stored: StoredAsset) -> Iterator[Decision]:
    """Whoever takes somebody's 已确认 as their own confirms every suggestion that now stands in the catalogue."""
    if (decision.dimension, decision.value) != ("review", "confirmed") or stored.verdict is None:
        return
    columns = {name: verdict.labels for name, verdict in stored.column_verdicts.items()}
    for column, labels in [(None, stored.verdict.labels), *columns.items()]:
        for label in labels:
            if label.dimension in SUGGESTED and label.state != "confirmed" and label.value != "undetermined":
                same = {"column": column, "dimension": label.dimension, "value": label.value}
                yield msgspec.structs.replace(decision, rejected=None, **same)


def refuse(
    ledger: Ledger, names: Vocabulary, idents: Sequence[int], actor: Actor, at: str, reason: str = ""
) -> Settlement:
    """Let these acts not count: the next publication puts the catalogue's label back, if nobody has touched it since.

    All or none: raises `InputError` or `Refusal` before anything is written.
    """
    found = Settlement()
    for question in _open(ledger, idents):
        _check_may_rule(question, actor)
        found.settled.append(settled(question, "refused", actor.name, at))
    called = names.as_published({key: base.fqn for key, base in ledger.definitions().items()})
    for question in found.settled:
        if question.kind != "objection":
            bases = ledger.bases([question.asset])
            ledger.save_bases({key: given_back(base, question, called) for key, base in bases.items()}, at)
    with Trail(ledger.store).acting(actor.acting, names.pack.ident) as acting:
        _settle(ledger, found.settled, acting, reason)
    return found


def given_back(base: Base, question: Question, names: Vocabulary) -> Base:
    """The base in which a refused label counts as ours to replace, and a refused removal as not done."""
    path = ON_ASSET if question.column is None else stored_name(question.column)

    def meant(place: str, mark: Mark, value: str | None) -> bool:
        meaning = names.meaning(mark.fqn) or (question.dimension, mark.fqn)
        return place.replace(NESTED, ".") == path and meaning == (question.dimension, value)

    ours = [item for item in base.seen if meant(*item, question.value)]
    seen = [item for item in base.seen if item not in ours]
    gone = [item for item in base.gone if question.value is not None or not meant(*item, question.rejected)]
    return msgspec.structs.replace(base, marks=[*base.marks, *ours], seen=seen, gone=gone)


# --- who may -----------------------------------------------------------------------------------------------------


def _open(ledger: Ledger, idents: Sequence[int]) -> list[Question]:
    known = {question.id: question for question in ledger.questions()}
    missing = [str(ident) for ident in idents if ident not in known]
    if missing:
        raise InputError(f"no open question {', '.join(missing)} (see `pdc pending`)")
    return [known[ident] for ident in dict.fromkeys(idents)]


def _check_may_rule(question: Question, actor: Actor) -> None:
    department = question.asset.split("/", 1)[0]
    if not actor.responsible.may_rule(department):
        raise Refusal(
            f"question {question.id}: {actor.responsible.name} may not rule on {department} "
            "(a steward or reviewer of that department in `people:` of site.yaml may)"
        )


def _check_personal(question: Question, actor: Actor) -> None:
    if actor.behalf is not None:
        raise Refusal(
            f"question {question.id} lowers a tier: nobody can agree to that for somebody else "
            "(let the person do it with their own account, or in OpenMetadata)"
        )


def _check_second(question: Question, actor: Actor) -> None:
    _check_personal(question, actor)
    if question.is_by(actor.person.id, actor.person.name):
        raise Refusal(
            f"question {question.id}: {actor.person.name} asked for the lower tier "
            "(another steward or reviewer of the department must agree)"
        )


def _stored(store: Store, question: Question) -> StoredAsset:
    row = next((item.id for item in store.judgeable() if item.key == question.asset), None)
    if row is None:
        raise InputError(f"question {question.id}: {question.asset} is no longer in the catalogue (refuse it)")
    return store.load([row])[0]


def _settle(ledger: Ledger, questions: Sequence[Question], acting: Acting, reason: str) -> None:
    for question in questions:
        outcome = cast(Outcome, question.state)
        told = (question.id, outcome, question.settled_by, question.settled_at)
        if not ledger.settle_question(*told, acting, reason):
            raise model.Conflict(f"question {question.id}: somebody else settled it meanwhile (see `pdc pending`)")
