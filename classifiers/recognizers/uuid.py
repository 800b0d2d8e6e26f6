"""UUIDs, with or without hyphens: row ids of software."""

from __future__ import annotations

from classifiers.identifiers.common import OTHER, VALID, Check
from classifiers.identifiers.normal import is_uuid

from .base import Recognizer


def examine(number: str, today: int) -> Check:
    """Check one compact value; ``today`` does not matter.

    >>> examine("550E8400E29B41D4A716446655440000", 0).result
    'valid'
    """
    return VALID if is_uuid(number) else OTHER


RECOGNIZER = Recognizer(
    id="uuid",
    element="system.id",
    kind="plain",
    examine=examine,
    letters=(32,),
)
