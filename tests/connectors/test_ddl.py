"""DDL dumps as a system: real-style dumps of MySQL, PostgreSQL and Oracle, broken ones, other encodings."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import ConfigurationError, SourceFatalError, SystemConfig
from connectors.ddl import DdlConnector
from connectors.ddl.connector import detect_dialect
from connectors.model import Asset, ForeignKey
from connectors.testing import Conformance

MYSQL = r"""-- MySQL dump 10.13  Distrib 8.0.36
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS `t_qy`;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `t_qy` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT COMMENT '主键',
  `qymc` varchar(200) CHARACTER SET utf8 COLLATE utf8_bin NOT NULL DEFAULT '' COMMENT '企业名称;''简称''(全)',
  `zt` enum('存续','注销') DEFAULT NULL COMMENT '状态',
  `zczb` decimal(18,2) DEFAULT '0.00' COMMENT '注册资本',
  `gxsj` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  `dz` varchar(300) DEFAULT NULL, -- 住所
  `qh` char(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk` (`qymc`(10)),
  KEY `k` (`zt`) USING BTREE COMMENT '索引',
  CONSTRAINT `fk` FOREIGN KEY (`qh`) REFERENCES `t_qh` (`dm`) ON DELETE CASCADE
) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COMMENT='企业登记信息'
/*!50100 PARTITION BY RANGE (`id`) (PARTITION p0 VALUES LESS THAN (10) COMMENT = '分区') */;
LOCK TABLES `t_qy` WRITE;
INSERT INTO `t_qy` VALUES (1,'甲;CREATE TABLE x (a int);\'b (','存续',NULL),(2,'"乙" -- `','','1');
UNLOCK TABLES;
CREATE TABLE `t_qh` (`dm` char(6) NOT NULL PRIMARY KEY COMMENT '区划代码', `mc` varchar(50) COMMENT '名称')
COMMENT '区划';
/*!50001 CREATE VIEW `v_qy` AS SELECT
 1 AS `qymc`,
 1 AS `qhmc`*/;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`%`*/ /*!50003 TRIGGER `tr` BEFORE INSERT ON `t_qy` FOR EACH ROW BEGIN
  SET @a = 1; CREATE TEMPORARY TABLE zzz (a int); END */;;
DELIMITER ;
/*!50001 DROP VIEW IF EXISTS `v_qy`*/;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`localhost` SQL SECURITY DEFINER */
/*!50001 VIEW `v_qy` AS select `q`.`qymc` AS `qymc`,concat(`h`.`mc`,'-',`q`.`dz`) AS `qhmc`,count(0) AS `n`
 from (`t_qy` `q` left join `t_qh` `h` on((`q`.`qh` = `h`.`dm`))) group by `q`.`qymc` */;
"""

POSTGRES = r"""-- PostgreSQL database dump
\restrict x'y
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $_$ BEGIN; CREATE TABLE no (a int); 'x END $_$;
CREATE TABLE public.person (
    id integer NOT NULL,
    name character varying(50) DEFAULT '无名'::character varying NOT NULL,
    key text,
    tags text[],
    born timestamp(6) without time zone DEFAULT now(),
    dept_id bigint,
    CONSTRAINT ck CHECK (((id > 0) AND (name <> ''::text)))
)
WITH (fillfactor='70');
ALTER TABLE public.person OWNER TO app;
COMMENT ON TABLE public.person IS '人员''信息';
COMMENT ON COLUMN public.person.name IS '姓名';
COMMENT ON COLUMN "public"."person"."key" IS E'密\'钥';
CREATE TABLE public.dept (id bigint GENERATED ALWAYS AS IDENTITY, title text);
CREATE TABLE public.person_2020 PARTITION OF public.person FOR VALUES FROM (1) TO (2);
CREATE TABLE public.person_2021 (id integer NOT NULL);
ALTER TABLE ONLY public.person ATTACH PARTITION public.person_2021 FOR VALUES FROM (2) TO (3);
CREATE VIEW public.v AS
 SELECT p.*, d.title FROM (public.person p JOIN public.dept d ON ((d.id = p.dept_id)));
COMMENT ON COLUMN public.v.title IS '部门';
COPY public.person (id, name, key) FROM stdin;
1	张'三;	\N
2	CREATE TABLE x (a int);	COMMENT ON TABLE public.person IS 'x';
\.

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.person
    ADD CONSTRAINT fk FOREIGN KEY (dept_id) REFERENCES public.dept(id) ON DELETE SET NULL;
"""

ORACLE = """prompt PL/SQL Developer Export User's Objects
set feedback off
set define off
prompt Creating T_RY...
create table HR.T_RY
(
  id   VARCHAR2(32 CHAR) default sys_guid() not null,
  xm   NVARCHAR2(20) NOT NULL ENABLE,
  je   NUMBER(10,2) DEFAULT 0,
  sj   TIMESTAMP (6) WITH LOCAL TIME ZONE,
  rq   DATE,
  CONSTRAINT "PK_RY" PRIMARY KEY ("ID") USING INDEX PCTFREE 10
  STORAGE(INITIAL 65536 NEXT 1048576 BUFFER_POOL DEFAULT) TABLESPACE "S" ENABLE,
  SUPPLEMENTAL LOG GROUP "G" ("ID") ALWAYS
)
tablespace USERS
  pctfree 10
  storage
  (
    initial 64K
    maxextents unlimited
  )
  PARTITION BY RANGE (rq) (PARTITION p VALUES LESS THAN (TO_DATE(' 2010-01-01', 'SYYYY-MM-DD')));
comment on table HR.T_RY
  is '人员';
comment on column HR.T_RY.id
  is '编号';
COMMENT ON COLUMN "HR"."T_RY"."XM" IS '姓名';
alter table HR.T_RY modify (rq NOT NULL ENABLE);
alter table HR.T_RY add (bz varchar2(200), ly number);
CREATE OR REPLACE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW BEGIN :new.id := 'x;'; END;
/
CREATE OR REPLACE FORCE EDITIONABLE VIEW "HR"."V_RY" ("BH", "DB") AS
select id, je * 2 from hr.t_ry with read only;
CREATE TABLE "S"."DM" ("ID" BIGINT IDENTITY(1, 1) NOT NULL, NOT CLUSTER PRIMARY KEY("ID"))
STORAGE(ON "MAIN", CLUSTERBTR);
"""


def source(path: Path, **options: Any) -> DdlConnector:
    config = SystemConfig(department="scjg", id="reg", connector="ddl", path=str(path), options=options)
    return DdlConnector(config)


def write(folder: Path, sql: str, name: str = "dump.sql", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(sql.encode(encoding))
    return path


def read(path: Path, **options: Any) -> dict[str, Asset]:
    with source(path, **options) as connector:
        assets = {asset.qualified_name: asset for asset in connector.assets()}
        assert connector.failures == []
        assert connector.list_assets().complete
    return assets


def rows(asset: Asset) -> list[tuple[Any, ...]]:
    return [(c.name, c.type, c.data_type, c.nullable, c.comment, c.default) for c in asset.columns]


def lineage(asset: Asset) -> dict[str, list[str]]:
    return {column.name: [f"{s.table}.{s.column}" for s in column.sources] for column in asset.columns}


class TestConformanceMysql(Conformance):
    MARKED = 1

    @pytest.fixture
    def config(self, tmp_path: Path) -> SystemConfig:
        path = write(tmp_path, MYSQL + "CREATE TABLE t_sm (a int) COMMENT='绝密';\n")
        return SystemConfig(department="d", id="s", connector="ddl", path=str(path))


class TestConformanceOracle(Conformance):
    @pytest.fixture
    def config(self, tmp_path: Path) -> SystemConfig:
        path = write(tmp_path, ORACLE, encoding="gb18030")
        return SystemConfig(department="d", id="s", connector="ddl", path=str(path))


def test_mysqldump(tmp_path: Path) -> None:
    assets = read(write(tmp_path, MYSQL))
    assert list(assets) == ["t_qy", "t_qh", "v_qy"]
    table = assets["t_qy"]
    assert (table.kind, table.comment, table.primary_key, table.place) == (
        "table",
        "企业登记信息",
        ("id",),
        "dump.sql:5",
    )
    assert table.foreign_keys == (ForeignKey(("qh",), "t_qh", ("dm",)),)
    assert rows(table) == [
        ("id", "bigint(20) unsigned", "BIGINT", False, "主键", None),
        ("qymc", "varchar(200)", "VARCHAR", False, "企业名称;'简称'(全)", "''"),
        ("zt", "enum('存续','注销')", "ENUM", True, "状态", "NULL"),
        ("zczb", "decimal(18,2)", "DECIMAL", True, "注册资本", "'0.00'"),
        ("gxsj", "timestamp", "TIMESTAMP", False, None, "CURRENT_TIMESTAMP"),
        ("dz", "varchar(300)", "VARCHAR", True, "住所", "NULL"),
        ("qh", "char(6)", "CHAR", True, None, "NULL"),
    ]
    assert (table.columns[1].length, table.columns[3].precision, table.columns[3].scale) == (200, 18, 2)
    assert (assets["t_qh"].comment, assets["t_qh"].primary_key) == ("区划", ("dm",))
    view = assets["v_qy"]
    assert view.kind == "view"
    assert lineage(view) == {"qymc": ["t_qy.qymc"], "qhmc": ["t_qh.mc", "t_qy.dz"], "n": []}
    assert [(c.type, c.comment) for c in view.columns] == [
        ("varchar(200)", "企业名称;'简称'(全)"),
        ("", None),
        ("", None),
    ]


def test_pg_dump(tmp_path: Path) -> None:
    assets = read(write(tmp_path, POSTGRES))
    assert list(assets) == ["public.person", "public.dept", "public.v"]
    person = assets["public.person"]
    assert (person.schema, person.name, person.comment, person.primary_key) == (
        "public",
        "person",
        "人员'信息",
        ("id",),
    )
    assert person.foreign_keys == (ForeignKey(("dept_id",), "public.dept", ("id",)),)
    assert rows(person) == [
        ("id", "integer", "INT", False, None, None),
        ("name", "character varying(50)", "VARCHAR", False, "姓名", "'无名'::character varying"),
        ("key", "text", "TEXT", True, "密'钥", None),
        ("tags", "text[]", "ARRAY", True, None, None),
        ("born", "timestamp(6) without time zone", "TIMESTAMP", True, None, "now()"),
        ("dept_id", "bigint", "BIGINT", True, None, None),
    ]
    view = assets["public.v"]
    assert lineage(view)["title"] == ["public.dept.title"]
    assert [column.name for column in view.columns] == [*(column.name for column in person.columns), "title"]
    assert (view.columns[1].comment, view.columns[-1].comment) == ("姓名", "部门")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_oracle_export_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    assets = read(write(tmp_path, ORACLE, encoding=encoding))
    assert list(assets) == ["HR.T_RY", "HR.V_RY", "S.DM"]
    table = assets["HR.T_RY"]
    assert (table.comment, table.primary_key) == ("人员", ("id",))
    assert rows(table) == [
        ("id", "VARCHAR2(32 CHAR)", "VARCHAR", False, "编号", "sys_guid()"),
        ("xm", "NVARCHAR2(20)", "VARCHAR", False, "姓名", None),
        ("je", "NUMBER(10,2)", "NUMBER", True, None, "0"),
        ("sj", "TIMESTAMP (6) WITH LOCAL TIME ZONE", "TIMESTAMPZ", True, None, None),
        ("rq", "DATE", "DATE", False, None, None),
        ("bz", "varchar2(200)", "VARCHAR", True, None, None),
        ("ly", "number", "NUMBER", True, None, None),
    ]
    assert lineage(assets["HR.V_RY"]) == {"BH": ["HR.T_RY.id"], "DB": ["HR.T_RY.je"]}
    assert assets["S.DM"].primary_key == ("ID",)


TABLES = "CREATE TABLE a (id int, x varchar(9) COMMENT '甲', y int);\nCREATE TABLE b (id int, y int, z int);\n"


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("SELECT * FROM a", {"id": ["a.id"], "x": ["a.x"], "y": ["a.y"]}),
        ("SELECT a.*, b.z FROM a, b", {"id": ["a.id"], "x": ["a.x"], "y": ["a.y"], "z": ["b.z"]}),
        ("SELECT x, z FROM a JOIN b ON a.id = b.id", {"x": ["a.x"], "z": ["b.z"]}),
        ("SELECT * FROM a JOIN b USING (id, y)", {"id": ["a.id"], "x": ["a.x"], "y": ["a.y"], "z": ["b.z"]}),
        ("SELECT A.X AS n FROM a", {"n": ["a.x"]}),
        ("SELECT substr(x, 1, y) AS s, 1 AS one FROM a", {"s": ["a.x", "a.y"], "one": []}),
        ("SELECT CASE WHEN id = 1 THEN x ELSE 'n' END AS c FROM a", {"c": ["a.id", "a.x"]}),
        ("SELECT q.n FROM (SELECT x AS n FROM a) q", {"n": ["a.x"]}),
        ("WITH q AS (SELECT x, y FROM a), r AS (SELECT * FROM q) SELECT x FROM r", {"x": ["a.x"]}),
        ("WITH q (n) AS (SELECT x FROM a) SELECT n FROM q", {"n": ["a.x"]}),
        ("SELECT (SELECT max(z) FROM b WHERE b.id = a.id) AS m FROM a", {"m": ["b.z"]}),
        ("SELECT x FROM a UNION ALL SELECT z FROM b", {"x": ["a.x", "b.z"]}),
        ("SELECT u.k, x FROM a, other.u", {"k": ["other.u.k"], "x": ["a.x"]}),
        ("(SELECT x FROM a)", {"x": ["a.x"]}),
        ("SELECT DISTINCT x FROM a WHERE y IN (SELECT y FROM b) ORDER BY id LIMIT 3", {"x": ["a.x"]}),
        ("SELECT x FROM a WITH CASCADED CHECK OPTION", {"x": ["a.x"]}),
    ],
)
def test_view_lineage(tmp_path: Path, select: str, expected: dict[str, list[str]]) -> None:
    assets = read(write(tmp_path, f"{TABLES}CREATE VIEW v AS {select};"), dialect="mysql")
    assert lineage(assets["v"]) == expected


def test_plain_references_inherit_type_and_comment(tmp_path: Path) -> None:
    sql = TABLES + "CREATE VIEW v2 AS SELECT x AS p, upper(x) AS q, CAST(y AS CHAR(5)) AS c FROM v;\n"
    assets = read(write(tmp_path, sql + "CREATE VIEW v AS SELECT x, y FROM a;"), dialect="mysql")
    p, q, c = assets["v2"].columns
    assert (p.type, p.data_type, p.length, p.comment, p.sources[0].table) == ("varchar(9)", "VARCHAR", 9, "甲", "v")
    assert (q.type, q.comment) == ("", None)
    assert (c.data_type, c.length, c.comment) == ("CHAR", 5, None)


@pytest.mark.timeout(10)
def test_a_view_that_runs_into_the_next_statement_ends(tmp_path: Path) -> None:
    sql = 'CREATE VIEW v AS SELECT id FROM t w ("ID" BIGINT NOT NULL, NOT CLUSTER PRIMARY KEY("ID"))'
    with source(write(tmp_path, sql), dialect="oracle") as connector:
        assert [asset.name for asset in connector.assets()] == ["v"]


FRAGMENTS = ["'", '"', "`", "(", ")", ",", ";", "--", "/*", "*/", "$$", "\\", "\n", "(((", "AS", "SELECT", "CONSTRAINT"]
FRAGMENTS += ["PRIMARY KEY", "REFERENCES", "COMMENT", ".", " ", "DEFAULT", "[", "x", ""]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sql=st.sampled_from([MYSQL, POSTGRES, ORACLE]),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20), st.sampled_from(FRAGMENTS)), min_size=1, max_size=8),
    dialect=st.sampled_from([None, "mysql", "postgres", "oracle", "tsql"]),
    encoding=st.sampled_from(["utf-8", "gb18030"]),
)
def test_damaged_dumps_never_raise(
    tmp_path: Path, sql: str, edits: list[tuple[float, int, str]], dialect: str | None, encoding: str
) -> None:
    for where, cut, fragment in edits:
        at = int(where * len(sql))
        sql = sql[:at] + fragment + sql[at + cut :]
    with source(write(tmp_path, sql, encoding=encoding), **({"dialect": dialect} if dialect else {})) as connector:
        for asset in connector.assets():
            assert asset.name
            assert len({column.name for column in asset.columns}) == len(asset.columns)


def test_a_view_that_reads_itself_ends(tmp_path: Path) -> None:
    assets = read(write(tmp_path, "CREATE VIEW v AS SELECT w.a FROM w; CREATE VIEW w AS SELECT v.a FROM v;"))
    assert [column.name for column in assets["v"].columns] == ["a"]


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("CREATE TABLE t (a int); ALTER TABLE t ADD COLUMN b int NOT NULL COMMENT '乙' AFTER a, ADD KEY k (b);", "a b"),
        ("CREATE TABLE t (a int); ALTER TABLE t ADD (b int, c int);", "a b c"),
        ("CREATE TABLE `t` (`a` int); ALTER TABLE `t` ADD PRIMARY KEY (`a`), MODIFY `a` bigint NOT NULL;", "a"),
        ("CREATE TABLE s (a int, b int); CREATE TABLE t LIKE s;", "a b"),
        ("CREATE TABLE s (a int); CREATE TABLE t (LIKE s INCLUDING ALL, c int); ", "a c"),
        ("CREATE TABLE t (a int /* 甲 */, 2020表 int, `c,d` int)", "a 2020表 c,d"),
        ("CREATE TABLE IF NOT EXISTS t (a int) ENGINE=InnoDB", "a"),
        ("CREATE GLOBAL TEMPORARY TABLE t (a number(1)) ON COMMIT DELETE ROWS", "a"),
        ("CREATE TABLE t (a int, CHECK (a > 0), EXCLUDE USING gist (a WITH =), FOREIGN KEY (a) REFERENCES u)", "a"),
    ],
)
def test_tables_in_other_shapes(tmp_path: Path, sql: str, columns: str) -> None:
    with source(write(tmp_path, sql), dialect="oracle" if "number" in sql else "mysql") as connector:
        found = {asset.name: [column.name for column in asset.columns] for asset in connector.assets()}
    assert (found["t"], connector.failures) == (columns.split(), [])


def test_a_broken_statement_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    sql = "CREATE TABLE a (x int);\n\nCREATE TABLE broken (x int, y varchar(;\nCREATE TABLE c (x int comment '丙\n);\n"
    sql += (
        "CREATE TABLE d (x int);\nCOMMENT ON COLUMN d.x;\nCREATE VIEW v AS SELECT FROM WHERE;\nCREATE TABLE e (x int)"
    )
    with source(write(tmp_path, sql)) as connector:
        assert [asset.name for asset in connector.assets()] == ["a", "d", "v", "e"]
        listing = connector.list_assets()
    assert [failure.place for failure in connector.failures] == [f"dump.sql:{line}" for line in (3, 4, 7, 8)]
    assert all(failure.hint for failure in connector.failures)
    assert not listing.complete
    assert listing.reason == "3 statement(s) could not be read"


def test_secret_restricted_and_excluded_tables_are_counted_and_never_named(tmp_path: Path) -> None:
    sql = (
        "CREATE TABLE a (x int); CREATE TABLE s (x int) COMMENT '涉密人员'; CREATE TABLE r (x int);"
        "CREATE TABLE b (x int);"
        "CREATE VIEW v AS SELECT a.x, s.x AS y, r.x AS z FROM a, s, r;"
        "ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES s (x);"
    )
    config = SystemConfig(
        department="d", id="s", connector="ddl", path=str(write(tmp_path, sql)), exclude=("b",), restricted=("r",)
    )
    with DdlConnector(config) as connector:
        listing, assets = connector.list_assets(), list(connector.assets())
    assert (listing.names, listing.quarantined, listing.excluded, listing.complete) == (("a", "v"), 1, 2, True)
    assert connector.quarantined == {"s"}
    assert assets[0].foreign_keys == ()
    assert lineage(assets[1]) == {"x": ["a.x"], "y": [], "z": []}


def test_folders_are_one_system_and_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    write(tmp_path, "CREATE TABLE a (x int);", "1.sql")
    write(tmp_path, "COMMENT ON TABLE a IS '甲';\nCREATE TABLE a2 (x VARCHAR2(3));", "2.sql", "gb18030")
    (tmp_path / "3.sql").write_bytes(b"PGDMP\x01\x0e")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "4.sql.gz").write_bytes(gzip.compress(b"CREATE TABLE `z` (`x` int);"))
    with source(tmp_path) as connector:
        assert [(asset.name, asset.comment) for asset in connector.assets()] == [("a", "甲"), ("a2", None), ("z", None)]
        listing = connector.list_assets()
    assert [failure.place for failure in connector.failures] == ["3.sql"]
    assert (listing.complete, listing.reason) == (False, "3.sql could not be read")


def test_mixed_encodings_in_one_file(tmp_path: Path) -> None:
    blob = b"INSERT INTO a VALUES (_binary '\xff\xfe\x80\\'');\n"
    raw = "CREATE TABLE a (x int COMMENT '甲');\n".encode() * 1 + blob
    raw += "CREATE TABLE b (x int COMMENT '乙丙');\n".encode("gb18030")
    raw += b"CREATE TABLE c (x int COMMENT '\xe4\xb8');\nCREATE TABLE d (x int COMMENT '" + "丁".encode() + b"');\n"
    path = tmp_path / "x.sql"
    path.write_bytes(raw)
    comments = {name: asset.columns[0].comment for name, asset in read(path).items()}
    assert (comments["a"], comments["b"], comments["d"]) == ("甲", "乙丙", "丁")
    assert comments["c"]


def test_an_empty_file_is_an_empty_system(tmp_path: Path) -> None:
    with source(write(tmp_path, "")) as connector:
        connector.probe()
        listing = connector.list_assets()
    assert (listing.names, listing.complete) == ((), True)


@pytest.mark.parametrize("content", [None, b"PGDMP\x01", b"PK\x03\x04zip", b"\x00\x01\x02"])
def test_what_is_no_dump_is_fatal(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.sql"
    if content is not None:
        path.write_bytes(content)
    with source(path) as connector:
        with pytest.raises(SourceFatalError, match=r"x\.sql"):
            connector.probe()
        with pytest.raises(SourceFatalError, match=r"x\.sql"):
            connector.list_assets()


def test_a_folder_without_dumps_is_not_an_empty_system(tmp_path: Path) -> None:
    with source(tmp_path) as connector, pytest.raises(SourceFatalError, match="no SQL file"):
        connector.list_assets()


def test_unknown_dialect_is_refused_before_anything_opens(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"known: .*oracle"):
        source(tmp_path / "missing.sql", dialect="cobol")
    with pytest.raises(ConfigurationError, match="unknown encoding 'utf-9'"):
        source(tmp_path / "missing.sql", encoding="utf-9")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (MYSQL, "mysql"),
        (POSTGRES, "postgres"),
        (ORACLE, "dm"),
        ("CREATE TABLE a (x int) COMMENT 'x';", "mysql"),
        ("CREATE TABLE [dbo].[a] ([x] int)\nGO\n", "tsql"),
        ("CREATE TABLE a (x text);", None),
        ("CREATE TABLE a (x VARCHAR2(3)); COMMENT ON TABLE a IS 'x'", "oracle"),
    ],
)
def test_dialects_are_told_by_the_text(head: str, expected: str | None) -> None:
    assert detect_dialect(head) == expected


@pytest.mark.parametrize(
    ("sql", "dialect", "product"),
    [
        ("CREATE TABLE `a` (x int) ENGINE=InnoDB;", None, "mysql"),
        ("CREATE TABLE [dbo].[a] ([x] int)\nGO\n", None, "sqlserver"),
        ("CREATE TABLE a (x int);\nCOMMENT ON TABLE a IS 'x';", None, "postgresql"),
        ("CREATE TABLE a (x VARCHAR2(3));", None, "oracle"),
        ('CREATE TABLE "a" ("x" VARCHAR(3), NOT CLUSTER PRIMARY KEY("x")) STORAGE(ON "MAIN");', None, "dm"),
        ("CREATE TABLE a (x int);", "Kingbase", "kingbase"),
        ("CREATE TABLE a (x int);", "dameng", "dm"),
        ("CREATE TABLE a (x int);", None, None),
    ],
)
def test_whose_database_a_dump_is_of(tmp_path: Path, sql: str, dialect: str | None, product: str | None) -> None:
    (asset,) = read(write(tmp_path, sql), **({"dialect": dialect} if dialect else {})).values()
    assert asset.product == product
    assert asset.fingerprint == msgspec.structs.replace(asset, product=None).fingerprint


def test_each_file_of_a_folder_says_whose_database_it_is_of(tmp_path: Path) -> None:
    for name, sql in (("a", "CREATE TABLE a (x int);"), ("b", "CREATE TABLE `b` (x int) ENGINE=InnoDB;")):
        (tmp_path / f"{name}.sql").write_text(sql, "utf-8")
    assert {name: asset.product for name, asset in read(tmp_path).items()} == {"a": None, "b": "mysql"}


def test_use_and_search_path_qualify_names(tmp_path: Path) -> None:
    mysql = "CREATE DATABASE `d1`;\nUSE `d1`;\nCREATE TABLE `a` (`x` int);\nUSE `d2`;\nCREATE TABLE `a` (`x` int);"
    assert list(read(write(tmp_path, mysql))) == ["d1.a", "d2.a"]
    postgres = "SET search_path = s1, pg_catalog;\nCREATE TABLE a (x text);\nCOMMENT ON COLUMN a.x IS '甲';"
    assert read(write(tmp_path, postgres))["s1.a"].columns[0].comment == "甲"


@pytest.mark.parametrize("dialect", ["mysql", "postgres", "oracle", "tsql"])
def test_a_comma_too_many_is_told_with_its_line(tmp_path: Path, dialect: str) -> None:
    sql = """CREATE TABLE good (a int, b decimal(10,2) DEFAULT (1), PRIMARY KEY (a, b));
CREATE TABLE broken1 (a int,, b int);
CREATE TABLE mz.bad (a int,,);
CREATE TABLE last (a int,
);
CREATE TABLE first (, a int);
"""
    made = source(write(tmp_path, sql), dialect=dialect)
    named = [asset.qualified_name for asset in made.assets()]
    assert named == ["good", "broken1", "mz.bad", "last", "first"]
    # SQL Server takes one comma after the last column.
    lines = [2, 3, 6] if dialect == "tsql" else [2, 3, 4, 6]
    assert [failure.place for failure in made.failures] == [f"dump.sql:{line}" for line in lines]
    assert all("a comma too many" in failure.what for failure in made.failures)
