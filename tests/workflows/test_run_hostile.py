"""The whole job over a source whose names, comments and values are made to break careless programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connectors.model import Asset, Column
from connectors.testing import HostileConnector
from workflows.cli import cli
from workflows.masking import masked_asset


@pytest.fixture
def pdc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text("name: 测试目录\n", encoding="utf-8")
    (tmp_path / "a.sqlite").touch()
    (tmp_path / "departments" / "a.yaml").write_text(
        "department: {id: a, name: 甲局}\nsystems:\n  - {id: s, connector: sqlite, path: a.sqlite}\n", encoding="utf-8"
    )
    monkeypatch.setattr("connectors.base.connector_class", lambda name: HostileConnector)
    return lambda *args: CliRunner().invoke(cli, ["--site", str(tmp_path), *args])


def test_a_hostile_source_goes_through_the_whole_job(pdc: Any, tmp_path: Path) -> None:
    result = pdc("run", "--json")
    found = json.loads(result.stdout)
    (system,) = found["systems"]
    # The one failure is the connector's own report of a broken cell.
    assert [failure["what"] for failure in system["failed"]] == ["one cell is no column"]
    assert (result.exit_code, found["labels"]["failed"]) == (3, [])
    assert found["totals"]["assets"] == system["assets"] == found["labels"]["first"] > 20
    assert (tmp_path / "out" / "catalogue.html").exists()
    again = json.loads(pdc("run", "--json").stdout)
    assert (again["systems"][0]["unchanged"], again["labels"]["judged"]) == (system["assets"], 0)


def test_hostile_names_can_be_listed_and_explained(pdc: Any) -> None:
    pdc("harvest")
    pdc("classify")
    records = [json.loads(line) for line in pdc("assets", "--jsonl").stdout.splitlines()]
    keys = [f"{item['department']}/{item['system']}/{item['schema']}.{item['name']}" for item in records]
    for key in keys[:8]:
        result = pdc("explain", key)
        assert result.exit_code == 0, (key, result.stderr)
    assert pdc("assets", "--labels").exit_code == 0
    assert pdc("status").exit_code == 0


def test_characters_that_databases_refuse_are_replaced() -> None:
    odd = Asset("d", "s", "t\x00", comment="\udcff注释", columns=(Column("a\ud800", 1, comment="ok"),))
    clean, findings = masked_asset(odd)
    assert (clean.name, clean.comment, clean.columns[0].name) == ("t\ufffd", "\ufffd注释", "a\ufffd")
    assert findings == ()
    assert clean.fingerprint == masked_asset(odd)[0].fingerprint
