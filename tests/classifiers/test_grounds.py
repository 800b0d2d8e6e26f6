"""理由 and 依据 of what people confirmed: the rule's where they agreed, their own where they decided otherwise."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from classifiers.evidence import AssetVerdict, ColumnInput, Decision, Dimension, Label, TableInput
from classifiers.platform_names import reason as tag_reason
from classifiers.policy import Pack, load_pack
from classifiers.rulings import AGREED, UNSAID, own_words, with_context
from classifiers.verdict import judge

TABLE = TableInput(
    "t_person", (ColumnInput("xm", "姓名"), ColumnInput("sfzh", "身份证号", "varchar")), comment="人员信息"
)
COLUMNS = [column.name for column in TABLE.columns]
DIMENSIONS: list[Dimension] = ["element", "tier", "share", "open"]
NOTES = [
    "",
    AGREED,
    "在审核表中填写",
    "在OpenMetadata中确认",
    "在OpenMetadata中将全表标为已确认",
    "采纳李华在OpenMetadata中的修改",
]
OTHER_WORDS = """extends: putuo-2020
share_rules:
  - {id: share-personal, version: "2", when: {personal: true}, value: conditional, reason: 另有说法, basis: [pipl/28]}
open_rules:
  - {id: open-personal, version: "2", when: {personal: true}, value: none, reason: 另有说法, basis: [gir/15]}
"""


def verdict(*decisions: Decision, pack: Pack | None = None) -> AssetVerdict:
    return judge(TABLE, {}, pack or load_pack(), decisions=decisions, as_of=date(2026, 11, 23))


def label(found: AssetVerdict, dimension: Dimension, column: str | None = "sfzh") -> Label:
    place = found if column is None else found.columns[COLUMNS.index(column)]
    (one,) = [one for one in place.labels if one.dimension == dimension]
    return one


def ruling(
    dimension: Dimension, value: str | None, reason: str = "", basis: tuple[str, ...] = (), column: str | None = "sfzh"
) -> Decision:
    return Decision("d/s/t", dimension, value, "钱一", "2026-11-26T09:00:00+08:00", column, reason, basis=basis)


def kept(decision: Decision, *before: Decision) -> Decision:
    """As it is written: with what the person saw."""
    return with_context(decision, TABLE, verdict(*before), COLUMNS)


def says(one: Label) -> tuple[str, str, tuple[str, ...]]:
    return one.value, one.reason, one.basis


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_agreeing_keeps_reason_and_citations(dimension: Dimension, note: str) -> None:
    proposed = label(verdict(), dimension)
    agreed = ruling(dimension, proposed.value, note)
    for decision in (kept(agreed), agreed):  # also one from before decisions kept it
        found = label(verdict(decision), dimension)
        assert says(found) == says(proposed)
        assert (found.state, found.origin, found.rule) == ("confirmed", "steward", "decision")
    assert proposed.reason


@pytest.mark.parametrize("dimension", ["tier", "share", "open"])
def test_agreeing_for_the_whole_asset_keeps_them_too(dimension: Dimension) -> None:
    proposed = label(verdict(), dimension, None)
    decision = kept(ruling(dimension, proposed.value, "在OpenMetadata中将全表标为已确认", column=None))
    assert says(label(verdict(decision), dimension, None)) == says(proposed)


def test_the_asset_rolls_up_the_same_when_every_column_is_agreed_with() -> None:
    before = verdict()
    agreed = [
        kept(ruling(one.dimension, one.value, AGREED, column=name))
        for name, column in zip(COLUMNS, before.columns, strict=True)
        for one in column.labels
    ]
    assert list(map(says, verdict(*agreed).labels)) == list(map(says, before.labels))


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_the_tag_on_the_platform_gives_the_same_reason(dimension: Dimension) -> None:
    pack, before = load_pack(), verdict()
    after = verdict(*(kept(ruling(one, label(before, one).value, AGREED)) for one in DIMENSIONS))
    told = [tag_reason(label(found, dimension), label(found, "element"), pack) for found in (before, after)]
    assert told[0] == told[1]
    assert "钱一" not in told[1]


def test_a_remark_on_agreeing_is_for_the_trail() -> None:
    proposed = label(verdict(), "share")
    assert says(label(verdict(kept(ruling("share", "conditional", f"{AGREED}：已核对"))), "share")) == says(proposed)


def test_what_was_agreed_with_stays_when_the_rule_says_it_otherwise() -> None:
    pack = load_pack("putuo-2020", [("packs/words.yaml", OTHER_WORDS)])
    for dimension in ("share", "open"):
        before = label(verdict(), dimension)
        assert label(verdict(pack=pack), dimension).reason == "另有说法"
        decision = kept(ruling(dimension, before.value, AGREED))
        assert says(label(verdict(decision, pack=pack), dimension)) == says(before)


def test_law_that_another_pack_does_not_know_gives_way_to_the_rule_of_the_same_value() -> None:
    national = load_pack("national-2025")
    for own, reason in ((AGREED, label(verdict(pack=national), "share").reason), ("本局规定", "本局规定")):
        decision = kept(ruling("share", "conditional", own))
        assert "putuo-2020/22" in decision.basis
        found = label(verdict(decision, pack=national), "share")
        assert (found.value, found.reason) == ("conditional", reason)
        assert set(found.basis) == set(label(verdict(pack=national), "share").basis)


def test_the_same_value_with_a_reason_of_ones_own() -> None:
    proposed = label(verdict(), "tier")
    own = label(verdict(kept(ruling("tier", "L3", "本局规定"))), "tier")
    assert says(own) == ("L3", "本局规定", proposed.basis)
    cited = label(verdict(kept(ruling("share", "conditional", "本局规定", ("tax/8",)))), "share")
    assert says(cited) == ("conditional", "本局规定", ("tax/8",))


def test_who_decides_otherwise_gives_reason_and_law() -> None:
    found = label(verdict(kept(ruling("share", "none", "税务保密", ("tax/8",)))), "share")
    assert says(found) == ("none", "税务保密", ("tax/8",))
    silent = label(verdict(kept(ruling("tier", "L4", "在审核表中填写"))), "tier")
    assert says(silent) == ("L4", UNSAID, ())


def test_who_confirms_what_somebody_decided_keeps_that_reason() -> None:
    first = kept(ruling("share", "none", "税务保密", ("tax/8",)))
    again = kept(ruling("share", "none", "在OpenMetadata中确认"), first)
    assert (again.because, again.basis) == ("税务保密", ("tax/8",))


def test_a_refusal_says_whom_to_ask() -> None:
    proposed = label(verdict(), "share", None)
    refused = msgspec.structs.replace(
        ruling("share", None, "没有依据", column=None), rejected=proposed.value, rule=proposed.rule
    )
    found = label(verdict(refused), "share", None)
    assert (found.value, found.reason) == ("undetermined", "钱一于2026-11-26不同意建议，未另定：没有依据")


def test_a_tier_that_was_only_kept_is_confirmed_as_that() -> None:
    kept_tier = judge(TABLE, {}, load_pack(), in_force={"sfzh": "L4"}, as_of=date(2026, 11, 23))
    decision = with_context(ruling("tier", "L4", AGREED), TABLE, kept_tier, COLUMNS)
    assert says(label(verdict(decision), "tier"))[:2] == ("L4", "人工确认保持现行L4")


@pytest.mark.parametrize(
    ("reason", "own"),
    [
        ("李华于2026-01-05提出，王芳于2026-01-06同意", ""),
        ("李华于2026-01-05提出，王芳于2026-01-06同意：在OpenMetadata中同意", ""),
        ("李华于2026-01-05提出，王芳于2026-01-06同意：在审核表中采纳建议", ""),
        ("采纳李华在OpenMetadata中的修改：已脱敏", "已脱敏"),
        ("在审核表中填写的内容有误", "在审核表中填写的内容有误"),
    ],
)
def test_what_the_program_tells_is_no_reason(reason: str, own: str) -> None:
    assert own_words(reason) == own
