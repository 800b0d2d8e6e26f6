"""Normal forms of whole columns: the quick way gives what the plain one gives, value by value."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.distinct import MAX_LENGTH, distinct
from classifiers.identifiers.normal import compact, is_null, tidy, unify_masks

TEXTS = st.text(st.characters() | st.sampled_from(" \t\n-'０Ｘ（）·無无x•#某"), max_size=12)


@given(st.lists(TEXTS, max_size=12))
def test_columns_are_normalised_as_values_are(texts: list[str]) -> None:
    found = distinct(texts)
    lines = [unify_masks(unicodedata.normalize("NFKC", text.replace("\n", " "))) for text in texts]
    filled = [compact(line) for line in lines if not is_null(line)]
    assert list(found.values) == list(dict.fromkeys(filled))
    assert found.filled == len(filled)


@given(st.text(" \t\n-'０１Ｘ（）·無无xA9沪:*", max_size=12))
def test_normal_forms_are_stable(text: str) -> None:
    assert compact(compact(text)) == compact(text)
    assert tidy(tidy(text)) == tidy(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "1"),
        (7, "7"),
        (1.5, "1.5"),
        (13800138000.0, "13800138000"),
        (Decimal("310107190001010010.00"), "310107190001010010"),
        (Decimal("1E+5"), "100000"),
        (b"310107", "310107"),
    ],
)
def test_numbers_and_bytes_become_text(value: Any, text: str) -> None:
    assert list(distinct([value, None]).values.values()) == [text]


def test_only_numbers_make_a_column_numeric() -> None:
    assert distinct([1, "a"]).numeric
    assert distinct([Decimal(1)]).numeric
    assert not distinct(["1", None, True]).numeric


def test_long_values_are_cut() -> None:
    assert [len(text) for text in distinct(["x" * 10 * MAX_LENGTH] * 3).values.values()] == [MAX_LENGTH]
