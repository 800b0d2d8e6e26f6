"""Names on the server follow the pack, in Han or ASCII, and lead back to dimension and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.evidence import Label
from classifiers.platform_names import Style, fqn, meanings
from classifiers.policy import load_pack
from connectors.om_version import Features, ServerVersion
from workflows.cli_common import State
from workflows.cli_openmetadata import chosen_names
from workflows.errors import PackProblem
from workflows.publish.merge import encoder
from workflows.publish.model import Mark, Slot
from workflows.publish.vocabulary import Vocabulary, vocabulary
from workflows.server_settings import ServerSettings

NEW, OLD = (Features.of(ServerVersion.parse(version)) for version in ("2.0.6", "1.2.0"))
OVERLAY = "extends: putuo-2020\nid: putuo-2020-site\n"


def made(names: str = "han", features: Features = NEW, overlay: str = "", pack: str = "putuo-2020") -> Vocabulary:
    loaded = load_pack(pack, [("packs/site.yaml", OVERLAY + overlay)] if overlay else [])
    return vocabulary(loaded, ServerSettings(url="http://h/api", token="t", names=names), features)


@pytest.mark.parametrize(
    ("names", "dimension", "key", "fqn"),
    [
        ("han", "tier", "L3", "数据分级.L3"),
        ("han", "share", "conditional", "共享类型.授权共享"),
        ("han", "open", "none", "开放类型.非开放"),
        ("han", "importance", "suspected", "数据重要性.疑似重要"),
        ("han", "review", "pending", "审核状态.待确认"),
        ("han", "category", "PI", "数据类别.个人证件信息"),
        ("han", "element", "person.id_card", "数据元.公民身份号码"),
        ("ascii", "tier", "L3", "DataTier.L3"),
        ("ascii", "share", "conditional", "ShareType.conditional"),
        ("ascii", "review", "objected", "ReviewStatus.objected"),
        ("ascii", "category", "PI", "DataCategory.PI"),
        ("ascii", "element", "person.id_card", "DataElement.person_id_card"),
    ],
)
def test_names_lead_there_and_back(names: str, dimension: str, key: str, fqn: str) -> None:
    names_here = made(names)
    assert names_here.tag(dimension, key) == fqn
    assert names_here.meaning(fqn) == (dimension, key)
    assert names_here.ours(fqn)


def test_another_law_calls_the_same_key_otherwise() -> None:
    assert made(pack="national-2025").tag("share", "conditional") == "共享类型.有条件共享"


def test_han_titles_stay_with_ascii_names() -> None:
    named = made("ascii").named
    assert [named[key].title for key in (("share", "conditional"), ("tier", "L3"), ("category", "PI"))] == [
        "授权共享",
        "L3 敏感级",
        "个人证件信息",
    ]


def test_what_is_not_ours_means_nothing() -> None:
    names = made()
    assert [names.meaning(name) for name in ("PII.Sensitive", "数据元.自定义", "共享类型.待判定")] == [None] * 3
    assert [names.ours(name) for name in ("PII.Sensitive", "数据元.自定义", 'a"b', "Tier.Tier1")] == [
        False,
        True,
        False,
        False,
    ]


def test_exclusive_classifications_have_one_slot_and_categories_many() -> None:
    names = made()
    assert names.exclusive == {"数据分级", "共享类型", "开放类型", "数据重要性", "审核状态"}
    assert names.slot("c", Mark("数据分级.L3")) == Slot("c", "数据分级")
    assert names.slot("c", Mark("数据元.姓名", source="Glossary")) == Slot("c", "数据元")
    assert names.slot("", Mark("数据类别.凭据")) == Slot("", "数据类别", "数据类别.凭据")


LABEL = Label("tier", "L3", "suggested", 0.9, "含个人证件", ("putuo-2020/31",), pack="putuo-2020@1")
ELEMENT = Label("element", "person.id_card", "suggested", 0.9, "注释含“身份证”")


def test_marks_of_rules_are_suggestions_with_their_reason() -> None:
    mark = made().mark("tier", LABEL, ELEMENT)
    assert mark is not None
    assert (mark.fqn, mark.label_type, mark.state, mark.source) == (
        "数据分级.L3",
        "Generated",
        "Suggested",
        "Classification",
    )
    assert mark.reason == ("注释含“身份证”；含个人证件；依据：《上海市普陀区公共数据管理办法》第三十一条；putuo-2020@1")
    term = made().mark("element", ELEMENT)
    assert term is not None
    assert (term.fqn, term.source) == ("数据元.公民身份号码", "Glossary")


def test_older_servers_get_no_reason_and_another_type() -> None:
    """The reason is for the plan, which no server limits."""
    mark = made(features=OLD).mark("tier", LABEL, ELEMENT)
    assert mark == Mark("数据分级.L3", "Automated", "Suggested", reason=mark.reason if mark else "")
    assert mark.reason.endswith("putuo-2020@1")
    sent = {"tagFQN": "数据分级.L3", "source": "Classification", "labelType": "Automated", "state": "Suggested"}
    assert encoder(OLD.reason)(mark) == sent


@pytest.mark.parametrize(
    ("basis", "end"),
    [
        (("putuo-2020/31",), "…；依据：《上海市普陀区公共数据管理办法》第三十一条；putuo-2020@1"),
        ((), "…；putuo-2020@1"),
        (tuple(f"law/{number}" for number in range(100)), "…；putuo-2020@1"),
    ],
)
def test_a_long_reason_keeps_article_and_pack(basis: tuple[str, ...], end: str) -> None:
    long = Label("tier", "L3", "suggested", 0.9, "长" * 600, basis, pack="putuo-2020@1")
    mark = made().mark("tier", long)
    assert mark is not None
    assert (len(mark.reason), mark.reason.startswith("长长"), mark.reason.endswith(end)) == (500, True, True)


@pytest.mark.parametrize(("state", "origin"), [("confirmed", "rule"), ("suggested", "steward")])
def test_what_people_decided_is_confirmed(state: str, origin: str) -> None:
    mark = made().mark("share", Label("share", "none", state, 1.0, "", origin=origin))  # type: ignore[arg-type]
    assert mark is not None
    assert mark.state == "Confirmed"


@pytest.mark.parametrize(
    "label", [Label("share", "undetermined", "undetermined", 0.0, ""), Label("share", "gone", "confirmed", 1.0, "")]
)
def test_undetermined_and_unknown_values_have_no_mark(label: Label) -> None:
    assert made().mark("share", label) is None


def test_full_width_brackets_become_narrow_ones() -> None:
    names = made(overlay="display:\n  share: {conditional: 授权共享（内部）}\n")
    assert names.tag("share", "conditional") == "共享类型.授权共享(内部)"


@pytest.mark.parametrize(
    ("overlay", "told"),
    [
        ("display:\n  share: {conditional: 授权/共享}\n", "display/share/conditional: OpenMetadata refuses the name"),
        ("display:\n  share: {conditional: 授}\n", "has 1 characters"),
        ("display:\n  share: {conditional: 非共享}\n", "display/share/conditional and display/share/none are both"),
    ],
)
def test_names_that_no_server_takes_are_refused_with_their_place(overlay: str, told: str) -> None:
    with pytest.raises(PackProblem, match=told):
        made(overlay=overlay)


def test_two_elements_of_one_name_are_told_apart() -> None:
    overlay = "elements:\n  site.name: {zh: 姓名, category: PB}\ntiers: {site.name: L2}\n"
    names = made(overlay=overlay)
    assert (names.term("person.name"), names.term("site.name")) == ("数据元.姓名", '数据元."姓名 (site.name)"')
    assert names.meaning('数据元."姓名 (site.name)"') == ("element", "site.name")


@pytest.mark.parametrize("style", ["han", "ascii"])
def test_the_plugin_and_publishing_call_everything_alike(style: Style) -> None:
    names = made(style)
    plain = [place for place in names.named if place[0] in ("tier", "share", "open", "element")]
    assert {names.tag(*place) for place in plain} == {fqn(names.pack, *place, style) for place in plain}
    read_back = meanings(names.pack, style)
    assert {place: read_back[names.tag(*place)] for place in plain} == {place: place for place in plain}


def test_the_plugin_takes_the_sites_names(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("name: a\n", "utf-8")
    assert chosen_names(State(tmp_path)) == "han"
    text = "url: http://127.0.0.1:1/api\ntoken: ${NOT_THERE}\nnames: ascii\n"
    (tmp_path / "openmetadata.yaml").write_text(text, "utf-8")
    assert chosen_names(State(tmp_path)) == "ascii"
