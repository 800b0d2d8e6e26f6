"""The files of a folder, of one path, or behind a URL; links that lead out, devices and pipes are refused."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from connectors.base import BadInputError, ConfigurationError, SourceFatalError, SourceRetryError
from connectors.files.archive import Tell
from connectors.files.source import Limits, Source
from connectors.model import Failure
from connectors.unchanged import file_state, moment

_DEPTH = 32
_PASSING = (".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".swp", ".bak", ".lock", ".filepart")


def is_passing(name: str) -> bool:
    """Hidden files, and those that a program has open or has not finished."""
    return name.startswith((".", "~", "__MACOSX")) or name.endswith("~") or name.lower().endswith(_PASSING)


def local_files(root: Path, limits: Limits, tell: Tell) -> Iterator[Source]:
    """Ordered by path. Raises `SourceFatalError` when there is nothing to read at ``root``."""
    try:
        mode = root.stat().st_mode
    except OSError as error:
        what = "no such file or folder" if isinstance(error, FileNotFoundError) else error.strerror or "not readable"
        raise SourceFatalError(what, place=str(root), hint="check path and its rights") from None
    real = Path(os.path.realpath(root))
    if stat.S_ISREG(mode):
        yield _source(root.name, root.stat(), real, real)
    elif stat.S_ISDIR(mode):
        yield from _walk(real, real, "", limits, tell)
    else:
        raise SourceFatalError("neither a file nor a folder", place=str(root), hint="check path")


def _walk(root: Path, folder: Path, prefix: str, limits: Limits, tell: Tell) -> Iterator[Source]:
    """Files before folders would not be ordered by path; both are sorted together."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        if folder == root:
            raise SourceFatalError("the folder cannot be listed", place=str(root), hint="check its rights") from None
        tell(Failure(f"the folder cannot be listed: {error.strerror}", prefix, "check its rights"), True)
        return
    for entry in entries:
        path = f"{prefix}/{entry.name}" if prefix else entry.name
        if is_passing(entry.name):
            continue
        if entry.is_symlink():
            _judge_link(root, Path(entry.path), path, tell)
        elif entry.is_dir(follow_symlinks=False):
            if path.count("/") >= _DEPTH:
                tell(Failure(f"more than {_DEPTH} folders deep", path, "deliver a flatter folder"), True)
            else:
                yield from _walk(root, Path(entry.path), path, limits, tell)
        elif entry.is_file(follow_symlinks=False):
            yield _local(root, entry, path)


def _local(root: Path, entry: os.DirEntry[str], path: str) -> Source:
    local = Path(entry.path)
    try:
        return _source(printable(path), entry.stat(follow_symlinks=False), local, root)
    except OSError:
        # Gone meanwhile; opening it will tell.
        return Source(printable(path), 0, partial(_open, local, root), local)


def _source(path: str, found: os.stat_result, local: Path, root: Path) -> Source:
    opened = partial(_open, local, root)
    return Source(path, found.st_size, opened, local, changed=found.st_mtime, state=file_state(found))


def printable(path: str) -> str:
    """A name whose bytes are no UTF-8 comes with lone surrogates: read as GB18030, or with ``�``."""
    try:
        path.encode()
        return path
    except UnicodeEncodeError:
        return os.fsencode(path).decode("gb18030", "replace")


def _judge_link(root: Path, link: Path, path: str, tell: Tell) -> None:
    """A link inside the folder names what is listed anyway; one that leads out of it is refused."""
    target = Path(os.path.realpath(link))
    if target != root and root not in target.parents:
        tell(
            Failure("a link that leads out of the folder; it is refused", printable(path), "copy the file there"), False
        )


def _open(path: Path, root: Path) -> BinaryIO:
    """A plain file inside ``root``, also if somebody put something else in its place meanwhile."""
    inside = Path(os.path.realpath(path))
    if inside != root and root not in inside.parents:
        raise OSError("it leads out of the folder now")
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is no plain file any more")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


# --- URLs -------------------------------------------------------------------------------------------------------------


def shown_url(url: str) -> str:
    """Without user, password and query, which may be secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def check_url(url: str) -> None:
    """Raises `ConfigurationError`: chained addresses keep copies on the disk, and local ones would follow links."""
    scheme = url.partition("://")[0]
    if "::" in url or "://" not in url or scheme in ("file", "local", ""):
        hint = "such as s3://bucket/folder or sftp://host/folder; for what lies on this machine give path"
        raise ConfigurationError("url is not an address of remote files", hint=hint)
    _need_packages(scheme)


# By scheme, where fsspec's own class for it does not stand in the package that is missing.
_PACKAGES = {"sftp": "paramiko", "ssh": "paramiko", "http": "aiohttp", "https": "aiohttp", "smb": "smbprotocol"}
_PACKAGES |= {"hdfs": "pyarrow", "webhdfs": "requests", "webdav": "webdav4[fsspec]"}


def _need_packages(scheme: str) -> None:
    """Raises `ConfigurationError` with the command that installs what an address of this kind needs."""
    try:
        registry = import_module("fsspec.registry")
    except ImportError:
        hint = "run: pip install 'public-data-catalog[remote]'"
        raise ConfigurationError("reading from a url needs the package fsspec", hint=hint) from None
    try:
        registry.get_filesystem_class(scheme)
    except ImportError:
        known = registry.known_implementations.get(scheme, {}).get("class", scheme)
        package = _PACKAGES.get(scheme) or known.partition(".")[0]
        what = f"{scheme}:// needs the package {package}, which is not installed"
        raise ConfigurationError(what, hint=f"run: pip install '{package}'") from None
    except ValueError:
        hint = "check url: such as s3://bucket/folder or sftp://host/folder"
        raise ConfigurationError(f"{scheme}:// is no kind of address that fsspec knows", hint=hint) from None


def remote_files(url: str, storage: dict[str, Any]) -> Iterator[Source]:
    """Files under an fsspec URL, ordered by path. Raises `SourceFatalError` or `SourceRetryError`."""
    fsspec = import_module("fsspec")
    place = shown_url(url)
    try:
        system, root = fsspec.core.url_to_fs(url, **storage)
        found = system.find(root, detail=True)
    except (FileNotFoundError, PermissionError, ValueError) as error:
        raise SourceFatalError(f"cannot be listed ({type(error).__name__})", place=place, hint="check url") from None
    except Exception as error:
        # Each implementation has its own errors, whose texts may hold what is secret.
        raise SourceRetryError(f"cannot be reached ({type(error).__name__})", place=place, hint="try later") from None
    if not found:
        raise SourceFatalError("no such file or folder, or an empty one", place=place, hint="check url")
    base = root.rstrip("/")
    for name, info in sorted(found.items()):
        path = name[len(base) :].strip("/") if name.startswith(base + "/") else name.rsplit("/", 1)[-1]
        if info.get("type") == "file" and not any(is_passing(part) for part in path.split("/")):
            size, changed = int(info.get("size") or 0), _modified(info)
            state = f"{size} {changed} {info.get('ETag') or info.get('etag') or ''}"
            yield Source(path, size, partial(_open_remote, system, name, path), changed=changed, state=state)


def _modified(info: dict[str, Any]) -> float | None:
    """When the store says that a file was last modified; each implementation of fsspec has its own name for it."""
    found = (info.get(name) for name in ("mtime", "LastModified", "last_modified", "modified", "updated"))
    return next((at for value in found if (at := moment(value)) is not None), None)


def _open_remote(system: Any, name: str, path: str) -> BinaryIO:
    try:
        return cast("BinaryIO", system.open(name, "rb"))
    except Exception as error:
        raise BadInputError(f"cannot be opened ({type(error).__name__})", place=path, hint="try later") from None
