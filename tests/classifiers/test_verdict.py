"""Decisions, tiers in force, values against names, and what every label carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
import pytest

from classifiers.evidence import AssetVerdict, ColumnInput, ColumnVerdict, Decision, Evidence, TableInput
from classifiers.policy import load_pack
from classifiers.verdict import judge

AS_OF = date(2026, 11, 23)
KEY = "minzheng/rescue/t_person"
PERSON = TableInput(
    table="t_person",
    comment="人员信息",
    columns=(
        ColumnInput("xm", "姓名"),
        ColumnInput("sfzh", "身份证号"),
        ColumnInput("sjhm", "手机号码"),
        ColumnInput("qx9k"),
    ),
)


def ruled(
    *decisions: Decision,
    table: TableInput = PERSON,
    in_force: Mapping[str, str] | None = None,
    values: Mapping[str, tuple[Evidence, ...]] | None = None,
) -> AssetVerdict:
    return judge(table, values or {}, load_pack(), decisions=decisions, in_force=in_force, as_of=AS_OF)


def column(verdict: AssetVerdict, index: int) -> ColumnVerdict:
    return verdict.columns[index]


def value(judged: ColumnVerdict | AssetVerdict, dimension: str) -> tuple[str, str, str]:
    label = next(label for label in judged.labels if label.dimension == dimension)
    return label.value, label.state, label.origin


def decision(dimension: str, to: str | None, name: str | None = "sfzh", **more: str) -> Decision:
    raw = {
        "asset": KEY,
        "dimension": dimension,
        "value": to,
        "who": "王老师",
        "at": "2026-11-01T10:00:00+08:00",
        "column": name,
    }
    return msgspec.convert(raw | more, Decision)


@pytest.mark.parametrize(
    ("dimension", "to"), [("tier", "L4"), ("tier", "L1"), ("share", "unconditional"), ("open", "conditional")]
)
def test_a_decision_beats_every_rule(dimension: str, to: str) -> None:
    judged = column(ruled(decision(dimension, to)), 1)
    assert value(judged, dimension) == (to, "confirmed", "steward")


def test_a_later_decision_replaces_an_earlier_one() -> None:
    verdict = ruled(decision("tier", "L2"), decision("tier", "L4"))
    assert value(column(verdict, 1), "tier")[0] == "L4"


def test_a_rule_above_a_decision_is_a_finding_and_changes_nothing() -> None:
    verdict = ruled(decision("tier", "L1"))
    assert value(column(verdict, 1), "tier")[0] == "L1"
    assert [f.code for f in column(verdict, 1).findings].count("rule_above_decision") == 1


def test_a_decision_carries_the_citations_that_the_person_gave() -> None:
    ruling = msgspec.structs.replace(decision("share", "none"), basis=("statistics/25",))
    label = column(ruled(ruling), 1).label("share")
    assert label is not None
    assert label.basis == ("statistics/25",)


def test_an_element_decision_is_judged_like_found_evidence() -> None:
    judged = column(ruled(decision("element", "health.diagnosis", "qx9k")), 3)
    assert judged.element == "health.diagnosis"
    assert value(judged, "element") == ("health.diagnosis", "confirmed", "steward")
    assert value(judged, "tier")[0] == "L4"


def test_a_decision_on_the_asset_beats_the_roll_up() -> None:
    verdict = ruled(decision("open", "conditional", None))
    assert value(verdict, "open") == ("conditional", "confirmed", "steward")
    assert "rule_above_decision" in {f.code for f in verdict.findings}


def test_a_rejected_share_type_waits_for_a_person() -> None:
    judged = column(ruled(decision("share", None)), 1)
    assert value(judged, "share")[:2] == ("undetermined", "undetermined")


def test_a_tier_is_never_silently_lowered() -> None:
    verdict = ruled(in_force={"xm": "L4", "": "L4"})
    label = column(verdict, 0).label("tier")
    assert label is not None
    assert (label.value, label.state) == ("L4", "suggested")
    assert "待确认" in label.reason
    assert "tier_lowering_pending" in {f.code for f in column(verdict, 0).findings}
    assert value(verdict, "tier")[0] == "L4"


LOWERED = [decision("tier", "L1", name) for name in ("xm", "sfzh", "sjhm")]


@pytest.mark.parametrize(
    ("in_force", "tier"),
    [
        # Every column that the table's tier came from was lowered by people.
        ({"xm": "L3", "sfzh": "L4", "": "L4"}, "L2"),
        ({"xm": "L4", "sfzh": "L4", "": "L4"}, "L2"),
        # One is gone, one nobody has ruled on, or the tier came from no column.
        ({"sfzh": "L4", "gone": "L4", "": "L4"}, "L4"),
        ({"sfzh": "L4", "qx9k": "L4", "": "L4"}, "L4"),
        ({"sfzh": "L3", "": "L4"}, "L4"),
    ],
)
def test_a_table_follows_when_people_have_lowered_all_that_decided_it(in_force: dict[str, str], tier: str) -> None:
    verdict = ruled(*LOWERED, in_force=in_force)
    assert value(verdict, "tier")[0] == tier


def test_a_table_whose_column_rules_would_lower_does_not_follow_a_person_who_lowered_another() -> None:
    verdict = ruled(decision("tier", "L1"), in_force={"sfzh": "L4", "qx9k": "L4", "": "L4"})
    assert (value(verdict, "tier")[0], value(column(verdict, 3), "tier")[0]) == ("L4", "L4")


def test_a_rejected_tier_stays_in_force_until_another_is_set() -> None:
    rejected = decision("tier", None, rejected="L4")
    label = column(ruled(rejected, in_force={"sfzh": "L4"}), 1).label("tier")
    assert label is not None
    assert label.value == "L4"
    assert "待确认" in label.reason
    set_again = column(ruled(rejected, decision("tier", "L2"), in_force={"sfzh": "L4"}), 1)
    assert value(set_again, "tier") == ("L2", "confirmed", "steward")


def test_a_higher_tier_comes_into_force_at_once() -> None:
    assert value(column(ruled(in_force={"sfzh": "L1"}), 1), "tier")[0] == "L3"


def evidence(element: str, strength: float, hits: int, invalid: int = 0) -> Evidence:
    return Evidence("id_card", element, "value", strength, hits=hits, distinct=20, invalid=invalid)


def test_values_alone_name_an_opaque_column() -> None:
    verdict = ruled(values={"qx9k": (evidence("person.id_card", 0.95, 20),)})
    assert column(verdict, 3).element == "person.id_card"
    assert value(column(verdict, 3), "tier")[0] == "L3"


def test_bad_check_digits_are_a_finding_without_values() -> None:
    verdict = ruled(values={"sfzh": (evidence("person.id_card", 0.8, 14, invalid=6),)})
    found = [f for f in column(verdict, 1).findings if f.code == "bad_check_digits"]
    assert len(found) == 1
    assert "20个不同值中有6个" in found[0].message


def test_comment_and_values_that_disagree_keep_the_higher_tier_and_say_so() -> None:
    table = TableInput(
        "t_qy", (ColumnInput("cf_fr_zjlx", "法定代表人证件号码"), ColumnInput("qymc", "企业名称")), comment="企业信息"
    )
    codes = Evidence("short_code", "code.value", "value", 0.3, hits=4, distinct=4)
    verdict = ruled(table=table, values={"cf_fr_zjlx": (codes,)})
    assert value(column(verdict, 0), "tier")[0] == "L3"
    assert "comment_value_conflict" in {f.code for f in column(verdict, 0).findings}


def test_every_label_says_why_by_which_rule_of_which_pack() -> None:
    verdict = ruled()
    for judged in (*verdict.columns, verdict):
        for label in judged.labels:
            assert label.reason
            assert label.pack == load_pack().ident
            assert label.rule
            if label.dimension != "element":
                assert label.basis


def test_the_same_input_gives_the_same_verdict() -> None:
    assert msgspec.json.encode(ruled()) == msgspec.json.encode(ruled())


def _kinds(verdict: AssetVerdict) -> Sequence[str]:
    return [v.element or "" for v in verdict.columns]


def test_names_are_read_in_the_order_of_the_columns() -> None:
    assert _kinds(ruled()) == ["person.name", "person.id_card", "person.mobile", ""]


def test_a_resource_says_every_ground_of_its_columns() -> None:
    comments = ("姓名", "身份证号", "手机号码", "家庭住址", "银行账号", "电子邮箱")
    columns = tuple(ColumnInput(f"c{place}", comment) for place, comment in enumerate(comments))
    verdict = ruled(table=TableInput(table="t_person", comment="人员信息", columns=columns))
    (share,) = (label for label in verdict.labels if label.dimension == "share")
    grounds = {label.reason for one in verdict.columns for label in one.labels if label.dimension == "share"}
    assert len(grounds) == len(comments)
    assert set(share.reason.split("；")) >= grounds
