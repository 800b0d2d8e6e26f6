"""Whoever holds the store, the head file or both: what they do shows, and no accident looks like an attack."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from classifiers.evidence import Decision
from workflows.acts.acting import seal
from workflows.acts.decisions import decide
from workflows.acts.model import Actor
from workflows.acts.trail import Trail
from workflows.acts.verify import Verified, verify
from workflows.cli import cli
from workflows.errors import InputError, StoreError
from workflows.store import Store

LI = Actor(account="li", person="li", name="李四")


def act(trail: Trail, count: int = 1, why: str = "年度编制") -> None:
    for _ in range(count):
        with trail.acting(LI) as acting:
            acting.add("entry", "d/s/t1", "submit", why=why, after={"version": acting.keep({"entry": "t1"})})


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    found = Trail(Store(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "elsewhere" / "head.jsonl"))
    act(found, 3)
    with found.acting(LI) as acting:
        decide(acting, found.store, [Decision("d/s/t1", "tier", "L3", "李四", "2026-11-01", basis=("pipl/28",))])
    return found


def changed(trail: Trail, *statements: str) -> Verified:
    with trail.store.write() as connection:
        for statement in statements:
            connection.execute(text(statement))
    return verify(trail)


def whats(found: Verified) -> str:
    return "\n".join(f"{fault.number}: {fault.what}" for fault in found.faults)


COPIED = "INSERT INTO acts SELECT {number}, {more} FROM acts WHERE number = 1"
MORE = "at, who, kind, subject, version + 90, verb, why, before, after, account, behalf, pack, '{number}', hash, name"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "UPDATE acts SET kind = 'x' WHERE number = 2",
            "2: it was changed after it was written, and is no act any more",
        ),
        ("UPDATE acts SET version = 'x' WHERE number = 2", "2: it was changed after it was written, and is no act"),
        ("UPDATE acts SET why = x'ff' WHERE number = 2", "2: it was changed after it was written, and is no act"),
        (COPIED.format(number=0, more=MORE.format(number=0)), "0: it has no place in the chain"),
        (COPIED.format(number=-5, more=MORE.format(number=-5)), "-5: it has no place in the chain"),
        (COPIED.format(number=9, more=MORE.format(number=9)), "5: acts 5 to 8 are missing"),
        ("DELETE FROM acts_head", "4: the chain ends elsewhere than the store says"),
        ("UPDATE decisions SET basis = 'no JSON'", "0: the table of decisions has a ruling that is none any more"),
        ("UPDATE decisions SET value = x'ff'", "4: its ruling on tier of d/s/t1 is gone"),
        ("UPDATE documents SET body = x'ff'", "was changed after it was written"),
        ("UPDATE acts SET name = '王五' WHERE number = 4", "4: decision decide was changed after it was written"),
    ],
)
def test_what_is_no_act_any_more_is_a_fault_and_no_crash(change: str, told: str, trail: Trail) -> None:
    assert told in whats(changed(trail, change))


def test_a_chain_sealed_again_shows_outside_only(trail: Trail) -> None:
    with trail.store.write() as connection:
        previous = "0" * 64
        for one in list(trail.acts()):
            forged = msgspec.structs.replace(one, previous=previous, why="重写" if one.number == 2 else one.why)
            previous = seal(forged)
            values = {"why": forged.why, "previous": forged.previous, "hash": previous, "n": one.number}
            connection.execute(text("UPDATE acts SET why=:why, previous=:previous, hash=:hash WHERE number=:n"), values)
        connection.execute(text("UPDATE acts_head SET hash = :hash"), {"hash": previous})
    (fault,) = verify(trail).faults
    assert (fault.number, "3 heads that were recorded outside the store name other acts" in fault.what) == (2, True)
    assert trail.head is not None
    trail.head.path.unlink()
    assert (verify(trail).faults, verify(trail).unrecorded) == ((), 4)


def test_an_older_copy_of_the_store_is_told_before_and_after_it_goes_on(trail: Trail, tmp_path: Path) -> None:
    trail.store.close()
    shutil.copy(tmp_path / "store.db", tmp_path / "copy.db")
    act(trail, 2)
    trail.store.close()
    for name in ("store.db-wal", "store.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "copy.db", tmp_path / "store.db")
    (fault,) = verify(trail).faults
    assert fault.number == 5
    assert "acts up to number 6 of 2" in fault.what
    assert "an older copy of the store was put back" in fault.what
    act(trail, 3, "另一次")
    assert "5: 2 heads that were recorded outside the store name other acts than it has" in whats(verify(trail))


def test_two_stores_that_share_a_head_file_are_told(trail: Trail, tmp_path: Path) -> None:
    assert trail.head is not None
    other = Trail(Store(f"sqlite:///{tmp_path / 'other.db'}", trail.head.path))
    act(other, why="另一处")
    for one in (trail, other):
        assert "two stores share the head file" in whats(verify(one))


@pytest.mark.parametrize("lines", [0, 1, 3])
def test_a_head_file_cut_off_is_told_as_unproven(lines: int, trail: Trail) -> None:
    assert trail.head is not None
    kept = trail.head.path.read_bytes().splitlines(keepends=True)[:lines]
    trail.head.path.write_bytes(b"".join(kept))
    found = verify(trail)
    assert (found.heads, found.unrecorded, found.faults) == (lines, 4 - lines, ())
    act(trail)
    assert (verify(trail).unrecorded, verify(trail).faults) == (0, ())


@pytest.mark.parametrize("line", [b"\xff\xfe\n", b'{"number": -1, "hash": "", "at": ""}\n', b'{"number": 2}\n', b"\n"])
def test_a_line_that_is_no_head_is_a_fault(line: bytes, trail: Trail) -> None:
    assert trail.head is not None
    trail.head.path.write_bytes(line + trail.head.path.read_bytes())
    assert len(verify(trail).faults) == 1


def test_a_head_file_that_cannot_be_used_is_told_and_no_act_is_lost(trail: Trail) -> None:
    assert trail.head is not None
    trail.head.path.unlink()
    trail.head.path.mkdir()
    act(trail)
    (warning,) = trail.store.warnings
    assert "the act is stored, do not repeat it" in warning
    with pytest.raises(StoreError, match=r"head\.jsonl: the audit heads cannot be read: Is a directory \(without it"):
        verify(trail)


# --- text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["a\0b", "a\ud800b"])
def test_what_no_database_holds_is_refused_by_name(wrong: str, trail: Trail) -> None:
    behalf = Actor(account="li", behalf=wrong)
    for actor, why, what in ((LI, wrong, "the reason"), (behalf, "", "--as")):
        told = f"{what} holds a NUL character or half a character"
        with pytest.raises(InputError, match=told), trail.acting(actor) as acting:
            acting.add("entry", "s", "submit", why=why)
    long = Actor(account="li", behalf="长" * 129)
    with pytest.raises(InputError, match="--as: a name has at most 128 characters"), trail.acting(long) as acting:
        acting.add("entry", "s", "submit")
    assert (verify(trail).acts, verify(trail).faults) == (4, ())


def test_hostile_reasons_are_kept_whole_and_shown_on_one_harmless_line(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("name: 目录\n", "utf-8")
    reasons = ["a\nact 9 forged\r\x1b[2Jb\u202ec", "长" * 500_000, "=cmd|' /C calc'!A0"]
    url, head = f"sqlite:///{tmp_path}/var/catalogue.sqlite", tmp_path / "var" / "audit-head.jsonl"
    with Store(url, head) as store, Trail(store).acting(LI) as acting:
        for reason in reasons:
            acting.add("entry", "d/s/t1", "submit", why=reason)
    run = CliRunner().invoke(cli, ["--site", str(tmp_path), "audit", "show"])
    lines = run.stdout.splitlines()
    assert len(lines) == 4
    assert lines[1].endswith(r"a\nact 9 forged\r\x1b[2Jb\u202ec")
    assert len(lines[2]) < 250
    whole = CliRunner().invoke(cli, ["--site", str(tmp_path), "audit", "show", "--jsonl"]).stdout.splitlines()
    assert [json.loads(line)["why"] for line in whole] == reasons
    assert CliRunner().invoke(cli, ["--site", str(tmp_path), "audit", "verify"]).exit_code == 0


# --- at once ------------------------------------------------------------------------------------------------------

ACT = """
import sys
from pathlib import Path
from classifiers.evidence import Decision
from workflows.acts.decisions import decide
from workflows.acts.model import Actor
from workflows.acts.trail import Trail
from workflows.store import Store
with Store(sys.argv[1], Path(sys.argv[2])) as store:
    for number in range(40):
        with Trail(store).acting(Actor(account=sys.argv[3])) as acting:
            acting.add("entry", "d/s/t1", "submit", after={"version": acting.keep({"by": sys.argv[3], "n": number})})
            decide(acting, store, [Decision("d/s/t1", "tier", "L3", sys.argv[3], "2026-11-01", reason=str(number))])
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nobody_who_acts_meanwhile_is_a_fault(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    make: Callable[[str], str] | None = request.getfixturevalue("postgres_database") if kind == "postgresql" else None
    url = make("acts_verified") if make else f"sqlite:///{tmp_path / 'acts.db'}"
    head = tmp_path / "head.jsonl"
    with Store(url, head) as store:
        arguments = [sys.executable, "-c", ACT, url, str(head)]
        running = [subprocess.Popen([*arguments, f"account{i}"]) for i in range(2)]
        counts = set()
        while any(process.poll() is None for process in running):
            found = verify(Trail(store))
            assert (found.faults, found.unrecorded) == ((), 0)
            counts.add(found.acts)
        assert [process.wait(60) for process in running] == [0, 0]
        found = verify(Trail(store))
        assert (found.acts, found.documents, found.faults) == (160, 80, ())
        assert len(counts) > 2
