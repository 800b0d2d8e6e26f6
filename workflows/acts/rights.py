"""Who may do what: roles by act, as the Measures give them out, changeable in ``site.yaml`` under ``rights:``.

Art. 5: the district office oversees, the big-data centre does the work, the opening authority guides opening, each
department's head answers for its data and names the people who do it. Art. 15: departments compile and submit, the
centre reviews. Art. 22: the office and the owning department review together, the centre grants. Art. 31: departments
review secrecy and security before anything is shared or opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from workflows.acts.model import Act, Actor, NotAllowed
from workflows.people import Role

Rights = Mapping[str, tuple[Role, ...]]

DEFAULT: Final[Rights] = MappingProxyType(
    {
        "decide": ("steward", "reviewer"),
        "entry.fill": ("steward", "head", "reviewer"),
        "entry.submit": ("steward", "head"),
        "entry.return": ("reviewer", "office"),
        "entry.approve": ("reviewer",),
        "entry.sign-secrecy": ("head",),
        "entry.sign-security": ("head", "reviewer"),
        "entry.approve-refusal": ("office",),
        "entry.publish": ("reviewer",),
        "entry.withdraw": ("reviewer", "office"),
        "request.new": ("steward", "head"),
        "request.new-open": ("open_steward", "reviewer", "steward", "head"),
        "request.confirm": ("reviewer",),
        "request.catalogue": ("reviewer", "steward", "head"),
        "request.review-office": ("office",),
        "request.review-owner": ("steward", "head"),
        "request.grant": ("reviewer",),
        "request.refuse": ("office", "steward", "head"),
        "request.renew": ("steward", "head"),
        "request.revoke": ("reviewer", "office", "head"),
        "request.object": ("steward", "head"),
        "request.answer": ("office",),
        "request.withdraw": ("steward", "head"),
        "request.use": ("reviewer", "steward"),
        "request.open": ("open_steward", "reviewer"),
        "ticket.open": ("reviewer", "office"),
        "ticket.answer": ("steward", "head"),
        "ticket.close": ("reviewer", "office"),
        "ticket.reopen": ("reviewer", "office"),
        "list.issue": ("reviewer", "office"),
    }
)
ROLE_NAMES: Final[Mapping[Role, str]] = MappingProxyType(
    {
        "steward": "data contact of the department (steward)",
        "head": "head of the department (head)",
        "reviewer": "reviewer at the big-data centre (reviewer)",
        "office": "district office (office)",
        "open_steward": "opening authority (open_steward)",
        "admin": "administrator (admin)",
    }
)


def require(actor: Actor, act: str, department: str, rights: Rights = DEFAULT) -> None:
    """Raise `NotAllowed` unless a role of the actor holds this act for the department."""
    roles = rights[act]
    if actor.has(roles, department):
        return
    who = actor.name or f"the account {actor.account}"
    known = "" if actor.person else ", which no person in site.yaml has,"
    allowed = " or ".join(ROLE_NAMES[role] for role in roles)
    raise NotAllowed(f"{who}{known} may not {act} for {department}; ask the {allowed}")


def require_other(actor: Actor, earlier: Iterable[Act], what: str) -> None:
    """The two-person rule: raise `NotAllowed` when the actor did one of the earlier acts.

    Persons are told apart by their accounts, never by ``--as``.
    """
    same = next(
        (one for one in earlier if one.who == actor.who or (one.account and one.account == actor.account)), None
    )
    if same is not None:
        what = f"{actor.name or actor.who} did {same.verb} on {same.at[:10]}; {what}"
        raise NotAllowed(f"{what} needs a second person")
