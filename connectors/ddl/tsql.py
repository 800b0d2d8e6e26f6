"""What SQL Server's scripts say by procedure calls: ``sp_addextendedproperty`` (comments) and ``sp_executesql``."""

from __future__ import annotations

import re
from typing import NamedTuple

from connectors.ddl.elements import Name
from connectors.lineage import Unreadable

_CALL = re.compile(
    r"(?:exec(?:ute)?\s+)?(?:\[?\w+\]?\s*\.\s*){0,2}\[?(?:(?P<comment>sp_(?:add|update)extendedproperty)|sp_executesql)\]?\s+",
    re.I,
)
_ARGUMENT = re.compile(
    r"\s*(?:@(?P<name>\w+)\s*=\s*)?(?:[Nn]?'(?P<text>(?:[^']|'')*)'|\[(?P<bracket>[^\]]*)\]|(?P<word>@?\w+))\s*(?P<more>,?)"
)
_PARAMETERS = (*("name", "value", "level0type", "level0name", "level1type", "level1name", "level2type", "level2name"),)
_DESCRIPTION = "ms_description"
"""The property that SQL Server's own tools, Navicat and PowerDesigner write comments to."""


class Property(NamedTuple):
    table: Name
    column: str | None
    text: str


def is_call(sql: str) -> bool:
    return _CALL.match(sql) is not None


def executed(sql: str) -> str | None:
    """The statement that ``sp_executesql`` is given; None when this is another call."""
    found = _CALL.match(sql)
    if found is None or found["comment"]:
        return None
    arguments = _arguments(sql, found.end(), ("statement",))
    return arguments.get("statement") or arguments.get("stmt")


def described(sql: str) -> Property | None:
    """The comment on a table, view or column that the call sets; None when it sets something else.

    Raises `Unreadable` when the call names no table or no text.
    """
    found = _CALL.match(sql)
    if found is None or not found["comment"]:
        return None
    arguments = _arguments(sql, found.end(), _PARAMETERS)
    kinds = [str(arguments.get(f"level{level}type") or "").lower() for level in (1, 2)]
    if (arguments.get("name") or "").lower() != _DESCRIPTION or kinds[0] not in ("table", "view"):
        return None
    if kinds[1] not in ("", "column"):
        return None
    table, text = arguments.get("level1name"), arguments.get("value")
    column = arguments.get("level2name") if kinds[1] else None
    if not table or text is None or (kinds[1] and not column):
        raise Unreadable("the extended property names no table, no column or no text")
    schema = arguments.get("level0name")
    return Property(Name((schema, table) if schema else (table,)), column, text.strip())


def _arguments(sql: str, at: int, order: tuple[str, ...]) -> dict[str, str | None]:
    """By name or by position; None for NULL, DEFAULT and variables."""
    found: dict[str, str | None] = {}
    for position in range(len(_PARAMETERS) + 1):
        argument = _ARGUMENT.match(sql, at)
        if argument is None:
            break
        name = argument["name"] or (order[position] if position < len(order) else "")
        found[name.lower()] = _value(argument)
        if not argument["more"]:
            break
        at = argument.end()
    return found


def _value(argument: re.Match[str]) -> str | None:
    if argument["text"] is not None:
        return argument["text"].replace("''", "'")
    word = argument["word"]
    if word is None:
        return argument["bracket"]
    return None if word.startswith("@") or word.lower() in ("null", "default") else word
