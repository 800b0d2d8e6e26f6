"""Columns of near-misses: at most one in 10,000 is called an identifier by its values alone."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

BENCHMARK = runpy.run_path(str(Path(__file__).resolve().parents[2] / "benchmarks" / "near_misses.py"))


@pytest.mark.parametrize("seed", [1, 2])
def test_near_misses_are_not_labelled(seed: int) -> None:
    found = BENCHMARK["false_ones"](15_000, seed)
    assert sum(found.values()) <= 1, found


def test_every_kind_has_columns_of_every_size() -> None:
    kinds, sizes = BENCHMARK["KINDS"], BENCHMARK["SIZES"]
    made = {(name, len(values)) for name, values in BENCHMARK["columns"](len(kinds) * len(sizes), 1)}
    assert made == {(name, size) for name in kinds for size in sizes}
    assert len(kinds) >= 40
