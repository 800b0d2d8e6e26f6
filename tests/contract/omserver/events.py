"""``GET /v1/events``: the change feed (reference: Change feed)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from .errors import BadRequest, ServerError
from .routing import Answer, Call
from .store import Doc, Event, version_number

if TYPE_CHECKING:
    from .server import Server

#: Query parameter → the kinds of event it asks for.
ASKED = {
    "entityCreated": ("entityCreated",),
    "entityUpdated": ("entityUpdated",),
    "entityDeleted": ("entityDeleted", "entitySoftDeleted"),
    "entityRestored": ("entityRestored",),
}


def install(server: Server) -> None:
    server.router.add("GET", "v1/events", feed)


def feed(call: Call) -> Answer:
    """Everything since ``timestamp`` (inclusive), oldest first, never in pages."""
    try:
        since = int(call.query.get("timestamp", "0"))
    except ValueError:
        raise ServerError("HTTP 404 Not Found") from None
    wanted = {event: kinds for name, events in ASKED.items() for event in events if (kinds := kinds_in(call, name))}
    rows = [
        shown(call.server, event)
        for event in call.server.store.events
        if event.timestamp >= since and event.event in wanted and covers(wanted[event.event], event.kind)
    ]
    return Answer({"data": rows, "paging": {"total": len(rows)}})


def kinds_in(call: Call, name: str) -> set[str]:
    kinds = {kind.strip() for kind in call.query.get(name, "").split(",")} - {""}
    for kind in kinds - {"*", "type"} - call.server.store.kinds.keys():
        raise BadRequest(f"Invalid entity {kind} in query param {name}")
    return kinds


def covers(kinds: set[str], kind: str) -> bool:
    return "*" in kinds or kind in kinds


def shown(server: Server, event: Event) -> Doc:
    """An event; on 1.2 `previousVersion` is stuck at 0.1 and the FQN is only inside the entity."""
    row: Doc = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{event.entity_id}-{event.event}-{event.version}-{event.timestamp}")),
        "eventType": event.event,
        "entityType": event.kind,
        "entityId": event.entity_id,
        "userName": event.user,
        "timestamp": event.timestamp,
        "currentVersion": version_number(event.version),
        "entity": event.entity,
    }
    if event.change is not None:
        row["changeDescription"] = event.change
        row["previousVersion"] = 0.1 if server.profile.single_relations else event.change["previousVersion"]
    if not server.profile.single_relations:
        row["entityFullyQualifiedName"] = event.fqn
    return row
