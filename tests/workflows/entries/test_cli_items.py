"""``pdc entry``: what people fill in of information items, and where it is shown."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workflows import people
from workflows.cli import cli

SITE = """
name: 目录
people:
  - {id: li, name: 李四, accounts: [li], departments: [lvhua], roles: [steward]}
"""
DEPARTMENT = """
department: {id: lvhua, name: 普陀区绿化局, code: "11310107000000019B", entry: {municipal: 区域补充}}
systems:
  - {id: gis, connector: ddl, path: parks.sql, update_cycle: 每年}
"""
DDL = "CREATE TABLE parks (id bigint PRIMARY KEY COMMENT '编号', mj decimal(10,2) COMMENT '面积') COMMENT='公园绿地';"

Pdc = Callable[..., Result]


@pytest.fixture
def pdc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pdc:
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text(SITE, "utf-8")
    (tmp_path / "departments" / "lvhua.yaml").write_text(DEPARTMENT, "utf-8")
    (tmp_path / "parks.sql").write_text(DDL, "utf-8")
    monkeypatch.setattr(people, "account", lambda: "li")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["--site", str(tmp_path), *arguments])

    assert run("run", "--no-outputs").exit_code == 0
    return run


def test_an_act_whose_head_cannot_be_recorded_is_done_with_a_warning(pdc: Pdc, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    found = pdc("entry", "fill", "parks", "abstract=全区公园")
    assert (found.exit_code, "(act 1)" in found.stderr, "warning: " in found.stderr) == (0, True, True)
    assert "the act is stored, do not repeat it" in found.stderr


def test_what_people_filled_in_of_an_item_is_shown(pdc: Pdc) -> None:
    assert "what people filled in" not in pdc("entry", "show", "parks").stdout
    pdc("entry", "fill", "parks", "--item", "mj", "unit=平方米", "masking=不脱敏", "description=占地面积")
    (number, area) = json.loads(pdc("entry", "show", "parks", "--json").stdout)["items"]
    # JSON has what nobody filled in, too.
    assert {"date_format", "verification"} <= {one["key"] for one in area["elements"] if one["by"] == "nobody"}
    filled = (one for one in area["elements"] if one["value"])
    told = {one["key"]: (one["title"], one["value"], one["by"], one["who"]) for one in filled}
    assert (area["number"], area["name"], list(told)) == (
        *(2, "mj"),
        [
            *("title", "data_type", "description", "share_condition", "share_method", "open_condition", "precision"),
            *("unit", "system", "masking"),
        ],
    )
    rule = {key: value for key, (_, value, by, _) in told.items() if by == "rule"}
    assert rule == {
        **{
            "title": "面积",
            "data_type": "数值型N",
            "share_condition": "无条件",
            "share_method": "通过共享平台（数据库）",
        },
        **{"open_condition": "无条件", "precision": "10,2", "system": "gis"},
    }
    assert told["unit"] == ("计量单位", "平方米", "person", "li")
    assert told["data_type"][2:] == ("rule", "")
    assert [one["key"] for one in number["elements"] if one["value"]] == [*list(rule)[:5], "system"]
    text = pdc("entry", "show", "parks").stdout
    section = text[text.index("what people filled in of the items") :]
    assert [line.split() for line in section.splitlines()[2:5]] == [
        ["mj", "信息项描述", "占地面积", "person", "李四"],
        ["mj", "计量单位", "平方米", "person", "李四"],
        ["mj", "脱敏方式", "不脱敏", "person", "李四"],
    ]


def test_what_was_filled_is_told_in_json(pdc: Pdc) -> None:
    told = [json.loads(pdc("entry", "fill", "parks", "abstract=全区公园", "--json").stdout) for _ in range(2)]
    assert [one["entry"] for one in told] == ["lvhua/gis/parks"] * 2
    assert (told[0]["act"]["verb"], told[1]["act"]) == ("fill", None)
