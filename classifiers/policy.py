"""Policy packs: law as configuration. Loading, validating, overlaying, and answering what a rule says of one column.

A pack is a folder of YAML files whose top-level keys are merged; an overlay is one more YAML text with ``extends:``.
Everything a label
says (value, reason, citation) comes from the pack; this module only matches conditions in the order in which the
rules stand.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

import msgspec
import yaml

from classifiers.elements import elements
from classifiers.evidence import TIERS
from classifiers.pack_file import PackError, PackFile, Rank, Rule, Sure, When

_ARTICLE_DIGITS = "〇一二三四五六七八九"


class Citation(msgspec.Struct, frozen=True):
    key: str
    title: str
    article: str
    """第二十五条"""
    text: str
    rank: Rank
    local: bool
    sure: Sure
    note: str = ""

    @property
    def verified(self) -> bool:
        """False for facts from memory that a lawyer must still check; such a citation never carries a share type
        alone.
        """
        return self.sure != "M"

    def line(self) -> str:
        return f"{self.title}{self.article}" + ("" if self.verified else "（未核实）")


class Facts(NamedTuple):
    """All that a rule may ask of one column."""

    element: str | None
    category: str
    tier: str
    personal: bool
    minors: bool
    dimension_of_aggregate: bool
    record_of_person: bool
    subject: str
    topics: tuple[str, ...]
    kind: str
    origin: str
    update_cycle: str | None


class Outcome(NamedTuple):
    """What one rule said in one dimension."""

    value: str
    rule: str
    reason: str
    basis: tuple[str, ...]


class Pack:
    """A loaded pack. Rule look-ups are cached by ``Facts``: a site has millions of columns and few distinct facts."""

    def __init__(self, body: PackFile, digest: str) -> None:
        self.body = body
        self.digest = digest
        self.id, self.version, self.title = body.id, body.version, body.title
        self.valid_from, self.valid_to, self.unverified = body.valid_from, body.valid_to, body.unverified
        self.ident = f"{body.id}@{body.version}"
        self._citations = dict(_citations(body))
        self._tiers = {key: _parameter(body, value) for key, value in body.tiers.items()}
        self._cache: dict[tuple[str, Facts], Outcome] = {}

    def display(self, dimension: str, key: str) -> str:
        """What readers see for a law-neutral key; 待判定 for ``undetermined``, the key itself when the pack has no
        name for it.
        """
        if dimension == "element":
            found = elements().get(key)
            return found.zh if found else key
        return self.body.display.get(dimension, {}).get(key, "待判定" if key == "undetermined" else key)

    def cite(self, key: str) -> Citation:
        """Raises ``KeyError`` for a citation that is not in the library."""
        return self._citations[key]

    def citations(self) -> tuple[Citation, ...]:
        return tuple(self._citations.values())

    def sufficient(self, value: str, basis: Sequence[str]) -> bool:
        """Whether a share type may rest on these citations: one of sufficient rank that is not merely from memory
        (Art. 22).
        """
        ranks = self.body.sufficient_ranks.get(value)
        if ranks is None:
            return True
        cited = [self._citations[key] for key in basis if key in self._citations]
        return any(c.rank in ranks and c.verified for c in cited)

    def is_personal(self, element: str, subject: str, *, person_named: bool = False, record: bool = False) -> bool:
        """Whether the element is personal information in a table about ``subject`` (before its tier is known)."""
        if subject in ("aggregate", "system") and self.is_dimension(element):
            return False
        globs = self.body.personal
        return (
            _any_glob(element, globs.always)
            or (subject == "person" and _any_glob(element, globs.when_person))
            or (person_named and _any_glob(element, globs.with_person))
            or (record and _any_glob(element, globs.record))
        )

    def identifies(self, element: str) -> bool:
        """Whether the element shows that each row is one person."""
        return _any_glob(element, self.body.personal.identifying)

    def is_dimension(self, element: str) -> bool:
        return _any_glob(element, self.body.personal.aggregate_dimensions)

    def base_tier(self, element: str) -> str:
        return self._tiers[element]

    def tier(self, facts: Facts) -> Outcome:
        """The tier of an element in its context: base tier, then the first rule that sets or raises it."""
        return self._cached("tier", facts)

    def access(self, dimension: Literal["share", "open"], facts: Facts) -> Outcome:
        return self._cached(dimension, facts)

    def _cached(self, dimension: str, facts: Facts) -> Outcome:
        found = self._cache.get((dimension, facts))
        if found is None:
            found = self._tier(facts) if dimension == "tier" else self._access(dimension, facts)
            self._cache[dimension, facts] = found
        return found

    def _tier(self, facts: Facts) -> Outcome:
        unknown = self.body.unknown
        if facts.element is None:
            return Outcome(unknown.tier, "unknown", unknown.tier_reason, unknown.tier_basis)
        base = self._tiers[facts.element]
        rule = next(
            (r for r in self.body.tier_rules if _holds(r.when, facts) and (r.set or _above(r.at_least, base))), None
        )
        if rule is None:
            basis = self.body.tier_basis + self.body.category_basis.get(facts.category, ())
            return Outcome(
                base, f"tiers/{facts.element}", self._fill(self.body.tier_reason, facts._replace(tier=base)), basis
            )
        value = rule.set or rule.at_least or base
        return Outcome(value, rule.id, self._fill(rule.reason, facts._replace(tier=value)), rule.basis)

    def _access(self, dimension: str, facts: Facts) -> Outcome:
        unknown = self.body.unknown
        if facts.element is None and facts.origin != "shared":
            share = dimension == "share"
            reason, basis = (
                (unknown.share_reason, unknown.share_basis) if share else (unknown.open_reason, unknown.open_basis)
            )
            return Outcome("undetermined", "unknown", reason, basis)
        rules = self.body.share_rules if dimension == "share" else self.body.open_rules
        rule = next(r for r in rules if _holds(r.when, facts))
        if not self.sufficient(rule.value, rule.basis):
            reason = f"规则{rule.id}缺少法律、法规、规章依据，待补充"
            return Outcome("undetermined", rule.id, reason, rule.basis)
        return Outcome(rule.value, rule.id, self._fill(rule.reason, facts), rule.basis)

    def _fill(self, template: str, facts: Facts) -> str:
        name = self.display("element", facts.element) if facts.element else "该字段"
        topic = "、".join(self.body.topics[t].zh for t in facts.topics)
        return template.format(name=name, topic=topic, tier=self.display("tier", facts.tier))


def _above(tier: str | None, base: str) -> bool:
    return tier is not None and TIERS.index(tier) > TIERS.index(base)


def _holds(when: When, facts: Facts) -> bool:
    asked = (
        not when.element or (facts.element is not None and _any_glob(facts.element, when.element)),
        not when.category or facts.category in when.category,
        facts.category not in when.not_category,
        when.personal in (None, facts.personal),
        when.minors in (None, facts.minors),
        when.dimension_of_aggregate in (None, facts.dimension_of_aggregate),
        when.record_of_person in (None, facts.record_of_person),
        not when.subject or facts.subject in when.subject,
        not when.topic or not set(when.topic).isdisjoint(facts.topics),
        not when.tier or facts.tier in when.tier,
        not when.kind or facts.kind in when.kind,
        not when.origin or facts.origin in when.origin,
        not when.update_cycle or facts.update_cycle in when.update_cycle,
    )
    return all(asked)


@lru_cache(maxsize=65536)
def _any_glob(name: str, globs: tuple[str, ...]) -> bool:
    return any(name == g or ("*" in g and fnmatch.fnmatchcase(name, g)) for g in globs)


def _parameter(body: PackFile, value: str) -> str:
    """``${name}`` → the parameter's value."""
    match = re.fullmatch(r"\$\{(\w+)\}", value)
    return body.parameters[match.group(1)] if match else value


def _citations(body: PackFile) -> Iterator[tuple[str, Citation]]:
    for name, instrument in body.instruments.items():
        for number, article in instrument.articles.items():
            key = f"{name}/{number}"
            yield (
                key,
                Citation(
                    key=key,
                    title=instrument.title,
                    article=f"第{chinese_number(int(number))}条",
                    text=article.text,
                    rank=instrument.rank,
                    local=instrument.local,
                    sure=article.sure,
                    note=instrument.note,
                ),
            )


def chinese_number(number: int) -> str:
    """1–999 as it stands in article numbers.

    >>> chinese_number(25), chinese_number(10), chinese_number(103), chinese_number(110)
    ('二十五', '十', '一百零三', '一百一十')
    """
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_ARTICLE_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += f"{_ARTICLE_DIGITS[tens]}十" if tens > 1 or hundreds else "十"
    elif hundreds and ones:
        text += "零"
    return text + (_ARTICLE_DIGITS[ones] if ones else "")


# --- loading
# ------------------------------------------------------------------------------------------------------------

_LISTS_BY_ID = ("tier_rules", "share_rules", "open_rules", "examples")
_loaded: dict[tuple[str, tuple[tuple[str, str], ...]], Pack] = {}


def pack_names() -> list[str]:
    """The packs that come with the program."""
    return sorted(
        entry.name
        for entry in (files("classifiers") / "packs").iterdir()
        if entry.is_dir() and (entry / "pack.yaml").is_file()
    )


def load_pack(name: str = "putuo-2020", overlays: Sequence[tuple[str, str]] = ()) -> Pack:
    """A built-in pack with overlays, each ``(file name, YAML text)``, applied in order; the same object for the same
    texts.

    Raises ``PackError`` naming file and line.
    """
    key = (name, tuple(overlays))
    if key not in _loaded:
        _loaded[key] = _load(name, overlays)
    return _loaded[key]


def _load(name: str, overlays: Sequence[tuple[str, str]]) -> Pack:
    if name not in pack_names():
        raise PackError(name, 0, f"no such pack; known: {', '.join(pack_names())}")
    folder = files("classifiers") / "packs" / name
    texts = [
        (f"{name}/{f.name}", f.read_text("utf-8"))
        for f in sorted(folder.iterdir(), key=lambda f: f.name)
        if f.name.endswith(".yaml")
    ]
    merged: dict[str, Any] = {}
    for file, text in texts:
        merged.update(_read(file, text))
    for file, text in overlays:
        _overlay(merged, _read(file, text), file, name)
    body = _convert(merged, [*texts, *overlays])
    _validate(body, overlays[-1][0] if overlays else name)
    digest = hashlib.sha256("\0".join(text for _, text in [*texts, *overlays]).encode()).hexdigest()[:16]
    return Pack(body, digest)


def _loader() -> type[Any]:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _read(file: str, text: str) -> dict[str, Any]:
    try:
        data = yaml.load(text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise PackError(file, line, f"not YAML: {error.problem}") from None
    if not isinstance(data, dict):
        raise PackError(file, 1, "a pack file is a mapping of keys such as tiers, topics, share_rules")
    return data


def _overlay(base: dict[str, Any], extra: dict[str, Any], file: str, name: str) -> None:
    """``extends`` must name the pack; mappings merge, rules with a known id replace, new rules go first, the rest
    replaces.
    """
    if extra.pop("extends", None) != name:
        raise PackError(file, 1, f"an overlay of this site says `extends: {name}`")
    label = extra.pop("id", file.rsplit("/", 1)[-1].removesuffix(".yaml"))
    base["version"] = f"{base['version']}+{label}.{extra.pop('version', '1')}"
    for key, value in extra.items():
        if key in _LISTS_BY_ID and isinstance(value, list):
            base[key] = _merge_rules(base.get(key, []), value)
        elif isinstance(value, dict) and isinstance(base.get(key), dict):
            base[key] = _merge(base[key], value)
        else:
            base[key] = value


def _merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if nested else value
    return merged


def _merge_rules(old: list[Any], new: list[Any]) -> list[Any]:
    ids = {rule["id"] for rule in old}
    replaced = {rule["id"]: rule for rule in new if rule.get("id") in ids}
    return [rule for rule in new if rule.get("id") not in ids] + [replaced.get(rule["id"], rule) for rule in old]


def _convert(merged: dict[str, Any], texts: Sequence[tuple[str, str]]) -> PackFile:
    try:
        return msgspec.convert(merged, PackFile)
    except msgspec.ValidationError as error:
        message = _name_the_key(merged, str(error))
        file, line = _locate(message, texts)
        raise PackError(file, line, message) from None


def _name_the_key(merged: dict[str, Any], message: str) -> str:
    """msgspec says ``$.topics[...]`` for a value in a mapping; put in the key whose value alone is refused too."""
    found = re.search(r"\$\.(\w+)\[\.\.\.\]", message)
    section = merged.get(found.group(1)) if found else None
    if found is None or not isinstance(section, dict):
        return message
    for key, value in section.items():
        try:
            msgspec.convert({**merged, found.group(1): {key: value}}, PackFile)
        except msgspec.ValidationError:
            return message.replace("[...]", f".{key}", 1)
    return message


def _locate(message: str, texts: Sequence[tuple[str, str]]) -> tuple[str, int]:
    """File and line of msgspec's ``$.share_rules[3].when``, as deep as the path can be followed; overlays first."""
    path = re.search(r"`\$(.*?)`", message)
    field = re.search(r"unknown field `(.+?)`", message)
    steps: list[str] = re.findall(r"[^.\[\]]+", path.group(1)) if path else []
    if field:
        steps.append(field.group(1))
    best = (texts[-1][0], 0)
    depth = 0
    for file, text in reversed(texts):
        node, line, followed = yaml.compose(text, Loader=_loader()), 0, 0
        for step in steps:
            child = _child(node, step)
            if child is None:
                break
            node, line, followed = child[0], child[1], followed + 1
        if followed > depth:
            best, depth = (file, line), followed
    return best


def _child(node: Any, step: str) -> tuple[Any, int] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((v, k.start_mark.line + 1) for k, v in node.value if k.value == step), None)
    if isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
        item = node.value[int(step)]
        return item, item.start_mark.line + 1
    return None


def _validate(body: PackFile, file: str) -> None:
    """References that a type cannot express: parameters, elements, citations, topics, and totality of the rules."""
    vocabulary = elements()
    known = {key for key, _ in _citations(body)}
    for element, value in body.tiers.items():
        if element not in vocabulary:
            raise PackError(file, 0, f"tiers: {element} is no data element of elements.yaml")
        if value not in TIERS and value.strip("${}") not in body.parameters:
            raise PackError(file, 0, f"tiers: {element}: {value!r} is neither L1-L4 nor a parameter")
    missing = [name for name, e in vocabulary.items() if not e.variants and name not in body.tiers]
    if missing:
        raise PackError(file, 0, f"tiers: no tier for {', '.join(missing)}")
    rules: tuple[Rule, ...] = (*body.tier_rules, *body.share_rules, *body.open_rules)
    for rule in rules:
        for key in rule.basis:
            if key not in known:
                raise PackError(file, 0, f"{rule.id}: citation {key} is not in the library")
        for topic in rule.when.topic:
            if topic not in body.topics:
                raise PackError(file, 0, f"{rule.id}: no topic {topic}")
    for name, ordered in (("share_rules", body.share_rules), ("open_rules", body.open_rules)):
        if not ordered or ordered[-1].when != When():
            raise PackError(file, 0, f"{name}: the last rule must hold always (no `when`)")
