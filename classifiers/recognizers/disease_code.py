"""疾病编码."""

from __future__ import annotations

from classifiers.identifiers import disease_code

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="disease_code",
    element="health.disease_code",
    kind="plain",
    examine=disease_code.examine,
    symbols=True,
    tidy=True,
    mark=".",
)
