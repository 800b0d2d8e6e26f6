"""When a system may be read, and beside how many others: harvest windows, and places at one host."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from connectors.base import SystemConfig

_DAY = 24 * 60
_WINDOW = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*(?:([01]?\d|2[0-3]):([0-5]\d)|24:00)")
# What a URL means when it names no port, so that both spellings are one host.
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mariadb": 3306, "oracle": 1521, "mssql": 1433}

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Window(NamedTuple):
    """A part of each day in the site's local time, in minutes after midnight; it may reach over midnight."""

    begin: int
    end: int
    """The first minute that lies outside; 1440 is the midnight that ends the day."""

    def is_open(self, at: datetime) -> bool:
        minute = at.hour * 60 + at.minute
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end

    def __str__(self) -> str:
        return "–".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in self)


def parse_window(text: str) -> Window:
    """Read ``HH:MM-HH:MM``; ``00:00-24:00`` is always. Raises ValueError for anything else.

    >>> str(parse_window("20:00-6:00"))
    '20:00–06:00'
    """
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise ValueError("no window")
    begin = int(match[1]) * 60 + int(match[2])
    end = _DAY if match[3] is None else int(match[3]) * 60 + int(match[4])
    if begin == end:
        raise ValueError("begins when it ends")
    return Window(begin, end)


@dataclass(frozen=True)
class Hours:
    """The windows of a run; a system without one may be read at any time."""

    windows: Mapping[tuple[str, str], Window]
    """By department and system."""
    clock: Callable[[], datetime]
    """The present in the site's local time."""

    def closed(self, config: SystemConfig) -> Window | None:
        """The system's window, if it is not open now."""
        window = self.windows.get((config.department, config.id))
        return None if window is None or window.is_open(self.clock()) else window


def host_of(config: SystemConfig) -> str | None:
    """``host:port`` of the system's URL; None where no server is read: files, and what is no address."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(config.url or "")
    except (ArgumentError, ValueError):
        return None
    scheme = url.drivername.partition("+")[0]
    return f"{url.host.lower()}:{url.port or _PORTS.get(scheme, scheme)}" if url.host else None


def side_by_side(
    items: Sequence[_Item],
    hosts: Sequence[str | None],
    work: Callable[[_Item], _Result],
    *,
    threads: int,
    per_host: int,
    stop: Callable[[], None],
) -> list[_Result]:
    """``work`` on each item, at most ``threads`` at once and ``per_host`` of one host; results in the items' order.

    While a host is busy, items of others come first. An exception, Ctrl-C too, begins nothing new, calls ``stop`` so
    that what runs may end early, and is raised.
    """
    turns = _Turns(hosts, per_host)
    results: dict[int, _Result] = {}

    def worker() -> None:
        while (index := turns.take()) is not None:
            try:
                results[index] = work(items[index])
            except BaseException:
                turns.cancel()
                stop()
                raise
            finally:
                turns.give_back(index)

    with ThreadPoolExecutor(max_workers=max(1, threads), thread_name_prefix="system") as pool:
        try:
            for future in [pool.submit(worker) for _ in range(min(threads, len(items)))]:
                future.result()
        except BaseException:
            turns.cancel()
            stop()
            raise
    return [results[index] for index in range(len(items))]


class _Turns:
    """Who is next: the first item in line whose host has a place left."""

    def __init__(self, hosts: Sequence[str | None], per_host: int) -> None:
        self._hosts, self._per_host = hosts, per_host
        self._waiting = list(range(len(hosts)))
        self._busy: Counter[str] = Counter()
        self._changed = threading.Condition()

    def take(self) -> int | None:
        """Wait for a turn; None when no item is left."""
        with self._changed:
            while self._waiting:
                for index in self._waiting:
                    if self._has_place(self._hosts[index]):
                        self._waiting.remove(index)
                        self._count(index, 1)
                        return index
                self._changed.wait()
            return None

    def give_back(self, index: int) -> None:
        with self._changed:
            self._count(index, -1)
            self._changed.notify_all()

    def cancel(self) -> None:
        """Nobody else gets a turn."""
        with self._changed:
            self._waiting.clear()
            self._changed.notify_all()

    def _has_place(self, host: str | None) -> bool:
        return host is None or self._busy[host] < self._per_host

    def _count(self, index: int, by: int) -> None:
        host = self._hosts[index]
        if host is not None:
            self._busy[host] += by
