"""Evidence, subject, pack and decisions → labels, in the order of section 5 of the design.

1 scope gate (the caller's: a restricted system never gets here) · 2 decisions · 3 subject · 4 statutory tables · 5
element ·
6 combination · 7 share and open · 8 roll-up (``rollup.py``) · 9 defaults. Pure: the caller passes the date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

from classifiers.draft import Draft, decided_access, decided_label, keep_in_force, tier_refused
from classifiers.element import understand
from classifiers.elements import elements, resolve_variant, vocabulary
from classifiers.evidence import (
    ACCESS,
    TIERS,
    AssetVerdict,
    Because,
    ColumnVerdict,
    Decision,
    Dimension,
    ElementFinding,
    Evidence,
    Finding,
    Label,
    Subject,
    SubjectKind,
    TableInput,
)
from classifiers.findings import CREDENTIALS, column_findings
from classifiers.inherited import (
    BY_DECISION,
    Inherited,
    SourceColumn,
    inherited_label,
    inherited_subject,
    inherited_topics,
    outcome_of,
    strictest,
    with_source,
)
from classifiers.policy import Facts, Outcome, Pack
from classifiers.rollup import combine, roll_up
from classifiers.rulings import NO_RULINGS, Rulings, Standing, asks_again, column_fingerprint, rulings_on
from classifiers.subject import is_named
from classifiers.thresholds import weighed
from classifiers.topics import find_topics

_REMEMBERED = 8192
"""Columns of one name, comment and context come again in table after table: their verdict is worked out once."""


def judge(
    table: TableInput,
    values: Mapping[str, tuple[Evidence, ...]],
    pack: Pack,
    *,
    decisions: Sequence[Decision] = (),
    in_force: Mapping[str, str] | None = None,
    inherited: Inherited | None = None,
    as_of: date,
) -> AssetVerdict:
    """Labels of every column and of the table.

    ``values``: column name → evidence from ``engine.observe``. ``decisions``: this asset's, oldest first.
    ``in_force``: column name → tier in force ("" = the table), as it was before rulings that are new: a lower one never
    replaces it silently.
    ``inherited``: of a view, what its columns are computed from, labelled.
    """
    with vocabulary(pack.elements):
        return _judge(table, values, pack, decisions, in_force or {}, inherited or {}, as_of)


def _judge(
    table: TableInput,
    values: Mapping[str, tuple[Evidence, ...]],
    pack: Pack,
    decisions: Sequence[Decision],
    in_force: Mapping[str, str],
    inherited: Inherited,
    as_of: date,
) -> AssetVerdict:
    table, values = pack.described(table), weighed(values, pack.body.parameters)
    about, understood = understand(table, values, pack.reader, pack.codebooks)
    sources = [inherited.get(column.name, ()) for column in table.columns]
    if inherited:
        about = inherited_subject(about, is_named(table), inherited)
        pairs = zip(table.columns, understood, sources, strict=True)
        understood = tuple(with_source(column.name, finding, of_column) for column, finding, of_column in pairs)
    rulings = [rulings_on(decisions, column.name) if decisions else NO_RULINGS for column in table.columns]
    subject, context = _context(table, about, understood, rulings, pack, inherited)
    drafts = [
        _draft(column.name, finding, context, pack, ruled, column_fingerprint(column) if ruled.every else "", of_column)
        for column, finding, ruled, of_column in zip(table.columns, understood, rulings, sources, strict=True)
    ]
    raised, asset_raises = combine(drafts, subject, pack)
    columns = tuple(_verdict(draft, pack, in_force.get(draft.name)) for draft in raised)
    verdict = roll_up(table, subject, columns, asset_raises, pack, rulings_on(decisions, None), in_force)
    expired = _validity(pack, as_of)
    return msgspec.structs.replace(verdict, findings=(*verdict.findings, *expired)) if expired else verdict


def out_of_scope(table: TableInput, pack: Pack) -> AssetVerdict:
    """The verdict on a table that bears a secrecy mark: nothing of it is read, and nothing is proposed."""
    scope = pack.body.out_of_scope
    values: tuple[tuple[Dimension, str], ...] = (
        ("tier", scope.tier),
        ("share", "undetermined"),
        ("open", "undetermined"),
    )
    labels = tuple(
        Label(dimension, value, "undetermined", 0.0, scope.reason, scope.basis, "out-of-scope", pack=pack.ident)
        for dimension, value in values
    )
    names = tuple(column.name for column in table.columns)
    return AssetVerdict(
        subject=Subject("unknown", "密级标志"),
        labels=labels,
        because={dimension: Because(names, "out-of-scope") for dimension, _ in values},
        columns=tuple(ColumnVerdict(None, "other", "", labels) for _ in table.columns),
        findings=(Finding("out_of_scope", scope.reason),),
        publishable=False,
    )


def _validity(pack: Pack, as_of: date) -> tuple[Finding, ...]:
    if pack.valid_to and as_of.isoformat() > pack.valid_to:
        return (Finding("pack_expired", f"依据集{pack.ident}已于{pack.valid_to}届满，请确认现行依据"),)
    return ()


class Context(NamedTuple):
    """What every column of a table shares; nothing else of a table bears on a column's verdict."""

    subject: Subject
    """Without its reason, so that tables of one kind share their columns' verdicts."""
    kind: str
    origin: str
    update_cycle: str | None
    person_named: bool
    """A natural person is named in the table."""
    record_of_person: bool
    """Rows are persons, and the table is of a sensitive kind or nothing in it names them."""


def _context(
    table: TableInput,
    about: Subject,
    understood: Sequence[ElementFinding],
    rulings: Sequence[Rulings],
    pack: Pack,
    inherited: Inherited,
) -> tuple[Subject, Context]:
    every = (_candidates(f, ruled, about.kind, pack) for f, ruled in zip(understood, rulings, strict=True))
    found = {element for candidates in every for element in candidates if element}
    if about.kind == "aggregate" and any(map(pack.identifies, found)):
        reason = f"{about.reason}，但含个人标识，逐条记录而非汇总"
        about = msgspec.structs.replace(about, kind="person", reason=reason)
    topics = find_topics(table, about, understood, pack)
    if inherited:
        topics = inherited_topics(topics, about.kind, is_named(table), inherited, pack)
    named = not found.isdisjoint(pack.names_of_people)
    sensitive = about.minors or any(pack.body.topics[topic].sensitive for topic in topics)
    known = any(pack.is_personal(e, about.kind) and pack.base_tier(e) != "L1" for e in found)
    record = about.kind in ("person", "unknown") and (sensitive or (about.kind == "person" and not known))
    subject = msgspec.structs.replace(about, topics=topics)
    shared = msgspec.structs.replace(subject, reason="")
    return subject, _shared(Context(shared, table.kind, table.origin, table.update_cycle, named, record))


@lru_cache(maxsize=_REMEMBERED)
def _shared(context: Context) -> Context:
    """One object for equal contexts: every column of a table is looked up by it."""
    return context


@lru_cache(maxsize=_REMEMBERED)
def _candidates(finding: ElementFinding, ruled: Rulings, subject: SubjectKind, pack: Pack) -> tuple[str | None, ...]:
    """The chosen element first, then every other accepted one; a person's ruling stands alone."""
    ruling = ruled.decided("element")
    if ruling is not None:
        return (_known(ruling.value, subject, pack),)
    element = _known(finding.element, subject, pack)
    if element is None:
        return (None,)
    # Text in which identifiers were found may not be opened, whatever its column is called.
    hit = any("free_text_hits" in e.flags for e in finding.evidence)
    others = (_known(e, subject, pack) for e in (*finding.accepted, *(["text.free"] if hit else [])))
    return tuple(dict.fromkeys((element, *(e for e in others if e))))


@lru_cache(maxsize=_REMEMBERED)
def _draft(
    name: str,
    finding: ElementFinding,
    context: Context,
    pack: Pack,
    ruled: Rulings,
    fingerprint: str,
    sources: tuple[SourceColumn, ...] = (),
) -> Draft:
    candidates = _candidates(finding, ruled, context.subject.kind, pack)
    findings = column_findings(name, finding)
    said = _standing_of_element(candidates[0], finding, ruled, fingerprint)
    if said == "refused":
        candidates = (None,)
    elif said == "again":
        again = asks_again("element", candidates[0] or "", ruled.latest("element"), name)
        findings = (*findings, again)
    judged = [_facts(candidate, context, pack) for candidate in candidates]
    tiers = [pack.tier(facts) for facts in judged]
    highest = tiers[0] if len(tiers) == 1 else max(tiers, key=lambda outcome: TIERS.index(outcome.value))
    if (passed := inherited_label("tier", sources, candidates, highest.value, pack)) is not None:
        highest = outcome_of(passed)
    confidence = 1.0 if candidates[0] and ruled.decided("element") else finding.confidence
    facts = tuple(f._replace(tier=highest.value, personal=f.personal and highest.value != "L1") for f in judged)
    return Draft(name, candidates[0], confidence, finding, facts, highest, ruled, fingerprint, findings, sources)


def _standing_of_element(element: str | None, finding: ElementFinding, ruled: Rulings, fingerprint: str) -> Standing:
    if not ruled.every or element is None:
        return "free"
    best = _best(finding, element)
    return ruled.standing("element", element, best.recognizer if best else "", fingerprint)


def _best(finding: ElementFinding, element: str | None) -> Evidence | None:
    """The strongest statement for the element, else the strongest of all."""
    strongest = finding.evidence[0] if finding.evidence else None
    return next((e for e in finding.evidence if e.element == element), strongest)


def _known(element: str | None, subject: SubjectKind, pack: Pack) -> str | None:
    """The element as it fits the subject; None for ids that no vocabulary has (a removed one in an old decision)."""
    return resolve_variant(element, subject) if element is not None and element in pack.elements else None


@lru_cache(maxsize=_REMEMBERED)
def _facts(element: str | None, context: Context, pack: Pack) -> Facts:
    """Facts with the tier that the element has in this context.

    Personal from L2 up: an L1 item is published or harmless, unless it is part of a person's record.
    """
    subject = context.subject
    record = context.record_of_person and element is not None and pack.is_personal(element, "", record=True)
    personal = element is not None and (
        record
        or (
            pack.is_personal(element, subject.kind, person_named=context.person_named)
            and pack.base_tier(element) != "L1"
        )
    )
    facts = Facts(
        element=element,
        category=elements()[element].category if element else "",
        tier="",
        personal=personal,
        minors=subject.minors and subject.kind in ("person", "unknown"),
        dimension_of_aggregate=element is not None and pack.is_dimension(element),
        record_of_person=record,
        subject=subject.kind,
        topics=subject.topics,
        kind=context.kind,
        origin=context.origin,
        update_cycle=context.update_cycle,
    )
    tier = pack.tier(facts).value
    lifted = element is not None and pack.is_personal(element, subject.kind, person_named=context.person_named)
    return facts._replace(tier=tier, personal=(personal or lifted) and tier != "L1")


@lru_cache(maxsize=_REMEMBERED)
def _verdict(draft: Draft, pack: Pack, in_force: str | None) -> ColumnVerdict:
    tier, tier_findings = _tier_label(draft, pack, in_force)
    facts = tuple(f._replace(tier=tier.value) for f in draft.facts)
    share, share_findings = _access_label("share", draft, facts, pack)
    open_, open_findings = _access_label("open", draft, facts, pack)
    described = elements().get(draft.element) if draft.element else None
    importance = draft.rulings.decided("importance")
    return ColumnVerdict(
        element=draft.element,
        family=described.family if described else "other",
        category=described.category if described else "",
        labels=(
            *_element_label(draft, pack),
            tier,
            share,
            open_,
            *([decided_label(importance, pack)] if importance else []),
        ),
        evidence=draft.source.evidence,
        flags=draft.source.flags,
        findings=(*draft.findings, *tier_findings, *share_findings, *open_findings),
        catalogued=draft.element not in CREDENTIALS,
    )


def _element_label(draft: Draft, pack: Pack) -> tuple[Label, ...]:
    ruling = draft.rulings.decided("element")
    best = _best(draft.source, draft.element) if draft.element is not None else None
    if ruling is not None:
        return (decided_label(ruling, pack, _read_from(best) if best else None),)
    if draft.element is None:
        return ()
    reason = _because_of(best) if best else ""
    return (
        Label(
            dimension="element",
            value=draft.element,
            state="suggested",
            confidence=round(draft.confidence, 3),
            reason=reason,
            rule=best.recognizer if best else "",
            origin="inherited" if best is not None and best.source == "lineage" else "rule",
            pack=pack.ident,
        ),
    )


def _read_from(evidence: Evidence) -> Outcome:
    return Outcome(evidence.element, evidence.recognizer, _because_of(evidence), ())


def _because_of(evidence: Evidence) -> str:
    if evidence.source == "lineage":
        return f"来自{evidence.term}"
    if evidence.source == "value":
        return f"抽样{evidence.distinct}个不同值中{evidence.hits}个符合"
    sources = {"codebook": "部门代码本", "comment": "注释", "name": "字段名"}
    return f"{sources[evidence.source]}“{evidence.term or ''}”"


def _tier_label(draft: Draft, pack: Pack, in_force: str | None) -> tuple[Label, tuple[Finding, ...]]:
    """Decision, else the rule's tier, else (when that is lower) the tier in force, waiting for a person."""
    rule, ruling = draft.tier, draft.rulings.latest("tier")
    if ruling is not None and ruling.value:
        above = TIERS.index(rule.value) > TIERS.index(ruling.value)
        message = f"人工定为{ruling.value}，规则（{rule.rule}）认为应为{rule.value}：{rule.reason}"
        decided = decided_label(ruling, pack, rule)
        return decided, (Finding("rule_above_decision", message, draft.name),) if above else ()
    known = draft.element is not None or rule.rule != "unknown"
    passed = strictest("tier", draft.sources, pack)
    label = Label(
        dimension="tier",
        value=rule.value,
        state="suggested" if known else "undetermined",
        confidence=round(draft.confidence, 3) if known else 0.0,
        reason=rule.reason,
        basis=rule.basis,
        rule=rule.rule,
        pack=pack.ident,
    )
    keep = in_force if in_force is not None else (ruling.rejected if ruling is not None else None)
    if passed is not None and outcome_of(passed) == rule:
        label = passed
        # Who lowered the source has lowered what shows the same.
        keep = None if passed.rule == BY_DECISION and ruling is None else keep
    if keep in TIERS and TIERS.index(keep) > TIERS.index(rule.value):
        return keep_in_force(label, keep, draft.name)
    said = draft.rulings.standing("tier", rule.value, rule.rule, draft.fingerprint)
    if ruling is not None and said == "refused":
        return tier_refused(label, ruling, draft.name)
    return label, ((asks_again("tier", rule.value, ruling, draft.name),) if said == "again" else ())


def _access_label(
    dimension: Literal["share", "open"], draft: Draft, facts: Sequence[Facts], pack: Pack
) -> tuple[Label, tuple[Finding, ...]]:
    """Decision, else the most closed of what the rules say of every accepted element, unless it was refused."""
    ruling = draft.rulings.latest(dimension)
    outcomes = [pack.access(dimension, f) for f in facts]
    outcome = outcomes[0] if len(outcomes) == 1 else max(outcomes, key=lambda o: ACCESS.index(o.value))
    passed = inherited_label(dimension, draft.sources, [f.element for f in facts], outcome.value, pack)
    outcome = outcome_of(passed) if passed is not None else outcome
    said = draft.rulings.standing(dimension, outcome.value, outcome.rule, draft.fingerprint)
    if ruling is not None and (ruling.value or said == "refused"):
        return decided_access(ruling, outcome, pack)
    open_ended = outcome.value == "undetermined"
    label = passed or Label(
        dimension=dimension,
        value=outcome.value,
        state="undetermined" if open_ended else "suggested",
        confidence=0.0 if open_ended else round(draft.confidence, 3),
        reason=outcome.reason,
        basis=outcome.basis,
        rule=outcome.rule,
        pack=pack.ident,
    )
    findings: list[Finding] = []
    if open_ended and dimension == "share" and draft.element is not None:
        findings.append(Finding("missing_citation", outcome.reason, draft.name))
    if said == "again":
        findings.append(asks_again(dimension, outcome.value, ruling, draft.name))
    return label, tuple(findings)
