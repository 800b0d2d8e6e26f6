"""电子邮箱."""

from __future__ import annotations

from classifiers.identifiers import email

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="email",
    element="generic.email",
    kind="self_describing",
    examine=email.examine,
    symbols=True,
    han=True,
    tidy=True,
    mark="@",
)
