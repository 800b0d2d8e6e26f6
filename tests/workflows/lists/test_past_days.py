"""What a list of a past day says depends on acts alone, and an issue can be had again as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from workflows.lists.changes import differences

DAY = "2026-09-21"
JZZ, PERMITS = "lvhua/gis/jzz", "lvhua/gis/permits"


@pytest.fixture
def year(town: Any) -> Any:
    """One day on which entries of every share type are published and asked for."""
    town.refuse()
    for name in ("parks", "permits"):
        town.publish(name)
    town.publish("jzz", refusal=True)
    for name in ("parks", "permits", "trees"):
        town.ask(name)
    return town


def test_a_past_day_is_the_same_whatever_has_been_renamed_since(year: Any) -> None:
    before = year.lists(DAY)
    year.days(400)
    year.rename()
    year.ok("run", "--no-outputs")
    assert year.lists(DAY) == before
    books, lines = before
    shown = json.dumps(books["共享负面清单.xlsx"], ensure_ascii=False)
    assert all(
        word in shown for word in ("非共享", "《中华人民共和国个人信息保护法》第三十四条", "孙八", "普陀区绿化局")
    )
    assert "《中华人民共和国个人信息保护法》第三十四条" in lines["minzheng/数据需求清单.jsonl"]
    assert books["minzheng/数据需求清单.xlsx"]["说明"][0][0] == "普陀区民政局数据需求清单"
    assert "用语" not in {row[0] for book in books.values() for row in book["说明"]}
    covers = json.dumps([book["说明"] for book in books.values()], ensure_ascii=False)
    assert "共享的数据（《上海市普陀区公共数据管理办法》第二十一条）" in covers


def test_today_says_the_names_of_its_acts_until_new_ones_are_on_record(year: Any) -> None:
    year.rename()
    year.ok("run", "--no-outputs")
    told = year("lists", "--as-of", "today")
    assert "--issue records their new names" in told.stderr
    books, _ = year.lists(DAY)
    assert books["公共数据资源目录.xlsx"]["说明"][0][0] == "普陀区公共数据资源目录"
    books, _ = year.lists(DAY, "--issue")
    assert books["公共数据资源目录.xlsx"]["说明"][0][0] == "西城区公共数据资源目录"
    assert "判定规则" in dict(row[:2] for row in books["公共数据资源目录.xlsx"]["说明"] if row[0])
    again, _ = year.lists(DAY)
    assert again == books


def test_an_issue_is_had_again_byte_for_byte(year: Any, tmp_path: Path) -> None:
    year.lists(DAY, "--issue", "--why", "年度首期", "--as", "主任")
    year.days(60)
    year.ok("entry", "withdraw", "parks", "--why", "系统下线")
    day = year.time.date().isoformat()
    year.lists(day, "--issue")
    folder = year.root / "out" / "official" / day
    issued = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
    year.days(400)
    year.rename()
    year.ok("run", "--no-outputs")
    found = {one["number"]: one for one in year.ok("lists", "issues") if one["as_of"] == day}
    assert [one["list"] for one in found.values()] == [
        *("catalogue", "responsibility", "negative", "open", "filing", "demand"),
    ]
    again = tmp_path / "again"
    for number in found:
        year.ok("lists", "again", str(number), "--to", str(again))
    rewritten = {str(path.relative_to(again)): path.read_bytes() for path in again.rglob("*.*") if path.is_file()}
    assert rewritten == issued
    changes = year.books(again)["lvhua/数据责任清单.xlsx"]["与上期变化"]
    assert [(row[0], row[2]) for row in changes[1:]] == [("减少", "公园绿地")]


def test_the_issues_on_record(year: Any) -> None:
    year.lists(DAY, "--issue", "--why", "年度首期")
    year.days(1)
    year.lists("2026-09-22", "--issue")
    catalogue = year.ok("lists", "issues", "catalogue")
    assert [(one["list"], one["issue"], one["as_of"], one["name"], one["lines"]) for one in catalogue] == [
        ("catalogue", 1, DAY, "王五", 3),
        ("catalogue", 2, "2026-09-22", "王五", 3),
    ]
    shown = year("lists", "issues").stdout
    assert len(shown.splitlines()) == 13
    assert all(word in shown for word in (catalogue[0]["digest"][:12], "年度首期", "王五"))
    told = year.ok("lists", "again", str(catalogue[0]["number"]))
    assert (told["issue"], len(told["records"])) == (catalogue[0], 3)
    assert [Path(path).name for path in told["written"]] == ["公共数据资源目录.xlsx", "公共数据资源目录.jsonl"] * 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("lists", "again", "999"), "no issue has the number 999"),
        (("lists", "issues", "secret"), "no list 'secret'; lists: catalogue, responsibility"),
        (("lists", "--as-of", "today", "issues"), "options come after `issues`"),
    ],
)
def test_issues_that_are_not_there(town: Any, arguments: tuple[str, ...], told: str) -> None:
    done = town(*arguments)
    assert (done.exit_code, told in done.stderr) == (2, True), done.stderr


def test_an_issue_without_books_still_gives_its_records_and_is_compared(year: Any) -> None:
    """As issues were before workbooks were kept."""
    with year.store as store:
        from workflows.acts.model import Actor
        from workflows.acts.trail import Trail
        from workflows.lists.changes import Issue

        old = Issue(
            "open", "2026-09-01", ({"asset": "lvhua/gis/old", "code": "1/1", "title": "旧数据", "provider": "局"},)
        )
        with Trail(store).acting(Actor("wang", "wang")) as acting:
            acting.add("list", "open", "issue", after={"version": acting.keep(old), "as_of": "2026-09-01"})
    (told,) = year.ok("lists", "issues")
    assert (told["lines"], told["as_of"]) == (1, "2026-09-01")
    done = year("lists", "again", str(told["number"]))
    assert "before workbooks were kept" in done.stderr
    (line,) = Path(done.stdout.strip()).read_text("utf-8").splitlines()
    assert json.loads(line) == {"list": "开放清单", "as_of": "2026-09-01", **old.records[0]}
    books, _ = year.lists(DAY)
    rows = [[row[0], row[2]] for row in books["开放清单.xlsx"]["与上期变化"][1:]]
    assert ["减少", "旧数据"] in rows


def forget_words(town: Any) -> None:
    """As if everything had been published and asked before words were kept."""
    with town.store as store, store.write() as connection:
        for row in list(connection.execute(text("SELECT number, after FROM acts WHERE after LIKE '%\"words\"%'"))):
            after = {key: value for key, value in json.loads(row.after).items() if key != "words"}
            query = text("UPDATE acts SET after = :after WHERE number = :number")
            connection.execute(query, {"after": json.dumps(after, ensure_ascii=False), "number": row.number})


def test_versions_without_words_are_told_in_those_of_today_and_the_cover_says_so(year: Any) -> None:
    forget_words(year)
    year.days(3)
    year.rename()
    books, _ = year.lists(DAY)
    told = [row[1] for row in books["共享负面清单.xlsx"]["说明"] if row[0] == "用语"]
    assert told == [
        "截至当日没有留存目录和部门的名称，按现行配置书写",
        "1 个条目发布时没有留存当时的用语，其类型名称和依据条文按现行规则包书写",
    ]
    assert "不予共享" in json.dumps(books["共享负面清单.xlsx"]["共享负面清单"], ensure_ascii=False)
    told = [row[1] for row in books["数据需求清单.xlsx"]["说明"] if row[0] == "用语"]
    assert told[1] == "3 项需求提出时没有留存当时的用语，其部门名称和依据条文按现行配置和规则包书写"


def test_a_refusal_is_asked_by_the_words_of_its_day(year: Any) -> None:
    (year.root / "packs").mkdir()
    # The law is a standard now: it carries no refusal any more.
    overlay = 'extends: putuo-2020\nid: local\nversion: "2"\ninstruments: {pipl: {rank: standard}}\n'
    (year.root / "packs" / "later.yaml").write_text(overlay, "utf-8")
    done = year("lists", "--as-of", "today")
    assert (done.exit_code, f"{JZZ}: in force as 非共享 by a citation" in done.stderr) == (0, True)
    assert (year.root / "out" / "official" / DAY / "共享负面清单.xlsx").is_file()
    forget_words(year)
    done = year("lists", "--as-of", "today")
    assert (done.exit_code, f"not shared without a law, regulation or rule: {JZZ}" in done.stderr) == (4, True)


def test_words_that_are_gone_are_an_error_and_audit_verify_tells(year: Any) -> None:
    with year.store as store, store.write() as connection:
        connection.execute(text("DELETE FROM documents WHERE body LIKE '%\"citations\"%'"))
    done = year("lists", "--as-of", "today")
    assert (done.exit_code != 0, "that acts name are gone from the store" in done.stderr) == (True, True)
    verified = year("audit", "verify")
    assert (verified.exit_code, "that it names is gone" in verified.stdout + verified.stderr) == (4, True)


def test_what_was_withdrawn_and_published_again_has_changed(year: Any) -> None:
    year.lists(DAY, "--issue")
    year.days(1)
    year.ok("entry", "withdraw", "permits", "--why", "核对")
    year.days(1)
    year.publish("permits")
    books, _ = year.lists("2026-09-23")
    (change,) = books["数据责任清单.xlsx"]["与上期变化"][1:]
    assert (change[0], change[2]) == ("变更", "绿化许可申请人")
    assert change[4] == "发布日期：2026-09-21 → 2026-09-23；版本：第1版 → 第2版"
    cover = dict(row[:2] for row in books["数据责任清单.xlsx"]["说明"] if row[0])
    assert cover["与上期变化"] == "与 2026-09-21 一期相比：新增 0 条、变更 1 条、减少 0 条"


def test_an_issue_recorded_later_changes_nothing_of_a_past_day(year: Any) -> None:
    year.days(1)
    before = year.lists("2026-09-22")
    year.days(1)
    year.lists(DAY, "--issue")
    assert year.lists("2026-09-22") == before
    books, _ = year.lists("2026-09-22", "--issue")
    # Who issues a day late compares it with what is on record by now.
    assert "与 2026-09-21 一期相比" in str(books["开放清单.xlsx"]["说明"])


def test_an_issue_put_on_record_late_is_not_the_one_before(year: Any) -> None:
    year.days(2)
    year.lists("2026-09-23", "--issue")
    year.days(1)
    year.lists(DAY, "--issue")
    for more in ((), ("--issue",)):
        books, _ = year.lists("2026-09-24", *more)
        assert "与 2026-09-23 一期相比" in str(books["开放清单.xlsx"]["说明"])


def test_a_code_an_item_and_a_mark_that_changed() -> None:
    old = {"asset": "d/s/t", "code": "1/1", "title": "公园", "provider": "局", "high_value": False, "contact": "刘工"}
    new = {"asset": "d/s/t", "code": "2/1", "title": "公园", "provider": "局", "high_value": True, "section": "信息科"}
    (found,) = differences([{**old, "items": [item("id"), item("mc")]}], [{**new, "items": [item("id"), item("dz")]}])
    assert (found.kind, found.code, found.title) == ("变更", "2/1", "公园")
    # 联系方式 and 责任科室 are told by one of the two only: the older issue knew nothing of them.
    assert found.what == "信息资源代码：1/1 → 2/1；信息项：新增【dz】，减少【mc】；高价值：否 → 是"


def item(name: str) -> dict[str, str]:
    return {"name": name, "title": f"【{name}】"}


def test_an_entry_of_a_past_day_is_shown_in_its_words_and_where_it_stood(year: Any) -> None:
    before = year.ok("entry", "show", "jzz", "--as-of", DAY)
    (share,) = [one for one in before["labels"] if one["key"] == "share"]
    assert (share["name"], share["basis"]) == ("非共享", ["《中华人民共和国个人信息保护法》第三十四条"])
    year.days(10)
    year.rename()
    year.ok("run", "--no-outputs")
    year.ok("entry", "withdraw", "jzz", "--why", "停办")
    after = year.ok("entry", "show", "jzz", "--as-of", DAY)
    compared = ("title", "code", "state", "version", "in_force", "changes", "to_do", "labels", "elements", "items")
    assert [after[key] for key in compared] == [before[key] for key in compared]
    assert (after["state"], after["to_do"]) == ("published", [])
    told = {one["key"]: one["value"] for one in after["items"][1]["elements"]}
    assert "《中华人民共和国个人信息保护法》第三十四条" in told["share_condition"]
    now = year.ok("entry", "show", "parks")
    assert [one["name"] for one in now["labels"]] == ["L1 甲级", "直接共享", "直接开放"]
    assert "《中华人民共和国个人信息保护法》第三十四条" in year("entry", "show", "jzz", "--as-of", DAY).stdout
