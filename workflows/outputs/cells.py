"""Sheets of a workbook: safe cells, one look for all outputs, and row limits.

A cell never holds a formula: text is stored as a string whatever it begins with, and where it could be taken for a
formula when edited it bears the quote prefix that spreadsheet programs show as a leading apostrophe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any, Final, NamedTuple

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from workflows.outputs.files import StableZip, replace_file, timestamp

Value = str | int | float | bool | None

MAX_TEXT: Final = 32_767
"""UTF-16 code units in a cell."""
MAX_ROWS: Final = 1_048_576
A3: Final = 8
A4: Final = 9
A4_CHARACTERS, A3_CHARACTERS = 170, 340
"""Wider tables are printed on A3, still wider ones on several pages side by side: to be read."""
LINE: Final = 14.5
"""Points per line of text."""
MOST_LINES: Final = 24
"""Of a row, which may be 409 points high; programs disagree on whether they work heights out by themselves, and none
does while it prints."""
HAN, LATIN = 1.95, 1.1
"""Widths of characters of 10 points as parts of a column's width, which counts digits of the default font."""
LONGEST_HEADER: Final = 80
CACHED_CELLS: Final = 20_000
CUT: Final = "…（超长，已截断）"
FONT: Final = "Microsoft YaHei"
INK, PRIMARY, RULE = "1F2933", "1F4E79", "D5DBE3"
TIER_FILLS: Final = {"L1": "E3F1E6", "L2": "E4EEF9", "L3": "FCEBD3", "L4": "F9DEDC", "undetermined": "ECEEF1"}
ACCESS_FILLS: Final = {
    "unconditional": "E3F1E6",
    "conditional": "FCEBD3",
    "none": "F9DEDC",
    "undetermined": "ECEEF1",
}

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# What XML 1.0 cannot hold, and halves of surrogate pairs, which UTF-8 cannot.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Column(NamedTuple):
    title: str
    width: float
    """Characters of the default font."""
    centre: bool = False


class Tinted(NamedTuple):
    """A cell value with the colour of a tier or access key."""

    value: Value
    key: str


Cell = Value | Tinted


def clean_text(text: str) -> str:
    """What a reader sees of a text from a source: no control characters, ``\\n`` line ends."""
    return _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def cut_text(text: str) -> str:
    """At most `MAX_TEXT` UTF-16 units, the cut marked."""
    if len(text) <= MAX_TEXT // 2 or len(text.encode("utf-16-le")) // 2 <= MAX_TEXT:
        return text
    room = (MAX_TEXT - len(CUT)) * 2
    return text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + CUT


def looks_like_formula(text: str) -> bool:
    return text.startswith(_FORMULA)


def bordered_style(name: str, fill: str | None = None, centre: bool = False, **font: Any) -> NamedStyle:
    """A named style as all tables have it; ``font``: what differs from their font."""
    side = Side("thin", color=RULE)
    return NamedStyle(
        name,
        font=Font(**{"name": FONT, "size": 10, "color": INK, **font}),
        fill=PatternFill("solid", fgColor=fill) if fill else PatternFill(),
        border=Border(side, side, side, side),
        alignment=Alignment("center" if centre else "left", "center" if name == "pdc_head" else "top", wrap_text=True),
    )


def _plain_style(name: str, wrap: bool = True, **font: Any) -> NamedStyle:
    alignment = Alignment("left", "top", wrap_text=wrap)
    return NamedStyle(name, font=Font(**{"name": FONT, "size": 10, "color": INK, **font}), alignment=alignment)


def _styles() -> Iterable[NamedStyle]:
    yield bordered_style("pdc_text")
    yield bordered_style("pdc_centre", centre=True)
    yield bordered_style("pdc_head", PRIMARY, True, bold=True, color="FFFFFF")
    yield _plain_style("pdc_title", wrap=False, size=16, bold=True, color=PRIMARY)
    yield _plain_style("pdc_label", bold=True, color=PRIMARY)
    yield _plain_style("pdc_note")
    for key, fill in {**TIER_FILLS, **ACCESS_FILLS}.items():
        yield bordered_style(f"pdc_{key}", fill, True)


class Book:
    """A workbook in write-only mode: rows go straight to disk, so that size is bounded by the file, not by memory."""

    def __init__(self, title: str, generated_at: str) -> None:
        self._moment: datetime = timestamp(generated_at)
        self._title = clean_text(title).replace("\n", " ")[:LONGEST_HEADER]
        self._workbook = Workbook(write_only=True)
        self._workbook.properties.title = clean_text(title)
        self._workbook.properties.creator = "public-data-catalog"
        self._workbook.properties.created = self._moment
        self._cells: dict[tuple[type, Value, str], Any] = {}
        # Widths of columns count digits of this style's font.
        styles: Any = getattr(self._workbook, "_named_styles")  # noqa: B009
        styles["Normal"].font = Font(name=FONT, size=10)
        for style in _styles():
            self._workbook.add_named_style(style)

    def cover(self, title: str, lines: Iterable[tuple[str, Value]]) -> None:
        """The sheet 说明: a title, then label and text per line."""
        sheet = self._sheet("说明", (20, 96))
        # The title stands on it.
        sheet.oddHeader.center.text = None
        sheet.append([self._cell(sheet, title, "pdc_title")])
        sheet.append([])
        columns = (Column("", 20), Column("", 96))
        for number, (label, text) in enumerate(lines, 3):
            height = row_height((label, text), columns)
            if height > 2 * LINE:
                sheet.row_dimensions[number].height = height
            sheet.append([self._cell(sheet, label, "pdc_label"), self._cell(sheet, text, "pdc_note")])

    def table(self, name: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], frozen: int = 0) -> None:
        """A sheet with a heading row, filters, and ``frozen`` columns that stay in sight.

        A sheet holds `MAX_ROWS` rows; more go on in ``name(2)`` and so on.
        """
        part, count, sheet = 1, 0, self._table_sheet(name, columns, frozen)
        letter = get_column_letter(len(columns))
        looks = ["pdc_centre" if column.centre else "pdc_text" for column in columns]
        for row in rows:
            if count == MAX_ROWS - 1:
                sheet.auto_filter.ref = f"A1:{letter}{count + 1}"
                part, count = part + 1, 0
                sheet = self._table_sheet(f"{name}({part})", columns, frozen)
            count += 1
            height = row_height(row, columns)
            if height > 2 * LINE:
                sheet.row_dimensions[count + 1].height = height
            sheet.append([self._cell(sheet, value, look) for value, look in zip(row, looks, strict=True)])
            # A written row needs no memory any more.
            sheet.row_dimensions.pop(count + 1, None)
        sheet.auto_filter.ref = f"A1:{letter}{count + 1}"

    def save(self, path: Path) -> Path:
        try:
            return replace_file(path, self._write)
        finally:
            self._close()

    def _close(self) -> None:
        """Sheets that were not written are closed in their order; left to themselves they print traces."""
        for sheet in self._workbook.worksheets:
            if not sheet.closed:
                sheet.close()

    def _write(self, path: Path) -> None:
        with StableZip(path, self._moment) as archive:
            ExcelWriter(self._workbook, archive).save()

    def _sheet(self, name: str, widths: Iterable[float]) -> Any:
        sheet: Any = self._workbook.create_sheet(name)
        widths = tuple(widths)
        for number, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        sheet.sheet_view.showGridLines = False
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = A3 if sum(widths) > A4_CHARACTERS else A4
        sheet.page_margins.left = sheet.page_margins.right = 0.3
        sheet.page_margins.top, sheet.page_margins.bottom = 0.75, 0.6
        sheet.page_margins.header = sheet.page_margins.footer = 0.3
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = ceil(sum(widths) / A3_CHARACTERS), 0
        sheet.page_setup.pageOrder = "overThenDown"
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        # Under the title.
        sheet.print_options.horizontalCentered = True
        # A page by itself says what it is from; an ampersand would begin a code.
        sheet.oddHeader.center.text, sheet.oddHeader.center.size = self._title.replace("&", "&&"), 14
        sheet.oddFooter.left.text, sheet.oddFooter.right.text = name, "第 &P 页，共 &N 页"
        return sheet

    def _table_sheet(self, name: str, columns: Sequence[Column], frozen: int) -> Any:
        sheet = self._sheet(name, (column.width for column in columns))
        sheet.freeze_panes = f"{get_column_letter(frozen + 1)}2"
        sheet.print_title_rows = "1:1"
        if sheet.page_setup.fitToWidth > 1 and frozen:
            sheet.print_title_cols = f"A:{get_column_letter(frozen)}"
        sheet.row_dimensions[1].height = 34
        sheet.append([self._cell(sheet, column.title, "pdc_head") for column in columns])
        return sheet

    def _cell(self, sheet: Any, cell: Cell, look: str) -> Any:
        value, style = (cell.value, f"pdc_{cell.key}") if isinstance(cell, Tinted) else (cell, look)
        # A written cell may be given again for another place: rows repeat what they say, and making cells is slow.
        key = (value.__class__, value, style)
        made = self._cells.get(key)
        if made is None:
            if len(self._cells) >= CACHED_CELLS:
                self._cells.clear()
            made = self._cells[key] = make_cell(sheet, value, style)
        return made


def row_height(row: Sequence[Cell], columns: Sequence[Column]) -> float:
    """Points that the longest text of a row needs in its column, up to `MOST_LINES` lines.

    >>> row_height(["普陀区公共数据资源目录", 1], [Column("a", 12), Column("b", 12)])
    33.0
    """
    most = 1
    for cell, column in zip(row, columns, strict=True):
        value = cell.value if isinstance(cell, Tinted) else cell
        if isinstance(value, str) and (len(value) * HAN > column.width or "\n" in value):
            most = max(most, sum(_lines(part, column.width) for part in value.split("\n")))
    return 4 + LINE * min(most, MOST_LINES)


def _lines(text: str, width: float) -> int:
    # Latin has one byte in this encoding, Han at least two.
    narrow = 2 * len(text) - min(len(text.encode("gb18030", "replace")), 2 * len(text))
    return max(1, ceil((narrow * LATIN + (len(text) - narrow) * HAN) / max(1.0, width)))


def make_cell(sheet: Any, value: Value, style: str) -> Any:
    """A cell of a write-only sheet; text is always a string, never a formula or an error value."""
    made = WriteOnlyCell(sheet)
    made.style = style
    made.value = text = cut_text(clean_text(value)) if isinstance(value, str) else value
    if text == "":
        made.value = None
    elif isinstance(text, str):
        # openpyxl takes "=…" for a formula and "#N/A" for an error.
        made.data_type = "s"
        made.quotePrefix = looks_like_formula(text)
    return made
