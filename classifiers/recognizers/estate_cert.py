"""不动产权证号."""

from __future__ import annotations

from classifiers.identifiers import estate_cert

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="estate_cert",
    element="estate.cert_no",
    kind="self_describing",
    examine=estate_cert.examine,
    han=True,
    tidy=True,
    mark="产",
)
