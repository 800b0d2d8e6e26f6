"""Cells never evaluate, sheets keep their limits, files are whole and reproducible."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from workflows.outputs import cells
from workflows.outputs.cells import Book, Cell, Column, Tinted, clean_text, cut_text
from workflows.outputs.files import replace_file, safe_name, write_bytes

MOMENT = "2026-11-23T10:30:00+08:00"


def written(path: Path, rows: Iterable[list[Cell]], width: int = 1) -> Any:
    book = Book("表", MOMENT)
    book.table("表", [Column(f"列{n}", 10) for n in range(width)], rows)
    return load_workbook(book.save(path / "表.xlsx"))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\n=", "＝"])
def test_text_that_looks_like_a_formula_is_quoted_text(start: str, tmp_path: Path) -> None:
    text = f'{start}HYPERLINK("http://127.0.0.1","x")'
    cell = written(tmp_path, [[text]])["表"]["A2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)


@pytest.mark.parametrize("text", ["公厕", "#N/A", "#REF!", "1e5", "'quoted", "a=b", "TRUE"])
def test_other_text_stays_as_it_is(text: str, tmp_path: Path) -> None:
    cell = written(tmp_path, [[text]])["表"]["A2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", False)


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [[1, 0.95, None, True]]
    assert [cell.value for cell in written(tmp_path, rows, 4)["表"][2]] == [1, 0.95, None, True]


def test_equal_numbers_of_different_types_do_not_share_a_cell(tmp_path: Path) -> None:
    sheet = written(tmp_path, [[1], [True], [1.0], ["1"]])["表"]
    assert [sheet.cell(row, 1).value for row in range(2, 6)] == [1, True, 1, "1"]
    assert [sheet.cell(row, 1).data_type for row in range(2, 6)] == ["n", "b", "n", "s"]


@given(st.text(max_size=40))
def test_any_text_can_be_written(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    cell = written(tmp_path_factory.mktemp("book"), [["前", text]], 2)["表"]["B2"]
    assert (cell.value or "") == clean_text(text)
    assert cell.data_type != "f"


def test_control_characters_and_broken_surrogates_are_removed() -> None:
    assert clean_text("a\x00b\x0bc\ud83dd\ufffee\tf\r\ng\rh") == "abcde\tf\ng\nh"


@pytest.mark.parametrize("text", ["长" * 32_767, "短"])
def test_text_within_the_limit_is_kept(text: str) -> None:
    assert cut_text(text) == text


@pytest.mark.parametrize("text", ["长" * 32_768, "😀" * 16_384, "a" + "😀" * 20_000])
def test_longer_text_is_cut_with_a_mark(text: str) -> None:
    cut = cut_text(text)
    assert cut.endswith(cells.CUT)
    assert text.startswith(cut.removesuffix(cells.CUT))
    assert 32_764 <= len(cut.encode("utf-16-le")) // 2 <= cells.MAX_TEXT


def test_tints_colour_the_cell(tmp_path: Path) -> None:
    sheet = written(tmp_path, [[Tinted("L4 高敏感级", "L4")], [Tinted("L1 公开级", "L1")]])["表"]
    assert [sheet.cell(row, 1).fill.fgColor.rgb[2:] for row in (2, 3)] == ["F9DEDC", "E3F1E6"]


def test_a_table_has_a_frozen_heading_filters_widths_and_print_settings(tmp_path: Path) -> None:
    sheet = written(tmp_path, [["a"], ["b"]])["表"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.print_title_rows) == ("A2", "A1:A3", "$1:$1")
    assert sheet.print_options.horizontalCentered
    assert (sheet.column_dimensions["A"].width, sheet["A2"].alignment.wrap_text) == (10, True)
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_a_cover_bears_its_title_once(tmp_path: Path) -> None:
    book = Book("清单", MOMENT)
    book.cover("清单", [("目录", "普陀区")])
    book.table("表", [Column("文", 10)], [["a"]])
    made = load_workbook(book.save(tmp_path / "清单.xlsx"))
    assert [(one.title, one.oddHeader.center.text) for one in made.worksheets] == [("说明", None), ("表", "清单")]
    assert made["说明"]["A1"].value == "清单"


def test_rows_beyond_a_sheet_go_on_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MAX_ROWS", 4)
    book = written(tmp_path, ([number] for number in range(7)))
    assert {name: book[name].max_row - 1 for name in book.sheetnames} == {"表": 3, "表(2)": 3, "表(3)": 1}
    assert [book["表(2)"].cell(row, 1).value for row in range(1, 5)] == ["列0", 3, 4, 5]


def test_the_cache_of_cells_is_bounded_and_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "CACHED_CELLS", 3)
    texts = [f"值{number % 5}" for number in range(40)]
    sheet = written(tmp_path, ([text, text] for text in texts), 2)["表"]
    assert [(row[0].value, row[1].value) for row in sheet.iter_rows(min_row=2)] == [(text, text) for text in texts]


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for folder in (first, second):
        written(folder, [["值"]])
    assert (first / "表.xlsx").read_bytes() == (second / "表.xlsx").read_bytes()
    with zipfile.ZipFile(first / "表.xlsx") as archive:
        assert b"2026-11-23T10:30:00Z</dcterms:modified>" in archive.read("docProps/core.xml")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "a.txt", [b"old"])

    def fail(partial: Path) -> None:
        partial.write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace_file(path, fail)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a.txt", b"old")]


@pytest.mark.parametrize(
    ("text", "name"),
    [("minzheng", "minzheng"), ("民政局", "民政局"), ("../etc", "_etc"), ("..", "_"), ("a/b\\c", "a_b_c")],
)
def test_names_of_folders_cannot_leave_their_place(text: str, name: str) -> None:
    assert safe_name(text) == name
