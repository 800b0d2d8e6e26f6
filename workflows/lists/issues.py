"""Issues of lists: what was put on record on a day, and what differs from the issue before.

An issue is an act of kind ``list`` whose document holds every record, so that it can be shown again as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from workflows.acts.model import Act, Actor
from workflows.acts.rights import Rights, require
from workflows.acts.trail import Trail

DISTRICT = "district"
"""The department of lists that are the whole district's, for rights."""


class Issue(msgspec.Struct, frozen=True):
    """One issue on record."""

    list: str
    as_of: str
    records: tuple[dict[str, Any], ...]
    pack: str = ""


class Difference(msgspec.Struct, frozen=True):
    """One line of a change sheet."""

    kind: str
    """新增, 减少 or 变更."""
    code: str
    title: str
    provider: str
    what: str = ""


FIELDS = {
    "title": "名称",
    "type_name": "类型",
    "tier": "分级",
    "condition": "条件",
    "share_condition": "共享条件",
    "open_condition": "开放条件",
    "reason": "理由",
    "basis": "依据",
    "update_cycle": "更新周期",
    "abstract": "摘要",
    "items": "信息项",
    "interface": "接口",
    "high_value": "高价值",
    "municipal": "市级目录收录情况",
    "approved_at": "批准日期",
    "purpose": "用途",
    "means": "共享方式",
    "until": "期限",
    "stage_name": "办理状态",
}


def issue(
    trail: Trail,
    actor: Actor,
    rights: Rights,
    kind: str,
    as_of: str,
    records: Sequence[dict[str, Any]],
    pack: str,
    why: str = "",
) -> Act:
    """Put a list on record. Raises `NotAllowed`."""
    require(actor, "list.issue", DISTRICT, rights)
    with trail.acting(actor, pack) as acting:
        version = acting.keep(Issue(kind, as_of, tuple(records), pack))
        return acting.add("list", kind, "issue", why=why, after={"version": version, "as_of": as_of})


def issues(trail: Trail, kind: str) -> list[Act]:
    """Every issue of a list, oldest first."""
    return list(trail.acts("list", kind))


def previous(trail: Trail, kind: str, before: str | None = None) -> Issue | None:
    """The last issue on record, or the last one of a day before ``before``."""
    found = [act for act in issues(trail, kind) if before is None or _day(act) < before]
    return read(trail, found[-1]) if found else None


def read(trail: Trail, act: Act) -> Issue | None:
    body = trail.document(msgspec.json.decode(act.after)["version"])
    return None if body is None else msgspec.json.decode(body, type=Issue)


def _day(act: Act) -> str:
    return str(msgspec.json.decode(act.after)["as_of"])


def differences(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> Iterator[Difference]:
    """By asset, or the number of a request: what is new, gone or says something else; a new code alone is a change."""
    before, now = ({record.get("id") or record["asset"]: record for record in records} for records in (old, new))
    for key, record in now.items():
        if key not in before:
            yield _line("新增", record)
        else:
            what = list(_changed(before[key], record))
            if what:
                yield _line("变更", record, "；".join(what))
    for key, record in before.items():
        if key not in now:
            yield _line("减少", record)


def _line(kind: str, record: dict[str, Any], what: str = "") -> Difference:
    return Difference(
        kind, record.get("code") or record.get("id", ""), record.get("title", ""), record.get("provider", ""), what
    )


def _changed(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    if old.get("code") != new.get("code"):
        yield f"代码：{old.get('code')} → {new.get('code')}"
    for key, title in FIELDS.items():
        was, now = old.get(key), new.get(key)
        if was != now:
            yield title if isinstance(now, (list, dict)) or len(f"{was}{now}") > 80 else f"{title}：{was} → {now}"
