"""What people read of a request after the pack has changed: articles by their names, nothing that nobody can sign."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from test_ending import opened, shared

from classifiers.evidence import Label
from classifiers.policy import load_pack
from workflows.entry import Entry, EntryItem
from workflows.sharing.judge import judge
from workflows.sharing.states import Document
from workflows.sharing.terms import law


def national(town: Any) -> None:
    site = town.root / "site.yaml"
    site.write_text(site.read_text("utf-8") + "pack: national-2025\n", "utf-8")
    town.ok("classify")


def test_citations_of_the_pack_before_read_as_on_the_day_of_the_request(town: Any) -> None:
    town.publish("permits")
    ident = town.ask("permits", "--basis", "putuo-2020/21")["id"]
    told = town("request", "show", ident).stdout
    national(town)
    now = town("request", "show", ident).stdout
    assert "《上海市普陀区公共数据管理办法》第二十一条" in told
    [basis] = [line for line in told.splitlines() if line.startswith("basis")]
    assert basis in now.splitlines()
    assert "putuo-2020/" not in now


def test_a_change_of_packs_reads_in_words(town: Any) -> None:
    town.publish("permits")
    assert town("entry", "diff", "permits").stdout == ""
    national(town)
    told = town("entry", "diff", "permits").stdout
    assert "共享类型的依据：" in told
    assert "《上海市普陀区公共数据管理办法》第二十二条" in told
    assert "putuo-2020/" not in told


def test_a_grant_cites_what_an_official_can_look_up(town: Any) -> None:
    assert law(load_pack("putuo-2020"), "share").endswith("第二十一条、第二十二条")
    assert law(load_pack("national-2025"), "share") == "《政务数据共享条例》"
    assert law(load_pack("national-2025"), "open") == "《中华人民共和国数据安全法》第四十一条"
    national(town)
    ident = shared(town)
    text = town("request", "show", ident).stdout.partition("授权书")[2]
    assert "根据《政务数据共享条例》，" in text
    assert "未核实" not in text


def test_the_notice_of_open_data_leaves_no_item_out(town: Any) -> None:
    town.publish("parks")
    text = town.show(opened(town, "parks"))["text"]
    assert "开放告知书" in text
    assert "此后新增" not in text
    shown = town.show(town.ask("parks")["id"])["text"]
    assert "此后新增的信息项不在其内" in shown


def test_a_refusal_says_each_ground_once() -> None:
    def label(reason: str) -> tuple[Label, ...]:
        return (Label("share", "none", state="confirmed", confidence=1.0, reason=reason, basis=("pipl/28",)),)

    items = tuple(EntryItem(1, name, name, "字符型C", labels=label(f"{name}依法不予共享")) for name in "甲乙")
    entry = Entry(
        "d/s/t", *("",) * 7, items, label("甲依法不予共享；乙依法不予共享"), "", "", "", "每年", department="d"
    )
    whole = Document("share", "minzheng", asset="d/s/t")
    found = judge(whole, entry, load_pack("putuo-2020"))
    assert found.reason == "甲依法不予共享；乙依法不予共享"
    one = judge(replace(whole, items=("乙",)), entry, load_pack("putuo-2020"))
    assert (one.verdict, one.reason, one.basis) == ("refuse", "乙依法不予共享", ("pipl/28",))
