"""How often columns of near-misses are called an identifier: at most one in 10,000 may be.

python benchmarks/near_misses.py [columns]

Serials, permits, timestamps, amounts and the like, 5 to 50 values a column, each kind as often as any other. A column
is a false one when any statement about its values may decide alone (strength 0.5 or more).
"""

from __future__ import annotations

import random
import string
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from classifiers.engine import observe
from classifiers.evidence import ColumnInput, TableInput

AS_OF = date(2026, 11, 23)
SIZES = (5, 8, 10, 12, 20, 50)
COLUMNS_PER_TABLE = 20
HAN = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面"

Make = Callable[[random.Random], str]


def digits(rng: random.Random, length: int) -> str:
    return f"{rng.randrange(10**length):0{length}}"


def moment(rng: random.Random) -> datetime:
    return datetime(2000, 1, 1) + timedelta(seconds=rng.randrange(820_000_000))


def letters(rng: random.Random, length: int) -> str:
    return "".join(rng.choices(string.ascii_uppercase + string.digits, k=length))


def run_on(rng: random.Random, prefix: str, width: int) -> str:
    """A running number: columns differ in where they start, values of one lie close together."""
    return f"{prefix}{rng.randrange(5 * 10 ** min(width, 4)):0{width}}"


KINDS: dict[str, Make] = {
    "18-digit serials": lambda rng: digits(rng, 18),
    "construction permits": lambda rng: f"310107{moment(rng):%Y%m%d}{rng.randrange(1, 30):02}{rng.randrange(1, 5):02}",
    "permits with four serial digits": lambda rng: f"310107{moment(rng):%Y%m%d}{digits(rng, 4)}",
    "running 18-digit numbers": lambda rng: run_on(rng, "3101072026", 8),
    "running 18-digit numbers like credit codes": lambda rng: run_on(rng, "91310107", 10),
    "19-digit row ids": lambda rng: str(1_700_000_000_000_000_000 + rng.randrange(10**17)),
    "19-digit numbers that begin like cards": lambda rng: "62" + digits(rng, 17),
    "20-digit serials": lambda rng: f"310107{moment(rng):%Y%m%d}{digits(rng, 6)}",
    "16-digit numbers": lambda rng: rng.choice("3459") + digits(rng, 15),
    "17-digit timestamps": lambda rng: f"{moment(rng):%Y%m%d%H%M%S}{digits(rng, 3)}",
    "15-digit numbers": lambda rng: digits(rng, 15),
    "15-digit numbers with an area": lambda rng: "310107" + digits(rng, 9),
    "running 15-digit numbers": lambda rng: run_on(rng, "31010720", 7),
    "14-digit timestamps": lambda rng: f"{moment(rng):%Y%m%d%H%M%S}",
    "13-digit milliseconds": lambda rng: str(1_500_000_000_000 + rng.randrange(3 * 10**11)),
    "11-digit serials": lambda rng: "1" + digits(rng, 10),
    "11-digit numbers like phones": lambda rng: f"13{digits(rng, 9)}",
    "10-digit seconds": lambda rng: str(1_500_000_000 + rng.randrange(3 * 10**8)),
    "9-digit serials": lambda rng: digits(rng, 9),
    "running 9-digit numbers": lambda rng: run_on(rng, "20260", 4),
    "8-digit dates": lambda rng: f"{moment(rng):%Y%m%d}",
    "dates": lambda rng: f"{moment(rng):%Y-%m-%d}",
    "times": lambda rng: f"{moment(rng):%Y/%m/%d %H:%M:%S}",
    "times in Han": lambda rng: f"{moment(rng):%Y}年{rng.randrange(1, 13)}月{rng.randrange(1, 29)}日",
    "6-digit codes like postcodes": lambda rng: "20" + digits(rng, 4),
    "6-digit codes": lambda rng: digits(rng, 6),
    "12-digit codes": lambda rng: "310107" + digits(rng, 6),
    "amounts": lambda rng: f"{rng.randrange(10**7)}.{digits(rng, 2)}",
    "amounts with commas": lambda rng: f"{rng.randrange(1000, 10**9):,}.{digits(rng, 2)}",
    "numbers like coordinates": lambda rng: f"{rng.randrange(100, 140)}.{digits(rng, 6)}",
    "pairs of numbers": lambda rng: f"{rng.randrange(3, 50)}.{digits(rng, 4)},{rng.randrange(3, 50)}.{digits(rng, 4)}",
    "versions": lambda rng: f"{rng.randrange(1, 20)}.{rng.randrange(30)}.{rng.randrange(300)}",
    "versions with four parts": lambda rng: ".".join(str(rng.randrange(300)) for _ in range(4)),
    "network addresses": lambda rng: ".".join(str(rng.randrange(256)) for _ in range(4)),
    "UUIDs": lambda rng: f"{digits(rng, 8)}-{digits(rng, 4)}-4{digits(rng, 3)}-a{digits(rng, 3)}-{digits(rng, 12)}",
    "32 hexadecimal digits": lambda rng: rng.randbytes(16).hex(),
    "18 letters and digits": lambda rng: letters(rng, 18),
    "17 letters and digits": lambda rng: letters(rng, 17),
    "9 letters and digits": lambda rng: letters(rng, 9),
    "28 letters and digits": lambda rng: letters(rng, 28),
    "document codes": lambda rng: f"{rng.choice('ABCDEFGH')}{moment(rng):%Y%m%d}{digits(rng, 3)}",
    "project codes": lambda rng: f"2026-310107-{digits(rng, 2)}-{digits(rng, 2)}-{digits(rng, 6)}",
    "paths": lambda rng: f"/files/{moment(rng):%Y/%m}/{digits(rng, 12)}.pdf",
    "JSON": lambda rng: f'{{"id":{digits(rng, 12)},"t":"{moment(rng):%H:%M}"}}',
    "room numbers": lambda rng: f"{rng.randrange(1, 30)}-{rng.randrange(101, 2600)}",
    "random words": lambda rng: "".join(rng.choices(string.ascii_lowercase, k=rng.randrange(3, 24))),
    "random Han": lambda rng: "".join(rng.choices(HAN, k=rng.randrange(2, 30))),
    "Han with numbers": lambda rng: f"第{rng.randrange(10**6)}号{''.join(rng.choices(HAN, k=6))}{digits(rng, 11)}",
    "marks between stars": lambda rng: f"**{digits(rng, 6)}**",
}


def columns(count: int, seed: int) -> Iterator[tuple[str, list[str]]]:
    """``count`` columns with their kinds, every kind and size in turn."""
    rng = random.Random(seed)
    kinds = list(KINDS.items())
    for place in range(count):
        name, make = kinds[place % len(kinds)]
        size = SIZES[place // len(kinds) % len(SIZES)]
        yield name, [make(rng) for _ in range(size)]


def false_ones(count: int, seed: int = 20261123) -> Counter[tuple[str, str]]:
    """Columns that were called something by their values alone: (kind, recognizer) → how many of ``count``."""
    found: Counter[tuple[str, str]] = Counter()
    batch: dict[str, list[str]] = {}
    for place, (name, values) in enumerate(columns(count, seed), start=1):
        batch[f"{place} {name}"] = values
        if len(batch) == COLUMNS_PER_TABLE or place == count:
            table = TableInput(table="t", columns=tuple(map(ColumnInput, batch)))
            for column, evidence in observe(table, batch, as_of=AS_OF).items():
                found.update((column.split(" ", 1)[1], e.recognizer) for e in evidence if e.strength >= 0.5)
            batch = {}
    return found


def main(count: int) -> None:
    begin = time.perf_counter()
    found = false_ones(count)
    for (kind, recognizer), times in found.most_common():
        print(f"  {times} x {kind} called {recognizer}")
    rate = sum(found.values()) * 10_000 / count
    print(f"{count} columns of {len(KINDS)} kinds: {sum(found.values())} false identifiers, {rate:.2f} per 10,000")
    print(f"{time.perf_counter() - begin:.1f} s")
    raise SystemExit(rate > 1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
