"""The OpenMetadata client against scripted answers: errors, versions, lists that skip, bulk, guards.

What a whole server does is in test_om_contract.py.
"""

from __future__ import annotations

import base64
import doctest
import json
import re
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from connectors import om_errors, om_patch, om_version
from connectors.base import ConnectorError
from connectors.om_client import OpenMetadata
from connectors.om_errors import (
    AlreadyExists,
    NotAllowed,
    NotAuthenticated,
    NotOpenMetadata,
    Refused,
    ServerBroken,
    ServerError,
    ServerFatalError,
    ServerRetryError,
    Stale,
    TooOld,
    clean,
)
from connectors.om_patch import in_order, pointer, set_field, set_list
from connectors.om_version import SINCE, Features, ServerVersion

HOST = "http://om.example"
API = f"{HOST}/api/v1"
ID = "6f1ed002-ac5f-4a1e-9f6d-0a5a0b1c2d3e"
NOW = 1_700_000_000.0


def jwt(**claims: Any) -> str:
    header = {"alg": "RS256", "typ": "JWT"}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)]
    return ".".join([*parts, "c2lnbmF0dXJl"])


TOKEN = jwt(sub="bot", iat=NOW - 9000, exp=NOW + 9000)


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def connect(server: responses.RequestsMock) -> Iterator[Callable[..., OpenMetadata]]:
    """``connect("2.0.6")``: a client of a server of that version."""
    made: list[OpenMetadata] = []

    def make(version: str = "2.0.6", **options: Any) -> OpenMetadata:
        server.get(f"{API}/system/version", json={"version": version, "revision": "x"})
        options = {"token": TOKEN, "retries": 2, "sleep": lambda seconds: None, "now": lambda: NOW, **options}
        made.append(OpenMetadata(HOST, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def refusal(status: int, message: str = "no") -> dict[str, Any]:
    return {"status": status, "json": {"code": status, "message": message}}


@pytest.mark.parametrize("module", [om_errors, om_patch, om_version])
def test_docstring_examples(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


# --- address, version --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["", "/", "/api", "/api/", "/api/v1", "/api/v1/"])
def test_the_address_with_or_without_api(server: responses.RequestsMock, url: str) -> None:
    server.get(f"{API}/system/version", json={"version": "1.13.0"})
    with OpenMetadata(HOST + url, None) as client:
        assert str(client.version) == "1.13.0"


@pytest.mark.parametrize(
    ("text", "numbers", "supported"),
    [
        ("1.13.0", (1, 13, 0), True),
        ("2.0.0-SNAPSHOT", (2, 0, 0), True),
        ("1.2.0.1", (1, 2, 0), True),
        ("1.1.7", (1, 1, 7), False),
        ("0.13.3", (0, 13, 3), False),
        ("3.1", (3, 1, 0), True),
    ],
)
def test_versions(text: str, numbers: tuple[int, ...], supported: bool) -> None:
    version = ServerVersion.parse(text)
    assert (version.numbers, version.supported, str(version)) == (numbers, supported, text)


def test_1_13_is_newer_than_1_2() -> None:
    assert ServerVersion.parse("1.13.0") > ServerVersion.parse("1.2.5")


def test_features_follow_the_table() -> None:
    def can(text: str) -> set[str]:
        features = Features.of(ServerVersion.parse(text))
        return {name for name in SINCE if getattr(features, name)}

    assert can("1.2.0") == set()
    assert can("1.5.0") == {"owners", "api_services"}
    assert can("1.11.9") == {"owners", "api_services", "domains", "entity_status"}
    assert can("1.13.4") == {"owners", "api_services", "domains", "entity_status", "recognizers", "bulk"}
    assert can("2.0.0-SNAPSHOT") == set(SINCE)


def test_an_old_server_is_refused(connect: Callable[..., OpenMetadata]) -> None:
    with pytest.raises(TooOld, match=r"om\.example: OpenMetadata 1\.1\.7 is too old \(upgrade it"):
        connect("1.1.7").check()


@pytest.mark.parametrize(
    "answer",
    [
        {"body": "<!DOCTYPE html><html>UI</html>", "content_type": "text/html"},
        {"body": "<html>", "content_type": "text/html", "status": 404},
        {"body": "", "status": 404},
        {"body": "<html>sign in", "content_type": "text/html", "status": 401},
        {"json": {"hello": "world"}},
        {"json": ["1.2.0"]},
        {"json": {"version": "latest"}},
        {"body": "pong", "content_type": "text/plain"},
        {"body": "{", "content_type": "application/json"},
        {"json": {"code": 404, "message": "no such page"}, "status": 404},
        {"json": {"responseMessage": "An exception with message [HTTP 404 Not Found] was thrown"}, "status": 500},
    ],
)
def test_something_else_answers(server: responses.RequestsMock, answer: dict[str, Any]) -> None:
    server.get(f"{API}/system/version", **answer)
    with (
        OpenMetadata(HOST, None) as client,
        pytest.raises(NotOpenMetadata, match=r"om\.example: .*\(check the address"),
    ):
        client.check()


def test_plain_text_only_where_it_is_expected(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    path = "apps/trigger/SearchIndexingApplication"
    server.post(f"{API}/{path}", body="Application Triggered", content_type="text/plain")
    client = connect()
    assert client.request("POST", path, doing="reindex", text=True) == "Application Triggered"
    with pytest.raises(NotOpenMetadata):
        client.request("POST", path, doing="reindex")


# --- errors ------------------------------------------------------------------------------------------------------

LEAVES = [
    (400, "Unrecognized field", Refused),
    (403, "Principal: CatalogPrincipal{name='b'} operations [EditAll] not allowed", NotAllowed),
    (409, "Entity already exists", AlreadyExists),
    (412, "stale", Stale),
    (413, "too large", Refused),
    (422, "invalid", Refused),
    (429, "slow", ServerRetryError),
    (500, "boom", ServerBroken),
    (503, "starting", ServerRetryError),
]


@pytest.mark.parametrize(("status", "message", "leaf"), LEAVES)
def test_each_status_has_its_leaf(
    server: responses.RequestsMock,
    connect: Callable[..., OpenMetadata],
    status: int,
    message: str,
    leaf: type[ServerError],
) -> None:
    server.put(f"{API}/tables", **refusal(status, message))
    with pytest.raises(leaf) as caught:
        connect().put("table", {"name": "t", "description": "张三 310101199001011234"})
    assert type(caught.value) is leaf
    assert caught.value.status == status
    assert caught.value.failure.place == "om.example"
    assert caught.value.failure.hint
    assert "张三" not in str(caught.value)
    assert isinstance(caught.value, ServerRetryError) != isinstance(caught.value, ServerFatalError)


def test_a_missing_right_is_named(server: responses.RequestsMock, connect: Callable[..., OpenMetadata]) -> None:
    message = "Principal: CatalogPrincipal{name='pdc-bot'} operations [EditAll, Create] not allowed"
    server.put(f"{API}/tables", **refusal(403, message))
    with pytest.raises(NotAllowed, match="pdc-bot may not EditAll, Create on table") as caught:
        connect().put("table", {"name": "t"})
    assert caught.value.operations == ("EditAll", "Create")


def test_a_right_denied_by_a_rule_names_the_rule(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    message = "Principal: CatalogPrincipal{name='b'} operation ViewBasic denied by role R, policy P, rule r"
    server.get(f"{API}/tables/{ID}", **refusal(403, message))
    with pytest.raises(NotAllowed, match=r"b may not ViewBasic on table .*denied by role R, policy P, rule r"):
        connect().get("table", ID)


def test_a_routing_error_in_a_500_is_told(server: responses.RequestsMock, connect: Callable[..., OpenMetadata]) -> None:
    body = {"responseCode": 1102, "responseMessage": "An exception with message [HTTP 404 Not Found] was thrown"}
    server.get(f"{API}/tables/{ID}", status=500, json=body)
    client = connect()
    with pytest.raises(ServerBroken, match="has no such call; check its version") as caught:
        client.get("table", ID)
    assert caught.value.routing
    assert client.requests_made == {"GET": 1}


def test_transport_troubles_are_server_errors(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    server.get(f"{API}/tables/{ID}", body=requests.ConnectTimeout("x"))
    client = connect()
    with pytest.raises(ServerRetryError, match=r"om\.example: could not be reached in time"):
        client.get("table", ID)
    assert client.requests_made == {"GET": 3}


MESSAGES = [
    (f"token {TOKEN} refused", "token … refused"),
    ("key AKIAabcdefghijkl0123456789abcdefABCDEF x", "key … x"),
    ("see http://user:pw@host/x", "see http://…host/x"),
    ('Unrecognized field "x" at [Source: (String)"{"name":"张三"}"]; line 1', 'Unrecognized field "x"'),
    ("a\n\n b", "a b"),
    ("字" * 400, "字" * 299 + "…"),
    (
        "Tag labels 数据分级.L3 and 数据分级.L4 are mutually exclusive",
        "Tag labels 数据分级.L3 and 数据分级.L4 are mutually exclusive",
    ),
    (f"table instance for {ID} not found", f"table instance for {ID} not found"),
]


@pytest.mark.parametrize(("message", "shown"), MESSAGES)
def test_server_messages_are_cleaned(message: str, shown: str) -> None:
    assert clean(message) == shown


# --- the token ---------------------------------------------------------------------------------------------------

REFUSED_TOKENS = [
    (jwt(exp=NOW - 60, iat=NOW - 9000), NOW, "Expired token!", "expired", "the token expired on 2023-11-14 22:12 UTC"),
    (jwt(exp=NOW + 600, iat=NOW - 9000), NOW + 3600, "Expired token!", "expired", "server's clock is 60 min ahead"),
    (
        jwt(exp=NOW + 600, iat=NOW),
        NOW,
        "Expired token!",
        "expired",
        "valid until 2023-11-14 22:23 UTC (the server",
    ),
    (jwt(exp=NOW + 9000, iat=NOW), NOW - 3600, "Invalid token", "bad", "server's clock is 60 min behind"),
    (jwt(exp=NOW + 9000, iat=NOW - 30), NOW, "Invalid token", "bad", "refuses the token, which is new"),
    (TOKEN, NOW, "Invalid token", "bad", "the server refuses the token (check that it is the whole"),
    ("not-a-jwt", NOW, "Invalid token", "bad", "the token is no JWT"),
    ("a.!!.c", NOW, "Invalid token", "bad", "the token is no JWT"),
    (None, NOW, "Not Authorized! Token not present", "missing", "the server wants a token"),
]


@pytest.mark.parametrize(("token", "server_time", "message", "reason", "text"), REFUSED_TOKENS)
def test_a_refused_token_says_why(
    server: responses.RequestsMock,
    connect: Callable[..., OpenMetadata],
    token: str | None,
    server_time: float,
    message: str,
    reason: str,
    text: str,
) -> None:
    date = {"Date": formatdate(server_time, usegmt=True)}
    server.get(f"{API}/users/loggedInUser", headers=date, **refusal(401, message))
    with pytest.raises(NotAuthenticated) as caught:
        connect(token=token).check()
    assert text in str(caught.value)
    assert caught.value.reason == reason
    assert caught.value.failure.place == "om.example"
    assert str(token) not in str(caught.value)


def test_the_token_is_sent_and_never_shown(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    server.get(f"{API}/users/loggedInUser", json={"name": "bot"})
    client = connect(token=f"  {TOKEN}\n")
    assert client.check() == {"name": "bot"}
    assert server.calls[-1].request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in repr(client.token)


# --- reading -----------------------------------------------------------------------------------------------------


def test_get_by_name_and_id(server: responses.RequestsMock, connect: Callable[..., OpenMetadata]) -> None:
    server.get(re.compile(re.escape(f"{API}/tables/name/")), json={"id": ID})
    server.get(f"{API}/tables/{ID}", json={"id": ID})
    client = connect()
    assert client.get("table", 'svc."库.一".a/b', fields=("columns", "tags"), include="all") == {"id": ID}
    url = urlsplit(str(server.calls[-1].request.url))
    assert url.path == "/api/v1/tables/name/svc.%22%E5%BA%93.%E4%B8%80%22.a%2Fb"
    assert parse_qs(url.query) == {"include": ["all"], "fields": ["columns,tags"]}
    assert client.get("tables", ID) == {"id": ID}


def test_nothing_there_is_none(server: responses.RequestsMock, connect: Callable[..., OpenMetadata]) -> None:
    server.get(f"{API}/tables/name/a.b.c.d", **refusal(404, "table instance for a.b.c.d not found"))
    server.get(f"{API}/tables/{ID}/versions/0.7", **refusal(404))
    server.put(f"{API}/tables/restore", **refusal(404))
    server.delete(f"{API}/tables/{ID}", **refusal(404))
    server.delete(f"{API}/lineage/table/{ID}/table/{ID}", **refusal(404))
    client = connect()
    assert client.get("table", "a.b.c.d") is None
    assert client.version_of("table", ID, 0.7) is None
    assert client.restore("table", ID) is None
    assert client.delete("table", ID) is False
    assert client.delete_lineage(("table", ID), ("table", ID)) is False


def test_history_and_events_are_decoded(server: responses.RequestsMock, connect: Callable[..., OpenMetadata]) -> None:
    versions = [json.dumps({"version": 0.2}), {"version": 0.1}]
    server.get(f"{API}/tables/{ID}/versions", json={"entityType": "table", "versions": versions})
    server.get(f"{API}/events", json={"data": [{"entityId": ID, "entity": '{"name": "人口"}'}, {"entityId": ID}]})
    client = connect()
    assert client.versions("table", ID) == [{"version": 0.2}, {"version": 0.1}]
    events = client.events(1700, updated=("table", "databaseSchema"), deleted=("*",))
    assert [event.get("entity") for event in events] == [{"name": "人口"}, None]
    query = parse_qs(urlsplit(str(server.calls[-1].request.url)).query)
    assert query == {"timestamp": ["1700"], "entityUpdated": ["table,databaseSchema"], "entityDeleted": ["*"]}


def test_permissions(server: responses.RequestsMock, connect: Callable[..., OpenMetadata]) -> None:
    rows = [{"operation": "EditTags", "access": "allow"}, {"operation": "Delete", "access": "notAllow"}]
    server.get(f"{API}/permissions/table/{ID}", json={"resource": "table", "permissions": rows})
    server.get(f"{API}/permissions/table", json={"resource": "table", "permissions": rows[:1]})
    client = connect()
    assert client.permissions("table", ID) == {"EditTags": "allow", "Delete": "notAllow"}
    assert client.permissions("table") == {"EditTags": "allow"}


# --- writing -----------------------------------------------------------------------------------------------------


def test_a_conflict_is_retried(server: responses.RequestsMock, connect: Callable[..., OpenMetadata]) -> None:
    server.put(f"{API}/tables", **refusal(409))
    server.put(f"{API}/tables", **refusal(409))
    server.put(f"{API}/tables", status=201, json={"id": ID})
    assert connect().put("table", {"name": "t"}) == {"id": ID}


@pytest.mark.parametrize(("method", "attempts"), [("GET", 5), ("PUT", 5), ("POST", 1), ("PATCH", 1)])
def test_an_unexplained_500_is_tried_again_where_that_is_safe(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata], method: str, attempts: int
) -> None:
    server.add(method, f"{API}/x", **refusal(500))
    client = connect()
    with pytest.raises(ServerBroken):
        client.request(method, "x", doing="try")
    assert client.requests_made == {method: attempts}


def test_a_create_is_sent_once(server: responses.RequestsMock, connect: Callable[..., OpenMetadata]) -> None:
    server.post(f"{API}/tables", **refusal(409))
    client = connect()
    with pytest.raises(AlreadyExists):
        client.create("table", {"name": "t"})
    server.post(f"{API}/databases", body=requests.ConnectionError("cut"))
    with pytest.raises(ServerRetryError):
        client.create("database", {"name": "d"})
    assert client.requests_made == {"POST": 2}


@pytest.mark.parametrize(("version", "if_match"), [("1.13.0", None), ("2.0.6", 'W/"0.3"')])
def test_a_patch_is_guarded(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata], version: str, if_match: str | None
) -> None:
    server.patch(f"{API}/tables/{ID}", json={"version": 0.4})
    ops = [{"op": "remove", "path": "/tags/0"}, {"op": "add", "path": "/description", "value": "x"}]
    assert connect(version).patch("table", ID, ops, version=0.3) == {"version": 0.4}
    request = server.calls[-1].request
    assert request.headers["Content-Type"] == "application/json-patch+json"
    assert request.headers.get("If-Match") == if_match
    assert json.loads(request.body or b"") == [{"op": "test", "path": "/version", "value": 0.3}, ops[1], ops[0]]


@pytest.mark.parametrize(
    ("message", "stored", "leaf", "attempts"),
    [
        ("boom", 0.4, Stale, 1),
        ("boom", 0.3, ServerBroken, 5),
        ("JSON Patch operation 'test' failed for path '/version'", 0.3, Stale, 1),
        ("HTTP 404 Not Found", 0.3, ServerBroken, 1),
    ],
)
def test_a_failed_guard_is_told_from_a_broken_server(
    server: responses.RequestsMock,
    connect: Callable[..., OpenMetadata],
    message: str,
    stored: float,
    leaf: type[ServerError],
    attempts: int,
) -> None:
    server.patch(f"{API}/tables/{ID}", status=500, json={"responseMessage": message})
    server.get(f"{API}/tables/{ID}", json={"id": ID, "version": stored})
    client = connect("1.2.0")
    with pytest.raises(leaf):
        client.patch("table", ID, [], version=0.3)
    assert client.requests_made["PATCH"] == attempts


def test_a_patch_in_conflict_is_retried(server: responses.RequestsMock, connect: Callable[..., OpenMetadata]) -> None:
    server.patch(f"{API}/tables/{ID}", **refusal(409))
    server.patch(f"{API}/tables/{ID}", json={"version": 0.2})
    assert connect().patch("table", ID, [])["version"] == 0.2


def test_a_patch_without_guard_is_not_sent_twice(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    server.patch(f"{API}/tables/{ID}", body=requests.ConnectionError("cut"))
    client = connect("1.2.0")
    for version, attempts in ((None, 1), (0.3, 4)):
        with pytest.raises(ServerRetryError):
            client.patch("table", ID, [], version)
        assert client.requests_made["PATCH"] == attempts


def test_deletes_and_lineage(server: responses.RequestsMock, connect: Callable[..., OpenMetadata]) -> None:
    server.delete(f"{API}/tables/{ID}", json={})
    server.put(f"{API}/lineage", body=b"")
    client = connect()
    assert client.delete("table", ID, hard=True)
    query = parse_qs(urlsplit(str(server.calls[-1].request.url)).query)
    assert query == {"hardDelete": ["true"], "recursive": ["false"]}
    client.put_lineage(("table", "1"), ("table", "2"), {"sqlQuery": "x"})
    edge = {"fromEntity": {"type": "table", "id": "1"}, "toEntity": {"type": "table", "id": "2"}}
    assert json.loads(server.calls[-1].request.body or b"") == {"edge": {**edge, "lineageDetails": {"sqlQuery": "x"}}}


# --- patches -----------------------------------------------------------------------------------------------------


def test_operations_run_as_servers_run_them() -> None:
    ops = [
        {"op": "remove", "path": "/tags/2"},
        {"op": "add", "path": "/tags/-", "value": 1},
        {"op": "remove", "path": "/tags/10"},
        {"op": "test", "path": "/name", "value": "x"},
    ]
    assert [op["path"] for op in in_order(ops)] == ["/name", "/tags/-", "/tags/10", "/tags/2"]


def test_remove_and_add_of_one_path_is_refused() -> None:
    with pytest.raises(ValueError, match=r"/tags/0; use replace"):
        in_order([{"op": "remove", "path": "/tags/0"}, {"op": "add", "path": "/tags/0", "value": 1}])


@pytest.mark.parametrize(
    ("old", "new"), [(["a"], ["a"]), (["a", "b"], []), ([], ["a", "b"]), (["a", "b", "c"], ["c"]), (["a"], ["b", "c"])]
)
def test_a_list_patch_makes_the_new_list_when_removes_run_last(old: list[str], new: list[str]) -> None:
    ops = set_list("/tags", old, new)
    result = list(old)
    for op in sorted(ops, key=lambda op: op["op"] == "remove"):
        at = op["path"].rsplit("/", 1)[1]
        if op["op"] == "remove":
            del result[int(at)]
        elif at == "-":
            result.append(op["value"])
        else:
            result[int(at)] = op["value"]
    assert result == new
    assert bool(ops) == (old != new)
    assert in_order(ops) == ops


def test_patches_of_what_is_not_there() -> None:
    assert set_list("/tags", None, []) == []
    assert set_list("/tags", None, ["a"]) == [{"op": "add", "path": "/tags", "value": ["a"]}]
    assert set_field("/description", "a", None) == [{"op": "remove", "path": "/description"}]
    assert set_field("/description", "a", "a") == []
    assert pointer("extension", "共享/条件") == "/extension/共享~1条件"


def test_errors_are_connector_errors() -> None:
    assert issubclass(ServerError, ConnectorError)
