"""Lineage of views in living databases: real definitions, read back as each server keeps them."""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from connectors.lineage import Unreadable, view_columns
from connectors.model import Asset, Column
from connectors.sql import views
from connectors.sql.dialect import ViewRow
from connectors.sql.views import LONGEST_DEFINITION, Listed, with_sources

TABLES = """
CREATE TABLE {q}人员{q} (id int PRIMARY KEY, {q}姓名{q} varchar(50), {q}身份证号{q} varchar(18), xm int);
CREATE TABLE {q}户{q} (id int PRIMARY KEY, {q}户主{q} int, {q}地 址{q} varchar(99), {q}a"b{q} int);
"""
VIEWS = """
CREATE VIEW v_plain AS SELECT {q}姓名{q}, {q}身份证号{q} AS sfzh FROM {q}人员{q};
CREATE VIEW v_star AS SELECT * FROM {q}人员{q};
CREATE VIEW v_join AS SELECT p.{q}姓名{q} AS xm, h.{q}地 址{q} AS dz, h.{q}a"b{q} + p.id AS total, 1 AS one
  FROM {q}人员{q} p LEFT JOIN {q}户{q} AS h ON h.{q}户主{q} = p.id;
CREATE VIEW v_bare AS SELECT {q}姓名{q}, {q}地 址{q} FROM {q}人员{q} JOIN {q}户{q} ON {q}户主{q} = xm;
CREATE VIEW v_nested AS SELECT a.xm, upper(a.dz) AS dz FROM v_join a;
CREATE VIEW v_cte AS WITH c AS (SELECT id, {q}姓名{q} AS n FROM {q}人员{q})
  SELECT c.n AS {q}名字{q}, (SELECT max(h.{q}a"b{q}) FROM {q}户{q} h WHERE h.{q}户主{q} = c.id) AS top FROM c;
CREATE VIEW v_union AS SELECT {q}姓名{q} AS n FROM {q}人员{q} UNION ALL SELECT {q}地 址{q} FROM {q}户{q};
CREATE VIEW v_named (first, {q}第二{q}) AS SELECT id, {q}姓名{q} FROM {q}人员{q};
"""
PERSON, HOME = "人员", "户"
EXPECTED = {
    "v_plain": {"姓名": [(PERSON, "姓名")], "sfzh": [(PERSON, "身份证号")]},
    "v_star": {name: [(PERSON, name)] for name in ("id", "姓名", "身份证号", "xm")},
    "v_join": {
        "xm": [(PERSON, "姓名")],
        "dz": [(HOME, "地 址")],
        "total": [(HOME, 'a"b'), (PERSON, "id")],
        "one": [],
    },
    "v_bare": {"姓名": [(PERSON, "姓名")], "地 址": [(HOME, "地 址")]},
    "v_nested": {"xm": [("v_join", "xm")], "dz": [("v_join", "dz")]},
    "v_cte": {"名字": [(PERSON, "姓名")], "top": [(HOME, 'a"b')]},
    "v_union": {"n": [(PERSON, "姓名"), (HOME, "地 址")]},
    "v_named": {"first": [(PERSON, "id")], "第二": [(PERSON, "姓名")]},
}


def script(quote: str, template: str = TABLES + VIEWS) -> str:
    name = 'a""b' if quote == '"' else 'a"b'
    return template.replace('a"b', name).replace("{q}", quote)


def lineage(assets: list[Asset], schema: str) -> dict[str, dict[str, list[tuple[str, str]]]]:
    """view → column → sources, whose tables lose the schema that they all must have."""

    def table(name: str) -> str:
        assert name.startswith(f"{schema}.")
        return name.removeprefix(f"{schema}.")

    return {
        asset.name: {c.name: [(table(s.table), s.column) for s in c.sources] for c in asset.columns}
        for asset in assets
        if asset.kind == "view"
    }


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    path = tmp_path / "views.db"
    change(path, script('"'))
    return path


def change(path: Path, statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(statements)


def test_postgresql(postgres_url: str, fill: Any, opened: Any) -> None:
    fill(postgres_url, script('"') + "CREATE MATERIALIZED VIEW mv AS SELECT * FROM v_plain;")
    found = lineage(list(opened("postgresql", postgres_url).assets()), "public")
    assert found.pop("mv") == {"姓名": [("v_plain", "姓名")], "sfzh": [("v_plain", "sfzh")]}
    assert found == EXPECTED


def test_postgresql_tells_schemas_apart_whatever_the_readers_path_is(postgres_url: str, fill: Any, opened: Any) -> None:
    fill(
        postgres_url,
        'CREATE SCHEMA "区.1"; CREATE TABLE t (a int); CREATE TABLE "区.1".t (a int, b int);'
        'CREATE VIEW "区.1".v AS SELECT x.a, y.a AS b, y AS whole FROM t x JOIN "区.1".t y USING (a);'
        'CREATE VIEW w AS SELECT a, b FROM "区.1".t;'
        f"ALTER DATABASE \"{make_url(postgres_url).database}\" SET search_path = '区.1', public",
    )
    assets = {asset.name: asset for asset in opened("postgresql", postgres_url).assets() if asset.kind == "view"}
    sources = {
        name: {c.name: [(s.table, s.column) for s in c.sources] for c in asset.columns}
        for name, asset in assets.items()
    }
    assert sources == {
        "v": {"a": [("public.t", "a")], "b": [("区.1.t", "a")], "whole": [("区.1.t", "*")]},
        "w": {"a": [("区.1.t", "a")], "b": [("区.1.t", "b")]},
    }


def test_a_locked_table_costs_its_views_lineage_and_nobody_waits(postgres_url: str, fill: Any, opened: Any) -> None:
    fill(postgres_url, script('"'))
    started = time.monotonic()
    with create_engine(postgres_url, poolclass=NullPool).begin() as locker:
        locker.exec_driver_sql('LOCK TABLE "户" IN ACCESS EXCLUSIVE MODE')
        source = opened("postgresql", postgres_url)
        assets = list(source.assets())
    assert len(assets) == 2 + len(EXPECTED)
    assert time.monotonic() - started < 5
    blocked = [name for name, columns in EXPECTED.items() if any(HOME in dict(c) for c in columns.values())]
    assert [(f.place, f.what) for f in source.failures] == [
        (f"public.{name}", "it has no lineage: the data is locked by someone else") for name in sorted(blocked)
    ]
    assert lineage(assets, "public") == {
        name: {key: [] for key in columns} if name in blocked else columns for name, columns in EXPECTED.items()
    }


def test_mariadb(mariadb_url: str, fill: Any, opened: Any) -> None:
    fill(mariadb_url, script("`"))
    for connector in ("mariadb", "mysql"):
        found = lineage(list(opened(connector, mariadb_url).assets()), str(make_url(mariadb_url).database))
        assert found == EXPECTED


def test_mariadb_without_show_view_gives_views_without_lineage(mariadb_url: str, fill: Any, opened: Any) -> None:
    url = make_url(mariadb_url)
    reader = f"r{url.database}"[:30]
    fill(mariadb_url, script("`"))
    fill(mariadb_url, f"CREATE USER '{reader}'@'%' IDENTIFIED BY 'reader-pw'")
    fill(mariadb_url, f"GRANT SELECT ON `{url.database}`.* TO '{reader}'@'%'")
    address = url.set(username=reader, password="reader-pw").render_as_string(hide_password=False)
    source = opened("mariadb", address)
    found = lineage(list(source.assets()), "")
    assert {name: set(columns) for name, columns in found.items()} == {n: set(c) for n, c in EXPECTED.items()}
    assert all(sources == [] for columns in found.values() for sources in columns.values())
    assert source.failures == []


def test_sqlite(sqlite_file: Path, opened: Any) -> None:
    change(sqlite_file, 'CREATE VIEW V_CASE AS SELECT "人员".* , XM + 1 AS more FROM MAIN."人员" JOIN "户" USING (ID);')
    found = lineage(list(opened("sqlite", path=str(sqlite_file)).assets()), "main")
    assert found.pop("V_CASE") == EXPECTED["v_star"] | {"more": [(PERSON, "xm")]}
    assert found == EXPECTED


def test_one_statement_more_however_many_views(sqlite_file: Path, opened: Any, sent: list[str]) -> None:
    counts = []
    for more in (0, 50):
        change(sqlite_file, "".join(f"CREATE VIEW m{i} AS SELECT * FROM v_star;" for i in range(more)))
        sent.clear()
        source = opened("sqlite", path=str(sqlite_file))
        list(source.assets())
        counts.append((len(sent), source.statements))
    assert counts[0] == counts[1]
    # Tables once to list and once to read, columns of tables and of views, keys, definitions.
    assert counts[0] == (6, 6)


def test_lineage_to_what_is_not_listed_is_left_out(sqlite_file: Path, opened: Any) -> None:
    change(
        sqlite_file,
        "CREATE TABLE 涉密人员 (id int, 代号 text); CREATE TABLE closed (id int, c int); CREATE TABLE gone (id int);"
        "CREATE VIEW v_mixed AS SELECT p.id, s.代号, CLOSED.c FROM 人员 p, 涉密人员 s, closed;"
        "CREATE VIEW v_all AS SELECT * FROM 涉密人员;"
        "CREATE VIEW v_broken AS SELECT g.id FROM gone g; DROP TABLE gone;",
    )
    source = opened("sqlite", path=str(sqlite_file), restricted=("main.closed",))
    assets = list(source.assets())
    found = lineage(assets, "main")
    assert found["v_mixed"] == {"id": [(PERSON, "id")], "代号": [], "c": []}
    assert found["v_all"] == {"id": [], "代号": []}
    assert found["v_broken"] == {}
    assert found["v_cte"] == EXPECTED["v_cte"]
    assert "涉密" not in f"{assets}"


def test_definitions_are_neither_kept_nor_logged(
    sqlite_file: Path, opened: Any, caplog: pytest.LogCaptureFixture
) -> None:
    change(sqlite_file, "CREATE VIEW v_secret AS SELECT id, '31010719800101001X' AS x FROM 人员;")
    caplog.set_level(logging.DEBUG)
    source = opened("sqlite", path=str(sqlite_file))
    assets = list(source.assets())
    assert lineage(assets, "main")["v_secret"] == {"id": [(PERSON, "id")], "x": []}
    assert "31010719800101001X" not in f"{assets}{source.failures}{caplog.text}{vars(source)}"


def test_a_dictionary_that_refuses_definitions_costs_no_asset(
    sqlite_file: Path, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = opened("sqlite", path=str(sqlite_file))
    monkeypatch.setattr(
        type(source.dialect), "VIEWS", "SELECT 'main', m.name, no_such(m.sql), NULL FROM sqlite_master m"
    )
    assets = list(source.assets())
    assert len(assets) == 2 + len(EXPECTED)
    assert not any(column.sources for asset in assets for column in asset.columns)
    assert [failure.what[:27] for failure in source.failures] == ["its views have no lineage: "]


LISTED = Listed([("main", "t")], folded=False)
DOUBLING = "WITH c0 AS (SELECT a, b FROM t)" + "".join(
    f", c{i} AS (SELECT x.*, y.* FROM c{i - 1} x, c{i - 1} y)" for i in range(1, 39)
)
HOSTILE = {
    "not sql": "¿ ((( '",
    "nothing": "",
    "statements": "SELECT a FROM t; SELECT b FROM t",
    "doubling": f"{DOUBLING} SELECT * FROM c38",
    "deep": "SELECT " + "(" * 20_000 + "a" + ")" * 20_000 + " FROM t",
    "subqueries": "SELECT a FROM " + "(SELECT a FROM " * 300 + "t" + ") x" * 300,
    "cases": "SELECT " + "CASE WHEN a THEN " * 300 + "1" + " END" * 300 + " FROM t",
    "casts": "SELECT " + "CAST(" * 300 + "a" + " AS int)" * 300 + " FROM t",
    "joins": "SELECT a FROM " + "(t JOIN " * 300 + "t" + ")" * 300,
    "arrays": "SELECT " + "ARRAY[" * 40 + "a" + "]" * 40 + " FROM t",
    "types": "SELECT " + "timestamp(" * 40 + "a" + ")" * 40 + ", decimal(" * 40 + "a" + ")" * 40 + " FROM t",
    "wide": "SELECT " + ", ".join(["a"] * 40_000) + " FROM t",
    "circle": "WITH RECURSIVE c AS (SELECT a, b FROM c) SELECT a, b FROM c",
}


@pytest.mark.parametrize("definition", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("dialect", ["postgres", "mysql", "sqlite"])
def test_hostile_definitions_cost_little_and_no_asset(definition: str, dialect: str) -> None:
    columns = (Column("a", 1, "int", "INT"), Column("b", 2, "int", "INT"))
    started = time.monotonic()
    found = with_sources(columns, ViewRow("main", "v", definition), LISTED, dialect)
    assert time.monotonic() - started < 20
    assert [column.name for column in found] == ["a", "b"]


def test_bounds_are_what_stops_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreadable, match="multiplies"):
        view_columns(HOSTILE["doubling"], "sqlite", (), lambda _: None)
    columns = (Column("a", 1),)
    definition = "SELECT a FROM t"
    assert with_sources(columns, ViewRow("main", "v", definition), LISTED, "sqlite")[0].sources
    padded = definition + " " * LONGEST_DEFINITION
    assert with_sources(columns, ViewRow("main", "v", padded), LISTED, "sqlite") == columns
    monkeypatch.setattr(views, "LONGEST_DEFINITION", len(padded))
    assert with_sources(columns, ViewRow("main", "v", padded), LISTED, "sqlite")[0].sources
