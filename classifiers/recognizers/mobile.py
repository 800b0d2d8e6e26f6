"""手机号码: serials of 11 digits collide, so the name must say it; masked ones speak for themselves."""

from __future__ import annotations

from classifiers.identifiers import mobile

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="mobile",
    element="person.mobile",
    kind="plain",
    examine=mobile.examine,
    digits=(11, 13),
)
