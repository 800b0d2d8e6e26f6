"""A person at the UI's tag editor, and what is left of a bot's labels."""

from __future__ import annotations

from typing import Any

import pytest
from omclient import Api, column, label, remove, rule

UI = rule("Label state, styles, renames")
AUTO = ("Automated", "Suggested")


@pytest.fixture
def ready(api: Api) -> Api:
    api.place()
    api.tags("F类", "a1", "a2", "b1")
    return api


def save(api: Api, tags: str, column_name: str | None = None, page: Any = None) -> Any:
    place = {} if column_name is None else {"column": column_name}
    body = {"user": "张三", "table": "svc.d.s.t", "tags": [f"F类.{name}" for name in tags.split()], **place}
    return api.server.control("POST", "ui", {**body, "page": page})


def auto(*names: str) -> list[Any]:
    return [label(f"F类.{name}", *AUTO) for name in names]


@UI
def test_a_column_keeps_what_stays(ready: Api) -> None:
    table = ready.table(columns=[column("a", tags=auto("a1", "a2"))])
    assert save(ready, "a2 b1", "a")["status"] == 200
    assert ready.labels(table, 0) == [("F类.a2", *AUTO), ("F类.b1", "Manual", "Confirmed")]
    found = ready.read(table)["changeDescription"]
    assert (len(found["fieldsAdded"]), len(found["fieldsDeleted"])) == (1, 1)
    assert ready.read(table)["updatedBy"] == "张三"


@UI
def test_a_table_is_restamped(ready: Api) -> None:
    table = ready.table(tags=auto("a1", "a2"))
    assert save(ready, "a1 a2 b1")["status"] == 200
    assert {one[1:] for one in ready.labels(table)} == {("Manual", "Confirmed")}


@UI
def test_a_bot_changed_the_labels_meanwhile(ready: Api) -> None:
    table = ready.table(columns=[column("a", tags=auto("a1", "b1"))])
    page = ready.read(table)
    ready.patched(table, {"op": "add", "path": "/columns/0/tags/1", "value": auto("a2")[0]}, user="bot")
    assert save(ready, "b1", "a", page)["status"] == 200
    assert [one[0] for one in ready.labels(table, 0)] == ["F类.b1"]


@UI
def test_an_add_past_the_end(ready: Api) -> None:
    table = ready.table(columns=[column("a", tags=auto("a1", "a2"))])
    page = ready.read(table)
    ready.patched(table, remove("/columns/0/tags/1"), user="bot")
    assert save(ready, "a1 a2 b1", "a", page)["status"] == 500
    assert ready.labels(table, 0) == [("F类.a1", *AUTO)]
