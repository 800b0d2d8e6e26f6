"""Oracle, from recorded rows of its dictionary: names, padding, LONG texts and types as its driver gives them."""

from __future__ import annotations

import re
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
import sqlglot

from connectors.base import SourceFatalError, SourceRetryError, SystemConfig
from connectors.model import Asset, Column, ColumnSource, ForeignKey
from connectors.sql.connector import SqlConnector
from connectors.sql.dialect import ColumnRow, KeyRow, RelationRow, ViewRow
from connectors.sql.oracle import DIALECT
from connectors.testing import Conformance

URL = "oracle://reader:S3cret@db.example:1521/?service_name=MZ"
CHANGED, COUNTED = datetime(2024, 3, 1, 8, 30), datetime(2024, 3, 2, 22, 0, 11)

RELATIONS = [
    (None, "MZ", "EXT_XZQH", "table", None, None, None, None, CHANGED, None, "external"),
    (None, "MZ", "FF_MX", "table", "救助金发放明细", 128000000, None, None, CHANGED, COUNTED, "partitioned"),
    (None, "MZ", "JZ$LOG#2024", "table", None, 0, None, None, CHANGED, COUNTED, None),
    (
        None,
        "MZ",
        "MV_TJ",
        "view",
        "snapshot table for snapshot MZ.MV_TJ",
        16,
        None,
        None,
        CHANGED,
        None,
        "materialized",
    ),
    (None, "MZ", "RY_JBXX", "table", "人员基本信息 ", 120345, None, None, CHANGED, COUNTED, None),
    (None, "MZ", "RY_JT", "table", "家庭成员", 30.0, None, None, CHANGED, COUNTED, None),
    (None, "MZ", "V_RY", "view", "人员视图", None, None, None, CHANGED, None, None),
    (None, "MZ", "ZW_MD", "table", "涉密名单", 3, None, None, CHANGED, None, None),
    (None, "MZ", "ry_lower", "table", None, None, None, None, CHANGED, None, None),
    (None, "MZ", "户口", "table", None, None, None, None, CHANGED, None, None),
]
COLUMNS = [
    ("MZ", "BIN$x==$0", "A", "NUMBER", None, "Y", None, None),
    ("MZ", "EXT_XZQH", "DM", "CHAR(12)", None, "Y", None, "区划代码"),
    ("MZ", "FF_MX", "FFNY", "NUMBER(6)", None, "N", None, "发放年月"),
    ("MZ", "FF_MX", "JE", "NUMBER(12,2)", None, "Y", "0 \n", "金额"),
    ("MZ", "JZ$LOG#2024", "NR", "CLOB", None, "Y", "EMPTY_CLOB()\n", None),
    ("MZ", "JZ$LOG#2024", "BW", "XMLTYPE", None, "Y", None, None),
    ("MZ", "MV_TJ", "RS", "NUMBER", None, "Y", None, None),
    ("MZ", "RY_JBXX", "RYBH", "NUMBER(*,0)", None, "N", '"MZ"."SEQ_RY"."NEXTVAL"', "人员编号"),
    ("MZ", "RY_JBXX", "XM", "VARCHAR2(50 CHAR)", None, "N", None, "姓名"),
    ("MZ", "RY_JBXX", "SFZH", "VARCHAR2(18)", None, "Y", "NULL\n", "身份证号 "),
    ("MZ", "RY_JBXX", "CSRQ", "DATE", None, "Y", "SYSDATE -- 当天\n", None),
    ("MZ", "RY_JBXX", "ZP", "BLOB", None, "Y", None, "照片"),
    ("MZ", "RY_JBXX", "BZ", "LONG", None, "Y", None, "备注"),
    ("MZ", "RY_JT", "JTBH", "NUMBER(10)", None, "N", None, None),
    ("MZ", "RY_JT", "XH", "NUMBER(3)", None, "N", None, None),
    ("MZ", "RY_JT", "RYBH", "NUMBER(*,0)", None, "Y", None, None),
    ("MZ", "RY_JT", "HZ_JTBH", "NUMBER(10)", None, "Y", None, "户主"),
    ("MZ", "RY_JT", "HZ_XH", "NUMBER(3)", None, "Y", None, None),
    ("MZ", "V_RY", "姓名", "VARCHAR2(50 CHAR)", None, "N", None, None),
    ("MZ", "V_RY", "户主", "NUMBER(10)", None, "Y", None, None),
    ("MZ", "ZW_MD", "XM", "VARCHAR2(50)", None, "Y", None, None),
    ("MZ", "ry_lower", "name", "NVARCHAR2(20)", None, "Y", None, None),
    ("MZ", "户口", "Id", "NUMBER", None, "N", None, None),
]
KEYS = [
    ("MZ", "RY_JBXX", "p", "PK_RY", "RYBH", None, None, None, 1),
    ("MZ", "RY_JBXX", "u", "UX_SFZH", "SFZH", None, None, None, 1),
    ("MZ", "RY_JT", "f", "FK_HZ", "HZ_JTBH", "MZ", "RY_JT", "JTBH", 1),
    ("MZ", "RY_JT", "f", "FK_HZ", "HZ_XH", "MZ", "RY_JT", "XH", 2),
    ("MZ", "RY_JT", "f", "FK_MD", "XH", "MZ", "ZW_MD", "XM", 1),
    ("MZ", "RY_JT", "f", "FK_RY", "RYBH", "MZ", "RY_JBXX", "RYBH", 1),
    ("MZ", "RY_JT", "p", "SYS_C0012", "JTBH", None, None, None, 1),
    ("MZ", "RY_JT", "p", "SYS_C0012", "XH", None, None, None, 2),
]
VIEWS = [
    (
        "MZ",
        "V_RY",
        'select r.xm, j."HZ_JTBH" from ry_jbxx r, MZ.ry_jt j where j.rybh(+) = r.rybh with read only\n\0',
        None,
    )
]
MVIEWS = [("MZ", "MV_TJ", "SELECT COUNT(RYBH) RS FROM RY_JBXX", None)]
# V_RY names RY_JBXX without a schema; V_SY of another schema does, too, through a synonym.
DEPENDENCIES = [
    ("MZ", "V_RY", "MZ", "RY_JBXX"),
    ("MZ", "V_RY", "MZ", "RY_JT"),
    ("MZ", "MV_TJ", "MZ", "RY_JBXX"),
    ("TJ", "V_SY", "MZ", "RY_JBXX"),
]
SAMPLE = [(1, "张三", "x" * 18, datetime(1980, 1, 1)), (2, "李四", None, None)]
ANSWERS: dict[str, Any] = {
    "1.1 FROM DUAL": [("1.1",)],
    "FROM DUAL": [(1,)],
    "v$parameter": [("19.0.0",)],
    "FROM ALL_OBJECTS o": RELATIONS,
    "FROM ALL_TAB_COLUMNS": COLUMNS,
    "FROM ALL_CONSTRAINTS": KEYS,
    "FROM ALL_VIEWS": VIEWS,
    "FROM ALL_MVIEWS v": MVIEWS,
    "FROM ALL_DEPENDENCIES": DEPENDENCIES,
    'FROM "MZ"."RY_JBXX"': SAMPLE,
}


@pytest.fixture
def oracle(recorded: Any) -> Any:
    return recorded("oracledb", ANSWERS)


@pytest.fixture
def assets(oracle: Any, opened: Any) -> dict[str, Asset]:
    source = opened("oracle", URL)
    found = {asset.name: asset for asset in source.assets()}
    assert source.failures == []
    return found


def test_tables_and_columns(assets: dict[str, Asset]) -> None:
    assert assets["RY_JBXX"] == Asset(
        department="民政",
        system="rescue",
        schema="MZ",
        name="RY_JBXX",
        comment="人员基本信息",
        row_estimate=120345,
        changed_at="2024-03-01T08:30:00",
        statistics_at="2024-03-02T22:00:11",
        primary_key=("RYBH",),
        unique_keys=(("SFZH",),),
        columns=(
            Column("RYBH", 1, "NUMBER(*,0)", "NUMBER", False, "人员编号", '"MZ"."SEQ_RY"."NEXTVAL"', scale=0),
            Column("XM", 2, "VARCHAR2(50 CHAR)", "VARCHAR", False, "姓名", length=50),
            Column("SFZH", 3, "VARCHAR2(18)", "VARCHAR", True, "身份证号", length=18),
            Column("CSRQ", 4, "DATE", "DATE", True, None, "SYSDATE -- 当天"),
            Column("ZP", 5, "BLOB", "BLOB", True, "照片"),
            Column("BZ", 6, "LONG", "LONG", True, "备注"),
        ),
    )
    assert [column.default for column in assets["FF_MX"].columns] == [None, "0"]
    assert [column.name for column in assets["户口"].columns] == ["Id"]


def test_all_kinds_in_order_and_nothing_secret(assets: dict[str, Asset]) -> None:
    assert [(a.name, a.kind, a.variant, a.row_estimate) for a in assets.values()] == [
        ("EXT_XZQH", "table", "external", None),
        ("FF_MX", "table", "partitioned", 128000000),
        ("JZ$LOG#2024", "table", None, 0),
        ("MV_TJ", "view", "materialized", 16),
        ("RY_JBXX", "table", None, 120345),
        ("RY_JT", "table", None, 30),
        ("V_RY", "view", None, None),
        ("ry_lower", "table", None, None),
        ("户口", "table", None, None),
    ]
    assert assets["MV_TJ"].comment is None
    assert "ZW_MD" not in f"{assets}"


def test_keys(assets: dict[str, Asset]) -> None:
    family = assets["RY_JT"]
    assert family.primary_key == ("JTBH", "XH")
    assert family.unique_keys == ()
    assert family.foreign_keys == (
        ForeignKey(("HZ_JTBH", "HZ_XH"), "MZ.RY_JT", ("JTBH", "XH")),
        ForeignKey(("RYBH",), "MZ.RY_JBXX", ("RYBH",)),
    )


def test_lineage_whatever_the_case_in_which_names_were_typed(assets: dict[str, Asset]) -> None:
    assert [column.sources for column in assets["V_RY"].columns] == [
        (ColumnSource("MZ.RY_JBXX", "XM"),),
        (ColumnSource("MZ.RY_JT", "HZ_JTBH"),),
    ]
    assert assets["MV_TJ"].columns[0].sources == (ColumnSource("MZ.RY_JBXX", "RYBH", carried=False),)


def test_lineage_through_synonyms(oracle: Any, opened: Any) -> None:
    oracle.answers["FROM ALL_OBJECTS o"] = [
        *RELATIONS,
        (None, "TJ", "V_SY", "view", None, None, None, None, CHANGED, None, None),
    ]
    oracle.answers["FROM ALL_TAB_COLUMNS"] = [*COLUMNS, ("TJ", "V_SY", "XM", "VARCHAR2(50)", None, "Y", None, None)]
    oracle.answers["FROM ALL_VIEWS"] = [("TJ", "V_SY", "SELECT XM FROM ry_jbxx", None)]
    *_, view = opened("oracle", URL).assets()
    assert view.columns[0].sources == (ColumnSource("MZ.RY_JBXX", "XM"),)
    # Of two tables of one name the view's own is meant.
    oracle.answers["FROM ALL_DEPENDENCIES"] = [("TJ", "V_SY", "TJ", "RY_JBXX"), *DEPENDENCIES]
    *_, view = opened("oracle", URL).assets()
    assert view.columns[0].sources == ()


class TestOracle(Conformance):
    @pytest.fixture
    def config(self, oracle: Any) -> SystemConfig:
        return SystemConfig(department="d", id="s", connector="oracle", url=URL)

    def open(self, config: SystemConfig) -> SqlConnector:
        return SqlConnector(config)


# --- statements --------------------------------------------------------------------------------------------------


def test_every_statement_is_oracles_and_as_wide_as_its_rows(oracle: Any, opened: Any) -> None:
    list(opened("oracle", URL).assets())
    widths = {"ALL_OBJECTS o": RelationRow, "ALL_TAB_COLUMNS": ColumnRow, "ALL_CONSTRAINTS": KeyRow}
    widths |= {"ALL_VIEWS": ViewRow, "ALL_MVIEWS v": ViewRow}
    for part, row in widths.items():
        for statement in oracle.about(f"FROM {part}"):
            assert len(sqlglot.parse_one(statement, dialect="oracle").selects) == len(row._fields)
        assert {len(found) for found in ANSWERS[f"FROM {part}"]} == {len(row._fields)}
    (dependencies,) = oracle.about("FROM ALL_DEPENDENCIES")
    assert len(sqlglot.parse_one(dependencies, dialect="oracle").selects) == len(DEPENDENCIES[0])


def test_a_constant_number_of_statements_on_read_only_connections(oracle: Any, opened: Any) -> None:
    source = opened("oracle", URL, options={"statement_timeout": 60})
    source.probe()
    list(source.assets())
    assert source.statements == 8
    by_connection: dict[int, list[str]] = {}
    for number, statement in oracle.sent:
        by_connection.setdefault(number, []).append(" ".join(statement.split()))
    for statements in by_connection.values():
        assert "ALTER SESSION SET NLS_SORT = BINARY NLS_COMP = BINARY" in statements
        begins = statements.index("SET TRANSACTION READ ONLY")
        read = [i for i, s in enumerate(statements) if re.search(r"FROM (ALL_|DUAL$)", s) and "1.1" not in s]
        assert read[0] == begins + 1
        assert not {"COMMIT", "ROLLBACK"} & set(statements[begins : read[-1]])
    assert {connection.call_timeout for connection in oracle.connections} == {60_000}
    assert oracle.connected[0]["tcp_connect_timeout"] == 10


def test_texts_that_only_oracle_orders_are_put_in_code_points(oracle: Any, opened: Any) -> None:
    list(opened("oracle", URL).assets())
    for part in ("ALL_OBJECTS o", "ALL_TAB_COLUMNS", "ALL_CONSTRAINTS"):
        (statement, *_) = oracle.about(f"FROM {part}")
        assert re.search(r"ORDER BY CONVERT\(\w\.OWNER, 'AL32UTF8'\), CONVERT\(\w\.\w+, 'AL32UTF8'\)", statement)


# --- samples -----------------------------------------------------------------------------------------------------


def sampled(recording: Any, opened: Any, name: str) -> tuple[dict[str, Any], str]:
    source = opened("oracle", URL)
    asset = next(asset for asset in source.assets() if asset.name == name)
    sample = source.sample(asset, 50)
    return sample, " ".join(recording.about('FROM "')[-1].split())


def test_a_sample(oracle: Any, opened: Any) -> None:
    sample, statement = sampled(oracle, opened, "RY_JT")
    assert sample == {"JTBH": [], "XH": [], "RYBH": [], "HZ_JTBH": [], "HZ_XH": []}
    assert statement.endswith('FROM "MZ"."RY_JT" FETCH FIRST 50 ROWS ONLY')
    assert oracle.connections[-1].call_timeout == 5_000
    assert oracle.connections[-1].autocommit is True
    last = [statement for number, statement in oracle.sent if number == oracle.connections[-1].number]
    assert "SET TRANSACTION READ ONLY" not in last


def test_a_large_table_is_read_in_blocks_from_all_over_it(oracle: Any, opened: Any) -> None:
    sample, statement = sampled(oracle, opened, "RY_JBXX")
    assert sample == {
        "RYBH": [1, 2],
        "XM": ["张三", "李四"],
        "SFZH": ["x" * 18, None],
        "CSRQ": [datetime(1980, 1, 1), None],
    }
    blocks = " ".join(oracle.about("SAMPLE BLOCK")[-1].split())
    assert '(SELECT "RYBH", "XM", "SFZH", "CSRQ" FROM "MZ"."RY_JBXX" SAMPLE BLOCK (0.8309) SEED (1))' in blocks
    # Two rows of fifty are too few: the first ones follow.
    assert statement == (
        'SELECT "MZ"."RY_JBXX"."RYBH", "MZ"."RY_JBXX"."XM", "MZ"."RY_JBXX"."SFZH", "MZ"."RY_JBXX"."CSRQ" '
        'FROM "MZ"."RY_JBXX" FETCH FIRST 50 ROWS ONLY'
    )


def test_servers_before_12_limit_rows_by_their_number(recorded: Any, opened: Any) -> None:
    recording = recorded("oracledb", ANSWERS, version="11.2.0.4.0")
    _, statement = sampled(recording, opened, "ry_lower")
    assert statement.endswith('FROM "MZ"."ry_lower") anon_1 WHERE ROWNUM <= 50')


def test_what_cannot_be_cut_off_is_not_asked_for(oracle: Any, opened: Any) -> None:
    _, statement = sampled(oracle, opened, "JZ$LOG#2024")
    assert statement.startswith('SELECT substr("MZ"."JZ$LOG#2024"."NR", :substr_2, :substr_3) AS')
    assert '"BW"' not in statement


# --- troubles ----------------------------------------------------------------------------------------------------


def failing(recording: Any, opened: Any, code: str, part: str = "connect") -> Exception:
    recording.answers[part] = recording.error(SimpleNamespace(full_code=code, message="S3cret 310107"))
    with pytest.raises((SourceFatalError, SourceRetryError)) as caught:
        list(opened("oracle", URL).assets())
    assert "S3cret" not in str(caught.value)
    assert "310107" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("ORA-01017", SourceFatalError, "refuses this user or password"),
        ("ORA-28000", SourceFatalError, "refuses this user or password"),
        ("ORA-12514", SourceFatalError, "does not exist"),
        ("DPY-6001", SourceFatalError, "does not exist"),
        ("ORA-12541", SourceRetryError, "cannot be reached"),
        ("DPY-6005", SourceRetryError, "cannot be reached"),
        ("DPY-3010", SourceFatalError, "older than Oracle 12.1"),
        ("ORA-01033", SourceRetryError, "starting or stopping"),
        ("ORA-99999", SourceFatalError, r"answered with an error \(ORA-99999\)"),
    ],
)
def test_refused_connections(oracle: Any, opened: Any, code: str, kind: type[Exception], told: str) -> None:
    error = failing(oracle, opened, code)
    assert isinstance(error, kind)
    assert re.search(told, str(error))


@pytest.mark.parametrize(
    ("code", "told"),
    [("ORA-01013", "took too long"), ("DPY-4024", "took too long"), ("ORA-00942", "not there any more")],
)
def test_a_dictionary_that_fails(oracle: Any, opened: Any, code: str, told: str) -> None:
    assert told in str(failing(oracle, opened, code, "FROM ALL_OBJECTS o"))


def test_a_view_text_that_fails_costs_lineage_only(oracle: Any, opened: Any) -> None:
    oracle.answers["FROM ALL_VIEWS"] = oracle.error(SimpleNamespace(full_code="ORA-01031"))
    source = opened("oracle", URL)
    assert len(list(source.assets())) == 9
    assert [failure.what for failure in source.failures] == [
        "its views have no lineage: the user has no right to read this"
    ]


# --- client libraries, grants ------------------------------------------------------------------------------------


def test_old_servers_are_read_through_client_libraries(recorded: Any, opened: Any) -> None:
    recording = recorded("oracledb", ANSWERS, version="11.2.0.4.0", thin=False)
    import oracledb  # type: ignore[import-not-found]

    used: list[str] = []
    oracledb.init_oracle_client = lambda lib_dir: used.append(lib_dir)
    opened("oracle", f"{URL}&client_lib_dir=/opt/instantclient").probe()
    assert used == ["/opt/instantclient"]
    assert "client_lib_dir" not in recording.connected[0]


def test_client_libraries_that_cannot_be_loaded(oracle: Any, opened: Any) -> None:
    import oracledb

    def fail(lib_dir: str) -> None:
        raise oracledb.DatabaseError("DPI-1047")

    oracledb.init_oracle_client = fail
    with pytest.raises(SourceFatalError, match="client libraries cannot be used"):
        opened("oracle", f"{URL}&client_lib_dir=/none").probe()


def test_grants() -> None:
    assert DIALECT.grants("reader") == (
        "GRANT CREATE SESSION TO reader",
        "GRANT SELECT ON <schema>.<table> TO reader",
    )
    assert DIALECT.grants("读者")[0] == 'GRANT CREATE SESSION TO "读者"'


def test_a_view_over_a_large_table_is_left_alone_where_no_plan_can_be_asked_for(oracle: Any, opened: Any) -> None:
    source = opened("oracle", URL)
    view = next(asset for asset in source.assets() if asset.name == "V_RY")
    assert source.sample(view, 50) == {"姓名": [], "户主": []}
    assert source.notices == ["MZ.V_RY: not sampled: this view reads or sorts too much"]
    assert not oracle.about('FROM "MZ"."V_RY"')
    few = [row if row[2] != "RY_JBXX" else (*row[:5], 300, *row[6:]) for row in RELATIONS]
    oracle.answers["FROM ALL_OBJECTS o"] = few
    source = opened("oracle", URL)
    source.sample(next(asset for asset in source.assets() if asset.name == "V_RY"), 50)
    assert (source.notices, len(oracle.about('FROM "MZ"."V_RY"'))) == ([], 1)
