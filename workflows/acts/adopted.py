"""What people did before it was an act, so that it is proved from then on.

The rulings that a store had before it had a trail: its first act says which. Stores of schema versions 1 to 3 have
them. A store that began with a trail adopts nothing: there an act made each one. Descriptions up to schema
version 7 become acts of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, select, text

from workflows import store_schema as schema
from workflows.acts.acting import Acting
from workflows.acts.described import Description, describe
from workflows.acts.site import program
from workflows.clock import now

VERB, SUBJECT, FIRST = "adopt", "decisions", 1
FIELDS = (
    *("asset", "column", "dimension", "value", "who", "at", "reason", "rejected", "basis", "rule"),
    "fingerprint",
)
"""What a ruling's key is made of. Fixed: acts of old stores rest on it, whatever columns rulings get since."""


def adopt(connection: Connection) -> None:
    """Begin the chain with an act of the program over all rulings that are there, in their order; without any, do
    nothing. It names a document ``{"rulings": [key, …]}``."""
    keys = list(_keys(connection))
    if not keys:
        return
    acting = Acting(connection, program(), now, "")
    version = acting.keep({"rulings": keys})
    acting.add("decision", SUBJECT, VERB, why="迁移前已有的裁定", after={"count": len(keys), "version": version})


def adopt_descriptions(connection: Connection) -> None:
    """Each row of the table of descriptions that stores had up to schema version 7 becomes an act of its author."""
    query = text('SELECT asset, text, who, at, "column" FROM descriptions ORDER BY id')
    found = [Description(*row) for row in connection.execute(query)]
    if found:
        acting = Acting(connection, program(), now, "", setting=True)
        # Not even a wrong clock keeps a store from being opened.
        acting.at = max(acting.at, acting.before)
        describe(acting, found, str)


def _keys(connection: Connection) -> Iterator[str]:
    table = schema.decisions
    query = select(*(table.c[name] for name in FIELDS)).order_by(table.c.id)
    return (key_of(row._mapping) for row in connection.execute(query))


def key_of(ruling: Mapping[Any, Any]) -> str:
    """SHA-256 over a row of the table of decisions."""
    later = [ruling["because"]] if ruling.get("because") else []  # which nobody wrote before the trail
    return hashlib.sha256(msgspec.json.encode([ruling[name] for name in FIELDS] + later)).hexdigest()
