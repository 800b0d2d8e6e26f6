"""数据需求清单: what departments need of one another (Art. 21), from the requests as they stood on a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from workflows.entries.words import Wording, Wordings
from workflows.entry import Entry
from workflows.lists.books import Edition, ListBook, Sheet, books_of_all, change_sheets, words_lines
from workflows.lists.changes import Issue, Row, change_line, differences
from workflows.outputs import words
from workflows.outputs.cells import Cell, Column
from workflows.sharing.states import STAGE_NAMES, Document, RequestState

KEY: Final = "demand"
NAME: Final = "数据需求清单"
OVER: Final = ("withdrawn", "absent", "expired")
"""Stages in which nothing is needed any more, or nobody has it."""
NOT_GIVEN: Final = ("refused", "revoked", "uncatalogued")
NOTES: Final = (
    words.Note("列出各部门根据履职需要、需要其他部门予以共享的数据", ("putuo-2020/21",)),
    words.Note("含目录外的数据需求；已撤回、已到期和确认无此数据的不列入"),
)
COLUMNS: Final = (
    *(Column("需求编号", 14), Column("需求单位", 26), Column("所需数据", 30), Column("信息资源代码", 22)),
    *(Column("信息项", 30), Column("提供单位", 26), Column("用途", 36), Column("依据", 50)),
    *(Column("共享方式", 16), Column("期限", 24, centre=True), Column("提出日期", 12, centre=True)),
    Column("办理状态", 14, centre=True),
)

CHANGES: Final = (
    *(Column("变化", 9, centre=True), Column("需求编号", 14), Column("所需数据", 30), Column("提供单位", 26)),
    Column("变更内容", 80),
)
"""Heading of the sheet 与上期变化."""


class Demand(msgspec.Struct, frozen=True):
    """One request with what the catalogue says of its resource on the same day."""

    state: RequestState
    words: Wording
    """Those of the day on which it was made or settled last."""
    kept: bool = True
    """False: no act has kept them, they are today's."""
    code: str = ""
    titles: dict[str, str] = {}
    """Item → its Chinese name."""


def demands(
    found: Iterable[RequestState], entries: Iterable[Entry], wordings: Wordings, today: Wording
) -> list[Demand]:
    """The share requests that stand, by asking department and number.

    ``today``: the words of those that have none of their own.
    """
    known = {entry.asset: entry for entry in entries}
    made = []
    for state in found:
        if state.kind == "share" and state.stage not in OVER:
            entry = known.get(state.document.asset)
            titles = {item.name: item.title for item in entry.items} if entry else {}
            told = wordings.read(state.words) if state.words else today
            made.append(Demand(state, told, bool(state.words), entry.code if entry else "", titles))
    return sorted(made, key=lambda one: (one.state.document.requester, one.state.id))


def demand_record(one: Demand) -> Row:
    state, asked, names = one.state, one.state.document, one.words.departments
    grant = state.grant
    return {
        "id": state.id,
        "department": asked.requester,
        "requester": names.get(asked.requester, asked.requester),
        "title": _what(asked),
        "asset": asked.asset,
        "code": one.code,
        "items": [{"name": name, "title": one.titles.get(name, name)} for name in asked.items],
        "provider": names.get(asked.owner, asked.owner),
        "purpose": asked.purpose,
        "basis": [words.citation_line(one.words, key) for key in asked.basis],
        "means": asked.means,
        "since": grant.since if grant else asked.since,
        "until": grant.until if grant else asked.until,
        "asked": state.asked.at[:10] if state.asked else "",
        "stage": state.stage,
        "stage_name": STAGE_NAMES[state.stage],
    }


def _what(asked: Document) -> str:
    """What is needed: the resource, and the demand that it settles."""
    if asked.title and asked.demand:
        return f"{asked.title}（需求：{asked.demand}）"
    return asked.title or asked.demand or asked.asset


def _days(told: Mapping[str, Any]) -> str:
    """From when to when it is had or asked for; — where it is not given.

    >>> _days({"stage": "reviewing", "since": "", "until": ""})
    '自授权之日起长期'
    """
    if told["stage"] in NOT_GIVEN:
        return "—"
    since = told["since"] or "授权之日"
    return f"{since} 至 {told['until']}" if told["until"] else f"自{since}起长期"


def demand_row(told: Mapping[str, Any]) -> list[Cell]:
    named = "、".join(f"{item['title']}（{item['name']}）" for item in told["items"])
    # Of what nobody has catalogued yet there are no items to tell.
    items = named or ("全部信息项" if told["asset"] else "")
    what: list[Cell] = [told["id"], told["requester"], told["title"], told["code"], items, told["provider"]]
    return [
        *what,
        told["purpose"],
        "；".join(told["basis"]),
        told["means"],
        _days(told),
        told["asked"],
        told["stage_name"],
    ]


def demand_books(scope: str, found: Sequence[Demand], edition: Edition, before: Issue | None) -> list[ListBook]:
    """The district's book, then each asking department's."""

    def whose(one: Demand) -> tuple[str, str]:
        requester = one.state.document.requester
        return requester, one.words.departments.get(requester, "")

    return books_of_all(demand_book, scope, found, whose, edition, before)


def demand_book(scope: str, place: str, found: Sequence[Demand], edition: Edition, before: Issue | None) -> ListBook:
    """One book; ``before``: the issue to compare with."""
    told = [demand_record(one) for one in found]
    changes = list(differences(before.records, told)) if before else []
    sheets = (
        Sheet(NAME, COLUMNS, lambda: map(demand_row, told), 2),
        Sheet("统计", total_columns(told), lambda: total_rows(told), 1),
        *change_sheets(CHANGES, before, changes),
    )
    cover = tuple(_cover(found, told, edition, change_line(before, changes)))
    return ListBook(NAME, scope, place, edition.as_of, edition.generated_at, cover, sheets, told)


def _cover(found: Sequence[Demand], told: Sequence[Row], edition: Edition, changed: str) -> Iterator[tuple[str, str]]:
    yield "目录", edition.names.catalogue
    yield "截止日期", f"{edition.as_of}（当日的办理状态，随时可按日期重新生成）"
    yield "生成时间", words.minute(edition.generated_at)
    yield "条目", f"需求 {len(told)} 项，其中已授权 {sum(one['stage'] == 'granted' for one in told)} 项"
    yield "与上期变化", changed
    yield from words_lines((), edition)
    old = sum(not one.kept for one in found)
    if old:
        yield "用语", f"{old} 项需求提出时没有留存当时的用语，其部门名称和依据条文按现行配置和规则包书写"
    yield from (("说明", words.note_text(edition.names, note)) for note in NOTES)


def total_columns(told: Sequence[Row]) -> list[Column]:
    """By asking department and stage."""
    named = (Column(name, 14, centre=True) for name in _stages(told))
    return [Column("需求单位", 26), *named, Column("合计", 10, centre=True)]


def _stages(told: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(str(one["stage_name"]) for one in told))


def total_rows(told: Sequence[Row]) -> Iterator[list[Cell]]:
    names = _stages(told)
    departments = list(dict.fromkeys(str(one["requester"]) for one in told))
    for title in (*departments, "合计"):
        own = [one for one in told if title in (one["requester"], "合计")]
        counts = Counter(one["stage_name"] for one in own)
        yield [title, *(counts[name] for name in names), len(own)]
