"""Deletes and restores."""

from __future__ import annotations

from typing import Any

import pytest
from omclient import Api, label, rule

DELETE = rule("Delete and restore")


@pytest.fixture
def ready(api: Api) -> Api:
    api.place()
    api.tags("F类", "x1")
    return api


def schema(api: Api) -> Any:
    return api.ok("GET", "databaseSchemas/name/svc.d.s?include=all")


@DELETE
def test_soft_delete_and_restore(ready: Api) -> None:
    table = ready.table(tags=[label("F类.x1")])
    found = ready.ok("DELETE", f"tables/{table['id']}")
    assert (found["deleted"], found["version"]) == (True, 0.2)
    ready.ok("PUT", "tables/restore", {"id": table["id"]})
    assert ready.labels(table) == [("F类.x1", "Manual", "Confirmed")]
    assert ready.call("PUT", "tables/restore", {"id": table["id"]})[0] == 404


@DELETE
def test_the_name_of_a_deleted_table(ready: Api) -> None:
    table = ready.table(tags=[label("F类.x1")])
    ready.ok("DELETE", f"tables/{table['id']}")
    assert ready.call("POST", "tables", {"name": "t", "databaseSchema": "svc.d.s", "columns": []})[0] == 409
    ready.ok("DELETE", f"tables/{table['id']}?hardDelete=true")
    again = ready.table()
    assert (again["id"] != table["id"], again["version"], ready.labels(again)) == (True, 0.1, [])


@DELETE
@pytest.mark.parametrize("kind", ["databaseSchemas/name/svc.d.s", "services/databaseServices/name/svc"])
def test_not_empty(ready: Api, kind: str) -> None:
    ready.table()
    found = ready.ok("GET", kind)
    path = f"{kind.split('/name/')[0]}/{found['id']}"
    status, body = ready.call("DELETE", path)
    assert (status, body["message"].endswith(" is not empty")) == (400, True)
    ready.ok("DELETE", f"{path}?recursive=true")
    assert ready.ok("GET", "tables?limit=0&include=deleted")["paging"]["total"] == 1


@DELETE
@pytest.mark.parametrize("way", ["restore", "put"])
def test_a_parent_brings_everything_back(ready: Api, way: str) -> None:
    first, _ = ready.table(), ready.table("u")
    ready.ok("DELETE", f"tables/{first['id']}")
    ready.ok("DELETE", f"databaseSchemas/{schema(ready)['id']}?recursive=true")
    if way == "restore":
        ready.ok("PUT", "databaseSchemas/restore", {"id": schema(ready)["id"]})
    else:
        ready.ok("PUT", "databaseSchemas", {"name": "s", "database": "svc.d"})
    assert ready.ok("GET", "tables?limit=0")["paging"]["total"] == 2


@rule("Delete and restore", "1.2")
def test_a_new_table_under_a_deleted_schema_stops_the_restore(ready: Api) -> None:
    ready.table()
    ready.ok("DELETE", f"databaseSchemas/{schema(ready)['id']}?recursive=true")
    assert ready.call("PUT", "tables", {"name": "u", "databaseSchema": "svc.d.s", "columns": []})[0] == 201
    assert ready.call("PUT", "databaseSchemas/restore", {"id": schema(ready)["id"]})[0] == 404


@DELETE
def test_a_database_under_a_deleted_service(ready: Api) -> None:
    found = ready.ok("GET", "services/databaseServices/name/svc")
    ready.ok("DELETE", f"services/databaseServices/{found['id']}?recursive=true")
    assert ready.call("PUT", "databases", {"name": "neu", "service": "svc"})[0] == 404
