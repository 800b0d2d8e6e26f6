"""公民身份号码 with 18 characters: one random string in eleven passes, before date and area."""

from __future__ import annotations

from classifiers.identifiers import id_card

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="id_card",
    element="person.id_card",
    kind="check_digit",
    examine=id_card.examine,
    digits=(18,),
    letters=(18,),
    chance=1 / 11,
)
