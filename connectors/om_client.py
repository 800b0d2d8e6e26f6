"""OpenMetadata's REST API, 1.2 to 2.x: plain dicts in, plain dicts out.

The one place that knows how servers behave (reference/openmetadata-server.md; each method names the section it obeys).
It reads and writes single things safely; what to write, in which order, and what to do about a refusal is the business
of ``workflows/plan.py`` and ``apply.py``. Errors: ``connectors/om_errors.py``. Kinds: ``connectors/om_kinds.py``.

One object serves many threads. **One writer per entity**: parallel writes of one table lose version steps ("Writing
tables and tags").
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from connectors.om_bulk import PutResult, put_many
from connectors.om_errors import AlreadyExists, NotFound, ServerBroken, ServerError, Stale
from connectors.om_kinds import kind_of
from connectors.om_list import list_kind
from connectors.om_names import is_id, path_of
from connectors.om_patch import Operation, guarded
from connectors.om_session import ANEW, Entity, Session

Entities = list[Entity]
PutResults = list[PutResult]


class OpenMetadata(Session):
    """A server and an account on it. ``url`` may end in ``/api`` or not; ``token`` is the JWT itself.

    Nothing is sent before the first call; ``check()`` asks for version and account, with one clear error each.
    """

    def check(self) -> Entity:
        """Version, then account; returns the account. Raises a ``ServerError`` with one clear sentence."""
        _ = self.version
        return self.whoami()

    def whoami(self) -> Entity:
        """The account of the token, with ``name``, ``isAdmin``, ``isBot``."""
        found: Entity = self.request("GET", "users/loggedInUser", doing="ask who I am", kind="user")
        return found

    def permissions(self, kind: str, ref: str | None = None) -> dict[str, str]:
        """Operation → ``allow``, ``deny``, ``conditionalAllow``, ``notAllow`` …, for one entity or the whole kind.

        Reference, "Roles, policies".
        """
        path = f"permissions/{kind_of(kind).name}" + (f"/{_ref_path(ref)}" if ref else "")
        answer = self.request("GET", path, doing=f"ask for permissions on {kind}", kind=kind)
        return {row["operation"]: row["access"] for row in answer.get("permissions", [])}

    # --- reading -------------------------------------------------------------------------------------------------

    def get(self, kind: str, ref: str, fields: Iterable[str] = (), include: str = "non-deleted") -> Entity | None:
        """One entity by id or FQN; None when there is none. ``fields`` unknown to the server → ``Refused``."""
        spec = kind_of(kind)
        params = {"include": include, **_fields(fields)}
        try:
            found: Entity = self.request(
                "GET", f"{spec.path}/{_ref_path(ref)}", params, doing=f"read {spec.name} {ref}", kind=spec.name
            )
        except NotFound:
            return None
        return found

    def list(
        self, kind: str, *, fields: Iterable[str] = (), include: str = "non-deleted", **parents: str
    ) -> Iterator[Entity]:
        """All entities of a kind, streaming, 100 a page; ``parents`` narrows: ``database="svc.db"``.

        Walks down to the level where names are unique and compares counts, since 1.2 skips rows ("Lists, concurrency,
        limits"). Raises ``IncompleteListing`` at the end when rows are missing: **then nothing is taken as deleted**.
        """
        return list_kind(self.request, kind_of(kind), list(fields), include, parents, self.host)

    def versions(self, kind: str, id: str) -> Entities:
        """Every version of an entity, newest first, whole. ``NotFound`` for a hard-deleted one ("History")."""
        path = f"{kind_of(kind).path}/{id}/versions"
        answer = self.request("GET", path, doing=f"read the history of {kind} {id}", kind=kind)
        rows = answer.get("versions", [])
        return [msgspec.json.decode(row) if isinstance(row, str) else row for row in rows]

    def version_of(self, kind: str, id: str, version: float) -> Entity | None:
        """One version of an entity; None when there is none ("History")."""
        path = f"{kind_of(kind).path}/{id}/versions/{version}"
        return self._or_none("GET", path, doing=f"read version {version} of {kind} {id}", kind=kind)

    def events(
        self,
        since: int,
        *,
        created: Iterable[str] = (),
        updated: Iterable[str] = (),
        deleted: Iterable[str] = (),
        restored: Iterable[str] = (),
    ) -> Entities:
        """Change events from ``since`` (ms, inclusive) on, oldest first, ``entity`` decoded; kinds or ``*`` per type.

        No paging on 1.2, ~20 KB an event: ask for short windows, overlap by 1 ms, drop repeated (entityId,
        currentVersion) ("Change feed").
        """
        wanted = {"entityCreated": created, "entityUpdated": updated, "entityDeleted": deleted}
        wanted["entityRestored"] = restored
        params = {name: ",".join(kinds) for name, kinds in wanted.items()}
        params = {"timestamp": str(since), **{name: kinds for name, kinds in params.items() if kinds}}
        rows: Entities = self.request("GET", "events", params, doing="read the change feed").get("data", [])
        for row in rows:
            if isinstance(row.get("entity"), str):
                row["entity"] = msgspec.json.decode(row["entity"])
        return rows

    # --- writing -------------------------------------------------------------------------------------------------

    def put(self, kind: str, body: Entity) -> Entity:
        """Create or update; the stored entity. 409 (another writer was faster) is retried.

        PUT merges tags, never removes any, and may overwrite Manual ones: send structure **without tags** ("Writing
        tables and tags"). A refusal may have erased tags: read again after any ``Refused`` or ``NotFound``.
        """
        spec = kind_of(kind)
        doing = f"write {spec.name} {body.get('name', '')}".rstrip()
        for attempt in range(ANEW):
            # 8 simultaneous creates of one table: one 201, the rest 409.
            with contextlib.suppress(AlreadyExists):
                return self._put(spec.path, body, doing, spec.name)
            self._http.pause(attempt)
        return self._put(spec.path, body, doing, spec.name)

    def create(self, kind: str, body: Entity) -> Entity:
        """Create only; ``AlreadyExists`` when the name is taken, by a soft-deleted one too ("Delete and restore")."""
        spec = kind_of(kind)
        doing = f"create {spec.name} {body.get('name', '')}".rstrip()
        created: Entity = self.request("POST", spec.path, body=body, doing=doing, kind=spec.name)
        return created

    def put_many(self, kind: str, bodies: Iterable[Entity]) -> PutResults:
        """Create or update many; per body, in order, the entity or the ``ServerError`` that it met.

        In bulk requests of 100 where the server has them: then an entity may hold no more than ``fullyQualifiedName``.
        Else single PUTs, ``workers`` at a time. Raises only what concerns all: ``NotAuthenticated``. Two bodies of one
        entity → ``ValueError``: one writer per entity.
        """
        return put_many(self, kind_of(kind), list(bodies), self.workers)

    def patch(self, kind: str, id: str, ops: Sequence[Operation], version: float | None = None) -> Entity:
        """Apply JSON Patch operations (``connectors/om_patch.py``); the entity after it.

        With ``version``, the version that the operations were computed from, an entity that has moved on gives
        ``Stale``: by a ``test`` operation in front, and ``If-Match`` where the server heeds it (2.0). **On 1.2 neither
        is a lock**: simultaneous patches with one guard all succeed ("Lists, concurrency, limits"). A cut connection
        may end in ``Stale`` although the patch was applied: read again and compare. 409 is retried.
        """
        spec = kind_of(kind)
        path, doing = f"{spec.path}/{id}", f"patch {spec.name} {id}"
        headers = {"Content-Type": "application/json-patch+json"}
        if version is not None and self.features.if_match:
            headers["If-Match"] = f'W/"{version}"'
        body = guarded(ops, version)
        for attempt in range(ANEW + 1):
            try:
                patched: Entity = self.request(
                    "PATCH", path, body=body, doing=doing, kind=spec.name, headers=headers, safe=version is not None
                )
            except (AlreadyExists, ServerBroken) as exc:
                if self._failed_guard(exc, spec.name, id, version):
                    hint = "it changed since it was read: plan again"
                    what = f"{doing}: it is no longer version {version}"
                    raise Stale(what, hint=hint, place=self.host, status=exc.status) from exc
                repeatable = isinstance(exc, AlreadyExists) or (version is not None and not exc.routing)
                if attempt == ANEW or not repeatable:
                    raise
                self._http.pause(attempt)
            else:
                return patched
        raise AssertionError("the last attempt returns or raises")

    def delete(self, kind: str, id: str, hard: bool = False, recursive: bool = False) -> bool:
        """Delete, softly by default; False when there was nothing. Not empty and not recursive → ``Refused``."""
        params = {"hardDelete": str(hard).lower(), "recursive": str(recursive).lower()}
        spec = kind_of(kind)
        doing = f"delete {spec.name} {id}"
        try:
            self.request("DELETE", f"{spec.path}/{id}", params, doing=doing, kind=spec.name)
        except NotFound:
            return False
        return True

    def restore(self, kind: str, id: str) -> Entity | None:
        """Undo a soft delete, with labels; None when it is not deleted. A parent restores **all** below ("Delete")."""
        spec = kind_of(kind)
        return self._or_none(
            "PUT", f"{spec.path}/restore", {"id": id}, doing=f"restore {spec.name} {id}", kind=spec.name
        )

    # --- custom properties ---------------------------------------------------------------------------------------

    def type(self, name: str) -> Entity | None:
        """A type with its ``customProperties``: an entity kind (``table``) or a property type (``string``)."""
        path = f"metadata/types/name/{path_of(name)}"
        return self._or_none("GET", path, params={"fields": "customProperties"}, doing=f"read type {name}", kind="type")

    def put_property(self, type_id: str, body: Entity) -> Entity:
        """Define a custom property: ``{"name", "description", "propertyType": {"id", "type": "type"}}``.

        **A PUT of an existing one changes its type silently**, after which stored values fail: read first ("Custom
        properties").
        """
        doing = f"define property {body.get('name', '')}"
        written: Entity = self.request("PUT", f"metadata/types/{type_id}", body=body, doing=doing, kind="type")
        return written

    # --- lineage -------------------------------------------------------------------------------------------------

    def lineage(self, kind: str, ref: str, up: int = 1, down: int = 1) -> Entity | None:
        """``{entity, nodes, upstreamEdges, downstreamEdges}``; depth at most 3; None without the entity ("Lineage")."""
        name = kind_of(kind).name
        params = {"upstreamDepth": str(up), "downstreamDepth": str(down)}
        return self._or_none("GET", f"lineage/{name}/{_ref_path(ref)}", params=params, doing="read lineage", kind=name)

    def put_lineage(self, source: tuple[str, str], target: tuple[str, str], details: Entity | None = None) -> None:
        """Set one edge between (kind, id) and (kind, id). **Without details its column lineage is cleared**."""
        edge: Entity = {"fromEntity": _reference(source), "toEntity": _reference(target)}
        if details:
            edge["lineageDetails"] = details
        self.request("PUT", "lineage", body={"edge": edge}, doing="write lineage", kind="lineage")

    def delete_lineage(self, source: tuple[str, str], target: tuple[str, str]) -> bool:
        """Remove one edge; False when there was none."""
        path = f"lineage/{source[0]}/{source[1]}/{target[0]}/{target[1]}"
        try:
            self.request("DELETE", path, doing="delete lineage", kind="lineage")
        except NotFound:
            return False
        return True

    # --- samples and profiles ------------------------------------------------------------------------------------

    def sample(self, table_id: str) -> Entity | None:
        """``{"columns", "rows"}`` as stored, None without one. Non-admins see ``phone [MASKED]``, ``********``."""
        path = f"tables/{table_id}/sampleData"
        found = self._or_none("GET", path, doing=f"read the sample of table {table_id}", kind="table")
        return found.get("sampleData") if found else None

    def profile(self, fqn: str) -> Entity | None:
        """The table with its latest ``profile``, and one in each column; None without the table ("Roles, policies")."""
        path = f"tables/{path_of(fqn)}/tableProfile/latest"
        return self._or_none("GET", path, doing=f"read the profile of table {fqn}", kind="table")

    # --- inside --------------------------------------------------------------------------------------------------

    def _put(self, path: str, body: Entity, doing: str, kind: str) -> Entity:
        written: Entity = self.request("PUT", path, body=body, doing=doing, kind=kind)
        return written

    def _failed_guard(self, exc: ServerError, kind: str, id: str, version: float | None) -> bool:
        """Whether a 500 means that the ``test`` in front failed: the message says so, or the version is another."""
        if version is None or not isinstance(exc, ServerBroken):
            return False
        if "'test'" in exc.failure.what:
            return True
        try:
            found = self.get(kind, id, include="all")
        except ServerError:
            return False
        return found is not None and found.get("version") != version


def _fields(fields: Iterable[str]) -> dict[str, str]:
    joined = ",".join(fields)
    return {"fields": joined} if joined else {}


def _ref_path(ref: str) -> str:
    """An id, or ``name/`` and the encoded FQN."""
    return ref if is_id(ref) else f"name/{path_of(ref)}"


def _reference(ref: tuple[str, str]) -> Entity:
    return {"type": ref[0], "id": ref[1]}
