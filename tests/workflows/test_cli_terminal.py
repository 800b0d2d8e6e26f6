"""Names and comments of a source do nothing to the terminal of whoever lists them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connectors.base import SystemConfig
from connectors.model import Asset, Column
from connectors.testing import HostileConnector, Script
from workflows.cli import cli
from workflows.cli_common import visible

EVIL = "T_\x1b[31mRED\x1b]0;pwn\x07\x9b2J\u202eeman\u2066\r\n\x7f"
HARMLESS = r"T_\x1b[31mRED\x1b]0;pwn\x07\x9b2J\u202eeman\u2066\r"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Evil(HostileConnector):
    def __init__(self, config: SystemConfig) -> None:
        columns = (Column(EVIL, 1, comment=EVIL), Column("sfzh", 2, comment="身份证号"))
        asset = Asset(config.department, config.id, EVIL, comment=EVIL, schema="s", columns=columns)
        super().__init__(config, Script([asset], {}))


@pytest.fixture
def pdc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text("name: 测试目录\n", encoding="utf-8")
    (tmp_path / "a.sqlite").touch()
    (tmp_path / "departments" / "a.yaml").write_text(
        "department: {id: a, name: 甲局}\nsystems:\n  - {id: s, connector: sqlite, path: a.sqlite}\n", encoding="utf-8"
    )
    monkeypatch.setattr("connectors.base.connector_class", lambda name: Evil)
    return lambda *args: CliRunner().invoke(cli, ["--site", str(tmp_path), *args])


def test_no_command_prints_what_a_terminal_obeys(pdc: Callable[..., Result]) -> None:
    commands = [
        ("run",),
        ("assets",),
        ("assets", "--labels"),
        ("assets", "--json"),
        ("assets", "--jsonl"),
        ("explain", "a/s/*"),
        ("explain", "a/s/*.sfzh"),
        ("explain", "a/s/*", "--json"),
        ("status",),
        ("check", "--connect"),
    ]
    for command in commands:
        result = pdc(*command)
        shown = result.stdout + result.stderr
        assert not OBEYED.search(shown), (command, shown)
        assert "RED" in shown or command[0] in ("run", "explain"), command
    listed = pdc("assets").stdout
    assert HARMLESS in listed
    # One asset, one line: a name cannot pretend to be another.
    assert len(listed.splitlines()) == 2
    assert HARMLESS in pdc("explain", "a/s/*").stdout


def test_json_says_what_the_source_said(pdc: Callable[..., Result]) -> None:
    pdc("harvest")
    (asset,) = json.loads(pdc("assets", "--json").stdout)
    assert asset["name"] == asset["comment"] == EVIL
    (line,) = pdc("assets", "--jsonl").stdout.splitlines()
    assert json.loads(line)["columns"][0]["name"] == EVIL


def test_what_people_write_stays_as_it_is() -> None:
    for text in ("普陀区　民政局", "e\u0301 😀 ｆｕｌｌ", "two\nlines\tand a tab", 'quote " back\\slash'):
        assert visible(text) == text
