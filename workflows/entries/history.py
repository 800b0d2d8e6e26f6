"""The versions of an entry: what was handed in, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from workflows.acts.model import Act
from workflows.acts.shown import SHORT
from workflows.errors import InputError

Standing = Literal["under review", "returned", "replaced", "in force", "withdrawn"]
LONGEST_NUMBER = 5
LEAST = 4
_MARKS = {
    **{"submit": "submitted", "return": "returned", "approve": "approved", "sign-secrecy": "secrecy"},
    **{"sign-security": "security", "approve-refusal": "refusal", "publish": "published", "withdraw": "withdrawn"},
}


class Did(msgspec.Struct, frozen=True):
    """Who did something, when and why."""

    who: str
    at: str
    why: str = ""
    name: str = ""
    """What ``who`` was called then."""


class Version(msgspec.Struct, frozen=True, omit_defaults=True):
    """One submission. Handed in twice the same it is two versions with one digest."""

    digest: str
    standing: Standing
    number: int = 0
    """第N版 of lists, from 1; 0 = it was never published."""
    submitted: Did | None = None
    returned: Did | None = None
    approved: Did | None = None
    secrecy: Did | None = None
    security: Did | None = None
    refusal: Did | None = None
    published: Did | None = None
    withdrawn: Did | None = None


def versions(acts: Iterable[Act]) -> list[Version]:
    """Every version of one entry, oldest first."""
    found: list[Version] = []
    force: int | None = None
    published = 0
    for act in acts:
        if act.verb == "submit":
            # One that is handed in while another is under review takes its place.
            found = [_over(one) if one.standing == "under review" else one for one in found]
            found.append(Version(act.named("version"), "under review"))
        if act.verb not in _MARKS or not found:
            continue
        if act.verb == "publish":
            if force is not None:
                found[force] = _over(found[force])
            force, published = len(found) - 1, published + 1
        places = [len(found) - 1]
        if act.verb == "withdraw":
            under_way = [len(found) - 1] if found[-1].standing == "under review" else []
            places, force = ([] if force is None else [force]) + under_way, None
        for place in places:
            found[place] = _marked(found[place], act, published)
    return found


def _over(version: Version) -> Version:
    return msgspec.structs.replace(version, standing="replaced")


def _marked(version: Version, act: Act, published: int) -> Version:
    changed: dict[str, Any] = {_MARKS[act.verb]: Did(act.who, act.at, act.why, act.name)}
    if act.verb == "publish":
        changed |= {"standing": "in force", "number": published}
    elif act.verb in ("return", "withdraw"):
        changed["standing"] = "returned" if act.verb == "return" else "withdrawn"
    return msgspec.structs.replace(version, **changed)


def chosen(found: Iterable[Version], name: str) -> Version:
    """The version of a number (第N版) or of the first digits of a digest. Raises `InputError`."""
    known = list(found)
    if name.isascii() and name.isdigit() and len(name) <= LONGEST_NUMBER:
        by_number = [one for one in known if one.number == int(name) and one.number]
        if by_number:
            return by_number[0]
    elif len(name) >= LEAST:
        by_digest = [one for one in known if one.digest.startswith(name.casefold())]
        if by_digest:
            return by_digest[-1]
    told = ", ".join(str(one.number) if one.number else one.digest[:SHORT] for one in known) or "none"
    raise InputError(f"no version {name!r}; there are: {told} (pdc entry versions shows them)")
