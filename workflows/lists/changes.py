"""What a list says differently from the issue before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from workflows.outputs import words

Row = dict[str, Any]

FIELDS: Final = {
    "code": "信息资源代码",
    "title": "名称",
    "provider": "提供方",
    "provider_code": "提供方代码",
    "category": "信息资源分类",
    "type_name": "类型",
    "tier": "分级",
    "scope": "开放范围",
    "condition": "条件",
    "left_out": "不含的信息项",
    "share_condition": "共享条件",
    "open_type_name": "开放类型",
    "open_condition": "开放条件",
    "method": "共享方式",
    "reason": "理由",
    "basis": "依据",
    "deciding_columns": "决定性信息项",
    "update_cycle": "更新周期",
    "domain": "数据领域",
    "abstract": "摘要",
    "origin": "数据来源",
    "format": "数据格式",
    "items": "信息项",
    "item_count": "信息项数",
    "interface": "接口",
    "high_value": "高价值",
    "municipal": "市级目录收录情况",
    "related_codes": "关联资源代码",
    "system_name": "所属系统",
    "section": "责任科室",
    "contact": "联系方式",
    "approved_by": "批准人",
    "approved_at": "批准日期",
    "requester": "需求单位",
    "purpose": "用途",
    "means": "共享方式",
    "since": "起始日期",
    "until": "截止日期",
    "stage_name": "办理状态",
    "published": "发布日期",
    "issue": "版本",
}
"""Key of a record → what readers call it, in the order in which changes are told."""
ITEM_FIELDS: Final = {
    "number": "序号",
    "title": "名称",
    "data_type": "数据类型",
    "tier": "分级",
    "share": "共享类型",
    "open": "开放类型",
}
"""What a record says of an item; what is filled in of it stands under ``elements`` by its Chinese name."""
DAYS: Final = frozenset(("approved_at", "published"))
LONGEST: Final = 80
"""Characters of two values that are shown side by side; longer ones are only named."""


class Issue(msgspec.Struct, frozen=True):
    """One issue on record, as far as the next one is compared with it."""

    list: str
    as_of: str
    records: tuple[Row, ...]
    pack: str = ""


class Difference(msgspec.Struct, frozen=True):
    """One line of a change sheet."""

    kind: str
    """新增, 减少 or 变更."""
    code: str
    """Of an entry its code, of a demand its number."""
    title: str
    provider: str
    what: str = ""


def differences(
    old: Sequence[Row],
    new: Sequence[Row],
    names: words.Lexicon | None = None,
    unprinted: frozenset[str] = frozenset(),
) -> Iterator[Difference]:
    """By asset, or the number of a request: what is new, gone or says something else; a new code alone is a change.

    An entry that was withdrawn and published again in between is one that has changed: its days and version tell.
    ``names``: what tiers are called, needed where records have any; ``unprinted``: keys that have no column.
    """
    before, now = ({record_key(one): one for one in records} for records in (old, new))
    for key, record in now.items():
        if key not in before:
            yield _line("新增", record)
        else:
            what = list(_changed(*(_printed(one, names, unprinted) for one in (before[key], record))))
            if what:
                yield _line("变更", record, "；".join(what))
    for key, record in before.items():
        if key not in now:
            yield _line("减少", record)


def record_key(record: Row) -> str:
    """What a line is known by from issue to issue: the number of a request, else the asset."""
    return str(record.get("id") or record["asset"])


def change_line(before: Issue | None, changes: Sequence[Difference]) -> str:
    if before is None:
        return "首期，或截至当日没有留存上一期"
    counts = Counter(one.kind for one in changes)
    told = "、".join(f"{name} {counts[name]} 条" for name in ("新增", "变更", "减少"))
    return f"与 {before.as_of} 一期相比：{told}"


def _line(kind: str, record: Row, what: str = "") -> Difference:
    number = record.get("id") or record.get("code", "")
    return Difference(kind, number, record.get("title", ""), record.get("provider", ""), what)


def _printed(record: Row, names: words.Lexicon | None, unprinted: frozenset[str]) -> Row:
    """What is on the list of a record, with the name of its tier instead of the key."""
    found = {key: _but_keys(value, unprinted) for key, value in record.items() if key not in unprinted}
    tier = found.get("tier")
    return {**found, "tier": words.tier_name(names, tier)} if tier and names else found


def _but_keys(value: Any, unprinted: frozenset[str]) -> Any:
    """Items without what the list does not say of them either."""
    if not isinstance(value, list):
        return value
    return [
        {key: told for key, told in one.items() if key not in unprinted} if isinstance(one, dict) else one
        for one in value
    ]


def _changed(old: Row, new: Row) -> Iterator[str]:
    """Only what both say: an issue from before a key was recorded says nothing of it."""
    for key, title in FIELDS.items():
        if key in old and key in new and old[key] != new[key]:
            told = _told(key, title, old[key], new[key])
            if told:
                yield told


def _told(key: str, title: str, was: Any, now: Any) -> str:
    if isinstance(now, list):
        told = "，".join(_members(was, now))
        return f"{title}：{told}" if told else ""
    old, new = (_shown(key, value) for value in (was, now))
    return title if len(old) + len(new) > LONGEST else f"{title}：{old} → {new}"


def _members(was: Sequence[Any], now: Sequence[Any]) -> Iterator[str]:
    """Which items, citations or codes are new, which are gone, and what else is said of items."""
    old, new = ({_name(one): one for one in told} for told in (was, now))
    changed = [told for name, one in new.items() if name in old and (told := _item_change(old[name], one))]
    for verb, titles in (("新增", _but(new, old)), ("减少", _but(old, new)), ("变更", changed)):
        if titles:
            yield f"{verb}{'、'.join(titles)}"


def _name(one: Any) -> str:
    return str(one.get("name") or one["key"]) if isinstance(one, dict) else str(one)


def _title(one: Any) -> str:
    return str(one.get("title") or one["citation"]) if isinstance(one, dict) else str(one)


def _but(some: Mapping[str, Any], others: Mapping[str, Any]) -> list[str]:
    return [_title(one) for name, one in some.items() if name not in others]


def _item_change(old: Any, new: Any) -> str:
    """``姓名（分级、代码集）``; empty when both say the same, as far as both say it."""
    if old == new:
        return ""
    what = [title for key, title in ITEM_FIELDS.items() if key in old and key in new and old[key] != new[key]]
    if "elements" in old and "elements" in new:
        was, now = old["elements"], new["elements"]
        what += [title for title in {**was, **now} if was.get(title) != now.get(title)]
    return f"{_title(new)}（{'、'.join(what)}）" if what else ""


def _shown(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if key == "issue":
        return f"第{value}版"
    text = words.ORIGINS.get(value, value) if key == "origin" else str(value or "")
    return (text[:10] if key in DAYS else text) or "（空）"
