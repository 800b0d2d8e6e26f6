"""The rules of compounds: what a head means after a noun, and what an element is as the owner of what follows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import msgspec

from classifiers.elements import elements
from classifiers.names.lexicon import Sense
from classifiers.prepared import read_table


class Doubt(msgspec.Struct):
    """What is not believed on weak evidence (``grammar.yaml`` explains the lists)."""

    keys: frozenset[str]
    """Families."""
    whole_keys: frozenset[str]
    """Families."""
    codes: frozenset[str]
    """Elements."""
    strange: dict[str, frozenset[str]]
    """Kind of table → families and elements."""
    at_home: dict[str, frozenset[str]]
    """Domain of a table → families."""
    machines: dict[str, frozenset[str]]
    """Kind of table → terms."""
    modified: frozenset[str]
    """Terms."""
    disowned: frozenset[str]
    """Families."""
    things: frozenset[str]
    """Classes of owners."""
    collective: frozenset[str]
    """Terms."""
    money: frozenset[str]
    """Terms."""
    everyday: frozenset[str]
    """Terms."""
    apart: frozenset[str]
    """Terms."""
    strange_initials: dict[str, frozenset[str]]
    """Kind of table → elements."""
    rates: frozenset[str]
    """Words of English names."""
    portraits: frozenset[str]
    """Terms."""
    portrayed: tuple[str, ...]
    """Han words."""
    nature: frozenset[str]
    """Domains."""
    forms: dict[str, dict[str, str]]
    """Kind of table → element → element."""
    counted_starts: tuple[str, ...]
    counted_ends: tuple[str, ...]
    key_words: tuple[str, ...]
    """Ends of terms of comments."""
    loose: frozenset[str]
    """Families."""
    states: frozenset[str]
    """Terms."""
    recorded: frozenset[str]
    """Families and elements."""
    bounds: tuple[str, ...]
    """Han words."""
    bound_ends: frozenset[str]
    """Last words of English names."""
    bounded: frozenset[str]
    """Families."""
    rare_initials: frozenset[str]
    """Families."""
    sited: frozenset[str]
    """Classes of owners."""
    sites: frozenset[str]
    """English words."""
    programs: frozenset[str]
    """English words."""
    lonely: frozenset[str]
    """Families and elements."""
    lonely_said: frozenset[str]
    """Elements."""
    like: dict[str, str]
    """Element → family."""


class _Grammar(msgspec.Struct):
    nouns: dict[str, str]
    families: dict[str, str]
    elements: dict[str, str]
    heads: dict[str, dict[str, str]]
    roles: dict[str, str]
    harmless_stems: list[str]
    doubt: Doubt


@cache
def grammar() -> _Grammar:
    return read_table("names/grammar.yaml", _Grammar)


@cache
def _stems() -> tuple[str, ...]:
    return tuple(grammar().harmless_stems)


# Heads that say nothing without their stem.
_HOLLOW = frozenset({"head.status", "head.type"})


def is_hollow(senses: Iterable[Sense], left: str) -> bool:
    """Whether a head is said of a stem that is not known: 霜露情况, but not 审核情况 or 数据类型."""
    return any(sense.symbol in _HOLLOW for sense in senses) and not left.endswith(_stems())


def owner_class(symbol: str) -> str:
    """Class of an element or noun as the owner of what follows; empty when it owns nothing."""
    if symbol.startswith("noun."):
        return symbol[5:]
    if symbol.startswith(("head.", "generic.")):
        return {"head.unit": "org", "head.org": "org", "generic.bank_account": "account", "generic.phone": "contact",
                "generic.landline": "contact", "generic.email": "contact", "generic.address": "address",
                "generic.location": "geo", "head.image": "image", "head.cert_no": "doc"}.get(symbol, "")  # fmt: skip
    data = grammar()
    return data.elements.get(symbol) or data.families.get(elements()[symbol].family, "other")


# Vague words of a comment and what may be said more closely after them: 证件号码（统一社会信用代码）.
CLOSER: dict[str, frozenset[str]] = {
    "person.id_number": frozenset({"person.id_card", "org.uscc", "org.code", "person.passport", "org.reg_no"}),
    "generic.phone": frozenset({"person.mobile", "generic.landline", "org.landline", "person.landline"}),
    "org.phone": frozenset({"generic.landline", "person.mobile", "org.landline"}),
    "generic.name": frozenset({"person.name", "org.name"}),
}
