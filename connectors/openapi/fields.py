"""Schemas flattened into fields: ``data.items[].idCard``, with type, length, comment and whether it may be missing.

A schema is read as the sum of its parts: what ``$ref`` leads to, ``allOf``, and every alternative of ``oneOf`` and
``anyOf`` (JSON Schema 2020-12; as far as fields go, OpenAPI 3.0 and Swagger 2 differ in ``nullable`` and ``x-nullable``
only). Parts that name one property are read as one schema, since that is how generic envelopes are
written: ``allOf: [Result, {properties: {data: …}}]``.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from connectors.openapi.document import Library, Node, Problems
from connectors.text import one_line

MAX_DEPTH = 20
MAX_COLUMNS = 2_000
MAX_STEPS = 50_000
"""Schema parts looked at for one operation; a sane one needs hundreds."""
DOCUMENT_COLUMNS = 500_000
DOCUMENT_STEPS = 3_000_000
LONGEST_NAME, LONGEST_COMMENT, LONGEST_DEFAULT = 240, 2_000, 200

_STRINGS = {
    **{"date": "DATE", "date-time": "TIMESTAMP", "datetime": "TIMESTAMP", "time": "TIME", "duration": "INTERVAL"},
    **{"uuid": "UUID", "ipv4": "IPV4", "ipv6": "IPV6", "binary": "BLOB", "byte": "BLOB", "base64": "BLOB"},
}
_TYPES = {
    **{"integer": "INT", "number": "NUMBER", "boolean": "BOOLEAN", "object": "STRUCT", "array": "ARRAY"},
    **{"string": "STRING", "file": "BLOB"},
}
_NUMBERS = {"int32": "INT", "int64": "BIGINT", "float": "FLOAT", "double": "DOUBLE", "decimal": "DECIMAL"}
# Chinese names that generators and platforms write beside a schema: x-title, x-cn-name, x-field-label …
_EXTENSION = re.compile(r"x-.*(?:title|label|name|cn|zh|chinese|alias|comment|remark)", re.I)
_HAN = re.compile("[\u4e00-\u9fff]")


class Exhausted(Exception):
    """A limit was reached; ``str()`` says which. What was found before stays."""


class DocumentExhausted(Exhausted):
    """A limit of the whole document: the operations that follow cannot be read either."""


class Field(NamedTuple):
    """One leaf of a schema."""

    name: str
    type: str
    data_type: str
    length: int | None
    comment: str | None
    nullable: bool
    default: str | None


@dataclass
class Budget:
    """What may still be read of a document."""

    steps: int = DOCUMENT_STEPS
    columns: int = DOCUMENT_COLUMNS
    operation_steps: int = MAX_STEPS
    operation_columns: int = MAX_COLUMNS

    def next_operation(self) -> None:
        self.operation_steps, self.operation_columns = MAX_STEPS, MAX_COLUMNS

    def step(self) -> None:
        self.steps -= 1
        self.operation_steps -= 1
        if self.steps < 0:
            raise DocumentExhausted("the document's schemas repeat one another too often")
        if self.operation_steps < 0:
            raise Exhausted(f"more than {MAX_STEPS:,} parts of schemas; the fields so far are kept")

    def column(self) -> None:
        self.columns -= 1
        self.operation_columns -= 1
        if self.columns < 0:
            raise DocumentExhausted(f"more than {DOCUMENT_COLUMNS:,} fields in one document")
        if self.operation_columns < 0:
            raise Exhausted(f"more than {MAX_COLUMNS:,} fields; the first {MAX_COLUMNS:,} are kept")


@dataclass
class _Shape:
    """The sum of a schema's parts; of texts and types the first one counts."""

    types: list[str] = field(default_factory=list)
    format: str = ""
    title: str = ""
    extension: str = ""
    description: str = ""
    default: str | None = None
    length: int | None = None
    nullable: bool = False
    required: set[str] = field(default_factory=set)
    properties: dict[str, list[Node]] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)
    values: list[Node] = field(default_factory=list)
    """Schemas of a map's values."""


class Flattener:
    def __init__(self, library: Library, problems: Problems, budget: Budget) -> None:
        self.library, self.problems, self.budget = library, problems, budget

    def fields(self, nodes: Sequence[Node], name: str, otherwise: str, required: bool) -> Iterator[Field]:
        """The leaves of a schema given by its parts; ``otherwise`` names a leaf that has no name of its own.

        Raises ``Exhausted``.
        """
        yield from self._walk(nodes, name, otherwise, not required, frozenset(), 0)

    def _walk(
        self,
        nodes: Sequence[Node],
        name: str,
        otherwise: str,
        may_miss: bool,
        above: frozenset[int],
        depth: int,
    ) -> Iterator[Field]:
        resolved = [target for node in nodes if (target := self.resolve(node))]
        itself = frozenset(id(node.value) for node in resolved)
        shape = self._sum(nodes)
        inner = list(_children(shape, name))
        # A tree's node holds nodes: it is shown once, and its children as one field.
        recursive = itself <= above
        if inner and not recursive and depth < MAX_DEPTH:
            for child, parts, optional in inner:
                yield from self._walk(parts, child, otherwise, optional, above | itself, depth + 1)
            return
        if inner and not recursive:
            self.problems.add(f"nested more than {MAX_DEPTH} deep; its fields are left out", nodes[0].place)
        self.budget.column()
        yield _leaf(shape, one_line(name) or otherwise, may_miss)

    def resolve(self, node: Node) -> Node | None:
        return self.library.resolve(node, lambda what, at: self.problems.add(what, at.place, "correct the document"))

    def _sum(self, nodes: Sequence[Node]) -> _Shape:
        shape = _Shape()
        seen: set[int] = set()
        todo = deque((node, True) for node in nodes)
        while todo:
            node, certain = todo.popleft()
            self.budget.step()
            # Since 3.1 texts may stand beside $ref; many write them there in older documents, too.
            _take_texts(shape, node)
            target = self.resolve(node)
            if target is None or target.value is True or target.value is None or id(target.value) in seen:
                continue
            if not isinstance(target.value, dict):
                self.problems.add("a schema must be a mapping", target.place, "correct the document")
                continue
            seen.add(id(target.value))
            self._take(shape, target, certain)
            todo.extend((part, certain) for part in self._list(target, "allOf"))
            for key in ("oneOf", "anyOf"):
                parts = self._list(target, key)
                todo.extend((part, certain and len(parts) == 1) for part in parts)
        return shape

    def _list(self, node: Node, key: str) -> list[Node]:
        inner = node.get(key)
        if inner.value is not None and not isinstance(inner.value, list):
            self.problems.add(f"{key} must be a list", node.place, "correct the document")
        return list(inner.items())

    def _take(self, shape: _Shape, node: Node, certain: bool) -> None:
        _take_texts(shape, node)
        _take_type(shape, node)
        properties = node.get("properties")
        if properties.value is not None and not isinstance(properties.value, dict):
            self.problems.add("properties must be a mapping", node.place, "correct the document")
        for key, value in properties.members():
            self.budget.step()
            if one_line(key):
                shape.properties.setdefault(key, []).append(value)
            else:
                self.problems.add("a property without a name", node.place, "name it")
        required = node.value.get("required")
        if certain and isinstance(required, list):
            shape.required |= {key for key in required if isinstance(key, str)}
        for key in ("items", "prefixItems"):
            inner = node.get(key)
            shape.items += [inner] if isinstance(inner.value, dict) else inner.items()
        extra = node.get("additionalProperties")
        if isinstance(extra.value, dict) and extra.value:
            shape.values.append(extra)


def _children(shape: _Shape, name: str) -> Iterator[tuple[str, list[Node], bool]]:
    """Name, schema and whether it may be missing, of everything inside."""
    if len(name) > LONGEST_NAME:
        return
    for key, parts in shape.properties.items():
        yield (f"{name}.{key}" if name else key), parts, key not in shape.required
    if shape.items:
        yield f"{name}[]", shape.items, True
    if shape.values:
        yield (f"{name}.*" if name else "*"), shape.values, True


def _take_texts(shape: _Shape, node: Node) -> None:
    shape.title = shape.title or node.text("title")
    shape.description = shape.description or node.text("description")
    if not shape.extension and isinstance(node.value, dict):
        named = (key for key in node.value if _EXTENSION.fullmatch(key))
        shape.extension = next((text for key in named if _HAN.search(text := node.text(key))), "")


def _take_type(shape: _Shape, node: Node) -> None:
    value = node.value
    written = value.get("type")
    types = [written] if isinstance(written, str) else written if isinstance(written, list) else []
    for one in types:
        if isinstance(one, str) and one not in ("null", *shape.types):
            shape.types.append(one)
    shape.nullable |= "null" in types or value.get("nullable") is True or value.get("x-nullable") is True
    shape.format = shape.format or node.text("format") or node.text("contentEncoding")
    length, default = value.get("maxLength"), value.get("default")
    if shape.length is None and isinstance(length, int) and 0 < length < 2**31:
        shape.length = length
    if shape.default is None and isinstance(default, (str, int)):
        shape.default = str(default).lower() if isinstance(default, bool) else one_line(str(default))[:LONGEST_DEFAULT]


def _leaf(shape: _Shape, name: str, may_miss: bool) -> Field:
    native, data_type = _typed(shape)
    sized = data_type == "VARCHAR"
    return Field(
        name=name[:LONGEST_NAME],
        type=f"{native}({shape.length})" if sized else native,
        data_type=data_type,
        length=shape.length if sized else None,
        comment=joined(shape.extension or _telling(shape.title, name), shape.description),
        nullable=may_miss or shape.nullable,
        default=shape.default,
    )


def _typed(shape: _Shape) -> tuple[str, str]:
    """The document's own words, and OpenMetadata's name.

    A length makes VARCHAR of a text; where several types are allowed, text takes them all.
    """
    types = shape.types or (["object"] if shape.properties else ["array"] if shape.items else [])
    form = one_line(shape.format)[:50]
    native = one_line("|".join(types))[:100] + (f"({form})" if form else "")
    kind = "string" if "string" in types or (not types and form) else types[0] if len(types) == 1 else ""
    if kind == "string" and len(types) < 2:
        found = _STRINGS.get(form.lower())
        return native or "string", found or ("VARCHAR" if shape.length and not form else "STRING")
    number = _NUMBERS.get(form.lower()) if kind in ("integer", "number") else None
    return native, number or _TYPES.get(kind, "UNKNOWN")


def _telling(title: str, name: str) -> str:
    """A title that says more than the name: generators write ``Id Card`` for ``id_card``."""
    own = re.split(r"[.\]]", name)[-1]
    return "" if _letters(title) == _letters(own) else title


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()


def joined(title: str, description: str) -> str | None:
    """``姓名（与户口簿一致）``: a title and what is said of it, as one comment; None when there is neither."""
    title, description = one_line(title)[:LONGEST_COMMENT], one_line(description)[:LONGEST_COMMENT]
    if title and description and title not in description:
        return f"{title}（{description}）"
    return description or title or None
