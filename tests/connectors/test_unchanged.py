"""Stamps, times as sources tell them, remote files by their own times, and the registry that is read once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timezone
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from connectors import base
from connectors.base import ConfigurationError, SystemConfig
from connectors.files import FilesConnector
from connectors.unchanged import Earlier, file_state, moment, stamp

SINCE = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2024-01-02T03:04:05.5", datetime(2024, 1, 2, 3, 4, 5, 500_000, timezone.utc)),
        ("2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, 0, timezone.utc)),
        ("2024-01-02T11:04:05+08:00", datetime(2024, 1, 2, 3, 4, 5, 0, timezone.utc)),
        (datetime(2024, 1, 2), datetime(2024, 1, 2, tzinfo=timezone.utc)),
    ],
)
def test_times_without_a_zone_are_utc(told: object, expected: datetime) -> None:
    assert moment(told) == expected.timestamp()


@pytest.mark.parametrize("told", ["", "yesterday", None, True, [], "9999-99-99"])
def test_what_is_no_time_is_none(told: object) -> None:
    assert moment(told) is None


def test_stamps_tell_texts_and_their_borders_apart() -> None:
    assert len({stamp(), stamp(""), stamp("a", "b"), stamp("ab"), stamp("b", "a"), stamp("\udc80")}) == 6


def test_only_what_is_older_than_since_and_has_its_stamp_is_unchanged() -> None:
    earlier, moment_of = Earlier({"a": "1", "b": "1", "c": "2"}, SINCE), SINCE.timestamp()
    assert earlier.unchanged("1", [moment_of - 1, moment_of - 9]) == {"a", "b"}
    assert earlier.unchanged("1", [moment_of - 1, moment_of]) == set()
    assert earlier.unchanged("1", [None]) == set()
    assert earlier.unchanged("", [0.0]) == earlier.unchanged("3", [0.0]) == set()
    assert Earlier().unchanged("1", [0.0]) == set()


def test_a_file_with_its_old_size_and_time_has_another_state(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("one")
    os.utime(path, (1, 1))
    before = file_state(path.stat())
    path.write_text("two")
    os.utime(path, (1, 1))
    assert (path.stat().st_size, path.stat().st_mtime) == (3, 1)
    assert file_state(path.stat()) != before


# --- remote files --------------------------------------------------------------------------------------------------


class _Store:
    """Objects in memory with the times that a store of objects would tell."""

    def __init__(self, name: str) -> None:
        import fsspec

        self.name = name
        self.memory = fsspec.filesystem("memory")
        self.told: dict[str, dict[str, Any]] = {}
        self.opened: list[str] = []

    def put(self, path: str, text: str, **told: Any) -> None:
        self.memory.pipe(f"/{self.name}/{path}", text.encode())
        self.told[path] = told


@pytest.fixture
def objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Store]:
    memory = pytest.importorskip("fsspec.implementations.memory").MemoryFileSystem
    store = _Store(tmp_path.name)
    find, plain_open = memory.find, memory.open

    def finds(self: Any, *args: Any, **more: Any) -> Any:
        found = find(self, *args, **more)
        return {name: info | store.told[name.rsplit("/", 1)[-1]] for name, info in found.items()}

    def opens(self: Any, path: str, *args: Any, **more: Any) -> Any:
        store.opened.append(path.rsplit("/", 1)[-1])
        return plain_open(self, path, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(memory, "find", finds)
        patch.setattr(memory, "open", opens)
        yield store
    store.memory.rm(f"/{store.name}", recursive=True)


def read(store: _Store, known: dict[str, str] | None = None) -> FilesConnector:
    store.opened.clear()
    url = f"memory://{store.name}"
    with FilesConnector(SystemConfig(department="d", id="s", connector="files", url=url)) as source:
        source.skip_unchanged(known or {}, SINCE)
        source.list_assets()
    return source


def test_remote_files_go_by_the_time_that_the_store_tells(objects: _Store) -> None:
    objects.put("a.csv", "name\nx\n", LastModified=datetime(2024, 1, 1, tzinfo=timezone.utc), ETag="1")
    objects.put("b.csv", "name\nx\n", mtime=datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp())
    objects.put("c.csv", "name\nx\n")
    known = read(objects).stamps
    assert sorted(known) == ["a", "b"]
    assert (read(objects, known).unchanged, objects.opened) == ({"a", "b"}, ["c.csv"])
    objects.told["a.csv"]["ETag"] = "2"
    objects.told["b.csv"]["mtime"] += 1
    assert read(objects, known).unchanged == set()


# --- the registry --------------------------------------------------------------------------------------------------


def test_installed_packages_are_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    installed = [EntryPoint("lamps", "connectors.files:FilesConnector", base.ENTRY_POINTS)]

    def entry_points(group: str) -> list[EntryPoint]:
        looks.append(group)
        return list(installed)

    monkeypatch.setattr(base, "entry_points", entry_points)
    base._registered.cache_clear()
    try:
        assert base.connector_class("lamps") is base.connector_class("lamps") is FilesConnector
        assert len(looks) == 1
        with pytest.raises(ConfigurationError, match="known: lamps"):
            base.connector_class("later")
        installed.append(EntryPoint("later", "connectors.files:FilesConnector", base.ENTRY_POINTS))
        assert base.connector_class("later") is FilesConnector
    finally:
        base._registered.cache_clear()
