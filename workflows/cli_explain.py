"""How `pdc explain` is printed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workflows.cli_common import echo, emit_table

if TYPE_CHECKING:
    from workflows.explain import Explained, Explanation
    from workflows.store_records import LabelChange

BRIEF_COLUMNS = 12


def print_explanation(found: Explanation, brief: bool = False) -> None:
    """Labels with reasons and citations, then evidence, findings, decisions and history."""
    echo("\n".join(lines(found, brief)))
    if found.columns:
        shown = found.columns[:BRIEF_COLUMNS] if brief else found.columns
        header = ("column", "comment", "element", "tier", "share", "open", "state")
        rows = [(c.name, c.comment[:24], c.element, c.tier, c.share, c.open, c.state) for c in shown]
        echo("\ncolumns")
        emit_table(header, rows)
        if len(shown) < len(found.columns):
            echo(f"… and {len(found.columns) - len(shown)} more columns")


def lines(found: Explanation, brief: bool = False) -> Iterator[str]:
    name = f"{found.asset}.{found.column}" if found.column else found.asset
    yield name + (f"  {found.comment}" if found.comment else "")
    if found.subject:
        yield f"subject  {found.subject}"
    if found.review:
        yield f"review   {found.review}"
    if not found.catalogued:
        yield "credentials are no catalogue items; they count in the asset's tier"
    for label in found.labels:
        yield ""
        yield from label_lines(label, brief)
    yield from section("evidence", found.evidence_lines, "none" if found.column else "")
    yield from section(
        "findings", [f"{f.code}: {f.message}" + (f" ({f.column})" if f.column else "") for f in found.findings]
    )
    if found.open_view:
        yield from section("a more open view when these are dropped or masked", [found.open_view])
    if not brief:
        decided = [
            f"{d.at} {d.who}: {d.dimension} = {d.value or 'rejected'} {d.reason}".rstrip() for d in found.decisions
        ]
        yield from section("decisions", decided, "none")
        yield from section("history", [change_line(change) for change in found.history], "no label changed so far")


def label_lines(label: Explained, brief: bool) -> Iterator[str]:
    value = label.display if label.display == label.value else f"{label.display} ({label.value})"
    yield f"{label.dimension:<8} {value}  {label.state}, confidence {label.confidence:.2f}"
    yield f"  reason   {label.reason}"
    if label.ruled:
        yield f"  ruled    {label.ruled}"
    yield f"  rule     {label.rule or '-'}" + (f"  ({label.pack})" if label.pack else "")
    if label.because:
        yield f"  because  {', '.join(label.because)}"
    for cited in label.citations:
        yield f"  basis    {cited.line}"
        if cited.text and not brief:
            yield from textwrap.wrap(cited.text, 60, initial_indent=" " * 11, subsequent_indent=" " * 11)


def section(title: str, items: list[str] | tuple[str, ...], empty: str = "") -> Iterator[str]:
    if items or empty:
        yield ""
        yield title
        yield from (f"  {item}" for item in items or (empty,))


def change_line(change: LabelChange) -> str:
    values = f"{change.dimension} {change.old} → {change.new} ({change.new_state})"
    return f"{change.at} run {change.run}: {values}; {change.why}"
