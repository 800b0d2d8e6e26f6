"""Modes of the store's files, so that several accounts of one machine can use one SQLite store."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

SHARED_FILE, SHARED_FOLDER = 0o660, 0o2770


def is_shared(folder: Path) -> bool:
    """Whether a folder is set up for a group: writable for it, and what is made inside belongs to it (setgid)."""
    wanted = stat.S_ISGID | stat.S_IWGRP
    return folder.is_dir() and folder.stat().st_mode & wanted == wanted


def make_folder(folder: Path) -> None:
    """The folder with those above it; inside a shared one they are shared too, whatever the umask. Raises `OSError`."""
    missing = [one for one in (folder, *folder.parents) if not one.is_dir()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        if is_shared(one.parent):
            one.chmod(SHARED_FOLDER)


def share(path: Path) -> None:
    """Let the group of a shared folder write a file, its owner allowing; elsewhere nothing happens."""
    if not is_shared(path.parent):
        return
    with suppress(FileNotFoundError, PermissionError):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode != SHARED_FILE:
            path.chmod(SHARED_FILE)


def share_database(path: Path) -> None:
    """Make a SQLite file that the group can write, before SQLite does: it gives ``-wal`` and ``-shm`` the same mode."""
    if not is_shared(path.parent):
        return
    with suppress(FileExistsError, PermissionError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SHARED_FILE))
    for suffix in ("", "-wal", "-shm"):
        share(path.with_name(path.name + suffix))
