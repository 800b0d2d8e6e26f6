"""What was refused: never proposed again, unless the rule or the column is another, and then as a question."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from classifiers.evidence import AssetVerdict, ColumnInput, Decision, Dimension, TableInput
from classifiers.policy import Pack, load_pack
from classifiers.rulings import column_fingerprint, table_fingerprint, with_context
from classifiers.verdict import judge

SFZH = ColumnInput("sfzh", "身份证号", "varchar")
TABLE = TableInput("t_person", (ColumnInput("xm", "姓名"), SFZH), comment="人员信息")
# What the machine proposes for sfzh in each dimension, and the overlay that raises the version of the rule.
PROPOSED: list[tuple[Dimension, str, str]] = [
    ("element", "person.id_card", "term"),
    ("tier", "L3", "tiers/person.id_card"),
    ("share", "conditional", "share-personal"),
    ("open", "none", "open-personal"),
]
NEXT = """extends: putuo-2020
share_rules:
  - {id: share-personal, version: "2", when: {personal: true}, value: conditional, reason: "{name}", basis: [pipl/34]}
open_rules:
  - {id: open-personal, version: "2", when: {personal: true}, value: none, reason: "{name}", basis: [pipl/25]}
"""


def refusal(
    dimension: Dimension, value: str, rule: str = "", fingerprint: str = "", column: str | None = "sfzh"
) -> Decision:
    at = "2026-11-01T10:00:00+08:00"
    return Decision("d/s/t", dimension, None, "王老师", at, column, rejected=value, rule=rule, fingerprint=fingerprint)


def ruled(*decisions: Decision, table: TableInput = TABLE, pack: Pack | None = None) -> AssetVerdict:
    return judge(table, {}, pack or load_pack(), decisions=decisions, as_of=date(2026, 11, 23))


def said(verdict: AssetVerdict, dimension: Dimension) -> tuple[str | None, str | None, bool]:
    """Value, state, and whether it asks again, of the last column."""
    column = verdict.columns[-1]
    label = column.label(dimension)
    again = any(f.code == "asks_again" for f in column.findings)
    return (label.value, label.state, again) if label else (None, None, again)


REFUSED = {
    "element": (None, None, False),
    "tier": ("L3", "suggested", False),
    "share": ("undetermined", "undetermined", False),
    "open": ("undetermined", "undetermined", False),
}


@pytest.mark.parametrize(("dimension", "value", "rule"), PROPOSED)
def test_the_machine_proposes_what_the_table_says(dimension: Dimension, value: str, rule: str) -> None:
    label = ruled().columns[1].label(dimension)
    assert label is not None
    assert (label.value, label.state, label.rule) == (value, "suggested", rule)


@pytest.mark.parametrize(("dimension", "value", "rule"), PROPOSED)
@pytest.mark.parametrize("known", [True, False])
def test_a_refused_value_is_not_proposed_again(dimension: Dimension, value: str, rule: str, known: bool) -> None:
    ruling = refusal(dimension, value, rule, column_fingerprint(SFZH)) if known else refusal(dimension, value)
    assert said(ruled(ruling), dimension) == REFUSED[dimension]


def test_a_refused_tier_waits_for_a_person() -> None:
    column = ruled(refusal("tier", "L3")).columns[1]
    label = column.label("tier")
    assert label is not None
    assert label.rule == "in-force"
    assert "待确认" in label.reason
    assert "tier_rejected" in {f.code for f in column.findings}


@pytest.mark.parametrize(("dimension", "value", "rule"), PROPOSED)
@pytest.mark.parametrize("changed", ["rule", "comment", "type"])
def test_after_a_change_it_comes_back_as_a_question(dimension: Dimension, value: str, rule: str, changed: str) -> None:
    was = {"comment": ColumnInput("sfzh", "证件", "varchar"), "type": ColumnInput("sfzh", "身份证号", "char")}
    fingerprint = column_fingerprint(was.get(changed, SFZH))
    old_rule = "an-older-rule" if changed == "rule" else rule
    verdict = ruled(refusal(dimension, value, old_rule, fingerprint))
    assert said(verdict, dimension) == (value, "suggested", True)


@pytest.mark.parametrize("dimension", ["share", "open"])
def test_a_new_version_of_the_rule_asks_again(dimension: Dimension) -> None:
    pack = load_pack("putuo-2020", [("packs/next.yaml", NEXT)])
    value = {"share": "conditional", "open": "none"}[dimension]
    ruling = refusal(dimension, value, f"{dimension}-personal", column_fingerprint(SFZH))
    assert said(ruled(ruling), dimension) == REFUSED[dimension]
    verdict = ruled(ruling, pack=pack)
    label = verdict.columns[1].label(dimension)
    assert label is not None
    assert label.rule == f"{dimension}-personal@2"
    assert said(verdict, dimension) == (value, "suggested", True)


def test_another_value_than_the_refused_one_may_be_proposed() -> None:
    assert said(ruled(refusal("share", "none", "share-tax")), "share") == ("conditional", "suggested", False)


def test_every_refusal_counts_not_only_the_last() -> None:
    verdict = ruled(refusal("share", "conditional", "share-personal"), refusal("share", "none", "share-tax"))
    assert said(verdict, "share") == REFUSED["share"]


@pytest.mark.parametrize(("dimension", "to"), [("tier", "L2"), ("share", "unconditional"), ("open", "conditional")])
def test_another_pack_changes_machine_labels_only(dimension: Dimension, to: str) -> None:
    """A rule change never touches what a person set; the others follow the new rules."""
    overlay = NEXT + "tiers: {person.id_card: L4}\n"
    pack = load_pack("putuo-2020", [("packs/other.yaml", overlay)])
    decision = Decision("d/s/t", dimension, to, "王老师", "2026-11-01", "sfzh")
    label = ruled(decision, pack=pack).columns[1].label(dimension)
    assert label is not None
    assert (label.value, label.state, label.origin) == (to, "confirmed", "steward")
    tier = ruled(pack=pack).columns[1].label("tier")
    assert tier is not None
    assert (tier.value, tier.state) == ("L4", "suggested")


@pytest.mark.parametrize(("dimension", "value"), [("share", "conditional"), ("open", "none"), ("tier", "L3")])
def test_refusals_on_the_asset(dimension: Dimension, value: str) -> None:
    rule = ruled().label(dimension)
    assert rule is not None
    ruling = refusal(dimension, value, rule.rule, table_fingerprint(TABLE), None)
    label = ruled(ruling).label(dimension)
    assert label is not None
    assert label.value == ("L3" if dimension == "tier" else "undetermined")
    more = msgspec.structs.replace(TABLE, columns=(*TABLE.columns, ColumnInput("xb", "性别")))
    again = ruled(ruling, table=more)
    label = again.label(dimension)
    assert label is not None
    assert (label.value, label.state) == (value, "suggested")
    assert "asks_again" in {f.code for f in again.findings}


@pytest.mark.parametrize("value", ["confirmed", "objected", "pending"])
def test_a_review_of_the_asset_changes_no_label(value: str) -> None:
    """审核状态 is people's word on the whole; what they decided on labels are decisions of their own."""
    review = Decision("d/s/t", "review", value, "王老师", "2026-11-01T10:00:00+08:00")
    assert ruled(review) == ruled()


def test_a_decision_remembers_what_the_person_saw() -> None:
    names = [column.name for column in TABLE.columns]
    seen = with_context(Decision("d/s/t", "share", None, "王", "2026", "sfzh"), TABLE, ruled(), names)
    assert (seen.rejected, seen.rule, seen.fingerprint) == ("conditional", "share-personal", column_fingerprint(SFZH))
    agreed = with_context(Decision("d/s/t", "tier", "L3", "王", "2026", "sfzh"), TABLE, ruled(), names)
    assert (agreed.rejected, agreed.rule) == (None, "tiers/person.id_card")
    own = ruled(Decision("d/s/t", "share", "none", "王", "2026", "sfzh"))
    later = with_context(Decision("d/s/t", "share", "conditional", "李", "2026", "sfzh"), TABLE, own, names)
    assert (later.rejected, later.rule) == (None, "")


REFUSES = pytest.mark.parametrize("column", ["sfzh", None], ids=["column", "asset"])


@REFUSES
@pytest.mark.parametrize("basis", [(), ("putuo-2020/22",), ("crime-prevention/59",), ("nobody/1",)])
def test_nobody_refuses_to_share_without_a_law(column: str | None, basis: tuple[str, ...]) -> None:
    """Art. 22 binds people too: no citation, the Measures alone, one from memory and an unknown one do not do."""
    verdict = ruled(Decision("d/s/t", "share", "none", "王老师", "2026-11-01", column, basis=basis))
    label = (verdict if column is None else verdict.columns[1]).label("share")
    assert label is not None
    assert (label.value, label.state, label.origin) == ("undetermined", "undetermined", "steward")
    assert not verdict.publishable
    assert any(f.code == "missing_citation" and "王老师于2026-11-01定为非共享" in f.message for f in verdict.findings)


@REFUSES
def test_a_refusal_with_a_law_stands(column: str | None) -> None:
    verdict = ruled(Decision("d/s/t", "share", "none", "王老师", "2026-11-01", column, basis=("health/92",)))
    label = (verdict if column is None else verdict.columns[1]).label("share")
    assert label is not None
    assert (label.value, label.state, label.basis) == ("none", "confirmed", ("health/92",))
    assert verdict.publishable


@pytest.mark.parametrize("dimension", ["share", "open"])
def test_whoever_agrees_with_the_rule_rests_on_its_citations(dimension: Dimension) -> None:
    proposed = ruled().columns[1].label(dimension)
    assert proposed is not None
    label = ruled(Decision("d/s/t", dimension, proposed.value, "王", "2026", "sfzh")).columns[1].label(dimension)
    assert label is not None
    assert (label.state, label.basis) == ("confirmed", proposed.basis)
