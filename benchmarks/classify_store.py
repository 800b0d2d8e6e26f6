"""``pdc classify`` from a store, 20 columns an asset by names and comments: one process, and one per core.

    python benchmarks/classify_store.py [assets]

Both write the same store; the seconds are those of the clock.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from classify import named

from classifiers.policy import load_pack
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


def seconds(everything: list[Asset], workers: int) -> tuple[float, object]:
    """How long classify takes on a fresh store, and what the store counts afterwards."""
    pack = load_pack()
    with tempfile.TemporaryDirectory() as folder, Store(f"sqlite:///{Path(folder) / 'store.db'}") as store:
        run = store.start_run("harvest", AT)
        for start in range(0, len(everything), BATCH):
            store.write_assets(run, AT, [Harvested(asset) for asset in everything[start : start + BATCH]])
        begin = time.perf_counter()
        result = classify(store, pack, {}, run=run, at=AT, as_of=AS_OF, workers=workers)
        elapsed = time.perf_counter() - begin
        assert (result.judged, result.failed) == (len(everything), [])
        return elapsed, store.totals()


def main(count: int) -> None:
    everything = assets(count)
    one, counted = seconds(everything, 1)
    workers = os.cpu_count() or 1
    many, counted_again = seconds(everything, workers)
    assert counted == counted_again
    print(f"{count} assets, {count * 20} columns, one process: {one:.1f} s, {count * 20 / one:,.0f} columns/s")
    print(f"{workers} processes: {many:.1f} s, {one / many:.2f} times as fast")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
