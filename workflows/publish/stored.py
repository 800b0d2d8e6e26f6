"""What the server holds of assets: read schema by schema, trimmed to what publishing looks at, kept small in memory.

Reference, "Lists, concurrency, limits": lists are made per schema, 100 a page, with the fields needed and no others.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec

from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAllowed
from connectors.om_version import Features
from workflows.publish.history import Author, History, history_of
from workflows.publish.ledger import DefinitionBase, Ledger, renamed_fqn
from workflows.publish.merge import FIELDS_POINTER, Scheme, columns_of
from workflows.publish.model import AssetKind, Base, Entity, Mark
from workflows.store import digest

SERVER_KINDS: dict[AssetKind, str] = {"table": "table", "endpoint": "apiEndpoint"}
PARENT_KINDS: dict[AssetKind, str] = {"table": "databaseSchema", "endpoint": "apiCollection"}
"""Kind of the parent, which is also the list parameter that selects one."""
FIRST_VERSION = 0.1
DISPLAY = "displayName:"
"""Before the path, in keys of ``Base.texts``."""

_OWN = (
    *("id", "name", "fullyQualifiedName", "version", "deleted", "description", "displayName", "extension"),
    *("entityStatus", "owner", "owners", "domain", "domains"),
)
_COLUMN = ("name", "dataType", "description", "displayName", "extension")
_LABEL = ("tagFQN", "labelType", "state", "source", "reason")
_pack, _unpack = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder().decode


def fields_of(features: Features) -> list[str]:
    """What to ask for of an asset; columns come by themselves with endpoints."""
    found = ["tags", "extension", "owners" if features.owners else "owner", "domains" if features.domains else "domain"]
    return [*found, "entityStatus"] if features.entity_status else found


def trimmed(entity: Entity) -> Entity:
    """An asset without what publishing does not look at: samples, profiles, texts of tags, who changed what."""
    found = {name: entity[name] for name in _OWN if entity.get(name) is not None}
    if found.get("deleted"):
        found["updatedBy"] = entity.get("updatedBy") or ""
    steps, columns = columns_of(entity)
    kept = [_column(column) for column in columns]
    if steps == FIELDS_POINTER:
        found["responseSchema"] = {"schemaFields": kept}
    else:
        found["columns"] = kept
    for name in ("owner", "domain"):
        if name in found:
            found[name] = _reference(found[name])
        if f"{name}s" in found:
            found[f"{name}s"] = [_reference(one) for one in found[f"{name}s"]]
    return _with_labels(found, entity)


def _column(column: Entity) -> Entity:
    found = {name: column[name] for name in _COLUMN if column.get(name) is not None}
    if column.get("children"):
        found["children"] = [_column(child) for child in column["children"]]
    return _with_labels(found, column)


def _with_labels(found: Entity, full: Entity) -> Entity:
    if full.get("tags") is not None:
        found["tags"] = [{name: label[name] for name in _LABEL if name in label} for label in full["tags"]]
    return found


def _reference(ref: Entity) -> Entity:
    return {"id": ref["id"], "name": ref.get("name"), "fullyQualifiedName": ref.get("fullyQualifiedName")}


def texts_of(entity: Entity) -> dict[str, str]:
    """Descriptions and display names by the keys of ``Base.texts``; empty ones are left out."""
    found: dict[str, str] = {}
    for path, place in [("", entity), *((column["name"], column) for column in columns_of(entity)[1])]:
        found |= {key: text for key, text in _texts(path, place) if text}
    return found


def _texts(path: str, place: Entity) -> list[tuple[str, str | None]]:
    return [(path, place.get("description")), (DISPLAY + path, place.get("displayName"))]


def properties_of(entity: Entity) -> dict[str, Any]:
    """Custom properties by the keys of ``Base.properties``."""
    found = dict(entity.get("extension") or {})
    for column in columns_of(entity)[1]:
        found |= {f"{column['name']}\0{name}": value for name, value in (column.get("extension") or {}).items()}
    return found


def ownership_of(entity: Entity) -> dict[str, str]:
    """``owner`` (names, comma between several), ``domain`` (FQNs) and ``status``, as far as there is any."""
    owners = entity.get("owners") or ([entity["owner"]] if entity.get("owner") else [])
    domains = entity.get("domains") or ([entity["domain"]] if entity.get("domain") else [])
    status = entity.get("entityStatus")
    found = {
        "owner": ",".join(sorted(str(one.get("name")) for one in owners)),
        "domain": ",".join(sorted(str(one.get("fullyQualifiedName") or one.get("name")) for one in domains)),
        # What a server says of an asset that nobody has given a status.
        "status": status if status and status != "Unprocessed" else "",
    }
    return {name: value for name, value in found.items() if value}


class Shelf:
    """Stored assets of the schema at hand, each a few hundred bytes; read when first asked for."""

    def __init__(self, client: OpenMetadata) -> None:
        self._client = client
        self._fields = fields_of(client.features)
        self._parents: dict[tuple[AssetKind, str], dict[str, bytes]] = {}

    def find(self, kind: AssetKind, parent: str, fqn: str) -> Entity | None:
        """The stored asset, deleted ones included. ``IncompleteListing`` when its schema cannot be read whole."""
        row = self.rows(kind, parent).get(fqn)
        return None if row is None else _unpack(zlib.decompress(row))

    def rows(self, kind: AssetKind, parent: str) -> dict[str, bytes]:
        """FQN → packed asset, of all assets of a schema or API collection."""
        key = (kind, parent)
        if key not in self._parents:
            self._parents[key] = self._read(kind, parent)
        return self._parents[key]

    def _read(self, kind: AssetKind, parent: str) -> dict[str, bytes]:
        within = {PARENT_KINDS[kind]: parent}
        rows = self._client.list(self._kind(kind), fields=self._asked(kind), include="all", **within)
        return {row["fullyQualifiedName"]: zlib.compress(_pack(trimmed(row)), 1) for row in rows}

    def read(self, kind: AssetKind, ref: str) -> Entity | None:
        """One asset, fresh, by id or FQN, deleted or not."""
        found = self._client.get(self._kind(kind), ref, fields=self._asked(kind), include="all")
        return None if found is None else trimmed(found)

    def forget(self) -> None:
        """What is asked for from now on is read anew."""
        self._parents.clear()

    def _kind(self, kind: AssetKind) -> str:
        return SERVER_KINDS[kind]

    def _asked(self, kind: AssetKind) -> list[str]:
        return ["columns", *self._fields] if kind == "table" else self._fields


def former_names(fqn: str, renamed: Mapping[str, str]) -> Iterator[str]:
    """The name itself, then what it was called before, latest first; ``renamed``: old FQN of a tag or of what it stands
    in → new.

    >>> list(former_names("DataTier.L3", {"数据分级": "DataTier"}))
    ['DataTier.L3', '数据分级.L3']
    """
    back = {new: old for old, new in renamed.items()}
    seen: set[str] = set()
    while fqn not in seen:
        seen.add(fqn)
        yield fqn
        fqn = renamed_fqn(fqn, back)


class LazyActs:
    """The history of one entity, read when first asked. Versions keep the names that tags had when they were made."""

    def __init__(self, load: Callable[[], History], renamed: Mapping[str, str], untouched: bool = False) -> None:
        """``untouched``: nothing was written since it was made, so that nobody can have taken a label away."""
        self._load, self._renamed, self._untouched = load, renamed, untouched

    @cached_property
    def _history(self) -> History:
        return self._load()

    def removed_by(self, path: str, fqn: str) -> Author | None:
        return None if self._untouched else self._first(self._history.removed_by, path, fqn)

    def put_by(self, path: str, fqn: str) -> Author | None:
        return self._first(self._history.put_by, path, fqn)

    def stamped_by(self, path: str, fqn: str) -> Author | None:
        return self._first(self._history.stamped_by, path, fqn)

    def _first(self, ask: Callable[[str, str], Author | None], path: str, fqn: str) -> Author | None:
        found = (ask(path, name) for name in former_names(fqn, self._renamed))
        return next((author for author in found if author is not None), None)


class Histories:
    """Histories of entities on one server; knows which accounts are bots."""

    def __init__(self, client: OpenMetadata, renamed: Mapping[str, str] | None = None) -> None:
        """``renamed``: old FQN → new of tags, or what they stand in, that were ever renamed (`renames_of`)."""
        self._client = client
        self.renamed = dict(renamed or {})

    @cached_property
    def _account(self) -> Entity:
        return self._client.whoami()

    @cached_property
    def bots(self) -> frozenset[str]:
        """Logins that are no person's: all bots of the server, and the account that publishes."""
        mine = {str(self._account.get("name"))}
        try:
            return frozenset(
                mine | {str(user["name"]) for user in self._client.list("user", isBot="true") if user.get("isBot")}
            )
        except NotAllowed:
            return frozenset(mine)

    def deleted_by_us(self, entity: Entity, base: Base | None) -> bool:
        """Whether a soft-deleted asset is so by a deletion of ours: known from the base, or made by our account at
        another address of the server, or before a store was lost.

        Nothing is written to what is deleted, so its last writer deleted it. Of an account that is no bot's the base
        alone tells: people may work by that name, too.
        """
        who = str(entity.get("updatedBy") or "").casefold()
        if base is not None and base.deleted:
            return not who or who in {login.casefold() for login in self.bots}
        return bool(self._account.get("isBot")) and who == str(self._account.get("name")).casefold()

    def of(self, kind: AssetKind, entity: Entity | None) -> LazyActs:
        """The acts on a stored asset; of one that is not stored there are none."""
        if entity is None:
            return LazyActs(lambda: History((), frozenset()), {})
        ident, server_kind = entity["id"], SERVER_KINDS[kind]
        untouched = entity.get("version") == FIRST_VERSION
        return LazyActs(
            lambda: history_of(self._client.versions(server_kind, ident), self.bots), self.renamed, untouched
        )


FORMERLY = "formerly/"
"""Begins the keys of definitions that remember what a tag was called before: ``fqn`` is the new name."""


def renames_of(ledger: Ledger) -> dict[str, str]:
    """Old FQN → new, of everything that was ever renamed on this server."""
    known = ledger.definitions().values()
    return {base.body["old"]: base.fqn for base in known if base.key.startswith(FORMERLY)}


def remember_renames(ledger: Ledger, renames: Mapping[str, str], at: str) -> None:
    """Remember what is about to be renamed; must be on disk before the server renames it."""
    rows = [DefinitionBase(FORMERLY + digest(old), "formerly", new, body={"old": old}) for old, new in renames.items()]
    if rows:
        ledger.save_definitions(rows, at)
        # A name that is given again is no former one.
        ledger.forget([FORMERLY + digest(new) for new in renames.values()])


class Terms:
    """What glossary terms bring along: a term's own tags come with it to a column, as ``Derived`` (reference,
    "Glossaries"), and count for exclusivity."""

    def __init__(self, client: OpenMetadata, glossary: str) -> None:
        self._client, self._glossary = client, glossary

    @cached_property
    def _tags(self) -> dict[str, tuple[str, ...]]:
        glossary = self._client.get("glossary", self._glossary)
        if glossary is None:
            return {}
        terms = self._client.list("glossaryTerm", fields=["tags"], glossary=glossary["id"])
        return {
            term["fullyQualifiedName"]: tuple(tag["tagFQN"] for tag in term["tags"])
            for term in terms
            if term.get("tags")
        }

    def brought_by(self, fqn: str) -> tuple[str, ...]:
        """FQNs of the tags of a term; read for all terms when first asked."""
        return self._tags.get(fqn, ())

    def clash(self, term: Mark, path: str, beside: Iterable[Mark], scheme: Scheme) -> tuple[str, str] | None:
        """A tag of the term, and the label of the same exclusive classification that it cannot stand beside."""
        there = list(beside) if term.source == "Glossary" else []
        for fqn in self.brought_by(term.fqn) if there else ():
            slot = scheme.slot(path, fqn)
            for mark in there:
                if slot is not None and mark.fqn != fqn and scheme.slot(path, mark.fqn) == slot:
                    return fqn, mark.fqn
        return None
