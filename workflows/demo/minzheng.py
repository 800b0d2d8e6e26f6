"""民政局: a SQLite database whose columns are upper-case pinyin initials and bear no comments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from workflows.demo.database import write_database
from workflows.demo.people import STREETS, TODAY, Maker, Person, make_uscc

PEOPLE = 220
FAMILIES = 160
HOMES = 120
DISABLED = 140

KINDS = (
    ("01", "最低生活保障"),
    ("02", "特困人员供养"),
    ("03", "临时救助"),
    ("04", "医疗救助"),
    ("05", "支出型贫困救助"),
)

SCHEMA = """
CREATE TABLE T_JZDX (
  ID INTEGER PRIMARY KEY, XM VARCHAR(50) NOT NULL, XB CHAR(1), MZ VARCHAR(20), GMSFHM VARCHAR(18), CSRQ DATE,
  HJDZ VARCHAR(200), XZZ VARCHAR(200), LXDH VARCHAR(20), KHH VARCHAR(80), YHZH VARCHAR(30),
  JZLX CHAR(2) REFERENCES DM_JZLX (DM), JZJE DECIMAL(12,2), ND CHAR(4), SQRQ DATE, SSJD VARCHAR(40),
  YL1 VARCHAR(100), FLD3 VARCHAR(100), CJSJ DATETIME, GXSJ DATETIME
);
CREATE TABLE T_DBJT (
  JTBH VARCHAR(20) PRIMARY KEY, HZXM VARCHAR(50), HZSFZH VARCHAR(18), JTRKS INTEGER, HJDZ VARCHAR(200),
  SSJD VARCHAR(40), DBJE DECIMAL(12,2), PZRQ DATE, YHZH VARCHAR(30), BZ VARCHAR(500), CJSJ DATETIME
);
CREATE TABLE T_DBJT_CY (
  ID INTEGER PRIMARY KEY, JTBH VARCHAR(20) REFERENCES T_DBJT (JTBH), CYXM VARCHAR(50), CYSFZH VARCHAR(18),
  YHZGX VARCHAR(20), CSRQ DATE
);
CREATE TABLE T_YLJG (
  ID INTEGER PRIMARY KEY, JGMC VARCHAR(100) NOT NULL, TYSHXYDM CHAR(18), JGDZ VARCHAR(200), LXDH VARCHAR(20),
  CWS INTEGER, JZMJ DECIMAL(10,2), KYRQ DATE, SSJD VARCHAR(40)
);
CREATE TABLE T_CJR (
  ID INTEGER PRIMARY KEY, XM VARCHAR(50), SFZH VARCHAR(18), CJZH VARCHAR(20), CJLB VARCHAR(20), CJDJ VARCHAR(10),
  LXDH VARCHAR(20), FZRQ DATE
);
CREATE TABLE DM_JZLX (DM CHAR(2) PRIMARY KEY, MC VARCHAR(40) NOT NULL);
CREATE TABLE T_JZ_TJ (ND CHAR(4), SSJD VARCHAR(40), HS INTEGER, RS INTEGER, ZJE DECIMAL(14,2), PRIMARY KEY (ND, SSJD));
CREATE VIEW V_YLJG_CX AS SELECT JGMC, JGDZ, LXDH, CWS, SSJD FROM T_YLJG;
"""

_FILLERS = ("A", "B", "C", "0", "1", None, None, None)
_RELATIONS = ("配偶", "子", "女", "父", "母")
_DISABILITIES = ("视力", "听力", "言语", "肢体", "智力", "精神", "多重")
_REMARKS = (None, None, "按季复核", "本人申请退出后恢复", "家庭成员长期在外", "居委会已上门核实")
_HOME_NAMES = ("养老院", "敬老院", "护理院", "长者照护之家")


def write(folder: Path, maker: Maker) -> None:
    people = [maker.person() for _ in range(PEOPLE)]
    heads = [maker.person(25) for _ in range(FAMILIES)]
    rows = {
        "DM_JZLX": KINDS,
        "T_JZDX": assisted(maker, people),
        "T_DBJT": families(maker, heads),
        "T_DBJT_CY": members(maker),
        "T_YLJG": homes(maker),
        "T_CJR": disabled(maker),
        "T_JZ_TJ": totals(maker),
    }
    write_database(folder / "rescue.sqlite", SCHEMA, rows)


def stamp(maker: Maker) -> str:
    day = maker.day(date(2024, 1, 1))
    return f"{day} {maker.random.randint(8, 17):02d}:{maker.random.randrange(60):02d}:00"


def assisted(maker: Maker, people: list[Person]) -> Iterator[tuple[Any, ...]]:
    for number, person in enumerate(people, 1):
        applied = maker.day(date(2023, 1, 1))
        yield (
            *(number, person.name, person.sex, maker.one(("汉族", "汉族", "汉族", "回族", "满族"))),
            *(maker.dirty(person.id_card), person.birth.isoformat(), person.registered, person.home),
            *(maker.dirty(person.mobile, 0.12), person.bank, maker.dirty(person.bank_card, 0.15)),
            *(
                maker.random.choice(KINDS)[0],
                maker.random.randint(30, 600) * 10,
                str(applied.year),
                applied.isoformat(),
            ),
            *(maker.one(STREETS), maker.random.choice(_FILLERS), maker.random.choice(_FILLERS)),
            *(stamp(maker), stamp(maker)),
        )


def families(maker: Maker, heads: list[Person]) -> Iterator[tuple[Any, ...]]:
    for number, head in enumerate(heads, 1):
        approved = maker.day(date(2020, 1, 1))
        yield (
            *(family_number(number), head.name, maker.dirty(head.id_card, 0.15), maker.random.randint(1, 5)),
            *(head.registered, maker.one(STREETS), maker.random.randint(60, 500) * 10, approved.isoformat()),
            *(maker.dirty(head.bank_card, 0.1), maker.random.choice(_REMARKS), stamp(maker)),
        )


def family_number(number: int) -> str:
    return f"DB31010700{number:06d}"


def members(maker: Maker) -> Iterator[tuple[Any, ...]]:
    for number in range(1, FAMILIES * 2 + 1):
        one = maker.person(1, 80)
        family = family_number(maker.random.randint(1, FAMILIES))
        yield number, family, one.name, maker.dirty(one.id_card, 0.15), maker.one(_RELATIONS), one.birth.isoformat()


def homes(maker: Maker) -> Iterator[tuple[Any, ...]]:
    for number in range(1, HOMES + 1):
        name = f"上海普陀{maker.firm()[2:5]}{maker.one(_HOME_NAMES)}"
        code = maker.dirty(make_uscc(500 + number, kind="52"), 0.1)
        opened = maker.day(date(2000, 1, 1), TODAY - timedelta(days=200))
        yield (
            *(number, name, code, maker.address(flat=False), maker.landline(), maker.random.randint(20, 400)),
            *(round(maker.random.uniform(300, 9000), 2), opened.isoformat(), maker.one(STREETS)),
        )


def disabled(maker: Maker) -> Iterator[tuple[Any, ...]]:
    for number in range(1, DISABLED + 1):
        one = maker.person(6, 90)
        kind, degree = maker.random.randint(1, 7), maker.random.randint(1, 4)
        issued = maker.day(date(2015, 1, 1))
        yield (
            *(number, one.name, maker.dirty(one.id_card, 0.15), f"{one.id_card}{kind}{degree}"),
            *(_DISABILITIES[kind - 1], f"{degree}级", maker.dirty(one.mobile, 0.1), issued.isoformat()),
        )


def totals(maker: Maker) -> Iterator[tuple[Any, ...]]:
    for year in range(2018, 2026):
        for street in STREETS:
            households = maker.random.randint(80, 900)
            persons = households * 2 + maker.random.randrange(100)
            yield str(year), street, households, persons, persons * 12 * 1000.0
