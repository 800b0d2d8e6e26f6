"""IP 地址: version numbers collide."""

from __future__ import annotations

from classifiers.identifiers import ip
from classifiers.identifiers.common import OTHER, Check

from .base import Recognizer


def examine(text: str, today: int) -> Check:
    """Check one tidy value; ``today`` does not matter.

    >>> [examine(text, 0).result for text in ("192.0.2.1", "2001:db8::1", "192.0.2.300", "08:30:00", "1.50")]
    ['valid', 'valid', 'invalid', 'other', 'other']
    """
    # Amounts and times have dots and colons too, but fewer: most columns need no pattern.
    if text.count(".") < 3 and "::" not in text and text.count(":") < 7:
        return OTHER
    return ip.examine(text, today)


RECOGNIZER = Recognizer(
    id="ip",
    element="device.ip",
    kind="plain",
    examine=examine,
    symbols=True,
    tidy=True,
)
