"""数据需求清单: the requests of any day, by who asks, with what changed since the issue before."""

from __future__ import annotations

import json
from typing import Any

import openpyxl


def rows(town: Any, day: str, *more: str, place: str = "") -> list[dict[str, Any]]:
    town.ok("lists", "--as-of", day, *more)
    text = (town.root / "out" / "official" / day / place / "数据需求清单.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_what_departments_need_of_one_another(town: Any) -> None:
    for name in ("parks", "permits"):
        town.publish(name)
    town.ask("parks", "--item", "mc", "--basis", "pipl/34")
    town.ask("permits")
    town.ask("trees")
    gone = town.ask("parks")["id"]
    town.ok("request", "withdraw", gone, "--why", "不再需要", account="qian")
    opening = ("--open", "--applicant", "某大学", "--asset", "parks", "--purpose", "研究")
    town.ok("request", "new", *opening, account="ke")
    found = rows(town, "2026-09-21", "--issue")
    assert [(row["id"], row["title"], row["stage_name"]) for row in found] == [
        ("S2026-0001", "公园绿地", "已授权"),
        ("S2026-0002", "绿化许可申请人", "审核中"),
        ("S2026-0003", "行道树", "待确认"),
    ]
    first = found[0]
    assert (first["requester"], first["provider"], first["items"]) == (
        *("普陀区民政局", "普陀区绿化局"),
        [{"name": "mc", "title": "公园名称"}],
    )
    assert (first["basis"][1], first["code"] != "") == ("《中华人民共和国个人信息保护法》第三十四条", True)
    assert rows(town, "2026-09-21", place="minzheng") == found
    town.days(1)
    town.publish("trees")
    town.ok("request", "catalogue", "S2026-0003", "trees")
    town.ok("request", "withdraw", "S2026-0002", "--why", "业务停办", account="qian")
    town.ask("parks")
    assert [row["stage"] for row in rows(town, "2026-09-22")] == ["granted", "granted", "granted"]
    book = openpyxl.load_workbook(town.root / "out" / "official" / "2026-09-22" / "数据需求清单.xlsx")
    # 全部信息项 where the request names none.
    items = {line[0].value: line[4].value for line in book["数据需求清单"].iter_rows(min_row=2)}
    assert (items["S2026-0001"], items["S2026-0005"]) == ("公园名称（mc）", "全部信息项")
    heading, *told = [[cell.value for cell in row] for row in book["与上期变化"].iter_rows()]
    assert heading == ["变化", "需求编号", "所需数据", "提供单位", "变更内容"]
    assert [(line[0], line[1]) for line in told] == [
        *(("变更", "S2026-0003"), ("新增", "S2026-0005"), ("减少", "S2026-0002"))
    ]
    assert "办理状态：待确认 → 已授权" in str(told[0][4])
    assert [cell.value for cell in book["统计"][3]] == ["合计", 3, 3]
    assert [row["stage"] for row in rows(town, "2026-09-21")] == ["granted", "reviewing", "asked"]
