"""Users and teams: who is logged in, who belongs where (reference: Domains, owners, teams, users)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .routing import Answer, Call

if TYPE_CHECKING:
    from .server import Server


def install(server: Server) -> None:
    server.router.add("GET", "v1/users/loggedInUser", logged_in)


def logged_in(call: Call) -> Answer:
    store, view = call.server.store, call.server.view
    kind = store.kinds["user"]
    fields = view.fields_of(kind, call.query.get("fields", "teams,roles"))
    return Answer(view.show(store.by_id[call.caller.id], fields))
