"""A small site with one department, judged and numbered, and the people of a district."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from classifiers.policy import Pack, load_pack
from connectors.model import Asset, Column
from workflows import catalogue, people
from workflows.acts.model import Actor
from workflows.acts.trail import Trail
from workflows.classify import classify
from workflows.cli import cli
from workflows.clock import CHINA
from workflows.entries import codes
from workflows.entries.lifecycle import LifeCycle
from workflows.entry import Entry
from workflows.settings import Department, SystemSettings
from workflows.store import Store
from workflows.store_records import Harvested

PACK = load_pack("putuo-2020")
PARKS = Asset(
    "lvhua",
    "gis",
    "parks",
    comment="公园绿地",
    primary_key=("id",),
    columns=(
        Column("id", 1, "bigint", "BIGINT", False, "编号"),
        Column("mc", 2, "varchar(50)", "VARCHAR", True, "公园名称", length=50),
        Column("mj", 3, "decimal(10,2)", "DECIMAL", True, "占地面积"),
    ),
    update_cycle="每年",
)
PERMITS = Asset(
    "lvhua",
    "gis",
    "applicants",
    comment="绿化许可申请人",
    columns=(
        Column("xm", 1, "varchar(50)", "VARCHAR", True, "申请人姓名"),
        Column("sfzh", 2, "varchar(18)", "VARCHAR", True, "申请人身份证号"),
        Column("lxdh", 3, "varchar(20)", "VARCHAR", True, "联系电话"),
    ),
    update_cycle="每日",
)
PEOPLE = {
    "li": ("steward",),
    "zhao": ("head",),
    "wang": ("reviewer",),
    "chen": ("reviewer",),
    "sun": ("office",),
    "ops": ("admin",),
}


@dataclass
class Office:
    """One store, its clock and its people; every act is a minute after the one before."""

    store: Store
    pack: Pack = PACK
    time: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=CHINA)
    entry_config: dict[str, str] = field(default_factory=lambda: {"municipal": "区域补充"})

    def now(self) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time

    @property
    def trail(self) -> Trail:
        return Trail(self.store, self.now)

    @property
    def department(self) -> Department:
        system = SystemSettings(id="gis", name="绿化管理系统", connector="sqlite", path="x")
        return Department(
            "lvhua", "普陀区绿化局", "11310107000000019B", "信息科", "刘工", (system,), "x", entry=self.entry_config
        )

    def hold(self, *assets: Asset) -> Office:
        at = self.now().isoformat()
        known = self.store.known("lvhua", "gis")
        rows = [Harvested(one, id=known[one.key].id if one.key in known else None) for one in assets]
        self.store.write_assets(1, at, rows)
        classify(self.store, self.pack, {"lvhua": "普陀区绿化局"}, run=1, at=at, as_of=date(2026, 1, 1))
        codes.number(self.store, ["lvhua"])
        return self

    def entries(self) -> dict[str, Entry]:
        department = self.department
        systems = {one.id: one for one in department.systems}
        found = catalogue.entries(self.store, self.pack, department, systems)
        return {one.source_name: one for one in found}

    parks: Asset = PARKS
    permits: Asset = PERMITS

    @staticmethod
    def actor(name: str, behalf: str = "") -> Actor:
        """Steward li, head zhao, reviewers wang and chen, office sun, administrator ops."""
        roles: Any = PEOPLE[name]
        departments = ("lvhua",) if roles in (("steward",), ("head",)) else ()
        return Actor(account=name, person=name, name=name, roles=roles, departments=departments, behalf=behalf)

    def cycle(self, name: str, behalf: str = "") -> LifeCycle:
        return LifeCycle(self.trail, self.pack, self.actor(name, behalf))

    def publish(self, name: str = "parks") -> Entry:
        """The whole way, each step by somebody else."""
        found = self.entries()[name]
        self.cycle("li").submit(found)
        self.cycle("wang").approve(found)
        self.cycle("zhao").sign(found, "secrecy")
        self.cycle("chen").sign(found, "security")
        self.cycle("chen").publish(found)
        return self.entries()[name]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with Store(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "head.jsonl") as store:
        yield Office(store).hold(PARKS, PERMITS)


SITE = """
name: 目录
people:
  - {id: li, name: 李四, accounts: [li], departments: [lvhua], roles: [steward]}
  - {id: zhao, name: 赵六, accounts: [zhao], departments: [lvhua], roles: [head]}
  - {id: wang, name: 王五, accounts: [wang], roles: [reviewer]}
  - {id: chen, name: 陈七, accounts: [chen], roles: [reviewer]}
  - {id: sun, name: 孙八, accounts: [sun], roles: [office]}
"""
DEPARTMENT = """
department:
  id: lvhua
  name: 普陀区绿化局
  code: "11310107000000019B"
  section: 信息科
  contact: 刘工
  entry: {municipal: 区域补充}
systems:
  - {id: gis, connector: ddl, path: parks.sql, update_cycle: 每年}
"""


def table(name: str, title: str, column: str, comment: str) -> str:
    number = "id bigint PRIMARY KEY COMMENT '编号'"
    return f"CREATE TABLE {name} ({number}, {column} varchar(50) COMMENT '{comment}') COMMENT='{title}';"


@dataclass
class Shell:
    """One site with the parks and the trees of one department, and its people at one command line."""

    folder: Path
    patch: pytest.MonkeyPatch
    parks: str = table("parks", "公园绿地", "mc", "公园名称")
    trees: str = table("trees", "行道树", "sz", "树种")

    def __call__(self, *arguments: str, by: str = "li", code: int | None = None) -> Result:
        """``code``: the exit code that it must have."""
        self.patch.setattr(people, "account", lambda: by)
        done = CliRunner().invoke(cli, ["--site", str(self.folder), *arguments])
        assert code is None or done.exit_code == code, (arguments, done.stdout, done.stderr)
        return done

    def json(self, *arguments: str, by: str = "li", code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", by=by, code=code).stdout)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text, "utf-8")

    def run(self, *tables: str) -> None:
        """Harvest, classify and compile what the source holds now."""
        self.write("parks.sql", "\n".join(tables))
        self("run", "--no-outputs", "--accept-removals", code=0)

    def decide(self, place: str, what: str) -> None:
        given = ("--set", what, "--basis", "pipl/34", "--why", "核实", "--yes")
        self("decide", f"lvhua/gis/{place}", *given, by="li", code=0)

    def review(self, name: str) -> None:
        """Submitted, signed and approved, by four people."""
        steps = ("submit",), ("approve",), ("sign", "--secrecy"), ("sign", "--security")
        for who, (verb, *more) in zip(("li", "wang", "zhao", "chen"), steps, strict=True):
            self("entry", verb, name, *more, by=who, code=0)

    def publish(self, name: str) -> None:
        self.review(name)
        self("entry", "publish", name, by="chen", code=0)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    made = Shell(tmp_path, monkeypatch)
    made.write("site.yaml", SITE)
    made.write("departments/lvhua.yaml", DEPARTMENT)
    made.run(made.parks, made.trees)
    return made
