"""One server by several addresses: what was written at a former one is known at the new one.

The ledger goes by address, since nothing else tells a server from a copy of it: a test server that was made from a
backup has the same ids, and what is written there has not been written here. So an address at which nothing was ever
written takes over what is known of another, once; from then on each has its own. Who comes back to an address finds
there what was written by the other meanwhile: what stands just as it was written is ours, and history tells the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAllowed
from workflows.publish.connect import server_name
from workflows.publish.differences import known_base, stored_marks
from workflows.publish.ledger import Ledger
from workflows.publish.model import Base, Entity, Mark
from workflows.publish.stored import ownership_of, properties_of, texts_of
from workflows.server_settings import ServerSettings
from workflows.store import Store

PROBED = ("classification", "glossary")
"""Every publication writes some; nobody deletes them unless the catalogue is to go."""


def ledger_of(store: Store, settings: ServerSettings, client: OpenMetadata) -> Ledger:
    """The ledger of the opened server. Raises ``ServerError`` when it does not say whether it is known already."""
    ledger = Ledger(store, server_name(settings))
    if ledger.is_empty():
        for former in ledger.others():
            if _is_same(former, client):
                ledger.take_over(former)
                break
    return ledger


def _is_same(former: Ledger, client: OpenMetadata) -> bool:
    """Ids are random: the server that has one of those that were written is that server, or a copy of it."""
    known = former.definitions().values()
    return any(_is_there(client, base.kind, base.id) for base in known if base.kind in PROBED and base.id)


def _is_there(client: OpenMetadata, kind: str, ident: str) -> bool:
    try:
        return client.get(kind, ident, include="all") is not None
    except NotAllowed:
        return False


def with_elsewhere(base: Base | None, entity: Entity, others: Iterable[Base]) -> Base | None:
    """The base, and what was written of this very asset at other addresses (`Ledger.elsewhere`) since.

    Labels that are gone are taken in as well: whether a person took them away is a question to history.
    """
    for other in others:
        if other.id == entity["id"]:
            known = known_base(other, entity)
            base = _both(known_base(base, entity), known, entity) if base is not None and base.id else known
    return base


def _both(base: Base, other: Base, entity: Entity) -> Base:
    texts, properties, owned = texts_of(entity), properties_of(entity), ownership_of(entity)
    there = {(path, mark.fqn) for path, mark in stored_marks(entity)}

    def is_there(one: tuple[str, Mark]) -> bool:
        return (one[0], one[1].fqn) in there

    return msgspec.structs.replace(
        base,
        marks=_marks(base, other, entity),
        seen=[*base.seen, *(one for one in other.seen if one not in base.seen and is_there(one))],
        gone=[*base.gone, *(one for one in other.gone if one not in base.gone and not is_there(one))],
        texts=_standing(base.texts, other.texts, texts),
        pulled=base.pulled | {key: at for key, at in other.pulled.items() if texts.get(key) == other.texts.get(key)},
        properties=_standing(base.properties, other.properties, properties),
        **{
            name: ours
            for name in ("owner", "domain", "status")
            if (ours := getattr(other, name)) and owned.get(name) == ours
        },
    )


def _marks(base: Base, other: Base, entity: Entity) -> list[tuple[str, Mark]]:
    there = {(path, mark.fqn): mark for path, mark in stored_marks(entity)}
    marks = {(path, mark.fqn): mark for path, mark in base.marks}
    for path, mark in other.marks:
        if (path, mark.fqn) not in marks or mark.same(there.get((path, mark.fqn))):
            marks[path, mark.fqn] = mark
    return [(path, mark) for (path, _), mark in marks.items()]


def _standing(base: Mapping[str, Any], other: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    return {**base, **{key: value for key, value in other.items() if there.get(key) == value}}
