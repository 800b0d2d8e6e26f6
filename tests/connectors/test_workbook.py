"""Data dictionaries as a system: layouts, headings, encodings, broken cells, broken files."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from connectors.base import ConfigurationError, SourceFatalError, SystemConfig
from connectors.model import Asset, ForeignKey
from connectors.testing import Conformance
from connectors.workbook import WorkbookConnector
from connectors.workbook.grid import Row, heading, letters
from connectors.workbook.layout import Headings, read_header, split_name

Cells = list[Any]


def write(path: Path, **sheets: list[Cells]) -> Path:
    book = Workbook()
    book.remove(book["Sheet"])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def source(path: Path | str, **options: Any) -> WorkbookConnector:
    config = SystemConfig(department="wj", id="his", connector="workbook", path=str(path), options=options)
    return WorkbookConnector(config)


def read(path: Path | str, **options: Any) -> dict[str, Asset]:
    with source(path, **options) as connector:
        assets = {asset.qualified_name: asset for asset in connector.assets()}
        assert connector.failures == []
        assert connector.list_assets().complete
    return assets


def shape(assets: dict[str, Asset]) -> dict[str, tuple[str | None, list[str]]]:
    return {name: (asset.comment, [column.name for column in asset.columns]) for name, asset in assets.items()}


FIELDS: list[Cells] = [["字段名", "中文名", "类型"], ["XM", "姓名", "varchar(20)"], ["NL", "年龄", "int"]]
COLUMNS = ["XM", "NL"]
INDEX: list[Cells] = [
    ["救助系统数据字典"],
    [],
    ["序号", "表名", "表中文名", "更新周期"],
    [1, "T_JZ", "救助对象", "每天"],
    [2, "T_DB", "低保家庭", "有变化时"],
]


class TestConformance(Conformance):
    @pytest.fixture
    def config(self, tmp_path: Path) -> SystemConfig:
        path = write(tmp_path / "d.xlsx", 目录=INDEX, T_JZ=FIELDS, 低保家庭=FIELDS)
        return SystemConfig(department="d", id="s", connector="workbook", path=str(path))


class TestConformanceCsv(Conformance):
    MARKED = 1

    @pytest.fixture
    def config(self, tmp_path: Path) -> SystemConfig:
        text = "涉密人员,A,,,\n"
        text = "表名,字段名,中文名,类型,主键\nT_A,ID,编号,int,是\n,XM,姓名,varchar(20),\nT_B,ID,编号,int,是\n" + text
        (tmp_path / "d.csv").write_bytes(text.encode("gb18030"))
        return SystemConfig(department="d", id="s", connector="workbook", path=str(tmp_path))


def test_one_sheet_per_table_with_an_index(tmp_path: Path) -> None:
    assets = read(write(tmp_path / "d.xlsx", 目录=INDEX, T_JZ=FIELDS, 低保家庭=FIELDS))
    assert shape(assets) == {"T_JZ": ("救助对象", COLUMNS), "T_DB": ("低保家庭", COLUMNS)}
    assert (assets["T_JZ"].update_cycle, assets["T_DB"].update_cycle) == ("每日", None)
    assert assets["T_JZ"].kind == "table"
    assert assets["T_JZ"].place == "d.xlsx!T_JZ"


def test_every_cell_of_a_field(tmp_path: Path) -> None:
    rows: list[Cells] = [
        ["救助对象信息表"],
        [
            "序号",
            "字段英文名*",
            "字段中文名",
            "数据类型",
            "长度(字节)",
            "精度",
            "是否必填(Y/N)",
            "主键",
            "默认值",
            "备注",
            "外键",
        ],
        [1.0, "ＩＤ ", "主键", "VARCHAR2", 32.0, None, "是", "√", None, None, None],
        [2, "XB", "性别", "字符型", "1", 0, "Y", None, 1.0, "1男2女", "T_DM.DM"],
        [3, "JE", "金额", "NUMBER", 10, 2, "否", None, None, "金额", "T_JE(ID)"],
        [4, "RQ", "日　期", "DATE", 7, None, None, None, None, None, "是"],
        [5, "BZ", None, "text", None, None, "N", None, None, "随便\n写", None],
    ]
    asset = read(write(tmp_path / "d.xlsx", T_JZ=rows))["T_JZ"]
    assert (asset.comment, asset.primary_key) == ("救助对象信息表", ("ID",))
    assert asset.foreign_keys == (ForeignKey(("XB",), "T_DM", ("DM",)), ForeignKey(("JE",), "T_JE", ("ID",)))
    found = [
        (c.name, c.type, c.data_type, c.length, c.precision, c.scale, c.nullable, c.comment, c.default)
        for c in asset.columns
    ]
    assert found == [
        ("ID", "VARCHAR2(32)", "VARCHAR", 32, None, None, False, "主键", None),
        ("XB", "字符型(1)", "VARCHAR", 1, None, None, False, "性别（1男2女）", "1"),
        ("JE", "NUMBER(10,2)", "NUMBER", None, 10, 2, True, "金额", None),
        ("RQ", "DATE", "DATE", None, None, None, None, "日　期", None),
        ("BZ", "text", "TEXT", None, None, None, True, "随便\n写", None),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_all_tables_in_one_csv(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [
        "表英文名,表中文名,字段名,中文名,类型",
        "T_BR,病人,XM,姓名,varchar2",
        ",,NL,年龄,int",
        "T_BL,病历,NR,内容,text",
    ]
    path = tmp_path / "d.csv"
    path.write_bytes("\r\n".join(rows).replace(",", delimiter).encode(encoding))
    assert shape(read(path)) == {"T_BR": ("病人", ["XM", "NL"]), "T_BL": ("病历", ["NR"])}


def test_all_tables_in_one_sheet_with_merged_names_and_a_repeated_heading(tmp_path: Path) -> None:
    head = ["表名", "表注释", "列名", "注释", "类型"]
    rows: list[Cells] = [head, ["dbo.T_A", "甲", "X", "姓名", "int"], [None, None, "Y", "年龄", "int"], [], head]
    rows += [["T_B", "乙", "X", "地址", "int"]]
    book = Workbook()
    sheet = book["Sheet"]
    for row in rows:
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    book.save(tmp_path / "d.xlsx")
    assert shape(read(tmp_path / "d.xlsx")) == {"dbo.T_A": ("甲", ["X", "Y"]), "T_B": ("乙", ["X"])}


def test_blocks_in_one_sheet(tmp_path: Path) -> None:
    rows: list[Cells] = [
        ["XX系统数据字典 V1.0"],
        ["表名：T_A 救助对象表"],
        *FIELDS,
        [],
        ["表名", "T_B", None, "表中文名", "低保家庭"],
        ["创建日期：2020-01-01", "作者：某某"],
        *FIELDS,
        ["1.3 T_C（高龄津贴）"],
        *FIELDS,
        ["说明：以上为全部字段"],
    ]
    assert shape(read(write(tmp_path / "d.xlsx", 数据字典=rows))) == {
        "T_A": ("救助对象表", COLUMNS),
        "T_B": ("低保家庭", COLUMNS),
        "T_C": ("高龄津贴", COLUMNS),
    }


@pytest.mark.parametrize(
    ("head", "row", "expected"),
    [
        (["Name", "Code", "Data Type", "Mandatory"], ["姓名", "XM", "int", "TRUE"], ("XM", "姓名", False)),
        (["字段名称", "字段代码", "类型"], ["姓名", "XM", "int"], ("XM", "姓名", None)),
        (["字段名", "字段中文名", "是否为空"], ["XM", "姓名", "否"], ("XM", "姓名", False)),
        (["字段名", "说明", "是否必填"], ["XM", "姓名", "否"], ("XM", "姓名", True)),
        (["column", "comment", "nullable"], ["XM", "姓名", "NOT NULL"], ("XM", "姓名", False)),
        (["信息项名称", "数据类型"], ["姓名", "C"], ("姓名", None, None)),
        (["名称", "类型", "说明"], ["姓名", "C", "公民的"], ("姓名", "公民的", None)),
        (["中文名称", "数据类型", "约束"], ["姓名", "C", "M"], ("姓名", None, False)),
        (["数据项英文名", "数据项名称", "非空"], ["XM", "姓名", "非空"], ("XM", "姓名", False)),
        (["列 名", "【注释】"], ["XM", "姓名"], ("XM", "姓名", None)),
        (["字段名(英文)", "字段名(中文)", "类型"], ["XM", "姓名", "C"], ("XM", "姓名", None)),
    ],
)
def test_headings(tmp_path: Path, head: Cells, row: Cells, expected: tuple[Any, ...]) -> None:
    (asset,) = read(write(tmp_path / "d.xlsx", T_X=[head, row])).values()
    (column,) = asset.columns
    assert (column.name, column.comment, column.nullable) == expected


@pytest.mark.parametrize(
    "row",
    [["代码", "名称"], ["1", "男"], ["XM", "名称", "varchar", "否"], ["版本", "日期", "说明"], ["序号", "字段名"], []],
)
def test_what_is_no_heading(row: list[str]) -> None:
    assert read_header(Row(1, tuple(row)), Headings()) is None


def test_further_headings_by_option(tmp_path: Path) -> None:
    path = write(tmp_path / "d.xlsx", T_X=[["栏位", "含义"], ["XM", "姓名"]])
    assert shape(read(path, headers={"column": ["栏位"]})) == {"T_X": (None, ["XM"])}
    with pytest.raises(ConfigurationError, match="unknown heading role 'colum'"):
        source(path, headers={"colum": ["栏位"]})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T_JZ 救助对象表", ("T_JZ", "救助对象表")),
        ("救助对象表(T_JZ)", ("T_JZ", "救助对象表")),
        ("T_JZ救助对象表", ("T_JZ", "救助对象表")),
        ("2.1、person（人员表）", ("person", "人员表")),
        ("表 3-1 人员表", (None, "人员表")),
        ("GPS信息表", (None, "GPS信息表")),
        ("hr.t_ry 人员", ("hr.t_ry", "人员")),
        ("Ｔ＿ＪＺ", ("T_JZ", None)),
        ("T_JZ 表结构", ("T_JZ", "表")),
        ("", (None, None)),
    ],
)
def test_names_and_labels_in_titles(text: str, expected: tuple[str | None, str | None]) -> None:
    assert split_name(text) == expected


@pytest.mark.parametrize(
    ("file", "sheet", "title", "expected"),
    [
        ("字典.xlsx", "T_JZ", "救助对象", {"T_JZ": "救助对象"}),
        ("字典.xlsx", "T_JZ 救助对象", None, {"T_JZ": "救助对象"}),
        ("字典.xlsx", "救助对象", None, {"救助对象": None}),
        ("字典.xlsx", "Sheet1", "T_JZ 救助对象", {"T_JZ": "救助对象"}),
        ("T_JZ.xlsx", "Sheet1", None, {"T_JZ": None}),
        ("T_JZ_救助.xlsx", "工作表1", "救助对象", {"T_JZ": "救助对象"}),
        ("字典.xlsx", "T_JZ", "MySQL 数据库设计", {"T_JZ": "数据库设计"}),
    ],
)
def test_where_a_tables_name_is_found(
    tmp_path: Path, file: str, sheet: str, title: str | None, expected: dict[str, str | None]
) -> None:
    rows = [[title], *FIELDS] if title else FIELDS
    found = read(write(tmp_path / file, **{sheet: rows}))
    assert {name: asset.comment for name, asset in found.items()} == expected


def test_broken_cells_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows: list[Cells] = [
        ["序号", "字段英文名", "字段中文名", "类型"],
        [1, "XM", "姓名", "#REF!"],
        [2, None, "没有名字", "int"],
        [3, "#N/A", "坏的", "int"],
        [4, "XM", "重复", "int"],
        [5, "NL", "年_x0007_龄", "int"],
        [6, None, None, None],
        [7, "DZ", "�址", "varchar(9)"],
    ]
    with source(write(tmp_path / "d.xlsx", T_A=rows)) as connector:
        (asset,) = connector.assets()
    assert [(c.name, c.comment, c.type) for c in asset.columns] == [
        ("XM", "姓名", ""),
        ("NL", "年龄", "int"),
        ("DZ", "�址", "varchar(9)"),
    ]
    assert sorted((f.place or "") for f in connector.failures) == [
        f"d.xlsx!T_A!{ref}" for ref in ("B3", "B4", "B5", "D2")
    ]
    assert connector.notices == [
        "d.xlsx!T_A!C6: the cell holds control characters (read without them; retype the cell)"
    ]
    told = "\n".join(map(str, connector.failures))
    assert "重复" not in told
    assert "没有名字" not in told


def computed(path: Path, results: dict[str, str]) -> Path:
    """The results that a spreadsheet program would keep beside the formulas of the first sheet."""
    name = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    text = parts[name].decode()
    for place, result in results.items():
        kind = "e" if result.startswith("#") else "str"
        found = rf'<c r="{place}"([^>]*)><f>(.*?)</f><v ?/?>(?:</v>)?'
        text, count = re.subn(found, rf'<c r="{place}"\1 t="{kind}"><f>\2</f><v>{result}</v>', text)
        assert count == 1
    parts[name] = text.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for one, body in parts.items():
            archive.writestr(one, body)
    return path


FORMULAS: list[Cells] = [
    ["字段名", "中文名", "类型", "我的核对"],
    ["=1+1", "x", "int"],
    ["XM", '=HYPERLINK("http://x")', "int", "=B3"],
]
FORMULA_NAME = "d.xlsx!T_A!A2: the field's name is a formula (=1+1) (type the text, or paste it as values)"
FORMULA_TEXT = 'd.xlsx!T_A!B3: the cell is a formula (=HYPERLINK("http://x")) (type the text, or paste it as values)'


@pytest.mark.parametrize(
    ("results", "columns", "failures"),
    [
        ({}, [("XM", None)], [FORMULA_NAME, FORMULA_TEXT]),
        ({"A2": "XB", "B3": "姓名"}, [("XB", "x"), ("XM", "姓名")], []),
        ({"A2": "XB", "B3": ""}, [("XB", "x"), ("XM", None)], []),
        (
            {"A2": "XB", "B3": "#NAME?"},
            [("XB", "x"), ("XM", None)],
            ["d.xlsx!T_A!B3: the cell is an error value (#NAME?) (type the text, or paste it as values)"],
        ),
    ],
)
def test_a_formula_is_its_last_result_or_nothing(
    tmp_path: Path, results: dict[str, str], columns: list[tuple[str, str | None]], failures: list[str]
) -> None:
    with source(computed(write(tmp_path / "d.xlsx", T_A=FORMULAS), results)) as connector:
        (asset,) = connector.assets()
    assert [(c.name, c.comment) for c in asset.columns] == columns
    assert list(map(str, connector.failures)) == failures


@pytest.mark.parametrize("text", ["=A3", "#NAME?", "#CALC!"])
@pytest.mark.parametrize(
    ("rows", "place", "named"),
    [
        ([["表名", "字段名", "类型"], ["T_A", "a", "int"], ["?", "b", "int"], [None, "c", "int"]], "A3", ["T_A"]),
        ([["模式", "表英文名", "字段名", "类型"], ["?", "T_A", "a", "int"], ["s", "T_B", "b", "int"]], "A2", ["T_B"]),
        ([["表英文名", "表中文名"], ["?", "某表"], ["T_B", "另一张"]], "A2", []),
        ([["表名", "?"], *FIELDS], "B1", []),
        ([["?"], *FIELDS], "A1", []),
    ],
)
def test_a_table_that_a_formula_names_is_not_harvested(
    tmp_path: Path, text: str, rows: list[Cells], place: str, named: list[str]
) -> None:
    cells = [[text if cell == "?" else cell for cell in row] for row in rows]
    connector = source(write(tmp_path / "d.xlsx", Sheet1=cells))
    found = connector.read()
    assert [asset.name for asset in found.assets] == named
    kind = "a formula" if text.startswith("=") else "an error value"
    first = connector.failures[0]
    assert (first.place, first.what) == (f"d.xlsx!Sheet1!{place}", f"the table's name is {kind} ({text})")
    assert not found.listing.complete
    assert "names no table" in (found.listing.reason or "")


def test_a_formula_as_heading_is_named(tmp_path: Path) -> None:
    rows: list[Cells] = [["字段名", "类型", "=B1"], ["XM", "int", "姓名"]]
    with source(write(tmp_path / "d.xlsx", T_A=rows)) as connector:
        assert [asset.name for asset in connector.assets()] == ["T_A"]
    assert [(one.place, one.what) for one in connector.failures] == [("d.xlsx!T_A!C1", "a heading is a formula (=B1)")]


def test_a_days_formula_over_a_table_that_its_sheet_names(tmp_path: Path) -> None:
    found = read(write(tmp_path / "d.xlsx", T_A=[["=TODAY()"], *FIELDS]))
    assert list(found) == ["T_A"]


def test_what_looks_like_an_escape_is_read_as_programs_show_it(tmp_path: Path) -> None:
    rows: list[Cells] = [["字段名", "中文名", "类型"], ["A", "姓_x0041_名", "int"], ["B", "姓_x005F_x0041_名", "int"]]
    (asset,) = read(write(tmp_path / "d.xlsx", T_A=rows)).values()
    assert [column.comment for column in asset.columns] == ["姓A名", "姓_x0041_名"]


def test_hidden_sheets_are_read_and_said_to_be_hidden(tmp_path: Path) -> None:
    book = Workbook()
    for title in ("T_A", "T_B"):
        sheet = book.create_sheet(title)
        for row in FIELDS:
            sheet.append(row)
    book["T_B"].sheet_state = "hidden"
    book.save(tmp_path / "d.xlsx")
    assets = read(tmp_path / "d.xlsx")
    assert [asset.place for asset in assets.values()] == ["d.xlsx!T_A", "d.xlsx!T_B (hidden)"]


def test_what_the_index_promises_and_no_sheet_describes_is_a_loss(tmp_path: Path) -> None:
    path = write(
        tmp_path / "d.xlsx", 目录=INDEX, T_JZ=FIELDS, T_X=[["栏位", "格式"], ["a", "b"]], 修订记录=[["x", "y"]]
    )
    with source(path) as connector:
        listing = connector.list_assets()
    assert listing.names == ("T_JZ",)
    assert not listing.complete
    assert [failure.place for failure in connector.failures] == ["d.xlsx!T_X", "d.xlsx!目录!B5"]


def test_a_table_described_twice_is_kept_once(tmp_path: Path) -> None:
    head: Cells = ["表名：T_A"]
    with source(write(tmp_path / "d.xlsx", 甲=[head, *FIELDS], 乙=[head, *FIELDS])) as connector:
        assert [asset.place for asset in connector.assets()] == ["d.xlsx!甲"]
    assert [failure.place for failure in connector.failures] == ["d.xlsx!乙!A2"]


def test_secret_and_restricted_tables_are_only_counted(tmp_path: Path) -> None:
    index: list[Cells] = [["表名", "表中文名"], ["T_A", "甲"], ["T_B", "机密人员"], ["T_C", "丙"]]
    path = write(tmp_path / "d.xlsx", 目录=index, T_A=FIELDS, T_B=FIELDS, T_C=FIELDS)
    config = SystemConfig(department="d", id="s", connector="workbook", path=str(path), restricted=("T_C",))
    with WorkbookConnector(config) as connector:
        listing = connector.list_assets()
    assert (listing.names, listing.quarantined, listing.excluded) == (("T_A",), 1, 1)
    assert connector.quarantined == {"T_B"}
    assert connector.failures == []


def test_folders_and_globs(tmp_path: Path) -> None:
    write(tmp_path / "b.xlsx", T_B=FIELDS)
    (tmp_path / "~$b.xlsx").write_bytes(b"lock")
    (tmp_path / "T_A.csv").write_text("字段名,类型\nX,int\n", encoding="utf-8")
    assert list(read(tmp_path)) == ["T_A", "T_B"]
    assert list(read(tmp_path / "*.csv")) == ["T_A"]
    (tmp_path / "c.xlsx").write_bytes(b"PK\x03\x04 no zip")
    with source(tmp_path) as connector:
        listing = connector.list_assets()
    assert (listing.names, listing.complete, listing.reason) == (("T_A", "T_B"), False, "c.xlsx could not be read")


OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.xls", OLE2, r"as \.xlsx"),
        ("d.xlsx", OLE2, "password"),
        ("d.xlsx", b"PK\x03\x04 not really", "damaged"),
        ("d.xlsx", b"<html>", "not a workbook"),
        ("d.xlsx", b"", "not a workbook"),
        ("missing.xlsx", None, "no such file"),
    ],
)
def test_what_cannot_be_read_is_fatal(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with source(tmp_path / name) as connector, pytest.raises(SourceFatalError, match=message):
        connector.list_assets()


def test_a_damaged_zip_member_is_fatal(tmp_path: Path) -> None:
    raw = bytearray(write(tmp_path / "d.xlsx", T_A=FIELDS).read_bytes())
    (tmp_path / "d.xlsx").write_bytes(bytes(raw[: len(raw) // 2]))
    with source(tmp_path / "d.xlsx") as connector, pytest.raises(SourceFatalError, match="damaged"):
        connector.list_assets()


def test_a_workbook_that_is_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    write(tmp_path / "d.xlsx", T_A=FIELDS)
    with zipfile.ZipFile(tmp_path / "d.xlsx", "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/x.xml", b" " * (8 << 20))
    with source(tmp_path / "d.xlsx") as connector, pytest.raises(SourceFatalError, match="200 times its size"):
        connector.list_assets()


def test_an_empty_workbook_is_an_empty_system(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes(b"")
    for path in (write(tmp_path / "d.xlsx", 空=[]), tmp_path / "d.csv"):
        with source(path) as connector:
            listing = connector.list_assets()
        assert (listing.names, listing.complete) == ((), True)


def test_cells_have_the_letters_of_a_spreadsheet() -> None:
    assert [letters(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert heading(" 是否必填（Y/N）*") == ("是否必填yn", "是否必填")
