"""A site of three departments, its people and its calendar; published entries of each share type."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from classifiers.evidence import Decision
from workflows import clock, people
from workflows.acts.trail import Trail
from workflows.cli import cli
from workflows.run import Job
from workflows.store import Store

# Tests of one folder share modules beside this file.
sys.path.insert(0, str(Path(__file__).parent))
SITE = """
name: 目录
people:
  - {id: li, name: 李四, accounts: [li], departments: [lvhua], roles: [steward]}
  - {id: zhao, name: 赵六, accounts: [zhao], departments: [lvhua], roles: [head]}
  - {id: qian, name: 钱一, accounts: [qian], departments: [minzheng], roles: [steward]}
  - {id: wang, name: 王五, accounts: [wang], roles: [reviewer]}
  - {id: chen, name: 陈七, accounts: [chen], roles: [reviewer]}
  - {id: sun, name: 孙八, accounts: [sun], roles: [office]}
  - {id: wu, name: 吴二, accounts: [wu], roles: [office, head]}
  - {id: ke, name: 柯九, accounts: [ke], roles: [open_steward]}
calendar:
  holidays: [2026-10-01/2026-10-07, 2026-01-01]
  working_weekends: [2026-10-10]
"""
LVHUA = """
department: {id: lvhua, name: 普陀区绿化局, code: "11310107000000019B", section: 信息科, contact: 刘工,
  entry: {municipal: 区域补充}}
systems:
  - {id: gis, connector: ddl, path: parks.sql, update_cycle: 每年}
  - {id: live, connector: ddl, path: live.sql, update_cycle: 实时}
"""
MINZHENG = """
department: {id: minzheng, name: 普陀区民政局, code: "11310107000000020B"}
"""
PARKS = """
CREATE TABLE parks (id bigint PRIMARY KEY COMMENT '编号', mc varchar(50) COMMENT '公园名称') COMMENT='公园绿地';
CREATE TABLE trees (id bigint PRIMARY KEY COMMENT '编号', sz varchar(50) COMMENT '树种') COMMENT='行道树';
CREATE TABLE permits (xm varchar(50) COMMENT '申请人姓名', sfzh varchar(18) COMMENT '申请人身份证号',
  pzrq date COMMENT '批准日期') COMMENT='绿化许可申请人';
CREATE TABLE jzz (id bigint PRIMARY KEY COMMENT '编号', xm varchar(50) COMMENT '矫正人员姓名',
  zm varchar(50) COMMENT '罪名') COMMENT='社区矫正人员';
"""
LIVE = """
CREATE TABLE air (sj datetime COMMENT '监测时间', pm25 decimal(6,2) COMMENT 'PM2.5浓度') COMMENT='公园空气质量监测';
"""
MONDAY = datetime(2026, 9, 21, 9, 0, tzinfo=clock.CHINA)


class Town:
    """``town("request", "new", …, account="qian")`` runs a command as somebody, a minute after the one before."""

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

    def refused(self, *arguments: str, account: str = "wang") -> str:
        done = self(*arguments, account=account)
        assert done.exit_code in (2, 4), (done.exit_code, done.stdout, done.stderr)
        assert done.stderr.count("error:") == 1 or done.stderr.startswith("Usage")
        return done.stderr

    def days(self, number: int) -> None:
        self.time += timedelta(days=number)

    def publish(self, name: str, refusal: bool = False) -> None:
        steps = [("li", "submit"), ("wang", "approve"), ("zhao", "sign", "--secrecy"), ("chen", "sign", "--security")]
        for account, verb, *more in [*steps, *([("sun", "approve-refusal")] if refusal else []), ("chen", "publish")]:
            self.ok("entry", verb, name, *more, account=account)

    def rule(self, table: str, axis: str, value: str, basis: tuple[str, ...], *columns: str) -> None:
        """A steward's ruling on the labels of a table and its columns."""
        at = self.now().isoformat()
        with Store(f"sqlite:///{self.root}/var/catalogue.sqlite") as store:
            store.add_decisions(
                [
                    Decision(f"lvhua/gis/{table}", axis, value, "li", at, column, "依法认定", basis=basis)  # type: ignore[arg-type]
                    for column in (None, *columns)
                ]
            )
        self.ok("classify")

    def ask(self, asset: str, *more: str, account: str = "qian") -> Any:
        """A share request of minzheng."""
        given = ("--purpose", "救助核对", "--basis", "《社会救助暂行办法》", "--means", "接口", *more)
        return self.ok("request", "new", "--for", "minzheng", "--asset", asset, *given, account=account)

    def show(self, ident: str) -> Any:
        return self.ok("request", "show", ident)


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    (tmp_path / "departments").mkdir()
    for name, text in {
        "site.yaml": SITE,
        "departments/lvhua.yaml": LVHUA,
        "departments/minzheng.yaml": MINZHENG,
        "parks.sql": PARKS,
        "live.sql": LIVE,
    }.items():
        (tmp_path / name).write_text(text, "utf-8")
    made = Town(tmp_path, monkeypatch)
    made.ok("run", "--no-outputs")
    return made
