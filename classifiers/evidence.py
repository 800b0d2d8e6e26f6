"""Evidence, findings, labels and verdicts: what passes between the recognizers, the policy and the store.

Nothing here ever holds a sampled value: counts, strengths and terms only.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Source = Literal["lineage", "codebook", "value", "comment", "name"]
Style = Literal["comment", "han", "pinyin", "initials", "english", "codebook", "value"]
Dimension = Literal["element", "tier", "share", "open", "importance", "review"]
"""Rules propose the first four. ``importance`` and ``review`` (审核状态 of an asset) are people's alone."""
State = Literal["suggested", "confirmed", "undetermined"]
LabelOrigin = Literal["rule", "inherited", "steward"]
SubjectKind = Literal["person", "organisation", "place", "aggregate", "system", "unknown"]

TIERS = ("L1", "L2", "L3", "L4")
ACCESS = ("unconditional", "undetermined", "conditional", "none")
"""From the most open to the most closed: a roll-up takes the last one that occurs (section 5.8)."""


class ColumnInput(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True):
    """What the classifiers know of a column, wherever it came from."""

    name: str
    comment: str | None = None
    type: str | None = None
    lineage: tuple[str, ...] = ()
    """``table.column`` of a view's sources, for information."""


class TableInput(msgspec.Struct, frozen=True, omit_defaults=True):
    """One table with its context; rows of one table are judged together."""

    table: str
    columns: tuple[ColumnInput, ...]
    department: str | None = None
    """Display name when known (普陀区民政局), else the id; it is context for ambiguous names."""
    system: str | None = None
    comment: str | None = None
    kind: str = "table"
    origin: str = "own"
    update_cycle: str | None = None
    row_estimate: int | None = None


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True):
    """One recognizer's statement about a column."""

    recognizer: str
    """Stable id: ``id_card``, ``uscc``, ``term``, ``codebook.jinbao`` …"""
    element: str
    """An id of ``elements.yaml``."""
    source: Source
    strength: float
    """0–1; at ``>= 0.5`` the statement may decide alone, below it only supports."""
    style: Style = "value"
    term: str | None = None
    """The term or code that matched (never a value): 身份证号, SFZH, AAC002; of ``lineage`` the source, T_RY.SFZH."""
    hits: int = 0
    """Distinct normalised values that fit; 0 for names and comments."""
    distinct: int = 0
    """Distinct non-null normalised values seen."""
    invalid: int = 0
    """Of these, values that have the right shape but a wrong check digit or an impossible date."""
    flags: tuple[str, ...] = ()
    """``masked``, ``hashed``, ``encrypted``, ``free_text_hits``, ``structure`` …"""


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something a steward should look at. ``message`` is Chinese and holds no value."""

    code: str
    """``comment_value_conflict``, ``bad_check_digits``, ``free_text_identifiers``, ``identifier_in_structure``,
    ``not_sampled``, ``missing_citation``, ``numeric_identifier``, ``lineage_conflict`` …"""
    message: str
    column: str | None = None


class Subject(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True):
    """Whom or what a row is about (section 5, step 3)."""

    kind: SubjectKind
    reason: str
    """Chinese, one clause: which table term or column says so."""
    minors: bool = False
    topics: tuple[str, ...] = ()
    """Statutory topics of the pack that the table matches: ``welfare``, ``medical``, ``enterprise_register`` …"""


class ElementFinding(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True):
    """What one column holds, after weighing its evidence (section 5, step 5)."""

    element: str | None
    """None = not understood."""
    confidence: float
    evidence: tuple[Evidence, ...] = ()
    """Accepted and rejected statements, strongest first."""
    accepted: tuple[str, ...] = ()
    """Elements whose evidence was accepted; the tier is the highest of them all."""
    flags: tuple[str, ...] = ()
    """``masked``, ``hashed``, ``encrypted``, ``role:guardian`` … of the chosen element."""
    findings: tuple[Finding, ...] = ()


class Label(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value in one dimension with everything that a reader asks of it."""

    dimension: Dimension
    value: str
    """Law-neutral key: element id, ``L1``–``L4``, ``unconditional`` … ``undetermined``."""
    state: State
    confidence: float
    reason: str
    """Chinese."""
    basis: tuple[str, ...] = ()
    """Citation keys, ``<instrument>/<article>``."""
    rule: str = ""
    """Id of the pack's rule (or of the roll-up or default) that gave the value."""
    origin: LabelOrigin = "rule"
    pack: str = ""
    """``putuo-2020@1``: pack and version."""


class ColumnVerdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """The four labels of one column. Equal verdicts are interned by the store."""

    element: str | None
    family: str
    category: str
    labels: tuple[Label, ...]
    """In the order element, tier, share, open (element is missing when not understood)."""
    evidence: tuple[Evidence, ...] = ()
    flags: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    catalogued: bool = True
    """False for credentials: they count in the roll-up but are no catalogue items."""

    def label(self, dimension: Dimension) -> Label | None:
        return next((label for label in self.labels if label.dimension == dimension), None)


class Because(msgspec.Struct, frozen=True, omit_defaults=True):
    """Per dimension every column that has the deciding value, and the rule when a table rule decided."""

    columns: tuple[str, ...] = ()
    rule: str | None = None


class AssetVerdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the columns of an asset roll up to (section 5.8)."""

    subject: Subject
    labels: tuple[Label, ...]
    """tier, share, open."""
    because: dict[str, Because]
    """``tier`` | ``share`` | ``open`` → columns."""
    columns: tuple[ColumnVerdict, ...]
    findings: tuple[Finding, ...] = ()
    publishable: bool = True
    """False while any catalogued column is undetermined."""
    open_view: tuple[str, ...] = ()
    """Columns whose dropping or masking allows a more open view; empty when none would."""
    open_view_labels: dict[str, str] = {}
    """What tier, share and open that view would have."""

    def label(self, dimension: Dimension) -> Label | None:
        return next((label for label in self.labels if label.dimension == dimension), None)


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person's ruling, append-only; ``column`` None = the whole asset."""

    asset: str
    """``Asset.key``"""
    dimension: Dimension
    value: str | None
    """None = the suggested value was rejected without another in its place."""
    who: str
    at: str
    """ISO 8601."""
    column: str | None = None
    reason: str = ""
    rejected: str | None = None
    """The machine value that the person saw and refused."""
    basis: tuple[str, ...] = ()
    """Citations that it rests on: given by the person, or of the proposal agreed with. 非共享 needs a law, regulation
    or rule whoever says it (Art. 22)."""
    rule: str = ""
    """Rule of the machine label that the person saw, with its version; empty = unknown, or a person's own label."""
    fingerprint: str = ""
    """``rulings.column_fingerprint`` of the column that the person saw; empty = unknown."""
    because: str = ""
    """理由 of the label, as lists print it: of the proposal that the person agreed with, as it read then, or the
    person's own; empty = none was given. ``basis`` goes with it. ``reason`` is what the trail tells of the act."""
