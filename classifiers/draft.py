"""A column on its way to a verdict, and the two labels that people's rulings make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from classifiers.evidence import TIERS, Decision, Dimension, ElementFinding, Finding, Label
from classifiers.policy import Facts, Outcome, Pack


@dataclass(frozen=True)
class Draft:
    """A column on its way to a verdict; ``facts`` of its chosen element and of every other accepted one."""

    name: str
    element: str | None
    confidence: float
    source: ElementFinding
    facts: tuple[Facts, ...]
    """One per accepted element, the chosen one first."""
    tier: Outcome
    decided: Mapping[Dimension, Decision] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def personal(self) -> bool:
        return any(facts.personal for facts in self.facts)

    def raised(self, outcome: Outcome) -> Draft:
        """With at least this tier; the facts that share and open are asked by follow."""
        if TIERS.index(outcome.value) <= TIERS.index(self.tier.value):
            return self
        return replace(self, tier=outcome, facts=tuple(f._replace(tier=outcome.value) for f in self.facts))


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


def keep_in_force(label: Label, tier: str, column: str | None) -> tuple[Label, tuple[Finding, ...]]:
    """A tier is never silently lowered: the old one stays, marked 待确认, until a person sets another."""
    reason = f"待确认：现行{tier}，规则现给出{label.value}（{label.reason}），降级须人工确认"
    kept = msgspec.structs.replace(label, value=tier, state="suggested", reason=reason, rule="in-force")
    return kept, (Finding("tier_lowering_pending", f"现行{tier}，规则现给出{label.value}，须人工确认", column),)
