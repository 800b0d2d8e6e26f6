"""The two READMEs stay in step, and what they point at exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh-CN.md")


def _text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def _blocks(name: str) -> list[str]:
    """Code blocks without their comments, which are in either language."""
    return [re.sub(r" *# .*", "", block) for block in re.findall(r"```.*?```", _text(name), re.DOTALL)]


def test_both_have_the_same_shape() -> None:
    english, chinese = (_text(name) for name in READMES)
    for mark in (r"^## ", r"^!\[", r"^- \*\*", r"^\| "):
        assert len(re.findall(mark, english, re.MULTILINE)) == len(re.findall(mark, chinese, re.MULTILINE)), mark


def test_both_show_the_same_commands_and_output() -> None:
    assert _blocks("README.md") == _blocks("README.zh-CN.md")


@pytest.mark.parametrize(
    "name", [*READMES, "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
)
def test_links_lead_somewhere(name: str) -> None:
    folder = (ROOT / name).parent
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", _text(name))
    assert [target for target in targets if not (folder / target).exists()] == []


def test_the_first_screen_has_sentence_picture_and_two_commands() -> None:
    head = _text("README.md").split("## ", 1)[0]
    assert head.index("![") < head.index("make demo") < head.index("$ pdc demo")
