"""Tables from written forms to what they can mean, whose rows are decoded when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

Row = TypeVar("Row")


class Table(dict[str, Any], Generic[Row]):
    """Key → its rows, as a tuple or, until somebody asks, as the JSON of one."""

    def __init__(self, decode: Callable[[msgspec.Raw], tuple[Row, ...]], rows: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows or {})
        self._decode = decode

    def rows(self, key: str) -> tuple[Row, ...]:
        """The rows of a key; none when it is unknown."""
        found: Any = self.get(key)
        if found is None:
            return ()
        if type(found) is msgspec.Raw:
            found = self[key] = self._decode(found)
        rows: tuple[Row, ...] = found
        return rows

    def add(self, key: str, row: Row) -> None:
        self[key] = (*self.rows(key), row)

    def before(self, base: Table[Row], same: Callable[[Row], object]) -> Table[Row]:
        """This table's rows in front of another's, without rows of the latter that are the same as one of these."""
        every: Table[Row] = Table(self._decode, base)
        for key in self:
            own = self.rows(key)
            known = set(map(same, own))
            every[key] = (*own, *(row for row in base.rows(key) if same(row) not in known))
        return every
