"""Columns that hold numbers of several kinds: 证件号码 of persons and of firms, side by side.

No kind need reach the ratio that a column of its own must reach. Each value goes to one kind, the larger kind first,
and the kinds are taken together when

* at least `RATIO` of at least `ENOUGH` distinct values belong to one of at least two kinds, each with `FEW` or more;
* for each kind alone chance is excluded: the binomial tail of its hits among its own values *and all values that no
  kind explains* is at most `TAIL`. Counting the unexplained ones against every kind makes the bar higher than it is in
  a column of one kind.

A kind's share is known only after the others took theirs, but what those take they take by their own check digit: the
chance that random strings pass as either of two kinds adds up (1/11 + 1/31), far below `RATIO`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .recognizers import Recognizer

RATIO, FEW, ENOUGH, TAIL = 0.9, 5, 10, 1e-5
_EPSILON = 1e-9


class Share(NamedTuple):
    """What one kind has of a mixed column."""

    recognizer: Recognizer
    hits: int
    unexplained: int
    """Values of no kind; they are told of the largest kind only."""


def shares(
    groups: Mapping[int, Sequence[str]],
    dispatch: Mapping[int, Sequence[Recognizer]],
    total: int,
    today: int,
    tail: Callable[[int, int, float], float],
) -> list[Share]:
    """The kinds of a mixed column, the largest first; empty when it is none.

    ``groups``: shape → compact values, of ``total`` distinct ones; ``dispatch``: shape → recognizers, of which those
    with check digits are asked; ``tail``: upper binomial tail.
    """
    checked = {form: [r for r in dispatch.get(form, ()) if r.kind == "check_digit" and not r.tidy] for form in groups}
    least = RATIO * total - _EPSILON
    if total < ENOUGH or sum(len(groups[form]) for form, kinds in checked.items() if kinds) < least:
        return []
    others = total - sum(map(len, groups.values()))
    explained = _explain(groups, checked, today, total - least - others)
    return _take(explained, total, least, tail) if explained else []


def _explain(
    groups: Mapping[int, Sequence[str]], checked: Mapping[int, Sequence[Recognizer]], today: int, misses: float
) -> list[list[Recognizer]]:
    """Per explained value the kinds that it is valid for; empty as soon as too many are valid for none."""
    found = []
    for form, numbers in groups.items():
        for number in numbers:
            kinds = [kind for kind in checked[form] if kind.examine(number, today)[0] == "valid"]
            if kinds:
                found.append(kinds)
                continue
            misses -= 1
            if misses < 0:
                return []
    return found


def _take(
    values: list[list[Recognizer]], total: int, least: float, tail: Callable[[int, int, float], float]
) -> list[Share]:
    taken: list[tuple[Recognizer, int]] = []
    unexplained = total - len(values)
    while values:
        counts = Counter(kind.id for kinds in values for kind in kinds)
        name, hits = min(counts.items(), key=lambda item: (-item[1], item[0]))
        if hits < FEW:
            break
        taken.append((next(kind for kinds in values for kind in kinds if kind.id == name), hits))
        values = [kinds for kinds in values if all(kind.id != name for kind in kinds)]
    unexplained += len(values)
    if len(taken) < 2 or total - unexplained < least:
        return []
    if any(tail(hits, hits + unexplained, kind.chance) > TAIL * (1 + _EPSILON) for kind, hits in taken):
        return []
    return [Share(kind, hits, 0 if place else unexplained) for place, (kind, hits) in enumerate(taken)]
