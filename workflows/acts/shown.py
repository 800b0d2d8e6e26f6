"""What an act changed, in one line for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from workflows.acts.model import Act
from workflows.acts.text import cut

LONGEST = 40
"""Characters of a value; JSON has it whole."""
SHORT = 12
"""Digits of a digest that people see."""


def what(act: Act) -> str:
    """Place, and what it was and is; empty where the act says nothing of the kind.

    >>> what(Act(1, "", "li", "decision", "d/s/t", 1, "decide", before='{"value":"L2"}',
    ...     after='{"column":"sfzh","dimension":"tier","value":"L3"}'))
    'sfzh tier L2 → L3'
    >>> what(Act(1, "", "li", "entry", "d/s/t", 1, "fill", after='[{"element":"title","value":"低保","item":null}]'))
    'title=低保'
    """
    before, after = _decoded(act.before), _decoded(act.after)
    if isinstance(after, list):  # of `workflows.entries.values`
        return "; ".join(_filled(one) for one in after)
    if "dimension" in after:
        old = f"{_value(before['value'])} → " if "value" in before else ""
        return " ".join(filter(None, (after.get("column"), after["dimension"], old + _value(after.get("value")))))
    if "text" in after and act.kind == "entry":
        return f"{after.get('column') or 'abstract'}={cut(after['text'], LONGEST)}"
    stage, version = before.get("stage", ""), str(after.get("version", ""))[:SHORT]
    return " ".join(filter(None, (f"was {stage};" if stage and version else stage and f"was {stage}", version)))


def _filled(one: Mapping[str, Any]) -> str:
    place = f"{one['item']}." if one.get("item") else ""
    return f"{place}{one['element']}={cut(one['value'], LONGEST)}"


def _value(value: str | None) -> str:
    """A value without which a proposal is refused, or a label taken off."""
    return value or "none of it"


def _decoded(text: str) -> Any:
    """Nothing for what is no JSON any more: `pdc audit verify` tells it."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {}
