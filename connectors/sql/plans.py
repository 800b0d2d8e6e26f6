"""What databases' own plans say of a sample: whether it ends after a few rows, or reads much before the first one.

A LIMIT makes every plan look cheap, for the planner believes that rows enough are found soon; a condition that none
meets reads all. So what counts is the cost of each step *as if it ran to its end*, unless the step only hands on the
rows that it is given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import prod
from typing import Any

MANY_ROWS = 50_000
"""Rows that a step may look at before it gives the first one."""
DEAREST = 1_000
"""The same in PostgreSQL's own unit, the cost of one page read in sequence: 8 MB, or about 70,000 narrow rows."""

BULKY = 5_000
"""In the same unit, from when on not even the first rows of a table are asked for without a choice of pages: 40 MB."""

# --- PostgreSQL ------------------------------------------------------------------------------------------------------

_PASSING = frozenset(
    {"Limit", "Seq Scan", "Index Scan", "Index Only Scan", "Subquery Scan", "Result", "ProjectSet", "Append"}
    | {"Merge Append"}
)
"""Steps that give a row for each one that they are given or find, if they have no condition."""


def postgres_plan(answer: Any) -> dict[str, Any]:
    """The topmost step of what EXPLAIN (FORMAT JSON) answers. Raises ValueError when it is something else."""
    try:
        found = json.loads(answer) if isinstance(answer, str) else answer
        plan = found[0]["Plan"]
        float(plan["Total Cost"])
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError("no plan") from error
    return dict(plan)


def stalls(plan: dict[str, Any]) -> bool:
    """Whether a step may read much for its first row: a condition, a join, a sort, a grouping over what is not small.

    Costs of steps beneath a LIMIT are those of the whole, so that they need no further look at the tables' sizes, and
    the planner knows how many pages a table has even where its row count is old.
    """
    return any(not _passes(step) and float(step["Total Cost"]) > DEAREST for step in _steps(plan))


def whole_cost(plan: dict[str, Any]) -> float:
    """What the plan would cost without its LIMIT."""
    return max(float(step["Total Cost"]) for step in _steps(plan))


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _steps(part)


def _passes(step: dict[str, Any]) -> bool:
    return step.get("Node Type") in _PASSING and "Filter" not in step


# --- as text: openGauss ----------------------------------------------------------------------------------------------

_COST = re.compile(r"cost=[\d.]+\.\.(\d+(?:\.\d+)?)")
_STEP = re.compile(r"^\W*(?:->\s*)?(.+?)\s+\(cost=", re.MULTILINE)
_PASSING_AS_TEXT = re.compile(
    r"(?:Partition Iterator|Row Adapter|Append|Result|Subquery Scan"
    r"|(?:Partitioned )?(?:Seq|CStore|Index(?: Only)?) Scan)\b"
)


def stalls_as_text(drawing: str) -> bool:
    """`stalls` for EXPLAIN as PostgreSQL draws it, of a query without LIMIT; what cannot be read stalls."""
    costs = [float(cost) for cost in _COST.findall(drawing)]
    if not costs:
        return True
    plain = all(_PASSING_AS_TEXT.match(step) for step in _STEP.findall(drawing)) and "Filter:" not in drawing
    return not plain and max(costs) > DEAREST


# --- MariaDB and its kin ---------------------------------------------------------------------------------------------


def rows_stall(steps: Iterable[Any]) -> bool:
    """The same for the rows of MySQL's EXPLAIN; those with one ``id`` are joined with one another."""
    joins = [list(join) for _, join in groupby(steps, lambda step: step.id)]
    return not joins or any(_join_stalls(join) for join in joins)


def _join_stalls(join: Sequence[Any]) -> bool:
    plain = len(join) == 1 and join[0].select_type in ("SIMPLE", "PRIMARY", "UNION")
    if plain and not re.search("where|temporary|filesort|condition", join[0].Extra or "", re.IGNORECASE):
        return False
    return prod(max(int(step.rows or 0), 1) for step in join) > MANY_ROWS


_TIDB_PASSING = re.compile(r"\W*(?:TableReader|TableFullScan|IndexReader|IndexFullScan|Projection|Limit|Union)\w*")


def tidb_stalls(steps: Sequence[Any]) -> bool:
    """The same for TiDB's plan of a query without LIMIT, which tells of each step how many rows it gives."""
    if all(_TIDB_PASSING.match(step.id) for step in steps):
        return not steps
    return any(float(step.estRows) > MANY_ROWS for step in steps)


_OB_STEP = re.compile(r"^\|\s*\d+\s*\|([^|]*)\|[^|]*\|\s*(\d+)\s*\|\s*(\d+)", re.MULTILINE)
_OB_PASSING = re.compile(r"\W*(?:TABLE (?:FULL )?SCAN|SUBPLAN SCAN|LIMIT|EXCHANGE|PX )")


def oceanbase_stalls(drawing: str) -> bool:
    """The same for OceanBase's drawing of the plan of a query without LIMIT.

    Rows are told as they come out of a step, behind its condition: what it reads for them shows in its cost or time
    only, about half a unit for each row.
    """
    steps = _OB_STEP.findall(drawing)
    filters = re.findall(r"filter\(\[([^\n]*)", drawing)
    if steps and not filters and all(_OB_PASSING.match(name) for name, _, _ in steps):
        return False
    return not steps or any(int(rows) > MANY_ROWS or int(cost) > MANY_ROWS for _, rows, cost in steps)
