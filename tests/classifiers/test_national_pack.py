"""national-2025: national vocabulary, national law only, and what it asks of 不予共享."""

from __future__ import annotations

from datetime import date

import pytest

from classifiers.evidence import ColumnInput, TableInput
from classifiers.pack_check import check_pack
from classifiers.policy import load_pack
from classifiers.verdict import judge, out_of_scope

LOCAL = ("putuo-2020/", "shanghai-data/")
RULE = """extends: {pack}
share_rules:
  - {{id: ours, value: {value}, reason: 理由, basis: [{basis}], when: {{element: [object.name]}}}}
"""
REGULATIONS = """instruments:
  city: {title: 《某市条例》, rank: regulation, local: true, articles: {"1": {text: 不得共享, sure: L}}}
  state: {title: 《某条例》, rank: regulation, articles: {"1": {text: 不得共享, sure: L}}}
  order: {title: 《某办法》, rank: rule, articles: {"1": {text: 不得共享, sure: L}}}
  council: {title: 《国务院某决定》, rank: decision, articles: {"1": {text: 不得共享, sure: L}}}
"""


def test_it_is_good_and_cites_nothing_local() -> None:
    pack = load_pack("national-2025")
    assert check_pack(pack) == []
    assert not [c.key for c in pack.citations() if c.local or c.key.startswith(LOCAL)]
    assert pack.ident == "national-2025@1"
    assert pack.digest != load_pack().digest


def test_it_speaks_the_national_vocabulary() -> None:
    pack = load_pack("national-2025")
    assert [pack.display("share", key) for key in ("unconditional", "conditional", "none")] == [
        "无条件共享",
        "有条件共享",
        "不予共享",
    ]
    told = [rule.reason.format(name="", tier="", topic="", conditional="", none="") for rule in pack.body.share_rules]
    assert not [reason for reason in told if "授权共享" in reason or "非共享" in reason or "本区" in reason]
    unknown = (
        judge(TableInput("t_x9", (ColumnInput("f1"),)), {}, pack, as_of=date(2026, 1, 1)).columns[0].label("share")
    )
    assert unknown is not None
    assert "不予共享" in unknown.reason


@pytest.mark.parametrize(
    ("basis", "national", "putuo"),
    [
        ("statistics/25", True, True),
        ("state/1", True, True),
        ("city/1", False, True),
        ("order/1", False, True),
        ("council/1", True, False),
        ("crime-prevention/59", False, False),
    ],
)
def test_whose_rules_may_carry_a_refusal(basis: str, national: bool, putuo: bool) -> None:
    for name, enough in (("national-2025", national), ("putuo-2020", putuo)):
        text = RULE.format(pack=name, value="none", basis=basis) + REGULATIONS
        pack = load_pack(name, [("packs/ours.yaml", text)])
        assert pack.sufficient("none", [basis]) is enough
        assert any("share_rules/ours" in problem for problem in check_pack(pack)) is not enough


@pytest.mark.parametrize("value", ["none", "conditional"])
@pytest.mark.parametrize("article", ["catalogue", "3", "use", "definitions"])
def test_the_act_that_asks_for_a_basis_is_none(value: str, article: str) -> None:
    assert not load_pack("national-2025").sufficient(value, [f"state-809/{article}"])


def test_what_is_from_memory_says_so() -> None:
    pack = load_pack("national-2025")
    assert "未核实" in pack.cite("state-809/definitions").line()
    assert pack.cite("state-809/3").line() == "《政务数据共享条例》第三条"
    assert any("条号待核对" in fact for fact in pack.unverified)


def test_a_marked_table_is_no_government_data() -> None:
    verdict = out_of_scope(TableInput("t_jm", (ColumnInput("a"),)), load_pack("national-2025"))
    assert verdict.labels[0].basis == ("state-809/3",)
    assert "工作秘密" in verdict.labels[0].reason


def test_every_rank_has_a_name_for_readers() -> None:
    from workflows.outputs.words import rank_name

    text = "extends: national-2025\n" + REGULATIONS
    pack = load_pack("national-2025", [("packs/ours.yaml", text)])
    named = {key: rank_name(pack.cite(f"{key}/1")) for key in ("city", "state", "order", "council")}
    assert named == {"city": "地方性法规", "state": "行政法规", "order": "规章", "council": "国务院决定"}
