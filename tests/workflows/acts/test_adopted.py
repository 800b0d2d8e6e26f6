"""Rulings from before the trail: an older store's migration takes them over, and nobody can change them since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, inspect, text

from classifiers.evidence import Decision
from workflows.acts.acting import seal
from workflows.acts.decisions import decide
from workflows.acts.described import descriptions
from workflows.acts.model import Actor
from workflows.acts.trail import Trail
from workflows.acts.verify import verify
from workflows.clock import now
from workflows.people import Person
from workflows.store import Store

from ..conftest import DESCRIPTIONS

MakeOld = Callable[[Connection, int], None]
LI = Actor(account="li", person="li", name="李四")


def ruling(value: str, column: str | None = "sfzh", at: str = "2025-11-01") -> Decision:
    return Decision("d/s/t1", "tier", value, "李四", at, column=column, reason="核实")


OLD = [ruling("L4"), ruling("L3"), ruling("L2", None), ruling("L2", "xm")]


@pytest.fixture(params=[1, 2, 3])
def migrated(request: pytest.FixtureRequest, tmp_path: Path, make_old: MakeOld) -> Iterator[Trail]:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    with Store(url) as store:
        store.add_decisions(OLD)
        with store.write() as connection:
            make_old(connection, request.param)
    with Store(url) as store:
        yield Trail(store)


def faults(trail: Trail, change: str = "") -> list[tuple[int, str]]:
    if change:
        with trail.store.write() as connection:
            connection.execute(text(change))
    return [(fault.number, fault.what) for fault in verify(trail).faults]


def test_a_migrated_store_begins_with_its_rulings_and_is_whole(migrated: Trail) -> None:
    (first,) = migrated.acts()
    assert (first.number, first.who, first.kind, first.verb) == (1, "pdc", "decision", "adopt")
    with migrated.acting(LI) as acting:
        decide(acting, migrated.store, [ruling("L1", at="2026-11-01")])
    found = verify(migrated)
    assert (found.acts, found.before_trail, found.faults) == (2, 4, ())
    assert migrated.store.decisions()[:4] == OLD


NEW = (
    "INSERT INTO decisions (id, asset, {c}, dimension, value, who, at, reason, basis) VALUES"
    " ({id}, 'd/s/t1', 'sfzh', 'tier', 'L1', '李四', '2024-01-01', '', '[]')"
)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE decisions SET value = 'L1' WHERE id = 2", ["1 of the 4 rulings from before the trail", "no act made"]),
        ("UPDATE decisions SET at = '2025-01-01' WHERE id = 4", ["1 of the 4 rulings", "t1.xm that no act made"]),
        ("UPDATE decisions SET because = '办事需要' WHERE id = 3", ["1 of the 4 rulings", "t1 that no act made"]),
        ("DELETE FROM decisions WHERE id = 1", ["1 of the 4 rulings from before the trail are gone"]),
        ("DELETE FROM decisions", ["4 of the 4 rulings", "its ruling on tier of d/s/t1.sfzh is gone"]),
        ("UPDATE decisions SET id = 99 WHERE id = 1", ["stand in another order"]),
        (NEW.format(id=99, c='"column"'), ["t1.sfzh that no act made"]),
        (NEW.format(id=0, c='"column"'), ["or others before them", "t1.sfzh that no act made"]),
        ("DELETE FROM documents", ["is gone", *["no act made"] * 4]),
    ],
)
def test_no_change_to_what_was_taken_over_goes_unseen(change: str, told: list[str], migrated: Trail) -> None:
    with migrated.acting(LI) as acting:
        decide(acting, migrated.store, [ruling("L1", at="2026-11-01")])
    found = faults(migrated, change)
    assert len(found) == len(told), found
    assert all(any(what in fault for _, fault in found) for what in told), found


def test_only_the_first_act_may_take_rulings_over(tmp_path: Path) -> None:
    trail = Trail(Store(f"sqlite:///{tmp_path / 'new.db'}"))
    with trail.acting(LI) as acting:
        decide(acting, trail.store, [ruling("L3")])
    trail.store.add_decisions([ruling("L1", at="2020-01-01")])
    with trail.acting(LI) as acting:
        acting.add("decision", "decisions", "adopt", after={"count": 1, "version": acting.keep({"rulings": []})})
    assert [number for number, _ in faults(trail)] == [2, 0]


def test_a_store_without_rulings_begins_with_nothing(tmp_path: Path, make_old: MakeOld) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    with Store(url) as store, store.write() as connection:
        make_old(connection, 3)
    with Store(url) as store:
        trail = Trail(store)
        assert (list(trail.acts()), verify(trail).faults) == ([], ())
        store.add_decisions([ruling("L1", at="2020-01-01")])
        assert faults(trail) == [(0, "the table of decisions has a ruling on tier of d/s/t1.sfzh that no act made")]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_acts_from_before_names_were_kept_stay_valid(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    make: Callable[[str], str] | None = request.getfixturevalue("postgres_database") if kind == "postgresql" else None
    url = make("acts_v4") if make else f"sqlite:///{tmp_path / 'v4.db'}"
    with Store(url) as store:
        # As version 4 wrote: no name in the act, and a ruling's act under the name.
        with Trail(store).acting(Actor(account="li", person="li")) as acting:
            acting.add("entry", "d/s/t1", "submit")
            decide(acting, store, [ruling("L3")])
        with store.write() as connection:
            (old,) = Trail(store).acts("decision")
            digest = seal(msgspec.structs.replace(old, name=""))
            connection.execute(text(f"UPDATE acts SET hash = '{digest}' WHERE number = 2"))
            connection.execute(text(f"UPDATE acts_head SET hash = '{digest}'"))
            connection.execute(text("ALTER TABLE acts DROP COLUMN name"))
            connection.execute(text("ALTER TABLE decisions DROP COLUMN because"))
            connection.execute(text("UPDATE schema_version SET version = 4"))
    with Store(url) as store:
        trail = Trail(store)
        with trail.acting(LI) as acting:
            acting.add("entry", "d/s/t1", "approve")
        assert faults(trail) == []
        assert [(act.who, act.name) for act in trail.acts()] == [("li", ""), ("李四", ""), ("li", "李四")]
        assert faults(trail, "UPDATE acts SET name = '' WHERE number = 3") == [
            (3, "entry approve was changed after it was written")
        ]


@pytest.mark.parametrize(
    ("signed", "who"),
    [
        ("李四", "li"),
        ("李四、王五", "li、wang"),
        ("李四（王五代录）", "li、wang"),
        ("赵六", "赵六"),
        ("李四、赵六", "li、赵六"),
        ("account:root", "account:root"),
    ],
)
def test_rulings_keep_ids_of_whoever_signed_and_how(signed: str, who: str, tmp_path: Path) -> None:
    people = [Person(id="li", name="李四"), Person(id="wang", name="王五")]
    with Store(f"sqlite:///{tmp_path / 'store.db'}", people=people) as store:
        trail = Trail(store)
        with trail.acting(LI) as acting:
            decide(acting, store, [Decision("d/s/t1", "tier", "L3", signed, "2026-11-01")])
        (act,) = trail.acts()
        assert (act.who, act.name, act.account) == (who, signed, "li")
        assert faults(trail) == []


TEXTS = "INSERT INTO descriptions VALUES ({day}, 'd/s/t1', {column}, '{text}', '李四', '2025-11-0{day}')"


def test_descriptions_become_acts_of_who_wrote_them(tmp_path: Path, make_old: MakeOld) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    with Store(url) as store:
        store.add_decisions(OLD)
        with store.write() as connection:
            make_old(connection, 3)
            for day, column, told in ((1, "'sfzh'", "旧"), (2, "NULL", "表"), (3, "'sfzh'", "新")):
                connection.execute(text(TEXTS.format(column=column, text=told, day=day)))
    with Store(url) as store:
        trail = Trail(store)
        _, *acts = trail.acts()
        assert [(act.verb, act.name, act.account != "") for act in acts] == [("describe", "李四", True)] * 3
        found = descriptions(trail, ["d/s/t1"])
        assert found == descriptions(trail)
        assert {key: (one.text, one.who, one.at) for key, one in found.items()} == {
            ("d/s/t1", "sfzh"): ("新", "李四", "2025-11-03"),
            ("d/s/t1", None): ("表", "李四", "2025-11-02"),
        }
        assert not inspect(store._engine).has_table("descriptions")
        assert faults(trail) == []
        (gone,) = faults(trail, "UPDATE acts SET after = replace(after, '新', '假') WHERE number = 4")
        assert gone == (4, "entry describe was changed after it was written")


def test_a_store_whose_last_act_is_ahead_of_the_clock_can_be_opened(tmp_path: Path) -> None:
    url, ahead = f"sqlite:///{tmp_path / 'old.db'}", now() + timedelta(days=400)
    with Store(url) as store:
        with Trail(store, lambda: ahead).acting(LI) as acting:
            acting.add("entry", "d/s/t1", "submit")
        with store.write() as connection:
            for statement in (DESCRIPTIONS, TEXTS.format(column="NULL", text="表", day=1)):
                connection.execute(text(statement))
            connection.execute(text("UPDATE schema_version SET version = 7"))
    with Store(url) as store:
        assert [act.at for act in Trail(store).acts()] == [ahead.isoformat()] * 2
        assert faults(Trail(store)) == []
