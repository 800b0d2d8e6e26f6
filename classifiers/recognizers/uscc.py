"""统一社会信用代码."""

from __future__ import annotations

from classifiers.identifiers import uscc

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="uscc",
    element="org.uscc",
    kind="check_digit",
    examine=uscc.examine,
    digits=(18,),
    letters=(18,),
    chance=1 / 31,
)
