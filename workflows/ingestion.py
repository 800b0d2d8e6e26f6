"""One system of a site for OpenMetadata's own ingestion (`connectors.openmetadata`, which finds this by entry point).

It is harvested, judged and numbered in the site's store, as ``pdc run`` does it: so the same masks, secrecy marks,
decisions, windows and guards against removals hold, and what is wanted of each asset is what ``pdc publish`` wants,
down to the digest. Labels, properties, owners and domains are publishing's and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.base import ConfigurationError, ConnectorError, SourceFatalError, SystemConfig, open_connector
from connectors.ingestion import Container, Edge, Entity, Outcome
from connectors.model import Failure
from connectors.om_names import join_fqn
from connectors.om_version import Features, ServerVersion
from workflows.contract import ConnectorFault
from workflows.errors import WorkflowError, unforeseen
from workflows.harvest import masked_failure
from workflows.harvest_result import SystemResult
from workflows.publish.links import details_of
from workflows.publish.merge import columns_of
from workflows.publish.model import WantedAsset
from workflows.publish.places import is_existing, services
from workflows.publish.stored import SERVER_KINDS
from workflows.publish.taxonomy import definitions
from workflows.publish.vocabulary import Vocabulary, vocabulary
from workflows.publish.wanted import Told, wanted_assets, wanted_places
from workflows.publish.writing import constraints_op, put_body
from workflows.run import Job, open_pack
from workflows.server_settings import ServerSettings
from workflows.settings import Site
from workflows.site import load_site
from workflows.store import Store

if TYPE_CHECKING:
    from classifiers.policy import Pack

CONTAINERS = ("databaseService", "database", "databaseSchema", "apiService", "apiCollection")
LABEL = ("tagFQN", "source", "labelType", "state", "reason")
ACCEPT = 'or set acceptRemovals in connectionOptions to "true" for one run'


class WantedRecord:
    """`connectors.ingestion.Record` of one wanted asset."""

    def __init__(self, wanted: WantedAsset, features: Features) -> None:
        self._wanted, self._features = wanted, features
        self.kind = SERVER_KINDS[wanted.kind]
        self.fqn = wanted.fqn
        parts = [part for part in (wanted.service, wanted.database, wanted.schema) if part]
        self.containers = [join_fqn(*parts[:end]) for end in range(1, len(parts) + 1)]

    @property
    def constraints(self) -> Sequence[Entity]:
        return constraints_op(self._wanted)["value"] if self._wanted.foreign_keys else ()

    @property
    def edges(self) -> Sequence[Edge]:
        return [Edge(edge.source, details_of(edge, self.fqn)) for edge in self._wanted.lineage]

    def body(self, stored: Entity | None, override: bool = False) -> Entity:
        wanted = self._wanted
        before = {column["name"]: column for column in columns_of(stored)[1]} if stored else {}
        types = {name: column.get("dataType") for name, column in before.items()}
        drifted = stored is not None and types != {column.name: column.data_type for column in wanted.columns}
        body = put_body(wanted, None if override else stored, self._features, drifted=drifted)
        for place, there in [
            (body, stored or {}),
            *((one, before.get(one["name"], {})) for one in columns_of(body)[1]),
        ]:
            if there.get("extension"):
                place["extension"] = there["extension"]
        for column in columns_of(body)[1]:
            if types.get(column["name"], column["dataType"]) != column["dataType"]:
                column["tags"] = _labels(before[column["name"]])
        return body


def _labels(column: Entity) -> list[Entity]:
    """A column's labels as a request has them: servers take them off a column whose type changes.

    Derived ones come back by themselves with the term that brings them.
    """
    own = [label for label in column.get("tags") or () if label.get("labelType") != "Derived"]
    return [{name: label[name] for name in LABEL if name in label} for label in own]


class _SystemJob(Job):
    """A run over one system of a department; what else the department has, or had, is left alone."""

    def __init__(self, site: Site, store: Store, department: str, system: str) -> None:
        super().__init__(site, store, "ingest", [department])
        self._system = system

    def _configs(self) -> tuple[list[SystemConfig], list[SystemResult]]:
        configs, failed = super()._configs()
        return [one for one in configs if one.id == self._system], [one for one in failed if one.system == self._system]

    def _settle_undeclared(self, accept_removals: bool) -> Iterator[str]:
        return iter(())


class StoredSystem:
    """`connectors.ingestion.SiteSystem` over the site's own store."""

    def __init__(self, site: Path, department: str, system: str) -> None:
        """Reads and checks settings. Raises ``ConfigurationError``: no such site or system, restricted, labels only."""
        # Other systems' secrets are none of its business.
        self._site = load_site(site, secrets=False)
        self._department = self._site.department(department)
        self._settings = self._department.system(system)
        self._config = self._site.system_config(department, system)
        if is_existing(self._settings):
            what = f"the tables of {department}/{system} are on the server already"
            raise ConfigurationError(what, hint="`pdc publish` writes their labels; there is nothing to ingest")
        self.service = services(self._site)[department, system]
        self.removal_share = self._site.settings.harvest.removal_share

    @cached_property
    def _store(self) -> Store:
        return Store(self._site.store_url)

    def probe(self) -> None:
        try:
            with open_connector(self._config) as source:
                source.probe()
        except ConnectorError as exc:
            told = masked_failure(exc.failure)
            raise type(exc)(told.what, hint=told.hint, place=told.place) from None
        except Exception as exc:
            fault = ConnectorFault(unforeseen(exc), self._config.connector).failure
            raise SourceFatalError(fault.what, hint=fault.hint) from None

    def read(self, accept_removals: bool) -> Outcome:
        with _told(), _SystemJob(self._site, self._store, self._department.id, self._config.id) as job:
            (found,) = job.harvest(accept_removals=accept_removals).systems
            judged = job.classify()
            job.compile()
        filtered = {
            "left out by include, exclude or restricted globs": found.excluded,
            "bears a secrecy mark": found.quarantined,
        }
        failures = [_with_option(failure) for failure in (*found.failed, *judged.failed)]
        return Outcome(found.assets, failures, found.notices, filtered, found.complete and not found.failed)

    def containers(self, version: str) -> Sequence[Container]:
        with _told():
            features = _features(version)
            places = wanted_places(self._store, self._only, features)
            found = definitions(self._only, self._pack, self._names(features), features, places)
        # Domains come with publishing; one that is not there yet would have the service refused.
        return [
            Container(
                one.kind, one.fqn, {key: value for key, value in one.body.items() if key not in ("domain", "domains")}
            )
            for one in found
            if one.kind in CONTAINERS
        ]

    def records(self, version: str) -> Iterator[WantedRecord | Failure]:
        features, told = _features(version), Told()
        with _told():
            for wanted in wanted_assets(
                self._store, self._only, self._pack, self._names(features), features, told=told
            ):
                yield WantedRecord(wanted, features)
        yield from told.failures
        yield from (Failure(notice) for notice in told.notices)

    def close(self) -> None:
        if "_store" in self.__dict__:
            self._store.close()

    @cached_property
    def _pack(self) -> Pack:
        return open_pack(self._site.pack, self._site.overlays)

    @cached_property
    def _only(self) -> Site:
        """The site as if it had this system alone."""
        return replace(self._site, departments=(replace(self._department, systems=(self._settings,)),))

    def _names(self, features: Features) -> Vocabulary:
        return vocabulary(self._pack, self._site.openmetadata or UNNAMED, features)


UNNAMED = ServerSettings(url="none", token="none")
"""Settings of a site that names no server: the workflow's file names it. Nothing is ever sent there."""


def _features(version: str) -> Features:
    return Features.of(ServerVersion.parse(version))


def _with_option(failure: Failure) -> Failure:
    """Where harvest names an option of its command, the one of the workflow's file beside it."""
    if failure.hint is None or "--accept-removals" not in failure.hint:
        return failure
    return Failure(failure.what, failure.place, f"{failure.hint}, {ACCEPT}")


@contextmanager
def _told() -> Iterator[None]:
    """Errors of this room as those that ingestion knows."""
    try:
        yield
    except WorkflowError as exc:
        raise SourceFatalError(str(exc)) from exc
