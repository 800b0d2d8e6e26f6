"""数据需求清单: what departments need of one another (Art. 21), from the requests as they stood on a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from workflows.entries.published import PublishedEntry
from workflows.entry import SiteInfo
from workflows.lists.books import change_line, save
from workflows.lists.issues import Issue, differences
from workflows.outputs import words
from workflows.outputs.cells import Cell, Column
from workflows.sharing.states import STAGE_NAMES, RequestState

if TYPE_CHECKING:
    from classifiers.policy import Pack

KEY: Final = "demand"
NAME: Final = "数据需求清单"
OVER: Final = ("withdrawn", "absent", "expired")
"""Stages in which nothing is needed any more, or nobody has it."""
NOTES: Final = (
    "列出各部门根据履职需要、需要其他部门予以共享的数据（普陀区公共数据管理办法第二十一条）",
    "含目录外的数据需求；已撤回、已到期和确认无此数据的不列入",
)
COLUMNS: Final = (
    *(Column("需求编号", 14), Column("需求单位", 20), Column("所需数据", 30), Column("信息资源代码", 22)),
    *(Column("信息项", 30), Column("提供单位", 20), Column("用途", 36), Column("依据", 36)),
    *(Column("共享方式", 16), Column("期限", 24, centre=True), Column("提出日期", 12, centre=True)),
    Column("办理状态", 14, centre=True),
)


class Demand(msgspec.Struct, frozen=True):
    """One request with what the catalogue says of its resource on the same day."""

    state: RequestState
    code: str = ""
    titles: dict[str, str] = {}
    """Item → its Chinese name."""


def demands(found: Iterable[RequestState], entries: Iterable[PublishedEntry]) -> list[Demand]:
    """The share requests that stand, by asking department and number."""
    known = {one.entry.asset: one.entry for one in entries}
    made = []
    for state in found:
        if state.kind == "share" and state.stage not in OVER:
            entry = known.get(state.document.asset)
            titles = {item.name: item.title for item in entry.items} if entry else {}
            made.append(Demand(state, entry.code if entry else "", titles))
    return sorted(made, key=lambda one: (one.state.document.requester, one.state.id))


def demand_record(one: Demand, info: SiteInfo, pack: Pack) -> dict[str, Any]:
    state, asked = one.state, one.state.document
    grant = state.grant
    return {
        "id": state.id,
        "department": asked.requester,
        "requester": info.departments.get(asked.requester, asked.requester),
        "title": asked.title or asked.demand or asked.asset,
        "asset": asked.asset,
        "code": one.code,
        "items": [{"name": name, "title": one.titles.get(name, name)} for name in asked.items],
        "provider": info.departments.get(asked.owner, asked.owner),
        "purpose": asked.purpose,
        "basis": [words.citation_line(pack, key) for key in asked.basis],
        "means": asked.means,
        "since": grant.since if grant else asked.since,
        "until": grant.until if grant else asked.until,
        "asked": state.asked.at[:10] if state.asked else "",
        "stage": state.stage,
        "stage_name": STAGE_NAMES[state.stage],
    }


def demand_row(told: Mapping[str, Any]) -> list[Cell]:
    items = "、".join(f"{item['title']}（{item['name']}）" for item in told["items"])
    days = f"{told['since'] or '授权之日'} 至 {told['until'] or '长期'}"
    what: list[Cell] = [told["id"], told["requester"], told["title"], told["code"], items, told["provider"]]
    return [*what, told["purpose"], "；".join(told["basis"]), told["means"], days, told["asked"], told["stage_name"]]


def write_demand(
    scope: str,
    told: Sequence[dict[str, Any]],
    as_of: str,
    info: SiteInfo,
    folder: Path,
    before: Issue | None = None,
) -> list[Path]:
    """Write the list from its records; ``before``: the issue to compare with."""
    changes = list(differences(before.records, told)) if before else []
    cover = [
        ("目录", info.name),
        ("截止日期", f"{as_of}（当日的办理状态，随时可按日期重新生成）"),
        ("生成时间", words.minute(info.generated_at)),
        ("条目", f"需求 {len(told)} 项，其中已授权 {sum(one['stage'] == 'granted' for one in told)} 项"),
        ("与上期变化", change_line(before, changes)),
        *(("说明", note) for note in NOTES),
    ]
    sheets = [(NAME, COLUMNS, [demand_row(one) for one in told], 2), ("统计", *_totals(told), 1)]
    return save(NAME, scope, as_of, info, folder, cover, sheets, told, before, changes)


def _totals(told: Sequence[Mapping[str, Any]]) -> tuple[list[Column], Iterator[list[Cell]]]:
    """By asking department and stage."""
    names = list(dict.fromkeys(str(one["stage_name"]) for one in told))
    columns = [
        Column("需求单位", 26),
        *(Column(name, 14, centre=True) for name in names),
        Column("合计", 10, centre=True),
    ]
    return columns, _total_rows(told, names)


def _total_rows(told: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Iterator[list[Cell]]:
    departments = list(dict.fromkeys(str(one["requester"]) for one in told))
    for title in (*departments, "合计"):
        own = [one for one in told if title in (one["requester"], "合计")]
        counts = Counter(one["stage_name"] for one in own)
        yield [title, *(counts[name] for name in names), len(own)]
