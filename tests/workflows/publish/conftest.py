"""People at work in OpenMetadata's UI, as it was observed.

Source: reference/openmetadata-server.md, "Label state, styles, renames".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from connectors.om_client import OpenMetadata

Entity = dict[str, Any]


class Browser:
    """One logged-in person. Patches go by list index and without a guard, as the UI's do."""

    def __init__(self, server: Any, login: str, **claims: Any) -> None:
        self.client = OpenMetadata(server.url, server.token(login, **claims), sleep=lambda seconds: None)

    def read(self, fqn: str) -> Entity:
        found = self.client.get("table", fqn, fields=["columns", "tags"])
        assert found is not None
        return found

    def label_column(self, fqn: str, column: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Save the tag editor of a column: the other labels keep type and state."""
        entity = self.read(fqn)
        at = next(at for at, one in enumerate(entity["columns"]) if one["name"] == column)
        tags = entity["columns"][at].get("tags") or []
        self._patch(entity["id"], changes(f"/columns/{at}/tags", tags, [manual(tag) for tag in add], remove))

    def replace_on_column(self, fqn: str, column: str, old: str, new: str) -> None:
        entity = self.read(fqn)
        at = next(at for at, one in enumerate(entity["columns"]) if one["name"] == column)
        tags = [label["tagFQN"] for label in entity["columns"][at]["tags"]]
        self._patch(entity["id"], [replace(f"/columns/{at}/tags/{tags.index(old)}", manual(new))])

    def put_back(self, fqn: str, column: str, tag: str) -> None:
        """Confirm a suggestion as 1.2 lets one: taken off and put back, in two saves."""
        self.label_column(fqn, column, remove=[tag])
        self.label_column(fqn, column, add=[tag])

    def accept(self, fqn: str, column: str, tag: str) -> None:
        """Change type and state alone: silent on 1.2."""
        self.replace_on_column(fqn, column, tag, tag)

    def label_table(self, fqn: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Save the tag editor of a table: every other label there becomes Manual and Confirmed."""
        entity = self.read(fqn)
        tags = entity.get("tags") or []
        kept = [label for label in tags if label["tagFQN"] not in remove]
        ops = [replace(f"/tags/{tags.index(one)}", manual(one["tagFQN"], one["source"])) for one in kept]
        self._patch(entity["id"], [*ops, *changes("/tags", tags, [manual(tag) for tag in add], remove)])

    def review(self, fqn: str, new: str) -> None:
        """Set 审核状态, which is exclusive: the tag that stands there is replaced, all others are restamped."""
        entity = self.read(fqn)
        ops = [
            replace(f"/tags/{at}", manual(new if label["tagFQN"].startswith("审核状态.") else label["tagFQN"]))
            for at, label in enumerate(entity["tags"])
        ]
        if not any(label["tagFQN"].startswith("审核状态.") for label in entity["tags"]):
            ops.append({"op": "add", "path": "/tags/-", "value": manual(new)})
        self._patch(entity["id"], ops)

    def describe(self, fqn: str, text: str, column: str | None = None) -> None:
        entity = self.read(fqn)
        names = [one["name"] for one in entity["columns"]]
        path = "/description" if column is None else f"/columns/{names.index(column)}/description"
        self._patch(entity["id"], [{"op": "add", "path": path, "value": text}])

    def _patch(self, ident: str, ops: Sequence[Entity]) -> None:
        headers = {"Content-Type": "application/json-patch+json"}
        self.client.request("PATCH", f"tables/{ident}", None, list(ops), doing="save", headers=headers)


def manual(tag: str, source: str | None = None) -> Entity:
    found = source or ("Glossary" if tag.startswith("数据元.") else "Classification")
    return {"tagFQN": tag, "source": found, "labelType": "Manual", "state": "Confirmed"}


def replace(path: str, value: Entity) -> Entity:
    return {"op": "replace", "path": path, "value": value}


def changes(path: str, tags: Sequence[Entity], add: Sequence[Entity], remove: Sequence[str]) -> list[Entity]:
    at = {label["tagFQN"]: index for index, label in enumerate(tags)}
    gone = [{"op": "remove", "path": f"{path}/{at[tag]}"} for tag in sorted(remove, key=lambda tag: -at[tag])]
    return [*({"op": "add", "path": f"{path}/-", "value": value} for value in add), *gone]


@pytest.fixture
def browser() -> Iterator[Callable[..., Browser]]:
    """``browser(server, "lihua")`` is that person's UI."""
    opened: list[Browser] = []

    def open_one(server: Any, login: str, **claims: Any) -> Browser:
        opened.append(Browser(server, login, **claims))
        return opened[-1]

    yield open_one
    for one in opened:
        one.client.close()
