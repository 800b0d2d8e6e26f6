"""Sample data, masking and profiles (reference: Roles, policies)."""

from __future__ import annotations

from typing import Any

import pytest
from omclient import Api, add, column, label, rule

SAMPLES = rule("Roles, policies")
DATA = {"columns": ["phone", "name"], "rows": [["13900000000", "甲"], [None, "乙"]]}


@pytest.fixture
def ready(api: Api) -> Api:
    api.place()
    api.tags("PII", "Sensitive", "None", exclusive=True)
    api.server.token("wang")
    return api


def people_table(api: Api) -> Any:
    return api.table("people", [column("id"), column("phone", "VARCHAR", dataLength=20), column("name", "STRING")])


@SAMPLES
def test_samples_are_put_and_cleared_without_a_version(ready: Api) -> None:
    table = people_table(ready)
    path = f"tables/{table['id']}/sampleData"
    assert ready.ok("PUT", path, DATA)["sampleData"] == DATA
    assert ready.ok("GET", path)["sampleData"] == DATA
    ready.ok("DELETE", path)
    assert "sampleData" not in ready.ok("GET", path)
    assert ready.read(table)["version"] == 0.1


@SAMPLES
@pytest.mark.parametrize("change", [{"columns": ["phone", "age"]}, {"rows": [["1"]]}, {"库": 1}])
def test_bad_samples(ready: Api, change: dict[str, Any]) -> None:
    assert ready.call("PUT", f"tables/{people_table(ready)['id']}/sampleData", {**DATA, **change})[0] == 400


@SAMPLES
def test_others_see_masked_names_and_values(ready: Api) -> None:
    table = people_table(ready)
    path = f"tables/{table['id']}/sampleData"
    ready.ok("PUT", path, DATA)
    assert ready.ok("GET", path, user="wang")["sampleData"] == DATA
    ready.patched(table, add("/columns/1/tags/0", label("PII.Sensitive")))
    assert ready.ok("GET", path, user="wang")["sampleData"] == {
        "columns": ["phone [MASKED]", "name"],
        "rows": [["********", "甲"], ["********", "乙"]],
    }
    assert ready.ok("GET", path)["sampleData"] == DATA


@SAMPLES
def test_writing_samples_and_profiles_are_operations_of_their_own(ready: Api) -> None:
    table = people_table(ready)
    for path, body, operation in (
        ("sampleData", DATA, "EditSampleData"),
        ("tableProfile", {"tableProfile": {"timestamp": 1}}, "EditDataProfile"),
    ):
        status, found = ready.call("PUT", f"tables/{table['id']}/{path}", body, "wang")
        assert (status, f"[{operation}]" in found["message"]) == (403, True)


@SAMPLES
def test_profiles(ready: Api) -> None:
    table = people_table(ready)
    path = f"tables/{table['id']}/tableProfile"
    for timestamp, rows in ((1000, 5), (2000, 6)):
        profile = {"timestamp": timestamp, "rowCount": rows, "columnCount": 3}
        ready.ok("PUT", path, {"tableProfile": profile, "columnProfile": [{"name": "phone", "timestamp": timestamp}]})
    unknown = {"tableProfile": {"timestamp": 3000}, "columnProfile": [{"name": "age", "timestamp": 3000}]}
    assert ready.call("PUT", path, unknown)[0] == 400
    found = ready.ok("GET", "tables/svc.d.s.people/tableProfile/latest", user="wang")
    assert (found["profile"]["rowCount"], found["columns"][1]["profile"]["timestamp"]) == (6, 2000)
    rows = ready.ok("GET", "tables/svc.d.s.people/tableProfile?startTs=1500&endTs=2500")["data"]
    assert [row["rowCount"] for row in rows] == [6]
    rows = ready.ok("GET", "tables/svc.d.s.people.phone/columnProfile?startTs=0&endTs=1500")["data"]
    assert [row["timestamp"] for row in rows] == [1000]


@SAMPLES
def test_a_repeated_timestamp(ready: Api) -> None:
    table = people_table(ready)
    for rows in (5, 6):
        body = {"tableProfile": {"timestamp": 1000, "rowCount": rows}}
        ready.ok("PUT", f"tables/{table['id']}/tableProfile", body)
    found = ready.ok("GET", "tables/svc.d.s.people/tableProfile?startTs=0&endTs=2000")["data"]
    assert len(found) == (2 if ready.profile == "1.2" else 1)
