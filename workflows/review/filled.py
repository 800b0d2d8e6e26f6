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
from workflows.review.export import SHORT
from workflows.review.sheets import ACCEPT, ITEM_TITLES, ROW_ID, heading, plain, writable

HEADING_WITHIN = 20
"""Rows in which the heading may stand: people put lines above it."""
_ROW_ID = re.compile(rf"([0-9a-f]{{{SHORT}}})-(\d{{1,9}})(?:-(\d{{1,9}}))?")


class RowId(NamedTuple):
    export: str
    """First digits of the export's id."""
    asset: int
    column: int | None
    """None = a row of the sheet 资源."""


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
    items: list[Line]
    resources: list[Line]


def read_filled(path: Path) -> Filled:
    """Raises `InputError` when it is no review workbook, or rows of two exports stand in it, and what
    `connectors.workbook.grid.read_sheets` raises for a file that cannot be read.
    """
    items: list[Line] = []
    resources: list[Line] = []
    for sheet in read_sheets(path):
        found = _heading(sheet)
        if found is not None:
            (items if plain(ACCEPT) in found[1] else resources).extend(_lines(sheet, *found))
    exports = {line.ident.export for line in (*items, *resources) if line.ident}
    if len(exports) != 1:
        what = (
            "holds rows of several exports" if exports else f"has no column {ROW_ID} as `pdc review export` writes it"
        )
        raise InputError(f"{path.name} {what} (fill in one exported workbook, hidden columns untouched)")
    return Filled(exports.pop(), items, resources)


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
    read = [(title, place) for title, place in titles.items() if title in _filled_in()]
    ident = titles[plain(ROW_ID)]
    for row in sheet.rows[begin:]:
        cells = {title: clean_text(text).strip() for title, place in read if (text := row.cell(place))}
        if cells or row.cell(ident):
            yield Line(sheet.title or "", row.number, cells, titles, _ident(row.cell(ident)))


@cache
def _filled_in() -> frozenset[str]:
    """The headings of cells to fill, as `plain` gives them."""
    return frozenset(map(plain, (*ITEM_TITLES, *map(heading, writable().values()))))


def _ident(text: str) -> RowId | None:
    found = _ROW_ID.fullmatch(text)
    if found is None:
        return None
    return RowId(found[1], int(found[2]), None if found[3] is None else int(found[3]))
