"""JSON Patch (RFC 6902) operations in the only order that servers execute faithfully.

Reference, "Writing tables and tags": within one PATCH a server runs adds and replaces before removes, so that
``[remove 0, add 0]`` deletes what it added. Hence: what changes is *replaced* in place, what is new is added at the
end, what goes is removed from the highest index down, and no path is both removed and added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Operation = dict[str, Any]


def pointer(*parts: str | int) -> str:
    """A JSON Pointer (RFC 6901).

    >>> pointer("columns", 3, "a/b~c")
    '/columns/3/a~1b~0c'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def set_field(path: str, old: Any, new: Any) -> list[Operation]:
    """Operations that turn the value at ``path`` from ``old`` into ``new``; None means that there is none.

    >>> set_field("/description", None, "x")
    [{'op': 'add', 'path': '/description', 'value': 'x'}]
    """
    if old == new:
        return []
    if new is None:
        return [{"op": "remove", "path": path}]
    return [{"op": "add" if old is None else "replace", "path": path, "value": new}]


def set_list(path: str, old: Sequence[Any] | None, new: Sequence[Any]) -> list[Operation]:
    """Operations that turn the list at ``path`` into ``new``, by index; ``old`` None means that there is no list.

    >>> set_list("/tags", ["a", "b", "c"], ["a", "x"])
    [{'op': 'replace', 'path': '/tags/1', 'value': 'x'}, {'op': 'remove', 'path': '/tags/2'}]
    """
    if old is None:
        return [{"op": "add", "path": path, "value": list(new)}] if new else []
    both = range(min(len(old), len(new)))
    changed: list[Operation] = [
        {"op": "replace", "path": f"{path}/{at}", "value": new[at]} for at in both if old[at] != new[at]
    ]
    added: list[Operation] = [{"op": "add", "path": f"{path}/-", "value": value} for value in new[len(old) :]]
    gone: list[Operation] = [{"op": "remove", "path": f"{path}/{at}"} for at in range(len(old) - 1, len(new) - 1, -1)]
    return changed + added + gone


def in_order(ops: Sequence[Operation]) -> list[Operation]:
    """The operations as servers run them: tests, then adds and replaces, then removes from the highest index down.

    Raises ``ValueError`` (a programming error) when a path is both removed and written: the new value would go.
    """
    removed = {op["path"] for op in ops if op["op"] == "remove"}
    both = removed & {op["path"] for op in ops if op["op"] in ("add", "replace")}
    if both:
        raise ValueError(f"removed and written in one patch: {', '.join(sorted(both))}; use replace")
    tests = [op for op in ops if op["op"] == "test"]
    writes = [op for op in ops if op["op"] not in ("test", "remove")]
    removes = sorted((op for op in ops if op["op"] == "remove"), key=lambda op: _indices(op["path"]), reverse=True)
    return [*tests, *writes, *removes]


def guarded(ops: Sequence[Operation], version: float | None) -> list[Operation]:
    """The operations in order, after a test of the entity's version."""
    test: list[Operation] = [] if version is None else [{"op": "test", "path": "/version", "value": version}]
    return test + in_order(ops)


def _indices(path: str) -> list[tuple[str, int]]:
    return [("", int(part)) if part.isdigit() else (part, -1) for part in path.split("/")]
