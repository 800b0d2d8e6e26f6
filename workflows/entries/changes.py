"""What a harvest finds different from the versions in force: it opens a change draft and changes nothing by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from workflows.acts.model import Act, Actor
from workflows.acts.trail import Trail
from workflows.entries.states import EntryState, states
from workflows.entries.versions import diff, digest, document, read
from workflows.entry import Entry

GONE = "来源中已不存在"
SHOWN = 50
"""Changes that one act names; the version itself has all."""


class Found(msgspec.Struct, frozen=True):
    asset: str
    verb: str
    changes: tuple[str, ...]
    version: str = ""


def record_changes(trail: Trail, entries: Iterable[Entry], departments: Iterable[str], actor: Actor) -> list[Act]:
    """Compare each published entry with what was compiled now, and write down what is new since the last look.

    ``entries``: every present entry of ``departments``; published ones that are missing among them have vanished.
    """
    known = states(trail)
    found = list(_compared(trail, known, entries, set(departments)))
    if not found:
        return []
    with trail.acting(actor) as acting:
        return [
            acting.add("entry", one.asset, one.verb, after={"version": one.version, "changes": one.changes})
            for one in found
        ]


def _compared(
    trail: Trail, known: dict[str, EntryState], entries: Iterable[Entry], departments: set[str]
) -> Iterator[Found]:
    missing = {
        asset for asset, state in known.items() if state.in_force is not None and asset.split("/", 1)[0] in departments
    }
    for entry in entries:
        state = known.get(entry.asset)
        if state is not None and state.in_force is not None:
            missing.discard(entry.asset)
            yield from _one(trail, state, document(entry))
    for asset in sorted(missing):
        if known[asset].changes != (GONE,):
            yield Found(asset, "change", (GONE,))


def _one(trail: Trail, state: EntryState, version: Entry) -> Iterator[Found]:
    assert state.in_force is not None
    now = digest(version)
    if now == state.in_force.digest:
        if state.changes or state.stage == "returned":
            yield Found(state.asset, "settle", (), now)
        return
    body = trail.document(state.in_force.digest)
    changes = tuple(str(change) for change in diff(read(body), version)) if body else ()
    shown = (*changes[:SHOWN], f"等 {len(changes)} 处") if len(changes) > SHOWN else changes
    if shown and shown != state.changes:
        yield Found(state.asset, "change", shown, now)
