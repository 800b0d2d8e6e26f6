"""Families of files → assets: the newest file says what the columns are, the others may add to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import msgspec

from connectors.base import ConnectorError, SystemConfig
from connectors.files.family import Family, without_date
from connectors.files.formats import DATABASES, READERS
from connectors.files.parquet import read_parquet
from connectors.files.source import Settings, Source
from connectors.files.table import Table
from connectors.model import Asset, Column, Failure, Origin

_FIRST_SHEET = re.compile(r"(?:sheet|工作表|表格?)\s*1?", re.I)
_TOLD = 5
"""Names in a message, and failures of one kind in a family."""

Tell = Callable[[Failure, bool], None]


@dataclass
class Described:
    asset: Asset
    key: str | None = None
    """Which of the tables of a file it is."""
    marks: str = ""
    failures: list[Failure] = field(default_factory=list)
    notices: list[Failure] = field(default_factory=list)


@dataclass
class _Merged:
    """One table of all files of a family, the newest first."""

    newest: Table
    columns: dict[str, Column]
    files: int = 1
    others: list[str] = field(default_factory=list)
    """Files with other columns."""
    more: dict[str, None] = field(default_factory=dict)
    fewer: dict[str, None] = field(default_factory=dict)
    rows: int | None = None
    marks: str = ""
    failures: list[Failure] = field(default_factory=list)
    notices: list[Failure] = field(default_factory=list)


def read_tables(source: Source, settings: Settings, rows: int = 0) -> list[Table]:
    """``rows`` are wanted for a sample; text formats read a beginning anyway."""
    reader = READERS[source.suffix]
    return read_parquet(source, settings, rows) if reader is read_parquet else reader(source, settings)


def sheet_key(table: Table) -> str | None:
    """The sheet's name without dates, so that sheets of different months are one asset."""
    return None if table.title is None else without_date(table.title)[0] or table.title


def describe(family: Family, config: SystemConfig, settings: Settings, tell: Tell) -> list[Described]:
    """The assets of a family. Raises `ConnectorError` when none of its files can be read."""
    if family.suffix in DATABASES:
        return _tables_of(family, config, settings)
    merged: dict[str | None, _Merged] = {}
    error: Exception | None = None
    broken: list[Failure] = []
    for source in reversed(family.sources):
        try:
            for table in read_tables(source, settings):
                _merge(merged, table, source)
        except ConnectorError as trouble:
            error = error or trouble
            broken.append(trouble.failure)
        except Exception as trouble:
            error = error or trouble
            what = f"the file cannot be read ({type(trouble).__name__})"
            broken.append(Failure(what, source.path, "deliver it again"))
    if error and len(broken) == len(family.sources):
        raise error
    for failure in broken:
        tell(failure, False)
    return [_described(family, config, key, table) for key, table in merged.items()]


def _merge(merged: dict[str | None, _Merged], table: Table, source: Source) -> None:
    key = sheet_key(table)
    names = {column.name: column for column in table.columns}
    if key not in merged:
        merged[key] = _Merged(
            table,
            names,
            rows=table.row_estimate,
            marks=table.marks,
            failures=table.failures,
            notices=table.notices,
        )
        table.rows = []
        return
    known = merged[key]
    known.files += 1
    known.failures += table.failures
    known.notices += table.notices
    known.marks += table.marks
    known.rows = None if known.rows is None or table.row_estimate is None else known.rows + table.row_estimate
    if not names:
        return
    if not known.newest.columns:
        known.newest, known.columns = table, names
        return
    own = {column.name for column in known.newest.columns}
    if names.keys() != own:
        known.others.append(source.path)
        known.more.update(dict.fromkeys(name for name in names if name not in own))
        known.fewer.update(dict.fromkeys(name for name in known.columns if name in own and name not in names))
    for name, column in names.items():
        if known.columns.setdefault(name, column).data_type == "UNKNOWN":
            known.columns[name] = column


def _described(family: Family, config: SystemConfig, key: str | None, table: _Merged) -> Described:
    schema, name, place = family.place.schema, family.place.name, family.told
    if key is not None:
        place = f"{place}!{table.newest.title}"
        if not _FIRST_SHEET.fullmatch(key):
            schema, name = "/".join(filter(None, (schema, family.place.name + family.suffix))), key
    asset = Asset(
        department=config.department,
        system=config.id,
        schema=schema,
        name=name,
        kind="file" if key is None else "sheet",
        comment=table.newest.comment,
        row_estimate=table.rows,
        changed_at=family.changed_at,
        columns=tuple(
            msgspec.structs.replace(column, ordinal=at) for at, column in enumerate(table.columns.values(), 1)
        ),
        origin=cast("Origin", config.origin),
        update_cycle=config.update_cycle,
        place=place,
    )
    notices = [*table.notices, *_differences(table)]
    return Described(asset, key, table.marks, _few(_failures(family, asset, table), place), _few(notices, place))


def _failures(family: Family, asset: Asset, table: _Merged) -> list[Failure]:
    found = list(table.failures)
    if not asset.columns:
        found.append(Failure("the file holds no columns", family.newest.path, "deliver it again, or exclude it"))
    return found


def _differences(table: _Merged) -> list[Failure]:
    if not table.others:
        return []
    what = f"{len(table.others)} of {table.files} files have other columns than the newest"
    if table.more:
        what += f"; only there: {_some(table.more)}"
    if table.fewer:
        what += f"; not there: {_some(table.fewer)}"
    return [Failure(what, table.others[0], "their columns are merged; exclude files that are something else")]


def _some(names: dict[str, None]) -> str:
    return ", ".join(list(names)[:_TOLD]) + (" …" if len(names) > _TOLD else "")


def _few(failures: list[Failure], place: str) -> list[Failure]:
    """A thousand files with the same trouble are not a thousand messages."""
    if len(failures) <= _TOLD:
        return failures
    rest = Failure(f"{len(failures) - _TOLD + 1} more of its files have such trouble", place)
    return [*failures[: _TOLD - 1], rest]


def _tables_of(family: Family, config: SystemConfig, settings: Settings) -> list[Described]:
    """Tables of the newest of the databases; older ones are its copies."""
    from connectors.files.database import NotADatabase, opened

    source = family.newest
    schema = "/".join(filter(None, (family.place.schema, family.place.name + family.suffix)))
    try:
        with opened(source, config, settings.limits) as database:
            assets = list(database.assets())
            failures = [msgspec.structs.replace(failure, place=source.path) for failure in database.failures]
    except NotADatabase:
        if family.suffix == ".db":
            # Thumbs.db and the like.
            return []
        raise
    place = family.told
    found = [Described(_placed(asset, schema, place)) for asset in assets]
    if found:
        found[0].failures = failures
    return found


def _placed(asset: Asset, schema: str, place: str) -> Asset:
    """A table under the file's name instead of the dialect's ``main``; its keys lead to the same file."""
    keys = tuple(
        msgspec.structs.replace(key, referred_table=_moved(key.referred_table, schema)) for key in asset.foreign_keys
    )
    return msgspec.structs.replace(asset, schema=schema, place=place, foreign_keys=keys)


def _moved(table: str, schema: str) -> str:
    return f"{schema}.{table[len('main.') :]}" if table.startswith("main.") else table
