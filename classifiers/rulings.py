"""What people have ruled on one column or asset, and what their refusals say of a new proposal.

A value that somebody refused is never proposed again, unless the rule that proposes it or the column itself has become
another; then it comes back as a question.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from classifiers.evidence import AssetVerdict, ColumnInput, Decision, Dimension, Finding, TableInput

Standing = Literal["free", "refused", "again"]

AGREED = "在审核表中采纳建议"
"""How the reason of a ruling begins that agrees with a proposal as it stands; a remark may follow after a colon."""
UNSAID = "人工确定，未写明理由"
IN_FORCE = "in-force"
"""Rule of a tier that is only kept."""
_HOW = re.compile(
    rf"(?:{AGREED}|在审核表中填写|在OpenMetadata中(?:设定|移除|确认|同意|将全表标为已确认)"
    r"|采纳.{1,128}在OpenMetadata中的修改|.{1,128}于\d{4}-\d\d-\d\d提出，.{1,128}于\d{4}-\d\d-\d\d同意)(?:：|$)"
)
"""What the program tells of how somebody ruled, before the person's own words."""


class Rulings(NamedTuple):
    """The decisions on one column (or on the asset itself), oldest first."""

    every: tuple[Decision, ...] = ()

    def latest(self, dimension: Dimension) -> Decision | None:
        """The one in force: a person's later ruling replaces an earlier one."""
        if not self.every:
            return None
        return next((ruling for ruling in reversed(self.every) if ruling.dimension == dimension), None)

    def decided(self, dimension: Dimension) -> Decision | None:
        """The one in force, when it sets a value."""
        ruling = self.latest(dimension)
        return ruling if ruling is not None and ruling.value else None

    def standing(self, dimension: Dimension, value: str, rule: str, fingerprint: str) -> Standing:
        """Whether a rule may propose a value that nobody has set.

        ``refused``: a person said no to it. ``again``: a person did, but to another rule or another column.
        """
        latest = self.latest(dimension)
        if latest is None or latest.value:
            return "free"
        if latest.rejected is None:
            return "refused"
        said_no = [r for r in self.every if r.dimension == dimension and r.rejected == value and r.value != value]
        if not said_no:
            return "free"
        return "again" if _is_another(said_no[-1], rule, fingerprint) else "refused"


NO_RULINGS = Rulings()


def _is_another(ruling: Decision, rule: str, fingerprint: str) -> bool:
    """Unknown counts as unchanged: what was refused without saying which rule stays refused."""
    return bool((ruling.rule and ruling.rule != rule) or (ruling.fingerprint and ruling.fingerprint != fingerprint))


def rulings_on(decisions: Iterable[Decision], column: str | None) -> Rulings:
    return Rulings(tuple(decision for decision in decisions if decision.column == column))


def asks_again(dimension: Dimension, value: str, ruling: Decision | None, column: str | None) -> Finding:
    who = f"{ruling.who}于{ruling.at[:10]}" if ruling else ""
    names = {"element": "数据元", "tier": "分级", "share": "共享类型", "open": "开放类型", "importance": "重要性"}
    message = f"{who}曾不同意{names[dimension]}{value}；此后规则或字段已有变化，请再次确认"
    return Finding("asks_again", message, column)


def column_fingerprint(column: ColumnInput) -> str:
    """What makes a column the one that a person looked at: name, comment and type (16 hex digits)."""
    return _digest(column.name, column.comment or "", column.type or "")


def table_fingerprint(table: TableInput) -> str:
    return _digest(table.table, table.comment or "", *map(column_fingerprint, table.columns))


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


class Proposal(Protocol):
    """What rules or people say in one dimension, such as a label."""

    @property
    def value(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def basis(self) -> tuple[str, ...]: ...


class Grounds(NamedTuple):
    """理由 (empty = none was given) and 依据 of what a person set."""

    reason: str
    basis: tuple[str, ...]


def own_words(reason: str) -> str:
    """Why somebody ruled, without what the program tells of how they did.

    >>> own_words("在OpenMetadata中设定"), own_words("李华于2026-01-05提出，王芳于2026-01-06同意：已脱敏")
    ('', '已脱敏')
    """
    while told := _HOW.match(reason):
        reason = reason[told.end() :]
    return reason.strip()


def agrees(decision: Decision) -> bool:
    """Whether the person took a proposal as it stands: they gave no reason of their own, or only remarked on it."""
    return decision.reason.startswith(AGREED) or not own_words(decision.reason)


def grounds(decision: Decision, proposal: Proposal | None) -> Grounds:
    """What a ruling rests on: its own words and citations, and those of the proposal where both say the same value.

    What the ruling has kept of the day on which it was made counts, whatever rules have said since.
    """
    if decision.because:
        return Grounds(decision.because, decision.basis)
    own = own_words(decision.reason)
    if proposal is None or proposal.value != decision.value:
        return Grounds(own, decision.basis)
    if proposal.rule == IN_FORCE:
        return Grounds(own or f"人工确认保持现行{proposal.value}", decision.basis)
    if agrees(decision):
        return Grounds(proposal.reason, tuple(dict.fromkeys((*proposal.basis, *decision.basis))))
    return Grounds(own, decision.basis or proposal.basis)


def with_context(decision: Decision, table: TableInput, verdict: AssetVerdict, columns: Sequence[str]) -> Decision:
    """The decision with what the person saw: the machine's value when they refused or changed it, its rule, the column;
    and with reason and citations of the label that they agreed with.

    ``columns``: names of the verdict's columns, in its order. What the decision says already is kept, and so is a
    decision over a label that a person had set.
    """
    judged = dict(zip(columns, verdict.columns, strict=True))
    seen = verdict if decision.column is None else judged.get(decision.column)
    label = seen.label(decision.dimension) if seen else None
    inputs = {column.name: column for column in table.columns}
    known = inputs.get(decision.column or "")
    fingerprint = column_fingerprint(known) if known else table_fingerprint(table) if decision.column is None else ""
    proposed = label is not None and label.origin != "steward"
    # What is only kept in force has no rule of its own that could change.
    rule = label.rule if label is not None and proposed and label.rule != IN_FORCE else ""
    refused = label.value if label is not None and proposed and label.value != decision.value else None
    said = grounds(decision, label if label is not None and label.value != "undetermined" else None)
    return msgspec.structs.replace(
        decision,
        because=said.reason,
        basis=said.basis,
        rejected=decision.rejected or refused,
        rule=decision.rule or rule,
        fingerprint=decision.fingerprint or fingerprint,
    )
