"""What each check digit guarantees, measured on generated numbers.

One wrong digit is noticed by all of them. Two neighbours swapped: by all but Luhn (09 and 90), MOD 11,10 (a few in a
hundred pass) and the VIN at its check character (the eighth place has weight 10, which is -1). Codes with letters
guarantee less: letters whose values are congruent stand for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from classifiers.identifiers import (
    bank_card,
    id_card,
    imei,
    org_code,
    permanent_residence,
    reg_no,
    school_roll_no,
    tax_no,
    uscc,
    vin,
)
from classifiers.identifiers.common import Check, luhn, mod_11_2

DIGITS = "0123456789"
AREAS = ("310107", "110101", "650102", "810000", "330106")
Number = st.SearchStrategy[str]


def digits(length: int) -> Number:
    return st.text(DIGITS, min_size=length, max_size=length)


def with_luhn(body: str) -> str:
    return next(body + digit for digit in DIGITS if luhn(body + digit))


DATES = st.dates(date(1900, 1, 1), date(2020, 12, 31)).map(lambda day: day.strftime("%Y%m%d"))
ID_BODIES = st.builds("{}{}{}".format, st.sampled_from(AREAS), DATES, digits(3))
ID_CARDS = ID_BODIES.map(lambda body: body + mod_11_2(body))
FOREIGN = st.builds("931{}{}{}".format, digits(3), DATES, digits(3)).map(lambda body: body + mod_11_2(body))
USCC = st.builds("91310107{}".format, st.text(uscc.ALPHABET, min_size=9, max_size=9)).map(
    lambda body: body + uscc.check_character(body)
)
ORG_CODES = digits(8).map(lambda body: body + org_code.check_character(body))
REG_NOS = digits(14).map(lambda body: body + reg_no.check_digit(body))
CARDS = digits(14).map(lambda body: with_luhn("6217" + body))
IMEIS = digits(14).map(with_luhn)
VINS = st.builds("LSVAA0001{}".format, digits(8)).map(lambda text: text[:8] + vin.check_character(text) + text[9:])

SCHEMES: dict[str, tuple[Number, Callable[[str], Check]]] = {
    "id_card": (ID_CARDS, id_card.check),
    "permanent_residence": (FOREIGN, permanent_residence.check),
    "school_roll_no": (ID_CARDS.map("G{}".format), school_roll_no.check),
    "uscc": (USCC, uscc.check),
    "org_code": (ORG_CODES, org_code.check),
    "tax_no": (ORG_CODES.map("310107{}".format), tax_no.check),
    "tax_no_individual": (ID_CARDS.map("{}01".format), tax_no.check),
    "reg_no": (REG_NOS, reg_no.check),
    "bank_card": (CARDS, bank_card.check),
    "imei": (IMEIS, imei.check),
    "vin": (VINS, vin.check),
}
LUHN = ("bank_card", "imei")
BEFORE_VIN_CHECK = 7


@pytest.mark.parametrize("name", SCHEMES)
@given(data=st.data())
def test_generated_numbers_are_valid(name: str, data: st.DataObject) -> None:
    numbers, check = SCHEMES[name]
    assert check(data.draw(numbers)).result == "valid"


@pytest.mark.parametrize("name", SCHEMES)
@given(data=st.data())
def test_one_wrong_digit_is_noticed(name: str, data: st.DataObject) -> None:
    numbers, check = SCHEMES[name]
    number = data.draw(numbers)
    place = data.draw(st.sampled_from([place for place, char in enumerate(number) if char in DIGITS]))
    wrong = data.draw(st.sampled_from(DIGITS))
    # The area before an organisation code and the suffix of an identity number are outside the check.
    assume(wrong != number[place] and not (name == "tax_no" and place < 6))
    assume(name != "tax_no_individual" or place < 18)
    assert check(number[:place] + wrong + number[place + 1 :]).result != "valid"


@pytest.mark.parametrize("name", [name for name in SCHEMES if name != "reg_no"])
@given(data=st.data())
def test_swapped_neighbours_are_noticed(name: str, data: st.DataObject) -> None:
    numbers, check = SCHEMES[name]
    number = data.draw(numbers)
    place = data.draw(st.integers(6 if name == "tax_no" else 0, len(number) - 2))
    left, right = number[place], number[place + 1]
    assume(left != right and not (name in LUHN and {left, right} == {"0", "9"}))
    assume(name != "vin" or place != BEFORE_VIN_CHECK)
    # X is ten as a VIN's check character but seven as a letter elsewhere.
    assume(name != "vin" or place != BEFORE_VIN_CHECK + 1 or "X" not in (left, right))
    assume(name != "tax_no_individual" or place < 17)
    # X is ten as a check character but 33, which is 0 modulo 11, inside an organisation code.
    assume(name not in ("org_code", "tax_no") or right != "X")
    assert check(number[:place] + right + left + number[place + 2 :]).result != "valid"


def test_luhn_misses_exactly_09_and_90() -> None:
    def misses(left: str, right: str) -> bool:
        number = with_luhn(f"4{left}{right}")
        return luhn(f"4{right}{left}{number[-1]}")

    pairs = [left + right for left in DIGITS for right in DIGITS if left != right]
    assert [pair for pair in pairs if misses(*pair)] == ["09", "90"]


def test_vin_misses_a_swap_with_its_check_character() -> None:
    assert vin.check("LSVAA000200000001").result == "valid"
    assert vin.check("LSVAA002000000001").result == "valid"


def test_mod_11_10_misses_few_swapped_neighbours() -> None:
    swaps = missed = 0
    for serial in range(0, 100_000, 7):
        body = f"31010700{serial:06}"
        number = body + reg_no.check_digit(body)
        for place in range(14):
            if number[place] != number[place + 1]:
                swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
                swaps += 1
                missed += reg_no.check(swapped).result == "valid"
    assert swaps > 50_000
    assert missed / swaps < 0.03


@given(st.text(max_size=30))
def test_no_check_raises(text: str) -> None:
    for _, check in SCHEMES.values():
        assert check(text).result in ("valid", "invalid", "other")
