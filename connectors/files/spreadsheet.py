"""Sheets of data in workbooks: .xlsx and .xlsm row by row, .xls (and .et of WPS) through an extra.

Formulas are not evaluated: what the file says their last result was is read. Many programs call a page of HTML or a
delimited text .xls; the bytes decide.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from connectors.base import BadInputError, SourceFatalError
from connectors.files.archive import check_packed
from connectors.files.delimited import read_delimited
from connectors.files.infer import is_null
from connectors.files.source import MAX_COLUMNS, ROWS, Settings, Source, extra
from connectors.files.table import Table, tabulate

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BIFF = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")
_ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#GETTING_DATA"})
_CHECKED = 200
"""Rows without a value at the beginning of a sheet that are passed over."""


def read_spreadsheet(source: Source, settings: Settings) -> list[Table]:
    """One table for each sheet that holds values, hidden ones too."""
    head, _ = source.head(4096)
    start = head.lstrip().lower()
    if head.startswith(b"PK"):
        return list(_read_xlsx(source, settings))
    if head.startswith((OLE2, *_BIFF)):
        return list(_read_xls(source, settings))
    if start.startswith((b"<", b"\xef\xbb\xbf<")):
        raise BadInputError("a page of HTML or XML, not a workbook", place=source.path, hint="save it as .xlsx")
    if not head:
        return [Table()]
    return read_delimited(source, settings)


def _read_xlsx(source: Source, settings: Settings) -> Iterator[Table]:
    from openpyxl import load_workbook

    source.check_size(settings.limits)
    with source.seekable(settings.limits) as stream, warnings.catch_warnings():
        # What openpyxl leaves out (validation, styles, odd dates) says nothing about rows.
        warnings.simplefilter("ignore")
        check_packed(stream, source.path, settings.limits)
        book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        try:
            for sheet in book.worksheets:
                # Some programs write a wrong extent, which would cut the sheet off.
                sheet.reset_dimensions()
                rows = sheet.iter_rows(max_row=ROWS + _CHECKED, values_only=True)
                yield from _sheet(sheet.title, rows, source, settings)
        finally:
            book.close()


def _read_xls(source: Source, settings: Settings) -> Iterator[Table]:
    try:
        xlrd = extra("xlrd", "xls", "reading old workbooks (.xls)")
    except SourceFatalError as error:
        hint = f"{error.failure.hint}, or save it as .xlsx"
        raise BadInputError(error.failure.what, place=source.path, hint=hint) from None
    source.check_size(settings.limits)
    with source.seekable(settings.limits) as stream:
        book = open_xls(xlrd, stream, source.path)
    try:
        for name in book.sheet_names():
            sheet = book.sheet_by_name(name)
            grid = (xls_row(xlrd, book, sheet, at) for at in range(min(sheet.nrows, ROWS + _CHECKED)))
            yield from _sheet(name, grid, source, settings)
            book.unload_sheet(name)
    finally:
        book.release_resources()


def open_xls(xlrd: Any, stream: BinaryIO, place: str) -> Any:
    """A workbook of the old kind. Raises `BadInputError`: with a password, or none at all."""
    import io

    try:
        return xlrd.open_workbook(file_contents=stream.read(), on_demand=True, logfile=io.StringIO())
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            raise BadInputError("the workbook has a password", place=place, hint="save it without one") from None
        raise BadInputError("not a workbook of Excel 97 or later", place=place, hint="save it as .xlsx") from None


def xls_row(xlrd: Any, book: Any, sheet: Any, at: int) -> list[Any]:
    return [_xls_value(xlrd, book, cell) for cell in sheet.row(at)]


def _xls_value(xlrd: Any, book: Any, cell: Any) -> Any:
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(cell.value, book.datemode)
        except (ValueError, OverflowError):
            return None
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_NUMBER and float(cell.value).is_integer():
        return int(cell.value)
    return None if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK, xlrd.XL_CELL_ERROR) else cell.value


def _sheet(title: str, rows: Iterable[Iterable[Any]], source: Source, settings: Settings) -> Iterator[Table]:
    grid: list[list[Any]] = []
    numbers: list[int] = []
    for number, row in enumerate(rows, 1):
        cells = [_value(cell) for cell in islice(row, MAX_COLUMNS)]
        if not all(is_null(cell) for cell in cells):
            while cells[-1] is None:
                cells.pop()
            grid.append(cells)
            numbers.append(number)
    if grid:
        table = tabulate(grid, numbers, f"{source.path}!{title}", settings.header)
        table.title = title
        yield table


def _value(cell: Any) -> Any:
    if isinstance(cell, str):
        return None if cell in _ERRORS else cell
    return int(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15 else cell
