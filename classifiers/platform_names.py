"""How labels are called in OpenMetadata: classifications, tags and glossary terms, in Han (design section 6).

Search facets there show fully qualified names, so the names themselves are what stewards read: 数据分级.L3,
共享类型.授权共享, 开放类型.非开放, 数据元.公民身份号码.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from classifiers.elements import elements
from classifiers.evidence import TIERS, Dimension
from classifiers.policy import Pack

CLASSIFICATIONS: Final[dict[Dimension, str]] = {"tier": "数据分级", "share": "共享类型", "open": "开放类型"}
"""Mutually exclusive: a column has one tag of each."""
GLOSSARY: Final = "数据元"


def tag_name(pack: Pack, dimension: Dimension, key: str) -> str:
    """The last part of the name: L3, or what the pack calls the law-neutral key."""
    return key if dimension == "tier" else pack.display(dimension, key)


def fqn(pack: Pack, dimension: Dimension, key: str) -> str:
    """The full name of a label's tag, or of the glossary term of an element; a part with a dot is quoted."""
    name = tag_name(pack, dimension, key)
    return f"{CLASSIFICATIONS.get(dimension, GLOSSARY)}." + (f'"{name}"' if "." in name else name)


@lru_cache(maxsize=8)
def meanings(pack: Pack) -> dict[str, tuple[Dimension, str]]:
    """Full name → dimension and key, for names that mean one thing only."""
    found: dict[str, set[tuple[Dimension, str]]] = {}
    for dimension, key in _every(pack):
        found.setdefault(fqn(pack, dimension, key), set()).add((dimension, key))
    return {name: next(iter(means)) for name, means in found.items() if len(means) == 1}


def _every(pack: Pack) -> Iterator[tuple[Dimension, str]]:
    yield from (("tier", tier) for tier in TIERS)
    yield from (("share", key) for key in pack.body.display["share"])
    yield from (("open", key) for key in pack.body.display["open"])
    yield from (("element", element) for element in elements())
