"""``pdc evaluate``: judge a file of labelled columns, whole tables at a time, and count what was right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from classifiers.evaluate import LabelledColumn, Report, evaluate, tables, without_comments
from workflows.errors import InputError

if TYPE_CHECKING:
    from classifiers.policy import Pack


def read_labelled(lines: Iterable[bytes], name: str) -> Iterator[LabelledColumn]:
    """The rows of a file; raises `InputError` with file and line at the first that is none."""
    decode = msgspec.json.Decoder(LabelledColumn).decode
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            what = exc if isinstance(exc, msgspec.ValidationError) else "not a JSON object in UTF-8"
            raise InputError(f"{name}:{number}: {what}") from exc


def evaluate_rows(
    rows: Iterable[LabelledColumn],
    pack: Pack,
    as_of: date,
    *,
    by: Sequence[str] = (),
    comments: bool = True,
) -> Report:
    """Judge the rows as `pdc classify` would and compare families; ``comments=False`` hides every comment first."""
    from classifiers.verdict import judge

    shown = list(rows if comments else without_comments(rows))
    predictions = [
        column.family if column.element else "other"
        for table, _ in tables(shown)
        for column in judge(table, {}, pack, as_of=as_of).columns
    ]
    return evaluate(shown, predictions, by=("comments", *by))
