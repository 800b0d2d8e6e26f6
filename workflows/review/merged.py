"""Merged cells of a workbook's sheets; openpyxl does not tell them when it reads row by row."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import column_index_from_string

_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\b[^>]*\bref=["']([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)["']""")
_CHUNK, _OVERLAP = 1 << 20, 256


class Range(NamedTuple):
    text: str
    """``O3:O5``"""
    first_column: int
    """From 0."""
    last_column: int
    last_row: int
    """From 1."""


def merged_ranges(path: Path) -> Iterator[tuple[str, Range]]:
    """Sheet and range of all merged cells; none for what is no .xlsx. The workbook has been read before."""
    if not zipfile.is_zipfile(path):
        return
    with path.open("rb") as stream:
        reader: Any = ExcelReader(stream, read_only=True, keep_links=False)
        reader.read_manifest()
        reader.read_workbook()
        for sheet, relation in reader.parser.find_sheets():
            if relation.target in reader.valid_files:
                for found in _merged(reader.archive, relation.target):
                    yield sheet.name, found


def _merged(archive: zipfile.ZipFile, part: str) -> Iterator[Range]:
    """Read in pieces: a sheet of 50,000 rows is 60 MB of XML."""
    with archive.open(part) as stream:
        rest = b""
        while piece := stream.read(_CHUNK):
            text = rest + piece
            end = 0
            if b"mergeCell" in text:
                for found in _MERGED.finditer(text):
                    yield _range(*(group.decode() for group in found.groups()))
                    end = found.end()
            rest = text[max(end, len(text) - _OVERLAP) :]


def _range(left: str, top: str, right: str, bottom: str) -> Range:
    columns = column_index_from_string(left) - 1, column_index_from_string(right) - 1
    return Range(f"{left}{top}:{right}{bottom}", *columns, int(bottom))
