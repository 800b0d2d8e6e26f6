"""The audit trail: one chain however many act at once, and no change that it does not show."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from classifiers.evidence import Decision
from workflows.acts.acting import Acting, Draft
from workflows.acts.decisions import decide
from workflows.acts.model import Actor, Conflict
from workflows.acts.trail import Trail
from workflows.acts.verify import verify
from workflows.store import Store

LI = Actor(account="li", person="li", name="李四", behalf="王五")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "elsewhere" / "head.jsonl")


@pytest.fixture
def trail(store: Store) -> Trail:
    found = Trail(store)
    for number in range(1, 4):
        with found.acting(LI, "putuo-2020 1.0") as acting:
            acting.add("entry", f"d/s/t{number % 2}", "submit", why="年度编制", after={"n": number})
            acting.keep({"entry": number})
    return found


def test_an_act_says_everything_about_itself(trail: Trail) -> None:
    first, second, third = trail.acts()
    assert (first.number, first.who, first.account, first.behalf, first.pack) == (
        1,
        "li",
        "li",
        "王五",
        "putuo-2020 1.0",
    )
    assert (first.subject, first.version, first.verb, first.why, first.after) == (
        *("d/s/t1", 1, "submit", "年度编制"),
        '{"n":1}',
    )
    assert second.previous == first.hash
    assert (third.subject, third.version) == ("d/s/t1", 2)
    assert list(trail.acts("entry", "d/s/t0")) == [second]
    assert list(trail.acts("request")) == []
    assert list(trail.acts(until="2000-01-01")) == []
    assert len(list(trail.acts(until=first.at[:10]))) == 3
    found = verify(trail)
    assert (found.acts, found.heads, found.unrecorded, found.documents, found.faults) == (3, 3, 0, 3, ())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE acts SET why = '' WHERE number = 2", "entry submit was changed after it was written"),
        ("UPDATE acts SET who = 'wang' WHERE number = 3", "entry submit was changed after it was written"),
        ("DELETE FROM acts WHERE number = 2", "acts 2 to 2 are missing"),
        ("DELETE FROM acts WHERE number = 3", "the chain ends elsewhere than the store says"),
        ("DELETE FROM acts WHERE number = 1", "acts 1 to 1 are missing"),
        ("UPDATE documents SET body = '{}'", "was changed after it was written"),
    ],
)
def test_no_change_goes_unseen(trail: Trail, change: str, told: str) -> None:
    with trail.store.write() as connection:
        connection.execute(text(change))
    assert told in "\n".join(fault.what for fault in verify(trail).faults)


def test_a_chain_cut_off_and_mended_disagrees_with_the_head_outside(trail: Trail) -> None:
    second = list(trail.acts())[1]
    with trail.store.write() as connection:
        connection.execute(text("DELETE FROM acts WHERE number = 3"))
        connection.execute(text(f"UPDATE acts_head SET number = 2, hash = '{second.hash}'"))
    (fault,) = verify(trail).faults
    assert "up to number 3 of" in fault.what


def test_a_whole_new_chain_disagrees_with_the_head_outside(trail: Trail) -> None:
    with trail.store.write() as connection:
        connection.execute(text("DELETE FROM acts"))
        connection.execute(text(f"UPDATE acts_head SET number = 0, hash = '{'0' * 64}'"))
    with Trail(trail.store).acting(LI) as acting:
        acting.add("entry", "d/s/t1", "submit")
    assert any("recorded outside the store name other acts than it has" in fault.what for fault in verify(trail).faults)


def act_and_fail(trail: Trail, act: Callable[[Acting], object]) -> None:
    with trail.acting(LI) as acting:
        act(acting)
        acting.add("entry", "d/s/t1", "approve", expected=99)


def test_what_fails_leaves_no_act(trail: Trail) -> None:
    with pytest.raises(Conflict):
        act_and_fail(trail, lambda acting: acting.add("entry", "d/s/t1", "approve"))
    found = verify(trail)
    assert (found.acts, found.heads, found.faults) == (3, 3, ())


def test_who_saw_another_version_is_told(trail: Trail) -> None:
    with pytest.raises(Conflict, match="somebody else acted on it meanwhile"), trail.acting(LI) as acting:
        acting.add("entry", "d/s/t1", "approve", expected=1)
    with trail.acting(LI) as acting:
        acting.add("entry", "d/s/t1", "approve", expected=2)
        assert acting.version("entry", "d/s/t1") == 3


def test_many_acts_at_once_are_the_same_chain(tmp_path: Path) -> None:
    drafts = [Draft(f"d/s/t{number % 3}", "submit", "年度", None, {"n": number}, "wang") for number in range(7)]
    chains = []
    for name in ("one.db", "many.db"):
        with Store(f"sqlite:///{tmp_path / name}", tmp_path / f"{name}.head") as store:
            found = Trail(store, lambda: datetime(2026, 1, 5, tzinfo=timezone.utc))
            with found.acting(LI) as acting:
                acting.add("entry", "d/s/t1", "fill")
            with found.acting(LI) as acting:
                if name == "many.db":
                    acting.add_all("entry", drafts)
                else:
                    for draft in drafts:
                        acting.add("entry", **draft._asdict())
                assert [acting.version("entry", f"d/s/t{number}") for number in range(4)] == [3, 3, 2, 0]
            chains.append(list(found.acts()))
            assert verify(found).faults == ()
    assert chains[0] == chains[1]
    assert len(chains[0]) == 8


def test_a_ruling_and_its_act_are_written_together(trail: Trail) -> None:
    def ruling(value: str | None) -> Decision:
        return Decision("d/s/t1", "tier", value, "wang", "2026-11-01", column="sfzh", reason="核实")

    with trail.acting(LI) as acting:
        decide(acting, trail.store, [ruling("L4"), ruling("L3")])
    with pytest.raises(Conflict):
        act_and_fail(trail, lambda acting: decide(acting, trail.store, [ruling("L2")]))
    first, second = trail.acts("decision")
    assert [item.value for item in trail.store.decisions()] == ["L4", "L3"]
    assert (first.who, first.account, first.why, first.before) == ("wang", "li", "核实", "")
    assert msgspec.json.decode(second.before) == {"value": "L4"}
    assert msgspec.json.decode(second.after)["column"] == "sfzh"


ACT_MANY = """
import sys
from workflows.acts.model import Actor
from workflows.acts.trail import Trail
from workflows.store import Store
from pathlib import Path
with Store(sys.argv[1], Path(sys.argv[2])) as store:
    for number in range(25):
        with Trail(store).acting(Actor(account=sys.argv[3])) as acting:
            acting.add("request", "r1", "use", after={"n": number})
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_that_act_at_once_lose_nothing(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    make: Callable[[str], str] | None = request.getfixturevalue("postgres_database") if kind == "postgresql" else None
    url = make("acts") if make else f"sqlite:///{tmp_path / 'acts.db'}"
    head = tmp_path / "head.jsonl"
    with Store(url, head) as store:
        arguments = [sys.executable, "-c", ACT_MANY, url, str(head)]
        running = [subprocess.Popen([*arguments, f"account{i}"]) for i in range(4)]
        assert [process.wait(120) for process in running] == [0] * 4
        trail = Trail(store)
        acts = list(trail.acts("request", "r1"))
        assert [act.version for act in acts] == list(range(1, 101))
        assert {act.account for act in acts} == {f"account{i}" for i in range(4)}
        found = verify(trail)
        assert (found.acts, found.heads, found.unrecorded, found.faults) == (100, 100, 0, ())
