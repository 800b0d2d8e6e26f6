"""港澳居民来往内地通行证."""

from __future__ import annotations

from classifiers.identifiers import permit_hk_mo

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="permit_hk_mo",
    element="person.permit_hk_mo",
    kind="plain",
    examine=permit_hk_mo.examine,
    letters=(9, 11),
)
