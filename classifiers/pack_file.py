"""What the files of a policy pack may hold: one struct per thing, unknown keys refused."""

from __future__ import annotations

from typing import Literal

import msgspec

Access = Literal["unconditional", "conditional", "none", "undetermined"]
Tier = Literal["L1", "L2", "L3", "L4"]
Rank = Literal["law", "regulation", "rule", "normative", "standard"]
Sure = Literal["L", "S", "M+", "M"]


class PackError(Exception):
    """A pack or overlay that cannot be used: file, line (1-based, 0 when unknown) and what to do."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file, self.line, self.message = file, line, message


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Unknown keys are errors: a misspelt condition must not silently match everything."""


class When(Strict, frozen=True, kw_only=True):
    """Conditions of a rule; a missing one holds always, lists mean any of them."""

    element: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    not_category: tuple[str, ...] = ()
    personal: bool | None = None
    minors: bool | None = None
    dimension_of_aggregate: bool | None = None
    record_of_person: bool | None = None
    subject: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    tier: tuple[Tier, ...] = ()
    kind: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    update_cycle: tuple[str, ...] = ()


class Rule(Strict, frozen=True, kw_only=True):
    id: str
    reason: str
    basis: tuple[str, ...]
    when: When = When()


class TierRule(Rule, frozen=True, kw_only=True):
    set: Tier | None = None
    at_least: Tier | None = None


class AccessRule(Rule, frozen=True, kw_only=True):
    value: Access


class Topic(Strict, frozen=True, kw_only=True):
    zh: str
    terms: tuple[str, ...]
    exclude: tuple[str, ...] = msgspec.field(default=(), name="not")
    subject: tuple[str, ...] = ()
    sensitive: bool = False
    codebooks: tuple[str, ...] = ()
    elements: tuple[tuple[str, ...], ...] = ()


class Unknown(Strict, frozen=True, kw_only=True):
    """What a column gets that nobody understood (section 5, step 9)."""

    tier: Tier
    tier_reason: str
    tier_basis: tuple[str, ...]
    share_reason: str
    share_basis: tuple[str, ...]
    open_reason: str
    open_basis: tuple[str, ...]


class Scope(Strict, frozen=True, kw_only=True):
    """What is said of a table that bears a secrecy mark and should never have come here (Art. 3)."""

    tier: Tier
    reason: str
    basis: tuple[str, ...]


class Raise(Strict, frozen=True, kw_only=True):
    id: str
    at_least: Tier
    reason: str
    basis: tuple[str, ...]
    categories: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    exclude: tuple[str, ...] = msgspec.field(default=(), name="except")
    identifiers: tuple[str, ...] = ()


class Combinations(Strict, frozen=True, kw_only=True):
    names: tuple[str, ...]
    companions: tuple[str, ...]
    identity: Raise
    sensitive: Raise
    minors: Raise


class Personal(Strict, frozen=True, kw_only=True):
    """Which elements are personal information; globs."""

    always: tuple[str, ...]
    when_person: tuple[str, ...]
    """When a row is about a person."""
    with_person: tuple[str, ...]
    """When a natural person is named in the same table."""
    record: tuple[str, ...]
    """In a record about one person even where nothing names him: de-identified data is still personal."""
    identifying: tuple[str, ...]
    """What shows that rows are persons, even where the table calls itself a summary."""
    aggregate_dimensions: tuple[str, ...]


class Article(Strict, frozen=True, kw_only=True):
    text: str
    sure: Sure


class Instrument(Strict, frozen=True, kw_only=True):
    title: str
    rank: Rank
    articles: dict[str, Article]
    local: bool = False
    note: str = ""


class ExampleColumn(Strict, frozen=True, kw_only=True):
    name: str
    comment: str | None = None
    expect: dict[str, str] = {}


class Example(Strict, frozen=True, kw_only=True):
    """A whole table with what the pack says of it; run by ``pdc pack check``."""

    id: str
    table: str
    columns: tuple[ExampleColumn, ...]
    comment: str | None = None
    expect: dict[str, str] = {}
    because: dict[str, tuple[str, ...]] = {}
    origin: str = "own"
    update_cycle: str | None = None


class PackFile(Strict, frozen=True, kw_only=True):
    """All keys that the files of a pack may hold together."""

    id: str
    version: str
    title: str
    valid_from: str
    tiers: dict[str, str]
    topics: dict[str, Topic]
    tier_rules: tuple[TierRule, ...]
    share_rules: tuple[AccessRule, ...]
    open_rules: tuple[AccessRule, ...]
    unknown: Unknown
    out_of_scope: Scope
    tier_reason: str
    tier_basis: tuple[str, ...]
    combinations: Combinations
    personal: Personal
    instruments: dict[str, Instrument]
    sufficient_ranks: dict[str, tuple[Rank, ...]]
    display: dict[str, dict[str, str]]
    category_basis: dict[str, tuple[str, ...]] = {}
    parameters: dict[str, str] = {}
    unverified: tuple[str, ...] = ()
    unverified_aliases: tuple[str, ...] = ()
    tier_aliases: dict[str, dict[str, str]] = {}
    examples: tuple[Example, ...] = ()
    valid_to: str | None = None
