"""What the databases' own plans say of a sample: those of PostgreSQL and MariaDB as their servers answered, the others'
as their manuals draw them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Executable, Select

from connectors.sql.dialect import Dialect, Explain
from connectors.sql.mariadb import DIALECT as MARIADB
from connectors.sql.oceanbase import DIALECT as OCEANBASE
from connectors.sql.opengauss import DIALECT as OPENGAUSS
from connectors.sql.postgresql import DIALECT as POSTGRESQL
from connectors.sql.tidb import DIALECT as TIDB

QUERY = sa.select(sa.text("a")).select_from(sa.table("v")).limit(50)


def judged(dialect: Dialect, answer: Any) -> bool:
    """Whether a view is left alone when the server answers so to EXPLAIN."""
    return dialect.objection(QUERY, lambda _: answer) is not None


def step(kind: str, cost: float, *parts: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"Node Type": kind, "Total Cost": cost, "Plans": list(parts), **more}


DEAR_SCAN = step("Seq Scan", 62_500, Filter="(md5(xm) = 'x')")
PLAIN_SCAN = step("Seq Scan", 55_000)


@pytest.mark.parametrize(
    ("plan", "left"),
    [
        (step("Limit", 4.2, DEAR_SCAN), True),
        (step("Limit", 4.2, PLAIN_SCAN), False),
        (step("Limit", 4.2, step("Seq Scan", 900, Filter="(a = 1)")), False),
        (step("Limit", 4.2, step("Subquery Scan", 55_000, PLAIN_SCAN)), False),
        (step("Limit", 4.2, step("Subquery Scan", 55_000, PLAIN_SCAN, Filter="(n > 1)")), True),
        (step("Limit", 4.2, step("Append", 110_000, PLAIN_SCAN, PLAIN_SCAN)), False),
        (step("Limit", 4.2, step("Append", 110_000, PLAIN_SCAN, DEAR_SCAN)), True),
        (step("Limit", 4.2, step("Hash Join", 70_000, PLAIN_SCAN, step("Hash", 40, step("Seq Scan", 40)))), True),
        (step("Limit", 4.2, step("Hash Join", 700, step("Seq Scan", 40), step("Hash", 40))), False),
        (step("Limit", 60_000, step("Sort", 60_000, PLAIN_SCAN)), True),
        # A limit within a grouping makes the grouping look cheap.
        (step("Limit", 9, step("Aggregate", 9, step("Limit", 4, DEAR_SCAN))), True),
        (step("Limit", 9, step("Aggregate", 9, step("Limit", 4, PLAIN_SCAN))), False),
        (step("Limit", 9, step("Index Scan", 80_000, **{"Index Cond": "(a > 1)"})), False),
        (step("Limit", 9, step("Index Scan", 80_000, Filter="(b = 1)")), True),
        (step("Limit", 9, step("Bitmap Heap Scan", 80_000, step("Bitmap Index Scan", 70_000))), True),
    ],
)
def test_postgresqls_steps_count_as_if_they_ran_to_their_end(plan: dict[str, Any], left: bool) -> None:
    assert judged(POSTGRESQL, [([{"Plan": plan}],)]) is left


@pytest.mark.parametrize("answer", [[], [("Seq Scan on t",)], [([{"Plano": {}}],)], [([{"Plan": {}}],)], [(None,)]])
def test_a_plan_that_cannot_be_read_counts_as_costly(answer: list[Any]) -> None:
    assert [judged(dialect, answer) for dialect in (POSTGRESQL, OPENGAUSS, OCEANBASE)] == [True, True, True]
    assert POSTGRESQL.is_bulky(QUERY, lambda _: answer)
    odd = [SimpleNamespace(step=line) for line in answer]
    assert [judged(dialect, odd) for dialect in (MARIADB, TIDB)] == [True, True]


def row(rows: int | None, extra: str | None = None, number: int = 1, kind: str = "SIMPLE") -> SimpleNamespace:
    return SimpleNamespace(id=number, select_type=kind, rows=rows, Extra=extra)


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        ([row(500_000, "Using where")], True),
        ([row(500_000)], False),
        ([row(500_000, "Using index")], False),
        ([row(500_000, "Using index condition")], True),
        ([row(50_000, "Using where")], False),
        ([row(500_000, "Using temporary; Using filesort")], True),
        ([row(500_000), row(1)], True),
        ([row(500, "Using where"), row(400)], True),
        ([row(500, "Using where"), row(1)], False),
        ([row(2, kind="PRIMARY"), row(500_000, number=2, kind="DERIVED")], True),
        (
            [row(500_000, kind="PRIMARY"), row(400_000, number=2, kind="UNION"), row(None, None, 3, "UNION RESULT")],
            False,
        ),
    ],
)
def test_mariadbs_rows(rows: list[SimpleNamespace], left: bool) -> None:
    assert judged(MARIADB, rows) is left


def tidb(*lines: tuple[str, str]) -> list[SimpleNamespace]:
    return [SimpleNamespace(id=name, estRows=rows) for name, rows in lines]


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        (tidb(("TableReader_7", "3000000.00"), ("└─TableFullScan_5", "3000000.00")), False),
        (
            tidb(("TableReader_7", "2400000.00"), ("└─Selection_6", "15.00"), ("  └─TableFullScan_5", "3000000.00")),
            True,
        ),
        (
            tidb(
                ("HashAgg_15", "50001.00"),
            ),
            True,
        ),
        (
            tidb(
                ("HashAgg_15", "50000.00"),
            ),
            False,
        ),
        ([], True),
    ],
)
def test_tidbs_steps(steps: list[SimpleNamespace], left: bool) -> None:
    assert judged(TIDB, steps) is left


OCEANBASE_PLAN = """\
=================================================
|ID|OPERATOR         |NAME|EST.ROWS|EST.TIME(us)|
-------------------------------------------------
|0 |{:17}|t   |{:<8}|{:<12}|
=================================================
Outputs & filters:
-------------------------------------
  0 - output([t.a]), filter({}), rowset=256"""


@pytest.mark.parametrize(
    ("name", "rows", "time", "condition", "left"),
    [
        ("TABLE FULL SCAN", 3_000_000, 900_000, "nil", False),
        ("TABLE FULL SCAN", 15_000, 900_000, "[md5(t.xm) = 'x']", True),
        ("TABLE FULL SCAN", 10, 900, "[md5(t.xm) = 'x']", False),
        ("HASH GROUP BY", 50_001, 9_000, "nil", True),
        ("HASH GROUP BY", 50_000, 9_000, "nil", False),
    ],
)
def test_oceanbases_drawing(name: str, rows: int, time: int, condition: str, left: bool) -> None:
    drawn = [(line,) for line in OCEANBASE_PLAN.format(name, rows, time, condition).splitlines()]
    assert judged(OCEANBASE, drawn) is left


SCAN = "Seq Scan on huge  (cost=0.00..62500.00 rows=15000 width=36)"


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ([SCAN], False),
        (["Partition Iterator  (cost=0.00..9000.00 rows=1 width=4)", "  ->  Partitioned " + SCAN], False),
        ([SCAN, "  Filter: (md5(xm) = 'x'::text)"], True),
        ([SCAN.replace("62500", "900"), "  Filter: (md5(xm) = 'x'::text)"], False),
        (["HashAggregate  (cost=9000.00..9001.00 rows=3 width=4)", "  ->  " + SCAN], True),
        (["Hash Join  (cost=9.00..9000.00 rows=3 width=4)", "  Hash Cond: (a.id = b.id)"], True),
    ],
)
def test_opengausss_drawing(lines: list[str], left: bool) -> None:
    assert judged(OPENGAUSS, [(line,) for line in lines]) is left


@pytest.mark.parametrize("dialect", [OPENGAUSS, TIDB, OCEANBASE])
def test_those_whose_plans_a_limit_hides_are_asked_without_it(dialect: Dialect) -> None:
    asked: list[Executable] = []

    def ask(statement: Executable) -> list[Any]:
        asked.append(statement)
        return []

    dialect.objection(QUERY, ask)
    (explain,) = asked
    assert isinstance(explain, Explain)
    assert isinstance(explain.statement, Select)
    assert "LIMIT" not in str(explain.statement)
    assert "LIMIT" in str(QUERY)
