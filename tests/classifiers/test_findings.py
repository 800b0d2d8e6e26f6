"""From sampled values to what a steward reads: the findings of a column, through the engine and the verdict."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from classifiers.engine import observe
from classifiers.evidence import ColumnInput, ColumnVerdict, TableInput
from classifiers.identifiers import uscc
from classifiers.identifiers.common import mod_11_2
from classifiers.policy import load_pack
from classifiers.verdict import judge

AS_OF = date(2026, 11, 23)
_rng = random.Random(20261123)


def id_card() -> str:
    body = f"310107{_rng.randrange(1940, 2010)}{_rng.randrange(1, 13):02}{_rng.randrange(1, 29):02}"
    body += f"{_rng.randrange(1000):03}"
    return body + mod_11_2(body)


def credit_code() -> str:
    body = "91310107" + "".join(_rng.choices(uscc.ALPHABET, k=9))
    return body + uscc.check_character(body)


def judged(values: Sequence[Any], name: str = "c1", comment: str | None = None, type: str = "") -> ColumnVerdict:
    table = TableInput(table="t", columns=(ColumnInput(name, comment, type or None),))
    return judge(table, observe(table, {name: values}, as_of=AS_OF), load_pack(), as_of=AS_OF).columns[0]


def messages(verdict: ColumnVerdict) -> dict[str, str]:
    return {finding.code: finding.message for finding in verdict.findings}


ID_CARDS = [id_card() for _ in range(40)]
WITHOUT_X = [number for number in ID_CARDS if number[-1] != "X"]
MASKED = [f"{number[:6]}********{number[14:]}" for number in ID_CARDS]
HASHES = [_rng.randbytes(32).hex() for _ in range(20)]


@pytest.mark.parametrize("numbers", [WITHOUT_X, list(map(int, WITHOUT_X)), list(map(Decimal, WITHOUT_X))])
def test_identity_numbers_in_a_numeric_column(numbers: list[Any]) -> None:
    verdict = judged(numbers, type="NUMBER(18)")
    assert verdict.element == "person.id_card"
    assert "数值类型" in messages(verdict)["numeric_identifier"]


def test_identity_numbers_that_became_floats_are_told_of_though_nothing_names_them() -> None:
    verdict = judged([float(f"{number[:17]}0") for number in WITHOUT_X])
    assert verdict.element is None
    assert "numeric_identifier" in messages(verdict)


def test_masked_numbers_keep_element_and_flag() -> None:
    verdict = judged(MASKED)
    assert (verdict.element, verdict.flags) == ("person.id_card", ("masked",))
    assert messages(verdict)["masked_values"].startswith("取值已脱敏；")


@pytest.mark.parametrize(
    ("values", "flag", "words"),
    [
        (HASHES, "hashed", "已脱敏（散列）"),
        ([base64.b64encode(_rng.randbytes(32)).decode() for _ in range(20)], "encrypted", "已加密"),
        ([f"3101{'*' * 20}{n}" for n in range(20)], "masked", "已脱敏"),
    ],
)
def test_unreadable_values_keep_the_element_that_the_name_says(values: list[str], flag: str, words: str) -> None:
    named = judged(values, "sfzh", "身份证号")
    assert (named.element, named.flags) == ("person.id_card", (flag,))
    assert words in messages(named)["masked_values"]
    opaque = judged(values)
    assert opaque.element is None
    assert "看不出原来的内容" in messages(opaque)["masked_values"]


def test_hashes_of_harmless_columns_are_no_finding() -> None:
    assert "masked_values" not in messages(judged(HASHES, "id", "主键"))


def test_plain_values_under_a_comment_that_says_encrypted() -> None:
    verdict = judged(ID_CARDS, "sfzh", "身份证号（已加密）")
    assert verdict.element == "person.id_card"
    assert "明文" in messages(verdict)["plain_values"]
    assert "masked_values" not in messages(verdict)


def test_partly_masked_numbers() -> None:
    assert "partly_masked" in messages(judged([*ID_CARDS[:20], *MASKED[20:30]]))


@pytest.mark.parametrize(("name", "comment"), [("c1", None), ("zjhm", "证件号码"), ("shxydm", "统一社会信用代码")])
def test_mixed_numbers_are_judged_by_the_more_sensitive_kind(name: str, comment: str | None) -> None:
    verdict = judged([*ID_CARDS[:20], *(credit_code() for _ in range(20))], name, comment)
    tier = verdict.label("tier")
    assert "mixed_identifiers" in messages(verdict)
    assert tier is not None
    assert tier.value == judged(ID_CARDS).label("tier").value  # type: ignore[union-attr]


def test_identifiers_in_free_text_close_it() -> None:
    texts = [f"来电人反映停车问题,身份证{number},请尽快处理。" for number in ID_CARDS[:10]]
    verdict = judged(texts, "bz", "备注")
    opened = verdict.label("open")
    assert "free_text_identifiers" in messages(verdict)
    assert opened is not None
    assert opened.value != "unconditional"


def test_wrong_check_digits_are_counted() -> None:
    wrong = [number[:-1] + ("1" if number[-1] != "1" else "2") for number in ID_CARDS[:3]]
    assert messages(judged([*ID_CARDS[3:10], *wrong]))["bad_check_digits"] == "抽样的10个不同值中有3个校验不通过"
