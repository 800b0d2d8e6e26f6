"""What the audit trail holds of requests and tickets: what each act changed as it was before, and the pack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from classifiers.policy import load_pack

PACK = load_pack("putuo-2020").ident


def acts(town: Any, *subject: str) -> list[Any]:
    return [json.loads(line) for line in town("audit", "show", "--jsonl", *subject).stdout.splitlines()]


def before(act: Any) -> Any:
    return json.loads(act["before"]) if act.get("before") else None


def test_every_act_has_the_pack_and_what_it_changed(town: Any) -> None:
    town.publish("permits")
    ident = town.ask("permits", "--until", "2026-09-30")["id"]
    for account in ("sun", "zhao"):
        town.ok("request", "review", ident, "--approve", account=account)
    town.ok("request", "grant", ident, "--interface", "API-12")
    town.ok("request", "use", ident, "--rows", "3", account="qian")
    town.ok("request", "renew", ident, "--until", "2026-12-31", account="qian")
    town.ok("request", "review", ident, "--refuse", "--basis", "pipl/34", "--why", "用途已完成", account="zhao")
    town.ok("request", "object", ident, "--why", "仍在办理", account="qian")
    town.days(10)
    town.ok("request", "sweep")
    told = {act["verb"]: before(act) for act in acts(town, ident)}
    assert all(act["pack"] == PACK for act in acts(town, ident))
    assert told["new"] is None
    assert told["approve-office"] == {"stage": "reviewing"}
    assert (told["approve-owner"]["approvals"]["office"]["who"], told["grant"]["stage"]) == ("sun", "reviewing")
    assert sorted(told["grant"]["approvals"]) == ["office", "owner"]
    assert (told["use"]["grant"]["until"], told["renew"]["grant"]["until"]) == ("2026-09-30", "2026-09-30")
    assert (told["refuse"]["stage"], told["refuse"]["renewal"]) == ("reviewing", {"until": "2026-12-31"})
    assert (told["object"]["stage"], told["object"]["refusal"]["by"]["who"]) == ("granted", "zhao")
    assert (told["expire"]["stage"], told["expire"]["grant"]["interface"]) == ("objected", "API-12")


def test_the_run_that_expires_grants_has_the_pack_too(town: Any) -> None:
    town.publish("parks")
    ident = town.ask("parks", "--until", "2026-09-30")["id"]
    town.days(20)
    town.ok("compile")
    last = acts(town, ident)[-1]
    assert (last["verb"], last["who"], last["pack"]) == ("expire", "pdc", PACK)


def test_what_a_harvest_changes_has_the_version_in_force_before(town: Any) -> None:
    town.publish("parks")
    text = (town.root / "parks.sql").read_text("utf-8")
    for name in ("公园名字", "公园名"):
        (town.root / "parks.sql").write_text(text.replace("公园名称", name), "utf-8")
        town.ok("run", "--no-outputs")
    first, second = acts(town, "lvhua/gis/parks")[-2:]
    published = next(act for act in acts(town, "lvhua/gis/parks") if act["verb"] == "publish")
    assert [act["pack"] for act in (first, second)] == [PACK, PACK]
    in_force = json.loads(published["after"])["version"]
    assert before(first) == {"stage": "published", "version": in_force, "changes": []}
    assert before(second)["stage"] == "changed"
    assert any("公园名字" in change for change in before(second)["changes"])


def test_tickets_have_the_pack_and_the_answer_before(town: Any) -> None:
    given = ("--for", "lvhua", "--what", "未更新", "--due", "2026-10-15")
    ident = town.ok("ticket", "open", *given, account="sun")["id"]
    town.ok("ticket", "answer", ident, "--why", "已更新", account="li")
    town.ok("ticket", "reopen", ident, "--due", "2026-10-20", "--why", "仍缺三处")
    shown = town.ok("ticket", "show", ident)
    assert (shown["state"].get("answer"), shown["state"].get("answered_at")) == (None, None)
    opened, answered, reopened = shown["acts"]
    assert [act["pack"] for act in shown["acts"]] == [PACK] * 3
    assert before(opened) is None
    assert before(answered) == {"stage": "open", "due": "2026-10-15"}
    told = before(reopened)
    assert (told.pop("answered_at")[:10], told) == (
        "2026-09-21",
        {"stage": "answered", "due": "2026-10-15", "answer": "已更新"},
    )


# --- who settles what --------------------------------------------------------------------------------------------


def test_a_named_resource_is_settled_by_that_one_unless_the_centre_says_why(town: Any) -> None:
    ident = town.ask("trees")["id"]
    town.publish("parks")
    other = ("request", "catalogue", ident, "parks")
    assert "may not request.confirm for lvhua" in town.refused(*other, account="li")
    assert f"{ident} asks for lvhua/gis/trees; say why lvhua/gis/parks settles it" in town.refused(*other)
    assert town.ok(*other, "--why", "行道树已并入公园绿地")["stage"] == "granted"


def test_the_owner_settles_what_was_asked_of_it(town: Any) -> None:
    ident = town.ask("trees")["id"]
    town.publish("trees")
    assert "may not request.catalogue" in town.refused("request", "catalogue", ident, "trees", account="qian")
    assert town.ok("request", "catalogue", ident, "trees", account="li")["stage"] == "granted"


def test_who_refused_answers_no_later_objection_either(town: Any) -> None:
    town.publish("permits")
    ident = town.ask("permits")["id"]
    refuse = ("request", "review", ident, "--refuse", "--office", "--basis", "pipl/34", "--why", "与职责无关")
    town.ok(*refuse, account="wu")
    for account in ("sun", "wu"):
        town.ok("request", "object", ident, "--why", "有法律依据", account="qian")
        told = town.refused("request", "answer", ident, "--upheld", "--why", "维持", account="wu")
        assert "needs a second person" in told, account
        town.ok("request", "answer", ident, "--upheld", "--why", "维持", account="sun")


# --- days --------------------------------------------------------------------------------------------------------


@pytest.fixture
def later(town: Any) -> str:
    """Granted for October, on 21 September."""
    town.publish("permits")
    ident = str(town.ask("permits", "--from", "2026-10-01", "--until", "2026-10-31")["id"])
    give(town, ident)
    return ident


def give(town: Any, ident: str, *more: str) -> Any:
    for account in ("sun", "zhao"):
        town.ok("request", "review", ident, "--approve", account=account)
    town.ok("request", "grant", ident, *more)
    return town.show(ident)["state"]["grant"]


def test_a_renewal_begins_no_day_before_the_grant_that_it_renews(town: Any, later: str) -> None:
    town.ok("request", "renew", later, "--until", "2026-11-30", account="qian")
    grant = give(town, later)
    assert (grant["since"], grant["until"]) == ("2026-10-01", "2026-11-30")


def test_a_renewal_follows_on_without_a_gap(town: Any, later: str) -> None:
    gap = ("request", "renew", later, "--from", "2026-11-02", "--until", "2026-12-31")
    assert "is granted until 2026-10-31: more time follows on it" in town.refused(*gap, account="qian")
    next_day = ("request", "renew", later, "--from", "2026-11-01", "--until", "2026-12-31")
    town.ok(*next_day, account="qian")
    town.days(15)
    for account in ("sun", "zhao"):
        town.ok("request", "review", later, "--approve", account=account)
    assert "--from 2026-11-05 would leave a gap" in town.refused("request", "grant", later, "--from", "2026-11-05")
    town.ok("request", "grant", later)
    grant = town.show(later)["state"]["grant"]
    assert (grant["since"], grant["until"]) == ("2026-10-06", "2026-12-31")


def test_after_its_last_day_a_renewal_may_begin_later(town: Any, later: str) -> None:
    town.days(60)
    town.ok("request", "renew", later, "--from", "2026-12-01", "--until", "2026-12-31", account="qian")
    grant = give(town, later)
    assert (grant["since"], grant["until"]) == ("2026-12-01", "2026-12-31")


def test_an_objection_to_a_revocation_gives_the_renewed_days_back(town: Any, later: str) -> None:
    town.ok("request", "renew", later, "--until", "2026-12-31", account="qian")
    give(town, later)
    town.ok("request", "revoke", later, "--why", "误报转给第三方", "--breach")
    town.days(50)
    town.ok("request", "object", later, "--why", "仍在履职", account="qian")
    town.ok("request", "answer", later, "--review", "--why", "再审", account="sun")
    grant = give(town, later)
    assert (grant["since"], grant["until"]) == ("2026-11-10", "2026-12-31")
