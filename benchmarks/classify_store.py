"""``pdc classify`` from a store: where the time goes, and what a second core could save.

    python benchmarks/classify_store.py [assets]

Assets of 20 columns by names and comments. Judging is timed apart from reading and writing; the bound is what is left
when judging is spread over two cores and hidden behind the writing of one, before any cost of moving verdicts between
processes, which is measured as well.
"""

from __future__ import annotations

import pickle
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from classify import named

from classifiers.policy import load_pack
from classifiers.verdict import judge
from connectors.model import Asset, Column
from workflows.classify import classify
from workflows.store import Store
from workflows.store_records import Harvested

AS_OF, AT = date(2026, 11, 23), "2026-11-23T08:00:00+08:00"
BATCH = 500


def assets(count: int) -> list[Asset]:
    found = []
    for number, table in enumerate(named(count * 20)):
        taken: set[str] = set()
        columns = []
        for place, column in enumerate(table.columns, start=1):
            name = column.name if column.name.lower() not in taken else f"{column.name}_{place}"
            taken.add(name.lower())
            columns.append(Column(name=name, ordinal=place, type=column.type or "", comment=column.comment))
        found.append(Asset("d", "s", f"t_{number}_{table.table}", comment=table.comment, columns=tuple(columns)))
    return found


class Timed:
    """The judge, with the seconds spent in it and the last verdicts."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.verdicts: list[Any] = []

    def __call__(self, *args: Any, **more: Any) -> Any:
        begin = time.process_time()
        verdict = judge(*args, **more)
        self.seconds += time.process_time() - begin
        if len(self.verdicts) < BATCH:
            self.verdicts.append(verdict)
        return verdict


def main(count: int) -> None:
    pack = load_pack()
    with tempfile.TemporaryDirectory() as folder, Store(f"sqlite:///{Path(folder) / 'store.db'}") as store:
        run = store.start_run("harvest", AT)
        everything = assets(count)
        for start in range(0, count, BATCH):
            store.write_assets(run, AT, [Harvested(asset) for asset in everything[start : start + BATCH]])
        timed = Timed()
        begin = time.process_time()
        result = classify(store, pack, {}, run=run, at=AT, as_of=AS_OF, judge=timed)
        whole = time.process_time() - begin
    assert (result.judged, result.failed) == (count, [])
    begin = time.process_time()
    moved = pickle.loads(pickle.dumps(timed.verdicts))
    moving = (time.process_time() - begin) / len(moved) * count
    rest = whole - timed.seconds
    print(f"{count} assets, {count * 20} columns: {whole:.1f} s, {count * 20 / whole:,.0f} columns/s")
    print(f"  judging {timed.seconds:.1f} s ({timed.seconds / whole:.0%}), reading and writing {rest:.1f} s")
    print(f"  moving the verdicts between processes {moving:.1f} s")
    print(f"  bound with a second core: {whole / max(rest + moving, timed.seconds):.2f} times")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
