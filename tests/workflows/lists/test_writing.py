"""Files and acts of the lists come all together or not at all, and the group of a shared folder may replace them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workflows.outputs import files

DAY = "2026-09-21"


def kept(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def issued(town: Any) -> Any:
    town.publish("parks")
    town.lists(DAY)
    return town


def test_no_right_to_write_is_one_sentence(town: Any) -> None:
    town.publish("parks")
    (town.root / "out").write_text("in the way", "utf-8")
    for more in ((), ("--as-of", DAY), ("--as-of", DAY, "--issue")):
        program = [sys.executable, "-m", "workflows.cli", "--site", str(town.root), "lists", *more]
        if not more:
            done = subprocess.run(program, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        else:
            made = town("lists", *more)
            assert (made.exit_code, made.stderr.count("\n")) == (1, 1), made.stderr
            assert "no list was written: let this account write there, then repeat it" in made.stderr
    assert town.ok("lists", "issues") == []


@pytest.mark.parametrize("fault", ["the sixth file", "the folder of a department", "putting in place"])
def test_a_fault_midway_leaves_files_and_trail_as_they_were(
    issued: Any, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    folder = issued.root / "out" / "official"
    before = kept(folder)
    real, calls = os.replace, []

    def replace(source: Any, target: Any) -> None:
        calls.append(target)
        # Writing a file puts it in place in the draft; what comes last are the moves.
        stop = len(calls) > 6 if fault == "the sixth file" else ".part" not in str(target)
        if stop and fault != "the folder of a department":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        real(source, target)

    monkeypatch.setattr(files.os, "replace", replace)
    if fault == "the folder of a department":
        access = os.access
        monkeypatch.setattr(files.os, "access", lambda path, mode: Path(path).name != "lvhua" and access(path, mode))
    done = issued("lists", "--as-of", DAY, "--issue")
    assert done.exit_code == 1
    assert "nothing is on record and no list was written" in done.stderr
    assert kept(folder) == before
    assert [path.name for path in folder.iterdir()] == [DAY]
    monkeypatch.undo()
    with issued.store as store:
        from workflows.acts.trail import Trail

        assert list(Trail(store).acts("list")) == []


def test_in_a_shared_folder_the_group_may_replace_what_is_written(town: Any) -> None:
    out = town.root / "out"
    out.mkdir()
    out.chmod(0o2770)
    before = os.umask(0o077)
    try:
        town.publish("parks")
        town.lists(DAY)
        town.ok("run")
    finally:
        os.umask(before)
    modes = {path: path.stat().st_mode & 0o7777 for path in out.rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o2770}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o660}
    assert out / "official" / DAY / "lvhua" / "开放清单.xlsx" in modes
    assert out / "lvhua" / "资源目录.xlsx" in modes


def test_elsewhere_the_umask_rules(town: Any) -> None:
    town.publish("parks")
    before = os.umask(0o077)
    try:
        town.lists(DAY)
    finally:
        os.umask(before)
    folder = town.root / "out" / "official" / DAY
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir() if path.is_file()} == {0o600}
