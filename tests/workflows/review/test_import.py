"""Importing: a verdict per row, conflicts shown both ways, who may, and never half a row."""

from __future__ import annotations

import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import msgspec
import openpyxl
import pytest
from sqlalchemy import text

from workflows.acts.model import NotAllowed
from workflows.acts.verify import verify
from workflows.entries.values import people_values
from workflows.errors import InputError
from workflows.publish.ledger import Ledger, Question
from workflows.review.desk import Wish
from workflows.review.sheets import ITEMS, ROW_ID
from workflows.store import Store

PERSON, VISIT, TOILET = "dept/sys/person", "dept/sys/visit", "dept/sys/toilet"
ID_CARD = ("person", "sfzh")


def verdicts(done: Any) -> dict[str, str]:
    return {f"{row.asset.rsplit('/')[-1]}.{row.column}" if row.column else row.asset: row.verdict for row in done.rows}


def test_agreeing_confirms_every_proposal_of_the_row(room: Any, fill: Any) -> None:
    done = room.bring(fill(room.export(), {ID_CARD: {"采纳建议": "是"}}))
    assert verdicts(done) == {"person.sfzh": "accepted"}
    assert room.values("person", "sfzh") == {
        "element": "person.id_card",
        "tier": "L3",
        "share": "conditional",
        "open": "none",
    }
    room.classify()
    verdict = next(room.store.stream()).column_verdicts["sfzh"]
    assert {label.state for label in verdict.labels} == {"confirmed"}
    decision = room.store.decisions(PERSON)[0]
    assert (decision.who, decision.reason, decision.fingerprint != "") == ("李华", "在审核表中采纳建议", True)


def test_every_import_is_acts_that_verify(room: Any, fill: Any) -> None:
    room.bring(fill(room.export(), {ID_CARD: {"采纳建议": "是"}}), behalf="科长")
    acts = list(room.trail.acts())
    assert [act.kind for act in acts] == ["import", *["decision"] * 4, "import"]
    assert {act.behalf for act in acts[1:]} == {"科长"}
    assert {act.pack for act in acts} == {room.pack.ident}
    assert verify(room.trail).faults == ()


def test_the_same_file_twice_changes_nothing(room: Any, fill: Any) -> None:
    edits = {
        ID_CARD: {"采纳建议": "是"},
        ("person", "xm"): {"分级": "L4"},
        ("person", "sjh"): {"采纳建议": "否", "理由/备注": "不是手机"},
        ("toilet", None): {"空间范围": "普陀区"},
        ("toilet", "mc"): {"分级": "L1", "共享类型": "无条件共享"},
    }
    path = fill(room.export(), edits)
    first = room.bring(path)
    assert set(verdicts(first).values()) == {"accepted"}
    assert len(first.rows) == 5
    before = len(list(room.trail.acts()))
    for _ in range(2):
        assert set(verdicts(room.bring(path)).values()) == {"unchanged"}
        assert len(list(room.trail.acts())) == before
        room.classify()


def test_a_dry_run_says_the_same_and_keeps_nothing(room: Any, fill: Any) -> None:
    path = fill(room.export(), {ID_CARD: {"采纳建议": "是"}, ("toilet", None): {"空间范围": "普陀区"}})
    before = list(room.trail.acts())
    dry = room.bring(path, dry_run=True)
    assert (dry.exit_code, list(room.trail.acts()), room.store.decisions()) == (0, before, [])
    assert room.bring(path).rows == dry.rows


def test_a_group_is_agreed_with_at_once_but_for_rows_that_say_otherwise(room: Any, fill: Any) -> None:
    edits = {("person", "xm"): {"全组采纳": "是"}, ("visit", "xm"): {"采纳建议": "否", "理由/备注": "走访人"}}
    assert verdicts(room.bring(fill(room.export(), edits))) == {"person.xm": "accepted", "visit.xm": "accepted"}
    assert room.values("person", "xm")["element"] == "person.name"
    assert set(room.values("visit", "xm").values()) == {None}
    assert verdicts(room.bring(fill(room.export(), {("visit", "sjh"): {"全组采纳": "是"}}))) == {
        "person.sjh": "accepted",
        "visit.sjh": "accepted",
    }


def test_what_is_filled_in_beats_what_is_proposed(room: Any, fill: Any) -> None:
    room.bring(fill(room.export(), {ID_CARD: {"采纳建议": "是", "分级": " Ｌ４ ", "数据元": "姓名"}}))
    told = {"element": "person.name", "tier": "L4", "share": "conditional", "open": "none"}
    assert room.values("person", "sfzh") == told


def test_names_and_keys_and_full_width_are_the_same(room: Any, fill: Any) -> None:
    path = fill(
        room.export(), {("toilet", "mc"): {"分级": "高　敏感级", "共享类型": "CONDITIONAL", "开放类型": "非开放 "}}
    )
    law = "《中华人民共和国个人信息保护法》第三十四条"
    path = fill(path, {("toilet", "mc"): {"依据": law, "理由/备注": "含管理人员手机号"}})
    assert verdicts(room.bring(path)) == {"toilet.mc": "accepted"}
    assert room.values("toilet", "mc") == {"tier": "L4", "share": "conditional", "open": "none"}


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"分级": "L9"}, "「L9」：没有这个分级，可填：L1 公开级、L2 内部级、L3 敏感级、L4 高敏感级"),
        ({"共享类型": "待判定"}, "「待判定」：没有这个共享类型"),
        ({"采纳建议": "也许"}, "「也许」：应为“是”或“否”"),
        ({"全组采纳": "否"}, "「否」：只能填“是”或留空"),
        ({"采纳建议": "是", "依据": "民法典第一条"}, "「民法典第一条」：依据库中没有"),
        ({"数据元": "身份"}, "「身份」：没有这个数据元"),
        ({"采纳建议": "否"}, "不采纳建议须写明理由"),
        ({"理由/备注": "看过"}, "只填了依据或理由"),
        ({"共享类型": "非共享"}, "定为非共享须给出法律、法规或规章依据"),
        ({"共享类型": "非共享", "依据": "pipl/34"}, "定为非共享须说明理由"),
        (
            {"共享类型": "非共享", "依据": "putuo-2020/21", "理由/备注": "涉密"},
            "《上海市普陀区公共数据管理办法》第二十一条：",
        ),
        ({"采纳建议": "是", "理由/备注": "看过\u202e"}, "：第3个字是看不见的字符U+202E，请删去"),
    ],
)
def test_what_is_wrong_is_named_by_its_cell(room: Any, fill: Any, cells: dict[str, str], told: str) -> None:
    path = fill(room.export(), {ID_CARD: cells, ("visit", "zfrq"): {"采纳建议": "是"}})
    done = room.bring(path)
    assert verdicts(done) == {"person.sfzh": "refused", "visit.zfrq": "accepted"}
    row = next(row for row in done.rows if row.verdict == "refused")
    assert told in row.told
    assert done.exit_code == 3
    if told.startswith("「"):
        sheet, cell = row.told.split("「")[0].split("!")
        assert openpyxl.load_workbook(path)[sheet][cell].value in cells.values()
    assert room.store.decisions(PERSON) == []


def test_a_row_counts_as_a_whole_or_not_at_all(room: Any, fill: Any) -> None:
    done = room.bring(fill(room.export(), {ID_CARD: {"采纳建议": "是", "共享类型": "非共享"}}))
    assert (verdicts(done), done.exit_code) == ({"person.sfzh": "refused"}, 4)
    assert room.store.decisions() == []
    assert [act.verb for act in room.trail.acts()] == ["export"]


def test_not_shared_with_a_law_counts(room: Any, fill: Any) -> None:
    law = "《中华人民共和国个人信息保护法》第三十四条"
    known = {one.line(): one.key for one in room.pack.citations()}
    cells = {"共享类型": "非共享", "依据": f"{law}；\n{known[law]}", "理由/备注": "涉及个人隐私"}
    assert verdicts(room.bring(fill(room.export(), {ID_CARD: cells}))) == {"person.sfzh": "accepted"}
    assert room.store.decisions(PERSON)[0].basis == (known[law],)
    room.classify()
    verdict = next(room.store.stream()).column_verdicts["sfzh"]
    assert verdict.label("share").value == "none"


def test_articles_may_be_cited_as_the_reasons_do(room: Any, fill: Any) -> None:
    path = room.export()
    sheet = openpyxl.load_workbook(path)[ITEMS]
    place = next(cell.column for cell in sheet[1] if cell.value == "判定依据")
    shown = next(sheet.cell(row, place).value for row in range(2, 11) if sheet.cell(row, 4).value == "sfzh")
    assert re.search("《个人信息保护法》第.+条、第.+条\n", shown)
    cells = {"共享类型": "非共享", "依据": shown, "理由/备注": "涉及个人隐私"}
    assert verdicts(room.bring(fill(path, {ID_CARD: cells}))) == {"person.sfzh": "accepted"}
    verdict = next(room.store.stream()).column_verdicts["sfzh"]
    assert set(room.store.decisions(PERSON)[0].basis) == {key for label in verdict.labels for key in label.basis}


# --- conflicts ------------------------------------------------------------------------------------------------------


def test_a_ruling_since_the_export_is_a_conflict_shown_both_ways(room: Any, fill: Any) -> None:
    path = fill(room.export(), {ID_CARD: {"分级": "L4"}, ("person", "xm"): {"采纳建议": "是"}})
    room.judge(Wish(PERSON, "tier", "L3", "sfzh", "王芳看过"), who="王芳")
    done = room.bring(path)
    assert verdicts(done) == {"person.sfzh": "conflict", "person.xm": "accepted"}
    row = next(row for row in done.rows if row.verdict == "conflict")
    assert row.yours == {"tier": "L4"}
    assert row.theirs.startswith("分级：王芳于2026-01-05 09:")
    assert row.theirs.endswith("定为：敏感级")
    assert room.values("person", "sfzh") == {"tier": "L3"}
    assert verdicts(room.bring(path, accept_conflicts=True)) == {"person.sfzh": "accepted", "person.xm": "unchanged"}
    assert room.values("person", "sfzh") == {"tier": "L4"}


def test_the_same_ruling_by_somebody_else_is_no_conflict(room: Any, fill: Any) -> None:
    path = fill(room.export(), {ID_CARD: {"分级": "L4"}})
    room.judge(Wish(PERSON, "tier", "L4", "sfzh", "同样"), who="王芳")
    assert verdicts(room.bring(path)) == {"person.sfzh": "unchanged"}


def test_another_column_under_the_same_name_is_a_conflict(room: Any, fill: Any, make: Any) -> None:
    path = fill(room.export(), {ID_CARD: {"采纳建议": "是"}})
    room.hold(make("person", "救助对象", "xm:姓名", "sjh:手机号", "sfzh:是否在职"))
    (row,) = room.bring(path).rows
    assert row.verdict == "conflict"
    assert "是否在职" in row.theirs


def test_another_proposal_since_the_export_is_a_conflict(room: Any, fill: Any) -> None:
    path = fill(room.export(), {ID_CARD: {"分级": "L4"}})
    change = "UPDATE verdicts SET body = replace(body, :old, :new)"
    values = {name: f'"dimension":"tier","value":"{tier}"' for name, tier in (("old", "L3"), ("new", "L2"))}
    with room.store.write() as connection:
        connection.execute(text(change), values)
    room.store._column_verdicts.clear()
    (row,) = room.bring(path).rows
    assert (row.verdict, row.theirs) == ("conflict", "分级：建议已变为：内部级")


def test_a_table_that_has_gone_is_refused(room: Any, fill: Any) -> None:
    path = fill(room.export(), {ID_CARD: {"采纳建议": "是"}, ("person", None): {"空间范围": "普陀区"}})
    room.store.mark_missing([next(room.store.stream()).id], room.now().isoformat())
    assert {row.told for row in room.bring(path).rows} == {"目录中已没有这个资源，或尚未分类"}


def test_somebody_elses_element_of_an_entry_is_a_conflict(room: Any, fill: Any) -> None:
    mine = fill(room.export("a.xlsx"), {("toilet", None): {"空间范围": "普陀区", "高价值数据": "是"}})
    theirs = fill(room.export("b.xlsx"), {("toilet", None): {"空间范围": "全市"}})
    assert room.bring(theirs, "王芳").counts["accepted"] == 1
    (row,) = room.bring(mine).rows
    assert (row.verdict, row.theirs) == ("conflict", "空间范围：全市")
    assert room.bring(mine, accept_conflicts=True).counts["accepted"] == 1
    own = people_values(room.trail)[TOILET][None]
    assert {key: (one.value, one.who) for key, one in own.items()} == {
        "area": ("普陀区", "李华"),
        "high_value": ("是", "李华"),
    }


def test_an_element_that_takes_other_values_is_named_by_its_cell(room: Any, fill: Any) -> None:
    (row,) = room.bring(fill(room.export(), {("toilet", None): {"更新周期 *": "偶尔"}})).rows
    assert row.verdict == "refused"
    assert row.told.startswith("资源!M")
    assert "每月" in row.told


def test_taking_back_what_a_person_wrote(room: Any, fill: Any) -> None:
    room.bring(fill(room.export(), {("toilet", None): {"空间范围": "=1+1"}}))
    path = room.export()
    assert room.bring(path).rows == []
    room.bring(fill(path, {("toilet", None): {"空间范围": None}}))
    assert people_values(room.trail)[TOILET][None] == {}


# --- who -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["赵云", "孙办"])
def test_who_may_not_decide_for_the_department_imports_nothing(room: Any, fill: Any, who: str) -> None:
    path = fill(room.export(), {ID_CARD: {"采纳建议": "是"}})
    with pytest.raises(NotAllowed, match="may not decide for dept"):
        room.bring(path, who, behalf="李华")


def test_a_lower_tier_waits_for_a_second_person(room: Any, fill: Any) -> None:
    path = fill(room.export(), {ID_CARD: {"分级": "L2", "理由/备注": "已脱敏"}})
    (row,) = room.bring(path).rows
    assert (row.verdict, row.told) == ("waits", "李华将字段sfzh的分级改为内部级：目前为L3，降级须第二人同意")
    assert room.values("person", "sfzh") == {}
    assert [row.verdict for row in room.bring(path).rows] == ["unchanged"]
    (refused,) = room.bring(path, "张敏", behalf="王芳").rows
    assert (refused.verdict, refused.told) == ("refused", "降级须第二人以本人账号同意，不能代他人同意")
    (agreed,) = room.bring(path, "张敏").rows
    assert agreed.verdict == "accepted"
    (decision,) = room.store.decisions(PERSON)
    assert (decision.value, decision.who) == ("L2", "李华、张敏")
    assert "张敏于2026-01-05同意" in decision.reason
    assert Ledger(room.store, "").questions() == []
    assert [row.verdict for row in room.bring(path).rows] == ["unchanged"]
    verbs = [act.verb for act in room.trail.acts("decision", PERSON)]
    assert verbs == ["ask", "decide", "accept"]


def test_another_ruling_overtakes_the_question(room: Any, fill: Any) -> None:
    room.bring(fill(room.export(), {ID_CARD: {"分级": "L2"}}))
    room.bring(fill(room.export("b.xlsx"), {ID_CARD: {"分级": "L4"}}), "王芳")
    ledger = Ledger(room.store, "")
    assert ledger.questions() == []
    assert [(one.state, one.settled_by) for one in ledger.questions(None)] == [("refused", "王芳")]


# --- files ---------------------------------------------------------------------------------------------------------


def rewrite(path: Path, change: Any) -> Path:
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


def sort_rows(book: Any) -> None:
    sheet = book[ITEMS]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)][::-1]
    for number, row in enumerate(rows, start=2):
        for place, value in enumerate(row, start=1):
            sheet.cell(number, place).value = value


def reorder_columns(book: Any) -> None:
    sheet = book[ITEMS]
    sheet.move_range("P1:W10", cols=20)


def insert_rows(book: Any) -> None:
    book[ITEMS].insert_rows(1, 3)
    book[ITEMS]["A1"] = "请于周五前交回"
    book[ITEMS].insert_rows(7, 2)


def delete_rows(book: Any) -> None:
    sheet = book[ITEMS]
    for row in range(sheet.max_row, 1, -1):
        if not sheet.cell(row, 15).value:
            sheet.delete_rows(row)


def rename_sheets(book: Any) -> None:
    for number, name in enumerate(book.sheetnames):
        book[name].title = f"Sheet{number}"


def drop_the_rest(book: Any) -> None:
    for name in book.sheetnames:
        if name != ITEMS:
            del book[name]


@pytest.mark.parametrize(
    "change",
    [sort_rows, reorder_columns, insert_rows, delete_rows, rename_sheets, drop_the_rest],
    ids=lambda f: f.__name__,
)
def test_what_people_do_to_a_sheet_does_no_harm(room: Any, fill: Any, change: Any) -> None:
    edits = {ID_CARD: {"采纳建议": "是"}, ("person", "xm"): {"采纳建议": True}, ("visit", "sjh"): {"采纳建议": 1}}
    path = rewrite(fill(room.export(), edits), change)
    assert verdicts(room.bring(path)) == dict.fromkeys(("person.sfzh", "person.xm", "visit.sjh"), "accepted")


PARTS = {
    "[Content_Types].xml": """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>""",
    "_rels/.rels": """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Target="xl/workbook.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>""",
    "xl/workbook.xml": """<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Target="worksheets/sheet1.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/></Relationships>""",
}


def test_a_bare_file_without_styles_and_with_texts_in_cells(room: Any, fill: Any, tmp_path: Path) -> None:
    day = datetime(2026, 1, 9)
    path = fill(room.export(), {ID_CARD: {"分级": "L4\u3000", "理由/备注": day}, ("person", "xm"): {"采纳建议": True}})
    rows = openpyxl.load_workbook(path)[ITEMS].iter_rows(values_only=True)
    cells = ("".join(map(bare_cell, row)) for row in rows)
    body = "".join(f"<row>{row}</row><row/>" for row in cells)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(tmp_path / "bare.xlsx", "w") as archive:
        for name, text_ in PARTS.items():
            archive.writestr(name, text_)
        sheet = f'<worksheet xmlns="{space}"><sheetData>{body}</sheetData></worksheet>'
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    assert verdicts(room.bring(tmp_path / "bare.xlsx")) == {"person.sfzh": "accepted", "person.xm": "accepted"}
    reasons = {one.column: one.reason for one in room.store.decisions(PERSON)}
    assert reasons["sfzh"].startswith("2026-01-09")


def bare_cell(value: Any) -> str:
    if isinstance(value, bool):
        return f'<c t="b"><v>{value:d}</v></c>'
    return "<c/>" if value is None else f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'


def copy_row(book: Any) -> None:
    sheet = book[ITEMS]
    ids = {sheet.cell(row, 27).value: row for row in range(2, 11)}
    first = next(row for row in ids.values() if sheet.cell(row, 16).value)
    for place in range(1, 28):
        sheet.cell(12, place).value = sheet.cell(first, place).value


def test_a_row_copied_or_without_its_id_is_refused(room: Any, fill: Any) -> None:
    path = rewrite(fill(room.export(), {ID_CARD: {"采纳建议": "是"}}), copy_row)
    done = room.bring(path)
    assert [row.verdict for row in done.rows] == ["accepted", "refused"]
    assert "是同一行" in done.rows[1].told

    def spoil(book: Any) -> None:
        book[ITEMS]["AA12"] = "12"

    assert f"{ROW_ID}缺失或被改动" in room.bring(rewrite(path, spoil)).rows[1].told

    def point_nowhere(book: Any) -> None:
        book[ITEMS]["AA12"] = f"{str(book[ITEMS]['AA2'].value).split('-')[0]}-99-99"

    assert "不在导出的内容中" in room.bring(rewrite(path, point_nowhere)).rows[1].told


def test_files_that_are_no_export_of_this_site(room: Any, fill: Any, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "字段"
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(InputError, match="has no column 行标识"):
        room.bring(tmp_path / "x.xlsx")
    path = room.export()

    def foreign(book: Any) -> None:
        for row in range(2, 11):
            cell = book[ITEMS].cell(row, 27)
            cell.value = "0" * 16 + str(cell.value)[16:]

    with pytest.raises(InputError, match="several exports"):
        room.bring(rewrite(path, foreign))
    with pytest.raises(InputError, match="export 0000000000000000 is not this site's"):
        room.bring(rewrite(path, drop_the_rest))


def test_another_name_agrees_to_no_question_of_ones_own(room: Any, fill: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fill(room.export(), {("person", "xm"): {"分级": "L1"}})
    assert room.bring(path).counts["waits"] == 1
    li, wang = room.actor("李华"), room.actor("王芳")
    monkeypatch.setattr(room, "actor", lambda *_: msgspec.structs.replace(li, name="李晓华"))
    assert room.bring(path).counts["unchanged"] == 1
    assert room.store.decisions() == []
    monkeypatch.setattr(room, "actor", lambda *_: msgspec.structs.replace(wang, name="李华"))
    assert room.bring(path).counts["accepted"] == 1


def test_a_store_of_the_version_before_knows_who_asked_from_the_trail(room: Any) -> None:
    room.judge(Wish(PERSON, "tier", "L1", "xm", "公开"), who="李华")
    Ledger(room.store, "").ask(
        [Question("lowering", PERSON, "tier", "L2", "王芳", "2026-01-05T07:00:00+08:00", "降级")]
    )
    with room.store.write() as connection:
        connection.execute(text("ALTER TABLE questions DROP COLUMN who_id"))
        connection.execute(text("UPDATE schema_version SET version = 6"))
    with Store(f"sqlite:///{room.folder / 'store.db'}", room.folder / "head.jsonl") as store:
        found = Ledger(store, "").questions()
    assert [(one.who, one.who_id) for one in found] == [("李华", "李华"), ("王芳", "")]
