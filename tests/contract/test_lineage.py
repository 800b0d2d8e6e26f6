"""Lineage edges."""

from __future__ import annotations

from typing import Any

import pytest
from omclient import Api, rule

LINEAGE = rule("Lineage")


@pytest.fixture
def ready(api: Api) -> Api:
    api.place()
    return api


def edge(one: Any, other: Any, **details: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "fromEntity": {"id": one["id"], "type": "table"},
        "toEntity": {"id": other["id"], "type": "table"},
    }
    return {"edge": {**found, **({"lineageDetails": details} if details else {})}}


COLUMNS = [{"fromColumns": ["svc.d.s.t.a"], "toColumn": "svc.d.s.u.b"}]


@LINEAGE
def test_an_edge_is_replaced_whole(ready: Api) -> None:
    one, other = ready.table(), ready.table("u")
    for details in ({"columnsLineage": COLUMNS, "source": "ViewLineage"}, {}):
        answer = ready.raw("PUT", "lineage", edge(one, other, **details))
        assert (answer.status_code, answer.content) == (200, b"")
        found = ready.ok("GET", f"lineage/table/{other['id']}?upstreamDepth=3&downstreamDepth=1")
        assert found["upstreamEdges"][0].get("lineageDetails", {}).get("columnsLineage") == (details or {}).get(
            "columnsLineage"
        )
    assert [node["name"] for node in found["nodes"]] == ["t"]
    assert ready.ok("GET", "lineage/table/name/svc.d.s.t")["downstreamEdges"] == [
        {"fromEntity": one["id"], "toEntity": other["id"]}
    ]
    path = f"lineage/table/{one['id']}/table/{other['id']}"
    assert [ready.call("DELETE", path)[0] for _ in range(2)] == [200, 404]


@LINEAGE
@pytest.mark.parametrize(
    ("details", "status"),
    [
        ({"columnsLineage": [{"fromColumns": ["svc.d.s.t.无"], "toColumn": "svc.d.s.u.b"}]}, 400),
        ({"source": "Nonsense"}, 400),
        ({"库": 1}, 400),
        ({"sqlQuery": "select 1"}, 200),
    ],
)
def test_details_of_an_edge(ready: Api, details: dict[str, Any], status: int) -> None:
    assert ready.call("PUT", "lineage", edge(ready.table(), ready.table("u"), **details))[0] == status


@LINEAGE
def test_ends_of_an_edge(ready: Api) -> None:
    one = ready.table()
    assert ready.call("PUT", "lineage", edge(one, one))[0] == 200
    assert ready.call("PUT", "lineage", edge(one, {"id": "00000000-0000-0000-0000-000000000000"}))[0] == 404
    assert ready.call("GET", f"lineage/table/{one['id']}?upstreamDepth=4")[0] == 400
