"""Data dictionaries as a system: ``connector: workbook``, ``path:`` a workbook, a .csv file, a folder or a glob.

A dictionary describes tables and holds no rows, so nothing is sampled. Headings are recognised by headers.yaml.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from connectors.base import ConfigurationError, SystemConfig, is_quarantined, keeps
from connectors.files_base import Judged, ReadOnce, find_files, judge, needed_path, read_each
from connectors.model import Asset, Failure
from connectors.text import checked_encoding
from connectors.workbook.cells import Broken
from connectors.workbook.fields import FieldReader, broken_cell
from connectors.workbook.grid import Row, Sheet, narrow, read_sheets
from connectors.workbook.layout import (
    Block,
    Headings,
    find_blocks,
    is_default_title,
    side_by_side,
    split_name,
    synonyms,
)

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".et", ".csv", ".tsv")
# Sheets that belong to a dictionary and describe no table.
_NO_TABLE = re.compile(
    r"封面|目录|索引|说明|修订|修改|版本|变更|记录|历史|填写|模板|示例|代码|字典项|枚举|码表|附录|概述|前言|统计"
    r"|cover|index|history|readme|change|version|code",
    re.I,
)

# The words that the catalogue knows (Compilation Guide for Government Information Resource Catalogues, 2017).
_CYCLES = ("实时", "每日", "每周", "每旬", "每月", "每季度", "每半年", "每年", "不定期", "一次性")
_CYCLE_WORDS = {"每天": "每日", "每季": "每季度", "半年": "每半年", "每年度": "每年"} | {
    word.removeprefix("每"): word for word in _CYCLES if word.startswith("每") and word != "每半年"
}

# Its seven groups of formats, and behind one of them, in brackets, the concrete type.
_FORMAT = re.compile(r"(电子文件|电子表格|数据库|图形图像|流媒体|自描述格式|服务接口)(?:[(（]([\w .+/-]{1,40})[)）])?")


@dataclass
class _IndexEntry:
    name: str
    label: str | None
    update_cycle: str | None
    format: str | None
    place: str


@dataclass
class _Reading:
    """What one reading of all files found."""

    assets: dict[str, Asset] = field(default_factory=dict)
    index: dict[str, _IndexEntry] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    notices: list[Failure] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Why the listing is not complete."""

    def text(self, sheet: Sheet, row: Row, index: int | None) -> str:
        """A cell's content; empty for what is none, which is a failure."""
        text = row.cell(index)
        if index is None or not isinstance(text, Broken):
            return text
        self.failures.append(broken_cell(sheet, row, index, text))
        return ""

    def unnamed(self, sheet: Sheet, row: Row, index: int, found: Broken) -> None:
        """A table that nobody can name is not harvested."""
        self.failures.append(broken_cell(sheet, row, index, found, "the table's name"))
        self.lost.append(f"{sheet.at(row, index)} names no table")


class WorkbookConnector(ReadOnce):
    KEYS: ClassVar[frozenset[str]] = frozenset({"path"})
    OPTIONS: ClassVar[dict[str, type]] = {"headers": dict, "encoding": str}

    def __init__(self, config: SystemConfig) -> None:
        super().__init__(config)
        self.path = needed_path(config, "give a workbook, a .csv file or a folder")
        self.headings = Headings(_further_headings(config))
        self.encoding = checked_encoding(config.options.get("encoding"))

    def probe(self) -> None:
        self.source_files()

    def read(self) -> Judged:
        files = read_each(self.source_files(), lambda path: list(read_sheets(path, self.encoding, results=True)))
        reading = _Reading(failures=files.failures, lost=files.lost)
        sheets = [part for found in files.results for sheet in found for part in side_by_side(sheet, self.headings)]
        found = [(sheet, find_blocks(sheet, self.headings)) for sheet in sheets]
        for sheet, blocks in found:
            for block in blocks:
                if block.header.kind == "index":
                    _read_index(reading, sheet, block)
        for sheet, blocks in found:
            self._read_sheet(reading, sheet, [block for block in blocks if block.header.kind != "index"], blocks)
        self._check_index(reading)
        self.failures = reading.failures
        self.notices = list(map(str, reading.notices))
        return judge(self.config, reading.assets.values(), reading.lost)

    def source_files(self) -> list[Path]:
        return find_files(self.path, SUFFIXES, "workbook")

    def _read_sheet(self, reading: _Reading, sheet: Sheet, blocks: list[Block], found: list[Block]) -> None:
        reading.failures += sheet.failures
        reading.notices += sheet.notices
        if not found and sheet.rows and not _NO_TABLE.search(sheet.title or ""):
            reading.failures.append(
                Failure(
                    "no heading row recognised",
                    sheet.place,
                    "name the columns 字段名, 数据类型 …, or add option headers",
                )
            )
            reading.lost.append(f"{sheet.place} is not understood")
        for block in blocks:
            reading.failures += [
                broken_cell(sheet, block.row, index, text, "a heading")
                for index, text in block.row.filled()
                if isinstance(text, Broken)
            ]
            if block.header.kind == "all":
                self._read_all(reading, sheet, block)
            elif block.named.broken and (block.named.sure or is_default_title(sheet.title)):
                reading.unnamed(sheet, *block.named.broken)
            else:
                self._add(reading, sheet, block, block.rows, *_named(reading, sheet, block))

    def _read_all(self, reading: _Reading, sheet: Sheet, block: Block) -> None:
        """Rows of many tables; an empty table cell (merged, or left out) means the table above."""
        cells = block.header.cells
        groups: dict[str, list[Row]] = {}
        labels: dict[str, str | None] = {}
        cycles: dict[str, str | None] = {}
        forms: dict[str, str | None] = {}
        name = ""
        for row in block.rows:
            written, schema = row.cell(cells["table"]), row.cell(cells.get("schema"))
            if isinstance(written, Broken):
                reading.unnamed(sheet, row, cells["table"], written)
                name = ""
                continue
            if isinstance(schema, Broken):
                reading.unnamed(sheet, row, cells["schema"], schema)
                name = ""
                continue
            if written:
                name = f"{narrow(schema)}.{narrow(written)}" if schema else narrow(written)
            if not name:
                reading.failures.append(
                    Failure("a field without a table", sheet.at(row, cells["table"]), "fill in the table's name")
                )
                continue
            groups.setdefault(name, []).append(row)
            labels[name] = labels.get(name) or reading.text(sheet, row, cells.get("table_label")) or None
            cycles[name] = cycles.get(name) or _cycle(reading.text(sheet, row, cells.get("update_cycle")))
            forms[name] = forms.get(name) or _format(reading.text(sheet, row, cells.get("format")))
        for name, rows in groups.items():
            self._add(reading, sheet, block, rows, name, labels[name], cycles[name], forms[name])

    def _add(
        self,
        reading: _Reading,
        sheet: Sheet,
        block: Block,
        rows: list[Row],
        name: str,
        label: str | None,
        update_cycle: str | None = None,
        form: str | None = None,
    ) -> None:
        *schemas, own = name.split(".") if re.fullmatch(r"[\w$#]+(?:\.[\w$#]+)+", name) else [name]
        entry = reading.index.get(name.lower()) or reading.index.get(own.lower())
        place = sheet.place + (" (hidden)" if sheet.hidden else "")
        if name.lower() in reading.assets:
            first = reading.assets[name.lower()].place
            reading.failures.append(
                Failure(f"{name} is described a second time", sheet.at(block.row, 0), f"kept: {first}")
            )
            return
        fields = FieldReader(sheet, block.header)
        columns = fields.read(rows)
        reading.failures += fields.failures
        reading.assets[name.lower()] = Asset(
            department=self.config.department,
            system=self.config.id,
            name=own,
            schema=".".join(schemas) or None,
            comment=label or (entry.label if entry else None),
            primary_key=tuple(fields.primary_key),
            foreign_keys=tuple(fields.foreign_keys),
            columns=tuple(columns),
            origin=self.config.origin,  # type: ignore[arg-type]
            update_cycle=update_cycle or (entry.update_cycle if entry else None) or self.config.update_cycle,
            format=form or (entry.format if entry else None),
            place=place,
        )

    def _check_index(self, reading: _Reading) -> None:
        described = {asset.name.lower() for asset in reading.assets.values()} | set(reading.assets)
        described |= {asset.comment.lower() for asset in reading.assets.values() if asset.comment}
        for key, entry in reading.index.items():
            secret = is_quarantined(entry.name, entry.label) or not keeps(self.config, entry.name)
            if key in described or (entry.label or "").lower() in described or secret:
                continue
            reading.failures.append(
                Failure(
                    f"{entry.name} is in the index but not described", entry.place, "add its fields to the workbook"
                )
            )
            reading.lost.append(f"{entry.name} is not described")


def _further_headings(config: SystemConfig) -> dict[str, list[str]]:
    further: dict[str, list[str]] = {}
    for role, words in dict(config.options.get("headers") or {}).items():
        if role not in synonyms():
            raise ConfigurationError(f"unknown heading role {role!r}", hint=f"known: {', '.join(synonyms())}")
        further[role] = [str(word) for word in (words if isinstance(words, list) else [words])]
    return further


def _read_index(reading: _Reading, sheet: Sheet, block: Block) -> None:
    cells = block.header.cells
    for row in block.rows:
        written = row.cell(cells["table"])
        if isinstance(written, Broken):
            reading.unnamed(sheet, row, cells["table"], written)
            continue
        name, label = narrow(written), reading.text(sheet, row, cells.get("table_label")) or None
        if name and name != label:
            cycle = _cycle(reading.text(sheet, row, cells.get("update_cycle")))
            form = _format(reading.text(sheet, row, cells.get("format")))
            place = sheet.at(row, cells["table"])
            reading.index.setdefault(name.lower(), _IndexEntry(name, label, cycle, form, place))


def _cycle(word: str) -> str | None:
    return word if word in _CYCLES else _CYCLE_WORDS.get(word)


def _format(word: str) -> str | None:
    """
    >>> _format("数据库（Oracle）")
    '数据库(Oracle)'
    """
    found = _FORMAT.fullmatch(word.strip())
    return found and (f"{found[1]}({found[2]})" if found[2] else found[1])


def _named(reading: _Reading, sheet: Sheet, block: Block) -> tuple[str, str | None]:
    """A table's name and label: from its title, its sheet, the index, its file, in that order."""
    name, label = block.named.name, block.named.label
    by_sheet, sheet_label = split_name(sheet.title or "")
    if name and (block.named.sure or not by_sheet or is_default_title(sheet.title)):
        return name, label
    if is_default_title(sheet.title):
        by_file, file_label = split_name(sheet.stem)
        written = by_file or label or file_label or sheet.stem
        return written, label if by_file and label else (file_label if by_file else None)
    if by_sheet:
        return by_sheet, label or sheet_label
    for entry in reading.index.values():
        if entry.label and entry.label in (sheet_label, label):
            return entry.name, entry.label
    written = sheet_label or sheet.stem
    return written, label if label != written else None
