"""Writing tables and tags: what PUT and PATCH do, and what they destroy."""

from __future__ import annotations

from typing import Any

import pytest
from omclient import Api, add, column, label, remove, replace, rule

TAGS = rule("Writing tables and tags")


@pytest.fixture
def ready(api: Api) -> Api:
    """With a place for tables, an exclusive classification ``E`` and a free one ``F``."""
    api.place()
    api.tags("E级", "L1", "L2", "L3", exclusive=True)
    api.tags("F类", "x1", "x2", "x3")
    return api


@TAGS
@pytest.mark.parametrize("sent", [{}, {"tags": []}, {"tags": [label("F类.x2")]}], ids=["no key", "empty", "other"])
def test_put_never_removes_a_label(ready: Api, sent: dict[str, Any]) -> None:
    table = ready.table(columns=[column("a", tags=[label("F类.x1", "Automated", "Suggested")])])
    ready.table(columns=[column("a", **sent)])
    assert ready.labels(table, 0)[0] == ("F类.x1", "Automated", "Suggested")
    assert len(ready.labels(table, 0)) == (2 if sent.get("tags") else 1)


@TAGS
@pytest.mark.parametrize("user", ["admin", "bot"])
def test_put_overwrites_manual_with_another_label_type(ready: Api, user: str) -> None:
    table = ready.table(columns=[column("a", tags=[label("F类.x1")])])
    ready.table(columns=[column("a", tags=[label("F类.x1", "Automated", "Suggested")])], user=user)
    assert ready.labels(table, 0) == [("F类.x1", "Automated", "Suggested")]


@TAGS
def test_patch_can_remove_a_label(ready: Api) -> None:
    table = ready.table(columns=[column("a", tags=[label("F类.x1"), label("F类.x2")])])
    ready.patched(table, remove("/columns/0/tags/0"))
    assert ready.labels(table, 0) == [("F类.x2", "Manual", "Confirmed")]


@TAGS
@pytest.mark.parametrize(("sent", "status"), [("E级.L2", 400), ("E级.无", 404)], ids=["exclusive", "unknown"])
@pytest.mark.parametrize("place", [None, 0], ids=["table", "column"])
def test_a_refused_put_erases_the_labels(ready: Api, sent: str, status: int, place: int | None) -> None:
    old, new = [label("E级.L1"), label("F类.x1")], [label(sent)]
    other = column("b", tags=[label("F类.x2")])
    if place is None:
        table = ready.table(columns=[column("a"), other], tags=old)
        body = {"columns": [column("a"), column("b")], "tags": new}
    else:
        table = ready.table(columns=[column("a", tags=old), other])
        body = {"columns": [column("a", tags=new), column("b")]}
    found, _ = ready.call("PUT", "tables", {"name": "t", "databaseSchema": "svc.d.s", **body})
    assert found == status
    assert ready.labels(table, place) == []
    assert ready.labels(table, 1) == [("F类.x2", "Manual", "Confirmed")]
    assert ready.read(table)["version"] == 0.1


@TAGS
@pytest.mark.parametrize(
    ("fqn", "status", "left"), [("E级.无", 404, 0), ("E级.L2", 400, 1)], ids=["unknown", "exclusive"]
)
def test_a_refused_patch_erases_for_an_unknown_tag_only(ready: Api, fqn: str, status: int, left: int) -> None:
    table = ready.table(columns=[column("a", tags=[label("E级.L1")])])
    found, _ = ready.patch(table, add("/columns/0/tags/1", label(fqn)))
    assert (found, len(ready.labels(table, 0))) == (status, left)


@TAGS
def test_mutually_exclusive_says_which(ready: Api) -> None:
    table = ready.table(tags=[label("E级.L1")])
    status, body = ready.patch(table, add("/tags/1", label("E级.L2")))
    message = "Tag labels E级.L1 and E级.L2 are mutually exclusive and can't be assigned together"
    assert (status, body) == (400, {"code": 400, "message": message})
    ready.patched(table, replace("/tags/0", label("E级.L2")))
    assert ready.labels(table) == [("E级.L2", "Manual", "Confirmed")]


@TAGS
def test_removes_run_last(ready: Api) -> None:
    table = ready.table(tags=[label("F类.x1")])
    ready.patched(table, remove("/tags/0"), add("/tags/0", label("F类.x2")))
    assert ready.labels(table) == [("F类.x1", "Manual", "Confirmed")]


@TAGS
def test_version_guard(ready: Api) -> None:
    table = ready.table()
    guard = {"op": "test", "path": "/version", "value": 0.1}
    ready.patched(table, guard, add("/description", "一"))
    status, body = ready.patch(table, guard, replace("/description", "二"))
    assert (status, "responseMessage" in body) == (500, True)
    assert ready.read(table)["description"] == "一"


@rule("Writing tables and tags", "2.0")
def test_if_match(ready: Api) -> None:
    table = ready.table()
    answer = ready.raw("GET", f"tables/{table['id']}")
    tag = answer.headers["ETag"]
    assert ready.patch(table, add("/description", "一"), If_Match=tag)[0] == 200
    assert ready.patch(table, add("/description", "二"), If_Match=tag)[0] == 412
    assert ready.read(table)["description"] == "一"


@rule("Lists, concurrency, limits", "1.2")
def test_if_match_is_ignored(ready: Api) -> None:
    table = ready.table()
    assert "ETag" not in ready.raw("GET", f"tables/{table['id']}").headers
    assert ready.patch(table, add("/description", "一"), If_Match='W/"9.9"')[0] == 200


@TAGS
@pytest.mark.parametrize(
    ("columns", "kept", "version"),
    [
        ([column("a", "VARCHAR", dataLength=99), column("b")], True, 0.2),
        ([column("b"), column("a", "VARCHAR", dataLength=9)], True, 0.1),
        ([column("A", "VARCHAR", dataLength=9), column("b")], True, 0.1),
        ([column("a", "INT"), column("b")], False, 1.1),
        ([column("b")], None, 1.1),
    ],
    ids=["length", "order", "case", "type", "dropped"],
)
def test_labels_after_a_change_of_structure(ready: Api, columns: Any, kept: bool | None, version: float) -> None:
    first = column("a", "VARCHAR", dataLength=9, tags=[label("F类.x1")])
    table = ready.table(columns=[first, column("b")])
    ready.table(columns=columns)
    found = ready.read(table)
    labels = {one["name"].lower(): bool(one["tags"]) for one in found["columns"]}
    assert (labels.get("a"), found["version"]) == (kept, version)


@TAGS
@pytest.mark.parametrize(
    ("user", "old", "new", "after"),
    [
        ("admin", "旧", "新", "新"),
        ("admin", "旧", None, None),
        ("bot", "旧", "新", "旧"),
        ("bot", None, "新", "新"),
    ],
)
def test_descriptions_by_put(ready: Api, user: str, old: str | None, new: str | None, after: str | None) -> None:
    def describe(text: str | None) -> dict[str, str]:
        return {} if text is None else {"description": text}

    table = ready.table(columns=[column("a", **describe(old))], **describe(old))
    ready.table(columns=[column("a", **describe(new))], user=user, **describe(new))
    found = ready.read(table)
    assert (found.get("description"), found["columns"][0].get("description")) == (after, after)


@TAGS
def test_a_bots_patch_overwrites_a_description(ready: Api) -> None:
    table = ready.table(description="旧")
    ready.patched(table, replace("/description", "新"), user="bot")
    assert ready.read(table)["description"] == "新"


@TAGS
def test_put_restores_a_deleted_table_with_its_labels(ready: Api) -> None:
    table = ready.table(tags=[label("F类.x1")])
    ready.ok("DELETE", f"tables/{table['id']}")
    assert ready.table()["id"] == table["id"]
    assert ready.labels(table) == [("F类.x1", "Manual", "Confirmed")]


@TAGS
@pytest.mark.parametrize(("user", "after"), [("admin", None), ("bot", {"级别": "L3"})])
def test_put_and_extension(ready: Api, user: str, after: Any) -> None:
    types = {one["name"]: one["id"] for one in ready.ok("GET", "metadata/types")["data"]}
    body = {"name": "级别", "description": "d", "propertyType": {"id": types["string"], "type": "type"}}
    ready.ok("PUT", f"metadata/types/{types['table']}", body)
    table = ready.table(extension={"级别": "L3"})
    ready.table(user=user)
    assert ready.read(table, "extension").get("extension") == after
    ready.table(extension={"级别": "L1"}, user="bot")
    assert (ready.read(table, "extension").get("extension") or {}).get("级别") == ("L3" if after else None)


@TAGS
@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"库": 1}, 400, "Unrecognized field"),
        ({"columns": [column("a", "VARCHAR")]}, 400, "dataLength"),
        ({"columns": [column("a"), column("a")]}, 400, "repeated"),
        ({"columns": [column("a", 注=1)]}, 400, "Unrecognized field"),
        ({"columns": [column("a", "NONSENSE")]}, 400, "problem"),
        ({"databaseSchema": "svc.d.无"}, 404, "not found"),
        ({"name": 'a"b'}, 400, "name"),
        ({"name": "a::b"}, 400, "name"),
        ({"name": "字" * 257}, 400, "name"),
        ({"columns": []}, 201, ""),
    ],
)
def test_bad_tables(ready: Api, change: dict[str, Any], status: int, message: str) -> None:
    body = {"name": "t", "databaseSchema": "svc.d.s", "columns": [column("a")], **change}
    found, answer = ready.call("PUT", "tables", body)
    assert (found, message in str(answer)) == (status, True)


@TAGS
def test_post_of_an_existing_table(ready: Api) -> None:
    body = {"name": "t", "databaseSchema": "svc.d.s", "columns": []}
    assert [ready.call("POST", "tables", body)[0] for _ in range(2)] == [201, 409]


@TAGS
@pytest.mark.parametrize("field", ["reason", "metadata", "appliedBy", "appliedAt"])
def test_label_fields_of_2_0(ready: Api, field: str) -> None:
    value: Any = {"expiryDate": 1} if field == "metadata" else "2026-01-01T00:00:00Z"
    table = ready.table()
    status, body = ready.patch(table, add("/tags/0", label("F类.x1", **{field: value})))
    if ready.profile == "1.2":
        assert (status, "Unrecognized field" in str(body)) == (400, True)
        return
    found = ready.read(table)["tags"][0]
    assert (status, found["appliedBy"]) == (200, "admin")
    assert field.startswith("applied") or found[field] == value


@rule("Writing tables and tags", "2.0")
def test_bulk(ready: Api) -> None:
    good = {"name": "t", "databaseSchema": "svc.d.s", "columns": [column("a")], "sourceHash": "1"}
    bad = {**good, "name": "u", "databaseSchema": "svc.d.无"}
    body = ready.ok("PUT", "tables/bulk?async=false", [good, bad])
    assert (body["status"], body["numberOfRowsPassed"], body["numberOfRowsFailed"]) == ("partialSuccess", 1, 1)
    assert body["failedRequest"][0]["status"] == 404
    again = ready.ok("PUT", "tables/bulk", [{**good, "displayName": "新"}])
    assert "Skipped" in again["successRequest"][0]["message"]
    assert "displayName" not in ready.stored("table")[0]


@rule("Writing tables and tags", "2.0")
@pytest.mark.parametrize(("override", "after"), [("false", "旧"), ("true", "新")])
def test_bulk_override_metadata(ready: Api, override: str, after: str) -> None:
    table = ready.table(description="旧", displayName="旧")
    body = {"name": "t", "databaseSchema": "svc.d.s", "columns": [], "description": "新", "displayName": "新"}
    ready.ok("PUT", f"tables/bulk?overrideMetadata={override}", [body], "bot")
    found = ready.read(table)
    assert (found["description"], found["displayName"]) == (after, after)


@rule("Writing tables and tags", "1.2")
def test_no_bulk(ready: Api) -> None:
    assert ready.call("PUT", "tables/bulk", [])[0] == 500


@rule("Label state, styles, renames")
def test_same_tag_twice_keeps_the_first(ready: Api) -> None:
    table = ready.table()
    twice = [label("F类.x1", "Automated", "Suggested"), label("F类.x1")]
    ready.patched(table, add("/tags", twice))
    assert ready.labels(table) == [("F类.x1", "Automated", "Suggested")]


@rule("Label state, styles, renames")
@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({"labelType": "Generated"}, "2.0"),
        ({"labelType": "无"}, ""),
        ({"state": "Rejected"}, ""),
        ({"labelType": "Propagated", "state": "Suggested"}, "1.2 2.0"),
    ],
)
def test_label_types_and_states(ready: Api, change: dict[str, str], allowed: str) -> None:
    table = ready.table()
    status, _ = ready.patch(table, add("/tags/0", {**label("F类.x1"), **change}))
    assert status == (200 if ready.profile in allowed.split() else 400)


@rule("Label state, styles, renames")
def test_defaults_of_a_label(ready: Api) -> None:
    table = ready.table()
    ready.patched(table, add("/tags/0", {"tagFQN": "F类.x1"}))
    assert ready.labels(table) == [("F类.x1", "Manual", "Confirmed")]


@rule("Label state, styles, renames")
def test_a_label_read_back_and_in_the_answer_of_a_patch(ready: Api) -> None:
    body = {"name": "x1", "classification": "F类", "description": "说明", "displayName": "甲"}
    ready.ok("PUT", "tags", {**body, "style": {"color": "#ff0000"}})
    table = ready.table()
    answered = ready.patched(table, add("/tags/0", label("F类.x1")))["tags"][0]
    read = ready.read(table)["tags"][0]
    assert {"name", "displayName", "style"} & answered.keys() == set()
    assert (read["name"], read["displayName"], read["style"]) == ("x1", "甲", {"color": "#ff0000"})
    assert read["description"] == answered["description"] == "说明"


@rule("Label state, styles, renames")
def test_wrong_source(ready: Api) -> None:
    table = ready.table()
    assert ready.patch(table, add("/tags/0", label("F类.x1", source="Glossary")))[0] == 404


@rule("Label state, styles, renames")
def test_an_index_past_the_end(ready: Api) -> None:
    table = ready.table(tags=[label("F类.x1")])
    assert ready.patch(table, add("/tags/5", label("F类.x2")))[0] == 500
    assert ready.labels(table) == [("F类.x1", "Manual", "Confirmed")]


@rule("Label state, styles, renames", "1.2")
def test_the_ui_saving_without_a_change(ready: Api) -> None:
    table = ready.table(tags=[label("F类.x1")])
    assert ready.patch(table, remove("/tags/0/tagFQN"))[0] == 500
    assert len(ready.labels(table)) == 1


@rule("Models of 2.0: FieldModel", "2.0")
def test_fields_of_endpoints_take_no_custom_properties(api: Api) -> None:
    connection = {"config": {"type": "Rest", "openAPISchemaConnection": {"openAPISchemaURL": "http://example.com/"}}}
    api.ok("PUT", "services/apiServices", {"name": "a", "serviceType": "Rest", "connection": connection})
    api.ok("PUT", "apiCollections", {"name": "c", "service": "a", "endpointURL": "http://example.com/c"})
    body = {"name": "e", "apiCollection": "a.c", "endpointURL": "http://example.com/e"}
    for more, status in (({}, 201), ({"extension": {"x": "1"}}, 400)):
        schema = {"schemaType": "JSON", "schemaFields": [{"name": "xm", "dataType": "STRING", **more}]}
        assert api.call("PUT", "apiEndpoints", {**body, "responseSchema": schema})[0] == status
