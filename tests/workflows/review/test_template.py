"""A blank workbook comes back filled in, and the workbook connector reads it without a failure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connectors.base import SystemConfig
from connectors.workbook import WorkbookConnector
from workflows.review.forms import OPTIONS
from workflows.review.template import EXAMPLE, write_template

TABLES = [("T_A", "低保对象", "每月", "数据库（Oracle）"), ("T_B", "高龄津贴", "每日", "纸质")]
FIELDS = [
    ("T_A", "SFZH", "身份证号", "VARCHAR", "18", "是", "是", "未脱敏"),
    ("T_A", "XM", "姓名", "VARCHAR", "50", "否", "否", "=姓名"),
    ("T_B", "JE", "金额（元）", "DECIMAL", "10,2", "", "", ""),
]


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    return write_template(tmp_path / "填报表.xlsx", "普陀区民政局", "2026-01-05T09:00:00+08:00")


def fill_in(path: Path) -> Path:
    book = openpyxl.load_workbook(path)
    for name, rows in (("表", TABLES), ("字段", FIELDS)):
        for number, row in enumerate(rows, start=3):
            for place, value in enumerate(row, start=1):
                cell = book[name].cell(number, place)
                cell.value, cell.data_type = value, "s"
    book.save(path)
    return path


def read(path: Path) -> tuple[list[Any], Any]:
    connector = WorkbookConnector(SystemConfig(department="d", id="s", connector="workbook", path=str(path)))
    found = connector.read()
    assert (connector.failures, connector.notices, found.listing.reason) == ([], [], None)
    return found.assets, found.listing


@pytest.mark.parametrize("office", [False, True], ids=["as written", "saved by LibreOffice"])
def test_a_filled_one_is_harvested_whole(blank: Path, resave: Any, office: bool) -> None:
    path = fill_in(blank)
    assets, listing = read(resave(path) if office else path)
    assert listing.complete
    assert [(one.name, one.comment, one.update_cycle, one.format, one.primary_key) for one in assets] == [
        ("T_A", "低保对象", "每月", "数据库(Oracle)", ("SFZH",)),
        # What is none of the guide's formats says nothing.
        ("T_B", "高龄津贴", "每日", None, ()),
    ]
    assert [(one.name, one.type, one.nullable, one.comment) for one in assets[0].columns] == [
        ("SFZH", "VARCHAR(18)", False, "身份证号（未脱敏）"),
        ("XM", "VARCHAR(50)", True, "姓名（=姓名）"),
    ]
    assert (assets[1].columns[0].precision, assets[1].columns[0].scale) == (10, 2)


@pytest.mark.parametrize("office", [False, True], ids=["without results", "with LibreOffice's results"])
def test_formulas_are_named_by_their_cells_and_name_no_table(blank: Path, resave: Any, office: bool) -> None:
    path = fill_in(blank)
    book = openpyxl.load_workbook(path)
    book["字段"]["A4"] = "=NOSUCH(1)"
    book["字段"]["C5"] = '=CONCATENATE("金","额")'
    book["表"]["A3"] = "=B3"
    book.save(path)
    path = resave(path) if office else path
    connector = WorkbookConnector(SystemConfig(department="d", id="s", connector="workbook", path=str(path)))
    found = connector.read()
    assert [(one.name, one.comment, [column.name for column in one.columns]) for one in found.assets] == [
        ("T_A", None, ["SFZH"]),
        ("T_B", "高龄津贴", ["JE"]),
    ]
    places = [(one.place or "").split("!", 1)[1] for one in connector.failures]
    # What a program has worked out is what its author sees; an error value is not.
    assert places == (["字段!A4"] if office else ["表!A3", "字段!A4", "字段!C5"])
    assert not found.listing.complete


def test_stewards_read_no_english(blank: Path) -> None:
    texts = [str(cell.value or "") for row in openpyxl.load_workbook(blank)["说明"].iter_rows() for cell in row]
    assert not [text for text in texts if "connector" in text or "path" in text]


def test_the_example_is_one_and_is_not_harvested(blank: Path) -> None:
    assert read(blank)[0] == []
    book = openpyxl.load_workbook(blank)
    for name in ("表", "字段"):
        cell = book[name]["A1"]
        assert cell.value.startswith(EXAMPLE)
        assert cell.font.italic


def test_drop_downs_reach_the_rows_to_fill(blank: Path) -> None:
    book = openpyxl.load_workbook(blank)
    rules = {str(rule.sqref): rule.formula1 for rule in book["字段"].data_validations.dataValidation}
    assert rules["F3:F5002"].startswith(f"'{OPTIONS}'!")
    assert book["字段"].freeze_panes == "C3"
    assert book["说明"]["A1"].value == "普陀区民政局数据资源填报表"


def test_a_workbook_that_cannot_be_written_leaves_no_trace(tmp_path: Path) -> None:
    """What openpyxl finds open when it is collected it prints behind everybody's back."""
    (tmp_path / "file").write_text("", "utf-8")
    code = (
        "import pathlib, sys, workflows.review.template as template\n"
        "try:\n    template.write_template(pathlib.Path(sys.argv[1]), '民政局', '2026-01-05T09:00:00+08:00')\n"
        "except OSError:\n    print('not written')"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "file" / "填报表.xlsx")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("not written\n", "")
