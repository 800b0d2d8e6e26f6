"""Fully qualified names and the characters names may have (reference: Names)."""

from __future__ import annotations

import re
import unicodedata

from .errors import BadRequest

MAX_NAME = 256
# Java's \w under (?U) also holds combining marks and connectors; Python's \w leaves the marks out.
TAG_EXTRA = frozenset("'-.&() ")
TERM_EXTRA = TAG_EXTRA | {"%"}
MARKS = ("Mn", "Mc", "Me")


def quote(name: str) -> str:
    """A part of an FQN: quoted only when it holds a dot."""
    return f'"{name}"' if "." in name else name


def join(parent: str | None, name: str) -> str:
    return f"{parent}.{quote(name)}" if parent else quote(name)


def split(fqn: str) -> list[str]:
    """The parts of an FQN, unquoted.

    >>> split('"s.v".库.sc h')
    ['s.v', '库', 'sc h']
    """
    return [part[1:-1] if part.startswith('"') else part for part in re.findall(r'"[^"]*"|[^."]+', fqn)]


def is_word(char: str) -> bool:
    return char == "_" or char.isalnum() or unicodedata.category(char) in MARKS


def check_entity_name(name: object) -> str:
    """Names of services, databases, schemas, tables and columns."""
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME:
        raise BadRequest(f"[query param name size must be between 1 and {MAX_NAME}]")
    if '"' in name or "::" in name:
        raise BadRequest('[query param name must match "^((?!::).)*$"]')
    return name


def check_tag_name(name: object) -> str:
    """Names of classifications and tags: 2 to 64 characters."""
    if not isinstance(name, str) or not 2 <= len(name) <= 64:
        raise BadRequest("[query param name size must be between 2 and 64]")
    if not all(is_word(char) or char in TAG_EXTRA for char in name):
        raise BadRequest('[query param name must match "^(?U)[\\w\'\\- .&()]+$"]')
    return name


def check_term_name(name: object) -> str:
    """Names of glossaries, terms, teams, domains."""
    text = check_entity_name(name)
    if not all(is_word(char) or char in TERM_EXTRA for char in text):
        raise BadRequest('[query param name must match "^(?U)[\\w\'\\- .&()%]+$"]')
    return text


def check_property_name(name: object) -> str:
    if not isinstance(name, str) or not name or not all(map(is_word, name)):
        raise BadRequest('[name must match "^(?U)[\\w]+$"]')
    return name
