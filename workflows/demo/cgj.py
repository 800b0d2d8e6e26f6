"""城管执法局: public facilities in SQLite, names half English and half pinyin; nearly all of it can be open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from workflows.demo.database import write_database
from workflows.demo.people import STREETS, Maker

TOILETS = 140
CAR_PARKS = 120
COVERS = 260
BINS = 180

SCHEMA = """
CREATE TABLE public_toilet (
  toilet_id INTEGER PRIMARY KEY, toilet_name VARCHAR(80) NOT NULL, address VARCHAR(200), street_name VARCHAR(40),
  longitude DECIMAL(9,6), latitude DECIMAL(9,6), open_time VARCHAR(40), seat_count INTEGER, barrier_free CHAR(1),
  manage_unit VARCHAR(100)
);
CREATE TABLE parking_lot (
  tcc_id INTEGER PRIMARY KEY, tccmc VARCHAR(80) NOT NULL, dz VARCHAR(200), street_name VARCHAR(40), bws INTEGER,
  charge_standard VARCHAR(100), longitude DECIMAL(9,6), latitude DECIMAL(9,6), service_phone VARCHAR(20)
);
CREATE TABLE bj_jinggai (
  bjbm VARCHAR(20) PRIMARY KEY, bjmc VARCHAR(40), caizhi VARCHAR(20), street_name VARCHAR(40),
  quanshu_danwei VARCHAR(100), longitude DECIMAL(9,6), latitude DECIMAL(9,6), install_date DATE, status CHAR(1)
);
CREATE TABLE garbage_station (
  station_id INTEGER PRIMARY KEY, station_name VARCHAR(80), address VARCHAR(200), street_name VARCHAR(40),
  open_time VARCHAR(60), bin_count INTEGER
);
CREATE TABLE patrol_stat (
  stat_month CHAR(7), street_name VARCHAR(40), patrol_count INTEGER, case_count INTEGER, closed_count INTEGER,
  closed_rate DECIMAL(5,2), PRIMARY KEY (stat_month, street_name)
);
CREATE TABLE dict_status (code CHAR(1) PRIMARY KEY, name VARCHAR(20) NOT NULL);
"""

_UNITS = ("普陀区市容环境卫生管理中心", "普陀区绿化管理中心", "街道城市建设管理事务中心")
_HOURS = ("24小时", "05:00-23:00", "06:00-22:00")
_MATERIALS = ("球墨铸铁", "复合材料", "钢筋混凝土")
_COVERS = ("雨水井盖", "污水井盖", "电力井盖", "通信井盖")
_CHARGES = ("首小时10元,之后每小时5元", "每次8元", "15分钟内免费,每小时6元", "免费")


def write(folder: Path, maker: Maker) -> None:
    rows = {
        "public_toilet": toilets(maker),
        "parking_lot": car_parks(maker),
        "bj_jinggai": covers(maker),
        "garbage_station": stations(maker),
        "patrol_stat": patrols(maker),
        "dict_status": [("1", "完好"), ("2", "破损"), ("3", "缺失"), ("4", "已移除")],
    }
    write_database(folder / "facilities.sqlite", SCHEMA, rows)


def toilets(maker: Maker) -> Iterator[tuple[Any, ...]]:
    for number in range(1, TOILETS + 1):
        place = maker.address(flat=False)
        yield (
            *(number, f"{place[6:9]}{number}号公共厕所", place, maker.one(STREETS), *maker.point(), maker.one(_HOURS)),
            *(maker.random.randint(4, 24), maker.one("01"), maker.one(_UNITS)),
        )


def car_parks(maker: Maker) -> Iterator[tuple[Any, ...]]:
    for number in range(1, CAR_PARKS + 1):
        place = maker.address(flat=False)
        yield (
            *(number, f"{place[6:9]}第{number}停车场", place, maker.one(STREETS), maker.random.randint(20, 900)),
            *(maker.one(_CHARGES), *maker.point(), maker.landline()),
        )


def covers(maker: Maker) -> Iterator[tuple[Any, ...]]:
    for number in range(1, COVERS + 1):
        laid = maker.day(date(2005, 1, 1))
        yield (
            *(
                f"3101070101{number:06d}",
                maker.one(_COVERS),
                maker.one(_MATERIALS),
                maker.one(STREETS),
                maker.one(_UNITS),
            ),
            *(*maker.point(), laid.isoformat(), maker.one("1112")),
        )


def stations(maker: Maker) -> Iterator[tuple[Any, ...]]:
    for number in range(1, BINS + 1):
        hours = "07:00-09:00,18:00-20:00"
        place = maker.address(flat=False)
        yield number, f"{number}号生活垃圾分类投放点", place, maker.one(STREETS), hours, maker.random.randint(2, 12)


def patrols(maker: Maker) -> Iterator[tuple[Any, ...]]:
    for year in (2025, 2026):
        for month in range(1, 13 if year == 2025 else 7):
            for street in STREETS:
                found = maker.random.randint(20, 300)
                closed = found - maker.random.randint(0, 15)
                rate = round(100 * closed / found, 2)
                yield f"{year}-{month:02d}", street, maker.random.randint(60, 400), found, closed, rate
