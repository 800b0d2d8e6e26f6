"""What stands in cells besides content."""

from __future__ import annotations

from typing import NamedTuple

ERRORS = frozenset(
    {
        *("#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#GETTING_DATA", "#SPILL!", "#CALC!"),
        *("#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", "#EXTERNAL!", "#PYTHON!"),
    }
)


class Broken(str):
    """What stands in a cell instead of content: a formula ``=…``, or an error value.

    Where results are asked for, only a formula that nobody's program has worked out.
    """

    __slots__ = ()

    @property
    def is_formula(self) -> bool:
        return self.startswith("=")


class Merged(NamedTuple):
    """Cells that are one."""

    text: str
    """``O3:O5``"""
    first_column: int
    """From 0."""
    last_column: int
    last_row: int
    """From 1."""
