"""A driver that is not installed is told before anything is opened, with the command that installs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from connectors.base import ConfigurationError, SourceFatalError, SystemConfig
from connectors.sql.connector import SqlConnector
from connectors.sql.dialect import Driver
from connectors.sql.mariadb import DIALECT as MARIADB
from connectors.sql.postgresql import DIALECT as POSTGRESQL
from connectors.sql.postgresql import PostgreSQL

ABSENT = "no_such_driver"


def config(connector: str, url: str) -> SystemConfig:
    return SystemConfig(department="民政", id="rescue", connector=connector, url=url)


@pytest.mark.parametrize(
    ("extra", "remedy"),
    [
        ("oracle", "pip install 'public-data-catalog[oracle]'"),
        (None, "install the package no_such_driver that came with the database; see docs/connectors.md"),
    ],
)
def test_a_missing_driver_is_one_sentence(monkeypatch: pytest.MonkeyPatch, extra: str | None, remedy: str) -> None:
    monkeypatch.setattr(PostgreSQL, "driver", Driver(ABSENT, extra))
    with pytest.raises(ConfigurationError) as caught:
        SqlConnector(config("postgresql", "postgresql://u:S3cret@127.0.0.1:1/d"))
    assert str(caught.value) == f"民政/rescue: the driver {ABSENT} is not installed ({remedy})"


def test_a_driver_whose_library_is_missing_is_not_a_crash(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def create_without_library(*_: object, **__: object) -> None:
        raise ImportError("libkci.so.5: cannot open shared object file")

    monkeypatch.setattr("sqlalchemy.create_engine", create_without_library)
    with pytest.raises(SourceFatalError, match="is installed but cannot be loaded"):
        opened("postgresql", "postgresql://u:p@127.0.0.1:1/d").probe()


def test_a_name_with_a_hyphen_is_a_module_with_an_underscore(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr("connectors.sql.connector.find_spec", looked.append)
    with pytest.raises(ConfigurationError, match="no database dialect 'oceanbase-none'"):
        SqlConnector(config("oceanbase-none", "oceanbase-none://u:p@h/d"))
    assert looked == ["connectors.sql.oceanbase_none"]


def test_postgresqls_grants_are_enough_and_needed(postgres_url: str, fill: Any, opened: Any) -> None:
    role = f'o"dd {make_url(postgres_url).database}'
    quoted = role.replace('"', '""')
    fill(postgres_url, "CREATE SCHEMA s; CREATE TABLE s.t (a int); INSERT INTO s.t VALUES (7)")
    fill(postgres_url, f"CREATE ROLE \"{quoted}\" LOGIN PASSWORD 'reader-pw'")
    url = make_url(postgres_url).set(username=role, password="reader-pw").render_as_string(hide_password=False)
    with pytest.raises(SourceFatalError, match="may read none"):
        opened("postgresql", url).probe()
    fill(postgres_url, "; ".join(POSTGRESQL.grants(role)).replace("<schema>", "s"))
    source = opened("postgresql", url)
    assert [source.sample(asset, 1) for asset in source.assets()] == [{"a": [7]}]


def test_mariadbs_grants_are_enough_and_no_more(mariadb_url: str, opened: Any) -> None:
    url = make_url(mariadb_url)
    reader = f"o'd{url.database}"[:30]
    with create_engine(mariadb_url, poolclass=NullPool).connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a int)")
        connection.exec_driver_sql("CREATE VIEW v AS SELECT a FROM t")
        connection.exec_driver_sql(f"CREATE USER '{reader.replace(chr(39), chr(39) * 2)}'@'%%' IDENTIFIED BY 'pw'")
        for grant in MARIADB.grants(reader):
            connection.exec_driver_sql(grant.replace("%", "%%").replace("<database>", f"`{url.database}`"))
    as_reader = url.set(username=reader, password="pw")
    assets = {a.name: a for a in opened("mariadb", as_reader.render_as_string(hide_password=False)).assets()}
    assert [source.table for source in assets["v"].columns[0].sources] == [f"{url.database}.t"]
    with (
        create_engine(as_reader, poolclass=NullPool).connect() as connection,
        pytest.raises(DBAPIError, match="denied"),
    ):
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")


def test_dialects_load_without_their_drivers() -> None:
    """No module in connectors/sql imports a driver when it is loaded."""
    folder = Path(__file__).resolve().parents[3] / "connectors" / "sql"
    for file in folder.glob("*.py"):
        lines = file.read_text(encoding="utf-8").splitlines()
        tops = [line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))]
        assert not {"oracledb", "pymssql", "pyodbc", "pytds", "dmPython", "ksycopg2", "psycopg2"} & set(tops), file
