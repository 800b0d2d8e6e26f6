"""docs/legal-life.md: its table of rights, its stages and its worked example are what the program does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from workflows.acts.rights import DEFAULT
from workflows.entries.elements import elements
from workflows.entries.lifecycle import FROM
from workflows.entries.states import Stage

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs" / "legal-life.md").read_text("utf-8")
ROLES = ("steward", "head", "reviewer", "office", "open_steward")
SITE = """
people:
  - {id: li, name: 李园, accounts: [li], departments: [lvhua], roles: [steward]}
  - {id: zhao, name: 赵林, accounts: [zhao], departments: [lvhua], roles: [head]}
  - {id: wang, name: 王审, accounts: [wang], roles: [reviewer]}
  - {id: chen, name: 陈核, accounts: [chen], roles: [reviewer]}
  - {id: sun, name: 孙办, accounts: [sun], roles: [office]}
"""
DEPARTMENT = """
department: {id: lvhua, name: 普陀区绿化局, code: "11310107000000019B", section: 信息科, contact: 刘工}
systems:
  - {id: gis, connector: ddl, path: parks.sql, update_cycle: 每年}
"""
PARKS = "CREATE TABLE parks (bh varchar(9) COMMENT '公园编号', mc varchar(50) COMMENT '公园名称'{}) COMMENT='公园绿地';"
ASKED_FOR = {3: 2, 5: 2, 7: 1, 10: 1, 12: 1, 16: 2, 17: 4, 18: 2, 26: 1, 32: 1, 39: 1}
"""Article of the Measures → how many elements it asks for."""


def table_of_rights() -> str:
    """The rows as they stand in the guide."""
    rows = (
        "| " + " | ".join((f"`{act}`", *("●" if role in allowed else "" for role in ROLES))) + " |"
        for act, allowed in DEFAULT.items()
    )
    return "\n".join(re.sub(r"\|  \|", "| |", re.sub(r"\|  \|", "| |", row)) for row in rows)


def test_the_table_of_rights_is_the_programs() -> None:
    assert table_of_rights() in GUIDE, f"put this into docs/legal-life.md:\n{table_of_rights()}"


def test_every_stage_is_explained_with_what_may_be_done() -> None:
    told = re.findall(r"^\| `(\w+)` [\u4e00-\u9fff]+ \|[^|]*\| ([^|]*) \|$", GUIDE, re.MULTILINE)
    verbs = {stage: set(re.findall(r"`([^`]+)`", text)) for stage, text in told}
    assert verbs == {stage: {verb for verb, stages in FROM.items() if stage in stages} for stage in get_args(Stage)}


def steps() -> Iterator[tuple[str, str, list[str]]]:
    """Account, command and what it prints; no account: a day, or what happens to the source."""
    text = "\n".join(re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL))
    for block in re.split(r"^(?=\w+\$ |# )", text, flags=re.MULTILINE)[1:]:
        first, *printed = block.rstrip().splitlines()
        account, dollar, command = first.partition("$ ")
        yield (account, command, printed) if dollar else ("", first.removeprefix("# "), [])


@pytest.fixture
def parks(district: Any) -> Any:
    district.write(site_yaml=SITE, departments__lvhua_yaml=DEPARTMENT, parks_sql=PARKS.format(""))
    return district


def test_the_example_does_what_it_says(parks: Any) -> None:
    found = list(steps())
    assert len(found) > 20
    for account, command, printed in found:
        if command == "a column appears":
            parks.write(parks_sql=PARKS.format(", dz varchar(99) COMMENT '公园地址'"))
        elif not account:
            parks.on(command)
        else:
            done = parks(*shlex.split(command)[1:], by=account)
            told = [line.rstrip() for line in (done.stdout or done.stderr).splitlines()]
            assert told == printed if printed else done.exit_code == 0, (command, told, done.stderr)


def test_elements_that_articles_ask_for_are_there(parks: Any) -> None:
    """Each is filled by a person and shown with who filled it; so is an item's."""
    levels: Any = ("asset", "item")
    found = {
        article: [
            (level, key, one.values[0] if one.values else "2026-03-02 08:30" if one.form else "见目录编制说明")
            for level in levels
            for key, one in elements(level).items()
            if one.source == f"measures {article}"
        ]
        for article in ASKED_FOR
    }
    assert {article: len(keys) for article, keys in found.items()} == ASKED_FOR
    assert parks("run", "--no-outputs").exit_code == 0
    for level, key, value in (one for keys in found.values() for one in keys):
        more = ("--item", "mc") if level == "item" else ()
        done = parks("entry", "fill", "parks", f"{key}={value}", *more, by="li")
        assert "1 elements filled" in done.stderr, (key, done.stderr)
        record = parks.json("entry", "show", "parks")
        (item,) = [one for one in record["items"] if one["name"] == "mc"]
        shown = {one["key"]: one for one in (record if level == "asset" else item)["elements"]}
        assert (shown[key]["value"], shown[key]["by"], shown[key]["who"]) == (value, "person", "li")
