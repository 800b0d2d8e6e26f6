"""What is different between two packs, and between two verdicts on one table: nothing is changed by looking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from classifiers.evidence import AssetVerdict, Dimension, Label
from classifiers.pack_file import limits_of
from classifiers.policy import Citation, Pack

JUDGED: tuple[Dimension, ...] = ("element", "tier", "share", "open")


class PackChange(msgspec.Struct, frozen=True):
    """One entry of a pack that is other under the new one; None = it is not there."""

    section: str
    """``tiers``, ``share_rules``, ``citations``, ``terms`` …"""
    key: str
    old: Any
    new: Any


def diff_packs(old: Pack, new: Pack) -> list[PackChange]:
    """Elements, tiers, topics, rules (and their order), citations, limits, terms and codebooks, in this order."""
    return [
        PackChange(section, key, was, now)
        for section, before, after in _sections(old, new)
        for key, was, now in _changed(before, after)
    ]


def _sections(old: Pack, new: Pack) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    yield "display", _display(old), _display(new)
    yield "parameters", msgspec.structs.asdict(old.body.parameters), msgspec.structs.asdict(new.body.parameters)
    yield "elements", _plain(old.body.elements), _plain(new.body.elements)
    yield "tiers", _tiers(old), _tiers(new)
    yield "topics", _plain(old.body.topics), _plain(new.body.topics)
    for name in ("tier_rules", "share_rules", "open_rules"):
        before, after = (getattr(pack.body, name) for pack in (old, new))
        yield name, _rules(before), _rules(after)
        yield f"{name} (order)", _order(before, after), _order(after, before)
    yield "citations", _cited(old), _cited(new)
    yield "sufficient_ranks", old.body.sufficient_ranks, new.body.sufficient_ranks
    yield "limits", _plain(limits_of(old.body)), _plain(limits_of(new.body))
    yield "terms", _plain(old.body.terms), _plain(new.body.terms)
    yield "codebooks", _plain(old.body.codebooks), _plain(new.body.codebooks)


def _display(pack: Pack) -> dict[str, str]:
    return {f"{d}.{key}": shown for d, names in pack.body.display.items() for key, shown in names.items()}


def _plain(section: Mapping[str, Any]) -> dict[str, Any]:
    return {key: msgspec.to_builtins(value) for key, value in section.items()}


def _tiers(pack: Pack) -> dict[str, str]:
    return {element: pack.base_tier(element) for element in pack.body.tiers}


def _rules(rules: Sequence[Any]) -> dict[str, Any]:
    return {rule.id: msgspec.to_builtins(rule) for rule in rules}


def _order(rules: Sequence[Any], others: Sequence[Any]) -> dict[str, Any]:
    """Common rules in their order: the first rule that holds decides, so order is meaning."""
    common = {rule.id for rule in others}
    return {"common rules": [rule.id for rule in rules if rule.id in common]}


def _cited(pack: Pack) -> dict[str, str]:
    return {c.key: f"{c.line()}：{c.text}{_not_for(c)}" for c in pack.citations()}


def _not_for(citation: Citation) -> str:
    return f" (not for {', '.join(citation.not_for)})" if citation.not_for else ""


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield key, before.get(key), after.get(key)


class Relabel(msgspec.Struct, frozen=True):
    """One label that another pack would give; column None = the asset itself."""

    asset: str
    column: str | None
    dimension: str
    old: str | None
    new: str | None
    old_rule: str
    new_rule: str
    reason: str
    """The new label's reason, Chinese."""


def relabels(asset: str, columns: Sequence[str], old: AssetVerdict, new: AssetVerdict) -> Iterator[Relabel]:
    """Labels whose value differs, the asset's own first, then column by column."""
    yield from _relabels(asset, None, old.labels, new.labels)
    for name, was, now in zip(columns, old.columns, new.columns, strict=True):
        yield from _relabels(asset, name, was.labels, now.labels)


def _relabels(asset: str, column: str | None, old: Iterable[Label], new: Iterable[Label]) -> Iterator[Relabel]:
    before = {label.dimension: label for label in old}
    after = {label.dimension: label for label in new}
    for dimension in JUDGED:
        was, now = before.get(dimension), after.get(dimension)
        old_value, old_rule = (was.value, was.rule) if was else (None, "")
        new_value, new_rule = (now.value, now.rule) if now else (None, "")
        if old_value != new_value:
            reason = now.reason if now else ""
            yield Relabel(asset, column, dimension, old_value, new_value, old_rule, new_rule, reason)
