"""The official lists of any day: published entries only, with law and approval, and what changed between issues."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result

from workflows import people
from workflows.acts.trail import Trail
from workflows.cli import cli
from workflows.store import Store

SITE = """
name: 普陀区公共数据资源目录
people:
  - {id: li, name: 李四, accounts: [li], departments: [lvhua], roles: [steward]}
  - {id: zhao, name: 赵六, accounts: [zhao], departments: [lvhua], roles: [head]}
  - {id: wang, name: 王五, accounts: [wang], roles: [reviewer]}
  - {id: sun, name: 孙八, accounts: [sun], roles: [office]}
"""
DEPARTMENT = """
department: {id: lvhua, name: 普陀区绿化局, code: "11310107000000019B", section: 信息科, contact: 刘工,
  entry: {municipal: 区域补充}}
systems:
  - {id: gis, connector: ddl, path: parks.sql, update_cycle: 每年}
  - {id: got, connector: ddl, path: got.sql, update_cycle: 每年, origin: shared}
"""
PARKS = """
CREATE TABLE parks (id bigint PRIMARY KEY COMMENT '编号', mc varchar(50) COMMENT '公园名称') COMMENT='公园绿地';
CREATE TABLE trees (id bigint PRIMARY KEY COMMENT '编号', sz varchar(50) COMMENT '树种') COMMENT='行道树';
CREATE TABLE jzz (id bigint PRIMARY KEY COMMENT '编号', xm varchar(50) COMMENT '矫正人员姓名',
  sfzh varchar(18) COMMENT '身份证号', zm varchar(50) COMMENT '罪名') COMMENT='社区矫正人员';
"""
GOT = "CREATE TABLE rivers (id bigint PRIMARY KEY COMMENT '编号', mc varchar(50) COMMENT '河道名称') COMMENT='河道';"
Pdc = Callable[..., Result]


@pytest.fixture
def pdc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pdc:
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text(SITE, "utf-8")
    (tmp_path / "departments" / "lvhua.yaml").write_text(DEPARTMENT, "utf-8")
    (tmp_path / "parks.sql").write_text(PARKS, "utf-8")
    (tmp_path / "got.sql").write_text(GOT, "utf-8")

    def run(*arguments: str, account: str = "wang") -> Result:
        monkeypatch.setattr(people, "account", lambda: account)
        return CliRunner().invoke(cli, ["--site", str(tmp_path), *arguments])

    assert run("run", "--no-outputs").exit_code == 0
    return run


def publish(pdc: Pdc, name: str, refusal: bool = False) -> None:
    steps = [("li", "submit"), ("wang", "approve"), ("zhao", "sign", "--secrecy"), ("wang", "sign", "--security")]
    for account, verb, *more in [*steps, *([("sun", "approve-refusal")] if refusal else []), ("wang", "publish")]:
        done = pdc("entry", verb, name, *more, account=account)
        assert done.exit_code == 0, done.stderr


def official(tmp_path: Path, pdc: Pdc, *more: str) -> dict[str, list[dict[str, Any]]]:
    done = pdc("lists", "--as-of", "today", "--json", *more)
    assert done.exit_code == 0, done.stderr
    folder = tmp_path / "out" / "official" / json.loads(done.stdout)["as_of"]
    return {
        path.stem: [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for path in folder.glob("*.jsonl")
    }


def test_only_what_is_in_force_is_on_a_list(pdc: Pdc, tmp_path: Path) -> None:
    assert all(rows == [] for rows in official(tmp_path, pdc).values())
    publish(pdc, "parks")
    publish(pdc, "rivers", refusal=True)
    found = {name: [row["asset"] for row in rows] for name, rows in official(tmp_path, pdc).items()}
    parks, rivers = "lvhua/gis/parks", "lvhua/got/rivers"
    assert found == {
        "公共数据资源目录": [parks, rivers],
        "数据责任清单": [parks],
        "共享负面清单": [rivers],
        "开放清单": [parks],
        "市级报送表": [parks, rivers],
        "数据需求清单": [],
    }


def test_the_catalogue_has_its_items_on_a_sheet(pdc: Pdc, tmp_path: Path) -> None:
    assert pdc("entry", "fill", "parks", "--item", "mc", "code_set=公园名录", account="li").exit_code == 0
    publish(pdc, "parks")
    pdc("entry", "fill", "parks", "--item", "id", "code_set=草稿", account="li")
    official(tmp_path, pdc)
    (folder,) = (tmp_path / "out" / "official").iterdir()
    book = openpyxl.load_workbook(folder / "公共数据资源目录.xlsx")
    assert book.sheetnames == ["说明", "公共数据资源目录", "信息项", "统计"]
    header, *rows = ([cell.value for cell in row] for row in book["信息项"])
    assert header[:9] == [
        *(
            "信息资源代码",
            "信息资源名称",
            "序号",
            "8.1 信息项名称",
            "8.2 数据类型",
            "字段名",
            "分级",
            "共享类型",
            "开放类型",
        ),
    ]
    assert [row[1:6] for row in rows] == [
        ["公园绿地", 1, "编号", "整型I", "id"],
        ["公园绿地", 2, "公园名称", "字符型C", "mc"],
    ]
    assert [row[7] for row in rows] == ["无条件共享"] * 2
    assert [dict(zip(header, row, strict=True))["代码集"] for row in rows] == [None, "公园名录"]
    assert "信息项" not in openpyxl.load_workbook(folder / "市级报送表.xlsx").sheetnames


def test_high_value_comes_first(pdc: Pdc, tmp_path: Path) -> None:
    assert pdc("entry", "fill", "trees", "high_value=是", account="li").exit_code == 0
    publish(pdc, "parks")
    publish(pdc, "trees")
    assert [row["asset"].split("/")[-1] for row in official(tmp_path, pdc)["开放清单"]] == ["trees", "parks"]


def test_a_refusal_names_its_law_and_its_approval(pdc: Pdc, tmp_path: Path) -> None:
    rule_out(pdc, tmp_path)
    publish(pdc, "jzz", refusal=True)
    (row,) = official(tmp_path, pdc)["共享负面清单"]
    assert (row["refusal_basis"], row["approved_by"]) == (["pipl/34"], "孙八")
    # As it was then, whatever becomes of the person.
    for now in (SITE.replace("孙八", "孙九"), "\n".join(line for line in SITE.splitlines() if "孙八" not in line)):
        (tmp_path / "site.yaml").write_text(now, "utf-8")
        assert official(tmp_path, pdc)["共享负面清单"][0]["approved_by"] == "孙八"


def rule_out(pdc: Pdc, tmp_path: Path) -> None:
    from classifiers.evidence import Decision

    with Store(f"sqlite:///{tmp_path}/var/catalogue.sqlite") as store:
        given = [
            Decision("lvhua/gis/jzz", axis, "none", "li", "2026-01-01", column, "依法不予共享", basis=("pipl/34",))
            for column in (None, "id", "xm", "sfzh", "zm")
            for axis in ("share", "open")
        ]
        store.add_decisions(given)
    assert pdc("classify").exit_code == 0


def test_a_refusal_without_approval_is_on_no_list_and_the_others_are_written(pdc: Pdc, tmp_path: Path) -> None:
    rule_out(pdc, tmp_path)
    publish(pdc, "parks")
    publish(pdc, "jzz", refusal=True)
    with Store(f"sqlite:///{tmp_path}/var/catalogue.sqlite") as store:
        trail = Trail(store)
        assert [act.verb for act in trail.acts("entry", "lvhua/gis/jzz")][-2:] == ["approve-refusal", "publish"]
        with store.write() as connection:
            from sqlalchemy import text

            connection.execute(text("DELETE FROM acts WHERE verb = 'approve-refusal'"))
    done = pdc("lists", "--as-of", "today", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 4
    assert told["refused"][0].startswith("共享负面清单: 非共享 without the district office's approval: lvhua/gis/jzz")
    assert not any("共享负面清单" in path for path in told["written"])
    assert any("开放清单" in path for path in told["written"])


def test_an_issue_is_on_record_and_the_next_tells_what_changed(
    pdc: Pdc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import datetime, timedelta

    from workflows import run
    from workflows.clock import CHINA

    publish(pdc, "parks")
    publish(pdc, "trees")
    assert pdc("lists", "--as-of", "today", "--issue", account="li").exit_code == 4
    assert pdc("lists", "--as-of", "today", "--issue", "--why", "年度发布", "--as", "主任").exit_code == 0
    assert [act["kind"] for act in acts(pdc, "list")] == ["list"] * 6
    (tmp_path / "file").write_text("", "utf-8")
    number = json.loads(pdc("lists", "issues", "--json").stdout)[0]["number"]
    unwritten = pdc("lists", "again", str(number), "--to", str(tmp_path / "file" / "again"))
    assert (unwritten.exit_code, "or name another place with --to FOLDER" in unwritten.stderr) == (1, True)
    assert pdc("entry", "withdraw", "trees", "--why", "系统下线").exit_code == 0
    publish(pdc, "rivers", refusal=True)
    later = datetime.now(CHINA) + timedelta(days=40)
    monkeypatch.setattr(run.Job.__init__, "__kwdefaults__", {"progress": None, "clock": lambda: later})
    rows = official(tmp_path, pdc)
    assert [row["asset"] for row in rows["公共数据资源目录"]] == ["lvhua/gis/parks", "lvhua/got/rivers"]
    folder = tmp_path / "out" / "official" / later.date().isoformat()
    book = openpyxl.load_workbook(folder / "公共数据资源目录.xlsx")
    changes = [[cell.value for cell in row[:3]] for row in book["与上期变化"].iter_rows(min_row=2)]
    assert [(kind, title) for kind, _, title in changes] == [("新增", "河道"), ("减少", "行道树")]
    assert book["统计"]["A3"].value == "合计"
    assert (folder / "lvhua" / "公共数据资源目录.xlsx").is_file()


def acts(pdc: Pdc, kind: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in pdc("audit", "show", "--kind", kind, "--jsonl").stdout.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--as-of", "2999-01-01"), "is in the future"),
        (("--as-of", "yesterday"), "is a day such as"),
        (("--as-of", "20260301"), "is a day such as"),
        (("--as-of", "2026-3-1"), "is a day such as"),
        (("--issue",), "--issue needs --as-of"),
    ],
)
def test_days_that_cannot_be(pdc: Pdc, arguments: tuple[str, ...], told: str) -> None:
    found = pdc("lists", *arguments)
    assert (found.exit_code, told in found.stderr) == (2, True)


def test_a_new_draft_takes_nothing_from_the_negative_list(pdc: Pdc, tmp_path: Path) -> None:
    rule_out(pdc, tmp_path)
    publish(pdc, "jzz", refusal=True)
    assert pdc("entry", "fill", "jzz", "time_span=2020", account="li").exit_code == 0
    assert pdc("entry", "submit", "jzz", account="li").exit_code == 0
    (row,) = official(tmp_path, pdc)["共享负面清单"]
    assert row["approved_by"] == "孙八"
