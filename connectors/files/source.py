"""One file to read, wherever it lies: in a folder, in an archive, or behind a URL.

Only two things are ever read: a bounded beginning (`Source.head`), or, for formats that must be read from their end,
the whole file under a limit (`Source.seekable`, `Source.on_disk`). What does not lie on the disk is then copied to a
private temporary file that is gone when the block ends.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from connectors.base import BadInputError, SourceFatalError

MIB = 1 << 20
HEAD = MIB
"""Bytes of a text that are looked at; the structure of what follows is taken to be the same."""
MAX_COLUMNS = 20_000
ROWS = 1_000
"""Rows that types are inferred from, at most."""


@dataclass(frozen=True)
class Limits:
    """What hostile input may cost; the operator may change each of them."""

    files: int = 100_000
    """Files of one system, members of archives included."""
    mebibytes: int = 256
    """Of a file that has to be read or unpacked whole, and of an archive's members together times 16."""
    ratio: int = 200
    """Unpacked size over packed size, for members above one mebibyte."""

    @property
    def size(self) -> int:
        return self.mebibytes * MIB

    def refusal(self, size: int, packed: int) -> str | None:
        """Why a packed file must not be unpacked; None when it may."""
        if size > MIB and size > self.ratio * max(packed, 1):
            return f"it unpacks to more than {self.ratio} times its size"
        return None


@dataclass(frozen=True)
class Settings:
    """What the operator said about all files of a system."""

    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    """Whether the first row names the columns; None = find out."""
    limits: Limits = Limits()


@dataclass(frozen=True)
class Source:
    path: str
    """Relative to the system's root, with ``/``; a member stands behind its archive: ``a.zip/b.csv``."""
    size: int
    open: Callable[[], BinaryIO]
    """A stream from the beginning; may raise OSError, EOFError, zipfile.BadZipFile, zlib.error."""
    local: Path | None = None
    """Where it lies, if it is a plain file on this machine."""
    containers: int = 0
    """How many of the path's first parts are archives or folders; the rest is the file's name."""
    changed: float | None = None
    """When it was last modified, POSIX seconds; None where that is not known."""
    state: str = ""
    """Differs once it was changed or replaced: size, times, check sums, whatever is known without opening it."""

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix.lower()

    def head(self, size: int = HEAD) -> tuple[bytes, bool]:
        """At most ``size`` bytes, and whether that is all of the file."""
        with self.open() as stream:
            parts: list[bytes] = []
            wanted = size + 1
            while wanted and (part := stream.read(min(wanted, MIB))):
                parts.append(part)
                wanted -= len(part)
        data = b"".join(parts)
        return data[:size], len(data) <= size

    @contextmanager
    def seekable(self, limits: Limits) -> Iterator[BinaryIO]:
        """The whole file, in which the reader may move. Raises `BadInputError` above the limit."""
        if self.local is not None:
            with self.open() as stream:
                yield stream
            return
        with tempfile.TemporaryFile(prefix="pdc-") as copy:
            self._copy(copy, limits)
            yield cast("BinaryIO", copy)

    @contextmanager
    def on_disk(self, limits: Limits) -> Iterator[Path]:
        """The whole file under a name, for libraries that open files themselves."""
        if self.local is not None:
            # Refuses what is no plain file any more.
            self.open().close()
            yield self.local
            return
        with tempfile.TemporaryDirectory(prefix="pdc-") as folder:
            path = Path(folder) / "file"
            with path.open("wb") as copy:
                self._copy(copy, limits)
            yield path

    def check_size(self, limits: Limits) -> None:
        if self.size > limits.size:
            hint = f"raise max_mib above {self.size // MIB}, or deliver smaller files"
            raise BadInputError(f"the file is larger than {limits.mebibytes} MiB", place=self.path, hint=hint)

    def _copy(self, target: IO[bytes], limits: Limits) -> None:
        self.check_size(limits)
        left = limits.size
        with self.open() as stream:
            while part := stream.read(MIB):
                left -= len(part)
                if left < 0:
                    what = f"it unpacks to more than {limits.mebibytes} MiB"
                    raise BadInputError(what, place=self.path, hint="raise max_mib if that is right")
                target.write(part)
        target.seek(0)

    def unzipped(self) -> Source:
        """What is in a ``.gz`` file, under its name without that ending."""

        def unpacked() -> BinaryIO:
            return cast("BinaryIO", _Gunzip(self.open()))

        return replace(self, path=self.path[: -len(".gz")], size=0, open=unpacked, local=None)


class _Gunzip(gzip.GzipFile):
    """Closes the packed stream too, which `gzip.GzipFile` leaves open."""

    def __init__(self, packed: BinaryIO) -> None:
        super().__init__(fileobj=packed)
        self._packed = packed

    def close(self) -> None:
        super().close()
        self._packed.close()


def extra(module: str, name: str, what: str) -> Any:
    """An optional module. Raises `SourceFatalError` with the command that installs it."""
    try:
        return import_module(module)
    except ImportError:
        hint = f"run: pip install 'public-data-catalog[{name}]'"
        raise SourceFatalError(f"{what} needs the package {module.partition('.')[0]}", hint=hint) from None
