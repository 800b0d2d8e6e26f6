"""Addresses of pages and files."""

from __future__ import annotations

import re

from classifiers.identifiers.common import OTHER, VALID, Check

from .base import Recognizer

_URL = re.compile(r"(?:https?|ftp|file|oss|s3)://[^\s]+|www\.[^\s]+\.[a-z]{2,}[^\s]*", re.IGNORECASE)


def examine(text: str, today: int) -> Check:
    """Check one tidy value; ``today`` does not matter.

    >>> examine("https://example.com/a.pdf", 0).result, examine("example", 0).result
    ('valid', 'other')
    """
    return VALID if _URL.fullmatch(text) else OTHER


RECOGNIZER = Recognizer(
    id="url",
    element="object.url",
    kind="plain",
    examine=examine,
    symbols=True,
    han=True,
    tidy=True,
    mark="/wW",
)
