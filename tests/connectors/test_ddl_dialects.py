"""Dumps as the makers' own tools export them: SQL Server (SSMS, Navicat, PowerDesigner), DM, Oracle SQL Developer."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from connectors.base import SystemConfig
from connectors.ddl import DdlConnector
from connectors.model import Asset, ForeignKey
from connectors.testing import Conformance

MSSQL = """USE [master]
GO
/****** Object:  Database [RescueDB]    Script Date: 2024/5/1 10:00:00 ******/
IF (1 = FULLTEXTSERVICEPROPERTY('IsFullTextInstalled'))
begin
EXEC [RescueDB].[dbo].[sp_fulltext_database] @action = 'enable'
end
GO
USE [RescueDB]
GO
SET ANSI_NULLS ON
GO
CREATE TABLE [dbo].[T_DBJT](
\t[ID] [int] IDENTITY(1,1) NOT NULL,
\t[GMSFHM] [nvarchar](18) COLLATE Chinese_PRC_CI_AS NULL,
\t[XM] [nvarchar](50) NOT NULL,
\t[JE] [decimal](18, 2) NULL,
\t[ZJ]  AS ([JE]*(2)) PERSISTED,
 CONSTRAINT [PK_T_DBJT] PRIMARY KEY CLUSTERED\x20
(
\t[ID] ASC
)WITH (PAD_INDEX = OFF, IGNORE_DUP_KEY = OFF) ON [PRIMARY]
) ON [PRIMARY] TEXTIMAGE_ON [PRIMARY]
GO
INSERT [dbo].[T_DBJT] ([ID], [XM]) VALUES (1, N'张三''
GO
CREATE TABLE x (a int)
')
GO
INSERT [dbo].[T_DBJT] ([ID], [XM]) VALUES (2, N'李四; -- x') -- it's one
INSERT [dbo].[T_DBJT] ([ID], [XM]) VALUES (3, N'王五')
ALTER TABLE [dbo].[T_DBJT] ADD  CONSTRAINT [DF_x]  DEFAULT ((0)) FOR [JE]
GO
IF NOT EXISTS (SELECT * FROM sys.objects WHERE object_id = OBJECT_ID(N'[dbo].[T_QH]') AND type in (N'U'))
BEGIN
CREATE TABLE [dbo].[T_QH](
\t[DM] [char](6) NOT NULL, -- 代码
\t[MC] [nvarchar](max) NULL
) ON [PRIMARY]
END
GO -- done
CREATE PROCEDURE [dbo].[p] AS
BEGIN
  SELECT 1;
CREATE TABLE inside (a int);
END
GO
CREATE TABLE #tmp (a int)
CREATE TABLE plain (a int)
CREATE TABLE his.plain (a int)
GO 5
ALTER TABLE [dbo].[T_DBJT]  WITH CHECK ADD  CONSTRAINT [FK] FOREIGN KEY([GMSFHM])
REFERENCES [dbo].[T_QH] ([DM])
GO
ALTER TABLE [dbo].[T_DBJT] CHECK CONSTRAINT [FK]
GO
EXEC dbo.sp_executesql @statement = N'CREATE VIEW [dbo].[v_jt] AS
SELECT XM, N''x'' AS b FROM dbo.T_DBJT'
GO
EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'主键''自增' , @level0type=N'SCHEMA',\
@level0name=N'dbo', @level1type=N'TABLE',@level1name=N'T_DBJT', @level2type=N'COLUMN',@level2name=N'ID'
GO
EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'低保家庭' , @level0type=N'SCHEMA',\
@level0name=N'dbo', @level1type=N'TABLE',@level1name=N'T_DBJT'
GO
EXEC sp_addextendedproperty
'MS_Description', N'姓名',
'SCHEMA', N'dbo',
'TABLE', N'T_DBJT',
'COLUMN', N'XM'
GO
execute sp_addextendedproperty 'MS_Description', '证件', 'user', @CurrentUser, 'table', 'T_DBJT', 'column', 'GMSFHM'
execute sp_addextendedproperty 'MS_Description', '区划名', user, dbo, table, T_QH, column, MC
IF ((SELECT COUNT(*) FROM ::fn_listextendedproperty('MS_Description','SCHEMA',N'dbo','TABLE',N'T_QH',NULL,NULL)) > 0)
  EXEC sp_updateextendedproperty
'MS_Description', N'区划',
'SCHEMA', N'dbo',
'TABLE', N'T_QH'
ELSE
  EXEC sp_addextendedproperty
'MS_Description', N'区划',
'SCHEMA', N'dbo',
'TABLE', N'T_QH'
GO
EXEC sys.sp_addextendedproperty @name=N'MS_DiagramPane1', @value=N'[0E232FF0' , @level0type=N'SCHEMA',\
@level0name=N'dbo', @level1type=N'VIEW',@level1name=N'v_jt'
GO
EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'索引' , @level0type=N'SCHEMA',@level0name=N'dbo',\
 @level1type=N'TABLE',@level1name=N'T_DBJT', @level2type=N'INDEX',@level2name=N'PK_T_DBJT'
"""

DM = """SET SCHEMA "RESCUE";
CREATE TABLE "RESCUE"."T_DBJT"
(
"ID" BIGINT IDENTITY(1, 1) NOT NULL,
"XM" VARCHAR(50 CHAR),
"JE" DEC(18,2) DEFAULT 0,
"SJ" DATETIME(6) DEFAULT CURRENT_TIMESTAMP(),
CLUSTER PRIMARY KEY("ID"),
UNIQUE("XM"),
CONSTRAINT "CONS134218800" FOREIGN KEY("XM") REFERENCES "RESCUE"."B"("ID"),
CHECK("JE" > 0)) STORAGE(INITIAL 1, NEXT 1, MINEXTENTS 1, FILLFACTOR 0, ON "MAIN", CLUSTERBTR) ;

COMMENT ON TABLE "RESCUE"."T_DBJT" IS '低保家庭';
COMMENT ON COLUMN "RESCUE"."T_DBJT"."ID" IS '主键';
CREATE TABLE B ("ID" INT, CLUSTER PRIMARY KEY("ID")) STORAGE(ON "MAIN", CLUSTERBTR);
CREATE UNIQUE  INDEX "X" ON "RESCUE"."T_DBJT"("XM" ASC) STORAGE(ON "MAIN", CLUSTERBTR) ;
SET IDENTITY_INSERT "RESCUE"."T_DBJT" ON;
INSERT INTO "RESCUE"."T_DBJT"("ID","XM") VALUES(1,'a''; CREATE TABLE x(a int);');
CREATE HUGE TABLE "RESCUE"."LOGS" ("A" INT) STORAGE(SECTION (65536), STAT NONE, WITH DELTA, ON "MAIN") ;
CREATE OR REPLACE VIEW "RESCUE"."V" AS SELECT "XM" FROM "RESCUE"."T_DBJT";
"""

ORACLE = """--------------------------------------------------------
--  文件已创建 - 星期三-五月-01-2024
--------------------------------------------------------
REM INSERTING into HR.T_RY: it's
SET DEFINE OFF;
Insert into HR.T_RY (ID,XM) values (1,q'[张'三; ]');
prompt it's
--------------------------------------------------------
--  DDL for Table T_RY
--------------------------------------------------------

  CREATE TABLE "HR"."T_RY"\x20
   (\t"ID" NUMBER(10,0),\x20
\t"XM" VARCHAR2(50 BYTE) DEFAULT q'[it's; -- x]',\x20
\t"D" DATE DEFAULT to_date('2020-01-01','yyyy-mm-dd'),
\tCONSTRAINT "PK" PRIMARY KEY ("ID")
  USING INDEX PCTFREE 10 INITRANS 2 MAXTRANS 255
  TABLESPACE "USERS"  ENABLE
   ) SEGMENT CREATION IMMEDIATE
  PCTFREE 10 PCTUSED 40 INITRANS 1 MAXTRANS 255
 NOCOMPRESS LOGGING
  STORAGE(INITIAL 65536 NEXT 1048576 FLASH_CACHE DEFAULT CELL_FLASH_CACHE DEFAULT)
  TABLESPACE "USERS" ;

   COMMENT ON COLUMN "HR"."T_RY"."ID" IS '主键';
   COMMENT ON COLUMN "HR"."T_RY"."XM" IS nq'!it's!';
   COMMENT ON TABLE "HR"."T_RY"  IS '人员';
ALTER SESSION SET CURRENT_SCHEMA = HR2;
CREATE TABLE slash (a number)
/
-- new object type path: SCHEMA_EXPORT/TABLE/TABLE
CREATE OR REPLACE PACKAGE BODY pk AS
 PROCEDURE p IS BEGIN
   EXECUTE IMMEDIATE 'CREATE TABLE no (a int)';
   x := q'{CREATE TABLE no2 (a int);}';
 END;
END;
/
CREATE OR REPLACE FORCE EDITIONABLE VIEW "HR"."V" ("A") DEFAULT COLLATION "USING_NLS_COMP"  AS
  select xm from t_ry;
"""


def config(folder: Path, sql: str, encoding: str = "utf-8") -> SystemConfig:
    """With the line ends of Windows."""
    (folder / "dump.sql").write_bytes(sql.replace("\n", "\r\n").encode(encoding))
    return SystemConfig(department="d", id="s", connector="ddl", path=str(folder / "dump.sql"))


def read(folder: Path, sql: str, encoding: str = "utf-8") -> dict[str, Asset]:
    with DdlConnector(config(folder, sql, encoding)) as source:
        source.probe()
        assets = {asset.qualified_name: asset for asset in source.assets()}
        assert source.failures == []
        assert source.list_assets().complete
    return assets


def said(asset: Asset) -> list[tuple[str, str, str | None]]:
    return [(column.name, column.type, column.comment) for column in asset.columns]


class TestConformanceMssql(Conformance):
    @pytest.fixture
    def config(self, tmp_path: Path) -> SystemConfig:
        return config(tmp_path, MSSQL, "utf-16")


class TestConformanceDm(Conformance):
    @pytest.fixture
    def config(self, tmp_path: Path) -> SystemConfig:
        return config(tmp_path, DM, "gb18030")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_sql_server_scripts(tmp_path: Path, encoding: str) -> None:
    """``utf-16`` writes little-endian with a mark, as SSMS does."""
    assets = read(tmp_path, MSSQL, encoding)
    assert [name.removeprefix("RescueDB.") for name in assets] == [
        *("dbo.T_DBJT", "dbo.T_QH", "dbo.plain", "his.plain", "dbo.v_jt"),
    ]
    table = assets["RescueDB.dbo.T_DBJT"]
    assert (table.comment, table.primary_key, table.place) == ("低保家庭", ("ID",), "dump.sql:13")
    assert table.foreign_keys == (ForeignKey(("GMSFHM",), "dbo.T_QH", ("DM",)),)
    assert said(table) == [
        ("ID", "int", "主键'自增"),
        ("GMSFHM", "nvarchar(18)", "证件"),
        ("XM", "nvarchar(50)", "姓名"),
        ("JE", "decimal(18, 2)", None),
        ("ZJ", "", None),
    ]
    assert assets["RescueDB.dbo.T_QH"].comment == "区划"
    assert said(assets["RescueDB.dbo.T_QH"]) == [("DM", "char(6)", "代码"), ("MC", "nvarchar(max)", "区划名")]
    assert said(assets["RescueDB.dbo.v_jt"]) == [("XM", "nvarchar(50)", "姓名"), ("b", "", None)]
    assert assets["RescueDB.dbo.v_jt"].comment is None


def test_dm_exports(tmp_path: Path) -> None:
    assets = read(tmp_path, DM)
    assert list(assets) == ["RESCUE.T_DBJT", "RESCUE.B", "RESCUE.LOGS", "RESCUE.V"]
    table = assets["RESCUE.T_DBJT"]
    assert (table.comment, table.primary_key) == ("低保家庭", ("ID",))
    assert table.foreign_keys == (ForeignKey(("XM",), "RESCUE.B", ("ID",)),)
    assert said(table) == [
        ("ID", "BIGINT", "主键"),
        ("XM", "VARCHAR(50 CHAR)", None),
        ("JE", "DEC(18,2)", None),
        ("SJ", "DATETIME(6)", None),
    ]


def test_oracle_scripts(tmp_path: Path) -> None:
    assets = read(tmp_path, ORACLE)
    assert list(assets) == ["HR.T_RY", "HR2.slash", "HR.V"]
    table = assets["HR.T_RY"]
    assert (table.comment, table.primary_key) == ("人员", ("ID",))
    assert said(table) == [
        ("ID", "NUMBER(10,0)", "主键"),
        ("XM", "VARCHAR2(50 BYTE)", "it's"),
        ("D", "DATE", None),
    ]
    assert [column.default for column in table.columns] == [
        None,
        "'it''s; -- x'",
        "to_date('2020-01-01','yyyy-mm-dd')",
    ]


def test_wide_text_without_a_mark_needs_its_encoding(tmp_path: Path) -> None:
    (tmp_path / "dump.sql").write_bytes(MSSQL.encode("utf-16-le"))
    path = str(tmp_path / "dump.sql")
    options = {"encoding": "utf-16-le"}
    with DdlConnector(SystemConfig(department="d", id="s", connector="ddl", path=path, options=options)) as source:
        source.probe()
        assert len(list(source.assets())) == 5


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("CREATE TABEL 人员 (id int);", "TABEL"),
        ("create or replace veiw v as select 1 as a;", "veiw"),
        ("CREATE GLOBAL TEMPORARY TABL x (a int);", "TABL"),
        ("CRAETE TABLE t (a int);", "CRAETE"),
        ("CREATE TABEL t AS SELECT * FROM the table;", "TABEL"),
    ],
)
def test_a_misspelt_statement_is_named_with_its_line(tmp_path: Path, sql: str, word: str) -> None:
    path = config(tmp_path, f"CREATE TABLE a (x int);\n\n{sql}\nCREATE TABLE b (x int);\n")
    with DdlConnector(path) as source:
        assert [asset.name for asset in source.assets()] == ["a", "b"]
        assert not source.list_assets().complete
    (failure,) = source.failures
    assert failure.place == "dump.sql:3"
    assert failure.what.startswith(f"{word} is no word that SQL knows")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLESPACE t DATAFILE 'x';",
        "CREATE INDEX tabel ON t (a);",
        "CREATE TRIGGER table_x AFTER INSERT ON t;",
        "CREATE TYPE view_t AS (a int);",
        "CREATE UNLOGGED SEQUENCE tables;",
        "INSERT INTO tabel VALUES (1);",
        "LOCK TABLE a;",
        "CREATE ROLE viewer;",
    ],
)
def test_other_statements_are_not_taken_for_misspelt_ones(tmp_path: Path, sql: str) -> None:
    assert list(read(tmp_path, f"{sql}\nCREATE TABLE a (x int);\n")) == ["a"]


@pytest.mark.parametrize(
    "call",
    [
        "EXEC sp_addextendedproperty 'MS_Description', NULL, 'SCHEMA', 'dbo', 'TABLE', 'a', 'COLUMN', 'x'",
        "EXEC sp_addextendedproperty 'MS_Description', '甲', 'SCHEMA', 'dbo', 'TABLE', @t",
        "EXEC sp_addextendedproperty 'MS_Description', '甲', 'SCHEMA', 'dbo', 'TABLE', 'a', 'COLUMN'",
    ],
)
def test_a_property_that_says_nothing_is_named(tmp_path: Path, call: str) -> None:
    with DdlConnector(config(tmp_path, f"CREATE TABLE [dbo].[a] ([x] int)\nGO\n{call}\nGO\n")) as source:
        (asset,) = source.assets()
    assert (asset.comment, asset.columns[0].comment) == (None, None)
    assert [(failure.place, failure.what) for failure in source.failures] == [
        ("dump.sql:3", "the extended property names no table, no column or no text")
    ]


MANY_ROWS = {
    "mysqldump": (
        "utf-8",
        "INSERT INTO `t` VALUES " + "('it\\'s; 张三',NULL,'CREATE TABLE x (a int);')," * 20_000 + "(1);\n",
    ),
    "pg_dump": ("utf-8", "COPY t (a, b) FROM stdin;\n" + "张三'; \t\\N\t2026-01-01\n" * 40_000 + "\\.\n"),
    "SSMS": ("utf-16", "INSERT [dbo].[t] ([a]) VALUES (N'张三''; -- x')\n" * 100 + "GO\n"),
}


@pytest.mark.parametrize("tool", MANY_ROWS)
def test_rows_of_a_large_dump_do_not_fill_the_memory(tmp_path: Path, tool: str) -> None:
    """Thirty mebibytes of each; benchmarks/ddl.py has half a gibibyte."""
    encoding, rows = MANY_ROWS[tool]
    raw = rows.encode(encoding).removeprefix(b"\xff\xfe")
    path = tmp_path / "dump.sql"
    with path.open("wb") as file:
        file.write("CREATE TABLE first (a int);\n".encode(encoding))
        for _ in range((30 << 20) // len(raw) + 1):
            file.write(raw)
        file.write("CREATE TABLE last (a int);\n".encode(encoding).removeprefix(b"\xff\xfe"))
    dialect = {"mysqldump": "mysql", "pg_dump": "postgres", "SSMS": "tsql"}[tool]
    options = {"dialect": dialect}
    with DdlConnector(SystemConfig(department="d", id="s", connector="ddl", path=str(path), options=options)) as source:
        tracemalloc.start()
        try:
            assert [asset.name for asset in source.assets()] == ["first", "last"]
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert source.failures == []
    # As text it would take twice as much.
    assert peak < 32 << 20


def test_blank_lines_cost_no_more_than_others(tmp_path: Path) -> None:
    started = time.perf_counter()
    assert list(read(tmp_path, "\n  " * 50_000 + "CREATE TABLE a (x int);\n")) == ["a"]
    assert time.perf_counter() - started < 5
