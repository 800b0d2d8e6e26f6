"""Time in the trail: what a past day's lists say cannot change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from workflows import people
from workflows.acts.model import Actor, Blocked, NotAllowed
from workflows.acts.time import STEP, set_clock
from workflows.acts.trail import Trail
from workflows.acts.verify import verify
from workflows.cli import cli
from workflows.clock import CHINA
from workflows.store import Store

NOON = datetime(2026, 3, 10, 12, tzinfo=CHINA)
LI = Actor("li", "li", "李四", ("reviewer",))
ADMIN = Actor("root", "ops", "管理员", ("admin",))
Act = Callable[[datetime], str]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "head.jsonl")


@pytest.fixture
def act(store: Store) -> Act:
    def at(now: datetime) -> str:
        with Trail(store, lambda: now).acting(LI) as acting:
            return acting.add("entry", "d/s/t", "fill").at

    return at


@pytest.mark.parametrize("behind", [timedelta(seconds=1), STEP])
def test_a_clock_that_steps_back_takes_the_last_acts_time(behind: timedelta, act: Act, store: Store) -> None:
    assert act(NOON) == act(NOON - behind) == NOON.isoformat()
    assert act(NOON + timedelta(seconds=1)) > NOON.isoformat()
    assert verify(Trail(store)).faults == ()


def test_a_clock_far_behind_lets_nobody_act(act: Act, store: Store) -> None:
    act(NOON)
    told = r"clock says 2026-03-10 11:49, and act 1 was at 2026-03-10 12:00 already: set the clock right; .*set-clock"
    with pytest.raises(Blocked, match=told):
        act(NOON - STEP - timedelta(seconds=1))
    assert len(list(Trail(store).acts())) == 1


def test_times_compare_as_instants_and_are_written_in_one_zone(act: Act) -> None:
    act(NOON)
    assert act(datetime(2026, 3, 10, 4, 30, tzinfo=timezone.utc)) == "2026-03-10T12:30:00+08:00"


@pytest.mark.parametrize(("at", "told"), [("2026-03-10T11:00:00+08:00", "time runs back"), ("gestern", "is none")])
def test_time_that_runs_back_is_told(at: str, told: str, act: Act, store: Store) -> None:
    """In chains from before clocks were looked at, and in forged ones."""
    act(NOON)
    act(NOON)
    with store.write() as connection:
        connection.execute(text("UPDATE acts SET at = :at WHERE number = 2"), {"at": at})
    assert any(fault.number == 2 and told in fault.what for fault in verify(Trail(store)).faults)


def test_small_steps_do_not_add_up_unseen(act: Act, store: Store) -> None:
    for _ in range(3):
        act(NOON)
    with store.write() as connection:
        for number, minutes in ((2, 8), (3, 16)):
            at = (NOON - timedelta(minutes=minutes)).isoformat()
            connection.execute(text(f"UPDATE acts SET at = '{at}' WHERE number = {number}"))
    assert [fault.number for fault in verify(Trail(store)).faults if "runs back" in fault.what] == [3]


def test_acts_dated_ahead_do_not_lock_the_site(act: Act, store: Store) -> None:
    act(NOON)
    act(NOON + timedelta(days=365))
    with pytest.raises(Blocked):
        act(NOON + timedelta(days=1))
    now = NOON + timedelta(days=2)
    trail = Trail(store, lambda: now)
    with pytest.raises(NotAllowed):
        set_clock(trail, LI, "电池没电")
    with pytest.raises(Blocked, match="--why"):
        set_clock(trail, ADMIN, " ")
    assert set_clock(trail, ADMIN, "电池没电").at == now.isoformat()
    with pytest.raises(Blocked, match="nothing to set right"):
        set_clock(trail, ADMIN, "电池没电")
    act(now + timedelta(hours=1))
    assert verify(trail).faults == ()
    seen = [[one.number for one in trail.acts(until=day)] for day in ("2026-03-10", "2026-03-11", "2026-03-12")]
    assert seen == [[1], [1], [1, 2, 3, 4]]


def test_an_administrator_sets_it_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site.yaml").write_text("people: [{id: ops, name: 管理员, accounts: [o], roles: [admin]}]\n", "utf-8")
    monkeypatch.setattr(people, "account", lambda: "o")
    arguments = ["--site", str(tmp_path), "audit", "set-clock", "--why", "电池没电"]
    with Store(f"sqlite:///{tmp_path}/var/catalogue.sqlite", tmp_path / "var" / "audit-head.jsonl") as store:
        ahead = Trail(store, lambda: datetime.now(CHINA) + timedelta(days=9))
        with ahead.acting(LI) as acting:
            acting.add("entry", "d/s/t", "fill")
        done = CliRunner().invoke(cli, arguments)
        assert (done.exit_code, "act 2: time goes on from" in done.stderr) == (0, True)
        again = CliRunner().invoke(cli, arguments)
        assert (again.exit_code, "nothing to set right" in again.stderr) == (4, True)
        assert verify(ahead).faults == ()
