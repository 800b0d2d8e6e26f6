"""台湾居民来往大陆通行证: any serial of 8 digits has that shape."""

from __future__ import annotations

from classifiers.identifiers import permit_tw

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="permit_tw",
    element="person.permit_tw",
    kind="plain",
    examine=permit_tw.examine,
    digits=(8, 10),
    strength=0.2,
)
