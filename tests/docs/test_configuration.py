"""The tables of docs/configuration.md are the program's settings, and its examples are files that it takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from workflows.acts.rights import DEFAULT
from workflows.people import Person
from workflows.settings import (
    AuditSettings,
    CalendarSettings,
    ClassifySettings,
    DepartmentFile,
    DepartmentSettings,
    HarvestSettings,
    SiteSettings,
    SystemSettings,
)
from workflows.site import load_site

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.M | re.S)

TABLES: dict[str, type[BaseModel]] = {
    "key": SiteSettings,
    "key of `harvest`": HarvestSettings,
    "key of `classify`": ClassifySettings,
    "key of `audit`": AuditSettings,
    "key of `calendar`": CalendarSettings,
    "key of a person": Person,
    "key of the file": DepartmentFile,
    "key of `department`": DepartmentSettings,
    "key of a system": SystemSettings,
}
NOT_IN_FILES = {"options"}
WORDS = {"text", "number", "flag", "list", "mapping", "days", "window", "span", "false"}


def rows(heading: str) -> dict[str, list[str]]:
    """Key → type, default, meaning, where."""
    lines = TEXT.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} | type | default |"))
    found = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        key, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        found[key.strip("`")] = cells
    return found


def type_words(annotation: Any) -> set[str]:
    """What the documentation calls a field's type, as far as the annotation tells."""
    if isinstance(annotation, str):  # a word of a Literal
        return {"text"}
    words = {bool: "flag", int: "number", float: "number", str: "text", tuple: "list", frozenset: "days"}
    origin = getattr(annotation, "__origin__", annotation)
    if origin in words:
        return {words[origin]}
    if isinstance(origin, type) and issubclass(origin, BaseModel):
        return {"mapping"}
    if getattr(origin, "__name__", "") in ("Window", "Mapping", "dict"):
        return {"window" if origin.__name__ == "Window" else "mapping"}
    return set().union(*map(type_words, get_args(annotation)))


@pytest.mark.parametrize("heading", TABLES)
def test_each_key_is_documented_and_no_other(heading: str) -> None:
    assert set(rows(heading)) == set(TABLES[heading].model_fields) - NOT_IN_FILES


def test_every_table_is_compared() -> None:
    assert set(re.findall(r"^\| (.+?) \| type \| default \|", TEXT, re.M)) == set(TABLES)


@pytest.mark.parametrize("heading", TABLES)
def test_types_and_defaults_are_the_programs(heading: str) -> None:
    for key, (kind, default, meaning, _) in rows(heading).items():
        field = TABLES[heading].model_fields[key]
        assert meaning or heading == "key of the file", key
        named = set(re.findall(r"\w+", kind))
        assert named <= WORDS | {"or"}, key
        told = type_words(field.annotation)
        assert told & named or named == {"span"}, (key, kind, told)
        if field.is_required():
            assert default == "needed", key
        elif isinstance(field.default, str | int | float) and field.default not in ("", PydanticUndefined):
            assert default.strip("`") == (str(field.default).lower() if field.default is False else str(field.default))


def test_examples_are_taken(tmp_path: Path) -> None:
    site, departments = {}, []
    for block in EXAMPLES:
        data = yaml.safe_load(block)
        if isinstance(data, dict) and "department" in data:
            departments.append(block)
        elif isinstance(data, dict):
            site = data
    assert {"people", "rights", "audit", "calendar"} <= set(site)
    assert set(site["rights"]) <= set(DEFAULT)
    assert len(departments) == 2
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text(yaml.safe_dump(site, allow_unicode=True), "utf-8")
    for block in departments:
        (tmp_path / "departments" / "minzheng.yaml").write_text(block, "utf-8")
        loaded = load_site(tmp_path, secrets=False)
        assert [department.id for department in loaded.departments] == ["minzheng"]
