"""Lineage edges between entities, with their columns (reference: Lineage)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .access import authorize
from .errors import BadRequest, not_found
from .labels import check_enum, unrecognized
from .names import quote
from .profiles import words
from .routing import Answer, Call
from .store import Doc, Entity, Store

if TYPE_CHECKING:
    from .server import Server

MAX_DEPTH = 3
SOURCES = words("Manual ViewLineage QueryLineage PipelineLineage DashboardLineage DbtLineage")
SOURCES_2_0 = SOURCES | words("SparkLineage OpenLineage ExternalTableLineage CrossDatabaseLineage ChildAssets")
DETAILS = words("columnsLineage sqlQuery source pipeline description")
#: Sent back by clients that read an edge before they write it.
DETAILS_2_0 = DETAILS | words("createdAt createdBy updatedAt updatedBy assetEdges tempLineageTables")


def install(server: Server) -> None:
    add = server.router.add
    add("PUT", "v1/lineage", put)
    add("GET", "v1/lineage/{kind}/{id}", get)
    add("GET", "v1/lineage/{kind}/name/{fqn}", get)
    add("DELETE", "v1/lineage/{kind}/{id}/{other}/{id}", delete)
    add("DELETE", "v1/lineage/{kind}/name/{fqn}/{other}/name/{fqn}", delete)
    add("GET", "v1/lineage/getLineageEdge/{id}/{id}", edge)


def end(store: Store, raw: Any) -> Entity:
    """The entity of a reference in an edge."""
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str) or "id" not in raw:
        raise BadRequest("[edge must have fromEntity and toEntity]")
    found = store.get(raw["type"], raw["id"])
    if found is None or found.deleted:
        raise not_found(raw["type"], str(raw["id"]))
    return found


def put(call: Call) -> Answer:
    """Store an edge, or replace it whole: without details its columns are gone. The answer is empty."""
    body = call.json()
    call.server.check_request("lineage", body)
    sent = body.get("edge") if isinstance(body, dict) else None
    if not isinstance(sent, dict):
        raise BadRequest("[edge must not be null]")
    for name in sent.keys() - {"fromEntity", "toEntity", "lineageDetails", "description"}:
        raise unrecognized(name, "EntitiesEdge")
    store = call.server.store
    start, stop = end(store, sent.get("fromEntity")), end(store, sent.get("toEntity"))
    authorize(store, call.caller, ["EditLineage"], stop.kind, stop)
    store.edges[start.id, stop.id] = details(call.server, sent.get("lineageDetails"))
    return Answer(None)


def details(server: Server, raw: Any) -> Doc:
    if raw is None:
        return {}
    v1 = server.profile.single_relations
    if not isinstance(raw, dict):
        raise BadRequest("Cannot construct instance of LineageDetails")
    for name in raw.keys() - (DETAILS if v1 else DETAILS_2_0):
        raise unrecognized(name, "LineageDetails")
    if raw.get("source") is not None:
        check_enum(raw["source"], SOURCES if v1 else SOURCES_2_0, "Source")
    for one in raw.get("columnsLineage") or []:
        for fqn in (*(one.get("fromColumns") or []), one.get("toColumn")):
            check_column(server.store, fqn)
    return {name: value for name, value in raw.items() if value is not None}


def check_column(store: Store, fqn: Any) -> None:
    """400 when a column's FQN leads to no column of a table, nested ones included."""
    text = str(fqn)
    for (kind, name), entity_id in candidates(store, text):
        if kind == "table" and text in column_names(name, store.by_id[entity_id].doc["columns"]):
            return
    raise BadRequest(f"Invalid column name {text}")


def candidates(store: Store, fqn: str) -> list[tuple[tuple[str, str], str]]:
    """Tables whose FQN the column's FQN starts with."""
    places = [index for index, char in enumerate(fqn) if char == "."]
    keys = [("table", fqn[:index]) for index in places]
    return [(key, store.by_name[key]) for key in keys if key in store.by_name]


def column_names(prefix: str, columns: list[Doc]) -> set[str]:
    found: set[str] = set()
    for column in columns:
        fqn = f"{prefix}.{quote(column['name'])}"
        found |= {fqn} | column_names(fqn, column.get("children") or [])
    return found


def depth(call: Call, name: str) -> int:
    text = call.query.get(name, "1")
    if not text.isdigit() or int(text) > MAX_DEPTH:
        raise BadRequest(f"[query param {name} must be between 0 and {MAX_DEPTH}]")
    return int(text)


def looked_up(call: Call, kind: str, place: int = 0) -> Entity:
    store = call.server.store
    value = call.values[place]
    found = store.named(kind, value) if "fqn" in call.params else store.get(kind, value)
    if found is None:
        raise not_found(kind, value)
    return found


def get(call: Call) -> Answer:
    entity = looked_up(call, call.params["kind"])
    authorize(call.server.store, call.caller, ["ViewBasic"], entity.kind, entity)
    up = walk(call.server.store, entity.id, depth(call, "upstreamDepth"), 1)
    down = walk(call.server.store, entity.id, depth(call, "downstreamDepth"), 0)
    nodes = dict.fromkeys(one for edge in (*up, *down) for one in edge if one != entity.id)
    view = call.server.view
    return Answer(
        {
            "entity": view.reference({"id": entity.id, "type": entity.kind}),
            "nodes": [view.reference({"id": one, "type": call.server.store.by_id[one].kind}) for one in nodes],
            "upstreamEdges": [shown(call.server.store, edge) for edge in up],
            "downstreamEdges": [shown(call.server.store, edge) for edge in down],
        }
    )


def walk(store: Store, start: str, steps: int, side: int) -> list[tuple[str, str]]:
    """Edges reached in some steps; `side` is the end of an edge one comes from."""
    found: dict[tuple[str, str], None] = {}
    front = {start}
    for _ in range(steps):
        edges = [edge for edge in store.edges if edge[side] in front and edge not in found]
        found.update(dict.fromkeys(edges))
        front = {edge[1 - side] for edge in edges}
    return list(found)


def shown(store: Store, edge: tuple[str, str]) -> Doc:
    stored = store.edges[edge]
    return {"fromEntity": edge[0], "toEntity": edge[1], **({"lineageDetails": stored} if stored else {})}


def known_edge(call: Call, start: Entity | None, stop: Entity | None) -> tuple[str, str]:
    if start is None or stop is None or (start.id, stop.id) not in call.server.store.edges:
        raise not_found("lineage edge", " → ".join(call.values))
    return start.id, stop.id


def edge(call: Call) -> Answer:
    store = call.server.store
    one, other = (store.by_id.get(value) for value in call.values)
    found = known_edge(call, one, other)
    return Answer({"edge": shown(store, found)})


def delete(call: Call) -> Answer:
    start, stop = looked_up(call, call.params["kind"], 0), looked_up(call, call.params["other"], 1)
    authorize(call.server.store, call.caller, ["EditLineage"], stop.kind, stop)
    del call.server.store.edges[known_edge(call, start, stop)]
    return Answer(None)
