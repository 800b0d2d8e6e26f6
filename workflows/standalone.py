"""``pdc classify --input``: columns as JSON lines in, labels as JSON lines out, without a site.

One table is in memory at a time: its rows follow each other and have the same department, system, source and table.
Sampled values of the input are looked at and dropped; only evidence leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import IO, TYPE_CHECKING, Any

import msgspec

from classifiers.evidence import AssetVerdict, Because, ColumnInput, ColumnVerdict, Label, TableInput
from classifiers.verdict import out_of_scope
from connectors.base import is_quarantined
from workflows.masking import masked_text

if TYPE_CHECKING:
    from classifiers.policy import Pack

STATES = ("undetermined", "suggested", "confirmed")
"""From the weakest."""
JUDGED = ("tier", "share", "open")
IDENTITY = ("department", "system", "source", "table", "column")

Judge = Callable[..., AssetVerdict]
Observe = Callable[..., Mapping[str, Any]]


class InputRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One column of the input; further keys are allowed and ignored."""

    table: str
    column: str
    department: str | None = None
    system: str | None = None
    source: str | None = None
    table_comment: str | None = None
    comment: str | None = None
    type: str | None = None
    samples: list[Any] | None = None

    @property
    def table_key(self) -> tuple[str | None, ...]:
        return (self.department, self.system, self.source, self.table)

    def identity(self) -> dict[str, str]:
        found = {name: getattr(self, name) for name in IDENTITY}
        return {name: value for name, value in found.items() if value is not None}


class BadLine(msgspec.Struct, frozen=True):
    """A line that is no column; ``message`` is ``file:line: what`` and holds nothing of the line."""

    message: str


class Summary(msgspec.Struct):
    columns: int = 0
    tables: int = 0
    bad: list[str] = []


Line = InputRow | BadLine
_decode = msgspec.json.Decoder(InputRow).decode
_encode = msgspec.json.Encoder().encode


def read_rows(lines: Iterable[bytes], name: str) -> Iterator[Line]:
    """One item per line that is not blank."""
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if not text:
            continue
        try:
            row = _masked(_decode(text))
            yield (
                row if row.table and row.column else BadLine(f"{name}:{number}: `table` and `column` may not be empty")
            )
        except msgspec.ValidationError as exc:
            yield BadLine(f"{name}:{number}: {exc}")
        except (msgspec.DecodeError, UnicodeDecodeError):
            yield BadLine(f"{name}:{number}: not a JSON object in UTF-8")


def _masked(row: InputRow) -> InputRow:
    """Identifiers in names and comments are masked: reasons quote what they were read from."""
    texts = {name: getattr(row, name) for name in (*IDENTITY, "table_comment", "comment", "type")}
    clean = {name: masked_text(text) for name, text in texts.items() if text}
    return msgspec.structs.replace(row, **clean) if clean.items() - texts.items() else row


def tables(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Lines of one table each, in order; a bad line stays with the table around it."""
    group: list[Line] = []
    key: tuple[str | None, ...] | None = None
    for line in lines:
        if isinstance(line, InputRow):
            if key is not None and line.table_key != key:
                yield group
                group = []
            key = line.table_key
        group.append(line)
    if group:
        yield group


class Classifier:
    """Judges whole tables against one pack."""

    def __init__(self, pack: Pack, as_of: date, observe: Observe | None = None, judge: Judge | None = None) -> None:
        self.pack, self.as_of = pack, as_of
        self._observe, self._judge = observe or _engine_observe(), judge or _policy_judge()

    def verdict(self, rows: Sequence[InputRow]) -> AssetVerdict:
        """The verdict on one table; its columns are in the order of ``rows``."""
        table = _table(rows)
        if is_quarantined(table.table, table.comment):
            return out_of_scope(table, self.pack)
        samples: dict[str, list[Any]] = {}
        for row in rows:
            if row.samples:
                samples.setdefault(row.column, []).extend(row.samples)
        values = self._observe(table, samples, as_of=self.as_of) if samples else {}
        return self._judge(table, values, self.pack, as_of=self.as_of)


def _engine_observe() -> Observe:
    from classifiers.engine import observe

    return observe


def _policy_judge() -> Judge:
    from classifiers.verdict import judge

    return judge


def _table(rows: Sequence[InputRow]) -> TableInput:
    first = rows[0]
    return TableInput(
        table=first.table,
        columns=tuple(ColumnInput(row.column, row.comment, row.type) for row in rows),
        department=first.department,
        system=first.system,
        comment=next((row.table_comment for row in rows if row.table_comment), None),
    )


def classify_lines(
    lines: Iterable[bytes], name: str, classifier: Classifier, output: IO[bytes], assets: IO[bytes] | None = None
) -> Summary:
    """Read, judge and write table by table; ``name`` is the input's name in messages."""
    summary = Summary()
    for group in tables(read_rows(lines, name)):
        rows = [line for line in group if isinstance(line, InputRow)]
        verdict = classifier.verdict(rows) if rows else None
        columns = iter(verdict.columns if verdict else ())
        for line in group:
            record = column_record(line, next(columns)) if isinstance(line, InputRow) else {"error": line.message}
            output.write(_encode(record) + b"\n")
        if verdict and assets:
            assets.write(_encode(asset_record(rows[0], verdict)) + b"\n")
        summary.columns += len(rows)
        summary.tables += verdict is not None
        summary.bad.extend(line.message for line in group if isinstance(line, BadLine))
    return summary


def column_record(row: InputRow, verdict: ColumnVerdict) -> dict[str, Any]:
    """One output line: identity, values, the three judgements together, then each label in full."""
    return {
        **row.identity(),
        "element": verdict.element,
        "family": verdict.family if verdict.element else "other",
        "category": verdict.category,
        **together(verdict.labels),
        "evidence": [msgspec.to_builtins(item) for item in verdict.evidence],
        "flags": list(verdict.flags),
        "findings": [msgspec.to_builtins(item) for item in verdict.findings],
        "labels": {label.dimension: label_record(label) for label in verdict.labels},
    }


def asset_record(row: InputRow, verdict: AssetVerdict) -> dict[str, Any]:
    """One line of ``--assets``: what the table's columns roll up to and which columns decide."""
    identity = row.identity()
    del identity["column"]
    return {
        "department": None,
        "system": None,
        **identity,
        **together(verdict.labels),
        "because": {key: _because(cause) for key, cause in verdict.because.items()},
        "subject": msgspec.to_builtins(verdict.subject),
        "publishable": verdict.publishable,
        "open_view": {"columns": list(verdict.open_view), "labels": verdict.open_view_labels},
        "findings": [msgspec.to_builtins(item) for item in verdict.findings],
        "labels": {label.dimension: label_record(label) for label in verdict.labels},
    }


def together(labels: Sequence[Label]) -> dict[str, Any]:
    """Tier, share and open, and what they have in common: weakest state, lowest confidence, reasons and citations."""
    judged = {label.dimension: label for label in labels if label.dimension in JUDGED}
    states = [label.state if label.value != "undetermined" else "undetermined" for label in judged.values()]
    return {
        **{name: judged[name].value if name in judged else "undetermined" for name in JUDGED},
        "state": min(states, key=STATES.index, default="undetermined"),
        "confidence": round(min((label.confidence for label in judged.values()), default=0.0), 4),
        "reason": "；".join(dict.fromkeys(label.reason for label in judged.values() if label.reason)),
        "basis": list(dict.fromkeys(key for label in judged.values() for key in label.basis)),
    }


def label_record(label: Label) -> dict[str, Any]:
    """A label with every key, whether or not it has its default value."""
    fields = msgspec.structs.asdict(label)
    return fields | {"basis": list(label.basis)}


def _because(cause: Because) -> list[str]:
    return list(cause.columns)
