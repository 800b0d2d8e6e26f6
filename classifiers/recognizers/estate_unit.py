"""不动产单元号."""

from __future__ import annotations

from classifiers.identifiers import estate_unit

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="estate_unit",
    element="estate.unit_no",
    kind="self_describing",
    examine=estate_unit.examine,
    letters=range(25, 32),
    symbols=True,
    lengths=(28, 28),
)
