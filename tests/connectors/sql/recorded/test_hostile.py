"""Dictionaries full of names, types and texts that nobody would choose: no reading crashes, none invents anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import SystemConfig
from connectors.model import Asset, Listing, read_jsonl, write_jsonl
from connectors.sql.connector import SqlConnector
from connectors.sql.dialect import ColumnRow, KeyRow, RelationRow, ViewRow
from connectors.testing import NASTY_TEXTS
from connectors.types import DATA_TYPES

NAMES = st.sampled_from(NASTY_TEXTS) | st.text(min_size=1, max_size=30)
TEXTS = st.none() | NAMES
TYPES = st.sampled_from(["NUMBER(*,0)", "VARCHAR2(", "int", "(((", "varchar(max)", "LONG", "X.Y", ""]) | NAMES
VIEWS = (
    st.sampled_from(["select * from x", "CREATE VIEW v AS", "\0", "WITH a AS (SELECT 1) SELECT * FROM a, a"]) | TEXTS
)
VARIANTS = st.sampled_from([None, "materialized", "partitioned", "external"])


@st.composite
def dictionaries(draw: st.DrawFn, in_order: bool) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of relations, columns, keys and views, some of tables that are not there."""
    tables = draw(st.lists(st.tuples(NAMES, NAMES), unique=True, max_size=5))
    elsewhere = draw(st.lists(st.tuples(NAMES, NAMES), max_size=2))
    columns = {table: draw(st.lists(NAMES, unique=True, max_size=4)) for table in (*tables, *elsewhere)}

    def ordered(rows: Sequence[tuple[Any, ...]], at: int) -> list[tuple[Any, ...]]:
        return sorted(rows, key=lambda row: row[at : at + 2]) if in_order else list(rows)

    def relation(table: tuple[str, str]) -> tuple[Any, ...]:
        kind, rows = draw(st.sampled_from(["table", "view"])), draw(st.none() | st.integers(0, 10**15))
        return (None, *table, kind, draw(TEXTS), rows, None, None, datetime(2024, 1, 1), None, draw(VARIANTS))

    def key(table: tuple[str, str], name: str) -> tuple[Any, ...]:
        return (*table, draw(st.sampled_from("pfu")), draw(NAMES), name, draw(NAMES), draw(NAMES), draw(NAMES), 1)

    each = [(table, name) for table, names in columns.items() for name in names]
    described = [(*table, name, draw(TYPES), draw(TEXTS), "Y", draw(TEXTS), draw(TEXTS)) for table, name in each]
    keyed = [key(table, name) for table, name in each if draw(st.booleans())]
    return {
        "relations": ordered([relation(table) for table in tables], 1),
        "columns": ordered(described, 0),
        "keys": ordered(keyed, 0),
        "views": [(*table, draw(VIEWS), None) for table in tables],
    }


ORACLE = {
    "1.1 FROM DUAL": [("1.1",)],
    "FROM ALL_OBJECTS o": "relations",
    "FROM ALL_TAB_COLUMNS": "columns",
    "FROM ALL_CONSTRAINTS": "keys",
    "FROM ALL_VIEWS": "views",
}
SERVER = {
    "select @@version": [("Microsoft SQL Server 2008 - 10.0.1600.22 (X64)",)],
    "schema_name()": [("dbo",)],
    "NVARCHAR(max)) AS": [("test",)],
    "FROM sys.all_columns": [(0,)],
    "s.name <> 'dbo'": [("dbo2", "x")],
    "k.r_table": "keys",
    "sys.sql_modules": "views",
    "f.definition": "columns",
    "FROM sys.objects o": "relations",
}


@pytest.mark.parametrize(
    ("connector", "driver", "url", "statements"),
    [
        ("oracle", "oracledb", "oracle://u:p@h/?service_name=x", ORACLE),
        ("oceanbase-oracle", "pyoceanbase", "oceanbase_oracle://u:p@h/", ORACLE),
        ("mssql", "pymssql", "mssql://u:p@h/d", SERVER),
    ],
)
def test_hostile_dictionaries(recorded: Any, connector: str, driver: str, url: str, statements: dict[str, Any]) -> None:
    recording = recorded(driver, {}, autocommit=lambda *_: None)
    config = SystemConfig(department="d", id="s", connector=connector, url=url)

    @given(dictionaries(in_order=connector != "oceanbase-oracle"))
    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def check(rows: dict[str, list[tuple[Any, ...]]]) -> None:
        recording.answers = {part: rows[told] if isinstance(told, str) else told for part, told in statements.items()}
        recording.sent.clear()
        with SqlConnector(config) as source:
            listing = source.list_assets()
            assets = list(source.assets())
        nothing_invented(rows, listing, assets)

    check()


def nothing_invented(rows: dict[str, list[tuple[Any, ...]]], listing: Listing, assets: list[Asset]) -> None:
    assert sorted({asset.qualified_name for asset in assets}) == sorted(listing.names)
    assert len(listing.names) + listing.quarantined + listing.excluded <= len(rows["relations"])
    shown = {(asset.schema, asset.name) for asset in assets}
    told = {row[:3] for row in rows["columns"] if row[:2] in shown}
    assert {(a.schema, a.name, column.name) for a in assets for column in a.columns} == told
    assert {column.data_type for asset in assets for column in asset.columns} <= DATA_TYPES
    assert list(read_jsonl(write_jsonl(assets))) == assets


MADE: Any = (("relations", RelationRow), ("columns", ColumnRow), ("keys", KeyRow), ("views", ViewRow))
SERVERS = {
    "postgresql": "postgresql://u:p@h/d",
    "kingbase": "kingbase://u:p@h/d",
    "opengauss": "opengauss://u:p@h/d",
    "gaussdb": "gaussdb://u:p@h/d",
    "mariadb": "mariadb://u:p@h/d",
    "mysql": "mysql://u:p@h/d",
    "tidb": "tidb://u:p@h/d",
    "oceanbase": "oceanbase://u:p@h/d",
    "dm": "dm://u:p@h",
}


@pytest.mark.parametrize(("connector", "url"), SERVERS.items())
def test_hostile_rows_of_every_dialect(connector: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each dialect does with such rows once its statements have brought them; live servers are read elsewhere."""
    monkeypatch.setattr("connectors.sql.connector._need_driver", lambda *_: None)
    config = SystemConfig(department="d", id="s", connector=connector, url=url)

    @contextmanager
    def reading(*_: object) -> Iterator[Any]:
        yield lambda _statement: iter([])

    @given(dictionaries(in_order=True))
    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def check(rows: dict[str, list[tuple[Any, ...]]]) -> None:
        with SqlConnector(config) as source:
            dialect = copy(source.dialect)
            for name, made in {
                "relations": RelationRow,
                "columns": ColumnRow,
                "keys": KeyRow,
                "views": ViewRow,
            }.items():
                found = [made(*row) for row in rows[name]]
                setattr(dialect, name, lambda *_, found=found: iter(found))
            dialect.listed = dialect.relations
            source.dialect, source._reading = dialect, reading
            source._refuse_blindness = lambda *_: None
            listing = source.list_assets()
            assets = list(source.assets())
        nothing_invented(rows, listing, assets)

    check()
