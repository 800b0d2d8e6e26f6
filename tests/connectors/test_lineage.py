"""Which columns' values reach a view's column, and which are only counted, compared or ordered by."""

from __future__ import annotations

import pytest

from connectors.lineage import Source, view_columns
from connectors.model import Column, ColumnSource

COLUMNS = ("xh", "xm", "sfzh")


def sources(expression: str, dialect: str = "postgres", known: bool = True) -> dict[str, bool]:
    """Column → whether its values are carried, of ``SELECT expression FROM t_ry t``."""

    def lookup(parts: tuple[str, ...]) -> Source:
        columns = tuple(Column(name, index + 1) for index, name in enumerate(COLUMNS))
        return Source("t_ry", columns if known else None)

    (column,) = view_columns(f"SELECT {expression} AS c FROM t_ry t", dialect, (), lookup)
    return {source.column: source.carried for source in column.sources}


@pytest.mark.parametrize(
    "expression",
    [
        "count(sfzh)",
        "count(DISTINCT sfzh)",
        "sum(sfzh)",
        "avg(sfzh)",
        "stddev(sfzh)",
        "sfzh = '1'",
        "sfzh IS NOT NULL",
        "NOT (sfzh LIKE '3%')",
        "EXISTS (SELECT sfzh FROM t_ry)",
        "CASE sfzh WHEN '1' THEN 1 END",
        "CASE WHEN sfzh > '1' THEN 1 ELSE 0 END",
        "(SELECT count(sfzh) FROM t_ry)",
        "row_number() OVER (PARTITION BY sfzh)",
        "rank() OVER (ORDER BY sfzh)",
        "count(*) FILTER (WHERE sfzh = '1')",
        "count(sfzh) + 1",
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_a_value_that_is_only_counted_or_compared_is_gone(expression: str, known: bool) -> None:
    assert sources(expression, known=known) == {"sfzh": False}


@pytest.mark.parametrize(
    "expression",
    [
        "sfzh",
        "upper(sfzh)",
        "sfzh::text",
        "left(sfzh, 6) || '****'",
        "min(sfzh)",
        "max(sfzh)",
        "string_agg(sfzh, ',')",
        "array_agg(sfzh)",
        "coalesce(sfzh, '')",
        "CASE WHEN sfzh > '1' THEN sfzh END",
        "(SELECT max(sfzh) FROM t_ry)",
        "first_value(sfzh) OVER (PARTITION BY sfzh)",
        "count(sfzh) || sfzh",
        "sfzh || count(sfzh)",
    ],
)
def test_a_value_that_can_be_read_is_carried(expression: str) -> None:
    assert sources(expression) == {"sfzh": True}


@pytest.mark.parametrize(
    ("expression", "dialect", "expected"),
    [
        ("CASE WHEN sfzh > '1' THEN xm END", "postgres", {"sfzh": False, "xm": True}),
        ("iif(sfzh = '1', xm, '')", "tsql", {"sfzh": False, "xm": True}),
        ("if(sfzh = '1', xm, '')", "mysql", {"sfzh": False, "xm": True}),
        ("nvl2(sfzh, xm, '')", "oracle", {"sfzh": False, "xm": True}),
        ("decode(sfzh, '1', xm)", "oracle", {"sfzh": True, "xm": True}),
        ("max(sfzh) OVER (PARTITION BY xm)", "postgres", {"sfzh": True, "xm": False}),
        ("(sfzh > '1')::text || xm", "postgres", {"sfzh": False, "xm": True}),
    ],
)
def test_conditions_and_results_are_told_apart(expression: str, dialect: str, expected: dict[str, bool]) -> None:
    assert sources(expression, dialect) == expected


@pytest.mark.parametrize("expression", ["row_to_json(t)", "to_jsonb(t.*)"])
def test_a_whole_row_is_all_its_columns(expression: str) -> None:
    assert sources(expression) == dict.fromkeys(COLUMNS, True)


def test_a_whole_row_of_a_table_whose_columns_are_not_known() -> None:
    assert sources("to_jsonb(t.*)", known=False) == {"*": True}
    assert sources("count(t.*)", known=False) == {"*": False}


def test_what_an_inner_query_only_counts_stays_counted_outside() -> None:
    query = "WITH a AS (SELECT count(sfzh) AS n, max(xm) AS m FROM t_ry) SELECT n, m, n || m AS k FROM a"
    found = view_columns(query, "postgres", (), lambda parts: Source("t_ry", None))
    n, m = ColumnSource("t_ry", "sfzh", carried=False), ColumnSource("t_ry", "xm")
    assert [column.sources for column in found] == [(n,), (m,), (n, m)]
