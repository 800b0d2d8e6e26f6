"""Finding tables in the sheets of a data dictionary.

Four layouts, in any mixture: one sheet per table, one sheet for all tables (a column says which), blocks one under the
other in a sheet (a title row, a heading row, field rows), and an index of tables (目录) that names them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files

from connectors.workbook.cells import Broken
from connectors.workbook.grid import Row, Sheet, heading, narrow

Role = str
_CLOSE = 5
"""How many rows above a heading its title may begin."""


@lru_cache(maxsize=1)
def synonyms() -> Mapping[Role, tuple[str, ...]]:
    """Role → headings, from headers.yaml."""
    import yaml

    text = files("connectors.workbook").joinpath("headers.yaml").read_text(encoding="utf-8")
    return {role: tuple(str(word) for word in words) for role, words in yaml.safe_load(text).items()}


class Headings:
    """Headings → roles, with an operator's further words."""

    def __init__(self, further: Mapping[Role, list[str]] | None = None) -> None:
        self._roles = _by_heading(synonyms())
        self._explicit = _by_heading(further or {})

    def role(self, text: str) -> Role | None:
        if isinstance(text, Broken):
            return None
        full, short = heading(text)
        return self.explicit(text) or self._roles.get(full) or self._roles.get(short)

    def explicit(self, text: str) -> Role | None:
        """The role that the operator gave it."""
        full, short = heading(text)
        return self._explicit.get(full) or self._explicit.get(short)


def _by_heading(words: Mapping[Role, Sequence[str]]) -> dict[str, Role]:
    return {heading(word)[0]: role for role, listed in words.items() for word in listed}


@dataclass(frozen=True)
class Header:
    """A heading row: which cell holds what."""

    kind: str
    """``fields`` of one table, ``all`` tables' fields, or an ``index`` of tables."""
    cells: dict[Role, int]


def read_header(row: Row, headings: Headings) -> Header | None:
    """The heading row that ``row`` is; None when it is none."""
    filled = row.filled()
    cells: dict[Role, int] = {}
    for index, text in filled:
        if role := headings.explicit(text):
            cells.setdefault(role, index)
    said = bool(cells)
    matched = 0
    for index, text in filled:
        if role := headings.role(text):
            matched += 1
            cells.setdefault(role, index)
    telling = len(cells.keys() - {"ordinal"})
    if telling < 2 or not (said or telling >= 3 or matched / len(filled) >= 0.6):
        return None
    return _resolved(cells)


def _resolved(cells: dict[Role, int]) -> Header | None:
    """Settle ambiguous headings: beside 代码, 名称 is the label; alone it is the field's name."""
    tables = [cells[role] for role in ("table", "table_name") if role in cells]
    typed = "type" in cells
    if tables and not typed and not cells.keys() & {"column", "name"}:
        labels = [cells[role] for role in ("table_label", "label", "generic", "note") if role in cells]
        return _with(cells, "index", table=tables[0], table_label=[*tables[1:], *labels, None][0])
    named = [role for role in ("column", "code", "name", "generic", "label") if role in cells and _names(role, cells)]
    if not named or len(cells.keys() - {"ordinal", "table", "table_name", "table_label", "schema"}) < 2:
        return None
    labels = [cells[role] for role in ("label", "name", "generic") if role in cells and role != named[0]]
    settled = {"column": cells[named[0]], "label": labels[0] if labels else None}
    if not tables:
        return _with(cells, "fields", **settled)
    table_label = tables[1] if len(tables) > 1 else cells.get("table_label")
    return _with(cells, "all", table=tables[0], table_label=table_label, **settled)


def _names(role: Role, cells: dict[Role, int]) -> bool:
    """Whether a column under this heading may name the fields. Without types, 代码 and 名称 head a code list."""
    if role == "code":
        return "type" in cells and "column" not in cells and bool(cells.keys() & {"name", "generic", "label"})
    return role in ("column", "name") or "type" in cells


def _with(cells: dict[Role, int], kind: str, **settled: int | None) -> Header:
    merged = {role: index for role, index in cells.items() if role not in settled}
    return Header(kind, merged | {role: index for role, index in settled.items() if index is not None})


# --- names ----------------------------------------------------------------------------------------------------------

_NUMBERING = re.compile(
    r"^\s*(?:附?表\s*[\d.-]+\s*[:：、.]?\s*|[（(]?[一二三四五六七八九十]+[）)、.]\s*|[（(]?\d+(?:\.\d+)*(?:[）)、.]\s*|\s+))"
)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$#]*(?:\.[A-Za-z_][A-Za-z0-9_$#]*)*")
_KEY_VALUE = re.compile(r"^\s*([^:：]{2,12}?)\s*[:：]\s*(.*)$", re.S)
_ENDING = re.compile(r"(?:数据)?(?:结构|字典|字段说明|字段清单|字段列表)$")
_PUNCTUATION = " \t\r\n　:：,，;；-—_/()（）[]【】《》<>“”\"'"
_FOREIGN_GROUP = re.compile(r"格式|共享|开放|分类|提供")
_DEFAULT_TITLE = re.compile(r"(?:sheet|工作表|表格?)\s*\d*", re.I)


def split_name(text: str) -> tuple[str | None, str | None]:
    """``T_JZ（救助对象表）`` → (T_JZ, 救助对象表); ``救助对象表`` → (None, 救助对象表)."""
    text = _NUMBERING.sub("", narrow(text))
    for found in _IDENTIFIER.finditer(text):
        name = found[0].strip("_")
        before, after = text[: found.start()], text[found.end() :]
        alone = not (before[-1:].isalnum() or after[:1].isalnum())
        if len(name) >= 2 and (alone or "_" in name) and not re.fullmatch(r"[Vv]\d+", name):
            rest = f"{before.strip(_PUNCTUATION)} {after.strip(_PUNCTUATION)}".strip()
            return name, _ENDING.sub("", rest).strip(_PUNCTUATION) or None
    return None, text.strip(_PUNCTUATION) or None


@dataclass
class Named:
    """What titles say about a table."""

    name: str | None = None
    label: str | None = None
    sure: bool = False
    """Said in so many words (表名：…), or with an underscore in the name."""
    broken: tuple[Row, int, Broken] | None = None
    """The cell that should name the table and is a formula or an error value."""


def _title_pairs(row: Row, headings: Headings) -> Named | None:
    """``表名：T_JZ 救助对象表`` in one cell, or ``表名`` ``T_JZ`` ``表中文名`` ``救助对象表`` in cells side by side."""
    named = Named()
    filled = row.filled()
    at = 0
    while at < len(filled):
        index, text = filled[at]
        pair = None if isinstance(text, Broken) else _KEY_VALUE.match(text)
        key, value = (pair[1], pair[2]) if pair else (text, "")
        role = headings.role(key)
        if role in ("table", "table_name", "table_label") and not value and at + 1 < len(filled):
            at += 1
            index, value = filled[at]
        at += 1
        if role in ("table", "table_name") and isinstance(value, Broken):
            return Named(label=named.label, sure=True, broken=(row, index, value))
        if role in ("table", "table_name") and value:
            name, label = split_name(value)
            if role == "table_name" and name is None and named.name:
                named.label = named.label or label
            else:
                named = Named(name or label, named.label or (label if name else None), sure=True)
        elif role == "table_label" and value and not isinstance(value, Broken):
            named.label = value
    return named if _says(named) else None


# --- blocks ---------------------------------------------------------------------------------------------------------


@dataclass
class Block:
    """A heading row with the rows under it and what the rows above say."""

    header: Header
    row: Row
    rows: list[Row] = field(default_factory=list)
    named: Named = field(default_factory=Named)


def find_blocks(sheet: Sheet, headings: Headings) -> list[Block]:
    _join_headings(sheet.rows, headings)
    headers = _find_headers(sheet.rows, headings)
    blocks: list[Block] = []
    begins: list[tuple[int, int]] = []
    previous = -1
    for at, header in headers:
        block = Block(header, sheet.rows[at])
        begin = at
        if header.kind == "fields":
            begin = _title_begin(sheet.rows, previous, at, headings)
            block.named = _read_titles(sheet.rows[begin:at], headings)
            if not _says(block.named) and blocks and blocks[-1].row.cells == block.row.cells:
                # A heading repeated for printing on every page.
                sheet.rows[at] = Row(block.row.number, ())
                continue
        blocks.append(block)
        begins.append((begin, at))
        previous = at
    for index, block in enumerate(blocks):
        end = begins[index + 1][0] if index + 1 < len(blocks) else len(sheet.rows)
        block.rows = sheet.rows[begins[index][1] + 1 : end]
    return blocks


def _join_headings(rows: list[Row], headings: Headings) -> None:
    """Two rows of headings become one: merged cells leave what stands beside and below their text blank."""
    for at in range(len(rows) - 1):
        upper, lower = rows[at], rows[at + 1]
        if lower.number == upper.number + 1 and (joined := _joined(upper, lower, headings)):
            rows[at], rows[at + 1] = Row(upper.number, ()), joined


def _joined(upper: Row, lower: Row, headings: Headings) -> Row | None:
    """字段 | (blank) | 类型 over 英文名 | 中文名 | (blank), as one row; None when they are not two rows of headings."""
    above, below = upper.filled(), lower.filled()
    first = above[0][0] if above else 0
    gaps = [index for index, _ in below if index > first and not upper.cell(index)]
    roles = {index: role for index, text in above if (role := headings.role(text))}
    if not gaps or not roles or sum(headings.role(text) is not None for _, text in below) < 2:
        return None
    if any(role.startswith("table") and lower.cell(index) for index, role in roles.items()):
        # 表名 | T_JZ is a title, which is not merged with what stands below.
        return None
    lasting = [index for index, _ in above if not lower.cell(index)]
    if not lasting and len(roles) * 2 < len(above):
        return None
    texts: list[str] = []
    group = ""
    for index in range(max(len(upper.cells), len(lower.cells))):
        group = upper.cell(index) or group
        text = lower.cell(index)
        # 类型 below 信息资源格式 is not the type of a field.
        texts.append(group + text if text and _FOREIGN_GROUP.search(group) else text or upper.cell(index))
    return Row(lower.number, tuple(texts))


def side_by_side(sheet: Sheet, headings: Headings) -> list[Sheet]:
    """Tables beside each other, parted by blank columns, as sheets of their own; cells keep their places."""
    for row in sheet.rows:
        groups = _groups(row)
        if len(groups) > 1 and all(read_header(_part(row, group), headings) for group in groups):
            break
    else:
        return [sheet]
    begins = [group.start for group in groups]
    spans = [range(begin, end) for begin, end in zip(begins, [*begins[1:], 1 << 20], strict=True)]
    spans[0] = range(spans[0].stop)
    parts = [replace(sheet, rows=[_part(row, span) for row in sheet.rows], failures=[], notices=[]) for span in spans]
    parts[0].failures, parts[0].notices = sheet.failures, sheet.notices
    for part in parts:
        part.rows = [row for row in part.rows if any(row.cells)]
    return parts


def _groups(row: Row) -> list[range]:
    """Runs of filled cells."""
    groups: list[range] = []
    for index, _ in row.filled():
        if groups and groups[-1].stop == index:
            groups[-1] = range(groups[-1].start, index + 1)
        else:
            groups.append(range(index, index + 1))
    return groups


def _part(row: Row, span: range) -> Row:
    return Row(row.number, tuple(text if index in span else "" for index, text in enumerate(row.cells)))


def _says(named: Named) -> bool:
    return bool(named.name or named.label or named.broken)


def _find_headers(rows: list[Row], headings: Headings) -> list[tuple[int, Header]]:
    headers: list[tuple[int, Header]] = []
    for at, row in enumerate(rows):
        header = read_header(row, headings)
        if header is None:
            continue
        if headers:
            first = rows[headers[-1][0]]
            # A field row may hold words that are headings too; a further heading looks like the first or says much.
            if row.cells != first.cells and len(header.cells) < 4:
                continue
            if header.kind != "fields" and row.cells == first.cells:
                rows[at] = Row(row.number, ())
                continue
        headers.append((at, header))
    return headers


def _title_begin(rows: list[Row], previous: int, at: int, headings: Headings) -> int:
    begin = at
    while begin - 1 > previous and at - begin < _CLOSE:
        row = rows[begin - 1]
        if len(row.filled()) > 1 and _title_pairs(row, headings) is None and not _is_remark(row):
            break
        begin -= 1
        if (pair := _title_pairs(row, headings)) and pair.name:
            break
    return begin


def _is_remark(row: Row) -> bool:
    """``创建日期：2020-01-01`` ``作者：…``: every cell is a key with its value."""
    return all(_KEY_VALUE.match(text) for _, text in row.filled())


def _read_titles(rows: list[Row], headings: Headings) -> Named:
    named = Named()
    free: list[Named] = []
    for row in rows:
        if pair := _title_pairs(row, headings):
            broken = None if pair.name else pair.broken or named.broken
            named = Named(pair.name or named.name, pair.label or named.label, named.sure or pair.sure, broken)
        elif len(filled := row.filled()) == 1 and isinstance(filled[0][1], Broken):
            named.broken = named.broken or (row, filled[0][0], filled[0][1])
        elif len(filled := row.filled()) == 1 and not _KEY_VALUE.match(filled[0][1]):
            free.append(Named(*split_name(filled[0][1])))
    if named.name is None:
        identified = [title for title in free if title.name]
        best = identified[-1] if identified else (free[-1] if free else Named())
        broken = named.broken if named.sure or not best.name else None
        named = Named(best.name, named.label or best.label, named.sure or "_" in (best.name or ""), broken)
    return named


def is_default_title(title: str | None) -> bool:
    """``Sheet1``, or no sheet at all: the file's name says more."""
    return title is None or bool(_DEFAULT_TITLE.fullmatch(title.strip()))
