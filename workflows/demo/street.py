"""长寿路街道: no system at all, but a shared folder in which people drop lists, month by month."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from workflows.demo.people import Maker, make_uscc

MONTHS = ("202604", "202605", "202606")
COMMITTEES = ("示例居委会", "样本居委会", "演示居委会", "模拟居委会", "虚构居委会")
VISIT_HEADER = (
    *(
        "姓名",
        "性别",
        "身份证号",
        "联系电话",
        "家庭住址",
        "居委会",
        "走访日期",
        "走访人",
        "健康状况",
        "紧急联系人",
        "紧急联系人电话",
    ),
)
VOLUNTEER_HEADER = ("志愿者编号", "姓名", "证件号码", "手机号", "服务类别", "累计服务时长", "注册日期")
CENSUS_HEADER = (
    "普查小区代码",
    "单位名称",
    "统一社会信用代码",
    "行业代码",
    "期末从业人数",
    "营业收入（千元）",
    "联系电话",
)
INDUSTRIES = ("5111", "5211", "6210", "7211", "8010", "8311")
HEALTH = ("良好", "一般", "行动不便", "慢性病")
SERVICES = ("助老", "环保", "交通文明", "社区治理", "文化")
EVENTS = ("占道堆物", "井盖缺损", "乱张贴", "路灯不亮", "噪声扰民", "绿化缺失")


def write(folder: Path, maker: Maker) -> None:
    """CSV in GB18030 by month, a ZIP with one more, and JSON lines of the grid's events.

    The street took the economic census, too: what a unit answered is not shared (统计法 25).
    """
    visits, grid = folder / "独居老人走访", folder / "网格管理"
    for place in (visits, grid):
        place.mkdir(parents=True, exist_ok=True)
    for month in MONTHS:
        (visits / f"独居老人走访_{month}.csv").write_bytes(sheet(VISIT_HEADER, visit_rows(maker, month)))
    write_zip(folder / "志愿者名册.zip", "志愿者名册_20260630.csv", sheet(VOLUNTEER_HEADER, volunteer_rows(maker)))
    lines = [json.dumps(event, ensure_ascii=False) for event in grid_events(maker)]
    (grid / "网格事件_20260630.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "经济普查单位底册_2023.csv").write_bytes(sheet(CENSUS_HEADER, census_rows(maker)))


def sheet(header: tuple[str, ...], rows: list[list[object]]) -> bytes:
    """In the encoding that Chinese Windows programs export."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode("gb18030")


def write_zip(path: Path, name: str, content: bytes) -> None:
    # A fixed time: the same demo is the same file.
    member = ZipInfo(name, date_time=(2026, 6, 30, 12, 0, 0))
    member.compress_type = ZIP_DEFLATED
    with ZipFile(path, "w") as archive:
        archive.writestr(member, content)


def visit_rows(maker: Maker, month: str) -> list[list[object]]:
    first = date(int(month[:4]), int(month[4:]), 1)
    rows: list[list[object]] = []
    for _ in range(120):
        elder, child = maker.person(70, 98), maker.person(30, 65)
        day = maker.day(first, first + timedelta(days=27))
        rows.append(
            [
                *(elder.name, "男" if elder.male else "女", maker.dirty(elder.id_card), maker.dirty(elder.mobile)),
                *(elder.home, maker.one(COMMITTEES), day.isoformat(), maker.name(), maker.one(HEALTH)),
                *(child.name, maker.dirty(child.mobile)),
            ]
        )
    return rows


def volunteer_rows(maker: Maker) -> list[list[object]]:
    rows: list[list[object]] = []
    for number in range(1, 151):
        person = maker.person(18, 75)
        rows.append(
            [
                *(f"CS{number:05d}", person.name, maker.dirty(person.id_card), person.mobile, maker.one(SERVICES)),
                *(maker.random.randint(2, 600), maker.day(date(2019, 1, 1)).isoformat()),
            ]
        )
    return rows


def census_rows(maker: Maker) -> list[list[object]]:
    return [
        [
            *(f"3101070{number % 12:02d}", maker.firm(), make_uscc(900 + number), maker.one(INDUSTRIES)),
            *(maker.random.randint(1, 400), maker.random.randint(50, 90_000), maker.landline()),
        ]
        for number in range(1, 81)
    ]


def grid_events(maker: Maker) -> list[dict[str, object]]:
    """Nested, as a programme writes them."""
    events: list[dict[str, object]] = []
    for number in range(1, 201):
        begun = datetime(2026, 6, 1) + timedelta(minutes=maker.random.randrange(29 * 24 * 60))
        longitude, latitude = maker.point()
        place = {"address": maker.address(flat=False), "lng": longitude, "lat": latitude}
        steps = [{"dept": "街道城运中心", "time": (begun + timedelta(hours=2)).isoformat(), "result": "已派单"}]
        events.append(
            {
                "eventNo": f"WG2026{number:06d}",
                "eventType": maker.one(EVENTS),
                "reportTime": begun.isoformat(),
                "location": place,
                "reporter": {"name": maker.name(), "phone": maker.mobile()},
                "steps": steps,
            }
        )
    return events
