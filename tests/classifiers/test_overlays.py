"""Overlays: terms, elements and codebooks of a site; the worked example of docs/policy-packs.md as it stands there."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from classifiers.elements import elements
from classifiers.evidence import AssetVerdict, ColumnInput, Evidence, TableInput
from classifiers.pack_check import check_pack, run_examples
from classifiers.pack_file import PackError
from classifiers.policy import Pack, load_pack
from classifiers.verdict import judge

DOC = Path(__file__).parents[2] / "docs" / "policy-packs.md"
BLOCKS = dict(re.findall(r"```yaml\n# (packs/\S+)\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL))
# What the documentation promises of each file: table, column, dimension, value without it, value with it.
PROMISED = [
    ("packs/terms.yaml", "t_zyz", "联络号", "c7", "element", "object.number", "person.mobile"),
    ("packs/terms.yaml", "t_zyz", "联络号", "c7", "tier", "L1", "L3"),
    ("packs/mobile.yaml", "t_zyz", "手机号", "sjh", "tier", "L3", "L4"),
    ("packs/mobile.yaml", "t_zyz", "身份证号", "sfzh", "tier", "L3", "L4"),
    ("packs/housing.yaml", "FG_YZ", None, "FG02", "element", None, "person.id_card"),
    ("packs/housing.yaml", "FG_YZ", None, "FG90", "share", "undetermined", "conditional"),
    ("packs/housing.yaml", "FG_YZ", None, "FG90", "tier", "L2", "L3"),
]


def overlaid(*texts: str) -> Pack:
    return load_pack("putuo-2020", [(f"packs/{i}.yaml", text) for i, text in enumerate(texts)])


def judged(pack: Pack, *columns: ColumnInput, table: str = "t_zyz") -> AssetVerdict:
    return judge(TableInput(table=table, columns=columns), {}, pack, as_of=date(2026, 1, 1))


def test_the_documentation_shows_three_overlays() -> None:
    assert list(BLOCKS) == ["packs/terms.yaml", "packs/mobile.yaml", "packs/housing.yaml"]


@pytest.mark.parametrize("name", BLOCKS)
def test_a_documented_overlay_is_good_and_its_examples_need_it(name: str) -> None:
    pack = load_pack("putuo-2020", [(name, BLOCKS[name])])
    assert check_pack(pack) == []
    own = {example.id for example in pack.body.examples} - {example.id for example in load_pack().body.examples}
    assert own
    only_examples = BLOCKS[name][BLOCKS[name].index("\nexamples:") :]
    bare = overlaid(f"extends: putuo-2020{only_examples}")
    assert any(result.problems for result in run_examples(bare) if result.id in own)


@pytest.mark.parametrize(("name", "table", "comment", "column", "dimension", "before", "after"), PROMISED)
def test_the_promised_effect(
    name: str, table: str, comment: str | None, column: str, dimension: str, before: str | None, after: str
) -> None:
    def said(pack: Pack) -> str | None:
        columns = (ColumnInput(column, comment), ColumnInput("FG01"))
        label = next(
            (la for la in judged(pack, *columns, table=table).columns[0].labels if la.dimension == dimension), None
        )
        return label.value if label else None

    assert (said(load_pack()), said(load_pack("putuo-2020", [(name, BLOCKS[name])]))) == (before, after)


def test_three_overlays_apply_together() -> None:
    pack = load_pack("putuo-2020", list(BLOCKS.items()))
    assert pack.ident == "putuo-2020@1+terms.1+mobile.1+housing.1"
    assert pack.base_tier("person.mobile") == "L4"
    assert pack.display("element", "site.repair_fund") == "维修资金账户余额"


ZONE = """extends: putuo-2020
elements:
  site.zone: {{zh: 片区, category: GE, family: {family}}}
tiers: {{site.zone: {tier}}}
terms: {{site.zone: [网格片区代号]}}
"""


def test_packs_in_one_process_do_not_see_each_others_elements() -> None:
    phone, plain = ZONE.format(family="mobile", tier="L3"), ZONE.format(family="other", tier="L1")
    for text, family, tier in ((phone, "mobile", "L3"), (plain, "other", "L1"), (phone, "mobile", "L3")):
        column = judged(overlaid(text), ColumnInput("WGPQDH", "网格片区代号")).columns[0]
        label = column.label("tier")
        assert (column.element, column.family, label.value if label else None) == ("site.zone", family, tier)
    assert judged(load_pack(), ColumnInput("c1", "网格片区代号")).columns[0].element != "site.zone"
    assert "site.zone" not in elements()


def test_a_codebook_counts_whatever_the_case_and_beats_the_comment() -> None:
    pack = overlaid("extends: putuo-2020\ncodebooks: {own: {title: 编码, codes: {zj-01: person.id_card}}}\n")
    column = judged(pack, ColumnInput("ZJ_01", "编号")).columns[0]
    assert column.element == "person.id_card"
    assert column.evidence[0].recognizer == "codebook.own"


def test_terms_and_codes_change_the_digest() -> None:
    digests = {load_pack().digest, *(load_pack("putuo-2020", [item]).digest for item in BLOCKS.items())}
    assert len(digests) == 4


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("terms:\n  person.mobil: [联络号]\n", 3, "person.mobil"),
        ("terms:\n  person.mobile: 联络号\n", 3, "$.terms.person.mobile"),
        ("codebooks:\n  own: {title: 编码, codes: {A1: person.nme}}\n", 3, "person.nme"),
        ("elements:\n  person.name: {zh: 姓名, category: PB}\n", 3, "built in"),
        ("elements:\n  site.a: {zh: 甲, category: ZZ}\n", 3, "no category ZZ"),
        ("elements:\n  site.a: {zh: 甲, category: GE, family: phones}\n", 3, "no family phones"),
        ("elements:\n  site.a: {zh: 甲, category: GE}\n", 3, "site.a: give it a tier under `tiers`"),
        ("parameters: {id_number_tier: L9}\n", 2, "L9"),
        ("parameters: {id_numbr_tier: L4}\n", 2, "id_numbr_tier"),
        ("parameters: {least_value_ratio: 60}\n", 2, "<= 1"),
        ("tiers: {person.mobile: '${id_numbr_tier}'}\n", 2, "id_numbr_tier"),
        ("tiers: {person.mobile: L4}\nterms: {}\ntiers: {person.phone: L4}\n", 4, "tiers stands here twice"),
        ("tiers:\n  person.mobile: L4\n  person.mobile: L3\n", 4, "person.mobile stands here twice"),
        (
            "share_rules:\n  - {id: a, value: none, reason: 理由, basis: [statistics/25], examples: [nope]}\n",
            3,
            "no example nope",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(PackError) as caught:
        overlaid(f"extends: putuo-2020\n{text}")
    assert says in str(caught.value)
    if line:
        assert (caught.value.file, caught.value.line) == ("packs/0.yaml", line)


def test_a_codebook_says_what_a_table_is() -> None:
    book = "extends: putuo-2020\ncodebooks: {own: {title: 编码, codes: {}, tables: {t_q9: 社区矫正对象}}}\n"
    columns = (ColumnInput("xm", "姓名"), ColumnInput("sfzh", "身份证号"))
    verdict = judged(overlaid(book), *columns, table="public.T_Q9")
    assert verdict.subject.topics == ("corrections",)
    assert [label.value for label in verdict.labels if label.dimension == "tier"] == ["L4"]
    assert judged(overlaid(book), *columns, table="t_q8").subject.topics == ()


NUMBERS = (Evidence("id_card", "person.id_card", "value", 0.8, hits=14, distinct=20, invalid=6),)


@pytest.mark.parametrize(
    ("parameters", "element"),
    [
        ("{}", "person.id_card"),
        ("{least_value_ratio: 0.7, least_distinct_values: 20}", "person.id_card"),
        ("{least_value_ratio: 0.8}", None),
        ("{least_distinct_values: 21}", None),
    ],
)
def test_thresholds_for_values_can_be_stricter(parameters: str, element: str | None) -> None:
    pack = overlaid(f"extends: putuo-2020\nparameters: {parameters}\n")
    columns = (ColumnInput("c1"), ColumnInput("sfzh"))
    table = TableInput(table="t", columns=columns)
    verdict = judge(table, {"c1": NUMBERS, "sfzh": NUMBERS}, pack, as_of=date(2026, 1, 1))
    assert [column.element for column in verdict.columns] == [element, "person.id_card"]
