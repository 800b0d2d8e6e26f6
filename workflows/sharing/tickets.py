"""Rectification (督查整改, Art. 34): what the office or the centre found, by when it is mended, and the answer.

::

    open ──answer──▶ answered ──close──▶ closed
      ▲                 │                  │
      └─────reopen──────┴──────────────────┘
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from workflows.acts.model import Act, Actor, Blocked
from workflows.acts.rights import DEFAULT, Rights, require, require_other
from workflows.acts.trail import Trail
from workflows.errors import InputError
from workflows.sharing.calendar import iso_day
from workflows.sharing.numbers import next_number
from workflows.sharing.texts import free_texts

TicketStage = Literal["new", "open", "answered", "closed"]
TICKET_FROM: Final[Mapping[str, tuple[TicketStage, ...]]] = MappingProxyType(
    {"open": ("new",), "answer": ("open",), "close": ("answered",), "reopen": ("answered", "closed")}
)
STAGE_NAMES: Final = {"new": "新开", "open": "整改中", "answered": "待复核", "closed": "已办结"}
LIMBS: Final[Mapping[int, str]] = MappingProxyType(
    {
        1: "违反数据采集的原则和要求采集公共数据",
        2: "未依托电子政务云集中存储",
        3: "未依托大数据平台归集",
        4: "未及时更新，或者数据不合规范、无法使用",
        5: "无正当理由拒绝共享",
        6: "未履行安全管理职责",
        7: "其他",
    }
)
"""The limbs of Art. 38, in short."""


class TicketState(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    stage: TicketStage = "new"
    version: int = 0
    department: str = ""
    what: str = ""
    limb: int = 7
    asset: str = ""
    due: str = ""
    opened_at: str = ""
    opened_by: str = ""
    answer: str = ""
    """Empty again when it is reopened; the acts have the answers before."""
    answered_at: str = ""
    closed_at: str = ""
    times: int = 0
    """How often it was opened."""

    def overdue(self, day: str) -> bool:
        return self.stage == "open" and self.due < day


def fold(acts: Iterable[Act], ident: str = "") -> TicketState:
    state = TicketState(ident)
    for act in acts:
        state = after(state, act)
    return state


def after(state: TicketState, act: Act) -> TicketState:
    told: dict[str, Any] = msgspec.json.decode(act.after) if act.after else {}
    state = msgspec.structs.replace(state, id=act.subject, version=act.version)
    replace = msgspec.structs.replace
    if act.verb == "answer":
        return replace(state, stage="answered", answer=act.why, answered_at=act.at)
    if act.verb == "close":
        return replace(state, stage="closed", closed_at=act.at)
    if act.verb == "reopen":
        return replace(
            state, stage="open", due=told["due"], times=state.times + 1, closed_at="", answer="", answered_at=""
        )
    return replace(state, stage="open", opened_at=act.at, opened_by=act.who, times=1, **told)


def before(state: TicketState) -> dict[str, str]:
    """What the verbs change, as it is now; what is empty is left out."""
    told = {name: getattr(state, name) for name in ("stage", "due", "answer", "answered_at", "closed_at")}
    return {name: value for name, value in told.items() if value}


def states(trail: Trail, until: str | None = None) -> dict[str, TicketState]:
    """Id → state of every ticket, as of a day, oldest first."""
    found: dict[str, TicketState] = {}
    for act in trail.acts("ticket", until=until):
        found[act.subject] = after(found.get(act.subject) or TicketState(act.subject), act)
    return found


@dataclass(frozen=True)
class Tickets:
    """The verbs, for one site and one actor. Errors as in `workflows.sharing.requests`."""

    trail: Trail
    pack: str
    """Id and version of the pack in force."""
    actor: Actor
    departments: Iterable[str] = ()
    rights: Rights = field(default_factory=lambda: DEFAULT)

    def open(self, department: str, what: str, limb: int, due: str, asset: str = "", why: str = "") -> Act:
        if department not in self.departments:
            raise InputError(f"no department {department!r}; known: {', '.join(self.departments)}")
        require(self.actor, "ticket.open", department, self.rights)
        if not what.strip():
            raise InputError("say what is to be mended: --what TEXT")
        free_texts({"--what": what, "--asset": asset, "--why": why, "--as": self.actor.behalf})
        self._day(due)
        told = {"department": department, "what": what, "limb": limb, "asset": asset, "due": due}
        with self.trail.acting(self.actor, self.pack) as acting:
            ident = next_number(acting, "ticket", "T")
            return acting.add("ticket", ident, "open", why=why, after=told, expected=0)

    def answer(self, ident: str, why: str) -> Act:
        """The department says what it did."""
        return self._plain(ident, "answer", why)

    def close(self, ident: str, why: str = "") -> Act:
        """Whoever supervises has looked; never who answered."""
        return self._plain(ident, "close", why)

    def reopen(self, ident: str, due: str, why: str) -> Act:
        self._day(due)
        return self._plain(ident, "reopen", why, {"due": due})

    def _plain(self, ident: str, verb: str, why: str, told: Any = None) -> Act:
        free_texts({"--why": why, "--as": self.actor.behalf})
        with self.trail.acting(self.actor, self.pack) as acting:
            acts = acting.acts("ticket", ident)
            state = fold(acts, ident)
            if not acts:
                raise InputError(f"no ticket {ident!r} (pdc ticket list shows them)")
            require(self.actor, f"ticket.{verb}", state.department, self.rights)
            if state.stage not in TICKET_FROM[verb]:
                allowed = " or ".join(TICKET_FROM[verb])
                raise Blocked(f"{ident} is {state.stage}: {verb} is for tickets that are {allowed}")
            if verb != "close" and not why.strip():
                raise Blocked(f"{ident}: {verb} needs its text: --why TEXT")
            if verb == "close":
                require_other(self.actor, [act for act in acts if act.verb == "answer"], "closing")
            return acting.add("ticket", ident, verb, why=why, before=before(state), after=told)

    def _day(self, due: str) -> None:
        today = self.trail.clock().date()
        try:
            day = iso_day(due)
        except ValueError:
            raise InputError(f"--due is a day such as {today.isoformat()}, not {due!r}") from None
        if day < today:
            raise InputError(f"--due {due} is over")
