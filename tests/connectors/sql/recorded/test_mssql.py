"""SQL Server, from recorded rows of its catalogue views, as pymssql gives them."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlglot

from connectors.base import SourceFatalError, SourceRetryError, SystemConfig
from connectors.model import Asset, Column, ColumnSource, ForeignKey
from connectors.sql.connector import SqlConnector
from connectors.sql.dialect import ColumnRow, KeyRow, RelationRow, ViewRow
from connectors.sql.mssql import DIALECT
from connectors.testing import Conformance

URL = "mssql://reader:S3cret@db.example:1433/MZ"
CHANGED = datetime(2012, 5, 6, 7, 8, 9, 123000)
DB = "MZ"

RELATIONS = [
    (
        DB,
        "dbo",
        "FF_MX",
        "table",
        "发放明细",
        Decimal(128000000),
        None,
        Decimal(9663676416),
        CHANGED,
        None,
        "partitioned",
    ),
    (DB, "dbo", "RY_JBXX", "table", "人员基本信息 ", 120345, None, 4096000, CHANGED, None, None),
    (DB, "dbo", "RY_JT", "table", None, 0, None, 0, CHANGED, None, None),
    (DB, "dbo", "V_RY", "view", "人员视图", None, None, None, CHANGED, None, None),
    (DB, "dbo", "V_TJ", "view", None, None, None, 8192, CHANGED, None, "materialized"),
    (DB, "dbo", "a]b #$", "table", None, 5, None, 8192, CHANGED, None, None),
    (DB, "dbo", "涉密名单", "table", None, 5, None, 8192, CHANGED, None, None),
    (DB, "历史", "户口", "table", None, 5, None, 8192, CHANGED, None, "external"),
]
COLUMNS = [
    (DB, "x", "gone", "int", "int", False, None, None),
    ("dbo", "FF_MX", "JE", "money", "money", True, "((0))", "金额"),
    ("dbo", "RY_JBXX", "RYBH", "int", "int", False, None, "人员编号"),
    ("dbo", "RY_JBXX", "XM", "姓名型", "nvarchar(50)", False, "(N'无')", "姓名"),
    ("dbo", "RY_JBXX", "SFZH", "char(18)", "char(18)", True, None, "身份证号 "),
    ("dbo", "RY_JBXX", "ZX", "bit", "bit", False, "((0))", None),
    ("dbo", "RY_JBXX", "BB", "timestamp", "timestamp", False, None, None),
    ("dbo", "RY_JBXX", "BZ", "ntext", "ntext", True, None, None),
    ("dbo", "RY_JBXX", "QT", "xml", "xml", True, None, None),
    ("dbo", "RY_JBXX", "JD", "hierarchyid", "hierarchyid", True, None, None),
    ("dbo", "RY_JBXX", "GUID", "uniqueidentifier", "uniqueidentifier", True, "(newid())", None),
    ("dbo", "RY_JT", "JTBH", "int", "int", False, None, None),
    ("dbo", "RY_JT", "XH", "tinyint", "tinyint", False, None, None),
    ("dbo", "RY_JT", "HZ_JTBH", "int", "int", True, None, None),
    ("dbo", "RY_JT", "HZ_XH", "tinyint", "tinyint", True, None, None),
    ("dbo", "V_RY", "姓名", "nvarchar(50)", "nvarchar(50)", True, None, None),
    ("dbo", "V_RY", "sfzh", "char(18)", "char(18)", True, None, None),
    ("dbo", "V_TJ", "n", "bigint", "bigint", True, None, None),
    ("dbo", "a]b #$", "x y", "varchar(max)", "varchar(max)", True, None, None),
    ("dbo", "涉密名单", "a", "int", "int", True, None, None),
    ("历史", "户口", "w", "float", "float", True, None, None),
]
KEYS = [
    ("dbo", "RY_JBXX", "p", "PK_RY", "RYBH", None, None, None, 1),
    ("dbo", "RY_JBXX", "u", "UX_SFZH", "SFZH", None, None, None, 1),
    ("dbo", "RY_JT", "f", "FK_HZ", "HZ_JTBH", "dbo", "RY_JT", "JTBH", 1),
    ("dbo", "RY_JT", "f", "FK_HZ", "HZ_XH", "dbo", "RY_JT", "XH", 2),
    ("dbo", "RY_JT", "f", "FK_MD", "XH", "dbo", "涉密名单", "a", 1),
    ("dbo", "RY_JT", "p", "PK_JT", "JTBH", None, None, None, 1),
    ("dbo", "RY_JT", "p", "PK_JT", "XH", None, None, None, 2),
]
VIEWS = [
    (
        "dbo",
        "V_RY",
        "-- 人员\r\nCREATE VIEW [dbo].[V_RY] WITH SCHEMABINDING\r\nAS\r\n"
        "SELECT TOP 100 PERCENT r.xm AS [姓名], R.SFZH FROM dbo.ry_jbxx r WITH (NOLOCK) ORDER BY r.XM\r\n",
        None,
    ),
    ("dbo", "V_TJ", None, None),
]
SAMPLE = [(1, "张三", "x" * 18, True, "备注", "<a/>", UUID(int=7)), (2, *[None] * 6)]
ANSWERS: dict[str, Any] = {
    "select @@version": [("Microsoft SQL Server 2012 - 11.0.2100.60 (X64) \n\tFeb 10 2012",)],
    "schema_name()": [("dbo",)],
    "sys.system_views": [("dm_exec_sessions",)],
    "FROM sys.dm_exec_sessions": [("READ COMMITTED",)],
    "NVARCHAR(max)) AS": [("test",)],
    "FROM sys.all_columns": [(0,)],
    "k.r_table": KEYS,
    "s.name <> 'dbo'": [("历史", "户口")],
    "sys.sql_modules": VIEWS,
    "JOIN sys.columns c": COLUMNS,
    "FROM sys.objects o": RELATIONS,
    "TABLESAMPLE": [],
    "FROM [dbo].[RY_JBXX]": SAMPLE,
    "SELECT 1": [(1,)],
}


@pytest.fixture
def server(recorded: Any) -> Any:
    def autocommit(connection: Any, on: bool) -> None:
        connection.auto = on

    return recorded("pymssql", ANSWERS, one_result=True, autocommit=autocommit)


@pytest.fixture
def assets(server: Any, opened: Any) -> dict[str, Asset]:
    source = opened("mssql", URL)
    found = {asset.name: asset for asset in source.assets()}
    assert source.failures == []
    return found


def test_tables_and_columns(assets: dict[str, Asset]) -> None:
    assert assets["RY_JBXX"] == Asset(
        department="民政",
        system="rescue",
        database="MZ",
        schema="dbo",
        name="RY_JBXX",
        comment="人员基本信息",
        row_estimate=120345,
        size_bytes=4096000,
        changed_at="2012-05-06T07:08:09",
        primary_key=("RYBH",),
        unique_keys=(("SFZH",),),
        columns=(
            Column("RYBH", 1, "int", "INT", False, "人员编号"),
            Column("XM", 2, "姓名型", "VARCHAR", False, "姓名", "(N'无')", length=50),
            Column("SFZH", 3, "char(18)", "CHAR", True, "身份证号", length=18),
            Column("ZX", 4, "bit", "BOOLEAN", False, None, "((0))"),
            Column("BB", 5, "timestamp", "BINARY", False),
            Column("BZ", 6, "ntext", "NTEXT", True),
            Column("QT", 7, "xml", "XML", True),
            Column("JD", 8, "hierarchyid", "UNKNOWN", True),
            Column("GUID", 9, "uniqueidentifier", "UUID", True, None, "(newid())"),
        ),
    )
    assert (assets["户口"].columns[0].type, assets["户口"].columns[0].data_type) == ("float", "DOUBLE")


def test_all_kinds_in_order_and_nothing_secret(assets: dict[str, Asset]) -> None:
    assert [(a.qualified_name, a.kind, a.variant, a.row_estimate, a.size_bytes) for a in assets.values()] == [
        ("MZ.dbo.FF_MX", "table", "partitioned", 128000000, 9663676416),
        ("MZ.dbo.RY_JBXX", "table", None, 120345, 4096000),
        ("MZ.dbo.RY_JT", "table", None, 0, 0),
        ("MZ.dbo.V_RY", "view", None, None, None),
        ("MZ.dbo.V_TJ", "view", "materialized", None, 8192),
        ("MZ.dbo.a]b #$", "table", None, 5, 8192),
        ("MZ.历史.户口", "table", "external", 5, 8192),
    ]
    assert "涉密" not in f"{assets}"


def test_keys_and_lineage(assets: dict[str, Asset]) -> None:
    assert assets["RY_JT"].primary_key == ("JTBH", "XH")
    assert assets["RY_JT"].foreign_keys == (ForeignKey(("HZ_JTBH", "HZ_XH"), "dbo.RY_JT", ("JTBH", "XH")),)
    assert [column.sources for column in assets["V_RY"].columns] == [
        (ColumnSource("dbo.RY_JBXX", "XM"),),
        (ColumnSource("dbo.RY_JBXX", "SFZH"),),
    ]


def test_views_outside_dbo_look_in_their_own_schema_first(server: Any, opened: Any) -> None:
    server.answers |= {
        "s.name <> 'dbo'": [("历史", "户口"), ("历史", "V"), ("历史", "ry_jt")],
        "sys.sql_modules": [
            ("历史", "V", "CREATE VIEW 历史.V AS SELECT r.RYBH, k.w, j.xh FROM RY_JBXX r, 户口 k, RY_JT j", None)
        ],
        "FROM sys.objects o": [*RELATIONS[:-1], (DB, "历史", "V", "view", *[None] * 7), RELATIONS[-1]],
        "JOIN sys.columns c": [
            *COLUMNS[:-1],
            *(("历史", "V", name, "int", "int", True, None, None) for name in ("RYBH", "w", "xh")),
            COLUMNS[-1],
        ],
    }
    view = next(asset for asset in opened("mssql", URL).assets() if asset.name == "V")
    assert [column.sources for column in view.columns] == [
        (ColumnSource("dbo.RY_JBXX", "RYBH"),),
        (ColumnSource("历史.户口", "w"),),
        (),
    ]


class TestSQLServer(Conformance):
    @pytest.fixture
    def config(self, server: Any) -> SystemConfig:
        return SystemConfig(department="d", id="s", connector="mssql", url=URL)

    def open(self, config: SystemConfig) -> SqlConnector:
        return SqlConnector(config)


# --- statements and session --------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_external", [0, 1])
def test_every_statement_is_t_sql_and_as_wide_as_its_rows(server: Any, opened: Any, has_external: int) -> None:
    server.answers["FROM sys.all_columns"] = [(has_external,)]
    list(opened("mssql", URL).assets())
    rows = {"k.r_table": KeyRow, "sys.sql_modules": ViewRow, "JOIN sys.columns c": ColumnRow, "z.size": RelationRow}
    for part, row in rows.items():
        (statement, *_) = server.about(part) if row is not ColumnRow else server.about("f.definition")
        assert len(sqlglot.parse_one(statement, dialect="tsql").selects) == len(row._fields)
        assert "ORDER BY s.name COLLATE Latin1_General_BIN2, o.name COLLATE Latin1_General_BIN2" in statement
    # Older servers have no such column, and would refuse the statement.
    assert ("is_external" in server.about("z.size")[0]) == bool(has_external)


def test_sessions_disturb_nobody(server: Any, opened: Any) -> None:
    source = opened("mssql", URL, options={"statement_timeout": 60, "connect_timeout": 3})
    source.probe()
    list(source.assets())
    assert source.statements == 9
    for connection in server.connections:
        sent = [statement for number, statement in server.sent if number == connection.number]
        assert "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED" in sent
        assert "SET DEADLOCK_PRIORITY LOW" in sent
        assert "SET LOCK_TIMEOUT 5000" in sent
    arguments = server.connected[0]
    assert (arguments["database"], arguments["read_only"], arguments["timeout"], arguments["login_timeout"]) == (
        "MZ",
        True,
        60,
        3,
    )


# --- samples -----------------------------------------------------------------------------------------------------


def sampled(server: Any, opened: Any, name: str, **options: int) -> tuple[dict[str, Any], str]:
    source = opened("mssql", URL, options=options)
    (asset,) = (asset for asset in source.assets() if asset.name == name)
    sample = source.sample(asset, 50)
    return sample, " ".join(server.about("SELECT TOP")[-1].split())


def test_a_sample_of_odd_names(server: Any, opened: Any) -> None:
    sample, statement = sampled(server, opened, "a]b #$")
    assert sample == {"x y": []}
    assert re.fullmatch(
        r"SELECT TOP 50 substring\(CAST\(\[dbo\]\.\[a\]\]b #\$\]\.\[x y\] AS NVARCHAR\(max\)\), .+\) AS substring_1 "
        r"FROM \[dbo\]\.\[a\]\]b #\$\]",
        statement,
    )
    assert "SET QUERY_GOVERNOR_COST_LIMIT 5" in [statement for _, statement in server.sent]
    assert server.connections[-1].auto is True


def test_a_large_table_is_read_in_pages_from_all_over_it(server: Any, opened: Any) -> None:
    sample, statement = sampled(server, opened, "RY_JBXX")
    assert {name: values[0] for name, values in sample.items()} == {
        **{"RYBH": 1, "XM": "张三", "SFZH": "x" * 18, "ZX": True, "BZ": "备注", "QT": "<a/>"},
        "GUID": "00000000-0000-0000-0000-000000000007",
    }
    (pages,) = server.about("TABLESAMPLE")
    assert "FROM [dbo].[RY_JBXX] AS pages TABLESAMPLE system(0.830944) REPEATABLE (1)" in pages
    assert "TABLESAMPLE" not in statement
    assert "[JD]" not in statement
    assert "[BB]" not in statement


# --- troubles ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        (18456, SourceFatalError, "refuses this user or password"),
        (4060, SourceFatalError, "does not exist"),
        (20009, SourceRetryError, "cannot be reached"),
        (12345, SourceFatalError, r"answered with an error \(12345\)"),
    ],
)
def test_refused_connections(server: Any, opened: Any, code: int, kind: type[Exception], told: str) -> None:
    server.answers["connect"] = server.error((code, b"Login failed for S3cret"))
    with pytest.raises(kind, match=told) as caught:
        opened("mssql", URL).probe()
    assert "S3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "told"),
    [(229, "no right to read"), (208, "not there any more"), (1222, "locked"), (1205, "locked"), (20003, "too long")],
)
def test_a_dictionary_that_fails(server: Any, opened: Any, code: int, told: str) -> None:
    server.answers["FROM sys.objects o"] = server.error(code, b"S3cret")
    with pytest.raises((SourceFatalError, SourceRetryError), match=told):
        opened("mssql", URL).list_assets()


def test_grants() -> None:
    assert DIALECT.grants("re]ader") == (
        "GRANT CONNECT TO [re]]ader]",
        "GRANT VIEW DEFINITION ON SCHEMA::<schema> TO [re]]ader]",
        "GRANT SELECT ON SCHEMA::<schema> TO [re]]ader]",
    )
