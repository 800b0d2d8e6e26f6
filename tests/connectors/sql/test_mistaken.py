"""A connector that is pointed at another kind of server says which one it is, in one sentence."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import make_url

from connectors.base import ConnectorError, SourceFatalError, SourceRetryError
from connectors.sql.connector import SqlConnector
from connectors.sql.mistaken import named


@pytest.fixture
def urls(postgres_database: Callable[[str], str], mariadb_database: Callable[[str], str]) -> dict[str, str]:
    return {"postgresql": postgres_database("mistaken"), "mysql": mariadb_database("mistaken")}


def read_all(source: SqlConnector) -> None:
    source.probe()
    source.list_assets()
    list(source.assets())


@pytest.mark.parametrize(
    ("connector", "behind", "seems", "hint"),
    [
        ("opengauss", "postgresql", "no opengauss: it seems to be PostgreSQL", "connector: postgresql"),
        ("gaussdb", "postgresql", "no gaussdb: it seems to be PostgreSQL", "connector: postgresql"),
        ("oceanbase", "mysql", "no oceanbase: it seems to be MariaDB", "connector: mariadb or mysql"),
        (
            "mysql",
            "postgresql",
            "it seems to be PostgreSQL or one of its relatives",
            "connector: postgresql or kingbase",
        ),
        (
            "tidb",
            "postgresql",
            "it seems to be PostgreSQL or one of its relatives",
            "connector: postgresql or kingbase",
        ),
        ("postgresql", "mysql", "it seems to be MariaDB", "connector: mariadb or mysql"),
        ("opengauss", "mysql", "it seems to be MariaDB", "connector: mariadb or mysql"),
    ],
)
def test_another_server_is_named(
    opened: Any, urls: dict[str, str], connector: str, behind: str, seems: str, hint: str
) -> None:
    scheme = {"mysql": "mysql", "tidb": "tidb", "oceanbase": "mysql"}.get(connector, "postgresql")
    address = make_url(urls[behind]).set(drivername=scheme).render_as_string(hide_password=False)
    source = opened(connector, address, options={"connect_timeout": 1})
    with pytest.raises(SourceFatalError, match=seems) as caught:
        read_all(source)
    assert (caught.value.failure.hint or "").startswith(hint)
    assert caught.value.failure.place == source.place
    assert "pdc-tests-only" not in str(caught.value)


@pytest.mark.parametrize("words", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"\0\0", b"\xff" * 300])
def test_what_is_no_database_stays_what_it_was(opened: Any, words: bytes) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def serve() -> None:
            for _ in range(2):
                talking, _ = listening.accept()
                talking.sendall(words)
                talking.close()

        threading.Thread(target=serve, daemon=True).start()
        address = f"mysql://u:p@127.0.0.1:{listening.getsockname()[1]}/d"
        started = time.monotonic()
        with pytest.raises(ConnectorError) as caught:
            opened("mysql", address, options={"connect_timeout": 1}).probe()
        assert "seems" not in str(caught.value)
        assert time.monotonic() - started < 8


def test_a_server_that_is_away_is_not_asked_again(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("connectors.sql.connector.really", lambda *_, **__: asked.append(1))
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"postgresql://u:p@127.0.0.1:{unused.getsockname()[1]}/d"
        with pytest.raises(SourceRetryError, match="cannot be reached"):
            opened("postgresql", address).probe()
    assert asked == []


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("PostgreSQL 15.6 (Debian 15.6-0+deb12u1) on x86_64-pc-linux-gnu", "PostgreSQL"),
        ("(openGauss 5.0.2 build 48a25b11) compiled at 2024-05-14", "openGauss"),
        ("PostgreSQL 9.2.4 (Vastbase G100 V2.2 (Build 5.83))", "openGauss"),
        ("gaussdb (GaussDB Kernel 505.1.0 build 44f4fa53)", "GaussDB"),
        ("KingbaseES V008R006C008B0014 on x86_64-pc-linux-gnu", "KingbaseES"),
        ("10.11.6-MariaDB-0+deb12u1", "MariaDB"),
        ("8.0.36", "MySQL"),
        ("8.0.11-TiDB-v7.5.0", "TiDB"),
        ("5.7.25-OceanBase-v4.2.1.0", "OceanBase"),
        ("SSH-2.0-OpenSSH_9.2", None),
    ],
)
def test_versions_tell_who_is_who(version: str, name: str | None) -> None:
    found = named(version)
    assert (found.name if found else None) == name
