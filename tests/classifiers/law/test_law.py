"""The Measures as tables: each case is a whole table with what the law makes of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from classifiers.evidence import AssetVerdict, ColumnInput, TableInput
from classifiers.policy import load_pack
from classifiers.verdict import judge

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text("utf-8"))
ACCESS = {"share", "open"}


def _column(text: str) -> ColumnInput:
    name, _, comment = (part.strip() for part in text.partition("|"))
    return ColumnInput(name=name, comment=comment or None)


def _judge(case: dict[str, Any]) -> AssetVerdict:
    table = TableInput(
        table=case["table"],
        comment=case.get("comment"),
        columns=tuple(_column(text) for text in case["columns"]),
        origin=case.get("origin", "own"),
        update_cycle=case.get("update_cycle"),
    )
    return judge(table, {}, load_pack(), as_of=date(2026, 11, 23))


@pytest.fixture(params=CASES, ids=[case["id"] for case in CASES])
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_asset_labels(case: dict[str, Any]) -> None:
    verdict = _judge(case)
    said: dict[str, Any] = {label.dimension: label.value for label in verdict.labels} | {
        "publishable": verdict.publishable
    }
    detail = {c.name: [label.value for label in v.labels] for c, v in zip(_columns(case), verdict.columns, strict=True)}
    assert {key: said[key] for key in case["expect"]} == case["expect"], (verdict.subject, detail)


def _columns(case: dict[str, Any]) -> list[ColumnInput]:
    return [_column(text) for text in case["columns"]]


def test_deciding_columns_and_citations(case: dict[str, Any]) -> None:
    verdict = _judge(case)
    for dimension, columns in case.get("because", {}).items():
        assert set(verdict.because[dimension].columns) == set(columns), dimension
    for label in verdict.labels:
        assert set(case.get("cites", {}).get(label.dimension, ())) <= set(label.basis), label


def test_columns(case: dict[str, Any]) -> None:
    verdict = _judge(case)
    by_name = dict(zip((c.name for c in _columns(case)), verdict.columns, strict=True))
    for name, expected in case.get("column", {}).items():
        said = {label.dimension: label.value for label in by_name[name].labels}
        assert {key: said.get(key) for key in expected} == expected, (name, by_name[name])
    for name, column in by_name.items():
        assert column.catalogued == (name not in case.get("not_catalogued", ())), name
    if "open_view" in case:
        expected_view = dict(case["open_view"])
        assert list(verdict.open_view) == expected_view.pop("columns")
        assert {key: verdict.open_view_labels[key] for key in expected_view} == expected_view


def test_every_closed_label_cites_law(case: dict[str, Any]) -> None:
    """Art. 22: conditional and none come with a reason and a law, regulation or rule beside the Measures."""
    pack = load_pack()
    verdict = _judge(case)
    labels = [label for column in verdict.columns for label in column.labels] + list(verdict.labels)
    for label in labels:
        assert label.reason
        if label.dimension == "share" and label.value in ("conditional", "none"):
            assert pack.sufficient(label.value, label.basis), label
        if label.dimension == "open" and label.value == "none":
            assert any(key.startswith("putuo-2020/25") for key in label.basis), label
        if label.value == "undetermined":
            assert label.state == "undetermined"


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 30
    assert len({case["id"] for case in CASES}) == len(CASES)
