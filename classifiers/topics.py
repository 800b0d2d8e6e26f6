"""Which statutory and other topics of a pack a table has (section 5, steps 3 and 4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from classifiers.evidence import ElementFinding, Subject, TableInput
from classifiers.names.pinyin import full_pinyin, initials
from classifiers.names.tokens import has_han, is_garbled, tokenize
from classifiers.pack_file import Topic
from classifiers.policy import Pack

# Shorter initials collide with other words (section 5.3 of the reference: two letters never decide, three rarely).
_LEAST_INITIALS = 4
_LEAST_PINYIN = 6
_CODEBOOK_COLUMNS = 2


class _Columns(NamedTuple):
    """What topics ask of a table's columns, gathered once."""

    elements: frozenset[str | None]
    codebooks: tuple[frozenset[str], ...]
    """Per column that a codebook reads: its recognizers."""


def find_topics(table: TableInput, subject: Subject, columns: Sequence[ElementFinding], pack: Pack) -> tuple[str, ...]:
    """Topic ids in the pack's order."""
    shared = _shared_initials(pack)
    read = filter(None, map(_books_that_read, columns))
    gathered = _Columns(frozenset([column.element for column in columns]), tuple(read))
    found = (name for name, topic in pack.body.topics.items() if _applies(topic, table, subject, gathered, shared))
    return tuple(found)


@lru_cache(maxsize=8192)
def _books_that_read(column: ElementFinding) -> frozenset[str]:
    return frozenset([e.recognizer for e in column.evidence if e.source == "codebook" and e.strength >= 0.5])


def _applies(topic: Topic, table: TableInput, subject: Subject, columns: _Columns, shared: Collection[str]) -> bool:
    if topic.subject and subject.kind not in topic.subject:
        return False
    found = (
        matches_terms(topic.terms, table.table, table.comment, shared)
        or any(map(columns.elements.issuperset, topic.elements))
        or _has_codebook(topic.codebooks, columns)
    )
    return found and not matches_terms(topic.exclude, table.table, table.comment)


@lru_cache(maxsize=16)
def _shared_initials(pack: Pack) -> frozenset[str]:
    """Initials that terms of two topics have in common (JZDX: 救助对象, 矫正对象) say nothing of either."""
    owners = Counter(
        short
        for topic in pack.body.topics.values()
        for short in {initials(term) if has_han(term) else "".join(tokenize(term)) for term in topic.terms}
    )
    return frozenset(short for short, count in owners.items() if count > 1)


def _has_codebook(codebooks: Collection[str], columns: _Columns) -> bool:
    if not codebooks or len(columns.codebooks) < _CODEBOOK_COLUMNS:
        return False
    wanted = {f"codebook.{name}" for name in codebooks}
    return sum(not wanted.isdisjoint(read) for read in columns.codebooks) >= _CODEBOOK_COLUMNS


def matches_terms(terms: Sequence[str], name: str, comment: str | None, unless: Collection[str] = ()) -> bool:
    """Whether a term stands in the comment or the name: Han as it is, or as pinyin or initials; ASCII as whole tokens.

    ``unless``: initials of Han terms that do not count.
    """
    text = name if comment is None or is_garbled(comment) else f"{name} {comment}"
    known, words = _compiled(tuple(terms)), _words(name)
    if any(map(text.__contains__, known.written)) or not words.isdisjoint(known.words):
        return True
    return any(word not in unless for word in words & known.spelt)


class _Terms(NamedTuple):
    """Terms by the way in which they are looked for."""

    written: tuple[str, ...]
    """Han and digits: anywhere in the text."""
    words: frozenset[str]
    """ASCII: whole tokens of the name."""
    spelt: frozenset[str]
    """Pinyin and initials of Han terms: whole tokens too."""


@lru_cache(maxsize=1024)
def _compiled(terms: tuple[str, ...]) -> _Terms:
    han = [term for term in terms if has_han(term)]
    return _Terms(
        written=tuple(term for term in terms if has_han(term) or term.isdigit()),
        words=frozenset(word for term in terms if not has_han(term) for word in _spellings(term)),
        spelt=frozenset(word for term in han for word in _spellings(term)),
    )


@lru_cache(maxsize=4096)
def _spellings(term: str) -> frozenset[str]:
    if not has_han(term):
        return frozenset({"".join(tokenize(term))})
    pinyin, short = full_pinyin(term), initials(term)
    return frozenset(_long_enough(((pinyin, _LEAST_PINYIN), (short, _LEAST_INITIALS))))


def _long_enough(spellings: Iterable[tuple[str, int]]) -> Iterable[str]:
    return (text for text, least in spellings if len(text) >= least)


@lru_cache(maxsize=4096)
def _words(name: str) -> frozenset[str]:
    """Every run of consecutive tokens of a name, joined: ``T_JZDX_2020`` → t, jzdx, 2020, tjzdx, …"""
    tokens = tokenize(name)[:12]
    return frozenset("".join(tokens[i:j]) for i in range(len(tokens)) for j in range(i + 1, len(tokens) + 1))
