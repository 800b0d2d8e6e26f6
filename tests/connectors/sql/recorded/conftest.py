"""Databases that cannot run here: SQLAlchemy's own dialect, on a driver that answers with recorded rows.

A recording maps a part of a statement to the rows that the database gave to it. The first part that the statement
contains counts, so that a statement is known by the dictionary view that it is about.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

Rows = Sequence[tuple[Any, ...]]
Answers = Mapping[str, Rows | Exception]

_LIMIT = re.compile(r"SELECT TOP (\d+) |FETCH FIRST (\d+) ROWS ONLY|ROWNUM <= (\d+)")


class Recording:
    """What was sent to the driver, and what it answers."""

    def __init__(self, answers: Answers, error: type[Exception]) -> None:
        self.answers = dict(answers)
        self.error = error
        self.connected: list[dict[str, Any]] = []
        """Arguments of each connection."""
        self.sent: list[tuple[int, str]] = []
        """Number of the connection and statement, in the order of time."""
        self.connections: list[Connection] = []

    def answer(self, statement: str) -> Rows:
        for part, rows in self.answers.items():
            if part in statement:
                if isinstance(rows, Exception):
                    raise rows
                limit = _LIMIT.search(statement)
                return rows[: int(limit[limit.lastindex or 0])] if limit else rows
        return []

    def about(self, part: str) -> list[str]:
        """The statements with this part in them."""
        return [statement for _, statement in self.sent if part in statement]


class Cursor:
    """PEP 249's, as far as SQLAlchemy asks for it."""

    arraysize = 100
    rowcount = -1
    description: list[tuple[Any, ...]] | None = None
    outputtypehandler: object = None

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._rows: Iterator[tuple[Any, ...]] = iter(())

    def execute(self, statement: str, parameters: object = None) -> None:
        self.connection.recording.sent.append((self.connection.number, statement))
        rows = self.connection.recording.answer(statement)
        if self.connection.one_result and re.match(r"\s*SELECT", statement):
            assert not self.connection.unread(), "another result is not read to its end"
            self.connection.reading = self
        width = len(rows[0]) if rows else 1
        selects = re.match(r"\s*SELECT", statement, re.IGNORECASE)
        self.description = [(f"c{i}", *[None] * 6) for i in range(width)] if selects else None
        self._rows = iter(rows)

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        return [row for _, row in zip(range(size or self.arraysize), self._rows, strict=False)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self._rows)

    def unread(self) -> bool:
        rest = list(self._rows)
        self._rows = iter(rest)
        return bool(rest)

    def setinputsizes(self, *_: object, **__: object) -> None:
        """Sizes mean nothing to recorded rows."""

    def close(self) -> None:
        self._rows = iter(())

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Connection:
    """Holds whatever attributes the dialects set on the drivers' own connections."""

    version = "19.22.0.0.0"
    server_version = "8.1.3.62"
    local_code = 1
    thin = True
    max_identifier_length = 128
    one_result = False

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.reading: Cursor | None = None
        self.number = len(recording.connections)
        recording.connections.append(self)
        self.auto = False

    def unread(self) -> bool:
        return self.reading is not None and self.reading.unread()

    def cursor(self) -> Cursor:
        return Cursor(self)

    def commit(self) -> None:
        self.recording.sent.append((self.number, "COMMIT"))

    def rollback(self) -> None:
        self.recording.sent.append((self.number, "ROLLBACK"))

    def close(self) -> None:
        self.recording.sent.append((self.number, "CLOSE"))


class Driver(ModuleType):
    """A driver's module; a constant nobody gave it is its own name."""

    paramstyle = "named"
    version = __version__ = "3.0.0"
    threadsafety = 1
    apilevel = "2.0"

    def __getattr__(self, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return name


Recorded = Callable[..., Recording]


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """``recorded(module, answers, **attributes of a connection)``: the driver ``module`` from now on."""

    # Nobody is behind the address who could be asked what he really is.
    monkeypatch.setattr("connectors.sql.connector.really", lambda *_, **__: None)

    def install(name: str, answers: Answers, **attributes: Any) -> Recording:
        driver = Driver(name)
        driver.__spec__ = ModuleSpec(name, None)
        driver.defaults = SimpleNamespace()  # type: ignore[attr-defined]
        driver.Error = type("Error", (Exception,), {})  # type: ignore[attr-defined]
        for kind in ("Interface", "Database", "Operational", "Programming", "NotSupported", "Data", "Internal"):
            setattr(driver, f"{kind}Error", type(f"{kind}Error", (driver.Error,), {}))
        driver.IntegrityError = driver.Warning = driver.Error  # type: ignore[attr-defined]
        made = type("Connection", (Connection,), attributes)
        recording = Recording(answers, driver.DatabaseError)

        def connect(*_: object, **arguments: Any) -> Connection:
            recording.connected.append(arguments)
            if "connect" in recording.answers:
                raise recording.answers["connect"]  # type: ignore[misc]
            connection: Connection = made(recording)
            return connection

        driver.connect = connect  # type: ignore[attr-defined]
        driver.makedsn = lambda host, port, **names: f"{host}:{port}/{names}"  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, driver)
        return recording

    return install
