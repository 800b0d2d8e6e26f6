"""Whether what was asked, and what was approved, is still what the version in force says."""

from __future__ import annotations

from workflows.entries.versions import Change, diff
from workflows.entry import Entry
from workflows.sharing.states import Document

SHOWN = 5


def no_longer(asked: Document, entry: Entry | None) -> str:
    """What of a request for an asset is not in force any more; empty when all of it is."""
    if entry is None:
        return f"no version of {asked.asset} is in force any more"
    gone = sorted(set(asked.items) - {item.name for item in entry.items})
    return f"the version in force of {asked.asset} has no item {', '.join(gone)}" if gone else ""


def changes(asked: Document, seen: Entry, now: Entry) -> tuple[Change, ...]:
    """What differs between two versions in what was asked: the named items, or all of the resource."""
    found = diff(seen, now)
    return tuple(one for one in found if one.item in asked.items) if asked.items else found


def told(found: tuple[Change, ...]) -> str:
    """Changes on one line, the first few of many: items before what is made from them, such as the abstract."""
    more = f" … (+{len(found) - SHOWN})" if len(found) > SHOWN else ""
    return "；".join(map(str, sorted(found, key=lambda one: one.item is None)[:SHOWN])) + more
