"""Progress bars on a terminal's stderr."""

from __future__ import annotations

import sys
from threading import Lock

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Bars:
    """One bar per step (`workflows.harvest.Progress`); they vanish when the work is done."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=Console(file=sys.stderr), transient=True)
        self._tasks: dict[str, TaskID] = {}
        self._lock = Lock()

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bars.stop()

    def start(self, step: str, total: int | None) -> None:
        with self._lock:
            self._tasks[step] = self._bars.add_task(step, total=total)

    def advance(self, step: str, count: int) -> None:
        if step in self._tasks:
            self._bars.advance(self._tasks[step], count)

    def finish(self, step: str) -> None:
        with self._lock:
            task = self._tasks.pop(step, None)
        if task is not None:
            self._bars.remove_task(task)
