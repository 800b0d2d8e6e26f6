"""机动车号牌, also with a word or two before or after it (车牌号沪A00001, 沪A00001小型车)."""

from __future__ import annotations

import re

from classifiers.identifiers import plate
from classifiers.identifiers.common import OTHER, Check

from .base import Recognizer

_LABEL = re.compile(rf"[^0-9A-Za-z]{{1,8}}?(?=[{plate.PROVINCES}][A-Za-z])")
_NOTE = re.compile(r"(?<=[0-9A-Z挂学警港澳])[\u3400-\u9fff]{1,8}$")


def examine(number: str, today: int) -> Check:
    """Check one compact value; ``today`` does not matter.

    >>> examine("沪A00001小型车", 0).result, examine("车牌号:沪A00001", 0).result, examine("某某路1号", 0).result
    ('valid', 'valid', 'other')
    """
    if number[:1] not in plate.PROVINCES and number.lower() == number:
        # Without a letter nothing can be a label before a plate.
        return OTHER
    label = _LABEL.match(number)
    number = number[label.end() :] if label else number
    answer = plate.examine(number)
    if answer is not OTHER or number[:1] not in plate.PROVINCES:
        return answer
    return plate.examine(_NOTE.sub("", number))


RECOGNIZER = Recognizer(
    id="plate",
    element="vehicle.plate",
    kind="self_describing",
    examine=examine,
    han=True,
    lengths=(7, 24),
)
