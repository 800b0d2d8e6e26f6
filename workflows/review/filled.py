"""What people wrote into a review workbook: its lines, each cell with its place, whichever program saved the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from connectors.workbook.grid import Sheet, letters, read_sheets
from workflows.errors import InputError
from workflows.outputs.cells import clean_text
from workflows.review.export import ELEMENT_ROW, SHORT
from workflows.review.merged import merged_ranges
from workflows.review.sheets import ACCEPT, ITEM_TITLES, ROW_ID, heading, plain, writable

HEADING_WITHIN = 20
"""Rows in which the heading may stand: people put lines above it."""
_ROW_ID = re.compile(rf"([0-9a-f]{{{SHORT}}})-(\d{{1,9}})(?:-(\d{{1,9}})({ELEMENT_ROW}?))?")
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00")


class RowId(NamedTuple):
    export: str
    """First digits of the export's id."""
    asset: int
    column: int | None
    """None = a row of the sheet 资源."""
    elements: bool
    """Whether it is a row of 资源 or 信息项: elements of an entry, no labels."""


class Line(NamedTuple):
    """One row with its texts by heading."""

    sheet: str
    number: int
    cells: dict[str, str]
    """Heading without spaces → text, of the cells to fill that hold any."""
    places: dict[str, int]
    """Heading → column of the sheet."""
    ident: RowId | None
    """None: missing or spoiled."""

    def text(self, title: str) -> str:
        return self.cells.get(plain(title), "")

    def at(self, title: str) -> str:
        """``待审信息项!Q7``"""
        return f"{self.sheet}!{letters(self.places[plain(title)])}{self.number}"

    @property
    def place(self) -> str:
        return f"{self.sheet}!{self.number}"


class Filled(NamedTuple):
    export: str
    rulings: list[Line]
    """待审信息项"""
    elements: list[Line]
    """资源 and 信息项"""


def read_filled(path: Path) -> Filled:
    """Raises `InputError` when it is no review workbook, or rows of two exports stand in it, and what
    `connectors.workbook.grid.read_sheets` raises for a file that cannot be read.
    """
    rulings: list[Line] = []
    elements: list[Line] = []
    filled_in: dict[str, tuple[int, set[int]]] = {}
    for sheet in read_sheets(path):
        found = _heading(sheet)
        if found is not None:
            row, columns = sheet.rows[found[0] - 1].number, {at for title, at in found[1].items() if _is_filled(title)}
            filled_in[sheet.title or ""] = row, columns
            (rulings if plain(ACCEPT) in found[1] else elements).extend(_lines(sheet, *found))
    exports = {line.ident.export for line in (*rulings, *elements) if line.ident}
    if len(exports) != 1:
        what = (
            "holds rows of several exports" if exports else f"has no column {ROW_ID} as `pdc review export` writes it"
        )
        raise InputError(f"{path.name} {what} (fill in one exported workbook, hidden columns untouched)")
    _check_merged(path, filled_in)
    return Filled(exports.pop(), rulings, elements)


def _check_merged(path: Path, filled_in: dict[str, tuple[int, set[int]]]) -> None:
    """Merged cells hold one value: what they mean for the other rows nobody knows. Raises `InputError`.

    ``filled_in``: sheet → row of its headings, and the columns that people fill in.
    """
    for sheet, reach in merged_ranges(path):
        row, columns = filled_in.get(sheet, (0, set()))
        if reach.last_row > row and not columns.isdisjoint(range(reach.first_column, reach.last_column + 1)):
            raise InputError(
                f"{path.name} {sheet}!{reach.text}: cells to fill are merged (unmerge them, fill in each of them)"
            )


def _heading(sheet: Sheet) -> tuple[int, dict[str, int]] | None:
    """Where the rows begin, and the columns by heading; of equal headings the first counts."""
    for index, row in enumerate(sheet.rows[:HEADING_WITHIN]):
        titles: dict[str, int] = {}
        for place, text in row.filled():
            titles.setdefault(plain(text), place)
        if plain(ROW_ID) in titles:
            return index + 1, titles
    return None


def _lines(sheet: Sheet, begin: int, titles: dict[str, int]) -> Iterator[Line]:
    """Rows with what stands under the headings that people fill in; the rest does not count."""
    read = [(title, place) for title, place in titles.items() if _is_filled(title)]
    ident, elements = titles[plain(ROW_ID)], plain(ACCEPT) not in titles
    for row in sheet.rows[begin:]:
        cells = {title: _said(text) for title, place in read if (text := row.cell(place))}
        if cells or row.cell(ident):
            yield Line(sheet.title or "", row.number, cells, titles, _ident(row.cell(ident), elements))


def _said(text: str) -> str:
    """What a person reads in the cell: programs store days as moments."""
    text = clean_text(text).strip()
    day = _MIDNIGHT.fullmatch(text)
    return day[1] if day else text


def _is_filled(title: str) -> bool:
    return title in _filled_in()


@cache
def _filled_in() -> frozenset[str]:
    """The headings of cells to fill, as `plain` gives them."""
    ours = (*writable("asset").values(), *writable("item").values())
    return frozenset(map(plain, (*ITEM_TITLES, *map(heading, ours))))


def _ident(text: str, elements: bool) -> RowId | None:
    """None as well for the id of a row that belongs on the other kind of sheet."""
    found = _ROW_ID.fullmatch(text)
    if found is None or elements != (found[4] != ""):
        return None
    return RowId(found[1], int(found[2]), None if found[3] is None else int(found[3]), elements)
