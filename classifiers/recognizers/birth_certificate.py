"""出生医学证明编号."""

from __future__ import annotations

from classifiers.identifiers import birth_certificate

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="birth_certificate",
    element="person.birth_cert_no",
    kind="plain",
    examine=birth_certificate.examine,
    letters=(10,),
)
