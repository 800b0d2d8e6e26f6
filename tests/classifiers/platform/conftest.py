"""A loopback stand-in for the few calls that OpenMetadata's sampling run makes; it records all that it is sent."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

SERVICE, DATABASE, SCHEMA = "民政库", "民政库.default", "民政库.default.main"


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def reference(number: int, kind: str, name: str, fqn: str) -> dict[str, Any]:
    return {"id": uuid(number), "type": kind, "name": name, "fullyQualifiedName": fqn}


PARENTS = {
    "service": reference(1, "databaseService", SERVICE, SERVICE),
    "database": reference(2, "database", "default", DATABASE),
    "databaseSchema": reference(3, "databaseSchema", "main", SCHEMA),
}
DEPARTMENT = {"id": uuid(9), "type": "domain", "name": "普陀区民政局", "fullyQualifiedName": "普陀区民政局"}
STEPS = [{"name": "CheckAccess", "description": "access", "mandatory": True}]
STORE_SAMPLES = {"storeSampleData": True, "readSampleData": True}


class Server:
    """What the server holds, and what it was sent."""

    service, schema = SERVICE, SCHEMA

    def __init__(self, version: str = "2.0.6") -> None:
        self.version = version
        self.tables: dict[str, dict[str, Any]] = {}
        self.missing: set[str] = set()
        self.received: list[tuple[str, str, bytes]] = []

    def add_table(self, name: str, columns: list[dict[str, Any]], **more: Any) -> None:
        number = 100 + len(self.tables)
        fqn = f"{SCHEMA}.{name}"
        columns = [{"tags": [], **column, "fullyQualifiedName": f"{fqn}.{column['name']}"} for column in columns]
        table = {"id": uuid(number), "name": name, "fullyQualifiedName": fqn, "columns": columns, "tags": []}
        self.tables[table["id"]] = {**table, "version": 0.1, "tableType": "Regular", **PARENTS, **more}

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve on loopback; yields the address for ``hostPort``."""

        server = self

        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = unquote(urlsplit(self.path).path).removeprefix("/api/v1")
                server.received.append((self.command, path, body))
                found = server.answer(self.command, path)
                text = json.dumps(
                    found if found is not None else {"code": 404, "message": f"{path} not found"}
                ).encode()
                self.send_response(200 if found is not None else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_PUT = do_POST = do_PATCH = respond

            def log_message(self, *args: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
            thread = threading.Thread(target=listener.serve_forever, daemon=True)
            thread.start()
            try:
                yield f"http://127.0.0.1:{listener.server_address[1]}/api"
            finally:
                listener.shutdown()
                thread.join()

    def patches(self) -> dict[str, list[dict[str, Any]]]:
        """Table name → the operations it was patched with."""
        found: dict[str, list[dict[str, Any]]] = {}
        for method, path, body in self.received:
            if method == "PATCH":
                found.setdefault(self.tables[path.rsplit("/", 1)[-1]]["name"], []).extend(json.loads(body))
        return found

    def tags(self, table: str) -> dict[str, list[dict[str, Any]]]:
        """Column name → the labels that the run added to it."""
        columns = next(held["columns"] for held in self.tables.values() if held["name"] == table)
        found: dict[str, list[dict[str, Any]]] = {}
        for step in self.patches().get(table, []):
            place = re.fullmatch(r"/columns/(\d+)/tags/\d+", step["path"])
            assert place is not None, step
            assert step["op"] == "add"
            found.setdefault(columns[int(place[1])]["name"], []).append(step["value"])
        return found

    def answer(self, method: str, path: str) -> Any:
        """The JSON of one call; None = 404."""
        if path == "/system/version":
            return {"version": self.version, "revision": "x", "timestamp": 0}
        if path == "/system/settings/profilerConfiguration":
            return {"config_type": "profilerConfiguration", "config_value": {"sampleDataConfig": STORE_SAMPLES}}
        kind, _, rest = path.removeprefix("/services").lstrip("/").partition("/")
        name = rest.removeprefix("name/")
        if kind == "testConnectionDefinitions":
            return {"id": uuid(8), "name": "SQLite", "steps": STEPS}
        if kind in ("tags", "glossaryTerms"):
            return None if name in self.missing else self._tag(kind, name)
        if kind == "tables" and method == "PATCH":
            return self.tables[rest]
        return self._held(kind, rest)

    @staticmethod
    def _tag(kind: str, fqn: str) -> dict[str, Any]:
        owner, name = fqn.split(".", 1)
        parent = reference(7, "glossary", owner, owner)
        common = {"id": uuid(6), "name": name, "fullyQualifiedName": fqn, "description": name}
        return common | ({"glossary": parent} if kind == "glossaryTerms" else {})

    def _held(self, kind: str, rest: str) -> Any:
        service = {"id": uuid(1), "name": SERVICE, "fullyQualifiedName": SERVICE, "serviceType": "SQLite"}
        database = {"id": uuid(2), "name": "default", "fullyQualifiedName": DATABASE, "service": PARENTS["service"]}
        schema = {"id": uuid(3), "name": "main", "fullyQualifiedName": SCHEMA, **PARENTS}
        del schema["databaseSchema"]
        held: dict[str, list[Any]] = {
            "databaseServices": [service | {"domains": [DEPARTMENT]}],
            "databases": [database],
            "databaseSchemas": [schema],
            "tables": list(self.tables.values()),
        }
        if kind not in held:
            return None
        if not rest:
            return {"data": held[kind], "paging": {"total": len(held[kind])}}
        known = (item for item in held[kind] if rest in (item["id"], f"name/{item['fullyQualifiedName']}"))
        return next(known, None)


@pytest.fixture(scope="module")
def server() -> Server:
    return Server()
