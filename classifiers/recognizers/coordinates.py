"""经纬度 in degrees."""

from __future__ import annotations

from classifiers.identifiers import coordinates

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="coordinates",
    element="generic.location",
    kind="plain",
    examine=coordinates.examine,
    symbols=True,
    tidy=True,
    mark=".",
)
