"""A site of two departments with its people, a clock that the test turns, and a later world in which all is renamed."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result

from classifiers.evidence import Decision
from workflows import clock, people
from workflows.acts.trail import Trail
from workflows.cli import cli
from workflows.run import Job
from workflows.store import Store

SITE = """
name: 普陀区公共数据资源目录
people:
  - {id: li, name: 李四, accounts: [li], departments: [lvhua], roles: [steward]}
  - {id: zhao, name: 赵六, accounts: [zhao], departments: [lvhua], roles: [head]}
  - {id: qian, name: 钱一, accounts: [qian], departments: [minzheng], roles: [steward]}
  - {id: wang, name: 王五, accounts: [wang], roles: [reviewer]}
  - {id: chen, name: 陈七, accounts: [chen], roles: [reviewer]}
  - {id: sun, name: 孙八, accounts: [sun], roles: [office]}
"""
LVHUA = """
department: {id: lvhua, name: 普陀区绿化局, code: "11310107000000019B", section: 信息科, contact: 刘工,
  entry: {municipal: 区域补充}}
systems:
  - {id: gis, name: 绿化管理系统, connector: ddl, path: parks.sql, update_cycle: 每年}
"""
MINZHENG = 'department: {id: minzheng, name: 普陀区民政局, code: "11310107000000020B"}\n'
PARKS = """
CREATE TABLE parks (id bigint PRIMARY KEY COMMENT '编号', mc varchar(50) COMMENT '公园名称') COMMENT='公园绿地';
CREATE TABLE trees (id bigint PRIMARY KEY COMMENT '编号', sz varchar(50) COMMENT '树种') COMMENT='行道树';
CREATE TABLE permits (xm varchar(50) COMMENT '申请人姓名', sfzh varchar(18) COMMENT '申请人身份证号',
  pzrq date COMMENT '批准日期') COMMENT='绿化许可申请人';
CREATE TABLE jzz (id bigint PRIMARY KEY COMMENT '编号', xm varchar(50) COMMENT '矫正人员姓名') COMMENT='社区矫正人员';
"""
LATER_PACK = """
extends: putuo-2020
id: putuo-local
version: "9"
display:
  share: {unconditional: 直接共享, conditional: 有条件共享, none: 不予共享}
  open: {unconditional: 直接开放, conditional: 依申请开放, none: 不开放}
  tier: {L1: 甲级, L2: 乙级, L3: 丙级, L4: 丁级}
instruments:
  pipl:
    title: 《个人信息保护法（修订）》
    articles: {"34": {article: 第四十三条, text: 修订后的条文。, sure: L}}
"""
RENAMED = {
    "site.yaml": (
        *(("普陀区公共", "西城区公共"), ("李四", "李一"), ("赵六", "赵一"), ("王五", "王一")),
        *(("陈七", "陈一"), ("孙八", "孙一"), ("钱一", "钱二")),
    ),
    "departments/lvhua.yaml": (
        *(("普陀区绿化局", "绿化和市容管理局"), ("绿化管理系统", "市容系统"), ("信息科", "数据科"), ("刘工", "张工")),
        *(("019B", "099X"), ("区域补充", "市级目录已收录")),
    ),
    "departments/minzheng.yaml": (("普陀区民政局", "社会工作局"), ("020B", "098X")),
}
MONDAY = datetime(2026, 9, 21, 9, 0, tzinfo=clock.CHINA)
Book = dict[str, list[list[Any]]]


class Town:
    """``town("lists", …, account="wang")`` runs a command as somebody, a minute after the one before."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.monkeypatch, self.time = root, monkeypatch, MONDAY
        monkeypatch.setattr(clock, "now", self.now)
        monkeypatch.setattr(Trail.__init__, "__defaults__", (self.now,))
        monkeypatch.setattr(Job.__init__, "__kwdefaults__", {"progress": None, "clock": self.now})

    def now(self) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time

    def __call__(self, *arguments: str, account: str = "wang") -> Result:
        self.monkeypatch.setattr(people, "account", lambda: account)
        return CliRunner().invoke(cli, ["--site", str(self.root), *arguments])

    def ok(self, *arguments: str, account: str = "wang") -> Any:
        done = self(*arguments, "--json", account=account)
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    def days(self, number: int) -> None:
        self.time += timedelta(days=number)

    @property
    def store(self) -> Store:
        return Store(f"sqlite:///{self.root}/var/catalogue.sqlite")

    def publish(self, name: str, refusal: bool = False) -> None:
        steps = [("li", "submit"), ("wang", "approve"), ("zhao", "sign", "--secrecy"), ("chen", "sign", "--security")]
        for account, verb, *more in [*steps, *([("sun", "approve-refusal")] if refusal else []), ("chen", "publish")]:
            self.ok("entry", verb, name, *more, account=account)

    def refuse(self) -> None:
        """A steward rules that jzz is neither shared nor opened, by an article of a law."""
        at = self.now().isoformat()
        with self.store as store:
            store.add_decisions(
                Decision("lvhua/gis/jzz", axis, "none", "li", at, column, "依法不予共享", basis=("pipl/34",))
                for column in (None, "id", "xm")
                for axis in ("share", "open")
            )
        self.ok("classify")

    def ask(self, asset: str) -> Any:
        """A share request of minzheng by an article of a law."""
        given = ("--purpose", "救助核对", "--basis", "pipl/34", "--means", "接口")
        return self.ok("request", "new", "--for", "minzheng", "--asset", asset, *given, account="qian")

    def rename(self) -> None:
        """Another pack, other names of the site, its departments, systems and people."""
        for name, pairs in RENAMED.items():
            text = (self.root / name).read_text("utf-8")
            for old, new in pairs:
                assert old in text
                text = text.replace(old, new)
            (self.root / name).write_text(text, "utf-8")
        (self.root / "packs").mkdir()
        (self.root / "packs" / "later.yaml").write_text(LATER_PACK, "utf-8")

    def books(self, folder: Path) -> dict[str, Book]:
        """Path of each workbook under a folder → sheet → rows of values."""
        return {
            str(path.relative_to(folder)): {
                sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()]
                for sheet in openpyxl.load_workbook(path)
            }
            for path in sorted(folder.rglob("*.xlsx"))
        }

    def lists(self, day: str, *more: str) -> tuple[dict[str, Book], dict[str, str]]:
        """The official lists of a day, workbooks without their time of making, and their JSON lines."""
        self.ok("lists", "--as-of", day, *more)
        folder = self.root / "out" / "official" / day
        found = self.books(folder)
        for book in found.values():
            book["说明"] = [row for row in book["说明"] if row[0] != "生成时间"]
        lines = {str(path.relative_to(folder)): path.read_text("utf-8") for path in sorted(folder.rglob("*.jsonl"))}
        return found, lines


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    (tmp_path / "departments").mkdir()
    for name, text in {
        "site.yaml": SITE,
        "departments/lvhua.yaml": LVHUA,
        "departments/minzheng.yaml": MINZHENG,
        "parks.sql": PARKS,
    }.items():
        (tmp_path / name).write_text(text, "utf-8")
    made = Town(tmp_path, monkeypatch)
    made.ok("run", "--no-outputs")
    return made
