"""行政区划代码."""

from __future__ import annotations

from classifiers.identifiers import division

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="division",
    element="place.division",
    kind="plain",
    examine=division.examine,
    digits=(6, 9, 12),
)
