"""Members of ZIP archives, judged before anything is unpacked. Nothing is ever unpacked under a member's own name."""

from __future__ import annotations

import stat
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from connectors.base import BadInputError
from connectors.files.source import MIB, Limits, Source
from connectors.model import Failure
from connectors.text import encoding_of

_UTF8_NAME = 0x800
_ENCRYPTED = 0x1
_END = b"PK\x05\x06"
_TIMES = 16
"""Members together may unpack to so many times what one file may."""
_KEPT_OPEN = 4
_LONGEST_NAME = 1_000
_ENTRY = 1024
"""Bytes of the directory that one member may take, on average."""


Tell = Callable[[Failure, bool], None]
"""Takes what was left out, and whether data is missing for it: then the listing is not complete."""


class OpenArchives:
    """The archives that were read last: to open one means to read its whole directory, which may be long."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, tuple[BinaryIO, zipfile.ZipFile]] = OrderedDict()

    def get(self, archive: Source, limits: Limits) -> zipfile.ZipFile:
        """Raises what reading it may raise, and `BadInputError`."""
        if archive.path not in self._open:
            stream = archive.open()
            try:
                _check_directory(stream, archive.path, limits)
                self._open[archive.path] = (stream, zipfile.ZipFile(stream))
            except BaseException:
                stream.close()
                raise
        self._open.move_to_end(archive.path)
        while len(self._open) > _KEPT_OPEN:
            self._close(next(iter(self._open)))
        return self._open[archive.path][1]

    def close(self) -> None:
        for path in list(self._open):
            self._close(path)

    def _close(self, path: str) -> None:
        stream, packed = self._open.pop(path)
        packed.close()
        stream.close()


def members(archive: Source, limits: Limits, tell: Tell, archives: OpenArchives) -> Iterator[Source]:
    """The files in an archive. What is refused goes to ``tell``; a broken archive raises `BadInputError`."""
    seen: set[str] = set()
    total = 0
    for entry in archives.get(archive, limits).infolist():
        if entry.is_dir():
            continue
        path = f"{archive.path}/{member_name(entry)[:_LONGEST_NAME]}"
        total += entry.file_size
        if reason := _refusal(entry, limits, total, path in seen):
            what, hint, missing = reason
            tell(Failure(what, path, hint), missing)
            continue
        seen.add(path)
        yield Source(
            path,
            entry.file_size,
            _opener(archives, archive, entry, limits),
            containers=archive.path.count("/") + 1,
            changed=archive.changed,
            state=f"{archive.state} {entry.CRC} {entry.file_size}",
        )


def member_name(entry: zipfile.ZipInfo) -> str:
    """A member's name; without the UTF-8 mark its bytes are told by what they hold, which in China is GBK.

    Backslashes of old Windows programs part folders too.
    """
    name = entry.orig_filename
    if not entry.flag_bits & _UTF8_NAME:
        try:
            raw = name.encode("cp437")
            name = raw.decode(encoding_of(raw), "replace")
        except UnicodeError:
            pass
    return name.replace("\\", "/")


def check_packed(stream: BinaryIO, place: str, limits: Limits) -> None:
    """A workbook is an archive too: its members' sizes before a library unpacks them."""
    _check_directory(stream, place, limits)
    with zipfile.ZipFile(stream) as packed:
        entries = packed.infolist()
        total = sum(entry.file_size for entry in entries)
        reasons = [limits.refusal(entry.file_size, entry.compress_size) for entry in entries]
    stream.seek(0)
    reason = next(filter(None, reasons), None)
    if total > limits.size:
        reason = f"it unpacks to more than {limits.mebibytes} MiB"
    if reason:
        raise BadInputError(reason, place=place, hint="it may be hostile; if it is right, raise max_mib or max_ratio")


def _refusal(entry: zipfile.ZipInfo, limits: Limits, total: int, again: bool) -> tuple[str, str, bool] | None:
    """Why a member is left out, what to do, and whether its data is missed."""
    parts = PurePosixPath(member_name(entry)).parts
    first = parts[0] if parts else ""
    if len(entry.orig_filename) > _LONGEST_NAME:
        return "the member's name is too long; it is refused", "have the archive made anew", False
    if not parts or ".." in parts or first == "/" or first.endswith(":"):
        return "the member's name leads out of the archive; it is refused", "have the archive made anew", False
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "the member is a link; it is refused", "put the file itself into the archive", False
    if entry.flag_bits & _ENCRYPTED:
        return "the member is encrypted", "deliver the archive without a password", True
    if again:
        return "the archive holds this name twice; the first is read", "have the archive made anew", False
    if reason := limits.refusal(entry.file_size, entry.compress_size):
        return f"refused: {reason}", "it may be hostile; if it is right, raise max_ratio", True
    if total > _TIMES * limits.size:
        return f"refused: the archive unpacks to more than {_TIMES * limits.mebibytes} MiB", "raise max_mib", True
    return None


def _opener(archives: OpenArchives, archive: Source, entry: zipfile.ZipInfo, limits: Limits) -> Callable[[], BinaryIO]:
    def open_member() -> BinaryIO:
        return cast("BinaryIO", archives.get(archive, limits).open(entry))

    return open_member


def _check_directory(stream: BinaryIO, place: str, limits: Limits) -> None:
    """The size of the directory, which is read whole into memory."""
    size = stream.seek(0, 2)
    stream.seek(max(size - 65_557, 0))
    tail = stream.read()
    stream.seek(0)
    at = tail.rfind(_END)
    if at < 0 or at + 22 > len(tail):
        raise BadInputError("not a complete ZIP archive", place=place, hint="deliver it again")
    directory = struct.unpack_from("<I", tail, at + 12)[0]
    if directory == 0xFFFFFFFF:
        directory = size
    if directory > max(limits.files * _ENTRY, MIB):
        what = "the archive holds too many members"
        raise BadInputError(what, place=place, hint="raise max_files, or deliver several archives")
