"""Sampled values in, evidence out.

Each column's distinct values are normalised once, grouped by shape (how long, which characters) and shown only to the
recognizers that asked for that shape. What leaves is counts: no evidence holds a value.

The thresholds, over distinct values that are not null:

================  ==============================================================================================
check digits      >= 0.6 fit of >= 10 (>= 0.9 of 5 to 9), and chance alone would do that once in 100,000 or less
self-describing   >= 0.8 fit of >= 10; damaged values of the kind are left out of the count up to 0.3 of all
plain shapes      the same with >= 5 values, but strength < 0.5: a name or comment must say it too
dirty             shapes with >= 0.7 of >= 10 that miss their ratio: half the strength, a name or comment must say it
masked            identity numbers, credit codes, phones, cards, addresses of mail with asterisks: as self-describing
mixed             >= 0.9 fit of several check-digit kinds together (`classifiers.mixed`): evidence for each
free text         >= 3 distinct validated identifiers: a finding (flag ``free_text_hits``), no element
================  ==============================================================================================
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from math import comb
from typing import TYPE_CHECKING, Any, NamedTuple

from .distinct import Distinct, distinct
from .evidence import Evidence, TableInput
from .identifiers.common import day_number
from .identifiers.normal import masked_kind
from .mixed import shares
from .recognizers import Recognizer, outside, recognizers
from .recognizers.base import ANY_LENGTH, LETTERS, LONGEST, OTHERS, SYMBOLS, shape
from .structure import identifiers_in_text

if TYPE_CHECKING:
    from importlib.abc import Traversable

CHECK_RATIO, CHECK_RATIO_FEW, CHECK_TAIL = 0.6, 0.9, 1e-5
FEW, ENOUGH = 5, 10
DAMAGED_SHARE = 0.3
STRONG, PASSED, SELF_DESCRIBING, PLAIN, NOTICE, DIRTY_PART = 0.95, 0.8, 0.75, 0.4, 0.1, 0.5
STRONG_RATIO, MASKED_RATIO = 0.9, 0.8
FREE_TEXT_HITS, FREE_TEXT_LENGTH = 3, 20

_RUN = re.compile(r"[0-9A-Z]{8,40}")
_SHORT_RUN, _LONG_RUN = b"0" * 8, b"0" * 11
_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_MASKED_RUN = re.compile(r"[0-9X*]{9,19}")
_GLUE = 12
_NUMERIC_TYPE = re.compile(
    r"\s*(?:unsigned\s+)?(?:big|small|medium|tiny)?(?:int|num|dec|double|float|real|money)", re.I
)
_SPOILED_BY_NUMERIC = frozenset(("id_card", "uscc", "org_code", "permanent_residence"))
_EPSILON = 1e-9
_ANY = (0, ANY_LENGTH)
_STEP = 8


def observe(table: TableInput, sample: Mapping[str, Sequence[Any]], *, as_of: date) -> dict[str, tuple[Evidence, ...]]:
    """Value evidence of every column of ``table`` that was sampled, strongest first.

    ``sample`` maps column names to values as the source gave them: text, numbers, None. A column without evidence has
    an empty tuple; one that was not sampled is missing. ``as_of``: nobody is born later.
    """
    today = day_number(as_of)
    return {
        column.name: _observe_column(sample[column.name], column.type or "", today, as_of)
        for column in table.columns
        if column.name in sample
    }


class _Tally(NamedTuple):
    hits: int
    invalid: int
    masked: int = 0


def _observe_column(values: Sequence[Any], type_name: str, today: int, as_of: date) -> tuple[Evidence, ...]:
    column = distinct(values)
    if not column.values:
        return ()
    groups = _group(column.values)
    masked, damaged = _take_masked(groups) if "*" in column.joined else ({}, 0)
    numeric = column.numeric or bool(_NUMERIC_TYPE.match(type_name))
    found = []
    for recognizer, numbers in _candidates(groups, masked, column):
        tally = _tally(recognizer, numbers, column, today, masked.get(recognizer.id, 0), damaged)
        evidence = _weigh(recognizer, tally, column, numeric) if tally else None
        if evidence:
            found.append(evidence)
    if not any(evidence.strength >= STRONG for evidence in found):
        found = _mixed(groups, today, len(column.values), found)
    if not any(evidence.strength >= SELF_DESCRIBING for evidence in found):
        found += _free_text(column, groups, as_of)
    return tuple(sorted(found, key=lambda evidence: (-evidence.strength, evidence.recognizer)))


# --- shapes ------------------------------------------------------------------------------------------------------


def _group(values: Mapping[str, str]) -> dict[int, list[str]]:
    """Values by `shape`."""
    groups: dict[int, list[str]] = defaultdict(list)
    every = "".join(values)
    # Most columns are of one sort, which the whole tells sooner than each.
    if every.isascii() and every.isalnum():
        letters = 0 if every.isdigit() else LETTERS
        for number in values:
            form = len(number) if len(number) < LONGEST else LONGEST
            groups[form if not letters or number.isdigit() else form + letters].append(number)
        return groups
    for number in values:
        groups[shape(number) if number.isascii() else OTHERS].append(number)
    return groups


@cache
def _dispatch() -> dict[int, tuple[Recognizer, ...]]:
    """Shape → the recognizers that asked for it."""
    table: dict[int, list[Recognizer]] = defaultdict(list)
    for recognizer in recognizers():
        for form in recognizer.shapes():
            table[form].append(recognizer)
    return {form: tuple(found) for form, found in table.items()}


@cache
def _by_id() -> dict[str, Recognizer]:
    return {recognizer.id: recognizer for recognizer in recognizers()}


class _View:
    """The values of one shape in the two forms that recognizers ask for, each made when first asked for."""

    __slots__ = ("_lengths", "_tidy", "column", "form", "numbers")

    def __init__(self, form: int, numbers: list[str], column: Distinct) -> None:
        self.form, self.numbers, self.column = form, numbers, column
        self._tidy: list[str] | None = None
        self._lengths: dict[bool, list[int]] = {}

    def texts(self, tidy: bool) -> list[str]:
        if not tidy:
            return self.numbers
        if self._tidy is None:
            known = self.column.values
            self._tidy = [known.get(number, number) for number in self.numbers]
        return self._tidy

    def fitting(self, recognizer: Recognizer) -> int:
        """How many have a length that the recognizer's values can have."""
        if self.form < SYMBOLS:
            return len(self.numbers)
        lengths = self._lengths.get(recognizer.tidy)
        if lengths is None:
            lengths = self._lengths[recognizer.tidy] = sorted(map(len, self.texts(recognizer.tidy)))
        least, greatest = recognizer.lengths
        return bisect_right(lengths, greatest) - bisect_left(lengths, least)


def _candidates(
    groups: Mapping[int, list[str]], masked: Mapping[str, int], column: Distinct
) -> list[tuple[Recognizer, list[str]]]:
    """Recognizers that could still reach their threshold, each with the values to look at."""
    table = _dispatch()
    wanted: dict[str, list[_View]] = defaultdict(list)
    for form, numbers in groups.items():
        view = _View(form, numbers, column)
        for recognizer in table.get(form, ()):
            wanted[recognizer.id].append(view)
    for form, numbers in _unglued(groups, column).items():
        view = _View(form, numbers, column)
        for recognizer in table.get(form, ()):
            if recognizer.kind != "plain" or not recognizer.tidy:
                wanted[recognizer.id].append(view)
    for name in masked:
        wanted[name] += ()
    known = _by_id()
    return [
        (recognizer, views[0].texts(recognizer.tidy) if len(views) == 1 else _texts(views, recognizer.tidy))
        for name, views in wanted.items()
        if _could_pass(recognizer := known[name], views, column, masked.get(name, 0))
    ]


def _texts(views: Sequence[_View], tidy: bool) -> list[str]:
    return [text for view in views for text in view.texts(tidy)]


def _could_pass(recognizer: Recognizer, views: Sequence[_View], column: Distinct, masked: int) -> bool:
    total = len(column.values)
    needed = _least_ratio(recognizer) * total - _EPSILON - masked
    if total < recognizer.min_distinct or sum([len(view.numbers) for view in views]) < needed:
        return False
    if recognizer.lengths != _ANY and sum([view.fitting(recognizer) for view in views]) < needed:
        return False
    return not recognizer.mark or sum(map(column.joined.count, recognizer.mark)) >= needed


def _least_ratio(recognizer: Recognizer) -> float:
    """The lowest share of hits among all distinct values at which the recognizer can pass."""
    if recognizer.kind == "check_digit":
        return CHECK_RATIO
    return recognizer.min_ratio * (1 - DAMAGED_SHARE) if recognizer.min_ratio <= MASKED_RATIO else recognizer.min_ratio


def _unglued(groups: Mapping[int, list[str]], column: Distinct) -> dict[int, list[str]]:
    """Numbers with a few words glued to them (身份证:3101…), by shape: the only long run of a short value."""
    glued = groups.get(OTHERS, []) + groups.get(SYMBOLS, [])
    found: dict[int, list[str]] = defaultdict(list)
    if glued and _has_digits("\n".join(glued), _SHORT_RUN):
        for number in glued:
            runs = _RUN.findall(number)
            if len(runs) == 1 and len(number) - len(runs[0]) <= _GLUE:
                found[shape(runs[0])].append(runs[0])
    return found


def _has_digits(text: str, run: bytes) -> bool:
    """Whether so many ASCII digits stand together; bytes because a pattern would take three times as long."""
    return run in text.encode("utf-8", "replace").translate(_DIGITS_AS_ZERO)


def _take_masked(groups: dict[int, list[str]]) -> tuple[dict[str, int], int]:
    """Take masked identifiers out of the groups: recognizer id → how many distinct ones; and how many were damaged."""
    counts: Counter[str] = Counter()
    damaged = 0
    for form in (SYMBOLS, OTHERS):
        kinds = [(number, _masked_kind(number) if "*" in number else None) for number in groups.get(form, ())]
        counts.update(kind for _, kind in kinds if kind)
        groups[form] = [number for number, kind in kinds if not kind]
        damaged += sum("**" in number for number in groups[form])
    return counts, damaged


def _masked_kind(number: str) -> str | None:
    run = None if number.isascii() else _MASKED_RUN.search(number)
    return masked_kind(run[0] if run else number)


# --- counting and weighing ---------------------------------------------------------------------------------------


def _tally(
    recognizer: Recognizer, numbers: list[str], column: Distinct, today: int, masked: int, damaged: int
) -> _Tally | None:
    """Count hits and damaged values; None as soon as too many values are of another kind.

    ``damaged``: masked values that no longer show what they were; they count where others were masked.
    """
    examine = recognizer.examine
    longest = recognizer.max_length
    if longest and any(len(text) > longest and "·" not in text for text in numbers):
        return None
    misses = int(len(column.values) * (1 - _least_ratio(recognizer)) + _EPSILON)
    strict = recognizer.kind == "check_digit"
    hits = invalid = start = 0
    # Nothing is decided before so many values have been seen; after them, in small steps.
    stop = misses + 1
    while start < len(numbers):
        results = [examine(number, today)[0] for number in numbers[start:stop]]
        hits += results.count("valid")
        invalid += results.count("invalid")
        start += len(results)
        if start - hits - (0 if strict else invalid) > misses:
            return None
        stop = start + _STEP
    return _Tally(hits + masked, invalid + damaged if masked else invalid, masked)


def _weigh(recognizer: Recognizer, tally: _Tally, column: Distinct, numeric: bool) -> Evidence | None:
    strength = _strength(recognizer, tally, len(column.values))
    if not strength or len(column.values) < recognizer.min_unique * column.filled:
        return None
    flags = recognizer.flags
    if tally.masked:
        flags += ("masked" if tally.masked >= MASKED_RATIO * tally.hits else "partly_masked",)
    if numeric and recognizer.id in _SPOILED_BY_NUMERIC:
        flags += ("numeric_identifier",)
    return Evidence(
        recognizer=recognizer.id,
        element=recognizer.element,
        source="value",
        strength=strength,
        hits=tally.hits,
        distinct=len(column.values),
        invalid=tally.invalid,
        flags=flags,
    )


def _strength(recognizer: Recognizer, tally: _Tally, total: int) -> float:
    """0 when the column does not pass."""
    unmasked = tally.hits - tally.masked
    if recognizer.kind == "check_digit" and unmasked >= tally.masked:
        return _check_digit_strength(tally.hits, total, recognizer.chance)
    if not _shape_passes(recognizer, tally, total):
        return recognizer.strength * DIRTY_PART if _is_dirty(recognizer, tally, total) else 0
    speaks = recognizer.kind == "self_describing" or tally.masked >= max(unmasked, 1)
    if speaks:
        return SELF_DESCRIBING if total >= ENOUGH else PLAIN
    return recognizer.strength


def _check_digit_strength(hits: int, total: int, chance: float) -> float:
    ratio = hits / total
    least = CHECK_RATIO if total >= ENOUGH else CHECK_RATIO_FEW
    if total < FEW or ratio < least - _EPSILON or tail(hits, total, chance) > CHECK_TAIL * (1 + _EPSILON):
        return 0
    return STRONG if ratio >= STRONG_RATIO - _EPSILON else PASSED


def _shape_passes(recognizer: Recognizer, tally: _Tally, total: int) -> bool:
    damaged = min(tally.invalid, DAMAGED_SHARE * total)
    if total < recognizer.min_distinct or not tally.hits:
        return False
    return tally.hits / (total - damaged) >= recognizer.min_ratio - _EPSILON


def _is_dirty(recognizer: Recognizer, tally: _Tally, total: int) -> bool:
    """Whether a column that misses its ratio still shows its shape under up to `DAMAGED_SHARE` of anything else."""
    enough = total >= ENOUGH and tally.hits >= (1 - DAMAGED_SHARE) * total - _EPSILON
    return enough and recognizer.min_ratio <= MASKED_RATIO


@lru_cache(maxsize=4096)
def tail(hits: int, total: int, chance: float) -> float:
    """The chance of at least ``hits`` passes among ``total`` random values (upper binomial tail).

    >>> tail(7, 10, 1 / 11) <= 1e-5 < tail(6, 10, 1 / 11)
    True
    """
    return sum(comb(total, k) * chance**k * (1 - chance) ** (total - k) for k in range(hits, total + 1))


def _mixed(groups: Mapping[int, list[str]], today: int, total: int, found: list[Evidence]) -> list[Evidence]:
    """``found`` with the evidence of a mixed column in place of what its kinds are worth alone."""
    parts = [
        Evidence(
            recognizer=kind.id,
            element=kind.element,
            source="value",
            strength=PASSED,
            hits=hits,
            distinct=total,
            invalid=unexplained,
            flags=(*kind.flags, "mixed"),
        )
        for kind, hits, unexplained in shares(groups, _dispatch(), total, today, tail)
    ]
    names = {evidence.recognizer for evidence in parts}
    return [*parts, *(evidence for evidence in found if evidence.recognizer not in names)]


def _free_text(column: Distinct, groups: Mapping[int, list[str]], as_of: date) -> list[Evidence]:
    if not _has_digits(column.joined, _LONG_RUN):
        return []
    texts = [column.values[number] for number in groups.get(OTHERS, []) + groups.get(SYMBOLS, [])]
    long = [text for text in texts if len(text) >= FREE_TEXT_LENGTH]
    found = {text[start:end] for text in long for _, start, end in identifiers_in_text(text, as_of)}
    if len(found) < FREE_TEXT_HITS:
        return []
    return [
        Evidence(
            recognizer="free_text",
            element="text.free",
            source="value",
            strength=NOTICE,
            hits=len(found),
            distinct=len(column.values),
            flags=("free_text_hits",),
        )
    ]


# --- version -----------------------------------------------------------------------------------------------------


# What `observe` uses: names, packs and the rules over evidence have no say in what values show.
_OBSERVERS = ("distinct.py", "engine.py", "evidence.py", "identifiers/", "mixed.py", "recognizers/", "structure.py")


@cache
def engine_version() -> str:
    """12 hex digits that change when the code or data of this package (packs apart) or an outside recognizer does."""
    return _version("")


@cache
def evidence_version() -> str:
    """12 hex digits that change when `observe` may make other evidence of the same values: sample them again."""
    return _version(_OBSERVERS)


def _version(prefixes: str | tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name, resource in sorted(_resources(files(__package__), ""), key=lambda pair: pair[0]):
        if name.startswith(prefixes):
            digest.update(name.encode() + b"\0" + resource.read_bytes() + b"\0")
    for distribution, recognizer in outside():
        digest.update(f"{distribution} {recognizer.id}\0".encode())
    return digest.hexdigest()[:12]


def _resources(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for child in folder.iterdir():
        if child.name in ("__pycache__", "packs"):
            continue
        if child.is_dir():
            found += _resources(child, f"{prefix}{child.name}/")
        elif not child.name.endswith((".pyc", ".pyo")):
            found.append((prefix + child.name, child))
    return found
