"""Why an asset or a column has its labels: values, evidence, rules, citations, decisions and history."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from classifiers.evidence import AssetVerdict, ColumnVerdict, Decision, Evidence, Finding, Label
from classifiers.platform_names import REVIEWS
from workflows.errors import InputError
from workflows.outputs import words
from workflows.store import Store
from workflows.store_records import LabelChange, StoredAsset

if TYPE_CHECKING:
    from classifiers.policy import Pack

MAX_CANDIDATES = 20


class Cited(msgspec.Struct, frozen=True):
    """One citation in full. ``line`` is title and article; ``text`` says what the article says."""

    key: str
    line: str
    text: str = ""
    rank: str = ""
    verified: bool = True


class Explained(msgspec.Struct, frozen=True):
    """One label with everything behind it."""

    dimension: str
    value: str
    display: str
    state: str
    confidence: float
    reason: str
    rule: str
    origin: str
    pack: str
    citations: tuple[Cited, ...] = ()
    because: tuple[str, ...] = ()
    """For an asset's label: the columns that have the deciding value."""
    ruled: str = ""
    """Who ruled so, when and how; empty for what rules propose. 理由 and 依据 do not say it."""


class ColumnLine(msgspec.Struct, frozen=True):
    """One column of an explained asset, in short."""

    name: str
    comment: str
    element: str
    tier: str
    share: str
    open: str
    state: str


class Explanation(msgspec.Struct, frozen=True):
    asset: str
    comment: str | None
    column: str | None
    labels: tuple[Explained, ...]
    evidence: tuple[Evidence, ...] = ()
    evidence_lines: tuple[str, ...] = ()
    subject: str = ""
    review: str = ""
    """审核状态 of an asset, with who gave it and when; empty while nobody has."""
    findings: tuple[Finding, ...] = ()
    decisions: tuple[Decision, ...] = ()
    history: tuple[LabelChange, ...] = ()
    columns: tuple[ColumnLine, ...] = ()
    open_view: str = ""
    catalogued: bool = True


def explain(store: Store, pack: Pack, text: str) -> Explanation:
    """Explain ``ASSET`` or ``ASSET.COLUMN``; an asset may be given by its key, a unique ending or a glob.

    Raises `InputError`: nothing or more than one thing is meant, or it is not labelled yet.
    """
    stored, column = find(store, text)
    if stored.verdict is None:
        raise InputError(f"{stored.asset.key} has no labels yet (run `pdc classify`)")
    if column is None:
        return _asset(store, pack, stored)
    return _column(store, pack, stored, column)


# --- what is meant -----------------------------------------------------------------------------------------------


def find(store: Store, text: str) -> tuple[StoredAsset, str | None]:
    """The one asset that ``text`` means, and its column when it ends in one."""
    rows = {item.key: item.id for item in store.judgeable()}
    whole = matching(rows, text)
    if len(whole) == 1:
        return store.load([rows[whole[0]]])[0], None
    found = [] if whole else list(_with_column(store, rows, text))
    if len(found) == 1:
        return found[0]
    candidates = whole or [f"{stored.asset.key}.{column}" for stored, column in found]
    if not candidates:
        raise InputError(f"no asset or column matches {text!r} (see `pdc assets`)")
    shown = "\n  ".join(candidates[:MAX_CANDIDATES])
    more = f"\n  … and {len(candidates) - MAX_CANDIDATES} more" if len(candidates) > MAX_CANDIDATES else ""
    raise InputError(f"{text!r} could mean any of these, say which:\n  {shown}{more}")


def matching(keys: Sequence[str] | dict[str, int], text: str) -> list[str]:
    """Keys equal to ``text``; else ending in it after a ``/`` or ``.``; else matching it as a glob. Case is ignored."""
    wanted = text.casefold()
    tests: tuple[Callable[[str], bool], ...] = (
        lambda key: key == wanted,
        lambda key: key.endswith((f"/{wanted}", f".{wanted}")),
        lambda key: fnmatch.fnmatchcase(key, wanted) or fnmatch.fnmatchcase(key.rsplit("/", 1)[-1], wanted),
    )
    for test in tests:
        if found := [key for key in keys if test(key.casefold())]:
            return found
    return []


def _with_column(store: Store, rows: dict[str, int], text: str) -> Iterator[tuple[StoredAsset, str]]:
    """Every reading of ``text`` as ``ASSET.COLUMN``; a dot may stand in either part."""
    for place in [index for index, char in enumerate(text) if char == "."]:
        wanted = text[place + 1 :].casefold()
        keys = matching(rows, text[:place])
        for stored in store.load([rows[key] for key in keys]):
            yield from ((stored, c.name) for c in stored.asset.columns if c.name.casefold() == wanted)


# --- what is said ------------------------------------------------------------------------------------------------


def _asset(store: Store, pack: Pack, stored: StoredAsset) -> Explanation:
    asset, verdict = stored.asset, stored.verdict
    assert verdict is not None
    because = {dimension: cause.columns for dimension, cause in verdict.because.items()}
    verdicts = stored.column_verdicts
    lines = (column_line(c.name, c.comment, verdicts.get(c.name), pack) for c in asset.columns)
    decisions = tuple(d for d in store.decisions(asset.key) if d.column is None)
    return Explanation(
        asset=asset.key,
        comment=asset.comment,
        column=None,
        labels=tuple(explained(label, pack, because.get(label.dimension, ()), decisions) for label in verdict.labels),
        subject=f"{verdict.subject.kind}: {verdict.subject.reason}",
        review=next((reviewed(d) for d in reversed(decisions) if d.dimension == "review"), ""),
        findings=(*stored.findings, *verdict.findings),
        decisions=decisions,
        history=tuple(change for change in store.label_changes(asset.key) if change.column is None),
        columns=tuple(lines),
        open_view=open_view(verdict, pack),
    )


def _column(store: Store, pack: Pack, stored: StoredAsset, name: str) -> Explanation:
    asset = stored.asset
    verdict = stored.column_verdicts.get(name)
    if verdict is None:
        raise InputError(f"{asset.key}.{name} has no labels yet (run `pdc classify`)")
    own = (finding for finding in stored.findings if finding.column == name)
    decisions = tuple(d for d in store.decisions(asset.key) if d.column == name)
    return Explanation(
        asset=asset.key,
        comment=next(column.comment for column in asset.columns if column.name == name),
        column=name,
        labels=tuple(explained(label, pack, decisions=decisions) for label in verdict.labels),
        evidence=verdict.evidence,
        evidence_lines=tuple(words.evidence_line(item, pack) for item in verdict.evidence),
        findings=(*own, *verdict.findings),
        decisions=decisions,
        history=tuple(change for change in store.label_changes(asset.key) if change.column == name),
        catalogued=verdict.catalogued,
    )


def reviewed(decision: Decision) -> str:
    return f"{REVIEWS.get(decision.value or '', '')}（{decision.who}，{decision.at[:10]}）"


def explained(label: Label, pack: Pack, because: tuple[str, ...] = (), decisions: Sequence[Decision] = ()) -> Explained:
    """``decisions``: in the same place, oldest first."""
    rulings = [one for one in decisions if one.dimension == label.dimension] if label.origin == "steward" else []
    return Explained(
        dimension=label.dimension,
        value=label.value,
        display=pack.display(label.dimension, label.value),
        state=label.state,
        confidence=label.confidence,
        reason=label.reason,
        rule=label.rule,
        origin=label.origin,
        pack=label.pack,
        citations=tuple(cited(key, pack) for key in label.basis),
        because=because,
        ruled=next((f"{one.who} {one.at} {one.reason}".rstrip() for one in reversed(rulings)), ""),
    )


def cited(key: str, pack: Pack) -> Cited:
    """The citation in full; only its key where the pack in force no longer knows it."""
    found = words.citation(pack, key)
    return Cited(key, found.line(), found.text, found.rank, found.verified) if found else Cited(key, key)


def open_view(verdict: AssetVerdict, pack: Pack) -> str:
    """What dropping or masking the deciding columns would allow; empty when nothing."""
    if not verdict.open_view:
        return ""
    values = "、".join(pack.display(dimension, value) for dimension, value in verdict.open_view_labels.items())
    return f"{'、'.join(verdict.open_view)} → {values}"


def column_line(name: str, comment: str | None, verdict: ColumnVerdict | None, pack: Pack) -> ColumnLine:
    values = {label.dimension: label.value for label in verdict.labels} if verdict else {}
    shown = {key: pack.display(key, values.get(key, "undetermined")) for key in ("share", "open")}
    states = [label.state for label in verdict.labels] if verdict else ["undetermined"]
    order = ("undetermined", "suggested", "confirmed")
    return ColumnLine(
        name=name,
        comment=comment or "",
        element=pack.display("element", verdict.element) if verdict and verdict.element else "",
        tier=values.get("tier", ""),
        share=shown["share"],
        open=shown["open"],
        state=min(states, key=order.index),
    )
