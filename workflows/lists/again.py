"""An issue on record, written again from its document alone."""

from __future__ import annotations

from pathlib import Path

from workflows.lists.books import write_book, write_lines
from workflows.lists.demand import KEY, NAME
from workflows.lists.issues import Issued, books_of
from workflows.lists.official import KINDS


def write_again(issue: Issued, folder: Path) -> list[Path]:
    """The same bytes as when it was issued; of an issue from before books were kept its records only."""
    if issue.books:
        return [path for book in books_of(issue) for path in write_book(book, folder)]
    name = NAME if issue.list == KEY else KINDS[issue.list].name
    return [write_lines(name, issue.as_of, issue.records, folder)]
