"""Views of a living database: from their definitions to the plan's lines and the server's lineage."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connectors.om_client import OpenMetadata
from workflows.cli import cli

SCHEMA = """
CREATE TABLE 人员 (id INTEGER PRIMARY KEY, 姓名 TEXT, 身份证号 TEXT);
CREATE TABLE 涉密人员 (id INTEGER PRIMARY KEY, 代号 TEXT);
CREATE VIEW 公开 AS SELECT upper(p.姓名) AS 名, s.代号 FROM 人员 p LEFT JOIN 涉密人员 s USING (id);
CREATE VIEW 公开二 AS SELECT * FROM 公开;
"""
DEPARTMENT = """department: {id: mz, name: 普陀区民政局, code: "11310107000000019B"}
systems:
  - {id: rescue, name: 社会救助系统, connector: sqlite, path: data.db, update_cycle: 每日}
"""
MAIN = "mz-rescue.default.main"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A site whose one system is a SQLite file with views, harvested and judged."""
    from workflows.cli_common import State
    from workflows.cli_run import run_job

    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text("name: 测试目录\n", encoding="utf-8")
    (tmp_path / "departments" / "mz.yaml").write_text(DEPARTMENT, encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "data.db")) as connection:
        connection.executescript(SCHEMA)
    assert run_job(State(tmp_path), outputs=False).exit_code == 0
    return tmp_path


def test_the_plan_shows_where_views_come_from_and_the_server_takes_it(root: Path, warm_servers: Any) -> None:
    server = warm_servers("2.0")
    (root / "openmetadata.yaml").write_text(
        f"url: {server.url}\ntoken: {server.tokens['bot']}\nprotection: {{enabled: false}}\n", encoding="utf-8"
    )

    def pdc(*words: str) -> str:
        done = CliRunner().invoke(cli, ["--site", str(root), *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    planned = [line.split() for line in pdc("plan").splitlines() if "lineage" in line]
    assert [[word for word in line if word.startswith(MAIN)] for line in planned] == [
        [f"{MAIN}.公开", f"{MAIN}.人员"],
        [f"{MAIN}.公开二", f"{MAIN}.公开"],
    ]
    pdc("publish")
    with OpenMetadata(server.url, server.admin_token) as client:
        ids = {name: client.get("table", f"{MAIN}.{name}")["id"] for name in ("人员", "公开", "公开二")}
    assert set(ids) == {"人员", "公开", "公开二"}
    assert "nothing to write" in pdc("plan")
