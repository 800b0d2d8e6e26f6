"""The statement splitter: it never raises, loses nothing, and passes over rows in constant memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.ddl.lexicon import MYSQL, ORACLE, POSTGRES, TSQL, Family, unversioned
from connectors.ddl.split import LIMIT, split

FAMILIES = [MYSQL, POSTGRES, ORACLE, TSQL]
SNIPPETS = st.sampled_from(
    [
        *(" q'[", "]'", ",nq'!", "!'", "q'"),
        *("'", '"', "`", "''", "\\'", "\\\\", "\\", "$$", "$tag$", "$", "E'", "--", "-- x\n", "#", "#\n", "/*", "*/"),
        *("/*!50001 ", "/*M!", ";", ";\n", "\n", "/\n", "\n/\n", "GO\n", "\nGO\n", "DELIMITER ;;\n", "DELIMITER $$\n"),
        *(
            "CREATE TABLE t (a int)",
            "INSERT INTO t VALUES (",
            "COPY t FROM stdin;\n",
            "\\.\n",
            "1\t2\n",
            "姓名",
            " ",
            "-",
        ),
        *("COMMENT ON COLUMN a.b IS '", "CREATE VIEW v AS SELECT 1", "prompt x\n", "set define off\n", "\\connect x\n"),
    ]
)


def texts(sql: str, family: Family = MYSQL) -> list[str]:
    return [piece.text for piece in split([sql], family) if piece.text]


@settings(max_examples=300, deadline=None)
@given(st.lists(SNIPPETS | st.text(max_size=5), max_size=30), st.integers(1, 40), st.sampled_from(FAMILIES))
def test_any_text_is_covered_whatever_the_chunks(snippets: list[str], size: int, family: Family) -> None:
    sql = "".join(snippets)
    expected = len(sql) + (1 if sql and not sql.endswith("\n") else 0)
    chunks = [sql[at : at + size] for at in range(0, len(sql), size)]
    pieces = list(split(chunks, family))
    assert sum(piece.size for piece in pieces) == expected
    assert all(piece.line <= sql.count("\n") + 2 for piece in pieces)
    # Where chunks are cut does not change what is found.
    whole = [(p.line, p.text, p.broken) for p in split([sql], family) if p.text]
    assert [(p.line, p.text, p.broken) for p in pieces if p.text] == whole


@pytest.mark.parametrize(
    ("family", "sql", "expected"),
    [
        pytest.param(MYSQL, "create table a (x int);create table b (y int);", ["create table a (x int)"] * 1, id="two"),
        pytest.param(MYSQL, r"INSERT INTO t VALUES ('a\';create table x (a int);');USE d;", ["USE d"], id="backslash"),
        pytest.param(
            ORACLE, r"INSERT INTO t VALUES ('a\');comment on table t is 'x';", ["comment on table t is 'x'"], id="\\"
        ),
        pytest.param(MYSQL, 'INSERT INTO t VALUES ("it\'s; create table");USE d;', ["USE d"], id="double quotes"),
        pytest.param(
            ORACLE,
            "insert into t values (q'[it's; ]', nq'!'; create table n (a int);!', Q'(a'b)', q'Xit'sX');\n"
            "insert into t values ('; create table m (a int);', 'q');\ncreate table y (a int);",
            ["create table y (a int)"],
            id="alternative quotes",
        ),
        pytest.param(MYSQL, "# it's\n-- it's;\n/* it's; */ USE d;", ["USE d"], id="comments with apostrophes"),
        pytest.param(
            POSTGRES,
            "CREATE FUNCTION f() AS $a$ x; CREATE TABLE no (a int); $$ ' $a$;\nALTER TABLE t ADD a int;",
            ["ALTER TABLE t ADD a int"],
            id="dollar quotes",
        ),
        pytest.param(
            POSTGRES,
            "SELECT E'\\'; create table n (a int);';create table y (a int);",
            ["create table y (a int)"],
            id="E",
        ),
        pytest.param(
            POSTGRES,
            "COPY t (a) FROM stdin;\n1'\t;create table x (a int);\n\\.\ncreate table y (a int);",
            ["create table y (a int)"],
            id="copy",
        ),
        pytest.param(
            POSTGRES, "COPY t FROM stdin;\n\\.\nALTER TABLE x ADD y int;", ["ALTER TABLE x ADD y int"], id="no rows"
        ),
        pytest.param(
            MYSQL,
            "DELIMITER $$\nCREATE TRIGGER x BEGIN a; CREATE TABLE no (a int); END$$\nDELIMITER ;\nUSE d;",
            ["USE d"],
            id="delimiter",
        ),
        pytest.param(
            ORACLE,
            "prompt it's\nset define off\nREM it's\ncreate table a (x int)\n/\ncreate table b (x int)\n/\n",
            ["create table a (x int)\n", "create table b (x int)\n"],
            id="sqlplus",
        ),
        pytest.param(
            ORACLE, "create view v as select a\n/ b from t;", ["create view v as select a\n/ b from t"], id="division"
        ),
        pytest.param(
            TSQL,
            "CREATE TABLE a (x int)\nGO\nCREATE TABLE b (x int)\ngo\n",
            ["CREATE TABLE a (x int)", "CREATE TABLE b (x int)"],
            id="go",
        ),
        pytest.param(
            MYSQL,
            "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`r`@`%` */\n"
            "/*!50001 VIEW `v` AS select '*/' AS `a` */;",
            ["CREATE ALGORITHM=UNDEFINED  \n  DEFINER=`r`@`%`  \n  VIEW `v` AS select '*/' AS `a`  "],
            id="versioned comments",
        ),
        pytest.param(
            MYSQL, "create table a (x int) -- end", ["create table a (x int) -- end\n"], id="comment at the end"
        ),
    ],
)
def test_statements(family: Family, sql: str, expected: list[str]) -> None:
    if expected == ["create table a (x int)"]:
        expected = ["create table a (x int)", "create table b (y int)"]
    assert texts(sql, family) == expected


def test_lines_are_those_of_the_statements() -> None:
    sql = "-- head\n\nUSE d;\nINSERT INTO t VALUES ('a\nb');\n\n  create table a\n(x int);\n"
    assert [(piece.line, piece.text) for piece in split([sql]) if piece.text] == [
        (3, "USE d"),
        (7, "create table a\n(x int)"),
    ]


def test_a_literal_that_is_never_closed_costs_one_statement() -> None:
    sql = "create table a (x int comment '甲, y int);\ncreate table b (x int comment '乙');\ncreate table c (x int);"
    pieces = [piece for piece in split([sql]) if piece.text]
    assert [(piece.line, piece.broken is None) for piece in pieces] == [(1, False), (2, True), (3, True)]
    assert pieces[1].text == "create table b (x int comment '乙')"


def test_a_statement_of_more_than_the_limit_is_broken_not_kept() -> None:
    sql = "create table a (" + ",".join(f"c{i} int" for i in range(LIMIT // 6)) + ");create table b (x int);"
    first, second = (piece for piece in split([sql]) if piece.text)
    assert (first.broken or "").startswith("the statement is longer")
    assert len(first.text) < 1000
    assert second.text == "create table b (x int)"


def test_versioned_marks_inside_literals_stay() -> None:
    assert unversioned("/*!50001 select '/*!1 x */' */") == "  select '/*!1 x */'  "


ROW = "({},'张三','31010719900101123X','a;b\\'c; (x) -- \"q\"',NULL,-1.5,'2020-01-01 00:00:00')"
INSERT = "INSERT INTO `t` VALUES " + ",".join(ROW.format(i) for i in range(12_000)) + ";\n"
CHUNK = 1 << 18


def dump(megabytes: int) -> Iterator[str]:
    yield "CREATE TABLE `t` (`a` int);\n"
    for _ in range(megabytes):
        for at in range(0, len(INSERT), CHUNK):
            yield INSERT[at : at + CHUNK]
    # One value larger than any window.
    yield "INSERT INTO `t` VALUES ('"
    for _ in range(80):
        yield "x;\\'\\\\" * (CHUNK // 6)
    yield "');\nCREATE TABLE `u` (`a` int);\n"


def test_rows_stream_through_in_constant_memory() -> None:
    started = time.perf_counter()
    found = [piece for piece in split(dump(60)) if piece.text]
    seconds = time.perf_counter() - started
    assert [piece.text for piece in found] == ["CREATE TABLE `t` (`a` int)", "CREATE TABLE `u` (`a` int)"]
    assert seconds < 10
    tracemalloc.start()
    try:
        assert sum(1 for piece in split(dump(4)) if piece.text) == 2
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 << 20
