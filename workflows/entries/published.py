"""Versions in force, today or on any day: what lists, filings and requests are made from.

A version whose document is gone raises `StoreError`: a list without it would say that nothing is in force.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from workflows.acts.trail import Trail
from workflows.entries.documents import open_version
from workflows.entries.states import EntryState, fold, states
from workflows.entry import Entry


class PublishedEntry(msgspec.Struct, frozen=True):
    """One entry in force and where it stands."""

    state: EntryState
    entry: Entry
    """The document, with state and 发布日期 put in."""


def published_entries(trail: Trail, until: str | None = None) -> Iterator[PublishedEntry]:
    """Every entry in force on a day (ISO; None = now), in order of department and code."""
    found = (_published(trail, state) for state in states(trail, until).values())
    present = [one for one in found if one is not None]
    yield from sorted(present, key=lambda one: (one.entry.department, one.entry.code, one.entry.asset))


def published_entry(trail: Trail, asset: str, until: str | None = None) -> PublishedEntry | None:
    return _published(trail, fold(trail.acts("entry", asset, until), asset))


def _published(trail: Trail, state: EntryState) -> PublishedEntry | None:
    if state.in_force is None:
        return None
    version = open_version(trail, state.asset, state.in_force.digest)
    kept = msgspec.structs.replace(version, state=state.stage, publish_date=state.in_force.at[:10])
    return PublishedEntry(state, kept)
