"""What publishing passes around: the wanted state, what was written last, and the plan between them.

Three states meet for everything that is written. *Wanted* is what the site's store says now; *stored* is what the
server holds now; *base* is what this program wrote there last (or saw a person write, at the last pull). What differs
between base and stored is somebody else's work and is never undone; what differs between base and wanted is ours to
write.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec

from connectors.om_names import join_fqn, split_fqn
from workflows.store import digest

Entity = dict[str, Any]
"""An entity or a request body of OpenMetadata's REST API, as JSON."""

LabelType = Literal["Manual", "Propagated", "Automated", "Derived", "Generated"]
LabelState = Literal["Suggested", "Confirmed"]
Source = Literal["Classification", "Glossary"]
AssetKind = Literal["table", "endpoint"]

ON_ASSET = ""
"""The path of a label that stands on the asset itself; the path of a column is its name on the server."""


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """One label as OpenMetadata stores it (TagLabel)."""

    fqn: str
    """数据分级.L3, 数据元.公民身份号码."""
    label_type: LabelType = "Generated"
    """``Automated`` before 2.0."""
    state: LabelState = "Suggested"
    source: Source = "Classification"
    reason: str = ""
    """Evidence summary, citation, pack version; sent to 2.0 only and not part of what is compared."""

    @property
    def classification(self) -> str:
        """The first part of the name: 数据分级, 数据元."""
        return split_fqn(self.fqn)[0]

    @property
    def by_person(self) -> bool:
        """Whether type or state say that a person put or confirmed it; on an asset itself they prove nothing (1.2)."""
        return self.label_type == "Manual" or self.state == "Confirmed"

    @property
    def weight(self) -> int:
        """0 suggested, 1 confirmed, by the program or a person, 2 put by hand: what weighs more was stamped since."""
        return 2 if self.label_type == "Manual" else int(self.by_person)

    def same(self, other: Mark | None) -> bool:
        """Equal in name, type and state."""
        return other is not None and (self.fqn, self.label_type, self.state) == (
            other.fqn,
            other.label_type,
            other.state,
        )


class Slot(NamedTuple):
    """Where one of our labels stands. Exclusive classifications have one slot per path, others one per tag."""

    path: str
    classification: str
    tag: str = ""
    """The full tag name where several tags of the classification may stand side by side (数据类别); else empty."""


Marks = dict[Slot, Mark]


class WantedColumn(msgspec.Struct, frozen=True, omit_defaults=True):
    """One column as the server should hold it; ``name`` is encoded for the server, ``title`` is what people read."""

    name: str
    ordinal: int
    data_type: str
    display_type: str = ""
    """The native type, as ``dataTypeDisplay``."""
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    constraint: str | None = None
    """``PRIMARY_KEY``, ``NOT_NULL``, ``NULL``, ``UNIQUE``."""
    title: str = ""
    description: str = ""
    marks: tuple[Mark, ...] = ()
    properties: dict[str, str | int] = {}


class WantedEdge(msgspec.Struct, frozen=True):
    """Lineage of a view: one upstream asset and the columns that it feeds."""

    source: str
    """FQN of the upstream asset."""
    columns: tuple[tuple[str, str], ...]
    """(upstream column, column of this asset), names as on the server; empty = the assets only."""


class WantedAsset(msgspec.Struct, frozen=True, omit_defaults=True):
    """One asset as the server should hold it."""

    key: str
    """``Asset.key`` of the site's store."""
    kind: AssetKind
    fqn: str
    service: str
    """Name of the service, alone."""
    database: str
    """Empty for endpoints."""
    schema: str
    """Schema, or the API collection of an endpoint."""
    name: str
    columns: tuple[WantedColumn, ...]
    table_type: str = "Regular"
    title: str = ""
    description: str = ""
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    """(own columns, FQNs of the referred columns)."""
    marks: tuple[Mark, ...] = ()
    properties: dict[str, str | int] = {}
    owner: str | None = None
    """Name of the Group team that owns it."""
    domain: str | None = None
    """FQN of the department's domain."""
    status: str | None = None
    """``entityStatus``: Draft, In Review, Approved, Rejected, Deprecated."""
    lineage: tuple[WantedEdge, ...] = ()
    labels_only: bool = False
    """The asset is another connector's (``connector: openmetadata``): only labels are written, never structure."""
    url: str = ""
    """endpointURL."""
    method: str = ""
    in_force: str = ""
    """When the version that the texts are of came into force, ISO 8601; empty without one."""

    @property
    def parent(self) -> str:
        """FQN of the schema or API collection."""
        return join_fqn(*(part for part in (self.service, self.database, self.schema) if part))

    @property
    def structure(self) -> str:
        """Digest (32 hex digits) of everything that goes by PUT; also the server's ``sourceHash``."""
        bare = tuple(
            msgspec.structs.replace(column, marks=(), properties={}, title="", description="")
            for column in self.columns
        )
        parts = (self.fqn, self.table_type, bare, self.primary_key, self.foreign_keys, self.url, self.method)
        return digest(msgspec.json.encode(parts))

    @property
    def digest(self) -> str:
        """Digest of the whole wanted state: a saved plan is stale when it differs."""
        return digest(msgspec.json.encode(self))


class Base(msgspec.Struct, omit_defaults=True):
    """What this program knows to stand on the server for one asset: written by it, or read from a person at a pull."""

    fqn: str
    id: str = ""
    """The server's id; another id means that the asset was deleted for good and made anew."""
    version: float = 0.0
    """The entity's version after our last write or pull."""
    structure: str = ""
    marks: list[tuple[str, Mark]] = []
    """(path, label) of every label that we wrote and that stood there when last seen."""
    seen: list[tuple[str, Mark]] = []
    """(path, label) of people's labels that a pull has dealt with."""
    gone: list[tuple[str, Mark]] = []
    """(path, label) of ours that a person took away, dealt with by a pull or not: not written again unasked."""
    texts: dict[str, str] = {}
    """``""`` or column name → description that we wrote; ``displayName:`` + the same → display name."""
    pulled: dict[str, str] = {}
    """Keys of ``texts`` that people wrote → when a pull brought them, ISO 8601: no older version replaces them."""
    properties: dict[str, Any] = {}
    """Custom properties that we wrote: ``name`` on the asset, ``column\\0name`` on a column."""
    owner: str = ""
    domain: str = ""
    status: str = ""
    edges: list[WantedEdge] = []
    deleted: bool = False


class Definition(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entity that is not an asset, as it should be: classification, tag, glossary, term, property, domain, team,
    role, policy, service, database, schema.
    """

    key: str
    """Our own lasting name for it, such as ``tag/share/conditional``: what is called otherwise tomorrow is renamed."""
    kind: str
    """A kind of ``connectors.om_client.KINDS``, such as ``tags``."""
    fqn: str
    body: Entity
    """The PUT body, whole. References to other entities are names, put in by the writer just before."""
    texts: tuple[str, ...] = ("description", "displayName", "style")
    """Fields of ``body`` that people may change: once somebody has, theirs stays."""


Operation = Literal["create", "update", "rename", "withdraw", "delete", "restore", "conflict"]


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a plan: what would be written where, or (``conflict``) what is left to people."""

    operation: Operation
    kind: str
    """``tags``, ``tables`` …, as in ``Definition.kind``."""
    fqn: str
    """The entity."""
    path: str = ""
    """Column name; empty for the entity itself."""
    field: str = ""
    """What of it: a classification (数据分级), ``structure``, ``description``, ``owner``, ``domain``, ``status``, a
    property's name, ``lineage``; empty = the whole entity."""
    old: str = ""
    new: str = ""
    reason: str = ""
    """Why, in the reader's language; for labels the reason of the verdict."""

    @property
    def what(self) -> tuple[str, str, str, str, str, str, str]:
        """Identity without the reason: what a later look must find again."""
        return (self.operation, self.kind, self.fqn, self.path, self.field, self.old, self.new)


class PlannedAsset(msgspec.Struct, frozen=True, omit_defaults=True):
    """All changes of one asset; applied together, and only while nothing else differs."""

    key: str
    fqn: str
    kind: AssetKind
    wanted: str
    """``WantedAsset.digest``; empty when the asset is to be deleted."""
    changes: tuple[Change, ...]


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """Every write of one publication, in order: definitions first, then assets. Holds no token and no sampled value."""

    server: str
    """URL of the API, without user and password."""
    server_version: str
    made_at: str
    pack: str
    definitions: tuple[Change, ...]
    assets: tuple[PlannedAsset, ...]
    conflicts: tuple[Change, ...] = ()
    """People's work that differs from the catalogue: told, never touched."""
    notices: tuple[str, ...] = ()
    """What this server cannot do and what could not be planned, each once."""
    failures: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    """Ids of the departments that were asked for; empty = all."""

    @property
    def writes(self) -> int:
        """Changes that would be written."""
        return len(self.definitions) + sum(len(asset.changes) for asset in self.assets)

    @property
    def digest(self) -> str:
        return digest(msgspec.json.encode((self.server, self.definitions, self.assets)))
