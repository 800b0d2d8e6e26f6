"""DCAT catalogues (DCAT 2 and 3, DCAT-AP, Project Open Data): JSON-LD, and Turtle with the extra ``[dcat]``.

DCAT has no information items; where a CSVW schema (``csvw:tableSchema``) stands at a data set or its distribution, its
columns are read. Pages are those of Hydra, as ckanext-dcat makes them.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from typing import Any

from connectors.base import ConfigurationError, SourceFatalError, SystemConfig
from connectors.http import Response
from connectors.model import Asset
from connectors.rest.flavour import LONGEST_NAME, Entry, Flavour, Item, columns_of
from connectors.rest.graph import Graph, Node, best_text, last_part
from connectors.rest.pages import Api, Endpoint

MAX_PAGES = 2_000
ACCEPT = "application/ld+json, text/turtle;q=0.8, application/json;q=0.7, */*;q=0.1"
_TURTLE = re.compile(rb"(?:\s|#[^\n]*\n)*(?:@?(?:prefix|base)\s|<[^<>\s]*>\s)", re.I)
_PAGES = ("PagedCollection", "PartialCollectionView")


class Dcat(Flavour):
    def __init__(self, config: SystemConfig, api: Api) -> None:
        super().__init__(config, api)
        api.accept = ACCEPT

    def probe(self) -> None:
        self._page("")

    def entries(self) -> Iterator[Entry]:
        address, seen, known = "", {""}, set[str]()
        for _ in range(MAX_PAGES):
            graph = self._page(address)
            for node in graph.of_type("Dataset"):
                # A page repeats what others refer to.
                if not node.ident or node.ident not in known:
                    known.add(node.ident)
                    yield from self._entries_of(graph, node)
            following = _next_page(graph)
            if not following:
                return
            address = self.api.linked(following, address)
            if address in seen:
                break
            seen.add(address)
        raise SourceFatalError("the pages lead in a circle", hint="ask the operator", place=self.api.client.host)

    def complete(self, entry: Entry) -> Asset:
        return entry.asset

    def _page(self, address: str) -> Graph:
        response = self.api.fetch(Endpoint(), address, {})
        turtle = "turtle" in response.headers.get("Content-Type", "") or _TURTLE.match(response.body)
        return Graph(_turtle(response) if turtle else response.json())

    def _entries_of(self, graph: Graph, node: Node) -> Iterator[Entry]:
        title = best_text(node, "title")
        name = best_text(node, "identifier") or last_part(node.ident) or title
        if not name or len(name) > LONGEST_NAME:
            what = (
                "a data set without identifier, @id and title" if not name else "an identifier of too many characters"
            )
            self.fail(what, f"{self.api.client.host} {node.ident or title}", "ask the catalogue's operator")
            return
        columns = columns_of(_items(graph, node))
        cycle = best_text(node, "accrualPeriodicity")
        kind = "table" if columns else "file"
        asset = self.asset(name, title, best_text(node, "description"), cycle, kind=kind, columns=columns)
        yield Entry(asset)


def _items(graph: Graph, dataset: Node) -> Iterator[Item]:
    """The columns of CSVW schemas (Metadata Vocabulary for Tabular Data, W3C 2015)."""
    for holder in (dataset, *graph.nodes(dataset, "distribution")):
        for schema in graph.nodes(holder, "tableSchema"):
            for column in graph.nodes(schema, "column"):
                name, title = best_text(column, "name"), best_text(column, "titles") or best_text(column, "title")
                nodes = graph.nodes(column, "datatype")
                kind = last_part(best_text(nodes[0], "base") if nodes else best_text(column, "datatype"))
                required = best_text(column, "required")
                nullable = {"true": False, "false": True}.get(required)
                yield Item(name, kind.removeprefix("xsd:"), best_text(column, "description") or title, nullable)


def _next_page(graph: Graph) -> str:
    for kind in _PAGES:
        for node in graph.of_type(kind):
            if found := best_text(node, "nextPage") or best_text(node, "next"):
                return found
    return ""


def _turtle(response: Response) -> Any:
    """Turtle by way of rdflib, as expanded JSON-LD."""
    try:
        rdflib: Any = importlib.import_module("rdflib")
    except ImportError:
        what = "the catalogue answers in Turtle, which needs the package rdflib"
        raise ConfigurationError(what, hint="pip install 'public-data-catalog[dcat]'", place=response.host) from None
    graph = rdflib.Graph()
    try:
        graph.parse(data=response.body, format="turtle", publicID="urn:catalogue:")
        return json.loads(graph.serialize(format="json-ld"))
    except Exception as error:
        # Its parser lets through whatever its parts raise.
        what = f"what came is not Turtle ({type(error).__name__})"
        raise SourceFatalError(what, hint="ask the catalogue's operator", place=response.host) from None
