"""How many columns a second the value engine judges on one core: 50 values per column, a mix as departments have it.

python benchmarks/observe.py [columns]
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from datetime import date

from classifiers.engine import observe
from classifiers.evidence import ColumnInput, TableInput
from classifiers.identifiers import id_card, uscc
from classifiers.identifiers.common import mod_11_2

VALUES = 50
COLUMNS_PER_TABLE = 20
AS_OF = date(2026, 11, 23)
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周徐孙", "伟芳娜敏静秀英丽强磊军洋勇艳杰"

_random = random.Random(20261123)


def identity_number() -> str:
    digits = f"310107{_random.randint(1940, 2010)}{_random.randint(1, 12):02}{_random.randint(1, 28):02}"
    digits += f"{_random.randint(0, 999):03}"
    return digits + mod_11_2(digits)


def credit_code() -> str:
    code = "91310107MA" + "".join(_random.choices(uscc.ALPHABET, k=7))
    return code + uscc.check_character(code)


KINDS: dict[str, Callable[[], object]] = {
    "identity number": identity_number,
    "credit code": credit_code,
    "mobile": lambda: f"138{_random.randint(0, 99_999_999):08}",
    "name": lambda: _random.choice(SURNAMES) + "".join(_random.choices(GIVEN, k=2)),
    "address": lambda: (
        f"上海市普陀区某某路{_random.randint(1, 999)}弄{_random.randint(1, 99)}号{_random.randint(101, 999)}室"
    ),
    "date": lambda: f"20{_random.randint(10, 26)}-{_random.randint(1, 12):02}-{_random.randint(1, 28):02}",
    "time": lambda: f"2026-{_random.randint(1, 12):02}-{_random.randint(1, 28):02} {_random.randint(0, 23):02}:00:00",
    "serial": lambda: str(_random.randint(10**17, 10**18 - 1)),
    "integer": lambda: _random.randint(1, 10**6),
    "amount": lambda: f"{_random.uniform(0, 10**6):.2f}",
    "code": lambda: _random.choice("12349"),
    "free text": lambda: "情况说明:" + "".join(_random.choices("的一是在不了有和人这中大为上个国我以要他", k=60)),
}


def table(number: int) -> tuple[TableInput, dict[str, list[object]]]:
    names = list(KINDS)
    kinds = [names[(number + place) % len(names)] for place in range(COLUMNS_PER_TABLE)]
    columns = tuple(ColumnInput(name=f"c{place}") for place in range(COLUMNS_PER_TABLE))
    sample = {f"c{place}": [KINDS[kind]() for _ in range(VALUES)] for place, kind in enumerate(kinds)}
    return TableInput(table=f"t{number}", columns=columns), sample


def main(columns: int) -> None:
    begin = time.perf_counter()
    observe(*table(0), as_of=AS_OF)
    print(f"first table, recognizers loaded: {time.perf_counter() - begin:.3f} s")
    tables = [table(number) for number in range(columns // COLUMNS_PER_TABLE)]
    begin = time.process_time()
    for one, sample in tables:
        observe(one, sample, as_of=AS_OF)
    seconds = time.process_time() - begin
    print(f"{columns} columns of {VALUES} values: {seconds:.2f} s, {columns / seconds:,.0f} columns/s")
    for kind, make in KINDS.items():
        print(f"  {kind:<16} {microseconds(make):6.0f} µs a column")


def microseconds(make: Callable[[], object], rounds: int = 200) -> float:
    one = TableInput(table="t", columns=(ColumnInput(name="c"),))
    samples = [{"c": [make() for _ in range(VALUES)]} for _ in range(rounds)]
    begin = time.process_time()
    for sample in samples:
        observe(one, sample, as_of=AS_OF)
    return (time.process_time() - begin) / rounds * 1e6


if __name__ == "__main__":
    assert id_card.check(identity_number()).result == "valid"
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
