"""外国人永久居留身份证号码 before 2023."""

from __future__ import annotations

from classifiers.identifiers import permanent_residence

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="permanent_residence_old",
    element="person.permanent_residence",
    kind="plain",
    examine=permanent_residence.examine_old,
    letters=(15,),
)
