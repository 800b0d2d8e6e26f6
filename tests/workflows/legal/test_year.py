"""A year in the life of the catalogue: four departments, eleven people, one shell. Read it month by month."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterable
from typing import Any

import openpyxl
import pytest

SITE = """
name: 普陀区公共数据资源目录
{pack}
people:
  - {{id: li, name: 李园, accounts: [li], departments: [lvhua], roles: [steward]}}
  - {{id: zhao, name: 赵林, accounts: [zhao], departments: [lvhua], roles: [head]}}
  - {{id: qian, name: 钱助, accounts: [qian], departments: [minzheng], roles: [steward]}}
  - {{id: zhou, name: 周济, accounts: [zhou], departments: [minzheng], roles: [head]}}
  - {{id: shen, name: 沈照, accounts: [shen], departments: [scjg], roles: [steward]}}
  - {{id: shi, name: 史执, accounts: [shi], departments: [scjg], roles: [head]}}
  - {{id: tong, name: 童计, accounts: [tong], departments: [tongji], roles: [steward, reviewer]}}
  - {{id: tan, name: 谭数, accounts: [tan], departments: [tongji], roles: [head]}}
  - {{id: wang, name: 王审, accounts: [wang], roles: [reviewer]}}
  - {{id: chen, name: 陈核, accounts: [chen], roles: [reviewer]}}
  - {{id: sun, name: 孙办, accounts: [sun], roles: [office]}}
calendar:
  holidays: [2026-01-01, 2026-02-16/2026-02-22, 2026-05-01, 2026-10-01/2026-10-07]
"""
DEPARTMENT = """
department: {{id: {id}, name: {name}, code: "{code}", section: 信息科, contact: 数据联络员,
  entry: {{municipal: 区域补充}}}}
systems:
  - {{id: {system}, name: {title}, connector: {connector}, path: {path}, update_cycle: {cycle}}}
"""
DEPARTMENTS = (
    ("lvhua", "普陀区绿化和市容管理局", "11310107000000011A", "gis", "绿化管理系统", "ddl", "gis.sql", "每年"),
    ("minzheng", "普陀区民政局", "11310107000000012A", "rescue", "社会救助系统", "sqlite", "rescue.db", "每日"),
    ("scjg", "普陀区市场监督管理局", "11310107000000013A", "annual", "年报系统", "workbook", "annual.csv", "每年"),
    ("tongji", "普陀区统计局", "11310107000000014A", "survey", "统计调查系统", "ddl", "survey.sql", "每月"),
)
HEADS = {"lvhua": ("li", "zhao"), "minzheng": ("qian", "zhou"), "scjg": ("shen", "shi"), "tongji": ("tong", "tan")}
GIS = """
CREATE TABLE parks (bh varchar(20) PRIMARY KEY COMMENT '公园编号', mc varchar(50) COMMENT '公园名称'{more})
  COMMENT='公园绿地';
CREATE TABLE trees (bh varchar(20) PRIMARY KEY COMMENT '树木编号', sz varchar(50) COMMENT '树种') COMMENT='行道树';
"""
SURVEY = """
CREATE TABLE units (dwmc varchar(90) COMMENT '调查单位名称', yysr decimal(18,2) COMMENT '营业收入')
  COMMENT='统计调查单位报表';
"""
ANNUAL = (
    ("表名", "表中文名", "字段名", "字段中文名", "类型"),
    ("nbxx", "企业年度报告", "tyshxydm", "统一社会信用代码", "varchar(18)"),
    ("nbxx", "企业年度报告", "zcze", "资产总额", "decimal(18,2)"),
    ("nbxx", "企业年度报告", "qz7x", "", "varchar(9)"),
)
LISTS = {
    "目录": "公共数据资源目录",
    "责任": "数据责任清单",
    "负面": "共享负面清单",
    "开放": "开放清单",
    "报送": "市级报送表",
}
PARKS, TREES = "lvhua/gis/parks", "lvhua/gis/trees"
RESCUED, HOMES = "minzheng/rescue/main.T_JZDX", "minzheng/rescue/main.T_YLJG"
REPORTS, UNITS = "scjg/annual/nbxx", "tongji/survey/units"


@pytest.mark.timeout(400)
def test_a_year(district: Any) -> None:
    spring, summer = (january, february, march, april), (may, june, july, august)
    for month in (*spring, *summer, september, october, november, december):
        month(district)
    assert {one["asset"]: one["state"] for one in district.json("entry", "list")} == {
        TREES: "withdrawn",
        **dict.fromkeys((PARKS, RESCUED, HOMES, REPORTS, UNITS), "published"),
    }
    second_persons(history(district, key) for key in (PARKS, TREES, RESCUED, HOMES, REPORTS, UNITS))


# --- the months --------------------------------------------------------------------------------------------------


def january(d: Any) -> None:
    """Four departments compile: a database dump, a database, a workbook; nothing is filed yet."""
    d.on("2026-01-05")
    begin(d)
    run = d.json("run", "--no-outputs")
    assert (run["totals"]["assets"], run["exit_code"]) == (6, 0)
    listed = {one["asset"]: (one["state"], one["to_do"]) for one in d.json("entry", "list")}
    assert listed == {
        PARKS: ("draft", 0),
        TREES: ("draft", 0),
        RESCUED: ("draft", 0),
        HOMES: ("draft", 0),
        REPORTS: ("draft", 2),
        UNITS: ("draft", 0),
    }
    # A column that nobody understands keeps the annual reports back until somebody says what it is.
    assert "qz7x: 共享类型、开放类型 待判定" in d.refused("entry", "submit", REPORTS, by="shen")
    ruling = ("--set", "tier=L2 share=unconditional open=unconditional", "--why", "年报批次号，与企业核对过", "--yes")
    d.json("decide", f"{REPORTS}.qz7x", *ruling, by="shen")
    d.json("classify")
    # The workbook is no more than a description: what is behind it somebody has to say.
    assert "信息资源格式 (format) is not filled" in d.refused("entry", "submit", REPORTS, by="shen")
    d.json("entry", "fill", REPORTS, "format=数据库(mysql)", by="shen")
    assert d.json("entry", "list", REPORTS)[0]["to_do"] == 0
    assert official(d, "2026-01-05") == {name: [] for name in LISTS}


def february(d: Any) -> None:
    """They submit; the centre returns one, and it is mended and submitted again."""
    d.on("2026-02-03")
    for key in (PARKS, TREES, RESCUED, HOMES, REPORTS, UNITS):
        d.json("entry", "submit", key, "--why", "年度编制", by=steward(key))
    assert "may not entry.approve" in d.refused("entry", "approve", PARKS, by="li")
    d.on("2026-02-10")
    # 童计 is seconded to the centre as well: who submitted may not approve, whomever they name.
    for more in ((), ("--as", "王审")):
        assert "needs a second person" in d.refused("entry", "approve", UNITS, *more, by="tong")
    assert shown(d, UNITS)["state"] == "submitted"
    assert "return needs a reason" in d.refused("entry", "return", RESCUED, by="wang")
    d.json("entry", "return", RESCUED, "--why", "名称和摘要看不出是什么数据", by="wang")
    found = shown(d, RESCUED)
    assert (found["state"], found["to_do"]) == ("returned", [])
    d.json("entry", "approve", PARKS, TREES, HOMES, REPORTS, UNITS, by="wang")
    d.on("2026-02-24")
    d("entry", "fill", RESCUED, "title=社会救助对象", "abstract=全区在册社会救助对象的基本信息，每日更新", by="qian")
    d.json("entry", "submit", RESCUED, "--why", "已补正", by="qian")
    d.json("entry", "approve", RESCUED, by="wang")
    assert [act["verb"] for act in history(d, RESCUED)] == ["submit", "return", "fill", "submit", "approve"]


def march(d: Any) -> None:
    """Both reviews are signed, the office approves the one refusal, the centre publishes, the lists are issued."""
    d.on("2026-03-02")
    for key in (PARKS, TREES, RESCUED, HOMES, REPORTS, UNITS):
        d.json("entry", "sign", "--secrecy", key, by=head(key))
    told = d.refused("entry", "publish", PARKS, by="chen")
    assert "安全审查 is not signed for this version" in told
    d.json("entry", "sign", "--security", "*", by="chen")
    d.json("entry", "publish", PARKS, TREES, RESCUED, HOMES, REPORTS, by="chen")
    assert "非共享 is not approved by the district office" in d.refused("entry", "publish", UNITS, by="chen")
    d.json("entry", "approve-refusal", UNITS, "--why", "统计法规定不得提供", by="sun")
    d.json("entry", "publish", UNITS, by="chen")
    d.on("2026-03-31")
    assert official(d, "2026-03-31", "--issue", "--why", "年度首期", by="wang") == IN_MARCH
    assert filed(d, "2026-03-31") == FILED_IN_MARCH


def april(d: Any) -> None:
    """A column appears in the parks: it is told and waits; what is in force stays as it was."""
    d.on("2026-04-13")
    write_gis(d, ", dz varchar(99) COMMENT '公园地址'")
    assert d.json("run", "--no-outputs")["changed_entries"] == 1
    found = shown(d, PARKS)
    assert found["state"] == "changed"
    assert "新增信息项 dz：（空） → 公园地址" in found["changes"]
    assert [item for row in records(d, "2026-04-13", "公共数据资源目录")[:1] for item in names(row)] == ["bh", "mc"]
    assert "changed_entries" not in d.json("run", "--no-outputs")


def may(d: Any) -> None:
    """The change is submitted, reviewed anew and published as the second version; the first can still be had."""
    d.on("2026-05-11")
    publish(d, PARKS, "新增公园地址")
    assert shown(d, PARKS)["state"] == "published"
    (row,) = [row for row in records(d, "2026-05-11", "公共数据资源目录") if row["asset"] == PARKS]
    assert (names(row), row["issue"], row["published"]) == (["bh", "mc", "dz"], 2, "2026-05-11")
    (row,) = [row for row in records(d, "2026-05-10", "公共数据资源目录") if row["asset"] == PARKS]
    assert (names(row), row["issue"], row["published"]) == (["bh", "mc"], 1, "2026-03-02")


def june(d: Any) -> None:
    """民政 asks 市场监管 for annual reports: office and owner review together, the centre grants, it is used."""
    d.on("2026-06-01")
    made = ask(d, REPORTS, "核对申请救助家庭的经营收入", "《社会救助暂行办法》第五十七条", "--until", "2026-09-30")
    assert (made["id"], made["stage"]) == ("S2026-0001", "reviewing")
    assert "has not approved" in d.refused("request", "grant", "S2026-0001", by="wang")
    d.json("request", "review", "S2026-0001", "--approve", "--why", "属履职所需", by="sun")
    told = d.refused("request", "review", "S2026-0001", "--approve", "--owner", by="sun")
    assert "may not" in told
    assert "owner has not approved" in d.refused("request", "grant", "S2026-0001", by="wang")
    d.json("request", "review", "S2026-0001", "--approve", "--why", "限查询申请人企业", by="shi")
    granted = d.json("request", "grant", "S2026-0001", "--interface", "年报核验接口", by="wang")
    assert granted["stage"] == "granted"
    text = d.json("request", "show", "S2026-0001")["text"]
    assert "不得以任何形式提供给第三方" in text
    assert "核对申请救助家庭的经营收入" in text
    d.json("request", "use", "S2026-0001", "--rows", "12", "--what", "6月核对", by="qian")


def july(d: Any) -> None:
    """民政 asks 统计 for survey units: refused at once, with its article. Homes are granted at once; both on record."""
    d.on("2026-07-06")
    refused = ask(d, UNITS, "了解困难企业", "《社会救助暂行办法》")
    assert (refused["id"], refused["stage"]) == ("S2026-0002", "refused")
    found = d.json("request", "show", "S2026-0002")
    basis = found["state"]["refusal"]["by"]["basis"]
    assert basis[:2] == ["statistics/25", "statistics/9"]
    assert found["citations"]["statistics/25"] == "《中华人民共和国统计法》第二十五条"
    granted = ask(d, HOMES, "街面企业安全检查", "《安全生产法》", requester="scjg", by="shen")
    assert (granted["stage"], granted["acts"][-1]["who"]) == ("granted", "pdc")
    # What nobody has catalogued is a demand, to be confirmed in 15 working days (上海市数据条例 39).
    demand = ("--demand", "困难群众用电数据", "--purpose", "核对", "--basis", "《社会救助暂行办法》", "--means", "接口")
    made = d.json("request", "new", "--for", "minzheng", *demand, by="qian")
    assert (made["stage"], made["due"]["day"], made["due"]["basis"]) == ("asked", "2026-07-27", ["shanghai-data/39"])


def august(d: Any) -> None:
    """A steward raises a tier; the district's first overlay says less, and the steward's word stands."""
    d.on("2026-08-03")
    ruling = ("--set", "tier=L4", "--why", "救助类别可推知家庭困难", "--yes")
    d.json("decide", f"{RESCUED}.JZLB", *ruling, by="qian")
    d.json("classify")
    assert tier(d) == ("L4", "steward", "putuo-2020@1")
    d.on("2026-08-17")
    overlay(d, "person.welfare: L2, person.phone: L4")
    d.json("run", "--no-outputs")
    assert tier(d, "LXDH") == ("L4", "rule", "putuo-2020@1+district.1")
    assert tier(d) == ("L4", "steward", "putuo-2020@1+district.1")
    assert "late" in d("request", "overdue").stdout
    d.json("request", "confirm", "S2026-0004", "--absent", "--why", "供电数据由市级主管", by="wang")


def september(d: Any) -> None:
    """The national vocabulary is tried: the third word on the same column, and the steward's still stands."""
    d.on("2026-09-07")
    (d.root / "packs" / "district.yaml").unlink()
    d.write(site_yaml=SITE.format(pack="pack: national-2025"))
    d.json("run", "--no-outputs")
    assert tier(d) == ("L4", "steward", "national-2025@1")
    d.on("2026-09-21")
    d.write(site_yaml=SITE.format(pack="pack: putuo-2020"))
    d.json("run", "--no-outputs")
    assert tier(d) == ("L4", "steward", "putuo-2020@1")
    # All that was only in the store: what is in force says what it said in March.
    (row,) = [row for row in records(d, "2026-09-21", "公共数据资源目录") if row["asset"] == RESCUED]
    assert (row["issue"], row["published"]) == (1, "2026-03-02")


def october(d: Any) -> None:
    """The grant's last day is past: it expires, and what it allowed is refused."""
    d.on("2026-09-30")
    d.json("request", "use", "S2026-0001", "--rows", "3", by="qian")
    d.on("2026-10-08")
    assert "not to be used on 2026-10-08" in d.refused("request", "use", "S2026-0001", "--rows", "1", by="qian")
    assert d.json("run", "--no-outputs")["expired_grants"] == 1
    state = d.json("request", "show", "S2026-0001")["state"]
    assert (state["stage"], state["uses"], state["rows_used"]) == ("expired", 2, 15)
    assert "is for requests that are" in d.refused("request", "use", "S2026-0001", "--rows", "1", by="qian")


def november(d: Any) -> None:
    """The open list changes: trees leave it, homes come first as high value; the steward's tier is published."""
    d.on("2026-11-02")
    d.json("entry", "withdraw", TREES, "--why", "行道树已并入市级系统", by="wang")
    d("entry", "fill", HOMES, "high_value=是", by="qian")
    publish(d, HOMES, "高价值数据")
    publish(d, RESCUED, "救助类别调为高敏感级")
    d.on("2026-11-30")
    assert official(d, "2026-11-30", "--issue", "--why", "年度第二期", by="wang") == IN_NOVEMBER
    was, now = (item_tiers(d, day) for day in ("2026-03-31", "2026-11-30"))
    assert (was["JZLB"], now["JZLB"]) == ("L3", "L4")
    assert filed(d, "2026-11-30") == FILED_IN_NOVEMBER
    what_changed(d)


def what_changed(d: Any) -> None:
    """The change sheets of November say what, against March."""
    told = changes(d, "2026-11-30", "开放清单")
    assert [(kind, title) for kind, title, _ in told] == [("变更", "T_YLJG"), ("变更", "公园绿地"), ("减少", "行道树")]
    homes, parks, _ = (what for *_, what in told)
    assert "高价值" in homes
    assert "公园地址" in parks
    assert "第2版" in parks
    of_catalogue = {title: (kind, what) for kind, title, what in changes(d, "2026-11-30", "公共数据资源目录")}
    assert list(of_catalogue) == ["公园绿地", "社会救助对象", "T_YLJG", "行道树"]
    kind, what = of_catalogue["社会救助对象"]
    assert (kind, "低保救助标志" in what, "分级" in what, "公园地址" in what) == ("变更", True, True, False)
    assert "公园地址" in of_catalogue["公园绿地"][1]
    of_filing = {title: (kind, what) for kind, title, what in changes(d, "2026-11-30", "市级报送表")}
    assert list(of_filing) == list(of_catalogue)
    assert "公园地址" in of_filing["公园绿地"][1]
    assert changes(d, "2026-11-30", "共享负面清单") == []
    new = [(kind, title) for kind, title, _ in changes(d, "2026-11-30", "数据需求清单")]
    assert new == [("新增", "统计调查单位报表"), ("新增", "T_YLJG")]


def december(d: Any) -> None:
    """Any day of the year can be had again, and the trail is as it was written."""
    d.on("2026-12-31")
    assert official(d, "2026-03-31") == IN_MARCH
    assert official(d, "2026-11-30") == IN_NOVEMBER
    of_minzheng = [("S2026-0001", "granted"), ("S2026-0002", "refused"), ("S2026-0004", "asked")]
    assert demands(d, "2026-07-31") == [*of_minzheng, ("S2026-0003", "granted")]
    assert demands(d, "2026-11-30") == [("S2026-0002", "refused"), ("S2026-0003", "granted")]
    found = d.json("audit", "verify")
    assert (found["faults"], found["unrecorded"]) == ([], 0)
    acts = [json.loads(line) for line in d("audit", "show", "--jsonl").stdout.splitlines()]
    assert len(acts) == found["acts"]
    assert {act["kind"] for act in acts} == {"entry", "decision", "request", "list"}
    assert all(act["why"] for act in acts if act["verb"] in ("return", "withdraw", "decide"))


# --- what the lists said -----------------------------------------------------------------------------------------

_PARKS = (PARKS, "300001/000001", "无条件共享", "L1", 1, "2026-03-02")
_TREES = (TREES, "300001/000002", "无条件共享", "L1", 1, "2026-03-02")
_RESCUED = (RESCUED, "300002/000001", "授权共享", "L4", 1, "2026-03-02")
_HOMES = (HOMES, "300002/000002", "无条件共享", "L1", 1, "2026-03-02")
_REPORTS = (REPORTS, "300003/000001", "授权共享", "L3", 1, "2026-03-02")
_UNITS = (UNITS, "300004/000001", "非共享", "L4", 1, "2026-03-02")

IN_MARCH = {
    "目录": [_PARKS, _TREES, _RESCUED, _HOMES, _REPORTS, _UNITS],
    "责任": [_PARKS, _TREES, _RESCUED, _HOMES, _REPORTS],
    "负面": [_UNITS],
    "开放": [
        (PARKS, "300001/000001", "无条件开放", "L1", 1, "2026-03-02"),
        (TREES, "300001/000002", "无条件开放", "L1", 1, "2026-03-02"),
        (HOMES, "300002/000002", "无条件开放", "L1", 1, "2026-03-02"),
        (REPORTS, "300003/000001", "有条件开放", "L3", 1, "2026-03-02"),
    ],
    "报送": [_PARKS, _TREES, _RESCUED, _HOMES, _REPORTS, _UNITS],
}

_PARKS2 = (PARKS, "300001/000001", "无条件共享", "L1", 2, "2026-05-11")
_RESCUED2 = (RESCUED, "300002/000001", "授权共享", "L4", 2, "2026-11-02")
_HOMES2 = (HOMES, "300002/000002", "无条件共享", "L1", 2, "2026-11-02")

IN_NOVEMBER = {
    "目录": [_PARKS2, _RESCUED2, _HOMES2, _REPORTS, _UNITS],
    "责任": [_PARKS2, _RESCUED2, _HOMES2, _REPORTS],
    "负面": [_UNITS],
    "开放": [
        (HOMES, "300002/000002", "无条件开放", "L1", 2, "2026-11-02"),
        (PARKS, "300001/000001", "无条件开放", "L1", 2, "2026-05-11"),
        (REPORTS, "300003/000001", "有条件开放", "L3", 1, "2026-03-02"),
    ],
    "报送": [_PARKS2, _RESCUED2, _HOMES2, _REPORTS, _UNITS],
}
"""Each row: resource, code, type, tier, which version, since when."""

_PLAIN = ("L1 公开级", "无条件共享", "无条件开放", "区域补充")
_OF_SCJG = ("企业年度报告", "每年", "L3 敏感级", "授权共享", "有条件开放", "区域补充", 3, "第1版")
_OF_TONGJI = ("统计调查单位报表", "每月", "L4 高敏感级", "非共享", "非开放", "区域补充", 2, "第1版")
FILED_IN_MARCH = [
    ("公园绿地", "每年", *_PLAIN, 2, "第1版"),
    ("行道树", "每年", *_PLAIN, 2, "第1版"),
    ("社会救助对象", "每日", "L4 高敏感级", "授权共享", "非开放", "区域补充", 4, "第1版"),
    ("T_YLJG", "每日", *_PLAIN, 3, "第1版"),
    _OF_SCJG,
    _OF_TONGJI,
]
FILED_IN_NOVEMBER = [
    ("公园绿地", "每年", *_PLAIN, 3, "第2版"),
    ("社会救助对象", "每日", "L4 高敏感级", "授权共享", "非开放", "区域补充", 4, "第2版"),
    ("T_YLJG", "每日", *_PLAIN, 3, "第2版"),
    _OF_SCJG,
    _OF_TONGJI,
]
"""市级报送表: what 上海市数据条例 28 asks for, each row by the columns of `filed`."""


# --- what the months use -----------------------------------------------------------------------------------------


def begin(d: Any) -> None:
    """The site's folder and the four departments' sources."""
    d.write(site_yaml=SITE.format(pack=""), survey_sql=SURVEY)
    for ident, name, code, system, title, connector, path, cycle in DEPARTMENTS:
        told = {"id": ident, "name": name, "code": code, "system": system, "title": title}
        text = DEPARTMENT.format(**told, connector=connector, path=path, cycle=cycle)
        d.write(**{f"departments__{ident}_yaml": text})
    write_gis(d, "")
    rows = io.StringIO()
    csv.writer(rows).writerows(ANNUAL)
    d.write(annual_csv=rows.getvalue())
    with sqlite3.connect(d.root / "rescue.db") as connection:
        connection.execute("CREATE TABLE T_JZDX (XM varchar(50), SFZH varchar(18), LXDH varchar(20), JZLB varchar(9))")
        connection.execute("CREATE TABLE T_YLJG (JGMC varchar(90), JGDZ varchar(90), CWS int)")
    connection.close()


def write_gis(d: Any, more: str) -> None:
    d.write(gis_sql=GIS.format(more=more))


def overlay(d: Any, tiers: str) -> None:
    d.write(packs__district_yaml=f"extends: putuo-2020\nid: district\nversion: '1'\ntiers: {{{tiers}}}\n")


def steward(key: str) -> str:
    return HEADS[key.split("/")[0]][0]


def head(key: str) -> str:
    return HEADS[key.split("/")[0]][1]


def publish(d: Any, key: str, why: str) -> None:
    """The whole way, each step by whoever it is for."""
    d.json("entry", "submit", key, "--why", why, by=steward(key))
    d.json("entry", "approve", key, by="wang")
    d.json("entry", "sign", "--secrecy", key, by=head(key))
    d.json("entry", "sign", "--security", key, by="chen")
    d.json("entry", "publish", key, by="chen")


def ask(d: Any, key: str, purpose: str, basis: str, *more: str, requester: str = "minzheng", by: str = "qian") -> Any:
    given = ("--purpose", purpose, "--basis", basis, "--means", "接口", *more)
    return d.json("request", "new", "--for", requester, "--asset", key, *given, by=by)


def shown(d: Any, key: str) -> Any:
    return d.json("entry", "show", key)


def history(d: Any, key: str) -> list[Any]:
    return list(d.json("entry", "history", key))


def tier(d: Any, column: str = "JZLB") -> tuple[str, str, str]:
    """Of a column of the rescued: tier, who said it, and under which pack it was judged last."""
    done = d("assets", RESCUED, "--labels", "--jsonl")
    found = {one["name"]: one["labels"]["tier"] for one in json.loads(done.stdout)["columns"]}
    label = found[column]
    return label["value"], label["origin"], label["pack"]


def records(d: Any, day: str, name: str) -> list[Any]:
    """One official list of a day, as its JSON lines say it; written when it is not there yet."""
    if not (d.root / "out" / "official" / day).exists():
        d.json("lists", "--as-of", day)
    path = d.root / "out" / "official" / day / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def demands(d: Any, day: str) -> list[tuple[str, str]]:
    """数据需求清单 of a day, by who asks: what has expired or is nowhere to be had is not on it."""
    return [(row["id"], row["stage"]) for row in records(d, day, "数据需求清单")]


def item_tiers(d: Any, day: str) -> dict[str, str]:
    """Tiers of the rescued people's items on a day."""
    (row,) = [row for row in records(d, day, "公共数据资源目录") if row["asset"] == RESCUED]
    return {item["name"]: item["tier"] for item in row["items"]}


def names(row: Any) -> list[str]:
    return [item["name"] for item in row["items"]]


def sheet(d: Any, day: str, name: str, title: str) -> list[dict[str, Any]]:
    """Rows of a sheet of an official workbook, by the headings of its columns."""
    book = openpyxl.load_workbook(d.root / "out" / "official" / day / f"{name}.xlsx")
    head, *rows = [[cell.value for cell in row] for row in book[title]]
    return [dict(zip(head, row, strict=True)) for row in rows]


def filed(d: Any, day: str) -> list[tuple[Any, ...]]:
    """市级报送表 of a day: of each resource its columns of 上海市数据条例 28 and how much there is."""
    rows = sheet(d, day, "市级报送表", "市级报送表")
    assert {row["数据来源"] for row in rows} == {"自产"}
    said = ("信息资源名称", "更新频率", "安全等级", "共享类型", "开放类型", "市级目录收录情况", "信息项数", "版本")
    return [tuple(row[heading] for heading in said) for row in rows]


def changes(d: Any, day: str, name: str) -> list[tuple[str, str, str]]:
    """与上期变化 of a list: kind, resource, and what changed."""
    rows = [list(row.values()) for row in sheet(d, day, name, "与上期变化")]
    return [(kind, title, what or "") for kind, _, title, *_, what in rows]


def second_persons(histories: Iterable[list[Any]]) -> None:
    """Who submitted has neither approved nor signed nor published that entry."""
    for acts in histories:
        others = {act["who"] for act in acts if act["verb"] in ("approve", "sign-secrecy", "sign-security", "publish")}
        submitted = {act["who"] for act in acts if act["verb"] == "submit"}
        assert len(others) >= 2
        assert submitted.isdisjoint(others), acts


def official(d: Any, day: str, *more: str, by: str = "ops") -> dict[str, list[Any]]:
    """The lists of a day in short, written anew."""
    d.json("lists", "--as-of", day, *more, by=by)
    found = {}
    for short, name in LISTS.items():
        rows = records(d, day, name)
        found[short] = [
            (row["asset"], row["code"], row["type_name"], row["tier"], row["issue"], row["published"]) for row in rows
        ]
    return found
