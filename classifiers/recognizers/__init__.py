"""The recognizers: every module of this package that has a ``RECOGNIZER``, and those that other distributions bring.

A distribution brings one with an entry point of the group ``public_data_catalog.recognizers`` that names a
`Recognizer`; ``classifiers.testing.RecognizerSuite`` tests it.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules

from .base import Recognizer

__all__ = ["GROUP", "Recognizer", "RecognizerError", "builtin", "outside", "recognizers"]

GROUP = "public_data_catalog.recognizers"


class RecognizerError(Exception):
    """An outside recognizer that cannot be used: which one, why, and what to do."""


@cache
def builtin() -> tuple[Recognizer, ...]:
    """The recognizers of this package, in the order of their ids."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    found = [module.RECOGNIZER for module in modules if hasattr(module, "RECOGNIZER")]
    return tuple(sorted(found, key=lambda recognizer: recognizer.id))


@cache
def outside() -> tuple[tuple[str, Recognizer], ...]:
    """Recognizers of other distributions, each with ``distribution version``; entry points are read once.

    Raises `RecognizerError` when one cannot be loaded or takes an id that exists.
    """
    taken = {recognizer.id for recognizer in builtin()}
    found: list[tuple[str, Recognizer]] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        recognizer = _load(entry)
        if recognizer.id in taken:
            raise RecognizerError(f"recognizer {recognizer.id!r} of {entry.value} exists already; rename or remove it")
        taken.add(recognizer.id)
        found.append((f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value, recognizer))
    return tuple(found)


def recognizers() -> tuple[Recognizer, ...]:
    """All recognizers, the built-in ones first."""
    return (*builtin(), *(recognizer for _, recognizer in outside()))


def _load(entry: EntryPoint) -> Recognizer:
    try:
        loaded = entry.load()
    except Exception as error:
        raise RecognizerError(f"recognizer {entry.name!r} cannot be loaded from {entry.value}: {error}") from error
    if not isinstance(loaded, Recognizer):
        raise RecognizerError(f"recognizer {entry.name!r}: {entry.value} is no classifiers.recognizers.Recognizer")
    return loaded
