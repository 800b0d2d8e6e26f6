"""How a connector tells that it need not read something again: stamps, and the source's own times.

A stamp is a digest of everything that would differ if the source had changed (sizes, times, names). An asset is
unchanged when its stamp is the one stored with it *and* the source's own time of its last change is older than
``since``: clocks are coarse and not the same on all machines, and a file may be written to while it is read.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone


def stamp(*parts: str) -> str:
    """32 hex digits over texts in order."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        state.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return state.hexdigest()


def file_state(found: os.stat_result) -> str:
    """Size and times of a file. The time of the inode's own change tells of edits whose modification time was put back,
    and of files that came with an old one (``cp -p``, unpacked, moved)."""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def moment(value: object) -> float | None:
    """POSIX seconds of a time as sources tell it: a number, a datetime, ISO 8601 (UTC without a zone); else None."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        found = datetime.fromisoformat(value.strip().replace("Z", "+00:00")) if isinstance(value, str) else value
        if not isinstance(found, datetime):
            return None
        return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, OverflowError):
        return None


class Earlier:
    """What `Connector.skip_unchanged` was told; of nothing, nothing is unchanged."""

    def __init__(self, known: Mapping[str, str] | None = None, since: datetime | None = None) -> None:
        self._names: dict[str, set[str]] = defaultdict(set)
        for name, stored in (known or {}).items():
            self._names[stored].add(name)
        self._since = since.timestamp() if since else None

    def unchanged(self, found: str, changes: Iterable[float | None]) -> set[str]:
        """Names stored with the stamp ``found``, if each of ``changes`` (POSIX seconds) is older than ``since``."""
        if self._since is None or found not in self._names:
            return set()
        if any(change is None or change >= self._since for change in changes):
            return set()
        return set(self._names[found])
