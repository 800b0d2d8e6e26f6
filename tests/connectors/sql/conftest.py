"""Databases that the SQL tests read: filled in one batch, and reflected in a way of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from connectors.base import SystemConfig
from connectors.sql.connector import SqlConnector

Fill = Callable[[str, str], None]
Opener = Callable[..., SqlConnector]


@pytest.fixture(scope="session")
def fill() -> Fill:
    """``fill(url, script)``: run a script of statements as an administrator."""

    def run(url: str, script: str) -> None:
        with contextlib.closing(create_engine(url, poolclass=NullPool).raw_connection()) as raw:
            cursor = raw.cursor()
            for statement in [script] if url.startswith("postgresql") else filter(str.strip, script.split(";\n")):
                cursor.execute(statement)
            raw.commit()

    return run


@pytest.fixture
def opened() -> Iterator[Opener]:
    """``opened(connector, url, **settings)``: a connector that is closed when the test ends."""
    with contextlib.ExitStack() as stack:

        def open_(connector: str, url: str | None = None, **settings: Any) -> SqlConnector:
            config = SystemConfig(department="民政", id="rescue", connector=connector, url=url, **settings)
            return stack.enter_context(contextlib.closing(SqlConnector(config)))

        yield open_


@pytest.fixture
def sent() -> Iterator[list[str]]:
    """Every statement that any engine sends while the test runs, as SQLAlchemy's own events see them."""
    statements: list[str] = []

    def note(_c: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)
