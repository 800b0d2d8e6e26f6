"""Sample data and profiles of tables (reference: Roles, policies). Neither makes a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import names
from .access import authorize
from .errors import BadRequest, not_found
from .labels import unrecognized
from .routing import Answer, Call
from .store import Doc, Entity

if TYPE_CHECKING:
    from .server import Server

SENSITIVE = "PII.Sensitive"
MASK = "********"


def install(server: Server) -> None:
    add = server.router.add
    for method, handler in (("PUT", put), ("GET", get), ("DELETE", delete)):
        add(method, "v1/tables/{id}/sampleData", handler)
    add("PUT", "v1/tables/{id}/tableProfile", put_profile)
    add("GET", "v1/tables/{fqn}/tableProfile/latest", latest)
    add("GET", "v1/tables/{fqn}/tableProfile", table_profiles)
    add("GET", "v1/tables/{fqn}/columnProfile", column_profiles)


def table_of(call: Call, operation: str) -> Entity:
    store = call.server.store
    value = call.values[0]
    found = store.get("table", value) if "id" in call.params else store.named("table", value)
    if found is None or found.deleted:
        raise not_found("table", value)
    authorize(store, call.caller, [operation], "table", found)
    return found


def columns_of(table: Entity) -> dict[str, Doc]:
    return {column["name"]: column for column in table.doc["columns"]}


def shown(call: Call, table: Entity, **more: Any) -> Answer:
    return Answer({**call.server.view.show(table, frozenset({"columns", "tags"})), **more})


# --- samples ---


def put(call: Call) -> Answer:
    table = table_of(call, "EditSampleData")
    body = call.json()
    for name in body.keys() - {"columns", "rows"}:
        raise unrecognized(name, "TableData")
    sent, rows = body.get("columns") or [], body.get("rows") or []
    for name in sent:
        if name not in columns_of(table):
            raise BadRequest(f"Invalid column name {name}")
    if any(len(row) != len(sent) for row in rows):
        raise BadRequest(f"Number of columns is {len(sent)} but row has another number of values")
    table.aside = {**table.aside, "sampleData": {"columns": sent, "rows": rows}}
    return shown(call, table, sampleData=table.aside["sampleData"])


def get(call: Call) -> Answer:
    table = table_of(call, "ViewSampleData")
    found = table.aside.get("sampleData")
    if found is None:
        return shown(call, table)
    return shown(call, table, sampleData=found if call.caller.is_admin else masked(table, found))


def masked(table: Entity, sample: Doc) -> Doc:
    """What others than administrators see: the names of masked columns change as well as their values."""
    known = columns_of(table)
    hidden = [is_sensitive(known.get(name, {})) for name in sample["columns"]]
    titles = [f"{name} [MASKED]" if mask else name for name, mask in zip(sample["columns"], hidden, strict=True)]
    rows = [[MASK if mask else value for value, mask in zip(row, hidden, strict=True)] for row in sample["rows"]]
    return {"columns": titles, "rows": rows}


def is_sensitive(column: Doc) -> bool:
    return any(label["tagFQN"] == SENSITIVE for label in column.get("tags") or ())


def delete(call: Call) -> Answer:
    table = table_of(call, "EditSampleData")
    table.aside = {name: value for name, value in table.aside.items() if name != "sampleData"}
    return shown(call, table)


# --- profiles ---


def put_profile(call: Call) -> Answer:
    """On 1.2 a table profile of the same timestamp is one row more instead of another."""
    table = table_of(call, "EditDataProfile")
    body = call.json()
    given = body.get("columnProfile") or []
    for one in given:
        if one.get("name") not in columns_of(table):
            raise BadRequest(f"Invalid column name {one.get('name')}")
    aside = dict(table.aside)
    replaces = not call.server.profile.single_relations
    aside["tableProfile"] = added(aside.get("tableProfile") or [], body.get("tableProfile"), replaces)
    columns = dict(aside.get("columnProfile") or {})
    for one in given:
        columns[one["name"]] = added(columns.get(one["name"]) or [], one, True)
    table.aside = {**aside, "columnProfile": columns}
    return shown(call, table)


def added(rows: list[Doc], row: Doc | None, replaces: bool) -> list[Doc]:
    if row is None:
        return rows
    if not isinstance(row.get("timestamp"), int):
        raise BadRequest("[timestamp must not be null]")
    kept = [one for one in rows if not replaces or one["timestamp"] != row["timestamp"]]
    return sorted([*kept, row], key=lambda one: int(one["timestamp"]))


def latest(call: Call) -> Answer:
    table = table_of(call, "ViewDataProfile")
    columns = table.aside.get("columnProfile") or {}
    body = call.server.view.show(table, frozenset({"columns"}))
    body["columns"] = [
        {**one, "profile": columns[one["name"]][-1]} if one["name"] in columns else one for one in body["columns"]
    ]
    rows = table.aside.get("tableProfile") or []
    return Answer({**body, **({"profile": rows[-1]} if rows else {})})


def within(call: Call, rows: list[Doc]) -> Answer:
    try:
        start, stop = int(call.query["startTs"]), int(call.query["endTs"])
    except (KeyError, ValueError):
        raise BadRequest("[query param startTs and endTs must not be null]") from None
    found = [row for row in rows if start <= row["timestamp"] <= stop]
    return Answer({"data": found, "paging": {"total": len(found)}})


def table_profiles(call: Call) -> Answer:
    return within(call, table_of(call, "ViewDataProfile").aside.get("tableProfile") or [])


def column_profiles(call: Call) -> Answer:
    """By the column's FQN."""
    store, fqn = call.server.store, call.values[0]
    for table in store.of_kind["table"].values():
        for name in columns_of(table):
            if names.join(table.fqn, name) == fqn and not table.deleted:
                authorize(store, call.caller, ["ViewDataProfile"], "table", table)
                return within(call, (table.aside.get("columnProfile") or {}).get(name) or [])
    raise not_found("column", fqn)
