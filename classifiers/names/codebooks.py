"""Department codebooks (``codebooks/*.yaml``): code-named columns that mean nothing without one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

import msgspec

from classifiers.evidence import SubjectKind
from classifiers.prepared import read_table

_NAMES = ("jinbao", "health", "police", "double_publicity", "registry", "medical_insurance")


class CodebookTable(msgspec.Struct, frozen=True):
    kind: SubjectKind
    title: str


class Codebook(msgspec.Struct, frozen=True):
    """One codebook: codes are upper case, element ids as in ``elements.yaml``."""

    id: str
    title: str
    pattern: str
    """What its codes look like; other columns are not looked up."""
    codes: dict[str, str]
    tables: dict[str, CodebookTable] = {}
    quorum: int = 1
    """Columns of one table that must be in the book before it speaks: its codes could be ordinary names."""

    def matches(self, columns: Iterable[str]) -> dict[str, str]:
        """Column name → element for the columns that are codes of this book; empty below the quorum."""
        shape = re.compile(self.pattern)
        found = {}
        for column in columns:
            code = column.upper().replace("-", "_").replace(".", "_")
            if shape.match(code) and code in self.codes:
                found[column] = self.codes[code]
        return found if len(found) >= self.quorum else {}


@cache
def codebooks() -> tuple[Codebook, ...]:
    """The shipped codebooks, most specific first."""
    return tuple(read_table(f"names/codebooks/{name}.yaml", Codebook) for name in _NAMES)


@cache
def _vocabulary() -> frozenset[str]:
    return frozenset(code for book in codebooks() for code in book.codes)


def codebook_elements(columns: Sequence[str], own: Sequence[Codebook] = ()) -> dict[str, tuple[Codebook, str]]:
    """Column name → (codebook, element) for one table; the first codebook that knows a column wins.

    ``own``: a site's codebooks, asked before the shipped ones.
    """
    found: dict[str, tuple[Codebook, str]] = {}
    for book in own:
        for column, element in book.matches(columns).items():
            found.setdefault(column, (book, element))
    known = _vocabulary()
    candidates = [column for column in columns if column.upper().replace("-", "_").replace(".", "_") in known]
    if candidates:
        for book in codebooks():
            for column, element in book.matches(candidates).items():
                found.setdefault(column, (book, element))
    return found


@cache
def _tables() -> dict[str, CodebookTable]:
    return {code: table for book in codebooks() for code, table in book.tables.items()}


def codebook_table(name: str) -> CodebookTable | None:
    """What a code-named table is (``AC01``), or None."""
    return _tables().get(name.rsplit(".", 1)[-1].upper())
