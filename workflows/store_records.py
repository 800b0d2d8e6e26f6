"""What passes between the store and the verbs: small records, none of which holds a sampled value."""

from __future__ import annotations

from typing import Any

import msgspec

from classifiers.evidence import AssetVerdict, Because, ColumnVerdict, Evidence, Finding, Label, Subject
from connectors.model import Asset


class Harvested(msgspec.Struct, frozen=True):
    """One asset as harvest hands it to the store."""

    asset: Asset
    evidence: dict[str, tuple[Evidence, ...]] = {}
    """Column name → value evidence."""
    findings: tuple[Finding, ...] = ()
    sampled: bool = False
    id: int | None = None
    """Row of the asset that it replaces; None = new."""
    stamp: str = ""
    """See `connectors.base.Connector.stamps`."""
    engine: str = ""
    """`classifiers.engine.evidence_version` of the engine that saw the sample; "" when none was taken."""


class Known(msgspec.Struct, frozen=True):
    """What the store knows of an asset before a harvest, without its body."""

    id: int
    fingerprint: str
    sampled: bool
    missing_runs: int
    vanished: bool
    columns: int = 0
    stamp: str = ""
    engine: str = ""
    sampled_at: str | None = None
    """Start of the run that sampled it last."""


class Judgeable(msgspec.Struct, frozen=True):
    """What decides whether an asset must be judged again."""

    id: int
    key: str
    department: str
    fingerprint: str
    evidence_digest: str
    judged: str | None
    kind: str = "table"


class StoredAsset(msgspec.Struct, frozen=True):
    id: int
    asset: Asset
    evidence: dict[str, tuple[Evidence, ...]]
    findings: tuple[Finding, ...]
    first_seen: str
    changed_at: str
    verdict: AssetVerdict | None
    judged_columns: tuple[str, ...] = ()
    """Names of the verdict's columns, in its order; the structure may have changed since."""

    @property
    def column_verdicts(self) -> dict[str, ColumnVerdict]:
        """Column name → verdict, for the columns that have one."""
        columns = self.verdict.columns if self.verdict else ()
        return dict(zip(self.judged_columns, columns, strict=True))


class Judged(msgspec.Struct, frozen=True):
    """A verdict on its way into the store."""

    id: int
    judged: str
    names: tuple[str, ...]
    """Names of the verdict's columns, in order."""
    verdict: AssetVerdict


class LabelChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """One label that a run changed; ``column`` None = the asset's own."""

    asset: str
    dimension: str
    old: str | None
    new: str | None
    column: str | None = None
    old_state: str | None = None
    new_state: str | None = None
    why: str = ""
    run: int = 0
    at: str = ""


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    kind: str
    message: str
    department: str | None = None
    system: str | None = None
    place: str | None = None
    at: str = ""
    run: int | None = None


class SystemState(msgspec.Struct, frozen=True):
    department: str
    system: str
    connector: str
    run: int
    complete: bool
    quarantined: int
    error: str | None
    complete_at: str | None = None
    """Start of the last run that was complete."""
    digest: str = ""
    """What the last run was configured by; see `workflows.unchanged.config_digest`."""


class RunRecord(msgspec.Struct, frozen=True):
    id: int
    command: str
    started: str
    finished: str | None
    exit_code: int | None
    summary: dict[str, Any]


class CompactVerdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """`AssetVerdict` with its columns as ids of interned verdicts."""

    subject: Subject
    labels: tuple[Label, ...]
    because: dict[str, Because]
    columns: tuple[int, ...]
    names: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    publishable: bool = True
    open_view: tuple[str, ...] = ()
    open_view_labels: dict[str, str] = {}
