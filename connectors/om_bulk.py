"""Many creates or updates: bulk requests of 100 where the server has them, else a few single PUTs at a time.

Reference, "Writing tables and tags" (2.0: ``PUT /v1/tables/bulk?async=…&overrideMetadata=…``, a list in, per-row result
out; older servers: single PUTs, 4–8 in parallel); answer shape: BulkOperationResult of the 2.0.6 models.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from connectors.om_errors import (
    NotAuthenticated,
    NotFound,
    Refused,
    ServerBroken,
    ServerError,
    ServerRetryError,
    bulk_row_error,
)
from connectors.om_kinds import Kind
from connectors.om_names import child_fqn, join_fqn
from connectors.om_version import Features

BULK = 100
BULK_COLUMNS = 5_000
"""1,600 columns take 1.2 up to 0.8 s (reference, "Lists, concurrency, limits"): far from the time-out."""
Body = dict[str, Any]
PutResult = dict[str, Any] | ServerError


class Client(Protocol):
    @property
    def features(self) -> Features: ...

    @property
    def host(self) -> str: ...

    def put(self, kind: str, body: Body) -> Body: ...

    def request(self, method: str, path: str, params: Any, body: Any, *, doing: str, kind: str) -> Any: ...


def fqn_of(kind: Kind, body: Body) -> str:
    """The FQN that a create body will have."""
    parent = body.get("parent") if kind.name == "glossaryTerm" else None
    parent = parent or (body.get(kind.fqn_parent) if kind.fqn_parent else None)
    return child_fqn(parent, body["name"]) if parent else join_fqn(body["name"])


def put_many(client: Client, kind: Kind, bodies: Sequence[Body], workers: int) -> list[PutResult]:
    """See ``OpenMetadata.put_many``."""
    names = [fqn_of(kind, body) for body in bodies]
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    if twice:
        raise ValueError(f"two bodies of one {kind.name}: {', '.join(sorted(twice))}")
    if len(bodies) < 2 or not client.features.bulk:
        return _one_by_one(client, kind, bodies, workers)
    done: list[PutResult] = []
    for part in _parts(bodies):
        done += _bulk(client, kind, bodies[part], names[part], workers)
    return done


def _parts(bodies: Sequence[Body]) -> Iterator[slice]:
    """At most 100 bodies, and columns for a few seconds of the server's work, per request."""
    start = columns = 0
    for at, body in enumerate(bodies):
        size = len(body.get("columns") or ())
        if at > start and (at - start == BULK or columns + size > BULK_COLUMNS):
            yield slice(start, at)
            start, columns = at, 0
        columns += size
    yield slice(start, len(bodies))


def _one_by_one(client: Client, kind: Kind, bodies: Sequence[Body], workers: int) -> list[PutResult]:
    def put(body: Body) -> PutResult:
        try:
            return client.put(kind.name, body)
        except NotAuthenticated:
            raise
        except ServerError as exc:
            return exc

    with ThreadPoolExecutor(max(1, min(workers, len(bodies)))) as pool:
        return list(pool.map(put, bodies))


def _bulk(client: Client, kind: Kind, bodies: Sequence[Body], names: Sequence[str], workers: int) -> list[PutResult]:
    doing = f"write {len(bodies)} of {kind.name} in bulk"
    params = {"async": "false", "overrideMetadata": "false"}
    try:
        answer = client.request("PUT", f"{kind.path}/bulk", params, list(bodies), doing=doing, kind=kind.name)
    except ServerRetryError as exc:
        return [exc] * len(bodies)
    except (Refused, NotFound, ServerBroken):
        # One body spoils the request, or there is no such call for this kind: each body finds out by itself.
        return _one_by_one(client, kind, bodies, workers)
    rows = _rows(answer if isinstance(answer, dict) else {}, kind, client.host)
    silent = ServerBroken(f"{doing}: the answer says nothing of this one", hint="read it again", place=client.host)
    return [rows.get(name, silent) for name in names]


def _rows(answer: Body, kind: Kind, host: str) -> dict[str, PutResult]:
    """FQN → result, from both lists of a BulkOperationResult."""
    rows: dict[str, PutResult] = {}
    for fqn, row in _named(answer.get("successRequest"), kind):
        request = row.get("request")
        rows[fqn] = {**(request if isinstance(request, dict) else {}), "fullyQualifiedName": fqn}
    for fqn, row in _named(answer.get("failedRequest"), kind):
        rows[fqn] = bulk_row_error(int(row.get("status") or 500), str(row.get("message") or ""), fqn, kind.name, host)
    return rows


def _named(rows: Any, kind: Kind) -> Iterator[tuple[str, Body]]:
    """Each row with the FQN that it is about: ``request`` is an FQN, a create body or an entity."""
    for row in rows or []:
        request = row.get("request")
        if isinstance(request, str):
            yield request, row
        elif isinstance(request, dict) and "fullyQualifiedName" in request:
            yield str(request["fullyQualifiedName"]), row
        elif isinstance(request, dict) and "name" in request:
            yield fqn_of(kind, request), row
