"""What people are told: the demand beside what settles it, names instead of ids, the same data asked for again."""

from __future__ import annotations

import json
from typing import Any

from test_ending import OUTSIDE, shared

DEMAND = ("--demand", "全区公园名录", "--purpose", "就近服务", "--basis", "依据", "--means", "接口")


def demand(town: Any, *more: str) -> Any:
    return town("request", "new", "--for", "minzheng", *DEMAND, *more, account="qian")


def test_a_demand_is_told_beside_what_settles_it(town: Any) -> None:
    town.publish("parks")
    assert demand(town, "--owner", "lvhua").exit_code == 0
    town.ok("request", "confirm", "S2026-0001", "--catalogue", account="wang")
    town.ok("request", "catalogue", "S2026-0001", "parks", account="li")
    shown = town("request", "show", "S2026-0001").stdout
    assert "demand    全区公园名录" in shown
    assert "，对应需求“全区公园名录”" in shown
    assert "possible  requester" in shown
    assert "lvhua/gis/parks (全区公园名录)" in town("request", "list").stdout
    town.ok("lists", "--as-of", "2026-09-21")
    [line] = (town.root / "out/official/2026-09-21/数据需求清单.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["title"] == "公园绿地（需求：全区公园名录）"
    town.ok("request", "use", "S2026-0001", "--rows", "1", account="qian")
    assert "possible  requester" not in town("request", "show", "S2026-0001").stdout


def test_a_text_is_of_a_length_that_lists_hold(town: Any) -> None:
    long = demand(town, "--purpose", "长" * 2001)
    assert (long.exit_code, "--purpose has 2001 characters; it holds 2000" in long.stderr) == (2, True)
    assert demand(town, "--demand", "长" * 2000).exit_code == 0
    assert max(map(len, town("request", "list").stdout.splitlines())) < 300
    due = ("--for", "lvhua", "--due", "2026-10-15")
    assert "--what has 2001" in town.refused("ticket", "open", *due, "--what", "长" * 2001, account="sun")
    town.ok("ticket", "open", *due, "--what", "长" * 2000, account="sun")
    assert max(map(len, town("ticket", "list").stdout.splitlines())) < 200


def test_people_are_told_by_their_names(town: Any) -> None:
    ident = shared(town)
    town.ok(
        "ticket", "open", "--for", "lvhua", "--due", "2026-10-15", "--what", "x", "--asset", "permits", account="sun"
    )
    site = town.root / "site.yaml"
    site.write_text(site.read_text("utf-8").replace("孙八", "孙九"), "utf-8")
    shown = town("request", "show", ident).stdout
    assert "approved  office 孙八 2026-09-21、owner 赵六 2026-09-21" in shown
    assert "by 王五" in shown
    assert [line.split()[1] for line in shown.splitlines() if line.startswith("2026-09-21T")] == [
        *("钱一", "孙八", "赵六", "王五"),
    ]
    state = town.show(ident)["state"]
    assert (state["grant"]["name"], state["asked"]["name"]) == ("王五", "钱一")
    assert "by 孙八" not in shown
    ticket = town("ticket", "show", "T2026-0001").stdout
    assert "普陀区绿化局 (lvhua): x" in ticket
    assert "resource: lvhua/gis/permits" in ticket
    assert "孙八" in ticket


def test_who_asks_for_the_same_again_is_told(town: Any) -> None:
    town.publish("parks")
    opening = ("request", "new", *OUTSIDE, "--asset", "parks")
    assert "note:" not in town(*opening, "--item", "mc", account="ke").stderr
    again = town(*opening, account="ke")
    assert "note: O2026-0001 (granted) asks for the same data for 某大学" in again.stderr
    other = town(*opening, "--item", "id", account="ke")
    assert ("O2026-0001" in other.stderr, "O2026-0002" in other.stderr) == (False, True)
    assert town.ask("parks")["same"] == []
    assert town.ask("parks", "--item", "mc")["same"] == ["S2026-0001"]
    town.ok("request", "withdraw", "S2026-0001", "--why", "不再需要", account="qian")
    assert town.ask("parks")["same"] == ["S2026-0002"]
    assert demand(town).exit_code == 0
    assert "note:" not in demand(town).stderr


def test_a_department_that_nobody_knows_is_a_mistake(town: Any) -> None:
    assert "no department 'bogus'; known: lvhua, minzheng" in town.refused("request", "list", "--department", "bogus")
    assert town.ok("request", "list", "--department", "lvhua") == []


def test_what_is_not_given_has_no_days(town: Any) -> None:
    shared(town)
    town.ask("trees", "--until", "2026-12-31")
    town.ok("request", "new", "--for", "minzheng", *DEMAND, account="qian")
    town.ok("lists", "--as-of", "2026-09-21")
    assert days(town) == ["自2026-09-21起长期", "授权之日 至 2026-12-31", "自授权之日起长期"]
    town.ok("request", "revoke", "S2026-0001", "--breach", "--why", "转给第三方", account="sun")
    town.ok("lists", "--as-of", "2026-09-21")
    assert days(town)[0] == "—"


def days(town: Any) -> list[str]:
    import openpyxl

    book = openpyxl.load_workbook(town.root / "out/official/2026-09-21/数据需求清单.xlsx")
    rows = [[cell.value for cell in row] for row in book["数据需求清单"].iter_rows()]
    [heading] = [row for row in rows if "期限" in row]
    return [str(row[heading.index("期限")]) for row in rows if str(row[heading.index("需求编号")]).startswith("S2026")]


def test_a_renewal_is_no_sign_that_it_was_unconditional(town: Any) -> None:
    town.publish("permits")
    ident = town.ask("permits", "--until", "2026-12-31")["id"]
    for account in ("sun", "zhao"):
        town.ok("request", "review", ident, "--approve", account=account)
    town.ok("request", "grant", ident)
    town.ok("request", "renew", ident, "--until", "2027-03-31", account="qian")
    assert town.ok("request", "list", "--recheck") == []
    town.ok("request", "review", ident, "--refuse", "--basis", "pipl/34", "--why", "不再需要", account="zhao")
    assert town.ok("request", "list", "--recheck") == []


def test_a_refusal_says_why_its_citation_does_not_carry_it(town: Any) -> None:
    town.publish("permits")
    ident = town.ask("permits")["id"]
    weak = ("request", "review", ident, "--refuse", "--why", "不便", "--basis", "hiv/39", "--basis", "putuo-2020/21")
    told = town.refused(*weak, account="zhao")
    assert "第三十九条：未核实" in told
    assert "第二十一条：级别不足" in told
