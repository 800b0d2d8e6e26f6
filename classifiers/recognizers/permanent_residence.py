"""外国人永久居留身份证号码 since 2023."""

from __future__ import annotations

from classifiers.identifiers import permanent_residence

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="permanent_residence",
    element="person.permanent_residence",
    kind="check_digit",
    examine=permanent_residence.examine,
    digits=(18,),
    letters=(18,),
    chance=1 / 11,
)
