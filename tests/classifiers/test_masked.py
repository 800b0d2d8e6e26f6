"""Values that were masked, hashed or encrypted: what they were is kept where they or their column's name say it."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest

from classifiers.engine import observe
from classifiers.evidence import ColumnInput, Evidence, TableInput
from classifiers.identifiers import uscc
from classifiers.identifiers.common import mod_11_2

AS_OF = date(2026, 11, 23)
MARKS = "*＊•●○#×xX某█"
_rng = random.Random(20261123)


def observe_column(values: Sequence[Any]) -> tuple[Evidence, ...]:
    return observe(TableInput(table="t", columns=(ColumnInput(name="c"),)), {"c": values}, as_of=AS_OF)["c"]


def by_id(values: Sequence[Any], recognizer: str) -> Evidence | None:
    return next((found for found in observe_column(values) if found.recognizer == recognizer), None)


def id_card() -> str:
    body = f"310107{_rng.randrange(1940, 2010)}{_rng.randrange(1, 13):02}{_rng.randrange(1, 29):02}"
    body += f"{_rng.randrange(1000):03}"
    return body + mod_11_2(body)


def credit_code() -> str:
    body = "91310107" + "".join(_rng.choices(uscc.ALPHABET, k=9))
    return body + uscc.check_character(body)


def wrong(number: str) -> str:
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def some(make: Callable[[], str], count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found[make()] = None
    return list(found)


MASKS: dict[str, tuple[Callable[[str], str], str]] = {
    "id_card": (lambda mark: f"{id_card()[:6]}{mark * 8}{_rng.randrange(1000):03}X", "person.id_card"),
    "mobile": (lambda mark: f"1{_rng.randrange(30, 99)}{mark * 4}{_rng.randrange(10**4):04}", "person.mobile"),
    "bank_card": (lambda mark: f"6217{mark * 8}{_rng.randrange(10**4):04}", "generic.bank_account"),
    "permanent_residence": (lambda mark: f"931840{mark * 8}{_rng.randrange(1000):03}X", "person.permanent_residence"),
    "uscc": (lambda mark: f"91310107{mark * 6}{credit_code()[-4:]}", "org.uscc"),
}


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("name", MASKS)
def test_masked_values_keep_their_element(name: str, mark: str) -> None:
    make, element = MASKS[name]
    found = by_id(some(lambda: make(mark), 30), name)
    assert found is not None
    assert (found.element, found.strength, found.flags) == (element, 0.75, ("masked",))


def test_masked_mail_keeps_its_element() -> None:
    found = by_id(some(lambda: f"u{_rng.randrange(1000)}***@example.com", 12), "email")
    assert found is not None
    assert (found.element, found.strength, found.flags) == ("generic.email", 0.75, ("masked",))


def test_a_dirty_column_of_masked_numbers_is_found() -> None:
    good = [f"{number[:6]}********{number[14:]}" for number in some(id_card, 14)]
    bad = [f"{number[:6]}****{number[-3:]}" for number in some(id_card, 6)]
    padded = [f"'{number}   " if place % 2 else number.replace("*", "＊") for place, number in enumerate(good)]
    found = by_id([*padded, *bad, None, "", "无", "NULL"], "id_card")
    assert found is not None
    assert found.strength == 0.75


def test_masked_and_plain_numbers_count_together() -> None:
    numbers = some(id_card, 20)
    column = [
        *numbers[:8],
        *(f"{number[:6]}********{number[14:]}" for number in numbers[8:14]),
        *map(wrong, numbers[14:]),
    ]
    found = by_id(column, "id_card")
    assert found is not None
    assert (found.strength, found.hits, found.invalid, found.flags) == (0.8, 14, 6, ("partly_masked",))


def test_masks_in_groups_of_four() -> None:
    found = by_id([f"6217 xxxx xxxx {number}" for number in range(1000, 1020)], "bank_card")
    assert found is not None
    assert found.flags == ("masked",)


@pytest.mark.parametrize("mark", "*某×○#X")
def test_masked_names_support(mark: str) -> None:
    found = by_id([surname + mark for surname in "王李张刘陈杨黄赵"], "masked_name")
    assert found is not None
    assert (found.element, found.flags) == ("person.name", ("masked",))
    assert found.strength < 0.5


@pytest.mark.parametrize(
    "shape", ["021-5000{:02}**", "沪A***{:02}", "上海市普陀区某某路{}弄***室", "E****{:04}", "******"]
)
def test_other_masked_values_are_a_flag_without_weight(shape: str) -> None:
    found = by_id([shape.format(number) for number in range(10, 30)], "masked")
    assert found is not None
    assert (found.strength, found.flags) == (0.05, ("masked",))


@pytest.mark.parametrize("text", ["沪A·1234{:02}", "二○○六年第{}号", "XXL-{}", "某某路{}号", "目录......{}"])
def test_marks_that_hide_nothing_are_no_masks(text: str) -> None:
    assert not [found for found in observe_column([text.format(n) for n in range(10, 30)]) if "masked" in found.flags]


@pytest.mark.parametrize("case", [str.lower, str.upper])
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_hashes_are_a_flag_without_weight(algorithm: str, case: Callable[[str], str]) -> None:
    column = observe_column([case(hashlib.new(algorithm, id_card().encode()).hexdigest()) for _ in range(20)])
    assert [(found.recognizer, found.flags) for found in column] == [("hashed", ("hashed",))]
    assert column[0].strength <= 0.1


@pytest.mark.parametrize("size", [16, 32, 48, 64, 256])
def test_base64_is_a_flag_without_weight(size: int) -> None:
    column = observe_column([base64.b64encode(_rng.randbytes(size)).decode() for _ in range(20)])
    assert [found.flags for found in column] == [("encrypted",)]
    assert column[0].strength <= 0.1


@pytest.mark.parametrize("size", [48, 115, 128])
def test_long_hexadecimal_is_ciphertext(size: int) -> None:
    column = observe_column([_rng.randbytes(size).hex() for _ in range(20)])
    assert [found.flags for found in column] == [("encrypted",)]


def test_row_ids_are_no_hashes() -> None:
    ids = some(lambda: f"{_rng.getrandbits(48):012x}4{_rng.getrandbits(12):03x}a{_rng.getrandbits(60):015x}", 20)
    assert [found.recognizer for found in observe_column(ids)] == ["uuid"]
