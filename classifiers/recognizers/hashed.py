"""Hashes: MD5, SHA-1, SM3, SHA-256, SHA-512 in hexadecimal. They say that a value was hashed, never which.

The element is ``text.free`` with next to no strength: the flag is what counts, the name says what was hashed.
"""

from __future__ import annotations

from classifiers.identifiers.common import OTHER, VALID, Check
from classifiers.identifiers.normal import is_hash

from .base import Recognizer


def examine(number: str, today: int) -> Check:
    """Check one compact value; ``today`` does not matter.

    >>> examine("D41D8CD98F00B204E9800998ECF8427E", 0).result, examine("550E8400E29B41D4A716446655440000", 0).result
    ('valid', 'other')
    """
    return VALID if is_hash(number) else OTHER


RECOGNIZER = Recognizer(
    id="hashed",
    element="text.free",
    kind="plain",
    examine=examine,
    letters=(32, 40, 64, 128),
    strength=0.05,
    flags=("hashed",),
)
