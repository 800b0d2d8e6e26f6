"""What the files of a policy pack may hold: one struct per thing, unknown keys refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Access = Literal["unconditional", "conditional", "none", "undetermined"]
Tier = Literal["L1", "L2", "L3", "L4"]
Rank = Literal["law", "regulation", "rule", "decision", "normative", "standard"]
"""法律, 法规, 规章, 国务院决定, 规范性文件, 标准."""
WantedRank = Literal["law", "regulation", "administrative_regulation", "local_regulation", "rule", "decision"]
"""What ``sufficient_ranks`` may ask: ``regulation`` is 行政法规 or 地方性法规, the longer ones are one of them."""
Restriction = Literal["conditional", "none"]
"""Share and open types that want a law (Art. 22)."""
Sure = Literal["L", "S", "M+", "M"]


Text = tuple[str, str]
"""File name as messages show it, and its YAML."""


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
    """The articles that it rests on, ``<instrument>/<article>``."""
    when: When = When()
    version: str = "1"
    """Raised when the rule comes to mean something else: what people rejected under the old one is asked again."""
    examples: tuple[str, ...] = ()
    """Ids of examples in which the rule decides something."""
    counter_examples: tuple[str, ...] = ()
    """Ids of examples in which it decides nothing."""

    @property
    def ident(self) -> str:
        """``share-personal``, from the second version on ``share-personal@2``."""
        return self.id if self.version == "1" else f"{self.id}@{self.version}"


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
    when_unknown: tuple[str, ...]
    """When nothing says whom or what a row is about."""
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
    article: str = ""
    """How it is written where the key is no article number: 目录管理一章."""
    not_for: tuple[Restriction, ...] = ()
    """Share and open types that it does not carry, whatever its rank: it orders sharing or opening, or only defines."""


class Instrument(Strict, frozen=True, kw_only=True):
    title: str
    rank: Rank
    articles: dict[str, Article]
    local: bool = False
    note: str = ""
    beside_only: bool = False
    """The act that asks for a basis is none itself: it is quoted beside one, never alone."""


class Parameters(Strict, frozen=True, kw_only=True):
    """What a district may set without a rule of its own."""

    id_number_tier: Tier = "L3"
    """Tier of 公民身份号码 and 证件号码; ``${id_number_tier}`` in ``tiers``."""
    least_value_ratio: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0
    """Share of a column's distinct values that must fit before values decide; 0 = the engine's own thresholds."""
    least_distinct_values: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Distinct values that must have been seen before values decide; 0 = the engine's own thresholds."""


class NewElement(Strict, frozen=True, kw_only=True):
    """A data element that an overlay brings; its tier stands in ``tiers``."""

    zh: str
    family: str = "other"
    category: str


class DepartmentCodebook(Strict, frozen=True, kw_only=True):
    """A department's own column codes."""

    title: str
    codes: dict[str, str]
    """Code, as the columns are named (any case) → element id."""
    tables: dict[str, str] = {}
    """Code of a table (any case) → what it is, in the words of a comment: 业主信息. Read in place of its comment."""
    quorum: int = 1
    """Columns of one table that must be codes of the book before it speaks."""


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
    kind: str = "table"


PlatformRole = Literal["reader", "steward", "reviewer", "admin"]
"""Who looks at an asset on the catalogue platform; ``reader`` = everybody."""


class TierProtection(Strict, frozen=True, kw_only=True):
    """Who may see which view of an asset of one tier on the platform; a view that is left out is open to everybody.

    The platform's own proposal ([P] of regulation.md): no law names views.
    """

    sample_data: tuple[PlatformRole, ...] | None = None
    profile: tuple[PlatformRole, ...] | None = None
    queries: tuple[PlatformRole, ...] | None = None

    def closed(self) -> dict[str, tuple[PlatformRole, ...]]:
        """View → the roles that it is open to, of the views that are not open to everybody."""
        given = {"sample_data": self.sample_data, "profile": self.profile, "queries": self.queries}
        return {view: roles for view, roles in given.items() if roles is not None and "reader" not in roles}


class Limit(Strict, frozen=True, kw_only=True):
    """Until when somebody must act; the day on which it begins does not count."""

    days: Annotated[int, msgspec.Meta(ge=1, le=3660)]
    calendar: Literal["working", "calendar"] = "calendar"
    """``working`` days are counted in the site's own ``calendar``."""
    basis: tuple[str, ...] = ()
    """Citations; empty = the site's own rule."""


class Limits(Strict, frozen=True, kw_only=True):
    """Time limits of requests; one that is left out does not exist. Packs hold only what a checked source says."""

    confirm: Limit | None = None
    """Of data that is in no catalogue and that a department needs: to be confirmed and catalogued."""
    confirm_open: Limit | None = None
    """The same of data that somebody outside wants opened."""
    review: Limit | None = None
    """From the request, or from its being reviewed again, to both sides' reviews."""
    grant: Limit | None = None
    """From the last approval to access."""
    renewal: Limit | None = None
    """In place of ``review``, for more time."""
    answer: Limit | None = None
    """From an objection to its answer."""
    period: Limit | None = None
    """How long a grant lasts at most."""


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
    sufficient_ranks: dict[str, tuple[WantedRank, ...]]
    display: dict[str, dict[str, str]]
    category_basis: dict[str, tuple[str, ...]] = {}
    parameters: Parameters = Parameters()
    unverified: tuple[str, ...] = ()
    unverified_aliases: tuple[str, ...] = ()
    tier_aliases: dict[str, dict[str, str]] = {}
    examples: tuple[Example, ...] = ()
    elements: dict[str, NewElement] = {}
    terms: dict[str, tuple[str, ...]] = {}
    """Element id → terms in the syntax of ``names/terms/README.md``, read before the built-in ones."""
    codebooks: dict[str, DepartmentCodebook] = {}
    protection: dict[Tier, TierProtection] = {}
    """Tier → the views of its assets that the catalogue platform closes."""
    limits: Limits = Limits()
    uncited: dict[str, str] = {}
    """Citations that no rule rests on, and what they are in the library for."""
    valid_to: str | None = None


class Overlay(Strict, frozen=True, kw_only=True):
    """One file of a site's ``packs/`` folder, for the schema that editors use; loading merges it before it checks."""

    extends: str
    id: str = ""
    version: str = "1"
    parameters: Parameters = Parameters()
    elements: dict[str, NewElement] = {}
    tiers: dict[str, str] = {}
    terms: dict[str, tuple[str, ...]] = {}
    codebooks: dict[str, DepartmentCodebook] = {}
    topics: dict[str, Topic] = {}
    tier_rules: tuple[TierRule, ...] = ()
    share_rules: tuple[AccessRule, ...] = ()
    open_rules: tuple[AccessRule, ...] = ()
    instruments: dict[str, Instrument] = {}
    uncited: dict[str, str] = {}
    display: dict[str, dict[str, str]] = {}
    category_basis: dict[str, tuple[str, ...]] = {}
    sufficient_ranks: dict[str, tuple[WantedRank, ...]] = {}
    protection: dict[Tier, TierProtection] = {}
    limits: Limits = Limits()
    examples: tuple[Example, ...] = ()
    unverified: tuple[str, ...] = ()


def limits_of(body: PackFile) -> dict[str, Limit]:
    """The limits that there are, by name."""
    return {name: limit for name, limit in msgspec.structs.asdict(body.limits).items() if limit is not None}


def overlay_schema() -> dict[str, Any]:
    """The JSON Schema of an overlay file."""
    schema = msgspec.json.schema(Overlay)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "policy pack overlay", **schema}
