"""The site's own database: assets, evidence, verdicts, decisions, catalogue numbers, runs and events.

SQLite by default, PostgreSQL by URL. Writes go in batches, one transaction each; equal column verdicts are stored once
and assets hold lists of their ids. No sampled value ever comes here: evidence holds counts and terms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, create_engine, delete, event, func, insert, select, update
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from classifiers.evidence import AssetVerdict, ColumnVerdict, Decision, Evidence, Finding
from connectors.model import from_json, to_json
from workflows import store_schema as schema
from workflows.batches import chunks
from workflows.errors import StoreError
from workflows.store_files import make_folder, share_database
from workflows.store_records import (
    CompactVerdict,
    Event,
    Harvested,
    Judgeable,
    Judged,
    Known,
    LabelChange,
    RunRecord,
    StoredAsset,
    SystemState,
)
from workflows.store_steps import SchemaError, prepare

if TYPE_CHECKING:
    from workflows.people import Person

_encode = msgspec.json.Encoder().encode
_evidence = msgspec.json.Decoder(dict[str, tuple[Evidence, ...]])
_findings = msgspec.json.Decoder(tuple[Finding, ...])
_compact = msgspec.json.Decoder(CompactVerdict)
_column_verdict = msgspec.json.Decoder(ColumnVerdict)


def digest(*parts: bytes | str) -> str:
    """A short stable hash of texts in order (32 hex digits)."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        state.update(part.encode() if isinstance(part, str) else part)
        state.update(b"\0")
    return state.hexdigest()


def _open_engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise StoreError(
            "the store's address is no database URL (write sqlite:///var/store.db or postgresql://…)"
        ) from exc
    if parsed.get_backend_name() != "sqlite":
        return _server_engine(parsed)
    if parsed.database and parsed.database != ":memory:":
        _make_folder(Path(parsed.database).parent)
        share_database(Path(parsed.database))
    engine = create_engine(parsed, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def tune(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        # What becomes restricted must not linger in free pages.
        connection.execute("PRAGMA secure_delete=ON")

    return engine


def _server_engine(url: URL) -> Engine:
    try:
        return create_engine(url)
    except (ArgumentError, ImportError) as exc:
        kind = url.drivername
        raise StoreError(f"no driver for a store at {kind}:// (write sqlite:///… or postgresql://…)") from exc


def _make_folder(folder: Path) -> None:
    try:
        make_folder(folder)
    except OSError as exc:
        raise StoreError(f"{folder}: {exc.strerror} (the store's folder cannot be made)") from exc


class Store:
    """One site's database. Safe to share between threads: writers take turns."""

    def __init__(self, url: str, audit_head: Path | None = None, people: Sequence[Person] = ()) -> None:
        """``audit_head``: where the end of the audit trail is recorded besides; see `workflows.acts.head`.
        ``people``: the site's, whose ids acts keep."""
        self.audit_head, self.people = audit_head, people
        self.warnings: list[str] = []
        """What was stored and could not be told elsewhere; for people."""
        self._engine = _open_engine(url)
        self._writing = RLock()
        self._column_verdicts: dict[int, ColumnVerdict] = {}
        self._ids: dict[str, int] = {}
        self._frozen: Connection | None = None
        try:
            with self.write() as connection:
                prepare(connection)
        except SchemaError as exc:
            self.close()
            raise StoreError(str(exc)) from exc

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction; other writers wait."""
        with self._writing, self._guarded(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._guarded(), nullcontext(self._frozen) if self._frozen else self._engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Store]:
        """This store as it is now whatever others write meanwhile, for reading in one thread."""
        with self._guarded(), self._engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")  # which its driver leaves out before a SELECT
            else:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            frozen = copy(self)
            frozen._frozen = connection
            yield frozen

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as exc:
            # Statement parameters stay out of the message: only the driver's own first line is told.
            first = str(getattr(exc, "orig", None) or type(exc).__name__).splitlines()[0]
            raise StoreError(f"the store could not be used: {first} (check `store` in site.yaml)") from exc

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # --- runs, systems, events ----------------------------------------------------------------------------------

    def start_run(self, command: str, at: str) -> int:
        with self.write() as connection:
            done = connection.execute(insert(schema.runs).values(command=command, started=at, summary="{}"))
            assert done.inserted_primary_key is not None
            return int(done.inserted_primary_key[0])

    def finish_run(self, run: int, at: str, exit_code: int, summary: Mapping[str, Any]) -> None:
        values = {"finished": at, "exit_code": exit_code, "summary": _encode(summary).decode()}
        with self.write() as connection:
            connection.execute(update(schema.runs).where(schema.runs.c.id == run).values(**values))

    def runs(self, limit: int = 10) -> list[RunRecord]:
        """The latest runs, newest first."""
        query = select(schema.runs).order_by(schema.runs.c.id.desc()).limit(limit)
        with self.read() as connection:
            rows = connection.execute(query).all()
        return [
            RunRecord(row.id, row.command, row.started, row.finished, row.exit_code, msgspec.json.decode(row.summary))
            for row in rows
        ]

    def save_system(self, state: SystemState) -> None:
        table = schema.systems
        match = (table.c.department == state.department) & (table.c.system == state.system)
        with self.write() as connection:
            connection.execute(delete(table).where(match))
            connection.execute(insert(table).values(**msgspec.structs.asdict(state)))

    def systems(self) -> list[SystemState]:
        with self.read() as connection:
            rows = connection.execute(select(schema.systems)).all()
        return [SystemState(**row._asdict()) for row in rows]

    def add_events(self, run: int, at: str, events: Sequence[Event]) -> None:
        if events:
            rows = [msgspec.structs.asdict(item) | {"run": run, "at": at} for item in events]
            with self.write() as connection:
                connection.execute(insert(schema.events), rows)

    def events(self, limit: int = 20) -> list[Event]:
        """The latest events, newest first."""
        query = select(schema.events).order_by(schema.events.c.id.desc()).limit(limit)
        with self.read() as connection:
            rows = connection.execute(query).all()
        return [Event(r.kind, r.message, r.department, r.system, r.place, r.at, r.run) for r in rows]

    # --- harvested assets ---------------------------------------------------------------------------------------

    def known(self, department: str, system: str) -> dict[str, Known]:
        """Key → what is stored, for one system; vanished assets included."""
        table = schema.assets
        columns = (
            table.c.key,
            table.c.id,
            table.c.fingerprint,
            table.c.sampled,
            table.c.missing_runs,
            table.c.vanished_at,
            table.c["columns"],
            table.c.stamp,
            table.c.engine,
            table.c.sampled_at,
        )
        query = select(*columns).where(table.c.department == department, table.c.system == system)
        with self.read() as connection:
            rows = connection.execute(query).all()
        return {r[0]: Known(r[1], r[2], r[3], r[4], r[5] is not None, r[6], r[7], r[8], r[9]) for r in rows}

    def set_stamps(self, stamps: Mapping[int, str]) -> None:
        """Row of an asset → the stamp that its source has now."""
        rows = [{"row": row, "new": stamp} for row, stamp in stamps.items()]
        if rows:
            with self.write() as connection:
                table = schema.assets
                change = update(table).where(table.c.id == bindparam("row")).values(stamp=bindparam("new"))
                connection.execute(change, rows)

    def clear_stamps(self, department: str, system: str) -> None:
        """Nothing of this system counts as unchanged any more."""
        table = schema.assets
        of_system = (table.c.department == department) & (table.c.system == system) & (table.c.stamp != "")
        with self.write() as connection:
            connection.execute(update(table).where(of_system).values(stamp=""))

    def write_assets(self, run: int, at: str, batch: Sequence[Harvested]) -> None:
        """Insert new assets and replace changed ones; a returned asset is no longer vanished."""
        new = [
            _asset_row(item, at) | {"first_run": run, "first_seen": at, "undetermined": 0}
            for item in batch
            if item.id is None
        ]
        changed = [_asset_row(item, at) | {"row": item.id} for item in batch if item.id is not None]
        with self.write() as connection:
            if new:
                connection.execute(insert(schema.assets), new)
            if changed:
                connection.execute(update(schema.assets).where(schema.assets.c.id == bindparam("row")), changed)

    def mark_missing(self, ids: Sequence[int], at: str | None) -> None:
        """One more run without these assets; with ``at`` they count as vanished."""
        table = schema.assets
        values: dict[str, Any] = {"missing_runs": table.c.missing_runs + 1} | ({"vanished_at": at} if at else {})
        with self.write() as connection:
            for batch in chunks(ids):
                connection.execute(update(table).where(table.c.id.in_(batch)).values(**values))

    def mark_present(self, ids: Sequence[int]) -> None:
        """Unchanged assets that had been missing are there again."""
        table = schema.assets
        with self.write() as connection:
            for batch in chunks(ids):
                connection.execute(update(table).where(table.c.id.in_(batch)).values(missing_runs=0, vanished_at=None))

    def forget(self, ids: Sequence[int]) -> None:
        """Remove assets that may no longer be listed (restricted now) with their history."""
        table = schema.assets
        with self.write() as connection:
            for batch in chunks(ids):
                keys = select(table.c.key).where(table.c.id.in_(batch))
                connection.execute(delete(schema.label_changes).where(schema.label_changes.c.asset.in_(keys)))
                connection.execute(update(schema.codes).where(schema.codes.c.asset.in_(batch)).values(asset=None))
                connection.execute(delete(table).where(table.c.id.in_(batch)))

    # --- judging ------------------------------------------------------------------------------------------------

    def judgeable(self, departments: Sequence[str] = ()) -> list[Judgeable]:
        """Every present asset, in order of department, system and key, without bodies."""
        table = schema.assets
        names = ("id", "key", "department", "fingerprint", "evidence_digest", "judged", "kind")
        query = select(*(table.c[name] for name in names)).where(table.c.vanished_at.is_(None))
        if departments:
            query = query.where(table.c.department.in_(departments))
        with self.read() as connection:
            rows = connection.execute(query.order_by(table.c.department, table.c.system, table.c.key)).all()
        return [Judgeable(*row) for row in rows]

    def load(self, ids: Sequence[int]) -> list[StoredAsset]:
        """Assets with their verdicts, in the order of ``ids``."""
        found: dict[int, StoredAsset] = {}
        with self.read() as connection:
            for batch in chunks(ids):
                rows = connection.execute(select(schema.assets).where(schema.assets.c.id.in_(batch))).all()
                compact = {row.id: _compact.decode(row.verdict) for row in rows if row.verdict}
                self._fetch_verdicts(connection, {i for verdict in compact.values() for i in verdict.columns})
                found.update((row.id, self._stored(row, compact.get(row.id))) for row in rows)
        return [found[i] for i in ids if i in found]

    def stream(self, departments: Sequence[str] = ()) -> Iterator[StoredAsset]:
        """Every present asset with its verdict, batch by batch."""
        for batch in chunks(self.judgeable(departments)):
            yield from self.load([item.id for item in batch])

    def _stored(self, row: Row[Any], compact: CompactVerdict | None) -> StoredAsset:
        return StoredAsset(
            id=row.id,
            asset=from_json(row.body),
            evidence=_evidence.decode(row.evidence),
            findings=_findings.decode(row.findings),
            first_seen=row.first_seen,
            changed_at=row.changed_at,
            verdict=self._expand(compact) if compact else None,
            judged_columns=compact.names if compact else (),
        )

    def _expand(self, compact: CompactVerdict) -> AssetVerdict:
        columns = tuple(self._column_verdicts[i] for i in compact.columns)
        fields = msgspec.structs.asdict(compact) | {"columns": columns}
        del fields["names"]
        return AssetVerdict(**fields)

    def _fetch_verdicts(self, connection: Connection, ids: set[int]) -> None:
        """Bring interned verdicts into the cache, which is emptied when it has grown too large."""
        if len(self._column_verdicts) > 50_000:
            self._column_verdicts.clear()
        table = schema.verdicts
        for batch in chunks(sorted(ids - self._column_verdicts.keys())):
            rows = connection.execute(select(table.c.id, table.c.body).where(table.c.id.in_(batch)))
            self._column_verdicts.update((row.id, _column_verdict.decode(row.body)) for row in rows)

    def write_verdicts(self, run: int, at: str, batch: Sequence[Judged], changes: Sequence[LabelChange]) -> None:
        """Store verdicts and the changes that they bring, in one transaction."""
        with self.write() as connection:
            ids = self._intern(connection, (column for item in batch for column in item.verdict.columns))
            rows = [_verdict_row(item, ids) for item in batch]
            if rows:
                connection.execute(update(schema.assets).where(schema.assets.c.id == bindparam("row")), rows)
            if changes:
                entries = [msgspec.structs.asdict(change) | {"run": run, "at": at} for change in changes]
                connection.execute(insert(schema.label_changes), entries)

    def _intern(self, connection: Connection, columns: Iterable[ColumnVerdict]) -> dict[int, int]:
        """``id(verdict object)`` → row of the interned verdict."""
        bodies: dict[str, bytes] = {}
        digests: dict[int, str] = {}
        for column in columns:
            if id(column) not in digests:
                body = _encode(column)
                digests[id(column)] = key = digest(body)
                bodies[key] = body
        if len(self._ids) > 200_000:
            self._ids.clear()
        self._find_interned(connection, [key for key in bodies if key not in self._ids])
        new = [key for key in bodies if key not in self._ids]
        if new:
            connection.execute(insert(schema.verdicts), [{"digest": key, "body": bodies[key].decode()} for key in new])
            self._find_interned(connection, new)
        return {item: self._ids[key] for item, key in digests.items()}

    def _find_interned(self, connection: Connection, digests: Sequence[str]) -> None:
        table = schema.verdicts
        for batch in chunks(digests):
            rows = connection.execute(select(table.c.digest, table.c.id).where(table.c.digest.in_(batch)))
            self._ids.update((row[0], row[1]) for row in rows)

    def label_changes(self, asset: str) -> list[LabelChange]:
        """The history of one asset's labels, oldest first."""
        table = schema.label_changes
        with self.read() as connection:
            rows = connection.execute(select(table).where(table.c.asset == asset).order_by(table.c.id)).all()
        fields = LabelChange.__struct_fields__
        return [LabelChange(**{name: getattr(row, name) for name in fields}) for row in rows]

    # --- decisions ----------------------------------------------------------------------------------------------

    def add_decisions(self, decisions: Sequence[Decision], connection: Connection | None = None) -> None:
        """Append rulings; none is ever changed or removed. They are acts: `workflows.acts.decisions` writes both."""
        if not decisions:
            return
        if connection is None:
            with self.write() as own:
                self.add_decisions(decisions, own)
            return
        connection.execute(insert(schema.decisions), [msgspec.structs.asdict(item) for item in decisions])

    def decisions(self, asset: str | None = None) -> list[Decision]:
        """All rulings, or those on one asset, oldest first."""
        table = schema.decisions
        query = select(table).order_by(table.c.id)
        if asset is not None:
            query = query.where(table.c.asset == asset)
        # There may be many, which repeat what they say: each text is held once.
        texts: dict[str, str] = {}
        with self.read() as connection:
            rows = connection.execute(query.execution_options(yield_per=1000))
            # Column names come as quoted_name, a subclass of str that msgspec refuses.
            found = ([(str(name), value) for name, value in row._mapping.items()] for row in rows)
            once = (
                {name: texts.setdefault(one, one) if isinstance(one, str) else one for name, one in row}
                for row in found
            )
            return [msgspec.convert(row, Decision) for row in once]

    # --- catalogue numbers --------------------------------------------------------------------------------------

    def number_departments(self, departments: Sequence[str]) -> dict[str, int]:
        """Department → its lasting number from 1; new ones get the next, in the given order."""
        table = schema.departments
        with self.write() as connection:
            known = {row.id: row.number for row in connection.execute(select(table.c.id, table.c.number))}
            for department in departments:
                if department not in known:
                    known[department] = max(known.values(), default=0) + 1
                    connection.execute(insert(table).values(id=department, number=known[department]))
        return known

    # --- counts -------------------------------------------------------------------------------------------------

    def totals(self, departments: Sequence[str] = ()) -> dict[str, Any]:
        """Assets, columns, assets by tier, share and open, undetermined columns and assets; present assets only."""
        table = schema.assets
        where = [table.c.vanished_at.is_(None)] + ([table.c.department.in_(departments)] if departments else [])
        sums = select(
            func.count(), func.coalesce(func.sum(table.c.columns), 0), func.coalesce(func.sum(table.c.undetermined), 0)
        )
        with self.read() as connection:
            count, columns, undetermined = connection.execute(sums.where(*where)).one()
            by = {name: dict(_counted(connection, table.c[name], where)) for name in ("tier", "share", "open")}
            unclear = connection.execute(select(func.count()).where(*where, table.c.undetermined > 0)).scalar_one()
        totals = {
            "assets": count,
            "columns": int(columns),
            "undetermined": int(undetermined),
            "undetermined_assets": unclear,
        }
        return totals | {f"by_{name}": values for name, values in by.items()}


def _counted(connection: Connection, column: Any, where: Sequence[Any]) -> list[tuple[str, int]]:
    rows = connection.execute(select(column, func.count()).where(*where).group_by(column).order_by(column))
    return [(row[0] or "unjudged", row[1]) for row in rows]


def _asset_row(item: Harvested, at: str) -> dict[str, Any]:
    asset = item.asset
    evidence = _encode(item.evidence)
    return {
        "key": asset.key,
        "department": asset.department,
        "system": asset.system,
        "kind": asset.kind,
        "comment": asset.comment,
        "fingerprint": asset.fingerprint,
        "columns": len(asset.columns),
        "body": to_json(asset).decode(),
        "sampled": item.sampled,
        "evidence": evidence.decode(),
        "evidence_digest": digest(evidence),
        "findings": _encode(item.findings).decode(),
        "changed_at": at,
        "missing_runs": 0,
        "vanished_at": None,
        "stamp": item.stamp,
        "engine": item.engine,
        "sampled_at": at if item.sampled else None,
    }


def _verdict_row(item: Judged, ids: Mapping[int, int]) -> dict[str, Any]:
    verdict = item.verdict
    columns = tuple(ids[id(column)] for column in verdict.columns)
    compact = CompactVerdict(**(msgspec.structs.asdict(verdict) | {"columns": columns, "names": item.names}))
    labels = {label.dimension: label.value for label in verdict.labels}
    return {
        "row": item.id,
        "judged": item.judged,
        "verdict": _encode(compact).decode(),
        "tier": labels.get("tier"),
        "share": labels.get("share"),
        "open": labels.get("open"),
        "undetermined": sum(column.catalogued and _is_undetermined(column) for column in verdict.columns),
    }


def _is_undetermined(column: ColumnVerdict) -> bool:
    return any(label.value == "undetermined" or label.state == "undetermined" for label in column.labels)
