"""处罚、许可文号."""

from __future__ import annotations

from classifiers.identifiers import document_number

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="document_number",
    element="act.document_no",
    kind="self_describing",
    examine=document_number.examine,
    han=True,
    tidy=True,
    mark="〔[(【",
)
