"""What `connectors.openmetadata` asks of whoever reads a site's settings, so that it need not know who that is.

The reader is found by the entry point ``site`` of the group ``public_data_catalog.ingestion``, as connectors are found
by theirs: connectors import no other room. It harvests with the connectors and says what servers should hold, in
OpenMetadata's own create bodies; nothing here or there imports the SDK.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from connectors.base import ConfigurationError
from connectors.model import Failure

ENTRY_POINTS = "public_data_catalog.ingestion"
Entity = dict[str, Any]
"""An entity or a request body of OpenMetadata's REST API, as JSON."""


class Container(NamedTuple):
    """A service, database, schema or API collection."""

    kind: str
    """As in `connectors.om_kinds`."""
    fqn: str
    body: Entity


class Edge(NamedTuple):
    """One table that a view is made of."""

    source: str
    """FQN of that table."""
    details: Entity
    """``lineageDetails``, with columns."""


class Record(Protocol):
    """One asset as a server should hold it."""

    @property
    def kind(self) -> str:
        """``table`` or ``apiEndpoint``."""

    @property
    def fqn(self) -> str: ...
    @property
    def containers(self) -> Sequence[str]:
        """FQNs of what it stands in, outermost first."""

    @property
    def constraints(self) -> Sequence[Entity]:
        """All its keys where it has foreign ones, which can only be written once all tables are there; else none."""

    @property
    def edges(self) -> Sequence[Edge]: ...
    def body(self, stored: Entity | None, override: bool = False) -> Entity:
        """The create body beside what is stored: texts and properties that stand there stay (``override``: texts do
        not), and so do the labels of columns whose type changes."""


class Outcome(NamedTuple):
    """What reading the source came to. Failures hold no values."""

    assets: int
    failures: Sequence[Failure]
    notices: Sequence[str]
    filtered: Mapping[str, int]
    """Why assets were left out → how many."""
    complete: bool
    """The whole source was listed and read: only then may anything count as gone."""


class SiteSystem(Protocol):
    """One system of a site folder. Everything may raise ``ConnectorError``, and nothing else that is foreseen."""

    service: str
    """Name of the service on the server."""
    removal_share: float
    """Above this share of a service's assets missing at once, none is deleted."""

    def probe(self) -> None:
        """Reach the source and check rights."""

    def read(self, accept_removals: bool) -> Outcome:
        """Harvest and judge."""

    def containers(self, version: str) -> Sequence[Container]:
        """Outermost first. ``version`` of the server."""

    def records(self, version: str) -> Iterator[Record | Failure]:
        """Every asset, those of one schema following each other; a failure for what cannot be brought there."""

    def close(self) -> None: ...


def open_site_system(site: Path, department: str, system: str) -> SiteSystem:
    """Settings are read and checked, nothing is opened; raises ``ConfigurationError``, for restricted systems too."""
    found = [entry for entry in entry_points(group=ENTRY_POINTS) if entry.name == "site"]
    if not found:
        raise ConfigurationError("the program is not installed whole", hint="install public-data-catalog again")
    opened: SiteSystem = found[0].load()(site, department, system)
    return opened
