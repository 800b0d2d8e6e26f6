"""The YAML of packs: parsed, keys that stand twice, and where something stands.

Imported where it is needed: the built-in packs are prepared (``prepared.py``), and the parser takes long to import.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from classifiers.pack_file import PackError, Text


def loader() -> type[Any]:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(file: str, text: str) -> Any:
    """What a YAML text says; raises ``PackError`` with its line."""
    try:
        return yaml.load(text, Loader=loader())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise PackError(file, line, f"not YAML: {error.problem}") from None


def refuse_twice(file: str, text: str) -> None:
    """YAML lets the last of two equal keys win in silence; in an overlay the first one would be lost."""
    nodes = [yaml.compose(text, Loader=loader())]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        if not isinstance(node, yaml.MappingNode):
            continue
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise PackError(file, key.start_mark.line + 1, f"{key.value} stands here twice; put both under one")
            seen.add(str(key.value))
            nodes.append(value)


def place(steps: Sequence[str], texts: Sequence[Text]) -> tuple[str, int]:
    """Where a path of keys stands, as deep as it can be followed; the texts that apply last are asked first."""
    best, depth = (texts[-1][0], 0), 0
    for file, text in reversed(texts):
        line, followed = _follow(yaml.compose(text, Loader=loader()), steps)
        if followed > depth:
            best, depth = (file, line), followed
    return best


def _follow(node: Any, steps: Sequence[str]) -> tuple[int, int]:
    """The line that a path leads to, and how many of its steps could be followed; ids of elements have dots."""
    line, at = 0, 0
    while at < len(steps):
        for length in (1, 2):
            child = _child(node, ".".join(steps[at : at + length]))
            if child is not None:
                node, line, at = child[0], child[1], at + length
                break
        else:
            break
    return line, at


def _child(node: Any, step: str) -> tuple[Any, int] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((v, k.start_mark.line + 1) for k, v in node.value if k.value == step), None)
    if isinstance(node, yaml.SequenceNode):
        named = next((item for item in node.value if _id_of(item) == step), None)
        numbered = node.value[int(step)] if step.isdigit() and int(step) < len(node.value) else None
        item = named or numbered
        return (item, item.start_mark.line + 1) if item else None
    return None


def _id_of(node: Any) -> str | None:
    """The ``id`` of a rule or example."""
    found = _child(node, "id") if isinstance(node, yaml.MappingNode) else None
    return found[0].value if found and isinstance(found[0], yaml.ScalarNode) else None
