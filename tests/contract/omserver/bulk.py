"""``PUT /v1/<assets>/bulk`` (read, 2.0): a list of create requests in, one result per row out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .errors import ApiError, BadRequest, ServerError
from .resources import Resource
from .routing import Answer, Call
from .store import Doc, Entity

if TYPE_CHECKING:
    from .server import Server


def install(server: Server) -> None:
    for kind in server.store.kinds.values():
        if "sourceHash" not in kind.plain:
            continue
        resource = Resource(server, kind)
        server.router.add("PUT", f"v1/{'/'.join(kind.path)}/bulk", partial(bulk, resource=resource))


def bulk(call: Call, resource: Resource) -> Answer:
    """Rows fail one by one; ``overrideMetadata`` lets a bot overwrite what a single PUT would keep."""
    rows = call.json()
    if not isinstance(rows, list):
        raise BadRequest("Cannot deserialize value of type ArrayList")
    override = call.flag("overrideMetadata")
    passed: list[Doc] = []
    failed: list[Doc] = []
    for row in rows:
        try:
            passed.append(put_row(call, resource, row, override))
        except (ApiError, ServerError) as error:
            failed.append({"request": name_of(row), "message": str(error), "status": getattr(error, "code", 500)})
    status = "success" if not failed else "partialSuccess" if passed else "failure"
    counts = {
        "numberOfRowsProcessed": len(rows),
        "numberOfRowsPassed": len(passed),
        "numberOfRowsFailed": len(failed),
    }
    body = {"dryRun": False, "status": status, **counts, "successRequest": passed, "failedRequest": failed}
    return Answer(body, 202 if call.flag("async") else 200)


def put_row(call: Call, resource: Resource, row: Any, override: bool) -> Doc:
    stored = unchanged(call, resource, row) if not override else None
    if stored is not None:
        return {"request": stored.fqn, "status": 200, "message": "Skipped, sourceHash is unchanged"}
    entity, created = resource.put_one(call, row, override)
    return {"request": entity.fqn, "status": 201 if created else 200}


def unchanged(call: Call, resource: Resource, row: Any) -> Entity | None:
    """The stored entity of a row whose ``sourceHash`` says that nothing changed."""
    found = call.server.intake.target(resource.kind, row)
    if found is None or found.deleted or row.get("sourceHash") is None:
        return None
    return found if found.doc.get("sourceHash") == row["sourceHash"] else None


def name_of(row: Any) -> str:
    return str(row.get("name")) if isinstance(row, dict) else str(row)
