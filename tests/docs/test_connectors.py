"""The examples in docs/connectors.md are systems that a site takes."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.base import ENTRY_POINTS, SystemConfig, open_connector
from connectors.config import check_keys, expand_all

DOCS = Path(__file__).resolve().parents[2] / "docs" / "connectors.md"
COMMON = (
    "id",
    "name",
    "connector",
    "url",
    "path",
    "include",
    "exclude",
    "restricted",
    "sample",
    "update_cycle",
    "origin",
)
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", DOCS.read_text(encoding="utf-8"), re.M | re.S)
SYSTEMS = [system for block in BLOCKS for system in yaml.safe_load(block)]


def test_every_section_has_an_example() -> None:
    shown = {system["connector"] for system in SYSTEMS}
    headings = re.findall(r"^## (.+)$", DOCS.read_text(encoding="utf-8"), re.M)
    without = [heading for heading in headings if not shown & set(heading.split(", "))]
    assert without == ["What is read again", "Writing one"]


@pytest.mark.parametrize("system", SYSTEMS, ids=[system["id"] for system in SYSTEMS])
def test_the_example_can_be_configured(system: dict[str, Any], tmp_path: Path) -> None:
    assert check_keys(system["connector"], system, COMMON) == []


@pytest.mark.parametrize(
    "system", [one for one in SYSTEMS if one["connector"] in ("openapi", "rest")], ids=lambda one: one["id"]
)
def test_the_options_are_understood(system: dict[str, Any]) -> None:
    environ = dict.fromkeys(("LICENCES_TOKEN", "PLATFORM_KEY", "PLATFORM_SECRET"), "x")
    options = {key: value for key, value in system.items() if key not in COMMON}
    config = SystemConfig(
        department="d",
        id=system["id"],
        connector=system["connector"],
        url=system.get("url"),
        path=system.get("path"),
        options=expand_all(options, Path(), environ),
    )
    with open_connector(config) as source:
        assert source.failures == []


@pytest.mark.parametrize("folder", ["config", "deploy/site", "workflows/templates/site"])
def test_the_example_of_a_department_names_every_connector(folder: str) -> None:
    own = {entry.name for entry in entry_points(group=ENTRY_POINTS) if entry.value.startswith("connectors.")}
    text = (DOCS.parents[1] / folder / "departments" / "example.yaml").read_text(encoding="utf-8")
    named = re.search(r"connector: postgresql.*?\(docs/connectors\.md\)", text, re.S)
    assert named
    assert own - set(re.findall(r"[a-z][a-z-]+", named[0])) == set()
