"""Columns → asset: combinations raise, the strictest value wins (就高从严), and a more open view is proposed.

Section 5, steps 6 and 8. Share and open roll up by none > conditional > undetermined > unconditional.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from classifiers.draft import Draft, decided_access, decided_label, keep_in_force, tier_refused
from classifiers.evidence import (
    ACCESS,
    TIERS,
    AssetVerdict,
    Because,
    ColumnVerdict,
    Dimension,
    Finding,
    Label,
    State,
    Subject,
    TableInput,
)
from classifiers.inherited import BY_DECISION
from classifiers.pack_file import Raise
from classifiers.policy import Outcome, Pack
from classifiers.rulings import Rulings, asks_again, table_fingerprint

_STATES: tuple[State, ...] = ("undetermined", "suggested", "confirmed")
MOST_REASONS = 30
"""Distinct grounds that a roll-up names."""


class AssetRaise(NamedTuple):
    """A rule that raises the asset itself, with the columns that take part."""

    outcome: Outcome
    columns: tuple[str, ...]


def combine(drafts: Sequence[Draft], subject: Subject, pack: Pack) -> tuple[list[Draft], tuple[AssetRaise, ...]]:
    """Natural persons only: a published legal representative and an organisation's own items never count."""
    rules = pack.body.combinations
    names = [d for d in drafts if d.personal and d.element in rules.names]
    companions = [d for d in drafts if d.personal and d.element in rules.companions]
    raised = list(drafts)
    if names and companions:
        members = {d.name for d in (*names, *companions)}
        outcome = _outcome(rules.identity)
        raised = [d.raised(outcome) if d.name in members else d for d in drafts]
    return raised, (*_sensitive(raised, subject, pack), *_minors(raised, subject, pack))


def _outcome(rule: Raise) -> Outcome:
    return Outcome(rule.at_least, rule.id, rule.reason, rule.basis)


def _sensitive(drafts: Sequence[Draft], subject: Subject, pack: Pack) -> tuple[AssetRaise, ...]:
    """A sensitive category, or a table whose topic is one, together with an identifier of the person."""
    rules = pack.body.combinations
    rule = rules.sensitive
    personal = [d for d in drafts if d.personal]
    identifying = {*rules.names, *rules.companions, *rule.identifiers}
    identifiers = [d.name for d in personal if d.element in identifying]
    sensitive = [d.name for d in personal if _is_sensitive(d, rule)]
    by_topic = any(pack.body.topics[topic].sensitive for topic in subject.topics)
    pairs = any(a != b for a in sensitive for b in identifiers)
    if not identifiers or not (by_topic or pairs):
        return ()
    members = {*identifiers, *sensitive}
    return (AssetRaise(_outcome(rule), tuple(d.name for d in drafts if d.name in members)),)


def _is_sensitive(draft: Draft, rule: Raise) -> bool:
    if draft.element is None or draft.element in rule.exclude:
        return False
    return draft.facts[0].category in rule.categories or draft.element in rule.elements


def _minors(drafts: Sequence[Draft], subject: Subject, pack: Pack) -> tuple[AssetRaise, ...]:
    personal = tuple(d.name for d in drafts if d.personal)
    if not (subject.minors and subject.kind in ("person", "unknown") and personal):
        return ()
    return (AssetRaise(_outcome(pack.body.combinations.minors), personal),)


def roll_up(
    table: TableInput,
    subject: Subject,
    columns: tuple[ColumnVerdict, ...],
    raises: Sequence[AssetRaise],
    pack: Pack,
    rulings: Rulings,
    in_force: Mapping[str, str],
) -> AssetVerdict:
    """The asset's labels, and per dimension every column that has the deciding value.

    ``in_force``: see `classifiers.verdict.judge`.
    """
    names = tuple(column.name for column in table.columns)
    tier, because_tier = _roll_tier(names, columns, raises, pack)
    findings: tuple[Finding, ...] = ()
    kept = _kept_tier(tier, dict(zip(names, columns, strict=True)), in_force)
    if kept is not None:
        tier, findings = keep_in_force(tier, kept, None)
    share, because_share = _roll_access("share", names, columns, pack)
    open_, because_open = _roll_access("open", names, columns, pack)
    labels, decided_findings = _with_decisions((tier, share, open_), rulings, table, pack)
    view = _open_view(names, columns, pack)
    return AssetVerdict(
        subject=subject,
        labels=labels,
        because={"tier": because_tier, "share": because_share, "open": because_open},
        columns=columns,
        findings=(*(f for column in columns for f in column.findings), *findings, *decided_findings),
        publishable=bool(columns)
        and not any(_undetermined(column.labels) for column in columns if column.catalogued)
        and not _undetermined(labels),
        open_view=tuple(name for name in names if name in view[0]),
        open_view_labels=view[1],
    )


def _kept_tier(rolled: Label, columns: Mapping[str, ColumnVerdict], in_force: Mapping[str, str]) -> str | None:
    """The asset's tier in force where it is higher, unless people have lowered every column that it came from.

    Nothing is silent about what two people did to the columns. What came from a column that is gone, or from a rule
    about the whole asset, waits for a person.
    """
    own = in_force.get("")
    if own not in TIERS or TIERS.index(own) <= TIERS.index(rolled.value):
        return None
    deciding = [name for name, tier in in_force.items() if name and tier in TIERS[TIERS.index(own) :]]
    lowered = all(name in columns and _by_people(_value(columns[name], "tier")) for name in deciding)
    return None if deciding and lowered else own


def _by_people(label: Label) -> bool:
    """Ruled on here, or on the column that a view shows."""
    return label.origin == "steward" or label.rule == BY_DECISION


def _undetermined(labels: Sequence[Label]) -> bool:
    return any(label.value == "undetermined" for label in labels)


_PLACES: dict[Dimension, int] = {"tier": 0, "share": 1, "open": 2}


def _value(column: ColumnVerdict, dimension: Dimension) -> Label:
    """Every verdict has tier, share and open in this order, after the element when that is known."""
    labels = column.labels
    return labels[_PLACES[dimension] + (labels[0].dimension == "element")]


def _roll_tier(
    names: Sequence[str], columns: Sequence[ColumnVerdict], raises: Sequence[AssetRaise], pack: Pack
) -> tuple[Label, Because]:
    if not columns:
        unknown = pack.body.unknown
        reason = "没有可判断的信息项，按内部级兜底"
        return _rolled(
            "tier", unknown.tier, "undetermined", 0.0, reason, unknown.tier_basis, "unknown", pack
        ), Because()
    labels = [_value(column, "tier") for column in columns]
    highest = max((label.value for label in labels), key=TIERS.index)
    rule = max(raises, key=lambda r: TIERS.index(r.outcome.value), default=None)
    if rule is not None and TIERS.index(rule.outcome.value) > TIERS.index(highest):
        deciding = [label for name, label in zip(names, labels, strict=True) if name in rule.columns]
        label = _summed("tier", rule.outcome.value, labels, deciding, pack, rule.outcome)
        return label, Because(rule.columns, rule.outcome.rule)
    outcome = rule.outcome if rule is not None and rule.outcome.value == highest else None
    label, members = _strictest("tier", highest, names, labels, pack, outcome)
    return label, Because(members, outcome.rule) if outcome else Because(members)


def _roll_access(
    dimension: Dimension, names: Sequence[str], columns: Sequence[ColumnVerdict], pack: Pack
) -> tuple[Label, Because]:
    if not columns:
        unknown = pack.body.unknown
        basis = unknown.share_basis if dimension == "share" else unknown.open_basis
        label = _rolled(
            dimension, "undetermined", "undetermined", 0.0, "没有可判断的信息项，待判定", basis, "unknown", pack
        )
        return label, Because()
    labels = [_value(column, dimension) for column in columns]
    value = max((label.value for label in labels), key=ACCESS.index)
    label, members = _strictest(dimension, value, names, labels, pack, None)
    return label, Because(members)


def _strictest(
    dimension: Dimension, value: str, names: Sequence[str], labels: Sequence[Label], pack: Pack, extra: Outcome | None
) -> tuple[Label, tuple[str, ...]]:
    """One label from the columns that have the strictest value, and their names."""
    deciding = [(name, label) for name, label in zip(names, labels, strict=True) if label.value == value]
    label = _summed(dimension, value, labels, [label for _, label in deciding], pack, extra)
    return label, tuple(name for name, _ in deciding)


def _summed(
    dimension: Dimension,
    value: str,
    labels: Sequence[Label],
    deciding: Sequence[Label],
    pack: Pack,
    extra: Outcome | None,
) -> Label:
    """One label from the deciding columns: weakest state and lowest confidence of all, reasons and citations of the
    deciding ones.
    """
    reasons = ([extra.reason] if extra else []) + [label.reason for label in deciding]
    basis = (extra.basis if extra else ()) + tuple(key for label in deciding for key in label.basis)
    confidence = min((label.confidence for label in deciding), default=0.0)
    state = min((label.state for label in labels), key=_STATES.index)
    rule = extra.rule if extra else "roll-up"
    return _rolled(dimension, value, state, confidence, _join(reasons), tuple(dict.fromkeys(basis)), rule, pack)


def _join(reasons: Sequence[str]) -> str:
    """Every ground once (Art. 22 asks for the reason); of very many the first ones and their number."""
    distinct = list(dict.fromkeys(reasons))
    more = f"；等{len(distinct)}条理由" if len(distinct) > MOST_REASONS else ""
    return "；".join(distinct[:MOST_REASONS]) + more


def _rolled(
    dimension: Dimension,
    value: str,
    state: State,
    confidence: float,
    reason: str,
    basis: tuple[str, ...],
    rule: str,
    pack: Pack,
) -> Label:
    return Label(
        dimension=dimension,
        value=value,
        state=state,
        confidence=confidence,
        reason=reason,
        basis=basis,
        rule=rule,
        origin="inherited",
        pack=pack.ident,
    )


def _with_decisions(
    labels: Sequence[Label], rulings: Rulings, table: TableInput, pack: Pack
) -> tuple[tuple[Label, ...], tuple[Finding, ...]]:
    """A person's ruling on the asset replaces the rolled-up value; a stricter roll-up beside it is a finding."""
    if not rulings.every:
        return tuple(labels), ()
    result: list[Label] = []
    findings: list[Finding] = []
    fingerprint = table_fingerprint(table)
    for rolled in labels:
        label, found = _ruled(rolled, rulings, fingerprint, pack)
        result.append(label)
        findings.extend(found)
    importance = rulings.decided("importance")
    if importance is not None:
        result.append(decided_label(importance, pack))
    return tuple(result), tuple(findings)


def _ruled(label: Label, rulings: Rulings, fingerprint: str, pack: Pack) -> tuple[Label, tuple[Finding, ...]]:
    ruling = rulings.latest(label.dimension)
    if ruling is None:
        return label, ()
    if ruling.value:
        order = TIERS if label.dimension == "tier" else ACCESS
        above = ruling.value in order and order.index(label.value) > order.index(ruling.value)
        message = f"人工定为{ruling.value}，汇总规则给出{label.value}：{label.reason}"
        findings = (Finding("rule_above_decision", message),) if above else ()
        if label.dimension == "tier":
            return decided_label(ruling, pack, label), findings
        decided, missing = decided_access(ruling, label, pack)
        return decided, (*findings, *missing)
    said = rulings.standing(label.dimension, label.value, label.rule, fingerprint)
    if said == "refused":
        return tier_refused(label, ruling, None) if label.dimension == "tier" else (decided_label(ruling, pack), ())
    return label, ((asks_again(label.dimension, label.value, ruling, None),) if said == "again" else ())


def _open_view(
    names: Sequence[str], columns: Sequence[ColumnVerdict], pack: Pack
) -> tuple[frozenset[str], dict[str, str]]:
    """The columns whose dropping or masking opens the rest, and what the rest would be; nothing when it would not
    help.
    """
    if not columns:
        return frozenset(), {}
    values = {name: _value(column, "open").value for name, column in zip(names, columns, strict=True)}
    now = max(values.values(), key=ACCESS.index)
    dropped: set[str] = set()
    for closed in ("none", "undetermined"):
        dropped |= {name for name, value in values.items() if value == closed}
        rest = [c for name, c in zip(names, columns, strict=True) if name not in dropped and c.catalogued]
        meaningful = any(column.category not in ("SY", "SE", "") for column in rest)
        if not dropped or not meaningful:
            continue
        best = max((_value(c, "open").value for c in rest), key=ACCESS.index)
        if best != "undetermined" and ACCESS.index(best) < ACCESS.index(now):
            return frozenset(dropped), {
                "tier": max((_value(c, "tier").value for c in rest), key=TIERS.index),
                "share": max((_value(c, "share").value for c in rest), key=ACCESS.index),
                "open": best,
            }
    return frozenset(), {}
