"""A web server on loopback that answers what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest


@dataclass
class Asked:
    method: str
    path: str
    """Without the query."""
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass
class Told:
    """An answer; ``body`` is JSON unless it is bytes, and None cuts the connection."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Web:
    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Told] = lambda asked: Told(status=404)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {key.lower(): value for key, value in self.headers.items()}
            asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query, True)), headers, body)
            web.asked.append(asked)
            self._tell(web.answer(asked))

        do_GET = do_POST = _any

        def _tell(self, told: Told) -> None:
            if told.body is None:
                self.close_connection = True
                return
            raw = told.body if isinstance(told.body, bytes) else json.dumps(told.body, ensure_ascii=False).encode()
            self.send_response(told.status)
            for key, value in {"Content-Length": str(len(raw)), **told.headers}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.close()


@pytest.fixture
def told() -> type[Told]:
    """`Told`, for tests, which import no other test module."""
    return Told
