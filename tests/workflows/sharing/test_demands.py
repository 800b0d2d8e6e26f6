"""Demands that nobody settles: another owner, nowhere to be had after all, an owner who does not catalogue."""

from __future__ import annotations

from typing import Any

import pytest

SCJG = 'department: {id: scjg, name: 普陀区市场监管局, code: "11310107000000021C"}\n'


@pytest.fixture
def asked(town: Any) -> str:
    """A demand that 绿化局 is to settle by 30 September."""
    (town.root / "departments" / "scjg.yaml").write_text(SCJG, "utf-8")
    ident = str(town.ask("permits")["id"])
    town.ok("request", "confirm", ident, "--catalogue", "--due", "2026-09-30")
    return ident


def confirm(ident: str, *more: str) -> tuple[str, ...]:
    return ("request", "confirm", ident, *more)


def test_it_is_late_for_all_to_see(town: Any, asked: str) -> None:
    town.days(10)
    [row] = town.ok("request", "overdue")
    assert (row["id"], row["due"], row["overdue"], row["waits_for"]) == (asked, "2026-09-30", True, ["owner"])
    assert "catalogue by 2026-09-30 late" in town("request", "show", asked).stdout
    assert "2026-09-30 late" in town("request", "list").stdout


def test_another_department_has_it(town: Any, asked: str) -> None:
    town.days(2)
    other = confirm(asked, "--catalogue", "--owner", "scjg", "--due", "2026-10-09")
    assert "say what has changed: --why TEXT" in town.refused(*other)
    found = town.ok(*other, "--why", "绿化局已移交")
    assert (found["stage"], found["due"]["day"]) == ("cataloguing", "2026-10-09")
    [row] = town.ok("request", "list")
    assert (row["owner"], row["since"][:10]) == ("scjg", "2026-09-23")
    assert "may not request.confirm" in town.refused(*other, "--why", "w", account="sun")


def test_saying_the_same_again_is_nothing(town: Any, asked: str) -> None:
    same = confirm(asked, "--catalogue", "--why", "再催")
    assert f"{asked} waits for lvhua already" in town.refused(*same)
    assert "waits for lvhua already" in town.refused(*same, "--due", "2026-09-30")
    assert town.ok(*same, "--due", "2026-10-08")["due"]["day"] == "2026-10-08"


def test_a_later_promise_does_not_move_the_limit_of_the_law(town: Any, asked: str) -> None:
    later = confirm(asked, "--catalogue", "--owner", "scjg", "--due", "2026-12-31", "--why", "已移交")
    assert town.ok(*later)["due"]["day"] == "2026-10-16"


def test_nowhere_to_be_had_after_all(town: Any, asked: str) -> None:
    assert "say where you looked" in town.refused(*confirm(asked, "--absent"))
    assert town.ok(*confirm(asked, "--absent", "--why", "系统已停用，数据未留存"))["stage"] == "absent"
    assert "ended     系统已停用，数据未留存" in town("request", "show", asked).stdout
    assert "is absent: confirm is for" in town.refused(*confirm(asked, "--catalogue", "--why", "w"))


def test_the_owner_does_not_catalogue_it(town: Any, asked: str) -> None:
    refused = confirm(asked, "--refused")
    assert "say what lvhua answered: --why TEXT" in town.refused(*refused)
    done = town(*refused, "--why", "绿化局书面答复不予编目")
    assert (done.exit_code, done.stdout) == (0, f"{asked} uncatalogued\n")
    assert "pdc ticket open --for lvhua --limb 5 --due DAY --what TEXT (Art. 34; 38 (5)" in done.stderr
    found = town.show(asked)
    assert (found["state"]["stage"], found["state"]["closed"]) == ("uncatalogued", "绿化局书面答复不予编目")
    assert [step["command"].split(" --")[0] for step in found["next"]] == [
        f"pdc request object {asked}",
        "pdc ticket open",
    ]
    assert town.ok("request", "overdue") == []
    assert town.ok("audit", "verify")["faults"] == []


def test_refused_before_anybody_was_asked_to_catalogue(town: Any) -> None:
    ident = town.ask("permits")["id"]
    told = town.refused(*confirm(ident, "--refused", "--why", "w"))
    assert "say first which department has it" in told
    for more in (("--owner", "lvhua"), ("--due", "2026-12-31")):
        assert "--owner and --due go with --catalogue" in town.refused(*confirm(ident, "--absent", *more))


def test_an_objection_has_it_confirmed_anew_with_a_limit_of_its_own(town: Any, asked: str) -> None:
    town.ok(*confirm(asked, "--refused", "--why", "不予编目"))
    town.days(40)
    town.ok("request", "object", asked, "--why", "属于法定职责", account="qian")
    back = ("request", "answer", asked, "--review", "--why", "督促编目")
    answered = town.ok(*back, account="sun")
    assert (answered["stage"], answered["due"]["day"]) == ("asked", "2026-11-20")
    town.ok(*confirm(asked, "--catalogue"))
    town.publish("permits")
    assert town.show(asked)["next"][0]["command"] == f"pdc request catalogue {asked} lvhua/gis/permits"
    assert town.ok("request", "catalogue", asked, "permits", account="li")["stage"] == "reviewing"


def test_who_ended_it_does_not_answer_the_objection(town: Any) -> None:
    site = (town.root / "site.yaml").read_text("utf-8")
    both = site.replace("accounts: [wang], roles: [reviewer]", "accounts: [wang], roles: [reviewer, office]")
    (town.root / "site.yaml").write_text(both, "utf-8")
    ident = town.ask("permits")["id"]
    town.ok(*confirm(ident, "--absent", "--why", "各部门均无"))
    town.ok("request", "object", ident, "--why", "绿化局有", account="qian")
    answer = ("request", "answer", ident, "--upheld", "--why", "维持")
    assert "needs a second person" in town.refused(*answer, account="wang")
    assert town.show(ident)["next"][0]["people"] == ["sun", "wu"]
    assert town.ok(*answer, account="sun")["stage"] == "absent"


def test_a_demand_to_others_is_settled_by_them_or_by_the_centre(town: Any, asked: str) -> None:
    town.publish("parks")
    town.ok(*confirm(asked, "--catalogue", "--owner", "scjg", "--why", "已移交"))
    settle = ("request", "catalogue", asked, "parks")
    assert "may not request.confirm for lvhua" in town.refused(*settle, account="li")
    assert "say why lvhua/gis/parks settles it" in town.refused(*settle)
    assert town.ok(*settle, "--why", "内容相同")["stage"] == "granted"


def test_without_a_limit_somebody_says_by_when(town: Any) -> None:
    site = (town.root / "site.yaml").read_text("utf-8")
    (town.root / "site.yaml").write_text(site + "pack: national-2025\n", "utf-8")
    ident = town.ask("permits")["id"]
    assert "has no limit for cataloguing; say by when: --due DAY" in town.refused(*confirm(ident, "--catalogue"))
    assert town.ok(*confirm(ident, "--catalogue", "--due", "2026-10-31"))["due"]["day"] == "2026-10-31"
    town.time = town.time.replace(month=11)
    assert [row["id"] for row in town.ok("request", "overdue")] == [ident]
