"""The ASGI application: faults, counting, authentication, dispatch, errors in the observed shapes."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import traceback
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from . import control
from .connections import cut
from .errors import ApiError, MalformedJson, PreconditionFailed, ServerError
from .faults import Faults
from .routing import Answer, Call
from .server import Server

GZIP_FROM = 2048
WRITES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass
class Counters:
    """Requests per ``METHOD route``, answers per status, and bytes both ways, of everything under ``/api``.

    `lines` are the last requests: method, path with query, status (0: the connection was cut).
    """

    routes: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    received: int = 0
    sent: int = 0
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=10_000))

    def count(self, request: Request, route: str, status: int, received: int, sent: int) -> None:
        route = f"{request.method} {route}"
        query = f"?{request.url.query}" if request.url.query else ""
        self.lines.append(f"{request.method} {request.url.path}{query} {status}")
        self.routes[route] = self.routes.get(route, 0) + 1
        self.statuses[str(status)] = self.statuses.get(str(status), 0) + 1
        self.received += received
        self.sent += sent


class Cut(Exception):
    """The connection is closed without an answer."""


class App:
    """One served `Server` with its faults and counters."""

    def __init__(self, server: Server, faults: Faults) -> None:
        self.server = server
        self.faults = faults
        self.counters = Counters()

    def fresh(self) -> Server:
        """A server with nothing but its seeds, in place of the present one."""
        server = Server(self.server.profile, self.server.base)
        server.validating = self.server.validating
        server.seed()
        return server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        segments = [unquote(part) for part in scope["raw_path"].decode("latin-1").strip("/").split("/")]
        raw = await request.body()
        if segments[0] == "control":
            await respond(send, control.handle(self, request.method, segments[1:], raw))
            return
        try:
            await self.api(request, segments[1:] if segments[0] == "api" else ["?"], raw, send)
        except Cut:
            cut(scope["client"])
            while (await receive())["type"] != "http.disconnect":
                pass

    async def api(self, request: Request, segments: list[str], raw: bytes, send: Send) -> None:
        fault = self.faults.draw(request.method)
        route = "?"
        if fault in ("rate_429", "rate_503", "rate_500"):
            answer = broken(fault, self.faults.retry_after)
        elif fault == "cut_before":
            self.counters.count(request, "cut", 0, len(raw), 0)
            raise Cut
        else:
            moment = self.server.store.clock
            wait = self.faults.delay() + (self.faults.race if request.method in WRITES else 0.0)
            if wait:
                await asyncio.sleep(wait)
            query = dict(request.query_params)
            sent = (request.method, segments, query, request.headers, raw, moment)
            route, answer = self.answer(*sent, stale=fault == "stale")
        if fault == "cut_after":
            self.counters.count(request, route, 0, len(raw), 0)
            raise Cut
        size = await respond(send, answer, request)
        self.counters.count(request, route, answer.status, len(raw), size)

    def answer(
        self,
        method: str,
        segments: list[str],
        query: dict[str, str],
        headers: Headers,
        raw: bytes,
        moment: int,
        stale: bool = False,
    ) -> tuple[str, Answer]:
        """Run a request's handler; every refusal becomes an answer."""
        route = "?"
        self.server.view.usage = None
        try:
            found, params, values = self.server.router.find(method, segments)
            route = found.pattern
            call = Call(self.server, method, params, values, query, headers, raw, moment)
            if not found.public:
                call.principal = self.server.tokens.principal(headers.get("authorization"))
            if stale:
                raise (
                    PreconditionFailed("stale") if self.server.profile.etags else ServerError("'test' failed: /version")
                )
            return route, found.handler(call)
        except ApiError as error:
            return route, Answer({"code": error.code, "message": error.message}, error.code)
        except ServerError as error:
            return route, Answer(error.body(), 500)
        except MalformedJson as error:
            return route, Answer(str(error), 400)
        except Exception:
            # A defect of this tool; the test that met it finds the place in the server's log.
            traceback.print_exc(file=sys.stderr)
            return route, Answer({"responseMessage": "defect of the contract server, see its log"}, 500)


def broken(fault: str, retry_after: float) -> Answer:
    status = int(fault.removeprefix("rate_"))
    if status == 429:
        return Answer({"code": 429, "message": "Too many requests"}, 429, {"Retry-After": f"{retry_after:g}"})
    if status == 503:
        return Answer("Service Unavailable", 503, {"Retry-After": f"{retry_after:g}"})
    return Answer({"code": 500, "message": "An exception with message [injected] was thrown"}, 500)


def encoded(body: Any) -> tuple[bytes, str]:
    if body is None:
        return b"", "application/json"
    if isinstance(body, str):
        return body.encode(), "text/plain;charset=utf-8"
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(), "application/json"


async def respond(send: Send, answer: Answer, request: Request | None = None) -> int:
    """Send an answer; returns the bytes of its body."""
    body, media = encoded(answer.body)
    headers = {"content-type": media, **{name.lower(): value for name, value in answer.headers.items()}}
    if request is not None and len(body) >= GZIP_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 1)
        headers["content-encoding"] = "gzip"
    headers["content-length"] = str(len(body))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if request and request.method == "HEAD" else body})
    return len(body)
