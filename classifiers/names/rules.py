"""The rules of compounds: what a head means after a noun, and what an element is as the owner of what follows."""

from __future__ import annotations

from functools import cache

import msgspec

from classifiers.elements import elements
from classifiers.prepared import read_table


class _Grammar(msgspec.Struct):
    nouns: dict[str, str]
    families: dict[str, str]
    elements: dict[str, str]
    heads: dict[str, dict[str, str]]
    roles: dict[str, str]
    harmless_stems: list[str]


@cache
def grammar() -> _Grammar:
    return read_table("names/grammar.yaml", _Grammar)


@cache
def _stems() -> tuple[str, ...]:
    return tuple(grammar().harmless_stems)


def has_harmless_stem(left: str) -> bool:
    """Whether what stands before 情况 or 类型 is known and harmless: 审核, 数据."""
    return left.endswith(_stems())


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
