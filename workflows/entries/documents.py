"""Versions are read in one way: a document that is gone is an error, never "nothing in force" or "nothing changed"."""

from __future__ import annotations

from sqlalchemy import Connection

from workflows.acts.acting import document
from workflows.acts.trail import Trail
from workflows.entries.versions import read
from workflows.entry import Entry
from workflows.errors import StoreError

IN_FORCE = "the version in force"
UNDER_REVIEW = "the version under review"


def open_version(source: Trail | Connection, asset: str, digest: str, what: str = IN_FORCE) -> Entry:
    """The version of an entry that an act names; ``source``: the trail, or the connection of a transaction.

    Raises `StoreError` when the store has lost it.
    """
    body = document(source, digest) if isinstance(source, Connection) else source.document(digest)
    if body is None:
        raise StoreError(
            f"{asset}: {what} ({digest[:12]}…) is gone from the store; "
            "run `pdc audit verify` for what else is, and restore the store from its copy"
        )
    return read(body)
