"""Versions, change descriptions, the change feed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from omclient import Api, add, column, label, remove, replace, rule

HISTORY = rule("History")
FEED = rule("Change feed")


@pytest.fixture
def ready(api: Api) -> Api:
    api.place()
    api.tags("F类", "x1", "x2")
    return api


@HISTORY
def test_versions_are_json_in_strings_newest_first(ready: Api) -> None:
    table = ready.table(tags=[label("F类.x1")])
    assert "changeDescription" not in table
    ready.patched(table, add("/description", "一"))
    body = ready.ok("GET", f"tables/{table['id']}/versions?limit=1")
    versions = [json.loads(text) for text in body["versions"]]
    assert (body["entityType"], [one["version"] for one in versions]) == ("table", [0.2, 0.1])
    assert versions[1]["tags"][0]["tagFQN"] == "F类.x1"
    one = ready.ok("GET", f"tables/{table['id']}/versions/0.1")
    assert "description" not in one
    assert ready.call("GET", f"tables/{table['id']}/versions/7.7")[0] == 404


@HISTORY
def test_a_replaced_label_is_deleted_and_added(ready: Api) -> None:
    table = ready.table(columns=[column("手机号", tags=[label("F类.x1")])])
    found = ready.patched(table, replace("/columns/0/tags/0", label("F类.x2")))["changeDescription"]
    assert found["fieldsUpdated"] == []
    assert [one["name"] for one in (*found["fieldsAdded"], *found["fieldsDeleted"])] == ["columns.手机号.tags"] * 2
    new, old = json.loads(found["fieldsAdded"][0]["newValue"]), json.loads(found["fieldsDeleted"][0]["oldValue"])
    assert {"tagFQN", "source", "labelType", "state"} <= new[0].keys()
    assert "description" not in new[0]
    assert (old[0]["name"], old[0]["description"]) == ("x1", "about x1")
    assert found["previousVersion"] == 0.1


@HISTORY
def test_names_of_changes(ready: Api) -> None:
    inner = column("x", tags=[])
    columns = [column("a", "STRUCT", children=[inner]), column("a.b")]
    table = ready.table(columns=columns)
    found = ready.patched(
        table,
        add("/columns/0/children/0/tags/0", label("F类.x1")),
        add("/columns/1/tags/0", label("F类.x1")),
        add("/columns/1/description", "乙"),
        add("/tags/0", label("F类.x1")),
    )["changeDescription"]
    names = {one["name"] for one in found["fieldsAdded"]}
    assert names == {"columns.a.x.tags", "columns.a.b.tags", "columns.a.b.description", "tags"}
    values = {one["name"]: one["newValue"] for one in found["fieldsAdded"]}
    assert values["columns.a.b.description"] == "乙"


@HISTORY
def test_a_dropped_column_takes_its_labels_to_history(ready: Api) -> None:
    table = ready.table(columns=[column("a", tags=[label("F类.x1")]), column("b")])
    ready.table(columns=[column("b")])
    found = ready.read(table)
    (gone,) = found["changeDescription"]["fieldsDeleted"]
    assert (gone["name"], json.loads(gone["oldValue"])[0]["tags"][0]["tagFQN"]) == ("columns", "F类.x1")
    assert found["version"] == 1.1


@HISTORY
def test_minor_steps_go_past_the_whole_number(ready: Api) -> None:
    table = ready.table(description="0")
    versions = [ready.patched(table, replace("/description", str(step)))["version"] for step in range(1, 11)]
    assert versions == [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1]


@HISTORY
def test_edits_of_one_user_do_not_collapse(ready: Api) -> None:
    table = ready.table()
    ready.server.token("张三", admin=True)
    ready.patched(table, add("/tags/0", label("F类.x1")), user="张三")
    found = ready.patched(table, remove("/tags/0"), user="张三")
    assert (found["version"], found["updatedBy"]) == (0.3, "张三")


@rule("History", "1.2")
@pytest.mark.parametrize("place", ["/tags/0", "/columns/0/tags/0"])
def test_a_state_alone_makes_no_version(ready: Api, place: str) -> None:
    one = [label("F类.x1", "Automated", "Suggested")]
    table = ready.table(columns=[column("a", tags=one)], tags=one)
    found = ready.patched(table, replace(f"{place}/state", "Confirmed"), user="bot")
    index = 0 if "columns" in place else None
    assert (found["version"], found["updatedBy"]) == (0.1, "admin")
    assert ready.labels(table, index) == [("F类.x1", "Automated", "Confirmed")]
    events = ready.ok("GET", "events?entityUpdated=table")["data"]
    assert events == []
    found = ready.patched(table, replace(f"{place}/labelType", "Manual"), add("/description", "一"))
    names = [one["name"] for one in found["changeDescription"]["fieldsAdded"]]
    assert (found["version"], names) == (0.2, ["description"])


@rule("History", "2.0")
def test_a_state_makes_a_version(ready: Api) -> None:
    table = ready.table(tags=[label("F类.x1", "Generated", "Suggested")])
    assert ready.patched(table, replace("/tags/0/state", "Confirmed"))["version"] == 0.2


@HISTORY
def test_history_after_deletes(ready: Api) -> None:
    table = ready.table()
    ready.ok("DELETE", f"tables/{table['id']}")
    body = ready.ok("GET", f"tables/{table['id']}/versions")
    assert json.loads(body["versions"][0])["changeDescription"]["fieldsUpdated"] == [
        {"name": "deleted", "oldValue": False, "newValue": True}
    ]
    ready.ok("DELETE", f"tables/{table['id']}?hardDelete=true")
    assert ready.call("GET", f"tables/{table['id']}/versions")[0] == 404


def feed(api: Api, query: str) -> list[Any]:
    found: list[Any] = api.ok("GET", f"events?{query}")["data"]
    return found


@FEED
def test_feed_is_oldest_first_over_all_kinds(ready: Api) -> None:
    table = ready.table()
    ready.patched(table, add("/description", "一"), user="bot")
    ready.ok("DELETE", f"tables/{table['id']}")
    rows = feed(ready, "entityCreated=table,tag&entityUpdated=*&entityDeleted=table&limit=1")
    assert [(one["entityType"], one["eventType"]) for one in rows] == [
        ("tag", "entityCreated"),
        ("tag", "entityCreated"),
        ("table", "entityCreated"),
        ("table", "entityUpdated"),
        ("table", "entitySoftDeleted"),
    ]
    updated = rows[3]
    assert (updated["userName"], updated["currentVersion"], updated["entityId"]) == ("ingestion-bot", 0.2, table["id"])
    assert json.loads(updated["entity"])["description"] == "一"
    assert updated["changeDescription"]["previousVersion"] == 0.1
    assert ("entityFullyQualifiedName" in updated) == (ready.profile == "2.0")


@FEED
@pytest.mark.parametrize(
    ("query", "status", "rows"),
    [
        ("", 200, 0),
        ("entityCreated=nonsense", 400, None),
        ("entityCreated=*&timestamp=x", 500, None),
        ("entityCreated=*&timestamp=99999999999999", 200, 0),
    ],
)
def test_feed_parameters(ready: Api, query: str, status: int, rows: int | None) -> None:
    found, body = ready.call("GET", f"events?{query}")
    assert (found, len(body["data"]) if found == 200 else None) == (status, rows)


@FEED
def test_timestamp_is_inclusive(ready: Api) -> None:
    table = ready.table()
    assert len(feed(ready, f"entityCreated=table&timestamp={table['updatedAt']}")) == 1
    assert feed(ready, f"entityCreated=table&timestamp={table['updatedAt'] + 1}") == []


@FEED
def test_an_unchanged_soft_delete_repeats_the_event(ready: Api) -> None:
    table = ready.table()
    versions = [ready.ok("DELETE", f"tables/{table['id']}")["version"] for _ in range(2)]
    assert versions == [0.2, 0.2]
    assert len(feed(ready, "entityDeleted=table")) == 2


@rule("Change feed", "1.2")
def test_previous_version_is_stuck(ready: Api) -> None:
    table = ready.table()
    for text in ("一", "二"):
        ready.patched(table, add("/description", text))
    assert [one["previousVersion"] for one in feed(ready, "entityUpdated=table")] == [0.1, 0.1]
