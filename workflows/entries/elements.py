"""The elements of a catalogue entry: which there are, who may fill them, and how complete an entry is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

import msgspec
import yaml

from workflows.acts.text import one_line_text
from workflows.clock import CHINA, now
from workflows.entries.classes import class_of
from workflows.entry import Entry, EntryItem, Given
from workflows.errors import InputError

Level = Literal["asset", "item"]
By = Literal["person", "config", "rule", "nobody"]
NOT_FILLED = "未填报"
CONFIGURED = frozenset(("provider", "provider_code", "section", "contact", "origin", "system"))
"""Elements that departments/*.yaml says of a department or system by keys of its own."""
LABELLED = ("share", "open", "tier")
"""Elements of the resource and of each item that labels say."""
CODE = r"[1-3][0-9]{5}[0-9A-Za-z]*/[0-9]+"
CODES = re.compile(rf"{CODE}(?:[、,，;； ]+{CODE})*")
LONGEST = 2_000
"""Characters of a value that a person fills in."""


class Element(msgspec.Struct, frozen=True, rename={"filled_from": "from"}):
    """One element; see ``elements.yaml``."""

    title: str
    source: str
    obligation: Literal["M", "C", "O"]
    filled_from: Literal["rule", "config", "person"]
    number: str = ""
    when: Literal["", "conditional_open"] = ""
    values: tuple[str, ...] = ()
    form: Literal["", "time", "codes", "class"] = ""
    kept: Literal["always", "given", "never"] = "always"
    fixed: bool = False
    """Only the source, the labels or the configuration say it: nobody writes over it."""


class Filled(msgspec.Struct, frozen=True):
    """What an element of an entry says, and who said so."""

    value: str
    by: By
    who: str = ""
    at: str = ""
    name: str = ""
    """What ``who`` was called then."""


class Completeness(msgspec.Struct, frozen=True):
    """Mandatory elements that are filled, of all that are mandatory for this entry."""

    filled: int
    mandatory: int
    missing: tuple[str, ...]
    """Keys; an item's is ``column.key``."""

    @property
    def score(self) -> float:
        """0–1."""
        return self.filled / self.mandatory if self.mandatory else 1.0


@cache
def elements(level: Level) -> Mapping[str, Element]:
    """Key → element, in their order."""
    text = (files(__package__) / "elements.yaml").read_text("utf-8")
    found = msgspec.convert(yaml.safe_load(text)[level], dict[str, Element])
    return found


def check_value(level: Level, key: str, value: str, of: Entry | None = None) -> str:
    """The value without spaces around it. Raises `InputError`: no such element, not a person's to fill, not allowed.

    ``of``: the entry that it is for, as it is now; what contradicts its code is not allowed.
    """
    known = elements(level)
    writable = [name for name, element in known.items() if not element.fixed]
    if key not in writable:
        raise InputError(f"no element {key!r} that a person fills; {level} elements: {', '.join(writable)}")
    element, titled = known[key], f"{key} ({known[key].title})"
    value = one_line_text(titled, value.strip())
    if value and element.values and value not in element.values:
        raise InputError(f"{titled} is one of {'、'.join(element.values)}, not {value!r}")
    told = _FORMS[element.form](value, of) if value and element.form else ""
    if told:
        raise InputError(f"{titled} {told}, not {value!r}")
    if len(value) > LONGEST:
        raise InputError(f"{titled} has {len(value)} characters; at most {LONGEST}")
    return value


def _no_time(value: str, _: Entry | None) -> str:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return "is a day or time such as 2026-03-02 or 2026-03-02 08:30"
    at = found if found.tzinfo else found.replace(tzinfo=CHINA)
    return "is a time that has passed" if at > now() else ""


def _no_codes(value: str, of: Entry | None) -> str:
    if not CODES.fullmatch(value):
        return "is codes such as 300001/000001 with 、 between them"
    own = of is not None and of.code in re.findall(CODE, value)
    return "is codes of other resources than this one" if own else ""


def _no_category(value: str, of: Entry | None) -> str:
    """What is compiled always begins with the 类 of the code."""
    if of is None or class_of(value) == class_of(of.category):
        return ""
    return f"begins with {class_of(of.category)}, as its code {of.code} says, and goes on after /"


_FORMS: Mapping[str, Callable[[str, Entry | None], str]] = {
    "time": _no_time,
    "codes": _no_codes,
    "class": _no_category,
}
"""What a value of a form should be; empty when it is."""


def filled(
    entry: Entry,
    derived: Mapping[str, str] = MappingProxyType({}),
    ruled: Mapping[str, Given] = MappingProxyType({}),
    declared: Collection[str] = (),
) -> dict[str, Filled]:
    """Every element of the asset with its value and who gave it, in the order of ``elements.yaml``.

    ``derived``: what `workflows.entries.derived` says of elements that nobody filled. ``ruled``: labels that people
    ruled. ``declared``: elements that departments/*.yaml says by keys of its own, for this entry.
    """
    found = {key: _filled(entry, key, derived) for key in elements("asset")}
    by_config = {key: Filled(found[key].value, "config") for key in declared if found[key].by == "rule"}
    people = {
        key: Filled(found[key].value, "person", one.who, one.at, one.name) for key, one in ruled.items() if key in found
    }
    return {**found, **by_config, **people}


def filled_item(item: EntryItem, derived: Mapping[str, str] = MappingProxyType({})) -> dict[str, Filled]:
    return {key: _filled(item, key, derived) for key in elements("item")}


def _filled(owner: Entry | EntryItem, key: str, derived: Mapping[str, str]) -> Filled:
    value = value_of(owner, key) or derived.get(key, "")
    given = owner.given.get(key)
    if given is not None:
        return Filled(value, "person", given.who, given.at, given.name)
    if not value or value == NOT_FILLED:
        return Filled("", "nobody")
    configured = key in owner.configured or (isinstance(owner, Entry) and key in CONFIGURED)
    return Filled(value, "config" if configured else "rule")


def value_of(owner: Entry | EntryItem, key: str) -> str:
    """An element's value as text; empty when there is none."""
    if key in LABELLED:
        return owner.value(key)
    if isinstance(owner, Entry):
        if key == "items":
            return str(len(owner.items)) if owner.items else ""
        if key == "volume":
            return "" if owner.row_estimate is None else str(owner.row_estimate)
        if key == "system":
            return owner.system_name
        if key == "related_codes":
            return "、".join(owner.related_codes)
    found = getattr(owner, key, None) if key not in owner.extra else owner.extra[key]
    return str(found or "")


def completeness(entry: Entry) -> Completeness:
    missing = list(_missing(entry))
    mandatory = sum(_is_mandatory(entry, one) for one in elements("asset").values())
    own = sum(one.obligation == "M" for one in elements("item").values()) + len(LABELLED)
    mandatory += len(entry.items) * own
    return Completeness(mandatory - len(missing), mandatory, tuple(missing))


def _missing(entry: Entry) -> Iterator[str]:
    for key, element in elements("asset").items():
        if _is_mandatory(entry, element) and _is_missing(entry, key):
            yield key
    for item in entry.items:
        for key, element in elements("item").items():
            if element.obligation == "M" and not value_of(item, key):
                yield f"{item.name}.{key}"
        yield from (f"{item.name}.{key}" for key in LABELLED if _is_missing(item, key))


def _is_missing(owner: Entry | EntryItem, key: str) -> bool:
    """Nobody has filled it, or it is 待判定."""
    label = owner.label(key) if key in LABELLED else None
    undetermined = label is not None and label.state == "undetermined"
    return undetermined or value_of(owner, key) in ("", NOT_FILLED, "undetermined")


def _is_mandatory(entry: Entry, element: Element) -> bool:
    if element.obligation == "C":
        return element.when == "conditional_open" and entry.value("open") == "conditional"
    return element.obligation == "M"


def element_title(key: str) -> str:
    """The Chinese name of a key of `Completeness.missing`."""
    column, _, own = key.rpartition(".")
    found = elements("item" if column and own not in LABELLED else "asset")[own].title
    return f"{column} 的{found}" if column else found
