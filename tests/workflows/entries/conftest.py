"""A small site with one department, judged and numbered, and the people of a district."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from classifiers.policy import Pack, load_pack
from connectors.model import Asset, Column
from workflows import catalogue
from workflows.acts.model import Actor
from workflows.acts.trail import Trail
from workflows.classify import classify
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
