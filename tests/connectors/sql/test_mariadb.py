"""MariaDB, read from a real server and compared with what SQLAlchemy's inspector says, table by table."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from connectors.base import SourceFatalError, SystemConfig
from connectors.model import Column, ForeignKey
from connectors.sql import mariadb
from connectors.sql.dialect import ColumnRow, Timeouts
from connectors.sql.mariadb import MariaDB
from connectors.sql.mysql import DIALECT as MYSQL
from connectors.testing import Conformance

TABLE = """
CREATE TABLE `T{i}` (id bigint PRIMARY KEY COMMENT '主键', up bigint COMMENT '上级',
  身份证号 varchar(18) NOT NULL DEFAULT '' COMMENT '身份证号，表{i}', money decimal(12,2) unsigned DEFAULT NULL,
  born date, seen datetime(3) DEFAULT current_timestamp(3), kind enum('a','b') DEFAULT 'a' COMMENT '类别''{i}',
  story longtext, photo mediumblob, year year, {foreign}) COMMENT '表{i}'"""


def many_tables(tables: int) -> str:
    keys = ["KEY (up)"] + [f"CONSTRAINT f{i} FOREIGN KEY (up) REFERENCES `T{i - 1}` (id)" for i in range(2, tables + 1)]
    return ";\n".join(TABLE.format(i=i, foreign=key) for i, key in enumerate(keys, 1))


def test_every_table_equals_the_databases_own_dictionary(mariadb_url: str, fill: Any, opened: Any) -> None:
    fill(mariadb_url, many_tables(100))
    assets = list(opened("mariadb", mariadb_url).assets())
    database = make_url(mariadb_url).database
    with create_engine(mariadb_url, poolclass=NullPool).connect() as connection:
        inspector = inspect(connection)
        assert [asset.name for asset in assets] == sorted(inspector.get_table_names())
        for asset in assets:
            reflected = inspector.get_columns(asset.name)
            assert [(c.name, c.nullable, c.default, c.comment) for c in asset.columns] == [
                (c["name"], c["nullable"], c["default"], c["comment"]) for c in reflected
            ]
            assert asset.comment == inspector.get_table_comment(asset.name)["text"]
            assert list(asset.primary_key) == inspector.get_pk_constraint(asset.name)["constrained_columns"]
            assert [(list(key.columns), key.referred_table) for key in asset.foreign_keys] == [
                (key["constrained_columns"], f"{database}.{key['referred_table']}")
                for key in inspector.get_foreign_keys(asset.name)
            ]
    types = ["BIGINT", "BIGINT", "VARCHAR", "DECIMAL", "DATE", "DATETIME", "ENUM", "TEXT", "MEDIUMBLOB", "YEAR"]
    assert {tuple(column.data_type for column in asset.columns) for asset in assets} == {tuple(types)}
    assert assets[0].columns[3].type == "decimal(12,2) unsigned"


def test_statements_do_not_grow_with_tables(
    mariadb_database: Callable[[str], str], fill: Any, opened: Any, sent: list[str]
) -> None:
    counts = []
    for tables in (3, 60):
        url = mariadb_database("grow")
        fill(url, many_tables(tables))
        sent.clear()
        source = opened("mariadb", url)
        source.probe()
        assert len(source.list_assets().names) == len(list(source.assets())) == tables
        counts.append((len(sent), source.statements))
    assert counts[0] == counts[1]
    assert counts[0][1] <= 6


ODD = """
CREATE TABLE `人``员 100%` (id int AUTO_INCREMENT PRIMARY KEY, `身份:证` varchar(18) NOT NULL COMMENT '证''号',
  `select` json, `a"b\\` bit(3), born date, story longtext) COMMENT '表的\\'名\\''
;
INSERT INTO `人``员 100%` (`身份:证`, `select`, born, story)
  SELECT concat('x', seq), '{"a": 1}', '2020-01-01', repeat('长', 5000) FROM seq_1_to_9
;
CREATE TABLE child (a int, b int, PRIMARY KEY (b, a), KEY (a), FOREIGN KEY (a) REFERENCES `人``员 100%` (id))
;
CREATE VIEW v AS SELECT a, b FROM child
;
CREATE TABLE gone (x int)
;
CREATE VIEW broken AS SELECT x FROM gone
;
DROP TABLE gone
;
CREATE TABLE plan (x int) COMMENT '绝密'
;
CREATE TABLE hidden (a int, FOREIGN KEY (a) REFERENCES child (a))
;
CREATE TABLE refers (x int PRIMARY KEY, a int, KEY (x), FOREIGN KEY (x) REFERENCES hidden (a))"""


@pytest.fixture
def odd(mariadb_url: str, fill: Any) -> str:
    fill(mariadb_url, ODD)
    return mariadb_url


class TestMariaDB(Conformance):
    @pytest.fixture
    def config(self, odd: str, fill: Any) -> SystemConfig:
        fill(odd, "DROP VIEW broken")
        return SystemConfig(department="d", id="s", connector="mariadb", url=odd)


def test_odd_names_comments_and_keys(odd: str, opened: Any) -> None:
    schema = make_url(odd).database
    source = opened("mysql", odd.replace("mariadb+pymysql", "mysql"))
    assets = {asset.name: asset for asset in source.assets()}
    person = assets["人`员 100%"]
    assert (person.database, person.schema, person.comment) == (None, schema, "表的'名'")
    assert person.columns[1] == Column(
        name="身份:证", ordinal=2, type="varchar(18)", data_type="VARCHAR", nullable=False, comment="证'号", length=18
    )
    assert [column.name for column in person.columns[2:4]] == ["select", 'a"b\\']
    assert assets["child"].primary_key == ("b", "a")
    assert assets["child"].foreign_keys == (
        ForeignKey(columns=("a",), referred_table=f"{schema}.人`员 100%", referred_columns=("id",)),
    )
    assert {asset.name for asset in assets.values() if asset.kind == "view"} == {"v", "broken"}
    assert assets["v"].comment is None
    # Nothing that whoever runs the catalogue could mend.
    assert source.failures == []
    (notice,) = source.notices
    assert notice.startswith(f"{schema}.broken: the view is broken in the source")


def test_samples_obey_the_limit(odd: str, opened: Any, sent: list[str]) -> None:
    source = opened("mariadb", odd)
    assets = {asset.name: asset for asset in source.assets()}
    person = assets["人`员 100%"]
    source.sample(person, 1)
    sent.clear()
    sample = source.sample(person, 4)
    assert len(sent) == 1
    assert "LIMIT" in sent[0]
    assert set(sample) == {"id", "身份:证", "select", "born", "story"}
    assert {len(values) for values in sample.values()} == {4}
    assert (sample["身份:证"][0], sample["story"][0]) == ("x1", "长" * 4000)


def test_names_of_any_case_and_script_keep_their_own_columns(mariadb_url: str, fill: Any, opened: Any) -> None:
    names = ["b", "B", "a_b", "aB", "A1", "Z", "_x", "人员", "é", "ｚ", "z9"]
    fill(mariadb_url, ";\n".join(f"CREATE TABLE `{name}` (`of {name}` int PRIMARY KEY)" for name in names))
    assets = list(opened("mariadb", mariadb_url).assets())
    assert [asset.name for asset in assets] == sorted(names)
    assert [asset.primary_key for asset in assets] == [(f"of {asset.name}",) for asset in assets]
    assert [asset.columns[0].name for asset in assets] == [f"of {asset.name}" for asset in assets]


def test_restricted_and_secret_tables_leave_no_trace(odd: str, opened: Any) -> None:
    source = opened("mariadb", odd, restricted=("*.hidden",))
    listing = source.list_assets()
    assets = list(source.assets())
    assert (listing.quarantined, listing.excluded, len(assets)) == (1, 1, 5)
    told = f"{listing}{assets}{source.failures}"
    assert not [word for word in ("plan", "hidden", "绝密") if word in told]


def test_the_session_refuses_writes(odd: str, opened: Any) -> None:
    source = opened("mariadb", odd)
    for connection in (source._connect(), source.sampler.connection()):
        with pytest.raises(DBAPIError, match="READ ONLY"):
            connection.exec_driver_sql("INSERT INTO child VALUES (1, 1)")
        connection.close()


def test_a_reader_with_select_only_sees_what_an_administrator_sees(odd: str, fill: Any, opened: Any) -> None:
    url = make_url(odd)
    fill(odd, f"CREATE USER '{url.database}' IDENTIFIED BY 'pw';\nGRANT SELECT ON {url.database}.* TO '{url.database}'")
    as_reader = url.set(username=url.database, password="pw").render_as_string(hide_password=False)
    with_views = [asset for asset in opened("mariadb", odd).assets() if asset.kind == "table"]
    seen = [asset for asset in opened("mariadb", as_reader).assets() if asset.kind == "table"]
    assert [(a.name, a.columns, a.primary_key) for a in seen] == [
        (a.name, a.columns, a.primary_key) for a in with_views
    ]


def test_a_url_without_a_database_reads_all_but_the_servers_own(
    mariadb_database: Callable[[str], str], fill: Any, opened: Any
) -> None:
    urls = [mariadb_database("every") for _ in range(2)]
    for url in urls:
        fill(url, "CREATE TABLE t (x int)")
    names = {str(make_url(url).database) for url in urls}
    whole = urls[0].rsplit("/", 1)[0]
    source = opened("mariadb", whole, include=("every_*.*",))
    assert {asset.schema for asset in source.assets()} == names
    everything = opened("mariadb", whole).list_assets().names
    assert not [name for name in everything if name.split(".")[0] in ("mysql", "sys", "information_schema")]


def test_an_empty_database_is_a_complete_listing(mariadb_url: str, opened: Any) -> None:
    listing = opened("mariadb", mariadb_url).list_assets()
    assert (listing.names, listing.complete) == ((), True)


def test_a_slow_sample_is_stopped(mariadb_url: str, fill: Any, opened: Any) -> None:
    fill(mariadb_url, "CREATE VIEW slow AS SELECT benchmark(5000000000, md5('a')) AS x")
    source = opened("mariadb", mariadb_url, options={"statement_timeout": 1})
    with pytest.raises(Exception, match="took too long"):
        source.sample(next(source.assets()), 1)


def test_a_mariadb_that_is_called_mysql_is_sampled_all_the_same(mariadb_url: str, fill: Any, opened: Any) -> None:
    fill(mariadb_url, "CREATE TABLE t (x int);\nINSERT INTO t VALUES (7)")
    source = opened("mysql", mariadb_url)
    assert source.sample(next(source.assets()), 5) == {"x": [7]}


def test_mysql_differs_where_it_has_to() -> None:
    connection = Mock()
    connection.dialect.is_mariadb = False
    MYSQL.bound_samples(connection, Timeouts(statement=3))
    told = [call.args[0] for call in connection.exec_driver_sql.call_args_list]
    assert told == ["SET SESSION lock_wait_timeout = 2", "SET SESSION max_execution_time = 3000"]
    assert MYSQL._statement(MYSQL.COLUMNS, make_url("mysql://h/it's")).count("TABLE_SCHEMA = 'it''s'") == 1
    assert "NULLIF(COLUMN_DEFAULT" not in MYSQL._statement(MYSQL.COLUMNS, make_url("mysql://h/d"))


def test_a_driver_that_cannot_log_in_is_told_with_its_remedy(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("'cryptography' package is required for sha256_password")

    monkeypatch.setattr("pymysql.connections.Connection.__init__", refuse)
    with pytest.raises(SourceFatalError, match="install the Python package cryptography"):
        opened("mysql", "mysql://u:p@127.0.0.1/d").probe()


FITTING = """
CREATE TABLE a (x int NOT NULL COMMENT '一', `y"\\,` varchar(9) DEFAULT '=''');
CREATE TABLE `B` ({odd}z enum('NO','YES') DEFAULT 'NO');
CREATE TABLE b (id int PRIMARY KEY, n varchar(9) DEFAULT NULL, e varchar(9) DEFAULT '', w varchar(9) NOT NULL);
CREATE VIEW v AS SELECT x, 'NULL' AS t FROM a"""
UNFIT = {
    "long": "".join(f"c{i} int COMMENT '{'长' * 9}', " for i in range(30)),
    "ambiguous": "c int COMMENT 'x\\0YES\\0y', ",
}


@pytest.mark.parametrize(
    ("odd", "longest", "statements"), [("long", 1 << 20, 5), ("long", 1_000, 6), ("ambiguous", 1 << 20, 6)]
)
def test_columns_that_do_not_fit_into_one_text_are_read_row_by_row(
    mariadb_url: str,
    fill: Any,
    opened: Any,
    monkeypatch: pytest.MonkeyPatch,
    odd: str,
    longest: int,
    statements: int,
) -> None:
    fill(mariadb_url, FITTING.format(odd=UNFIT[odd]))
    monkeypatch.setattr(mariadb, "LONGEST_ANSWER", longest)
    source = opened("mariadb", mariadb_url)
    found = list(source.assets())
    assert (source.statements, source.failures) == (statements, [])
    assert [asset.name for asset in found] == ["B", "a", "b", "v"]
    assert [column.default for column in found[1].columns] == [None, "'='''"]
    assert [column.default for column in found[2].columns] == [None, None, "''", None]
    monkeypatch.setattr(MariaDB, "COLUMNS_BY_TABLE", None)
    assert [asset.columns for asset in found] == [asset.columns for asset in opened("mariadb", mariadb_url).assets()]


def test_a_server_that_cannot_group_is_read_row_by_row(
    mariadb_url: str, fill: Any, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(mariadb_url, FITTING.format(odd=""))
    found = list(opened("mariadb", mariadb_url).assets())
    refused = str(MariaDB.COLUMNS_BY_TABLE).replace("GROUP_CONCAT", "NO_SUCH_FUNCTION")
    monkeypatch.setattr(MariaDB, "COLUMNS_BY_TABLE", refused)
    source = opened("mariadb", mariadb_url)
    assert list(source.assets()) == found
    assert (source.statements, source.failures) == (6, [])


def test_a_cut_text_is_never_taken_for_a_whole_one() -> None:
    parts = [
        "a",
        "int(11)",
        "=1",
        "甲",
        "YES",
        "b",
        "text",
        "",
        "",
        "NO",
        "c",
        "text",
        "=",
        "",
        "NO",
        "d",
        "enum('NO','YES')",
        "='NO'",
        "NO",
        "NO",
    ]
    text = "\0".join(parts)
    assert list(mariadb._unpacked("s", "t", 4, text) or ()) == [
        ColumnRow("s", "t", "a", "int(11)", None, True, "1", "甲"),
        ColumnRow("s", "t", "b", "text", None, False, None, None),
        ColumnRow("s", "t", "c", "text", None, False, "", None),
        ColumnRow("s", "t", "d", "enum('NO','YES')", None, False, "'NO'", "NO"),
    ]
    assert [text[:i] for i in range(len(text)) if mariadb._unpacked("s", "t", 4, text[:i]) is not None] == []


def test_the_list_of_names_opens_no_tables(mariadb_url: str, fill: Any, opened: Any, sent: list[str]) -> None:
    fill(mariadb_url, "CREATE TABLE t (x int)")
    source = opened("mariadb", mariadb_url)
    source.list_assets()
    assert not [statement for statement in sent if "TABLE_ROWS" in statement or "DATA_LENGTH" in statement]
    assert next(source.assets()).size_bytes == 16384


def driver(url: str) -> Any:
    """The driver's connection, as it would be made for an address of ours."""
    dialect = make_url(url).get_dialect()()
    return MYSQL.connect({**dialect.create_connect_args(make_url(url))[1], "defer_connect": True})


def test_tls_is_taken_where_offered_and_reads_no_list_of_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", Mock(side_effect=AssertionError))
    made = driver("mysql+pymysql://u:p@h/d")
    assert (made.ssl, made._ssl_required) == (True, False)
    assert (made.ctx.verify_mode, made.ctx.check_hostname) == (ssl.CERT_NONE, False)
    assert made.ctx is driver("mysql+pymysql://u:p@other/d").ctx


def test_a_server_is_verified_when_the_url_names_an_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    own = ssl.create_default_context
    asked: list[str | None] = []

    def make(*_: object, cafile: str | None = None, **__: object) -> ssl.SSLContext:
        asked.append(cafile)
        return own()

    monkeypatch.setattr(ssl, "create_default_context", make)
    made = driver("mysql+pymysql://u:p@h/d?ssl_ca=district.pem")
    assert (asked, made._ssl_required) == (["district.pem"], True)
    assert (made.ctx.verify_mode, made.ctx.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_view_that_breaks_after_it_was_listed_is_a_notice(mariadb_url: str, fill: Any, opened: Any) -> None:
    fill(mariadb_url, "CREATE TABLE t (x int);\nCREATE VIEW v AS SELECT x FROM t")
    source = opened("mariadb", mariadb_url)
    view = next(asset for asset in source.assets() if asset.name == "v")
    fill(mariadb_url, "DROP TABLE t")
    assert source.sample(view, 5) == {"x": []}
    (notice,) = source.notices
    assert ".v: not sampled: the view is broken in the source" in notice


def test_a_table_whose_columns_cannot_be_read_is_a_failure(mariadb_url: str, fill: Any, opened: Any) -> None:
    fill(mariadb_url, "CREATE TABLE t (x int)")
    source = opened("mariadb", mariadb_url)
    source.dialect = _Blind()
    (asset,) = source.assets()
    assert (asset.columns, [failure.what for failure in source.failures]) == ((), ["none of its columns can be read"])


class _Blind(MariaDB):
    COLUMNS_BY_TABLE = None
    COLUMNS = MariaDB.COLUMNS.replace("WHERE {where}", "WHERE FALSE AND {where}")
