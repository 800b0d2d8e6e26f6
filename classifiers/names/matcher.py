"""Finding given terms in a name or a comment: Han as written, in full pinyin and initials; ASCII as words.

The column reader (``grammar.py``) knows the whole vocabulary; this is for a short list of terms of one's own, such as a
department's overlay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from classifiers.evidence import Style
from classifiers.names import pinyin
from classifiers.names.lexicon import abbreviations
from classifiers.names.phrases import comment_parts
from classifiers.names.tokens import has_han, is_garbled, tokenize

_HEAD, _INSIDE = 0.9, 0.6
_STRENGTH: dict[Style, float] = {"english": 0.8, "pinyin": 0.75, "initials": 0.6}
_SHORT_INITIALS = 0.4


class TermMatch(NamedTuple):
    """One term that was found."""

    key: str
    term: str
    """As given to the matcher."""
    style: Style
    """``comment`` or ``han`` for Han text, else how the identifier spells it."""
    start: int
    """Offset in the comment, or of the first token in the identifier's tokens."""
    end: int
    strength: float
    """At 0.5 and above it may decide alone: initials of two letters never do."""


class TermMatcher:
    """Matches terms of many keys at once.

    >>> matcher = TermMatcher({"pet": ["犬只芯片号", "pet chip"]})
    >>> [match.style for match in matcher.match("QZXPH")]
    ['initials']
    >>> matcher.match("c1", "犬只芯片号（必填）")[0].strength
    0.9
    """

    def __init__(self, terms: Mapping[str, Sequence[str]]) -> None:
        self._han: list[tuple[str, str]] = []
        self._alias: dict[str, list[tuple[str, str, Style]]] = {}
        short = abbreviations()
        for key, written in terms.items():
            for term in written:
                if has_han(term):
                    self._han.append((term.lower(), key))
                    self._add(pinyin.full_pinyin(term), key, term, "pinyin")
                    self._add(pinyin.initials(term), key, term, "initials")
                else:
                    words = tokenize(term)
                    self._add("".join(words), key, term, "english")
                    self._add("".join(short.get(word, word) for word in words), key, term, "english")
        self._han.sort(key=lambda pair: -len(pair[0]))

    def _add(self, spelling: str, key: str, term: str, style: Style) -> None:
        known = self._alias.setdefault(spelling, [])
        if spelling and all(found[:2] != (key, term) for found in known):
            known.append((key, term, style))

    def match(self, identifier: str, comment: str | None = None) -> list[TermMatch]:
        """Matches, the strongest and longest first; a garbled comment is no comment."""
        found = self._in_text(identifier, "han") if has_han(identifier) else self._in_tokens(identifier)
        if comment and not is_garbled(comment):
            found += self._in_text(comment, "comment")
        return sorted(found, key=lambda match: (-match.strength, -len(match.term)))

    def _in_text(self, text: str, style: Style) -> list[TermMatch]:
        """Longest terms that do not overlap; a term at the end of the first phrase is its head."""
        lowered = text.lower()
        parts = comment_parts(text)
        taken: list[range] = []
        found = []
        for term, key in self._han:
            start = lowered.find(term)
            place = range(start, start + len(term))
            if start < 0 or any(start < other.stop and other.start < place.stop for other in taken):
                continue
            taken.append(place)
            strength = _HEAD if parts and parts[0].endswith(term) else _INSIDE
            found.append(TermMatch(key, term, style, start, place.stop, strength))
        return found

    def _in_tokens(self, identifier: str) -> list[TermMatch]:
        tokens = tokenize(identifier)
        short = abbreviations()
        words = [short.get(token, token) for token in tokens]
        found = []
        for start in range(len(tokens)):
            for end in range(len(tokens), start, -1):
                spelling = "".join(tokens[start:end])
                senses = self._alias.get(spelling) or self._alias.get("".join(words[start:end]), [])
                for key, term, style in senses:
                    weak = style == "initials" and len(spelling) < 3
                    strength = _SHORT_INITIALS if weak else _STRENGTH[style]
                    found.append(TermMatch(key, term, style, start, end, strength))
        return found
