"""The log of runs that `pdc status` shows, for commands that are no `workflows.run.Job`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from workflows.clock import Clock, now
from workflows.store import Store


@dataclass
class Logged:
    """What is known of a run when it ends; one that raises counts as failed."""

    exit_code: int = 1
    summary: Mapping[str, Any] = field(default_factory=dict)
    """Counts only, never names."""

    def done(self, exit_code: int, **counts: Any) -> None:
        self.exit_code, self.summary = exit_code, counts


@contextmanager
def logged(store: Store, command: str, clock: Clock = now) -> Iterator[Logged]:
    """Note begin and end of a run in the store, also when it breaks off."""
    run, entry = store.start_run(command, clock().isoformat()), Logged()
    try:
        yield entry
    finally:
        store.finish_run(run, clock().isoformat(), entry.exit_code, {**entry.summary, "exit_code": entry.exit_code})
