"""The vocabulary of data elements (``elements.yaml``): id, Chinese name, family, category, variants by subject."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec


class Element(msgspec.Struct, frozen=True, omit_defaults=True):
    zh: str
    family: str
    """One of the labels that accuracy is measured by (tests/data/families, examples)."""
    category: str
    """PB, PI, … SY: the 23 categories of regulation.md 5.4."""
    variants: dict[str, str] = {}
    """Subject kind (or ``default``) → the element that a generic one becomes."""


@cache
def elements() -> dict[str, Element]:
    """All elements by id, in file order."""
    text = (files("classifiers") / "elements.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=dict[str, Element])


def resolve_variant(element: str, subject: str) -> str:
    """The element that ``element`` means for a subject kind; itself when it has no variants.

    >>> resolve_variant("generic.address", "place")
    'place.address'
    >>> resolve_variant("person.name", "place")
    'person.name'
    """
    variants = elements()[element].variants
    return variants.get(subject, variants.get("default", element)) if variants else element
