"""Which list takes which entries in force, and what it says of each (Putuo Measures 15, 21, 22, 25, 26; 上海市数据条例
28, 38, 42).

Everything here is made from versions in force on one day and the words of their days, so that any day's lists can be
had again whatever the pack and site.yaml have become.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from workflows.entries.elements import value_of
from workflows.entries.states import EntryState
from workflows.entries.words import Wording
from workflows.entry import Entry, EntryItem
from workflows.outputs import lists as proposals
from workflows.outputs import words
from workflows.outputs.cells import Cell, Column
from workflows.outputs.lists import Row
from workflows.outputs.words import Note
from workflows.outputs.workbook import (
    ITEM_CONDITIONS,
    ITEM_ELEMENTS,
    RESOURCE_COLUMNS,
    access_cell,
    element_cells,
    resource_row,
    tier_cell,
)

HIGH_VALUE: Final = "高价值"
MORE_OF_ITEMS: Final = (*ITEM_CONDITIONS, *ITEM_ELEMENTS)


class Listed(msgspec.Struct, frozen=True):
    """One version in force and the words it is told in."""

    state: EntryState
    entry: Entry
    words: Wording
    """Those of the day on which it was published."""
    kept: bool = True
    """False: no act has kept them, they are today's."""
    approver: str = ""
    """Who approved its 非共享, as they were called then."""


@dataclass(frozen=True)
class OfficialList:
    """One list: its columns in the official order, who is on it, one row and one record of each."""

    key: str
    name: str
    columns: tuple[Column, ...]
    takes: Callable[[Listed], bool]
    row: Callable[[Listed], list[Cell]]
    record: Callable[[Listed], Row]
    notes: tuple[Note, ...]
    first: Callable[[Listed], bool] = field(default=lambda _: False)
    """Entries that come before the others."""
    type_name: Callable[[Listed], str] = field(default=lambda one: words.axis_name(one.words, one.entry, "share"))
    """By what the totals are counted."""
    items: Callable[[Entry], Sequence[EntryItem]] = field(default=lambda entry: entry.items)
    """Which items of an entry the list is about."""
    with_items: bool = False
    """Whether the workbook has the items on a sheet of their own."""
    unprinted: frozenset[str] = frozenset()
    """What records say beside what the list prints: its change sheet does not tell it."""


def chosen(kind: OfficialList, entries: Sequence[Listed]) -> list[Listed]:
    """The entries of a list in its order. Entries come in order of department and code, which stays."""
    return sorted(filter(kind.takes, entries), key=lambda one: not kind.first(one))


def date_cells(one: Listed) -> list[Cell]:
    return [one.entry.publish_date or "", f"第{one.state.issue}版"]


# --- who is on a list --------------------------------------------------------------------------------------------


def is_shared(one: Listed) -> bool:
    return one.entry.value("share") in ("unconditional", "conditional")


def is_refused(one: Listed) -> bool:
    """The whole resource, or items of it that people ruled stricter."""
    return bool(proposals.refusals(one.entry))


def is_open(one: Listed) -> bool:
    """Own data only: what came by sharing or negotiation is not in one's own list (Art. 26)."""
    return one.entry.origin == "own" and proposals.is_opened(one.entry)


def is_high_value(one: Listed) -> bool:
    return value_of(one.entry, "high_value") == "是"


def unapproved(entries: Sequence[Listed]) -> list[str]:
    """Entries that refuse to share without the district office's approval: on no list until it is given."""
    return [one.entry.asset for one in entries if is_refused(one) and one.state.in_force_refusal is None]


# --- what a list says --------------------------------------------------------------------------------------------


def responsibility_row(one: Listed) -> list[Cell]:
    return [*proposals.responsibility_row(one.entry, one.words)[:-1], *date_cells(one)]


def negative_row(one: Listed) -> list[Cell]:
    approval = one.state.in_force_refusal
    cells = proposals.negative_row(one.entry, one.words)[:-1]
    approved: list[Cell] = [one.approver, approval.at[:10] if approval else ""]
    return [*cells, *approved, *date_cells(one)]


def open_row(one: Listed) -> list[Cell]:
    mark = HIGH_VALUE if is_high_value(one) else ""
    interface = value_of(one.entry, "interface")
    return [mark, *proposals.open_row(one.entry, one.words)[:-1], interface, *date_cells(one)]


def catalogue_row(one: Listed) -> list[Cell]:
    labels = words.axis_labels(one.entry)
    grounds = words.reason_text(labels), words.basis_text(one.words, labels)
    return [*resource_row(one.entry, one.words)[:CATALOGUE_WIDTH], *grounds]


def item_rows(entries: Iterable[Listed]) -> Iterator[list[Cell]]:
    return (item_row(one.entry, item, one.words) for one in entries for item in one.entry.items)


def item_row(entry: Entry, item: EntryItem, pack: words.Lexicon) -> list[Cell]:
    return [
        entry.code,
        entry.title,
        item.number,
        item.title,
        item.data_type,
        item.name,
        tier_cell(pack, item),
        access_cell(pack, item, "share"),
        access_cell(pack, item, "open"),
        words.reason_text(words.axis_labels(item)),
        words.basis_text(pack, words.axis_labels(item)),
        *element_cells(entry, item, pack, MORE_OF_ITEMS),
    ]


def filing_row(one: Listed) -> list[Cell]:
    entry = one.entry
    return [
        entry.code,
        entry.title,
        entry.provider,
        entry.provider_code,
        entry.abstract,
        words.ORIGINS.get(entry.origin, entry.origin),
        entry.update_cycle,
        tier_cell(one.words, entry),
        access_cell(one.words, entry, "share"),
        entry.share_condition,
        access_cell(one.words, entry, "open"),
        entry.open_condition,
        value_of(entry, "municipal"),
        len(entry.items),
        *date_cells(one),
    ]


def _record(one: Listed, more: Row) -> Row:
    state = one.state
    stamp = {"version": state.in_force.digest if state.in_force else "", "published": one.entry.publish_date}
    return {**more, "state": "published", "issue": state.issue, **stamp}


def _contact(entry: Entry) -> Row:
    return {"section": entry.section, "contact": entry.contact}


def responsibility_record(one: Listed) -> Row:
    return _record(one, {**proposals.responsibility_record(one.entry, one.words), **_contact(one.entry)})


def negative_record(one: Listed) -> Row:
    approval = one.state.in_force_refusal
    approved = {"approved_by": one.approver, "approved_at": approval.at} if approval else {}
    return _record(one, {**proposals.negative_record(one.entry, one.words), **approved})


def open_record(one: Listed) -> Row:
    more = {"high_value": is_high_value(one), "interface": value_of(one.entry, "interface")}
    return _record(one, {**proposals.open_record(one.entry, one.words), **more})


def filing_record(one: Listed) -> Row:
    return {**catalogue_record(one), "item_count": len(one.entry.items)}


def catalogue_record(one: Listed) -> Row:
    entry = one.entry
    more: dict[str, Any] = {
        **_contact(entry),
        "category": entry.category,
        "system_name": entry.system_name,
        "related_codes": list(entry.related_codes),
        "format": entry.format,
        "method": entry.share_method,
        "abstract": entry.abstract,
        "origin": entry.origin,
        "municipal": value_of(entry, "municipal"),
        "open_type": entry.value("open"),
        "open_type_name": words.axis_name(one.words, entry, "open"),
        "share_condition": entry.share_condition,
        "open_condition": entry.open_condition,
        "items": [_item_record(entry, item, one.words) for item in entry.items],
    }
    # What the catalogue says of all three labels, not of the share type alone.
    labels = words.axis_labels(entry)
    grounds: Row = {"reason": words.reason_text(labels), "basis": proposals.citations(labels, one.words)}
    return _record(one, {**proposals.record(entry, one.words, "share"), **more, **grounds})


def _item_record(entry: Entry, item: EntryItem, pack: words.Lexicon) -> Row:
    """Labels as law-neutral keys; what else the sheet 信息项 has by its Chinese name."""
    cells = element_cells(entry, item, pack, MORE_OF_ITEMS)
    filled = {column.title: cell for (_, column), cell in zip(MORE_OF_ITEMS, cells, strict=True) if cell}
    filled["理由"] = words.reason_text(words.axis_labels(item))
    filled["依据"] = words.basis_text(pack, words.axis_labels(item))
    labels: Row = {axis: item.value(axis) for axis in words.AXES}
    return {
        "name": item.name,
        "number": item.number,
        "title": item.title,
        "data_type": item.data_type,
        **labels,
        "elements": filled,
    }


GROUNDS: Final = (Column("理由", 46), Column("依据", 50))
DATES: Final = (Column("发布日期", 12, centre=True), Column("版本", 9, centre=True))
ITEM_COLUMNS: Final = (
    *(Column("信息资源代码", 22), Column("信息资源名称", 28), Column("序号", 7, centre=True)),
    *(Column("8.1 信息项名称", 20), Column("8.2 数据类型", 12, centre=True), Column("字段名", 20)),
    *(Column("分级", 15, centre=True), Column("共享类型", 15, centre=True), Column("开放类型", 15, centre=True)),
    *GROUNDS,
    *(column for _, column in MORE_OF_ITEMS),
)
"""Element 8 of the guide, one row for each item."""
CATALOGUE_WIDTH: Final = next(place for place, column in enumerate(RESOURCE_COLUMNS) if column.title == "状态")

RESPONSIBILITY: Final = OfficialList(
    "responsibility",
    "数据责任清单",
    (*proposals.RESPONSIBILITY.columns[:-1], *DATES),
    is_shared,
    responsibility_row,
    responsibility_record,
    (
        Note("列出各部门可以向其他部门共享的信息资源及其类型、条件和依据", ("putuo-2020/21", "putuo-2020/22")),
        proposals.LEFT_OUT_ITEMS,
    ),
    items=lambda entry: [item for item in entry.items if item.value("share") != "none"],
    unprinted=frozenset(("provider_code", "data_type")),
)
NEGATIVE: Final = OfficialList(
    "negative",
    "共享负面清单",
    (*proposals.NEGATIVE.columns[:-1], Column("批准人", 12), Column("批准日期", 12, centre=True), *DATES),
    is_refused,
    negative_row,
    negative_record,
    (
        proposals.ONLY_LAWFUL,
        proposals.ITEMS_ONLY,
        Note("每条均经区政府办公室批准", ("shanghai-data/38",)),
    ),
    type_name=lambda one: proposals.refusal_name(one.entry, one.words),
    items=lambda entry: proposals.refused_items(entry) if proposals.only_items(entry) else entry.items,
    unprinted=frozenset(("provider_code", "update_cycle")),
)
OPEN: Final = OfficialList(
    "open",
    "开放清单",
    (Column("高价值", 9, centre=True), *proposals.OPEN.columns[:-1], Column("开放接口", 28), *DATES),
    is_open,
    open_row,
    open_record,
    (
        proposals.SCOPES,
        proposals.OWN_ONLY,
        Note("「数据项」只含本身可以开放的信息项；高价值数据列在最前"),
    ),
    is_high_value,
    lambda one: words.axis_name(one.words, one.entry, "open"),
    proposals.open_items,
    unprinted=frozenset(("provider_code", "tier", "data_type")),
)
CATALOGUE: Final = OfficialList(
    "catalogue",
    "公共数据资源目录",
    (*RESOURCE_COLUMNS[:CATALOGUE_WIDTH], Column("理由", 80), Column("依据", 60)),
    lambda _: True,
    catalogue_row,
    catalogue_record,
    (
        Note("经各部门报送、区大数据中心审核发布的信息资源", ("putuo-2020/15",)),
        Note("第 8 项见「信息项」表，以信息资源代码关联"),
    ),
    with_items=True,
    unprinted=frozenset(("municipal",)),
)
FILING: Final = OfficialList(
    "filing",
    "市级报送表",
    (
        *(Column("信息资源代码", 22), Column("信息资源名称", 28), Column("提供方", 26), Column("统一社会信用代码", 22)),
        *(Column("摘要", 40), Column("数据来源", 11, centre=True), Column("更新频率", 10, centre=True)),
        *(Column("安全等级", 15, centre=True), Column("共享类型", 15, centre=True), Column("共享条件", 34)),
        *(Column("开放类型", 15, centre=True), Column("开放条件", 34), Column("市级目录收录情况", 16, centre=True)),
        *(Column("信息项数", 9, centre=True), *DATES),
    ),
    lambda _: True,
    filing_row,
    filing_record,
    (
        Note("来源、更新频率、安全等级、共享开放属性", ("shanghai-data/28",)),
        Note("「区域补充」为市级目录未收录的条目"),
        Note("市级平台的报送格式尚无公开标准，本表按条例所列要素编排"),
    ),
    unprinted=frozenset(("category", "system_name", "related_codes", "format", "method", "items", "section", "contact"))
    | {"reason", "basis"},
)
KINDS: Final = {kind.key: kind for kind in (CATALOGUE, RESPONSIBILITY, NEGATIVE, OPEN, FILING)}
