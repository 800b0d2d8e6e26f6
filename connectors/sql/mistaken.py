"""Which database a server really is, when it is not the one that the configuration says: asked only after a failure."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from connectors.sql.dialect import Dialect, Timeouts

PATIENCE = 2.0
"""Seconds to wait for a server's greeting, and for its answer."""
_PORTS = {"postgresql": 5432, "pdc_kindred": 5432, "mysql": 3306}
# PostgreSQL's SSLRequest, which any server of that family answers with one letter before anybody logs in.
_SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
_HANDSHAKE, _REFUSAL = 0x0A, 0xFF


class Server(NamedTuple):
    name: str
    connectors: tuple[str, ...]
    """Those that read it."""


_POSTGRES_FAMILY = Server("PostgreSQL or one of its relatives", ("postgresql", "kingbase", "opengauss", "gaussdb"))
_MYSQL_FAMILY = Server("MySQL, MariaDB or one of their relatives", ("mysql", "mariadb", "tidb", "oceanbase"))
# The first that fits: relatives name their ancestors, too.
_BY_VERSION = (
    (re.compile(r"kingbase", re.I), Server("KingbaseES", ("kingbase",))),
    (re.compile(r"gaussdb", re.I), Server("GaussDB", ("gaussdb", "opengauss"))),
    (re.compile(r"opengauss|vastbase|mogdb", re.I), Server("openGauss", ("opengauss", "gaussdb"))),
    (re.compile(r"postgresql \d", re.I), Server("PostgreSQL", ("postgresql",))),
    (re.compile(r"oceanbase", re.I), Server("OceanBase", ("oceanbase",))),
    (re.compile(r"tidb", re.I), Server("TiDB", ("tidb",))),
    (re.compile(r"mariadb", re.I), Server("MariaDB", ("mariadb", "mysql"))),
    (re.compile(r"^\d+\.\d+\.\d+"), Server("MySQL", ("mysql", "mariadb"))),
)


def named(version: str) -> Server | None:
    """The server that calls itself so in ``version()``, or in the greeting of the MySQL protocol.

    >>> named("5.5.5-10.11.6-MariaDB-0+deb12u1").connectors
    ('mariadb', 'mysql')
    """
    return next((server for pattern, server in _BY_VERSION if pattern.search(version)), None)


def really(dialect: Dialect, url: URL, timeouts: Timeouts, connected: bool) -> Server | None:
    """The server behind ``url`` when ``dialect`` is not for it; None when it is, or nobody can tell.

    ``connected``: whether the driver got as far as to an answer of the server.
    """
    found = _by_version(dialect, url, timeouts) if connected else _by_protocol(url)
    return found if found and dialect.name not in found.connectors else None


def _by_version(dialect: Dialect, url: URL, timeouts: Timeouts) -> Server | None:
    """Without the statements that begin a session: it may be those that the server does not know."""
    with suppress(Exception):
        arguments = dialect.connect_arguments(url, timeouts)
        engine = sa.create_engine(dialect.address(url), poolclass=NullPool, connect_args=arguments)
        with engine.connect() as connection:
            return named(str(connection.exec_driver_sql("SELECT version()").scalar()))
    return None


def _by_protocol(url: URL) -> Server | None:
    port = url.port or _PORTS.get(url.get_backend_name())
    if not url.host or not port:
        return None
    try:
        with socket.create_connection((url.host, port), PATIENCE) as wire:
            wire.settimeout(PATIENCE)
            return _greeted(wire) or _asked(wire)
    except OSError:
        return None


def _greeted(wire: socket.socket) -> Server | None:
    """A server of MySQL's family speaks first: length, number, 10, its version up to a NUL."""
    try:
        greeting = wire.recv(256)
    except TimeoutError:
        return None
    if len(greeting) < 6 or greeting[4] not in (_HANDSHAKE, _REFUSAL):
        return None
    version = greeting[5:].partition(b"\0")[0].decode("ascii", "replace")
    return (named(version) if greeting[4] == _HANDSHAKE else None) or _MYSQL_FAMILY


def _asked(wire: socket.socket) -> Server | None:
    wire.sendall(_SSL_REQUEST)
    return _POSTGRES_FAMILY if wire.recv(1) in (b"S", b"N") else None
