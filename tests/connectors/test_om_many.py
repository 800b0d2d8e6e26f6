"""Lists and bulk writes of the OpenMetadata client: rows that servers skip, rows that they refuse."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from connectors.om_client import OpenMetadata
from connectors.om_errors import (
    AlreadyExists,
    IncompleteListing,
    NotAuthenticated,
    NotFound,
    Refused,
    ServerBroken,
    ServerRetryError,
)
from connectors.om_kinds import KINDS, kind_of

HOST = "http://om.example"
API = f"{HOST}/api/v1"
ID = "6f1ed002-ac5f-4a1e-9f6d-0a5a0b1c2d3e"


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
        options = {"token": "t", "retries": 2, "sleep": lambda seconds: None, **options}
        made.append(OpenMetadata(HOST, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def refusal(status: int, message: str = "no") -> dict[str, Any]:
    return {"status": status, "json": {"code": status, "message": message}}


# --- lists -------------------------------------------------------------------------------------------------------


class Paged:
    """A list endpoint of n rows; ``broken`` answers 500 after the first page, ``lost`` rows are in no page of 100."""

    def __init__(self, total: int, *, broken: bool = False, lost: int = 0, always_lost: bool = False) -> None:
        self.total, self.broken, self.lost, self.always_lost = total, broken, lost, always_lost
        self.limits: list[int] = []

    def __call__(self, request: Any) -> tuple[int, dict[str, str], str]:
        query = parse_qs(urlsplit(request.url).query)
        limit, start = int(query["limit"][0]), int(query.get("after", ["0"])[0])
        self.limits.append(limit)
        if self.broken and start:
            return 500, {}, '{"responseMessage": "boom"}'
        end = self.total - (self.lost if limit == 100 or self.always_lost else 0)
        rows = [{"id": str(n), "fullyQualifiedName": f"p{n}"} for n in range(start, min(start + limit, end))]
        paging: dict[str, Any] = {"total": self.total}
        if start + limit < end:
            paging["after"] = str(start + limit)
        return 200, {}, json.dumps({"data": rows, "paging": paging})


def count(client: OpenMetadata, kind: str = "role", **parents: str) -> int:
    return len({row["id"] for row in client.list(kind, **parents)})


def test_lists_page_by_100_and_stream(server: responses.RequestsMock, connect: Callable[..., OpenMetadata]) -> None:
    paged = Paged(250)
    server.add_callback("GET", f"{API}/roles", paged)
    client = connect()
    rows = client.list("role")
    assert paged.limits == []
    next(rows)
    assert paged.limits == [100]
    assert count(client) == 250


@pytest.mark.parametrize("paged", [Paged(250, broken=True), Paged(250, lost=3), Paged(100, lost=1)])
def test_a_list_that_lacks_rows_is_asked_for_in_one_page(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata], paged: Paged
) -> None:
    server.add_callback("GET", f"{API}/roles", paged)
    assert count(connect()) == paged.total
    assert paged.limits[-1] == paged.total + 100


def test_a_broken_last_page_without_rows_is_no_loss(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    rows = [{"id": str(n)} for n in range(100)]
    page = {"data": rows, "paging": {"total": 100, "after": "x"}}
    server.get(
        f"{API}/roles", json=page, match=[responses.matchers.query_param_matcher({"include": "all", "limit": 100})]
    )
    server.get(f"{API}/roles", **refusal(500))
    assert len(list(connect().list("role", include="all"))) == 100


def test_a_list_that_stays_short_is_an_error_after_its_rows(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    server.add_callback("GET", f"{API}/roles", Paged(250, lost=3, always_lost=True))
    seen = []
    with pytest.raises(IncompleteListing, match=r"247 of 250 .*nothing is taken as deleted"):  # noqa: PT012
        for row in connect().list("role"):
            seen.append(row["id"])
    assert len(set(seen)) == len(seen) == 247


def test_a_list_that_fails_at_once_is_no_incomplete_one(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    server.get(f"{API}/roles", **refusal(500))
    with pytest.raises(ServerBroken):
        count(connect())


def test_rows_that_others_delete_meanwhile_are_not_missed(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    pages = iter([(list(range(100)), 150, "x"), (list(range(100, 140)), 140, None)])

    def page(request: Any) -> tuple[int, dict[str, str], str]:
        ids, total, after = next(pages)
        return 200, {}, json.dumps({"data": [{"id": str(n)} for n in ids], "paging": {"total": total, "after": after}})

    server.add_callback("GET", f"{API}/roles", page)
    assert count(connect()) == 140


def test_tables_are_listed_schema_by_schema(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    def answer(*names: str) -> dict[str, Any]:
        rows = [{"id": name, "fullyQualifiedName": name} for name in names]
        return {"json": {"data": rows, "paging": {"total": len(rows)}}}

    server.get(f"{API}/databases", **answer("s.d"))
    server.get(f"{API}/databaseSchemas", **answer("s.d.a", "s.d.b"))
    for schema in ("a", "b"):
        match = [responses.matchers.query_param_matcher({"databaseSchema": f"s.d.{schema}"}, strict_match=False)]
        server.get(f"{API}/tables", match=match, **answer(f"s.d.{schema}.t"))
    rows = list(connect().list("table", service="s", fields=("columns",), include="deleted"))
    assert [row["id"] for row in rows] == ["s.d.a.t", "s.d.b.t"]
    sent = [(urlsplit(str(c.request.url)).path[8:], parse_qs(urlsplit(str(c.request.url)).query)) for c in server.calls]
    assert sent[0] == ("databases", {"include": ["all"], "service": ["s"], "limit": ["100"]})
    assert sent[2][1] == {
        "include": ["deleted"],
        "fields": ["columns"],
        "databaseSchema": ["s.d.a"],
        "limit": ["100"],
    }


def test_an_unknown_list_parameter_is_refused_because_servers_ignore_it(connect: Callable[..., OpenMetadata]) -> None:
    with pytest.raises(ValueError, match="table is not listed by schema; known: "):
        list(connect().list("table", schema="s"))
    with pytest.raises(ValueError, match="unknown kind"):
        connect().list("tabel")


def test_terms_are_listed_by_the_glossarys_id(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    one = {"id": ID, "fullyQualifiedName": "数据元"}
    server.get(f"{API}/glossaries", json={"data": [one], "paging": {"total": 1}})
    match = [responses.matchers.query_param_matcher({"glossary": ID}, strict_match=False)]
    server.get(f"{API}/glossaryTerms", json={"data": [{"id": "t"}], "paging": {"total": 1}}, match=match)
    assert list(connect().list("glossaryTerm")) == [{"id": "t"}] == list(connect().list("glossaryTerm", glossary=ID))
    with pytest.raises(ValueError, match="by the id of its glossary"):
        list(connect().list("glossaryTerm", glossary="数据元"))


def test_kinds_are_known_by_both_names() -> None:
    assert kind_of("tables") is kind_of("table")
    assert kind_of("databaseServices").path == "services/databaseServices"
    assert all(kind.parent in KINDS for kind in KINDS.values() if kind.parent)


# --- many --------------------------------------------------------------------------------------------------------


def tables(count: int, columns: int = 1) -> list[dict[str, Any]]:
    one = [{"name": f"c{n}", "dataType": "INT"} for n in range(columns)]
    return [{"name": f"t{n}", "databaseSchema": "s.d.h", "columns": one} for n in range(count)]


class Bulk:
    """The bulk call of 2.0: every row whose name is in ``bad`` fails; ``shape`` is how a row names its request."""

    def __init__(self, shape: str, bad: dict[str, int]) -> None:
        self.shape, self.bad = shape, bad
        self.sizes: list[int] = []

    def _request(self, body: dict[str, Any]) -> Any:
        fqn = f"{body['databaseSchema']}.{body['name']}"
        return {"fqn": fqn, "body": body, "entity": {"id": ID, "name": body["name"], "fullyQualifiedName": fqn}}[
            self.shape
        ]

    def __call__(self, request: Any) -> tuple[int, dict[str, str], str]:
        bodies = json.loads(request.body)
        self.sizes.append(len(bodies))
        good = [{"request": self._request(body), "status": 200} for body in bodies if body["name"] not in self.bad]
        bad = [
            {"request": self._request(body), "status": self.bad[body["name"]], "message": "Unknown tag"}
            for body in bodies
            if body["name"] in self.bad
        ]
        # Neither in order nor mixed: rows are told apart by what they name.
        return 200, {}, json.dumps({"status": "partialSuccess", "successRequest": good[::-1], "failedRequest": bad})


@pytest.mark.parametrize("shape", ["fqn", "body", "entity"])
def test_bulk_gives_one_result_per_body_in_order(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata], shape: str
) -> None:
    bulk = Bulk(shape, {"t7": 400, "t130": 404})
    server.add_callback("PUT", f"{API}/tables/bulk", bulk)
    client = connect("1.12.0")
    results = client.put_many("tables", tables(250))
    assert bulk.sizes == [100, 100, 50]
    assert client.requests_made["PUT"] == 3
    assert isinstance(results[7], Refused)
    assert isinstance(results[130], NotFound)
    assert "write table s.d.h.t7: Unknown tag" in str(results[7])
    good = [n for n in range(250) if n not in (7, 130)]
    assert all(results[n]["fullyQualifiedName"] == f"s.d.h.t{n}" for n in good)  # type: ignore[index]
    query = parse_qs(urlsplit(str(server.calls[-1].request.url)).query)
    assert query == {"async": ["false"], "overrideMetadata": ["false"]}


def test_wide_tables_go_in_smaller_bulks(server: responses.RequestsMock, connect: Callable[..., OpenMetadata]) -> None:
    bulk = Bulk("fqn", {})
    server.add_callback("PUT", f"{API}/tables/bulk", bulk)
    connect().put_many("table", tables(5, columns=2_000))
    assert bulk.sizes == [2, 2, 1]


def test_what_a_bulk_answer_does_not_tell_apart_is_written_by_itself(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    bodies = [*tables(2), {"name": "t0", "databaseSchema": "s.d.other"}, {"name": "bad", "databaseSchema": "s.d.h"}]
    bodies.append({"name": "t9", "databaseSchema": "s.d.h"})
    failed = [
        {"request": "t0", "status": 400, "message": "which?"},
        {"request": "bad", "status": 409},
        {"request": "s.d.h.t9", "message": "no status"},
    ]
    server.put(f"{API}/tables/bulk", json={"successRequest": [{"request": "s.d.h.t1"}], "failedRequest": failed})
    server.add_callback("PUT", f"{API}/tables", echo)
    first, second, third, fourth, fifth = connect().put_many("table", bodies)
    assert second == {"fullyQualifiedName": "s.d.h.t1"}
    assert first == third == {"id": ID, "name": "t0"}
    assert isinstance(fourth, AlreadyExists)
    assert fifth == {"id": ID, "name": "t9"}


@pytest.mark.parametrize("status", [400, 404, 413, 500])
def test_a_refused_bulk_goes_one_by_one(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata], status: int
) -> None:
    server.put(f"{API}/tables/bulk", **refusal(status))
    server.add_callback("PUT", f"{API}/tables", echo)
    results = connect().put_many("table", tables(3))
    assert [result["name"] for result in results] == ["t0", "t1", "t2"]  # type: ignore[index]


def echo(request: Any) -> tuple[int, dict[str, str], str]:
    body = json.loads(request.body)
    if body["name"] == "t2":
        time.sleep(0.02)
    if body["name"] == "bad":
        return 400, {}, '{"code": 400, "message": "no"}'
    return 200, {}, json.dumps({"id": ID, "name": body["name"]})


def test_without_bulk_single_puts_run_in_parallel_and_keep_their_order(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    threads = set()
    gate = threading.Barrier(4, timeout=5)

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        if len(threads) < 4:
            threads.add(threading.get_ident())
            gate.wait()
        return echo(request)

    server.add_callback("PUT", f"{API}/tables", answer)
    bodies = tables(12)
    bodies[5]["name"] = "bad"
    results = connect("1.11.0", workers=4).put_many("table", bodies)
    assert len(threads) == 4
    assert isinstance(results.pop(5), Refused)
    assert [result["name"] for result in results] == [f"t{n}" for n in range(12) if n != 5]  # type: ignore[index]


@pytest.mark.parametrize("version", ["1.2.0", "2.0.6"])
def test_a_refused_token_ends_it_all(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata], version: str
) -> None:
    for path in ("tables", "tables/bulk"):
        server.put(f"{API}/{path}", **refusal(401, "Expired token!"))
    with pytest.raises(NotAuthenticated):
        connect(version).put_many("table", tables(3))


def test_an_overloaded_server_is_an_error_for_each(
    server: responses.RequestsMock, connect: Callable[..., OpenMetadata]
) -> None:
    server.put(f"{API}/tables/bulk", **refusal(503))
    client = connect()
    assert [type(result) for result in client.put_many("table", tables(3))] == [ServerRetryError] * 3
    assert client.requests_made["PUT"] == 3


def test_one_writer_per_entity(connect: Callable[..., OpenMetadata]) -> None:
    with pytest.raises(ValueError, match=r"two bodies of one table: s\.d\.h\.t0"):
        connect().put_many("table", [*tables(2), *tables(1)])


def test_nothing_to_write(connect: Callable[..., OpenMetadata]) -> None:
    client = connect()
    assert client.put_many("table", []) == []
    assert not client.requests_made
