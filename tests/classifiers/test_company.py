"""Traits of people come in company: one that stands alone in a table and that only its name says is a hint."""

from __future__ import annotations

import pytest

from classifiers.element import understand
from classifiers.evidence import ColumnInput, ElementFinding, Evidence, TableInput


def _found(
    table: str, columns: str, values: dict[str, tuple[Evidence, ...]] | None = None
) -> dict[str, ElementFinding]:
    """``columns``: ``name=comment`` of each, by spaces."""
    parts = (column.partition("=") for column in columns.split())
    inputs = tuple(ColumnInput(name, comment or None, "varchar(50)") for name, _, comment in parts)
    found = understand(TableInput(table, inputs), values or {})[1]
    return {column.name: finding for column, finding in zip(inputs, found, strict=True)}


@pytest.mark.parametrize(
    ("table", "columns", "column"),
    [
        ("exam_result_detail", "detail_id item_id score remark", "score"),
        ("xueli", "id sort xueli_name create_time", "xueli_name"),
        ("inspect_record", "id ybh state remark", "ybh"),
        ("hospitalization", "id floor=楼层 state=状态", "floor"),
    ],
)
def test_a_trait_alone_is_a_hint(table: str, columns: str, column: str) -> None:
    finding = _found(table, columns)[column]
    assert finding.element is None
    assert finding.evidence
    assert max(item.strength for item in finding.evidence) < 0.5


@pytest.mark.parametrize(
    ("table", "columns", "column", "element"),
    [
        ("exam_result_detail", "detail_id student_name score remark", "score", "person.score"),
        ("t_staff", "id xueli=学历 sort create_time", "xueli", "person.education"),
        ("t_message", "id title avatar content", "avatar", "person.photo"),
        ("t_right", "id bdcdyh state remark", "bdcdyh", "estate.unit_no"),
        ("t_staff", "id xueli", "xueli", "person.education"),
    ],
)
def test_company_a_comment_and_unmistakable_words_are_believed(
    table: str, columns: str, column: str, element: str
) -> None:
    assert _found(table, columns)[column].element == element


def test_values_confirm_a_trait_that_stands_alone() -> None:
    scores = Evidence("education_level", "person.education", "value", 0.8, hits=9, distinct=9)
    columns = "id sort xueli_name create_time"
    assert _found("xueli", columns, {"xueli_name": (scores,)})["xueli_name"].element == "person.education"
