"""案号."""

from __future__ import annotations

from classifiers.identifiers import case_number

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="case_number",
    element="case.number",
    kind="self_describing",
    examine=case_number.examine,
    han=True,
    tidy=True,
    mark="(",
)
