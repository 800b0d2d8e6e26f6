"""Accuracy against labelled columns: precision, recall and F1 per family, as the examples' README defines them.

Harmless families are told from sensitive ones; sensitive families that mean much the same are merged; a mean over
families (macro-F1) takes those with at least eight unambiguous rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby

import msgspec

from classifiers.evidence import ColumnInput, ColumnVerdict, TableInput
from classifiers.names.lexicon import built_in_entries
from classifiers.names.pinyin import all_syllables
from classifiers.names.tokens import has_han, may_be_initials, tokenize

HARMLESS = frozenset(
    (
        "id_type",
        "org_address",
        "place_or_division",
        "org_name",
        "uscc",
        "org_code",
        "bank_name",
        "amount",
        "case_or_document_no",
        "technical",
        "status_or_code",
        "date_time",
        "quantity_or_measure",
        "text_other",
        "other",
    )
)
_GROUPS = (
    ("mobile", "landline", "phone_any"),
    ("birth_date", "age"),
    ("photo_or_scan", "biometric"),
    ("vehicle_plate", "vehicle_id", "driving_licence"),
    ("medical", "medical_record_no", "disability"),
    ("education", "student_no"),
    ("person_name", "legal_rep"),
    ("id_card", "passport_or_other_id"),
    ("account_login", "im_account"),
)
MERGED = {family: group[0] for group in _GROUPS for family in group}
LEAST_ROWS = 8


class LabelledColumn(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a file of labelled columns."""

    table: str
    column: str
    label: str
    source: str = ""
    table_comment: str | None = None
    comment: str | None = None
    type: str | None = None
    department: str | None = None
    ambiguous: bool = False


class Score(msgspec.Struct, frozen=True):
    """Counts of one family over unambiguous rows."""

    family: str
    right: int
    extra: int
    """Rows of another family that were called this one."""
    missed: int

    @property
    def rows(self) -> int:
        return self.right + self.missed

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.extra) if self.right + self.extra else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.rows if self.rows else 0.0

    @property
    def f1(self) -> float:
        whole = 2 * self.right + self.extra + self.missed
        return 2 * self.right / whole if whole else 0.0


class Confusion(msgspec.Struct, frozen=True):
    """One column that was called something else than it is (names and comments only, never values)."""

    row: LabelledColumn
    predicted: str


class Cause(msgspec.Struct, frozen=True):
    """The statement that decided what a column was called: which recognizer, from what, by which term."""

    recognizer: str
    source: str
    term: str | None = None
    style: str = ""


UNKNOWN = Cause("", "nothing known")
"""The cause of a column that was not understood."""


class RuleScore(msgspec.Struct, frozen=True):
    """How often one cause was wrong and right."""

    cause: Cause
    wrong: int
    right: int
    labels: dict[str, int]
    """Of the wrong ones: what the columns really hold → how many."""


class Pair(msgspec.Struct, frozen=True):
    """One cell of the confusion matrix that should be empty."""

    label: str
    predicted: str
    rows: int
    examples: tuple[str, ...]
    """``table.column comment``, at most `EXAMPLES`."""


EXAMPLES = 3


class Report(msgspec.Struct, frozen=True):
    rows: int
    unambiguous: int
    accuracy: float
    """Share of unambiguous rows with the right family, merged families counting as one."""
    macro_f1: float
    """Mean F1 of the merged sensitive families with at least `LEAST_ROWS` unambiguous rows; 0 when there is none."""
    macro_families: int
    harmless: int
    harmless_called_sensitive: float
    """Share of unambiguous harmless rows."""
    scores: tuple[Score, ...]
    """Per family as labelled, most rows first."""
    merged: tuple[Score, ...]
    """Per merged sensitive family."""
    confusions: tuple[Confusion, ...]
    rules: tuple[RuleScore, ...] = ()
    """Causes that were wrong at least once, the worst first; empty when no causes were given."""
    groups: dict[str, Report] = {}
    """The same by ``comments``, ``department``, ``style`` …; no further groups inside."""


def merged(family: str) -> str:
    """The family that stands for ``family`` when sensitive families are merged."""
    return MERGED.get(family, family)


def tables(rows: Iterable[LabelledColumn]) -> Iterator[tuple[TableInput, list[LabelledColumn]]]:
    """Whole tables in the order of the rows; a table is source and name."""
    for (_, name), group in groupby(rows, key=lambda row: (row.source, row.table)):
        members = list(group)
        columns = tuple(ColumnInput(row.column, row.comment, row.type) for row in members)
        first = members[0]
        yield TableInput(name, columns, first.department, comment=first.table_comment), members


def without_comments(rows: Iterable[LabelledColumn]) -> Iterator[LabelledColumn]:
    """The same rows as a system without a word of documentation would have them."""
    for row in rows:
        yield msgspec.structs.replace(row, comment=None, table_comment=None)


def style_of(row: LabelledColumn) -> str:
    """How a column tells what it is: comment, han, pinyin, initials or english."""
    if row.comment:
        return "comment"
    if has_han(row.column):
        return "han"
    tokens = [token for token in tokenize(row.column) if not token.isdigit()]
    unknown = [token for token in tokens if token not in _english()]
    if any(len(token) >= _SHORTEST_PINYIN and is_pinyin(token) for token in unknown):
        return "pinyin"
    return "initials" if tokens == unknown and any(map(may_be_initials, tokens)) else "english"


_SHORTEST_PINYIN = 4
_VOWELS = frozenset("aeiou")


def is_pinyin(token: str) -> bool:
    """Whether lower-case letters are whole syllables of pinyin.

    >>> is_pinyin("xingming"), is_pinyin("sfzh"), is_pinyin("gender")
    (True, False, False)
    """
    reached = {0}
    for end in range(1, len(token) + 1):
        if any(start in reached and token[start:end] in all_syllables() for start in range(max(0, end - 6), end)):
            reached.add(end)
    return len(token) in reached


@cache
def _english() -> frozenset[str]:
    """The ASCII words of the term files: ``name`` and ``date`` are made of syllables but mean what they say."""
    written = (entry.text for entry in built_in_entries() if entry.text.isascii() and not entry.text.startswith("~"))
    return frozenset(
        word for text in written for word in text.split() if len(word) > 2 and not _VOWELS.isdisjoint(word)
    )


def cause_of(verdict: ColumnVerdict) -> Cause:
    """The strongest statement for the element that a column was given."""
    said = [evidence for evidence in verdict.evidence if evidence.element == verdict.element]
    if verdict.element is None or not (said or verdict.evidence):
        return UNKNOWN
    best = (said or verdict.evidence)[0]
    return Cause(best.recognizer, best.source, best.term, best.style)


def confusion_pairs(found: Report, most: int) -> list[Pair]:
    """What was taken for what, the most frequent first; families that are merged are not told apart."""
    pairs: dict[tuple[str, str], list[LabelledColumn]] = defaultdict(list)
    for wrong in found.confusions:
        pairs[wrong.row.label, wrong.predicted].append(wrong.row)
    ranked = sorted(pairs.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        Pair(label, predicted, len(rows), tuple(map(_named, rows[:EXAMPLES])))
        for (label, predicted), rows in ranked[:most]
    ]


def _named(row: LabelledColumn) -> str:
    return f"{row.table}.{row.column} {row.comment or ''}".rstrip()


def evaluate(
    rows: Iterable[LabelledColumn],
    predictions: Sequence[str],
    *,
    causes: Sequence[Cause] = (),
    by: Sequence[str] = ("comments",),
) -> Report:
    """Compare predicted families with labels.

    ``predictions``: one family per row, in order; ``causes``: what decided each, if that is to be ranked. ``by``:
    groups to report as well: ``comments`` (with, without), ``department`` (or source where a row has none), ``style``;
    ``family`` is always there. Raises ValueError when the lengths differ or a group is unknown.
    """
    pairs = list(zip(rows, predictions, strict=True))
    groups: dict[str, Report] = {}
    for name in by:
        if name == "family":
            continue
        if name not in _KEYS:
            raise ValueError(f"cannot group by {name!r}; use {', '.join(sorted(_KEYS))} or family")
        parts: dict[str, list[tuple[LabelledColumn, str]]] = defaultdict(list)
        for row, predicted in pairs:
            parts[_KEYS[name](row)].append((row, predicted))
        groups.update((f"{name}: {key}", _report(part)) for key, part in sorted(parts.items()))
    rules = _rules(pairs, causes) if causes else ()
    return msgspec.structs.replace(_report(pairs), rules=rules, groups=groups)


_KEYS: dict[str, Callable[[LabelledColumn], str]] = {
    "comments": lambda row: "without" if row.comment is None else "with",
    "department": lambda row: row.department or row.source or "?",
    "style": style_of,
}


def _report(pairs: Sequence[tuple[LabelledColumn, str]]) -> Report:
    sure = [(row, predicted) for row, predicted in pairs if not row.ambiguous]
    scores = _scores((row.label, predicted) for row, predicted in sure)
    together = _scores((merged(row.label), merged(predicted)) for row, predicted in sure)
    sensitive = tuple(score for score in together if score.family not in HARMLESS and score.rows)
    counted = [score.f1 for score in sensitive if score.rows >= LEAST_ROWS]
    harmless = [predicted for row, predicted in sure if row.label in HARMLESS]
    wrong = tuple(Confusion(row, predicted) for row, predicted in sure if merged(row.label) != merged(predicted))
    return Report(
        rows=len(pairs),
        unambiguous=len(sure),
        accuracy=1 - len(wrong) / len(sure) if sure else 0.0,
        macro_f1=sum(counted) / len(counted) if counted else 0.0,
        macro_families=len(counted),
        harmless=len(harmless),
        harmless_called_sensitive=sum(family not in HARMLESS for family in harmless) / len(harmless)
        if harmless
        else 0.0,
        scores=scores,
        merged=sensitive,
        confusions=wrong,
    )


def _rules(pairs: Sequence[tuple[LabelledColumn, str]], causes: Sequence[Cause]) -> tuple[RuleScore, ...]:
    right: Counter[Cause] = Counter()
    wrong: dict[Cause, Counter[str]] = defaultdict(Counter)
    for (row, predicted), cause in zip(pairs, causes, strict=True):
        if row.ambiguous:
            continue
        if merged(row.label) == merged(predicted):
            right[cause] += 1
        else:
            wrong[cause][row.label] += 1
    ranked = sorted(wrong.items(), key=lambda item: (-item[1].total(), right[item[0]], repr(item[0])))
    return tuple(RuleScore(cause, labels.total(), right[cause], dict(labels.most_common())) for cause, labels in ranked)


def _scores(pairs: Iterable[tuple[str, str]]) -> tuple[Score, ...]:
    right: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for label, predicted in pairs:
        if label == predicted:
            right[label] += 1
        else:
            extra[predicted] += 1
            missed[label] += 1
    families = sorted({*right, *extra, *missed}, key=lambda family: (-right[family] - missed[family], family))
    return tuple(Score(family, right[family], extra[family], missed[family]) for family in families)
