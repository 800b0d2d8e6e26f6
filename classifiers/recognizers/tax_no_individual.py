"""纳税人识别号 of an individual in business: the identity number stands in it, so it is as sensitive as that."""

from __future__ import annotations

from classifiers.identifiers import tax_no

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="tax_no_individual",
    element="person.id_number",
    kind="check_digit",
    examine=tax_no.examine_individual,
    digits=(20,),
    letters=(20,),
    chance=1 / 11,
)
