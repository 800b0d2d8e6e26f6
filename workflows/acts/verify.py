"""Whether the audit trail is as it was written: the chain link by link, the heads outside, and what acts rest on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from time import sleep
from typing import Any

import msgspec
from sqlalchemy import select

from workflows import store_schema as schema
from workflows.acts.acting import START, seal
from workflows.acts.head import Head
from workflows.acts.model import Act
from workflows.acts.rests import Fault, Rests
from workflows.acts.time import Watch
from workflows.acts.trail import Trail
from workflows.store import Store

SHOWN = 20
WAITS = (0.0, 0.1, 0.4)
"""Seconds before each look at the head file: another process may be between its act and its head."""


class Verified(msgspec.Struct, frozen=True):
    """What was found. ``faults`` empty = nothing was changed, inserted, removed or cut off."""

    acts: int
    last: str
    """Hash of the last act."""
    heads: int
    """Lines of the head file."""
    unrecorded: int
    """Acts after the last recorded head, which nothing outside the store proves: a process ended between the act and
    its head, or the file is not there, cut off, or cannot be written."""
    documents: int
    before_trail: int
    """Rulings that the store had before its trail; its first act says which, see `workflows.acts.adopted`."""
    faults: tuple[Fault, ...] = ()


def verify(trail: Trail) -> Verified:
    """Read the whole chain and compare, as it is now: others may act meanwhile. Nothing is written.

    Raises `StoreError` when the store or the head file cannot be read.
    """
    # First the file: what it has now, the snapshot has.
    known = trail.head.size() if trail.head else None
    with trail.store.snapshot() as store:
        chain, rests = _Chain(), Rests()
        for row in _rows(store):
            act = chain.follow(row)
            if act is not None:
                rests.note(act)
        faults = [*chain.faults, *_end(store, chain)]
        documents = set(_documents(store, faults))
        faults += rests.missing_documents(documents)
        faults += rests.wrong_rulings(store)
        faults += rests.wrong_codes(store)
    heads = _compared(trail, chain.hashes, known or 0)
    faults += heads.faults
    count = len(chain.hashes) - 1
    unrecorded = count - heads.highest
    last = chain.hashes[-1]
    return Verified(count, last, heads.count, unrecorded, len(documents), rests.before_trail, tuple(faults))


def _rows(store: Store) -> Iterator[dict[str, Any]]:
    """All rows as they stand, wherever they say that their place is."""
    with store.read() as connection:
        for row in connection.execute(select(schema.acts).order_by(schema.acts.c.number)):
            yield {str(name): value for name, value in row._mapping.items()}


class _Chain:
    def __init__(self) -> None:
        self.hashes = [START]
        self.faults: list[Fault] = []
        self._versions: dict[tuple[str, str], int] = {}
        self._watch = Watch()

    def follow(self, row: dict[str, Any]) -> Act | None:
        """Take the next link; None for a row that is no act."""
        number, expected = int(row["number"]), len(self.hashes)
        if number < expected:
            self._tell(number, "it has no place in the chain, which begins with act 1")
            return None
        if number > expected:
            self._tell(expected, f"acts {expected} to {number - 1} are missing")
            self.hashes += [""] * (number - expected)
        elif row["previous"] != self.hashes[-1]:
            self._tell(number, "it does not follow from the act before it")
        self.hashes.append(str(row["hash"]))
        try:
            act = msgspec.convert(row, Act)
        except msgspec.ValidationError:
            self._tell(number, "it was changed after it was written, and is no act any more")
            return None
        self._check(act)
        return act

    def _check(self, act: Act) -> None:
        if act.hash != seal(act):
            self._tell(act.number, f"{act.kind} {act.verb} was changed after it was written")
        subject = (act.kind, act.subject)
        if act.version != self._versions.get(subject, 0) + 1:
            self._tell(act.number, f"its subject's version {act.version} is out of order")
        self._versions[subject] = act.version
        if wrong := self._watch.wrong(act):
            self._tell(act.number, wrong)

    def _tell(self, number: int, what: str) -> None:
        self.faults.append(Fault(number, what))


def _end(store: Store, chain: _Chain) -> Iterator[Fault]:
    """The store's own note of the end."""
    with store.read() as connection:
        row = connection.execute(select(schema.acts_head)).first()
    if row is None or (row.number, row.hash) != (len(chain.hashes) - 1, chain.hashes[-1]):
        what = "the chain ends elsewhere than the store says: its end was cut off or added to"
        yield Fault(len(chain.hashes) - 1, what)


def _compared(trail: Trail, hashes: list[str], known: int) -> _Heads:
    """``known``: bytes that the file had before the chain was read; later lines may name later acts."""
    for wait in WAITS:
        sleep(wait)
        heads = _Heads(hashes)
        heads.faults = list(heads.compare(trail, known))
        if trail.head is None or heads.highest == len(hashes) - 1:
            break
    return heads


class _Heads:
    """The head file against the chain."""

    def __init__(self, hashes: list[str]) -> None:
        self.hashes = hashes
        self.count = self.highest = 0
        self.faults: list[Fault] = []

    def compare(self, trail: Trail, known: int) -> Iterator[Fault]:
        gone: list[Head] = []
        other: list[Head] = []
        for head, place in trail.head.heads() if trail.head else ():
            self.count += 1
            if head is None:
                yield Fault(self.count, "this line of the head file is no head")
            elif not 0 < head.number < len(self.hashes):
                gone += [head] if place < known else []
            elif self.hashes[head.number] != head.hash:
                other.append(head)
            else:
                self.highest = max(self.highest, head.number)
        if gone:
            last = max(gone, key=lambda head: head.number)
            what = f"acts up to number {last.number} of {last.at} were recorded outside the store and are gone"
            yield Fault(len(self.hashes), f"{what}: the end was cut off, or an older copy of the store was put back")
        if other:
            what = f"{len(other)} heads that were recorded outside the store name other acts than it has"
            causes = "the chain was written anew, an older copy of the store went on, or two stores share the head file"
            yield Fault(min(head.number for head in other), f"{what}: {causes}")


def _documents(store: Store, faults: list[Fault]) -> Iterator[str]:
    with store.read() as connection:
        for row in connection.execute(select(schema.documents)):
            body = row.body if isinstance(row.body, bytes) else str(row.body).encode(errors="surrogatepass")
            if hashlib.sha256(body).hexdigest() != row.digest:
                faults.append(Fault(0, f"the document {row.digest[:12]}… was changed after it was written"))
            yield str(row.digest)
