"""JSON Patch as the server runs it (reference: Writing tables and tags; Custom properties).

Removes run last, from the highest index down (`[remove 0, add 0]` deletes what it added). On 2.0 the other operations
run in the order of their paths as well, which the public sources say; on 1.2 in the order they were sent.
A pointer that leads nowhere, an index past the end and a failing ``test`` are 500.
"""

from __future__ import annotations

from typing import Any

from .errors import BadRequest, ServerError

Steps = list[str]


def steps_of(pointer: object) -> Steps:
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        raise BadRequest(f"invalid JSON pointer: {pointer}")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/")]


def order_of(steps: Steps) -> list[tuple[int, int, str]]:
    """Sorts paths with their indexes as numbers."""
    return [(0, int(step), "") if step.isdigit() else (1, 0, step) for step in steps]


def in_server_order(operations: list[dict[str, Any]], by_path: bool) -> list[tuple[str, Steps, dict[str, Any]]]:
    parsed = [(str(operation.get("op")), steps_of(operation.get("path")), operation) for operation in operations]
    others = [one for one in parsed if one[0] != "remove"]
    removes = [one for one in parsed if one[0] == "remove"]
    if by_path:
        others.sort(key=lambda one: order_of(one[1]))
    removes.sort(key=lambda one: order_of(one[1]), reverse=True)
    return [*others, *removes]


class Patched:
    """A document being patched: containers on the way to a change are copied once, everything else is shared."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = dict(document)
        # Keeps what was copied alive, so that ids stay unique.
        self.own: dict[int, Any] = {id(self.document): self.document}

    def copied(self, value: Any) -> Any:
        if id(value) in self.own:
            return value
        copy = list(value) if isinstance(value, list) else dict(value)
        self.own[id(copy)] = copy
        return copy

    def container(self, steps: Steps) -> Any:
        """The container that holds the last step, made safe to change."""
        place: Any = self.document
        for step in steps[:-1]:
            inner = child(place, step)
            if not isinstance(inner, (dict, list)):
                raise ServerError(f"The JSON Object has no value for {step}")
            copy = self.copied(inner)
            if isinstance(place, list):
                place[index_of(place, step)] = copy
            else:
                place[step] = copy
            place = copy
        return place

    def value(self, steps: Steps) -> Any:
        place: Any = self.document
        for step in steps:
            place = child(place, step)
        return place

    def add(self, steps: Steps, value: Any) -> None:
        place, last = self.container(steps), steps[-1]
        if isinstance(place, list):
            place.insert(len(place) if last == "-" else index_of(place, last, one_more=True), value)
        else:
            place[last] = value

    def replace(self, steps: Steps, value: Any) -> None:
        place, last = self.container(steps), steps[-1]
        child(place, last)
        place[index_of(place, last) if isinstance(place, list) else last] = value

    def remove(self, steps: Steps) -> None:
        place, last = self.container(steps), steps[-1]
        child(place, last)
        del place[index_of(place, last) if isinstance(place, list) else last]


def index_of(place: list[Any], step: str, one_more: bool = False) -> int:
    if not step.isdigit() or int(step) >= len(place) + one_more:
        raise ServerError(f"The JSON Array contains no element for index {step}")
    return int(step)


def child(place: Any, step: str) -> Any:
    if isinstance(place, list):
        return place[index_of(place, step)]
    if not isinstance(place, dict) or step not in place:
        raise ServerError(f"The JSON Object has no mapping for the name {step}")
    return place[step]


def same(one: Any, other: Any) -> bool:
    """JSON equality: ``true`` is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def run(patched: Patched, op: str, steps: Steps, operation: dict[str, Any]) -> None:
    if op in ("add", "replace", "test") and "value" not in operation:
        raise BadRequest(f"operation {op} needs a value")
    if op == "add":
        patched.add(steps, operation["value"])
    elif op == "replace":
        patched.replace(steps, operation["value"])
    elif op == "remove":
        patched.remove(steps)
    elif op == "test":
        if not same(patched.value(steps), operation["value"]):
            raise ServerError(f"The JSON Patch operation 'test' failed for path '{operation['path']}'")
    elif op in ("move", "copy"):
        source = steps_of(operation.get("from"))
        value = patched.value(source)
        if op == "move":
            patched.remove(source)
        patched.add(steps, value)
    else:
        raise BadRequest(f"unknown operation: {op}")


def apply(document: dict[str, Any], operations: object, by_path: bool) -> dict[str, Any]:
    """The patched document; the one given and its parts stay as they are."""
    if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
        raise BadRequest("a JSON Patch is an array of operations")
    patched = Patched(document)
    for op, steps, operation in in_server_order(operations, by_path):
        run(patched, op, steps, operation)
    return patched.document
