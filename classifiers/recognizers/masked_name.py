"""Masked Han names: a surname and asterisks, or the last character only."""

from __future__ import annotations

import re

from classifiers.identifiers.common import OTHER, VALID, Check

from .base import Recognizer

_MASKED = re.compile(r"[\u3400-\u9fff]{1,2}[*某○×#•●■□Xx]{1,3}[\u3400-\u9fff]?|[*○×#•●■□]{1,3}[\u3400-\u9fff]{1,2}")


def examine(text: str, today: int) -> Check:
    """Check one tidy value; ``today`` does not matter.

    >>> [examine(text, 0).result for text in ("张*", "张某某", "*三", "张*三", "张×", "李XX", "张三")]
    ['valid', 'valid', 'valid', 'valid', 'valid', 'valid', 'other']
    """
    return VALID if _MASKED.fullmatch(text) else OTHER


RECOGNIZER = Recognizer(
    id="masked_name",
    element="person.name",
    kind="plain",
    examine=examine,
    han=True,
    lengths=(2, 6),
    tidy=True,
    flags=("masked",),
)
