"""公民身份号码 with 15 digits: no check digit, so the name must say it."""

from __future__ import annotations

from classifiers.identifiers import id_card

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="id_card_15",
    element="person.id_card",
    kind="plain",
    examine=id_card.examine_15,
    digits=(15,),
)
