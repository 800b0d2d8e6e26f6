"""The job: harvest → classify → compile → outputs, for a whole site or some departments of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from connectors.base import ConnectorError, SystemConfig
from connectors.model import Failure
from workflows import catalogue
from workflows.acts.site import program
from workflows.acts.trail import Trail
from workflows.classify import ClassifyResult, classify
from workflows.clock import Clock, now
from workflows.entries import codes
from workflows.entries.changes import Changes, record_changes
from workflows.entries.states import states
from workflows.entry import Entry, SiteInfo
from workflows.errors import PackProblem, Refusal
from workflows.harvest import HarvestOptions, Progress, Silent, harvest
from workflows.harvest_result import HarvestResult, SystemResult
from workflows.schedule import Hours
from workflows.sharing.sweep import sweep
from workflows.store import Store

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.settings import Department, Site

Writer = Callable[[Sequence[Entry], SiteInfo, "Pack", Path], list[Path]]


def open_pack(name: str, overlays: Sequence[tuple[str, str]] = ()) -> Pack:
    """Load a policy pack; raises `PackProblem` with file and line."""
    from classifiers.pack_file import PackError
    from classifiers.policy import load_pack

    try:
        return load_pack(name, overlays)
    except PackError as exc:
        raise PackProblem(str(exc)) from exc


class RunResult(msgspec.Struct, kw_only=True):
    """What one run did; steps that were not asked for are None."""

    run: int
    harvest: HarvestResult | None = None
    classify: ClassifyResult | None = None
    numbered: int | None = None
    """Assets that got a catalogue number."""
    changed_entries: int = 0
    """Published entries whose change was found and written down: they wait to be submitted."""
    unread_entries: list[str] = []
    """Why published entries could not be compared: the store has lost their version in force."""
    expired_grants: int = 0
    """Grants of requests whose last day is past: they expired with this run."""
    outputs: list[Path] = []
    refused: str | None = None
    """Why an output was refused; everything else has been written."""
    totals: dict[str, Any] = {}
    first_run: bool = False
    """The store had no assets before."""
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        code = self.harvest.exit_code if self.harvest else 0
        if self.classify and self.classify.failed:
            code = code or (3 if self.classify.judged or self.classify.skipped else 1)
        code = code or (3 if self.unread_entries else 0)
        return Refusal.exit_code if self.refused and not code else code

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"run": self.run}
        if self.harvest:
            found |= self.harvest.as_json()
        found["totals"] = self.totals
        if self.classify:
            found["labels"] = self.classify.as_json()
        if self.numbered is not None:
            found["numbered"] = self.numbered
        if self.changed_entries:
            found["changed_entries"] = self.changed_entries
        if self.unread_entries:
            found["unread_entries"] = self.unread_entries
        if self.expired_grants:
            found["expired_grants"] = self.expired_grants
        if self.outputs:
            found["outputs"] = [str(path) for path in self.outputs]
        if self.refused:
            found["refused"] = self.refused
        return found | {"seconds": round(self.seconds, 3), "exit_code": self.exit_code}


class Job:
    """One run over a site's departments; each step may be taken alone.

    >>> # with Job(site, store, "run") as job:
    >>> #     job.harvest(); job.classify(); job.compile(); job.write_outputs()
    >>> #     print(job.result.exit_code)
    """

    def __init__(
        self,
        site: Site,
        store: Store,
        command: str,
        departments: Sequence[str] = (),
        *,
        progress: Progress | None = None,
        clock: Clock = now,
    ) -> None:
        self.site, self.store, self.command, self.clock = site, store, command, clock
        self.departments: tuple[Department, ...] = site.select(departments)
        self.whole = not departments
        self.progress = progress or Silent()
        self.at = clock().isoformat()
        self._pack: Pack | None = None
        self._started = time.monotonic()
        self.result = RunResult(run=0)

    def __enter__(self) -> Job:
        self.result.first_run = not self.store.totals()["assets"]
        self.result.run = self.store.start_run(self.command, self.at)
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        self.result.seconds = time.monotonic() - self._started
        self.result.totals = self.store.totals(self.ids)
        code = self.result.exit_code if kind is None else 1
        self.store.finish_run(self.result.run, self.clock().isoformat(), code, self.result.as_json())

    @property
    def ids(self) -> list[str]:
        return [department.id for department in self.departments]

    @property
    def pack(self) -> Pack:
        if self._pack is None:
            self._pack = open_pack(self.site.pack, self.site.overlays)
        return self._pack

    def harvest(
        self, *, resample: bool = False, accept_removals: bool = False, now: bool = False, full: bool = False
    ) -> HarvestResult:
        """Read every system of the departments that is not restricted; with ``now`` also outside its window.

        ``full``: also what its source says is unchanged.
        """
        settings = self.site.settings.harvest
        options = HarvestOptions(
            resample=resample,
            full=full,
            look_back=settings.look_back_time,
            accept_removals=accept_removals,
            removal_share=settings.removal_share,
            removal_grace=settings.removal_grace,
            threads=settings.workers,
            per_host=settings.per_host,
            hours=None if now else self._hours(),
            time_limits={key: self.site.time_limit(*key) for key in self._keys()},
        )
        configs, failed = self._configs()
        result = harvest(
            self.store,
            configs,
            run=self.result.run,
            at=self.at,
            as_of=self.clock().date(),
            restricted=self._forget_restricted(),
            options=options,
            progress=self.progress,
            pack=self.pack,
        )
        result.systems.extend(failed)
        result.notices.extend(self._settle_undeclared(accept_removals))
        for department, number in self._left().items():
            told = f"{number} entries in force of {department}, which is configured no longer, stay in force"
            result.notices.append(f"{told} until the office or the centre withdraws them (pdc entry withdraw)")
        order = {(d.id, s.id): i for i, (d, s) in enumerate(self.site.systems())}
        result.systems.sort(key=lambda item: order[item.department, item.system])
        self.result.harvest = result
        return result

    def _keys(self) -> list[tuple[str, str]]:
        return [(department.id, system.id) for department in self.departments for system in department.systems]

    def _hours(self) -> Hours:
        # The clock says what time it is where the site is: all of China has one time.
        windows = {key: window for key in self._keys() if (window := self.site.window(*key))}
        return Hours(windows, self.clock)

    def _settle_undeclared(self, accept_removals: bool) -> Iterator[str]:
        """Stored assets of systems that departments/*.yaml no longer names: told, and marked vanished when accepted."""
        for state in self.store.systems():
            department = next((one for one in self.departments if one.id == state.department), None)
            if department is None or any(system.id == state.system for system in department.systems):
                continue
            known = self.store.known(state.department, state.system).values()
            present = [item.id for item in known if not item.vanished]
            if not present:
                continue
            place = f"{len(present)} assets of {state.department}/{state.system}, which is configured no longer,"
            if accept_removals:
                self.store.mark_missing(present, self.at)
                yield f"{place} were marked vanished"
            else:
                yield f"{place} are still in the catalogue (--accept-removals takes them out)"

    def _configs(self) -> tuple[list[SystemConfig], list[SystemResult]]:
        """What to open, and the systems that cannot even be addressed."""
        configs, failed = [], []
        for department in self.departments:
            for system in department.systems:
                if system.is_restricted:
                    continue
                try:
                    configs.append(self.site.system_config(department.id, system.id))
                except ConnectorError as exc:
                    failed.append(_unaddressed(department.id, system.id, system.connector or "", exc.failure))
        return configs, failed

    def _forget_restricted(self) -> int:
        """Count the restricted systems; what they held before they were restricted leaves the store."""
        count = 0
        for department in self.departments:
            for system in department.systems:
                if system.is_restricted:
                    count += 1
                    self.store.forget([known.id for known in self.store.known(department.id, system.id).values()])
        return count

    def classify(self) -> ClassifyResult:
        """Judge what is new or different."""
        self.result.classify = classify(
            self.store,
            self.pack,
            {department.id: department.name for department in self.site.departments},
            run=self.result.run,
            at=self.at,
            as_of=self.clock().date(),
            departments=self.ids,
            progress=self.progress,
            workers=self.site.settings.classify.workers,
        )
        return self.result.classify

    def compile(self) -> int:
        """Give new assets their catalogue numbers; write down what harvest and calendar have changed."""
        # Departments are numbered in the configured order, whichever of them runs first.
        self.store.number_departments([department.id for department in self.site.departments])
        self.result.numbered = codes.number(self.store, self.ids, self.site.classes)
        found = self._record_changes()
        self.result.changed_entries, self.result.unread_entries = len(found.acts), found.unread
        self.result.expired_grants = len(sweep(Trail(self.store, self.clock), self.pack.ident))
        return self.result.numbered

    def _record_changes(self) -> Changes:
        """Published entries that are not as they were published: a change draft each; nothing published changes."""
        trail = Trail(self.store, self.clock)
        if next(trail.acts("entry", verb="publish"), None) is None:
            return Changes([], [])
        # What belongs to a system or department that is configured no longer counts as gone.
        systems = {(department.id, system.id) for department, system in self.site.systems()}
        found = [
            one for one in self.entries() if one.department in self.ids and (one.department, one.system) in systems
        ]
        return record_changes(trail, found, [*self.ids, *self._left()], program(), self.pack)

    def _left(self) -> dict[str, int]:
        """Departments that are configured no longer → their entries in force."""
        known = {department.id for department in self.site.departments}
        keys = (key.split("/", 1)[0] for key, state in states(Trail(self.store)).items() if state.in_force)
        return Counter(department for department in keys if department not in known)

    def write_outputs(self, writers: Sequence[Writer] = ()) -> list[Path]:
        """Write the site's outputs, of all departments: the page and the lists are the whole site's.

        A negative list without a law, regulation or rule behind it is refused; what the other writers write stays.
        """
        from workflows import outputs
        from workflows.outputs.lists import MissingBasisError

        self.progress.start("outputs", None)
        entries, info = self.entries(), self.info()
        for write in writers or (outputs.write_page, outputs.write_workbooks, outputs.write_lists):
            try:
                self.result.outputs.extend(write(entries, info, self.pack, self.site.out_dir))
            except MissingBasisError as exc:
                self.result.refused = str(exc)
        self.progress.finish("outputs")
        return self.result.outputs

    def entries(self) -> list[Entry]:
        """The catalogue entries of the whole site, in the configured order of departments."""
        found: list[Entry] = []
        told = catalogue.known(self.store)
        for department in self.site.departments:
            systems = {system.id: system for system in department.systems}
            found.extend(catalogue.entries(self.store, self.pack, department, systems, told))
        return found

    def info(self) -> SiteInfo:
        """What the outputs say about this run."""
        return SiteInfo(
            name=self.site.name,
            generated_at=self.at,
            pack=self.pack.ident,
            departments={department.id: department.name for department in self.site.departments},
            restricted_systems=self.site.restricted_systems,
            quarantined_assets=sum(system.quarantined for system in self.store.systems()),
        )


def _unaddressed(department: str, system: str, connector: str, failure: Failure) -> SystemResult:
    return SystemResult(department=department, system=system, connector=connector, failed=[failure])
