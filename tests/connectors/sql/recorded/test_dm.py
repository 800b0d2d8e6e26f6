"""达梦 DM8, from recorded rows, through its vendor's SQLAlchemy dialect replaced by Oracle's."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
import sqlglot
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.oracle.base import OracleDialect

from connectors.base import SourceFatalError, SourceRetryError, SystemConfig
from connectors.model import Asset, Column, ColumnSource, ForeignKey
from connectors.sql.connector import SqlConnector
from connectors.sql.dialect import ColumnRow, KeyRow, RelationRow, ViewRow
from connectors.sql.dm import DIALECT
from connectors.testing import Conformance

URL = "dm://SYSDBA:S3cret@db.example:5236/"
CHANGED = datetime(2024, 3, 1, 8, 30)

# As GB18030 orders them: 低保 before 救助, but 張 (a character beyond GB2312) after both.
RELATIONS = [
    (None, "MZ", "##PLAN_TABLE", "table", None, None, None, None, CHANGED, None, None),
    (None, "MZ", "低保", "table", "低保对象", 20, None, None, CHANGED, CHANGED, None),
    (None, "MZ", "救助", "table", " ", None, None, None, CHANGED, None, "partitioned"),
    (None, "MZ", "V_JZ", "view", None, None, None, None, CHANGED, None, None),
    (None, "MZ", "張", "table", None, None, None, None, None, None, None),
]
COLUMNS = [
    ("MZ", "救助", "编号", "BIGINT", None, "N", None, "编号"),
    ("MZ", "救助", "金额", "DEC(10,2)", None, "Y", "0", None),
    ("MZ", "低保", "编号", "BIGINT", None, "N", None, None),
    ("MZ", "低保", "身份证号", "VARCHAR(18)", None, "Y", "NULL", "身份证号"),
    ("MZ", "V_JZ", "编号", "BIGINT", None, "Y", None, None),
    ("MZ", "張", "ID", "INTEGER", None, "N", None, None),
]
KEYS = [
    ("MZ", "救助", "f", "CONS134218764", "编号", "MZ", "低保", "编号", 1),
    ("MZ", "救助", "p", "CONS134218763", "编号", None, None, None, 1),
    ("MZ", "低保", "p", "CONS134218761", "编号", None, None, None, 1),
]
VIEWS = [("MZ", "V_JZ", 'CREATE OR REPLACE VIEW "MZ"."V_JZ" AS SELECT j.编号 FROM 救助 j;', None)]
ANSWERS: dict[str, Any] = {
    "FROM DUAL": [(1,)],
    "FROM ALL_OBJECTS o": RELATIONS,
    "FROM ALL_TAB_COLUMNS": COLUMNS,
    "FROM ALL_CONSTRAINTS": KEYS,
    "FROM ALL_VIEWS": VIEWS,
    'FROM "MZ"."低保"': [(1, "x" * 18)],
}


class Stand(OracleDialect):
    """What the vendor's dialect does for us: open a connection, and quote as Oracle does."""

    supports_statement_cache = True
    driver = "dmPython"

    @classmethod
    def import_dbapi(cls) -> Any:
        import dmPython  # type: ignore[import-not-found]

        return dmPython

    def create_connect_args(self, url: Any) -> Any:
        return [], {"user": url.username, "password": url.password, "server": url.host}

    def initialize(self, connection: Any) -> None:
        self.server_version_info = (8, 1)
        self.default_isolation_level = "READ COMMITTED"

    def set_isolation_level(self, dbapi_connection: Any, level: str) -> None:
        dbapi_connection.autoCommit = level == "AUTOCOMMIT"

    def get_isolation_level_values(self, dbapi_connection: Any) -> list[str]:
        return ["AUTOCOMMIT", "READ COMMITTED"]


@pytest.fixture
def dm(recorded: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(registry.impls, "dm.dmPython", lambda: Stand)
    recorded("dmSQLAlchemy", {})
    recording = recorded("dmPython", ANSWERS)
    import dmPython

    dmPython.DSQL_MODE_READ_ONLY = 1
    return recording


def test_assets_in_code_point_order_whatever_the_servers_is(dm: Any, opened: Any) -> None:
    source = opened("dm", URL)
    assets = list(source.assets())
    assert source.failures == []
    assert [asset.name for asset in assets] == ["V_JZ", "低保", "張", "救助"]
    assert assets[1] == Asset(
        department="民政",
        system="rescue",
        schema="MZ",
        name="低保",
        comment="低保对象",
        row_estimate=20,
        changed_at="2024-03-01T08:30:00",
        statistics_at="2024-03-01T08:30:00",
        primary_key=("编号",),
        columns=(
            Column("编号", 1, "BIGINT", "BIGINT", False),
            Column("身份证号", 2, "VARCHAR(18)", "VARCHAR", True, "身份证号", length=18),
        ),
    )
    relief = assets[3]
    assert (relief.comment, relief.variant, relief.primary_key) == (None, "partitioned", ("编号",))
    assert relief.foreign_keys == (ForeignKey(("编号",), "MZ.低保", ("编号",)),)
    assert assets[0].columns[0].sources == (ColumnSource("MZ.救助", "编号"),)


def test_the_connection_is_read_only_and_bounded(dm: Any, opened: Any) -> None:
    opened("dm", URL, options={"statement_timeout": 60}).probe()
    arguments = dm.connected[0]
    assert {key: arguments[key] for key in ("access_mode", "login_timeout", "connection_timeout", "local_code")} == {
        "access_mode": 1,
        "login_timeout": 10,
        "connection_timeout": 60,
        "local_code": 1,
    }


def test_statements(dm: Any, opened: Any) -> None:
    source = opened("dm", URL)
    list(source.assets())
    assert source.statements == 5
    rows = {"ALL_OBJECTS o": RelationRow, "ALL_TAB_COLUMNS": ColumnRow, "ALL_CONSTRAINTS": KeyRow, "ALL_VIEWS": ViewRow}
    for part, row in rows.items():
        for statement in dm.about(f"FROM {part}"):
            assert len(sqlglot.parse_one(statement, dialect="oracle").selects) == len(row._fields)
            assert "CONVERT" not in statement
    (columns,) = dm.about("FROM ALL_TAB_COLUMNS")
    assert "d.SCHEMA_NAME = c.OWNER" in columns
    assert "'SYSDBA'" not in columns
    # Partitions are tables there.
    assert all("s.ID = o.OBJECT_ID AND s.PID > 0" in statement for statement in dm.about("FROM ALL_OBJECTS o"))


def test_a_sample(dm: Any, opened: Any) -> None:
    source = opened("dm", URL)
    (asset,) = (asset for asset in source.assets() if asset.name == "低保")
    assert source.sample(asset, 5) == {"编号": [1], "身份证号": ["x" * 18]}
    assert dm.connections[-1].autoCommit is True


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        (-2501, SourceFatalError, "refuses this user or password"),
        (-70028, SourceRetryError, "cannot be reached"),
        (-70019, SourceRetryError, "connection was lost"),
        (-2106, SourceFatalError, "not there any more"),
        (-9999, SourceFatalError, "answered with an error (-9999)"),
    ],
)
def test_troubles(dm: Any, opened: Any, code: int, kind: type[Exception], told: str) -> None:
    dm.answers["connect"] = dm.error(SimpleNamespace(code=code, message="S3cret"))
    with pytest.raises(kind) as caught:
        opened("dm", URL).probe()
    assert told in str(caught.value)
    assert "S3cret" not in str(caught.value)


def test_grants() -> None:
    assert DIALECT.grants("reader") == (
        'GRANT SOI TO "reader"',
        'GRANT VTI TO "reader"',
        'GRANT SELECT ON <schema>.<table> TO "reader"',
    )


class TestDM(Conformance):
    @pytest.fixture
    def config(self, dm: Any) -> SystemConfig:
        return SystemConfig(department="d", id="s", connector="dm", url=URL)

    def open(self, config: SystemConfig) -> SqlConnector:
        return SqlConnector(config)
