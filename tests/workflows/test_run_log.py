"""The log of runs, also of those that break off."""

from __future__ import annotations

from datetime import datetime

import pytest

from workflows.clock import CHINA
from workflows.run_log import logged
from workflows.store import Store


def test_a_run_that_breaks_off_has_ended_and_failed(store: Store) -> None:
    times = iter(datetime(2026, 3, 1, hour, tzinfo=CHINA) for hour in (8, 9))
    with pytest.raises(KeyError), logged(store, "pull", lambda: next(times)):
        raise KeyError("x")
    (run,) = store.runs()
    assert (run.command, run.exit_code, run.started[11:13], (run.finished or "")[11:13]) == ("pull", 1, "08", "09")


def test_a_run_that_is_done_says_what_it_counted(store: Store) -> None:
    with logged(store, "pull") as entry:
        (under_way,) = store.runs()
        entry.done(3, looked_at=7)
    (run,) = store.runs()
    assert (under_way.finished, under_way.exit_code) == (None, None)
    assert (run.exit_code, run.summary) == (3, {"looked_at": 7, "exit_code": 3})
