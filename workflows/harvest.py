"""Harvest: departments' systems become stored assets with evidence; what fails is named and the rest goes on.

Sampled values live only inside `_sampled`: what leaves it is each recognizer's evidence. Unchanged structures are
neither written nor sampled again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

import msgspec

from classifiers.evidence import Evidence, Finding
from connectors.base import Connector, ConnectorError, SourceRetryError, SystemConfig, is_quarantined, open_connector
from connectors.model import Asset, Failure, Listing
from workflows.batches import chunks
from workflows.contract import (
    blamed,
    checked_failures,
    checked_listing,
    checked_sample,
    checked_texts,
    is_restricted,
    opened,
    os_failure,
)
from workflows.errors import WorkflowError, unforeseen
from workflows.harvest_result import HarvestResult, SystemResult, events
from workflows.inputs import table_input
from workflows.intake import Intake
from workflows.masking import masked_asset, masked_text
from workflows.patience import GivenUp, Patience, span_text
from workflows.sampling import Worth
from workflows.schedule import Hours, Window, host_of, side_by_side
from workflows.store import Store
from workflows.store_records import Harvested, Known, SystemState
from workflows.unchanged import LONGEST_STAMP, config_digest, rows_changed, since, skippable

if TYPE_CHECKING:
    from classifiers.policy import Pack

BATCH = 500
REPORT_HINT = "this is a fault of the program: please report it"

Observe = Callable[..., dict[str, tuple[Evidence, ...]]]
"""`classifiers.engine.observe`, or a test's."""


class Progress(Protocol):
    """Who wants to know how far a step is; every method may be called from several threads."""

    def start(self, step: str, total: int | None) -> None: ...

    def advance(self, step: str, count: int) -> None: ...

    def finish(self, step: str) -> None: ...


class Silent:
    """Progress that nobody watches."""

    def start(self, step: str, total: int | None) -> None: ...

    def advance(self, step: str, count: int) -> None: ...

    def finish(self, step: str) -> None: ...


class HarvestOptions(msgspec.Struct, frozen=True, kw_only=True):
    resample: bool = False
    """Sample unchanged assets too."""
    full: bool = False
    """Read what the sources say is unchanged, too."""
    look_back: timedelta = timedelta(days=1)
    """What changed so long before the last complete run, or later, is read."""
    removal_share: float = 0.2
    """Above this share of a system's assets missing at once, none is marked vanished."""
    removal_grace: int = 1
    """Runs in a row that an asset must be missing before it counts as vanished."""
    accept_removals: bool = False
    """The operator says that what is missing is really gone."""
    threads: int = 3
    per_host: int = 1
    """Systems on one ``host:port`` that are read at once."""
    hours: Hours | None = None
    """When which system may be read; None = now."""
    time_limit: timedelta = timedelta(hours=4)
    """How long one system may be read."""
    time_limits: Mapping[tuple[str, str], timedelta] = {}
    """By department and system, where it is another."""


def harvest(
    store: Store,
    configs: Sequence[SystemConfig],
    *,
    run: int,
    at: str,
    as_of: date,
    restricted: int = 0,
    options: HarvestOptions | None = None,
    progress: Progress | None = None,
    opener: Callable[[SystemConfig], Connector] = open_connector,
    observe: Observe | None = None,
    pack: Pack | None = None,
) -> HarvestResult:
    """Harvest systems side by side, few of one host; results stand in the order of ``configs``.

    ``pack`` knows the site's own terms and codebooks: columns of passwords are told by them and never sampled.
    """
    chosen = options or HarvestOptions()
    observe = observe or _engine_observe()

    stop = threading.Event()

    def one(config: SystemConfig) -> SystemResult:
        job = _SystemHarvest(store, config, chosen, run, at, as_of, progress or Silent(), observe, pack, stop)
        return job.run(opener)

    # Ctrl-C must not wait until every system has been read.
    hosts, threads = [host_of(config) for config in configs], max(1, chosen.threads)
    results = side_by_side(configs, hosts, one, threads=threads, per_host=chosen.per_host, stop=stop.set)
    store.add_events(run, at, [event for result in results for event in events(result)])
    return HarvestResult(systems=results, restricted=restricted)


def _engine_observe() -> Observe:
    from classifiers.engine import observe

    return observe


def _evidence_version() -> str:
    from classifiers.engine import evidence_version

    return evidence_version()


class _SystemHarvest:
    """One system in one run."""

    def __init__(
        self,
        store: Store,
        config: SystemConfig,
        options: HarvestOptions,
        run: int,
        at: str,
        as_of: date,
        progress: Progress,
        observe: Observe,
        pack: Pack | None,
        stop: threading.Event,
    ) -> None:
        self.store, self.config, self.options = store, config, options
        self.run_id, self.at, self.as_of = run, at, as_of
        self.progress, self.observe, self.pack, self.stop = progress, observe, pack, stop
        self.limit = options.time_limits.get((config.department, config.id), options.time_limit)
        self.patience = Patience(self.limit.total_seconds(), stop)
        self.step = f"{config.department}/{config.id}"
        self.result = SystemResult(department=config.department, system=config.id, connector=config.connector)
        self.prefix = f"{self.step}/"
        self.digest = config_digest(config)
        self.engine = _evidence_version() if config.sample_rows > 0 else None
        self.known: dict[str, Known] = {}
        self.skippable: dict[str, str] = {}
        self.seen: set[str] = set()
        self.returned: list[int] = []
        self.stamps: dict[int, str] = {}
        """New stamps of stored assets that are not written otherwise."""
        self.intake = Intake(config, self._check_time)
        self.worth = Worth(store, self.prefix, pack)

    def run(self, opener: Callable[[SystemConfig], Connector]) -> SystemResult:
        if window := self._closed():
            return self._skip(window)
        started = time.monotonic()
        try:
            in_time = self.patience.run(lambda: self._attempt(opener))
        finally:
            self.progress.finish(self.step)
        done = self.result if in_time else self._given_up()
        done.seconds = time.monotonic() - started
        self._save_state(done)
        return done

    def _attempt(self, opener: Callable[[SystemConfig], Connector]) -> None:
        try:
            with opened(opener, self.config) as source:
                self._harvest(source)
        except ConnectorError as exc:
            self._fail(exc.failure)
        except (WorkflowError, GivenUp):
            raise
        except OSError as exc:
            self._fail(os_failure(exc))
        except Exception as exc:
            # One system's mistake must not keep the others from being read.
            self._fail(Failure(what=unforeseen(exc), hint=REPORT_HINT))

    def _given_up(self) -> SystemResult:
        """What is written stays; the thread that hangs goes on with the result that it has, should it come back."""
        hint = "what was read is kept; look at the source, or give the system a longer time_limit"
        failure = Failure(what=f"it did not end within {span_text(self.limit)} and was given up", hint=hint)
        failed, notices = [*self.result.failed, failure], list(self.result.notices)
        return msgspec.structs.replace(self.result, failed=failed, notices=notices, complete=False)

    def _closed(self) -> Window | None:
        return self.options.hours.closed(self.config) if self.options.hours else None

    def _skip(self, window: Window) -> SystemResult:
        """Leave the system and its state alone, but take out what the configuration restricts now."""
        self.known = self.store.known(self.config.department, self.config.id)
        self._forget_hidden(frozenset())
        self.result.skipped = True
        self.result.notices.append(f"outside its window {window}; nothing was read (--now reads it)")
        return self.result

    def _fail(self, failure: Failure) -> None:
        self.result.failed.append(masked_failure(failure))

    def _harvest(self, source: Connector) -> None:
        name = self.config.connector
        self._skip_unchanged(source)
        with blamed(name):
            source.probe()
            listing = checked_listing(source.list_assets(), name)
            quarantined = frozenset(map(str, source.quarantined))
        self._forget_hidden(quarantined)
        self.result.excluded, self.result.quarantined = listing.excluded, listing.quarantined
        self.progress.start(self.step, len(listing.names))
        if not listing.complete:
            self._fail(Failure(what=f"the listing is incomplete: {listing.reason or 'no reason given'}"))
        self._take_unchanged(source)
        self._read(source, quarantined)
        if isinstance(source.statements, int):
            self.result.statements = source.statements
        for failure in (*self.intake.failures(), *checked_failures(source.failures, name)):
            self._fail(failure)
        self.result.notices += [masked_text(notice) for notice in checked_texts(source.notices)]
        self.result.complete = listing.complete and not self.intake.broken
        if self.result.complete:
            self._settle_missing(listing)
        self._notice_empty(listing)

    def _skip_unchanged(self, source: Connector) -> None:
        """Tell the connector what it need not read again, or make sure that nothing counts as unchanged."""
        department, system = self.config.department, self.config.id
        earlier = since(self._state(), self.digest, self.options.look_back)
        if earlier is None or self.options.full or self.options.resample:
            # An asset that cannot be read now must not keep the stamp of what another configuration made of it.
            with self.patience.writing():
                self.store.clear_stamps(department, system)
        self.known = self.store.known(department, system)
        self.skippable = skippable(self.known, self.prefix, self.engine)
        if earlier and self.skippable:
            with blamed(self.config.connector):
                source.skip_unchanged(self.skippable, earlier)

    def _state(self) -> SystemState | None:
        own = (self.config.department, self.config.id)
        return next((one for one in self.store.systems() if (one.department, one.system) == own), None)

    def _take_unchanged(self, source: Connector) -> None:
        """Count what the source says is unchanged as read; what it was not asked about does not count."""
        with blamed(self.config.connector):
            unchanged = set(source.unchanged) & self.skippable.keys()
        for name in sorted(unchanged):
            key = self.prefix + name
            if known := self.known.get(key):
                self.seen.add(key)
                self.result.assets += 1
                self.result.columns += known.columns
                self.result.not_read += 1
                self._count(known, True)
        self.progress.advance(self.step, self.result.not_read)

    def _forget_hidden(self, quarantined: frozenset[str]) -> None:
        """What a restricted glob covers or a secrecy mark stands on now may not stay listed, however it came in."""
        marked = {self.prefix + masked_text(name) for name in quarantined}
        names = {key: key[len(self.prefix) :] for key in self.known}
        restricted = [key for key, name in names.items() if is_restricted(name, self.config)]
        secret = [key for key, name in names.items() if key in marked or is_quarantined(name)]
        secret = [key for key in secret if key not in restricted]
        for gone, why in ((restricted, "are restricted now"), (secret, "bear a secrecy mark now")):
            if gone:
                with self.patience.writing():
                    self.store.forget([self.known.pop(key).id for key in gone])
                self.result.notices.append(f"{len(gone)} stored assets {why} and were removed from the store")

    def _notice_empty(self, listing: Listing) -> None:
        if not listing.complete or listing.names or self.result.assets:
            return
        if self.config.include and not listing.quarantined:
            self.result.notices.append("include matches nothing")
        elif listing.quarantined or listing.excluded:
            self.result.notices.append("every asset is excluded, restricted or bears a secrecy mark")
        else:
            self.result.notices.append("the source holds no assets")

    def _read(self, source: Connector, quarantined: frozenset[str]) -> None:
        """Write the stream batch by batch, also the part that came before it broke off."""
        try:
            stream = self.intake.assets(source, quarantined)
            self._write(source, self.worth.tables(stream) if self.engine else stream)
            if self.intake.has_ended:
                self.engine = None  # A source that has failed is asked for no more samples.
            self._write(source, self.intake.kept_back(self.worth.views))
        finally:
            with self.patience.writing():
                if self.returned:
                    self.store.mark_present(self.returned)
                self.store.set_stamps(self.stamps)
        self._forget_hidden(frozenset(self.intake.quarantined))
        self.result.excluded += len(self.intake.excluded)
        self.result.quarantined += len(self.intake.quarantined)

    def _write(self, source: Connector, assets: Iterable[Asset]) -> None:
        # One by one: between two samples is when a window closes and time runs out.
        for batch in chunks((self._take(source, asset) for asset in assets), BATCH):
            changed = [item for item in batch if item is not None]
            if changed:
                with self.patience.writing():
                    self.store.write_assets(self.run_id, self.at, changed)
            self.progress.advance(self.step, len(batch))

    def _check_time(self) -> None:
        """Raises ``SourceRetryError`` when the reading has to end here."""
        if self.stop.is_set():
            raise SourceRetryError("stopped before all was read", hint="run it again")
        if window := self._closed():
            hint = "the next run reads the rest; what it has is not sampled again"
            raise SourceRetryError(f"its window {window} closed before all was read", hint=hint)
        if self.patience.is_over:
            hint = "what was read is kept and not sampled again; a longer time_limit reads the rest"
            raise SourceRetryError(f"not all was read within its limit of {span_text(self.limit)}", hint=hint)

    def _take(self, source: Connector, raw: Asset) -> Harvested | None:
        """What must be written for one asset; None when the store has it already."""
        asset, findings = masked_asset(raw)
        if asset.key != raw.key:
            asset = self._told_apart(asset)
        if asset.key in self.seen:
            what = "the source lists this asset twice; only the first is kept"
            self._fail(Failure(what=what, place=asset.qualified_name))
            return None
        self.seen.add(asset.key)
        self.result.assets += 1
        self.result.columns += len(asset.columns)
        known = self.known.get(asset.key)
        same = known is not None and known.fingerprint == asset.fingerprint
        stamp = self._stamp(source, raw)
        wants_sample = self._wants_sample(known, same, stamp, raw)
        evidence: dict[str, tuple[Evidence, ...]] = {}
        sampled = False
        more: tuple[Finding, ...] = ()
        if wants_sample or not same:
            evidence, sampled, more = self._evidence(source, raw, asset, known, wants_sample)
        self._count(known, same)
        if known and same and not sampled:
            if known.stamp != stamp:
                self.stamps[known.id] = stamp
            return None
        engine = (self.engine or "") if sampled else ""
        return Harvested(asset, evidence, (*findings, *more), sampled, known.id if known else None, stamp, engine)

    def _stamp(self, source: Connector, raw: Asset) -> str:
        found = source.stamps.get(raw.qualified_name, "")
        return found if isinstance(found, str) and len(found) <= LONGEST_STAMP else ""

    def _told_apart(self, asset: Asset) -> Asset:
        """Masked names can become equal (one file per phone number): later ones get a number."""
        number, candidate = 2, asset
        while candidate.key in self.seen:
            candidate = msgspec.structs.replace(asset, name=f"{asset.name}_{number}")
            number += 1
        return candidate

    def _wants_sample(self, known: Known | None, same: bool, stamp: str, raw: Asset) -> bool:
        if self.engine is None:
            return False
        if known is None or not same or not known.sampled or known.engine != self.engine or self.options.resample:
            return True
        return rows_changed(known, stamp, raw.changed_at, self.at, self.options.look_back)

    def _count(self, known: Known | None, same: bool) -> None:
        if known is None:
            self.result.new += 1
        elif not same:
            self.result.changed += 1
        else:
            self.result.unchanged += 1
            if known.vanished or known.missing_runs:
                self.returned.append(known.id)

    def _evidence(
        self, source: Connector, raw: Asset, asset: Asset, known: Known | None, wants_sample: bool
    ) -> tuple[dict[str, tuple[Evidence, ...]], bool, tuple[Finding, ...]]:
        """Evidence by stored column name, whether a sample was taken, and findings about sampling."""
        if wants_sample:
            try:
                return self._sampled(source, raw, asset), True, ()
            except ConnectorError as exc:
                place = exc.failure.place or asset.qualified_name
                self._fail(msgspec.structs.replace(exc.failure, place=place))
            except Exception as exc:
                self._fail(Failure(what=unforeseen(exc), place=asset.qualified_name, hint=REPORT_HINT))
        carried = self._carried(asset, known) if known else {}
        missed = (Finding("not_sampled", "未能抽样，标注仅依据名称和注释"),) if wants_sample else ()
        return carried, False, missed

    def _carried(self, asset: Asset, known: Known) -> dict[str, tuple[Evidence, ...]]:
        """Earlier evidence of columns that still exist."""
        names = {column.name for column in asset.columns}
        stored = self.store.load([known.id])
        return {name: found for name, found in stored[0].evidence.items() if name in names} if stored else {}

    def _sampled(self, source: Connector, raw: Asset, asset: Asset) -> dict[str, tuple[Evidence, ...]]:
        worth = self.worth.columns(asset, source.strict_types)
        names = {
            before.name: after.name
            for before, after in zip(raw.columns, asset.columns, strict=True)
            if after.name in worth
        }
        if not names:
            return {}
        asked = msgspec.structs.replace(raw, columns=tuple(c for c in raw.columns if c.name in names))
        with blamed(self.config.connector, asset.qualified_name):
            wanted = self.config.sample_rows
            rows = checked_sample(source.sample(asked, wanted), wanted, self.config.connector)
        values = {names[name]: column for name, column in rows.items() if name in names}
        found = self.observe(table_input(asset), values, as_of=self.as_of) if values else {}
        return {name: evidence for name, evidence in found.items() if evidence}

    def _settle_missing(self, listing: Listing) -> None:
        """Mark what is gone, unless so much is gone at once that the source itself looks wrong."""
        named = set(listing.names) - self.intake.excluded - self.intake.quarantined
        there = self.seen | {self.prefix + masked_text(name) for name in named}
        present = {key: item for key, item in self.known.items() if not item.vanished}
        missing = [item for key, item in present.items() if key not in there]
        if not missing:
            return
        if len(missing) > self.options.removal_share * len(present) and not self.options.accept_removals:
            self.result.refused = True
            self._fail(
                Failure(
                    what=f"{len(missing)} of {len(present)} assets are missing at once; none was marked vanished",
                    hint="if they are really gone, run again with --accept-removals",
                )
            )
            return
        grace = 1 if self.options.accept_removals else self.options.removal_grace
        gone = [item.id for item in missing if item.missing_runs + 1 >= grace]
        waiting = [item.id for item in missing if item.missing_runs + 1 < grace]
        with self.patience.writing():
            self.store.mark_missing(gone, self.at)
            self.store.mark_missing(waiting, None)
        self.result.vanished = len(gone)

    def _save_state(self, done: SystemResult) -> None:
        before = self._state()
        self.store.save_system(
            SystemState(
                department=done.department,
                system=done.system,
                connector=done.connector,
                run=self.run_id,
                complete=done.complete,
                quarantined=done.quarantined,
                error=str(done.failed[0]) if done.failed else None,
                complete_at=self.at if done.complete else before.complete_at if before else None,
                digest=self.digest,
            )
        )


def masked_failure(failure: Failure) -> Failure:
    """A failure whose texts hold no identifier, whatever the source's driver wrote into them."""
    return Failure(
        what=masked_text(failure.what),
        place=masked_text(failure.place) if failure.place else None,
        hint=failure.hint,
    )
