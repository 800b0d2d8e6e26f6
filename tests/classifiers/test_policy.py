"""Packs: what loading refuses and where it says the mistake is, overlays, citations, and ``check_pack``."""

from __future__ import annotations

from datetime import date

import pytest

from classifiers.elements import elements
from classifiers.evidence import TIERS, ColumnInput, TableInput
from classifiers.pack_check import check_pack
from classifiers.pack_diff import diff_packs
from classifiers.pack_file import PackError, overlay_schema
from classifiers.policy import Facts, Pack, load_pack, pack_names
from classifiers.verdict import judge

PLAIN = Facts("object.name", "SY", "L1", False, False, False, False, "place", (), "table", "own", None)


def overlaid(text: str) -> Pack:
    return load_pack("putuo-2020", [("packs/site.yaml", text)])


def test_the_shipped_pack_is_good() -> None:
    assert check_pack(load_pack()) == []
    assert "putuo-2020" in pack_names()


def test_every_element_has_a_tier_and_both_access_types() -> None:
    pack = load_pack()
    for name, element in elements().items():
        if element.variants:
            continue
        facts = PLAIN._replace(element=name, category=element.category, tier=pack.base_tier(name))
        assert pack.tier(facts).value in TIERS
        assert pack.access("share", facts).reason
        assert pack.access("open", facts).reason


@pytest.mark.parametrize("section", ["tier_rules", "share_rules", "open_rules"])
def test_every_rule_has_a_version_an_article_an_example_and_a_counter_example(section: str) -> None:
    for rule in getattr(load_pack().body, section):
        assert rule.version
        assert rule.basis, rule.id
        assert rule.examples, rule.id
        assert rule.counter_examples, rule.id


def test_a_pack_that_drops_an_example_drops_it_from_the_rules_it_inherits() -> None:
    national = load_pack("national-2025").body
    there = {example.id for example in national.examples}
    assert "enterprise-finance" not in there
    inherited = {rule.id: rule for rule in national.share_rules}["share-enterprise-finance"]
    assert inherited.examples == ()
    assert inherited.counter_examples == ("government-procurement",)


def test_articles_stand_in_chinese() -> None:
    assert load_pack().cite("putuo-2020/25").line() == "《上海市普陀区公共数据管理办法》第二十五条"
    assert load_pack().cite("minors/103").article == "第一百零三条"


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("extends: putuo-2020\ntiers:\n  person.mobile: L9\n", "packs/site.yaml", "L9"),
        ("extends: putuo-2020\ntiers:\n  person.mobil: L3\n", "packs/site.yaml", "person.mobil"),
        ("extends: putuo-2020\ntopics:\n  x:\n    zh: 1\n", "packs/site.yaml:4", "$.topics.x.zh"),
        (
            "extends: putuo-2020\nshare_rules:\n  - id: a\n    value: none\n    reason: r\n    basis: []\n    wh: {}\n",
            "packs/site.yaml:7",
            "wh",
        ),
        (
            "extends: putuo-2020\nshare_rules:\n  - {id: a, value: none, reason: 理由, basis: [pipl/999]}\n",
            "packs/site.yaml",
            "pipl/999",
        ),
        (
            "extends: putuo-2020\nopen_rules:\n  - {id: a, value: none, reason: r, basis: [], when: {topic: [nope]}}\n",
            "packs/site.yaml",
            "nope",
        ),
        ("extends: another\n", "packs/site.yaml:1", "extends: putuo-2020"),
        ("tiers: [", "packs/site.yaml", "not YAML"),
        ("- a\n", "packs/site.yaml:1", "mapping"),
    ],
)
def test_a_bad_overlay_is_one_clear_error(text: str, place: str, says: str) -> None:
    with pytest.raises(PackError) as caught:
        overlaid(text)
    assert str(caught.value).startswith(place)
    assert says in str(caught.value)


def test_an_unknown_pack_lists_the_known_ones() -> None:
    with pytest.raises(PackError, match="putuo-2020"):
        load_pack("putuo-1999")


def test_an_overlay_changes_a_tier_and_says_so_in_the_version() -> None:
    pack = overlaid("extends: putuo-2020\nid: district\nversion: '7'\ntiers:\n  person.mobile: L4\n")
    assert pack.base_tier("person.mobile") == "L4"
    assert load_pack().base_tier("person.mobile") == "L3"
    assert pack.ident == "putuo-2020@1+district.7"
    assert pack.digest != load_pack().digest


def test_a_parameter_sets_the_tier_of_id_numbers() -> None:
    pack = overlaid("extends: putuo-2020\nparameters:\n  id_number_tier: L4\n")
    assert pack.base_tier("person.id_card") == "L4"
    assert load_pack().base_tier("person.id_card") == "L3"


def test_an_overlay_rule_goes_before_the_packs_own_and_a_known_id_replaces() -> None:
    first = overlaid(
        "extends: putuo-2020\nshare_rules:\n"
        "  - {id: ours, value: conditional, reason: 本区规定, basis: [tax/8], when: {element: [object.name]}}\n"
    )
    assert first.access("share", PLAIN).rule == "ours"
    replaced = overlaid(
        "extends: putuo-2020\nshare_rules:\n  - {id: share-default, value: undetermined, reason: 本区规定, basis: []}\n"
    )
    assert replaced.access("share", PLAIN).value == "undetermined"


@pytest.mark.parametrize(("origin", "closed"), [("own", False), ("shared", True), ("negotiated", True)])
def test_what_nobody_understands_is_opened_by_no_default(origin: str, closed: bool) -> None:
    """Only a rule on data of others speaks of it: neither a default nor an overlay's rule on everything does."""
    facts = PLAIN._replace(element=None, category="", tier="L2", origin=origin)
    wide = "extends: putuo-2020\nopen_rules:\n  - {id: wide, value: unconditional, reason: 公开, basis: [gir/20]WHEN}\n"
    for when in ("", ", when: {origin: [own, shared, negotiated]}", ", when: {subject: [place]}"):
        pack = overlaid(wide.replace("WHEN", when))
        assert pack.access("open", facts).value == ("none" if closed else "undetermined")
    bare = overlaid(
        "extends: putuo-2020\nopen_rules:\n"
        f"  - {{id: open-received-by-{'sharing' if origin == 'shared' else 'agreement'}, "
        "value: none, reason: 其他, basis: [tax/8], when: {topic: [tax]}}\n"
    )
    assert bare.access("open", facts).value == "undetermined"


@pytest.mark.parametrize("basis", ["[]", "[putuo-2020/22]", "[crime-prevention/59]", "[putuo-2020/22, hiv/39]"])
def test_none_without_a_checked_law_is_refused_and_never_said(basis: str) -> None:
    """Silence, the Measures alone and citations from memory never make 非共享."""
    pack = overlaid(
        "extends: putuo-2020\nshare_rules:\n"
        f"  - {{id: bare, value: none, reason: 无依据, basis: {basis}, when: {{element: [object.name]}}}}\n"
    )
    problems = check_pack(pack)
    assert any("share_rules/bare" in problem for problem in problems)
    assert pack.access("share", PLAIN).value == "undetermined"


def test_a_failing_example_names_what_differs() -> None:
    pack = overlaid(
        "extends: putuo-2020\nexamples:\n"
        "  - {id: wrong, table: t_gc, comment: 公厕, columns: [{name: mc, comment: 公厕名称}], expect: {tier: L4}}\n"
    )
    assert check_pack(pack) == ["examples/wrong: tier is L1, expected L4"]


def views(**tiers: str) -> str:
    lines = "".join(f"  {tier}: {said}\n" for tier, said in tiers.items())
    return f"extends: putuo-2020\nprotection:\n{lines}"


def test_closed_views_by_tier_and_what_an_overlay_changes() -> None:
    built_in = load_pack().body.protection
    assert {tier: sorted(one.closed()) for tier, one in built_in.items()} == {
        "L3": ["queries", "sample_data"],
        "L4": ["profile", "queries", "sample_data"],
    }
    changed = overlaid(views(L3="{sample_data: [reader], queries: [reviewer]}")).body.protection
    assert changed["L3"].closed() == {"queries": ("reviewer",)}
    assert changed["L4"] == built_in["L4"]
    with pytest.raises(PackError, match="protection"):
        overlaid(views(L3="{samples: [reviewer]}"))


def test_a_higher_tier_shows_no_more_than_a_lower_one() -> None:
    problems = check_pack(overlaid(views(L4="{queries: [reviewer, admin]}", L3="{profile: [reviewer]}")))
    assert sorted(problem.split(";")[0] for problem in problems if problem.startswith("protection")) == [
        "protection/L4: profile is open to steward, but not in L3",
        "protection/L4: queries is open to admin, but not in L3",
    ]


def test_an_overlay_brings_no_regular_expressions() -> None:
    """Their matching could take exponential time; globs of rules are matched in linear time."""
    keys = {key for struct in overlay_schema()["$defs"].values() for key in struct.get("properties", {})}
    assert len(keys) > 50
    assert not [key for key in keys if "pattern" in key or "regex" in key]
    text = "extends: putuo-2020\ncodebooks:\n  own: {title: 编码, codes: {A1: person.name}, pattern: (a+)+$}\n"
    with pytest.raises(PackError, match="unknown field `pattern`"):
        overlaid(text)


@pytest.mark.parametrize(("as_of", "ended"), [(date(2025, 9, 7), False), (date(2025, 9, 8), True)])
def test_labels_say_when_the_pack_has_ended(as_of: date, ended: bool) -> None:
    """Art. 40: a pack holds from its first day; past its last every verdict says so and none is withheld."""
    assert (load_pack().valid_from, load_pack().valid_to) == ("2020-09-08", None)
    pack = overlaid("extends: putuo-2020\nvalid_to: '2025-09-07'\n")
    verdict = judge(TableInput("t_gc", (ColumnInput("mc", "公厕名称"),), comment="公共厕所"), {}, pack, as_of=as_of)
    assert ["pack_expired" in finding.code for finding in verdict.findings] == [True] * ended
    assert [label.value for label in verdict.labels] == ["L1", "unconditional", "unconditional"]


def test_unverified_facts_stay_visible() -> None:
    pack = load_pack()
    assert any("普府规范〔2020〕4号" in fact and "2025年9月届满" in fact for fact in pack.unverified)
    assert not pack.cite("crime-prevention/59").verified
    assert "未核实" in pack.cite("crime-prevention/59").line()


@pytest.mark.parametrize(
    ("pack", "key", "value", "why"),
    [
        ("putuo-2020", "tax/8", "none", ""),
        ("putuo-2020", "hiv/39", "none", "《艾滋病防治条例》第三十九条：未核实"),
        ("putuo-2020", "putuo-2020/21", "none", "《上海市普陀区公共数据管理办法》第二十一条：级别不足：规范性文件"),
        ("putuo-2020", "shanghai-data/39", "none", "《上海市数据条例》第三十九条：该条不限制共享、开放"),
        ("putuo-2020", "shanghai-data/39", "conditional", "《上海市数据条例》第三十九条：该条不限制共享、开放"),
        ("putuo-2020", "shanghai-data/39", "unconditional", ""),
        ("putuo-2020", "shanghai-data/40", "none", ""),
        ("putuo-2020", "nobody/1", "none", "nobody/1：依据库中没有"),
        ("national-2025", "state-809/2", "none", "《政务数据共享条例》第二条：只要求须有依据，本身不是依据"),
    ],
)
def test_why_a_citation_does_not_carry_a_share_type(pack: str, key: str, value: str, why: str) -> None:
    found = load_pack(pack)
    assert found.lacking(value, [key]) == ((why,) if why else ())
    assert found.sufficient(value, [key]) == (not why)
    assert found.lacking(value, [key, "tax/8"]) == ()


def test_a_local_regulation_is_named_where_only_national_law_refuses() -> None:
    article = "rank: regulation, local: true, articles: {'1': {text: t, sure: L}}"
    overlay = f"extends: national-2025\ninstruments: {{sz: {{title: 《某条例》, {article}}}}}\n"
    found = load_pack("national-2025", [("packs/x.yaml", overlay)])
    assert found.lacking("none", ["sz/1"]) == ("《某条例》第一条：级别不足：地方性法规",)


def test_an_overlay_says_what_an_article_does_not_carry() -> None:
    overlay = "extends: putuo-2020\ninstruments: {tax: {articles: {'8': {not_for: [none]}}}}\n"
    found = overlaid(overlay)
    assert not found.sufficient("none", ["tax/8"])
    assert found.sufficient("conditional", ["tax/8"])
    (change,) = [one for one in diff_packs(load_pack(), found) if one.section == "citations"]
    assert "not for none" in str(change.new)


def test_a_refusal_by_an_article_that_orders_sharing_is_weak() -> None:
    rule = "{id: mine, when: {tier: [L4]}, value: none, reason: 不共享, basis: [shanghai-data/39]}"
    problems = check_pack(overlaid(f"extends: putuo-2020\nshare_rules:\n  - {rule}\n"))
    assert [one for one in problems if "needs a checked citation" in one and "shanghai-data/39" in one]
