"""One Chinese identifier per module: structure, authority, check digit, examples.

Every module has ``normalise(text)``, ``check(text, *, as_of=None)`` for one value as written, and
``examine(number, today)`` for a value that is already normalised, which the engine calls. Answers are three-valued:
``valid``, ``invalid`` (the right shape with a wrong check digit, date or area) and ``other`` (not this kind).
All numbers in the doctests are synthetic.
"""

from __future__ import annotations

import re
from importlib import import_module

_SHAPES = ("_SHAPE", "_NUMBER", "_PLATE", "_ADDRESS")


def pattern_of(name: str) -> str | None:
    """The regular expression of an identifier's compact form, for platforms that can match patterns and no more.

    It says nothing of check digits, dates or areas. None for a module that has no such expression, or no such module.

    >>> pattern_of("id_card"), pattern_of("person_name")
    ('[1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9X]', None)
    """
    try:
        module = import_module(f"{__name__}.{name}")
    except ModuleNotFoundError:
        return None
    found = (getattr(module, shape, None) for shape in _SHAPES)
    return next((shape.pattern for shape in found if isinstance(shape, re.Pattern)), None)
