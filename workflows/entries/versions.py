"""Versions of an entry: what of it the law asks for, and what differs between two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from classifiers.evidence import Label
from workflows.entries.elements import elements, value_of
from workflows.entry import Entry, EntryItem, Given
from workflows.outputs import words

if TYPE_CHECKING:
    from workflows.outputs.words import Lexicon

_encode = msgspec.json.Encoder(order="deterministic").encode
_decoder = msgspec.json.Decoder(Entry)
LABELS = {"element": "数据元", "tier": "数据分级", "share": "共享类型", "open": "开放类型", "importance": "数据重要性"}


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One difference between two versions."""

    what: str
    """Chinese: 信息资源摘要, 信息项 sfzh 的共享类型, 新增信息项 …"""
    old: str = ""
    new: str = ""
    item: str | None = None

    def __str__(self) -> str:
        arrow = f"：{self.old or '（空）'} → {self.new or '（空）'}" if self.old or self.new else ""
        return f"{self.what}{arrow}"


def document(entry: Entry) -> Entry:
    """The entry as a version keeps it: without evidence, confidence and rules, without what changes by itself.

    A version is what people answer for, not how the program came to propose it; a new version of a pack that says the
    same in the same words changes nothing.
    """
    items = tuple(
        msgspec.structs.replace(
            item, labels=_plain(item.labels), evidence=(), findings=(), flags=(), given=_undated(item.given)
        )
        for item in entry.items
    )
    return msgspec.structs.replace(
        entry,
        items=items,
        labels=_plain(entry.labels),
        publish_date=None,
        row_estimate=None,
        state="draft",
        review="pending",
        publishable=True,
        because_rules={},
        open_view=(),
        open_view_labels={},
        findings=(),
        subject="",
        given=_undated({key: one for key, one in entry.given.items() if _is_kept(key)}),
        configured=tuple(filter(_is_kept, entry.configured)),
        extra={key: value for key, value in entry.extra.items() if _is_kept(key)},
    )


def _is_kept(key: str) -> bool:
    """Not what changes by itself, such as the time of the last synchronisation."""
    element = elements("asset").get(key)
    return element is None or element.kept != "never"


def _undated(given: dict[str, Given]) -> dict[str, Given]:
    """Who filled what, without the day: what is taken back and filled in again the same is no other version."""
    return {key: Given(one.value, one.who, "") for key, one in given.items()}


def _plain(labels: tuple[Label, ...]) -> tuple[Label, ...]:
    return tuple(
        Label(one.dimension, one.value, state="confirmed", confidence=1.0, reason=one.reason, basis=one.basis)
        for one in labels
    )


def digest(kept: Entry) -> str:
    """SHA-256 of a `document`, the same that `Acting.keep` names it by."""
    return hashlib.sha256(_encode(kept)).hexdigest()


def read(body: bytes) -> Entry:
    return _decoder.decode(body)


def named(key: str, value: str, told: Lexicon | None) -> str:
    """The value of an element or label as readers see it; keys stay where nobody says what they are called."""
    if told is None or not value:
        return value
    if key == "tier":
        return words.tier_name(told, value)
    if key == "origin":
        return words.ORIGINS.get(value, value)
    return told.display(key, value) if key in LABELS else value


def diff(old: Entry, new: Entry, told: Lexicon | None = None) -> tuple[Change, ...]:
    """What differs between two documents: the asset's elements and labels, then item by item.

    ``told``: in whose words; None = by the keys of the pack.
    """
    return (*_resource_changes(old, new, told), *_item_changes(old, new, told))


def _resource_changes(old: Entry, new: Entry, told: Lexicon | None) -> Iterator[Change]:
    for key, element in elements("asset").items():
        if key == "items" or element.kept == "never":
            continue
        was, now = value_of(old, key), value_of(new, key)
        if was != now:
            yield Change(element.title, named(key, was, told), named(key, now, told))
    yield from _label_changes(old, new, "", told)


def _label_changes(
    old: Entry | EntryItem, new: Entry | EntryItem, prefix: str, told: Lexicon | None
) -> Iterator[Change]:
    item = None if isinstance(new, Entry) else new.name
    for dimension, title in LABELS.items():
        was, now = old.label(dimension), new.label(dimension)
        if item is not None and (was.value if was else "") != (now.value if now else ""):
            old_name, new_name = (named(dimension, one.value if one else "", told) for one in (was, now))
            yield Change(f"{prefix}{title}", old_name, new_name, item)
        elif was and now and was.value == now.value and was.basis != now.basis:
            yield Change(f"{prefix}{title}的依据", _cited(was, told), _cited(now, told), item)
        elif was and now and was.value == now.value and was.reason != now.reason:
            yield Change(f"{prefix}{title}的理由", was.reason, now.reason, item)


def _cited(label: Label, told: Lexicon | None) -> str:
    return "、".join(words.citation_line(told, key) if told else key for key in label.basis)


def _item_changes(old: Entry, new: Entry, told: Lexicon | None) -> Iterator[Change]:
    before, now = ({item.name: item for item in entry.items} for entry in (old, new))
    for name, item in now.items():
        if name not in before:
            yield Change(f"新增信息项 {name}", "", item.title, name)
        elif item != before[name]:
            yield from _one_item(before[name], item, told)
    for name, item in before.items():
        if name not in now:
            yield Change(f"减少信息项 {name}", item.title, "", name)


def _one_item(old: EntryItem, new: EntryItem, told: Lexicon | None) -> Iterator[Change]:
    prefix = f"信息项 {new.name} 的"
    for key, element in elements("item").items():
        was, now = value_of(old, key), value_of(new, key)
        if was != now:
            yield Change(f"{prefix}{element.title}", was, now, new.name)
    if (old.native_type, old.length) != (new.native_type, new.length):
        yield Change(f"{prefix}字段类型", old.native_type, new.native_type, new.name)
    if old.primary_key != new.primary_key:
        yield Change(f"{prefix}主键", "是" if old.primary_key else "否", "是" if new.primary_key else "否", new.name)
    yield from _label_changes(old, new, prefix, told)
