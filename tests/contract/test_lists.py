"""Lists, pages, errors, authentication."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import pytest
import requests
from omclient import Api, column, rule

LISTS = rule("Lists, concurrency, limits")
ERRORS = rule("Errors")


def pages(api: Api, path: str, limit: int) -> tuple[list[str], int]:
    """Names over all pages, and the status of the last answer."""
    found: list[str] = []
    after = ""
    while True:
        status, body = api.call("GET", f"{path}limit={limit}{after}")
        if status != 200:
            return found, status
        found += [one["fullyQualifiedName"] for one in body["data"]]
        if "after" not in body["paging"]:
            return found, status
        after = f"&after={body['paging']['after']}"


@pytest.fixture
def twelve(api: Api) -> Api:
    """12 tables: a to d in each of three schemas."""
    for schema in ("s1", "s2", "s3"):
        api.place(schema)
        for name in "abcd":
            api.ok("PUT", "tables", {"name": name, "databaseSchema": f"svc.d.{schema}", "columns": []})
    return api


@rule("Lists, concurrency, limits", "1.2")
def test_equal_names_at_a_border_are_skipped(twelve: Api) -> None:
    found, status = pages(twelve, "tables?", 2)
    assert (len(found), status) == (8, 500)


@rule("Lists, concurrency, limits", "2.0")
def test_every_row_once(twelve: Api) -> None:
    found, status = pages(twelve, "tables?", 2)
    assert (len(found), len(set(found)), status) == (12, 12, 200)


@LISTS
@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("databaseSchema=svc.d.s2", 4),
        ("database=svc.d", 12),
        ("service=svc", 12),
        ("service=无", 0),
        ("databaseSchema=svc.d.s2&unknown=1", 4),
    ],
)
def test_lists_per_place(twelve: Api, query: str, total: int) -> None:
    body = twelve.ok("GET", f"tables?limit=0&{query}")
    assert (body["data"], body["paging"]["total"]) == ([], total)
    if total == 4:
        assert pages(twelve, f"tables?{query}&", 3) == ([f"svc.d.s2.{name}" for name in "abcd"], 200)


@LISTS
def test_the_last_page_has_no_after(twelve: Api) -> None:
    first = twelve.ok("GET", "tables?databaseSchema=svc.d.s1&limit=3")
    last = twelve.ok("GET", f"tables?databaseSchema=svc.d.s1&limit=3&after={first['paging']['after']}")
    assert (set(first["paging"]), set(last["paging"])) == ({"after", "total"}, {"before", "total"})
    back = twelve.ok("GET", f"tables?databaseSchema=svc.d.s1&limit=3&before={last['paging']['before']}")
    assert [one["name"] for one in back["data"]] == ["a", "b", "c"]


@rule("Lists, concurrency, limits", "1.2")
def test_the_cursor_is_the_last_name(twelve: Api) -> None:
    paging = twelve.ok("GET", "tables?databaseSchema=svc.d.s1&limit=3")["paging"]
    assert base64.urlsafe_b64decode(paging["after"]) == b"c"


@LISTS
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("after=%25%25", 500),
        ("after=YQ==&before=YQ==", 400),
        ("limit=-1", 400),
        ("limit=1000001", 400),
        ("limit=1000000", 200),
        ("include=nonsense", 400),
        ("fields=nonsense", 400),
        ("fields=columns,%20tags", 200),
        ("fields=*", 200),
    ],
)
def test_list_parameters(twelve: Api, query: str, status: int) -> None:
    assert twelve.call("GET", f"tables?{query}")[0] == status


@LISTS
def test_include(twelve: Api) -> None:
    table = twelve.stored("table")[0]
    twelve.ok("DELETE", f"tables/{table['id']}")
    totals = [
        twelve.ok("GET", f"tables?limit=0{query}")["paging"]["total"]
        for query in ("", "&include=deleted", "&include=all")
    ]
    assert totals == [11, 1, 12]
    found = [
        twelve.call("GET", f"tables/{table['id']}{query}")[0] for query in ("", "?include=deleted", "?include=all")
    ]
    assert found == [404, 200, 200]
    assert twelve.patch(table)[0] == 404


@LISTS
def test_inserts_and_deletes_between_pages_lose_no_row(api: Api) -> None:
    api.place()
    tables = [api.table(name) for name in "bdf"]
    first = api.ok("GET", "tables?databaseSchema=svc.d.s&limit=1")
    api.table("a")
    api.ok("DELETE", f"tables/{tables[0]['id']}?hardDelete=true")
    rest = api.ok("GET", f"tables?databaseSchema=svc.d.s&limit=9&after={first['paging']['after']}")
    assert [one["name"] for one in rest["data"]] == ["d", "f"]


@LISTS
def test_head_and_gzip(api: Api) -> None:
    api.place()
    table = api.table(columns=[column(f"c{index}") for index in range(50)])
    answer = api.raw("HEAD", f"tables/{table['id']}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert api.raw("GET", f"tables/{table['id']}").headers["content-encoding"] == "gzip"


@rule("Writing tables and tags")
def test_labels_of_columns_need_both_fields(api: Api) -> None:
    api.place()
    api.tags("F类", "x1")
    table = api.table(columns=[column("a", tags=[{"tagFQN": "F类.x1"}])])
    shown = [api.read(table, fields)["columns"][0].get("tags") for fields in ("columns,tags", "columns", "tags")]
    assert [None if one is None else len(one) for one in shown] == [1, None, None]


# --- names ---


@rule("Names")
@pytest.mark.parametrize(
    ("name", "fqn"),
    [
        ("库.一", 'svc.d."库.一"'),
        ("sc h", "svc.d.sc h"),
        ("a'b>c", "svc.d.a'b>c"),
        ("a/b", "svc.d.a/b"),
        ("中文", "svc.d.中文"),
    ],
)
def test_only_parts_with_a_dot_are_quoted(api: Api, name: str, fqn: str) -> None:
    api.place()
    assert api.ok("PUT", "databaseSchemas", {"name": name, "database": "svc.d"})["fullyQualifiedName"] == fqn
    assert api.ok("GET", f"databaseSchemas/name/{quote(fqn, safe='')}")["name"] == name
    api.ok("PUT", "tables", {"name": "t", "databaseSchema": fqn, "columns": []})


@rule("Names")
@pytest.mark.parametrize(
    ("name", "description", "status"),
    [
        ("身份证-1 (a.b)&'", "d", 201),
        ("个人(敏感)", "d", 201),
        ("个人（敏感）", "d", 400),
        ("a", "d", 400),
        ("长" * 65, "d", 400),
        ("a/b", "d", 400),
        ("好名", None, 400),
    ],
)
def test_tag_names(api: Api, name: str, description: str | None, status: int) -> None:
    api.tags("F类")
    body = {"name": name, "classification": "F类"} | ({"description": description} if description else {})
    assert api.call("PUT", "tags", body)[0] == status


# --- errors ---


@ERRORS
@pytest.mark.parametrize(
    ("token", "message"),
    [
        (None, "Not Authorized! Token not present"),
        ("Basic abc", "Not Authorized! Token not present"),
        ("Bearer abc", "Not Authorized! Invalid token"),
        ("expired", "Expired token!"),
        ("revoked", "Not Authorized! Invalid token"),
    ],
)
def test_bad_tokens(api: Api, token: str | None, message: str) -> None:
    if token == "expired":
        token = f"Bearer {api.server.token('张三', lifetime=-5)}"
    if token == "revoked":
        text = api.server.token("张三")
        api.server.control("POST", "revoke", {"token": text})
        token = f"Bearer {text}"
    answer = requests.get(f"{api.server.url}/v1/tables", headers={"Authorization": token} if token else {}, timeout=10)
    assert (answer.status_code, answer.json()) == (401, {"code": 401, "message": message})


@ERRORS
def test_clock_skew_ends_a_token(api: Api) -> None:
    api.server.token("张三", lifetime=60)
    assert api.call("GET", "tables", user="张三")[0] == 200
    api.server.control("PUT", "clock", {"skew": 120})
    assert api.call("GET", "tables", user="张三")[0] == 401


@ERRORS
@pytest.mark.parametrize("path", ["tables/00000000-0000-0000-0000-000000000000", "tables/name/a.b.c.d"])
def test_not_found(api: Api, path: str) -> None:
    status, body = api.call("GET", path)
    assert (status, body["code"]) == (404, 404)


@ERRORS
@pytest.mark.parametrize(
    ("method", "path", "content", "text"),
    [
        ("GET", "nonsense", "application/json", "404"),
        ("GET", "tables/not-a-uuid", "application/json", "404"),
        ("DELETE", "tables", "application/json", "405"),
        ("PATCH", "tables/{id}", "application/json", "415"),
    ],
)
def test_routing_errors_are_500_with_another_body(api: Api, method: str, path: str, content: str, text: str) -> None:
    api.place()
    path = path.replace("{id}", api.table()["id"])
    status, body = api.call(method, path, [], Content_Type=content)
    assert (status, text in body["responseMessage"], "code" in body) == (500, True, False)


@ERRORS
def test_malformed_json(api: Api) -> None:
    answer = api.raw("PUT", "tables", b"{")
    assert (answer.status_code, answer.headers["content-type"].startswith("text/plain")) == (400, True)


def total(api: Api) -> Any:
    return api.server.control("GET", "counters")


@ERRORS
def test_counters(api: Api) -> None:
    api.place()
    api.call("GET", "tables/not-a-uuid")
    found = total(api)
    assert found["routes"]["PUT v1/databases"] == 1
    assert (found["statuses"], found["total"]) == ({"201": 3, "500": 1}, 4)
    assert found["received"] > 0 < found["sent"]
