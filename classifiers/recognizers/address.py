"""地址: a road or lane with a number, or a building with a room; a district alone is no address."""

from __future__ import annotations

import re

from classifiers.identifiers.common import OTHER, VALID, Check

from .base import Recognizer

_ADDRESS = re.compile(
    r"[\u3400-\u9fff].*(?:路|街|道|弄|巷|胡同|村|镇|乡|屯|小区|新村|公寓|花园|苑|大厦|广场|园区|组).*?"
    r"[0-9一二三四五六七八九十甲乙].*?(?:号|弄|室|栋|幢|楼|单元|组|座|层)"
)


def examine(text: str, today: int) -> Check:
    """Check one tidy value; ``today`` does not matter.

    >>> [examine(text, 0).result for text in ("上海市普陀区某某路1弄1号101室", "某某新村1号", "普陀区", "张三")]
    ['valid', 'valid', 'other', 'other']
    """
    return VALID if 5 <= len(text) <= 100 and _ADDRESS.match(text) else OTHER


RECOGNIZER = Recognizer(
    id="address",
    element="generic.address",
    kind="plain",
    examine=examine,
    han=True,
    lengths=(5, 100),
    tidy=True,
)
