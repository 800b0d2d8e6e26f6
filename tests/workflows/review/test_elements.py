"""The sheet 信息项: elements of items that people fill in, a verdict per row, and nothing lost or made up."""

from __future__ import annotations

from typing import Any

import openpyxl
import pytest

from workflows import catalogue
from workflows.acts.described import Description
from workflows.acts.site import program
from workflows.acts.verify import verify
from workflows.entries.elements import LONGEST, elements
from workflows.entries.values import people_values
from workflows.entry import EntryItem
from workflows.publish.ledger import Ledger
from workflows.review import sheets
from workflows.review.desk import Wish
from workflows.review.sheets import ELEMENTS, RESOURCES, heading

PERSON, TOILET = "dept/sys/person", "dept/sys/toilet"
PHONE = ("person", "sjh", ELEMENTS)
FLD3 = ("toilet", "fld3", ELEMENTS)
MANY = {"代码集": "GB/T 2261.1", "计量单位": "+人", "信息项更新周期": "每月", "信息项名称 *": "联系电话"}


def told(done: Any) -> list[tuple[str, str | None, str]]:
    return [(row.asset.rsplit("/")[-1], row.column, row.verdict) for row in done.rows]


def people_say(room: Any, asset: str, column: str | None) -> dict[str, str]:
    return {key: given.value for key, given in people_values(room.trail).get(asset, {}).get(column, {}).items()}


def item(room: Any, asset: str, column: str) -> EntryItem:
    systems = {system.id: system for system in room.department.systems}
    found = catalogue.entries(room.store, room.pack, room.department, systems)
    return next(one for entry in found if entry.asset == asset for one in entry.items if one.name == column)


def test_every_item_has_a_row_with_every_element_that_people_fill(room: Any) -> None:
    sheet = openpyxl.load_workbook(room.export())[ELEMENTS]
    titles = [cell.value for cell in sheet[1]]
    ours = [heading(element) for element in elements("item").values() if not element.fixed]
    assert titles == ["代码", "表", "字段", "现名称", *ours, "行标识"]
    assert len(set(map(sheets.plain, titles))) == len(titles)
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [(row[1], row[2]) for row in rows] == [
        *(("person", name) for name in ("xm", "sjh", "sfzh")),
        *(("toilet", name) for name in ("mc", "dz", "fld3")),
        *(("visit", name) for name in ("xm", "sjh", "zfrq")),
    ]
    assert rows[0][3:5] == ["姓名", "姓名"]
    given = {title: text for title, text in zip(titles[5:-1], rows[0][5:-1], strict=True) if text}
    assert set(given) == {"共享条件", "共享方式", "开放条件", "所属业务系统"}
    assert given["共享方式"] == "通过共享平台（数据库）"


def test_only_what_people_fill_is_unlocked_and_has_its_lists(room: Any) -> None:
    sheet = openpyxl.load_workbook(room.export())[ELEMENTS]
    titles = [cell.value for cell in sheet[1]]
    unlocked = {title for title, cell in zip(titles, sheet[2], strict=True) if not cell.protection.locked}
    assert unlocked == set(titles[4:-1])
    assert (sheet.protection.sheet, sheet.freeze_panes, sheet.auto_filter.ref is None) == (True, "E2", False)
    assert sheet.column_dimensions[sheet.cell(1, len(titles)).column_letter].hidden
    lists = {str(rule.sqref).split("2:")[0] for rule in sheet.data_validations.dataValidation if rule.type == "list"}
    listed = [heading(one) for one in elements("item").values() if one.values and not one.fixed]
    assert lists == {sheet.cell(1, titles.index(title) + 1).column_letter for title in listed}


def test_headings_tell_the_sheets_apart() -> None:
    asset, own = ([plain_heading(one) for one in sheets.writable(level).values()] for level in ("asset", "item"))
    labels = [sheets.plain(title) for title in sheets.ITEM_TITLES]
    assert len({*own, *labels}) == len(own) + len(labels)
    assert len({*asset, *labels}) == len(asset) + len(labels)


def plain_heading(element: Any) -> str:
    return sheets.plain(heading(element))


def test_what_is_filled_in_is_one_act_of_the_entry(room: Any, fill: Any) -> None:
    edits = {PHONE: MANY, ("person", "xm", ELEMENTS): {"代码集": "无"}, ("person", None): {"空间范围": "普陀区"}}
    done = room.bring(fill(room.export(), edits), behalf="科长")
    assert [row[1:] for row in told(done)] == [(None, "accepted"), ("xm", "accepted"), ("sjh", "accepted")]
    (act,) = room.trail.acts("entry", PERSON)
    assert (act.verb, act.behalf, act.why) == ("fill", "科长", "在审核表中填写")
    assert people_say(room, PERSON, "sjh") == {
        "title": "联系电话",
        "code_set": "GB/T 2261.1",
        "unit": "+人",
        "update_cycle": "每月",
    }
    assert people_say(room, PERSON, None) == {"area": "普陀区"}
    assert item(room, PERSON, "sjh").title == "联系电话"
    assert verify(room.trail).faults == ()


def test_untouched_and_twice_imported_changes_nothing(room: Any, fill: Any, resave: Any) -> None:
    path = fill(room.export(), {PHONE: MANY, FLD3: {"信息项描述": "=1+1 备用\n第二行"}})
    assert room.bring(resave(path)).counts["accepted"] == 2
    assert people_say(room, TOILET, "fld3") == {"description": "=1+1 备用 第二行"}
    before = len(list(room.trail.acts()))
    assert {row.verdict for row in room.bring(path).rows} == {"unchanged"}
    assert len(list(room.trail.acts())) == before
    again = room.export("neu.xlsx")
    assert room.bring(again).rows == []
    assert room.bring(resave(again)).rows == []
    kinds = {cell.data_type for row in openpyxl.load_workbook(again)[ELEMENTS].iter_rows() for cell in row}
    assert kinds == {"s", "n"}


def test_odd_characters_of_a_source_are_no_change(room: Any, make: Any, resave: Any) -> None:
    room.hold(make("odd", "走访_x000D_记录\x7f\u3000", "xm:\x7f姓_x0041_名_x005F_", "bz:_x0009_ \r\n备注"))
    path = room.export()
    assert room.bring(path).rows == []
    assert room.bring(resave(path)).rows == []


def test_what_follows_from_labels_is_shown_and_counts_only_when_it_is_changed(room: Any, fill: Any) -> None:
    path = room.export()
    assert room.bring(path).rows == []
    done = room.bring(fill(path, {PHONE: {"共享方式": "接口", "共享条件": None}}))
    assert told(done) == [("person", "sjh", "accepted")]
    assert "清空后仍为「经审核同意后" in done.rows[0].told
    assert people_say(room, PERSON, "sjh") == {"share_method": "接口"}
    assert told(room.bring(fill(room.export(), {PHONE: {"共享方式": None}}))) == [("person", "sjh", "accepted")]
    sheet = openpyxl.load_workbook(room.export())[ELEMENTS]
    titles = [cell.value for cell in sheet[1]]
    (row,) = (row for row in sheet.iter_rows(min_row=2, values_only=True) if row[1:3] == ("person", "sjh"))
    assert row[titles.index("共享方式")] == "通过共享平台（数据库）"


def test_a_dry_run_tells_and_keeps_nothing(room: Any, fill: Any) -> None:
    done = room.bring(fill(room.export(), {PHONE: MANY}), dry_run=True)
    assert told(done) == [("person", "sjh", "accepted")]
    assert people_values(room.trail) == {}


def test_unknown_values_are_named_by_their_cells_and_the_row_does_not_count(room: Any, fill: Any) -> None:
    wrong = {"信息项更新周期": "偶尔", "计量单位": "米", "信息项描述": "长" * (LONGEST + 1)}
    path = fill(room.export(), {PHONE: wrong, FLD3: {"信息项更新周期": "每 年 "}})
    done = room.bring(path)
    assert told(done) == [("person", "sjh", "refused"), ("toilet", "fld3", "accepted")]
    sheet = openpyxl.load_workbook(path)[ELEMENTS]
    for part in done.rows[0].told.split("；"):
        name, cell = part.split("：")[0].split("「")[0].split("!")
        assert name == ELEMENTS
        assert sheet[cell].value in wrong.values()
    assert people_say(room, PERSON, "sjh") == {}
    assert people_say(room, TOILET, "fld3") == {"update_cycle": "每年"}


def test_an_emptied_cell_takes_back_what_a_person_wrote(room: Any, fill: Any) -> None:
    room.bring(fill(room.export(), {PHONE: MANY}))
    path = fill(room.export(), {PHONE: {"信息项名称 *": None, "计量单位": "\u3000"}})
    assert told(room.bring(path)) == [("person", "sjh", "accepted")]
    assert set(people_say(room, PERSON, "sjh")) == {"code_set", "update_cycle"}
    assert item(room, PERSON, "sjh").title == "手机号"
    assert told(room.bring(path)) == [("person", "sjh", "unchanged")]


@pytest.mark.parametrize(
    ("place", "title", "standing"), [(PHONE, "信息项名称 *", "手机号"), (("person", None), "更新周期 *", "每月")]
)
def test_an_emptied_cell_in_which_nobody_wrote_says_what_stays(
    room: Any, fill: Any, place: Any, title: str, standing: str
) -> None:
    done = room.bring(fill(room.export(), {place: {title: None}}))
    assert [row.verdict for row in done.rows] == ["unchanged"]
    assert done.rows[0].told.endswith(f"：没有人工填写过的内容，清空后仍为「{standing}」")
    assert [act.kind for act in room.trail.acts()] == ["import"]


def test_somebody_elses_value_is_a_conflict_shown_both_ways(room: Any, fill: Any) -> None:
    mine = fill(room.export("a.xlsx"), {PHONE: MANY, FLD3: {"计量单位": "个"}})
    theirs = fill(room.export("b.xlsx"), {PHONE: {"计量单位": "名", "脱敏方式": "掩码"}})
    assert room.bring(theirs, "王芳").counts["accepted"] == 1
    done = room.bring(mine)
    assert told(done) == [("person", "sjh", "conflict"), ("toilet", "fld3", "accepted")]
    assert (done.rows[0].theirs, done.rows[0].yours["unit"]) == ("计量单位：名", "+人")
    assert people_say(room, PERSON, "sjh") == {"unit": "名", "masking": "掩码"}
    room.bring(mine, accept_conflicts=True)
    assert people_say(room, PERSON, "sjh")["unit"] == "+人"
    assert people_say(room, PERSON, "sjh")["masking"] == "掩码"


def test_another_column_under_the_same_name_is_a_conflict_and_a_gone_one_refused(
    room: Any, fill: Any, make: Any
) -> None:
    edits = {PHONE: {"计量单位": "个"}, ("person", "xm", ELEMENTS): {"代码集": "无"}}
    path = fill(room.export(), edits)
    room.hold(make("person", "救助对象", "sjh:座机", "sfzh:身份证号"))
    done = room.bring(path)
    assert told(done) == [("person", "xm", "refused"), ("person", "sjh", "conflict")]
    assert done.rows[0].told == "资源中已没有字段xm"
    assert "座机" in done.rows[1].theirs
    assert people_values(room.trail) == {}


def test_who_may_rule_but_not_fill_in_is_told_so(room: Any, fill: Any) -> None:
    from workflows.acts.rights import DEFAULT
    from workflows.review.intake import Importer

    path = fill(room.export(), {PHONE: {"计量单位": "个"}, ("person", "xm"): {"采纳建议": "是"}})
    rights = {**DEFAULT, "entry.fill": ("head",)}
    done = Importer(room.trail, room.pack, room.actor("李华"), rights, {"dept": room.department}).run(path)
    assert told(done) == [("person", "xm", "accepted"), ("person", "sjh", "refused")]
    assert done.rows[1].told == "无权填报dept的资源"


def test_rows_copied_moved_or_without_id_are_refused(room: Any, fill: Any) -> None:
    path = fill(room.export(), {PHONE: {"计量单位": "个"}})
    book = openpyxl.load_workbook(path)
    sheet = book[ELEMENTS]
    for target, ident in ((12, sheet.cell(3, sheet.max_column).value), (13, None), (14, "x")):
        sheet.cell(target, 7).value = "米"
        sheet.cell(target, sheet.max_column).value = ident
    label = book[sheets.ITEMS]
    label["P12"], label["AA12"] = "是", sheet.cell(4, sheet.max_column).value
    book[RESOURCES].cell(9, 8).value = "写在表外"
    book.save(path)
    done = room.bring(path)
    assert [(row.place, row.verdict) for row in done.rows] == [
        ("待审信息项!12", "refused"),
        ("资源!9", "refused"),
        ("信息项!3", "accepted"),
        ("信息项!12", "refused"),
        ("信息项!13", "refused"),
        ("信息项!14", "refused"),
    ]
    assert "与第3行是同一行" in done.rows[3].told
    assert people_say(room, PERSON, "sjh") == {"unit": "个"}


def test_labels_and_elements_of_one_workbook_are_one_transaction(
    room: Any, fill: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workflows.review import fillings

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    path = fill(room.export(), {PHONE: {"计量单位": "个"}, ("person", "xm"): {"采纳建议": "是"}})
    monkeypatch.setattr(fillings, "fill", fail)
    with pytest.raises(OSError, match="disk full"):
        room.bring(path)
    assert room.store.decisions() == []
    assert [act.verb for act in room.trail.acts()] == ["export"]


def test_a_ruling_does_not_disturb_what_is_filled_in(room: Any, fill: Any) -> None:
    path = fill(room.export(), {PHONE: {"计量单位": "个"}})
    room.judge(Wish(PERSON, "tier", "L3", "sjh", "王芳看过"), who="王芳")
    assert told(room.bring(path)) == [("person", "sjh", "accepted")]


@pytest.mark.parametrize(
    ("place", "title", "column"), [(PHONE, "信息项描述", "sjh"), (("person", None), "信息资源摘要 *", None)]
)
def test_the_text_of_an_older_act_replaces_a_newer_description(
    room: Any, fill: Any, place: Any, title: str, column: str | None
) -> None:
    """What somebody wrote in OpenMetadata since stands until a person writes the old text again."""
    room.bring(fill(room.export(), {place: {title: "旧文"}}))
    described = Description(PERSON, "新文", "王芳", room.now().isoformat(), column)
    with room.trail.acting(program()) as acting:
        Ledger(room.store, "").describe([described], acting)
    path = fill(room.export("b.xlsx"), {place: {title: "旧文"}})
    assert room.bring(path).counts["accepted"] == 1
    assert room.bring(path).counts["accepted"] == 0
    again = room.export("c.xlsx")
    assert room.bring(fill(again, {place: {title: "旧文"}})).rows == []
