"""Connectors that hang, exit, and lie: one failure names each, the other systems are read, and the run ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.base import SystemConfig
from connectors.model import Asset, Column
from connectors.testing import LIES, HostileConnector, Script
from workflows.check_systems import _look
from workflows.harvest import HarvestOptions, harvest
from workflows.harvest_result import HarvestResult
from workflows.store import Store

AT = "2025-06-01T08:00:00+08:00"
NAMES = ("a", "b", "c", "d")
Run = Callable[..., HarvestResult]


def sound(config: SystemConfig) -> list[Asset]:
    columns = (Column("x", 1, comment="姓名"),)
    return [Asset(config.department, config.id, name, schema="S.1", columns=columns) for name in NAMES]


@pytest.fixture
def run(store: Store) -> Run:
    """``run({"sys": Script(…)})``: systems whose connectors follow scripts; without assets, four sound ones."""

    def harvested(scripts: dict[str, Script], limit: float = 20.0, **config: Any) -> HarvestResult:
        systems = [SystemConfig(department="dept", id=name, connector="nasty", **config) for name in scripts]

        def opener(one: SystemConfig) -> HostileConnector:
            script = scripts[one.id]
            script.assets = script.assets or sound(one)
            script.values = script.values or {name: {"x": ["某甲"]} for name in (*NAMES, "unlisted")}
            return HostileConnector(one, script)

        return harvest(
            store,
            systems,
            run=store.start_run("harvest", AT),
            at=AT,
            as_of=date(2025, 6, 1),
            options=HarvestOptions(time_limit=timedelta(seconds=limit), threads=2),
            opener=opener,
        )

    return harvested


def told(result: HarvestResult, system: int = 0) -> list[str]:
    """What failed besides the broken cell that every `HostileConnector` reports."""
    return [one.what for one in result.systems[system].failed if one.what != "one cell is no column"]


def stored(store: Store) -> list[str]:
    return [item.asset.key for item in store.stream()]


@pytest.mark.parametrize("call", ["probe", "listing", "assets", "sample"])
def test_a_system_that_hangs_is_given_up_and_the_run_goes_on(run: Run, store: Store, call: str) -> None:
    script = Script(hangs=frozenset({call}))
    result = run({"stuck": script, "fine": Script()}, limit=0.5)
    assert told(result) == ["it did not end within 0.5 seconds and was given up"]
    assert "time_limit" in str(result.systems[0].failed[-1])
    assert (result.systems[0].complete, result.systems[1].complete) == (False, True)
    assert told(result, 1) == []
    before = stored(store)
    assert before == [f"dept/fine/S.1.{name}" for name in NAMES]
    # The thread that was left behind comes back: it writes nothing any more.
    threads = [one for one in threading.enumerate() if one.daemon and one.name.startswith("system")]
    assert threads
    script.released.set()
    for thread in threads:
        thread.join(10)
    assert stored(store) == before
    assert run({"stuck": Script(), "fine": Script()}).systems[0].new == len(NAMES)


def test_what_came_before_the_limit_is_kept(run: Run, store: Store) -> None:
    class Slow(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            time.sleep(0.15)
            return super().__getitem__(name)

    slow = Script(values=Slow({name: {"x": ["某甲"]} for name in NAMES}))
    result = run({"slow": slow}, limit=0.2)
    assert told(result) == ["not all was read within its limit of 0.2 seconds"]
    assert 0 < len(stored(store)) < len(NAMES)


@pytest.mark.parametrize("call", ["probe", "listing", "assets"])
def test_a_connector_that_exits_loses_its_system_only(run: Run, store: Store, call: str) -> None:
    result = run({"exits": Script(exits=frozenset({call})), "fine": Script()})
    (what,) = told(result)
    assert what.startswith("unexpected SystemExit at testing.py:")
    assert "a fault of the connector nasty" in str(result.systems[0].failed[0])
    assert (result.systems[0].complete, result.systems[1].complete) == (False, True)
    assert len(stored(store)) == len(NAMES) + (2 if call == "assets" else 0)


def test_a_sample_that_exits_is_one_assets_failure(run: Run, store: Store) -> None:
    result = run({"exits": Script(exits=frozenset({"sample"}))})
    assert len(told(result)) == len(stored(store)) == len(NAMES)


EXPECTED = {
    "lists what it does not yield": [],
    "yields what it does not list": [],
    "another department's": ["the connector yields an asset of another system"],
    "another system's": ["the connector yields an asset of another system"],
    "no asset": ["the connector yields NoneType where Asset is expected"],
    "no name": ["the connector yields Asset with a wrong type in name"],
    "a column without a name": ["the connector yields Asset with a wrong type in columns[0].name"],
    "ordinals twice": ["the connector yields columns that are not numbered 1, 2, 3, …"],
    "names twice": ["the connector yields two columns of one name"],
    "a list for a comment": ["the connector yields Asset with a wrong type in comment"],
    "a word that is no kind": ["the connector yields Asset with a wrong type in kind"],
    "a secrecy mark": [],
    "what is restricted": [],
    "no listing": ["the connector yields NoneType where Listing is expected"],
    "texts for failures": ["1 of the failures that the connector tells are none"],
    "too many rows": [],
    "unknown columns": [],
    "no sample": ["the connector samples list where a mapping is expected"] * len(NAMES),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_told_and_not_stored(run: Run, store: Store, lie: str) -> None:
    result = run({"sys": Script(lies=frozenset({lie}))}, restricted=("hidden_*",))
    assert told(result) == EXPECTED[lie]
    faults = [one for one in result.systems[0].failed if one.what in EXPECTED[lie]]
    assert all("a fault of the connector nasty" in (one.hint or "") for one in faults)
    there = [] if lie == "no listing" else [f"dept/sys/S.1.{name}" for name in NAMES]
    more = ["dept/sys/S.1.unlisted"] if lie == "yields what it does not list" else []
    assert sorted(stored(store)) == sorted([*there, *more])
    assert all(len(found) <= 50 for item in store.stream() for found in item.evidence.values())
    counts = (result.systems[0].quarantined, result.systems[0].excluded)
    assert counts == (int(lie == "a secrecy mark"), int(lie == "what is restricted"))


def test_a_lie_a_thousand_times_is_one_failure(run: Run) -> None:
    config = SystemConfig(department="dept", id="sys", connector="nasty")
    foreign = [Asset("dept", "othersys", f"t{number}", schema="S.1") for number in range(1000)]
    result = run({"sys": Script(assets=[*foreign, *sound(config)])})
    assert told(result) == ["the connector yields an asset of another system (and 999 more of the kind)"]
    assert result.systems[0].new == len(NAMES)


def test_after_a_lie_nothing_vanishes(run: Run, store: Store) -> None:
    run({"sys": Script()})
    config = SystemConfig(department="dept", id="sys", connector="nasty")
    run({"sys": Script(assets=sound(config)[:-1], lies=frozenset({"ordinals twice"}))})
    assert not [item.key for item in store.known("dept", "sys").values() if item.vanished or item.missing_runs]


def test_a_marked_asset_that_is_stored_leaves_the_store(run: Run, store: Store) -> None:
    run({"sys": Script()})
    config = SystemConfig(department="dept", id="sys", connector="nasty")

    class Careless(HostileConnector):
        def _kept(self) -> list[Asset]:
            return self.script.assets

    marked = [Asset("dept", "sys", "a", schema="S.1", comment="绝密"), *sound(config)[1:]]
    harvest(
        store,
        [config],
        run=store.start_run("harvest", AT),
        at=AT,
        as_of=date(2025, 6, 1),
        opener=lambda one: Careless(one, Script(marked, {name: {} for name in NAMES})),
    )
    assert stored(store) == [f"dept/sys/S.1.{name}" for name in NAMES[1:]]


def test_ctrl_c_does_not_wait_for_what_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    from workflows import patience

    monkeypatch.setattr(patience, "STOPPING", 0.2)
    stop, hang = threading.Event(), threading.Event()
    stop.set()
    began = time.monotonic()
    assert not patience.Patience(3600, stop).run(lambda: hang.wait() and None)
    assert time.monotonic() - began < 5
    hang.set()


def test_check_names_the_connector_that_exits(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(exits=frozenset({"probe"}))
    monkeypatch.setattr("workflows.check_systems.open_connector", lambda one: HostileConnector(one, script))
    (line,) = _look(SystemConfig(department="dept", id="sys", connector="nasty"))
    assert (line.status, line.hint) == (
        "failed",
        "this is a fault of the connector nasty: please report it to who wrote it",
    )


SITE = """department: {id: a, name: 甲局}
systems:
  - {id: stuck, connector: sqlite, path: a.sqlite, time_limit: 1m}
"""
STUCK = """
import concurrent.futures, datetime, sys, threading
import connectors.base, workflows.settings
from connectors.testing import HostileConnector, Script
from workflows.cli import main

class Stuck(HostileConnector):
    def __init__(self, config):
        super().__init__(config, Script(hangs=frozenset({"listing"})))

    def probe(self):
        # Python waits for threads that are no daemons, and for those of pools.
        threading.Thread(target=self.script.released.wait).start()
        concurrent.futures.ThreadPoolExecutor().submit(self.script.released.wait)

connectors.base.connector_class = lambda name: Stuck
assert workflows.settings.span_of("1m").total_seconds() == 60
workflows.settings.span_of = lambda text: datetime.timedelta(seconds=1 if text == "1m" else 86400)
sys.argv = ["pdc", "--site", *sys.argv[1:]]
main()
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text("name: 测试目录\n", encoding="utf-8")
    (tmp_path / "a.sqlite").touch()
    (tmp_path / "departments" / "a.yaml").write_text(SITE, encoding="utf-8")
    return tmp_path


def test_the_process_ends_although_a_check_hangs(site: Path) -> None:
    command = [sys.executable, "-c", STUCK, str(site), "check", "--connect", "--timeout", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=dict(os.environ))
    assert "no answer within 1 seconds" in done.stdout, done.stderr
    assert done.returncode == 1


def test_the_process_ends_although_a_connector_hangs(site: Path) -> None:
    command = [sys.executable, "-c", STUCK, str(site), "harvest", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=dict(os.environ))
    (system,) = json.loads(done.stdout)["systems"]
    assert done.returncode == 1, done.stderr
    assert system["failed"][-1]["what"] == "it did not end within 1 seconds and was given up"
