"""Whatever people do to the cells of a workbook: no crash, no half row, what is unknown is named by its cell."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from typing import Any

import msgspec
import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError

from workflows.acts.verify import verify
from workflows.errors import InputError
from workflows.review.sheets import ELEMENTS, ITEMS, RESOURCES

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
        "每月",
        "#REF!",
    )
)
VALUES = st.one_of(WORDS, st.text(max_size=12), st.integers(), st.floats(allow_nan=False), st.booleans(), st.none())
SHEETS = st.sampled_from((ITEMS, RESOURCES, ELEMENTS))
CELLS = st.lists(st.tuples(SHEETS, st.sampled_from(ROWS), st.sampled_from(COLUMNS), VALUES), max_size=12)
LABELLED = st.tuples(st.just(ITEMS), st.sampled_from(range(2, 11)), st.sampled_from(range(15, 23)), WORDS)
TOLD = st.tuples(st.just(ELEMENTS), st.sampled_from(range(2, 11)), st.sampled_from(range(5, 14)), WORDS)
FILLED = st.lists(st.one_of(LABELLED, TOLD), max_size=12)
CELL = re.compile(r"([^!；]+)!([A-Z]+\d+)「")
numbers = itertools.count()


def mutated(room: Any, cells: list[tuple[str, int, int, Any]]) -> Any:
    """A copy of one export: what earlier examples decided is known, or a conflict."""
    exported, path = room.folder / "审核表.xlsx", room.folder / f"{next(numbers)}.xlsx"
    if not exported.exists():
        room.export()
    book = openpyxl.load_workbook(exported)
    for sheet, row, column, value in cells:
        cell = book[sheet].cell(row, column)
        try:
            cell.value = value
        except IllegalCharacterError:
            # No program can write it.
            continue
        if isinstance(value, str):
            cell.data_type = "s"
    book.save(path)
    return path


def told(act: Any) -> list[dict[str, Any]]:
    return [{"item": None, **one} for one in msgspec.json.decode(act.after)]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.one_of(CELLS, FILLED))
def test_any_cells(room: Any, cells: list[tuple[str, int, int, Any]]) -> None:
    path = mutated(room, cells)
    before, filled_before = len(room.store.decisions()), len(list(room.trail.acts("entry")))
    try:
        dry = room.bring(path, dry_run=True)
    except InputError:
        # The heading or every row id is gone.
        assert any(row == 1 or column > 13 for _, row, column, _ in cells)
        return
    done = room.bring(path)
    assert done.rows == dry.rows
    acts = list(room.trail.acts("entry"))
    written = defaultdict(set)
    for one in room.store.decisions()[before:]:
        written[one.asset, one.column].add(one.dimension)
    accepted = [row for row in done.rows if row.verdict == "accepted"]
    counted = {(row.asset, row.column): set(row.yours) for row in accepted if row.place.startswith(f"{ITEMS}!")}
    assert set(written) <= set(counted)
    assert all(own <= counted[place] for place, own in written.items())
    fills = {(act.subject, one["item"], one["element"]) for act in acts[filled_before:] for one in told(act)}
    elements = [row for row in accepted if not row.place.startswith(f"{ITEMS}!")]
    assert fills <= {(row.asset, row.column, key) for row in elements for key in row.yours}
    assert {(asset, item) for asset, item, _ in fills} == {(row.asset, row.column) for row in elements}
    book = openpyxl.load_workbook(path)
    for row in done.rows:
        assert row.verdict not in ("refused", "conflict") or row.told
        for sheet, place in CELL.findall(row.told):
            assert book[sheet][place].value is not None
    assert verify(room.trail).faults == ()
