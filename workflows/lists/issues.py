"""Issues of lists: what was put on record on a day.

An issue is an act of kind ``list`` whose document holds every book as it was issued, so that it can be written again
as it was whatever has become of the pack, the site and this program's columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from workflows.acts.acting import Acting
from workflows.acts.model import Act
from workflows.acts.trail import Trail
from workflows.entries.words import Wording
from workflows.errors import InputError, StoreError
from workflows.lists.books import ListBook, Sheet
from workflows.lists.changes import Issue, record_key
from workflows.outputs.cells import Cell, Column

IssueT = TypeVar("IssueT", bound=Issue)

DISTRICT = "district"
"""The department of lists that are the whole district's, for rights."""


class KeptSheet(msgspec.Struct, frozen=True):
    """A sheet; its rows are places in `Issued.rows`."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[int, ...]
    frozen: int


class KeptBook(msgspec.Struct, frozen=True):
    """The district's or a department's book; its records are places in `Issued.records`."""

    scope: str
    place: str
    cover: tuple[tuple[str, str], ...]
    sheets: tuple[KeptSheet, ...]
    records: tuple[int, ...]


class Issued(Issue, frozen=True):
    """The document of an issue: everything that its workbooks and JSON lines show."""

    name: str = ""
    """数据责任清单 …; empty in issues from before books were kept, which have their records only."""
    generated_at: str = ""
    rows: tuple[tuple[Cell, ...], ...] = ()
    """Each different row once: a department's rows are the district's."""
    books: tuple[KeptBook, ...] = ()


class OnRecord(msgspec.Struct, frozen=True):
    """One issue as the trail tells of it."""

    number: int
    """Of the act; what an issue is called by."""
    list: str
    issue: int
    """How many issues of this list there are, this one included."""
    as_of: str
    at: str
    who: str
    name: str
    """What ``who`` was called then; empty in acts from before names were kept."""
    why: str
    lines: int
    digest: str


def issued(kind: str, books: Sequence[ListBook], pack: str) -> Issued:
    """The document of some books: the district's first, then the departments'."""
    first = books[0]
    rows: dict[tuple[Cell, ...], int] = {}
    places = {record_key(record): place for place, record in enumerate(first.records)}
    kept = tuple(_kept(book, places, rows) for book in books)
    return Issued(kind, first.as_of, tuple(first.records), pack, first.name, first.generated_at, tuple(rows), kept)


def _kept(book: ListBook, places: Mapping[str, int], rows: dict[tuple[Cell, ...], int]) -> KeptBook:
    sheets = tuple(
        KeptSheet(
            sheet.title,
            tuple(sheet.columns),
            tuple(rows.setdefault(tuple(row), len(rows)) for row in sheet.rows()),
            sheet.frozen,
        )
        for sheet in book.sheets
    )
    records = tuple(places[record_key(record)] for record in book.records)
    return KeptBook(book.scope, book.place, book.cover, sheets, records)


def books_of(issue: Issued) -> list[ListBook]:
    """The books again, as they were issued; none of an issue from before books were kept."""
    return [
        ListBook(
            issue.name,
            book.scope,
            book.place,
            issue.as_of,
            issue.generated_at,
            book.cover,
            tuple(Sheet(one.title, one.columns, _rows(issue, one.rows), one.frozen) for one in book.sheets),
            [issue.records[place] for place in book.records],
        )
        for book in issue.books
    ]


def _rows(issue: Issued, places: tuple[int, ...]) -> Callable[[], Iterable[Sequence[Cell]]]:
    return lambda: (issue.rows[place] for place in places)


def issue(acting: Acting, document: Issued, why: str = "", words: Wording | None = None) -> Act:
    """Put a list on record. ``words``: what the site was called then."""
    after: dict[str, object] = {"as_of": document.as_of, "lines": len(document.records)}
    after["version"] = acting.keep(document)
    if words is not None:
        after["words"] = acting.keep(words)
    return acting.add("list", document.list, "issue", why=why, after=after)


def issues(trail: Trail, kind: str | None = None) -> Iterator[OnRecord]:
    """Every issue, of all lists or of one, oldest first."""
    return (_on_record(trail, act) for act in trail.acts("list", kind, verb="issue"))


def _on_record(trail: Trail, act: Act) -> OnRecord:
    told = msgspec.json.decode(act.after)
    digest = str(told["version"])
    # Issues from before lines were counted tell it by their document.
    lines = told["lines"] if "lines" in told else len(_read(trail, digest, Issue).records)
    return OnRecord(
        act.number, act.subject, act.version, told["as_of"], act.at, act.who, act.name, act.why, lines, digest
    )


def found(trail: Trail, number: int) -> tuple[OnRecord, Issued]:
    """One issue by its number, with its document. Raises `InputError` for a number that is none."""
    told = next((one for one in issues(trail) if one.number == number), None)
    if told is None:
        raise InputError(f"no issue has the number {number}: `pdc lists issues` shows those on record")
    return told, _read(trail, told.digest, Issued)


def previous(trail: Trail, kind: str, before: str, recorded: str | None = None) -> Issue | None:
    """The issue of the last day before ``before``; ``recorded``: only what was on record by the end of that day."""
    days = [
        (str(told["as_of"]), act.number, str(told["version"]))
        for act in trail.acts("list", kind, until=recorded, verb="issue")
        for told in [msgspec.json.decode(act.after)]
        if told["as_of"] < before
    ]
    return _read(trail, max(days)[2], Issue) if days else None


def _read(trail: Trail, digest: str, type: type[IssueT]) -> IssueT:
    body = trail.document(digest)
    if body is None:
        raise StoreError(
            f"the issue {digest[:12]}… is gone from the store; "
            "run `pdc audit verify` for what else is, and restore the store from its copy"
        )
    return msgspec.json.decode(body, type=type)
