"""Tables that somebody else's connectors brought: labels are written in place, and nothing else, on both profiles."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connectors.om_client import OpenMetadata
from workflows.cli import cli

Entity = dict[str, Any]
CONNECTION = {"config": {"type": "CustomDatabase", "sourcePythonClass": "x"}}
DEPARTMENT = """
department: {id: mz, name: 普陀区民政局, code: "11310107000000019B"}
systems:
  - id: prod
    name: 生产库
    connector: openmetadata
    url: %s
    service: mysql_prod
    token: ${OM_TOKEN}
    stored_samples: true
    restricted: ["jz.t_restricted"]
"""
SITE = "name: 测试\npeople:\n  - {id: lihua, name: 李华, openmetadata: lihua, departments: [mz], roles: [steward]}\n"
INNER = {"name": "手机号", "dataType": "STRING", "description": "手机号码"}
PERSON = [
    {"name": "姓名", "dataType": "VARCHAR", "dataLength": 50},
    {"name": "sfzh", "dataType": "VARCHAR", "dataLength": 18, "description": "公民身份号码"},
    {"name": "联系人", "dataType": "STRUCT", "children": [INNER]},
    {"name": "dz.x", "dataType": "STRING", "description": "家庭住址"},
]
TOILET = [{"name": "name", "dataType": "STRING", "description": "公厕名称"}]
FQN = "mysql_prod.库.jz.人员"
L2, L3 = "数据分级.L2", "数据分级.L3"


class Town:
    """Somebody's tables on a server, and a site whose system they are."""

    def __init__(self, folder: Path, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.server = folder, server
        monkeypatch.setenv("OM_TOKEN", server.tokens["bot"])
        (folder / "departments").mkdir()
        for name, text in (("site.yaml", SITE), ("departments/mz.yaml", DEPARTMENT % server.url)):
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "openmetadata.yaml").write_text(
            f"url: {server.url}\ntoken: ${{OM_TOKEN}}\nprotection: {{enabled: false}}\n", encoding="utf-8"
        )
        self.admin = OpenMetadata(server.url, server.admin_token, sleep=lambda seconds: None)
        self.bring()

    def bring(self) -> None:
        """What a stock connector and people left there: texts, an owner, foreign labels, a sample."""
        put = self.admin.put
        put("databaseService", {"name": "mysql_prod", "serviceType": "CustomDatabase", "connection": CONNECTION})
        put("database", {"name": "库", "service": "mysql_prod"})
        put("databaseSchema", {"name": "jz", "database": "mysql_prod.库"})
        put("classification", {"name": "PII", "description": "d"})
        put("tag", {"name": "Sensitive", "classification": "PII", "description": "d"})
        body = {"databaseSchema": "mysql_prod.库.jz", "description": "救助人员"}
        person = put("table", {"name": "人员", "columns": PERSON, **body})
        put("table", {"name": "toilet", "columns": TOILET, **body, "description": "公共厕所"})
        put("table", {"name": "t_restricted", "columns": TOILET, **body})
        put("table", {"name": "t_secret", "columns": TOILET, **body, "description": "涉密"})
        label = {"tagFQN": "PII.Sensitive", "source": "Classification", "labelType": "Manual", "state": "Confirmed"}
        self.admin.patch("table", person["id"], [{"op": "add", "path": "/columns/1/tags", "value": [label]}])
        rows = {"columns": ["姓名"], "rows": [["张三"], ["李四"]]}
        self.admin.request("PUT", f"tables/{person['id']}/sampleData", None, rows, doing="sample")
        if self.admin.features.api_services:
            self.bring_endpoint()

    def bring_endpoint(self) -> None:
        put, url = self.admin.put, "http://example.com/"
        rest = {"config": {"type": "Rest", "openAPISchemaConnection": {"openAPISchemaURL": url}}}
        put("apiService", {"name": "mysql_prod", "serviceType": "Rest", "connection": rest})
        put("apiCollection", {"name": "c", "service": "mysql_prod", "endpointURL": url})
        fields = [{"name": "人", "dataType": "RECORD", "children": [{"name": "身份证号", "dataType": "STRING"}]}]
        schema = {"schemaType": "JSON", "schemaFields": fields}
        put(
            "apiEndpoint",
            {"name": "查人", "apiCollection": "mysql_prod.c", "endpointURL": url, "responseSchema": schema},
        )

    def pdc(self, *words: str) -> dict[str, Any]:
        done = CliRunner().invoke(cli, ["--site", str(self.folder), *words, "--json"])
        assert done.exit_code == 0, (words, done.stdout[-2000:], done.stderr[-2000:])
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def catalogue(self) -> dict[str, Any]:
        found = self.pdc("harvest")
        for verb in ("classify", "compile"):
            self.pdc(verb)
        return found

    def table(self, fqn: str = FQN) -> Entity:
        found = self.admin.get("table", fqn, fields=["columns", "tags"])
        assert found is not None
        return found


@pytest.fixture(params=["1.2", "2.0"])
def town(
    request: pytest.FixtureRequest, shared_contract_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    made = Town(tmp_path, shared_contract_server(request.param), monkeypatch)
    yield made
    made.admin.close()


def groups(place: Entity) -> set[str]:
    return {label["tagFQN"].split(".")[0] for label in place.get("tags") or []}


def tag_of(place: Entity, group: str) -> str:
    return next(label["tagFQN"] for label in place["tags"] if label["tagFQN"].startswith(group + "."))


def without_labels(value: Any) -> Any:
    """A server's state without labels, and without what only definitions bring."""
    if isinstance(value, dict):
        return {name: without_labels(one) for name, one in value.items() if name != "tags"}
    return [without_labels(one) for one in value] if isinstance(value, list) else value


def of_service(state: dict[str, Any]) -> dict[str, Any]:
    return {name: without_labels(doc) for name, doc in state.items() if " mysql_prod" in name}


def test_labels_come_and_nothing_else_changes(
    town: Town, state_of: Callable[[Any], Any], writes_of: Callable[[Any], int]
) -> None:
    harvested = town.catalogue()["systems"][0]
    young = town.admin.features.api_services
    assert (harvested["assets"], harvested["excluded"], harvested["quarantined"]) == (2 + young, 1, 1)
    before = state_of(town.server)
    town.server.control("POST", "reset", {})
    town.pdc("publish")
    after = state_of(town.server)
    routes = town.server.control("GET", "counters")["routes"]
    changing = [route for route in routes if not route.startswith("GET") and ("tables" in route or "pi" in route)]
    patched = {"PATCH v1/tables/{id}", *({"PATCH v1/apiEndpoints/{id}"} if young else set())}
    assert set(changing) == patched
    assert of_service(after) == of_service(before)
    assert of_service(before)

    person = town.table()
    assert {"数据分级", "共享类型", "开放类型", "审核状态", "数据类别"} <= groups(person)
    number, contact, home = person["columns"][1:]
    assert tag_of(number, "PII") == "PII.Sensitive"
    assert tag_of(number, "数据分级") == tag_of(home, "数据分级") == L3
    # A column inside a column has its labels where it stands.
    assert tag_of(contact["children"][0], "数据元")
    for hidden in ("t_restricted", "t_secret"):
        assert groups(town.table(f"mysql_prod.库.jz.{hidden}")) == set()
    if young:
        endpoint = town.admin.get("apiEndpoint", "mysql_prod.c.查人", fields=["tags"])
        assert endpoint is not None
        assert tag_of(endpoint["responseSchema"]["schemaFields"][0]["children"][0], "数据分级")

    writes = writes_of(town.server)
    town.pdc("publish")
    assert writes_of(town.server) == writes
    assert town.pdc("pull")["decisions"] == []


def test_a_second_harvest_learns_nothing_from_what_was_published(town: Town) -> None:
    town.catalogue()
    town.pdc("publish")
    again = town.catalogue()["systems"][0]
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, again["assets"])


def test_people_rule_there_as_anywhere(
    town: Town, browser: Callable[..., Any], writes_of: Callable[[Any], int]
) -> None:
    town.catalogue()
    town.pdc("publish")
    steward = browser(town.server, "lihua")
    old = tag_of(town.table()["columns"][0], "数据分级")
    new = L3 if old != L3 else "数据分级.L4"
    steward.replace_on_column(FQN, "姓名", old, new)
    pulled = town.pdc("pull")["decisions"]
    found = [(one["asset"], one["column"], one["dimension"], one["value"]) for one in pulled]
    assert found == [("mz/prod/库.jz.人员", "姓名", "tier", new.split(".")[1])]
    town.pdc("classify")
    town.pdc("compile")
    town.pdc("publish")
    assert tag_of(town.table()["columns"][0], "数据分级") == new
    writes = writes_of(town.server)
    town.pdc("publish")
    assert writes_of(town.server) == writes


def test_what_is_not_there_any_more_is_told_and_not_made(town: Town) -> None:
    town.catalogue()
    gone = town.table("mysql_prod.库.jz.toilet")
    town.admin.delete("table", gone["id"], hard=True)
    planned = town.pdc("plan")
    lost = [one for one in planned["conflicts"] if one["fqn"] == "mysql_prod.库.jz.toilet"]
    assert [one["reason"] for one in lost] == ["服务器上没有此资产"]
    town.pdc("publish")
    assert town.admin.get("table", "mysql_prod.库.jz.toilet", include="all") is None


def test_tables_that_leave_the_catalogue_stay_on_the_server(town: Town, writes_of: Callable[[Any], int]) -> None:
    town.catalogue()
    town.pdc("publish")
    path = town.folder / "departments" / "mz.yaml"
    path.write_text(path.read_text(encoding="utf-8") + '    exclude: ["*"]\n', encoding="utf-8")
    assert town.pdc("harvest", "--accept-removals")["systems"][0]["vanished"] >= 2
    writes = writes_of(town.server)
    town.pdc("publish")
    assert writes_of(town.server) == writes
    assert not town.table()["deleted"]
