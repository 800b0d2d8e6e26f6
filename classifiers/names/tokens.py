"""Tokens of an identifier: snake, camel, Pascal, all caps, digits, mixed Han."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_TOKEN = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[\u3400-\u9fff]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
# No Han syllable begins with these letters, so initials never hold them.
_NOT_INITIAL = frozenset("iuv")


@lru_cache(maxsize=65536)
def tokenize(identifier: str) -> tuple[str, ...]:
    """Lower-case tokens of ``identifier``; full-width letters are read as half-width.

    >>> tokenize("corporationName")
    ('corporation', 'name')
    >>> tokenize("CF_XDR_SHXYM")
    ('cf', 'xdr', 'shxym')
    >>> tokenize("IDCard2")
    ('id', 'card', '2')
    >>> tokenize("申请人_SFZH")
    ('申请人', 'sfzh')
    """
    text = unicodedata.normalize("NFKC", identifier)
    return tuple(token.lower() for token in _TOKEN.findall(text))


def has_han(text: str) -> bool:
    return not text.isascii() and _HAN.search(text) is not None


def may_be_initials(token: str) -> bool:
    """Whether ``token`` can be the initials of Han syllables (2 to 16 letters, none of i, u, v)."""
    return 2 <= len(token) <= 16 and token.isascii() and token.isalpha() and not _NOT_INITIAL & set(token)


@lru_cache(maxsize=65536)
def is_initials(identifier: str) -> bool:
    """Whether every token of a name can be initials: ``XM``, ``LX_DM``, ``SFZH2``."""
    tokens = tokenize(identifier)
    return bool(tokens) and all(may_be_initials(token) or token.isdigit() for token in tokens)


def is_garbled(text: str) -> bool:
    """Whether ``text`` lost its encoding somewhere: replacement characters or runs of question marks.

    >>> is_garbled("身份证号"), is_garbled("韬唤�?璇佸彿"), is_garbled("????")
    (False, True, True)
    """
    return "\ufffd" in text or "???" in text or "锟斤拷" in text
