"""Elements that follow from labels, types and signatures: worked out when an entry is shown, and no part of versions.

A version keeps what they follow from, so that one of any day shows them, too, and that a rule that is new in the
program changes no entry in force.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflows.catalogue import condition, share_method
from workflows.entries.states import REVIEWS, EntryState
from workflows.entry import Entry, EntryItem
from workflows.people import who_line

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.entries.words import Wording
    from workflows.outputs.words import Lexicon

JUDGED = ("unconditional", "conditional", "none")
NUMBERS = ("数值型N", "整型I", "货币型Y", "浮点型F", "双精度型B")
_PRECISION = re.compile(r"\((\d+)\s*(?:,\s*(\d+))?\)")


def derived(entry: Entry, state: EntryState, pack: Pack | Wording) -> dict[str, str]:
    """Of the resource: 保密审查 and 安全审查 of its version (Art. 31), and the set of rules that judged it."""
    digests = {one.digest for one in (state.under_way or state.in_force,) if one is not None}
    signed = {name: state.signed.get(name) for name in REVIEWS}
    reviews = {
        f"{name}_review": f"已审查（{who_line(one.who, one.name)}，{one.at[:10]}）"
        + (f"：{one.why}" if one.why else "")
        for name, one in signed.items()
        if one is not None and one.digest in digests
    }
    return {**reviews, "basis_set": pack.ident}


def derived_item(entry: Entry, item: EntryItem, pack: Lexicon) -> Mapping[str, str]:
    """Of an item: condition and means of sharing, condition of opening, precision of numbers, its system."""
    share, opened = ((item.label(axis) if item.value(axis) in JUDGED else None) for axis in ("share", "open"))
    return {
        "share_condition": condition(share, pack),
        "share_method": share_method(entry.kind, share, entry.format) if share else "",
        "open_condition": condition(opened, pack),
        "precision": precision(item),
        "system": entry.system_name,
    }


def precision(item: EntryItem) -> str:
    """Digits and decimals of a number, as its own type says them.

    >>> precision(EntryItem(1, "mj", "面积", "数值型N", "decimal(10,2)"))
    '10,2'
    """
    found = _PRECISION.search(item.native_type) if item.data_type in NUMBERS else None
    return ",".join(filter(None, found.groups())) if found else ""
