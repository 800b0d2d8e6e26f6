"""Whatever people do to the cells of a workbook: no crash, no half row, what is unknown is named by its cell."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from typing import Any

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError

from workflows.acts.verify import verify
from workflows.errors import InputError
from workflows.review.sheets import ITEMS

ROWS, COLUMNS = range(1, 14), range(1, 30)
WORDS = st.sampled_from(
    (
        "是",
        "否",
        "L1",
        "L2 内部级",
        "L4",
        "L9",
        "非共享",
        "授权共享",
        "无条件开放",
        "姓名",
        "=1+1",
        "",
        "待判定",
        "理由",
        "不存在",
    )
)
VALUES = st.one_of(WORDS, st.text(max_size=12), st.integers(), st.floats(allow_nan=False), st.booleans(), st.none())
CELLS = st.lists(st.tuples(st.sampled_from(ROWS), st.sampled_from(COLUMNS), VALUES), max_size=12)
FILLED = st.lists(st.tuples(st.sampled_from(range(2, 11)), st.sampled_from(range(15, 23)), WORDS), max_size=12)
CELL = re.compile(rf"{ITEMS}!([A-Z]+\d+)「")
numbers = itertools.count()


def mutated(room: Any, cells: list[tuple[int, int, Any]]) -> Any:
    """A copy of one export: what earlier examples decided is known, or a conflict."""
    exported, path = room.folder / "审核表.xlsx", room.folder / f"{next(numbers)}.xlsx"
    if not exported.exists():
        room.export()
    book = openpyxl.load_workbook(exported)
    for row, column, value in cells:
        cell = book[ITEMS].cell(row, column)
        try:
            cell.value = value
        except IllegalCharacterError:
            # No program can write it.
            continue
        if isinstance(value, str):
            cell.data_type = "s"
    book.save(path)
    return path


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.one_of(CELLS, FILLED))
def test_any_cells(room: Any, cells: list[tuple[int, int, Any]]) -> None:
    path = mutated(room, cells)
    before = len(room.store.decisions())
    try:
        dry = room.bring(path, dry_run=True)
    except InputError:
        # The heading or every row id is gone.
        assert any(row == 1 or column == 26 for row, column, _ in cells)
        return
    done = room.bring(path)
    assert done.rows == dry.rows
    written = defaultdict(set)
    for one in room.store.decisions()[before:]:
        written[one.asset, one.column].add(one.dimension)
    counted = {(row.asset, row.column): set(row.yours) for row in done.rows if row.verdict == "accepted" and row.column}
    assert set(written) <= set(counted)
    assert all(own <= counted[place] for place, own in written.items())
    sheet = openpyxl.load_workbook(path)[ITEMS]
    for row in done.rows:
        assert row.verdict not in ("refused", "conflict") or row.told
        for place in CELL.findall(row.told):
            assert sheet[place].value is not None
    assert verify(room.trail).faults == ()
