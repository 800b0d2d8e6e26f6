"""IMEI of a mobile device."""

from __future__ import annotations

from classifiers.identifiers import imei

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="imei",
    element="device.imei",
    kind="check_digit",
    examine=imei.examine,
    digits=(15,),
    chance=1 / 10,
)
