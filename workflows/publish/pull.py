"""Bring people's work in OpenMetadata back: what differs from what was written becomes decisions and questions.

Reads the server schema by schema, and the history only of assets with a difference. What was found is saved in an order
in which a crash at any point at worst lets the next pull find the same act again; the same act is never kept twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from classifiers.evidence import Decision
from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAuthenticated, NotFound, ServerError
from connectors.om_kinds import kind_of
from connectors.om_names import join_fqn, split_fqn
from workflows.acts.decisions import decide
from workflows.acts.described import Description
from workflows.acts.site import program
from workflows.acts.trail import Trail
from workflows.batches import chunks
from workflows.packs import completed
from workflows.people import Person
from workflows.publish.addresses import with_elsewhere
from workflows.publish.definition_reads import names_by_people
from workflows.publish.differences import differences, known_base, text_differences
from workflows.publish.exceptions import except_from
from workflows.publish.history import history_of
from workflows.publish.journal import arrived
from workflows.publish.ledger import Ledger, Question, renamed_base, renamed_fqn
from workflows.publish.model import AssetKind, Base, Entity
from workflows.publish.questions import is_kept
from workflows.publish.rulings import Case, Reading, Setting, read
from workflows.publish.stored import SERVER_KINDS, Histories, renames_of
from workflows.publish.vocabulary import Vocabulary
from workflows.ruling import Outcome
from workflows.store import Store
from workflows.store_records import StoredAsset

BATCH = 50
_TABLE_PARTS = 4
"""Service, database, schema and name; an endpoint has no database."""


class Kept(msgspec.Struct, frozen=True):
    """A description by somebody who may not rule; it stays on the server and is not taken into the catalogue."""

    asset: str
    column: str
    who: str


class PullResult(msgspec.Struct, kw_only=True):
    looked_at: int = 0
    """Published assets that were compared."""
    changed: int = 0
    """Assets with something new on them."""
    decisions: list[Decision] = []
    questions: list[Question] = []
    settled: list[Question] = []
    descriptions: list[Description] = []
    kept: list[Kept] = []
    notices: list[str] = []
    failures: list[str] = []
    """Schemas that could not be read; all others were."""
    dry_run: bool = False

    @property
    def exit_code(self) -> int:
        return (3 if self.looked_at else 1) if self.failures else 0

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


@dataclass(frozen=True)
class Puller:
    """One site's store beside one server."""

    store: Store
    ledger: Ledger
    client: OpenMetadata
    names: Vocabulary
    people: Sequence[Person]
    at: str
    """Time of the pull, ISO 8601."""

    def run(self, departments: Sequence[str] = (), *, dry_run: bool = False) -> PullResult:
        """Pull these departments (none given = all). ``dry_run``: tell, and save nothing."""
        return _Pull(self, dry_run).run(departments)


class _Schema(NamedTuple):
    """Published assets of one schema or API collection."""

    kind: AssetKind
    fqn: str
    rows: Mapping[str, int]
    """Asset key → row in the store."""


@dataclass
class _Pull:
    site: Puller
    dry_run: bool
    result: PullResult = field(init=False)
    asked: Mapping[str, list[Question]] = field(init=False)
    """Asset key → open questions, oldest first."""

    names: Vocabulary = field(init=False)
    """As the server calls things now."""

    def __post_init__(self) -> None:
        self._call({})
        self.result = PullResult(dry_run=self.dry_run)
        self.histories = Histories(self.site.client)
        ledger = self.site.ledger
        self.in_flight = {item.key: item for one in ledger.unfinished() for item in ledger.in_flight(one.id)}
        self.asked = defaultdict(list)
        for question in self.site.ledger.questions():
            self.asked[question.asset].append(question)

    def _call(self, theirs: Mapping[str, str]) -> None:
        """Call tags as the server does. ``theirs``: FQN that was written last → what people have renamed it to."""
        known = self.site.ledger.definitions()
        now = {key: renamed_fqn(base.fqn, theirs) for key, base in known.items()}
        self.names = self.site.names.as_published(now)
        former = {old: new for old, new in renames_of(self.site.ledger).items() if old not in theirs.values()}
        self.renamed = {**former, **theirs}

    @cached_property
    def _theirs(self) -> Mapping[str, str]:
        """What people renamed, asked when something differs: every label of a renamed tag does."""
        found = names_by_people(self.site.client, self.site.ledger.definitions())
        if found:
            self._call(found)
        return found

    def run(self, departments: Sequence[str]) -> PullResult:
        for schema in self._schemas(departments):
            try:
                for batch in chunks(self._cases(schema), BATCH):
                    self._save(schema.kind, [read(case, self._setting()) for case in batch])
            except NotAuthenticated:
                raise
            except ServerError as exc:
                self.result.failures.append(f"{schema.fqn}: {exc}")
        return self.result

    def _schemas(self, departments: Sequence[str]) -> list[_Schema]:
        """Every schema with published assets, in order of name."""
        found: dict[tuple[AssetKind, str], dict[str, int]] = {}
        for batch in chunks(self.site.store.judgeable(departments)):
            rows = {item.key: item.id for item in batch}
            for key, base in self.site.ledger.bases(rows).items():
                if not base.deleted:
                    found.setdefault(_parent(base.fqn), {})[key] = rows[key]
        return [_Schema(kind, parent, rows) for (kind, parent), rows in sorted(found.items())]

    def _setting(self) -> Setting:
        bots = frozenset(login.casefold() for login in self.histories.bots)
        return Setting(self.site.people, self.names, bots, self.site.at)

    # --- reading -------------------------------------------------------------------------------------------------

    def _cases(self, schema: _Schema) -> Iterator[Case]:
        """The schema's assets on which something is new, as far as the server shows them."""
        bases = {base.fqn: (key, base) for key, base in self.site.ledger.bases(schema.rows).items()}
        kind = kind_of(SERVER_KINDS[schema.kind])
        fields = ["columns", "tags"] if schema.kind == "table" else ["tags"]
        rows = self.site.client.list(kind.name, fields=fields, **{kind.parent_param: schema.fqn})
        for entity in rows:
            known = bases.get(entity["fullyQualifiedName"])
            if known is not None:
                self.result.looked_at += 1
                yield from self._case(schema, *known, entity)

    def _case(self, schema: _Schema, key: str, base: Base, entity: Entity) -> Iterator[Case]:
        base = self._with_arrived(key, base, entity)
        if not self._differs(key, base, entity):
            return
        base = with_elsewhere(base, entity, self.site.ledger.elsewhere(key)) or base
        base = renamed_base(base, self._theirs)
        if not self._differs(key, base, entity):
            return
        try:
            versions = self.site.client.versions(SERVER_KINDS[schema.kind], entity["id"])
        except NotFound:
            # Deleted for good since it was listed.
            return
        history = history_of(versions, self.histories.bots, self.renamed)
        entity = _latest(entity, versions)
        compared = known_base(base, entity)
        found = differences(compared, entity, self.names)
        decisions, texts = self.site.store.decisions(key), text_differences(compared, entity)
        stored = self._stored(schema.rows[key])
        if stored is not None:
            yield Case(stored, base, entity, history, decisions, self.asked.get(key, ()), found, texts)

    def _with_arrived(self, key: str, base: Base, entity: Entity) -> Base:
        """With the labels of a write that was cut off: the next publication learns them; no person put them."""
        item = self.in_flight.get(key)
        found = arrived(item, entity) if item is not None else []
        places = {(path, mark.fqn) for path, mark in found}
        marks = [(path, mark) for path, mark in base.marks if (path, mark.fqn) not in places]
        return msgspec.structs.replace(base, marks=[*marks, *found]) if found else base

    def _differs(self, key: str, base: Base, entity: Entity) -> bool:
        compared = known_base(base, entity)
        # The same tag put again by somebody else settles these; it looks as if nothing had happened.
        waiting = any(
            question.kind in ("lowering", "author") and question.value for question in self.asked.get(key, ())
        )
        return bool(waiting or differences(compared, entity, self.names) or text_differences(compared, entity))

    def _stored(self, row: int) -> StoredAsset | None:
        return next(iter(self.site.store.load([row])), None)

    # --- saving --------------------------------------------------------------------------------------------------

    def _save(self, kind: AssetKind, readings: Sequence[Reading]) -> None:
        """The base comes last: until it is saved, the next pull finds everything again."""
        readings = [self._unrecorded(reading) for reading in readings]
        decisions = [decision for reading in readings for decision in reading.decisions]
        questions = [question for reading in readings for question in reading.questions]
        descriptions = [item for reading in readings for item in reading.descriptions]
        ended = [question for reading in readings for question in reading.settled]
        if not self.dry_run:
            decisions = completed(self.site.store, decisions)
            if decisions or questions or descriptions or ended:
                with Trail(self.site.store).acting(program(), self.names.pack.ident) as acting:
                    decide(acting, self.site.store, decisions)
                    questions = self.site.ledger.ask(questions, acting)
                    self.site.ledger.describe(descriptions, acting)
                    for one in ended:
                        outcome: Outcome = "accepted" if one.state == "accepted" else "refused"
                        self.site.ledger.settle_question(one.id, outcome, one.settled_by, one.settled_at, acting)
            self._except(kind, readings)
            self.site.ledger.save_bases({reading.key: reading.base for reading in readings}, self.site.at)
        self._tell(readings, decisions, questions, descriptions, ended)

    def _unrecorded(self, reading: Reading) -> Reading:
        """Without what a pull that was cut off has kept already."""
        if reading.decisions:
            kept = self.site.store.decisions(reading.key)
            reading.decisions = [decision for decision in reading.decisions if not is_kept(decision, kept)]
        if reading.descriptions:
            known = self.site.ledger.descriptions([reading.key])
            new = [item for item in reading.descriptions if known.get((item.asset, item.column)) != item]
            reading.descriptions = new
        return reading

    def _except(self, kind: AssetKind, readings: Sequence[Reading]) -> None:
        if not (self.names.settings.recognizers and self.site.client.features.recognizers):
            return
        for reading in readings:
            fqn = reading.entity["fullyQualifiedName"]
            self.result.notices.extend(except_from(self.site.client, kind, fqn, reading.rejections))

    def _tell(
        self,
        readings: Sequence[Reading],
        decisions: Sequence[Decision],
        questions: Sequence[Question],
        descriptions: Sequence[Description],
        ended: Sequence[Question],
    ) -> None:
        result = self.result
        result.changed += sum(bool(one.decisions or one.questions or one.descriptions) for one in readings)
        result.decisions.extend(decisions)
        result.questions.extend(questions)
        result.descriptions.extend(descriptions)
        result.settled.extend(ended)
        result.kept.extend(Kept(one.key, path, who) for one in readings for path, who in one.kept)


def _parent(fqn: str) -> tuple[AssetKind, str]:
    parts = split_fqn(fqn)
    return ("table" if len(parts) == _TABLE_PARTS else "endpoint"), join_fqn(*parts[:-1])


def _latest(entity: Entity, versions: Sequence[Entity]) -> Entity:
    """The entity as listed, unless somebody has written it since: then as its newest version says."""
    newest = versions[0] if versions else entity
    return entity if newest.get("version") == entity.get("version") else {**entity, **newest}
