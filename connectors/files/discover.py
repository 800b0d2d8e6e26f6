"""Which files of a system are read at all, judged by their paths before anything is opened."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from connectors.base import BadInputError, SystemConfig, is_quarantined
from connectors.files.archive import OpenArchives, members
from connectors.files.formats import ARCHIVES, DATABASES, KNOWN, PACKED, READERS, REFUSED
from connectors.files.source import Limits, Source
from connectors.files.tree import is_passing
from connectors.model import Failure


def is_path_glob(glob: str) -> bool:
    """``2026/*`` and ``*.csv`` speak of paths; ``schema.table`` and ``ryxx*`` of assets."""
    return "/" in glob or PurePosixPath(glob).suffix.lower() in (KNOWN | REFUSED.keys())


def path_matches(path: str, globs: Iterable[str]) -> bool:
    """Globs of paths, case-insensitive; ``*`` crosses folders, and a glob without ``/`` may match the file's name."""
    texts = (path.lower(), path.rsplit("/", 1)[-1].lower())
    return any(fnmatch.fnmatchcase(text, glob.lower()) for glob in globs if is_path_glob(glob) for text in texts)


@dataclass
class Discovery:
    """Goes through the files once; afterwards says what was left out and why."""

    config: SystemConfig
    limits: Limits
    kept: list[Source] = field(default_factory=list)
    hidden: list[Source] = field(default_factory=list)
    """Their paths bear a secrecy mark."""
    restricted: list[Source] = field(default_factory=list)
    excluded: int = 0
    failures: list[Failure] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Why the listing is not complete."""
    archives: OpenArchives = field(default_factory=OpenArchives)
    _seen: int = 0
    _refused: Counter[str] = field(default_factory=Counter)
    _first: dict[str, str] = field(default_factory=dict)

    def run(self, sources: Iterable[Source]) -> None:
        for source in self._expanded(sources):
            if self._judge(source):
                self.kept.append(source)
        for suffix, count in sorted(self._refused.items()):
            what = f"{count} file{'s' if count > 1 else ''} of a kind that is not read ({suffix})"
            self.failures.append(Failure(what, self._first[suffix], REFUSED.get(suffix, "unpack it")))

    def tell(self, failure: Failure, missing: bool) -> None:
        if failure not in self.failures:
            self.failures.append(failure)
        if missing:
            self.lost.append(f"{failure.place or 'a file'}: {failure.what}")

    def included(self, source: Source) -> bool:
        return path_matches(source.path, self.config.include)

    def _expanded(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Files, and the members of archives in their place, up to the limit."""
        for source in sources:
            inner = self._members(source) if source.suffix in ARCHIVES else iter((source,))
            for found in inner:
                self._seen += 1
                if self._seen > self.limits.files:
                    what = f"more than {self.limits.files} files; the rest is not read"
                    self.tell(Failure(what, hint="raise max_files, or exclude some"), True)
                    return
                yield found

    def _members(self, archive: Source) -> Iterator[Source]:
        # What a mark or glob on the archive covers, it covers whole: it is not opened.
        if is_quarantined(archive.path) or self._left_out(archive):
            yield archive
            return
        try:
            for member in members(archive, self.limits, self.tell, self.archives):
                if member.suffix in ARCHIVES:
                    self._refuse(member, "archive in an archive")
                elif not any(is_passing(part) for part in member.path.split("/")):
                    yield member
        except BadInputError as error:
            self.tell(error.failure, True)
        except Exception as error:
            # Whatever a hostile archive makes of the library that reads it, the other files are read.
            self.tell(
                Failure(f"the archive is damaged ({type(error).__name__})", archive.path, "deliver it again"), True
            )

    def _judge(self, source: Source) -> bool:
        """Counts what is left out; whether to read the file."""
        plain = source.unzipped() if source.suffix == PACKED else source
        readable = plain.suffix in READERS or plain.suffix in DATABASES or source.suffix in ARCHIVES
        if not readable:
            if source.suffix in REFUSED and not self._left_out(source):
                self._refuse(source, source.suffix)
            return False
        if is_quarantined(source.path):
            self.hidden.append(plain)
        elif self._left_out(source):
            self.excluded += 1
            if path_matches(source.path, self.config.restricted):
                self.restricted.append(plain)
        elif self._not_included(source):
            self.excluded += 1
        else:
            return True
        return False

    def _left_out(self, source: Source) -> bool:
        return path_matches(source.path, (*self.config.restricted, *self.config.exclude))

    def _not_included(self, source: Source) -> bool:
        include = self.config.include
        return bool(include) and all(map(is_path_glob, include)) and not self.included(source)

    def _refuse(self, source: Source, suffix: str) -> None:
        self._refused[suffix] += 1
        self._first.setdefault(suffix, source.path)
