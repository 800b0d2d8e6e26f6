"""Two people at once, in processes of their own: nothing is granted twice, no number is given twice, no act is lost."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from workflows.acts.trail import Trail
from workflows.acts.verify import verify
from workflows.sharing.states import states
from workflows.store import Store

WORK = """
import sys
from pathlib import Path
from classifiers.evidence import Label
from classifiers.pack_file import Limits
from classifiers.policy import load_pack
from workflows.acts.model import Actor
from workflows.acts.trail import Trail
from workflows.entry import Entry
from workflows.errors import Refusal
from workflows.sharing.calendar import WorkingCalendar
from workflows.sharing.limits import Deadlines
from workflows.sharing.requests import Requests
from workflows.sharing.states import Document
from workflows.sharing.sweep import sweep
from workflows.store import Store

url, head, who, job = sys.argv[1:]
ROLES = {"q": ("steward",), "s": ("office",), "z": ("head",), "w": ("reviewer",)}[who[0]]
DEPARTMENTS = {"q": ("minzheng",), "z": ("lvhua",)}.get(who[0], ())
with Store(url, Path(head)) as store:
    trail = Trail(store)
    actor = Actor(who, who, who, ROLES, DEPARTMENTS)
    names = {"lvhua": "l", "minzheng": "m"}
    at = Requests(trail, load_pack("putuo-2020"), actor, Deadlines(Limits(), WorkingCalendar()), names=names)
    if job == "publish":
        told = {"state": "confirmed", "confidence": 1.0, "reason": "r", "basis": ("pipl/34",)}
        labels = (Label("share", "conditional", **told), Label("open", "conditional", **told))
        one = Entry("lvhua/gis/a", "", "a", "", "l", "", "", "", (), labels, "", "", "", "", department="lvhua")
        with trail.acting(actor) as acting:
            acting.add("entry", one.asset, "publish", after={"version": acting.keep(one)})
    for number in range(1, 11):
        ident = f"S{trail.clock().year}-{number:04d}"
        try:
            if job == "new":
                asked = ("share", "minzheng", "", "lvhua/gis/a", (), "", "", "", "p", ("b",), "m")
                at.new(Document(*asked))
            elif job == "approve":
                at.approve(ident)
            elif job == "grant":
                at.grant(ident)
            elif job == "revoke":
                at.revoke(ident, "w", breach=True)
            elif job == "sweep":
                sweep(trail)
        except Refusal as error:
            print(ident, type(error).__name__)
"""


def at_once(url: str, head: Path, *jobs: tuple[str, str]) -> Counter[str]:
    """Run jobs side by side; what was refused, by kind."""
    running = [
        subprocess.Popen([sys.executable, "-c", WORK, url, str(head), *job], stdout=subprocess.PIPE, text=True)
        for job in jobs
    ]
    told = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0] * len(jobs)
    return Counter(line.split()[1] for text in told for line in text.splitlines())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_people_at_once(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    make: Callable[[str], str] | None = request.getfixturevalue("postgres_database") if kind == "postgresql" else None
    url = make("requests") if make else f"sqlite:///{tmp_path / 'store.db'}"
    head = tmp_path / "head.jsonl"
    with Store(url, head) as store:
        trail = Trail(store)
        at_once(url, head, ("w1", "publish"))
        assert at_once(url, head, ("q1", "new"), ("q2", "new")) == {}
        year = trail.clock().year
        assert sorted(states(trail)) == [f"S{year}-{number:04d}" for number in range(1, 21)]
        # Both of one office: whoever comes second is told, and each request has one approval of each side.
        refused = at_once(url, head, ("s1", "approve"), ("s2", "approve"), ("z1", "approve"), ("z2", "approve"))
        assert refused == {"Blocked": 20}
        found = list(states(trail).values())[:10]
        assert all(set(state.approvals) == {"office", "owner"} for state in found)
        assert at_once(url, head, ("w1", "grant"), ("w2", "grant"), ("w3", "sweep")) == {"Blocked": 10}
        assert at_once(url, head, ("w1", "revoke"), ("s1", "revoke")) == {"Blocked": 10}
        verbs = Counter(act.verb for act in trail.acts("request"))
        expected = {"new": 20, "approve-office": 10, "approve-owner": 10, "grant": 10, "revoke": 10}
        assert verbs == expected
        told = verify(trail)
        assert (told.acts, told.unrecorded, told.faults) == (61, 0, ())
