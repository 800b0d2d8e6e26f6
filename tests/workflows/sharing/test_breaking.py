"""Tried in the wrong order, by the wrong person, with the wrong words: what is refused, and what is understood."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workflows.entry import Entry, EntryItem
from workflows.errors import InputError
from workflows.sharing.judge import resolved
from workflows.sharing.states import Document

GIVEN = ("--purpose", "p", "--means", "m")


def approved(town: Any, *more: str) -> str:
    town.publish("permits")
    ident = str(town.ask("permits", *more)["id"])
    for account in ("sun", "zhao"):
        town.ok("request", "review", ident, "--approve", account=account)
    return ident


# --- what people write -------------------------------------------------------------------------------------------


def test_items_in_any_case_by_their_chinese_name_and_twice_are_the_items(town: Any) -> None:
    town.publish("permits")
    ident = town.ask("permits", "--item", "XM", "--item", "申请人身份证号", "--item", "xm")["id"]
    assert town.show(ident)["state"]["document"]["items"] == ["xm", "sfzh"]
    unknown = ("--for", "minzheng", "--asset", "permits", "--item", "SFZHM", "--basis", "b", *GIVEN)
    assert "has no item 'SFZHM'" in town.refused("request", "new", *unknown, account="qian")


def test_items_that_differ_by_case_only_are_asked_for_exactly() -> None:
    made = tuple(EntryItem(number, name, "同名", "字符型C") for number, name in enumerate(("xm", "Xm"), 1))
    entry = Entry("lvhua/gis/permits", "", "", "", "", "", "", "", made, (), "", "", "", "")
    assert resolved(Document("share", "minzheng", items=("Xm",)), entry).items == ("Xm",)
    for name in ("XM", "同名"):
        with pytest.raises(InputError, match=r"has several items .*: xm, Xm; write which one"):
            resolved(Document("share", "minzheng", items=(name,)), entry)


@pytest.mark.parametrize(
    ("basis", "told"),
    [
        (("",), "says nothing of --basis"),
        (("法定职责", " "), "says nothing of --basis"),
        (("pipl/99",), "the pack putuo-2020 has no citation pipl/99"),
    ],
)
def test_a_basis_is_a_text_or_a_citation_that_there_is(town: Any, basis: tuple[str, ...], told: str) -> None:
    given = [word for one in basis for word in ("--basis", one)]
    asked = ("request", "new", "--for", "minzheng", "--asset", "parks", *given, *GIVEN)
    assert told in town.refused(*asked, account="qian")


def test_numbers_in_small_letters(town: Any) -> None:
    town.publish("parks")
    town.ask("parks")
    assert town("request", "show", "s2026-0001").stdout.startswith("S2026-0001 ")


# --- days --------------------------------------------------------------------------------------------------------


def test_a_period_that_began_already_is_refused(town: Any) -> None:
    town.publish("parks")
    past = ("--for", "minzheng", "--asset", "parks", "--from", "2026-01-01", "--basis", "b", *GIVEN)
    told = town.refused("request", "new", *past, account="qian")
    assert "--from 2026-01-01 is over; without --from it begins with the grant" in told


def test_nobody_grants_more_days_than_were_asked_for_and_approved(town: Any) -> None:
    ident = approved(town, "--from", "2026-09-28", "--until", "2026-10-31")
    grant = ("request", "grant", ident)
    assert "was asked for until 2026-10-31: for more" in town.refused(*grant, "--until", "2027-10-31")
    assert "was asked for from 2026-09-28 on" in town.refused(*grant, "--from", "2026-09-22")
    town.ok(*grant, "--until", "2026-10-15")
    early = ("request", "use", ident, "--rows", "1")
    assert "granted from 2026-09-28 to 2026-10-15: not to be used on 2026-09-21" in town.refused(*early, account="qian")


def test_a_period_that_passed_under_review_is_asked_for_anew(town: Any) -> None:
    ident = approved(town, "--until", "2026-09-25")
    town.days(5)
    over = "asked for until 2026-09-25, which is over: who asked withdraws it and asks anew"
    assert over in town.refused("request", "grant", ident)
    assert [(row["id"], row["note"]) for row in town.ok("request", "list", "--recheck")] == [(ident, over)]
    town.ok("request", "withdraw", ident, "--why", "另行申请", account="qian")
    assert town.ok("request", "list", "--recheck") == []


# --- whose it is -------------------------------------------------------------------------------------------------


def test_the_owner_alone_does_not_take_back_what_is_shared_unconditionally(town: Any) -> None:
    town.publish("parks")
    ident = town.ask("parks")["id"]
    revoke = ("request", "revoke", ident, "--why", "不想给了")
    assert "the centre or the office revokes it" in town.refused(*revoke, account="zhao")
    assert "nobody may take back what is shared without a law" in town.refused(*revoke, account="sun")
    assert town.ok(*revoke, "--breach", account="sun")["stage"] == "revoked"


def test_an_applicant_from_outside_objects_through_who_entered_the_request(town: Any) -> None:
    town.publish("permits")
    given = ("--open", "--applicant", "某大学", "--asset", "permits", "--purpose", "研究")
    ident = town.ok("request", "new", *given, account="ke")["id"]
    assert town.show(ident)["state"]["stage"] == "refused"
    assert "ke" in town.show(ident)["next"][0]["people"]
    town.ok("request", "object", ident, "--why", "可以脱敏后开放", account="ke")
    assert town.ok("request", "answer", ident, "--review", "--why", "再审", account="sun")["stage"] == "reviewing"


def test_who_reviews_for_the_office_and_belongs_to_the_owner_is_one_person(town: Any) -> None:
    site = (town.root / "site.yaml").read_text("utf-8")
    both = site.replace(
        "accounts: [zhao], departments: [lvhua], roles: [head]", "accounts: [zhao], roles: [head, office]"
    )
    (town.root / "site.yaml").write_text(both, "utf-8")
    town.publish("permits")
    ident = town.ask("permits")["id"]
    town.ok("request", "review", ident, "--approve", "--office", account="zhao")
    people = {step["party"]: step["people"] for step in town.show(ident)["next"]}
    assert people == {"owner": ["li", "wu"]}
    assert "needs a second person" in town.refused("request", "review", ident, "--approve", "--owner", account="zhao")


# --- labels ------------------------------------------------------------------------------------------------------


def test_a_ruling_on_the_resource_alone_opens_none_of_its_items(town: Any) -> None:
    town.rule("jzz", "share", "none", ("pipl/34",), "zm")
    town.publish("jzz", refusal=True)
    town.rule("jzz", "share", "conditional", ("pipl/34",))
    town.publish("jzz", refusal=True)
    found = town.show(town.ask("jzz")["id"])["state"]
    assert (found["stage"], found["refusal"]["instead"]) == ("refused", ["id", "xm"])
    assert found["refusal"]["by"]["basis"] == ["pipl/34"]


def test_a_renewal_of_what_is_not_shared_any_more_is_refused_with_its_law(town: Any) -> None:
    ident = approved(town, "--until", "2026-09-25")
    town.ok("request", "grant", ident)
    town.rule("permits", "share", "none", ("pipl/34",), "xm", "sfzh", "pzrq")
    town.rule("permits", "open", "none", ("pipl/34",), "xm", "sfzh", "pzrq")
    town.publish("permits", refusal=True)
    renewed = town.ok("request", "renew", ident, "--until", "2026-12-31", account="qian")
    assert [act["verb"] for act in renewed["acts"]] == ["renew", "refuse"]
    state = town.show(ident)["state"]
    assert (state["stage"], state["refusal"]["by"]["basis"]) == ("granted", ["pipl/34"])


# --- tickets -----------------------------------------------------------------------------------------------------


def test_a_ticket_is_about_a_resource_of_the_department(town: Any) -> None:
    opened = ("ticket", "open", "--what", "w", "--due", "2026-10-15", "--asset", "parks")
    assert "lvhua/gis/parks is not of minzheng" in town.refused(*opened, "--for", "minzheng", account="sun")
    assert "no entry is named 'x'" in town.refused(*opened[:-1], "x", "--for", "lvhua", account="sun")
    ident = town.ok(*opened, "--for", "lvhua", account="sun")["id"]
    assert town.ok("ticket", "show", ident.lower())["state"]["asset"] == "lvhua/gis/parks"


# --- output ------------------------------------------------------------------------------------------------------


def test_refusals_leave_no_broken_json(town: Any) -> None:
    ident = approved(town)
    for arguments, account in (
        (("request", "grant", ident), "qian"),
        (("request", "show", "S2026-0099"), "wang"),
        (("request", "confirm", ident, "--absent", "--why", "w"), "wang"),
        (("ticket", "answer", "T2026-0001", "--why", "w"), "li"),
    ):
        done = town(*arguments, "--json", account=account)
        assert (done.exit_code in (2, 4), done.stdout) == (True, ""), done.stdout


def test_every_list_is_json_when_there_is_nothing(town: Any) -> None:
    for arguments in (("request", "list"), ("request", "overdue"), ("ticket", "list"), ("ticket", "overdue")):
        assert json.loads(town(*arguments, "--json").stdout) == []


# --- the law of the pack -----------------------------------------------------------------------------------------


def test_the_text_cites_the_law_of_the_pack_in_force(town: Any) -> None:
    site = (town.root / "site.yaml").read_text("utf-8")
    (town.root / "site.yaml").write_text(site + "pack: national-2025\n", "utf-8")
    town.ok("classify")
    town.publish("parks")
    text = town.show(town.ask("parks")["id"])["text"]
    assert "根据《政务数据共享条例》，" in text
    assert "普陀区公共数据管理办法" not in text


def test_what_is_open_to_everybody_comes_without_conditions(town: Any) -> None:
    for name in ("parks", "air"):
        town.publish(name)
    given = ("--open", "--applicant", "某大学", "--purpose", "研究", "--asset")
    free, bound = (town.ok("request", "new", *given, name, account="ke")["id"] for name in ("parks", "air"))
    text = town.show(free)["text"]
    assert ("无需授权" in text, "第三方" in text, "第二十五条" in text) == (True, False, True)
    town.ok("request", "review", bound, "--approve", account="zhao")
    town.ok("request", "grant", bound, "--interface", "API-7")
    assert "未经提供单位同意，上述数据不得以任何形式提供给第三方" in town.show(bound)["text"]


def test_the_text_lists_what_it_gives(town: Any) -> None:
    whole = approved(town)
    town.ok("request", "grant", whole)
    text = town.show(whole)["text"]
    assert "该信息资源的全部信息项，共3项，以目录版本" in text
    assert "此后新增的信息项不在其内" in text
    for line in ("1. 申请人姓名（xm），L3 敏感级，授权共享", "3. 批准日期（pzrq），"):
        assert line in text
    assert "经公共数据主管部门会同提供单位审核同意" in text
    named = town.show(whole)["state"]["grant"]["entry"]
    assert f"以目录版本{named[:12]}为准" in text
