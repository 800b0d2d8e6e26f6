"""What a recognizer is: constants and one hook."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from classifiers.identifiers.common import Examine

Kind = Literal["check_digit", "self_describing", "plain"]
"""What a hit is worth: a number with a check digit, a shape that nothing else has, or a shape that others share."""


LONGEST, LETTERS, SYMBOLS, OTHERS = 255, 256, 512, 513
ANY_LENGTH = 2**31


def shape(number: str) -> int:
    """The shape of a compact value as one integer: values are shown only to recognizers that ask for their shape.

    All digits: the length (at most 255). ASCII letters and digits: 256 and the length. Other ASCII: 512. The rest: 513.

    >>> shape("310107"), shape("31010X"), shape("a@b"), shape("张三")
    (6, 262, 512, 513)
    """
    if not number.isascii():
        return OTHERS
    if number.isdigit():
        return min(len(number), LONGEST)
    return LETTERS + min(len(number), LONGEST) if number.isalnum() else SYMBOLS


@dataclass(frozen=True)
class Recognizer:
    """One sort of value.

    ``examine(value, today)`` is the hook: it gets a compact value (``tidy`` ones if ``tidy`` is set) of a shape that
    the recognizer asked for, and today as ``yyyymmdd``; it returns a `Check` and never raises.
    """

    id: str
    element: str
    """An id of ``elements.yaml``."""
    kind: Kind
    examine: Examine
    digits: Collection[int] = ()
    """Lengths of all-digit compact values that are of interest."""
    letters: Collection[int] = ()
    """Lengths of compact values of ASCII letters and digits with at least one letter."""
    symbols: bool = False
    """Whether ASCII values with other characters are of interest."""
    han: bool = False
    """Whether values with any character outside ASCII are of interest."""
    tidy: bool = False
    """Whether the hook wants the text as written instead of the compact form."""
    mark: str = ""
    """Characters of which every fitting value has one: columns with too few of them are not looked at."""
    lengths: tuple[int, int] = (0, ANY_LENGTH)
    """Least and greatest length of a fitting value that is not all ASCII letters and digits, as the hook gets it."""
    chance: float = 1.0
    """How often a random value of the right shape passes a check-digit kind."""
    min_ratio: float = 0.8
    """Share of the distinct values that must fit; check-digit kinds have their own, lower one (see the engine)."""
    min_distinct: int = 5
    min_unique: float = 0.0
    """Share of distinct values among all that are not null: names differ, codes repeat."""
    max_length: int = 0
    """No value may be longer; 0 = any length."""
    strength: float = 0.4
    """Of a plain shape: below 0.5 it only supports a name or a comment."""
    flags: tuple[str, ...] = ()
    """Put on the evidence."""

    def shapes(self) -> frozenset[int]:
        """The shapes that the recognizer asks for."""
        some = [shape for shape, wanted in ((SYMBOLS, self.symbols), (OTHERS, self.han)) if wanted]
        return frozenset((*self.digits, *(LETTERS + length for length in self.letters), *some))
