"""机动车号牌, also with a word or two before it (车牌号沪A00001)."""

from __future__ import annotations

import re

from classifiers.identifiers import plate
from classifiers.identifiers.common import Check

from .base import Recognizer

_LABEL = re.compile(rf"[^0-9A-Za-z]{{1,8}}?(?=[{plate.PROVINCES}][A-Za-z])")


def examine(number: str, today: int) -> Check:
    """Check one compact value; ``today`` does not matter.

    >>> examine("沪A00001", 0).result, examine("车牌号:沪A00001", 0).result, examine("某某路1号", 0).result
    ('valid', 'valid', 'other')
    """
    label = _LABEL.match(number)
    return plate.examine(number[label.end() :] if label else number)


RECOGNIZER = Recognizer(
    id="plate",
    element="vehicle.plate",
    kind="self_describing",
    examine=examine,
    han=True,
)
