"""Descriptions that people wrote in OpenMetadata: acts on entries, of whoever wrote them, brought in by the program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from workflows.acts.acting import Acting, Draft
from workflows.acts.model import Act

if TYPE_CHECKING:
    from workflows.acts.trail import Trail

DESCRIBE = "describe"


class Description(msgspec.Struct, frozen=True, omit_defaults=True):
    """A description that a person wrote; ``column`` None = the asset's."""

    asset: str
    text: str
    who: str
    """Name."""
    at: str
    """When it was written, ISO 8601; its act says when it was brought in."""
    column: str | None = None


def describe(acting: Acting, found: Sequence[Description], ids: Callable[[str], str]) -> None:
    """Append descriptions, one act each. ``ids``: name → the person's id in ``people:``."""
    acting.add_all("entry", (_draft(one, ids(one.who)) for one in found))


def _draft(one: Description, who: str) -> Draft:
    after = {"column": one.column, "text": one.text, "at": one.at}
    return Draft(one.asset, DESCRIBE, after=after, who=who, name=one.who)


def description_of(act: Act) -> Description:
    """What an act of `describe` says."""
    told = msgspec.json.decode(act.after)
    return Description(act.subject, told["text"], act.name, told["at"], told["column"])


def descriptions(trail: Trail, assets: Iterable[str] | None = None) -> dict[tuple[str, str | None], Description]:
    """(asset key, column or None) → the latest description; None = of all assets."""
    wanted = [None] if assets is None else assets
    acts = (act for asset in wanted for act in trail.acts("entry", asset, verb=DESCRIBE))
    return {(one.asset, one.column): one for one in map(description_of, acts)}
