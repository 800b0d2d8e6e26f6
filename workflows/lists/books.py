"""Books of the official lists: what a workbook and its JSON lines hold, made before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from workflows.entries.words import Wording
from workflows.errors import Refusal
from workflows.lists.changes import Difference, Issue, Row, change_line, differences
from workflows.lists.official import ITEM_COLUMNS, NEGATIVE, Listed, OfficialList, chosen, item_rows, unapproved
from workflows.outputs import words
from workflows.outputs.cells import Book, Cell, Column
from workflows.outputs.files import safe_name, write_bytes
from workflows.outputs.lists import MissingBasisError, may_refuse

OneT = TypeVar("OneT")

_encode = msgspec.json.Encoder(order="deterministic").encode

CHANGES: Final = (
    Column("变化", 9, centre=True),
    Column("信息资源代码", 22),
    Column("信息资源名称", 28),
    Column("提供方", 26),
    Column("变更内容", 80),
)
"""Heading of the sheet 与上期变化."""


class Sheet(NamedTuple):
    title: str
    columns: Sequence[Column]
    rows: Callable[[], Iterable[Sequence[Cell]]]
    """Made anew each time: a book may be written and put on record."""
    frozen: int = 0


@dataclass(frozen=True)
class ListBook:
    """One list of the district or of one department, whole."""

    name: str
    """数据责任清单 …"""
    scope: str
    """Whose it is, as its title says."""
    place: str
    """Department id; empty = the district's."""
    as_of: str
    generated_at: str
    cover: tuple[tuple[str, str], ...]
    sheets: tuple[Sheet, ...]
    records: Sequence[Row]


@dataclass(frozen=True)
class Edition:
    """What all books of one making say alike."""

    as_of: str
    generated_at: str
    names: Wording
    """What the site and its departments were called on that day."""
    kept: bool = True
    """False: no act has kept these names, they are today's."""


class UnapprovedRefusal(Refusal):
    """Entries refuse to share without the district office's approval: have it given, or share them."""

    def __init__(self, assets: Sequence[str]) -> None:
        super().__init__(
            f"非共享 without the district office's approval: {', '.join(assets)}; "
            "run `pdc entry approve-refusal` on a new version, or share them (上海市数据条例 38)"
        )


def checked(kind: OfficialList, entries: Sequence[Listed], today: bool = True) -> list[Listed]:
    """The entries of a list. Raises `MissingBasisError` and `UnapprovedRefusal` for a negative list that may not be.

    Whether a citation carries a refusal is asked of the words of the version's own day. ``today``: versions that have
    none are asked by the pack in force; of an earlier day it says nothing.
    """
    found = chosen(kind, entries)
    if kind.key == NEGATIVE.key:
        bare = [one.entry.asset for one in found if (one.kept or today) and not may_refuse(one.entry, one.words)]
        if bare:
            raise MissingBasisError(bare)
        if alone := unapproved(found):
            raise UnapprovedRefusal(alone)
    return found


def official_books(
    kind: OfficialList, scope: str, entries: Sequence[Listed], edition: Edition, before: Issue | None
) -> list[ListBook]:
    """The district's book, then one for each department that is on the list or was on the issue ``before``."""

    def whose(one: Listed) -> tuple[str, str]:
        return one.entry.department, one.entry.provider

    return books_of_all(partial(official_book, kind), scope, entries, whose, edition, before)


def official_book(
    kind: OfficialList, scope: str, place: str, entries: Sequence[Listed], edition: Edition, before: Issue | None
) -> ListBook:
    """One book; ``entries`` are those that `checked` gave, ``before`` the issue to compare with."""
    told = [kind.record(one) for one in entries]
    changes = list(differences(before.records, told, edition.names, kind.unprinted)) if before else []
    sheets = (
        Sheet(kind.name, kind.columns, lambda: map(kind.row, entries), 2),
        *([Sheet("信息项", ITEM_COLUMNS, lambda: item_rows(entries), 4)] if kind.with_items else []),
        Sheet("统计", total_columns(kind, entries), lambda: total_rows(kind, entries), 1),
        *change_sheets(CHANGES, before, changes),
    )
    cover = tuple(cover_lines(kind, entries, edition, change_line(before, changes)))
    return ListBook(kind.name, scope, place, edition.as_of, edition.generated_at, cover, sheets, told)


def change_sheets(heading: Sequence[Column], before: Issue | None, changes: Sequence[Difference]) -> list[Sheet]:
    """A list without an issue before has none."""
    if before is None:
        return []
    rows = [[one.kind, one.code, one.title, one.provider, one.what] for one in changes]
    return [Sheet("与上期变化", heading, lambda: rows, 3)]


# --- departments -------------------------------------------------------------------------------------------------


def books_of_all(
    make: Callable[[str, str, Sequence[OneT], Edition, Issue | None], ListBook],
    scope: str,
    found: Sequence[OneT],
    whose: Callable[[OneT], tuple[str, str]],
    edition: Edition,
    before: Issue | None,
) -> list[ListBook]:
    """The district's book, then one for each department that has any of ``found`` or was on the issue ``before``.

    ``make``: a book of scope, department id (empty = the district's), what is on it, edition and the issue to compare
    with. ``whose``: department id and name; the latter counts where the day does not know the department.
    """
    own: dict[str, list[OneT]] = {}
    names: dict[str, str] = {}
    for one in found:
        place, name = whose(one)
        names[place] = name
        own.setdefault(place, []).append(one)
    titles = _titles(_places_of(own, before, edition), names, edition, before)
    return [
        make(scope, "", found, edition, before),
        *(make(title, place, own.get(place, ()), edition, _part_of(before, place)) for place, title in titles.items()),
    ]


def _places_of(own: Iterable[str], before: Issue | None, edition: Edition) -> list[str]:
    """Departments that have a book: as they were configured that day, then others that acts tell of."""
    told = dict.fromkeys([*own, *map(_department, _records(before))])
    known = [place for place in edition.names.departments if place in told]
    return [*known, *(place for place in told if place not in known)]


def _titles(places: Iterable[str], names: Mapping[str, str], edition: Edition, before: Issue | None) -> dict[str, str]:
    """Department id → what it was called: by the names of the day, else by what is listed or the issue before."""
    earlier = {_department(record): record.get("requester") or record["provider"] for record in _records(before)}
    return {
        place: edition.names.departments.get(place) or names.get(place) or earlier.get(place) or place
        for place in places
    }


def _part_of(before: Issue | None, department: str) -> Issue | None:
    """One department's part of an issue."""
    if before is None:
        return None
    mine = tuple(record for record in before.records if _department(record) == department)
    return Issue(before.list, before.as_of, mine, before.pack)


def _records(before: Issue | None) -> tuple[Row, ...]:
    return before.records if before else ()


def _department(record: Mapping[str, Any]) -> str:
    """Whose it is: of a request the asking department's."""
    return str(record.get("department") or str(record["asset"]).split("/", 1)[0])


# --- cover and totals --------------------------------------------------------------------------------------------


def cover_lines(
    kind: OfficialList, entries: Sequence[Listed], edition: Edition, changed: str
) -> Iterator[tuple[str, str]]:
    yield "目录", edition.names.catalogue
    yield "截止日期", f"{edition.as_of}（当日生效的版本，随时可按日期重新生成）"
    yield "生成时间", words.minute(edition.generated_at)
    yield "判定规则", packs_line([one.words for one in entries] or [edition.names])
    yield "条目", f"信息资源 {len(entries)} 个，信息项 {_items(kind, entries)} 个"
    yield "与上期变化", changed
    yield from words_lines(entries, edition)
    yield from (("说明", words.note_text(edition.names, note)) for note in kind.notes)


def packs_line(used: Iterable[Wording]) -> str:
    """The packs by which what is listed was published, each once."""
    return "、".join(dict.fromkeys(f"{one.title}（{one.pack}）" for one in used))


def words_lines(entries: Iterable[Listed], edition: Edition) -> Iterator[tuple[str, str]]:
    """What a list says in today's words because no act kept those of the day."""
    if not edition.kept:
        yield "用语", "截至当日没有留存目录和部门的名称，按现行配置书写"
    old = [one for one in entries if not one.kept]
    if old:
        yield "用语", f"{len(old)} 个条目发布时没有留存当时的用语，其类型名称和依据条文按现行规则包书写"


def _items(kind: OfficialList, entries: Iterable[Listed]) -> int:
    return sum(len(kind.items(one.entry)) for one in entries)


def _types(kind: OfficialList, entries: Sequence[Listed]) -> list[str]:
    """The types that occur, by their names."""
    return list(dict.fromkeys(map(kind.type_name, entries)))


def total_columns(kind: OfficialList, entries: Sequence[Listed]) -> list[Column]:
    named = (Column(name, 15, centre=True) for name in _types(kind, entries))
    return [Column("提供方", 26), *named, Column("信息资源", 12, centre=True), Column("信息项", 12, centre=True)]


def total_rows(kind: OfficialList, entries: Sequence[Listed]) -> Iterator[list[Cell]]:
    names = _types(kind, entries)
    by: dict[str, list[Listed]] = {}
    for one in entries:
        by.setdefault(one.entry.provider, []).append(one)
    for provider, own in [*by.items(), ("合计", list(entries))]:
        counts = Counter(map(kind.type_name, own))
        yield [provider, *(counts[name] for name in names), len(own), _items(kind, own)]


# --- files -------------------------------------------------------------------------------------------------------


def write_book(made: ListBook, folder: Path) -> list[Path]:
    """A list as a workbook and as JSON lines; a department's into a folder of its own."""
    title = f"{made.scope}{made.name}"
    book = Book(title, made.generated_at)
    book.cover(title, iter(made.cover))
    for sheet in made.sheets:
        book.table(sheet.title, sheet.columns, sheet.rows(), frozen=sheet.frozen)
    place = folder / safe_name(made.place) if made.place else folder
    return [book.save(place / f"{made.name}.xlsx"), write_lines(made.name, made.as_of, made.records, place)]


def write_lines(name: str, as_of: str, records: Iterable[Row], folder: Path) -> Path:
    """Keys in order of the alphabet, as documents keep them: the same records are the same bytes."""
    lines = (_encode({"list": name, "as_of": as_of, **record}) + b"\n" for record in records)
    return write_bytes(folder / f"{name}.jsonl", lines)
