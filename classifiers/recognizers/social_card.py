"""社会保障卡卡号."""

from __future__ import annotations

from classifiers.identifiers import social_card

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="social_card",
    element="person.social_security_no",
    kind="plain",
    examine=social_card.examine,
    letters=(9,),
    strength=0.3,
)
