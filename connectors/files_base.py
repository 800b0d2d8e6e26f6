"""What connectors share whose source is described by files and read whole before the first asset is known.

A connector is then the finding of its files, the reading of one, and ``read()``, which puts the readings together::

    class DumpConnector(ReadOnce):
        def read(self) -> Judged:
            found = read_each(find_files(self.path, (".sql",), "SQL file"), read_dump)
            self.failures = found.failures
            return judge(self.config, chain.from_iterable(found.results), found.lost)
"""

from __future__ import annotations

import glob
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from connectors.base import ConfigurationError, Connector, SourceFatalError, SystemConfig, is_quarantined, keeps
from connectors.model import Asset, Failure, Listing
from connectors.unchanged import Earlier, file_state, stamp

Result = TypeVar("Result")

# What editors leave beside a document that somebody has open, and what other systems leave beside every file.
_LEFT_BEHIND = ("~$", ".~", "._")


class Judged(NamedTuple):
    """Assets that may be shown, the listing that counts the others, and qualified names that are never shown."""

    assets: list[Asset]
    listing: Listing
    quarantined: frozenset[str] = frozenset()


class ReadOnce(Connector):
    """A connector that reads its source once, for the listing and for the stream, and keeps it until it is closed."""

    def __init__(self, config: SystemConfig) -> None:
        super().__init__(config)
        self._judged: Judged | None = None
        self._earlier = Earlier()

    @abstractmethod
    def read(self) -> Judged:
        """Read everything; sets ``failures``. Raises a ``ConnectorError`` when nothing can be read."""

    def source_files(self) -> Sequence[Path]:
        """The files that all assets come from; none where something else has a say, which is then always read."""
        return ()

    def skip_unchanged(self, known: Mapping[str, str], since: datetime) -> None:
        """Files may describe each other's tables (indexes, comments, views): all are read, or none."""
        self._earlier = Earlier(known, since)

    def stamped(self) -> tuple[str, set[str]]:
        """The stamp of the source's files as they are now, "" without any, and the names that are unchanged by it."""
        files = self.source_files()
        try:
            found = [(path, path.stat()) for path in files]
        except OSError:
            # Gone meanwhile; reading will tell.
            return "", set()
        mark = stamp(*(f"{path} {file_state(state)}" for path, state in found)) if found else ""
        return mark, self._earlier.unchanged(mark, [state.st_mtime for _, state in found])

    def list_assets(self) -> Listing:
        return self._read().listing

    def assets(self) -> Iterator[Asset]:
        yield from self._read().assets

    def close(self) -> None:
        self._judged = None

    def _read(self) -> Judged:
        if self._judged is None:
            # Before it is read: what changes meanwhile is read again.
            mark, self.unchanged = self.stamped()
            if self.unchanged:
                self._judged = Judged([], Listing(names=tuple(sorted(self.unchanged))))
            else:
                self._judged = self.read()
            self.quarantined = self._judged.quarantined
            plain = mark and self._is_plain(self._judged.listing)
            self.stamps = dict.fromkeys(self._judged.listing.names, mark) if plain else {}
        return self._judged

    def _is_plain(self, listing: Listing) -> bool:
        """Whether there was nothing to tell but the assets."""
        return listing.complete and not (self.failures or self.notices or listing.excluded or listing.quarantined)


def needed_path(config: SystemConfig, hint: str) -> Path:
    """``path`` of a system that cannot do without; ``ConfigurationError`` with the hint when it has none."""
    if not config.path:
        raise ConfigurationError(f"connector {config.connector} needs path", hint=hint)
    return Path(config.path)


def find_files(path: Path, suffixes: tuple[str, ...], what: str) -> list[Path]:
    """The file itself, or those below a folder or of a glob that end in one of the (lower-case) suffixes, sorted.

    ``what`` is the kind of file in messages, as in "workbook". Raises ``SourceFatalError`` when there is none.
    """
    try:
        return [path] if path.is_file() else _find_many(path, suffixes, what)
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise SourceFatalError(reason, place=str(path), hint="check path and rights") from error


def _find_many(path: Path, suffixes: tuple[str, ...], what: str) -> list[Path]:
    if path.is_dir():
        found: Iterable[Path] = path.rglob("*")
    elif glob.has_magic(str(path)):
        found = map(Path, glob.glob(str(path), recursive=True))
    else:
        raise SourceFatalError("no such file or folder", place=str(path), hint="check path")
    wanted = (one for one in found if one.name.lower().endswith(suffixes) and not one.name.startswith(_LEFT_BEHIND))
    kept = sorted({one for one in wanted if one.is_file()})
    if not kept:
        raise SourceFatalError(f"no {what} there", place=str(path), hint=f"looked for {', '.join(suffixes)}")
    return kept


@dataclass
class ReadFiles(Generic[Result]):
    results: list[Result] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Why the listing is not complete."""


def read_each(paths: Sequence[Path], read: Callable[[Path], Result]) -> ReadFiles[Result]:
    """One result per file. What one of several files raises is a failure and a loss; when all are lost it is raised."""
    found: ReadFiles[Result] = ReadFiles()
    for path in paths:
        try:
            found.results.append(read(path))
        except SourceFatalError as error:
            if len(paths) == 1:
                raise
            found.failures.append(error.failure)
            found.lost.append(f"{path.name} could not be read")
    if paths and not found.results:
        raise SourceFatalError("no file could be read", place=str(paths[0].parent), hint=str(found.failures[0]))
    return found


def judge(config: SystemConfig, assets: Iterable[Asset], lost: Sequence[str] = ()) -> Judged:
    """What the globs keep and no secrecy mark withholds, in the order given; ``lost`` says why it is not everything."""
    kept: list[Asset] = []
    quarantined: set[str] = set()
    excluded = 0
    for asset in assets:
        if not keeps(config, f"{asset.schema}.{asset.name}" if asset.schema else asset.name, asset.name):
            excluded += 1
        elif is_quarantined(asset.qualified_name, asset.comment):
            quarantined.add(asset.qualified_name)
        else:
            kept.append(asset)
    listing = Listing(
        names=tuple(asset.qualified_name for asset in kept),
        complete=not lost,
        reason="; ".join(lost) or None,
        quarantined=len(quarantined),
        excluded=excluded,
    )
    return Judged(kept, listing, frozenset(quarantined))
