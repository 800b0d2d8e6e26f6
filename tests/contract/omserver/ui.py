"""A person at the tag editor of the web UI, as observed (reference: Label state, styles, renames).

``POST /control/ui`` with ``{"user", "table": FQN, "column"?: name, "tags": [FQN, …], "page"?: …}`` saves the wanted
tags of a column, or of the table without ``column``. ``page`` is the table as the person's browser had read it
(``fields=columns,tags``); without it the page is fresh. The answer is ``{"status", "body", "patch"}``.

What the UI sends goes by list index and has no ``test``: at column level the labels that stay keep their labelType and
state and a new one is Manual and Confirmed; at table level every label is restamped Manual and Confirmed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .labels import SOURCES
from .store import Doc

if TYPE_CHECKING:
    from .server import Server

SENT = ("tagFQN", "source", "labelType", "state")


def save(server: Server, body: Doc) -> tuple[str, bytes]:
    """The path and the patch that a browser sends."""
    table = server.store.named("table", body["table"])
    if table is None:
        raise KeyError(body["table"])
    page = body.get("page") or server.view.show(table, frozenset({"columns", "tags"}))
    place, stored = place_of(page, body.get("column"))
    known = {} if body.get("column") is None else {one["tagFQN"]: one for one in stored}
    wanted = [known.get(fqn) or new_label(server, fqn) for fqn in body["tags"]]
    return f"v1/tables/{table.id}", json.dumps(differences(place, stored, wanted)).encode()


def place_of(page: Doc, column: str | None) -> tuple[str, list[Doc]]:
    if column is None:
        return "/tags", page["tags"]
    names = [one["name"] for one in page["columns"]]
    index = names.index(column)
    return f"/columns/{index}/tags", page["columns"][index]["tags"]


def new_label(server: Server, fqn: str) -> Doc:
    source = next(source for source, kind in SOURCES.items() if server.store.named(kind, fqn) is not None)
    return {"tagFQN": fqn, "source": source, "labelType": "Manual", "state": "Confirmed"}


def differences(place: str, old: list[Doc], new: list[Doc]) -> list[Doc]:
    """Index by index, from the end: what is at the same place is made equal field by field, the rest goes or comes."""
    found: list[Doc] = []
    for index in reversed(range(len(old))):
        if index < len(new):
            found += fields(f"{place}/{index}", old[index], new[index])
        else:
            found.append({"op": "remove", "path": f"{place}/{index}"})
    rest = [{name: value for name, value in one.items() if name in SENT} for one in new[len(old) :]]
    return found + [{"op": "add", "path": f"{place}/{len(old) + i}", "value": one} for i, one in enumerate(rest)]


def fields(path: str, old: Doc, new: Doc) -> list[Any]:
    changed = [name for name in SENT if old.get(name) != new.get(name)]
    return [{"op": "replace", "path": f"{path}/{name}", "value": new[name]} for name in changed]
