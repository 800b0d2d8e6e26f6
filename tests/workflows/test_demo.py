"""The demo's departments: the same every time, dirty as promised, obviously synthetic, and one file nobody reads."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import load_workbook

from classifiers.identifiers import bank_card, id_card, mobile, uscc
from connectors.base import ConfigurationError, open_connector
from workflows.demo import CANARY, write_demo
from workflows.demo.people import TODAY, Maker, luhn_check, make_uscc
from workflows.site import load_site

Check = Callable[[str], Any]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo(tmp_path_factory.mktemp("demo") / "site")


def column(path: Path, table: str, name: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return [value for (value,) in connection.execute(f'SELECT "{name}" FROM "{table}"')]


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def cells(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    book = load_workbook(path)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def test_writing_takes_less_than_three_seconds_and_is_the_same_every_time(demo: Path, tmp_path: Path) -> None:
    started = time.perf_counter()
    other = write_demo(tmp_path / "other")
    assert time.perf_counter() - started < 3
    files = sorted(path.relative_to(demo).as_posix() for path in demo.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(other).as_posix() for path in other.rglob("*") if path.is_file())
    for name in files:
        if name.endswith(".xlsx"):
            assert cells(demo / name) == cells(other / name)
        elif name in ("data/rescue.sqlite", "data/facilities.sqlite"):
            assert dump(demo / name) == dump(other / name)
        else:
            assert (demo / name).read_bytes() == (other / name).read_bytes()


def test_a_demo_is_written_over_a_demo_and_over_nothing_else(tmp_path: Path) -> None:
    write_demo(tmp_path / "demo")
    (tmp_path / "demo" / "data" / "scjg.sql").write_text("changed")
    write_demo(tmp_path / "demo")
    assert "t_qydjxx" in (tmp_path / "demo" / "data" / "scjg.sql").read_text("utf-8")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "site.yaml").write_text("name: mine\n")
    with pytest.raises(ConfigurationError, match="was not made by the demo"):
        write_demo(tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["site.yaml"]


def test_departments_have_valid_codes(demo: Path) -> None:
    files = sorted((demo / "departments").glob("*.yaml"))
    assert [path.stem for path in files] == ["cgj", "minzheng", "scjg", "street", "wjw", "xzfw"]
    codes = [yaml.safe_load(path.read_text("utf-8"))["department"]["code"] for path in files]
    assert [uscc.check(code).result for code in codes] == ["valid"] * 6
    assert len(set(codes)) == 6


@pytest.mark.parametrize(
    ("file", "table", "name", "check"),
    [
        ("rescue.sqlite", "T_JZDX", "GMSFHM", id_card.check),
        ("rescue.sqlite", "T_DBJT", "HZSFZH", id_card.check),
        ("rescue.sqlite", "T_DBJT_CY", "CYSFZH", id_card.check),
        ("rescue.sqlite", "T_CJR", "SFZH", id_card.check),
        ("rescue.sqlite", "T_JZDX", "YHZH", bank_card.check),
        ("rescue.sqlite", "T_YLJG", "TYSHXYDM", uscc.check),
        ("rescue.sqlite", "T_JZDX", "LXDH", mobile.check),
    ],
)
def test_identifiers_are_valid_but_for_a_dirty_tail(demo: Path, file: str, table: str, name: str, check: Check) -> None:
    values = column(demo / "data" / file, table, name)
    good = sum(1 for value in values if value and check(value).result == "valid")
    assert len(values) >= 100
    assert 0.75 <= good / len(values) <= 0.97
    assert any(value is None or not value.strip() for value in values)


def test_dirt_is_of_every_sort(demo: Path) -> None:
    values = column(demo / "data" / "rescue.sqlite", "T_JZDX", "GMSFHM")
    bad = [value for value in values if value is None or not re.fullmatch(r"[0-9]{17}[0-9X]", value)]
    wrong = [v for v in values if v and re.fullmatch(r"[0-9]{17}[0-9X]", v) and id_card.check(v).result != "valid"]
    assert None in bad
    assert "" in bad
    assert "无" in bad
    assert any(value and value.endswith("  ") for value in bad)
    assert any(value and "\uff10" <= value[0] <= "\uff19" for value in bad)
    assert wrong
    valid = sum(1 for value in values if value and id_card.check(value).result == "valid")
    assert 0.1 <= 1 - valid / len(values) <= 0.25


def test_every_database_table_has_rows(demo: Path) -> None:
    for file, least in (("rescue.sqlite", 800), ("facilities.sqlite", 700)):
        with closing(sqlite3.connect(demo / "data" / file)) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            counts = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}
        assert min(counts.values()) > 0
        assert sum(counts.values()) >= least


def test_the_dump_has_commented_tables_rows_and_a_view_without_personal_columns(demo: Path) -> None:
    text = (demo / "data" / "scjg.sql").read_text("utf-8")
    tables = re.findall(r"CREATE TABLE `(\w+)`.*?COMMENT='([^']+)';", text, flags=re.DOTALL)
    assert [name for name, _ in tables] == ["t_qydjxx", "t_xzxkgs", "t_xzcf", "t_xfzts", "dm_qylx"]
    assert text.count("INSERT INTO") == 5
    assert text.count("\n(") > 600
    view = text.split("CREATE VIEW")[1]
    assert "`fddbr`" in view
    assert "sfzh" not in view
    assert "_dh`" not in view


def test_the_dictionaries_hold_fields_and_no_rows(demo: Path) -> None:
    sheets = cells(demo / "data" / "his_dictionary.xlsx")
    assert list(sheets) == ["门诊病历", "预防接种"]
    assert sheets["门诊病历"][0][:4] == ("表名", "MZ_BLJL", "表中文名", "门诊病历记录")
    assert sheets["门诊病历"][1][1] == "字段名"
    raw = (demo / "data" / "public_health.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    rows = list(csv.DictReader(raw.decode("gb18030").splitlines()))
    assert {row["表中文名"] for row in rows} == {"医疗机构名录", "传染病报告卡", "门诊人次月度统计"}


def test_the_service_shows_nested_fields_and_only_what_is_answered(demo: Path) -> None:
    with open_connector(load_site(demo, environ={}).system_config("xzfw", "onestop")) as source:
        found = {asset.name: [column.name for column in asset.columns] for asset in source.assets()}
    assert "data.items[].applicant.idCard" in found["GET /cases"]
    assert "agent.idCard" in found["POST /cases"]
    assert not [name for name in found["GET /items"] if "idCard" in name]


def test_the_drop_folds_months_and_reads_archive_and_lines(demo: Path) -> None:
    folder = demo / "data" / "street"
    assert sorted(path.name for path in folder.rglob("*.*")) == [
        "志愿者名册.zip",
        *(f"独居老人走访_{month}.csv" for month in ("202604", "202605", "202606")),
        "经济普查单位底册_2023.csv",
        "网格事件_20260630.jsonl",
    ]
    for path in folder.rglob("*.csv"):
        with pytest.raises(UnicodeDecodeError):
            path.read_text("utf-8")
    with open_connector(load_site(demo, environ={}).system_config("street", "drop")) as source:
        assets = {asset.name: asset for asset in source.assets()}
        visits = assets["独居老人走访"]
        rows = source.sample(visits, 120)
    assert (visits.place or "").endswith("独居老人走访_{date}.csv (3 files)")
    assert "steps[].dept" in [column.name for column in assets["网格事件"].columns]
    good = sum(1 for value in rows["身份证号"] if value and id_card.check(value).result == "valid")
    assert 0.75 <= good / len(rows["身份证号"]) <= 0.97
    assert {day[:7] for day in map(str, rows["走访日期"])} == {"2026-06"}


def test_the_census_is_refused_by_its_law(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from workflows.cli import cli

    assert CliRunner().invoke(cli, ["demo", str(tmp_path / "demo")]).exit_code == 0
    lines = (tmp_path / "demo" / "out" / "共享负面清单.jsonl").read_text("utf-8").splitlines()
    found = [(row["title"], row["refusal_basis"]) for row in map(json.loads, lines)]
    assert found == [("经济普查单位底册", ["statistics/25", "statistics/9"])]


def test_the_restricted_file_exists_and_its_canary_stands_nowhere_else(demo: Path) -> None:
    holders = [path for path in demo.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert holders == [demo / "data" / "restricted" / "ledger.sqlite"]
    systems = yaml.safe_load((demo / "departments" / "minzheng.yaml").read_text("utf-8"))["systems"]
    assert [system["id"] for system in systems if system.get("restricted")] == ["classified"]


@pytest.mark.parametrize(
    ("department", "system", "assets", "columns", "comment"),
    [
        ("minzheng", "rescue", 8, 66, None),
        ("scjg", "register", 6, 54, "企业登记信息"),
        ("wjw", "his", 2, 30, "门诊病历记录"),
        ("wjw", "health", 3, 25, "医疗机构名录"),
        ("cgj", "facilities", 6, 42, None),
        ("xzfw", "onestop", 5, 48, "办件列表查询"),
        ("street", "drop", 4, 36, None),
    ],
)
def test_connectors_read_every_system(
    demo: Path, department: str, system: str, assets: int, columns: int, comment: str | None
) -> None:
    site = load_site(demo, environ={})
    with open_connector(site.system_config(department, system)) as source:
        found = list(source.assets())
        assert (source.failures, source.notices) == ([], [])
    assert (len(found), sum(len(asset.columns) for asset in found)) == (assets, columns)
    assert comment in {asset.comment for asset in found}
    assert {asset.update_cycle for asset in found} != {None}


def test_the_demo_loads_without_warning_and_without_its_restricted_file(tmp_path: Path) -> None:
    root = write_demo(tmp_path / "demo")
    shutil.rmtree(root / "data" / "restricted")
    site = load_site(root, environ={})
    assert site.warnings == ()
    assert site.restricted_systems == 1
    assert [one.id for one in site.departments] == ["cgj", "minzheng", "scjg", "street", "wjw", "xzfw"]


def test_people_are_synthetic_by_construction() -> None:
    maker = Maker(1)
    for _ in range(300):
        person = maker.person(1, 95)
        assert person.mobile[3:7] == "0000"
        assert person.bank_card[6:12] == "000000"
        assert date(1931, 1, 1) <= person.birth < TODAY
        assert person.id_card[6:14] == f"{person.birth:%Y%m%d}"
        assert int(person.id_card[16]) % 2 == person.male
        assert id_card.check(person.id_card).result == "valid"
        assert bank_card.check(person.bank_card).result == "valid"
        assert mobile.check(person.mobile).result == "valid"
        assert 2 <= len(person.name) <= 3
    assert maker.landline().startswith("021-5000")


@pytest.mark.parametrize(("serial", "kind"), [(1, "11"), (19, "11"), (7, "91"), (999, "52")])
def test_made_codes_are_valid(serial: int, kind: str) -> None:
    code = make_uscc(serial, kind)
    assert code.startswith(kind + "310107")
    assert uscc.check(code).result == "valid"


def test_luhn() -> None:
    assert luhn_check("622202000000000") == "7"
    assert luhn_check("7992739871") == "3"
