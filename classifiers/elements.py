"""The vocabulary of data elements (``elements.yaml``): id, Chinese name, family, category, variants by subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import msgspec

from classifiers.prepared import read_table


class Element(msgspec.Struct, frozen=True, omit_defaults=True):
    zh: str
    family: str
    """One of the labels that accuracy is measured by (tests/data/families, examples)."""
    category: str
    """PB, PI, … SY: the 23 categories of regulation.md 5.4."""
    variants: dict[str, str] = {}
    """Subject kind (or ``default``) → the element that a generic one becomes."""


@cache
def built_in_elements() -> Mapping[str, Element]:
    """The elements of ``elements.yaml`` by id, in file order."""
    return read_table("elements.yaml", dict[str, Element])


_in_use: ContextVar[Mapping[str, Element] | None] = ContextVar("vocabulary", default=None)


def elements() -> Mapping[str, Element]:
    """All elements by id: the built-in ones, or those of the pack that is judging (``vocabulary``)."""
    return _in_use.get() or built_in_elements()


@contextmanager
def vocabulary(known: Mapping[str, Element]) -> Iterator[None]:
    """Within the block ``elements()`` is ``known``, in this thread or task only: a site's pack may bring its own.

    >>> with vocabulary({**built_in_elements(), "site.zone": Element("网格片区", "other", "GE")}):
    ...     elements()["site.zone"].zh
    '网格片区'
    >>> "site.zone" in elements()
    False
    """
    before = _in_use.set(known)
    try:
        yield
    finally:
        _in_use.reset(before)


def resolve_variant(element: str, subject: str) -> str:
    """The element that ``element`` means for a subject kind; itself when it has no variants.

    >>> resolve_variant("generic.address", "place")
    'place.address'
    >>> resolve_variant("person.name", "place")
    'person.name'
    """
    variants = elements()[element].variants
    return variants.get(subject, variants.get("default", element)) if variants else element
