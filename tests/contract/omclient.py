"""What the tests of the contract server call it with: `Api`, and short ways to say columns, labels and patches.

``@rule("section", "1.2", "2.0")`` runs a test on these profiles; the section of the reference is in the test's id.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

JSON_PATCH = {"Content-Type": "application/json-patch+json"}
JSON = {"Content-Type": "application/json"}


def rule(section: str, *profiles: str) -> pytest.MarkDecorator:
    """The profiles a rule holds for, both when none is named; the test takes ``api``."""
    chosen = profiles or ("1.2", "2.0")
    return pytest.mark.parametrize("api", chosen, ids=[f"{section}: {one}" for one in chosen], indirect=True)


class Api:
    """Calls of one server as ``admin`` or as another user; answers are (status, body)."""

    def __init__(self, server: Any, profile: str) -> None:
        self.server = server
        self.profile = profile
        self.http = requests.Session()

    def call(self, method: str, path: str, body: Any = None, user: str = "admin", **headers: str) -> tuple[int, Any]:
        answer = self.raw(method, path, body, user, **headers)
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, answer.text

    def raw(self, method: str, path: str, body: Any = None, user: str = "admin", **headers: str) -> requests.Response:
        sent = {**(JSON_PATCH if method == "PATCH" else JSON), **{k.replace("_", "-"): v for k, v in headers.items()}}
        sent.setdefault("Authorization", f"Bearer {self.server.tokens[user]}")
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return self.http.request(method, f"{self.server.url}/v1/{path}", data=data, headers=sent, timeout=30)

    def ok(self, method: str, path: str, body: Any = None, user: str = "admin", **headers: str) -> Any:
        """The body of an answer that has to be a success."""
        status, found = self.call(method, path, body, user, **headers)
        assert status in (200, 201, 202), (status, found)
        return found

    # --- things to work on ---

    def place(self, schema: str = "s") -> None:
        """Service ``svc``, database ``d``, and a schema in it."""
        connection = {"config": {"type": "CustomDatabase"}}
        body = {"name": "svc", "serviceType": "CustomDatabase", "connection": connection}
        self.ok("PUT", "services/databaseServices", body)
        self.ok("PUT", "databases", {"name": "d", "service": "svc"})
        self.ok("PUT", "databaseSchemas", {"name": schema, "database": "svc.d"})

    def table(self, name: str = "t", columns: list[Any] | None = None, user: str = "admin", **more: Any) -> Any:
        found = [column("a"), column("b")] if columns is None else columns
        return self.ok("PUT", "tables", {"name": name, "databaseSchema": "svc.d.s", "columns": found, **more}, user)

    def tags(self, classification: str, *names: str, exclusive: bool = False) -> None:
        body = {"name": classification, "description": "d", "mutuallyExclusive": exclusive}
        self.ok("PUT", "classifications", body)
        for name in names:
            self.ok("PUT", "tags", {"name": name, "classification": classification, "description": f"about {name}"})

    def read(self, table: Any, fields: str = "columns,tags", **query: str) -> Any:
        rest = "".join(f"&{name}={value}" for name, value in query.items())
        return self.ok("GET", f"tables/{table['id']}?fields={fields}{rest}")

    def patch(self, table: Any, *operations: Any, user: str = "admin", **headers: str) -> tuple[int, Any]:
        return self.call("PATCH", f"tables/{table['id']}", list(operations), user, **headers)

    def patched(self, table: Any, *operations: Any, user: str = "admin") -> Any:
        status, body = self.patch(table, *operations, user=user)
        assert status == 200, body
        return body

    def labels(self, table: Any, column_index: int | None = None) -> list[tuple[str, str, str]]:
        """(tagFQN, labelType, state) of the table's or one column's labels."""
        found = self.read(table)
        place = found if column_index is None else found["columns"][column_index]
        return [(one["tagFQN"], one["labelType"], one["state"]) for one in place["tags"]]

    def stored(self, kind: str) -> list[Any]:
        found: list[Any] = self.server.control("GET", f"entities/{kind}")["data"]
        return found


def column(name: str, data_type: str = "INT", **more: Any) -> dict[str, Any]:
    return {"name": name, "dataType": data_type, **more}


def label(fqn: str, label_type: str = "Manual", state: str = "Confirmed", **more: Any) -> dict[str, Any]:
    return {"tagFQN": fqn, "source": "Classification", "labelType": label_type, "state": state, **more}


def add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def remove(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}
