"""A column on its way to a verdict, and the two labels that people's rulings make."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

import msgspec

from classifiers.evidence import TIERS, Decision, ElementFinding, Finding, Label
from classifiers.inherited import SourceColumn
from classifiers.policy import Facts, Outcome, Pack
from classifiers.rulings import IN_FORCE, NO_RULINGS, UNSAID, Grounds, Proposal, Rulings, agrees, grounds, own_words

_REMEMBERED = 8192
AWAITS = "待确认："
"""How the reason of a tier begins that is only kept until a person rules on it."""
_AWAITS = re.compile(rf"(?:来自[^：]*：)*{AWAITS}")


@dataclass(frozen=True, eq=False)
class Draft:
    """A column on its way to a verdict; ``facts`` of its chosen element and of every other accepted one.

    Equal columns share one draft, so drafts are told apart by identity.
    """

    name: str
    element: str | None
    confidence: float
    source: ElementFinding
    facts: tuple[Facts, ...]
    """One per accepted element, the chosen one first."""
    tier: Outcome
    rulings: Rulings = NO_RULINGS
    fingerprint: str = ""
    """``rulings.column_fingerprint``, worked out where people have ruled on the column."""
    findings: tuple[Finding, ...] = ()
    sources: tuple[SourceColumn, ...] = ()
    """Of a view's column: what it is computed from."""

    personal: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "personal", any(facts.personal for facts in self.facts))

    def raised(self, outcome: Outcome) -> Draft:
        """With at least this tier; the facts that share and open are asked by follow."""
        if TIERS.index(outcome.value) <= TIERS.index(self.tier.value):
            return self
        return _raised(self, outcome)


@lru_cache(maxsize=_REMEMBERED)
def _raised(draft: Draft, outcome: Outcome) -> Draft:
    return replace(draft, tier=outcome, facts=tuple(f._replace(tier=outcome.value) for f in draft.facts))


def decided_label(decision: Decision, pack: Pack, proposal: Proposal | None = None) -> Label:
    """A ruling as a label; ``proposal``: what the rules say now. Who ruled, and when, is for the audit trail."""
    said = _renewed(decision, grounds(decision, proposal), proposal, pack)
    return Label(
        dimension=decision.dimension,
        value=decision.value or "undetermined",
        state="confirmed" if decision.value else "undetermined",
        confidence=1.0 if decision.value else 0.0,
        reason=said.reason or UNSAID if decision.value else _refusal(decision),
        basis=said.basis,
        rule="decision",
        origin="steward",
        pack=pack.ident,
    )


def _refusal(decision: Decision) -> str:
    """Nothing is in force: whoever mends that has to ask somebody."""
    own = own_words(decision.reason)
    return f"{decision.who}于{decision.at[:10]}不同意建议，未另定" + (f"：{own}" if own else "")


def _renewed(decision: Decision, said: Grounds, proposal: Proposal | None, pack: Pack) -> Grounds:
    """What a ruling rests on today: law that another pack does not know, or that no longer suffices, gives way to the
    rules' where these say the same value.
    """
    if proposal is None or proposal.value != decision.value or said.basis == proposal.basis:
        return said
    if _carries(decision, said.basis, pack):
        return said
    if agrees(decision):
        return Grounds(proposal.reason, proposal.basis)
    still = (key for key in said.basis if pack.knows(key))
    return Grounds(said.reason, tuple(dict.fromkeys((*proposal.basis, *still))))


def _carries(decision: Decision, basis: tuple[str, ...], pack: Pack) -> bool:
    enough = decision.dimension != "share" or pack.sufficient(decision.value or "", basis)
    return enough and all(map(pack.knows, basis))


def decided_access(decision: Decision, proposal: Proposal | None, pack: Pack) -> tuple[Label, tuple[Finding, ...]]:
    """A ruling on share or open; ``proposal``: what the rules say.

    Whoever agrees with the rules rests on their citations. Whoever restricts sharing otherwise has to cite a law,
    regulation or rule (Art. 22): until then it is undetermined, and a finding says what is missing.
    """
    label = decided_label(decision, pack, proposal)
    if label.dimension != "share" or pack.sufficient(label.value, label.basis):
        return label, ()
    shown = pack.display("share", label.value)
    weak = "；".join(pack.lacking(label.value, label.basis))
    lacks = f"所引依据不足（{weak}）" if weak else "未给出法律、法规或规章依据"
    message = f"{decision.who}于{decision.at[:10]}定为{shown}，{lacks}，补充前为待判定"
    open_ended = msgspec.structs.replace(
        label, value="undetermined", state="undetermined", confidence=0.0, reason=message
    )
    return open_ended, (Finding("missing_citation", message, decision.column),)


def tier_refused(label: Label, ruling: Decision, column: str | None) -> tuple[Label, tuple[Finding, ...]]:
    """A tier that somebody refused without setting another stays in force, and waits for a person."""
    message = f"{ruling.who}于{ruling.at[:10]}不同意{label.value}而未另定级别，人工定级前保持{label.value}"
    kept = msgspec.structs.replace(label, state="suggested", reason=f"{AWAITS}{message}", rule=IN_FORCE)
    return kept, (Finding("tier_rejected", message, column),)


def keep_in_force(label: Label, tier: str, column: str | None) -> tuple[Label, tuple[Finding, ...]]:
    """A tier is never silently lowered: the old one stays, marked 待确认, until a person sets another."""
    reason = f"{AWAITS}现行{tier}，规则现给出{label.value}（{label.reason}），降级须人工确认"
    kept = msgspec.structs.replace(label, value=tier, state="suggested", reason=reason, rule=IN_FORCE)
    return kept, (Finding("tier_lowering_pending", f"现行{tier}，规则现给出{label.value}，须人工确认", column),)


def awaits_a_person(label: Label) -> bool:
    """Whether a tier is only kept, here or in what a view shows: no ground that an official list could give.

    Told by the reason, since the versions of entries keep no rules.
    """
    return label.dimension == "tier" and _AWAITS.match(label.reason) is not None
