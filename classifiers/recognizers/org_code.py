"""组织机构代码."""

from __future__ import annotations

from classifiers.identifiers import org_code

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="org_code",
    element="org.code",
    kind="check_digit",
    examine=org_code.examine,
    digits=(9,),
    letters=(9,),
    chance=1 / 11,
)
