"""``pdc evaluate``: judge a file of labelled columns, whole tables at a time, and count what was right.

A baseline file records the figures of such files, so that a change that costs accuracy is noticed. It is compared one
way: better is always fine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from classifiers.elements import built_in_elements
from classifiers.evaluate import LabelledColumn, Report, cause_of, evaluate, tables, without_comments
from workflows.errors import InputError

if TYPE_CHECKING:
    from classifiers.policy import Pack


def read_labelled(lines: Iterable[bytes], name: str) -> Iterator[LabelledColumn]:
    """The rows of a file; raises `InputError` with file and line at the first that is none."""
    decode = msgspec.json.Decoder(LabelledColumn).decode
    families = {element.family for element in built_in_elements().values()}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            what = exc if isinstance(exc, msgspec.ValidationError) else "not a JSON object in UTF-8"
            raise InputError(f"{name}:{number}: {what}") from exc
        if row.label not in families:
            raise InputError(f"{name}:{number}: no family {row.label!r}; known: {', '.join(sorted(families))}")
        yield row


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
    verdicts = [column for table, _ in tables(shown) for column in judge(table, {}, pack, as_of=as_of).columns]
    predictions = [column.family if column.element else "other" for column in verdicts]
    return evaluate(shown, predictions, causes=[cause_of(column) for column in verdicts], by=("comments", *by))


# --- baseline ----------------------------------------------------------------------------------------------------

TOLERANCE = 0.005
"""How far the macro-F1 may fall, or the share of harmless columns called sensitive rise, before it is a failure."""


class Figures(msgspec.Struct, frozen=True):
    """What a baseline keeps of one report."""

    rows: int
    macro_f1: float
    harmless_called_sensitive: float


Baseline = dict[str, Figures]
"""``file name`` or ``file name without comments`` → figures."""


def baseline_key(name: str, comments: bool) -> str:
    return name if comments else f"{name} without comments"


def figures(found: Report) -> Figures:
    return Figures(found.rows, round(found.macro_f1, 4), round(found.harmless_called_sensitive, 4))


def read_baseline(path: Path) -> Baseline:
    """The figures of a baseline file; empty when there is none. Raises `InputError` when it is none."""
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=Baseline)
    except msgspec.DecodeError as exc:
        raise InputError(f"{path}: no baseline ({exc}); record it anew with --update-baseline") from exc


def write_baseline(path: Path, baseline: Baseline) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(baseline.items()))), indent=2) + b"\n")


def regressions(name: str, before: Figures | None, now: Figures) -> list[str]:
    """What became worse than the baseline by more than `TOLERANCE`; that nothing was recorded counts as worse."""
    if before is None:
        return [f"{name}: no baseline is recorded"]
    worse = []
    if now.macro_f1 < before.macro_f1 - TOLERANCE:
        worse.append(f"{name}: macro-F1 fell from {before.macro_f1:.4f} to {now.macro_f1:.4f}")
    if now.harmless_called_sensitive > before.harmless_called_sensitive + TOLERANCE:
        shares = f"from {before.harmless_called_sensitive:.2%} to {now.harmless_called_sensitive:.2%}"
        worse.append(f"{name}: harmless columns called sensitive rose {shares}")
    return worse
