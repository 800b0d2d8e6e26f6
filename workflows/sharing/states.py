"""Where a request stands: a fold over its acts, so that any day's state can be had again.

::

    new ─▶ asked ──confirm──▶ cataloguing ──catalogue──▶ reviewing ──grant──▶ granted ──expire──▶ expired
             │                   │  ▲ │             ▲  │                  ▲  │                           │
             │                   │  └─┘ confirm     │  └─refuse─▶ refused │  └─revoke─▶ revoked          │
             │                   │    (another      │                │    │                │             │
             │                   │     owner)     answer ◀─object────┴────┼────────────────┘    renew ◀──┘
             │                   │                                        └──(reviewing again)────┘
             ├─confirm─▶ absent ◀┤
             ▲             │     └─confirm─▶ uncatalogued (the owner refuses to catalogue)
             └───answer◀───┴──────object───────┘

What is named and published is under review at once; the program grants what is shared unconditionally and refuses what
is not shared at all (Art. 21, 22). While a renewal is under review the grant holds until its last day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from workflows.acts.model import Act
from workflows.acts.trail import Trail
from workflows.people import PROGRAM

RequestKind = Literal["share", "open"]
Stage = Literal[
    "new",
    "asked",
    "cataloguing",
    "absent",
    "uncatalogued",
    "reviewing",
    "granted",
    "refused",
    "expired",
    "revoked",
    "objected",
    "withdrawn",
]
Side = Literal["office", "owner"]

SIDES: Final[Mapping[RequestKind, tuple[Side, ...]]] = MappingProxyType(
    {"share": ("office", "owner"), "open": ("owner",)}
)
"""Who reviews: the office together with the owning department (Art. 22), the owning department alone (Art. 25)."""

FROM: Final[Mapping[str, tuple[Stage, ...]]] = MappingProxyType(
    {
        "new": ("new",),
        "confirm": ("asked", "cataloguing"),
        "catalogue": ("asked", "cataloguing"),
        "approve-office": ("reviewing",),
        "approve-owner": ("reviewing",),
        "refuse": ("reviewing",),
        "grant": ("reviewing",),
        "renew": ("granted", "expired"),
        "revoke": ("granted", "reviewing", "objected"),
        "expire": ("granted", "reviewing", "objected"),
        "object": ("absent", "uncatalogued", "refused", "revoked", "granted", "expired"),
        "answer": ("objected",),
        "use": ("granted", "reviewing", "objected"),
        "withdraw": ("asked", "cataloguing", "reviewing", "granted", "objected"),
    }
)
"""Verb → stages in which it may be done. `unfit` says what else it asks of the state."""

DEMANDS: Final[tuple[Stage, ...]] = ("absent", "uncatalogued")
"""How a demand ends that was never settled by an entry; an objection has it confirmed anew."""
STAGE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "new": "新提出",
        "asked": "待确认",
        "cataloguing": "待编目",
        "absent": "无此数据",
        "uncatalogued": "未予编目",
        "reviewing": "审核中",
        "granted": "已授权",
        "refused": "不予提供",
        "expired": "已到期",
        "revoked": "已撤销",
        "objected": "异议处理中",
        "withdrawn": "已撤回",
    }
)


class Document(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was asked for, by whom and what for."""

    kind: RequestKind
    requester: str
    """Id of the department that asks; of an opening request the one that received it."""
    applicant: str = ""
    """Who asks for opening: a person or an organisation."""
    asset: str = ""
    items: tuple[str, ...] = ()
    """Column names; empty = the whole resource."""
    title: str = ""
    """The resource's name when it was asked for."""
    demand: str = ""
    """What is needed, where nobody knows an asset."""
    owner: str = ""
    """Id of the department that has the data, where it is known."""
    purpose: str = ""
    basis: tuple[str, ...] = ()
    """Legal basis of the need: texts, or keys of the pack's citations."""
    means: str = ""
    """共享方式."""
    since: str = ""
    until: str = ""
    """First and last day, ISO; empty = from the grant on, without end."""


Ground = Literal["breach", "gone", "version", "review"]
"""Why a grant is taken back: its conditions were broken, nothing of it is in force any more, the version in force does
not share it, or what was given without review needs one now."""


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who did something and when."""

    who: str
    at: str
    why: str = ""
    basis: tuple[str, ...] = ()
    account: str = ""
    entry: str = ""
    """Of an approval: SHA-256 of the version in force that they saw."""
    name: str = ""
    """What ``who`` was called then."""
    ground: Ground | None = None
    """Of a revocation that rests on more, or on something else, than citations of who revoked."""


class Grant(msgspec.Struct, frozen=True, omit_defaults=True):
    since: str
    until: str = ""
    """Last day; empty = without end."""
    interface: str = ""
    text: str = ""
    """SHA-256 of the text with the conditions of use."""
    entry: str = ""
    """SHA-256 of the version whose items it gives."""
    by: str = ""
    name: str = ""
    """What ``by`` was called then."""
    at: str = ""
    free: bool = False
    """Given without review, since all of it was unconditional (Art. 22, 25)."""


class Period(msgspec.Struct, frozen=True, omit_defaults=True):
    """The days that a renewal asks for."""

    since: str = ""
    until: str = ""


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    by: Mark
    instead: tuple[str, ...] = ()
    """Items of the same resource that could be had."""
    renewal: Period | None = None
    """The days that were refused, when it was a renewal."""
    gone: str = ""
    """What was not in force any more: then it is closed without a law, and is no refusal under Art. 21."""


class RequestState(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    stage: Stage = "new"
    version: int = 0
    """Acts so far."""
    document: Document = Document("share", "")
    entry: str = ""
    """SHA-256 of the version in force that the request was judged by."""
    words: str = ""
    """SHA-256 of what departments and citations were called when it was made or settled last."""
    asked: Mark | None = None
    stage_since: str = ""
    approvals: dict[Side, Mark] = {}
    grant: Grant | None = None
    """The grant that holds, whatever is under review beside it."""
    renewal: Period | None = None
    refusal: Refusal | None = None
    """The last refusal, also of a renewal."""
    revoked: Mark | None = None
    objection: Mark | None = None
    answer: Mark | None = None
    before_objection: Stage = "new"
    closed: str = ""
    """Why nobody has the data, or why the owner does not catalogue it."""
    again: str = ""
    """When an objection made it a demand again: the limit of confirming is counted from here."""
    promised: str = ""
    """Day by which the owner said it would be catalogued."""
    grants: int = 0
    uses: int = 0
    rows_used: int = 0
    last_use: str = ""

    @property
    def kind(self) -> RequestKind:
        return self.document.kind

    @property
    def owner(self) -> str:
        return self.document.owner

    def usable(self, day: str) -> bool:
        """Whether the data may be used on an ISO day: a grant past its last day never is."""
        return self.grant is not None and self.grant.since <= day and (not self.grant.until or day <= self.grant.until)

    def past(self, day: str) -> bool:
        """Whether a grant holds whose last day is over."""
        return self.grant is not None and bool(self.grant.until) and self.grant.until < day

    def missing_sides(self) -> tuple[Side, ...]:
        """Who has still to approve."""
        return tuple(side for side in SIDES[self.kind] if side not in self.approvals)


def unfit(state: RequestState, verb: str) -> str:
    """Why a verb cannot be done now; empty when it can, as far as the state goes."""
    if state.stage not in FROM[verb]:
        stages = " or ".join(FROM[verb])
        return f"{state.id} is {state.stage}: {verb} is for requests that are {stages}"
    if verb in ("revoke", "expire", "use") and state.grant is None:
        return f"{state.id} is {state.stage} and has no grant: there is nothing to {verb}"
    if verb == "object" and state.stage in ("granted", "expired") and state.refusal is None:
        return f"{state.id} is {state.stage}: there is no refusal to object to"
    return ""


CHANGES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "confirm": ("owner", "promised", "closed"),
        "catalogue": ("document", "entry"),
        "approve-office": ("approvals",),
        "approve-owner": ("approvals",),
        "refuse": ("approvals", "renewal", "refusal", "grant"),
        "grant": ("approvals", "renewal", "refusal", "revoked", "grant"),
        "renew": ("approvals", "renewal", "refusal", "grant"),
        "revoke": ("approvals", "renewal", "revoked", "grant"),
        "expire": ("grant",),
        "object": ("refusal", "revoked", "closed", "objection", "answer"),
        "answer": ("approvals", "renewal", "refusal", "objection", "answer", "closed", "promised"),
        "use": ("grant", "uses", "rows_used", "last_use"),
        "withdraw": ("approvals", "renewal", "closed", "grant"),
    }
)
"""Verb → what it changes, or rests on; the audit trail has it as it was before the act."""


def before(state: RequestState, verb: str) -> dict[str, Any]:
    """The stage and what a verb changes, as it is now; what is empty is left out."""
    told = {name: getattr(state, name) for name in CHANGES[verb]}
    return {"stage": state.stage} | {name: value for name, value in told.items() if value}


def fold(acts: Iterable[Act], ident: str = "") -> RequestState:
    state = RequestState(ident)
    for act in acts:
        state = after(state, act)
    return state


def after(state: RequestState, act: Act) -> RequestState:
    """The state after one more act."""
    told: dict[str, Any] = msgspec.json.decode(act.after) if act.after else {}
    counted = _replace(state, id=act.subject, version=act.version)
    found = _EFFECTS[act.verb](counted, act, told)
    return found if found.stage == state.stage else _replace(found, stage_since=act.at)


def states(trail: Trail, until: str | None = None) -> dict[str, RequestState]:
    """Id → state of every request, as of a day (ISO; None = now), oldest first."""
    found: dict[str, RequestState] = {}
    for act in trail.acts("request", until=until):
        found[act.subject] = after(found.get(act.subject) or RequestState(act.subject), act)
    return found


# --- what each verb does -----------------------------------------------------------------------------------------

_replace = msgspec.structs.replace
_Told = dict[str, Any]


def _mark(act: Act, told: _Told) -> Mark:
    return Mark(act.who, act.at, act.why, tuple(told.get("basis", ())), act.account, name=act.name)


def _new(state: RequestState, act: Act, told: _Told) -> RequestState:
    document = msgspec.convert(told["document"], Document)
    entry, words = told.get("entry", ""), told.get("words", "")
    return _replace(state, document=document, stage=told["stage"], entry=entry, words=words, asked=_mark(act, told))


def _confirm(state: RequestState, act: Act, told: _Told) -> RequestState:
    if not told["held"]:
        return _replace(state, stage="absent", closed=act.why)
    if told.get("refused"):
        return _replace(state, stage="uncatalogued", closed=act.why)
    state = _replace(state, words=told.get("words", state.words))
    document = _replace(state.document, owner=told["owner"])
    promised = told.get("due", "")
    # Another owner: it waits for them from now on, in the same stage.
    return _replace(state, stage="cataloguing", document=document, promised=promised, stage_since=act.at)


def _catalogue(state: RequestState, act: Act, told: _Told) -> RequestState:
    document = msgspec.convert(told["document"], Document)
    words = told.get("words", state.words)
    return _replace(state, stage="reviewing", document=document, entry=told["entry"], words=words)


def _approve_office(state: RequestState, act: Act, told: _Told) -> RequestState:
    return _replace(state, approvals={**state.approvals, "office": _approval(act, told)})


def _approve_owner(state: RequestState, act: Act, told: _Told) -> RequestState:
    return _replace(state, approvals={**state.approvals, "owner": _approval(act, told)})


def _approval(act: Act, told: _Told) -> Mark:
    return _replace(_mark(act, told), entry=told.get("entry", ""))


def _refuse(state: RequestState, act: Act, told: _Told) -> RequestState:
    refusal = Refusal(_mark(act, told), tuple(told.get("instead", ())), state.renewal, told.get("gone", ""))
    stage = _without_renewal(state) if state.renewal else "refused"
    return _replace(state, stage=stage, refusal=refusal, approvals={}, renewal=None)


def _without_renewal(state: RequestState) -> Stage:
    """A refused renewal takes nothing away: the grant holds until its last day."""
    return "granted" if state.grant else "expired"


def _grant(state: RequestState, act: Act, told: _Told) -> RequestState:
    grant = _replace(msgspec.convert(told, Grant), by=act.who, name=act.name, at=act.at)
    # What the program gave was unconditional, also where the act is older than the mark of it.
    grant = _replace(grant, free=grant.free or act.who == PROGRAM)
    document, more = state.document, state.renewal
    if more is not None:
        # The days asked for from now on: what an objection to a later revocation gives back.
        document = _replace(document, since=more.since or document.since, until=more.until)
    state = _replace(state, document=document, renewal=None, refusal=None, revoked=None)
    return _replace(state, stage="granted", grant=grant, grants=state.grants + 1)


def _renew(state: RequestState, act: Act, told: _Told) -> RequestState:
    period = Period(told.get("since", ""), told["until"])
    return _replace(state, stage="reviewing", renewal=period, approvals={}, refusal=None)


def _revoke(state: RequestState, act: Act, told: _Told) -> RequestState:
    mark = _replace(_mark(act, told), ground=told.get("ground"))
    return _replace(state, stage="revoked", grant=None, renewal=None, approvals={}, revoked=mark)


def _expire(state: RequestState, act: Act, told: _Told) -> RequestState:
    return _replace(state, stage="expired" if state.stage == "granted" else state.stage, grant=None)


def _object(state: RequestState, act: Act, told: _Told) -> RequestState:
    return _replace(state, stage="objected", before_objection=state.stage, objection=_mark(act, told), answer=None)


def _answer(state: RequestState, act: Act, told: _Told) -> RequestState:
    answer = _mark(act, told)
    if not told["upheld"] and state.before_objection in DEMANDS:
        return _replace(state, stage="asked", answer=answer, again=act.at, closed="", promised="")
    if not told["upheld"]:
        renewal = state.refusal.renewal if state.refusal else None
        return _replace(state, stage="reviewing", approvals={}, answer=answer, renewal=renewal)
    lapsed = state.before_objection == "granted" and state.grant is None
    return _replace(state, stage="expired" if lapsed else state.before_objection, answer=answer)


def _use(state: RequestState, act: Act, told: _Told) -> RequestState:
    return _replace(state, uses=state.uses + 1, rows_used=state.rows_used + told["rows"], last_use=act.at)


def _withdraw(state: RequestState, act: Act, told: _Told) -> RequestState:
    return _replace(state, stage="withdrawn", grant=None, renewal=None, approvals={}, closed=act.why)


_EFFECTS: Final[Mapping[str, Callable[[RequestState, Act, _Told], RequestState]]] = MappingProxyType(
    {
        "new": _new,
        "confirm": _confirm,
        "catalogue": _catalogue,
        "approve-office": _approve_office,
        "approve-owner": _approve_owner,
        "refuse": _refuse,
        "grant": _grant,
        "renew": _renew,
        "revoke": _revoke,
        "expire": _expire,
        "object": _object,
        "answer": _answer,
        "use": _use,
        "withdraw": _withdraw,
    }
)
