"""The text that goes with a grant: what exactly it gives, what for, and that nobody may pass the data on (Art. 21)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec
import yaml

from connectors.text import one_line
from workflows.entry import Entry, EntryItem
from workflows.outputs import words
from workflows.sharing.judge import given_items, unconditional
from workflows.sharing.states import Document, Grant, RequestKind

if TYPE_CHECKING:
    from classifiers.policy import Citation, Pack
    from workflows.outputs.words import Lexicon

ARTICLE = re.compile("第[一二三四五六七八九十百千零〇0-9]+条")
VERSION = 12
"""Digits of a version's SHA-256 that the text shows."""


class Templates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``terms.yaml``."""

    share: str
    open: str
    unconditional_open: str
    """Of what is on the open platform for everybody: nothing is granted, and nothing may be asked of who takes it."""
    cites: dict[RequestKind, tuple[tuple[str, ...], ...]]
    grounds: dict[str, str]


@cache
def templates() -> Templates:
    return msgspec.convert(yaml.safe_load((files(__package__) / "terms.yaml").read_text("utf-8")), Templates)


def terms(
    ident: str,
    asked: Document,
    entry: Entry,
    grant: Grant,
    pack: Pack,
    told: Lexicon,
    district: str,
    names: Mapping[str, str],
) -> str:
    """The Chinese text of a grant; ``names``: department id → name.

    It rests on the pack in force; ``told`` has the words for what was asked under another one.
    It lists every item as the version in force has it: an item that comes later is not given by it.
    """
    free = unconditional(asked, entry)
    kind = words.key_name(pack, asked.kind, "unconditional")
    ground = templates().grounds["unconditional" if free else asked.kind].format(type=kind)
    items = given_items(asked, entry)
    shown = {
        "district": district,
        "id": ident,
        "requester": names.get(asked.requester, asked.requester),
        "applicant": asked.applicant,
        "owner": names.get(asked.owner, asked.owner),
        "title": entry.title,
        "asset": f"{entry.code}，{entry.asset}" if entry.code else entry.asset,
        "settles": f"，对应需求“{asked.demand}”" if asked.demand else "",
        "purpose": asked.purpose,
        "basis": "；".join(_cited(told, key) for key in asked.basis),
        "means": asked.means or "接口调用",
        "interface": grant.interface or "由区大数据中心通过数据共享交换平台提供",
        "day": _day(grant.at[:10] or grant.since),
        "period": period(grant),
        "scope": _scope(asked, items, grant),
        "law": law(pack, asked.kind),
        "ground": ground,
    }
    # Titles and interfaces come from entries, which have texts of several lines: here each has its own line only.
    lines = {name: one_line(value) for name, value in shown.items()}
    listed = "\n".join(_item_line(number, item, asked.kind, pack) for number, item in enumerate(items, 1))
    template = templates().unconditional_open if free and asked.kind == "open" else getattr(templates(), asked.kind)
    text: str = template.format(**lines, items=listed)
    return text


def period(grant: Grant) -> str:
    """
    >>> period(Grant("2026-09-21", "2026-12-31"))
    '自2026年9月21日起至2026年12月31日止'
    """
    if not grant.until:
        return f"自{_day(grant.since)}起长期有效"
    return f"自{_day(grant.since)}起至{_day(grant.until)}止"


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.year}年{day.month}月{day.day}日"


def _scope(asked: Document, items: Sequence[EntryItem], grant: Grant) -> str:
    which = "下列" if asked.items else "该信息资源的全部"
    # What everybody may take grows with the resource (Art. 25): the notice gives nothing, so it leaves nothing out.
    bounded = not asked.items and not (grant.free and asked.kind == "open")
    later = "，此后新增的信息项不在其内" if bounded else ""
    version = f"，以目录版本{grant.entry[:VERSION]}为准{later}" if grant.entry else later
    return f"{which}信息项，共{len(items)}项{version}"


def _item_line(number: int, item: EntryItem, kind: RequestKind, pack: Pack) -> str:
    """``1. 公园名称（mc），L1 公开级，无条件共享``."""
    labels = (words.axis_name(pack, item, "tier"), words.axis_name(pack, item, kind))
    return one_line(f"{number}. {item.title}（{item.name}），{'，'.join(labels)}")


def law(pack: Pack, kind: RequestKind) -> str:
    """What a grant rests on, as the pack writes it: 《…》第二十一条、第二十二条; nothing that nobody has verified."""
    known = {one.key: one for one in pack.citations()}
    keys: tuple[str, ...] = next((group for group in templates().cites[kind] if set(group) <= set(known)), ())
    cited = [known[key] for key in keys if known[key].verified]
    parts: list[str] = []
    for before, one in zip((None, *cited), cited, strict=False):
        same = before is not None and before.title == one.title
        parts.append(_numbered(one).removeprefix(one.title) if same else _numbered(one))
    return "、".join(filter(None, parts)) or "公共数据管理的有关规定"


def _numbered(found: Citation) -> str:
    """The article that an official can look up; where none is known, the document alone."""
    return f"{found.title}{found.article}" if ARTICLE.match(found.article) else found.title


def _cited(told: Lexicon, key: str) -> str:
    found = words.citation(told, key)
    return _numbered(found) if found else key
