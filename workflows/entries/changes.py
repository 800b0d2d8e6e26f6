"""What a harvest finds different from the versions in force: it opens a change draft and changes nothing by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from workflows.acts.model import Act, Actor
from workflows.acts.trail import Trail
from workflows.entries.documents import open_version
from workflows.entries.states import EntryState, states
from workflows.entries.versions import diff, digest, document
from workflows.entry import Entry
from workflows.errors import StoreError

if TYPE_CHECKING:
    from classifiers.policy import Pack

GONE = "来源中已不存在"
SHOWN = 50
"""Changes that one act names; the version itself has all."""


def system_of(asset: str) -> str:
    """``department/system`` of an entry's key.

    >>> system_of("minzheng/rescue/public.t_dibao")
    'minzheng/rescue'
    """
    return "/".join(asset.split("/", 2)[:2])


class Found(msgspec.Struct, frozen=True):
    asset: str
    verb: str
    changes: tuple[str, ...]
    before: dict[str, Any]
    version: str = ""


class Changes(NamedTuple):
    acts: list[Act]
    unread: list[str]
    """Errors of entries that could not be compared, because the store has lost their version in force."""


def record_changes(
    trail: Trail, entries: Iterable[Entry], departments: Iterable[str], actor: Actor, pack: Pack | None = None
) -> Changes:
    """Compare each published entry with what was compiled now, and write down what is new since the last look.

    ``entries``: every present entry of ``departments``; published ones that are missing among them have vanished.
    ``pack``: that of the labels, in whose words changes are told; None = by its keys.
    """
    unread: list[str] = []
    found = list(_compared(trail, entries, set(departments), unread, pack))
    if not found:
        return Changes([], unread)
    with trail.acting(actor, pack.ident if pack else "") as acting:
        acts = [
            acting.add(
                "entry", one.asset, one.verb, before=one.before, after={"version": one.version, "changes": one.changes}
            )
            for one in found
        ]
    return Changes(acts, unread)


def _compared(
    trail: Trail, entries: Iterable[Entry], departments: set[str], unread: list[str], pack: Pack | None
) -> Iterator[Found]:
    known = states(trail)
    missing = {
        asset for asset, state in known.items() if state.in_force is not None and asset.split("/", 1)[0] in departments
    }
    for entry in entries:
        state = known.get(entry.asset)
        if state is not None and state.in_force is not None:
            missing.discard(entry.asset)
            try:
                yield from _one(trail, state, document(entry), pack)
            except StoreError as error:
                unread.append(str(error))
    for asset in sorted(missing):
        if known[asset].changes != (GONE,):
            yield Found(asset, "change", (GONE,), _before(known[asset]))


def _before(state: EntryState) -> dict[str, Any]:
    """Where the entry stood, the version in force, and what was found different from it the last time."""
    in_force = state.in_force.digest if state.in_force else ""
    return {"stage": state.stage, "version": in_force, "changes": state.changes}


def _one(trail: Trail, state: EntryState, version: Entry, pack: Pack | None) -> Iterator[Found]:
    assert state.in_force is not None
    now = digest(version)
    if now == state.in_force.digest:
        if state.changes or state.stage == "returned":
            yield Found(state.asset, "settle", (), _before(state), now)
        return
    before = open_version(trail, state.asset, state.in_force.digest)
    changes = tuple(str(change) for change in diff(before, version, pack))
    shown = (*changes[:SHOWN], f"等 {len(changes)} 处") if len(changes) > SHOWN else changes
    # Told once, whatever the words of it have become since.
    if shown and shown != state.changes and now != state.found:
        yield Found(state.asset, "change", shown, _before(state), now)
