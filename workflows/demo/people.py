"""Synthetic people, firms and places with numbers that pass their checks, and the dirt that real columns have.

Nobody real is meant: names are drawn from two lists, mobile numbers have the middle block ``0000``, landlines begin
with ``5000``, bank cards hold a run of zeros. One seed gives the same people for ever.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from classifiers.identifiers import org_code, uscc
from classifiers.identifiers.common import mod_11_2

TODAY = date(2026, 6, 30)
"""The demo's own present; no generated date is later."""

AREAS = ("310107", "310107", "310107", "310106", "310108", "320102", "330106", "340104")
STREETS = ("曹杨新村街道", "长风新村街道", "长寿路街道", "甘泉路街道", "石泉路街道", "宜川路街道", "长征镇", "桃浦镇")

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
_GIVEN = "安博晨丹恩帆芳国海涵建杰静可兰力丽林玲龙美敏明宁平琪青清蓉瑞若珊诗思涛婷伟文晓欣雪雅彦阳怡颖雨玉云泽知子"
_ROADS = ("示例路", "样本路", "测试路", "演示路", "模拟路", "虚构路", "例证路", "范本路")
_TRADES = ("科技", "贸易", "餐饮", "物流", "建筑", "文化传播", "医疗器械", "信息技术", "物业管理", "食品")
_BRANDS = ["示例", "样本", "虚构", "演示", "模拟", "例证", "范本", "拟定", "假想", "试用"]
_MOBILES = ("130", "131", "135", "136", "138", "139", "150", "152", "158", "159", "176", "177", "186", "188", "189")
_BANKS = (
    ("622848", "农业银行示例支行"),
    ("621700", "建设银行样本支行"),
    ("622202", "工商银行演示支行"),
    ("621661", "中国银行模拟支行"),
)
_WIDE = {ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)}


def luhn_check(body: str) -> str:
    """The last digit of a bank card number (GB/T 15694.1) after the others."""
    digits = [int(digit) for digit in reversed(body)]
    total = sum(digits[1::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[0::2])
    return str(-total % 10)


def make_uscc(serial: int, kind: str = "91", area: str = "310107") -> str:
    """A valid code; ``kind`` 11 = public body, 12 = public institution, 52 = civil non-enterprise unit, 91 = firm."""
    org = f"MA{serial:06d}" if kind == "91" else f"{serial:08d}"
    body = f"{kind}{area}{org}{org_code.check_character(org)}"
    return body + uscc.check_character(body)


@dataclass(frozen=True)
class Person:
    name: str
    male: bool
    birth: date
    id_card: str
    mobile: str
    registered: str
    """户籍地址."""
    home: str
    bank_card: str
    bank: str

    @property
    def sex(self) -> str:
        """GB/T 2261.1."""
        return "1" if self.male else "2"


class Maker:
    """Draws synthetic people and things; every method advances the one seeded stream."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one(self, choices: tuple[str, ...] | str) -> str:
        return self.random.choice(choices)

    def name(self) -> str:
        return self.one(_SURNAMES) + "".join(self.random.sample(_GIVEN, self.random.choice((1, 2, 2))))

    def day(self, first: date, last: date = TODAY) -> date:
        return first + timedelta(days=self.random.randint(0, (last - first).days))

    def id_card(self, birth: date, male: bool) -> str:
        order = self.random.randrange(0, 500) * 2 + male
        body = f"{self.one(AREAS)}{birth:%Y%m%d}{order:03d}"
        return body + mod_11_2(body)

    def mobile(self) -> str:
        return f"{self.one(_MOBILES)}0000{self.random.randrange(10_000):04d}"

    def landline(self) -> str:
        return f"021-5000{self.random.randrange(10_000):04d}"

    def address(self, flat: bool = True) -> str:
        place = f"上海市普陀区{self.one(_ROADS)}{self.random.randint(1, 1999)}"
        if not flat:
            return f"{place}号"
        lane, storey = self.random.randint(1, 60), self.random.randint(1, 18)
        return f"{place}弄{lane}号{storey}{self.random.randint(1, 8):02d}室"

    def bank_card(self) -> tuple[str, str]:
        """(card number, bank)."""
        prefix, bank = self.random.choice(_BANKS)
        body = f"{prefix}000000{self.random.randrange(1_000_000):06d}"
        return body + luhn_check(body), bank

    def firm(self) -> str:
        return f"上海{self.one(tuple(_BRANDS))}{self.one(_GIVEN)}{self.one(_GIVEN)}{self.one(_TRADES)}有限公司"

    def person(self, youngest: int = 18, oldest: int = 95) -> Person:
        """Ages in years at `TODAY`."""
        first = date(TODAY.year - oldest, 1, 1)
        birth = self.day(first, date(TODAY.year - youngest - 1, 12, 31))
        male = self.random.random() < 0.5
        card, bank = self.bank_card()
        return Person(
            name=self.name(),
            male=male,
            birth=birth,
            id_card=self.id_card(birth, male),
            mobile=self.mobile(),
            registered=self.address(),
            home=self.address(),
            bank_card=card,
            bank=bank,
        )

    def point(self) -> tuple[float, float]:
        """(longitude, latitude) in degrees, inside Putuo's bounding box."""
        return round(self.random.uniform(121.335, 121.455), 6), round(self.random.uniform(31.215, 31.315), 6)

    def dirty(self, value: str, share: float = 0.2) -> str | None:
        """The value, or with the given probability one of the ways in which typed values go wrong."""
        if self.random.random() >= share:
            return value
        ways: tuple[Callable[[str], str | None], ...] = (
            self._wrong_digit,
            self._wrong_digit,
            self._swapped,
            lambda text: text[:-1],
            lambda text: f"{text}  ",
            lambda text: text.translate(_WIDE),
            lambda _: "无",
            lambda _: "",
            lambda _: None,
        )
        return self.random.choice(ways)(value)

    def _wrong_digit(self, text: str) -> str:
        place = self.random.randrange(len(text) - 4, len(text) - 1)
        digit = (int(text[place]) + self.random.randint(1, 9)) % 10 if text[place].isdigit() else 0
        return f"{text[:place]}{digit}{text[place + 1 :]}"

    def _swapped(self, text: str) -> str:
        place = self.random.randrange(2, len(text) - 2)
        return f"{text[:place]}{text[place + 1]}{text[place]}{text[place + 2 :]}"
