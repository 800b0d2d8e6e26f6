"""400/800 电话 of an organisation."""

from __future__ import annotations

from classifiers.identifiers import service_phone

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="service_phone",
    element="org.phone",
    kind="plain",
    examine=service_phone.examine,
    digits=(10,),
)
