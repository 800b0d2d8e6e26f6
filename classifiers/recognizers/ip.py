"""IP 地址: version numbers collide."""

from __future__ import annotations

from classifiers.identifiers import ip

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="ip",
    element="device.ip",
    kind="plain",
    examine=ip.examine,
    symbols=True,
    tidy=True,
)
