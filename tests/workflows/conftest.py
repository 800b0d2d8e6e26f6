"""A store in a temporary folder, and a source whose assets, rows and troubles the test decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from classifiers.evidence import Evidence, TableInput
from connectors.base import Connector, ConnectorError, Sample, SystemConfig
from connectors.model import Asset, Column, Listing
from workflows import store_schema as schema
from workflows.store import Store
from workflows.store_steps import NEW_IN

HAS_DESCRIPTIONS = 3
DESCRIPTIONS = (
    'CREATE TABLE descriptions (id INTEGER PRIMARY KEY, asset TEXT NOT NULL, "column" TEXT, text TEXT NOT NULL, '
    "who VARCHAR(128) NOT NULL, at VARCHAR(40) NOT NULL)"
)
AT = "2025-06-01T08:00:00+08:00"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'var' / 'store.db'}") as opened:
        yield opened


@pytest.fixture
def make_old() -> Callable[[Connection, int], None]:
    """Turn a new database into one of schema version 1, 2 or 3, as far as its tables and columns go."""

    def undo(connection: Connection, version: int) -> None:
        gone = [table for since, tables in NEW_IN.items() if since > version for table in tables]
        script = [f"DROP TABLE {table.name}" for table in gone]
        script += [
            "CREATE TABLE entries (asset INTEGER PRIMARY KEY, department TEXT, sequence INT)",
            "ALTER TABLE departments ADD COLUMN last_sequence INTEGER NOT NULL DEFAULT 0",
            *(f"ALTER TABLE assets DROP COLUMN {name}" for name in ("stamp", "engine", "sampled_at")),
            *(f"ALTER TABLE systems DROP COLUMN {name}" for name in ("complete_at", "digest")),
            "ALTER TABLE decisions DROP COLUMN because",
        ]
        if schema.questions not in gone:
            script.append("ALTER TABLE questions DROP COLUMN who_id")
        if version >= HAS_DESCRIPTIONS:
            script.append(DESCRIPTIONS)
        if version == 1:
            script += [f"ALTER TABLE decisions DROP COLUMN {name}" for name in ("rule", "fingerprint")]
        for statement in (*script, f"UPDATE schema_version SET version = {version}"):
            connection.execute(text(statement))

    return undo


@dataclass
class Source:
    """What a fake system holds and how it behaves."""

    assets: list[Asset] = field(default_factory=list)
    rows: dict[str, Sample] = field(default_factory=dict)
    listed: list[str] | None = None
    """Names of the listing when they are not those of ``assets``."""
    partial: str | None = None
    probe_error: ConnectorError | None = None
    stream_error: ConnectorError | None = None
    sample_errors: dict[str, ConnectorError] = field(default_factory=dict)
    quarantined: tuple[str, ...] = ()
    asked: list[tuple[str, tuple[str, ...], int]] = field(default_factory=list)
    """(asset, columns, rows) of every sample that was taken."""


class FakeConnector(Connector):
    def __init__(self, config: SystemConfig, source: Source) -> None:
        super().__init__(config)
        self.source = source

    def probe(self) -> None:
        if self.source.probe_error:
            raise self.source.probe_error

    def list_assets(self) -> Listing:
        self.statements += 1
        names = self.source.listed
        if names is None:
            names = [asset.qualified_name for asset in self.source.assets]
        partial = self.source.partial
        self.quarantined = frozenset(self.source.quarantined)
        return Listing(tuple(names), partial is None, partial, quarantined=len(self.quarantined))

    def assets(self) -> Iterator[Asset]:
        yield from self.source.assets
        if self.source.stream_error:
            raise self.source.stream_error

    def sample(self, asset: Asset, rows: int) -> Sample:
        self.source.asked.append((asset.name, tuple(column.name for column in asset.columns), rows))
        if asset.name in self.source.sample_errors:
            raise self.source.sample_errors[asset.name]
        return {name: values[:rows] for name, values in self.source.rows.get(asset.name, {}).items()}


def make_asset(name: str, *columns: str, system: str = "sys", comment: str | None = None, **more: Any) -> Asset:
    """Columns are ``name`` or ``name:comment``."""
    parts = [column.partition(":") for column in columns]
    made = tuple(
        Column(n, i, "varchar(50)", "VARCHAR", comment=c or None) for i, (n, _, c) in enumerate(parts, start=1)
    )
    return Asset("dept", system, name, comment=comment, columns=made, **more)


def fake_observe(
    table: TableInput, sample: dict[str, Sequence[Any]], *, as_of: object
) -> dict[str, tuple[Evidence, ...]]:
    """One statement per sampled column: how many distinct values were seen."""
    return {
        name: (Evidence("fake", "person.id_card", "value", 0.9, distinct=len(set(values)), hits=1),)
        for name, values in sample.items()
    }


@pytest.fixture
def asset() -> Any:
    return make_asset


@pytest.fixture
def source() -> type[Source]:
    return Source


@pytest.fixture
def harvester(store: Store) -> Any:
    """``harvester({"sys": source, …}, resample=…)`` harvests fake systems into the store."""
    from datetime import date

    from workflows.harvest import HarvestOptions, harvest
    from workflows.harvest_result import HarvestResult

    def run(
        sources: dict[str, Source], *, rows: int = 20, config: dict[str, Any] | None = None, **options: Any
    ) -> HarvestResult:
        configs = [
            SystemConfig(department="dept", id=name, connector="fake", sample_rows=rows, **(config or {}))
            for name in sources
        ]
        return harvest(
            store,
            configs,
            run=store.start_run("harvest", AT),
            at=AT,
            as_of=date(2025, 6, 1),
            options=HarvestOptions(**options),
            opener=lambda one: FakeConnector(one, sources[one.id]),
            observe=fake_observe,
        )

    return run
