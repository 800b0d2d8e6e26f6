"""车辆识别代号."""

from __future__ import annotations

from classifiers.identifiers import vin

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="vin",
    element="vehicle.vin",
    kind="check_digit",
    examine=vin.examine,
    digits=(17,),
    letters=(17,),
    chance=1 / 11,
)
