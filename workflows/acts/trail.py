"""The audit trail: an append-only chain of acts in the site's store, safe against two people at once.

Each act carries the hash (SHA-256) of the one before it and of its own content, so that a changed, inserted or removed
act breaks the chain. What the chain cannot show by itself, that its end was cut off, the head outside the store shows
(`workflows.acts.head`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workflows import store_schema as schema
from workflows.acts.acting import Acting, act_of, acts_query, document
from workflows.acts.head import HeadFile
from workflows.acts.model import Act, Actor, Kind
from workflows.clock import Clock, now
from workflows.errors import StoreError
from workflows.store import Store

BATCH = 1_000


class Trail:
    """The chain of one site. ``clock`` tells the time of acts."""

    def __init__(self, store: Store, clock: Clock = now) -> None:
        self.store, self.clock = store, clock
        self.head = HeadFile(store.audit_head) if store.audit_head else None

    @contextmanager
    def acting(self, actor: Actor, pack: str = "") -> Iterator[Acting]:
        """One transaction in which nobody else acts: what is read through it is current until it ends.

        An error inside takes all of its acts back. The head is recorded after the transaction, because a head that
        names an act which never came would be a false alarm.
        """
        with self.store.write() as connection:
            acting = Acting(connection, actor, self.clock().isoformat(timespec="seconds"), pack)
            yield acting
        last = acting.last
        if self.head is not None and last is not None:
            self._record(self.head, last)

    def _record(self, head: HeadFile, last: Act) -> None:
        """The act is stored whatever comes of this: an error would have people repeat it."""
        try:
            head.record(last.number, last.hash, last.at)
        except StoreError as error:
            self.store.warnings.append(str(error))

    def acts(
        self, kind: Kind | None = None, subject: str | None = None, until: str | None = None, verb: str | None = None
    ) -> Iterator[Act]:
        """Acts in their order; ``until``: an ISO date or time, acts of that day included."""
        last = 0
        while True:
            query = acts_query(kind, subject).where(schema.acts.c.number > last).limit(BATCH)
            query = query if verb is None else query.where(schema.acts.c.verb == verb)
            with self.store.read() as connection:
                found = [act_of(row) for row in connection.execute(query)]
            for act in found:
                if until is None or act.at[: len(until)] <= until:
                    yield act
            if len(found) < BATCH:
                return
            last = found[-1].number

    def document(self, key: str) -> bytes | None:
        """A document by its SHA-256, as `Acting.keep` took it; None when it is not there."""
        with self.store.read() as connection:
            return document(connection, key)
