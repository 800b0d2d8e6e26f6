"""Identity numbers that a numeric column or a spreadsheet spoiled: 3.10107E+17. The last digits are lost for ever.

That is a finding and no proof: many values may have become one.
"""

from __future__ import annotations

import re

from classifiers.identifiers.common import OTHER, PROVINCES, VALID, Check, is_date

from .base import Recognizer

_FLOAT = re.compile(r"([1-9])(?:\.([0-9]+))?[Ee]\+?17")
_UP_TO_BIRTH_DATE = 14


def examine(text: str, today: int) -> Check:
    """Check one tidy value: the province, and the date of birth when enough digits are left.

    >>> [examine(text, 20261123).result for text in ("3.10107E+17", "3.1010719000101e+17", "9.9E+17", "310107")]
    ['valid', 'valid', 'other', 'other']
    """
    number = _FLOAT.fullmatch(text)
    if number is None:
        return OTHER
    digits = number[1] + (number[2] or "")
    if digits[:2] not in PROVINCES:
        return OTHER
    return VALID if len(digits) < _UP_TO_BIRTH_DATE or is_date(digits[6:14], today) else OTHER


RECOGNIZER = Recognizer(
    id="numeric_identifier",
    element="person.id_card",
    kind="plain",
    examine=examine,
    symbols=True,
    tidy=True,
    mark=".",
    min_distinct=1,
    strength=0.1,
    flags=("numeric_identifier",),
)
