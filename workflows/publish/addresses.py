"""One server by several addresses: what was written at a former one is known at the new one.

The ledger goes by address, since nothing else tells a server from a copy of it: a test server that was made from a
backup has the same ids, and what is written there has not been written here. So an address at which nothing was ever
written takes over what is known of another, once; from then on each has its own.
"""

from __future__ import annotations

from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAllowed
from workflows.publish.connect import server_name
from workflows.publish.ledger import Ledger
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
