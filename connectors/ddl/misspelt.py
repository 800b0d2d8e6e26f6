"""Statements that were meant to create a table or view and are misspelt, such as ``CREATE TABEL``.

No server would have made the table, so it is not read; but whoever wrote the statement expects it in the catalogue.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_NEAR = 0.75
_BEGIN = re.compile(r"(?:create\s|[a-z]{4,8}\s+(?:table|view)\s)", re.I)
_WORDS = re.compile(r"\s*([A-Za-z_]+)(?=[\s(])")
_LOOK = 5
_MODIFIER_WORDS = """
    or replace alter global local private public temporary temp unlogged external foreign force noforce no editionable
    noneditionable materialized recursive algorithm undefined merge temptable definer sql security huge immutable
    sharded duplicated blockchain column row secure live transient volatile multiset set dictionary if not exists
"""
_OBJECT_WORDS = """
    table view tablespace trigger type role rule label policy sequence index unique bitmap fulltext spatial clustered
    nonclustered function procedure proc package schema database user synonym domain cast aggregate operator server
    extension language event cluster directory profile context library outline dimension statistics publication
    subscription collation conversion login certificate credential assembly default partition queue service contract
    message route symmetric asymmetric master endpoint availability resource workload xml search application tablet
    group edition access class keyspace
"""
_MODIFIERS, _OBJECTS = frozenset(_MODIFIER_WORDS.split()), frozenset(_OBJECT_WORDS.split())
_VERBS = frozenset(["alter", "analyze", "create", "drop", "lock", "rename", "repair", "truncate", "update"])


def misspelt(sql: str, at: int = 0) -> str | None:
    """What is wrong with the beginning of a statement at ``at``; None for most.

    >>> misspelt("CREATE TABEL t_ry (id int)")
    'TABEL is no word that SQL knows after CREATE; TABLE may be meant'
    >>> misspelt("creat table t (a int)"), misspelt("create index tabel on t (a)"), misspelt("drop table t")
    ('creat is no word that SQL knows; CREATE may be meant', None, None)
    """
    if not _BEGIN.match(sql, at):
        return None
    words = _leading(sql, at)
    first = words[0].lower() if words else ""
    if first != "create":
        return f"{words[0]} is no word that SQL knows; CREATE may be meant" if _is_near(first, "create") else None
    for word in words[1:]:
        plain = word.lower()
        if plain in _OBJECTS:
            return None
        if plain not in _MODIFIERS:
            meant = next((right for right in ("table", "view") if _is_near(plain, right)), None)
            what = f"{word} is no word that SQL knows after CREATE; {(meant or '').upper()} may be meant"
            return what if meant else None
    return None


def _leading(sql: str, at: int) -> list[str]:
    words: list[str] = []
    while len(words) < _LOOK and (found := _WORDS.match(sql, at)):
        words.append(found[1])
        at = found.end()
    return words


def _is_near(word: str, right: str) -> bool:
    return word not in _VERBS and SequenceMatcher(None, word, right).ratio() >= _NEAR
