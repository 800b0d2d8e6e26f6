"""A dump of DDL statements as a system: ``connector: ddl``, ``path:`` a .sql file or a folder of them.

Dialects: MySQL and MariaDB, PostgreSQL (and 人大金仓, openGauss), Oracle (and 达梦), SQL Server; told by the text
unless ``dialect:`` says it. Files are read as a stream; rows of INSERT and COPY are passed over unparsed, never kept.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, ClassVar, cast

import msgspec

from connectors.base import ConfigurationError, SourceFatalError, SystemConfig, is_quarantined, keeps, matches
from connectors.ddl.elements import Name
from connectors.ddl.lexicon import MYSQL, ORACLE, POSTGRES, TSQL
from connectors.ddl.split import split
from connectors.ddl.statements import Dump, Table, describes_structure, read_statement
from connectors.files_base import Judged, ReadOnce, find_files, needed_path, read_each
from connectors.lineage import Source, Unreadable, view_columns
from connectors.model import Asset, Column, Failure, Listing
from connectors.text import checked_encoding, decoded_chunks, repaired, stream_encoding

SUFFIXES = (".sql", ".ddl", ".sql.gz")
FAMILIES = {"mysql": MYSQL, "postgres": POSTGRES, "oracle": ORACLE, "tsql": TSQL}
DIALECTS = {
    **{"mysql": "mysql", "mariadb": "mysql", "tidb": "mysql", "oceanbase": "mysql", "goldendb": "mysql"},
    **{"postgres": "postgres", "postgresql": "postgres", "kingbase": "postgres", "opengauss": "postgres"},
    **{"gaussdb": "postgres", "oracle": "oracle", "dm": "oracle", "dameng": "oracle"},
    **{"tsql": "tsql", "sqlserver": "tsql", "mssql": "tsql"},
}
PRODUCTS = {"postgres": "postgresql", "tsql": "sqlserver", "mssql": "sqlserver", "dameng": "dm"}
"""What a product is called in the catalogue where a dialect is called otherwise."""
_HEAD = 1 << 20
# Blank lines must not be tried again from each of them: a line's own blanks only.
_SIGNS = (
    ("mysql", r"^[ \t]*(?:create|drop|alter)\s+(?:table|view)[^(\n]*`|\bengine\s*=|\bauto_increment\b|/\*!\d"),
    ("tsql", r"^[ \t]*go[ \t\r]*$|\[dbo\]|\bnvarchar\s*\(\s*max\s*\)"),
    ("dm", r"\bcluster\s+primary\s+key\b|\bstorage\s*\(\s*on\b"),
    ("oracle", r"\bn?varchar2\b|\bnumber\s*\(|\bstorage\s*\(|\bsysdate\b"),
    ("postgres", r"^[ \t]*comment\s+on\b|::\w|\bpg_catalog\b|\bcharacter\s+varying\b|^[ \t]*copy\s.*\bstdin"),
    ("mysql", r"\bcomment\s*=?\s*'|^[ \t]*use\s"),
)


class DdlConnector(ReadOnce):
    KEYS: ClassVar[frozenset[str]] = frozenset({"path"})
    OPTIONS: ClassVar[dict[str, type]] = {"dialect": str, "encoding": str}

    def __init__(self, config: SystemConfig) -> None:
        super().__init__(config)
        self.path = needed_path(config, "give a .sql file or a folder of them")
        dialect = config.options.get("dialect")
        if dialect is not None and str(dialect).lower() not in DIALECTS:
            raise ConfigurationError(f"unknown dialect {dialect!r}", hint=f"known: {', '.join(sorted(DIALECTS))}")
        self.dialect = str(dialect).lower() if dialect is not None else None
        self.encoding = checked_encoding(config.options.get("encoding"))

    def probe(self) -> None:
        if self.stamped()[1]:
            return
        for path in self.source_files():
            with _opened(path) as stream:
                _check_is_text(path, stream.read(_HEAD), self.encoding)

    def read(self) -> Judged:
        dump = Dump()
        found = read_each(self.source_files(), lambda path: _read_file(dump, path, self.dialect, self.encoding))
        dump.failures += found.failures
        self.failures = dump.failures
        return self._judge(dump, found.lost)

    def source_files(self) -> list[Path]:
        return find_files(self.path, SUFFIXES, "SQL file")

    def _judge(self, dump: Dump, lost: list[str]) -> Judged:
        """Unlike `files_base.judge` before the assets are made: their lineage must not name what is hidden."""
        excluded = 0
        hidden: set[str] = set()
        quarantined: set[str] = set()
        shown: list[Table] = []
        resolve = _Views(dump)
        for table in dump.tables.values():
            qualified = ".".join(table.name.parts[-2:])
            secret = is_quarantined(qualified, table.comment)
            if secret or matches(qualified, self.config.restricted):
                hidden.add(table.name.key)
            if not keeps(self.config, qualified):
                excluded += 1
            elif secret:
                quarantined.add(str(table.name))
            else:
                shown.append(table)
        assets = [_asset(self.config, dump, table, resolve.columns(table), hidden) for table in shown]
        broken = sum(1 for failure in dump.failures if failure.hint == _SKIPPED)
        reasons = [*lost, *([f"{broken} statement(s) could not be read"] if broken else [])]
        listing = Listing(
            names=tuple(asset.qualified_name for asset in assets),
            complete=not reasons,
            reason="; ".join(reasons) or None,
            quarantined=len(quarantined),
            excluded=excluded,
        )
        return Judged(assets, listing, frozenset(quarantined))


_SKIPPED = "the statement is left out; correct it, or export this object again"


def _opened(path: Path) -> BinaryIO:
    try:
        return cast(BinaryIO, gzip.open(path)) if path.name.lower().endswith(".gz") else path.open("rb")
    except OSError as error:
        raise SourceFatalError(
            error.strerror or "cannot be opened", place=str(path), hint="check the rights"
        ) from error


def _check_is_text(path: Path, head: bytes, encoding: str | None) -> None:
    if head.startswith(b"PGDMP"):
        raise SourceFatalError("a pg_dump archive, not SQL", place=path.name, hint="export with pg_dump -Fp")
    if head.startswith(b"PK\x03\x04"):
        raise SourceFatalError("a zip archive, not SQL", place=path.name, hint="unpack it")
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff")) or "16" in (encoding or "")
    if b"\0" in head and not wide:
        raise SourceFatalError("a binary file, not SQL", place=path.name, hint="export the structure as SQL text")


def _read_file(dump: Dump, path: Path, given: str | None, encoding: str | None) -> None:
    try:
        with _opened(path) as stream:
            head = stream.read(_HEAD)
            _check_is_text(path, head, encoding)
            stream.seek(0)
            encoding = encoding or stream_encoding(stream)
            told = given or detect_dialect(head.decode(encoding, "replace"))
            dialect = DIALECTS[told or "postgres"]
            dump.schema = dump.database = None
            dump.product = PRODUCTS.get(told, told) if told else None
            for piece in split(decoded_chunks(stream, encoding), FAMILIES[dialect]):
                place = f"{path.name}:{piece.line}"
                if piece.broken and describes_structure(piece.text):
                    dump.failures.append(Failure(piece.broken, place, _SKIPPED))
                elif piece.text and not piece.broken:
                    _read_piece(dump, repaired(piece.text, encoding), dialect, place)
    except (OSError, EOFError, LookupError, UnicodeError) as error:
        raise SourceFatalError(f"cannot be read: {error}", place=path.name, hint="check the file") from error


def _read_piece(dump: Dump, sql: str, dialect: str, place: str) -> None:
    try:
        read_statement(dump, sql, dialect, place)
    except Unreadable as error:
        dump.failures.append(Failure(str(error), place, _SKIPPED))


def detect_dialect(head: str) -> str | None:
    """``mysql``, ``postgres``, ``oracle``, ``dm`` or ``tsql``, by the signs in a beginning; None without any."""
    return next((dialect for dialect, sign in _SIGNS if re.search(sign, head, re.I | re.M)), None)


# --- assembling ---------------------------------------------------------------------------------------------------


class _Views:
    """Columns of tables and views; a view may read views that the dump defines after it."""

    def __init__(self, dump: Dump) -> None:
        self.dump = dump
        self._known: dict[str, tuple[Column, ...]] = {}

    def columns(self, table: Table) -> tuple[Column, ...]:
        key = table.name.key
        if key not in self._known:
            # A view that reads itself through others finds nothing instead of going round.
            self._known[key] = ()
            self._known[key] = tuple(self._numbered(table, [_commented(table, c) for c in self._raw(table)]))
        return self._known[key]

    def _numbered(self, table: Table, columns: list[Column]) -> Iterator[Column]:
        seen: set[str] = set()
        for column in columns:
            if column.name in seen or not column.name:
                what = f"{table.name}: a column has no name or the name of another"
                self.dump.failures.append(Failure(what, table.place, "the first of that name is kept"))
                continue
            seen.add(column.name)
            yield msgspec.structs.replace(column, ordinal=len(seen))

    def _raw(self, table: Table) -> tuple[Column, ...]:
        if table.query is None:
            return tuple(table.columns)

        def lookup(parts: tuple[str, ...]) -> Source | None:
            schema = table.name.parts[:-1]
            found = (self.dump.find(Name((*schema, *parts))) if len(parts) == 1 else None) or self.dump.find(
                Name(parts)
            )
            return Source(str(found.name), self.columns(found)) if found else None

        try:
            return view_columns(table.query, table.dialect, table.column_names, lookup)
        except Unreadable as error:
            self.dump.failures.append(Failure(str(error), table.place, "the view is listed without lineage"))
            return tuple(Column(name=name, ordinal=i + 1) for i, name in enumerate(table.column_names))


def _commented(table: Table, column: Column) -> Column:
    comment = table.column_comments.get(column.name.lower(), column.comment)
    is_key = column.name.lower() in {name.lower() for name in table.primary_key}
    nullable = False if is_key else column.nullable
    if comment == column.comment and nullable == column.nullable:
        return column
    return msgspec.structs.replace(column, comment=comment, nullable=nullable)


def _asset(config: SystemConfig, dump: Dump, table: Table, columns: tuple[Column, ...], hidden: set[str]) -> Asset:
    *rest, name = table.name.parts
    spelling = {column.name.lower(): column.name for column in columns}
    return Asset(
        department=config.department,
        system=config.id,
        name=name,
        kind=table.kind,
        database=rest[-2] if len(rest) > 1 else None,
        schema=rest[-1] if rest else None,
        comment=table.comment,
        primary_key=_spelled(table.primary_key, spelling),
        foreign_keys=tuple(
            msgspec.structs.replace(key, columns=names)
            for key in table.foreign_keys
            if (names := _spelled(key.columns, spelling)) and not _is_hidden(key.referred_table, dump, hidden)
        ),
        columns=tuple(_shown(column, dump, hidden) for column in columns),
        origin=config.origin,  # type: ignore[arg-type]
        update_cycle=config.update_cycle,
        place=table.place,
        product=table.product,
    )


def _spelled(names: tuple[str, ...], spelling: dict[str, str]) -> tuple[str, ...]:
    """A key's columns as they are spelled themselves (``PRIMARY KEY (ID)`` may mean ``id``); () if one is missing."""
    found = tuple(spelling[name.lower()] for name in names if name.lower() in spelling)
    return found if len(found) == len(names) else ()


def _is_hidden(name: str, dump: Dump, hidden: set[str]) -> bool:
    found = dump.find(Name(tuple(name.split(".")))) if hidden else None
    return is_quarantined(name) or (found is not None and found.name.key in hidden)


def _shown(column: Column, dump: Dump, hidden: set[str]) -> Column:
    """The column without sources in tables that are never named."""
    sources = tuple(source for source in column.sources if not _is_hidden(source.table, dump, hidden))
    if sources == column.sources:
        return column
    return msgspec.structs.replace(column, sources=sources)
