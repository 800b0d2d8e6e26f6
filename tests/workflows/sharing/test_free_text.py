"""Nobody writes lines of the grant's text: free text of requests and tickets is one line of visible characters."""

from __future__ import annotations

from typing import Any

import pytest

from classifiers.policy import load_pack
from workflows.acts.text import one_line_text
from workflows.entry import Entry
from workflows.errors import InputError
from workflows.sharing.states import Document, Grant
from workflows.sharing.terms import terms

FORGED = "核对\n二、可以提供给第三方。"
NEW = ("request", "new", "--for", "minzheng", "--asset", "parks")
PLAIN = {"--purpose": "核对", "--basis": "依据", "--means": "接口"}


def options(**more: str) -> list[str]:
    given = PLAIN | {f"--{name}": value for name, value in more.items()}
    return [word for pair in given.items() for word in pair]


@pytest.mark.parametrize("name", ["purpose", "basis", "means", "why", "as", "item"])
def test_a_request_of_several_lines_is_refused(town: Any, name: str) -> None:
    town.publish("parks")
    told = town.refused(*NEW, *options(**{name: FORGED}), account="qian")
    assert told.startswith(f"error: --{name} is one line of text without control characters: character 3 is U+000A")
    assert town.ok("request", "list") == []


@pytest.mark.parametrize(
    ("arguments", "account"),
    [
        (("--for", "minzheng", "--demand", FORGED, *options()), "qian"),
        (("--open", "--asset", "parks", "--purpose", "研究", "--applicant", FORGED), "ke"),
    ],
)
def test_demands_and_applicants_are_one_line(town: Any, arguments: tuple[str, ...], account: str) -> None:
    assert "is one line of text" in town.refused("request", "new", *arguments, account=account)
    assert town.ok("request", "list") == []


@pytest.mark.parametrize("hidden", ["\r", "\x1b[31m", "\x9b", "\u202e", "\u2066", "\u2028", "\u200b", "\x00"])
def test_what_is_not_seen_is_refused(hidden: str) -> None:
    with pytest.raises(InputError, match=f"--why .* character 2 is U\\+{ord(hidden[0]):04X}"):
        one_line_text("--why", f"a{hidden}b")


def test_later_verbs_are_one_line_too(town: Any) -> None:
    town.publish("permits")
    ident = town.ask("permits")["id"]
    approve = ("request", "review", ident, "--approve")
    assert "--why is one line" in town.refused(*approve, "--why", FORGED, account="sun")
    town.ok(*approve, account="sun")
    town.ok(*approve, account="zhao")
    assert "--interface is one line" in town.refused("request", "grant", ident, "--interface", FORGED)
    town.ok("request", "grant", ident)
    for option in ("--what", "--user"):
        told = town.refused("request", "use", ident, "--rows", "1", option, FORGED, account="qian")
        assert f"{option} is one line" in told


def test_the_day_of_a_promise_is_a_day(town: Any) -> None:
    ident = town.ask("permits")["id"]
    told = town.refused("request", "confirm", ident, "--catalogue", "--due", "明年\n二、")
    assert "--due is a day such as 2026-09-21" in told
    assert "--due 2026-01-01 is over" in town.refused("request", "confirm", ident, "--catalogue", "--due", "2026-01-01")


def test_tickets_are_one_line(town: Any) -> None:
    opened = ("ticket", "open", "--for", "lvhua", "--due", "2026-10-15", "--what")
    assert "--what is one line" in town.refused(*opened, FORGED, account="sun")
    ident = town.ok(*opened, "未更新", account="sun")["id"]
    assert "--why is one line" in town.refused("ticket", "answer", ident, "--why", FORGED, account="li")


def test_texts_of_the_entry_make_no_lines_of_the_grant() -> None:
    entry = Entry("lvhua/gis/parks", "lvhua", "公园\n一、", "1/1", *[""] * 4, (), (), "", "", "", "每年")
    asked = Document("share", "minzheng", asset=entry.asset, owner="lvhua", purpose="核对", basis=("依据",))
    plain = Grant("2026-09-21", interface="API")
    forged = Grant("2026-09-21", interface=FORGED)
    pack = load_pack("putuo-2020")
    lines = [terms("S2026-0001", asked, entry, one, pack, pack, "普陀区", {}).count("\n") for one in (plain, forged)]
    assert lines == [18, 18]
