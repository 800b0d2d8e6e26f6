"""The catalogue's legal life in any order, held against a small model of the law.

People with right and wrong roles submit, return, sign, approve, publish and withdraw entries of two departments;
sources change under them, labels are ruled on, packs are exchanged; departments ask for each other's data. Of each act
on an entry the model says beforehand whether it may be; whatever happened, `Audit` reads the bare acts and finds the
law kept.

Long runs by hand: ``PDC_LEGAL_EXAMPLES`` (default 12), ``PDC_LEGAL_STEPS`` (default 40).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from classifiers.evidence import Decision, Label
from classifiers.policy import Pack, load_pack
from connectors.model import Asset, Column
from workflows import catalogue
from workflows import store_schema as schema
from workflows.acts.decisions import decide
from workflows.acts.model import Act, Actor
from workflows.acts.rights import DEFAULT
from workflows.acts.trail import Trail
from workflows.acts.verify import verify
from workflows.classify import classify
from workflows.clock import CHINA
from workflows.entries import codes
from workflows.entries.changes import GONE, record_changes
from workflows.entries.lifecycle import LifeCycle
from workflows.entries.published import published_entries
from workflows.entries.states import EntryState, after, fold, states
from workflows.entries.values import Fill, fill
from workflows.entries.versions import diff, document
from workflows.entries.versions import read as read_version
from workflows.entry import Entry
from workflows.errors import InputError, Refusal
from workflows.settings import Department, SystemSettings
from workflows.sharing import states as requests
from workflows.sharing.calendar import WorkingCalendar
from workflows.sharing.limits import Deadlines
from workflows.sharing.requests import Requests
from workflows.sharing.states import Document
from workflows.sharing.sweep import sweep
from workflows.store import Store
from workflows.store_records import Harvested

EXAMPLES = int(os.environ.get("PDC_LEGAL_EXAMPLES", "12"))
STEPS = int(os.environ.get("PDC_LEGAL_STEPS", "40"))

# --- the town ----------------------------------------------------------------------------------------------------


class Citizen(NamedTuple):
    person: str
    roles: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()


ACCOUNTS: Mapping[str, Citizen] = {
    "li": Citizen("li", ("steward",), ("lvhua",)),
    "zhao": Citizen("zhao", ("head",), ("lvhua",)),
    "qian": Citizen("qian", ("steward",), ("minzheng",)),
    "zhou": Citizen("zhou", ("head", "steward"), ("minzheng",)),
    "wang": Citizen("wang", ("reviewer",)),
    "chen": Citizen("chen", ("reviewer",)),
    "sun": Citizen("sun", ("office",)),
    "wu": Citizen("wu", ("office", "head")),
    "he": Citizen("he", ("steward", "head", "reviewer")),
    "he2": Citizen("he", ("steward", "head", "reviewer")),
    "ops": Citizen("ops", ("admin",)),
    "guest": Citizen(""),
}
"""Account → whose it is. wu and he hold several roles, he has two accounts, guest is nobody's."""

MAY: Mapping[str, tuple[str, ...]] = {
    "submit": ("steward", "head"),
    "return": ("reviewer", "office"),
    "approve": ("reviewer",),
    "sign-secrecy": ("head",),
    "sign-security": ("head", "reviewer"),
    "approve-refusal": ("office",),
    "publish": ("reviewer",),
    "withdraw": ("reviewer", "office"),
}
"""Art. 5, 15, 22, 31: written down here once more, so that a slip in the program's table is seen."""
STAGES: Mapping[str, tuple[str, ...]] = {
    "submit": ("draft", "submitted", "returned", "approved", "changed", "withdrawn", "published"),
    "return": ("submitted", "approved"),
    "approve": ("submitted",),
    "sign-secrecy": ("submitted", "approved"),
    "sign-security": ("submitted", "approved"),
    "approve-refusal": ("submitted", "approved"),
    "publish": ("approved",),
    "withdraw": ("submitted", "returned", "approved", "published", "changed"),
}
SECOND = ("approve", "sign-secrecy", "sign-security", "approve-refusal", "publish")
"""Never by whoever submitted."""
LAWFUL = ("law", "regulation", "rule")


def text(name: str, comment: str) -> Column:
    return Column(name, 1, "varchar(50)", "VARCHAR", True, comment)


def asset(key: str, comment: str, *columns: Column) -> Asset:
    department, system, name = key.split("/")
    placed = tuple(msgspec.structs.replace(one, ordinal=place) for place, one in enumerate(columns, 1))
    return Asset(department, system, name, comment=comment, columns=placed, update_cycle="每年")


TABLES = (
    asset("lvhua/gis/parks", "公园绿地", text("mc", "公园名称"), text("dj", "公园等级")),
    asset("lvhua/gis/applicants", "绿化许可申请人", text("xm", "申请人姓名"), text("sfzh", "申请人身份证号")),
    asset("minzheng/jz/halls", "养老机构", text("mc", "机构名称"), text("xz", "机构性质")),
    asset("minzheng/jz/rescued", "社会救助对象", text("xm", "姓名"), text("lxdh", "联系电话")),
)
KEYS = tuple(one.key for one in TABLES)
EXTRA = {"plain": (), "wider": (text("bz1", "所属街道名称"),), "opaque": (text("qz7x", ""),)}
"""What a harvest may find besides: another column that is understood, one that nobody understands."""
OVERLAYS = {
    "none": "",
    "mobile": "extends: putuo-2020\nid: mobile\nversion: '1'\ntiers: {person.mobile: L4}\n",
    "names": "extends: putuo-2020\nid: names\nversion: '1'\ntiers: {person.name: L4}\n",
}
PACKS = {name: load_pack("putuo-2020", [(f"{name}.yaml", body)] if body else []) for name, body in OVERLAYS.items()}
RULINGS = {
    "refuse with law": ("none", ("pipl/34",), "none"),
    "refuse without law": ("none", (), "none"),
    "refuse by the Measures alone": ("none", ("putuo-2020/21",), "none"),
    "restrict with law": ("conditional", ("pipl/34",), ""),
    "share": ("unconditional", (), ""),
    "refuse with law and open": ("none", ("pipl/34",), "unconditional"),
}
"""Share type, its basis, and open type: empty = as it is."""


def departments() -> dict[str, Department]:
    made = {}
    for ident, name, system in (("lvhua", "普陀区绿化局", "gis"), ("minzheng", "普陀区民政局", "jz")):
        systems = (SystemSettings(id=system, name="业务系统", connector="sqlite", path="x"),)
        made[ident] = Department(ident, name, "11310107000000019B", "信息科", "刘工", systems, "x")
    return made


def actor(account: str, behalf: str = "") -> Actor:
    citizen = ACCOUNTS[account]
    roles: Any = citizen.roles
    return Actor(account, citizen.person, citizen.person, roles, citizen.departments, behalf)


def holds(account: str, roles: tuple[str, ...], department: str) -> bool:
    citizen = ACCOUNTS[account]
    return bool(set(roles) & set(citizen.roles)) and department in (citizen.departments or (department,))


class Town:
    """Sources, store and clock; the machine and the plain tests below play in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.time = datetime(2026, 1, 5, 9, 0, tzinfo=CHINA)
        self.store = Store(f"sqlite:///{folder / 'store.db'}", folder / "head.jsonl")
        self.store.__enter__()
        self.trail = Trail(self.store, self.now)
        self.shapes = dict.fromkeys(KEYS, "plain")
        self.pack: Pack = PACKS["none"]
        self.departments = departments()
        self.deadlines = Deadlines(self.pack.body.limits, WorkingCalendar())
        self.harvest()

    def now(self) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time

    @property
    def today(self) -> str:
        return self.time.date().isoformat()

    def harvest(self) -> list[Act]:
        """What ``pdc run`` does: harvest, classify, number, write down what published entries no longer say."""
        at = self.now().isoformat()
        for ident, department in self.departments.items():
            known = self.store.known(ident, department.systems[0].id)
            here = [table for table in TABLES if table.department == ident and self.shapes[table.key] != "gone"]
            rows = [Harvested(self._shaped(one), id=known[one.key].id if one.key in known else None) for one in here]
            self.store.write_assets(1, at, rows)
            gone = [one.id for key, one in known.items() if self.shapes[key] == "gone" and not one.vanished]
            self.store.mark_missing(gone, at)
        names = {ident: one.name for ident, one in self.departments.items()}
        classify(self.store, self.pack, names, run=1, at=at, as_of=date(2026, 1, 1))
        self.store.number_departments(list(names))
        codes.number(self.store, list(names))
        return record_changes(self.trail, self.compiled().values(), list(names), actor("ops")).acts

    def _shaped(self, table: Asset) -> Asset:
        columns = (*table.columns, *EXTRA[self.shapes[table.key]])
        return asset(table.key, table.comment or "", *columns)

    def compiled(self) -> dict[str, Entry]:
        """Present entries as they are now."""
        found: dict[str, Entry] = {}
        told = catalogue.known(self.store)
        for one in self.departments.values():
            systems = {system.id: system for system in one.systems}
            found |= {entry.asset: entry for entry in catalogue.entries(self.store, self.pack, one, systems, told)}
        return found

    def cycle(self, account: str, behalf: str = "") -> LifeCycle:
        return LifeCycle(self.trail, self.pack, actor(account, behalf))

    def rule_on(self, key: str, value: str, basis: tuple[str, ...], opened: str, who: str) -> None:
        """A ruling on 共享类型, and on 开放类型, of a resource and its columns; it counts from the next harvest on."""
        names = [None, *(column.name for column in next(one for one in TABLES if one.key == key).columns)]
        at = self.now().isoformat()
        given = [Decision(key, "share", value, who, at, column=one, reason="依法认定", basis=basis) for one in names]
        if opened:
            ground = ("pipl/34",) if opened == "none" else ()
            given += [
                Decision(key, "open", opened, who, at, column=one, reason="依法认定", basis=ground) for one in names
            ]
        with self.trail.acting(actor(who), self.pack.ident) as acting:
            decide(acting, self.store, given)

    def fill(self, key: str, element: str, value: str, who: str) -> None:
        with self.trail.acting(actor(who), self.pack.ident) as acting:
            fill(acting, key, [Fill(element, value)], rights=DEFAULT, items=[])

    def written(self) -> tuple[int, str, int]:
        """What a refused act must leave alone: the end of the chain, the number of documents."""
        with self.store.read() as connection:
            end = connection.execute(select(schema.acts_head)).one()
            documents = connection.execute(select(func.count()).select_from(schema.documents)).scalar_one()
        return int(end.number), str(end.hash), int(documents)


# --- the law, read from bare acts --------------------------------------------------------------------------------


def lawful(label: Label, pack: Pack) -> bool:
    """A restriction with its reason and a law, regulation or rule (Art. 21, 22)."""
    return bool(label.reason.strip()) and any(pack.cite(key).rank in LAWFUL for key in label.basis)


def owners(entry: Entry) -> Iterator[Any]:
    yield entry
    yield from entry.items


def shares(entry: Entry) -> set[str]:
    return {one.value("share") for one in owners(entry)}


def refuses(entry: Entry) -> bool:
    return "none" in shares(entry)


def fit(entry: Entry, pack: Pack) -> bool:
    """Whether an entry may be submitted: everything decided, restrictions lawful, mandatory elements there."""
    for owner in owners(entry):
        labels = {one.dimension: one for one in owner.labels}
        if any(labels[axis].value == "undetermined" for axis in ("tier", "share", "open")):
            return False
        if "待确认：" in labels["tier"].reason:  # kept until a person says so
            return False
        if labels["share"].value != "unconditional" and not lawful(labels["share"], pack):
            return False
        if labels["share"].value == "none" != labels["open"].value:
            return False
        if labels["open"].value == "none" and not labels["open"].basis:
            return False
    return bool(entry.items) and bool(entry.extra.get("municipal"))


class Audit:
    """Whether a chain of acts keeps the law, without asking the program's own folds."""

    def __init__(self, acts: list[Act], trail: Trail) -> None:
        self.acts, self.trail = acts, trail

    def check(self) -> None:
        checks: dict[tuple[str, str], Callable[[Act], None]] = {
            ("entry", "publish"): self._publication,
            ("request", "grant"): self._grant,
            ("request", "refuse"): self._refusal,
            ("request", "use"): self._use,
            ("request", "expire"): self._expiry,
        }
        for act in self.acts:
            checks.get((act.kind, act.verb), lambda _: None)(act)

    def _before(self, act: Act) -> list[Act]:
        return [one for one in self.acts if one.number < act.number and one.subject == act.subject]

    def document(self, act: Act) -> Entry:
        body = self.trail.document(version_of(act))
        assert body is not None
        return read_version(body)

    def _publication(self, act: Act) -> None:
        before, version = self._before(act), version_of(act)
        submitted = [one for one in before if one.verb == "submit"][-1]
        assert version_of(submitted) == version
        others = [one for one in before if one.who != submitted.who and one.account != submitted.account]
        since = [one for one in others if one.number > submitted.number]
        assert any(one.verb == "approve" and version_of(one) == version for one in since), "approved by nobody else"
        assert not any(one.verb in ("return", "withdraw") for one in since), "returned meanwhile"
        gone = max((one.number for one in before if one.verb == "withdraw"), default=0)
        others = [one for one in others if one.number > gone]
        for review in ("sign-secrecy", "sign-security"):
            assert any(one.verb == review and version_of(one) == version for one in others), f"no {review}"
        kept = self.document(act)
        if refuses(kept):
            told = [one for one in others if one.verb == "approve-refusal" and version_of(one) == version]
            assert any("office" in ACCOUNTS[one.account].roles for one in told), "非共享 that no office approved"
        for owner in owners(kept):
            label = owner.label("share")
            assert label.value == "unconditional" or lawful(label, PACKS["none"]), "restricted without law"

    # --- requests ---

    def _asked(self, act: Act) -> Document:
        told = [one for one in self._before(act) if one.verb in ("new", "catalogue")][-1]
        return msgspec.convert(said(told)["document"], Document)

    def _in_force(self, asset: str, act: Act) -> Entry:
        """The version that was in force when something was granted; there must be one."""
        own = [one for one in self.acts if one.subject == asset and one.number < act.number]
        last = [one for one in own if one.verb in ("publish", "withdraw")][-1:]
        assert [one.verb for one in last] == ["publish"], "granted on what is not in force"
        return self.document(last[0])

    def _grant(self, act: Act) -> None:
        asked = self._asked(act)
        entry = self._in_force(asked.asset, act)
        values = {one.value(asked.kind) for one in (*entry.items, entry) if not asked.items or one is not entry}
        assert not values & {"none", "undetermined"}, "granted what is not shared"
        before = self._before(act)
        if act.who == "pdc":
            assert values == {"unconditional"}, "granted by the program though conditional"
            return
        start = [one.number for one in before if one.verb in ("new", "catalogue", "renew", "answer")][-1]
        assert not [one for one in before if one.number > start and one.verb == "refuse"]
        wanted = {"approve-owner"} | ({"approve-office"} if asked.kind == "share" else set())
        given = {one.verb: one for one in before if one.number > start and one.verb.startswith("approve-")}
        assert set(given) >= wanted, f"granted without {wanted - set(given)}"
        askers = {ACCOUNTS[one.account].person for one in before if one.verb in ("new", "renew", "object")}
        people = [ACCOUNTS[given[verb].account].person for verb in wanted]
        assert len(set(people)) == len(people), "both sides approved by one person"
        assert not askers & {*people, ACCOUNTS[act.account].person}, "reviewed or granted by who asks"
        assert holds(given["approve-owner"].account, ("steward", "head"), asked.owner)
        assert "approve-office" not in given or "office" in ACCOUNTS[given["approve-office"].account].roles

    def _refusal(self, act: Act) -> None:
        """No refusal to share without law (Art. 21), none to open without its ground (Art. 25)."""
        basis, kind = said(act)["basis"], self._asked(act).kind
        ranks = {PACKS["none"].cite(key).rank for key in basis}
        assert ranks & set(LAWFUL) if kind == "share" else basis, "refused without law"

    def _use(self, act: Act) -> None:
        grant, day = self._standing(act), act.at[:10]
        assert grant["since"] <= day <= (grant.get("until") or day), "used outside the days of the grant"

    def _expiry(self, act: Act) -> None:
        assert self._standing(act)["until"] < act.at[:10], "expired before its last day was over"

    def _standing(self, act: Act) -> Any:
        """The grant that stands before an act."""
        ends = ("grant", "revoke", "expire", "withdraw")
        last = [one for one in self._before(act) if one.verb in ends][-1:]
        assert [one.verb for one in last] == ["grant"], f"{act.verb} without a grant"
        return said(last[0])


def said(act: Act) -> Any:
    return msgspec.json.decode(act.after)


def version_of(act: Act) -> str:
    return str(msgspec.json.decode(act.after)["version"])


# --- the model ---------------------------------------------------------------------------------------------------


@dataclass
class Life:
    """What the model remembers of one entry."""

    stage: str = "draft"
    under: Entry | None = None
    submitter: str = ""
    """Account."""
    signed: dict[str, tuple[Entry, str]] = field(default_factory=dict)
    """sign-secrecy, sign-security, approve-refusal → version and account."""
    force: Entry | None = None
    issue: int = 0
    changes: tuple[str, ...] = ()

    def signs_that_hold(self) -> set[str]:
        mine = ACCOUNTS[self.submitter].person if self.submitter else ""
        return {
            verb
            for verb, (version, account) in self.signed.items()
            if version == self.under and ACCOUNTS[account].person != mine
        }


def forged(entry: Entry) -> Entry:
    """The entry with a 非共享 that rests on the Measures alone, as if nothing before had noticed."""
    labels = {one.dimension: one for one in entry.labels}
    labels["share"] = msgspec.structs.replace(labels["share"], value="none", basis=("putuo-2020/21",))
    return msgspec.structs.replace(entry, labels=tuple(labels.values()))


def signs(state: EntryState) -> set[str]:
    """Signatures that the program holds to be of the version under review."""
    found = {f"sign-{name}": one for name, one in state.signed.items()}
    if state.refusal is not None:
        found["approve-refusal"] = state.refusal
    return {name for name, one in found.items() if state.under_way and one.digest == state.under_way.digest}


EVENTS = (
    *("go_on",) * 6,
    *("ask", "review") * 3,
    *("close", "use", "go_on_with_request"),
    *("act_in_time",) * 3,
    *("act", "send_back_and_hand_in_again", "rule_on", "source_changes", "days_pass") * 2,
    *("fill", "pack_changes", "look_back", "act_on_what_was_seen_before"),
)
"""As often as they are written."""


class Legal(RuleBasedStateMachine):
    make: Callable[[], Town]

    @initialize(published=st.integers(0, 3))
    def begin(self, published: int) -> None:
        """Some entries may be in force already when the story begins."""
        self.town = type(self).make()
        self.lives = {key: Life() for key in KEYS}
        self.log: list[str] = []
        self.days: dict[str, dict[str, Entry]] = {}
        self.known: dict[str, EntryState] = {}
        self.asked: dict[str, requests.RequestState] = {}
        self.read = 0
        # Of the fourth nobody has said yet whether the municipal catalogue holds it.
        for key in KEYS[:3]:
            self.town.fill(key, "municipal", "区域补充", "he")
        for key in (KEYS[1], KEYS[2], KEYS[0])[:published]:
            self.go_on(key, "", 6)
            assert self.lives[key].force is not None

    def teardown(self) -> None:
        if hasattr(self, "town"):
            for day in self.days:
                self._same_as_then(day)
            self.town.store.__exit__(None, None, None)

    @rule(
        what=st.sampled_from(EVENTS),
        key=st.sampled_from(KEYS),
        who=st.sampled_from(tuple(ACCOUNTS)),
        pick=st.integers(0, 59),
    )
    def something_happens(self, what: str, key: str, who: str, pick: int) -> None:
        """One rule, not one for each event: hypothesis leaves some rules out of each example, and lives get long only
        where everything may happen."""
        getattr(self, what)(key, who, pick)
        self._temptations(key)
        self._tempting_requests()

    def _temptations(self, key: str) -> None:
        """What the stage and somebody's roles would allow and the law does not: each is tried and refused."""
        current, life = self._current(key), self.lives[key]
        if current is None:
            return
        for verb, stages in STAGES.items():
            own: dict[bool, str] = {}
            for who in ACCOUNTS:
                if life.stage in stages and holds(who, MAY[verb], key.split("/")[0]):
                    own[ACCOUNTS[who].person == ACCOUNTS.get(life.submitter, Citizen("")).person] = who
            for who in own.values():
                if not self._allowed(who, key, verb, "x", current):
                    self._refused(who, key, verb, "x", current)
        for verb in ("return", "withdraw"):
            self._refused("wang", key, verb, " ", current)
        if life.stage in STAGES["submit"]:
            self.log.append(f"forged {key}")
            with Untouched(self.town, self.log):
                self.town.cycle("he").submit(forged(current))

    def _tempting_requests(self) -> None:
        """Whoever asked approves; what is not approved, in force or shared is granted; what is not granted is used:
        each is tried and refused."""
        for ident, state in list(self.asked.items())[-3:]:
            force = self.lives[state.document.asset].force if state.document.asset else None
            grant, today = state.grant, self.town.today
            if grant is None or not grant.since <= today <= (grant.until or today):
                self.log.append(f"{ident} used outside its days: no")
                with Untouched(self.town, self.log):
                    self._requests("wang").use(ident, rows=1)
            if state.stage != "reviewing" or state.asked is None:
                continue
            for side in ("office", "owner") if state.kind == "share" else ():
                self.log.append(f"{state.asked.account} approves their own {ident}: no")
                with Untouched(self.town, self.log):
                    self._requests(state.asked.account).approve(ident, side)
            closed = force is None or (state.kind == "share" and not state.document.items and refuses(force))
            if closed or len(state.approvals) < (2 if state.kind == "share" else 1):
                self.log.append(f"{ident} granted without approvals, or on what is not shared: no")
                with Untouched(self.town, self.log):
                    self._requests("wang").grant(ident, interface="接口")

    # --- people ---

    def go_on(self, key: str, who: str, pick: int) -> None:
        """Acts that bring the entry nearer to publication, each by somebody with a role for it."""
        for step in range(1 + pick % 7):
            life = self.lives[key]
            verb = self._next(life, pick + step)
            able = [one for one in ACCOUNTS if holds(one, MAY[verb], key.split("/")[0])]
            if verb != "submit" and pick % 5:
                able = [one for one in able if ACCOUNTS[one].person != ACCOUNTS[life.submitter].person]
            self._act(able[(pick + step) % len(able)], key, verb, "符合要求")
            if life.stage == "published":
                return

    @staticmethod
    def _next(life: Life, pick: int) -> str:
        if life.stage not in ("submitted", "approved"):
            return "submit"
        held = life.signs_that_hold()
        wanted = [one for one in ("sign-secrecy", "sign-security") if one not in held]
        if life.under is not None and refuses(life.under) and "approve-refusal" not in held:
            wanted.append("approve-refusal")
        wanted.append("approve" if life.stage == "submitted" else "publish")
        return wanted[0] if life.stage == "approved" else wanted[pick % len(wanted)]

    def act(self, key: str, who: str, pick: int) -> None:
        """Anybody does anything, for somebody else perhaps, and perhaps without saying why."""
        behalf, why = ("", "wang")[pick % 2], ("符合要求", " ")[pick % 3 == 0]
        self._act(who, key, tuple(MAY)[pick % len(MAY)], why, behalf)

    def act_in_time(self, key: str, who: str, pick: int) -> None:
        """Somebody with a role for it does what the stage allows."""
        stage = self.lives[key].stage
        verbs = [verb for verb, stages in STAGES.items() if stage in stages]
        verb = verbs[pick % len(verbs)]
        able = [one for one in ACCOUNTS if holds(one, MAY[verb], key.split("/")[0])]
        self._act(able[pick // 8 % len(able)], key, verb, "符合要求")

    def act_on_what_was_seen_before(self, key: str, who: str, pick: int) -> None:
        """The version that was seen is not the current one: refused, whatever else."""
        current = self._current(key)
        if current is not None:
            seen = self.known[key].version - 1 if key in self.known else 1
            with Untouched(self.town, self.log):
                self._call(self.town.cycle(who), tuple(MAY)[pick % len(MAY)], current, "x", seen)

    def send_back_and_hand_in_again(self, key: str, who: str, pick: int) -> None:
        """Signed by the head of the department, returned, and submitted by somebody, who may be that head."""
        department = key.split("/")[0]
        head, steward = {"lvhua": ("zhao", "li"), "minzheng": ("zhou", "qian")}[department]
        self._act((steward, head)[pick % 4 == 0], key, "submit", "")
        self._act((head, "wu", "he")[pick % 3], key, ("sign-secrecy", "sign-security")[pick % 2], "")
        self._act(("wang", "he", "sun", "wu")[pick % 4], key, "return", "请补正")
        signers = [account for _, account in self.lives[key].signed.values()]
        able = [one for one in (*signers, "he", steward) if holds(one, MAY["submit"], department)]
        self._act(able[pick % len(able)], key, "submit", "")

    def fill(self, key: str, who: str, pick: int) -> None:
        value = ("区域补充", "市级目录已收录", "")[pick % 3]
        self.log.append(f"fill {key} {value}")
        self.town.fill(key, "municipal", value, "he")

    def rule_on(self, key: str, who: str, pick: int) -> None:
        """A ruling on 共享类型; it counts from the next run on, which may be at once."""
        name = tuple(RULINGS)[pick % len(RULINGS)]
        self.log.append(f"{name}: {key}")
        self.town.rule_on(key, *RULINGS[name], "he")
        if pick % 2:
            self._run()

    # --- requests ---

    def _requests(self, who: str) -> Requests:
        names = {ident: one.name for ident, one in self.town.departments.items()}
        return Requests(
            self.town.trail, self.town.pack, actor(who), self.town.deadlines, district="普陀区", names=names
        )

    def _try(self, told: str, act: Callable[[], Any]) -> None:
        """Done or refused; what is refused leaves nothing behind."""
        before = self.town.written()
        try:
            act()
            self._read()
            self.log.append(f"{told}: yes")
        except (Refusal, InputError):
            self.log.append(f"{told}: no")
            assert self.town.written() == before, self.log

    def ask(self, key: str, who: str, pick: int) -> None:
        """The other department asks, sometimes for a part, sometimes with a last day; or somebody asks for opening."""
        known = [one for one, life in self.lives.items() if life.force is not None and pick % 2]
        known = known or [one for one, life in self.lives.items() if life.force and "conditional" in shares(life.force)]
        key = known[pick % len(known)] if known and pick % 6 else key
        other = "minzheng" if key.startswith("lvhua") else "lvhua"
        until = (self.town.time + timedelta(days=20)).date().isoformat() if pick % 2 else ""
        items = () if pick % 3 else (next(one for one in TABLES if one.key == key).columns[0].name,)
        kind: Any = "open" if pick % 5 == 0 else "share"
        asked = Document(
            kind,
            key.split("/")[0] if kind == "open" else other,
            applicant="某大学" if kind == "open" else "",
            asset=key,
            items=items,
            purpose="履职核对",
            basis=("《社会救助暂行办法》",),
            means="接口",
            until=until,
        )
        asker = (who, {"minzheng": "qian", "lvhua": "li"}[other], "wu")[pick % 3]
        self._try(f"{asker} asks for {key}", lambda: self._requests(asker).new(asked))

    def review(self, key: str, who: str, pick: int) -> None:
        """One or both sides approve, or one refuses with or without law; the entry may be closed meanwhile; then the
        centre may grant."""
        ident = self._some_request(pick)
        if ident is None:
            return
        sides: list[tuple[str, Any]] = [("sun", "office"), ("he", "owner"), ("wu", "office"), ("zhao", "owner")]
        if pick % 3:
            sides += [("wu", "owner"), (who, None), ("li", "owner"), ("zhou", "owner")]
        for step in range(2 + pick % 3):
            name, side = sides[(pick // 2 + step) % len(sides)]
            verb = f"{name} approves {ident} for the {side}"
            self._try(verb, lambda name=name, side=side: self._requests(name).approve(ident, side))  # type: ignore[misc]
        if pick % 7 == 0:
            basis = (("pipl/34",), (), ("putuo-2020/21",))[pick % 3]
            self._try(f"{who} refuses {ident}", lambda: self._requests(who).refuse(ident, "不宜提供", basis))
        if pick % 2:
            asset = self.asked[ident].document.asset
            if asset and pick % 3 == 0:
                self.close(asset, who, 18)
            return
        grantor = ("wang", "chen", "he", who)[pick % 4]
        self._try(f"{grantor} grants {ident}", lambda: self._requests(grantor).grant(ident, interface="接口"))

    def use(self, key: str, who: str, pick: int) -> None:
        ident = self._some_request(pick)
        if ident is not None:
            self._try(f"wang logs a use of {ident}", lambda: self._requests("wang").use(ident, rows=pick))

    def go_on_with_request(self, key: str, who: str, pick: int) -> None:
        """Renewed, revoked, objected to, answered, withdrawn, or the calendar is looked at."""
        ident = self._some_request(pick)
        later = (self.town.time + timedelta(days=40)).date().isoformat()
        verbs: list[tuple[str, Callable[[Requests, str], Any]]] = [
            ("renew", lambda at, one: at.renew(one, later)),
            ("revoke", lambda at, one: at.revoke(one, "转给第三方", breach=True)),
            ("object", lambda at, one: at.object(one, "履职需要")),
            ("answer", lambda at, one: at.answer(one, upheld=pick % 2 == 0, why="已复核")),
            ("withdraw", lambda at, one: at.withdraw(one, "不再需要")),
            ("confirm", lambda at, one: at.confirm(one, held=True, owner=key.split("/")[0])),
            ("catalogue", lambda at, one: at.catalogue(one, key)),
        ]
        name, call = verbs[pick % len(verbs)]
        by = (
            who
            if pick % 3
            else {"answer": "sun", "revoke": "wang", "confirm": "wang", "catalogue": "wang"}.get(
                name, ("qian", "li", "he")[pick % 2]
            )
        )
        if ident is not None:
            self._try(f"{by} {name} {ident}", lambda: call(self._requests(by), ident))
        sweep(self.town.trail)

    def _read(self) -> list[Act]:
        """Every act; what is new goes into the states that are kept act by act."""
        acts = list(self.town.trail.acts())
        for act in acts[self.read :]:
            if act.kind == "entry":
                self.known[act.subject] = after(self.known.get(act.subject) or EntryState(act.subject), act)
            elif act.kind == "request":
                before = self.asked.get(act.subject) or requests.RequestState(act.subject)
                self.asked[act.subject] = requests.after(before, act)
        self.read = len(acts)
        return acts

    def _some_request(self, pick: int) -> str | None:
        """The latest ones more often."""
        every = list(self.asked)
        return every[-1 - pick % min(len(every), 3)] if every else None

    def close(self, key: str, who: str, pick: int) -> None:
        """Refused to others by law, and on its way to publication as that."""
        self.rule_on(key, who, 1 if pick % 6 == 5 else 60 * len(RULINGS))
        self._run()
        self.go_on(key, who, (6, 13, 27)[pick % 3])

    # --- what happens to them ---

    def source_changes(self, key: str, who: str, pick: int) -> None:
        self.town.shapes[key] = ("plain", "wider", "wider", "opaque", "gone", "plain")[pick % 6]
        self._run()

    def pack_changes(self, key: str, who: str, pick: int) -> None:
        self.town.pack = tuple(PACKS.values())[pick % len(PACKS)]
        self._run()

    def _run(self) -> None:
        """Nothing in force changes by a run; what is not as published any more is told once."""
        self.log.append(f"run {self.town.shapes} {self.town.pack.ident}")
        found = {act.subject: act for act in self.town.harvest()}
        now = self.town.compiled()
        for name, life in self.lives.items():
            told = self._found(life, now.get(name))
            assert (told is not None) == (name in found), (name, told, self.log)
            if told is not None:
                assert found[name].verb == ("change" if told else "settle")
                life.changes = told
                moves = {"published": "changed"} if told else {"changed": "published", "returned": "published"}
                life.stage = moves.get(life.stage, life.stage)

    @staticmethod
    def _found(life: Life, now: Entry | None) -> tuple[str, ...] | None:
        """Which changes are news; none = it is as published again; None = no news."""
        if life.force is None:
            return None
        if now is None:
            told: tuple[str, ...] = (GONE,)
        elif document(now) == life.force:
            return () if life.changes or life.stage == "returned" else None
        else:
            told = tuple(str(one) for one in diff(life.force, document(now)))
        return told if told and told != life.changes else None

    def days_pass(self, key: str, who: str, pick: int) -> None:
        self.town.time += timedelta(days=1 + pick)

    def look_back(self, key: str, who: str, pick: int) -> None:
        self._same_as_then(list(self.days)[pick % len(self.days)])

    def _same_as_then(self, day: str) -> None:
        found = {one.entry.asset: document(one.entry) for one in published_entries(self.town.trail, day)}
        assert found == self.days[day], (day, self.log)

    # --- one act and what the model says of it ---

    def _act(self, who: str, key: str, verb: str, why: str, behalf: str = "") -> None:
        current = self._current(key)
        if current is None:
            return
        allowed = self._allowed(who, key, verb, why, current)
        if not allowed:
            self._refused(who, key, verb, why, current, behalf)
            return
        self.log.append(f"{who} {verb} {key}: yes")
        self._call(self.town.cycle(who, behalf), verb, current, why)
        self._follow(who, self.lives[key], verb, document(current))
        self._temptations(key)

    def _refused(self, who: str, key: str, verb: str, why: str, current: Entry, behalf: str = "") -> None:
        self.log.append(f"{who} {verb} {key}: no")
        with Untouched(self.town, self.log):
            self._call(self.town.cycle(who, behalf), verb, current, why)

    def _current(self, key: str) -> Entry | None:
        """What the command line hands to a verb: the entry as it is now, or what its source has lost."""
        found, life = self.town.compiled().get(key), self.lives[key]
        if found or life.force or life.under is None or life.stage == "withdrawn":
            return found or life.force
        return msgspec.structs.replace(life.under, items=())

    @staticmethod
    def _call(cycle: LifeCycle, verb: str, entry: Entry, why: str, expected: int | None = None) -> None:
        name = {"return": "send_back", "approve-refusal": "approve_refusal"}.get(verb, verb)
        if verb.startswith("sign-"):
            cycle.sign(entry, "secrecy" if verb == "sign-secrecy" else "security", why, expected)
        else:
            getattr(cycle, name)(entry, why, expected)

    def _allowed(self, who: str, key: str, verb: str, why: str, current: Entry) -> bool:
        life, version = self.lives[key], document(current)
        if not holds(who, MAY[verb], key.split("/")[0]) or life.stage not in STAGES[verb]:
            return False
        if verb in ("return", "withdraw"):
            return bool(why.strip())
        if verb == "submit":
            reviewed = life.under if life.stage in ("submitted", "approved") else None
            return version not in (life.force, reviewed) and fit(version, self.town.pack)
        if version != life.under:
            return False
        if verb in SECOND and ACCOUNTS[who].person == ACCOUNTS[life.submitter].person:
            return False
        if verb != "publish":
            return True
        needed = {"sign-secrecy", "sign-security"} | ({"approve-refusal"} if refuses(version) else set())
        return needed <= life.signs_that_hold() and fit(version, self.town.pack)

    @staticmethod
    def _follow(who: str, life: Life, verb: str, version: Entry) -> None:
        life.stage = {
            "submit": "submitted",
            "return": "returned",
            "approve": "approved",
            "publish": "published",
            "withdraw": "withdrawn",
        }.get(verb, life.stage)
        if verb == "submit":
            life.under, life.submitter = version, who
            life.signed = {name: life.signed[name] for name in life.signs_that_hold()}
        elif verb.startswith("sign-") or verb == "approve-refusal":
            life.signed[verb] = (version, who)
        elif verb == "publish":
            life.force, life.issue, life.changes = version, life.issue + 1, ()
        elif verb == "withdraw":
            # What was reviewed before it went is reviewed anew when it comes back.
            life.force, life.signed, life.changes = None, {}, ()

    # --- what holds after every step ---

    @invariant()
    def the_program_stands_where_the_model_stands(self) -> None:
        if not hasattr(self, "town"):
            return
        found = states(self.town.trail)
        for key, life in self.lives.items():
            state = found.get(key) or EntryState(key)
            assert (state.stage, state.issue, state.changes) == (life.stage, life.issue, life.changes), (key, self.log)
            assert (state.in_force is not None) == (life.force is not None), (key, self.log)
            if life.stage in ("submitted", "approved"):
                assert signs(state) == life.signs_that_hold(), (key, self.log)
        self.days[self.town.today] = {key: life.force for key, life in self.lives.items() if life.force is not None}
        self._same_as_then(self.town.today)

    @invariant()
    def states_are_folds_and_the_chain_is_whole(self) -> None:
        if not hasattr(self, "town"):
            return
        acts = self._read()
        assert states(self.town.trail) == self.known
        assert requests.states(self.town.trail) == self.asked
        assert all(fold(self.town.trail.acts("entry", key), key) == state for key, state in self.known.items())
        found = verify(self.town.trail)
        assert (found.faults, found.unrecorded, found.acts) == ((), 0, len(acts))
        Audit(acts, self.town.trail).check()


class Untouched:
    """The act inside is refused, and leaves chain and documents as they were."""

    def __init__(self, town: Town, log: list[str]) -> None:
        self.town, self.log = town, log

    def __enter__(self) -> None:
        self.before = self.town.written()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        assert kind is not None, f"done, though it may not be: {self.log}"
        assert self.town.written() == self.before, self.log
        return issubclass(kind, (Refusal, InputError))


@pytest.mark.timeout(60 + 20 * EXAMPLES)
def test_the_law_is_kept_in_whatever_order(tmp_path_factory: pytest.TempPathFactory) -> None:
    Legal.make = staticmethod(lambda: Town(tmp_path_factory.mktemp("town")))  # type: ignore[method-assign]
    run_state_machine_as_test(
        Legal,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # The log in the message tells the story; making it shorter takes minutes.
            phases=(Phase.explicit, Phase.generate),
        ),
    )
