"""Files as WPS, Excel and older programs write them: the same cells, said in other ways, come in as the same."""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from workflows.entries.values import people_values
from workflows.errors import InputError
from workflows.review.sheets import ELEMENTS, ITEMS, RESOURCES

PERSON = "dept/sys/person"
PHONE = ("person", "sjh", ELEMENTS)
EDITS = {
    ("person", "sfzh"): {"分级": "L4 高敏感级", "理由/备注": "核对"},
    ("person", "xm"): {"采纳建议": "是"},
    PHONE: {"计量单位": "个", "信息项描述": "联系电话"},
}
Change = Callable[[str], str]


@pytest.fixture
def path(room: Any, fill: Any) -> Path:
    filled: Path = fill(room.export(), EDITS)
    return filled


def rewritten(path: Path, changes: Mapping[str, Change]) -> Path:
    """Another file with some parts changed as texts."""
    target = path.with_name("wps.xlsx")
    with zipfile.ZipFile(path) as source:
        assert all(any(re.fullmatch(pattern, name) for name in source.namelist()) for pattern in changes)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            body = source.read(name)
            own = [change for pattern, change in changes.items() if re.fullmatch(pattern, name)]
            for change in own:
                before = body
                body = change(body.decode()).encode()
                assert body != before
            archive.writestr(name, body)
    return target


def check(room: Any, file: Path) -> None:
    done = room.bring(file)
    found = {(row.asset, row.column, row.place.split("!")[0]): row.verdict for row in done.rows}
    assert set(found.values()) == {"accepted"}
    assert len(found) == 3
    assert room.values("person", "sfzh") == {"tier": "L4"}
    own = people_values(room.trail)[PERSON]["sjh"]
    assert {key: given.value for key, given in own.items()} == {"unit": "个", "description": "联系电话"}


TEXT = re.compile(r'<c([^>]*) t="inlineStr"([^>]*)><is><t[^>]*>([^<&]*)</t></is></c>')
PHONETIC = '<rPh sb="0" eb="1"><t>ベツ</t></rPh><phoneticPr fontId="1"/>'
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def in_runs(text: str) -> str:
    """A text in two runs, with a reading beside them that is no part of it."""
    first = f'<r><rPr><b/><sz val="10"/></rPr><t xml:space="preserve">{text[:1]}</t></r>'
    return f'{first}<r><t xml:space="preserve">{text[1:]}</t></r>{PHONETIC}'


def test_rich_texts_with_phonetic_runs_in_cells(room: Any, path: Path) -> None:
    def inline(sheet: str) -> str:
        return TEXT.sub(lambda found: f'<c{found[1]} t="inlineStr"{found[2]}><is>{in_runs(found[3])}</is></c>', sheet)

    check(room, rewritten(path, {r"xl/worksheets/sheet[2-4]\.xml": inline}))


def test_rich_texts_with_phonetic_runs_in_the_table_of_texts(room: Any, path: Path) -> None:
    texts: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        texts.append(found[3])
        return f'<c{found[1]} t="s"{found[2]}><v>{len(texts) - 1}</v></c>'

    changes: dict[str, Change] = {
        r"xl/worksheets/sheet[2-4]\.xml": lambda sheet: TEXT.sub(numbered, sheet),
        r"xl/_rels/workbook\.xml\.rels": lambda text: text.replace(
            "</Rel", f'<Relationship Id="t" Type="{RELATION}" Target="/xl/texts.xml"/></Rel'
        ),
        r"\[Content_Types\]\.xml": lambda text: text.replace(
            "</Types", f'<Override PartName="/xl/texts.xml" ContentType="{KIND}"/></Types'
        ),
    }
    made = rewritten(path, changes)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(made, "a") as archive:
        table = "".join(f"<si>{in_runs(text)}</si>" for text in texts)
        archive.writestr("xl/texts.xml", f'<sst xmlns="{space}">{table}</sst>')
    check(room, made)


def test_a_wrong_or_missing_extent(room: Any, path: Path) -> None:
    def wrong(sheet: str) -> str:
        return re.sub(r"<dimension[^>]*/>", '<dimension ref="A1"/>', sheet)

    check(room, rewritten(path, {r"xl/worksheets/sheet2\.xml": wrong}))

    def missing(sheet: str) -> str:
        return re.sub(r"<dimension[^>]*/>", "", sheet)

    assert room.bring(rewritten(path, {r"xl/worksheets/sheet[2-4]\.xml": missing})).counts["unchanged"] == 3


def test_empty_rows_to_the_end_of_the_sheet(room: Any, path: Path) -> None:
    """As programs leave them when a whole column was formatted."""

    def last(sheet: str) -> str:
        tail = '<row r="1048576" spans="1:26" ht="18"><c r="O1048576" s="3"/></row>'
        return sheet.replace("</sheetData>", f"{tail}</sheetData>")

    begin = time.process_time()
    check(room, rewritten(path, {r"xl/worksheets/sheet[2-4]\.xml": last}))
    assert time.process_time() - begin < 30


def test_cells_and_rows_without_places(room: Any, path: Path) -> None:
    def bare(sheet: str) -> str:
        return re.sub(r'<(row|c) r="[A-Z]*\d+"', r"<\1", sheet)

    check(room, rewritten(path, {r"xl/worksheets/sheet[24]\.xml": bare}))


def test_rows_hidden_by_a_filter_count_as_the_others(room: Any, path: Path) -> None:
    book = openpyxl.load_workbook(path)
    for name in (ITEMS, ELEMENTS):
        for row in range(2, 11):
            book[name].row_dimensions[row].hidden = True
    book.save(path)
    check(room, path)


def test_sheets_in_another_order_under_other_names(room: Any, path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book._sheets.reverse()
    book[ITEMS].title, book[ELEMENTS].title = "第一张", "Sheet 2 (2)"
    book.save(path)
    check(room, path)


def test_columns_moved_and_a_column_put_in(room: Any, path: Path) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book[ELEMENTS]
    sheet.move_range("F1:G10", cols=20)
    sheet.insert_cols(1)
    sheet["A1"] = "我的备注"
    book.save(path)
    check(room, path)


def test_days_and_numbers_are_what_people_read(room: Any, fill: Any) -> None:
    edits = {PHONE: {"逐项校核记录": datetime(2026, 1, 9), "计量单位": 100, "代码集": 0.5, "来源信息项": True}}
    room.bring(fill(room.export(), edits))
    own = {key: given.value for key, given in people_values(room.trail)[PERSON]["sjh"].items()}
    assert own == {"verification": "2026-01-09", "unit": "100", "code_set": "0.5", "source_item": "是"}


@pytest.mark.parametrize(
    ("sheet", "merged", "named"),
    [(ITEMS, "P3:P5", "P3:P5"), (RESOURCES, "H2:I2", "H2:I2"), (ELEMENTS, "A1:F2", "A1:F2")],
)
def test_merged_cells_to_fill_are_named(room: Any, path: Path, sheet: str, merged: str, named: str) -> None:
    book = openpyxl.load_workbook(path)
    book[sheet].merged_cells.add(merged)
    book.save(path)
    with pytest.raises(InputError, match=f"审核表.xlsx {sheet}!{named}: cells to fill are merged"):
        room.bring(path)
    assert [act.verb for act in room.trail.acts()] == ["export"]


def test_merged_cells_elsewhere_do_no_harm(room: Any, path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book[ITEMS].merged_cells.add("C3:C4")
    book[ELEMENTS].insert_rows(1, 2)
    book[ELEMENTS]["A1"] = "普陀区民政局信息项，请于周五前交回"
    book[ELEMENTS].merged_cells.add("A1:N2")
    book.save(path)
    check(room, path)


@pytest.mark.parametrize(
    ("place", "title"), [(PHONE, "代码集"), (("person", None), "空间范围"), (("person", "sjh"), "理由/备注")]
)
def test_a_formulas_error_is_named_by_its_cell(room: Any, fill: Any, place: Any, title: str) -> None:
    done = room.bring(fill(room.export(), {place: {title: "#REF!"}}))
    (row,) = done.rows
    assert row.verdict == "refused"
    assert re.match(r".+![A-Z]+\d+「#REF!」：是公式的错误值", row.told)


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("a.xlsx", b"", "not a workbook"),
        ("a.xlsx", b"PK\x03\x04 no archive", "damaged"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "protected by a password"),
        ("a.csv", "字段,采纳建议\nxm,是\n".encode("gb18030"), "has no column 行标识"),
    ],
)
def test_files_that_cannot_be_read(room: Any, tmp_path: Path, name: str, body: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(body)
    with pytest.raises(Exception, match=told):
        room.bring(tmp_path / name)


def test_a_text_file_of_one_sheet_comes_in_too(room: Any, path: Path, tmp_path: Path) -> None:
    import csv

    with (tmp_path / "a.csv").open("w", encoding="gb18030", newline="") as stream:
        csv.writer(stream).writerows(openpyxl.load_workbook(path)[ITEMS].iter_rows(values_only=True))
    assert room.bring(tmp_path / "a.csv").counts["accepted"] == 2
