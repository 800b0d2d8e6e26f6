"""What people wrote into a review workbook: its lines, each cell with its place, whichever program saved the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from connectors.base import SourceFatalError
from connectors.workbook.cells import Broken
from connectors.workbook.grid import Row, Sheet, letters, read_sheets
from workflows.errors import InputError
from workflows.outputs.cells import clean_text
from workflows.review.export import ELEMENT_ROW, SHORT
from workflows.review.sheets import (
    ELEMENTS,
    ITEM_OWN,
    ITEM_TITLES,
    ITEMS,
    OWN,
    RESOURCES,
    ROW_ID,
    heading,
    plain,
    writable,
)

Form = Literal["待审信息项", "资源", "信息项"]
HEADING_WITHIN = 20
"""Rows in which the heading may stand: people put lines above it."""
ALIKE = 3
"""Headings that make a row the heading of one of our sheets."""
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
    """Heading without spaces → text, of the cells to fill that hold any; `Broken` among them."""
    places: dict[str, int]
    """Heading → column of the sheet."""
    ident: RowId | None
    """None: missing or spoiled."""

    def text(self, title: str) -> str:
        return self.cells.get(plain(title), "")

    @property
    def broken(self) -> dict[str, Broken]:
        """Heading → formula or error value, of the cells to fill."""
        return {title: text for title, text in self.cells.items() if isinstance(text, Broken)}

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


class _Found(NamedTuple):
    """One of our sheets, whatever it is called now."""

    sheet: Sheet
    form: Form
    begin: int
    """Index of the heading's row."""
    titles: dict[str, int]
    """Heading → column; of equal ones the first."""

    @property
    def place(self) -> str:
        return f"{self.sheet.file} {self.sheet.title or ''}".rstrip()

    @property
    def rows(self) -> list[Row]:
        return self.sheet.rows[self.begin + 1 :]

    def ident(self, row: Row) -> str:
        return row.cell(self.titles[plain(ROW_ID)])


def read_filled(path: Path) -> Filled:
    """Raises `InputError` when it is no review workbook, holds something that nobody could take for what it was meant
    as, or rows of two exports.
    """
    rulings: list[Line] = []
    elements: list[Line] = []
    for sheet in _sheets(path):
        found = _found(sheet)
        if found is not None:
            _check_headings(found)
            _check_merged(found)
            (rulings if found.form == ITEMS else elements).extend(_lines(found))
    exports = {line.ident.export for line in (*rulings, *elements) if line.ident}
    if len(exports) != 1:
        what = (
            "holds rows of several exports" if exports else f"has no column {ROW_ID} as `pdc review export` writes it"
        )
        raise InputError(f"{path.name} {what} (fill in one exported workbook, hidden columns untouched)")
    return Filled(exports.pop(), rulings, elements)


def _sheets(path: Path) -> Iterator[Sheet]:
    """One at a time: a sheet of 50,000 rows takes 100 MB."""
    try:
        yield from read_sheets(path)
    except SourceFatalError as error:
        raise InputError(str(error)) from error


# --- the sheets ------------------------------------------------------------------------------------------------------


def _found(sheet: Sheet) -> _Found | None:
    """None for a sheet that is none of ours. Raises `InputError` for one of ours without its row ids."""
    alike = False
    for index, row in enumerate(sheet.rows[:HEADING_WITHIN]):
        titles: dict[str, int] = {}
        for place, text in row.filled():
            titles.setdefault(plain(text), place)
        known = {form: len(own & titles.keys()) for form, own in _headings().items()}
        form = max(known, key=lambda one: known[one])
        if plain(ROW_ID) in titles:
            return _Found(sheet, form, index, titles)
        alike = alike or known[form] >= ALIKE
    if alike or (sheet.rows and sheet.title in _headings()):
        raise InputError(
            f"{sheet.file} {sheet.title or ''}: there is no heading {ROW_ID}, so nobody knows which row is which "
            "(fill in a fresh export, and leave its hidden column and its headings as they are)"
        )
    return None


def _check_headings(found: _Found) -> None:
    """Whatever stands under a heading that is none of ours would be lost. Raises `InputError`."""
    known = {place for title, place in found.titles.items() if title in _headings()[found.form]}
    head = found.sheet.rows[found.begin]
    for row in found.rows:
        for place, _ in row.filled():
            if place not in known:
                raise InputError(
                    f"{found.place}!{letters(place)}{row.number} {_under(head.cell(place), place, found)} "
                    f"(let headings be as exported; notes of your own belong on another sheet)"
                )


def _under(title: str, place: int, found: _Found) -> str:
    if not title:
        return "stands under no heading"
    doubled = found.titles.get(plain(title)) != place
    return f"stands under the heading 「{title[:20]}」, which {'is there twice' if doubled else 'no export has'}"


def _check_merged(found: _Found) -> None:
    """Merged cells hold one value: what they mean for the other rows nobody knows. Raises `InputError`."""
    row = found.sheet.rows[found.begin].number
    columns = {at for title, at in found.titles.items() if title in _filled_in()}
    for reach in found.sheet.merged:
        if reach.last_row > row and not columns.isdisjoint(range(reach.first_column, reach.last_column + 1)):
            raise InputError(
                f"{found.place}!{reach.text}: cells to fill are merged (unmerge them, fill in each of them)"
            )


@cache
def _headings() -> Mapping[Form, frozenset[str]]:
    """Every heading of each sheet, as `plain` gives it."""
    texts: dict[Form, tuple[str, ...]] = {
        "待审信息项": (*ITEM_OWN, *ITEM_TITLES),
        "资源": (*OWN[RESOURCES], *map(heading, writable("asset").values())),
        "信息项": (*OWN[ELEMENTS], *map(heading, writable("item").values())),
    }
    return {form: frozenset(map(plain, (*titles, ROW_ID))) for form, titles in texts.items()}


@cache
def _filled_in() -> frozenset[str]:
    """The headings of cells to fill, as `plain` gives them."""
    ours = (*writable("asset").values(), *writable("item").values())
    return frozenset(map(plain, (*ITEM_TITLES, *map(heading, ours))))


# --- their rows ------------------------------------------------------------------------------------------------------


def _lines(found: _Found) -> Iterator[Line]:
    """Rows with what stands under the headings that people fill in; the rest does not count."""
    own = _headings()[found.form] & _filled_in()
    read = [(title, place) for title, place in found.titles.items() if title in own]
    for row in found.rows:
        cells = {title: _said(said) for title, place in read if (said := row.cell(place))}
        ident = found.ident(row)
        if cells or ident:
            yield Line(found.sheet.title or "", row.number, cells, found.titles, _ident(ident, found.form != ITEMS))


def _said(text: str) -> str:
    """What a person reads in the cell: programs store days as moments."""
    if isinstance(text, Broken):
        return text
    text = clean_text(text).strip()
    day = _MIDNIGHT.fullmatch(text)
    return day[1] if day else text


def _ident(text: str, elements: bool) -> RowId | None:
    """None as well for the id of a row that belongs on the other kind of sheet."""
    found = _ROW_ID.fullmatch(text)
    if found is None or elements != (found[4] != ""):
        return None
    return RowId(found[1], int(found[2]), None if found[3] is None else int(found[3]), elements)
