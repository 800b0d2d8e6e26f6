"""Windows over midnight, places at a host, and what a harvest leaves alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.base import Connector, SystemConfig
from connectors.model import Asset, Listing
from workflows.clock import CHINA
from workflows.harvest import HarvestOptions, harvest
from workflows.harvest_result import HarvestResult
from workflows.schedule import Hours, Window, host_of, parse_window, side_by_side
from workflows.store import Store

Make = Callable[..., Asset]
Harvest = Callable[..., HarvestResult]


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 1, hour, minute, 59, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        ("20:00-06:00", [(20, 0), (23, 59), (0, 0), (5, 59)], [(6, 0), (12, 0), (19, 59)]),
        ("1:30-5:00", [(1, 30), (4, 59)], [(1, 29), (5, 0), (23, 0)]),
        ("18:00-24:00", [(18, 0), (23, 59)], [(0, 0), (17, 59)]),
        ("22:00 – 00:00", [(22, 0), (23, 59)], [(0, 0), (21, 59)]),
        ("00:00-24:00", [(0, 0), (12, 0), (23, 59)], []),
    ],
)
def test_a_window_is_open_from_its_first_minute_to_before_its_last(
    window: str, inside: list[tuple[int, int]], outside: list[tuple[int, int]]
) -> None:
    found = parse_window(window)
    assert [moment for moment in inside if not found.is_open(at(*moment))] == []
    assert [moment for moment in outside if found.is_open(at(*moment))] == []


@pytest.mark.parametrize("text", ["", "20:00", "8pm-6am", "20:00-20:00", "24:00-06:00", "20:60-06:00"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no window|begins when it ends"):
        parse_window(text)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql://a:p%40ss@DB.example/x", "db.example:5432"),
        ("postgresql+psycopg2://a@db.example:5432/x", "db.example:5432"),
        ("mysql://a@db.example:3307", "db.example:3307"),
        ("https://open.example.cn/api?mail=a@b", "open.example.cn:443"),
        ("dm://db.example", "db.example:dm"),
        ("sqlite:////data/x.db", None),
        ("file:///data", None),
        ("no address", None),
        (None, None),
    ],
)
def test_the_host_of_a_system(url: str | None, host: str | None) -> None:
    assert host_of(SystemConfig(department="d", id="s", connector="c", url=url)) == host


class Watched:
    """Work that takes a moment and remembers how much of it went on at once, by host."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now: dict[str, int] = {}
        self.most: dict[str, int] = {}

    def __call__(self, host: str) -> str:
        for name, step in (("all", 1), (host, 1)):
            with self.lock:
                self.now[name] = self.now.get(name, 0) + step
                self.most[name] = max(self.most.get(name, 0), self.now[name])
        time.sleep(0.03)
        with self.lock:
            self.now["all"] -= 1
            self.now[host] -= 1
        return host.upper()


def run(watched: Watched, items: list[str], per_host: int, threads: int = 4) -> list[str]:
    hosts = [None if item == "file" else item for item in items]
    return side_by_side(items, hosts, watched, threads=threads, per_host=per_host, stop=lambda: None)


def test_no_more_than_the_places_of_a_host_and_hosts_side_by_side() -> None:
    watched, items = Watched(), ["a", "a", "a", "a", "b", "b", "file", "file"]
    assert run(watched, items, 1) == [item.upper() for item in items]
    assert (watched.most["a"], watched.most["b"]) == (1, 1)
    assert 2 <= watched.most["all"] <= 4
    watched = Watched()
    run(watched, ["a"] * 6, 2)
    assert watched.most["a"] == 2
    watched = Watched()
    run(watched, ["file"] * 6, 1, threads=3)
    assert watched.most["file"] == 3


def test_a_busy_host_does_not_keep_another_waiting() -> None:
    begun: list[str] = []
    released = threading.Event()

    def work(item: str) -> None:
        begun.append(item)
        if item == "slow 1":
            assert released.wait(10)
        if item == "quick":
            released.set()

    items = ["slow 1", "slow 2", "quick"]
    side_by_side(items, ["slow", "slow", "quick"], work, threads=2, per_host=1, stop=lambda: None)
    assert begun == ["slow 1", "quick", "slow 2"]


def test_after_an_error_nothing_new_begins() -> None:
    begun: list[int] = []
    stopped = threading.Event()

    def work(item: int) -> None:
        begun.append(item)
        if item == 1:
            raise KeyError(item)
        assert stopped.wait(10)

    with pytest.raises(KeyError):
        side_by_side(list(range(9)), [None] * 9, work, threads=2, per_host=1, stop=stopped.set)
    assert sorted(begun) == [0, 1]


def test_nothing_to_do() -> None:
    assert run(Watched(), [], 1) == []


# --- a harvest and its windows ---

NIGHT = {("dept", "sys"): Window(20 * 60, 6 * 60)}


def test_outside_its_window_a_system_is_left_alone(store: Store, harvester: Harvest, source: Any, asset: Make) -> None:
    fake = source([asset("a", "x"), asset("b", "x")])
    harvester({"sys": fake}, hours=Hours(NIGHT, lambda: at(21)))
    (state,), asked = store.systems(), len(fake.asked)
    fake.assets.clear()
    result = harvester({"sys": fake}, hours=Hours(NIGHT, lambda: at(12)))
    (system,) = result.systems
    assert (system.skipped, system.complete, system.failed, result.exit_code) == (True, False, [], 0)
    assert system.notices == ["outside its window 20:00–06:00; nothing was read (--now reads it)"]
    assert (len(fake.asked), store.systems()) == (asked, [state])
    assert [item.vanished or item.missing_runs for item in store.known("dept", "sys").values()] == [0, 0]


def test_outside_its_window_what_is_restricted_now_still_leaves_the_store(
    store: Store, harvester: Harvest, source: Any, asset: Make
) -> None:
    fake = source([asset("a", "x"), asset("secret_a", "x")])
    harvester({"sys": fake})
    restricted = {"restricted": ("secret_*",)}
    harvester({"sys": fake}, config=restricted, hours=Hours(NIGHT, lambda: at(12)))
    assert list(store.known("dept", "sys")) == ["dept/sys/a"]


def test_a_window_that_closes_ends_the_reading_at_the_next_asset(
    store: Store, harvester: Harvest, source: Any, asset: Make
) -> None:
    names = [f"t{i}" for i in range(6)]
    harvester({"sys": source([asset(name, "x") for name in (*names, "gone")])}, rows=0)
    fake = source([asset(name, "x", "new") for name in names])
    minutes = iter(range(9))
    # Asked once when the system's turn comes and before each asset: it closes before the fourth.
    hours = Hours(NIGHT, lambda: at(5, 56) + timedelta(minutes=next(minutes)))
    result = harvester({"sys": fake}, hours=hours, removal_share=1.0)
    (system,) = result.systems
    assert (system.assets, system.changed, system.complete, result.exit_code) == (3, 3, False, 3)
    assert [failure.what for failure in system.failed] == ["its window 20:00–06:00 closed before all was read"]
    assert not any(item.vanished or item.missing_runs for item in store.known("dept", "sys").values())
    (again,) = harvester({"sys": fake}, hours=Hours(NIGHT, lambda: at(20)), removal_share=1.0).systems
    assert (again.unchanged, again.changed, again.vanished, again.complete) == (3, 3, 1, True)
    assert [name for name, _, _ in fake.asked] == names


def test_systems_of_one_host_are_harvested_one_after_the_other(
    store: Store,
) -> None:
    watched = Watched()

    class Slow(Connector):
        def probe(self) -> None:
            watched(host_of(self.config) or "file")

        def list_assets(self) -> Listing:
            return Listing(())

        def assets(self) -> Iterator[Asset]:
            return iter(())

    urls = ["postgresql://one/a", "postgresql://one:5432/b", "postgresql://one/c", "postgresql://two/d", None, None]
    configs = [SystemConfig(department="d", id=f"s{i}", connector="fake", url=url) for i, url in enumerate(urls)]
    result = harvest(
        store,
        configs,
        run=store.start_run("harvest", at(8).isoformat()),
        at=at(8).isoformat(),
        as_of=at(8).date(),
        options=HarvestOptions(threads=4),
        opener=Slow,
    )
    assert [item.system for item in result.systems] == [config.id for config in configs]
    assert watched.most["one:5432"] == 1
    assert watched.most["all"] >= 2
