"""The chain's head, recorded outside the store: one line of JSON after each act, in a file that only grows.

Whoever changes the store would have to change this file too. Put it where the store's administrator may only append,
or send it on to another machine: ``audit: {head: PATH}`` in site.yaml.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from workflows.errors import StoreError
from workflows.store_files import make_folder, share


class Head(msgspec.Struct, frozen=True):
    number: int
    hash: str
    at: str


class HeadFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def record(self, number: int, digest: str, at: str) -> None:
        """Append one line in one write, so that two processes do not mix theirs. Raises `StoreError`."""
        line = msgspec.json.encode(Head(number, digest, at)) + b"\n"
        try:
            make_folder(self.path.parent)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            try:
                share(self.path)
                os.write(handle, line)
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            hint = "the act is stored, do not repeat it; give the account that runs pdc the right to write there"
            raise StoreError(f"{self.path}: the audit head cannot be recorded: {error.strerror} ({hint})") from error

    def size(self) -> int | None:
        """Bytes; None when there is no such file. Raises `StoreError` when it cannot be looked at."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error) from error

    def heads(self) -> Iterator[tuple[Head | None, int]]:
        """Every recorded head, None for a line that is none, with the place in the file where it begins.

        Raises `StoreError` when the file cannot be read.
        """
        place = 0
        try:
            with self.path.open("rb") as file:
                for line in file:
                    yield _decoded(line), place
                    place += len(line)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> StoreError:
        hint = "without it nothing outside the store shows what was cut off or written anew; let this account read it"
        return StoreError(f"{self.path}: the audit heads cannot be read: {error.strerror} ({hint})")


def _decoded(line: bytes) -> Head | None:
    try:
        return msgspec.json.decode(line, type=Head)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
