"""A column on its way to a verdict, and the two labels that people's rulings make."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import msgspec

from classifiers.evidence import TIERS, Decision, ElementFinding, Finding, Label
from classifiers.inherited import SourceColumn
from classifiers.policy import Facts, Outcome, Pack
from classifiers.rulings import NO_RULINGS, Rulings

_REMEMBERED = 8192


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


def decided_label(decision: Decision, pack: Pack) -> Label:
    reason = f"{decision.who}于{decision.at[:10]}确定" + (f"：{decision.reason}" if decision.reason else "")
    return Label(
        dimension=decision.dimension,
        value=decision.value or "undetermined",
        state="confirmed" if decision.value else "undetermined",
        confidence=1.0 if decision.value else 0.0,
        reason=reason,
        basis=decision.basis,
        rule="decision",
        origin="steward",
        pack=pack.ident,
    )


def decided_access(
    decision: Decision, value: str, basis: tuple[str, ...], pack: Pack
) -> tuple[Label, tuple[Finding, ...]]:
    """A ruling on share or open; ``value`` and ``basis`` are what the rules say.

    Whoever agrees with the rules rests on their citations. Whoever restricts sharing otherwise has to cite a law,
    regulation or rule (Art. 22): until then it is undetermined, and a finding says what is missing.
    """
    label = decided_label(decision, pack)
    if not label.basis and label.value == value:
        label = msgspec.structs.replace(label, basis=basis)
    if label.dimension != "share" or pack.sufficient(label.value, label.basis):
        return label, ()
    shown = pack.display("share", label.value)
    message = f"{decision.who}于{decision.at[:10]}定为{shown}，未给出法律、法规或规章依据，补充前为待判定"
    open_ended = msgspec.structs.replace(
        label, value="undetermined", state="undetermined", confidence=0.0, reason=message
    )
    return open_ended, (Finding("missing_citation", message, decision.column),)


def tier_refused(label: Label, ruling: Decision, column: str | None) -> tuple[Label, tuple[Finding, ...]]:
    """A tier that somebody refused without setting another stays in force, and waits for a person."""
    message = f"{ruling.who}于{ruling.at[:10]}不同意{label.value}而未另定级别，人工定级前保持{label.value}"
    kept = msgspec.structs.replace(label, state="suggested", reason=f"待确认：{message}", rule="in-force")
    return kept, (Finding("tier_rejected", message, column),)


def keep_in_force(label: Label, tier: str, column: str | None) -> tuple[Label, tuple[Finding, ...]]:
    """A tier is never silently lowered: the old one stays, marked 待确认, until a person sets another."""
    reason = f"待确认：现行{tier}，规则现给出{label.value}（{label.reason}），降级须人工确认"
    kept = msgspec.structs.replace(label, value=tier, state="suggested", reason=reason, rule="in-force")
    return kept, (Finding("tier_lowering_pending", f"现行{tier}，规则现给出{label.value}，须人工确认", column),)
