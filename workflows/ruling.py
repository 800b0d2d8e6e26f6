"""The rules about people's rulings on labels, wherever they come from: OpenMetadata, a workbook, the command line.

A tier lower than the one in force takes effect only when a second, different person who may rule on the department
agrees. Whoever restricts sharing otherwise than the rules do has to cite a law, regulation or rule (Art. 22).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, cast

import msgspec

from classifiers.draft import decided_access
from classifiers.evidence import TIERS, Decision, Dimension, Label
from workflows.classify import tiers_in_force
from workflows.publish.ledger import Question
from workflows.store_records import StoredAsset

if TYPE_CHECKING:
    from classifiers.policy import Pack

Outcome = Literal["accepted", "refused"]
Shown = Callable[[str, str], str]
"""Dimension and key → what readers see."""
SUGGESTED: tuple[Dimension, ...] = ("element", "tier", "share", "open")
"""What rules propose, and what 已确认 on a table confirms."""
DIMENSIONS = {
    "element": "数据元",
    "tier": "分级",
    "share": "共享类型",
    "open": "开放类型",
    "importance": "重要性",
    "review": "审核状态",
    "category": "数据类别",
}


def is_lower(value: str | None, in_force: str | None) -> bool:
    """Whether a tier is lower than the one in force.

    >>> is_lower("L2", "L3"), is_lower("L3", "L3"), is_lower(None, "L3"), is_lower("L1", None)
    (True, False, False, False)
    """
    return value in TIERS and in_force in TIERS and TIERS.index(value) < TIERS.index(in_force)


def tier_in_force(
    stored: StoredAsset, decisions: Sequence[Decision], column: str | None, tiers: Mapping[str, str] | None = None
) -> str | None:
    """The latest ruling, classified with or not, else the tier of the last run.

    A proposal counts, too, also over a version in force that says less: who waves it away needs a second person.

    ``tiers``: `tiers_in_force` of the asset, for who asks about many of its columns.
    """
    ruled = latest(decisions, "tier", column)
    if ruled is not None and ruled.value:
        return ruled.value
    return (tiers_in_force(stored) if tiers is None else tiers).get(column or "")


def latest(decisions: Sequence[Decision], dimension: str, column: str | None) -> Decision | None:
    """The last one in a list that has the oldest first."""
    return next((d for d in reversed(decisions) if (d.dimension, d.column) == (dimension, column)), None)


def lacks_basis(decision: Decision, label: Label | None, pack: Pack) -> bool:
    """Whether the ruling would leave sharing 待判定 for want of a citation; ``label``: as it stands."""
    if decision.dimension not in ("share", "open"):
        return False
    _, findings = decided_access(decision, label, pack)
    return bool(decision.value and findings)


def describe(decision: Decision, shown: Shown) -> str:
    """The act in words: who set what, where."""
    dimension = decision.dimension
    who, place = decision.who or "未知人员", f"字段{decision.column}" if decision.column else "整个资源"
    what = f"{who}将{place}的{DIMENSIONS[dimension]}"
    old = f"由{shown(dimension, decision.rejected)}" if decision.rejected else ""
    return f"{what}{old}改为{shown(dimension, decision.value)}" if decision.value else f"{what}{old.lstrip('由')}移除"


def asked(kind: str, decision: Decision, message: str) -> Question:
    """The act as a question."""
    same = ("asset", "column", "dimension", "value", "rejected", "who", "at")
    values = {name: getattr(decision, name) for name in same}
    return msgspec.convert({**values, "kind": kind, "message": message}, Question)


def lowering(decision: Decision, in_force: str | None, shown: Shown, who_id: str) -> Question:
    """``in_force``: the tier that it lowers, which may only be proposed; ``who_id``: of the person who decided, in
    ``people:``.
    """
    told = f"{describe(decision, shown)}：目前为{in_force}，降级须第二人同意"
    return msgspec.structs.replace(asked("lowering", decision, told), who_id=who_id)


def settled(question: Question, outcome: Outcome, who: str, at: str) -> Question:
    return msgspec.structs.replace(question, state=outcome, settled_by=who, settled_at=at)


def agreed(question: Question, second: str, at: str, reason: str) -> Decision:
    """The decision that two people made together, the other one by name; it holds from when both had spoken."""
    both = f"{question.who}于{question.at[:10]}提出，{second}于{at[:10]}同意"
    return Decision(
        asset=question.asset,
        column=question.column,
        dimension=cast(Dimension, question.dimension),
        value=question.value,
        who=f"{question.who}、{second}",
        at=max(question.at, at),
        reason=f"{both}：{reason}" if reason else both,
        rejected=question.rejected,
    )
