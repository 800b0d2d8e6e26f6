"""Files as a system: ``connector: files``, ``path:`` a folder, a file or a ZIP archive, or ``url:`` of remote ones.

Each file, or family of files of different days, is one asset. Everything is read once, while it is listed; the assets
wait in a private temporary file without a name, so that neither a large folder nor a large file fills the memory.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, ClassVar, cast

import msgspec

from connectors.base import (
    BadInputError,
    ConfigurationError,
    Connector,
    ConnectorError,
    Sample,
    SourceFatalError,
    SystemConfig,
    is_quarantined,
    keeps,
)
from connectors.files.discover import Discovery
from connectors.files.family import Family, families, place_of
from connectors.files.formats import DATABASES, PACKED, WORKBOOKS
from connectors.files.merge import Described, describe, read_tables, sheet_key
from connectors.files.source import Limits, Settings, Source
from connectors.files.table import Table, shown
from connectors.files.tree import check_url, local_files, remote_files, shown_url
from connectors.model import Asset, Failure, Listing, read_jsonl, to_json
from connectors.text import checked_encoding
from connectors.unchanged import Earlier

_IN_MEMORY = 8 << 20


@dataclass
class _Reading:
    """What one reading of all files found."""

    discovery: Discovery
    spool: IO[bytes]
    where: dict[str, tuple[Family, Described | None]] = field(default_factory=dict)
    """Listed assets; those without a description are unchanged and were not read."""
    notices: list[Failure] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    quarantined: int = 0
    excluded: int = 0
    read: int = 0
    """Families of which at least something could be read, or is unchanged."""

    @property
    def told(self) -> tuple[int, ...]:
        """Grows with whatever there is to tell besides the assets."""
        counts = len(self.discovery.failures), len(self.discovery.lost), len(self.notices)
        return *counts, self.quarantined, self.excluded


class FilesConnector(Connector):
    """Options: see docs/connectors.md."""

    KEYS: ClassVar[frozenset[str]] = frozenset({"path", "url"})
    OPTIONS: ClassVar[dict[str, type]] = {
        "encoding": str,
        "delimiter": str,
        "header": bool,
        "fold": bool,
        "storage": dict,
        "max_files": int,
        "max_mib": int,
        "max_ratio": int,
    }

    def __init__(self, config: SystemConfig) -> None:
        """Raises `ConfigurationError`; nothing is opened."""
        super().__init__(config)
        if config.url:
            check_url(config.url)
        elif not config.path:
            raise ConfigurationError("connector files needs path or url", hint="give a folder, a file or an archive")
        self.settings = _settings(config)
        self.fold = bool(config.options.get("fold", True))
        self._reading: _Reading | None = None
        self._listing = Listing(())
        self._earlier = Earlier()

    def skip_unchanged(self, known: Mapping[str, str], since: datetime) -> None:
        """By family: the files of one are opened if one of them was added, removed or changed."""
        self._earlier = Earlier(known, since)

    @property
    def place(self) -> str:
        return shown_url(self.config.url) if self.config.url else str(self.config.path)

    def probe(self) -> None:
        next(self._sources(Discovery(self.config, self.settings.limits)), None)

    def list_assets(self) -> Listing:
        self.close()
        discovery = Discovery(self.config, self.settings.limits)
        try:
            discovery.run(self._sources(discovery))
        except BaseException:
            discovery.archives.close()
            raise
        reading = _Reading(discovery, tempfile.SpooledTemporaryFile(_IN_MEMORY, prefix="pdc-"))  # noqa: SIM115 - closed by close()
        self._reading = reading
        root = Path(self.config.path).name if self.config.path else self.place.rstrip("/").rsplit("/", 1)[-1]
        for source in (*discovery.hidden, *discovery.restricted):
            place = place_of(source, root, self.fold)
            reading.hidden.add(".".join(part for part in (place.schema, place.name) if part))
        unpacked = (source.unzipped() if source.suffix == PACKED else source for source in discovery.kept)
        found = families(unpacked, root, self.fold)
        rivals = Counter((family.place.schema, family.place.name) for family in found)
        self.stamps, self.unchanged = {}, set()
        for family in found:
            # Which of two gets the plain name depends on what is in them.
            alone = rivals[family.place.schema, family.place.name] == 1
            self._read(reading, family, family.stamp if alone else "")
        self.failures = discovery.failures
        self.notices = list(map(str, reading.notices))
        if discovery.lost and not reading.read:
            raise SourceFatalError("no file could be read", place=self.place, hint=str(self.failures[0]))
        self.quarantined = frozenset(reading.hidden)
        self._listing = Listing(
            names=tuple(reading.where),
            complete=not discovery.lost,
            reason="; ".join(discovery.lost[:5]) + (" …" if len(discovery.lost) > 5 else "") or None,
            quarantined=len(discovery.hidden) + reading.quarantined,
            excluded=discovery.excluded + reading.excluded,
        )
        return self._listing

    def assets(self) -> Iterator[Asset]:
        """Ordered by schema and name of the files."""
        if self._reading is None:
            self.list_assets()
        reading = cast("_Reading", self._reading)
        at = 0
        while True:
            # Two streams may be read at once: each keeps its own place.
            reading.spool.seek(at)
            line = reading.spool.readline()
            if not line:
                return
            at = reading.spool.tell()
            yield from read_jsonl([line])

    def sample(self, asset: Asset, rows: int) -> Sample:
        """The first rows of the newest file, from its beginning; long values are cut at 4,000 characters."""
        if self._reading is None:
            self.list_assets()
        reading = cast("_Reading", self._reading)
        family, described = reading.where.get(asset.qualified_name, (None, None))
        if family is None or described is None:
            raise SourceFatalError("this asset is not among the files read, or restricted", place=asset.qualified_name)
        if rows <= 0 or not asset.columns:
            return {}
        try:
            return self._sample(family, described, asset, rows)
        except ConnectorError:
            raise
        except Exception as error:
            raise _damaged(family.newest, error) from None

    def close(self) -> None:
        if self._reading is not None:
            self._reading.spool.close()
            self._reading.discovery.archives.close()
            self._reading = None

    # --- reading ----------------------------------------------------------------------------------------------------

    def _sources(self, discovery: Discovery) -> Iterator[Source]:
        if self.config.url:
            return remote_files(self.config.url, dict(self.config.options.get("storage") or {}))
        return local_files(Path(str(self.config.path)), discovery.limits, discovery.tell)

    def _read(self, reading: _Reading, family: Family, stamp: str) -> None:
        if names := self._earlier.unchanged(stamp, [source.changed for source in family.sources]):
            reading.read += 1
            reading.where.update(dict.fromkeys(names, (family, None)))
            self.unchanged |= names
            self.stamps.update(dict.fromkeys(names, stamp))
            return
        listed, told = len(reading.where), reading.told
        self._describe(reading, family)
        if stamp and reading.told == told:
            self.stamps.update(dict.fromkeys(islice(reversed(reading.where), len(reading.where) - listed), stamp))

    def _describe(self, reading: _Reading, family: Family) -> None:
        discovery = reading.discovery
        plain = family.suffix not in WORKBOOKS and family.suffix not in DATABASES
        included = any(discovery.included(source) for source in family.sources)
        if plain and not self._keeps(family.place.schema, family.place.name, included):
            # It is known without opening the file.
            reading.excluded += 1
            return
        try:
            found = describe(family, self.config, self.settings, discovery.tell)
        except ConnectorError as error:
            discovery.tell(error.failure, True)
            return
        except Exception as error:
            discovery.tell(_damaged(family.newest, error).failure, True)
            return
        reading.read += 1
        for described in found:
            self._take(reading, family, described, included)

    def _take(self, reading: _Reading, family: Family, described: Described, included: bool) -> None:
        asset = self._named(reading, family, described.asset)
        name = asset.qualified_name
        if not self._keeps(asset.schema, asset.name, included):
            reading.excluded += 1
        elif is_quarantined(asset.schema, asset.name, asset.comment, described.marks):
            reading.quarantined += 1
            reading.hidden.add(name)
        elif name in reading.where:
            reading.discovery.tell(
                Failure("another asset has the same name", asset.place, "rename one of the files"), False
            )
        else:
            reading.where[name] = (family, described)
            reading.discovery.failures += described.failures
            reading.notices += described.notices
            reading.spool.seek(0, 2)
            reading.spool.write(to_json(asset) + b"\n")

    def _named(self, reading: _Reading, family: Family, asset: Asset) -> Asset:
        """The second kind of file under a name gets its ending: ``ryxx.json`` beside ``ryxx.csv``."""
        known = reading.where.get(asset.qualified_name)
        if known and known[0].suffix != family.suffix and asset.name == family.place.name:
            return msgspec.structs.replace(asset, name=asset.name + family.suffix)
        return asset

    def _keeps(self, schema: str | None, name: str, included: bool) -> bool:
        """Globs of paths were looked at before; an include of theirs stands for all that is in the file."""
        config = msgspec.structs.replace(self.config, include=()) if included else self.config
        return keeps(config, ".".join(part for part in (schema, name) if part), name)

    def _sample(self, family: Family, described: Described, asset: Asset, rows: int) -> Sample:
        if family.suffix in DATABASES:
            from connectors.files.database import sample_table

            inner = msgspec.structs.replace(asset, name=described.asset.name)
            return sample_table(family.newest, self.config, self.settings.limits, inner, rows)
        tables = read_tables(family.newest, self.settings, rows)
        table = next((table for table in tables if sheet_key(table) == described.key), Table())
        at = {column.name: column.ordinal - 1 for column in table.columns}
        picked = [column.name for column in asset.columns if column.name in at]
        return {
            name: [shown(row[at[name]]) if at[name] < len(row) else None for row in table.rows[:rows]]
            for name in picked
        }


def _damaged(source: Source, error: Exception) -> BadInputError:
    """The libraries' own texts may quote what is in the file, and are left out."""
    reason = type(error).__name__
    with suppress(AttributeError):
        if isinstance(error, OSError) and error.strerror:
            reason = error.strerror
    return BadInputError(f"the file cannot be read ({reason})", place=source.path, hint="deliver it again")


def _settings(config: SystemConfig) -> Settings:
    options = config.options
    delimiter: Any = options.get("delimiter")
    delimiter = {"\\t": "\t", "tab": "\t"}.get(str(delimiter).lower(), delimiter) if delimiter is not None else None
    if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n'):
        raise ConfigurationError("delimiter must be one character", hint="such as , or ; or | or tab")
    numbers = {name: options[name] for name in ("max_files", "max_mib", "max_ratio") if name in options}
    for name, value in numbers.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ConfigurationError(f"{name} must be a whole number above 0")
    limits = Limits(
        files=numbers.get("max_files", Limits.files),
        mebibytes=numbers.get("max_mib", Limits.mebibytes),
        ratio=numbers.get("max_ratio", Limits.ratio),
    )
    return Settings(checked_encoding(options.get("encoding")), delimiter, options.get("header"), limits)
