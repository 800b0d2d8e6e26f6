"""``pdc entry`` on the demo's site: six people, one shell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text as sql

from workflows import people
from workflows.cli import cli
from workflows.store import Store

SITE = """
name: 目录
people:
  - {id: li, name: 李四, accounts: [li], departments: [lvhua], roles: [steward]}
  - {id: zhao, name: 赵六, accounts: [zhao], departments: [lvhua], roles: [head]}
  - {id: wang, name: 王五, accounts: [wang], roles: [reviewer]}
  - {id: chen, name: 陈七, accounts: [chen], roles: [reviewer]}
"""
DEPARTMENT = """
department:
  id: lvhua
  name: 普陀区绿化局
  code: "11310107000000019B"
  section: 信息科
  contact: 刘工
  entry: {municipal: 区域补充, location: 政务云}
  class_code: "1010010001"
systems:
  - {id: gis, connector: ddl, path: parks.sql, update_cycle: 每年, entry: {protection_level: 三级}}
"""
DDL = """
CREATE TABLE parks (id bigint PRIMARY KEY COMMENT '编号', mc varchar(50) COMMENT '公园名称') COMMENT='公园绿地';
CREATE TABLE trees (id bigint PRIMARY KEY COMMENT '编号', sz varchar(50) COMMENT '树种') COMMENT='行道树';
"""

Pdc = Callable[..., Result]


@pytest.fixture
def pdc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pdc:
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text(SITE, "utf-8")
    (tmp_path / "departments" / "lvhua.yaml").write_text(DEPARTMENT, "utf-8")
    (tmp_path / "parks.sql").write_text(DDL, "utf-8")

    def run(*arguments: str, account: str = "li") -> Result:
        monkeypatch.setattr(people, "account", lambda: account)
        return CliRunner().invoke(cli, ["--site", str(tmp_path), *arguments])

    assert run("run", "--no-outputs").exit_code == 0
    return run


def shown(pdc: Pdc, name: str, *more: str) -> Any:
    return json.loads(pdc("entry", "show", name, "--json", *more).stdout)


def test_each_element_says_who_filled_it(pdc: Pdc) -> None:
    found = shown(pdc, "parks")
    by = {one["key"]: (one["value"], one["by"], one["who"]) for one in found["elements"]}
    assert by["title"] == ("公园绿地", "rule", "")
    assert by["municipal"] == ("区域补充", "config", "")
    assert by["protection_level"] == ("三级", "config", "")
    assert by["code"][0] == "1010010001/000001"
    assert by["verification"] == ("", "nobody", "")
    assert (found["completeness"], found["to_do"], found["state"]) == (1.0, [], "draft")
    filled = pdc("entry", "fill", "parks", "abstract=全区公园", "high_value=是", "--why", "年度编制", "--as", "科长")
    assert filled.exit_code == 0
    by = {one["key"]: (one["value"], one["by"], one["who"]) for one in shown(pdc, "parks")["elements"]}
    assert (by["abstract"], by["high_value"]) == (("全区公园", "person", "li"), ("是", "person", "li"))
    assert "nothing new" in pdc("entry", "fill", "parks", "abstract=全区公园").stderr
    assert pdc("entry", "fill", "parks", "abstract=").exit_code == 0
    assert {one["key"]: one["by"] for one in shown(pdc, "parks")["elements"]}["abstract"] == "rule"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("parks", "high_value=很高"), "high_value (高价值数据) is one of 是、否, not '很高'"),
        (("parks", "code=1"), "no element 'code' that a person fills"),
        (("parks", "abstract"), "'abstract' is no ELEMENT=VALUE"),
        (("parks", "unit=平方米", "--item", "xx"), "lvhua/gis/parks has no item 'xx'"),
        (("nothing", "abstract=x"), "no entry is named 'nothing'"),
        (("*", "abstract=x"), "names 2 entries"),
    ],
)
def test_what_cannot_be_filled_is_named(pdc: Pdc, arguments: tuple[str, ...], told: str) -> None:
    found = pdc("entry", "fill", *arguments)
    assert (found.exit_code, told in found.stderr) == (2, True), found.stderr


def test_many_entries_at_once_and_what_is_refused(pdc: Pdc) -> None:
    assert pdc("entry", "submit", "--dry-run", "*").exit_code == 0
    done = pdc("entry", "submit", "lvhua/*", "--json")
    assert (done.exit_code, len(json.loads(done.stdout)["done"])) == (0, 2)
    again = pdc("entry", "submit", "*", "--json")
    assert (again.exit_code, len(json.loads(again.stdout)["refused"])) == (4, 2)
    assert pdc("entry", "approve", "parks", account="li").exit_code == 4
    assert pdc("entry", "approve", "parks", account="wang").exit_code == 0
    mixed = pdc("entry", "approve", "*", account="wang")
    assert (mixed.exit_code, "parks is approved: approve is for entries that are submitted" in mixed.stderr) == (
        3,
        True,
    )


def dry(pdc: Pdc, *arguments: str, account: str) -> tuple[int, list[str], dict[str, str]]:
    found = pdc("entry", *arguments, "--dry-run", "--json", account=account)
    told = json.loads(found.stdout)
    return (
        found.exit_code,
        [one["verb"] for one in told["would"]],
        {one["asset"]: one["why"] for one in told["refused"]},
    )


def test_a_dry_run_makes_every_check_and_stores_nothing(pdc: Pdc) -> None:
    """Stage, right, second person and blockers, as the act itself would tell them."""
    assert dry(pdc, "submit", "*", account="li") == (0, ["submit"] * 2, {})
    code, would, refused = dry(pdc, "submit", "*", account="wang")
    assert (code, would, "may not entry.submit" in refused["lvhua/gis/parks"]) == (4, [], True)
    assert "reviewer" not in pdc("entry", "history", "parks").stdout
    act(pdc, ("li", "submit"))
    code, would, refused = dry(pdc, "approve", "*", account="wang")
    assert (code, would, list(refused)) == (3, ["approve"], ["lvhua/gis/trees"])
    assert "is draft: approve is for entries that are submitted" in refused["lvhua/gis/trees"]
    act(pdc, ("wang", "approve"))
    code, _, refused = dry(pdc, "publish", "parks", account="chen")
    assert (code, refused["lvhua/gis/parks"].count("is not signed")) == (4, 2)
    assert dry(pdc, "sign", "--secrecy", "parks", account="zhao")[:2] == (0, ["sign-secrecy"])
    for verb in ("return", "withdraw"):
        assert dry(pdc, verb, "parks", account="wang")[0] == 4
        assert dry(pdc, verb, "parks", "--why", "有误", account="wang")[:2] == (0, [verb])
    history = json.loads(pdc("entry", "history", "parks", "--json").stdout)
    assert [one["verb"] for one in history] == ["submit", "approve"]
    text = pdc("entry", "return", "*", "--why", "有误", "--dry-run", account="wang")
    assert "lvhua/gis/parks: would return" in text.stderr
    assert "would be refused: lvhua/gis/trees is draft" in text.stderr
    assert pdc("audit", "verify").exit_code == 0


def test_a_run_tells_of_a_lost_version_and_goes_on(pdc: Pdc, tmp_path: Path) -> None:
    act(pdc, *STEPS, ("chen", "publish"))
    (tmp_path / "parks.sql").write_text(DDL.replace("公园名称", "名称"), "utf-8")
    with Store(f"sqlite:///{tmp_path / 'var' / 'catalogue.sqlite'}").write() as connection:
        connection.execute(sql("DELETE FROM documents"))
    run = pdc("run", "--json", "--no-outputs")
    found = json.loads(run.stdout)
    assert (run.exit_code, found["exit_code"], len(found["unread_entries"])) == (3, 3, 1)
    again = pdc("run", "--no-outputs")
    assert (again.exit_code, "failed: lvhua/gis/parks: the version in force" in again.stderr) == (3, True)
    told = pdc("entry", "diff", "parks")
    assert (told.exit_code, "pdc audit verify" in told.stderr) == (2, True)


def test_entries_whose_version_is_lost_do_not_hide_the_others(pdc: Pdc, tmp_path: Path) -> None:
    act(pdc, *STEPS, ("chen", "publish"))
    (tmp_path / "parks.sql").write_text(DDL.replace("parks", "green"), "utf-8")
    assert pdc("run", "--no-outputs", "--accept-removals").exit_code == 0
    with Store(f"sqlite:///{tmp_path / 'var' / 'catalogue.sqlite'}").write() as connection:
        connection.execute(sql("DELETE FROM documents"))
    found = pdc("entry", "list", "--json")
    assert (found.exit_code, len(json.loads(found.stdout))) == (3, 2)
    assert "failed: lvhua/gis/parks: the version in force" in found.stderr
    done = pdc("entry", "submit", "*", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, len(told["done"]), told["refused"][0]["asset"]) == (3, 2, "lvhua/gis/parks")


def test_an_account_that_is_nobodys_may_not_act(pdc: Pdc) -> None:
    found = pdc("entry", "submit", "parks", "--as", "李四", account="root")
    assert found.exit_code == 4
    assert "the account root, which no person in site.yaml has, may not entry.submit" in found.stderr


def test_from_draft_to_withdrawal(pdc: Pdc, tmp_path: Path) -> None:
    for account, *act in (
        ("li", "submit"),
        ("wang", "approve"),
        ("zhao", "sign", "--secrecy"),
        ("chen", "sign", "--security"),
        ("chen", "publish"),
    ):
        done = pdc("entry", act[0], "parks", *act[1:], account=account)
        assert done.exit_code == 0, done.stderr
    assert [line.split()[3] for line in pdc("entry", "list", "--state", "published").stdout.splitlines()[1:]] == [
        "published"
    ]
    (tmp_path / "parks.sql").write_text(
        DDL.replace("'公园名称')", "'公园名称', dz varchar(99) COMMENT '公园地址')"), "utf-8"
    )
    run = json.loads(pdc("run", "--json", "--no-outputs").stdout)
    assert run["changed_entries"] == 1
    found = shown(pdc, "parks")
    assert found["state"] == "changed"
    assert [change.split("：")[0] for change in found["changes"]] == ["信息资源摘要", "数据分级的理由", "新增信息项 dz"]
    assert "新增信息项 dz" in pdc("entry", "diff", "parks").stdout
    assert len(shown(pdc, "parks", "--as-of", "2999-01-01")["items"]) == 2
    odd = pdc("entry", "show", "parks", "--as-of", "2999-1-1")
    assert (odd.exit_code, "--as-of is a day such as" in odd.stderr) == (2, True)
    assert pdc("entry", "withdraw", "parks", account="wang").exit_code == 4
    assert pdc("entry", "withdraw", "parks", "--why", "系统下线", account="wang").exit_code == 0
    history = json.loads(pdc("entry", "history", "parks", "--json").stdout)
    assert [act["verb"] for act in history] == [
        *("submit", "approve", "sign-secrecy", "sign-security", "publish", "change", "withdraw")
    ]
    assert {act["who"] for act in history} == {"li", "wang", "zhao", "chen", "pdc"}
    assert pdc("audit", "verify").exit_code == 0


def test_what_vanished_under_review_can_still_be_given_back(pdc: Pdc, tmp_path: Path) -> None:
    assert pdc("entry", "submit", "*").exit_code == 0
    (tmp_path / "parks.sql").write_text(DDL.splitlines()[1], "utf-8")
    for _ in range(2):
        assert pdc("run", "--no-outputs", "--accept-removals").exit_code == 0
    (row,) = json.loads(pdc("entry", "list", "trees", "--json").stdout)
    assert (row["state"], row["to_do"] > 0) == ("submitted", True)
    told = pdc("entry", "approve", "trees", account="wang")
    assert (told.exit_code, "来源中已不存在" in told.stderr) == (4, True)
    assert pdc("entry", "return", "trees", "--why", "来源中已不存在", account="wang").exit_code == 0
    assert pdc("entry", "withdraw", "trees", "--why", "系统下线", account="wang").exit_code == 0
    assert "no entry is named" in pdc("entry", "show", "trees").stderr


STEPS = (("li", "submit"), ("wang", "approve"), ("zhao", "sign", "--secrecy"), ("chen", "sign", "--security"))


def act(pdc: Pdc, *steps: tuple[str, ...]) -> None:
    for account, verb, *more in steps:
        done = pdc("entry", verb, "parks", *more, account=account)
        assert done.exit_code == 0, done.stderr


def test_a_ruling_after_the_approval_stops_the_publication(pdc: Pdc) -> None:
    act(pdc, *STEPS)
    ruling = ("--set", "tier=L4 share=conditional open=none", "--basis", "pipl/28", "--why", "核实", "--yes")
    assert pdc("decide", "lvhua/gis/parks.mc", *ruling).exit_code == 0
    refused = pdc("entry", "publish", "parks", account="chen")
    assert (refused.exit_code, "run `pdc classify`" in refused.stderr) == (4, True)
    assert pdc("classify").exit_code == 0
    refused = pdc("entry", "publish", "parks", account="chen")
    assert (refused.exit_code, "has changed since it was submitted" in refused.stderr) == (4, True)


def test_after_a_withdrawal_everything_is_reviewed_anew(pdc: Pdc) -> None:
    act(pdc, *STEPS, ("chen", "publish"), ("wang", "withdraw", "--why", "保密审查发现问题"))
    act(pdc, ("li", "submit"), ("wang", "approve"))
    refused = pdc("entry", "publish", "parks", account="chen")
    assert (refused.exit_code, "保密审查 is not signed" in refused.stderr) == (4, True)


def test_what_is_gone_and_withdrawn_can_still_be_looked_at(pdc: Pdc, tmp_path: Path) -> None:
    act(pdc, *STEPS, ("chen", "publish"))
    (tmp_path / "parks.sql").write_text(DDL.replace("parks", "green"), "utf-8")
    assert pdc("run", "--no-outputs", "--accept-removals").exit_code == 0
    act(pdc, ("wang", "withdraw", "--why", "系统下线"))
    assert json.loads(pdc("entry", "history", "parks", "--json").stdout)[-1]["verb"] == "withdraw"


def test_hints_can_be_followed(pdc: Pdc, tmp_path: Path) -> None:
    path = tmp_path / "departments" / "lvhua.yaml"
    path.write_text(path.read_text("utf-8").replace('code: "11310107000000019B"', 'code: ""'), "utf-8")
    assert shown(pdc, "parks")["to_do"] == [
        "信息资源提供方代码 (provider_code) is not filled: departments/*.yaml says it of lvhua"
    ]
    by = {one["key"]: one["by"] for one in shown(pdc, "parks")["elements"]}
    assert (by["provider"], by["section"], by["title"]) == ("config", "config", "rule")
