"""The kinds of entity that are read and written, where they live, and by what they can be listed.

A kind is called as in references (``{"id": …, "type": "table"}``); the collection's name (``tables``) is understood
too. Lists are made per ``parent``, because 1.2 pages by name and skips equal names at a page border (reference, "Lists,
concurrency, limits"); names are unique within the parent.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """``parent``: the kind within which names are unique; ``parent_param``: the list parameter that selects one."""

    name: str
    path: str
    parent: str | None = None
    parent_param: str = ""
    params: tuple[str, ...] = ()
    """Further list parameters. Servers ignore unknown ones, which would list everything: so they are refused here."""
    fqn_parent: str = ""
    """The key of a create body that holds the parent's FQN; empty when the name is the whole FQN."""
    by_id: bool = False
    """``parent_param`` takes the parent's id instead of its FQN; a server finds nothing by the other, and says 200."""


_ALL = (
    Kind("databaseService", "services/databaseServices"),
    Kind("database", "databases", "databaseService", "service", fqn_parent="service"),
    Kind("databaseSchema", "databaseSchemas", "database", "database", fqn_parent="database"),
    Kind("table", "tables", "databaseSchema", "databaseSchema", ("includeEmptyTestSuite",), "databaseSchema"),
    Kind("apiService", "services/apiServices"),
    Kind("apiCollection", "apiCollections", "apiService", "service", fqn_parent="service"),
    Kind("apiEndpoint", "apiEndpoints", "apiCollection", "apiCollection", fqn_parent="apiCollection"),
    Kind("classification", "classifications", params=("disabled",)),
    Kind("tag", "tags", "classification", "parent", ("disabled",), "classification"),
    Kind("glossary", "glossaries"),
    Kind("glossaryTerm", "glossaryTerms", "glossary", "glossary", fqn_parent="glossary", by_id=True),
    Kind("domain", "domains"),
    Kind("dataProduct", "dataProducts", params=("domain",)),
    Kind("team", "teams", params=("parentTeam", "isJoinable")),
    Kind("user", "users", params=("team", "isBot", "isAdmin")),
    Kind("role", "roles"),
    Kind("policy", "policies"),
    Kind("bot", "bots"),
    Kind("type", "metadata/types", params=("category",)),
    Kind("ingestionPipeline", "services/ingestionPipelines", params=("service", "pipelineType")),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
_BY_ANY_NAME = {**{kind.path.rsplit("/", 1)[-1]: kind for kind in _ALL}, **KINDS}


def kind_of(name: str) -> Kind:
    """The kind by its own or its collection's name; ``ValueError`` (a programming error) when there is none."""
    try:
        return _BY_ANY_NAME[name]
    except KeyError:
        raise ValueError(f"unknown kind {name!r}; known: {', '.join(sorted(KINDS))}") from None
