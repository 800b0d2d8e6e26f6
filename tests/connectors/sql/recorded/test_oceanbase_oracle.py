"""An Oracle tenant of OceanBase, from recorded rows: MySQL's protocol, Oracle's dictionary."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlglot

from connectors.base import ConfigurationError, SourceFatalError, SourceRetryError, SystemConfig
from connectors.model import Asset, Column
from connectors.sql.connector import SqlConnector
from connectors.sql.dialect import ColumnRow, KeyRow, RelationRow, ViewRow
from connectors.testing import Conformance

URL = "oceanbase_oracle://reader%40mz%23dist:S3cret@db.example:2883/"
CHANGED = datetime(2024, 3, 1, 8, 30)

RELATIONS = [
    (None, "MZ", "T_JZ", "table", "救助", Decimal(20), None, None, CHANGED, CHANGED, "partitioned"),
    (None, "MZ", "T_A", "table", None, None, None, None, CHANGED, None, None),
]
COLUMNS = [
    ("MZ", "T_JZ", "ID", "NUMBER(10)", None, "N", None, "编号"),
    ("MZ", "T_JZ", "XM", "VARCHAR2(50)", None, "Y", "'无'", None),
    ("MZ", "T_A", "ID", "NUMBER", None, "Y", None, None),
]
KEYS = [("MZ", "T_JZ", "p", "T_JZ_OBPK_1", "ID", None, None, None, Decimal(1))]
ANSWERS: dict[str, Any] = {
    "FROM DUAL": [(1,)],
    "FROM ALL_OBJECTS o": RELATIONS,
    "FROM ALL_TAB_COLUMNS": COLUMNS,
    "FROM ALL_CONSTRAINTS": KEYS,
    'FROM "MZ"."T_JZ"': [(Decimal(1), "张三")],
}


@pytest.fixture
def oceanbase(recorded: Any) -> Any:
    def autocommit(connection: Any, on: bool) -> None:
        connection.auto = on

    return recorded("pyoceanbase", ANSWERS, one_result=True, autocommit=autocommit)


def test_assets(oceanbase: Any, opened: Any) -> None:
    source = opened("oceanbase-oracle", URL)
    assert [asset.name for asset in source.assets()] == ["T_A", "T_JZ"]
    assert list(source.assets())[1] == Asset(
        department="民政",
        system="rescue",
        schema="MZ",
        name="T_JZ",
        comment="救助",
        row_estimate=20,
        changed_at="2024-03-01T08:30:00",
        statistics_at="2024-03-01T08:30:00",
        variant="partitioned",
        primary_key=("ID",),
        columns=(
            Column("ID", 1, "NUMBER(10)", "NUMBER", False, "编号", precision=10),
            Column("XM", 2, "VARCHAR2(50)", "VARCHAR", True, None, "'无'", length=50),
        ),
    )
    assert source.failures == []
    assert oceanbase.connected[0]["user"] == "reader@mz#dist"


def test_sessions_are_bounded_and_transactions_read_only(oceanbase: Any, opened: Any) -> None:
    source = opened("oceanbase-oracle", URL, options={"statement_timeout": 60})
    (asset, *_) = source.assets()
    source.sample(asset, 5)
    assert len(oceanbase.about("ob_query_timeout = 60000000")) == len(oceanbase.connections)
    assert len(oceanbase.about("SET TRANSACTION READ ONLY")) == len(oceanbase.connections) - 1
    *_, bound, (_, statement) = oceanbase.sent
    assert bound[1] == "ALTER SESSION SET ob_query_timeout = 5000000"
    assert " ".join(statement.split()).endswith('FROM "MZ"."T_A") anon_1 WHERE ROWNUM <= 5')
    assert oceanbase.connections[-1].auto is True
    assert {connection._read_timeout for connection in oceanbase.connections} == {70}


def test_statements(oceanbase: Any, opened: Any) -> None:
    list(opened("oceanbase-oracle", URL).assets())
    rows = {"ALL_OBJECTS o": RelationRow, "ALL_TAB_COLUMNS": ColumnRow, "ALL_CONSTRAINTS": KeyRow, "ALL_VIEWS": ViewRow}
    for part, row in rows.items():
        found = oceanbase.about(f"FROM {part}")
        assert found
        for statement in found:
            assert len(sqlglot.parse_one(statement, dialect="oracle").selects) == len(row._fields)
            assert "MVIEW" not in statement


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        (1045, SourceFatalError, "refuses this user or password"),
        (1017, SourceFatalError, "refuses this user or password"),
        (1235, SourceFatalError, "refuses this driver"),
        (2003, SourceRetryError, "cannot be reached"),
        (942, SourceFatalError, "not there any more"),
        (600, SourceFatalError, "answered with an error (ORA-00600)"),
    ],
)
def test_troubles(oceanbase: Any, opened: Any, code: int, kind: type[Exception], told: str) -> None:
    oceanbase.answers["connect"] = oceanbase.error(code, "S3cret")
    with pytest.raises(kind) as caught:
        opened("oceanbase-oracle", URL).probe()
    assert told in str(caught.value)
    assert "S3cret" not in str(caught.value)


def test_a_scheme_of_the_mysql_tenant_is_refused(opened: Any) -> None:
    with pytest.raises(ConfigurationError, match="known: oceanbase_oracle://"):
        opened("oceanbase-oracle", "oceanbase://u:p@h/d")


class TestOceanBaseOracle(Conformance):
    @pytest.fixture
    def config(self, oceanbase: Any) -> SystemConfig:
        return SystemConfig(department="d", id="s", connector="oceanbase-oracle", url=URL)

    def open(self, config: SystemConfig) -> SqlConnector:
        return SqlConnector(config)
