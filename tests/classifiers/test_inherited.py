"""What a view's column inherits from its sources, and what it keeps of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from classifiers.draft import awaits_a_person
from classifiers.evidence import ACCESS, TIERS, AssetVerdict, ColumnInput, Decision, Evidence, Label, TableInput
from classifiers.inherited import SourceColumn, source_column
from classifiers.policy import load_pack
from classifiers.verdict import judge

AS_OF = date(2026, 11, 23)
PERSON = ("XH", "XM", "SFZH", "LXDH", "ZJHM", "C9", "GXSJ", "MIMA")


def table(name: str, *columns: str, comment: str | None = None) -> TableInput:
    return TableInput(name, tuple(map(ColumnInput, columns)), comment=comment)


def labelled(source: TableInput, *decisions: Decision) -> dict[str, SourceColumn]:
    """``T_RY.SFZH`` → the column as it is labelled."""
    verdict = judge(source, {}, load_pack(), decisions=decisions, as_of=AS_OF)
    pairs = zip(source.columns, verdict.columns, strict=True)
    return {c.name: source_column(f"{source.table}.{c.name}", v, verdict.subject) for c, v in pairs}


PEOPLE = labelled(table("T_RY", *PERSON))


def view(
    columns: Mapping[str, str],
    sources: Mapping[str, SourceColumn] = PEOPLE,
    name: str = "V9",
    in_force: Mapping[str, str] | None = None,
    values: Mapping[str, tuple[Evidence, ...]] | None = None,
    decisions: tuple[Decision, ...] = (),
) -> AssetVerdict:
    """The verdict on a view; ``{"C1": "SFZH XM"}`` = computed from both."""
    inherited = {own: tuple(sources[one] for one in of.split()) for own, of in columns.items() if of}
    return judge(
        table(name, *columns),
        values or {},
        load_pack(),
        inherited=inherited,
        in_force=in_force,
        decisions=decisions,
        as_of=AS_OF,
    )


def label(verdict: AssetVerdict, dimension: str, index: int = 0) -> Label:
    return next(label for label in verdict.columns[index].labels if label.dimension == dimension)


def codes(verdict: AssetVerdict) -> list[str]:
    return [finding.code for finding in verdict.findings]


def decided(column: str, dimension: str, value: str) -> Decision:
    return Decision("d/s/t", dimension, value, "王工", "2026-11-01", column=column)  # type: ignore[arg-type]


@pytest.mark.parametrize("own", ["C1", "XH", "GXSJ", "SFZH", "DEPT_NAME"])
def test_whatever_a_view_calls_it_it_is_what_its_source_is(own: str) -> None:
    verdict = view({own: "SFZH"})
    assert verdict.columns[0].element == "person.id_card"
    source = {label.dimension: label for label in PEOPLE["SFZH"].labels}
    for dimension in ("tier", "share", "open"):
        found = label(verdict, dimension)
        assert (found.value, found.basis) == (source[dimension].value, source[dimension].basis)
        assert found.reason == f"来自T_RY.SFZH：{source[dimension].reason}"
        assert (found.origin, found.rule, found.state) == ("inherited", "lineage", "suggested")
    assert (label(verdict, "element").origin, label(verdict, "element").reason) == ("inherited", "来自T_RY.SFZH")
    evidence = verdict.columns[0].evidence[0]
    assert (evidence.source, evidence.term, evidence.element) == ("lineage", "T_RY.SFZH", "person.id_card")


def test_a_name_that_says_something_else_is_a_finding_with_both_sides() -> None:
    verdict = view({"GXSJ": "SFZH"})
    (finding,) = [finding for finding in verdict.findings if finding.code == "lineage_conflict"]
    assert finding.column == "GXSJ"
    assert "记录时间" in finding.message
    assert "T_RY.SFZH（公民身份号码）" in finding.message
    assert label(verdict, "element").confidence <= 0.6
    for quiet in ({"SFZH": "SFZH"}, {"C1": "SFZH"}, {"MC": "XM"}, {"GXSJ": "XH"}):
        assert "lineage_conflict" not in codes(view(quiet)), quiet


def test_both_sides_of_a_contradiction_count_for_the_tier() -> None:
    verdict = view({"SFZH": "GXSJ"})
    assert verdict.columns[0].element == "system.timestamp"
    assert label(verdict, "tier").value == "L3"
    assert label(verdict, "tier").origin == "rule"
    assert label(verdict, "open").value == "none"


def test_a_closer_name_keeps_its_word_beside_a_vague_source() -> None:
    assert PEOPLE["ZJHM"].element == "person.id_number"
    assert view({"SFZH": "ZJHM"}).columns[0].element == "person.id_card"
    assert view({"GXSJ": "ZJHM"}).columns[0].element == "person.id_number"


def test_several_sources_set_the_floor_and_the_own_name_says_what_it_is() -> None:
    verdict = view({"C1": "XH SFZH", "BZ": "XM LXDH"})
    assert [column.element for column in verdict.columns] == [None, "text.free"]
    assert [label(verdict, "tier", index).value for index in (0, 1)] == ["L3", "L3"]
    assert label(verdict, "tier").reason.startswith("来自T_RY.SFZH：")
    assert label(verdict, "open").value == "none"


@pytest.mark.parametrize("name", ["V9", "v_区划代码表", "v_stat_fees"])
@pytest.mark.parametrize("source", PERSON)
@pytest.mark.parametrize("own", ["C1", "ID", "DEPT_NAME", "BZ", "GXSJ", "XM", "JE"])
def test_no_view_is_more_open_than_its_sources(source: str, own: str, name: str) -> None:
    for columns in ({own: source}, {own: f"XH {source}"}):
        verdict = view(columns, name=name)
        for dimension, order in (("tier", TIERS), ("share", ACCESS), ("open", ACCESS)):
            above = PEOPLE[source].label(dimension)
            assert above is not None
            assert order.index(label(verdict, dimension).value) >= order.index(above.value), dimension


def test_a_view_without_the_sensitive_columns_is_more_open() -> None:
    whole, part = view({name: name for name in PERSON[:3]}), view({"XH": "XH", "GXSJ": "GXSJ"})
    assert [whole.label("open").value, part.label("open").value] == ["none", "unconditional"]  # type: ignore[union-attr]
    assert [whole.label("tier").value, part.label("tier").value] == ["L3", "L1"]  # type: ignore[union-attr]


def test_what_is_not_understood_stays_a_stopgap() -> None:
    verdict = view({"GXSJ": "C9"})
    assert [label(verdict, d).value for d in ("tier", "share", "open")] == ["L2", "undetermined", "undetermined"]
    assert (label(verdict, "tier").rule, label(verdict, "tier").state) == ("unknown", "undetermined")
    assert not verdict.publishable


def test_a_credential_is_one_in_a_view_too() -> None:
    verdict = view({"ZD1": "MIMA"})
    assert not verdict.columns[0].catalogued
    assert "credential_column" in codes(verdict)


def test_a_view_of_views_names_the_whole_way() -> None:
    below = view({"C1": "SFZH"})
    middle = {"C1": source_column("V9.C1", below.columns[0], below.subject)}
    verdict = view({"C2": "C1"}, middle, name="V10")
    assert label(verdict, "tier").reason.startswith("来自V9.C1：来自T_RY.SFZH：公民身份号码")
    for _ in range(100):
        middle = {"C1": source_column("V9.C1", verdict.columns[0], verdict.subject)}
        verdict = view({"C2": "C1"}, middle, name="V10")
    assert len(label(verdict, "tier").reason) < 500


# people's rulings -----------------------------------------------------------------------------------------------------


def test_what_people_ruled_on_the_source_passes() -> None:
    ruled = labelled(table("T_RY", "SFZH"), decided("SFZH", "tier", "L4"), decided("SFZH", "open", "conditional"))
    verdict = view({"C1": "SFZH"}, ruled, in_force={"C1": "L3"})
    assert (label(verdict, "tier").value, label(verdict, "open").value) == ("L4", "conditional")
    assert (label(verdict, "tier").state, label(verdict, "tier").rule) == ("suggested", "lineage-decision")
    assert label(verdict, "tier").reason == "来自T_RY.SFZH：人工确定，未写明理由"


def test_a_lower_tier_by_people_lowers_the_view_unless_it_says_more_itself() -> None:
    ruled = labelled(table("T_RY", "SFZH"), decided("SFZH", "tier", "L1"))
    verdict = view({"C1": "SFZH"}, ruled, in_force={"C1": "L3", "": "L3"})
    assert [one.value for one in (label(verdict, "tier"), *verdict.labels[:1])] == ["L1", "L1"]
    # Its own name says something that nobody has ruled on.
    assert label(view({"LXDH": "SFZH"}, ruled), "tier").value == "L3"


def test_a_lower_tier_by_rules_waits_for_a_person() -> None:
    verdict = view({"C1": "XH"}, in_force={"C1": "L3"})
    assert (label(verdict, "tier").value, label(verdict, "tier").rule) == ("L3", "in-force")
    assert "tier_lowering_pending" in codes(verdict)
    middle = {"C1": source_column("V9.C1", verdict.columns[0], verdict.subject)}
    assert awaits_a_person(label(view({"C2": "C1"}, middle, name="V10"), "tier"))
    assert not awaits_a_person(label(view({"C1": "XH"}), "tier"))


def test_a_ruling_on_the_own_column_beats_the_source() -> None:
    ruled = (decided("C1", "tier", "L2"), decided("C1", "open", "unconditional"), decided("C1", "element", "code.type"))
    verdict = view({"C1": "SFZH"}, decisions=ruled)
    assert [label(verdict, d).value for d in ("element", "tier", "open")] == ["code.type", "L2", "unconditional"]
    assert {label(verdict, d).origin for d in ("element", "tier", "open")} == {"steward"}
    assert "rule_above_decision" in codes(verdict)


def test_who_rules_what_a_column_is_does_not_open_what_it_shows() -> None:
    verdict = view({"C1": "SFZH"}, decisions=(decided("C1", "element", "code.type"),))
    assert [label(verdict, d).value for d in ("element", "tier", "open")] == ["code.type", "L3", "none"]


# the subject ----------------------------------------------------------------------------------------------------------


def test_a_view_is_about_what_most_of_its_columns_come_from() -> None:
    firms = labelled(table("T_QY", "QYMC", "DZ", "HYDM"))
    both = {**PEOPLE, **firms}
    assert firms["QYMC"].subject.kind == "organisation"
    assert view({"A1": "QYMC", "A2": "DZ", "A3": "XM"}, both).subject.kind == "organisation"
    assert view({"A1": "QYMC", "A2": "XM"}, both).subject.kind == "person"
    found = view({"A1": "XM"})
    assert (found.subject.kind, found.subject.reason) == ("person", "来自T_RY")
    assert view({"A1": "XM"}, name="v_企业").subject.kind == "organisation"


def test_records_of_minors_stay_such_whatever_the_view_is_called() -> None:
    pupils = labelled(table("t_xs", "XM", "XB", "ID", comment="小学生信息"))
    assert pupils["XM"].subject.minors
    verdict = view({"A1": "XM"}, pupils, name="v_名单")
    assert verdict.subject.minors
    assert verdict.label("tier").value == "L4"  # type: ignore[union-attr]
    assert not view({"ID": "ID"}, pupils, name="v_名单").subject.minors


def test_a_sensitive_topic_goes_with_what_is_shown() -> None:
    poor = labelled(table("t_dbjt", "XM", "SFZH", comment="低保家庭成员"))
    assert "welfare" in poor["XM"].subject.topics
    assert "welfare" in view({"A1": "XM"}, poor).subject.topics
    assert "welfare" in view({"A1": "XM"}, poor, name="v_人员").subject.topics
