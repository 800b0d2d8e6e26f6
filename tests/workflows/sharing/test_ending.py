"""What ends a request or a grant early: data is taken away on the ground of a refusal only (Art. 21, 25)."""

from __future__ import annotations

from typing import Any

OUTSIDE = ("--open", "--applicant", "某大学", "--purpose", "研究")


def shared(town: Any) -> str:
    """An authorised grant of the permits."""
    town.publish("permits")
    ident: str = town.ask("permits")["id"]
    for account in ("sun", "zhao"):
        town.ok("request", "review", ident, "--approve", account=account)
    town.ok("request", "grant", ident)
    return ident


def opened(town: Any, asset: str, account: str = "ke") -> str:
    ident: str = town.ok("request", "new", *OUTSIDE, "--asset", asset, account=account)["id"]
    return ident


def test_an_authorised_grant_is_taken_back_with_a_law_only(town: Any) -> None:
    ident = shared(town)
    revoke = ("request", "revoke", ident, "--why", "不想给了")
    for account in ("zhao", "sun", "wang"):
        assert "nobody may take back what is shared without a law" in town.refused(*revoke, account=account)
    assert "第二十一条：级别不足" in town.refused(*revoke, "--basis", "putuo-2020/21", account="zhao")
    assert "has no citation nosuch/1" in town.refused(*revoke, "--basis", "nosuch/1", account="zhao")
    assert "may not request.revoke" in town.refused(*revoke, "--basis", "pipl/34", account="li")
    assert town.ok(*revoke, "--basis", "pipl/34", account="zhao")["stage"] == "revoked"
    mark = town.show(ident)["state"]["revoked"]
    assert (mark["basis"], mark.get("ground"), mark["name"]) == (["pipl/34"], None, "赵六")
    assert "《中华人民共和国个人信息保护法》第三十四条" in town("request", "show", ident).stdout


def test_a_breach_is_found_by_who_oversees(town: Any) -> None:
    ident = shared(town)
    breach = ("request", "revoke", ident, "--why", "转给第三方", "--breach")
    assert "is found by the centre or the office" in town.refused(*breach, account="zhao")
    assert "say one: --basis or --breach" in town.refused(*breach, "--basis", "pipl/34", account="sun")
    assert town.ok(*breach, account="sun")["stage"] == "revoked"
    assert town.show(ident)["state"]["revoked"]["ground"] == "breach"
    assert "conditions of the grant were broken" in town("request", "show", ident).stdout


def test_what_the_version_in_force_does_not_share_is_taken_back_on_its_citation(town: Any) -> None:
    ident = shared(town)
    town.rule("permits", "share", "none", ("pipl/28",), "sfzh")
    town.publish("permits", refusal=True)
    [row] = town.ok("request", "list", "--recheck")
    assert "lvhua/gis/permits is 非共享 now (《中华人民共和国个人信息保护法》第二十八条" in row["note"]
    town.ok("request", "revoke", ident, "--why", "敏感个人信息", account="zhao")
    mark = town.show(ident)["state"]["revoked"]
    assert "pipl/28" in mark["basis"]
    assert mark["ground"] == "version"


def test_what_is_in_force_no_more_is_taken_back_without_a_law(town: Any) -> None:
    ident = shared(town)
    town.ok("entry", "withdraw", "permits", "--why", "下线")
    town.ok("request", "revoke", ident, "--why", "下线", account="zhao")
    assert town.show(ident)["state"]["revoked"]["ground"] == "gone"


def test_what_was_free_and_needs_a_review_now_is_taken_back_by_who_oversees(town: Any) -> None:
    town.publish("parks")
    ident = town.ask("parks")["id"]
    town.rule("parks", "share", "conditional", ("pipl/34",), "mc")
    town.publish("parks")
    revoke = ("request", "revoke", ident, "--why", "改为授权共享")
    assert "nobody may take back" in town.refused(*revoke, account="zhao")
    assert town.ok(*revoke, account="wang")["stage"] == "revoked"
    assert town.show(ident)["state"]["revoked"]["ground"] == "review"


def test_what_is_open_to_everybody_the_department_does_not_close(town: Any) -> None:
    town.publish("parks")
    ident = opened(town, "parks")
    revoke = ("request", "revoke", ident, "--why", "不想开放")
    for account in ("zhao", "sun"):
        told = town.refused(*revoke, "--basis", "pipl/34", account=account)
        assert "is open unconditionally (Art. 25); the centre or the opening authority revokes it" in told
    assert "to take back what was opened needs its ground" in town.refused(*revoke, account="ke")
    assert "has no conditions to break" in town.refused(*revoke, "--breach", account="ke")
    assert town.ok(*revoke, "--basis", "pipl/34", account="ke")["stage"] == "revoked"


def test_the_department_that_is_asked_does_not_withdraw_for_the_applicant(town: Any) -> None:
    town.publish("air")
    ident, own = opened(town, "air"), opened(town, "air", account="li")
    for account in ("li", "zhao"):
        for one in (ident, own):
            told = town.refused("request", "withdraw", one, "--why", "不想开放", account=account)
            assert "to withdraw would be to refuse (Art. 25)" in told
    assert "may not request.open" in town.refused("request", "withdraw", ident, "--why", "w", account="sun")
    assert town.ok("request", "withdraw", ident, "--why", "申请人来函撤回", account="ke")["stage"] == "withdrawn"
    assert town.ok("request", "withdraw", own, "--why", "申请人来函撤回", account="wang")["stage"] == "withdrawn"


def test_what_is_shared_no_more_is_refused_and_not_approved(town: Any) -> None:
    town.publish("permits")
    ident = town.ask("permits")["id"]
    town.rule("permits", "share", "none", ("pipl/28",), "sfzh")
    town.publish("permits", refusal=True)
    for account in ("sun", "zhao"):
        told = town.refused("request", "review", ident, "--approve", account=account)
        assert "lvhua/gis/permits is 非共享 now (《中华人民共和国个人信息保护法》第二十八条" in told
        assert f"pdc request review {ident} --refuse --why TEXT" in told
    [row] = town.ok("request", "list", "--recheck")
    assert row["waits_for"] == ["office", "owner"]
    assert "is 非共享 now" in row["note"]
    town.ok("request", "review", ident, "--refuse", "--why", "敏感个人信息", account="zhao")
    refusal = town.show(ident)["state"]["refusal"]
    assert "pipl/28" in refusal["by"]["basis"]
    assert "pzrq" in refusal["instead"]


def leave(town: Any) -> None:
    """The asking department is no more."""
    (town.root / "departments" / "minzheng.yaml").unlink()
    site = town.root / "site.yaml"
    kept = [line for line in site.read_text("utf-8").splitlines() if "minzheng" not in line]
    site.write_text("\n".join(kept), "utf-8")


def test_the_centre_ends_what_a_department_asked_that_is_gone(town: Any) -> None:
    granted = shared(town)
    ident = town.ask("permits")["id"]
    town.publish("air")
    outside = town.ok("request", "new", *OUTSIDE, "--asset", "air", "--for", "minzheng", account="ke")["id"]
    leave(town)
    # Who asks from outside is there as before.
    town.ok("request", "review", outside, "--approve", account="zhao")
    told = f"minzheng is no department of this site any more; the centre ends it: pdc request withdraw {ident}"
    for verb in (("review", ident, "--approve"), ("grant", ident)):
        account = "zhao" if verb[0] == "review" else "wang"
        assert told in town.refused("request", *verb, account=account)
    rows = {row["id"]: row for row in town.ok("request", "list", "--recheck")}
    assert set(rows) == {granted, ident}
    assert rows[ident]["waits_for"] == ["centre"]
    assert "普陀区民政局 (minzheng)" in town("request", "show", ident).stdout
    assert "may not request.withdraw" in town.refused("request", "withdraw", ident, "--why", "撤并", account="sun")
    for one in (granted, ident):
        assert town.ok("request", "withdraw", one, "--why", "撤并", account="wang")["stage"] == "withdrawn"
    assert town.ok("request", "list", "--recheck") == []
