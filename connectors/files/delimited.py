"""Delimited text: which characters part and quote the fields is voted for, by how evenly they split the records.

Python's own `csv.Sniffer` fails on short files, on one column, and on Han text with commas in it.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from connectors.base import BadInputError
from connectors.files.source import HEAD, MAX_COLUMNS, ROWS, Settings, Source
from connectors.files.table import Table, tabulate
from connectors.model import Failure
from connectors.text import decoded_chunks, encoding_of, repaired

_DELIMITERS = ",\t;|^\x01\x1f"
_PREFERRED = {".tsv": "\t", ".tab": "\t"}
_LOOK = 1 << 16
"""Characters that vote."""
_LONGEST_QUOTE = 30
"""Line breaks inside one field; more means that a quotation mark was never closed."""
_EVEN = 0.8
_SEP = re.compile(r"sep=(.)\r?\n", re.I)


_CONTROLS = bytes({*range(0x20)} - {0x01, *b"\t\n\v\f\r", 0x1A, 0x1B, 0x1F})
_FEW = 8
_UNDECODED = "".join(map(chr, range(0xDC80, 0xDD00))) + "\ufffd"


class Shape(NamedTuple):
    delimiter: str = ","
    quote: str | None = '"'
    score: float = 0.0
    """Share of the records that have the same number of fields, 0 when that is one field."""


def read_delimited(source: Source, settings: Settings) -> list[Table]:
    """The one table of the file; none for a ``.txt`` or ``.dat`` file that is prose."""
    text, whole = text_head(source, settings)
    shape = Shape(settings.delimiter) if settings.delimiter else None
    if found := _SEP.match(text):
        shape, text = shape or Shape(found[1]), text[found.end() :]
    shape = shape or vote(text[:_LOOK], _PREFERRED.get(source.suffix, ","))
    if source.suffix in (".txt", ".dat") and shape.score < _EVEN and not settings.delimiter:
        return []
    rows: list[list[str]] = []
    numbers: list[int] = []
    trouble = None
    records = _records(text, shape)
    try:
        for number, row in islice(records, ROWS + 1):
            rows.append([cell.strip() for cell in row[: MAX_COLUMNS + 1]])
            numbers.append(number)
    except csv.Error:
        place = f"{source.path}:{numbers[-1] + 1 if numbers else 1}"
        trouble = Failure("a field has no end; the rest is not read", place, "check the quotation marks")
    if not whole and len(rows) > 1:
        # The last record is cut off.
        del rows[-1], numbers[-1]
    table = tabulate(rows, numbers, source.path, settings.header)
    table.failures += [trouble] if trouble else []
    return [table]


def text_head(source: Source, settings: Settings) -> tuple[str, bool]:
    """The beginning of a text, and whether that is all of it. Raises `BadInputError` for what is no text."""
    raw, whole = source.head(HEAD)
    encoding = settings.encoding or encoding_of(raw)
    if not _is_text(raw, encoding):
        raise BadInputError("the file is not text", place=source.path, hint="check its ending, or set encoding")
    decoded = "".join(decoded_chunks(io.BytesIO(raw), encoding))
    if not whole:
        # The last line is cut off, perhaps inside a character.
        decoded = decoded[: decoded.rindex("\n") + 1] if "\n" in decoded else decoded.rstrip(_UNDECODED)
    # csv of Python 3.10 refuses NUL.
    lines = "\n".join(repaired(line, encoding) for line in decoded.split("\n"))
    return lines.removeprefix("\ufeff").replace("\0", ""), whole


def _is_text(raw: bytes, encoding: str) -> bool:
    """Whether hardly any byte is one that text has no use for. Some files part their fields with 1 or 31."""
    if "16" in encoding or "32" in encoding:
        return True
    odd = len(raw) - len(raw.translate(None, _CONTROLS))
    return odd <= max(_FEW, len(raw) // 100)


def vote(text: str, preferred: str = ",") -> Shape:
    """
    >>> vote("a|b,c|d\\n1|2,5|3\\n1|x|4\\n").delimiter, vote("a;b\\n'x;y';2\\n").quote
    ('|', "'")
    """
    best = Shape(preferred)
    order = sorted((mark for mark in _DELIMITERS if mark in text), key=lambda mark: mark != preferred)
    best_width = 1
    for delimiter in order:
        for quote in ('"', "'", None):
            if quote == "'" and quote not in text:
                continue
            shape, width = _score(text, Shape(delimiter, quote))
            # Evenness first; among even ones more fields win, and then the earlier.
            if (round(shape.score, 1), width) > (round(best.score, 1), best_width):
                best, best_width = shape, width
    return best


def _score(text: str, shape: Shape) -> tuple[Shape, int]:
    counts: list[int] = []
    try:
        for _, row in islice(_records(text, shape), 200):
            if any(cell.count("\n") > _LONGEST_QUOTE for cell in row):
                return shape, 0
            if any(row):
                counts.append(len(row))
    except csv.Error:
        return shape, 0
    if len(counts) > 2:
        # The last record may be cut off.
        counts.pop()
    width, agreeing = Counter(counts).most_common(1)[0] if counts else (1, 0)
    return shape._replace(score=agreeing / len(counts) if width > 1 else 0.0), width


def _records(text: str, shape: Shape) -> Iterator[tuple[int, list[str]]]:
    """Records with the line that each begins on."""
    stream = io.StringIO(text, newline="")
    if shape.quote is None:
        reader = csv.reader(stream, delimiter=shape.delimiter, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(stream, delimiter=shape.delimiter, quotechar=shape.quote)
    begin = 1
    for row in reader:
        yield begin, row
        begin = reader.line_num + 1
