"""The life cycle of entries: each verb once, with its stages, its right and what must be there.

Every verb is one transaction and one act. Errors: `NotAllowed`, `Blocked`, `Conflict` (workflows.acts.model).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from workflows.acts.acting import Acting
from workflows.acts.model import Act, Actor, Blocked, Conflict
from workflows.acts.rights import DEFAULT, Rights, require, require_other
from workflows.acts.trail import Trail
from workflows.entries.blockers import to_publish, to_submit
from workflows.entries.documents import UNDER_REVIEW, open_version
from workflows.entries.states import EntryState, Review, Stage, fold
from workflows.entries.versions import diff, digest
from workflows.entries.versions import document as kept
from workflows.entries.words import keep_words
from workflows.entry import Entry

if TYPE_CHECKING:
    from classifiers.policy import Pack

FROM: dict[str, tuple[Stage, ...]] = {
    "submit": ("draft", "submitted", "returned", "approved", "changed", "withdrawn", "published"),
    "return": ("submitted", "approved"),
    "approve": ("submitted",),
    "sign-secrecy": ("submitted", "approved"),
    "sign-security": ("submitted", "approved"),
    "approve-refusal": ("submitted", "approved"),
    "publish": ("approved",),
    "withdraw": ("submitted", "returned", "approved", "published", "changed"),
}
REASONED = ("return", "withdraw")
"""Verbs that nobody may do without saying why."""
NOT_THERE = (
    "来源中已不存在: its source, system or department is gone; the office or the centre withdraws it "
    "(pdc entry withdraw), or it is put back and `pdc run` finds it again"
)


class Labelled(NamedTuple):
    """How far the labels that entries were compiled from are up to date."""

    outdated: frozenset[str]
    """Entries whose labels are older than a ruling, a harvest or the pack."""
    rulings: Mapping[str, int]
    """Asset → rulings that its labels know."""
    gone: frozenset[str] = frozenset()
    """Entries of which nothing is there any more."""


class _TakenBack(Exception):
    """Ends a dry run's transaction without storing it."""


@dataclass(frozen=True)
class LifeCycle:
    """The verbs, for one site and one actor."""

    trail: Trail
    pack: Pack
    actor: Actor
    rights: Rights = field(default_factory=lambda: DEFAULT)
    labelled: Labelled | None = None
    """None = the entries given are known to be up to date."""
    dry_run: bool = False
    """Every check is made and every act taken back: nothing of it is stored."""
    catalogue: str = ""
    """What the site is called; it is kept with what is published."""
    departments: Mapping[str, str] = field(default_factory=dict)
    """Department id → name, kept likewise."""

    def submit(self, entry: Entry, why: str = "", expected: int | None = None) -> Act:
        """The department hands its entry in for review (Art. 15), also in place of a version that is under review.

        What was approved and signed for another version does not hold for this one.
        """
        with self._acting() as acting:
            state, _ = self._begin(acting, entry, "submit", why)
            version = kept(entry)
            if _is_reviewed(state, digest(version)):
                raise Blocked(f"{entry.asset}: this version is {state.stage} already; nothing has changed since")
            if state.in_force is not None and state.in_force.digest == digest(version):
                raise Blocked(f"{entry.asset}: this version is in force already; nothing has changed")
            missing = to_submit(version, self.pack)
            if missing:
                raise Blocked(f"{entry.asset} cannot be submitted", missing)
            before = _before(state)
            after = {"version": acting.keep(version)}
            return acting.add("entry", entry.asset, "submit", why=why, before=before, after=after, expected=expected)

    def send_back(self, entry: Entry, why: str, expected: int | None = None) -> Act:
        """``return``: the centre gives it back with the reason."""
        return self._plain(entry, "return", why, expected, changed_too=True)

    def approve(self, entry: Entry, why: str = "", expected: int | None = None) -> Act:
        """The centre has reviewed what was submitted (Art. 15); never by whoever submitted it."""
        return self._plain(entry, "approve", why, expected, others=("submit",))

    def sign(self, entry: Entry, review: Review, why: str = "", expected: int | None = None) -> Act:
        """保密审查 or 安全审查 of the version under review (Art. 31); never by whoever submitted it."""
        return self._plain(entry, f"sign-{review}", why, expected, others=("submit",))

    def approve_refusal(self, entry: Entry, why: str = "", expected: int | None = None) -> Act:
        """The district office lets a 非共享 stand (上海市数据条例 38)."""
        return self._plain(entry, "approve-refusal", why, expected, others=("submit",))

    def publish(self, entry: Entry, why: str = "", expected: int | None = None) -> Act:
        """The version under review comes into force."""
        return self._plain(entry, "publish", why, expected, others=("submit",), complete=True)

    def withdraw(self, entry: Entry, why: str, expected: int | None = None) -> Act:
        """No version is in force any more."""
        return self._plain(entry, "withdraw", why, expected, changed_too=True)

    def _plain(
        self,
        entry: Entry,
        verb: str,
        why: str,
        expected: int | None,
        *,
        others: tuple[str, ...] = (),
        complete: bool = False,
        changed_too: bool = False,
    ) -> Act:
        with self._acting() as acting:
            state, acts = self._begin(acting, entry, verb, why)
            under_way = state.under_way
            if not changed_too and under_way is not None:
                _unchanged(acting, entry, under_way.digest, self.pack)
            if others:
                round_ = acts[_last(acts, "submit") :]
                require_other(self.actor, [act for act in round_ if act.verb in others], verb)
            if complete:
                missing = to_publish(kept(entry), state, self.pack)
                if missing:
                    raise Blocked(f"{entry.asset} cannot be published", missing)
            after: Any = {"version": under_way.digest} if under_way else None
            if verb == "publish":
                after["words"] = keep_words(acting, self.pack, self.catalogue, self.departments)
            before = _before(state)
            return acting.add("entry", entry.asset, verb, why=why, before=before, after=after, expected=expected)

    @contextmanager
    def _acting(self) -> Iterator[Acting]:
        with suppress(_TakenBack), self.trail.acting(self.actor, self.pack.ident) as acting:
            yield acting
            if self.dry_run:
                raise _TakenBack

    def _begin(self, acting: Acting, entry: Entry, verb: str, why: str) -> tuple[EntryState, list[Act]]:
        require(self.actor, f"entry.{verb}", entry.department, self.rights)
        acts = acting.acts("entry", entry.asset)
        state = fold(acts, entry.asset)
        if state.stage not in FROM[verb]:
            allowed = " or ".join(FROM[verb])
            raise Blocked(f"{entry.asset} is {state.stage}: {verb} is for entries that are {allowed}")
        if verb in REASONED and not why.strip():
            raise Blocked(f"{entry.asset}: {verb} needs a reason: --why TEXT")
        if verb not in REASONED and self.labelled is not None and entry.asset in self.labelled.gone:
            raise Blocked(f"{entry.asset}: {NOT_THERE}")
        if verb not in REASONED and self._is_outdated(acting, entry.asset):
            raise Blocked(
                f"{entry.asset}: a ruling, a harvest or the rules are newer than its labels: run `pdc classify`"
            )
        return state, acts

    def _is_outdated(self, acting: Acting, asset: str) -> bool:
        """Somebody may have ruled on it while this command ran, too."""
        if self.labelled is None:
            return False
        known = self.labelled.rulings.get(asset, 0)
        return asset in self.labelled.outdated or acting.version("decision", asset) != known


def _before(state: EntryState) -> dict[str, str]:
    """What an act changes: the stage, and the version in force if there is one."""
    return {"stage": state.stage, **({"version": state.in_force.digest} if state.in_force else {})}


def _last(acts: list[Act], verb: str) -> int:
    return max((place for place, act in enumerate(acts) if act.verb == verb), default=0)


def _is_reviewed(state: EntryState, version: str) -> bool:
    return state.under_review is not None and state.under_review.digest == version


def _unchanged(acting: Acting, entry: Entry, submitted: str, pack: Pack) -> None:
    """What is acted on must be what was submitted; what has changed since is told."""
    version = kept(entry)
    if digest(version) == submitted:
        return
    before = open_version(acting.connection, entry.asset, submitted, UNDER_REVIEW)
    changes = [str(change) for change in diff(before, version, pack)]
    told = "; ".join(changes[:5]) or "it differs"
    raise Conflict(
        f"{entry.asset} has changed since it was submitted: {told}; "
        "its department submits it again (pdc entry submit), or you return it (pdc entry return)"
    )
