"""A department with labelled tables, its people, and hands that fill workbooks in."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from classifiers.policy import Pack, load_pack
from connectors.model import Asset, Column
from workflows.acts.model import Actor
from workflows.acts.rights import DEFAULT
from workflows.acts.trail import Trail
from workflows.classify import classify
from workflows.clock import CHINA
from workflows.entries import codes
from workflows.review.desk import Desk, Ruled, Wish
from workflows.review.export import Exported, export
from workflows.review.intake import Imported, Importer
from workflows.review.sheets import ELEMENTS, ITEMS, RESOURCES
from workflows.settings import Department, SystemSettings
from workflows.store import Store
from workflows.store_records import Harvested

PACK = load_pack("putuo-2020")
PEOPLE: dict[str, tuple[str, tuple[str, ...]]] = {
    "李华": ("steward", ("dept",)),
    "张敏": ("steward", ("dept",)),
    "王芳": ("reviewer", ()),
    "赵云": ("steward", ("other",)),
    "孙办": ("office", ()),
}


def make_asset(name: str, comment: str, *columns: str) -> Asset:
    parts = [column.partition(":") for column in columns]
    made = (Column(n, i, "varchar(50)", "VARCHAR", comment=c or None) for i, (n, _, c) in enumerate(parts, start=1))
    return Asset("dept", "sys", name, comment=comment, columns=tuple(made), update_cycle="每月")


ASSETS = (
    make_asset("person", "救助对象", "xm:姓名", "sjh:手机号", "sfzh:身份证号"),
    make_asset("visit", "走访记录", "xm:姓名", "sjh:手机号", "zfrq:走访日期"),
    make_asset("toilet", "公厕", "mc:公厕名称", "dz:=地址", "fld3"),
)


@dataclass
class Room:
    """One store, its clock and its people; every look at the clock is a minute after the one before."""

    store: Store
    folder: Path
    pack: Pack = PACK
    time: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=CHINA)

    def now(self) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time

    @property
    def trail(self) -> Trail:
        return Trail(self.store, self.now)

    @property
    def department(self) -> Department:
        system = SystemSettings(id="sys", name="救助系统", connector="sqlite", path="x")
        return Department("dept", "普陀区民政局", "11310107000000019B", "信息科", "刘工", (system,), "x")

    def hold(self, *assets: Asset) -> None:
        known = self.store.known("dept", "sys")
        rows = [Harvested(one, id=known[one.key].id if one.key in known else None) for one in assets]
        self.store.write_assets(1, self.now().isoformat(), rows)
        self.classify()
        codes.number(self.store, ["dept"])

    def classify(self, pack: Pack | None = None) -> None:
        at = self.now().isoformat()
        classify(self.store, pack or self.pack, {"dept": "普陀区民政局"}, run=1, at=at, as_of=date(2026, 1, 1))

    @staticmethod
    def actor(name: str, behalf: str = "") -> Actor:
        roles: Any = (PEOPLE[name][0],)
        return Actor(name, name, name, roles, PEOPLE[name][1], behalf)

    def export(self, name: str = "审核表.xlsx") -> Path:
        return self.exported(name).path

    def exported(self, name: str = "审核表.xlsx") -> Exported:
        return export(self.store, self.pack, self.department, self.actor("李华"), self.folder / name, self.trail)

    def bring(self, path: Path, who: str = "李华", behalf: str = "", **options: bool) -> Imported:
        importer = Importer(self.trail, self.pack, self.actor(who, behalf), DEFAULT, {"dept": self.department})
        return importer.run(path, **options)

    def judge(self, *wishes: Wish, who: str = "李华", behalf: str = "") -> list[Ruled]:
        """Judge and keep."""
        with self.trail.acting(self.actor(who, behalf)) as acting:
            desk = Desk(self.store, self.pack, acting.actor, acting.at, DEFAULT)
            desk.load(wish.asset for wish in wishes)
            found = desk.judge(wishes)
            desk.write(acting)
        return found

    def values(self, table: str, column: str | None = None) -> dict[str, str | None]:
        """Dimension → latest ruling."""
        found = self.store.decisions(f"dept/sys/{table}")
        return {one.dimension: one.value for one in found if one.column == column}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with Store(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "head.jsonl") as store:
        made = Room(store, tmp_path)
        made.hold(*ASSETS)
        yield made


Edits = Mapping[tuple[str, str | None] | tuple[str, str, str], Mapping[str, Any]]
"""(table, column; None = a row of 资源; a third word = a row of 信息项) → heading → what is written there."""


def headings(sheet: Any) -> dict[str, int]:
    return {cell.value: cell.column for cell in sheet[1]}


def rows_of(sheet: Any) -> dict[tuple[str, str | None], int]:
    titles = headings(sheet)
    column = titles.get("字段")
    return {
        (sheet.cell(row, titles["表"]).value, sheet.cell(row, column).value if column else None): row
        for row in range(2, sheet.max_row + 1)
    }


def edit(path: Path, edits: Edits) -> Path:
    """Write into cells, as a person does."""
    book = openpyxl.load_workbook(path)
    for place, cells in edits.items():
        sheet = book[ELEMENTS if len(place) == 3 else RESOURCES if place[1] is None else ITEMS]
        titles, row = headings(sheet), rows_of(sheet)[place[0], place[1]]
        for title, value in cells.items():
            cell = sheet.cell(row, titles[title])
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
    book.save(path)
    return path


@pytest.fixture
def fill() -> Any:
    return edit


@pytest.fixture(scope="session")
def resave(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """``resave(path)``: opened and saved by LibreOffice."""
    office = shutil.which("soffice") or pytest.fail("soffice is not installed. Run: apt-get install libreoffice-calc")
    profile = tmp_path_factory.mktemp("office")

    def run(path: Path) -> Path:
        folder = tmp_path_factory.mktemp("saved")
        command = [office, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "xlsx"]
        subprocess.run([*command, "--outdir", str(folder), str(path)], check=True, capture_output=True, timeout=120)
        return folder / path.name

    return run


@pytest.fixture
def make() -> Any:
    return make_asset


@pytest.fixture
def room_on(tmp_path: Path) -> Any:
    """``room_on(store)``: the same department in another store."""

    def open_room(store: Store) -> Room:
        made = Room(store, tmp_path)
        made.hold(*ASSETS)
        return made

    return open_room
