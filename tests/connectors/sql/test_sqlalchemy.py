"""The generic connector, against SQLite and PostgreSQL, and against dialects that know less than these."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from connectors.base import ConfigurationError, SourceFatalError, SourceRetryError, SystemConfig
from connectors.model import Asset, ForeignKey
from connectors.sql.sqlalchemy import AnyConnector
from connectors.testing import Conformance

SQLITE_PEOPLE = """
CREATE TABLE "人员 ""100%" (id integer PRIMARY KEY, "身份:证" varchar(18) NOT NULL,
  born date DEFAULT '2000-01-01', odd nosuchtype, photo blob, "SELECT" text);
INSERT INTO "人员 ""100%" ("身份:证", born, "SELECT") VALUES ('x1', '2020-01-02', 'a'), ('x2', NULL, NULL);
CREATE UNIQUE INDEX u ON "人员 ""100%" ("身份:证"); CREATE UNIQUE INDEX w ON "人员 ""100%" (born) WHERE born > '2020';
CREATE TABLE child (a int, b int, c int REFERENCES "人员 ""100%" (id), PRIMARY KEY (b, a));
CREATE TABLE Zeta (x int); CREATE TABLE "plan" (绝密 int); CREATE TABLE 涉密 (x int);
CREATE VIEW v AS SELECT a FROM child;
"""
POSTGRESQL_PEOPLE = """
CREATE SCHEMA "区.级 1"; CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TABLE "区.级 1"."人""员" (id serial PRIMARY KEY, "身份:证" varchar(18) NOT NULL UNIQUE, m mood DEFAULT 'a',
  photo bytea, price numeric(10,2));
COMMENT ON TABLE "区.级 1"."人""员" IS '人员表'; COMMENT ON COLUMN "区.级 1"."人""员"."身份:证" IS '身份证号';
INSERT INTO "区.级 1"."人""员" ("身份:证") SELECT 'x' || i FROM generate_series(1, 9) i;
CREATE TABLE parent (k int, v int, PRIMARY KEY (v, k));
CREATE TABLE "区.级 1".child (a int, b int, c int REFERENCES "区.级 1"."人""员",
  FOREIGN KEY (b, a) REFERENCES parent (v, k));
CREATE UNIQUE INDEX i1 ON "区.级 1".child (c) INCLUDE (a); CREATE UNIQUE INDEX i2 ON "区.级 1".child (a) WHERE b > 0;
CREATE UNIQUE INDEX i3 ON "区.级 1".child (abs(a), b);
CREATE TABLE plan (x int); COMMENT ON TABLE plan IS '绝密';
CREATE VIEW v AS SELECT k FROM parent; CREATE MATERIALIZED VIEW mv AS SELECT k FROM parent;
"""


def config(url: str, **settings: Any) -> SystemConfig:
    return SystemConfig(department="d", id="s", connector="sqlalchemy", url=url, **settings)


@pytest.fixture
def lite(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "a b.db")) as connection:
        connection.executescript(SQLITE_PEOPLE)
    return f"sqlite:///{tmp_path / 'a b.db'}"


@pytest.fixture
def served(postgres_url: str, fill: Any) -> str:
    fill(postgres_url, POSTGRESQL_PEOPLE)
    return postgres_url


@pytest.fixture
def source() -> Iterator[Any]:
    """``source(url, **settings)``: a connector that is closed when the test ends."""
    opened: list[AnyConnector] = []

    def open_(url: str, **settings: Any) -> AnyConnector:
        opened.append(AnyConnector(config(url, **settings)))
        return opened[-1]

    yield open_
    for connector in opened:
        connector.close()


class TestSQLite(Conformance):
    @pytest.fixture
    def config(self, lite: str) -> SystemConfig:
        return config(lite)


class TestPostgreSQL(Conformance):
    @pytest.fixture
    def config(self, served: str) -> SystemConfig:
        return config(served)


def stripped(asset: Asset) -> dict[str, Any]:
    """What both connectors can tell."""
    columns = [(c.name, c.data_type, c.nullable, c.comment, c.length) for c in asset.columns]
    keys = (asset.primary_key, asset.unique_keys, set(asset.foreign_keys))
    return {"of": (asset.schema, asset.name, asset.kind, asset.variant, asset.comment), "has": columns, "keys": keys}


def test_postgresql_is_what_its_own_connector_reads(served: str, source: Any, opened: Any) -> None:
    expected = [stripped(asset) for asset in opened("postgresql", served).assets()]
    found = list(source(served).assets())
    assert [stripped(asset) for asset in found] == expected
    assert len(found) == 5
    child = found[-2]
    assert set(child.foreign_keys) == {
        ForeignKey(columns=("c",), referred_table='区.级 1.人"员', referred_columns=("id",)),
        ForeignKey(columns=("b", "a"), referred_table="public.parent", referred_columns=("v", "k")),
    }


def test_sqlite_is_read_with_what_it_knows(lite: str, source: Any) -> None:
    connector = source(lite)
    assets = {asset.name: asset for asset in connector.assets()}
    assert list(assets) == ["Zeta", "child", "plan", "v", '人员 "100%']
    person = assets['人员 "100%']
    assert (person.schema, person.primary_key, person.unique_keys) == ("main", ("id",), (("身份:证",),))
    assert [(c.name, c.data_type, c.nullable, c.default) for c in person.columns[1:4]] == [
        ("身份:证", "VARCHAR", False, None),
        ("born", "DATE", True, "'2000-01-01'"),
        ("odd", "NUMERIC", True, None),
    ]
    assert assets["child"].foreign_keys == (
        ForeignKey(columns=("c",), referred_table='main.人员 "100%', referred_columns=("id",)),
    )
    assert (assets["v"].kind, connector.list_assets().quarantined) == ("view", 1)
    assert connector.statements > 0


def test_samples_are_bounded_and_views_are_left_alone(lite: str, source: Any, sent: list[str]) -> None:
    connector = source(lite)
    assets = {asset.name: asset for asset in connector.assets()}
    sent.clear()
    sample = connector.sample(assets['人员 "100%'], 1)
    assert len(sent) == 1
    assert "LIMIT" in sent[0]
    assert (sample["身份:证"], "photo" in sample) == (["x1"], False)
    assert connector.sample(assets["v"], 1) == {"a": []}
    assert connector.notices == ["main.v: not sampled: what a view costs is not known here"]


def test_no_transaction_stays_open_after_a_sample(served: str, source: Any, fill: Any) -> None:
    connector = source(served)
    table = next(asset for asset in connector.assets() if asset.name == '人"员')
    assert connector.sample(table, 2)["身份:证"] == ["x1", "x2"]
    fill(served, 'SET lock_timeout = \'1s\'; ALTER TABLE "区.级 1"."人""员" ADD COLUMN later int')


def test_sqlite_is_neither_made_nor_changed(lite: str, source: Any, tmp_path: Path) -> None:
    missing = tmp_path / "none.db"
    with pytest.raises((SourceFatalError, SourceRetryError)):
        source(f"sqlite:///{missing}").list_assets()
    assert not missing.exists()
    with pytest.raises(DBAPIError, match="readonly"):
        source(lite)._connect().exec_driver_sql("DELETE FROM child")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nosuch://u:S3cret@h/d", "SQLAlchemy knows no dialect nosuch"),
        ("postgresql+nosuch://u:S3cret@h/d", "SQLAlchemy knows no dialect postgresql.nosuch"),
        ("mysql+mysqldb://u:S3cret@h/d", "the driver MySQLdb is not installed (install"),
        ("u:S3cret@h/d", "url cannot be read"),
    ],
)
def test_what_is_not_installed_is_told_before_anything_is_opened(url: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AnyConnector(config(url))
    assert told.replace("postgresql.nosuch", "postgresql+nosuch") in str(caught.value)
    assert "S3cret" not in str(caught.value)


class Poor(SQLiteDialect_pysqlite):
    """A dialect as third parties write them: half of it is missing, and none of it knows schemas."""

    supports_statement_cache = True

    def get_schema_names(self, connection: Any, **kw: Any) -> list[str]:
        raise NotImplementedError

    def get_multi_unique_constraints(self, *_: Any, **kw: Any) -> Any:
        raise NotImplementedError

    get_multi_indexes = get_multi_unique_constraints

    def get_isolation_level_values(self, *_: Any) -> Any:
        raise NotImplementedError


class Broken(Poor):
    supports_statement_cache = True

    def get_multi_columns(self, *_: Any, **kw: Any) -> Any:
        raise KeyError("31010719800101001X")


@pytest.fixture
def third_parties() -> Iterator[None]:
    for name, made in (("poor", Poor), ("broken", Broken)):
        registry.impls[name] = lambda made=made: made
    yield
    for name in ("poor", "broken"):
        registry.impls.pop(name)


@pytest.mark.usefixtures("third_parties")
def test_a_dialect_that_knows_little_gives_little(lite: str, source: Any) -> None:
    connector = source(lite.replace("sqlite://", "poor://"))
    connector.probe()
    assets = {asset.name: asset for asset in connector.assets()}
    person = assets['人员 "100%']
    assert (person.primary_key, person.unique_keys, len(person.columns)) == (("id",), (), 6)
    assert connector.sample(person, 1)["身份:证"] == ["x1"]


@pytest.mark.usefixtures("third_parties")
def test_a_dialect_that_breaks_is_named_without_values(lite: str, source: Any) -> None:
    with pytest.raises(SourceFatalError, match=r"dialect cannot read the dictionary \(KeyError\)") as caught:
        list(source(lite.replace("sqlite://", "broken://")).assets())
    assert "31010719800101001X" not in str(caught.value)


def test_schemas_of_the_database_itself_are_left_out(served: str, source: Any) -> None:
    schemas = {name.split(".")[0] for name in source(served).list_assets().names}
    assert schemas == {"public", "区"}
    assert make_url(served).database not in schemas


def test_types_that_sqlalchemy_does_not_know_warn_nobody(postgres_url: str, fill: Any, source: Any) -> None:
    fill(postgres_url, "CREATE TYPE pair AS (a int, b int); CREATE TABLE t (id int, both_of pair)")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        connector = source(postgres_url)
        (asset,) = connector.assets()
    assert [str(warning.message) for warning in told] == []
    assert [column.name for column in asset.columns] == ["id", "both_of"]
