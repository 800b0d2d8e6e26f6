"""A pack's own thresholds for values, on top of the engine's: they can only be stricter.

Evidence is stored with its counts, so another threshold judges anew what was harvested, without asking a department.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from classifiers.evidence import Evidence
from classifiers.pack_file import Parameters

SUPPORTS = 0.4
"""Strength of values that do not decide any more: below 0.5, as of a plain shape."""


def weighed(values: Mapping[str, tuple[Evidence, ...]], wanted: Parameters) -> Mapping[str, tuple[Evidence, ...]]:
    """Value evidence by column; what misses the pack's thresholds only supports a name or a comment."""
    if not (wanted.least_value_ratio or wanted.least_distinct_values):
        return values
    return {name: tuple(_weighed(item, wanted) for item in found) for name, found in values.items()}


def _weighed(item: Evidence, wanted: Parameters) -> Evidence:
    enough = item.distinct >= wanted.least_distinct_values and item.hits >= wanted.least_value_ratio * item.distinct
    if enough or item.strength <= SUPPORTS:
        return item
    return msgspec.structs.replace(item, strength=SUPPORTS)
