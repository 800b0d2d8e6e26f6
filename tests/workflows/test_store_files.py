"""A folder that is set up for a group holds a store that the whole group can use."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from workflows.acts.model import Actor
from workflows.acts.trail import Trail
from workflows.acts.verify import verify
from workflows.store import Store

ACTOR = Actor(account="li", person="li")


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {path.name: f"{stat.S_IMODE(path.stat().st_mode):o}" for path in folder.iterdir()}


def act_in(folder: Path) -> dict[str, str]:
    """Modes while the store is open, in a folder ``var`` below."""
    var = folder / "var"
    with Store(f"sqlite:///{var}/c.sqlite", var / "head.jsonl") as store, store.read():
        with Trail(store).acting(ACTOR) as acting:
            acting.add("request", "S2026-0001", "new")
        return modes(folder) | modes(var)


def test_a_group_can_write_what_is_made_in_its_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    assert act_in(tmp_path) == {
        "var": "2770",
        **dict.fromkeys(("c.sqlite", "c.sqlite-wal", "c.sqlite-shm", "head.jsonl"), "660"),
    }


def test_files_from_before_the_folder_was_shared_are_shared_when_it_is(tmp_path: Path) -> None:
    assert act_in(tmp_path)["c.sqlite"] == "644"
    for folder in (tmp_path, tmp_path / "var"):
        folder.chmod(0o2770)
    found = act_in(tmp_path)
    assert (found["c.sqlite"], found["head.jsonl"]) == ("660", "660")


@pytest.mark.parametrize("mode", [0o755, 0o775, 0o2755])
def test_elsewhere_only_the_owner_writes(mode: int, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var").chmod(mode)
    found = act_in(tmp_path)
    assert (found["var"], found["c.sqlite"], found["head.jsonl"]) == (f"{mode:o}", "644", "640")


def test_an_act_whose_head_cannot_be_recorded_stands(tmp_path: Path) -> None:
    head = tmp_path / "head.jsonl"
    head.mkdir()
    with Store(f"sqlite:///{tmp_path}/c.sqlite", head) as store:
        with Trail(store).acting(ACTOR) as acting:
            acting.add("request", "S2026-0001", "new")
        (warning,) = store.warnings
        assert "the act is stored, do not repeat it" in warning
        assert [act.verb for act in Trail(store).acts()] == ["new"]
        head.rmdir()
        assert (verify(Trail(store)).unrecorded, verify(Trail(store)).faults) == (1, ())
