"""Official lists as workbooks and JSON lines: the list, totals, and what changed since the issue before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from workflows.entries.published import PublishedEntry
from workflows.entry import SiteInfo
from workflows.errors import Refusal
from workflows.lists.issues import Difference, Issue, differences
from workflows.lists.official import ITEM_COLUMNS, NEGATIVE, OfficialList, chosen, item_rows, unapproved
from workflows.outputs import words
from workflows.outputs.cells import Book, Cell, Column
from workflows.outputs.files import json_bytes, write_bytes
from workflows.outputs.lists import MissingBasisError, may_refuse

if TYPE_CHECKING:
    from classifiers.policy import Pack

CHANGES: Final = (
    Column("变化", 9, centre=True),
    Column("信息资源代码", 22),
    Column("信息资源名称", 28),
    Column("提供方", 20),
    Column("变更内容", 80),
)


Sheet = tuple[str, Sequence[Column], Iterable[list[Cell]], int]
"""Title, columns, rows, frozen columns."""


class UnapprovedRefusal(Refusal):
    """Entries refuse to share without the district office's approval: have it given, or share them."""

    def __init__(self, assets: Sequence[str]) -> None:
        super().__init__(
            f"非共享 without the district office's approval: {', '.join(assets)}; "
            "run `pdc entry approve-refusal` on a new version, or share them (上海市数据条例 38)"
        )


def checked(
    kind: OfficialList, entries: Sequence[PublishedEntry], pack: Pack, today: bool = True
) -> list[PublishedEntry]:
    """The entries of a list. Raises `MissingBasisError` and `UnapprovedRefusal` for a negative list that may not be.

    ``today``: whether the law that the pack holds now applies; what was lawful on an earlier day stays on its list.
    """
    found = chosen(kind, entries)
    if kind.key == NEGATIVE.key:
        bare = [one.entry.asset for one in found if today and not may_refuse(one.entry, pack)]
        if bare:
            raise MissingBasisError(bare)
        if alone := unapproved(found):
            raise UnapprovedRefusal(alone)
    return found


def records(kind: OfficialList, entries: Sequence[PublishedEntry], pack: Pack) -> list[dict[str, Any]]:
    return [kind.record(one, pack) for one in entries]


def write_official(
    kind: OfficialList,
    scope: str,
    entries: Sequence[PublishedEntry],
    as_of: str,
    info: SiteInfo,
    pack: Pack,
    folder: Path,
    before: Issue | None = None,
) -> list[Path]:
    """Write one list; ``entries`` are those that `checked` gave, ``before`` the issue to compare with."""
    told = records(kind, entries, pack)
    changes = list(differences(before.records, told)) if before else []
    cover = list(cover_lines(kind, entries, as_of, info, pack, before, changes))
    sheets: list[Sheet] = [
        (kind.name, kind.columns, (kind.row(one, pack) for one in entries), 2),
        *([("信息项", ITEM_COLUMNS, item_rows(entries, pack), 4)] if kind.with_items else []),
        ("统计", total_columns(kind, entries, pack), total_rows(kind, entries, pack), 1),
    ]
    return save(kind.name, scope, as_of, info, folder, cover, sheets, told, before, changes)


def save(
    name: str,
    scope: str,
    as_of: str,
    info: SiteInfo,
    folder: Path,
    cover: Sequence[tuple[str, str]],
    sheets: Sequence[Sheet],
    told: Sequence[dict[str, Any]],
    before: Issue | None,
    changes: Sequence[Difference],
) -> list[Path]:
    """A list as a workbook and as JSON lines, with the sheet of changes when there was an issue before."""
    book = Book(f"{scope}{name}", info.generated_at)
    book.cover(f"{scope}{name}", iter(cover))
    for title, columns, rows, frozen in sheets:
        book.table(title, columns, rows, frozen=frozen)
    if before is not None:
        book.table("与上期变化", CHANGES, ([*_cells(one)] for one in changes), frozen=3)
    lines = (json_bytes({"list": name, "as_of": as_of, **record}) + b"\n" for record in told)
    return [book.save(folder / f"{name}.xlsx"), write_bytes(folder / f"{name}.jsonl", lines)]


def _cells(one: Difference) -> Iterator[Cell]:
    yield from (one.kind, one.code, one.title, one.provider, one.what)


def cover_lines(
    kind: OfficialList,
    entries: Sequence[PublishedEntry],
    as_of: str,
    info: SiteInfo,
    pack: Pack,
    before: Issue | None,
    changes: Sequence[Difference],
) -> Iterator[tuple[str, str]]:
    yield "目录", info.name
    yield "截止日期", f"{as_of}（当日生效的版本，随时可按日期重新生成）"
    yield "生成时间", words.minute(info.generated_at)
    yield "判定规则", f"{pack.title}（{info.pack}）"
    yield "条目", f"信息资源 {len(entries)} 个，信息项 {sum(len(one.entry.items) for one in entries)} 个"
    yield "与上期变化", change_line(before, changes)
    yield from (("说明", note) for note in kind.notes)


def change_line(before: Issue | None, changes: Sequence[Difference]) -> str:
    if before is None:
        return "首期，或上期未作记录"
    counts = Counter(one.kind for one in changes)
    told = "、".join(f"{name} {counts[name]} 个" for name in ("新增", "变更", "减少"))
    return f"与 {before.as_of} 一期相比：{told}"


def _types(kind: OfficialList, entries: Sequence[PublishedEntry], pack: Pack) -> list[str]:
    """The types that occur, by their names."""
    axis: Any = kind.types
    return list(dict.fromkeys(words.axis_name(pack, one.entry, axis) for one in entries))


def total_columns(kind: OfficialList, entries: Sequence[PublishedEntry], pack: Pack) -> list[Column]:
    named = (Column(name, 15, centre=True) for name in _types(kind, entries, pack))
    return [Column("提供方", 26), *named, Column("信息资源", 12, centre=True), Column("信息项", 12, centre=True)]


def total_rows(kind: OfficialList, entries: Sequence[PublishedEntry], pack: Pack) -> Iterator[list[Cell]]:
    axis: Any = kind.types
    names = _types(kind, entries, pack)
    by: dict[str, list[PublishedEntry]] = {}
    for one in entries:
        by.setdefault(one.entry.provider, []).append(one)
    for provider, own in [*by.items(), ("合计", list(entries))]:
        counts = Counter(words.axis_name(pack, one.entry, axis) for one in own)
        items = sum(len(one.entry.items) for one in own)
        yield [provider, *(counts[name] for name in names), len(own), items]
