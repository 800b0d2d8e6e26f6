"""How labels are called in OpenMetadata: classifications, tags and glossary terms (design section 6).

Search facets there show fully qualified names, so the names themselves are what stewards read: 数据分级.L3,
共享类型.授权共享, 开放类型.非开放, 数据元.公民身份号码. Sites that want ASCII get DataTier.L3, ShareType.conditional,
with what the Han name says as display name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, Literal

from classifiers.evidence import TIERS, Dimension, Label
from classifiers.policy import Pack

Style = Literal["han", "ascii"]
CLASSIFICATIONS: Final[dict[Dimension, str]] = {"tier": "数据分级", "share": "共享类型", "open": "开放类型"}
"""Mutually exclusive: a column has one tag of each."""
GLOSSARY: Final = "数据元"
GROUPS: Final[dict[Style, dict[str, str]]] = {
    "han": {
        "tier": "数据分级",
        "share": "共享类型",
        "open": "开放类型",
        "importance": "数据重要性",
        "review": "审核状态",
        "category": "数据类别",
        "element": GLOSSARY,
    },
    "ascii": {
        "tier": "DataTier",
        "share": "ShareType",
        "open": "OpenType",
        "importance": "DataImportance",
        "review": "ReviewStatus",
        "category": "DataCategory",
        "element": "DataElement",
    },
}
"""Dimension (``category`` included) → its classification; the glossary for ``element``."""
REVIEWS: Final = {"pending": "待确认", "confirmed": "已确认", "objected": "有异议"}
"""审核状态 of an asset."""
_ACCEPTED: Final = str.maketrans("（）［］　．＆－—–’", "()() .&---'")


def platform_name(name: str) -> str:
    """The name as OpenMetadata takes it for a tag or term: what has a narrow twin that is allowed becomes it.

    >>> platform_name("授权共享（内部）")
    '授权共享(内部)'
    """
    return name.translate(_ACCEPTED)


def tag_name(pack: Pack, dimension: str, key: str, style: Style = "han") -> str:
    """The last part of the name: L3, what the pack calls the law-neutral key, or the key itself."""
    if dimension == "element":
        return element_name(pack, key) if style == "han" else key.replace(".", "_")
    return key if style == "ascii" or dimension == "tier" else platform_name(display(pack, dimension, key))


def display(pack: Pack, dimension: str, key: str) -> str:
    """What readers see: ``L3 敏感级``, 授权共享, 待确认; a category's key where the pack has no name for it."""
    if dimension == "review":
        return REVIEWS.get(key, key)
    if dimension == "element":
        return pack.display("element", key)
    name = pack.display(dimension, key)
    return f"{key} {name}" if dimension == "tier" and not name.startswith(key) else name


def element_name(pack: Pack, key: str) -> str:
    """The name of an element's term; its id follows in brackets where an earlier element has the same name."""
    return _element_names(pack).get(key) or platform_name(pack.display("element", key))


@lru_cache(maxsize=8)
def _element_names(pack: Pack) -> Mapping[str, str]:
    seen: Counter[str] = Counter()
    names = {}
    # Generic elements always become one of their variants and never stand on a column: they come last.
    for key, element in sorted(pack.elements.items(), key=lambda item: bool(item[1].variants)):
        name = platform_name(element.zh)
        names[key] = f"{name} ({key})" if seen[name] else name
        seen[name] += 1
    return names


def fqn(pack: Pack, dimension: str, key: str, style: Style = "han") -> str:
    """The full name of a label's tag, or of the glossary term of an element; a part with a dot is quoted."""
    name = tag_name(pack, dimension, key, style)
    return f"{GROUPS[style][dimension]}." + (f'"{name}"' if "." in name else name)


def reason(label: Label, element: Label | None, pack: Pack) -> str:
    """What the column was read from, why the label follows, by which article, in which pack; holds no value."""
    read = element.reason if element else ""
    basis = "、".join(citation_line(pack, key) for key in label.basis)
    parts = (read, label.reason, f"依据：{basis}" if basis else "", label.pack or pack.ident)
    return "；".join(dict.fromkeys(part.strip("；") for part in parts if part))


def citation_line(pack: Pack, key: str) -> str:
    """《…》第…条; the bare key where the pack in force no longer knows it."""
    try:
        return pack.cite(key).line()
    except KeyError:
        return key


@lru_cache(maxsize=8)
def meanings(pack: Pack, style: Style = "han") -> dict[str, tuple[Dimension, str]]:
    """Full name → dimension and key, for names that mean one thing only."""
    found: dict[str, set[tuple[Dimension, str]]] = {}
    for dimension, key in _every(pack):
        found.setdefault(fqn(pack, dimension, key, style), set()).add((dimension, key))
    return {name: next(iter(means)) for name, means in found.items() if len(means) == 1}


def _every(pack: Pack) -> Iterator[tuple[Dimension, str]]:
    yield from (("tier", tier) for tier in TIERS)
    yield from (("share", key) for key in pack.body.display["share"])
    yield from (("open", key) for key in pack.body.display["open"])
    yield from (("element", element) for element in pack.elements)
