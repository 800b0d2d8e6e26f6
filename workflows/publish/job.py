"""Publishing a site: plan → show → apply, on one server.

Order: what an earlier publication left is mended; definitions; assets schema by schema; lineage and foreign keys;
removals. A plan is made in the same order and writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select

from connectors.om_client import OpenMetadata
from connectors.om_names import split_fqn
from workflows import store_schema as schema
from workflows.clock import now
from workflows.errors import Refusal
from workflows.harvest import Progress, Silent
from workflows.publish.addresses import ledger_of
from workflows.publish.apply import Published, Publisher
from workflows.publish.definition_reads import PROPERTY
from workflows.publish.definitions import Applied, Facts, apply_definitions, plan_definitions
from workflows.publish.in_force import outlived
from workflows.publish.journal import Journal, Mended, Repairer, mend
from workflows.publish.links import Linker
from workflows.publish.merge import Scheme
from workflows.publish.model import ON_ASSET, Change, Definition, Plan, PlannedAsset, WantedAsset
from workflows.publish.places import Place, stored_name
from workflows.publish.planner import Names, Planner, allowed, by_parent, changes_of, conflicts_of, planned
from workflows.publish.protect import Guard
from workflows.publish.removals import Removals, Remover, removals
from workflows.publish.stored import Histories, Shelf, Terms, remember_renames, renames_of
from workflows.publish.taxonomy import definitions
from workflows.publish.vocabulary import MASK, vocabulary
from workflows.publish.wanted import Told, wanted_assets, wanted_places
from workflows.server_settings import ServerSettings
from workflows.store import Store

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.settings import Site


class PublishResult(msgspec.Struct, kw_only=True):
    """What ``pdc publish`` did."""

    server: str
    server_version: str
    definitions: int = 0
    """Changes of definitions that were written."""
    assets: Published
    links: int = 0
    mended: int = 0
    """Assets whose write an earlier publication had left unfinished."""
    refused: list[str] = []
    notices: list[str] = []
    conflicts: list[Change] = []
    """Of definitions; those of assets are in ``assets``."""
    failures: list[str] = []
    requests: dict[str, int] = {}
    seconds: float = 0.0

    @property
    def written(self) -> int:
        return self.definitions + self.assets.written + self.links

    @property
    def exit_code(self) -> int:
        if self.failures or self.assets.failures or self.assets.stale:
            return 3 if self.written or self.assets.unchanged else 1
        return Refusal.exit_code if self.refused else 0

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found | {"exit_code": self.exit_code}


class Publishing:
    """One site and one opened server. Use for one plan or one publication."""

    def __init__(
        self,
        site: Site,
        store: Store,
        pack: Pack,
        settings: ServerSettings,
        client: OpenMetadata,
        departments: tuple[str, ...] = (),
        *,
        progress: Progress | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self.site, self.store, self.pack, self.settings, self.client = site, store, pack, settings, client
        self.departments = [department.id for department in site.select(departments)] if departments else []
        self.features = client.features
        self.vocabulary = vocabulary(pack, settings, self.features)
        self.ledger = ledger_of(store, settings, client)
        self.at = clock().isoformat()
        self.shelf, self.histories = Shelf(client), Histories(client, renames_of(self.ledger))
        self.terms = Terms(client, self.vocabulary.glossary)
        groups = self.vocabulary.groups
        shared = frozenset({split_fqn(MASK)[0]})
        single = self.vocabulary.exclusive | {self.vocabulary.glossary} | shared
        self.scheme = Scheme(single, frozenset({groups["category"]}), shared)
        self.guard = Guard(site, pack, self.vocabulary, client, self.ledger)
        self.told = Told()
        self.progress = progress or Silent()

    # --- what is wanted ------------------------------------------------------------------------------------------

    @cached_property
    def _places(self) -> list[Place]:
        return list(wanted_places(self.store, self.site, self.features, self.departments))

    @cached_property
    def _definitions(self) -> list[Definition]:
        found = definitions(self.site, self.pack, self.vocabulary, self.features, self._places, self.departments)
        return self.guard.completed(found)

    @cached_property
    def _masks(self) -> bool:
        """Whether the server has the tag of masked columns."""
        return self.settings.protection.mask and self.client.get("tag", MASK) is not None

    def _wanted(self, step: str) -> Iterator[WantedAsset]:
        """The assets, as they stream; ``step`` is what the progress bar calls it."""
        self.told = Told()
        self.progress.start(step, len(self._places))
        for wanted in wanted_assets(
            self.store, self.site, self.pack, self.vocabulary, self.features, self.departments, self.told
        ):
            self.progress.advance(step, 1)
            yield wanted
        self.progress.finish(step)

    def _removals(self) -> Removals:
        return removals(self.store, self.ledger, self.site, self.departments, self.settings.removals)

    def _planner(self, facts: Facts, missing: set[str], renames: Mapping[str, str]) -> Planner:
        self.histories.renamed |= facts.renames
        wrong = {change.fqn for change in facts.conflicts if change.kind == PROPERTY and not change.field}
        unusable = missing | wrong

        def usable(fqn: str) -> bool:
            if fqn == MASK:
                return self._masks
            return facts.usable(fqn) and fqn not in unusable

        names = Names(self.scheme, renames, self._waiting(), usable)
        return Planner(self.shelf, self.histories, self.terms, self.ledger, names)

    def _waiting(self) -> dict[str, set[tuple[str, str]]]:
        """Labels that stay away once a person has taken them, confirmed ones too, by asset: nobody who may rule has
        settled it, or it is settled and the tier that stays in force is no reason to put it back. A version that came
        into force after that is one."""
        latest = {(one.asset, one.column, one.dimension): one.value for one in self.store.decisions()}
        found: set[tuple[str, str | None, str]] = {place for place, value in latest.items() if value is None}
        found -= outlived(self.store, found)
        questions = (one for one in self.ledger.questions() if one.kind == "author" and one.value is None)
        found |= {(one.asset, one.column, one.dimension) for one in questions}
        waiting: dict[str, set[tuple[str, str]]] = {}
        for asset, column, dimension in found:
            path = ON_ASSET if column is None else stored_name(column)
            waiting.setdefault(asset, set()).add((path, self.vocabulary.groups[dimension]))
        return waiting

    def _notices(self) -> list[str]:
        version, found = self.client.version, []
        if not self.features.reason:
            found.append(
                f"OpenMetadata {version} keeps no reasons with labels: they are in the plan and in `pdc explain`"
            )
        if not self.features.api_services and self._has_operations():
            found.append(f"OpenMetadata {version} has no API services: operations are published as tables")
        if self.settings.protection.mask and not self._masks:
            found.append(f"the server has no tag {MASK}: nothing is masked")
        return found + self.guard.notices + self.told.notices

    def _has_operations(self) -> bool:
        table = schema.assets
        with self.store.read() as connection:
            query = select(table.c.id).where(table.c.kind == "operation", table.c.vanished_at.is_(None)).limit(1)
            return connection.execute(query).first() is not None

    # --- plan ----------------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """Everything that publishing would write now. Writes nothing."""
        changes, facts = plan_definitions(self.client, self._definitions, self.ledger.definitions())
        planner = self._planner(facts, set(), facts.renames)
        assets, conflicts = [], list(facts.conflicts)
        for found in planner.drafts(self._wanted("plan")):
            item = planned(found)
            conflicts += conflicts_of(found)
            if item.changes:
                assets.append(item)
        gone = self._removals()
        return Plan(
            server=self.ledger.server,
            server_version=str(self.client.version),
            made_at=self.at,
            pack=self.pack.ident,
            definitions=tuple(changes),
            assets=(*assets, *(item.planned for item in gone.wanted)),
            conflicts=tuple(conflicts),
            notices=(*self._notices(), *gone.refused),
            failures=(*facts.failures, *planner.failures, *map(str, self.told.failures)),
            departments=tuple(self.departments),
        )

    # --- apply ---------------------------------------------------------------------------------------------------

    def publish(self, plan: Plan | None = None) -> PublishResult:
        """Write what is wanted, or what a saved plan holds. Raises `Refusal` before the first write when that plan is
        stale, and ``NotAuthenticated``; what a single asset or definition meets is in the result.
        """
        started = time.monotonic()
        repairer = Repairer(self.client, self.shelf, self.histories, self.scheme, self.terms)
        mended = mend(self.ledger, repairer, self.at)
        changes, facts = plan_definitions(self.client, self._definitions, self.ledger.definitions())
        if plan is not None:
            self._refuse_stale(plan, changes, facts)
        publication = self.ledger.begin(plan.digest if plan else "", self.at)
        remember_renames(self.ledger, facts.renames, self.at)
        applied = self._define(changes)
        journal = Journal(self.ledger, publication, self.at)
        planner = self._planner(facts, applied.missing, {})
        publisher = Publisher(self.client, planner, repairer, journal, self.settings.workers)
        by_key = {asset.key: asset for asset in plan.assets} if plan else None
        for group in by_parent(self._wanted("publish")):
            publisher.write(group, by_key)
        result = self._result(publisher, applied, facts, mended, planner)
        self._finish(publisher, publication, result, by_key)
        result.requests, result.seconds = dict(self.client.requests_made), time.monotonic() - started
        if not journal.open:
            self.ledger.finish(publication, self.at, {"written": result.written, "seconds": result.seconds})
        return result

    def _define(self, changes: list[Change]) -> Applied:
        """Write definitions; when nothing differs and all of them are known, not even look again."""
        known = self.ledger.definitions()
        if not changes and all(item.key in known for item in self._definitions):
            return Applied()
        return apply_definitions(self.client, self._definitions, changes, self.ledger, self.at)

    def _result(
        self, publisher: Publisher, applied: Applied, facts: Facts, mended: Mended, planner: Planner
    ) -> PublishResult:
        return PublishResult(
            server=self.ledger.server,
            server_version=str(self.client.version),
            definitions=len(applied.done),
            assets=publisher.result,
            mended=mended.assets,
            notices=self._notices(),
            conflicts=facts.conflicts,
            failures=[*mended.failures, *applied.failures, *planner.failures, *map(str, self.told.failures)],
        )

    def _finish(
        self, publisher: Publisher, publication: int, result: PublishResult, plan: Mapping[str, PlannedAsset] | None
    ) -> None:
        """Lineage, foreign keys and removals."""
        linker = Linker(self.client, self.ledger, self.at)
        linker.write(publisher.links)
        remover = Remover(self.client, self.ledger, publication, self.at)
        gone = self._removals()
        if plan is not None:
            gone = gone._replace(wanted=tuple(item for item in gone.wanted if item.key in plan))
        remover.remove(gone)
        result.links, result.assets.deleted = linker.written, remover.deleted
        result.refused += gone.refused
        result.failures += linker.failures + remover.failures

    # --- saved plans ---------------------------------------------------------------------------------------------

    def _refuse_stale(self, plan: Plan, changes: list[Change], facts: Facts) -> None:
        """Look at everything once more: a plan that no longer fits is refused whole."""
        if plan.server != self.ledger.server:
            raise Refusal(f"the plan is for {plan.server}, not {self.ledger.server} (plan again)")
        definitions_planned = {change.what for change in plan.definitions}
        stale = [change.fqn for change in changes if change.what not in definitions_planned]
        by_key = {asset.key: asset for asset in plan.assets}
        planner = self._planner(facts, set(), facts.renames)
        left = {asset.key for asset in plan.assets if asset.wanted}
        for found in planner.drafts(self._wanted("check the plan")):
            left.discard(found.wanted.key)
            item = by_key.get(found.wanted.key)
            if item is None:
                continue
            fresh = tuple(changes_of(found))
            if fresh and (item.wanted != found.wanted.digest or not allowed(fresh, item.changes)):
                stale.append(found.wanted.fqn)
        stale += [by_key[key].fqn for key in sorted(left)]
        if stale:
            shown = ", ".join(stale[:5]) + (f" and {len(stale) - 5} more" if len(stale) > 5 else "")
            raise Refusal(f"the plan is stale, nothing was written: {shown} changed since {plan.made_at} (plan again)")
