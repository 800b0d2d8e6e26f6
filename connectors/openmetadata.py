"""Every connector of this program as a source of OpenMetadata's own ingestion workflow.

`DepartmentSource` is what ``sourcePythonClass`` names in a workflow's file or a service's connection. It reads one
system of a site folder and yields create requests of services, databases, schemas, tables with columns and keys, API
collections and endpoints, then foreign keys, lineage of views, and deletions. What ``pdc publish`` writes of the same
assets is the same, labels, properties, owners and domains apart, which are publishing's.

This file and its sister in ``classifiers`` are the only ones that import the SDK (about 9 seconds).
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from metadata.generated.schema.api.data.createAPICollection import CreateAPICollectionRequest
from metadata.generated.schema.api.data.createAPIEndpoint import CreateAPIEndpointRequest
from metadata.generated.schema.api.data.createDatabase import CreateDatabaseRequest
from metadata.generated.schema.api.data.createDatabaseSchema import CreateDatabaseSchemaRequest
from metadata.generated.schema.api.data.createTable import CreateTableRequest
from metadata.generated.schema.api.lineage.addLineage import AddLineageRequest
from metadata.generated.schema.api.services.createApiService import CreateApiServiceRequest
from metadata.generated.schema.api.services.createDatabaseService import CreateDatabaseServiceRequest
from metadata.generated.schema.entity.data.apiEndpoint import APIEndpoint
from metadata.generated.schema.entity.data.table import Table, TableConstraint
from metadata.generated.schema.entity.services.connections.database.customDatabaseConnection import (
    CustomDatabaseConnection,
)
from metadata.generated.schema.entity.services.ingestionPipelines.status import StackTraceError
from metadata.generated.schema.metadataIngestion.databaseServiceMetadataPipeline import (
    DatabaseServiceMetadataPipeline,
)
from metadata.generated.schema.metadataIngestion.workflow import Source as WorkflowSource
from metadata.ingestion.api.models import Either
from metadata.ingestion.api.steps import InvalidSourceException, Source
from metadata.ingestion.connections.test_connections import SourceConnectionException
from metadata.ingestion.models.barrier import Barrier
from metadata.ingestion.models.delete_entity import DeleteEntity
from metadata.ingestion.models.patch_request import PatchRequest
from metadata.ingestion.ometa.client import APIError
from metadata.ingestion.ometa.ometa_api import OpenMetadata
from metadata.utils.progress_tracker import ProgressTrackerState
from pydantic import BaseModel, ValidationError

from connectors.base import ConfigurationError, ConnectorError
from connectors.ingestion import Container, Edge, Entity, Record, SiteSystem, open_site_system
from connectors.model import Failure
from connectors.om_kinds import kind_of
from connectors.om_names import join_fqn, path_of

REQUESTS: Mapping[str, type[BaseModel]] = {
    "databaseService": CreateDatabaseServiceRequest,
    "database": CreateDatabaseRequest,
    "databaseSchema": CreateDatabaseSchemaRequest,
    "table": CreateTableRequest,
    "apiService": CreateApiServiceRequest,
    "apiCollection": CreateAPICollectionRequest,
    "apiEndpoint": CreateAPIEndpointRequest,
}
FIELDS = {"table": "columns,tags,extension", "apiEndpoint": "tags,extension"}
PAGE = 100
OPTIONS = ("site", "department", "system", "acceptRemovals")
FILTERS = ("databaseFilterPattern", "schemaFilterPattern", "tableFilterPattern")
REPORT_HINT = "this is a fault of the program: please report it"

Yielded = Iterator[Either[Any]]


@dataclass(frozen=True)
class Flush(Barrier):  # type: ignore[misc]
    """Has the sink write what it holds before what follows. The file sink writes it down as any other record."""

    def model_dump_json(self) -> str:
        return '{"flush": true}'


class DepartmentSource(Source):  # type: ignore[misc]
    """One system of one department. ``connectionOptions``: ``site`` (folder), ``department``, ``system``, and for one
    run ``acceptRemovals: "true"``."""

    _login: str | None = None
    _shelved: tuple[str, dict[str, Entity]] = ("", {})

    def __init__(
        self,
        config: WorkflowSource,
        metadata: OpenMetadata,
        open_system: Callable[[Path, str, str], SiteSystem] = open_site_system,
    ) -> None:
        super().__init__()
        self.config, self.metadata = config, metadata
        self.pipeline = _checked_pipeline(config)
        self.service_connection = _checked_connection(config)
        options = _checked_options(self.service_connection)
        self.accept_removals = options.get("acceptRemovals") == "true"
        try:
            self.system = open_system(Path(options["site"]), options["department"], options["system"])
        except ConfigurationError as exc:
            raise InvalidSourceException(str(exc)) from None
        if config.serviceName != self.system.service:
            raise InvalidSourceException(
                f"serviceName must be {self.system.service}, as `pdc publish` calls the service of this system"
            )
        self.expected: set[str] = set()
        self.unusable: set[str] = set()
        self.trouble = False

    @classmethod
    def create(cls, config_dict: dict[str, Any], metadata: OpenMetadata, pipeline_name: str | None = None) -> Source:
        """Raises ``InvalidSourceException`` for what is wrong in the workflow's file or the site's settings."""
        return cls(WorkflowSource.model_validate(config_dict), metadata)

    def prepare(self) -> None:
        """Nothing is written to the server before the source is known to answer."""
        self.test_connection()

    def test_connection(self) -> None:
        """Reach the system and check rights there. Raises ``SourceConnectionException`` with what to do next."""
        try:
            self.system.probe()
        except ConnectorError as exc:
            raise SourceConnectionException(str(exc)) from None

    def close(self) -> None:
        self.system.close()

    # --- what is yielded ---------------------------------------------------------------------------------------

    def _iter(self) -> Yielded:
        yield from self._guarded(self.system.service, self._everything)

    def _everything(self) -> Yielded:
        outcome = self.system.read(self.accept_removals)
        yield from map(self._failed, outcome.failures)
        for notice in outcome.notices:
            self.status.warning(self.system.service, notice)
        for reason, count in outcome.filtered.items():
            for _ in range(count):
                self.status.filter(self.system.service, reason)
        version = str(self.metadata.client.get("/system/version")["version"])
        for container in self.system.containers(version):
            yield from self._guarded(container.fqn, partial(self._container, container))
        later: list[tuple[str, list[Entity], list[Edge]]] = []
        tracker = ProgressTrackerState()
        tracker.set_total("Table", outcome.assets)
        for record in self.system.records(version):
            yield from self._record(record, later)
            tracker.increment_processed("Table")
        yield from self._links(later)
        if self.pipeline.markDeletedTables:
            yield from self._guarded(self.system.service, partial(self._removals, outcome.complete))

    def _guarded(self, name: str, work: Callable[[], Yielded]) -> Yielded:
        """What fails is one error of its own, told without the text of errors nobody planned for: it may quote a
        value."""
        try:
            yield from work()
        except ConnectorError as exc:
            yield self._failed(exc.failure)
        except APIError as exc:
            yield self._failed(Failure(f"the server says: {exc}", place=name, hint="run again"))
        except OSError:
            # What the SDK's client lets through after its last attempt: a cut connection, an answer of 500.
            yield self._failed(Failure("the server failed or could not be reached", place=name, hint="run again"))
        except ValidationError as exc:
            faults = exc.errors(include_input=False, include_url=False)
            where = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['type']}" for one in faults[:3])
            yield self._failed(Failure(f"OpenMetadata's model refuses it: {where}", place=name))
        except Exception as exc:
            trace = "".join(traceback.format_tb(exc.__traceback__))
            told = Failure(f"unexpected {type(exc).__name__}", place=name, hint=REPORT_HINT)
            yield self._failed(told, trace)

    def _failed(self, failure: Failure, trace: str | None = None) -> Either[Any]:
        self.trouble = True
        name = failure.place or self.system.service
        return Either(left=StackTraceError(name=name, error=str(failure), stackTrace=trace))

    def _container(self, container: Container) -> Yielded:
        """A request where the server does not have it. What stands there is never written: people may have described
        it."""
        stored = self._by_name(container.kind, container.fqn, include="all")
        if stored is None:
            body = container.body
            if container.kind == "databaseService" and body["serviceType"] == "CustomDatabase":
                connection = self.service_connection.model_dump(mode="json", exclude_none=True)
                body = body | {"connection": {"config": connection}}
            yield Either(right=REQUESTS[container.kind].model_validate(body))
        elif stored.get("deleted"):
            self.unusable.add(container.fqn)
            hint = "restore it there, or delete it for good"
            yield self._failed(Failure("it was deleted on the server", place=container.fqn, hint=hint))

    def _by_name(self, kind: str, fqn: str, **params: str) -> Entity | None:
        try:
            return cast(Entity, self.metadata.client.get(f"/{kind_of(kind).path}/name/{path_of(fqn)}", data=params))
        except APIError as exc:
            if exc.code == 404:
                return None
            raise

    def _id(self, table: str) -> str | None:
        found = self._by_name("table", table)
        return None if found is None else str(found["id"])

    # --- assets ------------------------------------------------------------------------------------------------

    def _record(self, record: Record | Failure, later: list[tuple[str, list[Entity], list[Edge]]]) -> Yielded:
        if isinstance(record, Failure):
            yield self._failed(record)
            return
        self.expected.add(record.fqn)
        if not self.unusable.isdisjoint(record.containers):
            return
        yield from self._guarded(record.fqn, partial(self._asset, record))
        if record.constraints or record.edges:
            later.append((record.fqn, list(record.constraints), list(record.edges)))

    def _asset(self, record: Record) -> Yielded:
        stored = self._shelf(record.kind, record.containers[-1]).get(record.fqn)
        if stored and stored.get("deleted") and stored.get("updatedBy") != self._me():
            self.status.filter(record.fqn, "somebody deleted it on the server; restore it there to have it again")
            return
        body = record.body(stored, bool(self.pipeline.overrideMetadata))
        yield Either(right=REQUESTS[record.kind].model_validate(body))

    def _me(self) -> str:
        """The bot that writes here; empty for an account that is no bot's: people may delete by that name, too."""
        if self._login is None:
            account = self.metadata.client.get("/users/loggedInUser")
            self._login = str(account["name"]) if account.get("isBot") else ""
        return self._login

    def _shelf(self, kind: str, parent: str) -> dict[str, Entity]:
        """FQN → stored asset, deleted ones included, of the one schema or collection at hand."""
        if self._shelved[0] != parent:
            rows = self._list(kind, parent, include="all", fields=FIELDS[kind])
            self._shelved = (parent, {row["fullyQualifiedName"]: row for row in rows})
        return self._shelved[1]

    def _list(self, kind: str, parent: str, **params: str) -> list[Entity]:
        """All entities of a kind within a parent; an error when the server does not list them whole."""
        found: list[Entity] = []
        known = kind_of(kind)
        asked: dict[str, Any] = {known.parent_param: parent, "limit": PAGE, **params}
        while True:
            page = self.metadata.client.get(f"/{known.path}", data=asked)
            found += page["data"]
            after = page["paging"].get("after")
            if not after:
                break
            asked["after"] = after
        if len(found) != page["paging"]["total"]:
            raise ConnectorError("the server did not list all it has", hint="run again", place=parent)
        return found

    # --- what needs all assets there ---------------------------------------------------------------------------

    def _links(self, later: list[tuple[str, list[Entity], list[Edge]]]) -> Yielded:
        if later:
            yield Either(right=Flush(reason="foreign keys and lineage need their tables"))
        for fqn, constraints, edges in later:
            yield from self._guarded(fqn, partial(self._keys, fqn, constraints))
            yield from self._guarded(fqn, partial(self._edges, fqn, edges))

    def _keys(self, fqn: str, constraints: list[Entity]) -> Yielded:
        """All keys of a table, if the server does not have just these."""
        table = self.metadata.get_by_name(entity=Table, fqn=fqn, fields=["tableConstraints"]) if constraints else None
        wanted = [TableConstraint.model_validate(one) for one in constraints]
        if table is None or (table.tableConstraints or []) == wanted:
            return
        changed = table.model_copy(update={"tableConstraints": wanted})
        yield Either(right=PatchRequest(original_entity=table, new_entity=changed))

    def _edges(self, fqn: str, edges: list[Edge]) -> Yielded:
        """Lineage that the server lacks, wholly or in columns; what others have told stays."""
        view = self._id(fqn) if edges else None
        if view is None:
            return
        told = self.metadata.client.get(f"/lineage/table/{view}", data={"upstreamDepth": 1, "downstreamDepth": 0})
        known = {one["fromEntity"]: _pairs(one.get("lineageDetails") or {}) for one in told.get("upstreamEdges") or ()}
        for edge in edges:
            source = self._id(edge.source)
            if source is not None and (source not in known or not _pairs(edge.details) <= known[source]):
                yield Either(right=_lineage(source, view, edge.details))

    def _removals(self, complete: bool) -> Yielded:
        """Soft deletions of what the source has no more; of none if too much were gone, or not all could be read."""
        if not complete or self.trouble:
            self.status.warning(self.system.service, "not everything could be read, so nothing was deleted")
            return
        present = list(self._present())
        gone = [(model, row) for model, row in present if row["fullyQualifiedName"] not in self.expected]
        if len(gone) > self.system.removal_share * len(present) and not self.accept_removals:
            what = f"{len(gone)} of {len(present)} assets on the server are missing in the source; none was deleted"
            hint = 'if they are really gone, set acceptRemovals in connectionOptions to "true" for one run'
            yield self._failed(Failure(what, place=self.system.service, hint=hint))
            return
        for model, row in gone:
            entity = self.metadata.get_by_id(entity=model, entity_id=row["id"])
            if entity is not None:
                yield Either(right=DeleteEntity(entity=entity, recursive=False))

    def _present(self) -> Iterator[tuple[type[BaseModel], Entity]]:
        """Every asset of the service that is not deleted, with its model."""
        service = join_fqn(self.system.service)
        for database in self._list("database", service):
            for schema in self._list("databaseSchema", database["fullyQualifiedName"]):
                yield from ((Table, row) for row in self._list("table", schema["fullyQualifiedName"]))
        for collection in self._list("apiCollection", service):
            yield from ((APIEndpoint, row) for row in self._list("apiEndpoint", collection["fullyQualifiedName"]))


def _pairs(details: Entity) -> set[tuple[str, str]]:
    """(upstream column, own column)"""
    columns = details.get("columnsLineage") or ()
    return {(source, one["toColumn"]) for one in columns for source in one.get("fromColumns") or ()}


def _lineage(source: str, view: str, details: Entity) -> AddLineageRequest:
    ends = {"fromEntity": {"id": source, "type": "table"}, "toEntity": {"id": view, "type": "table"}}
    return AddLineageRequest.model_validate({"edge": {**ends, "lineageDetails": details}})


def _checked_pipeline(config: WorkflowSource) -> DatabaseServiceMetadataPipeline:
    """The pipeline's settings; what would silently do nothing here is refused."""
    pipeline = config.sourceConfig.config
    if not isinstance(pipeline, DatabaseServiceMetadataPipeline):
        raise InvalidSourceException("sourceConfig.config: type must be DatabaseMetadata")
    given = [name for name in FILTERS if getattr(pipeline, name) is not None]
    given += [name for name in ("includeTables", "includeViews") if not getattr(pipeline, name)]
    if given:
        raise InvalidSourceException(
            f"sourceConfig.config: {', '.join(given)}: write include and exclude of the system in departments/*.yaml"
        )
    return pipeline


def _checked_connection(config: WorkflowSource) -> CustomDatabaseConnection:
    connection = config.serviceConnection.root.config if config.serviceConnection else None
    if not isinstance(connection, CustomDatabaseConnection):
        raise InvalidSourceException("serviceConnection.config: type must be CustomDatabase")
    return connection


def _checked_options(connection: CustomDatabaseConnection) -> dict[str, str]:
    options = connection.connectionOptions.root if connection.connectionOptions else {}
    missing = [name for name in OPTIONS[:3] if not options.get(name)]
    unknown = [name for name in options if name not in OPTIONS]
    if missing or unknown:
        faults = [f"{name} is missing" for name in missing] + [f"unknown key {name}" for name in unknown]
        raise InvalidSourceException(f"connectionOptions: {', '.join(faults)}; allowed: {', '.join(OPTIONS)}")
    return dict(options)
