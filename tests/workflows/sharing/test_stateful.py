"""Whoever asks, approves, refuses, publishes and withdraws in whatever order: what the law forbids never happens.

Each act is judged as a row of the chain by `law_of_requests`.

Long runs by hand: ``PDC_STATEFUL_EXAMPLES`` (default 40), ``PDC_STATEFUL_STEPS`` (default 15).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from law_of_requests import LAW, NEVER, NO_LAW, PACK, PEOPLE, Seen, read, running
from msgspec.structs import replace
from sqlalchemy import select

from classifiers.evidence import Label
from classifiers.pack_file import Limits
from workflows import store_schema as schema
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

EXAMPLES = int(os.environ.get("PDC_STATEFUL_EXAMPLES", "40"))
STEPS = int(os.environ.get("PDC_STATEFUL_STEPS", "15"))
NAMES = {"lvhua": "绿化局", "minzheng": "民政局", "scjg": "市场监管局"}
PERMITS, PARKS, FIRMS = ASSETS = ("lvhua/gis/permits", "lvhua/gis/parks", "scjg/reg/firms")
VALUES = ("conditional", "unconditional", "conditional", "none", "")
ASKED = Document("share", "minzheng", "某大学", purpose="用途", basis=("依据",), means="接口")
OUTSIDE = {"kind": "open", "requester": "lvhua"}
RIGHT = {
    **{"new": "qian", "open": "ke", "confirm": "wang", "catalogue": "wang", "refuse": "zhao", "grant": "wang"},
    **{"approve-office": "sun", "approve-owner": "zhao", "renew": "qian", "revoke": "wang", "object": "qian"},
    **{"answer": "sun", "use": "qian", "withdraw": "qian"},
}
"""Verb → somebody who may."""
TOGETHER = ("jointly", "demand", "closed", "renewed", "contested", "opened", "taken")
"""Several acts that belong together; see the methods."""
COMMON = (*TOGETHER, "jointly", "wait", "sweep", "publish", "use", "new")


class Step(NamedTuple):
    verb: str
    who: str
    """``right``: whoever may."""
    number: int
    """Which request, from the latest; and whatever else has four ways."""
    until: int
    """Last day from today on; 9 = none."""
    yes: bool
    side: Literal["office", "owner"] | None
    basis: tuple[str, ...]


STEPS_OF = st.builds(
    Step,
    st.sampled_from([*COMMON, *RIGHT, *COMMON]),
    st.sampled_from([*["right"] * 5, "all", *PEOPLE]),
    st.integers(0, 3),
    st.integers(0, 9),
    st.booleans(),
    st.sampled_from(["office", "owner", None, None]),
    st.sampled_from([*LAW, *NO_LAW]),
)


def entry(asset: str, value: str, title: str, basis: tuple[str, ...]) -> Entry:
    told: Any = {"state": "confirmed", "confidence": 1.0, "reason": "r", "basis": basis}
    labels = (Label("share", value, **told), Label("open", value, **told))
    items = (EntryItem(1, "mc", title, "字符型C", labels=labels),)
    texts = ("", asset, "", "绿化局", "", "", "", items, labels, "", "", "", "每年")
    return Entry(asset, *texts, department=asset.partition("/")[0])


class Town(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        # Without a head file, which is written to the disk for good with every act: its own tests are in acts/.
        self.store = Store(f"sqlite:///{self.folder / 'store.db'}")
        self.time = datetime(2026, 12, 20, 9, 0, tzinfo=CHINA)
        self.trail = Trail(self.store, lambda: self.time)
        self.label, self.version = dict.fromkeys(ASSETS, ""), dict.fromkeys(ASSETS, "")
        self.last = 0
        self.acts: dict[str, list[Act]] = defaultdict(list)
        """Id → the acts that have been judged."""
        for asset, value in zip(ASSETS, VALUES, strict=False):
            self.publish(asset, value)

    def teardown(self) -> None:
        faults = verify(self.trail).faults
        self.store.close()
        shutil.rmtree(self.folder)
        assert faults == ()

    def by(self, name: str) -> Requests:
        actor = Actor(name, name, name, *PEOPLE[name])
        deadlines = Deadlines(Limits(), WorkingCalendar())
        return Requests(self.trail, PACK, actor, deadlines, district="普陀区", names=NAMES)

    def new_acts(self) -> list[Act]:
        """What has come since the last look."""
        table = schema.acts.c
        query = select(*(table[name] for name in Act.__struct_fields__)).where(table.number > self.last)
        with self.store.read() as connection:
            found = [Act(*row) for row in connection.execute(query.order_by(table.number))]
        self.last = found[-1].number if found else self.last
        return [act for act in found if act.kind == "request"]

    def ident(self, number: int) -> str:
        self.acts_follow_the_law()
        known = list(self.acts) or ["S2026-0001"]
        return known[-1 - number % len(known)]

    def day(self, number: int) -> str:
        """So many days from today on; 9 = none."""
        return "" if number == 9 else (self.time.date() + timedelta(days=number)).isoformat()

    # --- what happens --------------------------------------------------------------------------------------------

    def publish(self, asset: str, value: str, title: str = "名称", basis: tuple[str, ...] = ("pipl/34",)) -> None:
        # What was done until now is judged by what was published until now.
        self.acts_follow_the_law()
        with self.trail.acting(Actor("wang", "wang")) as acting:
            version = ""
            if value:
                version = acting.keep(entry(asset, value, title, () if value == "unconditional" else basis))
                acting.add("entry", asset, "publish", after={"version": version})
            else:
                acting.add("entry", asset, "withdraw")
        self.label[asset], self.version[asset] = value, version

    def wait(self, number: int) -> None:
        self.acts_follow_the_law()
        self.time += timedelta(days=number)

    def sweep(self) -> None:
        """Afterwards no grant stands whose last day is over."""
        sweep(self.trail, PACK.ident)
        self.acts_follow_the_law()
        for ident, acts in self.acts.items():
            held = running(acts)
            assert held is None or held.get("until", NEVER) >= self.day(0), ident

    @rule(steps=st.lists(STEPS_OF, min_size=4, max_size=12))
    def act(self, steps: list[Step]) -> None:
        """Several at a time: what a person does is often answered by another."""
        if self.label[PERMITS] != "conditional":
            self.publish(PERMITS, "conditional")
        self.ask("qian", until=5)
        for step in steps:
            if step.verb in RIGHT:
                self.one(RIGHT[step.verb] if step.who == "right" else step.who, step)
            elif step.verb == "wait":
                self.wait(step.until)
            elif step.verb == "sweep":
                self.sweep()
            elif step.verb == "publish":
                title = "姓名" if step.yes else "名称"
                self.publish(ASSETS[step.number % 3], VALUES[step.until % len(VALUES)], title, step.basis)
            else:
                getattr(self, step.verb)(step)

    def jointly(self, step: Step) -> None:
        """The way it should go, or with one and the same person in several places, or for more days than asked."""
        ident = self.ident(0)
        who = "all" if step.number == 1 else step.who
        office, owner = ("sun", "zhao") if who == "right" else (who, "zhao" if step.yes else who)
        self.try_(lambda: self.by(office).approve(ident, "office"))
        self.try_(lambda: self.by(owner).approve(ident, "owner"))
        if step.number == 2:
            self.publish(PERMITS, "none" if step.yes else "")
        if step.number == 3:
            self.publish(PERMITS, "conditional", "姓名" if step.yes else "名称")
        grants = self.by("wang" if step.yes else "all")
        self.try_(lambda: grants.grant(ident, until=self.day(step.until), interface="API"))
        self.try_(lambda: grants.grant(ident, interface="API"))
        self.wait(2 * step.number)
        self.try_(lambda: self.by("qian").use(ident, rows=1))

    def renewed(self, step: Step) -> None:
        """Granted for some later days, or from now on; then more time, as if the old approvals still held, or anew."""
        self.ask("qian", since=3 * (step.number % 2), until=5)
        ident = self.ident(0)
        if self.label[PERMITS] == "conditional":
            self.grant_all(ident)
        self.wait(step.until)
        self.try_(lambda: self.by("qian").renew(ident, self.day(20)))
        if step.yes:
            self.try_(lambda: self.by("wang").grant(ident))
        self.grant_all(ident)

    def grant_all(self, ident: str) -> None:
        self.try_(lambda: self.by("sun").approve(ident))
        self.try_(lambda: self.by("zhao").approve(ident))
        self.try_(lambda: self.by("wang").grant(ident, interface="API"))

    def demand(self, step: Step) -> None:
        """Of what nobody knows, or of what is not in force: settled by whoever comes, with whatever is in force."""
        if step.yes:
            self.try_(lambda: self.by("qian").new(replace(ASKED, owner="lvhua", demand="行道树")))
        else:
            self.publish(PARKS, "")
            self.ask("qian", PARKS)
        ident = self.ident(0)
        if step.side:
            self.try_(lambda: self.by("wang").confirm(ident, held=True, owner="lvhua", due=self.day(5)))
        if step.number < 2:
            self.publish(PARKS, "conditional")
        other = (FIRMS, PERMITS, PARKS, FIRMS)[step.number]
        for who in ("meng" if other == FIRMS else "li", "wang" if step.who == "right" else step.who):
            by = self.by(who)
            self.try_(lambda by=by: by.catalogue(ident, other, why="w" * (step.until % 2)))  # type: ignore[misc]

    def closed(self, step: Step) -> None:
        """What is not shared any more, with a law behind it or without."""
        self.publish(PARKS, "none", basis=step.basis)
        self.ask("qian", PARKS)
        self.one("zhao", step._replace(verb="refuse", number=0, side=None))

    def opened(self, step: Step) -> None:
        """For somebody outside: reviewed by the owner alone."""
        self.try_(lambda: self.by("ke").new(replace(ASKED, **OUTSIDE, asset=PERMITS, until=self.day(step.until))))
        ident = self.ident(0)
        who = "zhao" if step.who == "right" else step.who
        self.try_(lambda: self.by(who).approve(ident, step.side))
        if step.number == 3:
            self.publish(PERMITS, "conditional", "姓名" if step.yes else "名称")
        if step.yes:
            self.try_(lambda: self.by("li").approve(ident))
        self.try_(lambda: self.by("ke" if step.number == 2 else "wang").grant(ident, interface="API"))
        self.try_(lambda: self.by("zhao" if step.side else who).withdraw(ident, "w"))

    def taken(self, step: Step) -> None:
        """Given, then published otherwise; taken back with a law or without by who gave, reviewed or oversees."""
        asset, who = (PERMITS, PARKS)[step.number % 2], step.who if step.who != "right" else "zhao"
        self.publish(asset, "conditional" if step.number < 2 else "unconditional")
        if step.side:
            self.ask("qian", asset)
        else:
            self.try_(lambda: self.by("li" if step.yes else "ke").new(replace(ASKED, **OUTSIDE, asset=asset)))
        ident = self.ident(0)
        self.grant_all(ident)
        if step.until < len(VALUES):
            self.publish(asset, VALUES[step.until])
        self.try_(lambda: self.by(who).revoke(ident, "w", breach=step.yes))
        self.try_(lambda: self.by(who).revoke(ident, "w", step.basis))
        self.try_(lambda: self.by(who).withdraw(ident, "w"))

    def contested(self, step: Step) -> None:
        """A refusal, an objection, and who refused as the one who answers; then another, and all of it again."""
        ident = self.ident(step.number)
        who = "all" if step.who == "right" else step.who
        self.try_(lambda: self.by(who).refuse(ident, "理由", LAW[0], "office"))
        self.try_(lambda: self.by(who).revoke(ident, "w", step.basis, breach=step.yes))
        for other in ("sun", who):
            self.try_(lambda: self.by("qian").object(ident, "w"))
            self.try_(lambda: self.by(who).answer(ident, upheld=step.yes, why="w"))
            self.try_(lambda other=other: self.by(other).answer(ident, upheld=True, why="w"))  # type: ignore[misc]

    @staticmethod
    def try_(call: Callable[[], Any]) -> None:
        with suppress(Refusal, InputError):
            call()

    def ask(self, who: str, asset: str = PERMITS, since: int = 9, until: int = 9) -> None:
        self.try_(lambda: self.by(who).new(replace(ASKED, asset=asset, since=self.day(since), until=self.day(until))))

    def one(self, who: str, step: Step) -> None:
        by, ident, asset = self.by(who), self.ident(step.number), ASSETS[step.number % 3]
        until, later = self.day(step.until), self.day(30)
        share = replace(ASKED, asset=asset, since=self.day(9 if step.yes else 1), until=until)
        verbs: dict[str, Callable[[], Any]] = {
            "new": lambda: by.new(share),
            "open": lambda: by.new(replace(ASKED, **OUTSIDE, asset=asset, until=until)),
            "approve-office": lambda: by.approve(ident, step.side or "office"),
            "approve-owner": lambda: by.approve(ident, step.side or "owner"),
            "refuse": lambda: by.refuse(ident, "理由", step.basis, step.side),
            "grant": lambda: by.grant(ident, until=until, interface="API"),
            "revoke": lambda: by.revoke(ident, "w", step.basis, breach=step.yes and not step.basis),
            "renew": lambda: by.renew(ident, until or later),
            "answer": lambda: by.answer(ident, upheld=step.yes, why="w"),
            "use": lambda: by.use(ident, rows=1),
            "catalogue": lambda: by.catalogue(ident, asset, why="w" * (step.until % 2)),
            "confirm": lambda: by.confirm(
                ident, held=step.yes, refused=bool(step.side), owner="lvhua", due=later, why="w"
            ),
        }
        self.try_(verbs.get(step.verb) or (lambda: getattr(by, step.verb)(ident, "w")))

    # --- what never happens --------------------------------------------------------------------------------------

    @invariant()
    def acts_follow_the_law(self) -> None:
        for act in self.new_acts():
            earlier = self.acts[act.subject]
            seen = Seen(act, earlier, self.day(0), read(act))
            asset = seen.document.get("asset", "")
            seen.lawful(self.label.get(asset, ""), self.version.get(asset, ""))
            earlier.append(act)
        series: dict[str, list[int]] = defaultdict(list)
        for ident in self.acts:
            series[ident[:5]].append(int(ident[6:]))
        assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in series.values())


def test_what_the_law_forbids_never_happens() -> None:
    run_state_machine_as_test(
        Town,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            # Without shrinking, which takes minutes: the acts of the request tell enough.
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
