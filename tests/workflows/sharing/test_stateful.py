"""Whoever asks, approves, refuses, publishes and withdraws in whatever order: what the law forbids never happens.

The invariants read the raw acts, not the fold. Long runs by hand: ``PDC_STATEFUL_EXAMPLES`` (default 25),
``PDC_STATEFUL_STEPS`` (default 15).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import defaultdict
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from classifiers.evidence import Label
from classifiers.pack_file import Limits
from classifiers.policy import load_pack
from workflows.acts.model import Act, Actor
from workflows.acts.trail import Trail
from workflows.acts.verify import verify
from workflows.clock import CHINA
from workflows.entry import Entry, EntryItem
from workflows.errors import InputError, Refusal
from workflows.sharing.calendar import WorkingCalendar
from workflows.sharing.limits import Deadlines
from workflows.sharing.requests import Requests
from workflows.sharing.states import Document
from workflows.sharing.sweep import sweep
from workflows.store import Store

EXAMPLES = int(os.environ.get("PDC_STATEFUL_EXAMPLES", "25"))
STEPS = int(os.environ.get("PDC_STATEFUL_STEPS", "15"))
PACK = load_pack("putuo-2020")
PEOPLE: dict[str, tuple[tuple[Any, ...], tuple[str, ...]]] = {
    "qian": (("steward",), ("minzheng",)),
    "zhao": (("head",), ("lvhua",)),
    "li": (("steward",), ("lvhua",)),
    "sun": (("office",), ()),
    "wang": (("reviewer",), ()),
    "all": (("steward", "head", "reviewer", "office", "open_steward"), ()),
}
ASSETS = ("lvhua/gis/permits", "lvhua/gis/parks")
VALUES = ("conditional", "unconditional", "conditional", "none", "")
BASES = ((), ("pipl/34",), ("putuo-2020/21",), ("hiv/39",), ("pipl/34", "putuo-2020/22"))
NAMES = {"lvhua": "绿化局", "minzheng": "民政局"}

RIGHT = {
    **{
        "new": "qian",
        "open": "li",
        "approve-office": "sun",
        "approve-owner": "zhao",
        "refuse": "zhao",
        "grant": "wang",
    },
    **{"renew": "qian", "revoke": "wang", "object": "qian", "answer": "sun", "use": "qian", "withdraw": "qian"},
    **{"confirm": "wang", "catalogue": "wang"},
}
"""Verb → somebody who may; "approve-…" is one verb, done by whoever comes."""
COMMON = (
    "jointly",
    "new",
    "approve-office",
    "approve-owner",
    "grant",
    "use",
    "renew",
    "jointly",
    "wait",
    "use",
    "publish",
)
STEP = st.tuples(
    st.sampled_from([*COMMON, *RIGHT, *COMMON]),
    st.sampled_from(["right", "right", "all", *PEOPLE]),
    st.integers(0, 3),
    st.integers(0, 9),
    st.booleans(),
    st.sampled_from(["office", "owner", None, None]),
    st.sampled_from(BASES),
)
"""Verb, who, which request, last day (9 = none), yes or no, for which side, basis."""


def entry(asset: str, value: str, title: str) -> Entry:
    basis = () if value == "unconditional" else ("pipl/34",)
    told: Any = {"state": "confirmed", "confidence": 1.0, "reason": "r", "basis": basis}
    labels = (Label("share", value, **told), Label("open", value, **told))
    items = (EntryItem(1, "mc", title, "字符型C", labels=labels),)
    texts = ("", asset, "", "绿化局", "", "", "", items, labels, "", "", "", "每年")
    return Entry(asset, *texts, department="lvhua")


class Town(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = root = Path(tempfile.mkdtemp())
        self.store = Store(f"sqlite:///{root / 'store.db'}", root / "head.jsonl")
        self.time = datetime(2026, 12, 20, 9, 0, tzinfo=CHINA)
        self.trail = Trail(self.store, lambda: self.time)
        self.label = dict.fromkeys(ASSETS, "")
        self.seen = 0
        self.version = dict.fromkeys(ASSETS, "")
        self.judged: dict[int, tuple[str, str]] = {}
        """Number of an act → what its resource was by then, and its version in force."""
        for asset, value in zip(ASSETS, VALUES, strict=False):
            self.publish(asset, value)

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def by(self, name: str) -> Requests:
        roles, departments = PEOPLE[name]
        actor = Actor(name, name, name, roles, departments)
        deadlines = Deadlines(Limits(), WorkingCalendar())
        return Requests(self.trail, PACK, actor, deadlines, district="普陀区", names=NAMES)

    def requests(self) -> dict[str, list[Act]]:
        found: dict[str, list[Act]] = defaultdict(list)
        for act in self.trail.acts("request"):
            found[act.subject].append(act)
        return found

    def ident(self, number: int) -> str:
        known = list(self.requests()) or ["S2026-0001"]
        return known[-1 - number % len(known)]

    def day(self, number: int) -> str:
        return (self.time.date() + timedelta(days=number)).isoformat()

    @rule(asset=st.sampled_from(ASSETS), value=st.sampled_from(VALUES), title=st.sampled_from(("名称", "姓名")))
    def publish(self, asset: str, value: str, title: str = "名称") -> None:
        # What was done until now was judged by what was published until now.
        self.acts_follow_the_law()
        with self.trail.acting(Actor("wang", "wang")) as acting:
            if value:
                version = acting.keep(entry(asset, value, title))
                acting.add("entry", asset, "publish", after={"version": version})
            else:
                version = ""
                acting.add("entry", asset, "withdraw")
        self.label[asset], self.version[asset] = value, version

    @rule(number=st.integers(1, 9))
    def wait(self, number: int) -> None:
        self.time += timedelta(days=number)

    @rule()
    def sweep(self) -> None:
        sweep(self.trail)

    @rule(steps=st.lists(STEP, min_size=4, max_size=12))
    def act(self, steps: list[tuple[str, str, int, int, bool, Any, tuple[str, ...]]]) -> None:
        """Several at a time: what a person does is often answered by another."""
        if self.label[ASSETS[0]] != "conditional":
            self.publish(ASSETS[0], "conditional")
        self.one(self.by("qian"), "new", 0, "", False, None, ())
        for verb, who, number, until, yes, side, basis in steps:
            if verb == "jointly":
                self.jointly(who, number, until, yes)
            if verb == "wait":
                self.time += timedelta(days=until)
            if verb == "publish":
                self.publish(ASSETS[0], VALUES[until % len(VALUES)])
            if verb not in RIGHT:
                continue
            by = self.by(RIGHT[verb] if who == "right" else who)
            with suppress(Refusal, InputError):
                self.one(by, verb, number, self.day(until) if until < 9 else "", yes, side, basis)

    def jointly(self, who: str, number: int, until: int, yes: bool) -> None:
        """The way it should go, or with one and the same person in several places."""
        ident, last = self.ident(0), self.day(until) if until < 9 else ""
        who = "all" if number == 1 else who
        office, owner = ("sun", "zhao") if who == "right" else (who, "zhao" if yes else who)
        for name, side in ((office, "office"), (owner, "owner")):
            with suppress(Refusal, InputError):
                given: Any = side
                self.by(name).approve(ident, given)
        if number == 2:
            self.publish(ASSETS[0], "none" if yes else "")
        if number == 3:
            self.publish(ASSETS[0], "conditional", "姓名" if yes else "名称")
        with suppress(Refusal, InputError):
            self.by("wang" if yes else "all").grant(ident, until=last, interface="API")

        self.time += timedelta(days=2 * number)
        with suppress(Refusal, InputError):
            self.by("qian").use(ident, rows=1)
        if yes:
            # More time, granted as if the old approvals still held.
            with suppress(Refusal, InputError):
                self.by("qian").renew(ident, self.day(30))
            with suppress(Refusal, InputError):
                self.by("wang").grant(ident)

    def one(
        self, by: Requests, verb: str, number: int, until: str, yes: bool, side: Any, basis: tuple[str, ...]
    ) -> None:
        ident, asset = self.ident(number), ASSETS[yes]
        if verb in ("new", "open"):
            asks, kind = ("lvhua", "open") if verb == "open" else ("minzheng", "share")
            told: Any = (kind, asks, "某大学", asset, (), "", "", "", "用途", ("依据",), "接口", "", until)
            by.new(Document(*told))
        elif verb in ("approve-office", "approve-owner"):
            by.approve(ident, side)
        elif verb == "refuse":
            by.refuse(ident, "理由", basis, side)
        elif verb == "grant":
            by.grant(ident, until=until, interface="API")
        elif verb == "renew":
            by.renew(ident, until or self.day(30))
        elif verb == "answer":
            by.answer(ident, upheld=yes, why="w")
        elif verb == "use":
            self.time += timedelta(days=int(yes))
            by.use(ident, rows=1)
        elif verb == "confirm":
            by.confirm(ident, held=yes, refused=side == "office", owner="lvhua", due=until or self.day(5), why="w")
        elif verb == "catalogue":
            by.catalogue(ident, asset)
        else:
            getattr(by, verb)(ident, "w")

    # --- what never happens --------------------------------------------------------------------------------------

    @invariant()
    def the_chain_verifies(self) -> None:
        assert verify(self.trail).faults == ()

    @invariant()
    def numbers_have_no_gaps(self) -> None:
        found: dict[str, list[int]] = defaultdict(list)
        for ident in self.requests():
            series, _, number = ident.partition("-")
            found[series].append(int(number))
        assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in found.values())

    @invariant()
    def acts_follow_the_law(self) -> None:
        for ident, acts in self.requests().items():
            for place, act in enumerate(acts):
                if act.number > self.seen:
                    asset = _asset(acts[: place + 1])
                    self.judged[act.number] = self.label[asset], self.version[asset]
                self.lawful(ident, acts[:place], act)
        self.seen = max((act.number for acts in self.requests().values() for act in acts), default=0)

    def lawful(self, ident: str, earlier: list[Act], act: Act) -> None:
        told = json.loads(act.after) if act.after else {}
        value, version = self.judged[act.number]
        if act.verb == "grant":
            assert value == "unconditional" if act.who == "pdc" else value in ("unconditional", "conditional")
            assert act.who == "pdc" or value == "unconditional" or self.approved(ident, earlier, act, version)
        if act.verb == "refuse" and told.get("gone"):
            assert (value, told["basis"], bool(act.why)) == ("", [], True)
        elif act.verb == "refuse":
            assert told["basis"]
            assert ident.startswith("O") or PACK.sufficient("none", told["basis"])
        if act.verb == "confirm":
            self.demanded(earlier, act, told)
        if act.verb == "answer":
            against = [one for one in earlier if one.verb in ("refuse", "revoke", "confirm")]
            assert act.account != against[-1].account
        if act.verb == "use":
            assert _usable(earlier, act.at[:10])

    @staticmethod
    def demanded(earlier: list[Act], act: Act, told: dict[str, Any]) -> None:
        """Only a demand that nobody settled is confirmed; an owner refuses only what it was to catalogue."""
        begun = max(n for n, one in enumerate(earlier) if one.verb in ("new", "answer"))
        confirmed = [json.loads(one.after) for one in earlier[begun:] if one.verb == "confirm"]
        assert all(one["held"] and not one.get("refused") for one in confirmed)
        assert not {one.verb for one in earlier[begun:]} & {"catalogue", "grant", "approve-office", "approve-owner"}
        assert act.why
        assert confirmed or not told.get("refused")

    @staticmethod
    def approved(ident: str, earlier: list[Act], grant: Act, version: str) -> bool:
        """By everybody whom the law names, after whatever began this review, each another person and none who asked.

        And each for the version that is in force when it is granted.
        """
        begun = max(n for n, act in enumerate(earlier) if act.verb in ("new", "renew", "answer", "catalogue"))
        given = {act.verb: act.account for act in earlier[begun:] if act.verb.startswith("approve-")}
        seen = {act.verb: json.loads(act.after)["entry"] for act in earlier[begun:] if act.verb.startswith("approve-")}
        asked = {act.account for act in earlier if act.verb in ("new", "renew", "object")}
        wanted = {"approve-office", "approve-owner"} if ident.startswith("S") else {"approve-owner"}
        persons = set(given.values())
        apart = len(persons) == len(given) and not asked & {*persons, grant.account}
        return set(given) == wanted and apart and set(seen.values()) == {version}


def _asset(acts: list[Act]) -> str:
    """The resource that a request is about after some acts."""
    told = [json.loads(act.after)["document"] for act in acts if act.verb in ("new", "catalogue")]
    return str(told[-1]["asset"])


def _usable(acts: list[Act], day: str) -> bool:
    """Whether the last grant among some acts holds on a day."""
    ending = [act for act in acts if act.verb in ("grant", "revoke", "expire", "withdraw")]
    if not ending or ending[-1].verb != "grant":
        return False
    told = json.loads(ending[-1].after)
    return bool(told["since"] <= day <= told.get("until", "9999"))


def test_what_the_law_forbids_never_happens() -> None:
    run_state_machine_as_test(
        Town,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
