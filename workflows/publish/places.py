"""Where an asset stands on the server: service, database, schema and name, as servers take them.

Names are encoded as the SDK encodes them (`connectors.om_names`), so that a stock ingestion run and publishing write
one entity. What no server takes even so (empty, too long, control characters) is a ``BadInputError``.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from connectors.base import BadInputError, ConfigurationError
from connectors.om_names import entity_name, join_fqn, service_name
from connectors.om_version import Features
from workflows.publish.model import AssetKind

if TYPE_CHECKING:
    from workflows.settings import Site, SystemSettings

DEFAULT = "default"
"""Database or schema of an asset that has none."""
EXISTING = "openmetadata"
"""The connector whose systems stand on the server already: only labels are written there."""
LONGEST_FIELD = 128
"""Characters in the name of an endpoint's field (FieldName of the SDK's models)."""


class Named(Protocol):
    """What a place is made from; an `Asset` has it."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def database(self) -> str | None: ...
    @property
    def schema(self) -> str | None: ...


class Place(NamedTuple):
    """Names on the server; sorted, places are in the order in which publishing walks through a server."""

    service: str
    database: str
    """Empty for endpoints."""
    schema: str
    """Schema, or the API collection of an endpoint."""
    name: str
    kind: AssetKind = "table"

    @property
    def parent(self) -> str:
        """FQN of the schema or API collection."""
        return join_fqn(*(part for part in self[:3] if part))

    @property
    def fqn(self) -> str:
        return join_fqn(*(part for part in self[:4] if part))


def owners_of(department: str) -> str:
    """Name of the Group team that owns a department's assets."""
    return f"{department}-owners"


def is_existing(system: SystemSettings) -> bool:
    """Whether the system's tables are another connector's: labels only."""
    return system.connector == EXISTING


def service_of(department: str, system: SystemSettings) -> str:
    """``<department>-<system>``, or the service that the system names (``connector: openmetadata``).

    Raises ``ConfigurationError`` when there is no such name.
    """
    if not is_existing(system):
        return service_name(f"{department}-{system.id}")
    given = system.options.get("service")
    if not isinstance(given, str) or not given:
        what = f"the system {department}/{system.id} does not say which service of the server it is"
        raise ConfigurationError(what, hint="write `service:` beside `connector: openmetadata`")
    return service_name(given)


def services(site: Site) -> dict[tuple[str, str], str]:
    """(department, system) → service, for every system that is not restricted.

    Raises ``ConfigurationError`` when two systems would share one: our own with another, since labels alone may stand
    side by side.
    """
    _check_teams(site)
    every = [(one, system) for one, system in site.systems() if not system.is_restricted]
    found = {(one.id, system.id): service_of(one.id, system) for one, system in every}
    own = Counter(found[one.id, system.id] for one, system in every if not is_existing(system))
    for one, system in every:
        name = found[one.id, system.id]
        if own[name] + is_existing(system) > 1:
            raise ConfigurationError(
                f"two systems would be the service {name} on the server, {one.id}/{system.id} is one of them",
                hint="give one of them another id",
                place=one.file,
            )
    return found


def _check_teams(site: Site) -> None:
    taken = {one.id for one in site.departments}
    for one in site.departments:
        if owners_of(one.id) in taken:
            what = f"the team that owns the assets of {one.id} would be called as the department {owners_of(one.id)}"
            raise ConfigurationError(what, hint="give that department another id", place=one.file)


def place_of(asset: Named, service: str, features: Features) -> Place:
    """Raises ``BadInputError`` for names that no server takes. Operations are endpoints where there are such."""
    schema, name = stored_name(asset.schema or DEFAULT), stored_name(asset.name)
    if asset.kind == "operation" and features.api_services:
        return Place(service, "", schema, name, "endpoint")
    return Place(service, stored_name(asset.database or DEFAULT), schema, name)


@lru_cache(maxsize=65_536)
def stored_name(name: str, longest: int | None = None) -> str:
    """The name as servers store it; ``BadInputError`` for what none takes."""
    stored = entity_name(name)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in stored):
        raise BadInputError("the name has control characters in it", hint="rename it in the source", place="name")
    if longest is not None and len(stored) > longest:
        raise BadInputError(f"the name has {len(stored)} characters", hint=f"there at most {longest}", place="name")
    return stored
