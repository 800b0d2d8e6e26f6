"""`pdc run` against real PostgreSQL and MariaDB: the store says what their dictionaries say; failures stay apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from workflows.cli import cli

TABLES = 200
COLUMNS = 20
PASSWORD = "Secr3t-never-shown"


def execute(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def fill_postgresql(url: str) -> None:
    """Tables with a key, typed and commented columns, made by the server itself."""
    columns = ", ".join(f"c{i} varchar({i + 10})" for i in range(1, COLUMNS))
    execute(
        url,
        f"""do $$ begin for t in 1..{TABLES} loop
          execute format('create table t_%s (id bigint primary key, {columns})', t);
          execute format('comment on table t_%s is %L', t, '表' || t);
          for c in 1..{COLUMNS - 1} loop
            execute format('comment on column t_%s.c%s is %L', t, c, '字段' || c || '之' || t);
          end loop; end loop; end $$""",
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text("name: 测试目录\n", encoding="utf-8")
    return tmp_path


def department(site: Path, name: str, connector: str, url: str) -> None:
    (site / "departments" / f"{name}.yaml").write_text(
        f"department: {{id: {name}, name: 普陀区{name}局}}\n"
        f"systems:\n  - {{id: db, connector: {connector}, url: '{url}', sample: {{rows: 5}}}}\n",
        encoding="utf-8",
    )


@pytest.fixture
def pdc(site: Path) -> Callable[..., Result]:
    return lambda *args: CliRunner().invoke(cli, ["--site", str(site), *args])


def test_a_postgresql_dictionary_comes_back_whole(site: Path, pdc: Any, postgres_url: str) -> None:
    fill_postgresql(postgres_url)
    department(site, "a", "postgresql", postgres_url)
    first = json.loads(pdc("harvest", "--json").stdout)["systems"][0]
    assert (first["assets"], first["columns"], first["failed"]) == (TABLES, TABLES * COLUMNS, [])
    assert first["statements"] < 20
    assets = {item["name"]: item for item in map(json.loads, pdc("assets", "--jsonl").stdout.splitlines())}
    for number in (1, TABLES):
        found = assets[f"t_{number}"]
        assert (found["comment"], found["primary_key"], found["schema"]) == (f"表{number}", ["id"], "public")
        assert [column["comment"] for column in found["columns"][1:]] == [
            f"字段{c}之{number}" for c in range(1, COLUMNS)
        ]
        assert found["columns"][3]["data_type"] == "VARCHAR"
    again = json.loads(pdc("harvest", "--json").stdout)["systems"][0]
    assert (again["unchanged"], again["statements"]) == (TABLES, first["statements"])


def test_a_dropped_column_is_seen_and_the_rest_left_alone(site: Path, pdc: Any, mariadb_url: str) -> None:
    execute(mariadb_url, "create table a (id int primary key, xm varchar(20) comment '姓名')", "create table b (x int)")
    department(site, "a", "mariadb", mariadb_url)
    assert pdc("run").exit_code == 0
    execute(mariadb_url, "alter table a drop column xm")
    system = json.loads(pdc("run", "--json").stdout)["systems"][0]
    assert (system["changed"], system["unchanged"]) == (1, 1)


def test_a_wrong_password_is_named_without_being_told(
    site: Path, pdc: Any, postgres_url: str, mariadb_url: str
) -> None:
    execute(mariadb_url, "create table b (x int)")
    wrong = make_url(postgres_url).set(username="nobody", password=PASSWORD).render_as_string(hide_password=False)
    department(site, "a", "postgresql", wrong)
    department(site, "b", "mariadb", mariadb_url)
    result = pdc("run")
    assert result.exit_code == 3
    assert "failed: a/db: " in result.stderr
    assert PASSWORD not in result.output
    written = [path for folder in ("var", "out") for path in (site / folder).rglob("*") if path.is_file()]
    assert not [path for path in written if PASSWORD.encode() in path.read_bytes()]
    assert len(pdc("assets", "--jsonl").stdout.splitlines()) == 1
