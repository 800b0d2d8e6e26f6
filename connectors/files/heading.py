"""Which row of a grid names its columns, if any does.

A first row that is data must never become names: it would carry people's numbers into the catalogue. So a row is taken
for a heading only when nothing in it looks like a value and most of it looks like a heading; in doubt there is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from statistics import median
from typing import Any, NamedTuple

from connectors.files.infer import NULLS, kind_of

_LOOK_AHEAD = 200
_PREAMBLE = 20
"""Rows above the heading (title, unit, date of the statement), at most."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.$#-]{1,62}")
_BRACKETS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]|[*＊:：?？\s]+")
_PERIOD = re.compile(r"(?:19|20)\d{2}(?:年(?:\d{1,2}月)?)?|\d{1,2}月份?|第?[一二三四1-4]季度")
_NOTE = re.compile(r"[^\d：:]{2,10}[：:]\s*\S")
# Numbers of people and things, masked ones, plates, mail, dates, clock times, and house numbers.
_VALUE = re.compile(
    r"\d{6}|\*{2}|[\u4e00-\u9fff][A-Z][A-Z0-9]{5}|\S@\S+\.\S|\d{4}[-/.年]\d|\d:\d\d|\d[\d-]*(?:号|弄|室|栋|幢|楼|单元)(?!码)"
)


class Heading(NamedTuple):
    names: list[str] | None
    """As written; None when no row names the columns."""
    body: int
    """Index of the first row of data."""
    title: str | None = None
    """What stands alone above."""
    above: str = ""
    """All text above the heading, for secrecy marks."""


def find_heading(rows: Sequence[Sequence[Any]], forced: bool | None = None) -> Heading:
    """The heading of a grid whose first row is not blank; ``forced`` is what the operator said.

    >>> find_heading([["名单", ""], ["姓名", "年龄"], ["某甲", "31"], ["某乙", "40"]])
    Heading(names=['姓名', '年龄'], body=2, title='名单', above='名单')
    >>> find_heading([["某甲", "310107199001011230"], ["某乙", "310107199101011231"]])
    Heading(names=None, body=0, title=None, above='')
    """
    grid = _even([[as_text(cell) for cell in row] for row in rows[:_LOOK_AHEAD]])
    at = _first_full_row(grid)
    if 0 < at < len(grid) and sum(map(bool, grid[at - 1])) > 1 and _continues(grid[at - 1], grid[at], grid[at + 1 :]):
        # Few groups over many columns: the upper row alone looks too empty.
        at -= 1
    above = [[text for text in row if text] for row in grid[:at]]
    lone = [row[0] for row in above if len(row) == 1]
    title = lone[0] if lone and not looks_like_value(lone[0]) else None
    said = "\n".join(" ".join(row) for row in above)
    body = grid[at + 1 :]
    if forced is False or at >= len(grid) or not (forced or is_heading(grid[at], body)):
        return Heading(None, at, title, said)
    if body and _continues(grid[at], body[0], body[1:]):
        return Heading(_joined(grid[at], body[0]), at + 2, title, said)
    return Heading(grid[at][: len(rows[at])], at + 1, title, said)


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[str, ...], frozenset[str]]:
    """Endings of Han headings, and English words, from headings.yaml."""
    import yaml

    text = files("connectors.files").joinpath("headings.yaml").read_text(encoding="utf-8")
    words = yaml.safe_load(text)
    return tuple(words["han"]), frozenset(words["english"])


def as_text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def looks_like_value(text: str) -> bool:
    """Whether a text cannot be a column's name."""
    return text.lower() in NULLS or kind_of(text) != "VARCHAR" or len(text) > 100 or bool(_VALUE.search(text))


def is_heading(row: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    cells = [(index, text) for index, text in enumerate(row) if text]
    below = [other for other in body if list(other) != list(row)]
    columns = [[other[index] for other in below if index < len(other) and other[index]] for index, _ in cells]
    if not cells or len({text for _, text in cells}) * 2 <= len(cells):
        return False
    evidence = 0
    for (_, text), values in zip(cells, columns, strict=True):
        if _PERIOD.fullmatch(text) and len(cells) > 1 and not any(_PERIOD.fullmatch(value) for value in values):
            evidence += 1
        elif looks_like_value(text) or text in values:
            return False
        else:
            evidence += _is_word(text) or _is_typed(values) or _is_foreign(text, values)
    return evidence * 2 > len(cells)


def _is_word(text: str) -> bool:
    han, english = _words()
    bare = _BRACKETS.sub("", text)
    if bare.endswith(han) or bare.startswith("是否"):
        return len(bare) <= 20
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)
    return 0 < len(words) <= 6 and not english.isdisjoint((words[0].lower(), words[-1].lower()))


def _is_typed(values: list[str]) -> bool:
    """Most values below are numbers, dates and the like, which the heading is not."""
    return bool(values) and sum(looks_like_value(value) for value in values) >= 0.8 * len(values)


def _is_foreign(text: str, values: list[str]) -> bool:
    """A technical name above values that are none."""
    if not _IDENTIFIER.fullmatch(text):
        return False
    alike = sum(bool(_IDENTIFIER.fullmatch(value)) for value in values)
    return "_" in text or alike * 2 < len(values) or not values


def _is_note(row: Sequence[str]) -> bool:
    """填报单位：… 单位：元, as stands above a statement's heading."""
    return all(_NOTE.match(text) for text in row if text)


def _first_full_row(grid: Sequence[Sequence[str]]) -> int:
    """The first row about as full as the rows usually are; those above are titles."""
    counts = [0 if _is_note(row) else sum(map(bool, row)) for row in grid]
    filled = [count for count in counts if count]
    if not filled:
        return len(grid)
    needed = max(median(filled) * 0.6, 2 if max(filled) > 1 else 1)
    candidates = (index for index, count in enumerate(counts[: _PREAMBLE + 1]) if count >= needed)
    return next(candidates, next(index for index, count in enumerate(counts) if count))


def _even(grid: list[list[str]]) -> list[list[str]]:
    """Rows of one length: readers leave out blank cells at the end, such as those under a merged one."""
    width = max(map(len, grid), default=0)
    return [[*row, *[""] * (width - len(row))] for row in grid]


def _continues(row: Sequence[str], second: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether the heading goes on in a second row, under cells that were merged: 联系人 over 姓名 and 电话."""
    texts = [text for text in second if text]
    if any(map(looks_like_value, texts)) or not (body or all(map(_is_word, texts))):
        return False
    gaps = {index for index in range(len(row)) if row[0] and not row[index]}
    under = {index for index, text in enumerate(second) if text}
    return bool(gaps) and gaps <= under and any(row[i] and i not in under for i in range(len(row)))


def _joined(row: Sequence[str], second: Sequence[str]) -> list[str]:
    names: list[str] = []
    group = ""
    for index in range(max(len(row), len(second))):
        upper = row[index] if index < len(row) else ""
        lower = second[index] if index < len(second) else ""
        group = upper or group
        names.append(f"{group}/{lower}" if lower and group else (lower or upper))
    return names
