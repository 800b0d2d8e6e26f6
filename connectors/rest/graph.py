"""JSON-LD 1.1 as far as DCAT catalogues use it: nodes with the local names of their properties.

Compact or expanded names, a local ``@context`` of prefixes and terms, ``@graph``, nested or referenced nodes, lists,
sets, languages and maps of languages. A remote ``@context`` is never fetched: terms without a prefix are taken for what
DCAT calls so, as in Project Open Data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

from connectors.text import one_line

MAX_DEPTH = 60
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Za-z0-9]+)*|@none")
_CHINESE = ("zh-hans", "zh-cn", "zh")


class Text(NamedTuple):
    value: str
    language: str = ""


@dataclass(eq=False)
class Node:
    ident: str = ""
    types: set[str] = field(default_factory=set)
    values: dict[str, list[Any]] = field(default_factory=dict)
    """Local name → `Text` and `Node`."""


Context = Mapping[str, Any]


class Graph:
    """All nodes of some JSON-LD, those of one ``@id`` merged, in the order of their first appearance."""

    def __init__(self, data: Any) -> None:
        self._named: dict[str, Node] = {}
        self._nodes: list[Node] = []
        self._values(data, {}, None, 0)

    def of_type(self, local: str) -> Iterator[Node]:
        """Nodes of a type of which anything is said; a mere reference is none."""
        return (node for node in self._nodes if local in node.types and node.values)

    def nodes(self, node: Node, name: str) -> list[Node]:
        """What a property refers to, by nesting or by ``@id``."""
        found = [self._named.get(one.value) if isinstance(one, Text) else one for one in node.values.get(name, ())]
        return [one for one in found if one is not None]

    # --- reading -------------------------------------------------------------------------------------------------

    def _values(self, value: Any, context: Context, term: Any, depth: int) -> list[Any]:
        """`Text` and `Node` of one property's value; ``term`` is what the context says of the property."""
        if depth > MAX_DEPTH:
            return []
        if isinstance(value, list):
            return [one for item in value for one in self._values(item, context, term, depth + 1)]
        if isinstance(value, dict):
            return self._mapping(value, context, term, depth + 1)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            language = term.get("@language") if isinstance(term, dict) else context.get("@language")
            return [_text(value, language)]
        return []

    def _mapping(self, value: dict[str, Any], context: Context, term: Any, depth: int) -> list[Any]:
        if "@value" in value:
            inner = value["@value"]
            return [_text(inner, value.get("@language"))] if isinstance(inner, (str, int, float)) else []
        for key in ("@list", "@set"):
            if key in value:
                return self._values(value[key], context, term, depth)
        if value and all(_LANGUAGE.fullmatch(key) for key in value):
            return [_text(one, key) for key, inner in value.items() for one in _scalars(inner)]
        return [self._node(value, context, depth)]

    def _node(self, value: dict[str, Any], context: Context, depth: int) -> Node:
        context = _extended(context, value.get("@context"))
        keys = {key: _keyword(key, context) for key in value}
        ident = next((value[key] for key, word in keys.items() if word == "@id"), "")
        node = self._known(one_line(ident) if isinstance(ident, str) else "")
        for key, word in keys.items():
            if word == "@type":
                node.types |= {local_name(one, context) for one in _scalars(value[key]) if isinstance(one, str)}
            elif word == "@graph":
                self._values(value[key], context, None, depth)
            elif not word.startswith("@"):
                self._property(node, word, self._values(value[key], context, context.get(key), depth))
        return node

    def _known(self, ident: str) -> Node:
        if ident in self._named:
            return self._named[ident]
        node = Node(ident)
        self._nodes.append(node)
        if ident:
            self._named[ident] = node
        return node

    @staticmethod
    def _property(node: Node, name: str, values: list[Any]) -> None:
        node.values.setdefault(name, []).extend(values)
        if name == "dataset":
            for one in values:
                if isinstance(one, Node):
                    one.types.add("Dataset")


def local_name(name: str, context: Context) -> str:
    """``dct:title``, ``http://purl.org/dc/terms/title``, ``title`` → ``title``; a term goes by what it stands for."""
    term = context.get(name, name)
    meant = term.get("@id", name) if isinstance(term, dict) else term
    return re.split(r"[#/:]", meant)[-1] if isinstance(meant, str) else name


def _keyword(key: str, context: Context) -> str:
    """``@id`` and its like, also under another name; else the local name."""
    term = context.get(key)
    meant = term.get("@id") if isinstance(term, dict) else term
    if key.startswith("@"):
        return key
    return meant if isinstance(meant, str) and meant.startswith("@") else local_name(key, context)


def _extended(context: Context, more: Any) -> Context:
    """Remote contexts, which are texts, are passed over."""
    parts = more if isinstance(more, list) else [more]
    for part in parts:
        if isinstance(part, dict):
            context = {**context, **part}
    return context


def _scalars(value: Any) -> Iterable[Any]:
    items = value if isinstance(value, list) else [value]
    return [one for one in items if isinstance(one, (str, int, float))]


def _text(value: str | int | float, language: Any) -> Text:
    return Text(one_line(str(value)), language.lower() if isinstance(language, str) else "")


def best_text(node: Node, name: str) -> str:
    """The Chinese text of a property, else one without a language, else the first, else a node's ``@id`` or label."""
    found = node.values.get(name, [])
    texts = [one for one in found if isinstance(one, Text) and one.value]
    for wanted in (*_CHINESE, ""):
        for one in texts:
            if one.language == wanted or (wanted == "zh" and one.language.startswith("zh-")):
                return one.value
    labels = (best_label(one) for one in found if isinstance(one, Node))
    return texts[0].value if texts else next((label for label in labels if label), "")


def best_label(node: Node) -> str:
    return node.ident or next((best_text(node, key) for key in ("prefLabel", "label") if key in node.values), "")


def last_part(ident: str) -> str:
    """The last segment of an IRI: ``https://x/dataset/a%20b#this`` → ``this``, ``https://x/a%20b/`` → ``a b``."""
    return one_line(unquote(re.split(r"[/#]", ident.rstrip("/#"))[-1]))
