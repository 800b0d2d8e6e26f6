"""One asset's differences and their authors → what people decided, what waits for somebody, and the new base.

Only acts of people who may rule on the department are decisions. Everybody else's, and acts that history gives no
author for, become questions; so does a tier lower than the one in force, until a second person agrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, cast

import msgspec

from classifiers.evidence import Decision, Dimension
from connectors.base import BadInputError
from workflows.acts.described import Description
from workflows.people import Person, by_login
from workflows.publish.differences import Difference, column_of, known_base, stored_marks
from workflows.publish.history import Author, History, china_time, places
from workflows.publish.ledger import Question
from workflows.publish.model import ON_ASSET, Base, Entity, Mark
from workflows.publish.places import stored_name
from workflows.publish.questions import is_kept, own
from workflows.publish.vocabulary import Vocabulary
from workflows.ruling import (
    SUGGESTED,
    agreed,
    asked,
    describe,
    is_lower,
    latest,
    lowering,
    settled,
    tier_in_force,
)
from workflows.store_records import StoredAsset

DECIDED = frozenset((*SUGGESTED, "importance", "review"))


@dataclass(frozen=True)
class Setting:
    """What all assets of a pull share."""

    people: Sequence[Person]
    names: Vocabulary
    bots: frozenset[str]
    """Logins in lower case whose acts are no person's."""
    at: str
    """Time of the pull, ISO 8601."""

    def person(self, login: str, department: str) -> Person | None:
        """Who it is, if that person may rule on the department."""
        found = by_login(self.people, login)
        return found if found is not None and found.may_rule(department) else None

    def ident(self, name: str) -> str:
        """Whose name it is; empty for nobody's."""
        return next((person.id for person in self.people if person.name == name), "")


@dataclass(frozen=True)
class Case:
    """One asset as stored here and as it stands on the server."""

    stored: StoredAsset
    base: Base
    entity: Entity
    history: History
    decisions: Sequence[Decision]
    """This asset's so far, oldest first."""
    open_questions: Sequence[Question]
    differences: Sequence[Difference]
    texts: Mapping[str, str]
    """Path → description that is otherwise than we wrote it."""

    @property
    def key(self) -> str:
        return self.stored.asset.key

    @property
    def department(self) -> str:
        return self.stored.asset.department

    @cached_property
    def columns(self) -> dict[str, str]:
        """Name on the server → the source's own."""
        found: dict[str, str] = {}
        for column in self.stored.asset.columns:
            # A column whose name no server takes was not published.
            with suppress(BadInputError):
                found[stored_name(column.name)] = column.name
        return found

    def column(self, path: str) -> str | None:
        return column_of(path, self.columns)

    def path(self, column: str | None) -> str:
        """Where a column stands on the server; its name there when it does not."""
        if column is None:
            return ON_ASSET
        found = (path for path in places(self.entity) if path and self.column(path) == column)
        return next(found, stored_name(column))


class Rejection(NamedTuple):
    """A tag that somebody took off a column."""

    tag: str
    path: str
    element: str | None
    """What the column was thought to hold."""
    reason: str
    at: str


@dataclass
class Reading:
    """What one asset's differences come to."""

    key: str
    entity: Entity
    base: Base
    decisions: list[Decision] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    settled: list[Question] = field(default_factory=list)
    descriptions: list[Description] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    """(path, login) of descriptions by people who may not rule: they stay, and count for nothing here."""


def read(case: Case, setting: Setting) -> Reading:
    """Everything that people did to one asset since it was written or pulled last."""
    return _Reader(case, setting).run()


class _Reader:
    def __init__(self, case: Case, setting: Setting) -> None:
        self.case, self.setting, self.names = case, setting, setting.names
        base = known_base(case.base, case.entity)
        self.marks, self.seen, self.gone = dict(_placed(base.marks)), dict(_placed(base.seen)), dict(_placed(base.gone))
        self.texts, self.pulled = dict(base.texts), dict(base.pulled)
        confirmed = (one for one in base.marks if one[1].state == "Confirmed" and one[1].label_type != "Manual")
        self.confirmed = {(path, mark.fqn) for path, mark in confirmed}
        """What we wrote as confirmed: by somebody's ruling, or by the version in force."""
        self.reading = Reading(case.key, case.entity, base)

    def run(self) -> Reading:
        self._agreements()
        for difference in self.case.differences:
            self._difference(difference)
        self._descriptions()
        found = self.reading
        found.decisions.sort(key=lambda decision: decision.at)
        found.base = msgspec.structs.replace(
            found.base,
            version=self.case.entity.get("version") or 0.0,
            marks=_listed(self.marks),
            seen=_listed(self.seen),
            gone=_listed(self.gone),
            texts=self.texts,
            pulled=self.pulled,
        )
        return found

    # --- labels --------------------------------------------------------------------------------------------------

    def _difference(self, found: Difference) -> None:
        author = self._author(found)
        if found.kind == "stamped" and author is None and found.path == ON_ASSET:
            self._restamped(found)
        elif not self._is_ours_to_leave(found, author):
            self._dealt_with(found)
            self._rule(found, author)

    def _author(self, found: Difference) -> Author | None:
        """Who did it; a table's restamped labels have no author unless somebody put them anew."""
        history, path = self.case.history, found.path
        if found.kind == "removed":
            return history.removed_by(path, found.mark.fqn)
        look = history.put_by if path == ON_ASSET else history.stamped_by
        author = look(path, found.mark.fqn)
        if found.kind == "stamped" and author is not None and not author.person:
            author = None
        return author or (None if path == ON_ASSET else self._applied(path, found.mark.fqn))

    def _applied(self, path: str, fqn: str) -> Author | None:
        """What a 2.0 label says of itself."""
        place = places(self.case.entity)[path]
        label: Entity = next((one for one in place.get("tags") or [] if one["tagFQN"] == fqn), {})
        login, at = label.get("appliedBy") or "", china_time(label.get("appliedAt") or "")
        if not login or not at or login.casefold() in self.setting.bots:
            return None
        return Author(login, True, at, self.case.entity.get("version") or 0.0)

    def _is_ours_to_leave(self, found: Difference, author: Author | None) -> bool:
        """What a bot did, and what got lost without anybody's act: publishing sees to it."""
        if author is not None:
            return not author.person
        if found.kind == "removed":
            return True
        return found.path != ON_ASSET and not found.mark.by_person

    def _restamped(self, found: Difference) -> None:
        """Stays ours, as it now stands, so that publishing may put its state right."""
        self.marks[found.path, found.mark.fqn] = found.mark

    def _dealt_with(self, found: Difference) -> None:
        for mark in (found.old, found.new):
            if mark is not None:
                for known in (self.marks, self.seen, self.gone):
                    known.pop((found.path, mark.fqn), None)
        if found.new is not None:
            self.seen[found.path, found.new.fqn] = found.new
        elif found.old is not None and found.dimension != "review":
            # An empty 审核状态 is no opinion: publishing writes 待确认 again.
            self.gone[found.path, found.old.fqn] = found.old

    def _rule(self, found: Difference, author: Author | None) -> None:
        if found.dimension not in DECIDED:
            return
        person = self.setting.person(author.login, self.case.department) if author else None
        decision = self._decision(found, author, person)
        if decision is None:
            self._ask("conflict", self._plain(found, author), "目录没有这个标签，不能作为决定")
        elif person is None:
            self._supersede(decision)
            self._ask("author", decision, "此人未登记为本部门可裁定人员" if author else "变更历史未记录何人")
        else:
            self._supersede(decision)
            self._decide(decision)
            if found.dimension == "review":
                self._reviewed(decision, cast(Author, author), person)
            self._reject(found, decision)

    def _decision(self, found: Difference, author: Author | None, person: Person | None) -> Decision | None:
        """The act as a decision; None for a tag in our classification that no pack knows."""
        meaning = self.names.meaning(found.new.fqn) if found.new else None
        if found.new is not None and meaning is None:
            return None
        plain = self._plain(found, author)
        value = meaning[1] if meaning else "pending" if found.dimension == "review" else None
        verb = {"set": "设定", "removed": "移除", "stamped": "确认"}[found.kind]
        who = person.name if person else plain.who
        return msgspec.structs.replace(plain, value=value, who=who, reason=f"在OpenMetadata中{verb}")

    def _plain(self, found: Difference, author: Author | None) -> Decision:
        """Who, when and where, with the label's full name as value."""
        old = found.old if found.old is not None and found.kind != "stamped" else None
        refused = self.names.meaning(old.fqn) if old else None
        return Decision(
            asset=self.case.key,
            column=self.case.column(found.path),
            dimension=cast(Dimension, found.dimension),
            value=found.mark.fqn,
            who=author.login if author else "",
            at=author.at if author else china_time(self.case.entity.get("updatedAt") or 0),
            rejected=refused[1] if refused else None,
        )

    def _decide(self, decision: Decision) -> None:
        """A decision, or, for a tier lower than the one in force, the question whether a second person agrees."""
        if is_kept(decision, self.case.decisions):
            return
        force = tier_in_force(self.case.stored, self.case.decisions, decision.column)
        if decision.dimension != "tier" or not is_lower(decision.value, force):
            self.reading.decisions.append(decision)
            return
        question = lowering(decision, force, self.names.shown, self.setting.ident(decision.who))
        second = self._second(question, self._row_since(question))
        if second is None:
            self.reading.questions.append(question)
        else:
            self.reading.decisions.append(agreed(question, second[0].name, second[1], "在OpenMetadata中同意"))

    def _ask(self, kind: str, decision: Decision, why: str) -> None:
        self.reading.questions.append(asked(kind, decision, f"{describe(decision, self.names.shown)}：{why}"))

    def _supersede(self, decision: Decision) -> None:
        """An open question on the same label is overtaken: what it asked about stands no longer."""
        place = (decision.column, decision.dimension)
        for question in self.case.open_questions:
            same = (question.value, question.who, question.at) == (decision.value, decision.who, decision.at)
            if (question.column, question.dimension) == place and question.kind != "objection" and not same:
                self.reading.settled.append(settled(question, "refused", decision.who, decision.at))

    def _reject(self, found: Difference, decision: Decision) -> None:
        if found.path and found.kind != "stamped" and found.old is not None and found.old.source == "Classification":
            verdict = self.case.stored.column_verdicts.get(decision.column or "")
            reason = f"{decision.who}于{decision.at[:10]}{decision.reason}"
            element = verdict.element if verdict else None
            self.reading.rejections.append(Rejection(found.old.fqn, found.path, element, reason, decision.at))

    # --- 审核状态 ------------------------------------------------------------------------------------------------

    def _reviewed(self, decision: Decision, author: Author, person: Person) -> None:
        if decision.value == "objected":
            self._ask("objection", decision, "请与数据提供单位核对后逐项处理")
            return
        for question in self.case.open_questions:
            if question.kind == "objection":
                self.reading.settled.append(settled(question, "accepted", decision.who, decision.at))
        if decision.value == "confirmed":
            for confirmed in self._confirmed_with_table(author, person):
                self._decide(confirmed)

    def _confirmed_with_table(self, author: Author, person: Person) -> Iterator[Decision]:
        """Every suggestion that stood on the table when it was marked 已确认.

        People's own labels are theirs, and what was ruled on or published is no suggestion.
        """
        entity = self.case.history.whole(author.version) or self.case.entity
        for path, mark in stored_marks(entity):
            meaning = self.names.meaning(mark.fqn)
            if meaning is None or meaning[0] not in SUGGESTED or self._is_settled(path, mark):
                continue
            column, (dimension, value) = self.case.column(path), meaning
            ruled = latest(self.case.decisions, dimension, column)
            if ruled is None or ruled.value != value:
                yield Decision(
                    asset=self.case.key,
                    column=column,
                    dimension=cast(Dimension, dimension),
                    value=value,
                    who=person.name,
                    at=author.at,
                    reason="在OpenMetadata中将全表标为已确认",
                )

    def _is_settled(self, path: str, mark: Mark) -> bool:
        if path != ON_ASSET:
            return mark.by_person
        author = self.case.history.put_by(path, mark.fqn)
        return (path, mark.fqn) in self.confirmed or (author is not None and author.person)

    # --- a second person's agreement -----------------------------------------------------------------------------

    def _agreements(self) -> None:
        for question in self.case.open_questions:
            if question.kind == "lowering":
                second = self._second(question, question.at)
                if second is not None:
                    person, at = second
                    self.reading.decisions.append(agreed(question, person.name, at, "在OpenMetadata中同意"))
                    self.reading.settled.append(settled(question, "accepted", person.name, at))
            elif question.kind == "author" and question.dimension in SUGGESTED:
                self._taken_over(question)

    def _taken_over(self, question: Question) -> None:
        """Somebody who may rule put the same tag that somebody else had put: now it is theirs."""
        taken = next(self._put_by_ruling(question, question.at), None)
        if taken is not None:
            person, at = taken
            decision = own(question, person.name, at, "")
            self.reading.settled.append(settled(question, "accepted", person.name, at))
            self._decide(decision)

    def _second(self, question: Question, since: str) -> tuple[Person, str] | None:
        """Somebody else who may rule and, after a time, put the same tag as well or marked the table 已确认."""
        path, fqn = self.case.path(question.column), self.names.tag("tier", question.value or "")
        history = self.case.history
        confirmed = history.put_since(ON_ASSET, self.names.review("confirmed"), since)
        seen = (author for author in confirmed if _stands(history.whole(author.version), path, fqn))
        acts = (*self._put_by_ruling(question, since), *self._ruling(seen))
        if not _stands(self.case.entity, path, fqn):
            return None
        return next(((person, at) for person, at in acts if not question.is_by(person.id, person.name)), None)

    def _put_by_ruling(self, question: Question, since: str) -> Iterator[tuple[Person, str]]:
        """Who may rule and has, after a time, put the tag in question, which still stands; newest first."""
        named = self.names.named.get((question.dimension, question.value or ""))
        path = self.case.path(question.column)
        if named is not None and _stands(self.case.entity, path, named.fqn):
            yield from self._ruling(self.case.history.put_since(path, named.fqn, since))

    def _ruling(self, authors: Iterable[Author]) -> Iterator[tuple[Person, str]]:
        for author in authors:
            person = self.setting.person(author.login, self.case.department) if author.person else None
            if person is not None:
                yield person, author.at

    def _row_since(self, question: Question) -> str:
        """Since when nobody has put another tier in the same place: who did before spoke of something else."""
        path, fqn = self.case.path(question.column), self.names.tag("tier", question.value or "")
        puts = (act for act in self.case.history.acts if act.what == "added" and path in act.paths and act.mark)
        others = (act.at for act in puts if act.mark and act.mark.fqn != fqn and self._is_tier(act.mark))
        return next(others, "")

    def _is_tier(self, mark: Mark) -> bool:
        return (self.names.meaning(mark.fqn) or ("", ""))[0] == "tier"

    # --- descriptions --------------------------------------------------------------------------------------------

    def _descriptions(self) -> None:
        for path, text in self.case.texts.items():
            author = self.case.history.text_by(path)
            if author is not None and not author.person:
                continue
            person = self.setting.person(author.login, self.case.department) if author else None
            if author is not None and person is not None:
                column = self.case.column(path)
                self.reading.descriptions.append(Description(self.case.key, text, person.name, author.at, column))
                self.texts[path], self.pulled[path] = text, self.setting.at
            else:
                # No longer what we wrote: so it stays as it is, whoever wrote it.
                self.texts.pop(path, None)
                self.reading.kept.append((path, author.login if author else ""))


def _stands(entity: Entity | None, path: str, fqn: str) -> bool:
    return entity is not None and any((place, mark.fqn) == (path, fqn) for place, mark in stored_marks(entity))


def _placed(marks: Sequence[tuple[str, Mark]]) -> Iterator[tuple[tuple[str, str], Mark]]:
    return (((path, mark.fqn), mark) for path, mark in marks)


def _listed(marks: Mapping[tuple[str, str], Mark]) -> list[tuple[str, Mark]]:
    return [(path, mark) for (path, _), mark in marks.items()]
