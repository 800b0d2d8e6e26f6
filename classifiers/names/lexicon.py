"""The lexicon: every way to write a data element, a head or a noun, from the term files (``terms/*.yaml``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

from classifiers.evidence import Style
from classifiers.names import pinyin
from classifiers.names.tokens import has_han

MIN_INITIALS = 3
"""Initials of fewer letters are never generated: they mean too many things (regulation.md 5.3). Generated ones of just
this length count only in tables that are named in initials throughout."""

_FILES = (
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
    """One term as written in a term file."""

    symbol: str
    text: str
    contexts: tuple[str, ...]
    rank: int
    """Place among the terms of its symbol; the first are the most usual."""


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
                    yield Entry(symbol, text.lower(), tuple(contexts), rank)
                    rank += 1


@cache
def built_in_entries() -> tuple[Entry, ...]:
    """All entries of the shipped term files, in file order."""
    decode = msgspec.yaml.decode
    return tuple(
        entry
        for name in _FILES
        for entry in parse_terms(decode(_read(f"terms/{name}.yaml"), type=dict[str, list[str]]))
    )


def all_han_terms() -> list[str]:
    return [entry.text for entry in built_in_entries() if has_han(entry.text)]


@cache
def abbreviations() -> dict[str, str]:
    """Abbreviation or misspelling → the word it stands for."""
    words = msgspec.yaml.decode(_read("abbreviations.yaml"), type=dict[str, list[str]])
    return {short: word for word, shorts in words.items() for short in shorts}


# The lower the number, the more a written form is trusted over another meaning of the same letters.
_EXPLICIT, _PINYIN, _MIXED, _INITIALS = range(4)


class Lexicon:
    """Dictionaries from written forms to senses; built once, read only."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.han: dict[str, tuple[Sense, ...]] = {}
        self.alias: dict[str, tuple[Sense, ...]] = {}
        self.words: set[str] = {"id", "no", "ip", "is", "by", "of", "info", "has"}
        generated: dict[str, list[tuple[int, Entry]]] = {}
        for entry in entries:
            if has_han(entry.text):
                self._add(self.han, entry.text, Sense(entry.symbol, entry.text, "comment", entry.contexts))
                for priority, form in _forms(entry):
                    generated.setdefault(form, []).append((priority, entry))
            elif entry.text.startswith("~"):
                key = entry.text[1:].replace(" ", "")
                self._add(self.alias, key, Sense(entry.symbol, key.upper(), "initials", entry.contexts))
            else:
                self._add_english(entry)
        for form, found in generated.items():
            if form not in self.alias:
                self.alias[form] = _generated_senses(form, found)

    def _add_english(self, entry: Entry) -> None:
        words = entry.text.replace("-", " ").split()
        self.words.update(word for word in words if len(word) > 2)
        short = abbreviations()
        sense = Sense(entry.symbol, " ".join(words), "english", entry.contexts)
        self._add(self.han, entry.text, sense)
        for key in {"".join(words), "".join(short.get(word, word) for word in words)}:
            self._add(self.alias, key, sense)

    @staticmethod
    def _add(table: dict[str, tuple[Sense, ...]], key: str, sense: Sense) -> None:
        known = table.get(key, ())
        if all((old.symbol, old.contexts) != (sense.symbol, sense.contexts) for old in known):
            table[key] = (*known, sense)


def _forms(entry: Entry) -> Iterator[tuple[int, str]]:
    """Full pinyin, pinyin mixed with initials, and initials of a Han term."""
    parts = [part for part in pinyin.syllables(entry.text) if part.isalnum()]
    if len(parts) < 2:
        return
    yield _PINYIN, "".join(parts)
    first = "".join(part[0] for part in parts)
    if len(first) < MIN_INITIALS:
        return
    yield _INITIALS, first
    if not entry.symbol.startswith(("head.", "noun.")):
        for cut in range(1, len(parts)):
            yield _MIXED, "".join(parts[:cut]) + first[cut:]
            yield _MIXED, first[:cut] + "".join(parts[cut:])


def _generated_senses(form: str, found: list[tuple[int, Entry]]) -> tuple[Sense, ...]:
    """The most trusted reading of letters; several readings of equal rank stay, but only as support."""
    best = min(priority for priority, _ in found)
    entries = sorted((entry for priority, entry in found if priority == best), key=lambda entry: entry.rank)
    style: Style = "initials" if best == _INITIALS else "pinyin"
    symbols = list(dict.fromkeys((entry.symbol, entry.contexts) for entry in entries))
    first = entries[0]
    rivals = [entry for entry in entries if entry.symbol != first.symbol]
    clear = not rivals or (first.rank < 3 and rivals[0].rank > 6)
    if clear:
        symbols = [pair for pair in symbols if pair[0] == first.symbol]
    weak = not clear and best == _INITIALS
    return tuple(
        Sense(
            symbol, next(e.text for e in entries if (e.symbol, e.contexts) == (symbol, contexts)), style, contexts, weak
        )
        for symbol, contexts in symbols
    )


@cache
def default_lexicon() -> Lexicon:
    return Lexicon(built_in_entries())
