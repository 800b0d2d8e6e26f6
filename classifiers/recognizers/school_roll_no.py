"""全国学籍号."""

from __future__ import annotations

from classifiers.identifiers import school_roll_no

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="school_roll_no",
    element="person.school_roll_no",
    kind="check_digit",
    examine=school_roll_no.examine,
    letters=(19,),
    chance=1 / 11,
)
