"""Data dictionaries: merged headings, tables side by side, the national template, the operator's words, old files."""

from __future__ import annotations

import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from connectors.base import ConnectorError, SourceFatalError, SystemConfig
from connectors.model import Asset
from connectors.testing import NASTY_TEXTS
from connectors.workbook import WorkbookConnector

Cells = list[Any]
FIELDS: list[Cells] = [["字段名", "中文名", "类型"], ["XM", "姓名", "varchar(20)"], ["NL", "年龄", "int"]]


def write(path: Path, rows: list[Cells], title: str = "Sheet1") -> Path:
    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def read(path: Path, **options: Any) -> tuple[dict[str, Asset], list[str]]:
    config = SystemConfig(department="d", id="s", connector="workbook", path=str(path), options=options)
    with WorkbookConnector(config) as source:
        assets = {asset.qualified_name: asset for asset in source.assets()}
        return assets, [str(failure) for failure in source.failures]


def fields(asset: Asset) -> list[tuple[str, str | None, str]]:
    return [(column.name, column.comment, column.type) for column in asset.columns]


EXPECTED = [("XM", "姓名", "varchar(20)"), ("NL", "年龄", "int")]
MERGED: list[list[Cells]] = [
    [
        ["字段", None, "数据类型", None],
        ["英文名", "中文名", "类型", "长度"],
        ["XM", "姓名", "varchar", 20],
        ["NL", "年龄", "int", None],
    ],
    [
        ["人员表"],
        ["序号", "字段", None, "数据类型"],
        [None, "英文名", "中文名", None],
        [1, "XM", "姓名", "varchar(20)"],
        [2, "NL", "年龄", "int"],
    ],
    [
        ["表名", "T_A", None, "表中文名", "人员表"],
        ["字段名", "中文名", "类型", "长度", "备注"],
        ["XM", "姓名", "varchar", 20, None],
        ["NL", "年龄", "int", None, None],
    ],
]


@pytest.mark.parametrize("rows", MERGED)
def test_headings_of_one_or_two_rows(tmp_path: Path, rows: list[Cells]) -> None:
    # Only the third one says itself what the table is called.
    assets, failures = read(write(tmp_path / "d.xlsx", rows, "Sheet1" if "T_A" in rows[0] else "T_A"))
    assert failures == []
    assert {name: fields(asset) for name, asset in assets.items()} == {"T_A": EXPECTED}


def test_tables_side_by_side(tmp_path: Path) -> None:
    rows: list[Cells] = [["T_A 人员", None, None, None, "T_B 单位"], [*FIELDS[0], None, *FIELDS[0]]]
    rows += [["XM", "姓名", "varchar(20)", None, "MC", "名称", "text"], ["NL", "年龄", "int", None, None, "缺", "int"]]
    assets, failures = read(write(tmp_path / "d.xlsx", rows))
    assert {name: fields(asset) for name, asset in assets.items()} == {"T_A": EXPECTED, "T_B": [("MC", "名称", "text")]}
    assert failures == ["d.xlsx!Sheet1!E4: a row with content but without a field name (fill in the field's name)"]


def test_the_national_catalogue_template(tmp_path: Path) -> None:
    upper = "信息资源分类,,信息资源名称,信息资源代码,信息资源提供方,信息资源摘要,信息资源格式,"
    upper += ",信息项信息,,,共享属性,,开放属性,更新周期"
    lower = "类,项,,,,,分类,类型,信息项名称,数据类型,数据长度,共享类型,共享条件"
    first = "基础,人口,低保名单,310107/1,民政局,享受低保的人员,数据库,mysql,姓名,C,20,有条件,申请,不予开放,每月"
    second = "主题,救助,特困名单,310107/2,民政局,,电子表格,xlsx,姓名,C,20,,,,每年"
    lines = ["政务信息资源目录", upper, lower, first, ",,,,,,,,年龄,N,3", second]
    rows: list[Cells] = [[cell or None for cell in line.split(",")] for line in lines]
    assets, failures = read(write(tmp_path / "d.xlsx", rows))
    assert failures == []
    assert {name: [(c.name, c.type, c.data_type) for c in asset.columns] for name, asset in assets.items()} == {
        "低保名单": [("姓名", "C(20)", "VARCHAR"), ("年龄", "N(3)", "NUMERIC")],
        "特困名单": [("姓名", "C(20)", "VARCHAR")],
    }
    assert [(asset.comment, asset.update_cycle) for asset in assets.values()] == [
        ("享受低保的人员", "每月"),
        (None, "每年"),
    ]


def test_the_operators_words_win_over_the_known_ones(tmp_path: Path) -> None:
    rows: list[Cells] = [
        ["列名", "栏位", "字段名", "类型"],
        ["OLD1", "XM", "姓名", "int"],
        ["OLD2", "NL", "年龄", "int"],
    ]
    path = write(tmp_path / "T_A.xlsx", rows)
    assert [column.name for column in read(path)[0]["T_A"].columns] == ["OLD1", "OLD2"]
    assets, failures = read(path, headers={"column": ["栏位"], "label": ["字段名"]})
    assert fields(assets["T_A"]) == [("XM", "姓名", "int"), ("NL", "年龄", "int")]
    assert failures == []


def test_words_that_nobody_knows_are_enough_when_the_operator_says_them(tmp_path: Path) -> None:
    rows: list[Cells] = [["甲", "乙", "丙", "丁", "戊"], ["XM", "姓名", "a", "b", "c"]]
    assets, _ = read(write(tmp_path / "T_A.xlsx", rows), headers={"column": ["甲"], "label": ["乙"]})
    assert fields(assets["T_A"]) == [("XM", "姓名", "")]


@pytest.mark.parametrize("name", ["T_A.tsv", "T_A.xlsm", "T_A.csv"])
def test_further_endings_also_in_folders(tmp_path: Path, name: str) -> None:
    if name.endswith(".xlsm"):
        write(tmp_path / "T_A.xlsx", FIELDS).rename(tmp_path / name)
    else:
        mark = "\t" if name.endswith(".tsv") else ","
        (tmp_path / name).write_text("\n".join(mark.join(row) for row in FIELDS), encoding="utf-8")
    for path in (tmp_path, tmp_path / name):
        assert fields(read(path)[0]["T_A"]) == EXPECTED


def xls(rows: list[list[str]]) -> bytes:
    """A worksheet of Excel 2.1 (BIFF2)."""
    records = [struct.pack("<HHHH", 0x09, 4, 2, 0x10), struct.pack("<HHH", 0x42, 2, 936)]
    for number, row in enumerate(rows):
        for index, value in enumerate(row):
            raw = value.encode("gbk")
            body = struct.pack("<HH3xB", number, index, len(raw)) + raw
            records.append(struct.pack("<HH", 0x04, len(body)) + body)
    return b"".join([*records, struct.pack("<HH", 0x0A, 0)])


@pytest.mark.parametrize("ending", [".xls", ".et"])
def test_old_workbooks(tmp_path: Path, ending: str) -> None:
    pytest.importorskip("xlrd")
    path = tmp_path / f"T_A{ending}"
    path.write_bytes(xls([*FIELDS, ["", "缺", "int"]]))
    assets, failures = read(path)
    assert [fields(asset) for asset in assets.values()] == [EXPECTED]
    assert failures == [
        f"{path.name}!Sheet 1!A4: a row with content but without a field name (fill in the field's name)"
    ]
    path.write_bytes(xls(FIELDS)[:30] + b"\xff" * 40)
    with pytest.raises(SourceFatalError, match=r"xlsx"):
        read(path)


def test_old_workbooks_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlrd", None)
    (tmp_path / "a.xls").write_bytes(xls(FIELDS))
    with pytest.raises(SourceFatalError) as caught:
        read(tmp_path)
    assert str(caught.value) == (
        "a.xls: reading old workbooks (.xls) needs the package xlrd "
        "(run: pip install 'public-data-catalog[xls]', or save it as .xlsx)"
    )


WORDS = [
    "字段名",
    "中文名",
    "类型",
    "长度",
    "表名",
    "表中文名",
    "更新周期",
    "T_A",
    "序号",
    "#REF!",
    "是",
    "varchar(20)",
]
CELL = st.one_of(
    st.none(), st.sampled_from([*WORDS, *NASTY_TEXTS[:15]]), st.text(max_size=10), st.integers(), st.booleans()
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.lists(CELL, max_size=8), max_size=14), mark=st.sampled_from([",", "\t", ";"]))
def test_hostile_dictionaries(rows: list[Cells], mark: str) -> None:
    with tempfile.TemporaryDirectory(prefix="pdc-test-") as folder:
        path = Path(folder) / "d.csv"
        text = "\n".join(mark.join("" if cell is None else str(cell) for cell in row) for row in rows)
        path.write_text(text, encoding="utf-8", errors="replace")
        try:
            assets, _ = read(path)
        except ConnectorError:
            return
        for asset in assets.values():
            names = [column.name for column in asset.columns]
            assert all(names)
            assert len(set(names)) == len(names)
        assert list(Path(folder).iterdir()) == [path]


NAMES_OF_TABLES = (
    "表",
    "表 名",
    "表英文名",
    "所属表",
    "库表名",
    "物理表名",
    "数据表",
    "所在表",
    "数据库表名",
    "对应表",
)


@pytest.mark.parametrize("word", NAMES_OF_TABLES)
@pytest.mark.parametrize("label", ["表中文名", None, "所属表中文名"])
def test_one_sheet_of_many_tables_whatever_their_column_is_called(tmp_path: Path, word: str, label: str | None) -> None:
    further: Cells = [label] if label else []
    rows = [
        [word, *further, "字段名", "中文名", "类型"],
        ["T_RY", *["人员表" for _ in further], "XM", "姓名", "varchar(20)"],
        ["T_RY", *["人员表" for _ in further], "NL", "年龄", "int"],
        ["T_QY", *["企业表" for _ in further], "XM", "姓名", "varchar(20)"],
        [None, *[None for _ in further], "NL", "年龄", "int"],
    ]
    assets, failures = read(write(tmp_path / "字典.xlsx", rows))
    assert {name: asset.comment for name, asset in assets.items()} == {
        "T_RY": "人员表" if label else None,
        "T_QY": "企业表" if label else None,
    }
    assert [fields(asset) for asset in assets.values()] == [EXPECTED, EXPECTED]
    assert failures == []
