"""邮政编码: any code of 6 digits has that shape."""

from __future__ import annotations

from classifiers.identifiers import postcode

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="postcode",
    element="place.postcode",
    kind="plain",
    examine=postcode.examine,
    digits=(6,),
    strength=0.3,
)
