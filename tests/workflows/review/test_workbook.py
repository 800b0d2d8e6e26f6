"""The steward's workbook: what it shows, what may be filled in, and that no program spoils it."""

from __future__ import annotations

from typing import Any

import openpyxl
import pytest

from workflows.acts.verify import verify
from workflows.review.forms import OPTIONS
from workflows.review.sheets import ITEMS, RESOURCES, ROW_ID, VERSIONS

FILLED = ["采纳建议", "全组采纳", "分级", "共享类型", "开放类型", "数据元", "依据", "理由/备注"]


@pytest.fixture
def book(room: Any) -> Any:
    return openpyxl.load_workbook(room.export())


def titles(sheet: Any) -> dict[str, int]:
    return {cell.value: cell.column for cell in sheet[1]}


def column(sheet: Any, title: str) -> list[Any]:
    number = titles(sheet)[title]
    return [sheet.cell(row, number).value for row in range(2, sheet.max_row + 1)]


def test_there_is_one_row_per_item_and_alike_ones_stand_together(book: Any) -> None:
    sheet = book[ITEMS]
    places = list(
        zip(column(sheet, "组"), column(sheet, "同组"), column(sheet, "表"), column(sheet, "字段"), strict=True)
    )
    assert len(places) == 9
    alike = [place[2:] for place in places if place[1] == 2]
    pairs = {frozenset(alike[:2]), frozenset(alike[2:])}
    assert pairs == {frozenset((table, name) for table in ("person", "visit")) for name in ("xm", "sjh")}
    assert column(sheet, "组") == sorted(column(sheet, "组"))


def test_what_is_proposed_stands_beside_the_reason_and_the_article(book: Any) -> None:
    sheet = book[ITEMS]
    row = next(row for row in range(2, 11) if sheet.cell(row, titles(sheet)["字段"]).value == "sfzh")
    said = {title: sheet.cell(row, number).value for title, number in titles(sheet).items()}
    assert (said["数据元（现）"], said["现行"]) == (None, None)
    assert (said["建议数据元"], said["建议分级"], said["建议共享类型"], said["建议开放类型"]) == (
        *("公民身份号码", "L3 敏感级", "授权共享", "非开放"),
    )
    assert (said["现行"], said["状态"], said["数据类型"]) == (None, "建议", "varchar(50)")
    assert (said["所属系统"], said["表说明"]) == ("救助系统", "救助对象")
    assert "个人信息" in said["判定理由"]
    assert "第三十四条" in said["判定依据"]
    assert sheet.cell(row, titles(sheet)["建议分级"]).fill.fgColor.rgb[2:] == "FCEBD3"


def test_only_the_columns_to_fill_are_unlocked(book: Any) -> None:
    sheet = book[ITEMS]
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    unlocked = {title for title, number in titles(sheet).items() if not sheet.cell(2, number).protection.locked}
    assert unlocked == set(FILLED)
    assert {sheet.cell(2, titles(sheet)[title]).number_format for title in FILLED} == {"@"}


def test_rows_are_as_high_as_what_is_seen(book: Any) -> None:
    """Hidden ids are longer than any cell; a condition of sharing takes more than one line."""
    sheet = book["信息项"]
    condition = titles(sheet)["共享条件"]
    found = {
        (len(sheet.cell(row, condition).value or "") > 10, sheet.row_dimensions[row].height) for row in range(2, 11)
    }
    assert found == {(False, 18.5), (True, 62.0)}


def test_drop_downs_freeze_filter_and_hidden_parts(book: Any) -> None:
    sheet = book[ITEMS]
    lists = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}
    assert len(lists) == 7
    tier = lists[f"{sheet.cell(2, titles(sheet)['分级']).coordinate}"]
    letters = tier.formula1.split("!")[1].replace("$", "")
    assert [cell.value for (cell,) in book[OPTIONS][letters]] == ["L1 公开级", "L2 内部级", "L3 敏感级", "L4 高敏感级"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("F2", "A1:AA10")
    assert sheet.column_dimensions["AA"].hidden
    assert [name for name in book.sheetnames if book[name].sheet_state != "visible"] == [VERSIONS, OPTIONS]
    assert column(sheet, ROW_ID)[0].count("-") == 2


def test_resources_have_every_element_that_people_fill(book: Any) -> None:
    sheet = book[RESOURCES]
    found = titles(sheet)
    assert {"信息资源摘要 *", "市级目录收录情况 *", "高价值数据", "空间范围"} <= set(found)
    assert "共享类型 *" not in found
    assert column(sheet, "更新周期 *") == ["每月"] * 3
    missing = sheet.cell(2, found["市级目录收录情况 *"])
    assert (missing.value, missing.fill.fgColor.rgb[2:], missing.protection.locked) == (None, "FDE8E8", False)


def test_no_cell_is_a_formula(book: Any) -> None:
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds == {"s", "n"}
    hostile = next(cell for row in book[ITEMS].iter_rows() for cell in row if cell.value == "=地址")
    assert hostile.quotePrefix


def test_what_was_shown_is_an_act_with_its_document(room: Any) -> None:
    done = room.exported()
    (act,) = room.trail.acts("import", "dept")
    assert act.verb == "export"
    assert done.export in act.after
    assert room.trail.document(done.export) is not None
    assert (done.items, done.pending, done.resources) == (9, 9, 3)
    assert verify(room.trail).faults == ()


def test_libreoffice_spoils_nothing(room: Any, fill: Any, resave: Any) -> None:
    path = fill(
        room.export(),
        {
            ("person", "sfzh"): {"采纳建议": "是"},
            ("person", "xm"): {"分级": "L4 高敏感级", "理由/备注": "=1+1"},
            ("toilet", "mc"): {"分级": "L9"},
            ("toilet", None): {"信息资源摘要 *": '=HYPERLINK("x")', "空间范围": "+普陀"},
        },
    )
    here = room.bring(path, dry_run=True)
    there = room.bring(resave(path), dry_run=True)
    assert there.rows == here.rows
    assert sorted(row.verdict for row in here.rows) == ["accepted", "accepted", "accepted", "refused"]
    room.bring(resave(path))
    reason = next(one.reason for one in room.store.decisions("dept/sys/person") if one.column == "xm")
    assert reason == "=1+1"
    again = room.bring(room.export("neu.xlsx"), dry_run=True)
    assert again.rows == []
    assert room.bring(resave(room.export("neu2.xlsx")), dry_run=True).rows == []


def test_500_items_go_out_through_libreoffice_and_back(room: Any, fill: Any, make: Any, resave: Any) -> None:
    columns = [f"sjh{number}:联系人{number}手机号" for number in range(20)]
    room.hold(*(make(f"t{number}", "走访记录", *columns) for number in range(25)))
    path = room.export("500.xlsx")
    fill(path, {("t0", f"sjh{number}"): {"全组采纳": "是"} for number in range(20)})
    done = room.bring(resave(path))
    assert done.counts == {"unchanged": 0, "accepted": 500, "waits": 0, "conflict": 0, "refused": 0}
    assert len(room.store.decisions()) == len(list(room.trail.acts("decision"))) == 2000
    assert verify(room.trail).faults == ()
    assert room.bring(path).counts["unchanged"] == 500


def test_a_department_without_labels_has_no_workbook(room: Any) -> None:
    from workflows.errors import InputError
    from workflows.review.export import export

    other = room.department
    object.__setattr__(other, "id", "other")
    with pytest.raises(InputError, match="no labelled items"):
        export(room.store, room.pack, other, room.actor("李华"), room.folder / "x.xlsx", room.trail)
