"""Every recognizer still finds its column when 30 % are bad and the rest is written in many ways; mixed columns."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from classifiers.engine import observe
from classifiers.evidence import ColumnInput, Evidence, TableInput
from classifiers.identifiers import org_code, reg_no, uscc, vin
from classifiers.identifiers.common import luhn, mod_11_2
from classifiers.recognizers import builtin

AS_OF = date(2026, 11, 23)
FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周", "伟芳娜敏静秀英丽强磊"
Make = Callable[[random.Random], str]


def number(rng: random.Random, length: int) -> str:
    return f"{rng.randrange(10**length):0{length}}"


def day(rng: random.Random) -> date:
    return date(1950, 1, 1) + timedelta(days=rng.randrange(20000))


def id_card(rng: random.Random) -> str:
    body = f"310107{day(rng):%Y%m%d}{number(rng, 3)}"
    return body + mod_11_2(body)


def foreigner(rng: random.Random) -> str:
    body = f"931840{day(rng):%Y%m%d}{number(rng, 3)}"
    return body + mod_11_2(body)


def with_luhn(body: str) -> str:
    return next(f"{body}{digit}" for digit in range(10) if luhn(f"{body}{digit}"))


def credit_code(rng: random.Random) -> str:
    body = "91310107" + "".join(rng.choices(uscc.ALPHABET, k=9))
    return body + uscc.check_character(body)


def organisation(rng: random.Random) -> str:
    body = number(rng, 8)
    return body + org_code.check_character(body)


def registration(rng: random.Random) -> str:
    body = "310107" + number(rng, 8)
    return body + reg_no.check_digit(body)


def vehicle(rng: random.Random) -> str:
    body = f"LSVAA0000{number(rng, 8)}"
    return body[:8] + vin.check_character(body) + body[9:]


KINDS: dict[str, Make] = {
    "address": lambda rng: f"上海市普陀区某某路{rng.randrange(1, 999)}弄{rng.randrange(1, 99)}号101室",
    "bank_card": lambda rng: with_luhn("621700" + number(rng, 12)),
    "birth_certificate": lambda rng: "X31" + number(rng, 7),
    "case_number": lambda rng: f"(2026)沪0107民初{rng.randrange(1, 99999)}号",
    "coordinates": lambda rng: f"121.4{number(rng, 5)},31.2{number(rng, 5)}",
    "date": lambda rng: f"{day(rng):%Y-%m-%d}",
    "disease_code": lambda rng: f"{rng.choice('ABCDEIJ')}{number(rng, 2)}.{number(rng, 2)}",
    "division": lambda rng: f"330{rng.randrange(100, 999)}{number(rng, 3)}",
    "document_number": lambda rng: f"沪普市监罚〔2026〕{rng.randrange(1, 99999)}号",
    "email": lambda rng: f"user{rng.randrange(10**6)}@example.com",
    "encrypted": lambda rng: base64.b64encode(rng.randbytes(31)).decode(),
    "estate_cert": lambda rng: f"沪(2020)普字不动产权第{number(rng, 6)}号",
    "estate_unit": lambda rng: f"310107001002GB{number(rng, 5)}F{number(rng, 8)}",
    "exit_permit": lambda rng: "C" + number(rng, 8),
    "hashed": lambda rng: rng.randbytes(32).hex(),
    "id_card": id_card,
    "id_card_15": lambda rng: f"310107{day(rng):%y%m%d}{number(rng, 3)}",
    "imei": lambda rng: with_luhn("490154" + number(rng, 8)),
    "industry": lambda rng: rng.choice("ABCDEFGHI") + number(rng, 4),
    "ip": lambda rng: f"192.0.{rng.randrange(256)}.{rng.randrange(256)}",
    "landline": lambda rng: "021-5" + number(rng, 7),
    "mac": lambda rng: rng.randbytes(6).hex(":"),
    "masked": lambda rng: f"021-5{number(rng, 3)}****",
    "masked_name": lambda rng: rng.choice(SURNAMES) + "*" + rng.choice(GIVEN),
    "military_id": lambda rng: f"军字第{number(rng, 7)}号",
    "mobile": lambda rng: "138" + number(rng, 8),
    "number": lambda rng: f"{rng.randrange(10**6)}.{number(rng, 2)}",
    "org_code": organisation,
    "org_name": lambda rng: f"某某{rng.choice(SURNAMES)}{rng.choice(GIVEN)}(上海)有限公司",
    "passport": lambda rng: "E" + number(rng, 8),
    "permanent_residence": foreigner,
    "permanent_residence_old": lambda rng: f"USA3100{day(rng):%y%m%d}{number(rng, 2)}",
    "permit_hk_mo": lambda rng: "H" + number(rng, 8),
    "permit_tw": lambda rng: "0" + number(rng, 7),
    "phone": lambda rng: rng.choice(("021-5", "1380")) + number(rng, 7),
    "plate": lambda rng: "沪A" + number(rng, 5),
    "postcode": lambda rng: "20" + number(rng, 4),
    "reg_no": registration,
    "school_roll_no": lambda rng: "G" + id_card(rng),
    "service_phone": lambda rng: "400" + number(rng, 7),
    "social_card": lambda rng: "A" + number(rng, 8),
    "tax_no": lambda rng: "310107" + organisation(rng),
    "tax_no_individual": lambda rng: id_card(rng) + "01",
    "url": lambda rng: f"https://example.com/{number(rng, 8)}.pdf",
    "uscc": credit_code,
    "uuid": lambda rng: f"{number(rng, 12)}4{number(rng, 3)}a{number(rng, 15)}",
    "vin": vehicle,
}
CHECKED = {recognizer.id for recognizer in builtin() if recognizer.kind == "check_digit"}
CLEAN_ONLY = {"numeric_identifier", "person_name", "short_code"}
"""Damage of a float cannot be told; names need 0.9 surnames and codes all values, else they'd be anything."""


def some(make: Make, count: int) -> list[str]:
    rng = random.Random(count)
    found: dict[str, None] = {}
    while len(found) < count:
        found[make(rng)] = None
    return list(found)


WAYS: tuple[Callable[[str], str], ...] = (
    lambda text: text + "    ",
    lambda text: text.translate(FULL_WIDTH),
    lambda text: "'" + text,
    lambda text: "\u3000" + text + "\t",
    str,
)
DAMAGE: tuple[Callable[[str], str], ...] = (
    lambda text: text[:-2],
    lambda text: text[: len(text) // 2] + "?" + text[len(text) // 2 + 1 :],
    lambda text: f"资料缺{len(text)}{text[-2:]}",
)


def dirty(values: Sequence[str]) -> list[Any]:
    bad = len(values) * 3 // 10
    damaged = [DAMAGE[place % len(DAMAGE)](value) for place, value in enumerate(values[:bad])]
    good = [WAYS[place % len(WAYS)](value) for place, value in enumerate(values[bad:])]
    return [*damaged, *good, None, "", "无", "NULL", "  ", "暂无", "-"]


def observe_column(values: Sequence[Any]) -> dict[str, Evidence]:
    table = TableInput(table="t", columns=(ColumnInput(name="c"),))
    return {found.recognizer: found for found in observe(table, {"c": values}, as_of=AS_OF)["c"]}


def test_every_recognizer_has_a_column() -> None:
    assert {recognizer.id for recognizer in builtin()} == KINDS.keys() | CLEAN_ONLY


@pytest.mark.parametrize("recognizer", [r for r in builtin() if r.id in KINDS], ids=lambda recognizer: recognizer.id)
def test_a_dirty_column_is_found(recognizer: Any) -> None:
    found = observe_column(dirty(some(KINDS[recognizer.id], 40))).get(recognizer.id)
    assert found is not None
    assert found.element == recognizer.element
    assert found.hits >= 28
    assert recognizer.kind != "check_digit" or found.strength == 0.8


SPEAKING = {
    "case_number": lambda text: text[:-1],
    "document_number": lambda text: text[:-1],
    "email": lambda text: text[: text.index("@") + 1],
    "estate_cert": lambda text: text[:-1],
    "estate_unit": lambda text: text[:-1],
    "military_id": lambda text: text[:3] + text[-3:],
    "plate": lambda text: text[:2] + "I" + text[3:],
}


def test_every_self_describing_kind_has_its_damage() -> None:
    assert {recognizer.id for recognizer in builtin() if recognizer.kind == "self_describing"} == SPEAKING.keys()


@pytest.mark.parametrize("name", SPEAKING)
def test_a_damaged_self_describing_column_decides_alone(name: str) -> None:
    values = some(KINDS[name], 40)
    found = observe_column([*map(SPEAKING[name], values[:12]), *values[12:], None, "无"]).get(name)
    assert found is not None
    assert found.strength == 0.75
    assert found.hits >= 28


GLUED = sorted(CHECKED | SPEAKING.keys() | {"mobile", "passport"})


@pytest.mark.parametrize("name", SPEAKING)
def test_cut_and_unreadable_values_do_not_hide_a_self_describing_column(name: str) -> None:
    found = observe_column(dirty(some(KINDS[name], 40))).get(name)
    assert found is not None
    assert found.strength == 0.75


@pytest.mark.parametrize("name", GLUED)
@pytest.mark.parametrize("text", ["号码:{}", "{}(本人)", "张三 {}", "联系人张三{}"])
def test_han_text_glued_to_a_number_is_no_obstacle(name: str, text: str) -> None:
    found = observe_column([text.format(value) for value in some(KINDS[name], 20)]).get(name)
    assert found is not None
    assert found.hits == 20


# --- mixed columns -----------------------------------------------------------------------------------------------


def mixed(*parts: tuple[str, int]) -> list[str]:
    return [value for name, count in parts for value in some(KINDS[name], count)]


@pytest.mark.parametrize(
    ("parts", "kinds"),
    [
        ((("id_card", 25), ("uscc", 25)), {"id_card", "uscc"}),
        ((("id_card", 5), ("uscc", 5)), {"id_card", "uscc"}),
        ((("id_card", 35), ("uscc", 15)), {"id_card", "uscc"}),
        ((("id_card", 20), ("org_code", 20)), {"id_card", "org_code"}),
        ((("id_card", 12), ("uscc", 12), ("reg_no", 12)), {"id_card", "uscc", "reg_no"}),
        ((("id_card", 24), ("uscc", 23), ("mobile", 3)), {"id_card", "uscc"}),
    ],
)
def test_mixed_kinds_each_give_evidence(parts: tuple[tuple[str, int], ...], kinds: set[str]) -> None:
    found = observe_column(mixed(*parts))
    assert {name for name, evidence in found.items() if "mixed" in evidence.flags} == kinds
    # One number in eleven or so is valid for another kind as well and goes to the larger one.
    assert all(abs(found[name].hits - count) <= 2 for name, count in parts if name in kinds)
    assert {found[name].strength for name in kinds} == {0.8}
    assert sum(found[name].invalid for name in kinds) == sum(count for name, count in parts if name not in kinds)


@pytest.mark.parametrize(
    "parts",
    [
        (("id_card", 4), ("uscc", 4)),  # below 5 of each
        (("id_card", 20), ("mobile", 20)),  # a phone has no check digit
        (("id_card", 20), ("uscc", 16), ("mobile", 8)),  # too many of no kind
        (("uscc", 46), ("id_card", 4)),  # a few strays
        (("id_card", 50),),  # one kind, some of which chance to be another
    ],
)
def test_what_is_not_mixed(parts: tuple[tuple[str, int], ...]) -> None:
    found = observe_column(mixed(*parts))
    assert [name for name, evidence in found.items() if "mixed" in evidence.flags] == []


def test_shares_that_chance_may_give_are_not_enough() -> None:
    """Five cards and five random 18-digit numbers that happen to be credit codes would pass; with misses they don't."""
    values = [*mixed(("bank_card", 5), ("id_card", 5)), "1" * 17]
    assert not any("mixed" in evidence.flags for evidence in observe_column(values).values())
