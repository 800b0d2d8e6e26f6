"""``pdc entry versions|diff|show --review``: what was handed in, what became of it, and in whose words."""

from __future__ import annotations

from typing import Any

import pytest

PARKS = "lvhua/gis/parks"
ADDRESS = "'公园名称', dz varchar(99) COMMENT '公园地址'"


def fill(shell: Any, *values: str) -> None:
    shell("entry", "fill", "parks", *values, by="li", code=0)


def two_versions(shell: Any) -> None:
    """The first is in force, another was returned, a third is under review, and something has changed since."""
    shell.publish("parks")
    fill(shell, "abstract=第一稿")
    shell("entry", "submit", "parks", code=0)
    shell("entry", "return", "parks", "--why", "太短", by="wang", code=0)
    fill(shell, "abstract=全区公园名册")
    shell("entry", "submit", "parks", code=0)
    fill(shell, "domain=生态")


def test_versions_with_who_did_what(shell: Any) -> None:
    two_versions(shell)
    first, second, third = shell.json("entry", "versions", "parks")
    assert (first["number"], first["standing"], first["published"]["who"]) == (1, "in force", "chen")
    assert (first["secrecy"]["who"], first["security"]["who"], first["approved"]["who"]) == ("zhao", "chen", "wang")
    assert (second["standing"], second["returned"]["why"], "number" in second) == ("returned", "太短", False)
    assert (third["standing"], third["submitted"]["who"]) == ("under review", "li")
    acts = shell.json("entry", "history", "parks")
    assert third["digest"] in acts[-2]["after"]
    table = shell("entry", "versions", "parks").stdout.splitlines()
    assert table[0].split()[:3] == ["version", "digest", "is"]
    assert (table[1].split()[:2], "returned" in table[0]) == (["1", first["digest"][:12]], True)
    assert third["digest"][:12] in shell("entry", "history", "parks").stdout


def test_replaced_and_withdrawn_versions(shell: Any) -> None:
    two_versions(shell)
    shell("entry", "submit", "parks", code=0)
    assert [one["standing"] for one in shell.json("entry", "versions", "parks")] == [
        *("in force", "returned", "replaced", "under review")
    ]
    for who, *act in (
        *(("wang", "approve"), ("zhao", "sign", "--secrecy"), ("chen", "sign", "--security"), ("chen", "publish")),
    ):
        shell("entry", act[0], "parks", *act[1:], by=who, code=0)
    shell("entry", "withdraw", "parks", "--why", "系统下线", by="sun", code=0)
    found = shell.json("entry", "versions", "parks")
    assert [(one.get("number", 0), one["standing"]) for one in found] == [
        *((1, "replaced"), (0, "returned"), (0, "replaced"), (2, "withdrawn"))
    ]
    assert ("withdrawn" in found[0], found[3]["withdrawn"]["why"]) == (False, "系统下线")
    assert "信息资源摘要" in shell("entry", "diff", "parks", "--from", "1", "--to", "2", code=0).stdout


def test_any_two_versions_are_compared(shell: Any) -> None:
    two_versions(shell)

    def told(*more: str) -> list[str]:
        return [line.partition("：")[2] for line in shell("entry", "diff", "parks", *more, code=0).stdout.splitlines()]

    second = shell.json("entry", "versions", "parks")[1]["digest"]
    assert told("--from", second[:8], "--to", "review") == ["第一稿 → 全区公园名册"]
    assert told("--from", "review") == ["（空） → 生态"]
    assert [line.partition(" → ")[2] for line in told("--to", "review")] == ["全区公园名册"]
    assert [line.partition(" → ")[2] for line in told()] == ["全区公园名册", "生态"]
    assert told("--from", "1", "--to", second[:12])[0].endswith("第一稿")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (("--from", "7"), "no version '7'; there are: none"),
        (("--from", "now", "--to", "review"), "no version of lvhua/gis/parks is under review"),
        ((), "no version of lvhua/gis/parks is in force"),
    ],
)
def test_versions_that_are_not_there_are_named(shell: Any, more: tuple[str, ...], expected: str) -> None:
    assert expected in shell("entry", "diff", "parks", *more, code=2).stderr


def test_a_reviewer_sees_what_was_submitted(shell: Any) -> None:
    two_versions(shell)
    found = shell.json("entry", "show", "parks", "--review", by="wang")
    by = {one["key"]: one["value"] for one in found["elements"]}
    assert (by["abstract"], by["domain"], found["state"]) == ("全区公园名册", "", "submitted")
    assert [line.partition(" → ")[2] for line in found["changes"]] == ["全区公园名册"]
    assert found["since_submitted"] == ["数据领域（主题）：（空） → 生态"]
    assert "changed since it was submitted\n  数据领域" in shell("entry", "show", "parks", "--review").stdout
    assert {one["key"]: one["value"] for one in shell.json("entry", "show", "parks")["elements"]}["domain"] == "生态"
    odd = shell("entry", "show", "trees", "--review", code=2)
    assert "no version of lvhua/gis/trees is under review (it is draft)" in odd.stderr
    assert shell("entry", "show", "parks", "--review", "--as-of", "2026-01-01").exit_code == 2


def test_what_changed_under_review_is_submitted_again_and_reviewed_anew(shell: Any) -> None:
    shell.review("parks")
    again = shell("entry", "submit", "parks", code=4)
    assert "this version is approved already; nothing has changed since" in again.stderr
    fill(shell, "domain=生态")
    stale = shell("entry", "publish", "parks", by="chen", code=4)
    assert "its department submits it again (pdc entry submit)" in stale.stderr
    shell("entry", "submit", "parks", code=0)
    found = shell.json("entry", "show", "parks")
    assert (found["state"], len(found["to_do"]), found["since_submitted"]) == ("submitted", 3, [])
    assert "publish is for entries that are approved" in shell("entry", "publish", "parks", by="chen", code=4).stderr


def test_what_was_returned_is_under_review_no_more(shell: Any) -> None:
    shell("entry", "submit", "parks", code=0)
    assert shell.json("entry", "show", "parks")["under_review"]["who"] == "li"
    shell("entry", "return", "parks", "--why", "太短", by="wang", code=0)
    assert shell.json("entry", "show", "parks")["under_review"] is None
    assert "is under review (it is returned)" in shell("entry", "show", "parks", "--review", code=2).stderr


def test_changes_are_told_in_the_words_of_the_pack(shell: Any) -> None:
    shell.publish("parks")
    shell.decide("parks.mc", "share=conditional open=none tier=L3")
    shell("run", "--no-outputs", code=0)
    told = shell("entry", "diff", "parks", code=0).stdout
    assert "信息项 mc 的共享类型：无条件共享 → 授权共享" in told
    assert "信息项 mc 的数据分级：L1 公开级 → L3 敏感级" in told
    assert "conditional" not in told
    assert shell.json("entry", "show", "parks")["changes"] == told.splitlines()


# --- who says what ------------------------------------------------------------------------------------------------


def test_rulings_are_peoples_and_declared_cycles_the_configurations(shell: Any) -> None:
    by = {one["key"]: (one["name"], one["by"], one["who"]) for one in shell.json("entry", "show", "parks")["elements"]}
    assert (by["share"], by["tier"]) == (("无条件共享", "rule", ""), ("L1 公开级", "rule", ""))
    assert by["update_cycle"] == ("每年", "config", "")
    shell.decide("parks.mc", "share=conditional open=none tier=L3")
    shell.decide("parks", "share=conditional open=none tier=L4")
    shell("run", "--no-outputs", code=0)
    found = shell.json("entry", "show", "parks")
    by = {one["key"]: (one["name"], one["by"], one["who"]) for one in found["elements"]}
    assert [by[key][:2] for key in ("share", "open", "tier")] == [
        *(("授权共享", "person"), ("非开放", "person"), ("L4 高敏感级", "person"))
    ]
    assert by["share"][2] in ("李四", "li")
    number, name = ({one["key"]: (one["value"], one["by"]) for one in item["labels"]} for item in found["items"])
    assert number == {"tier": ("L1", "rule"), "share": ("unconditional", "rule"), "open": ("unconditional", "rule")}
    assert name == {"tier": ("L3", "person"), "share": ("conditional", "person"), "open": ("none", "person")}
    text = shell("entry", "show", "parks").stdout
    assert "授权共享 (" in next(line for line in text.splitlines() if line.startswith("2   mc"))


def test_who_ruled_is_said_of_past_days_and_of_the_version_under_review_too(shell: Any) -> None:
    shell.decide("parks.mc", "share=conditional open=none tier=L3")
    shell("run", "--no-outputs", code=0)
    shell.publish("parks")
    shell.decide("parks.mc", "share=conditional open=none tier=L4")
    shell("run", "--no-outputs", code=0)
    past = shell.json("entry", "show", "parks", "--as-of", "2999-01-01")
    assert {one["key"]: one["by"] for one in past["items"][1]["labels"]} == dict.fromkeys(
        ("tier", "share", "open"), "person"
    )
    assert past["since_submitted"] == []


def test_an_item_that_is_undetermined_is_missing(shell: Any) -> None:
    shell.run(shell.parks.replace("公园名称", "待考").replace("mc ", "qz7x "), shell.trees)
    found = shell.json("entry", "show", "parks")
    assert found["completeness"] < 1
    assert [line for line in found["to_do"] if line.startswith("qz7x")] == found["to_do"]


# --- bad input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("related_codes=abc",), "related_codes (关联资源代码) is codes such as 300001/000001"),
        (("category=乱写",), "category (信息资源分类) begins with 部门信息资源类, as its code 300001/000001 says"),
        (("category=基础信息资源类/x",), "begins with 部门信息资源类, as its code 300001/000001 says"),
        (("last_sync=2099-01-01",), "last_sync (最后同步时间) is a time that has passed, not '2099-01-01'"),
        (("related_codes=300001/000009、300001/000001",), "is codes of other resources than this one"),
        (("title=x", "title=z"), "lvhua/gis/parks: title is given twice"),
        (("abstract=一\n二",), "abstract (信息资源摘要) is one line of text"),
        (("time_span=\u202e2026",), "character 1 is U+202E"),
        (("abstract=\udcff",), "U+DCFF"),
        (("abstract=x", "--why", "a\nb"), "--why is one line of text"),
        (("abstract=x", "--as", "\u202eli"), "--as is one line of text"),
    ],
)
def test_what_no_element_takes(shell: Any, values: tuple[str, ...], expected: str) -> None:
    found = shell("entry", "fill", "parks", *values, code=2)
    assert expected in found.stderr
    assert shell.json("entry", "history", "parks") == []


def test_values_that_elements_take(shell: Any) -> None:
    fill(shell, "related_codes=300001/000009、307000/000012", "category=部门信息资源类/生态环境")
    by = {one["key"]: one["value"] for one in shell.json("entry", "show", "parks")["elements"]}
    assert (by["related_codes"], by["category"]) == ("300001/000009、307000/000012", "部门信息资源类/生态环境")


@pytest.mark.parametrize("command", ["history", "versions", "diff", "show", "show --as-of 2026-01-01"])
def test_one_entry_is_meant(shell: Any, command: str) -> None:
    told = shell("entry", *command.split(), "lvhua/*", code=2).stderr
    assert "'lvhua/*' names 2 entries: lvhua/gis/parks, lvhua/gis/trees; name one of them" in told


def test_verbs_take_one_line_of_reason_and_list_knows_its_states(shell: Any) -> None:
    assert "--why is one line" in shell("entry", "submit", "*", "--why", "a\u2028b", code=2).stderr
    assert "'bogus' is not one of" in shell("entry", "list", "--state", "bogus", code=2).stderr
    assert "..." not in shell("entry", "--help", code=0).stdout.partition("Commands:")[2]


def test_items_that_are_ruled_stricter_than_their_resource_are_named(shell: Any) -> None:
    shell.decide("parks.mc", "share=none open=none")
    shell.decide("parks", "share=conditional open=conditional tier=L2")
    shell("run", "--no-outputs", code=0)
    labels = {one["key"]: one["stricter"] for one in shell.json("entry", "show", "parks")["labels"]}
    assert labels == {"tier": [], "share": ["mc"], "open": ["mc"]}
    assert "授权共享（不含：mc）" in shell("entry", "show", "parks").stdout


def test_only_what_is_new_is_counted(shell: Any) -> None:
    fill(shell, "domain=生态")
    told = shell("entry", "fill", "parks", "domain=生态", "area=全区", code=0).stderr
    assert "lvhua/gis/parks: 1 elements filled (act 2)" in told


def test_a_key_names_itself(shell: Any) -> None:
    shell.run(shell.parks.replace("parks", "`p[1]`"), shell.parks, shell.trees)
    assert shell.json("entry", "show", "lvhua/gis/p[1]")["asset"] == "lvhua/gis/p[1]"
    shell("entry", "submit", "lvhua/gis/p[1]", code=0)
