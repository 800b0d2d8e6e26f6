"""What a view's columns inherit from the columns that they are computed from.

What a view shows is what its sources hold, whatever it calls it: a column's tier is never below the highest of its
sources', and share and open are never more open than theirs. A column computed from one source holds that source's
element; with several, its own name and values say what it holds. Masking inside an expression changes nothing here:
people may rule that it does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from classifiers.element import VAGUE, akin
from classifiers.elements import elements
from classifiers.evaluate import HARMLESS
from classifiers.evidence import (
    ACCESS,
    TIERS,
    ColumnVerdict,
    ElementFinding,
    Evidence,
    Finding,
    Label,
    Subject,
)
from classifiers.policy import Outcome, Pack

LINEAGE = "lineage"
BY_DECISION = "lineage-decision"
"""Rule of what a person's ruling on the source says: only this may lower an inherited tier that is in force."""
UNKNOWN = "unknown"
_CONTRADICTED = 0.6
_LONGEST_REASON = 400
_KINDS = ("person", "organisation", "place", "aggregate", "system")
"""Whose subject a view takes when as many of its columns come from one as from another."""

Ranked = Literal["tier", "share", "open"]


class SourceColumn(msgspec.Struct, frozen=True, cache_hash=True):
    """A column that a view's column is computed from, as it is labelled."""

    name: str
    """``T_RY.SFZH``, as stewards know it."""
    element: str | None
    labels: tuple[Label, ...]
    """Its labels, as in `ColumnVerdict`."""
    subject: Subject
    """Of its table, without the reason."""

    def label(self, dimension: str) -> Label | None:
        return next((label for label in self.labels if label.dimension == dimension), None)


Inherited = Mapping[str, tuple[SourceColumn, ...]]
"""Column of a view → the columns whose values it shows; columns that show none are missing."""


def source_column(name: str, verdict: ColumnVerdict, subject: Subject) -> SourceColumn:
    return SourceColumn(name, verdict.element, verdict.labels, msgspec.structs.replace(subject, reason=""))


# labels ---------------------------------------------------------------------------------------------------------------


def strictest(dimension: Ranked, sources: Sequence[SourceColumn], pack: Pack) -> Label | None:
    """The strictest label of the sources as the view's column gets it; None without sources."""
    if not sources:
        return None
    order = TIERS if dimension == "tier" else ACCESS
    every = [(label, source.name) for source in sources if (label := source.label(dimension)) is not None]
    label, name = max(every, key=lambda pair: (order.index(pair[0].value), _RANKS[_rule(pair[0])]))
    return _passed(label, name, pack)


def inherited_label(
    dimension: Ranked, sources: Sequence[SourceColumn], said: Iterable[str | None], value: str, pack: Pack
) -> Label | None:
    """The sources' label where it stands; None where the view's own ``value`` is stricter.

    ``said``: every element that the view's column is taken for. Where that is its one source's element and no other,
    what a person ruled on the source stands against the rules here as it does there.
    """
    label = strictest(dimension, sources, pack)
    if label is None:
        return None
    order = TIERS if dimension == "tier" else ACCESS
    ruled = label.rule == BY_DECISION and len(sources) == 1 and {sources[0].element}.issuperset(said)
    return label if ruled or order.index(label.value) >= order.index(value) else None


def _passed(label: Label, name: str, pack: Pack) -> Label:
    reason = label.reason if len(label.reason) > _LONGEST_REASON else f"来自{name}：{label.reason}"
    return msgspec.structs.replace(
        label,
        # Whoever confirmed the source's label did not look at this column.
        state="undetermined" if label.state == "undetermined" else "suggested",
        reason=reason,
        rule=_rule(label),
        origin="inherited",
        pack=pack.ident,
    )


def _rule(label: Label) -> str:
    """The floor under what nobody understood stays a stopgap."""
    if label.origin == "steward" or label.rule == BY_DECISION:
        return BY_DECISION
    return UNKNOWN if label.rule == UNKNOWN else LINEAGE


_RANKS = {UNKNOWN: 0, LINEAGE: 1, BY_DECISION: 2}


def outcome_of(label: Label) -> Outcome:
    return Outcome(label.value, label.rule, label.reason, label.basis)


# the element ----------------------------------------------------------------------------------------------------------


def with_source(column: str, finding: ElementFinding, sources: Sequence[SourceColumn]) -> ElementFinding:
    """What a column holds that is computed from one source: the source's element, beside which its own is heard."""
    source = sources[0] if len(sources) == 1 else None
    if source is None or source.element is None or source.element not in elements():
        return finding
    label = source.label("element")
    said = Evidence(LINEAGE, source.element, "lineage", label.confidence if label else 0.5, term=source.name)
    chosen = finding.element if _is_closer(finding.element, source.element) else source.element
    conflict = _conflict(column, finding, said)
    confidence = max(said.strength, finding.confidence if finding.element == chosen else 0.0)
    heard = (source.element, *finding.accepted) if chosen == source.element else (*finding.accepted, source.element)
    return msgspec.structs.replace(
        finding,
        element=chosen,
        confidence=min(confidence, _CONTRADICTED) if conflict else confidence,
        evidence=(said, *finding.evidence),
        accepted=tuple(dict.fromkeys(heard)),
        findings=(*finding.findings, *conflict),
    )


def _is_closer(own: str | None, source: str) -> bool:
    """A view's 身份证号 of a vague 证件号码 says more than its source; a 更新时间 of it does not."""
    if own is None or own in VAGUE or source not in VAGUE:
        return False
    return akin(own, source) or elements()[own].family not in HARMLESS


# Names that fit anything: 名称 of a person's name is no contradiction.
_UNSAID = VAGUE | {"object.name", "generic.name", "generic.phone", "generic.address"}


def _conflict(column: str, finding: ElementFinding, said: Evidence) -> tuple[Finding, ...]:
    """A finding with both sides where the view says something else than its source."""
    own = finding.element
    if own is None or own in _UNSAID or akin(own, said.element) or _is_closer(own, said.element):
        return ()
    if HARMLESS.issuperset((elements()[own].family, elements()[said.element].family)):
        return ()
    here, there = elements()[own].zh, elements()[said.element].zh
    message = f"视图中看似{here}，但由{said.term}（{there}）计算得出，请核实"
    return (Finding("lineage_conflict", message, column),)


# the subject ----------------------------------------------------------------------------------------------------------


def inherited_subject(about: Subject, named: bool, inherited: Inherited) -> Subject:
    """The subject of a view; ``named``: its own name or comment says one.

    A view whose name says nothing is about what most of its columns come from. A minor's record stays one.
    """
    sources = [source for columns in inherited.values() for source in columns]
    if not sources:
        return about
    minors = about.minors or any(source.subject.minors for source in _telling(sources))
    counts = Counter(source.subject.kind for source in sources if source.subject.kind in _KINDS)
    if named or not counts:
        return msgspec.structs.replace(about, minors=minors)
    kind = max(counts, key=lambda one: (counts[one], -_KINDS.index(one)))
    tables = dict.fromkeys(source.name.rpartition(".")[0] for source in sources if source.subject.kind == kind)
    return Subject(kind, f"来自{'、'.join([*tables][:3])}", minors)


def inherited_topics(
    topics: Sequence[str], kind: str, named: bool, inherited: Inherited, pack: Pack
) -> tuple[str, ...]:
    """A view's own topics and those of its sources; where its name says something, only the sensitive ones of these."""
    every = [source for columns in inherited.values() for source in columns]
    taken = {topic for source in (_telling(every) if named else every) for topic in source.subject.topics}
    return tuple(
        name
        for name, topic in pack.body.topics.items()
        if name in topics
        or (name in taken and (topic.sensitive or not named) and (not topic.subject or kind in topic.subject))
    )


def _telling(sources: Iterable[SourceColumn]) -> list[SourceColumn]:
    """Without what everybody may know: a district's name does not make its view one of the pupils beside it."""
    return [source for source in sources if (tier := source.label("tier")) is not None and tier.value != TIERS[0]]
