"""JSON and JSON Lines: records found, flattened to columns such as ``a.b[].c``.

A file larger than the bounded beginning is cut behind its last complete value and its brackets are closed, so that the
records at its beginning can be read whatever its size.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from connectors.base import BadInputError
from connectors.files.delimited import text_head
from connectors.files.infer import data_type
from connectors.files.source import MAX_COLUMNS, ROWS, Settings, Source
from connectors.files.table import LONGEST_VALUE, Table, clean_name
from connectors.model import Column, Failure

_DEPTH = 12
"""Nesting that is flattened; what is deeper counts as one value."""
_LIST = 50
"""Elements of an inner list that are looked at."""
_ENVELOPE = 4
"""Objects around the records, at most: {"data": {"list": [...]}}."""
_KEY = 200
"""Characters of a key that are looked at."""
_LONGEST_NUMBER = 4_000
# A string that is cut off reaches to the end.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[][{},]', re.S)
# Keys that are data: {"310107…": {...}}. They must not become columns.
_DATA_KEY = re.compile(r"\d+|.*\d{6}.*|.*\S@\S+\.\S.*", re.S)

Record = dict[str, Any]


def read_json(source: Source, settings: Settings) -> list[Table]:
    text, whole = text_head(source, settings)
    if not text.strip():
        return [Table()]
    try:
        document = _parse(text if whole else closed(text))
    except (ValueError, RecursionError):
        lines, _ = _lines(text, whole)
        if len(lines) > 1:
            return [tabulate_records(lines)]
        what, hint = "the file is not JSON, or nested too deeply", "check it with a JSON tool, or deliver it again"
        raise BadInputError(what, place=source.path, hint=hint) from None
    return [tabulate_records(list(islice(records_of(document), ROWS)))]


def read_jsonl(source: Source, settings: Settings) -> list[Table]:
    text, whole = text_head(source, settings)
    if text.lstrip().startswith("["):
        return read_json(source, settings)
    lines, broken = _lines(text, whole)
    if broken and not lines:
        raise BadInputError("no line of the file is JSON", place=f"{source.path}:{broken[0]}", hint="deliver it again")
    table = tabulate_records(lines)
    if broken:
        what = f"{len(broken)} of the first {len(lines) + len(broken)} lines are no JSON"
        table.failures.append(Failure(what, f"{source.path}:{broken[0]}", "deliver the file again; they are left out"))
    return [table]


def _parse(text: str) -> Any:
    return json.loads(text, parse_int=_integer, parse_constant=lambda _: None)


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) < _LONGEST_NUMBER else digits[:LONGEST_VALUE]


def _lines(text: str, whole: bool) -> tuple[list[Any], list[int]]:
    """Values of the lines, and the numbers of lines that are none; a cut last line counts as nothing."""
    lines = text.split("\n")
    if not whole and len(lines) > 1:
        lines.pop()
    found: list[Any] = []
    broken: list[int] = []
    for number, line in enumerate(lines, 1):
        if len(found) >= ROWS:
            break
        if not line.strip():
            continue
        try:
            found.append(_parse(line))
        except (ValueError, RecursionError):
            broken.append(number)
    return found, broken


def closed(text: str) -> str:
    """The beginning of a JSON text up to its last complete element, brackets closed.

    >>> closed('{"code": 0, "data": [{"a": 1}, {"a": 2, "b": "x')
    '{"code": 0, "data": [{"a": 1}, {"a": 2}]}'
    """
    stack: list[str] = []
    end, open_then = 0, ""
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "{[":
            stack.append("}" if mark == "{" else "]")
        elif mark in "}]":
            if stack:
                stack.pop()
            end, open_then = token.end(), "".join(reversed(stack))
        elif mark == ",":
            end, open_then = token.start(), "".join(reversed(stack))
        if len(stack) > 500:
            break
    return text[:end] + open_then


def records_of(document: Any) -> Iterator[Any]:
    """The records of a document: a list, the only list of objects inside its envelope, or the document itself."""
    if isinstance(document, list):
        yield from document
        return
    lists = list(_lists(document, _ENVELOPE))
    if len(lists) == 1:
        yield from lists[0]
    else:
        yield document


def _lists(value: Any, depth: int) -> Iterator[list[Any]]:
    if not isinstance(value, dict) or depth == 0:
        return
    for inner in value.values():
        if isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner[:_LIST]):
            yield inner
        else:
            yield from _lists(inner, depth - 1)


def tabulate_records(records: list[Any]) -> Table:
    """One column for each path that any record has, in the order in which they come up."""
    flat = [flatten(record) for record in records]
    names: dict[str, int] = {}
    for record in flat:
        for name in record:
            if len(names) < MAX_COLUMNS:
                names.setdefault(name, len(names))
    values: list[list[Any]] = [[] for _ in names]
    table = Table()
    for record in flat:
        row = [record.get(name) for name in names]
        table.rows.append(row)
        for index, value in enumerate(row):
            values[index].append(value)
    table.columns = [
        Column(name=name, ordinal=index + 1, data_type=data_type(values[index])) for name, index in names.items()
    ]
    return table


def flatten(record: Any) -> Record:
    """Paths and first values. Lists are ``[]``, and keys that are themselves data are ``*``.

    >>> flatten({"a": {"b": [{"c": 1}, {"c": 2, "d": 3}]}, "e": ["x", "y"], "310107199001011230": {"f": 4}})
    {'a.b[].c': 1, 'a.b[].d': 3, 'e[]': 'x', '*.f': 4}
    """
    found: Record = {}
    _walk(record, "", found, _DEPTH)
    return found


def _walk(value: Any, path: str, found: Record, depth: int) -> None:
    if len(found) >= MAX_COLUMNS:
        return
    if isinstance(value, dict) and value and depth:
        for key, inner in value.items():
            part = "*" if _DATA_KEY.fullmatch(key[:_KEY]) else clean_name(key) or "_"
            _walk(inner, f"{path}.{part}" if path else part, found, depth - 1)
    elif isinstance(value, list) and value and depth:
        for inner in value[:_LIST]:
            _walk(inner, f"{path}[]", found, depth - 1)
    else:
        name = path or "value"
        if isinstance(value, (dict, list)):
            value = None
        if found.get(name) is None:
            found[name] = value
