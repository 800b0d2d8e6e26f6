"""Judging batches of assets, in this process or spread over several; the results are the same, in the same order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from typing import TYPE_CHECKING, NamedTuple

from classifiers.evidence import AssetVerdict, Decision
from connectors.model import Failure
from workflows.errors import unforeseen
from workflows.harvest import REPORT_HINT
from workflows.inputs import table_input
from workflows.store_records import StoredAsset

if TYPE_CHECKING:
    from classifiers.inherited import Inherited
    from classifiers.policy import Pack

Judge = Callable[..., AssetVerdict]
"""`classifiers.verdict.judge`, or a test's."""

PAYS_FROM = 2_000
"""Fewer assets are judged before a second process has started (benchmarks/classify_store.py)."""
AHEAD = 2
"""Batches in the hands of a worker at a time: the writer never waits, and memory stays small."""


class Task(NamedTuple):
    """One asset with what bears on its verdict."""

    stored: StoredAsset
    in_force: Mapping[str, str]
    decisions: Sequence[Decision]
    department: str | None
    """Display name."""
    inherited: Inherited | None = None
    """Of a view: what its columns are computed from, labelled."""


Outcome = AssetVerdict | Failure
_Batch = tuple[list[Task], list[Outcome]]


class Context(NamedTuple):
    """What all assets of a run share."""

    pack: Pack
    as_of: date
    judge: Judge


def workers_for(assets: int, wanted: int) -> int:
    """How many processes should judge: as many as wanted, where there is enough to do.

    >>> workers_for(100_000, 3), workers_for(100, 3)
    (3, 1)
    """
    return wanted if assets >= PAYS_FROM else 1


Judged = Callable[[Iterable[list[Task]]], Iterator[_Batch]]
"""Batches → each with one verdict or failure per asset, in the order given."""


@contextmanager
def judging(context: Context, workers: int) -> Iterator[Judged]:
    """What judges batches, as often as it is called, with the same processes."""
    if workers < 2:
        yield lambda batches: ((batch, [_judge(task, context) for task in batch]) for batch in batches)
        return
    # A fresh process: a forked one would share the store's connection.
    with ProcessPoolExecutor(workers, get_context("spawn"), _start, (context,)) as pool:
        yield lambda batches: _spread(batches, pool, workers * AHEAD)


def _spread(batches: Iterable[list[Task]], pool: ProcessPoolExecutor, ahead: int) -> Iterator[_Batch]:
    waiting: deque[tuple[list[Task], Future[list[Outcome]]]] = deque()
    for batch in batches:
        waiting.append((batch, pool.submit(_judge_batch, batch)))
        if len(waiting) >= ahead:
            yield _finished(*waiting.popleft())
    while waiting:
        yield _finished(*waiting.popleft())


def _finished(batch: list[Task], future: Future[list[Outcome]]) -> _Batch:
    return batch, future.result()


_shared: list[Context] = []
"""In a worker process: the one context of the run."""


def _start(context: Context) -> None:
    _shared[:] = [context]


def _judge_batch(batch: list[Task]) -> list[Outcome]:
    return [_judge(task, _shared[0]) for task in batch]


def _judge(task: Task, context: Context) -> Outcome:
    """The verdict on one asset; what goes wrong with it is its own failure and stops no other."""
    asset = task.stored.asset
    try:
        return context.judge(
            table_input(asset, task.department),
            task.stored.evidence,
            context.pack,
            decisions=task.decisions,
            in_force=task.in_force,
            inherited=task.inherited,
            as_of=context.as_of,
        )
    except Exception as exc:
        return Failure(what=unforeseen(exc), place=asset.key, hint=REPORT_HINT)
