"""固定电话."""

from __future__ import annotations

from classifiers.identifiers import landline

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="landline",
    element="generic.landline",
    kind="plain",
    examine=landline.examine,
    digits=range(7, 18),
    han=True,
    lengths=(7, 30),
    tidy=True,
)
