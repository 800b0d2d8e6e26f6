"""Ciphertext in Base64 or long hexadecimal. Like `hashed`, it says nothing but that the values are encrypted."""

from __future__ import annotations

from classifiers.identifiers.common import OTHER, VALID, Check
from classifiers.identifiers.normal import is_ciphertext

from .base import ANY_LENGTH, Recognizer


def examine(text: str, today: int) -> Check:
    """Check one tidy value; ``today`` does not matter.

    >>> examine("3q2+7wAAQkJCQkJCQkJCQg==", 0).result, examine("d41d8cd98f00b204e9800998ecf8427e", 0).result
    ('valid', 'other')
    """
    return VALID if is_ciphertext(text) else OTHER


RECOGNIZER = Recognizer(
    id="encrypted",
    element="text.free",
    kind="plain",
    examine=examine,
    letters=range(22, 256),
    symbols=True,
    lengths=(22, ANY_LENGTH),
    tidy=True,
    strength=0.05,
    flags=("encrypted",),
)
