"""PostgreSQL, read from a real server and compared with what information_schema and SQLAlchemy's inspector say."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from connectors.base import SourceFatalError, SystemConfig
from connectors.model import Asset, Column, ForeignKey
from connectors.testing import Conformance

NATIVE = [
    ("bigint", "BIGINT"),
    ("character varying(18)", "VARCHAR"),
    ("numeric(12,2)", "NUMERIC"),
    ("date", "DATE"),
    ("timestamp(3) with time zone", "TIMESTAMPZ"),
    ("text", "TEXT"),
    ("boolean", "BOOLEAN"),
    ("jsonb", "JSON"),
    ("character(6)", "CHAR"),
    ("integer[]", "ARRAY"),
]

MANY_TABLES = """
DO $$ BEGIN
  FOR i IN 1..{tables} LOOP
    EXECUTE format('CREATE TABLE "T%s" (id bigint PRIMARY KEY%s, {columns})', i,
                   CASE WHEN i > 1 THEN format(', up bigint REFERENCES "T%s"', i - 1) ELSE ', up bigint' END);
    EXECUTE format('COMMENT ON TABLE "T%s" IS ''表%s''', i, i);
    FOR j IN 1..{width} LOOP
      EXECUTE format('COMMENT ON COLUMN "T%s".c%s IS ''第%s列，表%s''', i, j, j, i);
    END LOOP;
  END LOOP;
END $$
"""


def many_tables(tables: int, width: int = 18) -> str:
    columns = ", ".join(f"c{j} {NATIVE[j % len(NATIVE)][0]}" for j in range(1, width + 1))
    return MANY_TABLES.format(tables=tables, width=width, columns=columns)


@pytest.fixture(scope="module")
def thousand(postgres_database: Callable[[str], str], fill: Callable[[str, str], None]) -> str:
    url = postgres_database("thousand")
    started = time.monotonic()
    fill(url, many_tables(1000))
    assert time.monotonic() - started < 15
    return url


def test_a_thousand_tables_equal_the_databases_own_dictionary(thousand: str, opened: Any) -> None:
    source = opened("postgresql", thousand)
    assets = list(source.assets())
    assert len(assets) == 1000
    assert sum(len(asset.columns) for asset in assets) == 20_000
    with create_engine(thousand, poolclass=NullPool).connect() as connection:
        assert [described(asset) for asset in assets] == list(by_information_schema(connection))
        assert_equal_to_inspector(assets[::37], connection)


def described(asset: Asset) -> tuple[Any, ...]:
    columns = tuple((c.name, c.ordinal, c.nullable, c.comment, c.length) for c in asset.columns)
    return asset.name, asset.comment, columns, asset.primary_key


def by_information_schema(connection: Any) -> Iterator[tuple[Any, ...]]:
    """The same description, one table at a time."""
    columns = text(
        "SELECT column_name, ordinal_position, is_nullable = 'YES', "
        "col_description(to_regclass(:quoted), ordinal_position), character_maximum_length "
        "FROM information_schema.columns WHERE table_schema = 'public' AND table_name = :name ORDER BY 2"
    )
    keys = text(
        "SELECT column_name FROM information_schema.key_column_usage "
        "WHERE table_name = :name AND position_in_unique_constraint IS NULL ORDER BY ordinal_position"
    )
    comment = text("SELECT obj_description(to_regclass(:quoted), 'pg_class')")
    for name in sorted(inspect(connection).get_table_names()):
        given = {"name": name, "quoted": f'"{name}"'}
        found = tuple(tuple(row) for row in connection.execute(columns, given))
        key = tuple(connection.execute(keys, given).scalars())
        yield name, connection.execute(comment, given).scalar(), found, key


def assert_equal_to_inspector(assets: list[Asset], connection: Any) -> None:
    inspector = inspect(connection)
    for asset in assets:
        reflected = inspector.get_columns(asset.name, schema=asset.schema)
        assert [(c.name, c.default, c.comment) for c in asset.columns] == [
            (c["name"], c["default"], c["comment"]) for c in reflected
        ]
        assert [c.data_type for c in asset.columns[2:12]] == [NATIVE[j % len(NATIVE)][1] for j in range(1, 11)]
        assert [c.type for c in asset.columns[2:12]] == [NATIVE[j % len(NATIVE)][0] for j in range(1, 11)]
        expected = [
            (tuple(key["constrained_columns"]), f"{key['referred_schema'] or 'public'}.{key['referred_table']}")
            for key in inspector.get_foreign_keys(asset.name, schema=asset.schema)
        ]
        assert [(key.columns, key.referred_table) for key in asset.foreign_keys] == expected


def test_statements_do_not_grow_with_tables(
    thousand: str, postgres_url: str, fill: Any, opened: Any, sent: list[str]
) -> None:
    fill(postgres_url, many_tables(10))
    counts = []
    for url in (postgres_url, thousand):
        sent.clear()
        source = opened("postgresql", url)
        source.probe()
        listing = source.list_assets()
        assert len(listing.names) == len(list(source.assets()))
        counts.append((len(sent), source.statements))
    assert counts[0] == counts[1]
    assert counts[0][1] <= counts[0][0] <= 10


ODD = """
CREATE SCHEMA "区.级 1";
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE DOMAIN id_no AS varchar(18) NOT NULL;
CREATE TYPE pair AS (a int, b int);
CREATE TABLE "区.级 1"."人""员 100%" (
  id serial PRIMARY KEY, "身份:证" id_no, "SELECT" mood DEFAULT 'a', j jsonb, born date, seen timestamptz,
  numbers int[], pair pair, photo bytea, story text, price numeric(10,2), twice int GENERATED ALWAYS AS (1 + 1) STORED);
COMMENT ON TABLE "区.级 1"."人""员 100%" IS '人员''s "表"; --';
COMMENT ON COLUMN "区.级 1"."人""员 100%"."身份:证" IS '身份证号';
INSERT INTO "区.级 1"."人""员 100%" ("身份:证", j, born, seen, numbers, story, price)
  SELECT 'x' || i, '{"a": 1}', '20230-01-01', 'infinity', '{1,2}', repeat('长', 5000), i FROM generate_series(1, 9) i;
CREATE TABLE parent (k int, v int, PRIMARY KEY (v, k)) PARTITION BY RANGE (k);
CREATE TABLE part1 PARTITION OF parent FOR VALUES FROM (0) TO (10);
CREATE TABLE child (a int, b int, gone int, c int REFERENCES "区.级 1"."人""员 100%",
  FOREIGN KEY (b, a) REFERENCES parent (v, k));
ALTER TABLE child DROP COLUMN gone;
CREATE VIEW v AS SELECT a, b FROM child;
CREATE MATERIALIZED VIEW mv AS SELECT * FROM child WITH NO DATA;
CREATE VIEW broken AS SELECT ('31010719800101001' || a)::int AS x FROM (VALUES ('5X')) AS t(a);
ANALYZE;
"""


@pytest.fixture
def odd(postgres_url: str, fill: Any) -> str:
    fill(postgres_url, ODD)
    return postgres_url


class TestPostgreSQL(Conformance):
    @pytest.fixture
    def config(self, odd: str, fill: Any) -> SystemConfig:
        fill(odd, "DROP VIEW broken; REFRESH MATERIALIZED VIEW mv")
        return SystemConfig(department="d", id="s", connector="postgresql", url=odd)


def test_odd_names_types_and_keys(odd: str, opened: Any) -> None:
    assets = {asset.name: asset for asset in opened("postgresql", odd).assets()}
    person = assets['人"员 100%']
    assert person.comment == '人员\'s "表"; --'
    assert person.row_estimate == 9
    assert person.primary_key == ("id",)
    assert person.columns[1] == Column(
        name="身份:证", ordinal=2, type="id_no", data_type="VARCHAR", nullable=False, comment="身份证号", length=18
    )
    kinds = {column.name: column.data_type for column in person.columns}
    assert (kinds["SELECT"], kinds["pair"], kinds["numbers"], kinds["photo"]) == ("ENUM", "STRUCT", "ARRAY", "BYTEA")
    assert assets["child"].foreign_keys == (
        ForeignKey(columns=("b", "a"), referred_table="public.parent", referred_columns=("v", "k")),
        ForeignKey(columns=("c",), referred_table='区.级 1.人"员 100%', referred_columns=("id",)),
    )
    assert [(column.name, column.ordinal) for column in assets["child"].columns] == [("a", 1), ("b", 2), ("c", 3)]
    assert assets["parent"].primary_key == ("v", "k")
    assert {name: asset.kind for name, asset in assets.items()} == {
        **{'人"员 100%': "table", "parent": "table", "child": "table"},
        **{"v": "view", "mv": "view", "broken": "view"},
    }


def test_samples_obey_the_limit_and_survive_odd_values(odd: str, opened: Any, sent: list[str]) -> None:
    source = opened("postgresql", odd)
    person = next(asset for asset in source.assets() if asset.schema != "public")
    source.sample(person, 1)
    sent.clear()
    sample = source.sample(person, 4)
    assert len(sent) == 1
    assert "LIMIT" in sent[0]
    assert {len(values) for values in sample.values()} == {4}
    assert sample["身份:证"] == ["x1", "x2", "x3", "x4"]
    assert (sample["born"][0], sample["seen"][0], sample["numbers"][0]) == ("20230-01-01", "infinity", "{1,2}")
    assert sample["story"][0] == "长" * 4000
    assert "photo" not in sample


def test_a_failing_sample_tells_no_value_and_the_next_one_works(odd: str, opened: Any) -> None:
    source = opened("postgresql", odd)
    assets = {asset.name: asset for asset in source.assets()}
    with pytest.raises(SourceFatalError) as caught:
        source.sample(assets["broken"], 5)
    assert "31010719800101001" not in f"{caught.value}{caught.value.__cause__}"
    assert caught.value.failure.place == "public.broken"
    assert not any(source.sample(assets["mv"], 5).values())
    (notice,) = source.notices
    assert notice.startswith("public.mv: not sampled: the materialised view holds nothing yet")
    assert source.sample(assets["child"], 5) == {"a": [], "b": [], "c": []}


def test_names_of_any_case_and_script_keep_their_own_columns(postgres_url: str, fill: Any, opened: Any) -> None:
    names = ["b", "B", "a_b", "aB", "A1", "Z", "_x", "人员", "é", "ｚ", "z9"]
    fill(postgres_url, ";\n".join(f'CREATE TABLE "{name}" ("of {name}" int PRIMARY KEY)' for name in names))
    assets = list(opened("postgresql", postgres_url).assets())
    assert [asset.name for asset in assets] == sorted(names)
    assert [asset.primary_key for asset in assets] == [(f"of {asset.name}",) for asset in assets]
    assert [asset.columns[0].name for asset in assets] == [f"of {asset.name}" for asset in assets]


def test_restricted_and_secret_tables_leave_no_trace(odd: str, fill: Any, opened: Any) -> None:
    fill(
        odd,
        "CREATE TABLE 涉密人员 (id int PRIMARY KEY); CREATE TABLE plan (id int PRIMARY KEY);"
        "COMMENT ON TABLE plan IS '机密★30年';"
        "CREATE TABLE hidden.t (id int PRIMARY KEY);"
        "CREATE TABLE refers (a int REFERENCES 涉密人员, b int REFERENCES plan, c int REFERENCES hidden.t);".replace(
            "CREATE TABLE hidden", "CREATE SCHEMA hidden; CREATE TABLE hidden"
        ),
    )
    source = opened("postgresql", odd, restricted=("hidden.*", "区*.*"), exclude=("mv",))
    listing = source.list_assets()
    assets = list(source.assets())
    assert (listing.complete, listing.quarantined, listing.excluded) == (True, 2, 3)
    assert {asset.name: len(asset.columns) for asset in assets} == {
        "parent": 2,
        "child": 3,
        "v": 2,
        "broken": 1,
        "refers": 3,
    }
    assert source.failures == []
    told = f"{listing}{assets}{source.failures}"
    assert not [word for word in ("涉密", "plan", "hidden", "人员", "机密") if word in told]
    with pytest.raises(SourceFatalError, match="restricted"):
        source.sample(
            Asset(department="民政", system="rescue", schema="hidden", name="t", columns=assets[0].columns), 1
        )


def test_the_session_refuses_writes(odd: str, opened: Any) -> None:
    source = opened("postgresql", odd)
    for connection in (source._connect(), source.sampler.connection()):
        with pytest.raises(DBAPIError, match="read-only"):
            connection.exec_driver_sql("INSERT INTO child VALUES (1)")
        connection.close()


def test_an_empty_database_is_complete_and_a_forbidden_one_is_not(
    postgres_url: str, fill: Any, opened: Any, odd: str
) -> None:
    url = make_url(odd)
    role = f"reader_{url.database}"
    fill(odd, f"CREATE ROLE {role} LOGIN PASSWORD 'reader-pw'; REVOKE ALL ON SCHEMA public FROM public")
    as_reader = url.set(username=role, password="reader-pw").render_as_string(hide_password=False)
    for check in ("probe", "list_assets"):
        with pytest.raises(SourceFatalError, match="may read none of the 6 tables"):
            getattr(opened("postgresql", as_reader), check)()
    fill(odd, f"GRANT USAGE ON SCHEMA public TO {role}; GRANT SELECT (a) ON child TO {role}")
    source = opened("postgresql", as_reader)
    source.probe()
    assert [asset.name for asset in source.assets()] == ["child"]
    assert source.sample(next(source.assets()), 1) == {"a": []}
    fill(odd, 'DROP SCHEMA public CASCADE; DROP SCHEMA "区.级 1" CASCADE')
    empty = opened("postgresql", odd).list_assets()
    assert (empty.names, empty.complete) == ((), True)


def test_tables_with_the_same_dotted_name_are_told_apart(postgres_url: str, fill: Any, opened: Any) -> None:
    fill(
        postgres_url,
        'CREATE SCHEMA "a"; CREATE SCHEMA "a.b"; CREATE TABLE "a"."b.c" (x int); CREATE TABLE "a.b".c (y int)',
    )
    source = opened("postgresql", postgres_url)
    listing = source.list_assets()
    assets = list(source.assets())
    assert [asset.qualified_name for asset in assets] == list(listing.names)
    assert [(asset.schema, asset.name) for asset in assets] == [("a", "b.c")]
    assert [failure.place for failure in source.failures] == ["a.b.c"]


def test_a_slow_statement_is_stopped(postgres_url: str, fill: Any, opened: Any) -> None:
    fill(postgres_url, "CREATE VIEW slow AS SELECT pg_sleep(30)::text AS x")
    source = opened("postgresql", postgres_url, options={"statement_timeout": 1})
    started = time.monotonic()
    with pytest.raises(Exception, match="took too long"):
        source.sample(next(source.assets()), 1)
    assert time.monotonic() - started < 10


def test_text_of_no_declared_encoding_becomes_unreadable_not_an_error(
    postgres_url: str, fill: Any, opened: Any
) -> None:
    name = f"{make_url(postgres_url).database}_ascii"
    with create_engine(postgres_url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'")
    url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    named = "E'\\xe5\\xa7\\x93\\xe5\\x90\\x8d'"
    garbled = "E'\\xd0\\xd5\\xc3\\xfb'"
    fill(url, f"SET client_encoding = 'SQL_ASCII'; CREATE TABLE t (x text); COMMENT ON COLUMN t.x IS {garbled}")
    fill(url, f"CREATE TABLE u (x text); COMMENT ON TABLE u IS {named}; INSERT INTO u VALUES ({garbled})")
    source = opened("postgresql", url)
    t, u = source.assets()
    assert (t.columns[0].comment, u.comment) == ("����", "姓名")
    assert source.sample(u, 1) == {"x": ["����"]}


def test_streaming_holds_one_table_at_a_time(thousand: str, opened: Any) -> None:
    source = opened("postgresql", thousand)
    source.list_assets()
    tracemalloc.start()
    for _ in source.assets():
        pass
    streamed = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    kept = list(source.assets())
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(kept) == 1000
    assert streamed < held / 2


def test_a_table_without_columns_is_listed_and_fails_nothing(postgres_url: str, fill: Any, opened: Any) -> None:
    fill(postgres_url, "CREATE TABLE zero ()")
    source = opened("postgresql", postgres_url)
    (asset,) = source.assets()
    assert (asset.name, asset.columns, source.failures) == ("zero", (), [])
    assert source.notices == ["public.zero: it has no columns"]
    assert source.sample(asset, 5) == {}
