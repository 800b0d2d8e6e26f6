"""The worked example in docs/review.md runs as it stands, on the demo."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from workflows.acts.trail import Trail
from workflows.cli import cli
from workflows.people import account
from workflows.store import Store

DOCS = Path(__file__).resolve().parents[2] / "docs" / "review.md"
COMMANDS = re.findall(r"^\$ pdc (.+)$", DOCS.read_text("utf-8"), re.M)


def agree(path: Path) -> None:
    """是 in the first rows."""
    book = openpyxl.load_workbook(path)
    sheet: Any = book["待审信息项"]
    titles = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, 6):
        sheet.cell(row, titles["采纳建议"]).value = "是"
    book.save(path)


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = CliRunner().invoke
    site = tmp_path / "demo"
    assert run(cli, ["demo", str(site)]).exit_code == 0
    with (site / "site.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\npeople:\n  - {{id: li, name: 李华, accounts: [{account()}], roles: [steward]}}\n")
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) == 9
    for command in COMMANDS:
        done = run(cli, ["--site", str(site), *shlex.split(command)])
        assert (done.exit_code, command) == (0, command), done.output
        if command.startswith("review export"):
            agree(tmp_path / "审核表.xlsx")
    with Store(f"sqlite:///{site / 'var' / 'catalogue.sqlite'}") as store:
        verbs = [act.verb for act in Trail(store).acts("import")]
        reasons = {one.reason for one in store.decisions()}
    assert verbs == ["export", "import"]
    assert reasons == {"在审核表中采纳建议", "与登记表核对", "就诊卡号可识别本人", "预留字段，未使用"}
    assert (tmp_path / "填报表.xlsx").exists()
