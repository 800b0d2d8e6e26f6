"""Reading one name or comment: head at the end, the noun that owns it before it (design section 5, step 5).

A Chinese noun phrase has its head at its end, and so have English, pinyin and initials in column names:
法定代表人身份证号, ``guardian_phone``, ``SQRXM``. A reading is free of context; senses
bound to one are chosen by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from classifiers.elements import elements
from classifiers.evidence import Style
from classifiers.names import affixes
from classifiers.names.lexicon import Lexicon, Sense, abbreviations, default_lexicon, parse_terms
from classifiers.names.phrases import (
    CODES_ONLY,
    LEVEL,
    OPTION,
    PROCESS,
    PURPOSE,
    TRAILING,
    WHETHER,
    comment_parts,
    is_yes_or_no,
    said_flags,
    told_by_codes,
)
from classifiers.names.rules import CLOSER, grammar, is_hollow, owner_class
from classifiers.names.tokens import has_han, is_garbled, may_be_initials, tokenize


class Candidate(NamedTuple):
    """One possible meaning of a name or comment."""

    element: str
    strength: float
    """At 0.5 and above it may decide, below it only supports."""
    style: Style
    term: str
    contexts: tuple[str, ...] = ()
    owner: str = ""
    """Class of the noun before the head: person, minor, org, place, trait, bank …; empty when there is none."""
    owner_element: str = ""
    flags: tuple[str, ...] = ()
    bare: bool = False
    """Nothing but a noun: 员工, 部门."""
    unknown_stem: bool = False
    """A head that says nothing by itself (情况, 类型) after a stem that the lexicon doesn't know."""
    after_unknown: bool = False
    """Something stands before the term, and nothing in it is known as its owner."""


Reading = tuple[Candidate, ...]
"""Best first; senses bound to a context stand before the one without that they fall back to."""


class Owner(NamedTuple):
    kind: str
    element: str


_NO_OWNER = Owner("", "")
_SOMEONE = Owner("person", "person.name")
# 护林员, 摊主, 网格长: whoever holds a role, known or not.
_PERSON_SUFFIX = re.compile(r"[\u3400-\u9fff](?:[人员者长主师工]|主任|书记)$")
# AAC127, BAC504: a code of an indicator system, not a word with a number.
_INDICATOR_CODE = re.compile(r"^[A-Za-z]{3}\d{3}[A-Za-z]?$")


class Reader:
    """Reads names and comments with one lexicon; every reading is memoised."""

    def __init__(self, lexicon: Lexicon, memory: int = 65_536) -> None:
        self.lexicon = lexicon
        self.comment = lru_cache(maxsize=memory)(self._comment)
        self.name = lru_cache(maxsize=memory)(self._name)
        self._split = lru_cache(maxsize=memory)(self._segment)

    # Han phrases -------------------------------------------------------------------------------------------------

    def _comment(self, text: str) -> Reading:
        """Reading of a comment; empty when it is garbled or says nothing that the lexicon knows."""
        if is_garbled(text):
            return ()
        parts = comment_parts(text)
        told = told_by_codes(text) if CODES_ONLY.match(text) else ""
        if told:
            return (Candidate(told, 0.8, "comment", "代码列表"),)
        for index, part in enumerate(parts[:3]):
            if index and ((part.isascii() and has_han(parts[0])) or PURPOSE.match(part)):
                continue
            reading = self._phrase(part)
            if reading and CODES_ONLY.match(text):
                return _fainter(reading, 0.5)
            if reading and owner_class(reading[0].element) in _NEVER_FLAGS and is_yes_or_no(text):
                return (Candidate("code.flag", 0.85, "comment", part),)
            if reading:
                reading = self._refined(reading, parts[index + 1 :]) if index == 0 else _fainter(reading, 0.15)
                flags = said_flags(text)
                return tuple(candidate._replace(flags=flags) for candidate in reading) if flags else reading
        if len(OPTION.findall(text)) > 1:
            return (Candidate("code.type", 0.45 if CODES_ONLY.match(text) else 0.6, "comment", "代码列表"),)
        return ()

    def _refined(self, reading: Reading, rest: Sequence[str]) -> Reading:
        """``证件号码（统一社会信用代码）``: what follows may name a closer kind of the same thing."""
        element = reading[0].element
        if rest and LEVEL.match(rest[0]) and elements()[element].family in _ADDRESSES:
            return (reading[0]._replace(element="place.division", term=rest[0]),)
        closer = CLOSER.get(element)
        if closer is None:
            return reading
        for part in rest[:2]:
            for candidate in self._phrase(part)[:1]:
                if candidate.element in closer and candidate.strength >= 0.5:
                    return (candidate._replace(owner=candidate.owner or reading[0].owner), *reading)
        return reading

    def _phrase(self, text: str) -> Reading:
        if not has_han(text):
            return self._name(text) if text else ()
        whether = WHETHER.match(text)
        if whether and text not in self.lexicon.han:
            return self._whether(text, text[whether.end() :])
        if text not in self.lexicon.han:
            for word in ("是否", "有无"):
                if word in text:
                    return self._whether(word, text.partition(word)[2])
            if text.endswith("否"):
                return (Candidate("code.flag", 0.85, "comment", "否"),)
        reading = self._suffix(text)
        if reading:
            return reading
        shorter = TRAILING.sub("", text)
        reading = self._suffix(shorter) if shorter and shorter != text else ()
        if reading and reading[0].bare and text.endswith("信息"):
            return (Candidate("text.free", 0.6, "comment", text),)
        return reading

    def _whether(self, text: str, rest: str) -> Reading:
        flag = Candidate("code.flag", 0.85, "comment", text[:2])
        if PROCESS.match(rest):
            return (flag,)
        for candidate in self._suffix(rest):
            kind = owner_class(candidate.element)
            if kind == "trait" or candidate.element in ("minor.flag", "person.insurance_status"):
                return (candidate,) if not candidate.contexts else (candidate, flag)
        return (flag,)

    def _suffix(self, text: str) -> Reading:
        """Candidates of the longest known ends of ``text``, down to the first that needs no context."""
        found: list[Candidate] = []
        known = self.lexicon.han
        for start in range(len(text)):
            if text[start:] not in known:
                continue
            senses = known.rows(text[start:])
            left = text[:start]
            owner = self._han_owner(left)
            composed = self._composed(senses, owner, bool(left), 0.95 if not left else 0.9 if owner.kind else 0.8)
            if left and not owner.kind and is_hollow(senses, left):
                composed = [candidate._replace(unknown_stem=True) for candidate in composed]
            found += composed
            if found and not found[-1].contexts:
                break
        return tuple(found)

    def _han_owner(self, left: str) -> Owner:
        """The last noun in ``left``."""
        known = self.lexicon.han
        for end in range(len(left), 0, -1):
            for start in range(max(0, end - 10), end):
                if left[start:end] not in known:
                    continue
                owner = _owner_of(known.rows(left[start:end]))
                if owner.kind:
                    return owner
            if end == len(left) and _PERSON_SUFFIX.search(left):
                return _SOMEONE
        return _NO_OWNER

    def _composed(self, senses: Sequence[Sense], owner: Owner, compound: bool, strength: float) -> list[Candidate]:
        """Candidates of one written form: in a compound its head meanings go first, alone its own ones."""
        order = sorted(
            senses,
            key=lambda sense: (
                not (compound and sense.symbol in _PICTURES),
                not sense.contexts,
                sense.symbol.startswith("head.") != compound,
                sense.symbol.startswith("noun."),
            ),
        )
        found: list[Candidate] = []
        for sense in order:
            if owner.kind in _THINGS and ("person" in sense.contexts or sense.term in affixes.OUTCOMES):
                continue
            if not compound and sense.structural and len(order) > 1 and found and not found[-1].contexts:
                continue
            candidate = _compose(sense, owner, compound, strength)
            found.append(candidate)
            if not candidate.contexts:
                break
        return found

    # identifiers -------------------------------------------------------------------------------------------------

    def _name(self, identifier: str) -> Reading:
        """Reading of a column name; empty when nothing in it is known."""
        if has_han(identifier):
            return self._phrase(comment_parts(identifier)[0]) if comment_parts(identifier) else ()
        written = tokenize(identifier)
        tokens, flags = affixes.without_affixes(written)
        if not tokens or (_INDICATOR_CODE.match(identifier) and tokens[0] not in self.lexicon.words):
            return ()
        if len(written) > len(tokens):
            whole = self.lexicon.senses("".join(written))
            if whole and whole[0].style == "english":
                return tuple(self._composed(whole, _NO_OWNER, False, 0.8))
        reading = self._tokens(tokens)
        if flags:
            reading = tuple(candidate._replace(flags=flags) for candidate in reading)
        return reading

    def _tokens(self, tokens: tuple[str, ...]) -> Reading:
        if "of" in tokens[1:-1] and not self.lexicon.senses("".join(tokens)):
            at = tokens.index("of")
            tokens = tokens[at + 1 :] + tokens[:at]
        for word in ("with", "for"):
            if word in tokens[1:-1] and not self.lexicon.senses("".join(tokens)):
                tokens = tokens[: tokens.index(word)]
        whole = self._known(tokens)
        if not whole and tokens[0] in affixes.FLAG_PREFIXES and len(tokens) > 1:
            return self._is_something(tokens)
        reading = self._ends(tokens)
        if len(tokens) > 1 and reading and reading[0].term == tokens[-1]:
            reading = self._after_person(tokens, reading)
        if reading and any(not candidate.contexts for candidate in reading):
            return reading
        parts = self._split(tokens[-1])
        if not reading and not parts and affixes.is_somebody(tokens):
            return (Candidate("person.name", 0.6, "pinyin", tokens[-1]),)
        if not reading and len(tokens) == 1 and affixes.STAFF.fullmatch(tokens[0]):
            return (Candidate("person.staff_name", 0.55, "initials", tokens[0].upper(), ("initials",)),)
        if parts:
            longer = (*tokens[:-1], *parts)
            if parts[0] in affixes.FLAG_PREFIXES and len(parts) > 1 and len(tokens) == 1:
                return (*reading, *self._is_something(longer))
            return (*reading, *self._ends(longer))
        return reading

    def _after_person(self, tokens: tuple[str, ...], reading: Reading) -> Reading:
        """``join_community_volunteer`` is a flag, ``responsible_person_contact`` how to reach whoever is named."""
        if len(tokens) > 2 and tokens[0] in affixes.TAKES_PART and owner_class(reading[0].element) == "person":
            return (Candidate("code.flag", 0.7, "english", tokens[0]),)
        owner = self._token_owner(tokens[:-1]) if tokens[-1] in affixes.CONTACTS else _NO_OWNER
        if owner.kind in _PERSON_CLASSES:
            return tuple(self._composed(self.lexicon.senses("phone"), owner, True, 0.75))
        return reading

    def _is_something(self, tokens: tuple[str, ...]) -> Reading:
        flag = Candidate("code.flag", 0.75, "english", "is" if tokens[0] != "sf" else "SF")
        for candidate in self._ends(tokens[1:]) or self._ends((*tokens[1:-1], *(self._split(tokens[-1]) or ()))):
            if owner_class(candidate.element) == "trait" and candidate.strength >= 0.5:
                return (candidate,) if not candidate.contexts else (candidate, flag)
        return (flag,)

    def _known(self, tokens: Sequence[str]) -> tuple[Sense, ...]:
        """Senses of tokens written together, as they are or with abbreviations read as their words."""
        senses = self.lexicon.senses("".join(tokens))
        senses = senses or self.lexicon.senses("".join(map(self._word, tokens)))
        if senses or len(tokens) < 2:
            return senses
        variants = self.lexicon.variants(tokens)
        if variants and tokens[-1] in affixes.COUNTS and owner_class(variants[0].symbol) == "trait":
            return ()
        return variants

    def _word(self, token: str) -> str:
        word = abbreviations().get(token, token)
        if word.endswith("s") and word[:-1] in self.lexicon.words and word not in self.lexicon.words:
            return word[:-1]
        return word

    def _ends(self, tokens: Sequence[str]) -> Reading:
        found: list[Candidate] = []
        for start in range(len(tokens)):
            senses = self._known(tokens[start:])
            if not senses:
                continue
            left = tokens[:start]
            owner = self._whose(left, senses[0])
            strength = _name_strength(senses[0], "".join(tokens[start:])) - (0.05 if left and not owner.kind else 0)
            found += self._composed(senses, owner, bool(left), strength)
            if found and not found[-1].contexts:
                break
        return tuple(found)

    def _whose(self, left: Sequence[str], sense: Sense) -> Owner:
        """The owner of a head; in ``education_post_major`` it is the schooling and not the post."""
        owner = self._token_owner(left)
        if owner.kind == "code" and len(left) > 1 and owner_class(sense.symbol) in ("trait", "school"):
            before = self._token_owner(left[:-1])
            return before if before.kind in ("trait", "school") else owner
        return owner

    def _token_owner(self, left: Sequence[str]) -> Owner:
        for end in range(len(left), 0, -1):
            for start in range(end):
                owner = _owner_of(self._known(left[start:end]))
                if owner.kind:
                    return owner
            parts = self._split(left[end - 1])
            if parts:
                owner = self._token_owner(parts)
                if owner.kind:
                    return owner
        return _NO_OWNER

    def _segment(self, token: str) -> tuple[str, ...] | None:
        """Parts of a glued token: English words, else a known end in pinyin or initials; None when unknown."""
        if not 3 <= len(token) <= 40 or token.isdigit():
            return None
        return self._english_words(token) or self._han_letters(token)

    def _english_words(self, token: str) -> tuple[str, ...] | None:
        """The fewest known words that together are ``token``."""
        words, short = self.lexicon.words, abbreviations()
        best: list[tuple[str, ...] | None] = [None] * (len(token) + 1)
        best[0] = ()
        for end in range(1, len(token) + 1):
            for start in range(max(0, end - 16), end):
                before, word = best[start], token[start:end]
                known = word in words or word in short or (word.endswith("s") and len(word) > 3 and word[:-1] in words)
                if before is not None and known and (best[end] is None or len(before) + 1 < len(best[end] or ())):
                    best[end] = (*before, word)
        found = best[len(token)]
        return found if found and len(found) > 1 else None

    def _han_letters(self, token: str) -> tuple[str, ...] | None:
        ends = list(self._known_ends(token))
        for front, end in ends:
            if len(front) > 2 and front.endswith("sf") and len(end) > 3 and not self.lexicon.senses(f"sf{end}"):
                return (front, "flag")  # DASFZRXX: 档案是否转入学校
        for front, end in ends:
            if _owner_of(self.lexicon.senses(front)).kind:
                return (front, end)
        for front, end in ends:
            if len(end) > 3 or (end in affixes.PERSON_WORDS and may_be_initials(front + "xx")):
                return (front, end)
            if front.endswith(("r", "ry")) and 2 <= len(front) <= 6 and end in affixes.PERSON_ENDS:
                return (front, "ry", end)
        if may_be_initials(token) and token[-2:] in affixes.PLAIN_ENDS:
            return (token[:-2], token[-2:])
        return None

    def _known_ends(self, token: str) -> Iterator[tuple[str, str]]:
        """Splits of a token whose end is known in pinyin or initials, the longest end first."""
        letters = may_be_initials(token)
        for start in range(1, len(token) - 1):
            senses = self.lexicon.senses(token[start:])
            if not senses or senses[0].weak or "initials" in senses[0].contexts:
                continue
            front, end, style = token[:start], token[start:], senses[0].style
            short = letters and (style == "initials" or end in affixes.SHORT_ENDS)
            if affixes.may_be_pinyin(front) if style == "pinyin" else short and affixes.are_letters(front):
                yield front, end


_ADDRESSES = frozenset({"address", "org_address"})
# What a list of yes and no cannot be the codes of.
_NEVER_FLAGS = frozenset(
    {"person", "minor", "org", "bank", "place", "contact", "address", "iddoc", "docno", "login", "other"}
)


def _fainter(reading: Reading, by: float) -> Reading:
    return tuple(candidate._replace(strength=candidate.strength - by) for candidate in reading)


def _owner_of(senses: tuple[Sense, ...] | None) -> Owner:
    for sense in senses or ():
        if sense.weak or sense.contexts:
            continue
        kind = owner_class(sense.symbol)
        if kind and kind != "other":
            return Owner(kind, grammar().nouns.get(sense.symbol, sense.symbol))
    return _NO_OWNER


# Heads that go by what stands before them even where a context would know better: 走访照片 is no portrait.
_PICTURES = frozenset({"head.image", "head.file"})
# Where a person or a firm is: 省市详细地址, native_address.
_REGIONS = frozenset({"place.division", "place.street", "place.community", "person.native_place", "person.birthplace"})
# What these own is no person's: vehicle_weight.
_THINGS = frozenset({"object", "vehicle", "place", "org", "case", "act", "doc", "measure", "bank", "project"})
_PERSON_CLASSES = ("person", "minor")
_VARIANTS = {
    "person": "person",
    "minor": "person",
    "org": "organisation",
    "orgcode": "organisation",
    "place": "place",
    "project": "place",
    "bank": "organisation",
    "audit": "person",
}
_ORG_FORMS = {
    "person.home_address": "org.address",
    "person.id_number": "org.code",
    "person.mail_address": "org.address",
    "person.account_holder": "person.account_holder",
}


# Coded by the id of a dictionary entry: nation_id.
_CODED = frozenset({"gender", "ethnicity", "education", "marital_status", "religion", "political_status"})


def _compose(sense: Sense, owner: Owner, compound: bool, strength: float) -> Candidate:
    element = _element(sense, owner, compound)
    if sense.weak:
        strength = min(strength, 0.45)
    if sense.symbol.startswith("noun.") or (sense.symbol.startswith("head.") and not compound):
        strength -= 0.1
    contexts = () if _satisfied(sense.contexts, owner) else sense.contexts
    bare = sense.symbol.startswith("noun.") and not compound
    after = compound and not owner.kind
    return Candidate(
        element, strength, sense.style, sense.term, contexts, owner.kind, owner.element, (), bare, False, after
    )


def _satisfied(contexts: tuple[str, ...], owner: Owner) -> bool:
    """A noun before the head is context enough: SQR + XM."""
    if owner.kind in _PERSON_CLASSES and "owned" in contexts:
        return True
    return _VARIANTS.get(owner.kind, owner.kind) in contexts


def _element(sense: Sense, owner: Owner, compound: bool) -> str:
    symbol = sense.symbol
    if symbol.startswith("noun."):
        return grammar().nouns[symbol]
    if symbol.startswith("head."):
        table = grammar().heads[symbol]
        chosen = table.get(owner.kind) if owner.kind else None
        if symbol == "head.id" and owner.kind == "trait" and elements()[owner.element].family in _CODED:
            return owner.element
        if chosen == "same" and sense.term in grammar().doubt.apart and elements()[owner.element].family in _CODED:
            chosen = None
        chosen = chosen or table["default" if compound else "alone"]
        return owner.element if chosen == "same" else chosen
    if symbol.startswith("generic."):
        if owner.kind == "image" and symbol == "generic.address":
            return owner.element
        if owner.element in _REGIONS:
            return symbol
        return elements()[symbol].variants.get(_VARIANTS.get(owner.kind, ""), symbol)
    if owner.kind == "org":
        return _ORG_FORMS.get(symbol, symbol)
    if owner.kind in _PERSON_CLASSES:
        if symbol == "person.name":
            return owner.element
        if symbol == "org.address" and sense.term.startswith("住所"):
            return "person.home_address"
    if symbol == "account.login" and owner.kind == "bank":
        return "generic.bank_account"
    return symbol


def _name_strength(sense: Sense, key: str) -> float:
    if sense.style == "english":
        return 0.8
    if sense.style == "pinyin":
        return 0.75 if len(key) > 5 else 0.6
    if sense.weak:
        return 0.4
    return 0.55 if len(key) < 3 else 0.6 if len(key) == 3 else 0.7


@cache
def default_reader() -> Reader:
    return Reader(default_lexicon())


def reader_with(terms: Mapping[str, Iterable[str]]) -> Reader:
    """A reader that knows a site's own terms first: element id → terms as in the term files.

    >>> reader_with({"person.id_card": ["灵芝码", "lingzhi code"]}).name("LZHM") == default_reader().name("LZHM")
    True
    >>> reader_with({"person.id_card": ["灵芝码"]}).comment("灵芝码")[0].element
    'person.id_card'
    """
    return Reader(Lexicon(parse_terms(terms), default_lexicon()))
