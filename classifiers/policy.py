"""Policy packs: law as configuration. Loading, validating, overlaying, and answering what a rule says of one column.

A pack is a folder of YAML files whose top-level keys are merged; an overlay is one more YAML text with ``extends:``
(``pack_source.py``). Everything a label says (value, reason, citation) comes from the pack; this module only matches
conditions in the order in which the rules stand.
"""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, Literal, NamedTuple

import msgspec

from classifiers.elements import Element, built_in_elements
from classifiers.evidence import TIERS, TableInput
from classifiers.names.codebooks import Codebook
from classifiers.names.grammar import Reader, default_reader, reader_with
from classifiers.names.lexicon import default_lexicon
from classifiers.pack_file import PackError, PackFile, Rank, Rule, Sure, Text, When, limits_of
from classifiers.pack_source import pack_names, read_pack

__all__ = ["Citation", "Facts", "Outcome", "Pack", "chinese_number", "load_pack", "pack_names"]

_RANKS: Mapping[Rank, str] = {
    "law": "法律",
    "regulation": "行政法规",
    "decision": "国务院决定",
    "rule": "规章",
    "normative": "规范性文件",
    "standard": "标准",
}
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
    beside_only: bool = False
    not_for: tuple[str, ...] = ()

    @property
    def verified(self) -> bool:
        """False for facts from memory that a lawyer must still check; such a citation never carries a share type
        alone.
        """
        return self.sure != "M"

    @property
    def ranks(self) -> frozenset[str]:
        """Its rank, and of a regulation also whose: 行政法规 or 地方性法规."""
        if self.rank != "regulation":
            return frozenset({self.rank})
        return frozenset({"regulation", "local_regulation" if self.local else "administrative_regulation"})

    @property
    def rank_name(self) -> str:
        """What its instrument is in the order of laws: 法律, 行政法规, 地方性法规 …"""
        return "地方性法规" if self.rank == "regulation" and self.local else _RANKS[self.rank]

    def lacking(self, value: str, ranks: Collection[str]) -> str:
        """Why a share or open type that wants one of ``ranks`` cannot rest on it, in Chinese; empty = it can."""
        if not self.verified:
            return "未核实"
        if self.beside_only:
            return "只要求须有依据，本身不是依据"
        if self.ranks.isdisjoint(ranks):
            return f"级别不足：{self.rank_name}"
        return "该条不限制共享、开放" if value in self.not_for else ""

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

    def __init__(
        self, body: PackFile, digest: str, vocabulary: Mapping[str, Element] | None = None, base: Pack | None = None
    ) -> None:
        self.body = body
        self.digest = digest
        self.base = base
        """The built-in pack under a site's overlays; None for a built-in pack."""
        self.elements = vocabulary or built_in_elements()
        """Every data element by id: the built-in ones and the pack's own."""
        self.codebooks = tuple(_codebooks(body))
        self._tables = {code.upper(): title for book in body.codebooks.values() for code, title in book.tables.items()}
        self.id, self.version, self.title = body.id, body.version, body.title
        self.valid_from, self.valid_to, self.unverified = body.valid_from, body.valid_to, body.unverified
        self.ident = f"{body.id}@{body.version}"
        self._citations = dict(_citations(body))
        self._access_names = {key: self.display("share", key) for key in ("conditional", "none")}
        self._tiers = {key: _parameter(body, value) for key, value in body.tiers.items()}
        self._cache: dict[tuple[str, Facts], Outcome] = {}
        self._personal: dict[tuple[str, str, bool, bool], bool] = {}

    def __getstate__(self) -> dict[str, Any]:
        """For another process: without the lexicon and the answers given so far, which it makes anew."""
        return {**{name: value for name, value in vars(self).items() if name != "reader"}, "_cache": {}}

    def display(self, dimension: str, key: str) -> str:
        """What readers see for a law-neutral key; 待判定 for ``undetermined``, the key itself when the pack has no
        name for it.
        """
        if dimension == "element":
            found = self.elements.get(key)
            return found.zh if found else key
        return self.body.display.get(dimension, {}).get(key, "待判定" if key == "undetermined" else key)

    @cached_property
    def reader(self) -> Reader:
        """What reads names and comments: the built-in lexicon, with the pack's own terms before it."""
        if self.body.terms:
            return reader_with(self.body.terms)
        # A reader remembers by its vocabulary: one that the pack adds to is not shared.
        return Reader(default_lexicon()) if self.body.elements or self.body.codebooks else default_reader()

    def described(self, table: TableInput) -> TableInput:
        """The table with what a department's codebook says it is in place of its comment."""
        title = self._tables.get(table.table.rsplit(".", 1)[-1].upper()) if self._tables else None
        return msgspec.structs.replace(table, comment=title) if title else table

    def cite(self, key: str) -> Citation:
        """Raises ``KeyError`` for a citation that is not in the library."""
        return self._citations[key]

    def knows(self, key: str) -> bool:
        """Whether a citation is in the library."""
        return key in self._citations

    def citations(self) -> tuple[Citation, ...]:
        return tuple(self._citations.values())

    def sufficient(self, value: str, basis: Sequence[str]) -> bool:
        """Whether a share type may rest on these citations: one of sufficient rank that is not merely from memory,
        beside the act that asks for it (Art. 22).
        """
        return carries(value, self.body.sufficient_ranks.get(value), [self._citations.get(key) for key in basis])

    def lacking(self, value: str, basis: Iterable[str]) -> tuple[str, ...]:
        """Why a share type may not rest on any of these citations, one line each: 《…》第…条：级别不足：规范性文件.

        Empty when it may rest on one of them, and without citations.
        """
        keys = tuple(basis)
        if self.sufficient(value, keys):
            return ()
        ranks = self.body.sufficient_ranks[value]
        found = ((key, self._citations.get(key)) for key in keys)
        return tuple(
            f"{cited.title}{cited.article}：{cited.lacking(value, ranks)}" if cited else f"{key}：依据库中没有"
            for key, cited in found
        )

    @cached_property
    def names_of_people(self) -> frozenset[str]:
        """Elements that name a natural person; who represents or owns a firm is published."""
        return frozenset(self.body.combinations.names) - {"org.legal_rep", "org.shareholder"}

    def is_personal(self, element: str, subject: str, *, person_named: bool = False, record: bool = False) -> bool:
        """Whether the element is personal information in a table about ``subject`` (before its tier is known)."""
        key = (element, subject, person_named, record)
        found = self._personal.get(key)
        if found is None:
            found = self._personal[key] = self._is_personal(*key)
        return found

    def _is_personal(self, element: str, subject: str, person_named: bool, record: bool) -> bool:
        if subject in ("aggregate", "system") and self.is_dimension(element):
            return False
        globs = self.body.personal
        return (
            _any_glob(element, globs.always)
            or (subject == "person" and _any_glob(element, globs.when_person))
            or (subject == "unknown" and _any_glob(element, globs.when_unknown))
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
            return Outcome(unknown.tier, "unknown", self._fill(unknown.tier_reason, facts), unknown.tier_basis)
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
        return Outcome(value, rule.ident, self._fill(rule.reason, facts._replace(tier=value)), rule.basis)

    def _access(self, dimension: str, facts: Facts) -> Outcome:
        rules = self.body.share_rules if dimension == "share" else self.body.open_rules
        if facts.element is None:
            # Of what nobody understood only a rule on data of others knows something; the default would open it.
            rules = tuple(rule for rule in rules if rule.when.origin and "own" not in rule.when.origin)
        rule = next((r for r in rules if _holds(r.when, facts)), None)
        if rule is None:
            return self._not_understood(dimension, facts)
        if not self.sufficient(rule.value, rule.basis):
            reason = f"规则{rule.id}缺少法律、法规、规章依据，待补充"
            return Outcome("undetermined", rule.ident, reason, rule.basis)
        return Outcome(rule.value, rule.ident, self._fill(rule.reason, facts), rule.basis)

    def _not_understood(self, dimension: str, facts: Facts) -> Outcome:
        said = self.body.unknown
        share = dimension == "share"
        reason, basis = (said.share_reason, said.share_basis) if share else (said.open_reason, said.open_basis)
        return Outcome("undetermined", "unknown", self._fill(reason, facts), basis)

    def _fill(self, template: str, facts: Facts) -> str:
        name = self.display("element", facts.element) if facts.element else "该字段"
        topic = "、".join(self.body.topics[t].zh for t in facts.topics)
        return template.format(name=name, topic=topic, tier=self.display("tier", facts.tier), **self._access_names)


def carries(value: str, ranks: Collection[str] | None, cited: Iterable[Citation | None]) -> bool:
    """Whether a share or open type may rest on one of the citations (`Citation.lacking`); None as ``ranks`` asks for
    nothing, None as citation is one that is not known.
    """
    return ranks is None or any(not one.lacking(value, ranks) for one in cited if one)


def _above(tier: str | None, base: str) -> bool:
    return tier is not None and TIERS.index(tier) > TIERS.index(base)


def _holds(when: When, facts: Facts) -> bool:
    return (
        (not when.element or (facts.element is not None and _any_glob(facts.element, when.element)))
        and (not when.category or facts.category in when.category)
        and facts.category not in when.not_category
        and when.personal in (None, facts.personal)
        and when.minors in (None, facts.minors)
        and when.dimension_of_aggregate in (None, facts.dimension_of_aggregate)
        and when.record_of_person in (None, facts.record_of_person)
        and (not when.subject or facts.subject in when.subject)
        and (not when.topic or not set(when.topic).isdisjoint(facts.topics))
        and (not when.tier or facts.tier in when.tier)
        and (not when.kind or facts.kind in when.kind)
        and (not when.origin or facts.origin in when.origin)
        and (not when.update_cycle or facts.update_cycle in when.update_cycle)
    )


@lru_cache(maxsize=65536)
def _any_glob(name: str, globs: tuple[str, ...]) -> bool:
    return any(name == g or ("*" in g and fnmatch.fnmatchcase(name, g)) for g in globs)


def _parameter(body: PackFile, value: str) -> str:
    """``${name}`` → the parameter's value."""
    return body.parameters.id_number_tier if value == _ID_NUMBER_TIER else value


_ID_NUMBER_TIER = "${id_number_tier}"


def _citations(body: PackFile) -> Iterator[tuple[str, Citation]]:
    for name, instrument in body.instruments.items():
        for number, article in instrument.articles.items():
            key = f"{name}/{number}"
            yield (
                key,
                Citation(
                    key=key,
                    title=instrument.title,
                    article=article.article or f"第{chinese_number(int(number))}条",
                    text=article.text,
                    rank=instrument.rank,
                    local=instrument.local,
                    sure=article.sure,
                    note=instrument.note,
                    beside_only=instrument.beside_only,
                    not_for=article.not_for,
                ),
            )


def _codebooks(body: PackFile) -> Iterator[Codebook]:
    """The pack's own codebooks; codes are compared as the shipped books compare them."""
    for name, book in body.codebooks.items():
        codes = {code.upper().replace("-", "_").replace(".", "_"): element for code, element in book.codes.items()}
        yield Codebook(f"codebook.{name}", book.title, "", codes, quorum=book.quorum)


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

_loaded: dict[tuple[str, tuple[Text, ...]], Pack] = {}


def load_pack(name: str = "putuo-2020", overlays: Sequence[Text] = ()) -> Pack:
    """A built-in pack with overlays, each ``(file name, YAML text)``, applied in order; the same object for the same
    texts.

    Raises ``PackError`` naming file and line.
    """
    key = (name, tuple(overlays))
    if key not in _loaded:
        body, texts = read_pack(name, overlays)
        known = _vocabulary(body, texts)
        _validate(body, texts, known)
        digest = hashlib.sha256("\0".join(text for _, text in texts).encode()).hexdigest()[:16]
        _loaded[key] = Pack(body, digest, known, load_pack(name) if overlays else None)
    return _loaded[key]


def _vocabulary(body: PackFile, texts: Sequence[Text]) -> Mapping[str, Element]:
    """The built-in elements and the pack's own."""
    built_in = built_in_elements()
    families = {element.family for element in built_in.values()}
    categories = {element.category for element in built_in.values()}
    for name, new in body.elements.items():
        if name in built_in:
            raise _wrong(texts, ("elements", name), f"{name} is built in; give it terms, codes or another tier")
        if new.family not in families:
            raise _wrong(texts, ("elements", name), f"no family {new.family}; known: {', '.join(sorted(families))}")
        if new.category not in categories:
            raise _wrong(
                texts, ("elements", name), f"no category {new.category}; known: {', '.join(sorted(categories))}"
            )
    return {**built_in, **{name: Element(new.zh, new.family, new.category) for name, new in body.elements.items()}}


def _wrong(texts: Sequence[Text], steps: Sequence[str], message: str) -> PackError:
    from classifiers.pack_text import place

    file, line = place(steps, texts)
    return PackError(file, line, f"{steps[0]}: {message}")


def _validate(body: PackFile, texts: Sequence[Text], vocabulary: Mapping[str, Element]) -> None:
    """References that a type cannot express: parameters, elements, citations, topics, and totality of the rules."""
    for element, value in body.tiers.items():
        if element not in vocabulary:
            raise _wrong(texts, ("tiers", element), f"{element} is no data element (a new one stands in `elements`)")
        if value not in (*TIERS, _ID_NUMBER_TIER):
            raise _wrong(texts, ("tiers", element), f"{element}: {value!r} is neither L1-L4 nor {_ID_NUMBER_TIER}")
    missing = [name for name, e in vocabulary.items() if not e.variants and name not in body.tiers]
    if missing:
        section = "elements" if missing[0] in body.elements else "tiers"
        raise _wrong(texts, (section, missing[0]), f"{', '.join(missing)}: give it a tier under `tiers`")
    for section, name, element in _named_elements(body):
        if element not in vocabulary:
            raise _wrong(texts, (section, name), f"{element} is no data element (a new one stands in `elements`)")
    _validate_rules(body, texts)


def _named_elements(body: PackFile) -> Iterator[tuple[str, str, str]]:
    """Section, key and every element id that terms and codebooks name."""
    yield from (("terms", name, name) for name in body.terms)
    for name, book in body.codebooks.items():
        yield from (("codebooks", name, element) for element in book.codes.values())


def _validate_rules(body: PackFile, texts: Sequence[Text]) -> None:
    known = {key for key, _ in _citations(body)}
    examples = {example.id for example in body.examples}
    sections: Mapping[str, Sequence[Rule]] = {
        "tier_rules": body.tier_rules,
        "share_rules": body.share_rules,
        "open_rules": body.open_rules,
    }
    for section, rules in sections.items():
        for rule in rules:
            wanted = (
                ("citation", rule.basis, known, " in the library"),
                ("topic", rule.when.topic, body.topics, ""),
                ("example", (*rule.examples, *rule.counter_examples), examples, ""),
            )
            for what, keys, there, where in wanted:
                missing = next((key for key in keys if key not in there), None)
                if missing is not None:
                    raise _wrong(texts, (section, rule.id), f"{rule.id}: there is no {what} {missing}{where}")
    for name, limit in limits_of(body).items():
        missing = next((key for key in limit.basis if key not in known), None)
        if missing is not None:
            raise _wrong(texts, ("limits", name), f"{name}: there is no citation {missing} in the library")
    for name, ordered in (("share_rules", body.share_rules), ("open_rules", body.open_rules)):
        if not ordered or ordered[-1].when != When():
            raise _wrong(texts, (name,), "the last rule must hold always (no `when`)")
