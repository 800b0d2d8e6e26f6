"""Types and custom properties."""

from __future__ import annotations

from typing import Any

import pytest
from omclient import Api, add, remove, replace, rule

PROPERTIES = rule("Custom properties")


@pytest.fixture
def ready(api: Api) -> Api:
    api.place()
    return api


def define(api: Api, name: str, kind: str, entity: str = "table", **more: Any) -> tuple[int, Any]:
    types = {one["name"]: one["id"] for one in api.ok("GET", "metadata/types")["data"]}
    if kind not in types or entity not in types:
        return 404, None
    body = {"name": name, "description": "d", "propertyType": {"id": types[kind], "type": "type"}, **more}
    return api.call("PUT", f"metadata/types/{types[entity]}", body)


@PROPERTIES
@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [("string", "文", 1), ("integer", 3, "3"), ("number", 1.5, "x"), ("email", "a@b.cn", "ab"), ("timestamp", 1, "x")],
)
def test_values_have_the_type(ready: Api, kind: str, good: Any, bad: Any) -> None:
    assert define(ready, "属性", kind)[0] == 200
    table = ready.table()
    assert ready.patch(table, add("/extension", {"属性": bad}))[0] == 400
    assert ready.patch(table, add("/extension", {"属性": None}))[0] == 400
    assert ready.patch(table, add("/extension", {"无": good}))[0] == 400
    assert ready.patched(table, add("/extension", {"属性": good}))["extension"] == {"属性": good}


@PROPERTIES
def test_extension_has_to_be_there_first(ready: Api) -> None:
    define(ready, "级别", "string")
    table = ready.table()
    assert ready.patch(table, add("/extension/级别", "L1"))[0] == 500
    ready.patched(table, add("/extension", {}))
    changed = ready.patched(table, add("/extension/级别", "L1"))["changeDescription"]
    assert changed["fieldsAdded"] == [{"name": "extension.级别", "newValue": '"L1"'}]
    ready.patched(table, replace("/extension/级别", "L2"))
    ready.patched(table, remove("/extension/级别"))


@PROPERTIES
def test_definitions(ready: Api) -> None:
    define(ready, "乙", "string")
    define(ready, "甲", "string")
    table = ready.table(extension={"甲": "文"})
    assert define(ready, "a b", "string")[0] == 400
    names = [
        one["name"] for one in ready.ok("GET", "metadata/types/name/table?fields=customProperties")["customProperties"]
    ]
    assert names == sorted(["甲", "乙"])
    define(ready, "甲", "integer")
    assert ready.patch(table, add("/extension", {"甲": "文"}))[0] == 400
    found = ready.ok("GET", "metadata/types/name/table")
    ready.ok("PATCH", f"metadata/types/{found['id']}", [remove(f"/customProperties/{names.index('甲')}")])
    assert ready.read(table, "extension")["extension"] == {}
    assert ready.read(table)["version"] == 0.1


@PROPERTIES
def test_what_2_0_adds(ready: Api) -> None:
    values = {"customPropertyConfig": {"config": {"values": ["是", "否"], "multiSelect": False}}}
    expected = 404 if ready.profile == "1.2" else 200
    assert define(ready, "选", "enum", **values)[0] == expected
    assert define(ready, "注", "string", "tableColumn")[0] == expected
    if ready.profile == "2.0":
        table = ready.table()
        assert ready.patch(table, add("/extension", {"选": ["或"]}))[0] == 400
        ready.patched(table, add("/extension", {"选": ["是"]}), add("/columns/0/extension", {"注": "文"}))
