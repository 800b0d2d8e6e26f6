"""Versions move on while a request is reviewed: what is gone is closed, and approvals count for what they saw."""

from __future__ import annotations

from typing import Any

import pytest


def harvested(town: Any, old: str, new: str, *kept: str) -> None:
    """Another structure of the source, published as a new version; ``kept``: columns whose tier stays as it was."""
    script = (town.root / "parks.sql").read_text("utf-8")
    assert old in script
    (town.root / "parks.sql").write_text(script.replace(old, new), "utf-8")
    town.ok("run", "--no-outputs")
    for name in kept:
        town.ok("decide", f"permits.{name}", "--set", "tier=L3", "--why", "沿用", "--yes", account="li")
    if kept:
        town.ok("classify")
    town.publish("permits")


def approved(town: Any, *more: str) -> str:
    """A request for what is shared conditionally, with both approvals."""
    town.publish("permits")
    ident = str(town.ask("permits", *more)["id"])
    for account in ("sun", "zhao"):
        town.ok("request", "review", ident, "--approve", account=account)
    return ident


# --- gone --------------------------------------------------------------------------------------------------------


def without_an_item(town: Any) -> None:
    harvested(town, ", sfzh varchar(18) COMMENT '申请人身份证号'", "", "xm")


def withdrawn(town: Any) -> None:
    town.ok("entry", "withdraw", "permits", "--why", "下线")


@pytest.mark.parametrize(
    ("going", "what"),
    [
        (without_an_item, "the version in force of lvhua/gis/permits has no item sfzh"),
        (withdrawn, "no version of lvhua/gis/permits is in force any more"),
    ],
)
@pytest.mark.parametrize("account", ["wang", "sun", "zhao"])
def test_what_is_no_longer_in_the_catalogue_is_closed_without_law(
    town: Any, going: Any, what: str, account: str
) -> None:
    ident = approved(town, "--item", "sfzh")
    going(town)
    for verb, by in (("grant", "wang"), ("review", "sun")):
        done = town("request", verb, ident, *(["--approve"] if verb == "review" else []), account=by)
        assert done.exit_code == 4, done.stderr
        assert what in done.stderr
        assert f"close the request (no law is needed): pdc request review {ident} --refuse" in done.stderr
    close = ("request", "review", ident, "--refuse")
    assert "refuse needs a reason" in town.refused(*close, account=account)
    assert town.ok(*close, "--why", "该信息项已不再提供", account=account)["stage"] == "refused"
    refusal = town.show(ident)["state"]["refusal"]
    assert (refusal["gone"], refusal["by"].get("basis", [])) == ("no longer in the catalogue", [])
    assert "closed    该信息项已不再提供 no longer in the catalogue" in town("request", "show", ident).stdout


def test_only_what_is_gone_is_closed_without_law(town: Any) -> None:
    ident = approved(town, "--item", "xm")
    without_an_item(town)
    close = ("request", "review", ident, "--refuse", "--why", "不便提供")
    assert "nobody may refuse to share without" in town.refused(*close, account="sun")
    assert "may not request.review-owner" in town.refused(*close, account="wang")


def test_who_asked_does_not_close(town: Any) -> None:
    ident = approved(town)
    withdrawn(town)
    close = ("request", "review", ident, "--refuse", "--why", "不要了")
    assert "may not request.review-owner" in town.refused(*close, account="qian")


def test_a_renewal_of_what_is_gone_is_asked_anew(town: Any) -> None:
    ident = approved(town, "--item", "sfzh", "--until", "2026-09-25")
    town.ok("request", "grant", ident)
    without_an_item(town)
    done = town("request", "renew", ident, "--until", "2026-12-31", account="qian")
    assert (done.exit_code, "has no item sfzh: ask anew" in done.stderr) == (4, True)


# --- approvals of another version --------------------------------------------------------------------------------


def with_an_item(town: Any) -> None:
    harvested(town, "pzrq date", "sjh varchar(11) COMMENT '申请人手机号', pzrq date")


def test_approvals_of_a_resource_are_for_the_version_that_was_seen(town: Any) -> None:
    ident = approved(town)
    with_an_item(town)
    done = town("request", "grant", ident)
    assert done.exit_code == 4
    for side in ("office", "owner"):
        assert f"{side} approved another version (" in done.stderr
        assert f"pdc request review {ident} --approve --{side}" in done.stderr
    assert "新增信息项 sjh" in done.stderr
    town.ok("request", "review", ident, "--approve", "--office", account="sun")
    told = town.refused("request", "grant", ident)
    assert ("office approved" in told, "owner approved another version" in told) == (False, True)
    assert "was approved for the office" in town.refused("request", "review", ident, "--approve", account="sun")
    town.ok("request", "review", ident, "--approve", "--owner", account="zhao")
    assert town.ok("request", "grant", ident)["stage"] == "granted"


def test_approvals_again_are_still_of_two_persons(town: Any) -> None:
    site = (town.root / "site.yaml").read_text("utf-8")
    (town.root / "site.yaml").write_text(site.replace("roles: [head]}", "roles: [head, office]}"), "utf-8")
    town.publish("permits")
    ident = town.ask("permits")["id"]
    town.ok("request", "review", ident, "--approve", account="sun")
    town.ok("request", "review", ident, "--approve", "--owner", account="zhao")
    with_an_item(town)
    again = ("request", "review", ident, "--approve", "--office")
    assert "needs a second person" in town.refused(*again, account="zhao")
    town.ok(*again, account="sun")


def test_approvals_of_items_hold_while_these_items_stay_the_same(town: Any) -> None:
    ident = approved(town, "--item", "xm")
    with_an_item(town)
    assert town.ok("request", "grant", ident)["stage"] == "granted"


def test_approvals_of_items_that_mean_something_else_do_not_hold(town: Any) -> None:
    ident = approved(town, "--item", "sfzh")
    harvested(town, "申请人身份证号", "申请人护照号")
    done = town("request", "grant", ident)
    assert (done.exit_code, "信息项 sfzh 的" in done.stderr) == (4, True), done.stderr
    assert "的数据元：公民身份号码 → " in done.stderr


# --- what lists say of it ----------------------------------------------------------------------------------------


def test_lists_tell_that_an_approval_counts_no_more_and_whom_it_waits_for(town: Any) -> None:
    ident = approved(town)
    [before] = town.ok("request", "list")
    assert (before["waits_for"], before["since"][:10], before["note"]) == (["centre"], "2026-09-21", "")
    assert town.ok("request", "list", "--recheck") == []
    town.days(1)
    with_an_item(town)
    [row] = town.ok("request", "list")
    assert (row["waits_for"], row["since"][:10]) == (["office", "owner"], "2026-09-22")
    assert row["note"].startswith("approved by office and owner for another version (")
    assert "新增信息项 sjh" in row["note"]
    assert row["note"].endswith("): void since 2026-09-22, when the version in force was published")
    assert [one["id"] for one in town.ok("request", "list", "--recheck")] == [ident]
    town.ok("request", "review", ident, "--approve", "--office", account="sun")
    [row] = town.ok("request", "list", "--recheck")
    assert (row["waits_for"], row["note"].split(" for ")[0]) == (["owner"], "approved by owner")
    found = town.show(ident)
    assert (list(found["now"]["void"]), [step["people"] for step in found["next"]]) == (
        ["owner"],
        [["li", "zhao", "wu"]],
    )
    assert "waits for owner since 2026-09-22 (李四 li、赵六 zhao、吴二 wu)" in town("request", "show", ident).stdout


def test_what_is_due_is_the_review_again(town: Any) -> None:
    (town.root / "packs").mkdir()
    limits = "limits: {review: {days: 5, calendar: working}, grant: {days: 1}}\n"
    (town.root / "packs" / "limits.yaml").write_text(f"extends: putuo-2020\nid: limits\n{limits}", "utf-8")
    town.ok("classify")
    ident = approved(town)
    assert town.show(ident)["due"] == {"what": "grant", "day": "2026-09-22"}
    town.days(7)
    assert [row["to_do"] for row in town.ok("request", "overdue")] == ["grant"]
    with_an_item(town)
    assert town.ok("request", "overdue") == []
    assert town.show(ident)["due"] == {"what": "review", "day": "2026-10-10"}


def test_what_is_gone_is_told_in_the_list(town: Any) -> None:
    ident = approved(town, "--item", "sfzh")
    without_an_item(town)
    [row] = town.ok("request", "list", "--recheck")
    assert (row["id"], row["note"], row["waits_for"]) == (
        *(ident, "the version in force of lvhua/gis/permits has no item sfzh"),
        ["centre"],
    )
    assert "sfzh  " in (shown := town("request", "show", ident).stdout)
    assert "not in the version in force" in shown
    assert f"pdc request review {ident} --refuse --why TEXT (no law is needed)" in shown


def test_grants_whose_items_have_changed_since_are_looked_at_again(town: Any) -> None:
    whole, named = approved(town), town.ask("permits", "--item", "xm")["id"]
    for account in ("sun", "zhao"):
        town.ok("request", "review", named, "--approve", account=account)
    for ident in (whole, named):
        town.ok("request", "grant", ident)
    with_an_item(town)
    [row] = town.ok("request", "list", "--recheck")
    assert (row["id"], row["note"]) == (whole, "granted for another version: 新增信息项 sjh：（空） → 申请人手机号")
    assert "sjh" not in town.show(whole)["text"]


def test_what_has_become_unconditional_is_granted_without_review(town: Any) -> None:
    town.rule("parks", "share", "conditional", ("pipl/34",), "mc")
    town.publish("parks")
    ident = town.ask("parks", "--item", "mc")["id"]
    assert "office has not approved" in town.refused("request", "grant", ident)
    town.rule("parks", "share", "unconditional", (), "mc")
    town.publish("parks")
    assert town.show(ident)["next"][0]["command"] == f"pdc request grant {ident}"
    assert town.ok("request", "grant", ident)["stage"] == "granted"
    assert "上述数据属于无条件共享类公共数据" in town.show(ident)["text"]
