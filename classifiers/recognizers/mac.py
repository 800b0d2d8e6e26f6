"""MAC 地址."""

from __future__ import annotations

from classifiers.identifiers import mac

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="mac",
    element="device.ip",
    kind="plain",
    examine=mac.examine,
    symbols=True,
    lengths=(14, 17),
    digits=(12,),
    letters=(12,),
    tidy=True,
)
