"""Names and comments of any length are read in small, linear time."""

from __future__ import annotations

import time
from datetime import date

import pytest

from classifiers.evidence import ColumnInput, TableInput
from classifiers.names.context import LONGEST_READ
from classifiers.names.grammar import default_reader
from classifiers.names.phrases import TRAILING
from classifiers.policy import load_pack
from classifiers.verdict import judge

LENGTH = 200_000
SECONDS = 5
"""Far more than any of them takes, far less than quadratic time would."""
PARTS = {
    "one character": "某",
    "a known term": "身份证号",
    "phrases": "说明，",
    "digits": "1",
    "words": "word ",
    "codes": "状态0正常1停用",
    "yes and no": "0否1是",
    "brackets": "[[",
    "spaces": " ",
}


def seconds(table: TableInput) -> float:
    pack = load_pack()
    begin = time.process_time()
    judge(table, {}, pack, as_of=date(2026, 1, 1))
    return time.process_time() - begin


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_a_comment_of_200_000_characters(part: str) -> None:
    text = part * (LENGTH // len(part)) + "x"
    assert seconds(TableInput("t", (ColumnInput("bz", text), ColumnInput(text)))) < SECONDS
    assert seconds(TableInput("t", (ColumnInput("bz"),), comment=text)) < SECONDS


def test_the_beginning_counts() -> None:
    long = judge(
        TableInput("t", (ColumnInput("a", "身份证号，" + "说明，" * LENGTH),)), {}, load_pack(), as_of=date(2026, 1, 1)
    )
    beyond = judge(
        TableInput("t", (ColumnInput("a", "？" * LONGEST_READ + "身份证号"),)), {}, load_pack(), as_of=date(2026, 1, 1)
    )
    assert (long.columns[0].element, beyond.columns[0].element) == ("person.id_card", None)


@pytest.mark.parametrize("part", ["1", "哈希值", "散列值", "以上", "1个字", " -"])
def test_what_trails_is_looked_for_without_backtracking(part: str) -> None:
    begin = time.process_time()
    text = "某某" + part * 200 + "qq"
    assert TRAILING.sub("", text) == text
    default_reader().comment(text)
    assert time.process_time() - begin < SECONDS


def test_what_trails_is_dropped() -> None:
    assert [TRAILING.sub("", text) for text in ("口令哈希值", "姓名12", "摘要200个字", "手机号（选填）")] == [
        "口令",
        "姓名",
        "摘要",
        "手机号",
    ]
