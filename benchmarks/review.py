"""A steward's workbook there and back: exported, filled in, imported; seconds and memory of each process.

    python benchmarks/review.py [rows] [share of the rows that are agreed with, 0-1]

Every row that is agreed with becomes up to four rulings (data element, tier, share, open) and as many acts.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from classify import named

from classifiers.policy import load_pack
from connectors.model import Asset, Column
from workflows.acts.model import Actor
from workflows.acts.rights import DEFAULT
from workflows.acts.trail import Trail
from workflows.batches import chunks
from workflows.classify import classify
from workflows.entries import codes
from workflows.review.export import export
from workflows.review.intake import Importer
from workflows.settings import Department, SystemSettings
from workflows.store import Store
from workflows.store_records import Harvested

AS_OF, AT = date(2026, 11, 23), "2026-11-23T08:00:00+08:00"
LI = Actor("li", "li", "李华", ("steward",))
SYSTEM = SystemSettings(id="s", name="救助系统", connector="sqlite", path="x")
DEPARTMENT = Department("d", "普陀区民政局", "11310107000000019B", "信息科", "刘工", (SYSTEM,), "x")
ACCEPT = re.compile(rb'<c r="(P[0-9]+)" s="([0-9]+)"/>')


def prepare(folder: Path, rows: int) -> None:
    with opened(folder) as store:
        for batch in chunks(assets(rows)):
            store.write_assets(1, AT, [Harvested(asset) for asset in batch])
        classify(store, load_pack(), {}, run=1, at=AT, as_of=AS_OF)
        codes.number(store, ["d"])


def assets(rows: int) -> list[Asset]:
    found = []
    for number, table in enumerate(named(rows)):
        columns = tuple(
            Column(name=f"{column.name}_{place}", ordinal=place, type=column.type or "", comment=column.comment)
            for place, column in enumerate(table.columns, start=1)
        )
        found.append(Asset("d", "s", f"t_{number}_{table.table}", comment=table.comment, columns=columns))
    return found


def opened(folder: Path) -> Store:
    return Store(f"sqlite:///{folder / 'store.db'}", folder / "head.jsonl")


def export_one(folder: Path) -> str:
    with opened(folder) as store:
        done = export(store, load_pack(), DEPARTMENT, LI, folder / "review.xlsx", Trail(store))
        return f"{done.items} items"


def import_one(folder: Path) -> str:
    with opened(folder) as store:
        importer = Importer(Trail(store), load_pack(), LI, DEFAULT, {"d": DEPARTMENT})
        return f"{importer.run(folder / 'review.xlsx').counts}"


def fill_in(path: Path, share: float) -> None:
    """是 in 采纳建议 of the first rows, as a spreadsheet program would write it."""
    filled = path.with_suffix(".filled")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(filled, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            body = source.read(name)
            if name == "xl/worksheets/sheet2.xml":
                count = round(len(ACCEPT.findall(body)) * share)
                yes = rb'<c r="\1" s="\2" t="inlineStr"><is><t>' + "是".encode() + b"</t></is></c>"
                body = ACCEPT.sub(yes, body, count=count) if count else body
            target.writestr(name, body)
    filled.replace(path)


STEPS: dict[str, Callable[[Path], str]] = {"export": export_one, "import": import_one}


def step(name: str, folder: Path) -> None:
    begin = time.perf_counter()
    told = STEPS[name](folder)
    seconds, cpu = time.perf_counter() - begin, time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{name}: {seconds:.1f} s ({cpu:.1f} s of processor), {peak} MB, {told}")


def main(rows: int, share: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, rows)
        run("export", folder)
        path = folder / "review.xlsx"
        print(f"workbook: {path.stat().st_size / 1e6:.1f} MB")
        fill_in(path, share)
        run("import", folder)
        run("import", folder)


def run(name: str, folder: Path) -> None:
    subprocess.run([sys.executable, __file__, "--step", name, str(folder)], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        step(sys.argv[2], Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 50_000, float(sys.argv[2]) if sys.argv[2:] else 1.0)
