"""KingbaseES, openGauss and GaussDB, played by a PostgreSQL that answers ``version()`` as they do.

None of the three was here. What a PostgreSQL can show is shown on one: that the version is understood, that the
statements give the same assets as those for PostgreSQL, and that their own drivers are asked for. Their dictionaries'
peculiarities are given as recorded rows.
"""

from __future__ import annotations

import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module
from typing import Any

import msgspec
import psycopg2
import pytest
import sqlalchemy as sa
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from connectors.base import ConfigurationError, SourceFatalError, SystemConfig
from connectors.model import Asset
from connectors.sql.dialect import Timeouts
from connectors.sql.gaussdb import DIALECT as GAUSSDB
from connectors.sql.kindred import PSYCOPG2, kernel
from connectors.sql.kingbase import DIALECT as KINGBASE
from connectors.sql.opengauss import DIALECT as OPENGAUSS
from connectors.sql.opengauss import OpenGauss
from connectors.sql.postgresql import DIALECT as POSTGRESQL
from connectors.testing import Conformance

KINGBASE_8 = "KingbaseES V008R006C008B0014 on x86_64-pc-linux-gnu, compiled by gcc (GCC) 4.8.5, 64-bit"
KINGBASE_9 = "KingbaseES V009R001C010"
OPENGAUSS_5 = (
    "(openGauss 5.0.2 build 48a25b11) compiled at 2024-05-14 10:25:27 commit 0 last mr on x86_64-unknown-linux-gnu"
)
VERSIONS = [
    ("kingbase", KINGBASE_8),
    ("kingbase", KINGBASE_9),
    ("opengauss", OPENGAUSS_5),
    ("opengauss", "(openGauss-lite 7.0.0-RC3 build ) compiled at 2026-04-21 15:29:26 commit 0 last mr  release"),
    ("opengauss", "PostgreSQL 9.2.4 (Vastbase G100 V2.2 (Build 5.83.5339)) compiled at 2022-02-18 06:19:51"),
    ("opengauss", "(PanWeiDB V2.0 build 1a2b3c4d) compiled at 2023-01-01"),
    ("gaussdb", "gaussdb (GaussDB Kernel 505.1.0 build 44f4fa53) compiled at 2023-11-06 15:01:36"),
]
PEOPLE = """
CREATE SCHEMA "区.级 1"; CREATE SCHEMA sysuser;
CREATE DOMAIN id_no AS varchar(18) NOT NULL;
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TABLE "区.级 1"."人""员 100%" (id serial PRIMARY KEY, "身份:证" id_no UNIQUE, "SELECT" mood DEFAULT 'a',
  born date, seen timestamptz, numbers int[], photo bytea, story text, price numeric(10,2) DEFAULT 1.5, gone int);
ALTER TABLE "区.级 1"."人""员 100%" DROP COLUMN gone;
COMMENT ON TABLE "区.级 1"."人""员 100%" IS '人员''s "表"';
COMMENT ON COLUMN "区.级 1"."人""员 100%"."身份:证" IS '身份证号';
INSERT INTO "区.级 1"."人""员 100%" ("身份:证", born, story) SELECT 'x' || i, '20230-01-01', repeat('长', 5000)
  FROM generate_series(1, 2000) i;
CREATE TABLE parent (k int, v int, PRIMARY KEY (v, k));
CREATE TABLE sysuser.child (a int, b int, c int REFERENCES "区.级 1"."人""员 100%", UNIQUE (b, a),
  FOREIGN KEY (b, a) REFERENCES parent (v, k));
CREATE VIEW v AS SELECT c.a, p."身份:证" AS sfzh FROM sysuser.child c JOIN "区.级 1"."人""员 100%" p ON p.id = c.c;
CREATE MATERIALIZED VIEW mv AS SELECT * FROM parent;
CREATE SCHEMA sys; CREATE TABLE sys.own (x int);
ANALYZE;
"""
SAYS = """
ALTER FUNCTION pg_catalog.version() RENAME TO version_of_the_kernel;
CREATE FUNCTION pg_catalog.version() RETURNS text LANGUAGE sql STABLE AS $$ SELECT '{}'::text $$;
"""

Pretend = Callable[[str, str], str]


@pytest.fixture(scope="session")
def pretend(postgres_database: Callable[[str], str], fill: Any) -> Pretend:
    """``pretend(version, script)``: a new database of a server that calls itself so."""

    def make(version: str, script: str) -> str:
        url = postgres_database("kin")
        fill(url, SAYS.format(version) + script)
        return url

    return make


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> None:
    """openGauss's statements, without the one column that only its own ``pg_class`` has."""
    for name in ("RELATIONS", "KEYS", "VIEWS"):
        plain = getattr(OpenGauss, name).replace("c.parttype", "'n'::\"char\" AS parttype")
        monkeypatch.setattr(OpenGauss, name, plain)


def without_estimates(assets: list[Asset]) -> list[Asset]:
    none = {"size_bytes": None, "changed_at": None, "statistics_at": None, "row_estimate": None}
    return [msgspec.structs.replace(asset, **none) for asset in assets]


@pytest.mark.parametrize(("connector", "version"), VERSIONS)
@pytest.mark.usefixtures("older")
def test_a_server_that_does_not_call_itself_postgresql_is_read(
    pretend: Pretend, opened: Any, connector: str, version: str
) -> None:
    url = pretend(version, "CREATE TABLE t (a int); COMMENT ON COLUMN t.a IS '列'; INSERT INTO t VALUES (7)")
    source = opened(connector, url)
    source.probe()
    (asset,) = source.assets()
    assert (asset.name, asset.columns[0].comment) == ("t", "列")
    assert source.sample(asset, 1) == {"a": [7]}


def test_sqlalchemy_itself_cannot_and_is_left_as_it_was(pretend: Pretend, opened: Any) -> None:
    url = pretend(KINGBASE_8, "CREATE TABLE t (a int)")
    list(opened("kingbase", url).assets())
    with pytest.raises(AssertionError, match="Could not determine version"):
        create_engine(url, poolclass=NullPool).connect()
    with create_engine(make_url(url).set(drivername=PSYCOPG2), poolclass=NullPool).connect() as connection:
        assert connection.dialect.server_version_info == (15, connection.connection.server_version % 10_000)
        assert inspect(connection).get_table_names() == ["t"]


def test_the_wrong_connector_names_the_right_ones(pretend: Pretend, opened: Any) -> None:
    with pytest.raises(SourceFatalError, match="kingbase, opengauss or gaussdb"):
        opened("postgresql", pretend(KINGBASE_9, "")).probe()


@pytest.mark.parametrize(
    ("told", "number", "expected"),
    [
        (KINGBASE_9, 120001, (12, 1)),
        (KINGBASE_8, 90603, (9, 6, 3)),
        (OPENGAUSS_5, 90204, (9, 2, 4)),
        (OPENGAUSS_5, 0, (9, 2)),
        (KINGBASE_9, 50744, (9, 2)),
        ("PostgreSQL 9.2.4 (Vastbase G100 V2.2)", 0, (9, 2, 4)),
        ("PostgreSQL 14.1 (x 2.0)", 90204, (14, 1)),
        ("None", 0, (9, 2)),
    ],
)
def test_what_a_server_is_built_on(told: str, number: int, expected: tuple[int, ...]) -> None:
    assert kernel(told, number) == expected


@pytest.mark.parametrize(("connector", "version"), [("kingbase", KINGBASE_9), ("opengauss", OPENGAUSS_5)])
@pytest.mark.usefixtures("older")
def test_the_assets_are_those_that_the_postgresql_connector_reads(
    pretend: Pretend, postgres_url: str, fill: Any, opened: Any, connector: str, version: str
) -> None:
    url = pretend(version, PEOPLE)
    fill(postgres_url, PEOPLE)
    names = {"database": make_url(url).database}
    expected = [
        msgspec.structs.replace(asset, **names)
        for asset in opened("postgresql", postgres_url).assets()
        if asset.schema != "sys"
    ]
    source = opened(connector, url)
    found = list(source.assets())
    assert len(found) == 5
    assert without_estimates(found) == without_estimates(expected)
    # PostgreSQL before 14 says the same of an empty table and of one that was never counted.
    assert {asset.name: (asset.row_estimate, asset.size_bytes) for asset in found if asset.row_estimate} == {
        asset.name: (asset.row_estimate, asset.size_bytes) for asset in expected if asset.row_estimate
    }
    assert {asset.row_estimate for asset in found} > {2000}
    assert source.failures == []
    views = {asset.name: asset for asset in found if asset.kind == "view"}
    assert [(s.table, s.column) for s in views["v"].columns[1].sources] == [('区.级 1.人"员 100%', "身份:证")]


@pytest.mark.usefixtures("older")
def test_opengauss_tells_when_it_counted_and_what_is_stored(pretend: Pretend, opened: Any) -> None:
    assets = {asset.name: asset for asset in opened("opengauss", pretend(OPENGAUSS_5, PEOPLE)).assets()}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+\d\d:00", str(assets['人"员 100%'].statistics_at))
    assert assets["mv"].variant == "materialized"
    assert assets["v"].size_bytes is None


@pytest.mark.usefixtures("older")
def test_unique_indexes_of_opengauss_are_keys_unless_they_carry_columns_along(pretend: Pretend, opened: Any) -> None:
    script = """
    CREATE TABLE t (a int, b int, c int, d text UNIQUE);
    CREATE UNIQUE INDEX i1 ON t (c, a); CREATE UNIQUE INDEX i2 ON t (b) INCLUDE (c);
    CREATE UNIQUE INDEX i3 ON t (lower(d)); CREATE UNIQUE INDEX i4 ON t (a) WHERE b > 0;
    """
    (asset,) = opened("opengauss", pretend(OPENGAUSS_5, script)).assets()
    assert asset.unique_keys == (("c", "a"), ("d",))


@pytest.mark.usefixtures("older")
def test_dear_views_of_opengauss_are_left_alone(pretend: Pretend, opened: Any) -> None:
    script = """
    CREATE TABLE t AS SELECT i FROM generate_series(1, 3000) i; ANALYZE;
    CREATE VIEW cheap AS SELECT i FROM t; CREATE VIEW dear AS SELECT count(*) AS n FROM t x, t y, t z;
    """
    source = opened("opengauss", pretend(OPENGAUSS_5, script))
    samples = {asset.name: source.sample(asset, 1) for asset in source.assets()}
    assert (samples["cheap"], samples["dear"]) == ({"i": [1]}, {"n": []})
    assert source.notices == ["public.dear: not sampled: this view reads or sorts too much"]


class TestKingbaseES(Conformance):
    @pytest.fixture
    def config(self, pretend: Pretend) -> SystemConfig:
        url = pretend(KINGBASE_8, PEOPLE).replace("postgresql://", "kingbase://")
        return SystemConfig(department="d", id="s", connector="kingbase", url=url)


@pytest.mark.usefixtures("older")
class TestOpenGauss(Conformance):
    @pytest.fixture
    def config(self, pretend: Pretend) -> SystemConfig:
        url = pretend(OPENGAUSS_5, PEOPLE).replace("postgresql://", "opengauss+psycopg2://")
        return SystemConfig(department="d", id="s", connector="opengauss", url=url)


@pytest.mark.usefixtures("older")
class TestGaussDB(Conformance):
    @pytest.fixture
    def config(self, pretend: Pretend) -> SystemConfig:
        url = pretend(VERSIONS[-1][1], PEOPLE).replace("postgresql://", "gaussdb://")
        return SystemConfig(department="d", id="s", connector="gaussdb", url=url)


STATEMENTS = ("RELATIONS", "COLUMNS", "KEYS", "VIEWS", "UNSEEN")


@pytest.mark.parametrize("name", STATEMENTS)
@pytest.mark.parametrize("dialect", [KINGBASE, OPENGAUSS, GAUSSDB], ids=lambda dialect: dialect.name)
def test_system_tables_go_by_number_and_own_schemas_are_left_out(dialect: Any, name: str) -> None:
    statement = getattr(dialect, name)
    assert "regclass" not in statement
    assert statement.count("c.oid >= 16384 AND n.nspname NOT IN ('information_schema', '") == 1


@pytest.mark.parametrize("name", STATEMENTS)
def test_opengauss_gets_nothing_that_came_after_postgresql_92(name: str) -> None:
    later = (
        r"relispartition|pg_locks|LATERAL|ORDINALITY|SELECT FROM|json_object_agg|jsonb|FILTER|lock_timeout|to_regclass"
    )
    assert re.findall(later, getattr(OPENGAUSS, name)) == []
    assert re.findall(later, POSTGRESQL.RELATIONS + POSTGRESQL.KEYS + POSTGRESQL.VIEWS) != []


def test_partitioned_tables_of_opengauss_are_told_by_its_own_pg_class() -> None:
    recorded = [
        ("gz", "public", "log_2024", "table", "日志", 1000, None, None, None, "2026-01-01 03:00:00+08", "partitioned"),
        ("gz", "public", "v", "view", None, None, None, None, None, None, None),
    ]
    asked: list[str] = []

    def run(statement: str) -> Iterator[tuple[Any, ...]]:
        asked.append(statement)
        return iter(recorded)

    rows = list(OPENGAUSS.relations(run, make_url("opengauss://h/gz")))
    assert [(row.name, row.rows, row.variant) for row in rows] == [("log_2024", 1000, "partitioned"), ("v", None, None)]
    assert "c.parttype" in asked[0]
    assert "s.parttype IN ('p', 's', 'v') THEN 'partitioned'" in asked[0]


def test_opengauss_is_not_sent_settings_that_it_does_not_know() -> None:
    told = list(OPENGAUSS.session(Timeouts(statement=7)))
    assert not [line for line in told if "idle_in_transaction" in line or " lock_timeout" in line]
    assert "SET statement_timeout = 7000" in told
    assert [line for line in told if "pg_settings WHERE name = 'session_timeout'" in line]


@pytest.fixture
def asks_for_sha256() -> Iterator[int]:
    """The port of a server that wants to log people in as openGauss does: request 10, without SCRAM in it."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def answer() -> None:
            with closing(server.accept()[0]) as client:
                client.recv(4096)
                body = (10).to_bytes(4, "big") + (2).to_bytes(4, "big") + b"a" * 64 + b"b" * 8 + bytes([0, 0, 39, 16])
                client.sendall(b"R" + (len(body) + 4).to_bytes(4, "big") + body)
                client.recv(4096)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def test_a_psycopg2_that_cannot_log_in_is_told_with_the_remedies(asks_for_sha256: int, opened: Any) -> None:
    url = f"opengauss://u:S3cret@127.0.0.1:{asks_for_sha256}/d?sslmode=disable"
    with pytest.raises(SourceFatalError, match=r"sha256.*password_encryption_type = 1") as caught:
        opened("opengauss", url).probe()
    assert "S3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("FATAL:  Invalid username/password,login denied.", "refuses this user or password"),
        ('FATAL:  database "x" does not exist', "does not exist"),
    ],
)
def test_opengausss_own_texts(text: str, told: str) -> None:
    assert told in OPENGAUSS.trouble(psycopg2.OperationalError(text)).what


def test_ksycopg2_is_asked_for_by_its_scheme_only(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "kingbase+ksycopg2://u:p@127.0.0.1:1/d"
    monkeypatch.setattr("connectors.sql.connector.find_spec", lambda name: None if name == "ksycopg2" else name)
    with pytest.raises(ConfigurationError, match=r"driver ksycopg2 is not installed \(pip install .*\[kingbase\]"):
        opened("kingbase", url)
    opened("kingbase", url.replace("+ksycopg2", ""))


def test_ksycopg2_reads_where_it_is_installed(pretend: Pretend, opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stand-in is the module that it was made of."""
    for part in ("", ".extensions", ".extras"):
        monkeypatch.setitem(sys.modules, f"ksycopg2{part}", import_module(f"psycopg2{part}"))
    monkeypatch.setattr("connectors.sql.connector.find_spec", lambda name: name)
    url = pretend(KINGBASE_9, "CREATE TABLE t (a int, at timestamptz); INSERT INTO t VALUES (7, 'infinity')")
    source = opened("kingbase", url.replace("postgresql://", "kingbase+ksycopg2://"))
    (asset,) = source.assets()
    assert source.sample(asset, 1) == {"a": [7], "at": ["infinity"]}


def test_names_with_percent_signs_are_left_alone_for_ksycopg2() -> None:
    """ksycopg2 2.9.1 sends ``%%`` between quotes as it stands; outside them it is psycopg2's ``%``."""
    name = sa.column('人"员 100%')
    told = str(sa.select(name % 3).compile(dialect=make_url("pdc_kindred+ksycopg2://").get_dialect()()))
    assert '"人""员 100%" %% ' in told
    assert '"人""员 100%%" %% ' in str(sa.select(name % 3).compile(dialect=make_url(f"{PSYCOPG2}://").get_dialect()()))


def test_ksycopg2s_error_codes_are_understood() -> None:
    class Undefined(Exception):
        kbcode = "42P01"

    assert KINGBASE.trouble(Undefined()).hint == "harvest again"


@pytest.mark.parametrize(("connector", "version"), [("kingbase", KINGBASE_9), ("opengauss", OPENGAUSS_5)])
@pytest.mark.usefixtures("older")
def test_a_reader_without_rights_is_told_which_to_ask_for(
    pretend: Pretend, fill: Any, opened: Any, connector: str, version: str
) -> None:
    url = make_url(pretend(version, 'CREATE SCHEMA "区"; CREATE TABLE "区".t (a int); CREATE TABLE "区".u (a int)'))
    role = f"reader_{url.database}"
    as_administrator = url.render_as_string(hide_password=False)
    with closing(psycopg2.connect(as_administrator)) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'reader-pw'")
        connection.commit()
    as_reader = url.set(username=role, password="reader-pw").render_as_string(hide_password=False)
    with pytest.raises(SourceFatalError, match=f'none of the 2 tables.*GRANT USAGE ON SCHEMA "区" TO "{role}"'):
        opened(connector, as_reader).probe()


@pytest.mark.usefixtures("older")
def test_statements_for_opengauss_do_not_grow_with_tables(pretend: Pretend, opened: Any, sent: list[str]) -> None:
    counts = []
    for tables in (2, 40):
        script = "".join(
            f"CREATE TABLE t{i} (a int PRIMARY KEY); CREATE VIEW v{i} AS TABLE t{i};" for i in range(tables)
        )
        url = pretend(OPENGAUSS_5, script)
        sent.clear()
        source = opened("opengauss", url)
        source.probe()
        assert len(source.list_assets().names) == len(list(source.assets())) == 2 * tables
        counts.append((len(sent), source.statements))
    assert counts[0] == counts[1]
    assert counts[0][1] <= 8
