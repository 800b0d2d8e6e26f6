"""工商注册号 with 15 digits."""

from __future__ import annotations

from classifiers.identifiers import reg_no

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="reg_no",
    element="org.reg_no",
    kind="check_digit",
    examine=reg_no.examine,
    digits=(15,),
    chance=1 / 10,
)
