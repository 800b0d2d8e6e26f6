"""How fast a system's dictionary is read, beside OpenMetadata's stock sources on the same database, in one run.

    python benchmarks/harvest.py [--tables 1000] [--columns 20] [--database postgresql --database mariadb]
                                 [--peer-python PYTHON | --no-peer]

Bars: >= 60 times the stock source at 1,000 tables x 20 columns (aim 100), a constant number of statements, and memory
that does not grow with the number of tables (`--tables 10000 --no-peer`).

- ours: the connector, from connecting to the last asset, in a process of its own (for its peak memory).
- stock: OpenMetadata's Postgres or MySQL source in its own MetadataWorkflow, with the REST sink on `tests/contract`.
  Told are its seconds without those spent waiting for that server, so that the ratio compares the reading alone; its
  test of the connection, which asks the server for a definition that ours does not have, is switched off.
- ours in the workflow: `connectors.openmetadata.DepartmentSource` in the same workflow against the same server.
- inspector: SQLAlchemy's, asked table by table.

The peer needs openmetadata-ingestion==2.0.6.0 and GeoAlchemy2 in --peer-python's environment (default: this one).
Databases are thrown away; they are started as the tests start theirs.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, inspect, make_url
from sqlalchemy.pool import NullPool

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests" / "conftest.py"
TYPES = ("varchar(18)", "decimal(12,2)", "date", "timestamp NULL", "text", "bigint", "char(6)", "smallint")
REPEATS = 5
BATCH = 200
BAR, AIM = 60, 100

OURS = """
import json, resource, sys, time
from connectors.base import SystemConfig
from connectors.sql.connector import SqlConnector
scheme, url, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
seconds = []
for _ in range(repeats):
    started = time.perf_counter()
    with SqlConnector(SystemConfig(department="d", id="s", connector=scheme, url=url)) as source:
        source.probe()
        source.list_assets()
        columns = sum(len(asset.columns) for asset in source.assets())
        statements = source.statements
    seconds.append(time.perf_counter() - started)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"seconds": min(seconds), "columns": columns, "statements": statements, "peak": peak}))
"""
WORKFLOW = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
from metadata.ingestion.ometa.client import REST
from metadata.ingestion.source.database.database_service import DatabaseServiceSource
from metadata.workflow.metadata import MetadataWorkflow
from sqlalchemy import event
from sqlalchemy.engine import Engine
waited, statements = [], []
request = REST._one_request
def timed(self, *given, **named):
    started = time.perf_counter()
    try:
        return request(self, *given, **named)
    finally:
        waited.append(time.perf_counter() - started)
REST._one_request = timed
DatabaseServiceSource.test_connection = lambda self: None
event.listen(Engine, "before_cursor_execute", lambda *given: statements.append(1))
config = json.load(sys.stdin)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
started = time.perf_counter()
workflow = MetadataWorkflow.create(config)
workflow.execute()
seconds = time.perf_counter() - started
failed = [failure.error for failure in workflow.source.status.failures if failure.name != "Delete Entity"]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"whole": seconds, "seconds": seconds - sum(waited), "requests": len(waited),
                  "statements": len(statements), "failed": failed[:3], "peak": peak, "import": before}))
"""


def helpers() -> Any:
    """The tests' own ways of starting servers."""
    spec = importlib.util.spec_from_file_location("fixtures", FIXTURES)
    assert spec is not None
    assert spec.loader is not None
    found: Any = importlib.util.module_from_spec(spec)
    sys.modules["fixtures"] = found
    spec.loader.exec_module(found)
    return found


@contextmanager
def database(kind: str) -> Iterator[str]:
    """URL of an empty database on a server that ends with it."""
    known = helpers()
    running = known.postgres_running if kind == "postgresql" else known.mariadb_running
    with running() as server:
        url = server.url("postgres" if kind == "postgresql" else "mysql")
        engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE bench")
        yield make_url(url).set(database="bench").render_as_string(hide_password=False)


@contextmanager
def catalogue() -> Iterator[dict[str, Any]]:
    """Address and tokens of a server that stands in for OpenMetadata."""
    command = [sys.executable, "-m", "omserver", "--profile", "2.0", "--until-eof"]
    with subprocess.Popen(
        command, cwd=ROOT / "tests" / "contract", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


def fill(engine: Engine, tables: int, columns: int) -> None:
    remark = "'第{}项，身份证号码'"
    named = [(f"c{j}", TYPES[j % len(TYPES)], remark.format(j)) for j in range(1, columns)]
    # A transaction holds a lock for each table that it makes, and servers allow a few thousand.
    for begin in range(0, tables, BATCH):
        _fill(engine, range(begin, min(begin + BATCH, tables)), named)


def _fill(engine: Engine, numbers: range, named: list[tuple[str, str, str]]) -> None:
    with engine.begin() as connection:
        for i in numbers:
            if engine.dialect.name == "postgresql":
                body = ", ".join(f"{name} {kind}" for name, kind, _ in named)
                script = [f"CREATE TABLE t{i} (id bigint PRIMARY KEY, {body})", f"COMMENT ON TABLE t{i} IS '表{i}'"]
                script += [f"COMMENT ON COLUMN t{i}.{name} IS {comment}" for name, _, comment in named]
                connection.exec_driver_sql(";".join(script).replace(" NULL,", ","))
            else:
                body = ", ".join(f"{name} {kind} COMMENT {comment}" for name, kind, comment in named)
                connection.exec_driver_sql(f"CREATE TABLE t{i} (id bigint PRIMARY KEY, {body}) COMMENT '表{i}'")


def run(python: str, script: str, *arguments: str, given: Any = None) -> dict[str, Any]:
    """What a script says as its last line of JSON, in a process of its own."""
    done = subprocess.run(
        [python, "-c", script, *arguments],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{python}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def stock_config(kind: str, url: str, server: dict[str, Any]) -> dict[str, Any]:
    address = make_url(url)
    connection = {
        "type": "Postgres" if kind == "postgresql" else "Mysql",
        "username": address.username,
        "authType": {"password": address.password},
        "hostPort": f"{address.host}:{address.port}",
        **({"database": address.database} if kind == "postgresql" else {"databaseSchema": address.database}),
    }
    only = {"schemaFilterPattern": {"includes": ["^public$" if kind == "postgresql" else "^bench$"]}}
    options = {"type": "DatabaseMetadata", "markDeletedTables": False, "includeStoredProcedures": False, **only}
    return workflow(connection["type"].lower(), "stock", connection, options, server)


def our_config(kind: str, url: str, server: dict[str, Any], site: Path) -> dict[str, Any]:
    (site / "departments").mkdir()
    (site / "site.yaml").write_text("name: bench\n", "utf-8")
    system = {"id": "s", "connector": kind, "url": url.replace("+pymysql", ""), "sample": False}
    text = json.dumps({"department": {"id": "d", "name": "部门"}, "systems": [system]}, ensure_ascii=False)
    (site / "departments" / "d.yaml").write_text(text, "utf-8")
    connection = {
        "type": "CustomDatabase",
        "sourcePythonClass": "connectors.openmetadata.DepartmentSource",
        "connectionOptions": {"site": str(site), "department": "d", "system": "s"},
    }
    return workflow("customDatabase", "d-s", connection, {"type": "DatabaseMetadata"}, server)


def workflow(
    kind: str, service: str, connection: dict[str, Any], options: dict[str, Any], server: dict[str, Any]
) -> dict[str, Any]:
    security = {"authProvider": "openmetadata", "securityConfig": {"jwtToken": server["admin_token"]}}
    source = {"type": kind, "serviceName": service, "serviceConnection": {"config": connection}}
    return {
        "source": {**source, "sourceConfig": {"config": options}},
        "sink": {"type": "metadata-rest", "config": {}},
        "workflowConfig": {
            "loggerLevel": "ERROR",
            "openMetadataServerConfig": {"hostPort": server["url"], **security},
        },
    }


def inspector(engine: Engine) -> int:
    """What a tool does that asks table by table: columns, comment, primary and foreign keys of each."""
    found = 0
    with engine.connect() as connection:
        asked = inspect(connection)
        for name in asked.get_table_names():
            found += len(asked.get_columns(name))
            asked.get_table_comment(name)
            asked.get_pk_constraint(name)
            asked.get_foreign_keys(name)
    return found


def tell(name: str, tables: int, seconds: float, more: str) -> None:
    print(f"  {name:22} {seconds:9.3f} s {tables / seconds:9.0f} tables/s  {more}", flush=True)


def measure(kind: str, tables: int, columns: int, peer: str | None) -> None:
    with database(kind) as url:
        engine = create_engine(url, poolclass=NullPool)
        fill(engine, tables, columns)
        ours = run(sys.executable, OURS, kind, url.replace("+pymysql", ""), str(REPEATS))
        assert ours["columns"] == tables * columns, ours
        print(f"{kind}: {tables} tables x {columns} columns")
        tell("ours", tables, ours["seconds"], f"{ours['statements']} statements, {ours['peak']} MB at most")
        if peer is None:
            return
        started = time.perf_counter()
        assert inspector(engine) == tables * columns
        tell("inspector", tables, time.perf_counter() - started, "")
        with catalogue() as server, tempfile.TemporaryDirectory() as site:
            stock = run(peer, WORKFLOW, given=stock_config(kind, url, server))
            told = f"{stock['statements']} statements, {stock['peak']} MB; with its server {stock['whole']:.1f} s"
            tell("stock", tables, stock["seconds"], told)
            through = run(sys.executable, WORKFLOW, given=our_config(kind, url, server, Path(site)))
            told = f"{through['statements']} statements, {through['peak']} MB; with its server {through['whole']:.1f} s"
            tell("ours in the workflow", tables, through["seconds"], told)
        for name, one in (("stock", stock), ("ours", through)):
            if one["failed"]:
                print(f"  {name} failed: {one['failed']}")
        print(f"  ratio {stock['seconds'] / ours['seconds']:.0f} (bar {BAR}, aim {AIM})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--database", action="append", choices=("postgresql", "mariadb"))
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--no-peer", action="store_true")
    given = parser.parse_args()
    for kind in given.database or ("postgresql", "mariadb"):
        measure(kind, given.tables, given.columns, None if given.no_peer else given.peer_python)


if __name__ == "__main__":
    main()
