"""The command line: light to start, one sentence per error, exit codes, and files of columns without a site."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from connectors.base import ConfigurationError, SourceFatalError
from workflows.cli import cli
from workflows.cli_common import Commands, width
from workflows.errors import InputError, Refusal

HEAVY = ("sqlalchemy", "pydantic", "jinja2", "openpyxl", "sqlglot", "rich", "pypinyin", "yaml", "requests", "re2")
LISTED = (
    "assets audit bot check classify compile decide demo entry evaluate explain harvest init lists om-classify pack"
)
MORE = "pending plan protect publish pull request review rules run site status template ticket"
COMMANDS = [*LISTED.split(), *MORE.split()]


@pytest.fixture
def pdc() -> Callable[..., Result]:
    def call(*args: object) -> Result:
        return CliRunner().invoke(cli, [str(arg) for arg in args])

    return call


def test_help_loads_nothing_heavy() -> None:
    code = f"import sys, workflows.cli; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_program_runs_as_a_module_and_lists_its_commands() -> None:
    done = subprocess.run([sys.executable, "-m", "workflows.cli", "--help"], capture_output=True, text=True, check=True)
    listed = done.stdout.split("Commands:")[1]
    assert [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " "] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(pdc: Any, command: str) -> None:
    result = pdc(command, "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 4


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("nosuch",), "No such command"),
        (("--site", "/nonexistent", "status"), "no site.yaml here"),
        (("classify", "--output", "x.jsonl"), "belong to --input"),
        (("classify", "--input", "/nonexistent.jsonl"), "nonexistent.jsonl"),
        (("classify", "--input", __file__, "--output", __file__), "must be different files"),
        (("classify", "--input", "-", "--pack", "no-such-pack"), "no-such-pack"),
        (("pack", "show", "no-such-pack"), "no-such-pack"),
    ],
)
def test_mistakes_of_usage_exit_2_with_one_sentence(pdc: Any, args: tuple[str, ...], told: str) -> None:
    result = pdc(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (InputError("no such asset"), 2, "error: no such asset\n"),
        (Refusal("too much would vanish"), 4, "error: too much would vanish\n"),
        (
            ConfigurationError("unknown key", hint="remove it", place="site.yaml:3"),
            2,
            "error: site.yaml:3: unknown key (remove it)\n",
        ),
        (SourceFatalError("no right"), 1, "error: no right\n"),
        (PermissionError(13, "Permission denied", "out/x"), 1, "error: out/x: Permission denied\n"),
    ],
)
def test_errors_are_told_with_their_exit_code(error: Exception, code: int, told: str) -> None:
    @click.group(cls=Commands)
    def group() -> None: ...

    @group.command()
    def fail() -> None:
        raise error

    result = CliRunner().invoke(group, ["fail"])
    assert (result.exit_code, result.stderr) == (code, told)


def test_an_unforeseen_error_shows_neither_value_nor_trace() -> None:
    @click.group(cls=Commands)
    def group() -> None: ...

    @group.command()
    def fail() -> None:
        raise ValueError("13800138000")

    result = CliRunner().invoke(group, ["fail"])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: unexpected ValueError at test_cli.py:")
    assert "13800138000" not in result.output


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("姓名", 4), ("ID号", 4), ("Ａ", 2), ("", 0)])
def test_han_takes_two_columns(text: str, columns: int) -> None:
    assert width(text) == columns


# --- classify --input --------------------------------------------------------------------------------------------


@pytest.fixture
def columns_file(tmp_path: Path) -> Path:
    rows = [
        {"department": "普陀区民政局", "table": "T_DB", "table_comment": "低保家庭", "column": "XM", "comment": "姓名"},
        {"department": "普陀区民政局", "table": "T_DB", "column": "SFZH", "comment": "身份证号", "type": "varchar(18)"},
        {"table": "public_toilet", "table_comment": "公共厕所", "column": "name", "comment": "公厕名称"},
    ]
    path = tmp_path / "columns.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_file_is_classified_without_a_site(pdc: Any, columns_file: Path, tmp_path: Path) -> None:
    output, assets = tmp_path / "new" / "out.jsonl", tmp_path / "assets.jsonl"
    result = pdc("classify", "--input", columns_file, "--output", output, "--assets", assets)
    assert (result.exit_code, result.stdout) == (0, "")
    lines = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [(line["table"], line["column"]) for line in lines] == [
        ("T_DB", "XM"),
        ("T_DB", "SFZH"),
        ("public_toilet", "name"),
    ]
    assert [line["family"] for line in lines[:2]] == ["person_name", "id_card"]
    assert {"tier", "share", "open", "state", "confidence", "reason", "basis", "evidence", "labels"} <= lines[0].keys()
    tables = [json.loads(line) for line in assets.read_text(encoding="utf-8").splitlines()]
    assert [(table["table"], table["tier"]) for table in tables] == [("T_DB", "L4"), ("public_toilet", "L1")]
    assert set(tables[0]["because"]) == {"tier", "share", "open"}
    assert "SFZH" in tables[0]["because"]["tier"]


def test_a_bad_line_exits_3_and_names_its_place(pdc: Any, columns_file: Path) -> None:
    with columns_file.open("a", encoding="utf-8") as file:
        file.write("{broken\n")
    result = pdc("classify", "--input", columns_file, "--output", "-")
    assert result.exit_code == 3
    assert "error: columns.jsonl:4: " in result.stderr
    assert json.loads(result.stdout.splitlines()[3])["error"].startswith("columns.jsonl:4: ")


# --- packs and new sites -----------------------------------------------------------------------------------------


def test_built_in_packs_are_good(pdc: Any) -> None:
    result = pdc("pack", "check")
    assert result.exit_code == 0
    assert "putuo-2020@" in result.stdout
    assert "national-2025@" in result.stdout
    assert all("unverified" in line for line in result.stderr.splitlines())
    assert "2025年9月届满" in result.stderr


def test_packs_are_listed_and_shown(pdc: Any) -> None:
    (listed,) = [pack for pack in json.loads(pdc("pack", "list", "--json").stdout) if pack["id"] == "putuo-2020"]
    assert "普陀区公共数据管理办法" in listed["title"]
    shown = json.loads(pdc("pack", "show", "--json").stdout)
    assert "putuo-2020/25" in [citation["key"] for citation in shown["citations"]]
    assert "《上海市普陀区公共数据管理办法》第二十五条" in pdc("pack", "show").stdout


def test_init_writes_a_site_that_check_accepts_once(pdc: Any, tmp_path: Path) -> None:
    made = pdc("init", tmp_path / "site")
    assert made.exit_code == 0
    assert (tmp_path / "site" / "site.yaml").exists()
    again = pdc("init", tmp_path / "site")
    assert again.exit_code == 2
    assert "nothing was written" in again.stderr
