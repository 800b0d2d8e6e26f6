"""Where an entry stands: a fold over its acts, so that any day's state can be had again.

::

    draft ──submit──▶ submitted ──approve──▶ approved ──publish──▶ published ──change──▶ changed ──submit──▶ …
                          │  ▲                   │                     │                    │
                        return └──────submit───┐ return             withdraw             settle (as published again)
                          ▼                    │                       ▼
                       returned ◀──────────────┘                   withdrawn

While a version is in force (``published``) a newer one may be under way; it stays in force until another is published
or it is withdrawn. What has changed under review may be submitted in place of the version there (from submitted and
approved), which voids its approval and signatures. Where a newer one was returned and the entry is as it is in force
again, that settles it, too. A withdrawn entry may be submitted anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from workflows.acts.model import Act
from workflows.acts.trail import Trail

Stage = Literal["draft", "submitted", "returned", "approved", "published", "changed", "withdrawn"]
Review = Literal["secrecy", "security"]
REVIEWS: tuple[Review, ...] = ("secrecy", "security")
"""保密审查 and 安全审查 (Art. 31)."""


class Signed(msgspec.Struct, frozen=True):
    """Who signed what and when; it holds for one version only."""

    digest: str
    who: str
    at: str
    why: str = ""
    words: str = ""
    """Of a version in force: SHA-256 of the words of its day, see `workflows.entries.words`."""
    name: str = ""
    """What ``who`` was called then, see `workflows.people.who_line`."""


class EntryState(msgspec.Struct, frozen=True, omit_defaults=True):
    asset: str
    stage: Stage = "draft"
    version: int = 0
    """Acts so far; what `Acting.add` wants as ``expected``."""
    under_way: Signed | None = None
    """The submission that is not in force yet; one that was returned, too."""
    approved: Signed | None = None
    signed: dict[Review, Signed] = {}
    refusal: Signed | None = None
    """The district office's approval of 非共享 (上海市数据条例 38)."""
    in_force: Signed | None = None
    """The published version, by whom and when."""
    in_force_refusal: Signed | None = None
    """The office's approval of 非共享 in the version in force."""
    issue: int = 0
    """How many versions have been published, the one in force included."""
    returned: str = ""
    """Why it was returned."""
    changes: tuple[str, ...] = ()
    """Chinese: what a harvest found different from the version in force."""
    found: str = ""
    """Digest of what ``changes`` tell of."""
    withdrawn_at: str = ""

    @property
    def under_review(self) -> Signed | None:
        """The submission, unless it was returned."""
        return self.under_way if self.stage in ("submitted", "approved") else None


def fold(acts: Iterable[Act], asset: str = "") -> EntryState:
    state = EntryState(asset)
    for act in acts:
        state = after(state, act)
    return state


def after(state: EntryState, act: Act) -> EntryState:
    """The state after one more act; verbs that change no stage only count."""
    state = msgspec.structs.replace(state, asset=act.subject, version=act.version)
    told = msgspec.json.decode(act.after) if act.after else {}
    named = told if isinstance(told, dict) else {}
    mark = Signed(named.get("version", ""), act.who, act.at, act.why, named.get("words", ""), act.name)
    replace = msgspec.structs.replace
    if act.verb == "submit":
        # What was signed for another version does not hold for this one, nor what its own submitter once signed.
        kept = {name: one for name, one in state.signed.items() if _holds(one, mark)}
        refusal = state.refusal if state.refusal and _holds(state.refusal, mark) else None
        return replace(
            state, stage="submitted", under_way=mark, approved=None, signed=kept, refusal=refusal, returned=""
        )
    if act.verb == "return":
        return replace(state, stage="returned", approved=None, returned=act.why)
    if act.verb == "approve":
        return replace(state, stage="approved", approved=mark)
    if act.verb in ("sign-secrecy", "sign-security"):
        name: Review = "secrecy" if act.verb == "sign-secrecy" else "security"
        return replace(state, signed={**state.signed, name: mark})
    if act.verb == "approve-refusal":
        return replace(state, refusal=mark)
    if act.verb == "publish":
        refusal = state.refusal if state.refusal and state.refusal.digest == mark.digest else None
        return replace(
            state,
            stage="published",
            in_force=mark,
            in_force_refusal=refusal,
            under_way=None,
            issue=state.issue + 1,
            changes=(),
            found="",
            withdrawn_at="",
        )
    if act.verb == "change":
        changed = tuple(told.get("changes", ()))
        # A version under review stays there: its reviewer is told when acting on it.
        stage: Stage = "changed" if state.stage == "published" else state.stage
        return replace(state, stage=stage, changes=changed, found=mark.digest)
    if act.verb == "settle":
        if state.stage not in ("changed", "returned"):
            return replace(state, changes=(), found="")
        return replace(state, stage="published", under_way=None, returned="", changes=(), found="")
    if act.verb == "withdraw":
        # What was reviewed before it went is reviewed anew when it comes back, even in the same words (Art. 31).
        return EntryState(act.subject, "withdrawn", act.version, issue=state.issue, withdrawn_at=act.at)
    return state


def _holds(signed: Signed, submitted: Signed) -> bool:
    return signed.digest == submitted.digest and signed.who != submitted.who


def last_in_force(acts: Iterable[Act]) -> str:
    """Digest of the version that was published last; empty when none was."""
    published = [act for act in acts if act.verb == "publish"]
    return published[-1].named("version") if published else ""


def states(trail: Trail, until: str | None = None) -> dict[str, EntryState]:
    """Asset key → state, for every entry that somebody has acted on."""
    found: dict[str, EntryState] = {}
    for act in trail.acts("entry", until=until):
        found[act.subject] = after(found.get(act.subject) or EntryState(act.subject), act)
    return found
