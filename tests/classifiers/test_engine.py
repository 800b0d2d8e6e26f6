"""The value engine: thresholds, dirty columns, masked and spoiled values, near-misses, and that no value leaves."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from classifiers.engine import observe, tail
from classifiers.evidence import ColumnInput, Evidence, TableInput
from classifiers.identifiers import bank_card, org_code, reg_no, uscc, vin
from classifiers.identifiers.common import luhn, mod_11_2
from classifiers.recognizers import builtin

AS_OF = date(2026, 11, 23)
FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


def observe_column(values: Sequence[Any], type: str | None = None) -> tuple[Evidence, ...]:
    table = TableInput(table="t", columns=(ColumnInput(name="c", type=type),))
    return observe(table, {"c": values}, as_of=AS_OF)["c"]


def by_id(values: Sequence[Any], recognizer: str, type: str | None = None) -> Evidence | None:
    return next((found for found in observe_column(values, type) if found.recognizer == recognizer), None)


def deciding(values: Sequence[Any]) -> list[str]:
    return [found.recognizer for found in observe_column(values) if found.strength >= 0.5]


# --- synthetic values --------------------------------------------------------------------------------------------


def id_card(rng: random.Random) -> str:
    born = date(1900, 1, 1) + timedelta(days=rng.randrange(40000))
    body = f"310107{born:%Y%m%d}{rng.randrange(1000):03}"
    return body + mod_11_2(body)


def wrong(number: str) -> str:
    """The same with another check character."""
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def card(rng: random.Random) -> str:
    body = f"621700{rng.randrange(10**12):012}"
    return next(body + digit for digit in string.digits if luhn(body + digit))


def credit_code(rng: random.Random) -> str:
    body = "91310107" + "".join(rng.choices(uscc.ALPHABET, k=9))
    return body + uscc.check_character(body)


def organisation_code(rng: random.Random) -> str:
    body = f"{rng.randrange(10**8):08}"
    return f"{body}-{org_code.check_character(body)}"


def registration(rng: random.Random) -> str:
    body = f"310107{rng.randrange(10**8):08}"
    return body + reg_no.check_digit(body)


def vehicle(rng: random.Random) -> str:
    body = f"LSVAA0000{rng.randrange(10**8):08}"
    return body[:8] + vin.check_character(body) + body[9:]


def plate(rng: random.Random) -> str:
    return "沪A" + "".join(rng.choices("ABCDEFGHJK0123456789", k=5))


def estate_unit(rng: random.Random) -> str:
    return f"310107001002GB{rng.randrange(10**5):05}F{rng.randrange(10**8):08}"


def email(rng: random.Random) -> str:
    return f"user{rng.randrange(10**6)}@example.com"


def case_number(rng: random.Random) -> str:
    return f"({rng.randrange(2016, 2027)})沪0107民初{rng.randrange(1, 9999)}号"


def mobile(rng: random.Random) -> str:
    return f"138{rng.randrange(10**8):08}"


CHECKED: dict[str, tuple[Callable[[random.Random], str], str]] = {
    "id_card": (id_card, "person.id_card"),
    "uscc": (credit_code, "org.uscc"),
    "org_code": (organisation_code, "org.code"),
    "bank_card": (card, "generic.bank_account"),
    "reg_no": (registration, "org.reg_no"),
    "vin": (vehicle, "vehicle.vin"),
    "school_roll_no": (lambda rng: "G" + id_card(rng), "person.school_roll_no"),
}
SPEAKING: dict[str, tuple[Callable[[random.Random], str], str]] = {
    "plate": (plate, "vehicle.plate"),
    "estate_unit": (estate_unit, "estate.unit_no"),
    "email": (email, "generic.email"),
    "case_number": (case_number, "case.number"),
}


def some(make: Callable[[random.Random], str], count: int, seed: int = 1) -> list[str]:
    rng = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found[make(rng)] = None
    return list(found)


# --- thresholds --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHECKED)
def test_seven_of_ten_are_labelled_and_the_bad_ones_counted(name: str) -> None:
    make, element = CHECKED[name]
    numbers = some(make, 10)
    found = by_id(numbers[:7] + [wrong(number) for number in numbers[7:]], name)
    if name == "vin":
        numbers = [number[:8] + ("0" if number[8] != "0" else "1") + number[9:] for number in numbers]
        found = by_id(some(make, 10)[:7] + numbers[7:], name)
    assert found is not None
    assert (found.element, found.hits, found.distinct, found.invalid) == (element, 7, 10, 3)
    assert found.strength == 0.8
    assert found.source == "value"


@pytest.mark.parametrize("name", [name for name in CHECKED if name not in ("uscc", "vin")])
def test_six_of_ten_are_not(name: str) -> None:
    numbers = some(CHECKED[name][0], 10)
    assert by_id(numbers[:6] + [wrong(number) for number in numbers[6:]], name) is None


@pytest.mark.parametrize("name", CHECKED)
def test_nine_of_ten_are_strong(name: str) -> None:
    numbers = some(CHECKED[name][0], 10)
    found = by_id([*numbers[:9], "无法识别"], name)
    assert found is not None
    assert (found.strength, found.hits, found.distinct) == (0.95, 9, 10)


@pytest.mark.parametrize(
    ("good", "bad", "labelled"),
    [
        (4, 0, False),
        (5, 0, True),
        (4, 1, False),
        (8, 1, False),
        (9, 0, True),
        (6, 4, False),
        (7, 3, True),
        (12, 8, True),
        (11, 9, False),
    ],
)
def test_ratio_and_chance_bounds(good: int, bad: int, labelled: bool) -> None:
    numbers = some(id_card, good + bad)
    found = by_id(numbers[:good] + [wrong(number) for number in numbers[good:]], "id_card")
    assert (found is not None) is labelled


def test_repetitions_and_blanks_do_not_count() -> None:
    numbers = some(id_card, 5)
    found = by_id([*numbers * 20, None, "", "无", "-", "暂无", "NULL", "N/A", "   "], "id_card")
    assert found is not None
    assert (found.hits, found.distinct) == (5, 5)
    assert by_id(numbers[:4] * 50, "id_card") is None


def test_binomial_tail() -> None:
    assert tail(7, 10, 1 / 11) == pytest.approx(4.8e-6, rel=0.02)
    assert tail(6, 10, 1 / 11) == pytest.approx(9e-5, rel=0.05)
    assert tail(0, 10, 1 / 11) == pytest.approx(1)


@pytest.mark.parametrize("name", SPEAKING)
def test_self_describing_shapes_label_by_value_alone(name: str) -> None:
    make, element = SPEAKING[name]
    numbers = some(make, 10)
    found = by_id(numbers, name)
    assert found is not None
    assert (found.element, found.strength, found.hits, found.distinct) == (element, 0.75, 10, 10)
    few = by_id(numbers[:9], name)
    assert few is not None
    assert few.strength < 0.5
    others = ["其他" + letter for letter in "甲乙丙丁"]
    dirty_one = by_id(numbers + others, name)
    assert dirty_one is not None
    assert dirty_one.strength == 0.2, "with 0.71 of all a name must say it too"
    assert by_id(numbers + others + ["其他戊"], name) is None


@pytest.mark.parametrize(
    "make", [mobile, lambda rng: f"021-5{rng.randrange(10**7):07}", lambda rng: f"E{rng.randrange(10**8):08}"]
)
def test_plain_shapes_only_support(make: Callable[[random.Random], str]) -> None:
    numbers = some(make, 50)
    assert observe_column(numbers)
    assert deciding(numbers) == []


# --- dirty columns -----------------------------------------------------------------------------------------------


def dirty(numbers: list[str], damage: Callable[[str], str]) -> list[Any]:
    """30 % damaged, the rest padded, in full width, with apostrophes and labels; and words for "nothing"."""
    ways: list[Callable[[str], str]] = [
        lambda text: text + "    ",
        lambda text: text.translate(FULL_WIDTH),
        lambda text: "'" + text,
        str.lower,
        lambda text: "号码:" + text,
        str,
    ]
    bad = len(numbers) * 3 // 10
    good = [ways[place % len(ways)](number) for place, number in enumerate(numbers[bad:])]
    return [*map(damage, numbers[:bad]), *good, None, "", "无", "NULL", "  "]


@pytest.mark.parametrize("name", CHECKED)
def test_a_dirty_column_of_check_digits_is_found(name: str) -> None:
    make, element = CHECKED[name]
    found = by_id(dirty(some(make, 20), lambda text: text[:-1]), name)
    assert found is not None
    assert (found.element, found.hits, found.distinct) == (element, 14, 20)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("plate", lambda text: text[:2] + "I" + text[3:]),
        ("estate_unit", lambda text: text[:-1]),
        ("email", lambda text: text[: text.index("@") + 1]),
        ("case_number", lambda text: text[:-1]),
    ],
)
def test_a_dirty_column_of_a_self_describing_shape_is_found(name: str, damage: Callable[[str], str]) -> None:
    make, element = SPEAKING[name]
    found = by_id(dirty(some(make, 20), damage), name)
    assert found is not None
    assert (found.element, found.strength, found.hits) == (element, 0.75, 14)
    assert found.invalid >= 1


@pytest.mark.parametrize("label", ["身份证:{}", "身份证号码{}", "{}(本人)", "张三 {}"])
def test_han_text_glued_to_a_number_is_no_obstacle(label: str) -> None:
    found = by_id([label.format(number) for number in some(id_card, 10)], "id_card")
    assert found is not None
    assert found.strength == 0.95


# --- spoiled by a numeric type ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [int, Decimal])
def test_numbers_in_a_numeric_column_are_a_finding(make: Callable[[str], Any]) -> None:
    numbers = [make(number) for number in some(id_card, 30) if not number.endswith("X")]
    found = by_id(numbers, "id_card")
    assert found is not None
    assert found.strength == 0.95
    assert "numeric_identifier" in found.flags


def test_a_numeric_type_is_a_finding_even_when_the_driver_gives_text() -> None:
    numbers = [number for number in some(id_card, 30) if not number.endswith("X")]
    found = by_id(numbers, "id_card", "NUMBER(18)")
    assert found is not None
    assert "numeric_identifier" in found.flags
    plain = by_id(numbers, "id_card", "varchar(18)")
    assert plain is not None
    assert plain.flags == ()


@pytest.mark.parametrize(
    "column", [["3.10107E+17", "3.10107E+17"], [float(number[:17] + "0") for number in some(id_card, 10)]]
)
def test_numbers_that_lost_digits_are_a_finding(column: list[Any]) -> None:
    found = by_id(column, "numeric_identifier")
    assert found is not None
    assert (found.element, found.flags) == ("person.id_card", ("numeric_identifier",))
    assert found.strength <= 0.1


def test_floats_and_decimals_that_are_whole_are_read_as_whole() -> None:
    assert by_id([float(number) for number in some(mobile, 10)], "mobile")
    assert by_id([Decimal(number) for number in some(mobile, 10)], "mobile")


def test_free_text_with_identifiers_is_a_finding_not_an_element() -> None:
    rng = random.Random(1)
    texts = [f"来电人反映小区停车问题,联系电话{mobile(rng)},身份证{id_card(rng)},请尽快处理。" for _ in range(5)]
    column = observe_column([*texts, *("无其他情况说明,请尽快处理本事项。" + letter for letter in "甲乙丙丁戊")])
    assert [(found.recognizer, found.element, found.hits, found.flags) for found in column] == [
        ("free_text", "text.free", 10, ("free_text_hits",))
    ]
    assert column[0].strength <= 0.1
    assert observe_column([f"{texts[0]}甲", *("情况说明,请尽快处理本事项。" + letter for letter in "甲乙丙丁戊")]) == ()


def test_one_identifier_in_each_of_many_texts_is_no_element() -> None:
    column = observe_column([f"来电人反映小区停车问题,身份证{number},请尽快处理。" for number in some(id_card, 20)])
    assert [(found.recognizer, found.hits) for found in column] == [("free_text", 20)]


# --- shapes that support or contradict ---------------------------------------------------------------------------


def test_short_codes_contradict_a_comment_that_promises_a_number() -> None:
    found = by_id(["1", "2", "1", "3", None], "short_code")
    assert found is not None
    assert (found.element, found.strength, found.hits, found.distinct) == ("code.value", 0.3, 3, 3)
    assert by_id(["1", "1"], "short_code") is None
    assert by_id(["1", "2", "1234"], "short_code") is None


def names(count: int) -> list[str]:
    rng = random.Random(3)
    return some(
        lambda _: rng.choice("王李张刘陈杨黄赵吴周") + rng.choice("伟芳娜敏静") + rng.choice("秀英丽强磊"), count
    )


def test_names_differ_are_short_and_begin_with_a_surname() -> None:
    found = by_id(names(20), "person_name")
    assert found is not None
    assert (found.element, found.strength) == ("person.name", 0.4)
    assert by_id(names(20) * 3, "person_name") is None, "names hardly repeat"
    assert by_id([*names(19), "王某某某某"], "person_name") is None, "one is too long"
    assert by_id([*names(10), "普陀区", "曹杨路", "某某镇"], "person_name") is None, "too few surnames"


@pytest.mark.parametrize(
    ("recognizer", "element", "values"),
    [
        ("address", "generic.address", [f"上海市普陀区某某路{n}弄1号{n}01室" for n in range(1, 9)]),
        ("org_name", "org.name", [f"某某{letter}(上海)有限公司" for letter in "甲乙丙丁戊己"]),
        ("date", "date.business", [f"2026-01-{day:02}" for day in range(1, 9)]),
        ("date", "date.business", [datetime(2026, 1, day, 8) for day in range(1, 9)]),
        ("number", "measure.value", [f"{n}.5" for n in range(1, 9)]),
        ("coordinates", "generic.location", [f"121.40{n}123" for n in range(1, 9)]),
        ("ip", "device.ip", [f"192.0.2.{n}" for n in range(1, 9)]),
        ("phone", "generic.phone", [f"021-5000000{n}" for n in range(4)] + [f"1380013800{n}" for n in range(4)]),
        ("document_number", "act.document_no", [f"沪普市监罚〔2026〕{n}号" for n in range(1, 9)]),
    ],
)
def test_shapes_that_support(recognizer: str, element: str, values: list[Any]) -> None:
    found = by_id(values, recognizer)
    assert found is not None
    assert found.element == element
    assert 0 < found.strength < 0.5


# --- near-misses -------------------------------------------------------------------------------------------------


def permit(rng: random.Random) -> str:
    day = date(2000, 1, 1) + timedelta(days=rng.randrange(9800))
    return f"310107{day:%Y%m%d}{rng.randrange(1, 20):02}{rng.randrange(1, 5):02}"


def stamp(rng: random.Random) -> str:
    return f"{datetime(2020, 1, 1) + timedelta(seconds=rng.randrange(200_000_000)):%Y%m%d%H%M%S}"


def running_number(rng: random.Random) -> str:
    return str(310107202600000000 + rng.randrange(10**4))


NEAR_MISSES: dict[str, Callable[[random.Random], str]] = {
    "18-digit serials": lambda rng: f"{rng.randrange(10**18):018}",
    "construction permits": permit,
    "running numbers": running_number,
    "16 to 19 digits": lambda rng: str(rng.randrange(10 ** rng.randrange(15, 19), 10**19)),
    "19-digit numbers that begin like cards": lambda rng: f"62{rng.randrange(10**17):017}",
    "15 digits": lambda rng: f"{rng.randrange(10**15):015}",
    "11-digit serials": lambda rng: f"1{rng.randrange(10**10):010}",
    "9-digit serials": lambda rng: f"{rng.randrange(10**9):09}",
    "timestamps": stamp,
    "timestamps with milliseconds": lambda rng: f"{stamp(rng)}{rng.randrange(1000):03}",
    "18 letters and digits": lambda rng: "".join(rng.choices(string.ascii_uppercase + string.digits, k=18)),
    "17 letters and digits": lambda rng: "".join(rng.choices("ABCDEFGHJK0123456789", k=17)),
}


@pytest.mark.parametrize("count", [10, 50])
@pytest.mark.parametrize("kind", NEAR_MISSES)
def test_near_misses_are_not_labelled(kind: str, count: int) -> None:
    """10,000 columns in all: 417 of each kind and length."""
    rng = random.Random(f"{kind}{count}")
    make = NEAR_MISSES[kind]
    columns = [[make(rng) for _ in range(count)] for _ in range(417)]
    assert [found for column in columns for found in deciding(column)] == []


# --- what leaves -------------------------------------------------------------------------------------------------


def test_no_value_leaves() -> None:
    columns: dict[str, list[Any]] = {name: some(make, 15) for name, (make, _) in {**CHECKED, **SPEAKING}.items()}
    columns["name"], columns["mobile"] = names(20), some(mobile, 20)
    columns["number"] = [int(number) for number in some(id_card, 20) if not number.endswith("X")]
    columns["text"] = [f"联系电话{number},请尽快处理这一事项。" for number in some(mobile, 9)]
    table = TableInput(table="t", columns=tuple(ColumnInput(name=name) for name in columns))
    found = observe(table, columns, as_of=AS_OF)
    written = msgspec.json.encode(found).decode() + repr(found)
    assert all(found.values())
    assert [value for values in columns.values() for value in values if str(value) in written] == []


def test_only_sampled_columns_are_answered() -> None:
    table = TableInput(table="t", columns=(ColumnInput(name="a"), ColumnInput(name="b"), ColumnInput(name="c")))
    assert observe(table, {"a": [], "b": [None, "x y z"], "z": ["1"]}, as_of=AS_OF) == {"a": (), "b": ()}


HOSTILE_COLUMNS: list[list[Any]] = [
    [b"\xff\xfe", bytearray(b"x"), memoryview(b"y")],
    [float("nan"), float("inf"), -0.0, 1e300],
    [Decimal("NaN"), Decimal("Infinity"), Decimal("1E+30")],
    ["a\nb", "c\r\nd", "\n", "\n\n"],
    ["\ud800", "\x00" * 5, "﷽" * 3000, "ß" * 40],
    [object(), [], {}, (), True, date(2026, 1, 1)],
    ["x" * 1_000_000],
    ["*" * 18, "1*", "*1", "**********", "@*", "*@*.CN"],
]


@pytest.mark.parametrize("values", HOSTILE_COLUMNS)
def test_hostile_values_never_raise(values: list[Any]) -> None:
    assert deciding(values) == []
    assert deciding(values * 10) == []


def test_line_feeds_inside_values_keep_values_apart() -> None:
    found = by_id([f"{number[:6]}\n{number[6:]}" for number in some(id_card, 10)], "id_card")
    assert found is not None
    assert found.distinct == 10


def test_answers_do_not_depend_on_order() -> None:
    numbers = dirty(some(id_card, 20), wrong)
    assert observe_column(numbers) == observe_column(numbers[::-1])


def test_there_are_more_than_forty_recognizers() -> None:
    assert len(builtin()) > 40
    assert bank_card.check("6217000000000000004").result == "valid"
