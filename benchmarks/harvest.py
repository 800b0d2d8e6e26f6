"""How long one system's dictionary takes, beside SQLAlchemy's inspector asked table by table, in one run.

python benchmarks/harvest.py [--tables 1000] [--columns 20] [--url postgresql://… | mariadb://…]

The database behind --url must be empty; without one a PostgreSQL server is started on a free port and thrown away.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.pool import NullPool

from connectors.base import SystemConfig
from connectors.sql.connector import SqlConnector

FIXTURES = Path(__file__).resolve().parent.parent / "tests" / "conftest.py"
TYPES = ("varchar(18)", "decimal(12,2)", "date", "timestamp NULL", "text", "bigint", "char(6)", "smallint")
REPEATS = 3


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A throw-away server, started the way the tests start theirs."""
    spec = importlib.util.spec_from_file_location("fixtures", FIXTURES)
    assert spec is not None
    assert spec.loader is not None
    helpers: Any = importlib.util.module_from_spec(spec)
    sys.modules["fixtures"] = helpers
    spec.loader.exec_module(helpers)
    programs = [helpers.need(name, "postgresql", *helpers.postgres_folders()) for name in ("initdb", "postgres")]
    account, port = helpers.unprivileged("postgres"), helpers.free_port()
    prefix = helpers.as_account(account, "INT")
    with helpers.server_folder(account) as folder:
        data = os.fspath(folder / "data")
        helpers.run_once([*prefix, programs[0], "-D", data, "-U", helpers.USER, "-A", "trust", "-E", "UTF8"], folder)
        serve = [
            *prefix,
            programs[1],
            "-D",
            data,
            "-p",
            str(port),
            "-k",
            str(folder),
            "-c",
            "listen_addresses=127.0.0.1",
        ]
        with helpers.running(serve, folder, signal.SIGINT) as process:
            server = helpers.DatabaseServer("postgresql", port, process)
            helpers.wait_until_ready(server, folder, helpers.connect_postgres)
            yield server.url("postgres")


def fill(engine: Engine, tables: int, columns: int) -> None:
    remark = "'第{}项，身份证号码'"
    named = [(f"c{j}", TYPES[j % len(TYPES)], remark.format(j)) for j in range(1, columns)]
    with engine.begin() as connection:
        for i in range(tables):
            if engine.dialect.name == "postgresql":
                body = ", ".join(f"{name} {kind}" for name, kind, _ in named)
                script = [f"CREATE TABLE t{i} (id bigint PRIMARY KEY, {body})", f"COMMENT ON TABLE t{i} IS '表{i}'"]
                script += [f"COMMENT ON COLUMN t{i}.{name} IS {comment}" for name, _, comment in named]
                connection.exec_driver_sql(";".join(script).replace(" NULL,", ","))
            else:
                body = ", ".join(f"{name} {kind} COMMENT {comment}" for name, kind, comment in named)
                connection.exec_driver_sql(f"CREATE TABLE t{i} (id bigint PRIMARY KEY, {body}) COMMENT '表{i}'")


def ours(url: str) -> tuple[int, int]:
    scheme = "postgresql" if url.startswith("postgres") else "mariadb"
    with SqlConnector(SystemConfig(department="d", id="s", connector=scheme, url=url)) as source:
        source.probe()
        source.list_assets()
        found = sum(len(asset.columns) for asset in source.assets())
        return found, source.statements


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


def measure(url: str, tables: int, columns: int) -> None:
    engine = create_engine(url.replace("mariadb://", "mysql+pymysql://"), poolclass=NullPool)
    fill(engine, tables, columns)
    seconds: dict[str, float] = {}
    statements = 0
    for _ in range(REPEATS):
        started = time.perf_counter()
        found, statements = ours(url)
        seconds["ours"] = min(seconds.get("ours", 1e9), time.perf_counter() - started)
        assert found == tables * columns
    started = time.perf_counter()
    assert inspector(engine) == tables * columns
    seconds["inspector"] = time.perf_counter() - started
    print(f"{engine.dialect.name}: {tables} tables x {columns} columns, {statements} dictionary statements")
    for name, duration in seconds.items():
        print(f"  {name:20} {duration:8.3f} s  {tables / duration:8.0f} tables/s")
    print(f"  ratio                {seconds['inspector'] / seconds['ours']:8.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--url")
    given = parser.parse_args()
    with contextlib.nullcontext(given.url) if given.url else postgresql() as url:
        measure(url, given.tables, given.columns)


if __name__ == "__main__":
    main()
