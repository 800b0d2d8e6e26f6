"""往来港澳通行证."""

from __future__ import annotations

from classifiers.identifiers import exit_permit

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="exit_permit",
    element="person.permit_hk_mo",
    kind="plain",
    examine=exit_permit.examine,
    letters=(9,),
)
