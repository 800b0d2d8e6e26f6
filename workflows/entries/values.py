"""What people filled in: acts of the verb ``fill``, the last of each element counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from workflows.acts.acting import Acting
from workflows.acts.described import DESCRIBE, description_of
from workflows.acts.model import Act
from workflows.acts.rights import Rights, require
from workflows.acts.trail import Trail
from workflows.entries.elements import Level, check_value
from workflows.entry import Entry, Given
from workflows.errors import InputError

Values = Mapping[str | None, Mapping[str, Given]]
"""Item (column name; None = the asset itself) → element → what a person wrote."""


class Fill(msgspec.Struct, frozen=True):
    """One value on its way in; an empty value takes back what a person wrote."""

    element: str
    value: str
    item: str | None = None


def people_values(trail: Trail, until: str | None = None) -> dict[str, dict[str | None, dict[str, Given]]]:
    """Asset key → `Values` of the whole site."""
    found: dict[str, dict[str | None, dict[str, Given]]] = {}
    for act in trail.acts("entry", until=until, verb="fill"):
        _apply(found.setdefault(act.subject, {}), act)
    return found


def values_in(acts: Iterable[Act]) -> dict[str | None, dict[str, Given]]:
    """The values that one asset's acts come to."""
    found: dict[str | None, dict[str, Given]] = {}
    for act in acts:
        if act.verb == "fill":
            _apply(found, act)
    return found


def _apply(found: dict[str | None, dict[str, Given]], act: Act) -> None:
    for raw in msgspec.json.decode(act.after, type=list[Fill]):
        own = found.setdefault(raw.item, {})
        if raw.value:
            own[raw.element] = Given(raw.value, act.who, act.at, act.name)
        else:
            own.pop(raw.element, None)


def _described(acts: Iterable[Act]) -> dict[tuple[str | None, str], Given]:
    """The latest descriptions that OpenMetadata brought, by item and element: they may be newer than what was filled
    in (`workflows.catalogue.known`).
    """
    found = (description_of(act) for act in acts if act.verb == DESCRIBE)
    given = ((one.column, Given(one.text, one.who, one.at)) for one in found)
    return {(column, "abstract" if column is None else "description"): one for column, one in given}


def fill(
    acting: Acting,
    asset: str,
    fills: Iterable[Fill],
    *,
    rights: Rights,
    items: Iterable[str],
    of: Entry | None = None,
    why: str = "",
    expected: int | None = None,
) -> Act | None:
    """Write values of one asset as one act; None when they say what stands there already.

    ``items``: the asset's column names; ``of``: the entry as it is now, see `check_value`. Raises `InputError` for a
    value that its element does not take and for an element given twice, `NotAllowed`, `Conflict`.
    """
    require(acting.actor, "entry.fill", asset.split("/", 1)[0], rights)
    known = set(items)
    acts = acting.acts("entry", asset)
    standing, described = values_in(acts), _described(acts)
    news, olds = [], []
    seen: set[tuple[str | None, str]] = set()
    for one in fills:
        if (one.item, one.element) in seen:
            raise InputError(f"{asset}: {f'{one.item} ' if one.item else ''}{one.element} is given twice")
        seen.add((one.item, one.element))
        level: Level = "item" if one.item is not None else "asset"
        value = check_value(level, one.element, one.value, of)
        if one.item is not None and one.item not in known:
            raise InputError(f"{asset} has no item {one.item!r}")
        before = standing.get(one.item, {}).get(one.element)
        other = described.get((one.item, one.element))
        newer = other if other and before and other.at > before.at else None
        if (before.value if before else "") != value or (newer and value and newer.value != value):
            news.append(msgspec.structs.replace(one, value=value))
            olds.append(Fill(one.element, before.value if before else "", one.item))
    if not news:
        return None
    after: Any = [msgspec.to_builtins(one) for one in news]
    before_: Any = [msgspec.to_builtins(one) for one in olds]
    return acting.add("entry", asset, "fill", why=why, before=before_, after=after, expected=expected)
