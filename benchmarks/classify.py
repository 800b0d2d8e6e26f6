"""Classification on one core: this engine, and in the same run OpenMetadata's tag scorer on the same columns.

    python benchmarks/classify.py [--columns 4000] [--peer-columns 24]

Bars: >= 4,000 columns/s with 50 values and >= 300 times the peer; >= 20,000 columns/s by names and comments alone;
linear in columns; first table within 0.3 s of starting to load the engine.

The peer is ``ScoreTagsForColumnService`` with 40 tags of one pattern each and a blank spaCy model, which is less than
it runs with in earnest. It needs: openmetadata-ingestion==2.0.6.0, presidio-analyzer==2.2.358, spacy>=3.8,<3.9.
Times are processor seconds of the process, so that other work on the machine counts little: both sides of the ratio are
measured in the same way, one after the other. The start is told in seconds of the clock too, which is what its bar is
about; with other work running only the processor's are worth comparing.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from observe import KINDS

AS_OF = date(2026, 11, 23)
ROOT = Path(__file__).resolve().parent.parent
WIDTH, VALUES, TAGS = 20, 50, 40
BARS = {"values": 4_000, "ratio": 300, "names": 20_000, "start": 0.3}
NAMED = {
    "identity number": ("sfzh", "身份证号"),
    "credit code": ("tyshxydm", "统一社会信用代码"),
    "mobile": ("lxdh", "联系电话"),
    "name": ("xm", "姓名"),
    "address": ("jtzz", "家庭住址"),
    "date": ("csrq", "出生日期"),
    "time": ("create_time", "创建时间"),
    "serial": ("lsh", "流水号"),
    "integer": ("px", "排序"),
    "amount": ("je", "金额"),
    "code": ("zt", "状态"),
    "free text": ("bz", "备注"),
}

START = """
import time
clock, processor = time.perf_counter(), time.process_time()
from datetime import date
from classifiers.engine import observe
from classifiers.evidence import ColumnInput, TableInput
from classifiers.policy import load_pack
from classifiers.verdict import judge
table = TableInput("t_person", (ColumnInput("sfzh", "身份证号"),))
judge(table, observe(table, {"sfzh": ["1"] * 50}, as_of=date(2026, 1, 1)), load_pack(), as_of=date(2026, 1, 1))
print(time.perf_counter() - clock, time.process_time() - processor)
"""


def start_up(rounds: int = 5) -> tuple[float, float]:
    """Seconds from the first import to the first verdict in a process of its own, by the clock and of the processor;
    the best of some.
    """
    command = [sys.executable, "-c", START]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT) for _ in range(rounds)]
    clock, processor = zip(*(map(float, run.stdout.split()) for run in runs), strict=True)
    return min(clock), min(processor)


def sampled(columns: int) -> list[tuple[Any, dict[str, list[object]]]]:
    """Tables of 20 columns that hold 12 kinds of values, with the names and comments that go with them."""
    from classifiers.evidence import ColumnInput, TableInput

    kinds = list(KINDS)
    tables = []
    for number in range(columns // WIDTH):
        chosen = [(place, kinds[(number + place) % len(kinds)]) for place in range(WIDTH)]
        named = tuple(ColumnInput(f"{NAMED[kind][0]}_{place}", NAMED[kind][1]) for place, kind in chosen)
        values = {f"{NAMED[kind][0]}_{place}": [KINDS[kind]() for _ in range(VALUES)] for place, kind in chosen}
        tables.append((TableInput(f"t_{number}", named, comment="人员信息表"), values))
    return tables


def named(columns: int) -> list[Any]:
    """Tables made of columns of the labelled sets, as a district has them: some names come again and again."""
    from classifiers.evidence import ColumnInput, TableInput

    files = sorted((ROOT / "tests/data").glob("columns*.jsonl"))
    rows = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    pick = random.Random(20261123)
    tables = []
    for number in range(columns // WIDTH):
        first = pick.randrange(len(rows))
        own = [rows[(first + place) % len(rows)] for place in range(WIDTH)]
        found = tuple(ColumnInput(row["column"], row.get("comment"), row.get("type")) for row in own)
        tables.append(TableInput(f"{own[0]['table']}_{number}", found, comment=own[0].get("table_comment")))
    return tables


def rate(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    """Columns a second."""
    begin = time.process_time()
    for item in items:
        work(item)
    return len(items) * WIDTH / (time.process_time() - begin)


def ours(columns: int) -> dict[str, float]:
    from classifiers.engine import observe
    from classifiers.policy import load_pack
    from classifiers.verdict import judge

    pack = load_pack()

    def by_values(item: tuple[Any, dict[str, list[object]]]) -> object:
        return judge(item[0], observe(*item, as_of=AS_OF), pack, as_of=AS_OF)

    def by_names(table: Any) -> object:
        return judge(table, {}, pack, as_of=AS_OF)

    tables, names = sampled(columns), named(columns * 10)
    rate(by_values, tables[:5])
    half = max(rate(by_values, tables[: len(tables) // 2]) for _ in range(3))
    whole = max(rate(by_values, tables) for _ in range(3))
    first_sight = rate(by_names, names[: len(names) // 10])
    return {"values": whole, "linear": half / whole, "first sight": first_sight, "names": rate(by_names, names)}


def peer(columns: int) -> float | None:
    """Columns a second of OpenMetadata's scorer; None when it is not installed."""
    warnings.simplefilter("ignore")
    try:
        import spacy
        from metadata.generated.schema.entity.data.table import Column
        from metadata.generated.schema.type.classificationLanguages import ClassificationLanguage
        from metadata.pii.algorithms.tag_scoring import ScoreTagsForColumnService
        from presidio_analyzer.nlp_engine import SpacyNlpEngine
    except ImportError as exc:
        print(f"peer not installed ({exc.name}); needs what the head of this file lists")
        return None
    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "blank"}])
    engine.nlp = {"en": spacy.blank("en")}
    score = ScoreTagsForColumnService(nlp_engine=engine, language=ClassificationLanguage.en)
    tags = peer_tags()
    given = [
        (Column(name=name, dataType="VARCHAR", dataLength=64, fullyQualifiedName=f"s.d.p.t.{name}"), values)
        for _, sample in sampled(WIDTH * (columns // WIDTH + 1))
        for name, values in sample.items()
    ][:columns]
    score(*given[0], tags)
    begin = time.process_time()
    for column, values in given:
        score(column, [str(value) for value in values], tags)
    return len(given) / (time.process_time() - begin)


def peer_tags() -> list[Any]:
    """40 tags, each with one pattern: the shapes of our identifiers, then numbers of one length."""
    from metadata.generated.schema.entity.classification.tag import Tag

    from classifiers.identifiers import pattern_of
    from classifiers.recognizers import builtin
    from workflows.recognizer_export import recognizer

    shapes = [shape for own in builtin() if (shape := pattern_of(own.id))]
    shapes += [rf"\b[0-9]{{{length}}}\b" for length in range(1, TAGS)]
    return [
        Tag.model_validate(
            {
                "id": f"00000000-0000-4000-8000-{number:012d}", "name": f"t{number}", "description": "x",
                "fullyQualifiedName": f"B.t{number}", "autoClassificationEnabled": True,
                "recognizers": [recognizer(f"r{number}", "x", "x", "content", shape, 0.8, ())],
            }
        )
        for number, shape in enumerate(shapes[:TAGS])
    ]  # fmt: skip


def show(what: str, found: float, bar: float, unit: str, most: bool = False) -> None:
    good = found <= bar if most else found >= bar
    print(f"{what:<46} {found:>10,.2f} {unit:<10} bar {'<=' if most else '>='} {bar:,} {'' if good else '  MISSED'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--columns", type=int, default=4000)
    parser.add_argument("--peer-columns", type=int, default=24)
    args = parser.parse_args()
    clock, processor = start_up()
    show("start of the engine to the first verdict", clock, BARS["start"], "s", most=True)
    print(f"{'  of the processor':<46} {processor:>10.2f} s")
    found = ours(args.columns)
    show(f"{args.columns} columns with {VALUES} values", found["values"], BARS["values"], "columns/s")
    print(f"{'  half as many columns: speed, times':<46} {found['linear']:>10.2f}")
    show(f"{args.columns * 10} columns by names and comments", found["names"], BARS["names"], "columns/s")
    print(f"{'  the first tenth, names never seen before':<46} {found['first sight']:>10,.2f} columns/s")
    theirs = peer(args.peer_columns)
    if theirs is not None:
        print(f"{f'peer: {args.peer_columns} columns, {TAGS} pattern tags':<46} {theirs:>10,.2f} columns/s")
        show("ours to theirs, processor seconds of both", found["values"] / theirs, BARS["ratio"], "times")


if __name__ == "__main__":
    main()
