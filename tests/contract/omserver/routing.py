"""Requests and routes. Path segments are decoded one by one, so an FQN with ``%2F`` stays one segment."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .access import Principal
from .errors import MalformedJson, ServerError

if TYPE_CHECKING:
    from .server import Server

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(slots=True)
class Answer:
    """What a handler returns when it is not a plain 200 with JSON; a `body` of None is an empty one."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """One request. `values` are the ids and FQNs in its path, in order.

    `moment` is the store's clock when it arrived, before any delay that a fault put in.
    """

    server: Server
    method: str
    params: dict[str, str]
    values: list[str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    moment: int
    principal: Principal | None = None

    @property
    def caller(self) -> Principal:
        """The caller of a route that asks for a token."""
        assert self.principal is not None, "this route is open to all"
        return self.principal

    def json(self) -> Any:
        try:
            return json.loads(self.raw)
        except ValueError as error:
            raise MalformedJson(f"Unable to process JSON: {error}") from None

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"


Handler = Callable[[Call], Any]


@dataclass(slots=True)
class Route:
    pattern: str
    handler: Handler
    public: bool


@dataclass(slots=True)
class Node:
    below: dict[str, Node] = field(default_factory=dict)
    by_id: Node | None = None
    by_name: Node | None = None
    parameter: str = ""
    routes: dict[str, Route] = field(default_factory=dict)


class Router:
    """A tree of path segments; ``{id}`` matches UUIDs only, any other ``{name}`` one whole segment."""

    def __init__(self) -> None:
        self.root = Node()

    def add(self, method: str, pattern: str, handler: Handler, public: bool = False) -> None:
        node = self.root
        for segment in pattern.strip("/").split("/"):
            if segment == "{id}":
                node.by_id = node.by_id or Node(parameter="id")
                node = node.by_id
            elif segment.startswith("{"):
                node.by_name = node.by_name or Node(parameter=segment[1:-1])
                node = node.by_name
            else:
                node = node.below.setdefault(segment, Node())
        node.routes[method] = Route(pattern, handler, public)

    def find(self, method: str, segments: list[str]) -> tuple[Route, dict[str, str], list[str]]:
        node = self.root
        params: dict[str, str] = {}
        values: list[str] = []
        for segment in segments:
            step = node.below.get(segment) or (node.by_id if UUID.fullmatch(segment) else None) or node.by_name
            if step is None:
                raise ServerError("HTTP 404 Not Found")
            node = step
            if node.parameter:
                params[node.parameter] = segment
            if node.parameter in ("id", "fqn"):
                values.append(segment)
        if not node.routes:
            raise ServerError("HTTP 404 Not Found")
        route = node.routes.get("GET" if method == "HEAD" else method)
        if route is None:
            raise ServerError("HTTP 405 Method Not Allowed")
        return route, params, values
