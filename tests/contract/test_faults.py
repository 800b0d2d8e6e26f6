"""Faults on purpose, and what the server does when requests come at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from omclient import Api, add, column, label, rule


def faults(api: Api, **wanted: Any) -> None:
    api.server.control("PUT", "faults", wanted)


@rule("fault injection")
@pytest.mark.parametrize(("fault", "status"), [("rate_429", 429), ("rate_503", 503), ("rate_500", 500)])
def test_refusals(api: Api, fault: str, status: int) -> None:
    faults(api, **{fault: 1.0, "retry_after": 0.5})
    answer = api.raw("GET", "tables")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, None if status == 500 else "0.5")


@rule("fault injection")
@pytest.mark.parametrize(("fault", "stored"), [("cut_before", 0), ("cut_after", 1)])
def test_cut_connections(api: Api, fault: str, stored: int) -> None:
    api.place()
    faults(api, **{fault: 1.0})
    with pytest.raises(requests.ConnectionError):
        api.table()
    assert len(api.stored("table")) == stored


@rule("fault injection")
def test_a_stale_version(api: Api) -> None:
    api.place()
    table = api.table()
    faults(api, stale=1.0)
    assert api.patch(table, add("/description", "一"))[0] == (500 if api.profile == "1.2" else 412)
    assert api.read(table).get("description") is None


@rule("fault injection")
def test_only_some_methods_and_latency(api: Api) -> None:
    faults(api, rate_500=1.0, only="PUT,PATCH", latency=0.2)
    started = time.monotonic()
    assert (api.call("GET", "tables")[0], api.call("PUT", "tables", {})[0]) == (200, 500)
    assert time.monotonic() - started >= 0.2


@rule("fault injection")
def test_the_nth_request(api: Api) -> None:
    faults(api, rate_503=1.0, at="2,4", only="GET")
    assert [api.call("GET", "tables")[0] for _ in range(5)] == [200, 503, 200, 503, 200]
    assert api.server.control("GET", "requests")["requests"][:2] == [
        "GET /api/v1/tables 200",
        "GET /api/v1/tables 503",
    ]


def test_a_seed_repeats_a_run(contract_server: Callable[..., Any]) -> None:
    runs = []
    for _ in range(2):
        server = contract_server("2.0", rate_503=0.5, seed=7)
        answers = [requests.get(f"{server.url}/v1/system/version", timeout=10).status_code for _ in range(30)]
        runs.append(answers)
    assert (runs[0], set(runs[0])) == (runs[1], {200, 503})


@rule("Writing tables and tags", "1.2")
def test_simultaneous_creates(api: Api) -> None:
    api.place()
    faults(api, race=0.2)
    body = {"name": "t", "databaseSchema": "svc.d.s", "columns": []}
    with ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(lambda _: api.call("PUT", "tables", body)[0], range(8)))
    assert found == [201, *[409] * 7]


@rule("Lists, concurrency, limits", "1.2")
def test_the_guard_is_not_atomic(api: Api) -> None:
    api.place()
    api.tags("F类", "x1", "x2", "x3", "x4")
    table = api.table(columns=[column(name) for name in "abcd"])
    faults(api, race=0.3)
    guard = {"op": "test", "path": "/version", "value": 0.1}

    def patch(index: int) -> int:
        return api.patch(table, guard, add(f"/columns/{index}/tags/0", label(f"F类.x{index + 1}")))[0]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(patch, range(4))) == [200] * 4
    faults(api)
    assert (api.read(table)["version"], [len(api.labels(table, index)) for index in range(4)]) == (0.2, [1] * 4)


@rule("Lists, concurrency, limits", "2.0")
def test_if_match_is_atomic(api: Api) -> None:
    api.place()
    table = api.table()
    faults(api, race=0.2)
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda text: api.patch(table, add("/description", text), If_Match='W/"0.1"')[0], "一二三四")
    assert sorted(found) == [200, 412, 412, 412]
