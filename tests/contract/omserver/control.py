"""``/control/…``: the test's own hand on the server; JSON in and out, no token, never counted, never faulty.

=======================  ========================================================================================
``GET counters``         requests per route, answers per status, bytes received and sent
``GET requests``         the last 10,000 requests as ``METHOD /path?query status``, in the order of their answers
``POST reset``           counters to zero; with ``{"store": true}`` a fresh server as well
``GET|PUT faults``       the fields of `faults.Faults`; PUT replaces them, what is left out is off
``PUT clock``            ``{"skew": seconds}`` added to the server's clock
``POST token``           ``{"user", "admin"?, "bot"?, "lifetime"?}`` → ``{"token"}``; makes the user if need be
``POST revoke``          ``{"token"}``: from now on 401
``GET entities/<kind>``  the stored entities with all their fields, deleted ones too
``POST ui``              a person saves tags in the web UI (see `ui`)
``POST dump``            ``{"path"}``: save the state for ``--state``
=======================  ========================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers

from . import ui
from .faults import Faults
from .resources import JSON_PATCH
from .routing import Answer

if TYPE_CHECKING:
    from .app import App


def handle(app: App, method: str, segments: list[str], raw: bytes) -> Answer:
    """Answer a control request; an unknown one is 404."""
    handler = HANDLERS.get((method, segments[0] if segments else ""))
    if handler is None:
        return Answer({"message": "no such control"}, 404)
    try:
        return Answer(handler(app, json.loads(raw) if raw else {}, segments[1:]))
    except (KeyError, TypeError, ValueError) as error:
        return Answer({"message": f"{type(error).__name__}: {error}"}, 400)


def counters(app: App, body: Any, rest: list[str]) -> Any:
    found = app.counters
    return {
        "routes": found.routes,
        "statuses": found.statuses,
        "received": found.received,
        "sent": found.sent,
        "total": sum(found.routes.values()),
    }


def requests(app: App, body: Any, rest: list[str]) -> Any:
    return {"requests": list(app.counters.lines)}


def reset(app: App, body: Any, rest: list[str]) -> Any:
    app.counters = type(app.counters)()
    if body.get("store"):
        app.server = app.fresh()
    return {}


def get_faults(app: App, body: Any, rest: list[str]) -> Any:
    return app.faults.shown()


def put_faults(app: App, body: Any, rest: list[str]) -> Any:
    app.faults = Faults(**body)
    return app.faults.shown()


def clock(app: App, body: Any, rest: list[str]) -> Any:
    app.server.skew = float(body["skew"])
    return {"now": app.server.now()}


def token(app: App, body: Any, rest: list[str]) -> Any:
    rights = {"admin": bool(body.get("admin")), "bot": bool(body.get("bot"))}
    return {"token": app.server.user_token(body["user"], **rights, lifetime=body.get("lifetime"))}


def revoke(app: App, body: Any, rest: list[str]) -> Any:
    app.server.tokens.revoked.add(app.server.tokens.claims(body["token"])["jti"])
    return {}


def entities(app: App, body: Any, rest: list[str]) -> Any:
    store, view = app.server.store, app.server.view
    fields = store.kinds[rest[0]].stored
    return {"data": [view.show(one, fields) for one in store.of_kind[rest[0]].values()]}


def person(app: App, body: Any, rest: list[str]) -> Any:
    path, patch = ui.save(app.server, body)
    headers = Headers({"content-type": JSON_PATCH, "authorization": f"Bearer {app.server.user_token(body['user'])}"})
    _, answer = app.answer("PATCH", path.split("/"), {}, headers, patch, app.server.store.clock)
    return {"status": answer.status, "body": answer.body, "patch": json.loads(patch)}


def dump(app: App, body: Any, rest: list[str]) -> Any:
    Path(body["path"]).write_text(app.server.saved(), encoding="utf-8")
    return {}


HANDLERS: dict[tuple[str, str], Callable[[App, Any, list[str]], Any]] = {
    ("GET", "counters"): counters,
    ("GET", "requests"): requests,
    ("POST", "reset"): reset,
    ("GET", "faults"): get_faults,
    ("PUT", "faults"): put_faults,
    ("PUT", "clock"): clock,
    ("POST", "token"): token,
    ("POST", "revoke"): revoke,
    ("GET", "entities"): entities,
    ("POST", "ui"): person,
    ("POST", "dump"): dump,
}
