"""TiDB and OceanBase, played by MariaDB as far as it can: the same statements by their names, and recorded answers.

Neither was here. MariaDB knows no ``ob_…`` settings, so those are taken out of what is sent to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from unittest.mock import Mock

import msgspec
import pymysql
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from connectors.base import SourceFatalError, SystemConfig
from connectors.sql.dialect import Timeouts
from connectors.sql.mysql import DIALECT as MYSQL
from connectors.sql.mysql import MySQL
from connectors.sql.oceanbase import DIALECT as OCEANBASE
from connectors.sql.oceanbase import OceanBase
from connectors.sql.tidb import DIALECT as TIDB
from connectors.testing import Conformance

PEOPLE = """
CREATE TABLE `人员 100%` (id int AUTO_INCREMENT PRIMARY KEY, 身份证号 varchar(18) NOT NULL UNIQUE COMMENT '证''号',
  photo mediumblob, story longtext) COMMENT '人员'
;
INSERT INTO `人员 100%` (身份证号, story) SELECT concat('x', seq), repeat('长', 5000) FROM seq_1_to_9
;
CREATE TABLE child (a int, b int, PRIMARY KEY (b, a), FOREIGN KEY (a) REFERENCES `人员 100%` (id))
;
CREATE VIEW v AS SELECT c.a, p.身份证号 AS sfzh FROM child c JOIN `人员 100%` p ON p.id = c.a"""


@pytest.fixture
def without_ob(monkeypatch: pytest.MonkeyPatch) -> None:
    """What OceanBase's sessions set, without what only OceanBase knows."""
    own = OceanBase.session

    def session(self: OceanBase, timeouts: Timeouts) -> Iterator[str]:
        return (statement for statement in own(self, timeouts) if " ob_" not in statement)

    def bound(self: OceanBase, connection: Connection, timeouts: Timeouts) -> None:
        MySQL.bound_samples(self, connection, timeouts)

    monkeypatch.setattr(OceanBase, "session", session)
    monkeypatch.setattr(OceanBase, "bound_samples", bound)


@pytest.fixture
def people(mariadb_url: str, fill: Any) -> str:
    fill(mariadb_url, PEOPLE)
    return mariadb_url.replace("mariadb+pymysql", "mysql")


class TestTiDB(Conformance):
    @pytest.fixture
    def config(self, people: str) -> SystemConfig:
        return SystemConfig(department="d", id="s", connector="tidb", url=people.replace("mysql://", "tidb://"))


@pytest.mark.usefixtures("without_ob")
class TestOceanBase(Conformance):
    @pytest.fixture
    def config(self, people: str) -> SystemConfig:
        url = people.replace("mysql://", "oceanbase+pymysql://")
        return SystemConfig(department="d", id="s", connector="oceanbase", url=url)


@pytest.mark.parametrize("connector", ["tidb", "oceanbase"])
@pytest.mark.usefixtures("without_ob")
def test_the_assets_are_those_that_the_mysql_connector_reads(people: str, opened: Any, connector: str) -> None:
    expected = list(opened("mysql", people).assets())
    source = opened(connector, people)
    found = list(source.assets())
    assert [msgspec.structs.replace(asset, changed_at=None) for asset in found] == [
        msgspec.structs.replace(asset, changed_at=None) for asset in expected
    ]
    assert [asset.name for asset in found] == ["child", "v", "人员 100%"]
    assert source.sample(found[2], 3)["身份证号"] == ["x1", "x2", "x3"]
    assert source.sample(found[1], 3) == {"a": [], "sfzh": []}
    assert source.failures == []


@pytest.mark.parametrize("connector", ["tidb", "oceanbase"])
@pytest.mark.usefixtures("without_ob")
def test_without_a_database_the_servers_own_are_left_out(people: str, opened: Any, connector: str) -> None:
    names = opened(connector, people.rsplit("/", 1)[0]).list_assets().names
    assert f"{make_url(people).database}.child" in names
    assert not [name for name in names if name.split(".")[0] in ("mysql", "sys", "information_schema")]
    own = {TIDB: ("'metrics_schema'", "'lightning_task_info'"), OCEANBASE: ("'oceanbase'", "'__recyclebin'")}
    for dialect, schemas in own.items():
        statement = dialect._statement(dialect.COLUMNS, make_url("mysql://h/"))
        assert "LOWER(TABLE_SCHEMA) NOT IN ('information_schema', " in statement
        assert all(schema in statement for schema in schemas)


def named(statements: Iterable[str], word: str) -> list[str]:
    return [statement for statement in statements if word in statement]


def test_tidb_is_not_sent_what_it_refuses() -> None:
    assert named(MYSQL.session(Timeouts()), "READ ONLY")
    assert not named(TIDB.session(Timeouts()), "READ ONLY")
    assert named(TIDB.session(Timeouts()), "sql_mode = ''")


def test_oceanbase_has_timeouts_of_its_own() -> None:
    told = list(OCEANBASE.session(Timeouts()))
    assert not named(told, "lock_wait_timeout")
    assert named(told, "ob_query_timeout") == ["SET SESSION ob_query_timeout = 86400000000"]
    assert named(told, "READ ONLY")
    connection = Mock()
    OCEANBASE.bound_samples(connection, Timeouts(sample=3))
    connection.exec_driver_sql.assert_called_once_with("SET SESSION ob_query_timeout = 3000000")


def test_comments_of_oceanbases_tables_without_engine_are_kept() -> None:
    assert "ENGINE IS NULL" in MYSQL.RELATIONS
    assert "ENGINE IS NULL" not in OCEANBASE.RELATIONS
    assert "NULLIF(TABLE_COMMENT, '')" in OCEANBASE.RELATIONS


def test_a_refused_user_of_oceanbase_is_told_how_users_are_called(people: str, opened: Any) -> None:
    url = make_url(people).set(drivername="oceanbase", username="reader@tenant#cluster", password="S3cret")
    address = url.render_as_string(hide_password=False)
    with pytest.raises(SourceFatalError, match="written user%40tenant%23cluster") as caught:
        opened("oceanbase", address).probe()
    assert "S3cret" not in str(caught.value)


@pytest.mark.parametrize("written", ["reader%40tenant%23cluster", "reader@tenant#cluster"])
def test_both_ways_to_write_a_tenants_user_are_read(opened: Any, written: str) -> None:
    source = opened("oceanbase", f"oceanbase://{written}:p@db.example:2881/d")
    assert (source.url.username, source.place) == ("reader@tenant#cluster", "db.example:2881/d")


@pytest.mark.parametrize(
    ("dialect", "code", "told"),
    [
        (OCEANBASE, 1235, "connector: oceanbase-oracle"),
        (OCEANBASE, 4012, "try again later"),
        (OCEANBASE, 1045, "user@tenant#cluster"),
        (TIDB, 1045, "check user and password in url"),
        (TIDB, 9005, "try again later"),
        (TIDB, 8175, "raise tidb_mem_quota_query"),
    ],
)
def test_their_own_errors(dialect: MySQL, code: int, told: str) -> None:
    trouble = dialect.trouble(pymysql.OperationalError(code, "S3cret"))
    assert told in trouble.hint
    assert "S3cret" not in trouble.what


def test_a_version_of_theirs_is_understood() -> None:
    for told in ("8.0.11-TiDB-v7.5.0", "5.7.25-TiDB-v6.1.0", "5.7.25-OceanBase-v4.2.1.0", "5.6.25-v3.1.4"):
        dialect = sa.create_engine("mysql+pymysql://h/d").dialect
        assert dialect._parse_server_version(told)[:2] >= (5, 6)
        assert not dialect.is_mariadb
