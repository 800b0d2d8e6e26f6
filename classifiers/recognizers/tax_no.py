"""纳税人识别号 with 15 characters."""

from __future__ import annotations

from classifiers.identifiers import tax_no

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="tax_no",
    element="org.tax_no",
    kind="check_digit",
    examine=tax_no.examine,
    digits=(15,),
    letters=(15,),
    chance=1 / 11,
)
