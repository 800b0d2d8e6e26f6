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


def test_changes_are_told_in_the_words_of_the_pack(shell: Any) -> None:
    shell.publish("parks")
    shell.decide("parks.mc", "share=conditional open=none tier=L3")
    shell("run", "--no-outputs", code=0)
    told = shell("entry", "diff", "parks", code=0).stdout
    assert "信息项 mc 的共享类型：无条件共享 → 授权共享" in told
    assert "信息项 mc 的数据分级：L1 公开级 → L3 敏感级" in told
    assert "conditional" not in told
    assert shell.json("entry", "show", "parks")["changes"] == told.splitlines()
