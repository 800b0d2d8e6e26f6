"""Sheets of cells from workbooks and delimited text, as plain text with the place of each cell.

Formulas are not evaluated. Where somebody answers for what the cells say, neither they nor their last results are
content (see `Broken`); a dictionary's results are, where the file has them. (In .xls, which says so nowhere that is
read, and in .csv, results always look like content.) The files are read without macros, links or styles.
"""

from __future__ import annotations

import csv
import datetime
import re
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.base import ConnectorError, SourceFatalError
from connectors.files.archive import check_packed
from connectors.files.source import Limits, extra
from connectors.files.spreadsheet import OLE2, open_xls, xls_row
from connectors.model import Failure
from connectors.text import decode
from connectors.workbook.cells import ERRORS, Broken, Merged

if TYPE_CHECKING:
    from connectors.workbook.xlsx import XlsxSheet

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WIDE_ALPHABET = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()} | {
    0xFF3F: 0x5F
}


@dataclass(frozen=True)
class Row:
    number: int
    """1-based, as the spreadsheet program shows it."""
    cells: tuple[str, ...]
    """`Broken` among them."""

    def cell(self, index: int | None) -> str:
        return self.cells[index] if index is not None and index < len(self.cells) else ""

    def filled(self) -> list[tuple[int, str]]:
        return [(index, text) for index, text in enumerate(self.cells) if text]


@dataclass
class Sheet:
    file: str
    title: str | None
    """None for a .csv file, which has no sheets."""
    rows: list[Row] = field(default_factory=list)
    """Without the blank ones."""
    hidden: bool = False
    failures: list[Failure] = field(default_factory=list)
    notices: list[Failure] = field(default_factory=list)
    """What was read with a guess."""
    merged: tuple[Merged, ...] = ()

    @property
    def stem(self) -> str:
        return Path(self.file).stem

    @property
    def place(self) -> str:
        return f"{self.file}!{self.title}" if self.title is not None else self.file

    def at(self, row: Row, index: int) -> str:
        """``file!sheet!B7``"""
        return f"{self.place}!{letters(index)}{row.number}"


def letters(index: int) -> str:
    """0 → A, 26 → AA."""
    text, number = "", index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def read_sheets(path: Path, encoding: str | None = None, results: bool = False) -> Iterator[Sheet]:
    """All sheets of a workbook, hidden ones too, or the one of a .csv file. Raises `SourceFatalError`.

    ``results``: the last results of formulas are content, where the file has them.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise SourceFatalError(
            error.strerror or "cannot be opened", place=str(path), hint="check the rights"
        ) from error
    if path.suffix.lower() in (".csv", ".txt", ".tsv"):
        yield _read_csv(path, encoding)
    elif path.suffix.lower() in (".xls", ".et") and not head.startswith(b"PK"):
        yield from _read_old(path)
    else:
        _check_is_workbook(path, head)
        yield from _read_workbook(path, results)


def _check_is_workbook(path: Path, head: bytes) -> None:
    if head.startswith(OLE2):
        hint = "save it without a password, as .xlsx"
        raise SourceFatalError(
            "the workbook is protected by a password, or of the old kind", place=path.name, hint=hint
        )
    if head[30:].startswith(b"mimetypeapplication/vnd.oasis.opendocument"):
        raise SourceFatalError("an OpenDocument spreadsheet", place=path.name, hint="save it as .xlsx")
    if not head.startswith(b"PK"):
        raise SourceFatalError("not a workbook", place=path.name, hint="save it as .xlsx or .csv")


def _read_old(path: Path) -> Iterator[Sheet]:
    """.xls, and .et of WPS, through the extra that the connector files has too."""
    try:
        xlrd = extra("xlrd", "xls", "reading old workbooks (.xls)")
        with path.open("rb") as stream:
            book = open_xls(xlrd, stream, path.name)
        with book:
            for title in book.sheet_names():
                found = book.sheet_by_name(title)
                sheet = Sheet(path.name, title, hidden=found.visibility != 0)
                for at in range(found.nrows):
                    _add(sheet, at + 1, xls_row(xlrd, book, found, at))
                yield sheet
    except ConnectorError as error:
        hint = f"{error.failure.hint}, or save it as .xlsx" if error.failure.place is None else error.failure.hint
        raise SourceFatalError(error.failure.what, place=path.name, hint=hint) from None
    except Exception as error:
        # Old and damaged workbooks make the library fail in many ways.
        what = f"the workbook is damaged ({type(error).__name__})"
        raise SourceFatalError(what, place=path.name, hint="open it and save it again as .xlsx") from None


def _read_workbook(path: Path, results: bool) -> Iterator[Sheet]:
    from connectors.workbook.xlsx import read_xlsx

    try:
        with path.open("rb") as stream:
            check_packed(stream, path.name, Limits())
            sheets = read_xlsx(stream, results)
            while sheet := _next_sheet(path, sheets):
                yield sheet
    except ConnectorError as error:
        what = f"the workbook is damaged or too large ({error.failure.what})"
        raise SourceFatalError(
            what, place=path.name, hint="open it, and save each part as a .xlsx of its own"
        ) from None
    except Exception as error:
        # Damaged workbooks make the library, the XML parser and the decompressor fail in many ways.
        what = f"the workbook is damaged ({type(error).__name__})"
        raise SourceFatalError(what, place=path.name, hint="open it and save it again as .xlsx") from None


def _next_sheet(path: Path, sheets: Iterator[XlsxSheet]) -> Sheet | None:
    with warnings.catch_warnings():
        # What openpyxl leaves out (validation, styles, odd dates) says nothing about fields.
        warnings.simplefilter("ignore")
        found = next(sheets, None)
        return _read_sheet(path, found) if found else None


def _read_sheet(path: Path, found: XlsxSheet) -> Sheet:
    sheet = Sheet(path.name, found.title, hidden=found.hidden)
    for number, values in found.rows():
        _add(sheet, number, values)
    sheet.merged = found.merged
    return sheet


def _read_csv(path: Path, encoding: str | None) -> Sheet:
    sheet = Sheet(path.name, None)
    try:
        raw = path.read_bytes()
        text = raw.decode(encoding, "replace").removeprefix("\ufeff") if encoding else decode(raw)
    except (OSError, LookupError) as error:
        raise SourceFatalError(f"cannot be read: {error}", place=path.name, hint="check the file") from error
    # csv of Python 3.10 refuses NUL.
    lines = text.replace("\0", "\x01").splitlines(keepends=True)
    try:
        for number, values in enumerate(csv.reader(lines, delimiter=_delimiter(lines)), 1):
            _add(sheet, number, values)
    except csv.Error as error:
        sheet.failures.append(Failure(f"the rest cannot be read: {error}", path.name, "check the quotation marks"))
    return sheet


def _delimiter(lines: list[str]) -> str:
    head = "".join(lines[:20])
    return max(",\t;|", key=head.count) if head else ","


def _add(sheet: Sheet, number: int, values: Sequence[object]) -> None:
    texts = [_text(value) for value in values]
    if not any(texts):
        return
    odd = [index for index, text in enumerate(texts) if _CONTROL.search(text)]
    for index in odd:
        texts[index] = _CONTROL.sub("", texts[index]).strip()
    row = Row(number, tuple(texts))
    for index in odd:
        sheet.notices.append(
            Failure("the cell holds control characters", sheet.at(row, index), "read without them; retype the cell")
        )
    sheet.rows.append(row)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        text = value if isinstance(value, Broken) else value.strip()
        return Broken(text) if text in ERRORS else text
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return str(value).strip()


def narrow(name: str) -> str:
    """A field's or table's name with full-width letters and digits as ASCII, and without line breaks."""
    return re.sub(r"\s+", " ", name.translate(_WIDE_ALPHABET)).strip()


def heading(text: str) -> tuple[str, str]:
    """A heading in the form of headers.yaml: with what stands in brackets, and without."""
    plain = unicodedata.normalize("NFKC", text).lower()
    without = re.sub(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】", "", plain)
    return _bare(plain), _bare(without)


def _bare(text: str) -> str:
    return text.strip() if text.strip() == "#" else re.sub(r"[\W_]+", "", text)
