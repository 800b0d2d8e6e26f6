"""Configuration and connection problems: named with place and hint, and never with a password."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from connectors.base import ConfigurationError, SourceFatalError, SourceRetryError, SystemConfig
from connectors.sql.connector import SqlConnector
from connectors.sql.postgresql import DIALECT as POSTGRESQL

SECRET = "S3cret%40pw"


@pytest.mark.parametrize(
    ("connector", "settings", "told"),
    [
        ("postgresql", {}, "needs url"),
        ("postgresql", {"path": "/x.db"}, "needs url"),
        ("sqlite", {}, "needs path or url"),
        ("sqlite", {"url": "sqlite://"}, "names no file"),
        ("sqlite", {"url": "sqlite:///:memory:"}, "names no file"),
        ("postgresql", {"url": f"mysql://u:{SECRET}@h/d"}, "begins with mysql://"),
        ("postgresql", {"url": f"postgresql+asyncpg://u:{SECRET}@h/d"}, "known: postgresql://"),
        ("mysql", {"url": f"mysql+mysqldb://u:{SECRET}@h/d"}, "begins with mysql"),
        ("mariadb", {"url": f"//u:{SECRET}@h/d"}, "url cannot be read"),
        ("mariadb", {"url": f"mariadb://u:{SECRET}@h:port/d"}, "url cannot be read"),
        ("dialect", {"url": "x://h"}, "no database dialect"),
        ("../x", {"url": "x://h"}, "no database dialect"),
        ("sqlite", {"path": "x", "options": {"statement_timeout": -1}}, "statement_timeout must be"),
        ("sqlite", {"path": "x", "options": {"connect_timeout": "soon"}}, "connect_timeout must be"),
    ],
)
def test_configuration(connector: str, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told.replace("+", r"\+")) as caught:
        SqlConnector(SystemConfig(department="民政", id="rescue", connector=connector, **settings))
    assert "S3cret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_the_place_shows_no_password(scheme: str) -> None:
    url = f"{scheme}://u:{SECRET}@db.example:5433/rescue"
    source = SqlConnector(SystemConfig(department="d", id="s", connector="postgresql", url=url))
    assert source.place == "db.example:5433/rescue"
    assert "S3cret" not in repr(source.url)


@pytest.fixture(params=["postgres", "mariadb"])
def database(request: pytest.FixtureRequest) -> tuple[str, str]:
    make: Callable[[str], str] = request.getfixturevalue(f"{request.param}_database")
    return ("postgresql" if request.param == "postgres" else "mariadb"), make("errors")


def failing(opened: Any, connector: str, url: str) -> tuple[BaseException, str]:
    source = opened(connector, url, options={"connect_timeout": 2})
    for check in (source.probe, source.list_assets, lambda: list(source.assets())):
        with pytest.raises((SourceRetryError, SourceFatalError)) as caught:
            check()
    assert caught.value.failure.hint
    assert caught.value.failure.place == source.place
    assert "pdc-tests-only" not in "".join(traceback.format_exception(caught.value))
    return caught.value, str(caught.value)


def test_a_wrong_password_is_final(database: tuple[str, str], opened: Any) -> None:
    connector, url = database
    error, told = failing(opened, connector, url.replace("pdc-tests-only", "S3cret"))
    assert isinstance(error, SourceFatalError)
    assert "refuses this user or password" in told
    assert "S3cret" not in told


def test_a_missing_database_is_final(database: tuple[str, str], opened: Any) -> None:
    connector, url = database
    error, told = failing(opened, connector, url + "_none")
    assert isinstance(error, SourceFatalError)
    assert "does not exist" in told


def test_nobody_listening_may_pass(database: tuple[str, str], opened: Any) -> None:
    connector, url = database
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        before, _, after = url.rpartition(":")
        error, told = failing(opened, connector, f"{before}:{port}/{after.partition('/')[2]}")
    assert isinstance(error, SourceRetryError)
    assert "cannot be reached" in told


def test_a_host_that_never_answers_is_given_up(database: tuple[str, str], opened: Any) -> None:
    connector, url = database
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        before, _, after = url.rpartition(":")
        address = f"{before}:{silent.getsockname()[1]}/{after.partition('/')[2]}"
        with pytest.raises(SourceRetryError):
            opened(connector, address, options={"connect_timeout": 1}).probe()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('FATAL:  password authentication failed for user "x"', "28P01"),
        ('致命错误:  用户 "x" Password 认证失败 (28P01)', "28P01"),
        ('FATAL:  database "x" does not exist', "3D000"),
        ('致命错误:  数据库 "x" 不存在', "3D000"),
        ("FATAL:  sorry, too many clients already", "53300"),
        ("FATAL:  the database system is starting up", "57P03"),
        ("FATAL:  no pg_hba.conf entry for host", "28000"),
    ],
)
def test_libpqs_texts_without_a_code(text: str, code: str) -> None:
    assert POSTGRESQL.code(Exception(text)) == code
