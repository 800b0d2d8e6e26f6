"""The connectors inside OpenMetadata's own ingestion: the SDK's workflow, sinks and models against the contract server.

The SDK takes seconds to import: one process of its own runs every workflow of this module, and one more is the SDK's
command line.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from classifiers.identifiers.common import mod_11_2
from connectors.base import ConfigurationError, ConnectorError
from connectors.ingestion import open_site_system
from connectors.om_client import OpenMetadata
from connectors.testing import NASTY_TEXTS
from workflows.demo import CANARY, write_demo
from workflows.site import load_site
from workflows.store import Store

ROOT = Path(__file__).resolve().parents[2]
Entity = dict[str, Any]

WORKER = """
import json, os, sys, warnings
warnings.simplefilter("ignore")
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
from metadata.ingestion.sink.file import FileSink
from metadata.utils.progress_tracker import ProgressTrackerState
from metadata.workflow.metadata import MetadataWorkflow

class ToFile(MetadataWorkflow):
    # The stock workflow of 2.0.6.0 gives every sink a setting that the file sink refuses.
    def _get_sink(self):
        return FileSink.create(self.config.sink.model_dump()["config"], self.metadata)

def told(step):
    status = step.get_status()
    failures = [(one.name, one.error, one.stackTrace) for one in status.failures]
    records = [str(one) for one in status.records]
    return {"failures": failures, "warnings": status.warnings, "filtered": status.filtered, "records": records,
            "updated": len(status.updated_records)}

def run(config):
    kind = ToFile if config["sink"]["type"] == "file" else MetadataWorkflow
    try:
        workflow = kind.create(config)
    except Exception as exc:
        return {"refused": [type(exc).__name__, str(exc)]}
    progress = {}
    for step in workflow.workflow_steps():
        # Progress is forgotten when the steps have closed.
        step.close = lambda close=step.close: (progress.update(ProgressTrackerState().get_progress_as_dict()), close())
    workflow.execute()
    return {"source": told(workflow.source), "sink": told(workflow.steps[0]), "progress": progress}

for line in sys.stdin:
    print(json.dumps(run(json.loads(line)), default=str), file=answers, flush=True)
"""

SITE = "name: 测试目录\n"
DEPARTMENT = """department: {id: mz, name: 普陀区民政局, code: "11310107000000019B", section: 信息科}
systems:
  - {id: rescue, name: 社会救助系统, connector: ddl, path: data.sql, update_cycle: 每日, exclude: ["tmp_*"]}
  - {id: api, name: 查询接口, connector: openapi, path: api.json}
  - {id: nasty, name: 异常系统, connector: hostile}
  - {id: dead, name: 停用系统, connector: postgresql, url: "postgresql://reader:hush-hush@127.0.0.1:1/gone"}
"""
NUMBER = "31010719490101002" + mod_11_2("31010719490101002")
TABLES = """
CREATE TABLE `T_DBJT` (`JTBH` varchar(20) NOT NULL COMMENT '家庭编号', `SFZH` varchar(18) COMMENT '身份证号',
  `DLMM` varchar(64) COMMENT '登录密码', PRIMARY KEY (`JTBH`)) COMMENT='低保家庭';
CREATE TABLE `T_FF` (`ID` bigint NOT NULL COMMENT '主键', `JTBH` varchar(20) COMMENT '家庭编号',
  `JE` decimal(12,2) COMMENT '发放金额', `SJ` int COMMENT '上级', PRIMARY KEY (`ID`, `JTBH`),
  FOREIGN KEY (`JTBH`) REFERENCES `T_DBJT` (`JTBH`)) COMMENT='救助金发放';
CREATE TABLE `公厕.一` (`名称` varchar(50) COMMENT '公厕名称', `a>b` int COMMENT '蹲位数') COMMENT='公共厕所';
CREATE TABLE `T_LY` (`ID` int COMMENT '来源，如 NUMBER') COMMENT='来源';
CREATE TABLE `T_SM` (`ID` int) COMMENT='涉密人员';
CREATE TABLE `tmp_a` (`ID` int);
CREATE TABLE `T_WJ` (`ID` int) COMMENT='文件';
CREATE VIEW `V_FF` AS SELECT f.`ID`, j.`SFZH` FROM `T_FF` f JOIN `T_DBJT` j ON f.`JTBH` = j.`JTBH`;
""".replace("NUMBER", NUMBER)
API = {
    "openapi": "3.0.3",
    "info": {"title": "人口查询", "version": "1"},
    "paths": {
        "/v1/persons/{id}": {
            "get": {
                "summary": "人口查询",
                "tags": ["人口"],
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "description": "查到",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "xm": {"type": "string", "description": "姓名"},
                                        "sfzh": {"type": "string", "description": "身份证号"},
                                    },
                                }
                            }
                        },
                    }
                },
            }
        }
    },
}


class Workflow:
    """A process that runs workflows, one after the other."""

    def __init__(self, folder: Path, extra: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(extra), os.environ.get("PYTHONPATH", "")])}
        self.errors = folder / "worker.log"
        with self.errors.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                text=True,
                encoding="utf-8",
            )

    def run(self, config: Entity) -> Entity:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(config) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.errors.read_text(errors="replace")[-3000:]
        found: Entity = json.loads(line)
        return found

    def close(self) -> None:
        self.process.communicate(timeout=20)


def config(site: Path, department: str, system: str, server: Any, **options: str) -> Entity:
    connection = {"site": str(site), "department": department, "system": system, **options}
    custom = {
        "type": "CustomDatabase",
        "sourcePythonClass": "connectors.openmetadata.DepartmentSource",
        "connectionOptions": connection,
    }
    token = {"jwtToken": server.tokens["bot"]}
    there = {"hostPort": server.url, "authProvider": "openmetadata", "securityConfig": token}
    return {
        "source": {
            "type": "customDatabase",
            "serviceName": f"{department}-{system}",
            "serviceConnection": {"config": custom},
            "sourceConfig": {"config": {"type": "DatabaseMetadata"}},
        },
        "sink": {"type": "metadata-rest", "config": {}},
        "workflowConfig": {"openMetadataServerConfig": there},
    }


class Run:
    """Ingests systems of one site into one server."""

    def __init__(self, workflow: Workflow, site: Path, server: Any) -> None:
        self.workflow, self.site, self.server = workflow, site, server

    def __call__(self, system: str = "rescue", department: str = "mz", **options: str) -> Entity:
        return self.workflow.run(config(self.site, department, system, self.server, **options))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what an installer of a connector ``hostile`` would leave."""
    folder = tmp_path_factory.mktemp("hostile")
    installed = folder / "hostile_source-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile-source\nVersion: 1.0\n")
    entry = "[public_data_catalog.connectors]\nhostile = connectors.testing:HostileConnector\n"
    (installed / "entry_points.txt").write_text(entry)
    return folder


@pytest.fixture(autouse=True)
def _installed(hostile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(hostile))


@pytest.fixture(scope="module")
def workflow(tmp_path_factory: pytest.TempPathFactory, hostile: Path) -> Iterator[Workflow]:
    started = Workflow(tmp_path_factory.mktemp("worker"), hostile)
    yield started
    started.close()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, start_contract: Callable[..., Any]) -> Iterator[list[Any]]:
    """Two servers that refuse every body which the SDK's generated models do not take."""
    started = [start_contract(tmp_path_factory.mktemp("omserver"), "2.0", validate=True) for _ in range(2)]
    yield started
    assert [server.log() for server in started] == ["", ""]
    for server in started:
        server.stop()


@pytest.fixture
def server(servers: list[Any]) -> Any:
    servers[0].reset()
    servers[0].tokens["bot"] = servers[0].token("ingestion-bot")
    return servers[0]


def write_site(root: Path, sql: str = TABLES) -> Path:
    (root / "departments").mkdir(parents=True)
    files = {"site.yaml": SITE, "departments/mz.yaml": DEPARTMENT, "data.sql": sql, "api.json": json.dumps(API)}
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def ingest(workflow: Workflow, tmp_path: Path, server: Any) -> Run:
    return Run(workflow, write_site(tmp_path / "site"), server)


# --- what a server holds -------------------------------------------------------------------------------------------

ASSET = ("name", "fullyQualifiedName", "displayName", "description", "tableType", "sourceHash", "deleted")
ASSET += ("endpointURL", "requestMethod")
COLUMN = ("name", "displayName", "description", "dataType", "dataLength", "precision", "scale", "constraint")
COLUMN += ("ordinalPosition", "dataTypeDisplay")
CONTAINERS = ("databaseService", "database", "databaseSchema", "apiService", "apiCollection")


def picked(entity: Entity, names: tuple[str, ...]) -> Entity:
    return {name: entity[name] for name in names if entity.get(name) is not None}


def stored_assets(client: OpenMetadata) -> dict[str, Entity]:
    """FQN → everything of an asset that is not a label, property, owner or domain; sources of its lineage too."""
    found = {}
    for kind, fields in (("table", ["columns", "tableConstraints"]), ("apiEndpoint", [])):
        for row in client.list(kind, fields=fields, include="all"):
            columns = row["columns"] if kind == "table" else row["responseSchema"]["schemaFields"]
            edges = (client.lineage(kind, row["id"]) or {}).get("upstreamEdges", []) if not row["deleted"] else []
            found[row["fullyQualifiedName"]] = {
                **picked(row, ASSET),
                "columns": [picked(column, COLUMN) for column in columns],
                "keys": row.get("tableConstraints") or [],
                "lineage": sorted(
                    (one["fromColumns"], one["toColumn"])
                    for edge in edges
                    for one in edge["lineageDetails"]["columnsLineage"]
                ),
            }
    return found


def stored_containers(client: OpenMetadata) -> dict[str, Entity]:
    names = ("name", "displayName", "description", "serviceType", "endpointURL")
    rows = ((kind, row) for kind in CONTAINERS for row in client.list(kind))
    return {f"{kind} {row['fullyQualifiedName']}": picked(row, names) for kind, row in rows}


def opened(server: Any) -> OpenMetadata:
    return OpenMetadata(server.url, server.admin_token)


def live(server: Any) -> set[str]:
    with opened(server) as client:
        return {fqn.rsplit(".", 1)[-1] for fqn, one in stored_assets(client).items() if not one["deleted"]}


def published(site: Path, server: Any) -> None:
    """The same site, by ``pdc run`` and ``pdc publish``."""
    from click.testing import CliRunner

    from workflows.cli import cli

    lines = {"url": server.url, "token": server.token("ingestion-bot"), "protection": {"enabled": False}}
    (site / "openmetadata.yaml").write_text(json.dumps(lines), encoding="utf-8")
    for words in (["run", "--no-outputs"], ["publish"]):
        done = CliRunner().invoke(cli, ["--site", str(site), *words])
        assert done.exit_code in (0, 3), done.output


def copied(site: Path, to: Path) -> Path:
    return Path(shutil.copytree(site, to, ignore=shutil.ignore_patterns("var", "out")))


# --- the same as publishing ------------------------------------------------------------------------------------------


def compare(ingested: Any, other: Any) -> dict[str, Entity]:
    """Both servers hold the same; returns what."""
    with opened(ingested) as client, opened(other) as twin:
        found = stored_assets(client)
        assert found == stored_assets(twin)
        assert stored_containers(client) == stored_containers(twin)
    return found


def test_the_demo_is_what_publish_makes_of_it(
    workflow: Workflow, server: Any, servers: list[Any], tmp_path: Path
) -> None:
    servers[1].reset()
    one, two = write_demo(tmp_path / "one"), write_demo(tmp_path / "two")
    for department, system in load_site(one, environ={}).systems():
        if not system.is_restricted:
            done = workflow.run(config(one, department.id, system.id, server))
            assert (done["source"]["failures"], done["sink"]["failures"]) == ([], []), system.id
    published(two, servers[1])
    found = compare(server, servers[1])
    assert len(found) >= 20
    assert all(len(asset["sourceHash"]) == 32 for asset in found.values())
    assert any(asset["lineage"] for asset in found.values())
    kinds = {key["constraintType"] for asset in found.values() for key in asset["keys"]}
    assert kinds == {"PRIMARY_KEY", "FOREIGN_KEY"}


def test_nasty_tables_and_operations_are_what_publish_makes_of_them(
    ingest: Run, servers: list[Any], tmp_path: Path
) -> None:
    servers[1].reset()
    other = copied(ingest.site, tmp_path / "other")
    plain, api, nasty = ingest("rescue"), ingest("api"), ingest("nasty")
    published(other, servers[1])
    found = compare(ingest.server, servers[1])
    names = {fqn.rsplit(".", 1)[-1] for fqn in found}
    assert {"T_DBJT", '一"', "V_FF", "wide", "empty"} <= names
    assert (plain["source"]["failures"], api["source"]["failures"]) == ([], [])
    assert [asset["requestMethod"] for fqn, asset in found.items() if fqn.startswith("mz-api")] == ["GET"]
    assert "DLMM" not in str(found)
    errors = [(name, error) for name, error, _ in nasty["source"]["failures"]]
    assert ("hostile!B7", "hostile!B7: one cell is no column (repair it)") in errors
    # A name that no server takes: one table, and a column of every other one that has these columns.
    refused = [name for name, error in errors if "has 300 characters" in error]
    assert len(refused) == len(NASTY_TEXTS)
    assert nasty["sink"]["failures"] == []


def test_what_is_secret_masked_or_left_out(ingest: Run) -> None:
    done = ingest()
    assert done["progress"]["Table"] | {"estimatedRemainingSeconds": 0} == {
        "total": 6,
        "processed": 6,
        "estimatedRemainingSeconds": 0,
    }
    with opened(ingest.server) as client:
        text = json.dumps([*client.list("table", fields=["columns"], include="all")], ensure_ascii=False)
    assert "来源" in text
    assert NUMBER not in text
    assert NUMBER not in json.dumps(done, ensure_ascii=False)
    assert live(ingest.server).isdisjoint({"T_SM", "tmp_a"})
    reasons = [reason for one in done["source"]["filtered"] for reason in one.values()]
    assert sorted(reasons) == ["bears a secrecy mark", "left out by include, exclude or restricted globs"]
    assert "T_SM" not in json.dumps(done)


# --- again ---------------------------------------------------------------------------------------------------------


def versions(server: Any) -> dict[str, float]:
    with opened(server) as client:
        rows = [row for kind in ("table", *CONTAINERS) for row in client.list(kind, include="all")]
    return {f"{row['id']}": row["version"] for row in rows}


def test_a_second_run_changes_nothing(ingest: Run) -> None:
    ingest()
    with opened(ingest.server) as client:
        before = versions(ingest.server), stored_assets(client)
        again = ingest()
        assert (versions(ingest.server), stored_assets(client)) == before
    assert [again[step]["failures"] for step in ("source", "sink")] == [[], []]
    assert again["source"]["updated"] == 0
    requests = [name for name in again["source"]["records"] if not name.startswith(("CreateTable", "Flush"))]
    assert requests == []


def test_what_people_wrote_stays(ingest: Run) -> None:
    """Through a change of the table, and of the type of a column that a person has labelled."""
    ingest()
    with opened(ingest.server) as client:
        client.put("classification", {"name": "数据分级", "description": "x", "mutuallyExclusive": True})
        client.put("tag", {"name": "L3", "classification": "数据分级", "description": "x"})
        table = client.get("table", "mz-rescue.default.default.T_DBJT", fields=["columns", "tags"])
        assert table is not None
        place = next(at for at, one in enumerate(table["columns"]) if one["name"] == "SFZH")
        label = {"tagFQN": "数据分级.L3", "source": "Classification", "labelType": "Manual", "state": "Confirmed"}
        client.patch("table", table["id"], [
            {"op": "add", "path": f"/columns/{place}/tags/0", "value": label},
            {"op": "add", "path": f"/columns/{place}/description", "value": "人写的字段说明"},
            {"op": "add", "path": "/description", "value": "人写的说明"},
        ])  # fmt: skip
        service = client.get("databaseService", "mz-rescue")
        assert service is not None
        client.patch("databaseService", service["id"], [{"op": "add", "path": "/description", "value": "人写的"}])
        sql = TABLES.replace("`SFZH` varchar(18)", "`YB` char(6), `SFZH` text").replace("低保家庭", "低保家庭登记")
        (ingest.site / "data.sql").write_text(sql, encoding="utf-8")
        done = ingest()
        assert [done[step]["failures"] for step in ("source", "sink")] == [[], []]
        after = client.get("table", table["id"], fields=["columns", "tags"])
        kept = client.get("databaseService", "mz-rescue")
    assert after is not None
    columns = {one["name"]: one for one in after["columns"]}
    assert columns["SFZH"]["dataType"] == "TEXT"
    assert [(one["tagFQN"], one["labelType"]) for one in columns["SFZH"]["tags"]] == [("数据分级.L3", "Manual")]
    assert (after["description"], columns["SFZH"]["description"]) == ("人写的说明", "人写的字段说明")
    assert "YB" in columns
    assert kept is not None
    assert kept["description"] == "人写的"


def test_texts_of_people_give_way_where_the_workflow_says_so(ingest: Run, workflow: Workflow) -> None:
    ingest()
    with opened(ingest.server) as client:
        table = client.get("table", "mz-rescue.default.default.T_DBJT")
        assert table is not None
        client.patch("table", table["id"], [{"op": "add", "path": "/description", "value": "人写的说明"}])
        asked = config(ingest.site, "mz", "rescue", ingest.server)
        asked["source"]["sourceConfig"]["config"]["overrideMetadata"] = True
        assert workflow.run(asked)["sink"]["failures"] == []
        after = client.get("table", table["id"])
    assert after is not None
    assert after["description"] == table["description"] != "人写的说明"


# --- what is gone --------------------------------------------------------------------------------------------------


def without(sql: str, *names: str) -> str:
    return ";".join(one for one in sql.split(";") if not any(f"TABLE `{name}`" in one for name in names))


def test_a_vanished_table_is_deleted_softly_and_comes_back(ingest: Run) -> None:
    ingest()
    everything = live(ingest.server)
    (ingest.site / "data.sql").write_text(without(TABLES, "T_WJ"), encoding="utf-8")
    assert ingest()["source"]["failures"] == []
    assert everything - live(ingest.server) == {"T_WJ"}
    (ingest.site / "data.sql").write_text(TABLES, encoding="utf-8")
    assert ingest()["source"]["failures"] == []
    assert live(ingest.server) == everything


def test_too_many_at_once_are_not_deleted_until_somebody_says_so(ingest: Run) -> None:
    ingest()
    everything = live(ingest.server)
    (ingest.site / "data.sql").write_text(without(TABLES, "T_WJ", "T_LY", "公厕.一"), encoding="utf-8")
    done = ingest()
    ((_, error, _),) = done["source"]["failures"]
    assert "3 of 6 assets are missing at once" in error
    assert 'set acceptRemovals in connectionOptions to "true"' in error
    assert live(ingest.server) == everything
    assert ingest(acceptRemovals="true")["source"]["failures"] == []
    assert everything - live(ingest.server) == {"T_WJ", "T_LY", '一"'}


def test_a_store_made_anew_deletes_nothing_wholesale(ingest: Run) -> None:
    """The server is compared with, too: a site that has forgotten all does not know what is gone."""
    ingest()
    everything = live(ingest.server)
    shutil.rmtree(ingest.site / "var")
    (ingest.site / "data.sql").write_text(without(TABLES, "T_WJ", "T_LY", "公厕.一"), encoding="utf-8")
    ((_, error, _),) = ingest()["source"]["failures"]
    assert "3 of 6 assets on the server are missing in the source; none was deleted" in error
    assert live(ingest.server) == everything


def test_other_systems_of_the_department_are_left_alone(ingest: Run) -> None:
    """Also one that is configured no longer, which ``pdc harvest --accept-removals`` would take out."""
    ingest("api")
    lines = [line for line in DEPARTMENT.splitlines(keepends=True) if "id: api" not in line]
    (ingest.site / "departments" / "mz.yaml").write_text("".join(lines), encoding="utf-8")
    ingest(acceptRemovals="true")
    with Store(load_site(ingest.site).store_url) as store:
        assert [known.vanished for known in store.known("mz", "api").values()] == [False]
        assert len(store.known("mz", "rescue")) == 6
    assert {"GET", "T_DBJT"} <= {name.split(" ")[0] for name in live(ingest.server)}


def test_after_a_failure_nothing_is_deleted(ingest: Run) -> None:
    ingest()
    everything = live(ingest.server)
    broken = without(TABLES, "T_WJ") + "\nCREATE TABLE `T_KP` (`ID` int, `ID2 int);\n"
    (ingest.site / "data.sql").write_text(broken, encoding="utf-8")
    done = ingest()
    assert done["source"]["failures"] != []
    assert {"mz-rescue": "not everything could be read, so nothing was deleted"} in done["source"]["warnings"]
    assert live(ingest.server) >= everything


@pytest.mark.parametrize("whose", ["a bot's", "an administrator's"])
def test_what_people_deleted_stays_deleted(ingest: Run, whose: str) -> None:
    """Also where pipelines run under the account by which an administrator deletes."""
    if whose == "an administrator's":
        ingest.server.tokens["bot"] = ingest.server.admin_token
    ingest()
    with opened(ingest.server) as client:
        table = client.get("table", "mz-rescue.default.default.T_WJ")
        assert table is not None
        client.delete("table", table["id"])
    done = ingest()
    assert "T_WJ" not in live(ingest.server)
    assert "mz-rescue.default.default.T_WJ" in {name for one in done["source"]["filtered"] for name in one}


def test_nothing_is_written_into_a_deleted_service(ingest: Run) -> None:
    ingest()
    with opened(ingest.server) as client:
        service = client.get("databaseService", "mz-rescue")
        assert service is not None
        client.delete("databaseService", service["id"], recursive=True)
    done = ingest()
    assert "mz-rescue: it was deleted on the server (restore it there, or delete it for good)" in [
        error for _, error, _ in done["source"]["failures"]
    ]
    assert live(ingest.server) == set()


# --- what is refused -----------------------------------------------------------------------------------------------


def test_a_host_that_does_not_answer_stops_the_run_before_it_begins(ingest: Run) -> None:
    kind, text = ingest("dead")["refused"]
    assert kind == "SourceConnectionException"
    assert "127.0.0.1" in text
    assert text.endswith(")")
    assert "hush-hush" not in text
    assert live(ingest.server) == set()


def test_a_restricted_system_is_never_opened(workflow: Workflow, server: Any, tmp_path: Path) -> None:
    site = write_demo(tmp_path / "demo")
    kind, text = workflow.run(config(site, "minzheng", "classified", server))["refused"]
    assert (kind, text) == (
        "InvalidSourceException",
        "the system minzheng/classified is restricted (it is never opened)",
    )
    assert CANARY not in workflow.errors.read_text(errors="replace")
    assert not (site / "var").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"serviceName": "mz"}, "serviceName must be mz-rescue"),
        ({"department": "nobody"}, "unknown department 'nobody'"),
        ({"site": "nowhere"}, "no site.yaml here"),
        ({"systme": "x"}, "unknown key systme"),
        ({"system": ""}, "system is missing"),
        ({"pipeline": {"tableFilterPattern": {"includes": ["a"]}}}, "write include and exclude"),
        ({"pipeline": {"includeViews": False}}, "includeViews: write include and exclude"),
        ({"pipeline": {"type": "DatabaseUsage"}}, "type must be DatabaseMetadata"),
    ],
)
def test_mistakes_in_the_workflow_file_are_told(ingest: Run, change: Entity, told: str) -> None:
    asked = config(ingest.site, "mz", "rescue", ingest.server)
    source = asked["source"]
    for name, value in change.items():
        if name == "serviceName":
            source[name] = value
        elif name == "pipeline":
            source["sourceConfig"]["config"].update(value)
        else:
            source["serviceConnection"]["config"]["connectionOptions"][name] = value
    kind, text = ingest.workflow.run(asked)["refused"]
    assert kind == "InvalidSourceException"
    assert told in text


def test_what_a_source_says_of_itself_is_masked(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site")
    lines = f"  - {{id: lost, connector: sqlite, path: {NUMBER}.sqlite}}\n"
    (site / "departments" / "mz.yaml").write_text(DEPARTMENT + lines, encoding="utf-8")
    with pytest.raises(ConnectorError) as caught:
        open_site_system(site, "mz", "lost").probe()
    assert ".sqlite" in str(caught.value)
    assert NUMBER not in str(caught.value)


def test_an_existing_server_is_no_source(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site")
    lines = "  - {id: prod, connector: openmetadata, url: 'http://127.0.0.1:1/api', service: s, token: t}\n"
    (site / "departments" / "mz.yaml").write_text(DEPARTMENT + lines, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="are on the server already"):
        open_site_system(site, "mz", "prod")


def test_a_server_that_fails_is_one_error_that_says_so(ingest: Run) -> None:
    """From the third request on; before that, the workflow's own ones."""
    at = ",".join(map(str, range(3, 40)))
    ingest.server.control("PUT", "faults", {"rate_500": 1, "only": "GET", "at": at})
    done = ingest()
    ingest.server.control("PUT", "faults", {})
    told = [error for _, error, _ in done["source"]["failures"]]
    assert told == ["mz-rescue: the server says: An exception with message [injected] was thrown (run again)"]
    assert live(ingest.server) == set()


# --- other ways to run it ------------------------------------------------------------------------------------------


def test_the_file_sink(ingest: Run, tmp_path: Path) -> None:
    asked = config(ingest.site, "mz", "rescue", ingest.server)
    asked["sink"] = {"type": "file", "config": {"filename": str(tmp_path / "out.json")}}
    done = ingest.workflow.run(asked)
    assert [done[step]["failures"] for step in ("source", "sink")] == [[], []]
    written = {one.get("name"): one for one in json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))}
    assert {"mz-rescue", "default", "T_DBJT", "T_FF", "公厕.一", "V_FF"} <= set(written)
    columns = {one["name"]: one for one in written["T_DBJT"]["columns"]}
    assert columns["JTBH"]["constraint"] == "PRIMARY_KEY"
    assert columns["SFZH"]["dataLength"] == 18
    assert live(ingest.server) == set()


def test_the_file_that_init_writes_runs_on_the_sdks_command_line(server: Any, tmp_path: Path) -> None:
    site = write_demo(tmp_path / "demo")
    text = (ROOT / "config" / "ingestion" / "example.yaml").read_text(encoding="utf-8").split("\n#\n", 1)[1]
    text = "".join(f"{line.removeprefix('# ')}\n" for line in text.splitlines())
    (site / "ingest.yaml").write_text(text.replace("http://127.0.0.1:8585/api", server.url), encoding="utf-8")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("metadata")), "ingest", "-c", "ingest.yaml"],
        cwd=site,
        env={**os.environ, "OPENMETADATA_TOKEN": server.tokens["bot"]},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    assert {"T_CJR", "T_JZDX", "V_YLJG_CX"} <= live(server)
