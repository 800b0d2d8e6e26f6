"""Many creates or updates: bulk requests of 100 where the server has them, else a few single PUTs at a time.

Reference, "Writing tables and tags" (2.0: ``PUT /v1/tables/bulk?async=…&overrideMetadata=…``, a list in, per-row result
out; older servers: single PUTs, 4–8 in parallel); answer shape: BulkOperationResult of the 2.0.6 models.
"""

from __future__ import annotations

from collections import Counter
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
from connectors.om_names import child_fqn, join_fqn, split_fqn
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

    if not bodies:
        return []
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
    found = _rows(answer if isinstance(answer, dict) else {}, kind, names, client.host)
    silent = [body for name, body in zip(names, bodies, strict=True) if name not in found]
    # What the answer does not tell apart (failed rows may bear a bare name) is written by itself.
    single = dict(zip([fqn_of(kind, body) for body in silent], _one_by_one(client, kind, silent, workers), strict=True))
    return [found[name] if name in found else single[name] for name in names]


def _rows(answer: Body, kind: Kind, names: Sequence[str], host: str) -> dict[str, PutResult]:
    """FQN → result, from both lists of a BulkOperationResult."""
    last = Counter(split_fqn(fqn)[-1] for fqn in names)
    by_name = {split_fqn(fqn)[-1]: fqn for fqn in names if last[split_fqn(fqn)[-1]] == 1}
    rows: dict[str, PutResult] = {}
    for row in answer.get("successRequest") or []:
        request = row.get("request")
        fqn = _named(request, kind, names, by_name)
        rows[fqn] = {**(request if isinstance(request, dict) else {}), "fullyQualifiedName": fqn}
    for row in answer.get("failedRequest") or []:
        fqn = _named(row.get("request"), kind, names, by_name)
        # Upstream leaves the status out of some rows; a single PUT has one.
        if row.get("status"):
            rows[fqn] = bulk_row_error(int(row["status"]), str(row.get("message") or ""), fqn, kind.name, host)
    rows.pop("", None)
    return rows


def _named(request: Any, kind: Kind, names: Sequence[str], by_name: dict[str, str]) -> str:
    """The FQN that a row is about: it names an FQN, a name, a create body or an entity; empty when that is unclear."""
    if isinstance(request, dict):
        request = request.get("fullyQualifiedName") or (fqn_of(kind, request) if "name" in request else "")
    return request if request in names else by_name.get(str(request), "")
