"""Workbooks that people fill in: locked cells, cells to fill with drop-downs, hidden columns.

A form of 50,000 rows and 26 columns is 1.3 million cells. openpyxl writes the workbook, its styles and the heading
rows; the rows below are put into the sheet's XML as text, which takes a twentieth of the time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from openpyxl.styles import Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.constants import (
    ARC_CONTENT_TYPES,
    ARC_SHARED_STRINGS,
    ARC_WORKBOOK_RELS,
    REL_NS,
    SHARED_STRINGS,
    SHEET_MAIN_NS,
)

from connectors.workbook.xlsx import escaped
from workflows.outputs.cells import (
    MAX_ROWS,
    Book,
    Cell,
    Tinted,
    Value,
    bordered_style,
    clean_text,
    cut_text,
    looks_like_formula,
    make_cell,
)
from workflows.outputs.files import StableZip

OPTIONS = "选项代码"
"""The hidden sheet that drop-downs take their lists from."""
FILL, MISSING, FILL_HEAD, EXAMPLE, ALIKE = "FFFBEB", "FDE8E8", "B45309", "F3F4F6", "E4EEF9"
KEPT = 100_000
LINE, MOST_LINES = 14.5, 7
"""Points per line of text, and how many lines a row shows at most. Programs disagree on whether they work heights out
by themselves."""
_END = b"</sheetData>"
_PARTS = {
    ARC_WORKBOOK_RELS: f'<Relationship Id="rIdTexts" Type="{REL_NS}/sharedStrings" Target="/{ARC_SHARED_STRINGS}"/>',
    ARC_CONTENT_TYPES: f'<Override PartName="/{ARC_SHARED_STRINGS}" ContentType="{SHARED_STRINGS}"/>',
}


class Field(NamedTuple):
    """A column of a form."""

    title: str
    width: float
    look: str = "text"
    """``text`` | ``centre``, locked; ``fill`` | ``fill_centre``, to fill in."""
    options: tuple[str, ...] = ()
    only: bool = True
    """Whether nothing but the options may be entered."""
    prompt: str = ""
    hidden: bool = False

    @property
    def is_filled(self) -> bool:
        return self.look.startswith("fill")


class FormBook(Book):
    """A `Book` with forms; `save` writes them."""

    def __init__(self, title: str, generated_at: str) -> None:
        super().__init__(title, generated_at)
        self._bodies: dict[Any, Iterator[bytes]] = {}
        self._options: dict[tuple[str, ...], str] = {}
        self.texts: dict[str, int] = {}
        """Shared strings with their numbers: programs read them faster than texts in cells, and each of them once."""
        for name, fill, centre in (
            ("fill", FILL, False),
            ("fill_centre", FILL, True),
            ("missing", MISSING, False),
        ):
            style = bordered_style(f"pdc_{name}", fill, centre)
            # As text: whatever is typed stays what was typed, "=…" and 007 too.
            style.protection, style.number_format = Protection(locked=False), "@"
            self._workbook.add_named_style(style)
        self._workbook.add_named_style(bordered_style("pdc_example", EXAMPLE, italic=True, color="6B7280"))
        self._workbook.add_named_style(bordered_style("pdc_alike", ALIKE, True, bold=True))
        head = bordered_style("pdc_fill_head", FILL_HEAD, True, bold=True, color="FFFFFF")
        head.alignment.vertical = "center"
        self._workbook.add_named_style(head)

    def form(
        self,
        name: str,
        fields: Sequence[Field],
        rows: Iterable[Sequence[Cell]],
        *,
        frozen: int,
        count: int,
        above: Sequence[Sequence[Cell]] = (),
        protect: bool = True,
    ) -> None:
        """A sheet of ``count`` rows under a heading row; ``above``: rows over the headings, in the look of an example.

        ``count`` may be more than there are rows: the drop-downs reach that far.
        """
        sheet = self._sheet(name, (field.width for field in fields))
        first = len(above) + 2
        sheet.freeze_panes = f"{get_column_letter(frozen + 1)}{first}"
        sheet.print_title_rows = f"{first - 1}:{first - 1}"
        for number, field in enumerate(fields, start=1):
            sheet.column_dimensions[get_column_letter(number)].hidden = field.hidden
        for row in above:
            sheet.append([self._cell(sheet, value, "pdc_example") for value in row])
        sheet.row_dimensions[first - 1].height = 34
        heads = ["pdc_fill_head" if field.is_filled else "pdc_head" for field in fields]
        sheet.append([self._cell(sheet, field.title, head) for field, head in zip(fields, heads, strict=True)])
        last = min(first + max(count, 1) - 1, MAX_ROWS)
        sheet.auto_filter.ref = f"A{first - 1}:{get_column_letter(len(fields))}{last}"
        self._validate(sheet, fields, first, last)
        if protect:
            _protect(sheet)
        looks = _Looks(self, sheet, fields)
        self._bodies[sheet] = (looks.row(number, row) for number, row in enumerate(rows, start=first))

    def notes(self, name: str, lines: Iterable[Sequence[Value]]) -> None:
        """A hidden sheet of plain texts."""
        sheet = self._sheet(name, (24, 60))
        sheet.sheet_state = "hidden"
        for line in lines:
            sheet.append([self._cell(sheet, value, "pdc_note") for value in line])
        _protect(sheet)

    def save(self, path: Path) -> Path:
        if self._options:
            columns = [(["", *listed]) for listed in self._options]
            longest = max(map(len, columns))
            padded = [[*column, *[None] * (longest - len(column))] for column in columns]
            self.notes(OPTIONS, list(zip(*padded, strict=True)))
        return super().save(path)

    def _write(self, path: Path) -> None:
        with _FormZip(path, self._moment, self._bodies, self.texts) as archive:
            ExcelWriter(self._workbook, archive).save()

    def _validate(self, sheet: Any, fields: Sequence[Field], first: int, last: int) -> None:
        """One rule per column, whatever the number of rows."""
        for number, field in enumerate(fields, start=1):
            if not field.options and not field.prompt:
                continue
            rule = DataValidation(allow_blank=True)
            if field.options:
                rule = DataValidation("list", formula1=self._range(field.options), allow_blank=True)
                rule.showErrorMessage, rule.errorTitle = field.only, field.title
                rule.error = "请从下拉列表中选择"
            if field.prompt:
                rule.showInputMessage, rule.promptTitle, rule.prompt = True, field.title[:32], field.prompt
            letter = get_column_letter(number)
            rule.add(f"{letter}{first}:{letter}{last}")
            sheet.data_validations.append(rule)

    def _range(self, options: tuple[str, ...]) -> str:
        """Where a list stands on the sheet of options; equal lists stand there once."""
        if options not in self._options:
            self._options[options] = get_column_letter(len(self._options) + 1)
        letter = self._options[options]
        return f"'{OPTIONS}'!${letter}$2:${letter}${len(options) + 1}"


def _protect(sheet: Any) -> None:
    """Against mistakes, not against intent: there is no password."""
    protection = sheet.protection
    protection.sheet = True
    protection.formatColumns = protection.formatRows = protection.autoFilter = protection.sort = False


class _Looks:
    """Rows of one form as XML."""

    def __init__(self, book: FormBook, sheet: Any, fields: Sequence[Field]) -> None:
        self.sheet = sheet
        self.looks = [f"pdc_{field.look}" for field in fields]
        self.letters = [get_column_letter(number) for number in range(1, len(fields) + 1)]
        self.styles: dict[tuple[str, bool], int] = {}
        self.widths = [math.inf if field.hidden else field.width for field in fields]
        self.cells: dict[tuple[type, Value, str], str] = {}
        self.lines: dict[tuple[str, float], int] = {}
        self.texts = book.texts
        # Ids are given before openpyxl writes the styles.
        for style in book._workbook.named_styles:
            for quoted in (False, True):
                self._style_id(style, quoted)

    def row(self, number: int, values: Sequence[Cell]) -> bytes:
        parts = [""]
        lines = 1
        for letter, look, width, value in zip(self.letters, self.looks, self.widths, values, strict=True):
            if isinstance(value, Tinted):
                look, value = f"pdc_{value.key}", value.value
            if isinstance(value, str) and (len(value) * 2 > width or "\n" in value):
                lines = max(lines, self._lines(value, width))
            parts.append(f'<c r="{letter}{number}"{self._rest((value.__class__, value, look))}')
        parts[0] = f'<row r="{number}" ht="{4 + LINE * min(lines, MOST_LINES):g}" customHeight="1">'
        parts.append("</row>")
        return "".join(parts).encode()

    def _lines(self, text: str, width: float) -> int:
        """How many lines a text takes; Han characters count as two."""
        found = self.lines.get((text, width))
        if found is None:
            if len(self.lines) >= KEPT:
                self.lines.clear()
            sizes = (len(line) + sum(char > "\u2e7f" for char in line) for line in text[:2_000].splitlines())
            found = self.lines[text, width] = sum(max(1, math.ceil(size / (width - 1))) for size in sizes)
        return found

    def _rest(self, key: tuple[type, Value, str]) -> str:
        """A cell after its place; rows repeat what they say."""
        found = self.cells.get(key)
        if found is None:
            if len(self.cells) >= KEPT:
                self.cells.clear()
            found = self.cells[key] = self._made(key[1], key[2])
        return found

    def _made(self, value: Value, look: str) -> str:
        if isinstance(value, str):
            value = cut_text(clean_text(value))
            style = self._style_id(look, looks_like_formula(value))
            return (
                f' s="{style}" t="s"><v>{self.texts.setdefault(value, len(self.texts))}</v></c>'
                if value
                else f' s="{style}"/>'
            )
        style = self._style_id(look, False)
        if isinstance(value, bool):
            return f' s="{style}" t="b"><v>{value:d}</v></c>'
        return f' s="{style}"/>' if value is None else f' s="{style}"><v>{value!r}</v></c>'

    def _style_id(self, look: str, quoted: bool) -> int:
        found = self.styles.get((look, quoted))
        if found is None:
            cell = make_cell(self.sheet, "=" if quoted else None, look)
            found = self.styles[look, quoted] = cell.style_id
        return found


class _FormZip(StableZip):
    """Puts the rows of forms into their sheets as these are packed, and the shared strings beside them."""

    def __init__(
        self, file: Path, moment: datetime, bodies: Mapping[Any, Iterator[bytes]], texts: Mapping[str, int]
    ) -> None:
        super().__init__(file, moment)
        self._bodies, self._texts = bodies, texts

    def writestr(self, zinfo_or_arcname: Any, data: Any, *args: Any, **kwargs: Any) -> None:
        """openpyxl writes no shared strings of its own: what names the parts of the workbook is told of ours."""
        name = getattr(zinfo_or_arcname, "filename", zinfo_or_arcname)
        part = _PARTS.get(name)
        if part is not None:
            text = data.decode() if isinstance(data, bytes) else data
            before, end, after = text.rpartition("</")
            data = f"{before}{part}{end}{after}"
        super().writestr(zinfo_or_arcname, data, *args, **kwargs)
        if name == ARC_WORKBOOK_RELS:
            # The rows have been written by now: the texts are all known.
            super().writestr(ARC_SHARED_STRINGS, self._table())

    def _table(self) -> str:
        items = (f'<si><t xml:space="preserve">{escape(escaped(text))}</t></si>' for text in self._texts)
        return f'<?xml version="1.0" encoding="UTF-8"?><sst xmlns="{SHEET_MAIN_NS}">{"".join(items)}</sst>'

    def write(self, filename: Any, arcname: Any = None, *args: Any, **kwargs: Any) -> None:
        rows = next((rows for sheet, rows in self._bodies.items() if sheet.path[1:] == arcname), None)
        if rows is None:
            super().write(filename, arcname, *args, **kwargs)
            return
        head, _, tail = Path(filename).read_bytes().partition(_END)
        with self.open(self._member(arcname), "w", force_zip64=True) as target:
            target.write(head)
            for row in rows:
                target.write(row)
            target.write(_END + tail)
