"""Cells of .xlsx workbooks, one pass over the XML of each sheet: values, formulas told from content, merged cells.

openpyxl parses; its own worksheets tell either a formula or its last result, and neither with the merged cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from connectors.workbook.cells import Broken, Merged

_LONGEST = 80
_FORMULA, _VALUE, _STRING, _TEXT = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("f", "v", "si", "t"))
_RUN = f"{{{SHEET_MAIN_NS}}}r/{_TEXT}"
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_TO_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


class XlsxSheet:
    """One worksheet; `merged` knows all when `rows` has come to its end."""

    def __init__(self, title: str, hidden: bool, parser: Any) -> None:
        self.title, self.hidden, self._parser = title, hidden, parser

    def rows(self) -> Iterator[tuple[int, list[object]]]:
        """Number from 1, and values; rows that no cell stands in are left out."""
        return ((number, _values(cells)) for number, cells in self._parser.parse() if cells)

    @property
    def merged(self) -> tuple[Merged, ...]:
        ranges = self._parser.merged_cells.mergeCell if self._parser.merged_cells else ()
        return tuple(Merged(str(one.coord), one.min_col - 1, one.max_col - 1, one.max_row) for one in ranges)


def read_xlsx(stream: BinaryIO, results: bool = False) -> Iterator[XlsxSheet]:
    """All worksheets; one is read before the next is asked for.

    ``results``: the last result of a formula is content, where the file has one.

    Raises whatever openpyxl, the XML parser and zipfile do for damaged files.
    """
    reader: Any = ExcelReader(stream, read_only=True, keep_links=False)
    reader.read_manifest()
    reader.read_workbook()
    apply_stylesheet(reader.archive, reader.wb)
    texts = _texts(reader)
    for sheet, relation in reader.parser.find_sheets():
        if relation.target in reader.valid_files and "chartsheet" not in relation.Type:
            with reader.archive.open(relation.target) as source:
                yield XlsxSheet(sheet.name, sheet.state != "visible", _parser(source, texts, reader.wb, results))
    reader.archive.close()


def unescaped(text: str) -> str:
    """A text as spreadsheet programs show it: what XML cannot hold stands in files as ``_xHHHH_``.

    >>> unescaped("A_x0042_C_x005F_x0042_")
    'ABC_x0042_'
    """
    return _ESCAPED.sub(_character, text).replace("\r\n", "\n") if "_x" in text else text


def escaped(text: str) -> str:
    """A text in the way of `unescaped`, so that what only looks like an escape is read as it is.

    >>> escaped("ABC_x0042_")
    'ABC_x005F_x0042_'
    """
    return _TO_ESCAPE.sub("_x005F_", text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if 0xD800 <= code < 0xE000 else chr(code)


def _texts(reader: Any) -> list[str]:
    """The table of texts that cells refer to."""
    part = reader.package.find(SHARED_STRINGS)
    if part is None:
        return []
    texts = []
    with reader.archive.open(part.PartName[1:]) as source:
        for _, node in iterparse(source):
            if node.tag == _STRING:
                # Readings of characters (rPh) are no part of the text.
                parts = (*node.findall(_TEXT), *node.findall(_RUN))
                texts.append("".join(part.text or "" for part in parts))
                node.clear()
    return texts


class _Parser(WorkSheetParser):
    """Gives formulas as `Broken`, and values of all other cells that hold one."""

    results = False

    def parse_row(self, row: Any) -> Any:
        # Half of a form is cells that have a look and nothing else.
        if all("r" in cell.attrib for cell in row):
            row[:] = [cell for cell in row if len(cell)]
        return super().parse_row(row)

    def parse_cell(self, element: Any) -> Any:
        self.data_only = self.results and _has_result(element)
        return super().parse_cell(element)

    def parse_formula(self, element: Any) -> Broken:
        said = "".join((element.findtext(_FORMULA) or "…").split())
        return Broken(f"={said[:_LONGEST]}…" if len(said) > _LONGEST else f"={said}")


def _has_result(cell: Any) -> bool:
    """Whether somebody's program worked the formula out; an empty text is a result, too."""
    return cell.get("t") == "str" or bool(cell.findtext(_VALUE))


def _parser(source: Any, texts: Sequence[str], book: Any, results: bool) -> Any:
    parser: Any = _Parser(
        source,
        texts,
        epoch=book.epoch,
        date_formats=book._date_formats,
        timedelta_formats=book._timedelta_formats,
    )
    parser.results = results
    return parser


def _values(cells: Sequence[dict[str, Any]]) -> list[object]:
    values: list[object] = [None] * max(cell["column"] for cell in cells)
    for cell in cells:
        value = cell["value"]
        if isinstance(value, str) and not isinstance(value, Broken):
            value = Broken(value) if cell["data_type"] == "e" else unescaped(value)
        values[cell["column"] - 1] = value
    return values
