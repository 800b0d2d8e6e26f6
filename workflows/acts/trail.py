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
from workflows.acts.time import SET_CLOCK, SUBJECT, Settings
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
    def acting(self, actor: Actor, pack: str = "", *, setting: bool = False) -> Iterator[Acting]:
        """One transaction in which nobody else acts: what is read through it is current until it ends.

        An error inside takes all of its acts back. The head is recorded after the transaction, because a head that
        names an act which never came would be a false alarm. ``setting``: see `Acting`.
        """
        with self.store.write() as connection:
            acting = Acting(connection, actor, self.clock, pack, setting=setting)
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
        """Acts in their order; ``until``: an ISO date or time, acts of that day included.

        Acts that were dated ahead by a wrong clock count from when it was set right (`workflows.acts.time`).
        """
        last, settings = 0, self._settings() if until is not None else Settings()
        while True:
            query = acts_query(kind, subject).where(schema.acts.c.number > last).limit(BATCH)
            query = query if verb is None else query.where(schema.acts.c.verb == verb)
            with self.store.read() as connection:
                found = [act_of(row) for row in connection.execute(query)]
            for act in found:
                if until is None or settings.told(act)[: len(until)] <= until:
                    yield act
            if len(found) < BATCH:
                return
            last = found[-1].number

    def _settings(self) -> Settings:
        query = acts_query("trail", SUBJECT).where(schema.acts.c.verb == SET_CLOCK)
        with self.store.read() as connection:
            return Settings([(act.number, act.at) for act in map(act_of, connection.execute(query))])

    def document(self, key: str) -> bytes | None:
        """A document by its SHA-256, as `Acting.keep` took it; None when it is not there."""
        with self.store.read() as connection:
            return document(connection, key)
