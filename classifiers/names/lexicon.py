"""The lexicon: every way to write a data element, a head or a noun, from the term files (``terms/*.yaml``).

What the program reads is ``terms.json``, generated from those files with the pinyin of every term, because parsing
16,000 terms of YAML takes longer than the engine's whole start may.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

from classifiers.evidence import Style
from classifiers.names import pinyin
from classifiers.names.misspellings import may_be_misspelt, sound
from classifiers.names.tokens import has_han

MIN_INITIALS = 3
"""Initials of fewer letters are never generated: they mean too many things (regulation.md 5.3). Generated ones of just
this length count only in tables that are named in initials throughout."""

TERM_FILES = (
    "people",
    "contact_place",
    "education_work",
    "property_welfare",
    "health",
    "justice",
    "organisations",
    "acts",
    "estate_construction",
    "vehicles",
    "environment",
    "system",
    "heads",
    "nouns",
)


class Entry(NamedTuple):
    """One term as written in a term file, lower case."""

    symbol: str
    text: str
    contexts: tuple[str, ...]
    rank: int
    """Place among the terms of its symbol; the first are the most usual."""
    syllables: tuple[str, ...] = ()
    """Pinyin of a Han term; empty for ASCII."""


class Sense(NamedTuple):
    """What a written form can mean."""

    symbol: str
    """Element id, ``head.…`` or ``noun.…``."""
    term: str
    style: Style
    contexts: tuple[str, ...] = ()
    """Counts only when one of these holds; empty = always."""
    weak: bool = False
    """Ambiguous initials: supports, never decides."""

    @property
    def structural(self) -> bool:
        return self.symbol.startswith(("head.", "noun."))


def _read(name: str) -> bytes:
    return (files("classifiers") / "names" / name).read_bytes()


def parse_terms(terms: Mapping[str, Iterable[str]]) -> Iterator[Entry]:
    """Entries of a term file's mapping: ``身份证号, 公民身份号码``, ``id card``, ``~sfzh``, ``~xm @person``."""
    for symbol, lines in terms.items():
        rank = 0
        for line in lines:
            for written in line.split(","):
                text, *contexts = (part.strip() for part in written.split("@"))
                if text:
                    syllables = pinyin.syllables(text.lower()) if has_han(text) else ()
                    yield Entry(symbol, text.lower(), tuple(contexts), rank, syllables)
                    rank += 1


def written_entries() -> Iterator[Entry]:
    """All entries of the term files themselves, in file order; slow, for building ``terms.json``."""
    for name in TERM_FILES:
        yield from parse_terms(msgspec.yaml.decode(_read(f"terms/{name}.yaml"), type=dict[str, list[str]]))


@cache
def built_in_entries() -> tuple[Entry, ...]:
    """All shipped entries, in file order."""
    return msgspec.json.decode(_read("terms.json"), type=tuple[Entry, ...])


@cache
def abbreviations() -> dict[str, str]:
    """Abbreviation or misspelling → the word it stands for."""
    words = msgspec.yaml.decode(_read("abbreviations.yaml"), type=dict[str, list[str]])
    return {short: word for word, shorts in words.items() for short in shorts}


_Generated = dict[str, list[Entry]]
# Words that English names use for one another.
_VARIANT_WORDS = {
    word: usual
    for usual, words in {
        "no": "number num numb nbr code",
        "cert": "certificate certif",
        "license": "licence lic",
        "phone": "tel telephone telphone",
        "img": "image pic picture pict",
        "residence": "resident residential",
        "drive": "driver drivers driving",
        "addr": "address adress",
    }.items()
    for word in words.split()
}


class Lexicon:
    """Dictionaries from written forms to senses; spellings of Han terms are worked out when first asked for."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.han: dict[str, tuple[Sense, ...]] = {}
        self.words: set[str] = {"id", "no", "ip", "is", "by", "of", "info", "has"}
        self._alias: dict[str, tuple[Sense, ...]] = {}
        self._variants: dict[str, tuple[Sense, ...]] = {}
        self._pinyin: _Generated = {}
        self._initials: _Generated = {}
        self._sounds: _Generated = {}
        short = abbreviations()
        for entry in entries:
            if entry.syllables:
                self._add(self.han, entry.text, Sense(entry.symbol, entry.text, "comment", entry.contexts))
                self._add_spellings(entry)
            elif entry.text[0] == "~":
                key = entry.text[1:].replace(" ", "")
                self._add(self._alias, key, Sense(entry.symbol, key.upper(), "initials", entry.contexts))
            else:
                self._add_english(entry, short)

    def senses(self, key: str) -> tuple[Sense, ...]:
        """Senses of tokens written together, lower case ASCII: English, given initials, then pinyin and initials."""
        known = self._alias.get(key)
        if known is None:
            known = self._alias[key] = self._spelt(key)
            if len(self._alias) > 200_000:
                self._alias = {word: senses for word, senses in self._alias.items() if senses}
        return known

    def variants(self, tokens: Iterable[str]) -> tuple[Sense, ...]:
        """Senses of English words in their usual variants: ``driving licence number`` for ``driving license no``."""
        return self._variants.get("".join([_VARIANT_WORDS.get(token, token) for token in tokens]), ())

    def _spelt(self, key: str) -> tuple[Sense, ...]:
        for table, style in ((self._pinyin, "pinyin"), (self._initials, "initials")):
            if key in table:
                return _generated_senses(key, table[key], "pinyin" if style == "pinyin" else "initials")
        mixed = list(self._mixed(key)) if 4 <= len(key) <= 30 and key.isalpha() else []
        return _generated_senses(key, mixed or self._misspelt(key), "pinyin")

    def _misspelt(self, key: str) -> list[Entry]:
        """Terms that sound like ``key``: ``shenfengzhenghao``."""
        if not self._sounds:
            for spelling, entries in self._pinyin.items():
                self._sounds.setdefault(sound(spelling), []).extend(e for e in entries if may_be_misspelt(e.syllables))
        return self._sounds.get(sound(key), [])

    def _mixed(self, key: str) -> Iterator[Entry]:
        """Terms spelt partly in full: ``xianzz``, ``gongzuodw``, ``sfzhaoma``."""
        for cut in range(2, len(key)):
            first = _syllable_initials(key[:cut])
            if first:
                full = key[:cut]
                for entry in self._initials.get(first + key[cut:], ()):
                    if "".join(entry.syllables[: len(first)]) == full and not entry.symbol.startswith("noun."):
                        yield entry
            last = _syllable_initials(key[cut - 1 :])
            if last:
                for entry in self._initials.get(key[: cut - 1] + last, ()):
                    if "".join(entry.syllables[-len(last) :]) == key[cut - 1 :] and not entry.symbol.startswith(
                        "noun."
                    ):
                        yield entry

    def _add_spellings(self, entry: Entry) -> None:
        parts = [part for part in entry.syllables if part.isalnum()]
        if len(parts) > 1:
            self._pinyin.setdefault("".join(parts), []).append(entry)
            first = "".join([part[0] for part in parts])
            if len(first) >= MIN_INITIALS:
                self._initials.setdefault(first, []).append(entry)

    def _add_english(self, entry: Entry, short: Mapping[str, str]) -> None:
        words = entry.text.replace("-", " ").split()
        self.words.update([word for word in words if len(word) > 2])
        sense = Sense(entry.symbol, " ".join(words), "english", entry.contexts)
        self._add(self.han, entry.text, sense)
        for key in {"".join(words), "".join([short.get(word, word) for word in words])}:
            self._add(self._alias, key, sense)
        if len(words) > 1:
            variant = "".join([_VARIANT_WORDS.get(word, word) for word in words])
            self._add(self._variants, variant, sense)

    @staticmethod
    def _add(table: dict[str, tuple[Sense, ...]], key: str, sense: Sense) -> None:
        known = table.get(key)
        if known is None:
            table[key] = (sense,)
        elif all((old.symbol, old.contexts) != (sense.symbol, sense.contexts) for old in known):
            table[key] = (*known, sense)


@cache
def _all_syllables() -> frozenset[str]:
    return pinyin.all_syllables()


def _syllable_initials(text: str) -> str:
    """First letters of the syllables that ``text`` is made of, the longest syllables first; empty if it is not."""
    found, start = "", 0
    known = _all_syllables()
    while start < len(text):
        for end in range(min(len(text), start + 6), start + 1, -1):
            if text[start:end] in known:
                found, start = found + text[start], end
                break
        else:
            return ""
    return found


def _generated_senses(form: str, entries: list[Entry], style: Style) -> tuple[Sense, ...]:
    """The most usual reading of generated letters; equal rivals all stay, but initials then only support."""
    if not entries:
        return ()
    entries = sorted(entries, key=lambda entry: entry.rank)
    first = entries[0]
    rivals = [entry for entry in entries if entry.symbol != first.symbol]
    clear = not rivals or (first.rank < 3 and rivals[0].rank > 6)
    readings: dict[tuple[str, tuple[str, ...]], Entry] = {}
    for entry in entries:
        if not clear or entry.symbol == first.symbol:
            readings.setdefault((entry.symbol, entry.contexts), entry)
    initials = style == "initials"
    weak = initials and not clear
    return tuple(
        Sense(e.symbol, e.text, style, e.contexts or (_needed(e.symbol, form) if initials else ()), weak)
        for e in readings.values()
    )


# Generated initials of health and justice terms are believed only where the table speaks of such things.
_FIELDS = {
    "health": ("medical",),
    "justice": ("justice",),
    "case": ("justice", "enforcement"),
    "biometric": ("biometric",),
}


def _needed(symbol: str, form: str) -> tuple[str, ...]:
    field = _FIELDS.get(symbol.split(".")[0])
    if field and len(form) <= 5:
        return field
    return ("initials",) if len(form) <= MIN_INITIALS else ()


@cache
def default_lexicon() -> Lexicon:
    return Lexicon(built_in_entries())
