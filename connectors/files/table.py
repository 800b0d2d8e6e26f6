"""What a reader makes of a file: columns, and a bounded number of rows in memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.files.heading import find_heading
from connectors.files.infer import data_type, is_null
from connectors.files.source import MAX_COLUMNS
from connectors.model import Column, Failure

LONGEST_VALUE = 4_000
"""Characters of a sampled value; the rest is cut off."""
_LONGEST_NAME = 255
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")
_HAN_GAP = re.compile(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")


@dataclass
class Table:
    columns: list[Column] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    """Values in the columns' order; shorter rows end in nulls."""
    title: str | None = None
    """The sheet's name; None where a file is one table."""
    comment: str | None = None
    row_estimate: int | None = None
    marks: str = ""
    """Text that may bear a secrecy mark besides name and comment."""
    failures: list[Failure] = field(default_factory=list)
    notices: list[Failure] = field(default_factory=list)
    """Guesses that were made; nothing is missing for them."""


def tabulate(rows: Sequence[Sequence[Any]], numbers: Sequence[int], place: str, header: bool | None) -> Table:
    """A grid of cells as a table; ``numbers`` are the rows' lines in the file, for messages."""
    kept = [index for index, row in enumerate(rows) if not all(cell is None or cell == "" for cell in row)]
    grid = [list(rows[index]) for index in kept]
    heading = find_heading(grid, header)
    table = Table(comment=heading.title, marks=heading.above)
    body = grid[heading.body :]
    if heading.names is not None:
        names = _trimmed(heading.names, body)
    else:
        names = [""] * max((len(row) for row in body), default=0)
        if body and header is None:
            what = f"no heading row recognised; the columns are called c1 to c{len(names)}"
            table.notices.append(Failure(what, place, "set header: true or header: false for the system"))
    if len(names) > MAX_COLUMNS:
        table.failures.append(
            Failure(f"more than {MAX_COLUMNS} columns; the rest is left out", place, "check the delimiter")
        )
        names = names[:MAX_COLUMNS]
    _tell_wider(table, body, [numbers[index] for index in kept[heading.body :]], len(names), place)
    table.rows = [row[: len(names)] for row in body]
    table.columns = columns_of(names, table.rows)
    return table


def columns_of(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Column]:
    """Columns with inferred types; blank names become c1, c2, …, repeated ones get a number."""
    unique = unique_names(names)
    return [
        Column(name=name, ordinal=index + 1, data_type=data_type(row[index] for row in rows if index < len(row)))
        for index, name in enumerate(unique)
    ]


def unique_names(names: Iterable[str]) -> list[str]:
    """
    >>> unique_names(["姓　名", "", "姓名", "单位\\n名称"])
    ['姓名', 'c2', '姓名_2', '单位名称']
    """
    taken: set[str] = set()
    counts: dict[str, int] = {}
    found: list[str] = []
    for index, written in enumerate(names, 1):
        plain = clean_name(written) or f"c{index}"
        name = plain
        while name in taken:
            counts[plain] = counts.get(plain, 1) + 1
            name = f"{plain}_{counts[plain]}"
        taken.add(name)
        found.append(name)
    return found


def clean_name(text: str) -> str:
    plain = re.sub(r"\s+", " ", _CONTROL.sub("", text)).strip()
    return _HAN_GAP.sub("", plain)[:_LONGEST_NAME]


def shown(value: Any) -> Any:
    """A value as a sample: None for what stands for nothing, long text cut, bytes not looked at."""
    if is_null(value) or isinstance(value, (bytes, bytearray, memoryview)):
        return None
    return value[:LONGEST_VALUE] if isinstance(value, str) else value


def _trimmed(names: list[str], body: Sequence[Sequence[Any]]) -> list[str]:
    """Without blank names at the end that no value stands under."""
    width = len(names)
    while width and not names[width - 1] and all(len(row) < width or is_null(row[width - 1]) for row in body):
        width -= 1
    return names[:width]


def _tell_wider(table: Table, body: Sequence[Sequence[Any]], numbers: Sequence[int], width: int, place: str) -> None:
    wider = [
        number
        for row, number in zip(body, numbers, strict=True)
        if len(row) > width and any(not is_null(cell) for cell in row[width:])
    ]
    if wider and width < MAX_COLUMNS:
        what = f"{len(wider)} of the first {len(body)} rows have more fields than there are columns"
        table.failures.append(
            Failure(
                what, f"{place}:{wider[0]}", "quote fields that hold the delimiter; the further fields are left out"
            )
        )
