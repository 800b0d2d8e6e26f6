"""``pdc request``: what the program does by itself, who reviews, what is refused, and what ends."""

from __future__ import annotations

import json
from typing import Any

import pytest


def verbs(town: Any, ident: str) -> list[tuple[str, str]]:
    return [(act["verb"], act["who"]) for act in town.show(ident)["acts"]]


def jointly(town: Any, ident: str, *more: str) -> Any:
    """Both approvals and the grant."""
    town.ok("request", "review", ident, "--approve", account="sun")
    town.ok("request", "review", ident, "--approve", account="zhao")
    return town.ok("request", "grant", ident, *more, account="wang")


def conditional(town: Any, *more: str) -> str:
    town.publish("permits")
    asked = town.ask("permits", *more)
    assert (asked["stage"], verbs(town, asked["id"])) == ("reviewing", [("new", "qian")])
    return str(asked["id"])


def open_request(town: Any, asset: str, *more: str) -> Any:
    given = ("--open", "--applicant", "某大学", "--asset", asset, "--purpose", "研究", *more)
    return town.ok("request", "new", *given, account="ke")


# --- what the program does by itself -----------------------------------------------------------------------------


def test_unconditional_is_granted_at_once_with_a_record(town: Any) -> None:
    town.publish("parks")
    asked = town.ask("parks", "--item", "mc", "--until", "2026-12-31")
    found = town.show("S2026-0001")
    assert (asked["stage"], verbs(town, "S2026-0001")) == ("granted", [("new", "qian"), ("grant", "pdc")])
    assert (found["state"]["grant"]["since"], found["state"]["grant"]["until"]) == ("2026-09-21", "2026-12-31")
    for part in (
        "仅用于本单位履职需要",
        "不得以任何形式提供给第三方",
        "普陀区民政局",
        "公园名称（mc）",
        "自2026年9月21日起至2026年12月31日止",
    ):
        assert part in found["text"]


def test_what_is_not_shared_is_refused_with_its_law_and_what_could_be_had(town: Any) -> None:
    town.rule("jzz", "share", "none", ("pipl/34",), "xm", "zm")
    town.publish("jzz", refusal=True)
    asked = town.ask("jzz")
    state = town.show(asked["id"])["state"]
    assert (asked["stage"], verbs(town, asked["id"])[-1]) == ("refused", ("refuse", "pdc"))
    assert (state["refusal"]["by"]["basis"], state["refusal"]["instead"]) == (["pipl/34"], ["id"])
    assert "个人信息保护法》第三十四条" in town("request", "show", asked["id"]).stdout
    assert town.ask("jzz", "--item", "id")["stage"] == "granted"


def test_a_refusal_whose_law_no_longer_suffices_is_left_to_people(town: Any) -> None:
    town.rule("jzz", "share", "none", ("pipl/34",), "xm", "zm")
    town.publish("jzz", refusal=True)
    (town.root / "packs").mkdir()
    overlay = "extends: putuo-2020\nid: x\nsufficient_ranks: {none: [rule]}\n"
    (town.root / "packs" / "x.yaml").write_text(overlay, "utf-8")
    assert town.ask("jzz")["stage"] == "reviewing"


def test_opening_by_its_label(town: Any) -> None:
    for name in ("parks", "air", "permits"):
        town.publish(name)
    assert open_request(town, "parks")["stage"] == "granted"
    assert "开放平台" in town.show("O2026-0001")["state"]["grant"]["interface"]
    assert open_request(town, "air")["stage"] == "reviewing"
    assert open_request(town, "permits")["stage"] == "refused"
    assert town.show("O2026-0003")["state"]["refusal"]["by"]["basis"]


def test_conditional_opening_is_reviewed_by_the_owner_and_goes_through_an_interface(town: Any) -> None:
    town.publish("air")
    ident = open_request(town, "air")["id"]
    told = town.refused("request", "grant", ident, "--interface", "API-7", account="wang")
    assert "owner has not approved" in told
    assert "may not request.review-owner" in town.refused("request", "review", ident, "--approve", account="sun")
    assert "is reviewed by the owning department (Art. 25)" in town.refused(
        "request", "review", ident, "--approve", "--office", account="sun"
    )
    town.ok("request", "review", ident, "--approve", account="zhao")
    assert "goes through an interface" in town.refused("request", "grant", ident, account="wang")
    assert town.ok("request", "grant", ident, "--interface", "API-7", account="wang")["stage"] == "granted"
    assert "某大学" in town.show(ident)["text"]


def test_what_came_by_sharing_is_not_opened_by_itself(town: Any) -> None:
    shared = (town.root / "departments" / "lvhua.yaml").read_text("utf-8")
    shared = shared.replace("path: parks.sql, update", "path: parks.sql, origin: negotiated, update")
    (town.root / "departments" / "lvhua.yaml").write_text(shared, "utf-8")
    town.ok("run", "--no-outputs")
    town.rule("parks", "open", "unconditional", (), "id", "mc")
    town.publish("parks")
    assert open_request(town, "parks")["stage"] == "reviewing"


# --- joint review ------------------------------------------------------------------------------------------------


def test_joint_review_then_the_grant(town: Any) -> None:
    ident = conditional(town, "--until", "2026-10-31")
    told = town.refused("request", "grant", ident, account="wang")
    assert "office has not approved" in told
    assert "owner has not approved" in told
    town.ok("request", "review", ident, "--approve", "--why", "符合职责", account="sun")
    assert "approved for the office by 孙八" in town.refused("request", "review", ident, "--approve", account="sun")
    assert "office has not" not in town.refused("request", "grant", ident, account="wang")
    town.ok("request", "review", ident, "--approve", account="zhao")
    assert "may not request.grant" in town.refused("request", "grant", ident, account="zhao")
    assert town.ok("request", "grant", ident, "--interface", "API-1", account="chen")["stage"] == "granted"
    found = town.show(ident)
    assert (found["state"]["grant"]["interface"], found["state"]["grant"]["until"]) == ("API-1", "2026-10-31")
    assert town.ok("audit", "verify")["faults"] == []


def test_two_persons_and_neither_of_them_asked(town: Any) -> None:
    ident = conditional(town)
    assert "say --office or --owner" in town.refused("request", "review", ident, "--approve", account="wu")
    town.ok("request", "review", ident, "--approve", "--office", account="wu")
    told = town.refused("request", "review", ident, "--approve", "--owner", "--as", "赵六", account="wu")
    assert "needs a second person" in told
    asked = town.ask("permits", account="wu")["id"]
    assert "needs a second person" in town.refused("request", "review", asked, "--approve", "--owner", account="wu")
    assert "may not request.review-owner" in town.refused("request", "review", ident, "--approve", account="qian")


def test_who_acts_for_the_asking_department_does_not_review(town: Any) -> None:
    site = (town.root / "site.yaml").read_text("utf-8")
    both = site.replace("accounts: [zhao], departments: [lvhua]", "accounts: [zhao], departments: [lvhua, minzheng]")
    (town.root / "site.yaml").write_text(both, "utf-8")
    ident = conditional(town)
    told = town.refused("request", "review", ident, "--approve", account="zhao")
    assert "acts for minzheng, which asks" in told


def test_nobody_refuses_to_share_without_law(town: Any) -> None:
    ident = conditional(town)
    review = ("request", "review", ident, "--refuse", "--why", "不便提供")
    assert "nobody may refuse to share without a law, regulation, rule" in town.refused(*review, account="sun")
    assert "it cites putuo-2020/21" in town.refused(*review, "--basis", "putuo-2020/21", account="zhao")
    assert "has no citation pipl/99" in town.refused(*review, "--basis", "pipl/99", account="zhao")
    bare = town.refused("request", "review", ident, "--refuse", "--basis", "pipl/34", account="zhao")
    assert "refuse needs a reason" in bare
    assert town.ok(*review, "--basis", "pipl/34", account="zhao")["stage"] == "refused"
    assert "is refused: grant is for" in town.refused("request", "grant", ident)


def test_a_grant_follows_what_is_published_by_then(town: Any) -> None:
    ident = conditional(town)
    town.ok("request", "review", ident, "--approve", account="sun")
    town.ok("request", "review", ident, "--approve", account="zhao")
    town.rule("permits", "share", "none", ("pipl/34",), "xm", "sfzh", "pzrq")
    town.rule("permits", "open", "none", ("pipl/34",), "xm", "sfzh", "pzrq")
    town.publish("permits", refusal=True)
    assert "lvhua/gis/permits is 非共享 now" in town.refused("request", "grant", ident)
    town.ok("entry", "withdraw", "permits", "--why", "下线", account="wang")
    assert "no version of lvhua/gis/permits is in force any more" in town.refused("request", "grant", ident)


def test_objection_and_answer(town: Any) -> None:
    ident = conditional(town)
    town.ok("request", "review", ident, "--approve", account="sun")
    town.ok("request", "review", ident, "--refuse", "--why", "不属职责", "--basis", "pipl/34", account="zhao")
    assert "may not request.object" in town.refused("request", "object", ident, "--why", "属于", account="li")
    assert town.ok("request", "object", ident, "--why", "属于本单位职责", account="qian")["stage"] == "objected"
    town.refused("request", "answer", ident, "--review", "--why", "再审", account="zhao")
    assert town.ok("request", "answer", ident, "--review", "--why", "再审", account="sun")["stage"] == "reviewing"
    assert "office has not approved" in town.refused("request", "grant", ident)
    jointly(town, ident)
    town.ok("request", "revoke", ident, "--why", "用途不符", "--breach", account="wang")
    town.ok("request", "object", ident, "--why", "相符", account="qian")
    assert town.ok("request", "answer", ident, "--upheld", "--why", "维持", account="sun")["stage"] == "revoked"


# --- periods -----------------------------------------------------------------------------------------------------


def test_a_grant_past_its_last_day_is_used_no_more(town: Any) -> None:
    ident = conditional(town, "--until", "2026-09-25")
    jointly(town, ident)
    used = ("request", "use", ident, "--rows", "12", "--what", "逐条核对", "--user", "救助系统")
    assert "may not request.use" in town.refused(*used, account="sun")
    town.ok(*used, account="qian")
    town.days(4)
    town.ok(*used, account="qian")
    town.days(1)
    assert "not to be used on 2026-09-26" in town.refused(*used, account="qian")
    assert town.ok("request", "sweep") == {"expired": [ident]}
    assert town.ok("request", "sweep") == {"expired": []}
    assert "is expired: use is for" in town.refused(*used, account="qian")
    state = town.show(ident)["state"]
    assert (state["stage"], state["uses"], state["rows_used"]) == ("expired", 2, 24)


def test_a_run_expires_grants(town: Any) -> None:
    town.publish("parks")
    ident = town.ask("parks", "--until", "2026-09-25")["id"]
    assert "expired_grants" not in town.ok("run", "--no-outputs")
    town.days(5)
    assert town.ok("run", "--no-outputs")["expired_grants"] == 1
    assert verbs(town, ident)[-1] == ("expire", "pdc")


def test_renewals(town: Any) -> None:
    ident = conditional(town, "--until", "2026-09-25")
    jointly(town, ident)
    renew = ("request", "renew", ident, "--until", "2026-12-31")
    assert "is granted until 2026-09-25 already" in town.refused(
        "request", "renew", ident, "--until", "2026-09-24", account="qian"
    )
    assert town.ok(*renew, account="qian")["stage"] == "reviewing"
    town.ok("request", "use", ident, "--rows", "1", account="qian")
    refuse = ("request", "review", ident, "--refuse", "--why", "无需", "--basis", "pipl/34")
    assert town.ok(*refuse, account="zhao")["stage"] == "granted"
    town.ok("request", "object", ident, "--why", "仍需", account="qian")
    town.ok("request", "answer", ident, "--review", "--why", "再审", account="sun")
    town.days(5)
    town.ok("request", "sweep")
    assert town.show(ident)["state"]["stage"] == "reviewing"
    assert not town.show(ident)["usable"]
    jointly(town, ident)
    state = town.show(ident)["state"]
    assert (state["grant"]["since"], state["grant"]["until"], state["grants"]) == ("2026-09-26", "2026-12-31", 2)


def test_unconditional_grants_are_renewed_at_once(town: Any) -> None:
    town.publish("parks")
    ident = town.ask("parks", "--until", "2026-09-25")["id"]
    town.days(10)
    town.ok("request", "sweep")
    renewed = town.ok("request", "renew", ident, "--until", "2027-01-31", account="qian")
    assert (renewed["stage"], [act["verb"] for act in renewed["acts"]]) == ("granted", ["renew", "grant"])
    endless = town.ask("parks")["id"]
    told = town.refused("request", "renew", endless, "--until", "2027-01-31", account="qian")
    assert "is granted without end already" in told


def test_the_longest_period_of_an_overlay(town: Any) -> None:
    (town.root / "packs").mkdir()
    overlay = "extends: putuo-2020\nid: limits\nlimits: {period: {days: 30}, review: {days: 5, calendar: working}}\n"
    (town.root / "packs" / "limits.yaml").write_text(overlay, "utf-8")
    town.ok("classify")
    town.publish("parks")
    assert town.show(town.ask("parks")["id"])["state"]["grant"]["until"] == "2026-10-21"
    late = ("--for", "minzheng", "--asset", "parks", "--until", "2026-12-31", *GIVEN)
    assert "ends on 2026-10-21 at the latest" in town.refused("request", "new", *late, account="qian")
    assert len(town.ok("request", "list")) == 1
    ident = conditional(town, "--until", "2026-12-31")
    assert town.show(ident)["due"] == {"what": "review", "day": "2026-09-28"}
    town.ok("request", "review", ident, "--approve", account="sun")
    town.ok("request", "review", ident, "--approve", account="zhao")
    assert "ends on 2026-10-21 at the latest" in town.refused("request", "grant", ident)
    assert town.ok("request", "grant", ident, "--until", "2026-10-21")["stage"] == "granted"


def test_withdrawal_ends_a_grant(town: Any) -> None:
    town.publish("parks")
    ident = town.ask("parks")["id"]
    assert town.ok("request", "withdraw", ident, "--why", "业务停办", account="qian")["stage"] == "withdrawn"
    assert not town.show(ident)["usable"]


def test_grants_that_the_entry_would_not_give_any_more_are_listed_and_stay(town: Any) -> None:
    town.publish("parks")
    ident = town.ask("parks")["id"]
    other = conditional(town)
    jointly(town, other)
    assert town.ok("request", "list", "--recheck") == []
    town.rule("parks", "share", "conditional", ("pipl/34",), "mc")
    town.publish("parks")
    town.ok("entry", "withdraw", "permits", "--why", "下线", account="wang")
    found = {row["id"]: row["note"] for row in town.ok("request", "list", "--recheck")}
    assert "was unconditional and is 授权共享 now" in found[ident]
    assert "no version of lvhua/gis/permits is in force any more" in found[other]
    assert town.show(ident)["state"]["stage"] == "granted"


# --- demand ------------------------------------------------------------------------------------------------------


def test_data_that_is_in_no_catalogue_is_confirmed_and_catalogued_in_working_days(town: Any) -> None:
    asked = town.ask("permits")
    assert (asked["stage"], asked["due"]["what"], asked["due"]["day"]) == ("asked", "confirm", "2026-10-16")
    assert asked["due"]["basis"] == ["shanghai-data/39"]
    assert town.ok("request", "overdue") == []
    town.time = town.time.replace(month=10, day=16)
    assert town.ok("request", "overdue") == []
    town.days(1)
    (late,) = town.ok("request", "overdue")
    assert (late["id"], late["overdue"]) == (asked["id"], True)
    confirmed = town.ok("request", "confirm", asked["id"], "--catalogue", "--due", "2026-11-30")
    assert (confirmed["stage"], confirmed["due"]["what"], confirmed["due"]["day"]) == (
        *("cataloguing", "catalogue"),
        "2026-10-16",
    )
    assert [row["id"] for row in town.ok("request", "list", "--overdue")] == [asked["id"]]
    told = town.refused("request", "catalogue", asked["id"], "permits")
    assert "no version of lvhua/gis/permits is in force" in told
    town.publish("permits")
    assert town.ok("request", "catalogue", asked["id"], "permits")["stage"] == "reviewing"
    jointly(town, asked["id"])


def test_a_demand_in_words(town: Any) -> None:
    given = ("--purpose", "救助核对", "--basis", "法定职责", "--means", "接口")
    asked = town.ok("request", "new", "--for", "minzheng", "--demand", "古树名木", *given, account="qian")
    assert "say which department" in town.refused("request", "confirm", asked["id"], "--catalogue")
    assert "no department 'x'" in town.refused("request", "confirm", asked["id"], "--catalogue", "--owner", "x")
    town.ok("request", "confirm", asked["id"], "--catalogue", "--owner", "lvhua", "--due", "2026-09-30")
    assert town.show(asked["id"])["due"] == {"what": "catalogue", "day": "2026-09-30"}
    town.publish("trees")
    settled = town.ok("request", "catalogue", asked["id"], "trees", account="li")
    assert (settled["stage"], [act["verb"] for act in settled["acts"]]) == ("granted", ["catalogue", "grant"])
    other = town.ok("request", "new", "--for", "minzheng", "--demand", "井盖", *given, account="qian")
    assert "say where you looked" in town.refused("request", "confirm", other["id"], "--absent")
    absent = town.ok("request", "confirm", other["id"], "--absent", "--why", "各部门均无")
    assert (absent["stage"], absent["due"]) == ("absent", None)


def test_a_year_without_a_calendar_says_so(town: Any) -> None:
    town.time = town.time.replace(month=12, day=21)
    due = town.ask("permits")["due"]
    assert due["day"] == "2027-01-11"
    assert due["note"] == "no holidays are configured for 2027: Monday to Friday"
    assert "no holidays are configured for 2027" in town("request", "list").stdout


def test_national_law_as_far_as_it_was_read_has_no_limit(town: Any) -> None:
    site = (town.root / "site.yaml").read_text("utf-8")
    (town.root / "site.yaml").write_text(site + "pack: national-2025\n", "utf-8")
    asked = town.ask("permits")
    assert (asked["stage"], asked["due"]) == ("asked", None)


# --- numbers, lists, mistakes ------------------------------------------------------------------------------------


def test_numbers_have_no_gaps_and_start_anew_each_year(town: Any) -> None:
    town.publish("parks")
    first = [town.ask("parks")["id"], open_request(town, "parks")["id"], town.ask("parks")["id"]]
    town.refused("request", "new", "--for", "minzheng", "--asset", "parks", "--item", "x", account="qian")
    town.days(120)
    assert [*first, town.ask("parks")["id"]] == ["S2026-0001", "O2026-0001", "S2026-0002", "S2027-0001"]


def test_lists_by_stage_and_department(town: Any) -> None:
    town.publish("parks")
    town.ask("parks")
    town.ask("trees")
    assert [row["id"] for row in town.ok("request", "list", "--stage", "asked")] == ["S2026-0002"]
    assert len(town.ok("request", "list", "--department", "lvhua")) == 2
    assert len(town.ok("request", "list", "--department", "minzheng")) == 2
    assert "no stage 'x'; known: absent, asked" in town.refused("request", "list", "--stage", "x")


GIVEN = ("--purpose", "p", "--basis", "b", "--means", "m")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--for", "minzheng", "--asset", "parks"), "says nothing of --purpose, --basis, --means"),
        (("--for", "minzheng", *GIVEN), "name what you need"),
        (("--for", "minzheng", "--asset", "parks", "--demand", "x", *GIVEN), "name what you need"),
        (("--for", "minzheng", "--asset", "nothing", *GIVEN), "no entry is named 'nothing'"),
        (("--for", "minzheng", "--asset", "*", *GIVEN), "'*' names 5 entries"),
        (("--for", "nobody", "--asset", "parks", *GIVEN), "no department 'nobody'; known: lvhua, minzheng"),
        (("--asset", "parks", *GIVEN), "say which department asks: --for DEPT"),
        (("--for", "lvhua", "--asset", "parks", *GIVEN), "may not request.new for lvhua"),
        (("--for", "minzheng", "--asset", "parks", "--item", "mcc", *GIVEN), "did you mean mc?"),
        (("--for", "minzheng", "--asset", "parks", "--until", "soon", *GIVEN), "--until is a day such as"),
        (("--for", "minzheng", "--asset", "parks", "--until", "2026-01-01", *GIVEN), "--until 2026-01-01 is over"),
        (
            ("--for", "minzheng", "--asset", "parks", "--from", "2027-02-01", "--until", "2027-01-01", *GIVEN),
            "is before --from",
        ),
        (("--for", "minzheng", "--open", "--asset", "parks", *GIVEN), "--open and --applicant NAME go together"),
        (("--for", "minzheng", "--asset", "parks", "--owner", "lvhua", *GIVEN), "--owner with --demand"),
    ],
)
def test_mistakes_are_one_clear_sentence(town: Any, arguments: tuple[str, ...], told: str) -> None:
    if "mcc" in arguments:
        town.publish("parks")
    found = town("request", "new", *arguments, account="qian")
    assert (found.exit_code in (2, 4), told in found.stderr) == (True, True), found.stderr
    assert town.ok("request", "list") == []


def test_own_data_is_not_asked_for(town: Any) -> None:
    told = town.refused("request", "new", "--for", "lvhua", "--asset", "parks", *GIVEN, account="li")
    assert "is lvhua's own" in told


@pytest.mark.parametrize("verb", ["grant", "revoke", "object", "withdraw"])
def test_a_request_that_is_not_there(town: Any, verb: str) -> None:
    assert "no request 'S2026-0099'" in town.refused("request", verb, "S2026-0099", "--why", "x")
    assert "no request 'S2026-0099'" in town.refused("request", "show", "S2026-0099")


def test_tables_for_people(town: Any) -> None:
    town.publish("parks")
    done = town("request", "new", "--for", "minzheng", "--asset", "parks", *GIVEN, "--as", "科长", account="qian")
    assert done.stdout == "S2026-0001 granted\n"
    assert done.stderr.splitlines()[-1].startswith("S2026-0001: grant by the program (act ")
    assert town("request", "list").stdout.splitlines()[1].split()[:4] == ["S2026-0001", "granted", "minzheng", "lvhua"]
    assert town("request", "sweep").stderr == "0 grants expired\n"
    shown = town("request", "show", "S2026-0001").stdout
    assert "已授权 (granted)" in shown
    assert json.loads(town("audit", "show", "--kind", "request", "--jsonl").stdout.splitlines()[0])["behalf"] == "科长"
