"""Two processes that import at once: no act is lost, and one of two different opinions is a conflict."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workflows.acts.trail import Trail
from workflows.acts.verify import verify
from workflows.store import Store

IMPORT = """
import sys
from pathlib import Path
import msgspec
from classifiers.policy import load_pack
from workflows.acts.model import Actor
from workflows.acts.rights import DEFAULT
from workflows.acts.trail import Trail
from workflows.review.intake import Importer
from workflows.store import Store

url, head, who, *files = sys.argv[1:]
actor = Actor(who, who, who, ("steward",), ("dept",))
with Store(url, Path(head)) as store:
    pack = load_pack("putuo-2020")
    print("ready", flush=True)
    sys.stdin.readline()
    done = [Importer(Trail(store), pack, actor, DEFAULT, {}).run(Path(file)).counts for file in files]
print(msgspec.json.encode(done).decode())
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_imports_at_once(kind: str, room_on: Any, fill: Any, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    make: Callable[[str], str] | None = request.getfixturevalue("postgres_database") if kind == "postgresql" else None
    url = make("review") if make else f"sqlite:///{tmp_path / 'both.db'}"
    head = tmp_path / "both.jsonl"
    with Store(url, head) as store:
        room = room_on(store)
        files: dict[str, list[Path]] = {"甲": [], "乙": []}
        for who, tier, other in (("甲", "L4", "xm"), ("乙", "L3", "sjh")):
            for name, edits in (
                ("own", {("person", other): {"采纳建议": "是"}, ("visit", other): {"分级": "L4"}}),
                ("both", {("person", "sfzh"): {"分级": tier}}),
            ):
                files[who].append(fill(room.export(f"{who}{name}.xlsx"), edits))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", IMPORT, url, str(head), who, *map(str, own)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for who, own in files.items()
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    counts = [json.loads(process.communicate(timeout=60)[0]) for process in running]
    assert [one[0]["accepted"] for one in counts] == [2, 2]
    assert sorted(one[1]["accepted"] + 10 * one[1]["conflict"] for one in counts) == [1, 10]
    with Store(url, head) as store:
        found = verify(Trail(store))
        assert (found.faults, found.unrecorded) == ((), 0)
        assert len(list(Trail(store).acts("decision"))) == len(store.decisions()) == 11
        tiers = {one.value for one in store.decisions("dept/sys/person") if one.column == "sfzh"}
        assert len(tiers) == 1
