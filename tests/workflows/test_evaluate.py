"""`pdc evaluate`: whole tables are judged, ratios are printed, a threshold decides the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from workflows.cli import cli

ROWS = [
    {
        "source": "s",
        "table": "t_person",
        "table_comment": "人员信息",
        "column": "xm",
        "comment": "姓名",
        "label": "person_name",
    },
    {"source": "s", "table": "t_person", "column": "sfzh", "comment": "身份证号", "label": "id_card"},
    {"source": "s", "table": "t_person", "column": "sjh", "comment": "手机号", "label": "mobile"},
    {
        "source": "s",
        "table": "t_person",
        "column": "create_time",
        "comment": "创建时间",
        "label": "mobile",
        "ambiguous": True,
    },
]


@pytest.fixture
def evaluate(tmp_path: Path) -> Callable[..., Result]:
    def run(lines: list[str], *args: str) -> Result:
        path = tmp_path / "labelled.jsonl"
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return CliRunner().invoke(cli, ["evaluate", str(path), *args])

    return run


def lines(rows: list[dict[str, Any]]) -> list[str]:
    return [json.dumps(row, ensure_ascii=False) for row in rows]


def many() -> list[str]:
    """Eight tables, so that the families count; one name in eight is labelled as an address."""
    rows = [row | {"table": f"t_{number}"} for number in range(8) for row in ROWS]
    rows[0]["label"] = "address"
    return lines(rows)


def test_ratios_are_counted_over_unambiguous_rows(evaluate: Any) -> None:
    found = json.loads(evaluate(many(), "--json", "--by", "department").stdout)
    assert (found["rows"], found["unambiguous"]) == (32, 24)
    assert found["accuracy"] == round(23 / 24, 4)
    # Two families have eight rows; of the third one is labelled otherwise.
    assert (found["macro_families"], found["macro_f1"]) == (2, 1.0)
    assert set(found["groups"]) == {"comments: with", "department: s"}


@pytest.mark.parametrize(("least", "code"), [("0.99", 0), ("1.0", 0), ("1.1", 1)])
def test_a_threshold_decides_the_exit_code(evaluate: Any, least: str, code: int) -> None:
    assert evaluate(many(), "--fail-under", least).exit_code == code


def test_tables_are_printed(evaluate: Any) -> None:
    told = evaluate(many(), "--by", "style", "--show-errors").stdout
    assert "macro-F1 over 2 merged sensitive families: 1.0000" in told
    assert "harmless called sensitive: 0.00% of 0" in told
    assert "style: comment" in told
    assert told.splitlines()[-1].split() == ["t_0", "xm", "姓名", "address", "person_name"]


def test_comments_can_be_hidden(evaluate: Any) -> None:
    found = json.loads(evaluate(many(), "--json", "--no-comments").stdout)
    assert list(found["groups"]) == ["comments: without"]


@pytest.mark.parametrize(
    ("line", "told"),
    [("{broken", "labelled.jsonl:2: not a JSON object"), ('{"table": "t"}', "labelled.jsonl:2: Object missing")],
)
def test_a_bad_line_is_named(evaluate: Any, line: str, told: str) -> None:
    result = evaluate([lines(ROWS)[0], line])
    assert result.exit_code == 2
    assert told in result.stderr
