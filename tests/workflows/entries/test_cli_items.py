"""``pdc entry``: what people fill in of information items, and where it is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workflows import people
from workflows.cli import cli

SITE = """
name: 目录
people:
  - {id: li, name: 李四, accounts: [li], departments: [lvhua], roles: [steward]}
"""
DEPARTMENT = """
department: {id: lvhua, name: 普陀区绿化局, code: "11310107000000019B", entry: {municipal: 区域补充}}
systems:
  - {id: gis, connector: ddl, path: parks.sql, update_cycle: 每年}
"""
DDL = "CREATE TABLE parks (id bigint PRIMARY KEY COMMENT '编号', mj decimal(10,2) COMMENT '面积') COMMENT='公园绿地';"

Pdc = Callable[..., Result]


@pytest.fixture
def pdc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pdc:
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text(SITE, "utf-8")
    (tmp_path / "departments" / "lvhua.yaml").write_text(DEPARTMENT, "utf-8")
    (tmp_path / "parks.sql").write_text(DDL, "utf-8")
    monkeypatch.setattr(people, "account", lambda: "li")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["--site", str(tmp_path), *arguments])

    assert run("run", "--no-outputs").exit_code == 0
    return run


def test_an_act_whose_head_cannot_be_recorded_is_done_with_a_warning(pdc: Pdc, tmp_path: Path) -> None:
    (tmp_path / "var" / "audit-head.jsonl").mkdir()
    found = pdc("entry", "fill", "parks", "abstract=全区公园")
    assert (found.exit_code, "(act 1)" in found.stderr, "warning: " in found.stderr) == (0, True, True)
    assert "the act is stored, do not repeat it" in found.stderr
