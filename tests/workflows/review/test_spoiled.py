"""Workbooks in which something is not as it was exported: nothing that a person wrote is lost without a word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from workflows.entries.values import people_values
from workflows.errors import InputError
from workflows.review.sheets import ELEMENTS, ITEMS, RESOURCES, ROW_ID

PERSON = "dept/sys/person"
EDITS = {
    ("person", "sfzh"): {"分级": "L4 高敏感级"},
    ("person", None): {"空间范围": "普陀区"},
    ("person", "sjh", ELEMENTS): {"计量单位": "个"},
}


@pytest.fixture
def path(room: Any, fill: Any) -> Path:
    filled: Path = fill(room.export(), EDITS)
    return filled


def spoil(path: Path, name: str, change: Callable[[Any, dict[str, int]], None]) -> Path:
    book = openpyxl.load_workbook(path)
    sheet = book[name]
    change(sheet, {cell.value: cell.column for cell in sheet[1]})
    book.save(path)
    return path


def refusal(room: Any, path: Path) -> str:
    """Why the file is refused as a whole; nothing of it is there afterwards."""
    with pytest.raises(InputError) as error:
        room.bring(path)
    assert [act.verb for act in room.trail.acts()] == ["export"]
    return str(error.value)


@pytest.mark.parametrize("name", [ITEMS, RESOURCES, ELEMENTS])
@pytest.mark.parametrize("renamed", [False, True], ids=["deleted", "sheet renamed"])
def test_a_sheet_without_its_row_ids_is_refused(room: Any, path: Path, name: str, renamed: bool) -> None:
    def change(sheet: Any, titles: dict[str, int]) -> None:
        sheet.delete_cols(titles[ROW_ID])
        if renamed:
            sheet.title = "交回"

    told = refusal(room, spoil(path, name, change))
    assert f"审核表.xlsx {'交回' if renamed else name}: there is no heading 行标识" in told


@pytest.mark.parametrize("name", [ITEMS, RESOURCES, ELEMENTS])
def test_a_sheet_without_headings_is_refused(room: Any, path: Path, name: str) -> None:
    told = refusal(room, spoil(path, name, lambda sheet, _: sheet.delete_rows(1)))
    assert f"{name}: there is no heading 行标识" in told


@pytest.mark.parametrize(
    ("name", "title", "new", "told"),
    [
        (ITEMS, "分级", "级别", "stands under the heading 「级别」, which no export has"),
        (ITEMS, "分级", None, "stands under no heading"),
        (ITEMS, "分级", "=A1", "stands under the heading 「=A1」, which no export has"),
        (ITEMS, "采纳建议", "共享类型", None),
        (ITEMS, "表说明", "分级", "stands under the heading 「分级」, which is there twice"),
        (RESOURCES, "空间范围", "范围", "stands under the heading 「范围」, which no export has"),
        (ELEMENTS, "计量单位", "空间范围", "stands under the heading 「空间范围」, which no export has"),
    ],
)
def test_values_under_a_heading_that_is_not_as_exported(
    room: Any, path: Path, name: str, title: str, new: str | None, told: str | None
) -> None:
    def change(sheet: Any, titles: dict[str, int]) -> None:
        sheet.cell(1, titles[title]).value = new

    spoil(path, name, change)
    if told is None:
        # Nothing stands under it.
        assert room.bring(path).counts["accepted"] == 3
        return
    why = refusal(room, path)
    assert told in why
    assert f"审核表.xlsx {name}!" in why


def test_notes_beside_the_table_are_named(room: Any, path: Path) -> None:
    def change(sheet: Any, titles: dict[str, int]) -> None:
        sheet.cell(3, titles[ROW_ID] + 2).value = "请科长看"

    assert "待审信息项!AC3 stands under no heading" in refusal(room, spoil(path, ITEMS, change))


def test_notes_on_a_sheet_of_their_own_do_no_harm(room: Any, path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book.create_sheet("备注").append(["分级", "采纳建议", "问科长"])
    book.save(path)
    assert room.bring(path).counts["accepted"] == 3


# --- formulas --------------------------------------------------------------------------------------------------------


def put(path: Path, name: str, key: str, title: str, formula: str) -> str:
    """Where it was put."""
    book = openpyxl.load_workbook(path)
    sheet = book[name]
    titles = {cell.value: cell.column for cell in sheet[1]}
    within = titles["字段"] if "字段" in titles else titles["表"]
    row = next(row for row in range(2, sheet.max_row + 1) if sheet.cell(row, within).value == key)
    cell = sheet.cell(row, titles[title])
    cell.value = formula
    cell.number_format = "General"
    book.save(path)
    return f"{name}!{cell.coordinate}"


FORMULAS = [
    (ITEMS, "sfzh", "分级", "=AA3"),
    (ITEMS, "zfrq", "采纳建议", '="是"'),
    (ITEMS, "zfrq", "全组采纳", '="是"'),
    (ITEMS, "sfzh", "理由/备注", "=1/0"),
    (RESOURCES, "person", "空间范围", '=CONCATENATE("普","陀")'),
    (RESOURCES, "toilet", "信息资源摘要 *", "=NOSUCH(1)"),
    (ELEMENTS, "sjh", "计量单位", "=1+1"),
]


@pytest.mark.parametrize("office", [False, True], ids=["without results", "with LibreOffice's results"])
@pytest.mark.parametrize(("name", "key", "title", "formula"), FORMULAS)
def test_a_formula_is_refused_by_its_cell(
    room: Any, path: Path, resave: Any, name: str, key: str, title: str, formula: str, office: bool
) -> None:
    if title not in {cell.value for cell in openpyxl.load_workbook(path)[name][1]}:
        title = title.removesuffix(" *")
    place = put(path, name, key, title, formula)
    done = room.bring(resave(path) if office else path)
    (row,) = [row for row in done.rows if row.verdict == "refused"]
    assert row.told.startswith(f"{place}「=")
    assert "是公式，不能导入，请直接填写内容" in row.told
    assert {one.verdict for one in done.rows if one is not row} <= {"accepted"}


def test_a_formula_takes_nothing_back(room: Any, path: Path) -> None:
    """What a person wrote before is not erased by a formula without a result."""
    room.bring(path)
    again = room.export("b.xlsx")
    put(again, ELEMENTS, "sjh", "计量单位", '=CONCATENATE("个")')
    assert room.bring(again).counts["refused"] == 1
    assert people_values(room.trail)[PERSON]["sjh"]["unit"].value == "个"


def test_a_formula_in_a_locked_column_does_no_harm(room: Any, path: Path) -> None:
    put(path, ITEMS, "sfzh", "字段说明", "=1+1")
    assert room.bring(path).counts["accepted"] == 3


# --- texts -----------------------------------------------------------------------------------------------------------


def test_lines_of_a_cell_become_one_line(room: Any, fill: Any) -> None:
    path = fill(room.export(), {("person", "sjh", ELEMENTS): {"信息项描述": "第一行\n 第二行"}})
    path = fill(path, {("person", "sfzh"): {"分级": "L4", "理由/备注": "甲\n乙"}})
    assert room.bring(path).counts["accepted"] == 2
    assert people_values(room.trail)[PERSON]["sjh"]["description"].value == "第一行 第二行"
    assert room.store.decisions(PERSON)[0].reason == "甲 乙"
    assert room.bring(path).counts["accepted"] == 0


def test_what_nobody_sees_is_named_by_its_cell(room: Any, fill: Any) -> None:
    path = fill(room.export(), {("person", "sjh", ELEMENTS): {"信息项描述": "联系\u200b电话"}})
    (row,) = room.bring(path).rows
    assert (row.verdict, row.told.split("：")[1]) == ("refused", "第3个字是看不见的字符U+200B，请删去")


def test_a_long_cell_is_repeated_in_part(room: Any, fill: Any) -> None:
    (row,) = room.bring(fill(room.export(), {("person", "sfzh"): {"分级": "级" * 30_000}})).rows
    assert "…（共30000字）" in row.told
    assert len(row.told) < 250


def test_agreeing_where_nothing_is_proposed_is_told_so(room: Any, fill: Any) -> None:
    room.bring(fill(room.export(), {("person", "sfzh"): {"采纳建议": "是"}}))
    room.classify()
    path = fill(room.export("b.xlsx"), {("person", "sfzh"): {"采纳建议": "√", "理由/备注": "看过"}})
    (row,) = room.bring(path).rows
    assert row.told.endswith("：没有待确认的建议，也没有改填，依据或理由没有着落")


@pytest.mark.parametrize("text", ["甲_x0041_乙", "_x005F_", "_x005F_x000D_", "A_x0041"])
def test_texts_that_look_like_escapes_come_back_as_they_are(room: Any, make: Any, resave: Any, text: str) -> None:
    room.hold(make("odd", text, f"a:{text}"))
    path = room.export()
    assert room.bring(path).rows == []
    if text != "_x005F_x000D_":
        # Of two escapes that share a sign LibreOffice loses one.
        assert room.bring(resave(path)).rows == []
