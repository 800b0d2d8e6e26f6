"""Writing outputs: whole files or none, and the same bytes for the same content."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from workflows.errors import WorkflowError
from workflows.store_files import make_folder, share

EPOCH = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def safe_name(text: str) -> str:
    """A file or folder name that every file system takes and that cannot leave its folder.

    >>> safe_name("../minzheng")
    '_minzheng'
    """
    return re.sub(r"[^\w.-]+", "_", text).strip(".") or "_"


def replace_file(path: Path, write: Callable[[Path], None]) -> Path:
    """Let ``write`` fill a temporary file beside ``path``, then put it in place at once; on failure nothing changes.

    Inside a folder that a group shares, the group may replace what is written, see `workflows.store_files`.
    """
    make_folder(path.parent)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(partial)
        share(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path


@contextmanager
def writing_to(place: Path, option: str) -> Iterator[None]:
    """Tell what keeps ``place`` from being written and what to do; ``option`` names another. Raises `WorkflowError`."""
    try:
        yield
    except OSError as error:
        raise WorkflowError(
            f"{place}: {error.strerror or error}; nothing was written: let this account write there, "
            f"or name another place with {option}"
        ) from error


@contextmanager
def all_or_none(folder: Path) -> Iterator[tuple[Path, Callable[[Iterable[Path]], list[Path]]]]:
    """A folder beside ``folder`` to write into, and what puts files of it in place once all are whole.

    What is not put in place is thrown away, and ``folder`` stays as it was. Raises `OSError`.
    """
    make_folder(folder.parent)
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    make_folder(draft)
    try:
        yield draft, lambda paths: _put({path: folder / path.relative_to(draft) for path in paths})
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put(moves: Mapping[Path, Path]) -> list[Path]:
    """Every folder is looked at before the first file is moved."""
    for place in dict.fromkeys(target.parent for target in moves.values()):
        make_folder(place)
        if not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
    for path, target in moves.items():
        os.replace(path, target)
    return list(moves.values())


def write_bytes(path: Path, chunks: Iterable[bytes]) -> Path:
    def fill(partial: Path) -> None:
        with partial.open("wb") as file:
            file.writelines(chunks)

    return replace_file(path, fill)


def json_bytes(value: Any) -> bytes:
    """Compact UTF-8 JSON; halves of surrogate pairs, which a damaged comment may hold, become ``?``."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def timestamp(text: str) -> datetime:
    """``SiteInfo.generated_at`` without its zone, as document properties want it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None)


class StableZip(ZipFile):
    """A zip whose bytes depend on its content only: openpyxl stamps members and the document with the current time."""

    def __init__(self, file: Path, moment: datetime) -> None:
        super().__init__(file, "w", ZIP_DEFLATED, allowZip64=True)
        self._moment = moment.strftime("%Y-%m-%dT%H:%M:%SZ").encode()

    def _member(self, name: str) -> ZipInfo:
        info = ZipInfo(name, EPOCH)
        info.compress_type = ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        return info

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_args: Any, **_kwargs: Any) -> None:
        name = getattr(zinfo_or_arcname, "filename", zinfo_or_arcname)
        content = data.encode() if isinstance(data, str) else bytes(data)
        if name == "docProps/core.xml":
            content = _MODIFIED.sub(rb"\g<1>" + self._moment + rb"\g<2>", content)
        super().writestr(self._member(name), content)

    def write(self, filename: Any, arcname: Any = None, *_args: Any, **_kwargs: Any) -> None:
        with open(filename, "rb") as source, self.open(self._member(arcname or filename), "w") as target:
            copy(source, target)


def copy(source: IO[bytes], target: IO[bytes]) -> None:
    while block := source.read(1 << 20):
        target.write(block)
