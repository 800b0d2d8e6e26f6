"""军官证、士兵证号."""

from __future__ import annotations

from classifiers.identifiers import military_id

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="military_id",
    element="person.military_id",
    kind="self_describing",
    examine=military_id.examine,
    han=True,
    lengths=(7, 24),
    mark="军兵士文武海空",
)
