"""The 资源目录 workbook: the guide's order, what each sheet says, and that LibreOffice reads it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from openpyxl import load_workbook

from classifiers.policy import Pack
from workflows.entries.elements import elements
from workflows.entry import Entry, SiteInfo
from workflows.outputs.words import rank_name
from workflows.outputs.workbook import SHOWN_ELEMENTS, entry_questions, write_workbook

GUIDE = [
    "1 信息资源分类",
    "2 信息资源名称",
    "3 信息资源代码",
    "4 信息资源提供方",
    "5 信息资源提供方代码",
    "6 信息资源摘要",
    "7 信息资源格式",
    "9.1 共享类型",
    "9.2 共享条件",
    "9.3 共享方式",
    "10.1 是否向社会开放",
    "10.2 开放条件",
    "11 更新周期",
    "12 发布日期",
    "13 关联资源代码",
]
MUNICIPAL = [
    "数据分级（安全等级）",
    "开放类型",
    "数据来源",
    "所属系统",
    "责任科室",
    "联系方式",
    "状态",
    "待判定项数",
    "依据",
    "理由",
    "可提高开放程度的处理建议",
]


@pytest.fixture(scope="module")
def own(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.department == "minzheng"]


@pytest.fixture(scope="module")
def path(own: list[Entry], info: SiteInfo, pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_workbook(own, info, pack, tmp_path_factory.mktemp("book") / "资源目录.xlsx")


@pytest.fixture(scope="module")
def book(path: Path) -> Any:
    return load_workbook(path)


def table(book: Any, name: str) -> list[dict[str, Any]]:
    rows = list(book[name].iter_rows(values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def cover(book: Any) -> str:
    return "\n".join(str(value) for row in book["说明"].iter_rows(values_only=True) for value in row if value)


def test_the_sheets_and_the_order_of_the_national_elements(book: Any) -> None:
    assert book.sheetnames == ["说明", "信息资源", "补充要素", "信息项", "待确认事项", "依据"]
    assert [cell.value for cell in book["信息资源"][1]] == GUIDE + MUNICIPAL


def test_a_resource_row_says_what_was_judged_and_why(book: Any) -> None:
    row = table(book, "信息资源")[0]
    shown = {
        key: row[key]
        for key in ("2 信息资源名称", "9.1 共享类型", "10.1 是否向社会开放", "开放类型", "数据来源", "状态")
    }
    assert list(shown.values()) == ["低保户基本信息", "授权共享", "否", "非开放", "自产", "草稿"]
    assert row["数据分级（安全等级）"] == "L4 高敏感级"
    assert "决定共享类型的信息项：XM、SFZH" in row["理由"]
    assert "《中华人民共和国个人信息保护法》第三十四条" in row["依据"]
    assert row["可提高开放程度的处理建议"].startswith("去除或脱敏 XM、SFZH 后形成视图")
    assert "共享类型「无条件共享」" in row["可提高开放程度的处理建议"]


def test_an_item_row_holds_the_guides_fields_and_the_evidence(book: Any) -> None:
    row = next(row for row in table(book, "信息项") if row["字段名"] == "SFZH")
    assert [row[key] for key in ("8.1 信息项名称", "8.2 数据类型", "长度", "必填", "主键")] == [
        "身份证号",
        "字符型C",
        18,
        "是",
        "是",
    ]
    assert [row[key] for key in ("数据元", "数据类别", "分级", "共享类型", "开放类型", "置信度", "状态")] == [
        *("公民身份号码", "个人证件信息", "L3 敏感级", "授权共享", "非开放", 0.9, "建议"),
    ]
    assert "数据校验→公民身份号码，相符 47/50，校验不通过 3，强度 0.98" in row["证据"].split("\n")


def test_every_item_of_every_entry_is_there(book: Any, own: list[Entry]) -> None:
    expected = [(entry.code, item.name) for entry in own for item in entry.items]
    assert [(row["信息资源代码"], row["字段名"]) for row in table(book, "信息项")] == expected


def test_what_people_filled_in_of_an_item_stands_beside_it(
    own: list[Entry], info: SiteInfo, pack: Pack, tmp_path: Path
) -> None:
    given = {
        "unit": "元",
        "masking": "保留前六位",
        "update_cycle": "每月",
        "responsible": "救助科",
        "secrecy": "非涉密",
    }
    first = structs.replace(own[0].items[0], data_type="数值型N", native_type="decimal(10, 2)", extra=given)
    entry = structs.replace(own[0], items=(first, *own[0].items[1:]), system_name="社会救助系统")
    book = load_workbook(write_workbook([entry], info, pack, tmp_path / "b.xlsx"))
    assert [cell.value for cell in book["信息项"][1]][19:] == [
        *("信息项描述", "是否涉密", "精度", "日期格式", "计量单位", "代码集", "脱敏方式"),
        *("责任部门", "所属系统", "来源对象", "来源信息项", "更新周期", "逐项校核记录"),
    ]
    rows = [list(row.values())[19:] for row in table(book, "信息项")]
    assert rows[0] == [
        *(None, "非涉密", "10,2", None, "元", None, "保留前六位"),
        *("救助科", "社会救助系统", None, None, "每月", None),
    ]
    assert [value for value in rows[1] if value] == ["社会救助系统"]


def test_elements_beside_the_guides_stand_on_a_sheet_of_their_own(
    own: list[Entry], info: SiteInfo, pack: Pack, tmp_path: Path
) -> None:
    said = {
        "municipal": "区域补充",
        "secrecy": "非涉密",
        "project_review": "2025 年项目验收通过",
        "last_sync": "2026-03-02",
    }
    entry = structs.replace(own[0], extra=said)
    book = load_workbook(write_workbook([entry], info, pack, tmp_path / "b.xlsx"))
    (row,) = table(book, "补充要素")
    assert list(row)[:3] == ["信息资源代码", "信息资源名称", "市级目录收录情况"]
    shown = {elements("asset")[key].title: value for key, value in said.items()}
    assert {title: value for title, value in row.items() if value} == {
        **{"信息资源代码": entry.code, "信息资源名称": entry.title},
        **shown,
    }
    # Each element that somebody fills has its column, here or on 信息资源.
    assert len(row) - 2 + len(SHOWN_ELEMENTS) == sum(not one.fixed for one in elements("asset").values())


def test_what_needs_a_person_is_listed_once(book: Any) -> None:
    rows = [(row["信息资源名称"], row["字段名"], row["类别"]) for row in table(book, "待确认事项")]
    assert rows[:3] == [
        ("低保户基本信息", "SFZH", "提示"),
        ("T_0098", "F01", "待判定"),
        ("T_0098", None, "待判定"),
    ]


def test_a_resource_that_waits_for_items_names_them_and_not_the_grounds_of_others(own: list[Entry]) -> None:
    entry = next(one for one in own if one.title == "T_0098")
    waiting = [structs.replace(label, value="conditional", reason="别的信息项属个人信息") for label in entry.labels]
    *_, (*_, reason) = entry_questions(structs.replace(entry, labels=tuple(waiting), findings=()))
    assert reason.startswith("有信息项待判定：")
    assert "（F01）" in reason


def test_the_citations_are_explained(book: Any) -> None:
    rows = {row["引用键"]: row for row in table(book, "依据")}
    assert set(rows) >= {"pipl/34", "minors/103", "putuo-2020/22"}
    assert [rows["pipl/34"][key] for key in ("文件名称", "条款", "效力层级", "是否核实")] == [
        *("《中华人民共和国个人信息保护法》", "第三十四条", "法律", "已核实"),
    ]
    assert rows["putuo-2020/22"]["效力层级"] == "规范性文件"


@pytest.mark.parametrize(
    ("key", "rank"),
    [("pipl/34", "法律"), ("gir/20", "行政法规"), ("shanghai-data/41", "地方性法规"), ("putuo-2020/22", "规范性文件")],
)
def test_ranks_have_the_names_of_the_legislation_law(key: str, rank: str, pack: Pack) -> None:
    assert rank_name(pack.cite(key)) == rank


def test_a_citation_that_the_pack_no_longer_knows_is_named_as_such(
    own: list[Entry], info: SiteInfo, pack: Pack, tmp_path: Path
) -> None:
    old = structs.replace(own[0], labels=tuple(structs.replace(x, basis=("repealed/1",)) for x in own[0].labels))
    rows = table(load_workbook(write_workbook([old], info, pack, tmp_path / "b.xlsx")), "依据")
    assert next(row["内容"] for row in rows if row["引用键"] == "repealed/1") == "现行规则包中没有这一依据"


def test_it_is_a_draft_until_every_entry_is_approved(
    own: list[Entry], info: SiteInfo, pack: Pack, tmp_path: Path
) -> None:
    def title(approved: set[str]) -> str:
        return cover(load_workbook(write_workbook(own, info, pack, tmp_path / "b.xlsx", frozenset(approved)))).split(
            "\n"
        )[0]

    keys = {entry.asset for entry in own if entry.state == "draft"}
    assert title(keys) == "普陀区民政局公共数据资源目录"
    for missing in keys:
        assert title(keys - {missing}) == "普陀区民政局公共数据资源目录（建议稿）"


def test_the_cover_counts_what_is_undetermined_and_withheld(book: Any) -> None:
    text = cover(book)
    assert "1 个信息资源尚有待判定内容，判定前不得发布，也不列入任何清单" in text
    assert "1 个存放口令、密钥等凭据的字段不作为信息项编目" in text
    assert "信息资源 4 个，信息项 6 个" in text
    assert "生成时间\n2026-11-23 10:30" in text


def test_no_cell_is_a_formula(book: Any) -> None:
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds == {"s", "n"}
    hostile = next(cell for cell in book["信息资源"]["B"] if str(cell.value).startswith("=HYPERLINK"))
    assert hostile.quotePrefix


def test_libreoffice_reads_it_and_evaluates_nothing(path: Path, tmp_path: Path) -> None:
    office = shutil.which("soffice") or pytest.fail("soffice is not installed. Run: apt-get install libreoffice-calc")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    source = shutil.copy(path, tmp_path / "book.xlsx")
    convert = [
        office,
        profile,
        "--headless",
        "--convert-to",
        "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,2",
    ]
    subprocess.run([*convert, "--outdir", str(tmp_path), str(source)], check=True, capture_output=True, timeout=60)
    (sheet,) = tmp_path.glob("*.csv")
    text = sheet.read_text(encoding="utf-8")
    assert '"=HYPERLINK(""http://127.0.0.1/"",""点我"")"' in text
    assert "普陀区民政局" in text
