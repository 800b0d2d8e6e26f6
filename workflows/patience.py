"""How long a system may keep its place: a connector that hangs is left behind, and the run goes on and ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

STEP = 0.5
"""Seconds between two looks at whether to go on waiting."""
GRACE = 60.0
"""Seconds after the limit in which a connector that still answers ends by itself, at the next asset."""
STOPPING = 10.0
"""Seconds that Ctrl-C leaves to a connector."""


_left: list[threading.Thread] = []


def leave_behind(thread: threading.Thread) -> None:
    """Nobody waits for it any more; the process does not either: see `anything_left`."""
    _left.append(thread)


def anything_left() -> bool:
    """Whether something hangs still. What it began itself, such as a pool of threads, Python would wait for at exit."""
    return any(thread.is_alive() for thread in _left)


class GivenUp(Exception):
    """Raised in a thread that was left behind, when it comes back and wants to write."""


class Patience:
    """One system's time. Its work runs in a thread of its own; after `give_up` that thread writes nothing any more."""

    def __init__(
        self, seconds: float | None, stop: threading.Event, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds, self.stop, self.clock = seconds, stop, clock
        self._began = clock()
        self._lock = threading.Lock()
        self._over = False

    @property
    def is_over(self) -> bool:
        """Whether the limit is reached."""
        return self.seconds is not None and self.clock() - self._began >= self.seconds

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Around all that changes the store: whole, or not at all. Raises `GivenUp`."""
        with self._lock:
            if self._over:
                raise GivenUp
            yield

    def run(self, work: Callable[[], None]) -> bool:
        """Whether ``work`` ended in time. What it raises, Ctrl-C too, is raised here."""
        raised: list[BaseException] = []

        def guarded() -> None:
            try:
                work()
            except BaseException as exc:
                raised.append(exc)

        # A thread that hangs can neither be ended nor waited for: it must not keep the process from ending.
        thread = threading.Thread(target=guarded, name=threading.current_thread().name, daemon=True)
        thread.start()
        stopping: float | None = None
        while thread.is_alive():
            thread.join(STEP)
            if self.stop.is_set() and stopping is None:
                stopping = self.clock()
            if thread.is_alive() and self._spent(stopping):
                # Not while something is being written: that ends by itself.
                with self._lock:
                    self._over = True
                leave_behind(thread)
                return False
        if raised:
            raise raised[0]
        return True

    def _spent(self, stopping: float | None) -> bool:
        now = self.clock()
        if stopping is not None and now - stopping > STOPPING:
            return True
        return self.seconds is not None and now - self._began > self.seconds + min(GRACE, self.seconds / 10)


def span_text(span: timedelta) -> str:
    """
    >>> span_text(timedelta(hours=4)), span_text(timedelta(minutes=90)), span_text(timedelta(seconds=3))
    ('4 hours', '90 minutes', '3 seconds')
    """
    seconds = span.total_seconds()
    for size, unit in ((3600, "hours"), (60, "minutes")):
        if not seconds % size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} seconds"
