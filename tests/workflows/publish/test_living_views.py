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


def harvest(root: Path, script: str) -> None:
    """Run the script in the source, then the whole job."""
    from workflows.cli_common import State
    from workflows.cli_run import run_job

    with closing(sqlite3.connect(root / "data.db")) as connection:
        connection.executescript(script)
    assert run_job(State(root), outputs=False).exit_code == 0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A site whose one system is a SQLite file with views, harvested and judged."""
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text("name: 测试目录\n", encoding="utf-8")
    (tmp_path / "departments" / "mz.yaml").write_text(DEPARTMENT, encoding="utf-8")
    harvest(tmp_path, SCHEMA)
    return tmp_path


def upstream(server: Any) -> set[tuple[str, str, str]]:
    """(view, upstream column, own column) of all views, as the server has them, without their common path."""
    found = set()
    with OpenMetadata(server.url, server.admin_token) as client:
        for view in ("公开", "公开二"):
            edges = client.lineage("table", f"{MAIN}.{view}", down=0)["upstreamEdges"]
            pairs = [pair for edge in edges for pair in edge["lineageDetails"]["columnsLineage"]]
            for pair in pairs:
                for source in pair["fromColumns"]:
                    found.add((view, source.removeprefix(f"{MAIN}."), pair["toColumn"].removeprefix(f"{MAIN}.")))
    return found


def test_the_plan_shows_where_views_come_from_and_the_server_takes_it(root: Path, warm_servers: Any) -> None:
    server = warm_servers("2.0")
    (root / "openmetadata.yaml").write_text(
        f"url: {server.url}\ntoken: {server.tokens['bot']}\nprotection: {{enabled: false}}\n", encoding="utf-8"
    )

    def pdc(*words: str) -> str:
        done = CliRunner().invoke(cli, ["--site", str(root), *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    pdc("publish")
    assert upstream(server) == {
        ("公开", "人员.姓名", "公开.名"),
        ("公开二", "公开.名", "公开二.名"),
        ("公开二", "公开.代号", "公开二.代号"),
    }
    assert pdc("plan").splitlines()[-1].startswith("nothing to write")

    harvest(root, "DROP VIEW 公开二; CREATE VIEW 公开二 AS SELECT 姓名 AS 名, 1 AS 代号 FROM 人员;")
    planned = [line.split() for line in pdc("plan").splitlines() if f"{MAIN}.公开二" in line and "lineage" in line]
    assert [line[0] for line in planned] == ["create", "delete"]
    assert f"{MAIN}.人员" in planned[0]
    assert f"{MAIN}.公开" in planned[1]
