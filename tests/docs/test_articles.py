"""docs/articles.md names every article of the Measures, and nothing that does not exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from classifiers.policy import load_pack
from workflows.cli import cli

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "articles.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")] for line in TEXT.splitlines() if re.match(r"\| \d", line)
]
QUOTED = re.findall(r"`([^`]+)`", TEXT)
GLOBS = {"departments/*.yaml": "config/departments/example.yaml", "site.yaml": "config/site.yaml"}
"""Files of a site, by what `pdc init` writes."""


@cache
def functions_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def unknown(text: str) -> Iterator[str]:
    """What of a command line the program does not have: words that are no command, options that it does not take."""
    command: click.Command = cli
    for word in text.split()[1:]:
        if word.startswith("--"):
            if not any(word in option.opts for option in command.params):
                yield word
        else:
            found = command.commands.get(word) if isinstance(command, click.Group) else None
            if found is None:
                yield word
                return
            command = found


def test_all_forty_articles_are_there_in_order() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 41))
    assert {len(row) for row in ROWS} == {4}
    assert all(all(row) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"article-{row[0]}")
def test_what_is_claimed_is_proved(row: list[str]) -> None:
    """Where a command or file serves an article a test is named; where something is not built the row says so."""
    claims = re.findall(r"`(pdc [^`]+|workflows/[^`]+)`", row[2])
    if row[3] == "—":
        assert row[2].startswith("—") or "not built" in row[2]
    else:
        assert claims or "`" in row[2] or "element" in row[2]


@pytest.mark.parametrize("name", sorted({one for one in QUOTED if "::" in one}))
def test_every_test_exists(name: str) -> None:
    path, _, function = name.partition("::")
    assert function in functions_in(path)


@pytest.mark.parametrize("text", sorted({one for one in QUOTED if one.startswith("pdc ")}))
def test_every_command_exists(text: str) -> None:
    assert list(unknown(text)) == []


def test_a_command_that_is_none_is_found() -> None:
    assert list(unknown("pdc entry forget --now")) == ["forget"]
    assert list(unknown("pdc entry publish --now")) == ["--now"]


@pytest.mark.parametrize("path", sorted({one for one in QUOTED if "/" in one and "::" not in one}))
def test_every_file_exists(path: str) -> None:
    assert (ROOT / GLOBS.get(path, path)).is_file()


def test_no_article_that_the_pack_cites_goes_unserved() -> None:
    served = {row[0] for row in ROWS if row[3] != "—"}
    keys = [citation.key for citation in load_pack("putuo-2020").citations()]
    cited = {key.split("/")[1] for key in keys if key.startswith("putuo-2020/")}
    assert {"3", "21", "25"} <= cited <= served
