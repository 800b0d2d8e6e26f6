"""``pdc ticket``: found, answered, looked at by another, and late."""

from __future__ import annotations

from typing import Any

import pytest


def opened(town: Any, *more: str, account: str = "sun") -> Any:
    given = ("--for", "lvhua", "--what", "公园数据一年未更新", "--limb", "4", "--due", "2026-10-15", *more)
    return town.ok("ticket", "open", *given, account=account)


def test_the_whole_way(town: Any) -> None:
    ident = opened(town, "--asset", "lvhua/gis/parks", "--as", "主任")["id"]
    assert ident == "T2026-0001"
    assert "is open: close is for tickets that are answered" in town.refused("ticket", "close", ident)
    assert "may not ticket.answer" in town.refused("ticket", "answer", ident, "--why", "已更新", account="qian")
    assert "answer needs its text" in town.refused("ticket", "answer", ident, account="li")
    town.ok("ticket", "answer", ident, "--why", "已更新", account="li")
    again = ("ticket", "reopen", ident, "--due", "2026-10-20", "--why")
    assert town.ok(*again, "仍缺三处", account="wang")["stage"] == "open"
    town.ok("ticket", "answer", ident, "--why", "已补", account="zhao")
    assert town.ok("ticket", "close", ident, account="chen")["stage"] == "closed"
    found = town.ok("ticket", "show", ident)
    state = found["state"]
    assert (state["times"], state["due"], state["answer"], state["limb_text"][:5]) == (
        2,
        "2026-10-20",
        "已补",
        "未及时更新",
    )
    assert [act["verb"] for act in found["acts"]] == ["open", "answer", "reopen", "answer", "close"]
    assert town.ok("audit", "verify")["faults"] == []


def test_nobody_closes_what_they_answered(town: Any) -> None:
    site = (town.root / "site.yaml").read_text("utf-8")
    (town.root / "site.yaml").write_text(site.replace("roles: [office, head]", "roles: [reviewer, head]"), "utf-8")
    ident = opened(town)["id"]
    town.ok("ticket", "answer", ident, "--why", "已更新", account="wu")
    assert "needs a second person" in town.refused("ticket", "close", ident, account="wu")


def test_what_is_late(town: Any) -> None:
    first, second = opened(town)["id"], opened(town, account="wang")["id"]
    assert (first, second) == ("T2026-0001", "T2026-0002")
    town.ok("ticket", "answer", second, "--why", "已更新", account="li")
    town.time = town.time.replace(month=10, day=15)
    assert town.ok("ticket", "overdue") == []
    town.days(1)
    assert [row["id"] for row in town.ok("ticket", "overdue")] == [first]
    assert "2026-10-15 late" in town("ticket", "overdue").stdout
    assert "2026-10-15 late" in town("ticket", "show", first).stdout
    assert "no department 'bogus'; known: lvhua, minzheng" in town.refused("ticket", "list", "--department", "bogus")
    assert [row["id"] for row in town.ok("ticket", "list", "--stage", "answered")] == [second]
    assert town.ok("ticket", "list", "--department", "minzheng") == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--for", "x", "--due", "2026-10-15"), "no department 'x'; known: lvhua, minzheng"),
        (("--for", "lvhua", "--due", "soon"), "--due is a day such as 2026-09-21, not 'soon'"),
        (("--for", "lvhua", "--due", "2026-09-20"), "--due 2026-09-20 is over"),
        (("--for", "lvhua", "--due", "2026-10-15", "--limb", "8"), "8 is not in the range"),
        (("--for", "lvhua"), "Missing option '--due'"),
    ],
)
def test_mistakes(town: Any, arguments: tuple[str, ...], told: str) -> None:
    found = town("ticket", "open", "--what", "x", *arguments)
    assert (found.exit_code, told in found.stderr) == (2, True), found.stderr
    assert "no ticket 'T2026-0009'" in town.refused("ticket", "show", "T2026-0009")
    assert "may not ticket.open" in town.refused(
        "ticket", "open", "--for", "lvhua", "--what", "x", "--due", "2026-10-15", account="li"
    )
