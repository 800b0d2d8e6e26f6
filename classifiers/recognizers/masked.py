"""Values with asterisks or other marks in place of what was hidden, whatever they were: a flag, no element.

Identity numbers, credit codes, phones, cards and addresses of mail that still show what they were are counted by their
own recognizers; the name says what the rest is.
"""

from __future__ import annotations

import re

from classifiers.identifiers.common import OTHER, VALID, Check

from .base import Recognizer

_MASKED = re.compile(r"[^*\n]{0,60}\*{2,}[^\n]{0,60}")


def examine(text: str, today: int) -> Check:
    """Check one tidy value; ``today`` does not matter.

    >>> [examine(text, 0).result for text in ("021-5000****", "某某路1弄**号***室", "******", "2*3", "张三")]
    ['valid', 'valid', 'valid', 'other', 'other']
    """
    return VALID if _MASKED.fullmatch(text) else OTHER


RECOGNIZER = Recognizer(
    id="masked",
    element="text.free",
    kind="plain",
    examine=examine,
    symbols=True,
    han=True,
    tidy=True,
    mark="*",
    min_distinct=1,
    strength=0.05,
    flags=("masked",),
)
