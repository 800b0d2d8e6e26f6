"""Where a value stands in a JSON answer: the part of JSONPath (RFC 9535) that mappings of catalogues need.

Member names, list indices and ``[*]``; no filters, slices or descendants::

    $.data.records[*]    data.records    rows[0]["字段.名"]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.base import ConfigurationError

Step = str | int | None
"""A member's name, an index, or None for every item."""

_STEP = re.compile(
    r"""\.?(?P<name>[^.\[\]'"$*\s]+)|\[(?P<index>\d{1,6})\]|\[\*?\]|\[(?P<q>['"])(?P<quoted>.*?)(?P=q)\]"""
)


class Path:
    """A parsed path. Raises ``ConfigurationError`` when it is none.

    >>> Path("$.data[*].name").all({"data": [{"name": "a"}, {}, {"name": "b"}]})
    ['a', 'b']
    """

    def __init__(self, written: str) -> None:
        self.written = written
        self.steps: tuple[Step, ...] = tuple(_steps(written))

    def all(self, value: Any) -> list[Any]:
        """Every value that the path leads to, in order; members that are not there are passed over."""
        found = [value]
        for step in self.steps:
            found = [inner for one in found for inner in _inside(one, step)]
        return found

    def first(self, value: Any) -> Any:
        return next(iter(self.all(value)), None)

    def items(self, value: Any) -> list[Any] | None:
        """The list that the path leads to, or what it leads to by ``[*]``; None when there is no list."""
        found = self.all(value)
        if None in self.steps:
            return found
        return found[0] if found and isinstance(found[0], list) else None


def _steps(written: str) -> Iterator[Step]:
    text = written.strip()
    at = 1 if text.startswith("$") else 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            hint = "such as data.records, $.rows[*].name or info['a.b']"
            raise ConfigurationError(f"{written[:100]!r} is no path into an answer", hint=hint)
        at = found.end()
        quoted = found["quoted"]
        yield int(found["index"]) if found["index"] else found["name"] if quoted is None else quoted


def _inside(value: Any, step: Step) -> list[Any]:
    if isinstance(value, dict) and isinstance(step, str):
        return [value[step]] if step in value else []
    if isinstance(value, list) and not isinstance(step, str):
        return value if step is None else value[step : step + 1]
    return []
