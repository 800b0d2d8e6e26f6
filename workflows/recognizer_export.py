"""What OpenMetadata can express of the engine: native recognizers of its tags, as JSON.

A recognizer there is a regular expression over sampled values or over the column's name. So check digits, ratios over
distinct values, comments, sibling columns and what a table is about are lost; the tier is the element's base tier in
a table about people. Value patterns that other things share count only where the column's name supports them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

from classifiers.elements import elements, resolve_variant
from classifiers.identifiers import pattern_of
from classifiers.names.lexicon import Entry, Lexicon, built_in_entries, default_lexicon
from classifiers.platform_names import CLASSIFICATIONS, fqn
from classifiers.recognizers import Recognizer, builtin

if TYPE_CHECKING:
    from classifiers.policy import Pack

PRIORITIES: Final = {"L4": 90, "L3": 80, "L2": 70}
"""Of tags that match one column the stricter wins. Public data gets no recognizer: nothing has to be found there."""
THRESHOLD: Final = 0.6
SELF_DESCRIBING, DATED, SHARED, NAMED = 0.85, 0.6, 0.3, 0.9
"""A shape that nothing else has; one with a date in it; one that needs the support of the name; a name."""
DATED_SHAPES: Final = frozenset({"id_card", "permanent_residence"})
CONTEXT_WORDS = 30
MIN_LETTERS: Final = 3
FLAGS: Final = {"dotAll": False, "multiline": False, "ignoreCase": True}
NOT_INSIDE_LONGER = r"(?<![0-9A-Za-z]){}(?![0-9A-Za-z])"


def export(pack: Pack) -> dict[str, Any]:
    """One object: the pack, the classification, and per tag the recognizers as the server's API takes them."""
    names = column_names(default_lexicon(), built_in_entries())
    by_tier: dict[str, list[dict[str, Any]]] = {tier: [] for tier in PRIORITIES}
    for element in elements():
        tier = pack.base_tier(resolve_variant(element, "person"))
        if tier in by_tier:
            by_tier[tier] += recognizers_of(element, names.get(element, ()))
    tags = [tag(pack, tier, found) for tier, found in by_tier.items() if found]
    return {
        "pack": pack.ident,
        "note": "Patterns and column names only: no check digits, no ratios, no comments, no context of the table.",
        "classification": {
            "name": CLASSIFICATIONS["tier"],
            "mutuallyExclusive": True,
            "autoClassificationConfig": {
                "enabled": True,
                "conflictResolution": "highest_priority",
                "minimumConfidence": THRESHOLD,
            },
        },
        "tags": tags,
    }


def tag(pack: Pack, tier: str, recognizers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": tier,
        "fullyQualifiedName": fqn(pack, "tier", tier),
        "displayName": pack.display("tier", tier),
        "autoClassificationEnabled": True,
        "autoClassificationPriority": PRIORITIES[tier],
        "recognizers": recognizers,
    }


def recognizers_of(element: str, names: Sequence[str]) -> list[dict[str, Any]]:
    """Value patterns of an element, and one recognizer for its column names."""
    zh = elements()[element].zh
    words = sorted((name for name in names if name.isascii() and "_" not in name), key=len)
    context = [*words[:CONTEXT_WORDS], *[name for name in names if not name.isascii()][:CONTEXT_WORDS]]
    found = [values(own, shape, zh, context) for own, shape in _shapes().get(element, ())]
    if names:
        told = f"{zh}：字段名等于{len(names)}个无歧义写法之一；不看注释、同表字段和表的主题"
        found.append(recognizer(f"{element}-name", zh, told, "column_name", anchored(names), NAMED, ()))
    return found


def values(own: Recognizer, shape: str, zh: str, context: Sequence[str]) -> dict[str, Any]:
    told = f"{zh}：取值的格式；平台只比对格式，不核验校验位、日期和区划，也不看占比"
    score = SELF_DESCRIBING if own.kind == "self_describing" else DATED if own.id in DATED_SHAPES else SHARED
    if score < THRESHOLD:
        told += "；格式与别的号码相似，须有字段名佐证"
    return recognizer(
        f"{own.element}-{own.id}", zh, told, "content", NOT_INSIDE_LONGER.format(f"(?:{shape})"), score, context
    )


def recognizer(
    name: str, zh: str, told: str, target: str, regex: str, score: float, context: Sequence[str]
) -> dict[str, Any]:
    """The body of one recognizer; its id follows from its name, so that writing it again changes nothing."""
    return {
        "id": str(uuid5(NAMESPACE_URL, f"public-data-catalog/recognizers/{name}")),
        "name": name,
        "displayName": zh,
        "description": told,
        "enabled": True,
        "target": target,
        "confidenceThreshold": THRESHOLD,
        "recognizerConfig": {
            "type": "pattern",
            "patterns": [{"name": name, "regex": regex, "score": score}],
            "regexFlags": FLAGS,
            "context": list(context),
            "supportedLanguage": "any",
        },
    }


def _shapes() -> Mapping[str, list[tuple[Recognizer, str]]]:
    found: dict[str, list[tuple[Recognizer, str]]] = {}
    for own in builtin():
        shape = pattern_of(own.id)
        if shape is not None:
            found.setdefault(own.element, []).append((own, shape))
    return found


# --- names ---------------------------------------------------------------------------------------------------------


def column_names(lexicon: Lexicon, entries: Sequence[Entry]) -> dict[str, list[str]]:
    """Element → every spelling that means it and nothing else: Han, English with ``_``, pinyin, initials."""
    found: dict[str, dict[str, None]] = {}
    for entry in entries:
        if entry.symbol in elements() and not entry.contexts:
            known = found.setdefault(entry.symbol, {})
            known.update(dict.fromkeys(form for form in _forms(entry) if _certain(lexicon, form, entry.symbol)))
    return {symbol: list(forms) for symbol, forms in found.items() if forms}


def _forms(entry: Entry) -> Iterator[str]:
    parts = [part for part in entry.syllables if part.isalnum()]
    if parts:
        yield entry.text
        if len(parts) > 1:
            yield "".join(parts)
            yield "".join(part[0] for part in parts)
    else:
        yield "_".join(entry.text.removeprefix("~").replace("-", " ").split())


def _certain(lexicon: Lexicon, form: str, symbol: str) -> bool:
    if form.isascii():
        key = form.replace("_", "")
        senses = lexicon.senses(key) if len(key) >= MIN_LETTERS else ()
    else:
        senses = lexicon.han.rows(form)
    usual = [sense for sense in senses if not sense.contexts and not sense.structural]
    return bool(usual) and all(sense.symbol == symbol and not sense.weak for sense in usual)


def anchored(names: Sequence[str]) -> str:
    """A column's whole name; words may be joined by ``_``, ``-``, a space or nothing."""
    return "^(?:" + "|".join("[_ -]?".join(map(re.escape, name.split("_"))) for name in names) + ")$"
