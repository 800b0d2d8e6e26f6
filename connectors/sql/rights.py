"""Which statements give a user what it lacks, with the names put in that are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from sqlalchemy.engine import URL

from connectors.sql.dialect import Dialect, Row
from connectors.sql.merge import Key


def granted(dialect: Dialect, url: URL, schemas: Sequence[str]) -> tuple[str, ...]:
    """``Dialect.grants`` for each of the schemas and the database of ``url``; unknown names stay placeholders.

    >>> from sqlalchemy import make_url
    >>> from connectors.sql.postgresql import DIALECT
    >>> granted(DIALECT, make_url("postgresql+psycopg2://reader@127.0.0.1/d"), ["dept a"])[0]
    'GRANT USAGE ON SCHEMA "dept a" TO "reader"'
    """
    quote = url.get_dialect()().identifier_preparer.quote_identifier
    templates = dialect.grants(url.username or "<user>")
    if url.database:
        templates = tuple(text.replace("<database>", quote(url.database)) for text in templates)
    named = (text.replace("<schema>", quote(schema)) for schema in schemas for text in templates)
    return tuple(dict.fromkeys(named)) or templates


def by_table(rows: Iterable[Row]) -> Mapping[Key, frozenset[str]]:
    """What `Dialect.REFUSED` answers, as names of columns by schema and table.

    >>> by_table([("s", "a", "x"), ("s", "a", "y")])[("s", "a")] == {"x", "y"}
    True
    """
    ordered = sorted(tuple(row) for row in rows)
    return {key: frozenset(row[2] for row in group) for key, group in groupby(ordered, itemgetter(0, 1))}
