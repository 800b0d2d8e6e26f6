"""Rows of docs/articles.md that no other test proves: each test fails when the article is no longer served."""

from __future__ import annotations

import json
from typing import Any

import openpyxl
import pytest

SITE = """
name: 普陀区公共数据资源目录
people:
  - {id: li, name: 李园, accounts: [li], departments: [scjg], roles: [steward]}
  - {id: zhao, name: 赵林, accounts: [zhao], departments: [scjg], roles: [head]}
  - {id: wang, name: 王审, accounts: [wang], roles: [reviewer]}
  - {id: chen, name: 陈核, accounts: [chen], roles: [reviewer]}
  - {id: sun, name: 孙办, accounts: [sun], roles: [office]}
"""
ANSWERABLE = "section: 信息科, contact: 刘工 52564588,"
DEPARTMENT = """
department: {id: scjg, name: 普陀区市场监管局, code: "11310107000000019B", section: 信息科, contact: 刘工 52564588,
  entry: {municipal: 区域补充, location: 政务云, by_reference: 否, backup_level: 二级, collection_basis: 三定规定}}
systems:
  - {id: annual, name: 年报系统, connector: ddl, path: annual.sql, update_cycle: 每年, entry: {
     location: 自建, integration: 未接入分平台, aggregation: 部分归集, aggregation_method: 文件交换,
     interface: 年报核验接口, project_review: 2025年立项核验通过}}
  - {id: got, name: 交换库, connector: ddl, path: got.sql, update_cycle: 每日, origin: shared,
     entry: {municipal: 市级目录已收录, by_reference: 是}}
"""
ANNUAL = """
CREATE TABLE nbxx (tyshxydm varchar(18) COMMENT '统一社会信用代码', zcze decimal(18,2) COMMENT '资产总额')
  COMMENT='企业年度报告';
CREATE TABLE gyry (xm varchar(50) COMMENT '姓名', sfzh varchar(18) COMMENT '身份证号', bm varchar(50) COMMENT '部门')
  COMMENT='从业人员';
"""
GOT = "CREATE TABLE rivers (mc varchar(50) COMMENT '河道名称') COMMENT='河道';"
REPORTS, RIVERS, STAFF = "scjg/annual/nbxx", "scjg/got/rivers", "scjg/annual/gyry"
DAY = "2026-03-02"


@pytest.fixture
def town(district: Any) -> Any:
    """Two systems of one department, harvested and judged."""
    district.write(site_yaml=SITE, departments__scjg_yaml=DEPARTMENT, annual_sql=ANNUAL, got_sql=GOT)
    district.on(DAY)
    district.json("run", "--no-outputs")
    return district


def publish(d: Any, key: str, refusal: bool = False) -> None:
    d.json("entry", "submit", key, by="li")
    d.json("entry", "approve", key, by="wang")
    d.json("entry", "sign", "--secrecy", key, by="zhao")
    d.json("entry", "sign", "--security", key, by="chen")
    if refusal:
        d.json("entry", "approve-refusal", key, by="sun")
    d.json("entry", "publish", key, by="chen")


def elements(d: Any, key: str, *more: str) -> dict[str, tuple[str, str, str]]:
    """Value, by what and by whom, of every element of a resource."""
    found = d.json("entry", "show", key, *more)["elements"]
    return {one["key"]: (one["value"], one["by"], one["who"]) for one in found}


def rows(d: Any, name: str, sheet: str = "") -> list[dict[str, Any]]:
    """One official list of the day, by the headings of its columns."""
    book = openpyxl.load_workbook(d.root / "out" / "official" / DAY / f"{name}.xlsx")
    head, *found = [[cell.value for cell in row] for row in book[sheet or name]]
    return [dict(zip(head, row, strict=True)) for row in found]


def records(d: Any, name: str) -> list[dict[str, Any]]:
    text = (d.root / "out" / "official" / DAY / f"{name}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


# --- Art. 1, 40: the basis -----------------------------------------------------------------------------------------


def test_the_pack_names_what_the_measures_rest_on(town: Any) -> None:
    said = {one["key"]: one["text"] for one in town.json("pack", "show", "putuo-2020")["citations"]}
    assert "沪府令9号" in said["putuo-2020/1"]
    assert "沪府令21号" in said["putuo-2020/1"]


def test_validity_of_the_measures_and_that_it_may_have_ended(town: Any) -> None:
    (measures,) = [one for one in town.json("pack", "list") if one["id"] == "putuo-2020"]
    assert (measures["valid_from"], measures["valid_to"]) == ("2020-09-08", None)
    for arguments in ((), ("putuo-2020",)):
        done = town("pack", "check", *arguments)
        assert done.exit_code == 0
        assert "unverified: 普府规范〔2020〕4号按规范性文件有效期应于2025年9月届满" in done.stderr


# --- Art. 5: who answers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("section: 信息科,", {"责任人及联系方式 (contact)"}),
        ("contact: 刘工 52564588,", {"责任科室 (section)"}),
        ("", {"责任人及联系方式 (contact)", "责任科室 (section)"}),
    ],
)
def test_nothing_is_submitted_that_nobody_answers_for(given: str, told: set[str], town: Any) -> None:
    assert ANSWERABLE in DEPARTMENT
    town.write(departments__scjg_yaml=DEPARTMENT.replace(ANSWERABLE, given))
    said = town.refused("entry", "submit", REPORTS, by="li")
    assert {
        one for one in ("责任科室 (section)", "责任人及联系方式 (contact)") if f"{one} is not filled" in said
    } == told
    town("entry", "fill", REPORTS, "section=信息科", "contact=刘工 52564588", by="li")
    town.json("entry", "submit", REPORTS, by="li")


# --- Art. 7, 10, 12, 16, 17, 32, 39: the department's configuration --------------------------------------------------

OF_ANNUAL = {
    "municipal": "区域补充",
    "location": "自建",
    "by_reference": "否",
    "backup_level": "二级",
    "collection_basis": "三定规定",
    "integration": "未接入分平台",
    "aggregation": "部分归集",
    "aggregation_method": "文件交换",
    "interface": "年报核验接口",
    "project_review": "2025年立项核验通过",
}
OF_GOT = {
    **{"municipal": "市级目录已收录", "location": "政务云", "by_reference": "是", "backup_level": "二级"},
    **dict.fromkeys(("integration", "aggregation", "aggregation_method", "interface", "project_review"), ""),
}


@pytest.mark.parametrize(("key", "expected"), [(REPORTS, OF_ANNUAL), (RIVERS, OF_GOT)])
def test_the_configuration_fills_elements_that_articles_ask_for(key: str, expected: dict[str, str], town: Any) -> None:
    """A system's word goes before its department's; what neither says nobody has filled."""
    found = elements(town, key)
    assert {one: found[one] for one in expected} == {
        one: (value, "config" if value else "nobody", "") for one, value in expected.items()
    }


def test_a_persons_word_goes_before_the_configuration_and_is_in_force(town: Any) -> None:
    town("entry", "fill", REPORTS, "location=政务云", "backup_level=三级", by="li")
    publish(town, REPORTS)
    town("entry", "fill", REPORTS, "location=", by="li")
    assert elements(town, REPORTS)["location"] == ("自建", "config", "")
    in_force = elements(town, REPORTS, "--as-of", DAY)
    assert (in_force["location"][0], in_force["backup_level"][0]) == ("政务云", "三级")
    assert in_force["by_reference"][0] == "否"


@pytest.mark.parametrize("said", ["location: 某处", "by_reference: 也许", "integration: 不详"])
def test_what_the_configuration_may_not_say(said: str, town: Any) -> None:
    key = said.partition(":")[0]
    town.write(departments__scjg_yaml=DEPARTMENT.replace("municipal: 市级目录已收录, by_reference: 是", said))
    done = town("entry", "show", RIVERS)
    assert done.exit_code == 2
    assert f"{key} (" in done.stderr
    assert "is one of" in done.stderr


# --- Art. 18: item by item -----------------------------------------------------------------------------------------


def test_what_was_verified_of_an_item_is_shown_and_published(town: Any) -> None:
    said = "2026年2月与市级库比对，相符"
    town("entry", "fill", REPORTS, "--item", "zcze", f"verification={said}", by="li")
    town("entry", "fill", REPORTS, "verification=每季度抽查", by="li")
    items = {
        item["name"]: {one["key"]: (one["value"], one["by"], one["who"]) for one in item["elements"]}
        for item in town.json("entry", "show", REPORTS)["items"]
    }
    assert items["zcze"]["verification"] == (said, "person", "li")
    assert items["tyshxydm"]["verification"][1] == "nobody"
    assert elements(town, REPORTS)["verification"] == ("每季度抽查", "person", "li")
    publish(town, REPORTS)
    town.json("lists", "--as-of", DAY)
    assert [row["逐项校核记录"] for row in rows(town, "公共数据资源目录", "信息项")] == [None, said]


# --- Art. 11, 上海市数据条例 28: what is filed with the city ---------------------------------------------------------

FILED = [
    {
        "信息资源代码": "300001/000002",
        "信息资源名称": "企业年度报告",
        "提供方": "普陀区市场监管局",
        "统一社会信用代码": "11310107000000019B",
        "摘要": "各企业上一年度的报告",
        "数据来源": "自产",
        "更新频率": "每年",
        "安全等级": "L3 敏感级",
        "共享类型": "授权共享",
        "共享条件": "经审核同意后，限申请单位履职需要使用，不得提供给第三方",
        "开放类型": "有条件开放",
        "开放条件": "签订开放协议，限统计分析",
        "市级目录收录情况": "区域补充",
        "信息项数": 2,
        "发布日期": DAY,
        "版本": "第1版",
    },
    {
        "信息资源代码": "300001/000003",
        "信息资源名称": "河道",
        "提供方": "普陀区市场监管局",
        "统一社会信用代码": "11310107000000019B",
        "摘要": "河道（交换库），主要信息项：河道名称。",
        "数据来源": "共享获得",
        "更新频率": "每日",
        "安全等级": "L1 公开级",
        "共享类型": "非共享",
        "共享条件": "不予共享（《上海市数据条例》第四十条、《上海市普陀区公共数据管理办法》第二十一条）",
        "开放类型": "非开放",
        "开放条件": (
            "不予开放（《上海市数据条例》第四十条、《上海市普陀区公共数据管理办法》第二十一条、"
            "《上海市普陀区公共数据管理办法》第二十六条、《上海市普陀区公共数据管理办法》第二十五条）"
        ),
        "市级目录收录情况": "市级目录已收录",
        "信息项数": 1,
        "发布日期": DAY,
        "版本": "第1版",
    },
]
"""市级报送表 cell by cell: where data comes from, how often it changes, its tier and what may be done with it."""
AS_RECORDS = {
    "code": "信息资源代码",
    "title": "信息资源名称",
    "provider": "提供方",
    "provider_code": "统一社会信用代码",
    "abstract": "摘要",
    "update_cycle": "更新频率",
    "type_name": "共享类型",
    "share_condition": "共享条件",
    "open_type_name": "开放类型",
    "open_condition": "开放条件",
    "municipal": "市级目录收录情况",
    "published": "发布日期",
}
"""Keys of the JSON lines → headings of the workbook that say the same."""


def filed(d: Any) -> None:
    """Both resources published, one in the words of its department, and the lists of the day."""
    words = ("abstract=各企业上一年度的报告", "open_condition=签订开放协议，限统计分析")
    d("entry", "fill", REPORTS, *words, by="li")
    publish(d, REPORTS)
    publish(d, RIVERS, refusal=True)
    d.json("lists", "--as-of", DAY)


def test_the_municipal_filing_cell_by_cell(town: Any) -> None:
    filed(town)
    assert rows(town, "市级报送表") == FILED
    found = records(town, "市级报送表")
    assert [{heading: row[key] for key, heading in AS_RECORDS.items()} for row in found] == [
        {heading: row[heading] for heading in AS_RECORDS.values()} for row in FILED
    ]
    assert [(row["origin"], row["tier"], row["section"], row["contact"], row["issue"]) for row in found] == [
        ("own", "L3", "信息科", "刘工 52564588", 1),
        ("shared", "L1", "信息科", "刘工 52564588", 1),
    ]
    assert [[(item["name"], item["tier"]) for item in row["items"]] for row in found] == [
        [("tyshxydm", "L1"), ("zcze", "L3")],
        [("mc", "L1")],
    ]


# --- Art. 24, 26: the official open list ----------------------------------------------------------------------------


def test_the_official_open_list_as_workbook_and_as_json_lines(town: Any) -> None:
    filed(town)
    (row,) = rows(town, "开放清单")
    (record,) = records(town, "开放清单")
    basis = [(one["key"], one["citation"]) for one in record.pop("basis")]
    assert [key for key, _ in basis] == ["epi/9", "shanghai-data/41", "putuo-2020/25"]
    assert row["依据"].splitlines() == [citation for _, citation in basis]
    assert [(one["name"], one["title"]) for one in record.pop("items")] == [
        ("tyshxydm", "统一社会信用代码"),
        ("zcze", "资产总额"),
    ]
    assert row["数据项"] == "统一社会信用代码（tyshxydm）、资产总额（zcze）"
    same = {"code": "信息资源代码", "title": "信息资源名称", "provider": "提供方", "abstract": "摘要"}
    same |= {"type_name": "开放类型", "condition": "开放条件", "reason": "理由", "scope": "开放范围"}
    same |= {"format": "数据格式", "update_cycle": "更新频率", "interface": "开放接口", "published": "发布日期"}
    assert {key: record[key] for key in same} == {key: row[heading] for key, heading in same.items()}
    assert (record["asset"], record["type"], record["type_name"]) == (REPORTS, "conditional", "有条件开放")
    assert (record["condition"], record["interface"]) == ("签订开放协议，限统计分析", "年报核验接口")


@pytest.mark.parametrize("origin", ["own", "shared", "negotiated"])
def test_what_came_from_others_is_on_no_open_list_whatever_a_person_says(origin: str, town: Any) -> None:
    """The rules close it (Art. 21, 26); a steward who opens it all the same brings it on no list either."""
    town.write(departments__scjg_yaml=DEPARTMENT.replace("origin: shared", f"origin: {origin}"))
    town.json("run", "--no-outputs")
    closed = {"own": "unconditional", "shared": "none", "negotiated": "none"}[origin]
    labels = {one["key"]: one["value"] for one in town.json("entry", "show", RIVERS)["labels"]}
    assert (labels["share"], labels["open"]) == ("none" if origin == "shared" else "unconditional", closed)
    if origin != "own":
        ruling = ("--set", "share=unconditional open=unconditional", "--why", "社会关注", "--yes")
        assert town("decide", f"{RIVERS}.mc", *ruling, by="li").exit_code == 0
        assert town("decide", RIVERS, *ruling, by="li").exit_code == 0
        town.json("classify")
    publish(town, RIVERS)
    town.json("lists", "--as-of", DAY)
    assert [row["开放类型"] for row in rows(town, "市级报送表")] == ["无条件开放"]
    assert [row["asset"] for row in records(town, "开放清单")] == [RIVERS] * (origin == "own")


# --- Art. 20: responsibility can be traced --------------------------------------------------------------------------


def test_every_act_says_whose_it_is(town: Any) -> None:
    ruling = ("--set", "share=conditional", "--basis", "pipl/34", "--why", "仅供监管", "--yes")
    assert town("decide", f"{STAFF}.bm", *ruling, by="li").exit_code == 0
    town.json("classify")
    town("entry", "fill", STAFF, "time_span=2025", "--as", "赵林", by="li")
    publish(town, STAFF)
    publish(town, RIVERS, refusal=True)
    town.json("lists", "--as-of", DAY, "--issue", "--why", "首期", by="wang")
    acts = [json.loads(line) for line in town("audit", "show", "--jsonl").stdout.splitlines()]
    people = {"li": "李园", "zhao": "赵林", "wang": "王审", "chen": "陈核", "sun": "孙办"}
    assert {(act["who"], act["account"], act["name"]) for act in acts} == {(id, id, people[id]) for id in people}
    assert {act["verb"]: act["who"] for act in acts} == {
        "decide": "li",
        "fill": "li",
        "submit": "li",
        "approve": "wang",
        "sign-secrecy": "zhao",
        "sign-security": "chen",
        "approve-refusal": "sun",
        "publish": "chen",
        "issue": "wang",
    }
    (filled,) = [act for act in acts if act["verb"] == "fill"]
    assert filled["behalf"] == "赵林"
    assert "which no person in site.yaml has" in town.refused("entry", "submit", REPORTS, by="root")


# --- Art. 30: where the risks are -----------------------------------------------------------------------------------


def test_columns_are_told_with_their_tier(town: Any) -> None:
    lines = [json.loads(line) for line in town("assets", "--labels", "--jsonl").stdout.splitlines()]
    found = {
        one["name"]: ({c["name"]: c["labels"]["tier"]["value"] for c in one["columns"]}, one["labels"]["tier"]["value"])
        for one in lines
    }
    assert found == {
        "nbxx": ({"tyshxydm": "L1", "zcze": "L3"}, "L3"),
        "gyry": ({"xm": "L3", "sfzh": "L3", "bm": "L1"}, "L3"),
        "rivers": ({"mc": "L1"}, "L1"),
    }
    table = [line.split() for line in town("assets", "--labels").stdout.splitlines()]
    tier = table[0].index("tier")
    assert {row[0]: row[tier] for row in table[1:4]} == {REPORTS: "L3", STAFF: "L3", RIVERS: "L1"}
