"""Whether the audit trail is as it was written: the chain link by link, the heads outside, and what acts rest on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
from sqlalchemy import select

from workflows import store_schema as schema
from workflows.acts.rests import Fault, Rests
from workflows.acts.trail import START, Trail, seal

SHOWN = 20


class Verified(msgspec.Struct, frozen=True):
    """What was found. ``faults`` empty = nothing was changed, inserted, removed or cut off."""

    acts: int
    last: str
    """Hash of the last act."""
    heads: int
    """Lines of the head file."""
    unrecorded: int
    """Acts after the last recorded head: a process ended between the act and its head, or the file is not there."""
    documents: int
    before_trail: int
    """Rulings that the store had before its trail; its first act says which, see `workflows.acts.adopted`."""
    faults: tuple[Fault, ...] = ()


def verify(trail: Trail) -> Verified:
    """Read the whole chain and compare; nothing is written."""
    hashes = [START]
    faults: list[Fault] = []
    versions: dict[tuple[str, str], int] = {}
    rests = Rests()
    for act in trail.acts():
        rests.note(act)
        expected = len(hashes)
        if act.number != expected:
            faults.append(Fault(expected, f"acts {expected} to {act.number - 1} are missing"))
            hashes += [""] * (act.number - expected)
        elif act.previous != hashes[-1]:
            faults.append(Fault(act.number, "it does not follow from the act before it"))
        if act.hash != seal(act):
            faults.append(Fault(act.number, f"{act.kind} {act.verb} was changed after it was written"))
        subject = (act.kind, act.subject)
        if act.version != versions.get(subject, 0) + 1:
            faults.append(Fault(act.number, f"its subject's version {act.version} is out of order"))
        versions[subject] = act.version
        hashes.append(act.hash)
    faults += _end(trail, hashes)
    heads, recorded = _heads(trail, hashes, faults)
    documents = set(_documents(trail, faults))
    faults += rests.missing_documents(documents)
    faults += rests.wrong_rulings(trail.store)
    faults += rests.wrong_codes(trail.store)
    count = len(hashes) - 1
    return Verified(count, hashes[-1], heads, count - recorded, len(documents), rests.before_trail, tuple(faults))


def _end(trail: Trail, hashes: list[str]) -> Iterator[Fault]:
    """The store's own note of the end."""
    with trail.store.read() as connection:
        row = connection.execute(select(schema.acts_head)).first()
    if row is not None and (row.number, row.hash) != (len(hashes) - 1, hashes[-1]):
        yield Fault(int(row.number), "the chain ends elsewhere than the store says: its end was cut off or added to")


def _heads(trail: Trail, hashes: list[str], faults: list[Fault]) -> tuple[int, int]:
    """Number of lines, and the highest act that one records."""
    count = highest = 0
    for head in trail.head.heads() if trail.head else ():
        count += 1
        if head is None:
            faults.append(Fault(count, "this line of the head file is no head"))
        elif head.number >= len(hashes):
            faults.append(Fault(head.number, f"this act of {head.at} was recorded outside the store and is gone"))
        elif hashes[head.number] != head.hash:
            faults.append(Fault(head.number, "it is not the act that was recorded outside the store"))
        else:
            highest = max(highest, head.number)
    return count, highest


def _documents(trail: Trail, faults: list[Fault]) -> Iterator[str]:
    with trail.store.read() as connection:
        for row in connection.execute(select(schema.documents)):
            if hashlib.sha256(row.body.encode()).hexdigest() != row.digest:
                faults.append(Fault(0, f"the document {row.digest[:12]}… was changed after it was written"))
            yield row.digest
