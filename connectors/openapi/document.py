"""OpenAPI documents as plain data: JSON or YAML, read without recursion, with lines, and what ``$ref`` points to.

YAML's scalars are read as JSON has them (OpenAPI 3.0.3 and 3.1, "Format"): ``yes``, ``2026-01-01`` and ``0x1F`` are
texts, and so is every key. Aliases and merge keys share one object each, so that a bomb of them stays as small as it is
written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import unquote

import yaml

from connectors.base import SourceFatalError
from connectors.model import Failure
from connectors.text import decode, one_line

MAX_BYTES = 64 << 20
MAX_YAML_BYTES = 16 << 20
MAX_DEPTH = 200
MAX_MERGED = 1_000_000
MAX_REFERENCES = 50
"""Longest chain of ``$ref`` to ``$ref``."""
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
# The loader written in C is ten times as fast; PyYAML may have been built without it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unusable(Exception):
    """One part of a document is of no use; ``str()`` says why, the place is known to whoever asked for it."""


class Problems:
    """Failures, each once and not more than a reader would read."""

    MOST = 1_000

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None], Failure] = {}
        self._left_out = 0

    def add(self, what: str, place: str, hint: str | None = None) -> None:
        if len(self._found) < self.MOST:
            self._found.setdefault((what, place), Failure(what, place, hint))
        else:
            self._left_out += 1

    def all(self) -> list[Failure]:
        more = [Failure(f"{self._left_out} further problems are not listed")] if self._left_out else []
        return [*self._found.values(), *more]


@dataclass(eq=False)
class Document:
    """One file. ``lines`` maps ``id()`` of its mappings and lists to themselves and the line on which they begin.

    Only YAML's parser tells lines; JSON has the JSON pointer alone.
    """

    name: str
    data: Any
    path: Path | None = None
    lines: dict[int, tuple[Any, int]] = field(default_factory=dict, repr=False)

    @property
    def root(self) -> Node:
        return Node(self.data, self, "")

    @property
    def is_description(self) -> bool:
        return isinstance(self.data, dict) and ("openapi" in self.data or "swagger" in self.data)


class Node(NamedTuple):
    """A value in a document, and its JSON pointer (RFC 6901)."""

    value: Any
    document: Document
    pointer: str
    above: int = 0
    """The line on which the nearest mapping or list above begins; 0 = unknown."""

    @property
    def line(self) -> int:
        _, line = self.document.lines.get(id(self.value), (None, self.above))
        return line

    @property
    def place(self) -> str:
        """``file:line#pointer``, the line where it is known."""
        return f"{self.document.name}{f':{self.line}' if self.line else ''}#{one_line(self.pointer)[:500]}"

    def get(self, key: str) -> Node:
        """A member; the value None where there is none."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Node(value, self.document, f"{self.pointer}/{escape(key)}", self.line)

    def members(self) -> Iterator[tuple[str, Node]]:
        for key in self.value if isinstance(self.value, dict) else ():
            yield key, self.get(key)

    def items(self) -> Iterator[Node]:
        for number, value in enumerate(self.value if isinstance(self.value, list) else ()):
            yield Node(value, self.document, f"{self.pointer}/{number}", self.line)

    def text(self, key: str) -> str:
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return value.strip() if isinstance(value, str) else ""


def escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


# --- reading -----------------------------------------------------------------------------------------------------


def read_document(path: Path, root: Path, problems: Problems) -> Document:
    """Raises ``SourceFatalError`` when the file is no JSON or YAML, or is too large; names are relative to ``root``."""
    if not path.is_relative_to(root):
        raise SourceFatalError("the file is a link that leaves its folder", place=path.name, hint="put it there")
    name = path.relative_to(root).as_posix()
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceFatalError(error.strerror or "cannot be read", place=name, hint="check the rights") from error
    return parse_document(raw, name, problems, path)


def parse_document(raw: bytes, name: str, problems: Problems, path: Path | None = None) -> Document:
    if len(raw) > MAX_BYTES:
        raise _too_large(name, MAX_BYTES)
    text = decode(raw)
    document = Document(name, None, path)
    if text.lstrip().startswith(("{", "[")) and not name.lower().endswith((".yaml", ".yml")):
        document.data = _parse_json(text, name, problems)
    elif len(raw) > MAX_YAML_BYTES:
        raise _too_large(name, MAX_YAML_BYTES)
    else:
        _parse_yaml(text, document, problems)
    return document


def _too_large(name: str, limit: int) -> SourceFatalError:
    what = f"the document is larger than {limit >> 20} MiB"
    return SourceFatalError(what, place=name, hint="export one service at a time, as JSON if it is YAML")


def _parse_json(text: str, name: str, problems: Problems) -> Any:
    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            seen: set[str] = set()
            for key in (key for key, _ in pairs if key in seen or seen.add(key)):  # type: ignore[func-returns-value]
                problems.add(
                    f"the key {one_line(key)[:100]!r} is given twice in one object", name, "the last one counts"
                )
        return made

    try:
        return json.loads(text, object_pairs_hook=mapping, parse_int=_whole)
    except json.JSONDecodeError as error:
        what = f"not JSON: {error.msg}"
        raise SourceFatalError(what, place=f"{name}:{error.lineno}", hint="export the document again") from None
    except RecursionError:
        raise _too_deep(name) from None


def _too_deep(place: str) -> SourceFatalError:
    return SourceFatalError("the document is nested too deeply", place=place, hint="export the document again")


def _whole(text: str) -> int | str:
    return int(text) if _WHOLE.fullmatch(text) else text


_NO_KEY, _UNUSABLE_KEY = object(), object()


class _Open:
    """A mapping or list whose end has not come yet."""

    def __init__(self, container: dict[str, Any] | list[Any]) -> None:
        self.container = container
        self.key: Any = _NO_KEY
        self.merged: list[Any] = []

    @property
    def wants_key(self) -> bool:
        return isinstance(self.container, dict) and self.key is _NO_KEY


class _YamlReader:
    """Builds the data from the parser's events, without recursion."""

    def __init__(self, document: Document, problems: Problems) -> None:
        self.document, self.problems = document, problems
        self.anchors: dict[str, Any] = {}
        self.stack: list[_Open] = []
        self.merged = 0

    def read(self, events: Iterator[yaml.Event]) -> None:
        for event in events:
            if isinstance(event, yaml.DocumentEndEvent):
                return
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self.open(event)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                self.close(self.stack.pop())
            elif isinstance(event, yaml.ScalarEvent):
                self.scalar(event)
            elif isinstance(event, yaml.AliasEvent):
                self.alias(event)

    def open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        line = _line(event)
        if len(self.stack) >= MAX_DEPTH:
            raise _too_deep(f"{self.document.name}:{line}")
        container: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.document.lines[id(container)] = (container, line)
        if self.stack and self.stack[-1].wants_key:
            self.stack[-1].key = _UNUSABLE_KEY
            self.add("a key that is no text", line, "what it names is left out")
        else:
            self.put(container, line)
        if event.anchor:
            self.anchors[event.anchor] = container
        self.stack.append(_Open(container))

    def close(self, ended: _Open) -> None:
        """Put in what ``<<`` named; a mapping's own keys win, then earlier ones."""
        for source in ended.merged:
            self.merged += len(source)
            if self.merged > MAX_MERGED:
                what = f"<< copies more than {MAX_MERGED:,} keys"
                raise SourceFatalError(what, place=self.document.name, hint="export the document as JSON")
            for key, value in source.items():
                ended.container.setdefault(key, value)  # type: ignore[union-attr]

    def scalar(self, event: yaml.ScalarEvent) -> None:
        line = _line(event)
        if self.stack and self.stack[-1].wants_key:
            merge = event.value == "<<" and event.implicit[0]
            self.name(_MERGE if merge else event.value, line)
            value: Any = event.value
        else:
            value = _plain(event.value) if event.implicit[0] else event.value
            self.put(value, line)
        if event.anchor:
            self.anchors[event.anchor] = value

    def alias(self, event: yaml.AliasEvent) -> None:
        line = _line(event)
        anchor = event.anchor or ""
        if anchor not in self.anchors:
            what = f"the alias *{one_line(anchor)[:100]} has no anchor"
            raise SourceFatalError(what, place=self.at(line), hint="export the document again")
        value = self.anchors[anchor]
        if not (self.stack and self.stack[-1].wants_key):
            self.put(value, line)
        elif isinstance(value, str):
            self.name(value, line)
        else:
            self.stack[-1].key = _UNUSABLE_KEY
            self.add("a key that is no text", line, "what it names is left out")

    def name(self, key: Any, line: int) -> None:
        top = self.stack[-1]
        if key is not _MERGE and key in top.container:
            self.add(f"the key {one_line(key)[:100]!r} is given twice", line, "the last one counts; keep one")
        top.key = key

    def put(self, value: Any, line: int) -> None:
        if not self.stack:
            self.document.data = value
            return
        top = self.stack[-1]
        if isinstance(top.container, list):
            top.container.append(value)
            return
        if top.key is _MERGE:
            self.merge(top, value, line)
        elif top.key is not _UNUSABLE_KEY:
            top.container[top.key] = value
        top.key = _NO_KEY

    def merge(self, top: _Open, value: Any, line: int) -> None:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(one, dict) and one is not top.container for one in sources):
            self.add("<< names no other mapping", line, "correct it")
        top.merged += [one for one in sources if isinstance(one, dict) and one is not top.container]

    def at(self, line: int) -> str:
        return f"{self.document.name}:{line}"

    def add(self, what: str, line: int, hint: str) -> None:
        self.problems.add(what, self.at(line), hint)


_MERGE = object()


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _plain(text: str) -> Any:
    return _WORDS[text.lower()] if text.lower() in _WORDS else _whole(text)


def _parse_yaml(text: str, document: Document, problems: Problems) -> None:
    reader = _YamlReader(document, problems)
    try:
        reader.read(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = reader.at(mark.line + 1 if mark else 1)
        what = f"not YAML: {error.problem or error.context}"
        raise SourceFatalError(what, place=place, hint="correct it, or export the document again") from None
    except (yaml.YAMLError, UnicodeEncodeError):
        hint = "export the document again"
        raise SourceFatalError("not YAML: it holds a control character", place=document.name, hint=hint) from None


# --- references --------------------------------------------------------------------------------------------------


class Library:
    """Documents by path: those read first, and those that their references name beside them.

    ``root`` is the folder that nothing may leave; None for a document from a server, which may refer to itself only.
    """

    def __init__(self, root: Path | None, problems: Problems) -> None:
        self.root = root.resolve() if root else None
        self.problems = problems
        self.documents: dict[Path, Document | str] = {}
        """A text says why the file cannot be read."""
        self.referenced: set[Path] = set()

    def open(self, path: Path) -> Document:
        """Raises ``SourceFatalError``, as often as it is asked for a file that cannot be read."""
        assert self.root is not None
        document = read_document(path, self.root, self.problems)
        self.documents[path] = document
        return document

    def resolve(self, node: Node, refused: Callable[[str, Node], None]) -> Node | None:
        """What a node stands for once its ``$ref`` are followed; None when one leads nowhere, which is told."""
        for _ in range(MAX_REFERENCES):
            if not (isinstance(node.value, dict) and isinstance(node.value.get("$ref"), str)):
                return node
            try:
                node = self.target(node.value["$ref"], node.document)
            except Unusable as error:
                refused(str(error), node)
                return None
        refused("$ref leads in a circle", node)
        return None

    def target(self, reference: str, base: Document) -> Node:
        """Raises ``Unusable``."""
        file, _, fragment = reference.partition("#")
        document = self._beside(unquote(file), base) if file else base
        node = document.root
        for part in unquote(fragment).split("/")[1:]:
            node = _step(node, part.replace("~1", "/").replace("~0", "~"))
        if node.value is None or (fragment and not fragment.startswith("/")):
            raise Unusable(f"$ref leads nowhere: {one_line(reference)[:200]}")
        return node

    def _beside(self, file: str, base: Document) -> Document:
        if self.root is None or base.path is None or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", file):
            raise Unusable(f"$ref to another host is not followed: {one_line(file)[:200]}")
        try:
            path = base.path.parent.joinpath(PurePosixPath(file)).resolve()
        except (OSError, ValueError, RuntimeError):
            raise Unusable(f"$ref names no file: {one_line(file)[:200]}") from None
        if not path.is_relative_to(self.root):
            raise Unusable(f"$ref leaves the folder of the document: {one_line(file)[:200]}")
        self.referenced.add(path)
        if path not in self.documents:
            self._try(path)
        found = self.documents[path]
        if isinstance(found, str):
            raise Unusable(found)
        return found

    def _try(self, path: Path) -> None:
        try:
            self.open(path)
        except SourceFatalError as error:
            self.documents[path] = f"$ref to a file that cannot be read: {error.failure.what}"


def _step(node: Node, key: str) -> Node:
    if not isinstance(node.value, list):
        return node.get(key)
    inside = re.fullmatch(r"[0-9]{1,6}", key) and int(key) < len(node.value)
    return Node(node.value[int(key)] if inside else None, node.document, f"{node.pointer}/{key}", node.line)
