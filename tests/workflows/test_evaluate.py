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


@pytest.mark.parametrize(("least", "code"), [("0.99", 0), ("1.0", 0), ("1.1", 2), ("98", 2)])
def test_a_threshold_decides_the_exit_code(evaluate: Any, least: str, code: int) -> None:
    assert evaluate(many(), "--fail-under", least).exit_code == code


def test_missing_a_threshold_is_told(evaluate: Any) -> None:
    result = evaluate(many()[:1], "--fail-under", "0.5")
    assert result.exit_code == 1
    assert "error: macro-F1 0.0000 is below 0.5" in result.stderr


def test_nothing_to_measure_is_an_error(evaluate: Any) -> None:
    result = evaluate([])
    assert result.exit_code == 2
    assert "no labelled column" in result.stderr


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
    [
        ("{broken", "labelled.jsonl:2: not a JSON object"),
        ('{"table": "t"}', "labelled.jsonl:2: Object missing"),
        (
            '{"table": "t", "column": "c", "label": "phone"}',
            "labelled.jsonl:2: no family 'phone'; known: account_login",
        ),
    ],
)
def test_a_bad_line_is_named(evaluate: Any, line: str, told: str) -> None:
    result = evaluate([lines(ROWS)[0], line])
    assert result.exit_code == 2
    assert told in result.stderr


# --- errors and baseline -----------------------------------------------------------------------------------------


def test_confusions_and_worst_rules_are_told(evaluate: Any) -> None:
    found = json.loads(evaluate(many(), "--json").stdout)
    assert found["confusions"] == [
        {"label": "address", "predicted": "person_name", "rows": 1, "examples": ["t_0.xm 姓名"]}
    ]
    worst = found["worst_rules"][0]
    assert worst["cause"]["source"] == "comment"
    assert worst["cause"]["term"] == "姓名"
    assert (worst["wrong"], worst["right"], worst["labels"]) == (1, 7, {"address": 1})
    assert json.loads(evaluate(many(), "--json", "--confusions", "0").stdout)["confusions"] == []


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    return tmp_path / "baseline.json"


def record(path: Path, **figures: float) -> None:
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["labelled.jsonl"] |= figures
    path.write_text(json.dumps(kept), encoding="utf-8")


def test_a_baseline_is_recorded_and_kept(evaluate: Any, baseline: Path) -> None:
    missing = evaluate(many(), "--baseline", str(baseline))
    assert (missing.exit_code, "no baseline is recorded" in missing.stderr) == (1, True)
    assert evaluate(many(), "--baseline", str(baseline), "--update-baseline").exit_code == 0
    assert evaluate(many(), "--no-comments", "--baseline", str(baseline), "--update-baseline").exit_code == 0
    kept = json.loads(baseline.read_text(encoding="utf-8"))
    assert kept.keys() == {"labelled.jsonl", "labelled.jsonl without comments"}
    assert kept["labelled.jsonl"] == {"rows": 32, "macro_f1": 1.0, "harmless_called_sensitive": 0.0}
    assert evaluate(many(), "--baseline", str(baseline)).exit_code == 0


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"macro_f1": 1.004}, ""),
        ({"macro_f1": 1.006}, "macro-F1 fell from 1.0060 to 1.0000"),
        ({"macro_f1": 0.5, "harmless_called_sensitive": 0.9}, ""),
        ({"harmless_called_sensitive": -0.01}, "harmless columns called sensitive rose from -1.00% to 0.00%"),
    ],
)
def test_only_what_is_worse_fails(evaluate: Any, baseline: Path, figures: dict[str, float], told: str) -> None:
    evaluate(many(), "--baseline", str(baseline), "--update-baseline")
    record(baseline, **figures)
    result = evaluate(many(), "--baseline", str(baseline))
    assert result.exit_code == (1 if told else 0)
    assert told in result.stderr


def test_baselines_that_cannot_be_used(evaluate: Any, baseline: Path) -> None:
    assert evaluate(many(), "--update-baseline").exit_code == 2
    baseline.write_text("[]", encoding="utf-8")
    result = evaluate(many(), "--baseline", str(baseline))
    assert (result.exit_code, "no baseline" in result.stderr) == (2, True)


DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.mark.parametrize("hidden", [[], ["--no-comments"]])
@pytest.mark.parametrize("name", ["columns-own.jsonl", "columns-validation.jsonl", "columns-difficult.jsonl"])
def test_the_recorded_baseline_holds(name: str, hidden: list[str]) -> None:
    """What `make corpus` runs."""
    arguments = ["evaluate", str(DATA / name), *hidden, "--baseline", str(DATA / "baseline.json")]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.stderr
