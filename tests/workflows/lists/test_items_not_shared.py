"""A resource that is shared while items of it are not: on both lists, with the items named, and never opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DAY = "2026-09-21"


@pytest.fixture
def mixed(town: Any) -> Any:
    """Of permits, names and numbers are not shared, by two articles; the resource is, on conditions."""
    for what, value, basis in (
        ("permits.xm", "none", "pipl/34"),
        ("permits.sfzh", "none", "pipl/28"),
        ("permits", "conditional", "pipl/34"),
    ):
        given = ("--set", f"share={value}", "--basis", basis, "--why", f"依法{value}{basis[-2:]}", "--yes")
        town.ok("decide", what, *given, account="li")
    town.ok("classify")
    town.publish("permits", refusal=True)
    return town


def sheet(town: Any, name: str, title: str = "") -> list[dict[str, Any]]:
    books, _ = town.lists(DAY)
    heading, *rows = books[f"{name}.xlsx"][title or name]
    return [dict(zip(heading, row, strict=True)) for row in rows]


def test_the_negative_list_names_the_items_each_with_its_law(mixed: Any) -> None:
    (row,) = sheet(mixed, "共享负面清单")
    assert row["共享类型"] == "非共享（仅所列信息项）"
    assert row["决定性信息项"] == "申请人姓名（xm）、申请人身份证号（sfzh）"
    first, second = row["法律、法规、规章依据"].split("\n")
    assert first.startswith("申请人姓名：《中华人民共和国个人信息保护法》第三十四条（法律）：")
    assert second.startswith("申请人身份证号：《中华人民共和国个人信息保护法》第二十八条（法律）：")
    assert row["理由"].split("\n")[0].startswith("申请人姓名：")
    assert "依法none34" in row["理由"].split("\n")[0]
    assert row["批准人"].startswith("孙八")
    totals = sheet(mixed, "共享负面清单", "统计")
    assert [(one["非共享（仅所列信息项）"], one["信息项"]) for one in totals] == [(1, 2), (1, 2)]


def test_the_negative_list_as_json(mixed: Any) -> None:
    _, lines = mixed.lists(DAY)
    told = json.loads(lines["共享负面清单.jsonl"])
    assert (told["type"], told["only_items"], told["deciding_columns"]) == ("none", True, ["xm", "sfzh"])
    assert told["refusal_basis"] == ["pipl/34", "pipl/28"]
    assert [one["key"] for one in told["basis"]] == ["pipl/34", "pipl/28"]


def test_the_responsibility_list_says_what_is_left_out(mixed: Any) -> None:
    (row,) = sheet(mixed, "数据责任清单")
    assert row["共享条件"].split("\n")[-1] == "不含：申请人姓名（xm）、申请人身份证号（sfzh）"
    assert sheet(mixed, "数据责任清单", "统计")[0]["信息项"] == 1
    _, lines = mixed.lists(DAY)
    assert [one["name"] for one in json.loads(lines["数据责任清单.jsonl"])["left_out"]] == ["xm", "sfzh"]


def test_an_item_without_law_stops_the_negative_list(mixed: Any) -> None:
    (mixed.root / "packs").mkdir()
    overlay = 'extends: putuo-2020\nid: local\nversion: "2"\ninstruments: {pipl: {rank: standard}}\n'
    (mixed.root / "packs" / "later.yaml").write_text(overlay, "utf-8")
    done = mixed("lists")
    assert (done.exit_code, "not shared without a law, regulation or rule: lvhua/gis/permits" in done.stderr) == (
        4,
        True,
    )


def test_what_is_not_shared_is_never_opened(town: Any) -> None:
    given = ("--set", "share=none", "--basis", "pipl/34", "--why", "依法不予共享", "--yes")
    town.ok("decide", "parks.mc", *given, account="li")
    given = ("--set", "share=unconditional open=unconditional", "--why", "其余可以开放", "--yes")
    town.ok("decide", "parks", *given, account="li")
    town.ok("classify")
    town.ok("lists")
    rows = [json.loads(line) for line in (town.root / "out" / "开放清单.jsonl").read_text("utf-8").splitlines()]
    found = {row["asset"]: [item["name"] for item in row["items"]] for row in rows}
    assert found["lvhua/gis/parks"] == ["id"]
    refused = Path(town.root / "out" / "共享负面清单.jsonl").read_text("utf-8")
    assert json.loads(refused)["deciding_columns"] == ["mc"]
