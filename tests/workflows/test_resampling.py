"""An asset of the same structure is sampled again when its source says that its rows have changed since."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from classifiers.evidence import Evidence, TableInput
from connectors.base import SystemConfig
from workflows.harvest import HarvestOptions, harvest
from workflows.harvest_result import SystemResult
from workflows.store import Store
from workflows.store_records import Known
from workflows.unchanged import rows_changed

START = datetime(2026, 3, 1, 8, tzinfo=timezone.utc)
Reader = Callable[..., tuple[SystemResult, list[str]]]


@pytest.fixture
def read(store: Store) -> Reader:
    """``read(connector, after=hours, path=…)``: one harvest, so many hours after `START`, and the sampled values."""

    def run(connector: str, after: float, **config: Any) -> tuple[SystemResult, list[str]]:
        seen: list[str] = []

        def observe(
            table: TableInput, sample: dict[str, Sequence[Any]], *, as_of: date
        ) -> dict[str, tuple[Evidence, ...]]:
            seen.extend(sorted({str(value) for values in sample.values() for value in values}))
            return {}

        at = (START + timedelta(hours=after)).isoformat(timespec="seconds")
        given = SystemConfig(department="dept", id="sys", connector=connector, **config)
        result = harvest(
            store,
            [given],
            run=store.start_run("harvest", at),
            at=at,
            as_of=START.date(),
            options=HarvestOptions(),
            observe=observe,
        )
        (system,) = result.systems
        assert system.failed == []
        return system, seen

    return run


def write(path: Path, after: float, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(statement)
    touch(path, after)


def touch(path: Path, after: float) -> None:
    moment = (START + timedelta(hours=after)).timestamp()
    os.utime(path, (moment, moment))


def test_a_sqlite_file_that_was_written_to_is_sampled_again_and_then_left_alone(read: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    write(path, -100, "CREATE TABLE t (备注 TEXT); INSERT INTO t VALUES ('old')")
    assert read("sqlite", 0, path=str(path))[1] == ["old"]
    assert read("sqlite", 30, path=str(path))[1] == []
    write(path, 40, "UPDATE t SET 备注 = 'new'")
    system, seen = read("sqlite", 41, path=str(path))
    assert (seen, system.unchanged, system.changed) == (["new"], 1, 0)
    # Within the look-back once more, for clocks differ, and never again after it.
    assert read("sqlite", 50, path=str(path))[1] == ["new"]
    assert read("sqlite", 90, path=str(path))[1] == ["new"]
    assert read("sqlite", 91, path=str(path))[1] == []
    assert read("sqlite", 200, path=str(path))[1] == []


@pytest.mark.parametrize("text", ["备注,数量\n{},1\n", "{},1\n\n"])
def test_a_newer_file_of_a_family_is_sampled_though_its_columns_are_the_same(
    read: Reader, tmp_path: Path, text: str
) -> None:
    def drop(name: str, value: str, after: float) -> None:
        (tmp_path / name).write_text(text.format(value))
        touch(tmp_path / name, after)

    drop("jz_20260101.csv", "old", -100)
    assert "old" in read("files", 0, path=str(tmp_path))[1]
    drop("jz_20260201.csv", "new", 10)
    assert "new" in read("files", 12, path=str(tmp_path))[1]


def test_a_mariadb_table_whose_rows_were_replaced_is_sampled_again(
    read: Reader, mariadb_url: str, store: Store
) -> None:
    def say(*statements: str) -> None:
        with create_engine(mariadb_url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    # The server's clock is today's.
    hours = (datetime.now(timezone.utc) - START).total_seconds() / 3600
    say("CREATE TABLE t (id int PRIMARY KEY, x varchar(20))", "INSERT INTO t VALUES (1, 'old')")
    assert "old" in read("mariadb", hours, url=mariadb_url)[1]
    say("UPDATE t SET x = 'new'")
    assert "new" in read("mariadb", hours + 0.1, url=mariadb_url)[1]
    assert "new" in read("mariadb", hours + 25, url=mariadb_url)[1]
    assert read("mariadb", hours + 26, url=mariadb_url)[1] == []


SAMPLED = "2026-03-02T08:00:00+08:00"
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("stored", "stamp", "changed_at", "expected"),
    [
        ("", "", None, False),
        ("", "", "no time", False),
        ("", "", "2026-03-01T00:00:00+00:00", True),
        ("", "", "2026-02-28T23:59:59+00:00", False),
        ("a", "b", None, True),
        ("a", "a", "2026-01-01T00:00:00+00:00", False),
        ("a", "", "2026-01-01T00:00:00+00:00", False),
        ("", "b", "2026-01-01T00:00:00+00:00", False),
        # A clock that goes wrong would have it sampled for ever.
        ("", "", "2099-01-01T00:00:00+00:00", False),
    ],
)
def test_what_counts_as_other_rows(stored: str, stamp: str, changed_at: str | None, expected: bool) -> None:
    known = Known(1, "f", True, 0, False, 3, stored, "engine", SAMPLED)
    assert rows_changed(known, stamp, changed_at, "2026-03-09T08:00:00+08:00", DAY) is expected
    assert rows_changed(Known(1, "f", True, 0, False), stamp, changed_at, SAMPLED, DAY), "never sampled that we know"
