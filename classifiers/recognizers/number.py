"""Decimal numbers: amounts, areas, measurements. Whole numbers could be codes and are not taken."""

from __future__ import annotations

import re

from classifiers.identifiers.common import OTHER, VALID, Check

from .base import Recognizer

_DECIMAL = re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[-+]?[0-9]{1,14}\.[0-9]{1,12}")


def examine(text: str, today: int) -> Check:
    """Check one tidy value; ``today`` does not matter.

    >>> [examine(text, 0).result for text in ("12.50", "-3.1", "1,234,567.00", "12", "1.2.3")]
    ['valid', 'valid', 'valid', 'other', 'other']
    """
    return VALID if _DECIMAL.fullmatch(text) else OTHER


RECOGNIZER = Recognizer(
    id="number",
    element="measure.value",
    kind="plain",
    examine=examine,
    symbols=True,
    tidy=True,
    mark=".",
    strength=0.2,
)
