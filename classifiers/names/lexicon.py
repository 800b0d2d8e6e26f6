"""The lexicon: every way to write a data element, a head or a noun, from the term files (``terms/*.yaml``).

What the program reads is generated from those files by ``tools/build_pinyin.py``, because reading 16,000 terms takes
longer than the engine's whole start may: ``terms.json`` holds the entries with their pinyin, ``lexicon.json`` the
tables of a `Lexicon` of them. The latter names the digest of what it was made of; where that has changed since, the
tables are built anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from classifiers.elements import elements
from classifiers.evidence import Style
from classifiers.names import pinyin
from classifiers.names.misspellings import may_be_misspelt, sound
from classifiers.names.tables import Table
from classifiers.names.tokens import has_han
from classifiers.prepared import digest, read_table

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
    words = read_table("names/abbreviations.yaml", dict[str, list[str]])
    return {short: word for word, shorts in words.items() for short in shorts}


_SENSES = msgspec.json.Decoder(tuple[Sense, ...])
_ENTRIES = msgspec.json.Decoder(tuple[Entry, ...])
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


class _Prepared(msgspec.Struct):
    """``lexicon.json``."""

    made_of: str
    """`made_of` when it was made."""
    words: set[str]
    tables: dict[str, dict[str, msgspec.Raw]]


def made_of() -> str:
    """Digest of everything that the prepared tables are made of."""
    return digest(_read("terms.json") + b"\0" + _read("abbreviations.yaml"))


_ON_THEIR_OWN = frozenset({"id", "no", "ip", "is", "by", "of", "info", "has"})


class Lexicon:
    """Tables from written forms to senses; spellings of Han terms are worked out when first asked for.

    ``base``: another lexicon that is known too; what ``entries`` say comes first.
    """

    def __init__(self, entries: Iterable[Entry] = (), base: Lexicon | None = None) -> None:
        self._take({}, set(_ON_THEIR_OWN))
        short = abbreviations()
        for entry in entries:
            if entry.syllables:
                self._add(self.han, entry.text, Sense(entry.symbol, entry.text, "comment", entry.contexts))
                self._add_spellings(entry)
            elif entry.text[0] == "~":
                key = entry.text[1:].replace(" ", "")
                self._add(self.alias, key, Sense(entry.symbol, key.upper(), "initials", entry.contexts))
            else:
                self._add_english(entry, short)
        if base is not None:
            self._take(_laid_over(self.tables(), base.tables()), self.words | base.words)

    @classmethod
    def prepared(cls) -> Lexicon | None:
        """The built-in lexicon as ``lexicon.json`` has it; None when that was made of other terms."""
        found = msgspec.json.decode(_read("lexicon.json"), type=_Prepared)
        if found.made_of != made_of():
            return None
        lexicon = cls()
        lexicon._take(found.tables, found.words)
        return lexicon

    def _take(self, tables: Mapping[str, Mapping[str, Any]], words: set[str]) -> None:
        self.words = words
        self.han: Table[Sense] = Table(_SENSES.decode, tables.get("han"))
        """Han terms, and English ones as comments write them."""
        self.alias: Table[Sense] = Table(_SENSES.decode, tables.get("alias"))
        """English words written together, and given initials."""
        self.english: Table[Sense] = Table(_SENSES.decode, tables.get("english"))
        """English words in their usual variants, written together."""
        self.pinyin: Table[Entry] = Table(_ENTRIES.decode, tables.get("pinyin"))
        self.initials: Table[Entry] = Table(_ENTRIES.decode, tables.get("initials"))
        self.sounds: Table[Entry] = Table(_ENTRIES.decode, tables.get("sounds"))
        """Pinyin as people hear it, see ``misspellings.py``."""
        self._spellings: dict[str, tuple[Sense, ...]] = {}

    def tables(self) -> dict[str, Table[Any]]:
        names = ("han", "alias", "english", "pinyin", "initials", "sounds")
        return {name: getattr(self, name) for name in names}

    def senses(self, key: str) -> tuple[Sense, ...]:
        """Senses of tokens written together, lower case ASCII: English, given initials, then pinyin and initials."""
        if key in self.alias:
            return self.alias.rows(key)
        known = self._spellings.get(key)
        if known is None:
            known = self._spellings[key] = self._spelt(key)
            if len(self._spellings) > 200_000:
                self._spellings = {word: senses for word, senses in self._spellings.items() if senses}
        return known

    def variants(self, tokens: Iterable[str]) -> tuple[Sense, ...]:
        """Senses of English words in their usual variants: ``driving licence number`` for ``driving license no``."""
        return self.english.rows("".join([_VARIANT_WORDS.get(token, token) for token in tokens]))

    def _spelt(self, key: str) -> tuple[Sense, ...]:
        if key in self.pinyin:
            return _generated_senses(key, self.pinyin.rows(key), "pinyin")
        if key in self.initials:
            return _generated_senses(key, self.initials.rows(key), "initials")
        mixed = list(self._mixed(key)) if 4 <= len(key) <= 30 and key.isalpha() else []
        return _generated_senses(key, mixed or self.sounds.rows(sound(key)), "pinyin")

    def _mixed(self, key: str) -> Iterator[Entry]:
        """Terms spelt partly in full: ``xianzz``, ``gongzuodw``, ``sfzhaoma``."""
        for cut in range(2, len(key)):
            first = syllable_initials(key[:cut])
            if first:
                yield from self._spelt_so(first + key[cut:], slice(len(first)), key[:cut])
            last = syllable_initials(key[cut - 1 :])
            if last:
                yield from self._spelt_so(key[: cut - 1] + last, slice(-len(last), None), key[cut - 1 :])

    def _spelt_so(self, short: str, full: slice, letters: str) -> Iterator[Entry]:
        """Terms with the initials ``short`` whose syllables ``full`` are ``letters``."""
        head = _HEADS_SPELT.get(short[-2:], ()) if full.start is None else ()
        for entry in self.initials.rows(short):
            if head and not entry.text.endswith(head):
                continue  # JIANCHASJ is 检查时间, not 检查所见
            if "".join(pinyin.syllables(entry.text)[full]) == letters and not entry.symbol.startswith("noun."):
                yield entry

    def _add_spellings(self, entry: Entry) -> None:
        parts = [part for part in entry.syllables if part.isalnum()]
        row = Entry(entry.symbol, entry.text, entry.contexts, entry.rank)
        if len(parts) > 1:
            spelling = "".join(parts)
            self.pinyin.add(spelling, row)
            if may_be_misspelt(entry.syllables):
                self.sounds.add(sound(spelling), row)
            first = "".join([part[0] for part in parts])
            if len(first) >= MIN_INITIALS:
                self.initials.add(first, row)

    def _add_english(self, entry: Entry, short: Mapping[str, str]) -> None:
        words = entry.text.replace("-", " ").split()
        self.words.update([word for word in words if len(word) > 2])
        sense = Sense(entry.symbol, " ".join(words), "english", entry.contexts)
        self._add(self.han, entry.text, sense)
        for key in {"".join(words), "".join([short.get(word, word) for word in words])}:
            self._add(self.alias, key, sense)
        if len(words) > 1:
            variant = "".join([_VARIANT_WORDS.get(word, word) for word in words])
            self._add(self.english, variant, sense)

    @staticmethod
    def _add(table: Table[Sense], key: str, sense: Sense) -> None:
        if all((old.symbol, old.contexts) != (sense.symbol, sense.contexts) for old in table.rows(key)):
            table.add(key, sense)


def _laid_over(own: Mapping[str, Table[Any]], base: Mapping[str, Table[Any]]) -> dict[str, Table[Any]]:
    """Each table in front of the other's: senses once, entries all, because their rank counts too."""
    by_sense = {"han", "alias", "english"}
    return {name: table.before(base[name], _meaning if name in by_sense else id) for name, table in own.items()}


def _meaning(sense: Sense) -> tuple[str, tuple[str, ...]]:
    return sense.symbol, sense.contexts


# What two letters after words in full nearly always mean.
_HEADS_SPELT = {
    "sj": ("时间", "手机", "数据"),
    "rq": ("日期",),
    "je": ("金额",),
    "mc": ("名称",),
    "dm": ("代码",),
    "bh": ("编号",),
    "lx": ("类型",),
    "lb": ("类别",),
    "zt": ("状态", "主体"),
    "bz": ("标志", "备注", "标准"),
}


@cache
def _all_syllables() -> frozenset[str]:
    return pinyin.all_syllables()


def syllable_initials(text: str) -> str:
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


def _generated_senses(form: str, entries: Sequence[Entry], style: Style) -> tuple[Sense, ...]:
    """The most usual reading of generated letters; equal rivals all stay, but initials then only support."""
    if not entries:
        return ()
    entries = sorted(entries, key=lambda entry: entry.rank)
    first = entries[0]
    rivals = [entry for entry in entries if entry.symbol != first.symbol]
    clear = not rivals or (first.rank < 3 and rivals[0].rank > 6)
    if not clear and len({_family(entry.symbol) for entry in entries}) == 1:
        rivals, clear = [], True  # 捐赠人 or 见证人: a name either way
    readings: dict[tuple[str, tuple[str, ...]], Entry] = {}
    for entry in entries:
        if not clear or entry.symbol == first.symbol:
            readings.setdefault((entry.symbol, entry.contexts), entry)
    initials = style == "initials"
    weak = initials and not clear
    return tuple(
        Sense(e.symbol, e.text, style, e.contexts or _needed(e, form, initials), weak) for e in readings.values()
    )


def _family(symbol: str) -> str:
    known = elements().get(symbol)
    return known.family if known else symbol


# Generated initials of health and justice terms, and pinyin of two syllables, are believed only where the table speaks
# of such things: XINGQI is 星期 more often than 刑期.
_FIELDS = {
    "health": ("medical",),
    "justice": ("justice",),
    "case": ("justice", "enforcement"),
    "biometric": ("biometric",),
}


def _needed(entry: Entry, form: str, initials: bool) -> tuple[str, ...]:
    field = _FIELDS.get(entry.symbol.split(".")[0])
    if field and (len(form) <= 5 if initials else len(entry.text) == 2):
        return field
    return ("initials",) if initials and len(form) <= MIN_INITIALS else ()


@cache
def default_lexicon() -> Lexicon:
    return Lexicon.prepared() or Lexicon(built_in_entries())
