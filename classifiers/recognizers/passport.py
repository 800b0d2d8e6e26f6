"""护照号码."""

from __future__ import annotations

from classifiers.identifiers import passport

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="passport",
    element="person.passport",
    kind="plain",
    examine=passport.examine,
    digits=(9,),
    letters=(9,),
)
