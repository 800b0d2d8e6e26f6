"""The accuracy report, and the recorded baselines on this project's own labelled tables."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from classifiers.element import understand
from classifiers.elements import elements
from classifiers.evaluate import (
    UNKNOWN,
    Cause,
    LabelledColumn,
    Report,
    cause_of,
    confusion_pairs,
    evaluate,
    merged,
    style_of,
    tables,
    without_comments,
)
from classifiers.evidence import ColumnVerdict, Evidence

DATA = Path(__file__).resolve().parents[1] / "data"


def _row(label: str, ambiguous: bool = False, comment: str | None = None) -> LabelledColumn:
    return LabelledColumn("t", "c", label, comment=comment, ambiguous=ambiguous)


def test_counts_and_merging() -> None:
    rows = [_row("mobile")] * 8 + [_row("status_or_code")] * 4 + [_row("gender")] * 3 + [_row("email", ambiguous=True)]
    predictions = (
        ["phone_any"] * 7 + ["other"] + ["gender", "status_or_code", "other", "technical"] + ["gender"] * 3 + ["other"]
    )
    report = evaluate(rows, predictions)
    assert (report.rows, report.unambiguous, report.harmless) == (16, 15, 4)
    assert report.harmless_called_sensitive == pytest.approx(1 / 4)
    assert report.macro_families == 1, "gender has fewer than eight rows"
    assert report.macro_f1 == pytest.approx(2 * 7 / (2 * 7 + 1))
    plain = {score.family: score for score in report.scores}
    assert plain["mobile"].f1 == 0.0
    assert plain["gender"].precision == pytest.approx(3 / 4)
    assert plain["gender"].recall == 1.0
    assert [wrong.predicted for wrong in report.confusions] == ["other", "gender", "other", "technical"]


def test_groups() -> None:
    rows = [_row("gender", comment="性别"), _row("gender")]
    report = evaluate(rows, ["gender", "other"], by=("comments", "style", "department", "family"))
    assert report.groups["comments: with"].accuracy == 1.0
    assert report.groups["comments: without"].accuracy == 0.0
    assert {name.split(":")[0] for name in report.groups} == {"comments", "style", "department"}
    with pytest.raises(ValueError, match="weather"):
        evaluate(rows, ["gender", "other"], by=("weather",))
    with pytest.raises(ValueError, match=r"shorter|longer"):
        evaluate(rows, ["gender"])


def test_merged_and_styles() -> None:
    assert merged("landline") == merged("mobile")
    assert merged("legal_rep") == merged("person_name")
    assert merged("email") == "email"
    names = {"SFZH": "initials", "userName": "english", "姓名": "han", "xingbie": "pinyin", "create_date": "english"}
    assert {name: style_of(LabelledColumn("t", name, "other")) for name in names} == names
    assert style_of(LabelledColumn("t", "xm", "person_name", comment="姓名")) == "comment"


def test_confusions_are_counted_and_named() -> None:
    rows = [
        LabelledColumn("t", f"c{place}", label, comment="说明")
        for place, label in enumerate(["mobile", "mobile", "gender", "landline"])
    ]
    report = evaluate(rows, ["other", "other", "technical", "mobile"])
    assert [(pair.label, pair.predicted, pair.rows) for pair in confusion_pairs(report, 9)] == [
        ("mobile", "other", 2),
        ("gender", "technical", 1),
    ]
    assert confusion_pairs(report, 1)[0].examples == ("t.c0 说明", "t.c1 说明")


def test_the_cause_of_most_errors_comes_first() -> None:
    good, bad = Cause("term", "comment", "姓名"), Cause("term", "name", "xm", "initials")
    rows = [_row("person_name"), _row("other"), _row("other"), _row("gender"), _row("gender", ambiguous=True)]
    predictions = ["person_name", "person_name", "person_name", "person_name", "other"]
    report = evaluate(rows, predictions, causes=[good, good, bad, bad, bad])
    assert [(rule.cause, rule.wrong, rule.right, rule.labels) for rule in report.rules] == [
        (bad, 2, 0, {"other": 1, "gender": 1}),
        (good, 1, 1, {"other": 1}),
    ]
    assert evaluate(rows, predictions).rules == ()


def test_the_cause_is_the_strongest_statement_for_the_element() -> None:
    said = (
        Evidence("id_card", "person.id_card", "value", 0.95),
        Evidence("term", "person.name", "comment", 0.8, "comment", "姓名"),
    )
    assert cause_of(ColumnVerdict("person.name", "person_name", "PI", (), said)) == Cause(
        "term", "comment", "姓名", "comment"
    )
    assert cause_of(ColumnVerdict(None, "other", "", (), said)) is UNKNOWN


def _measure(name: str, strip: bool) -> Report:
    rows = [msgspec.json.decode(line, type=LabelledColumn) for line in (DATA / name).read_bytes().splitlines()]
    used = list(without_comments(rows)) if strip else rows
    predictions = []
    for table, _ in tables(used):
        for finding in understand(table, {})[1]:
            predictions.append(elements()[finding.element].family if finding.element else "other")
    return evaluate(used, predictions)


@pytest.mark.parametrize(
    ("name", "strip", "macro", "harmless"),
    [
        ("columns-own.jsonl", False, 0.99, 0.005),
        ("columns-own.jsonl", True, 0.985, 0.005),
        ("columns-validation.jsonl", False, 0.97, 0.01),
        ("columns-validation.jsonl", True, 0.95, 0.01),
    ],
)
def test_baseline(name: str, strip: bool, macro: float, harmless: float) -> None:
    report = _measure(name, strip)
    assert report.macro_f1 >= macro
    assert report.harmless_called_sensitive <= harmless
