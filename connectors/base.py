"""What a connector is, and the tree of errors that connectors raise.

::

    ConnectorError                  (what happened + what to do next, never a value or a secret)
    ├── ConfigurationError          the configuration is wrong: exit 2 before anything is opened
    ├── SourceRetryError            may pass later: unreachable, timed out
    ├── SourceFatalError            will not pass by itself: wrong password, no right, missing file, not this format
    └── BadInputError               one place in an input is broken; the rest goes on

A connector streams: ``assets()`` yields each asset once, and problems that concern one asset go to ``failures``
while the
stream goes on. ``sample()`` makes one bounded query per asset and its values are for the caller's memory only.
"""

from __future__ import annotations

import fnmatch
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar

import msgspec

from connectors.model import Asset, Failure, Listing, Rights

ENTRY_POINTS = "public_data_catalog.connectors"

Sample = dict[str, list[Any]]
"""Column name → up to ``rows`` values, in the rows' order, None for NULL."""


class ConnectorError(Exception):
    """``str()`` gives both halves: what happened, and what to do next."""

    def __init__(self, what: str, *, hint: str | None = None, place: str | None = None) -> None:
        super().__init__(what)
        self.failure = Failure(what=what, hint=hint, place=place)

    def __str__(self) -> str:
        return str(self.failure)


class ConfigurationError(ConnectorError): ...


class SourceRetryError(ConnectorError): ...


class SourceFatalError(ConnectorError): ...


class BadInputError(ConnectorError): ...


class SystemConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One system of a department as the operator configured it, secrets resolved, globs not yet applied."""

    department: str
    id: str
    connector: str
    name: str | None = None
    url: str | None = None
    path: str | None = None
    """Absolute, resolved against the site's folder."""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    restricted: tuple[str, ...] = ()
    """``schema.table`` globs that are never listed, only counted."""
    sample_rows: int = 50
    """0 = never sample."""
    update_cycle: str | None = None
    origin: str = "own"
    options: dict[str, Any] = {}
    """Keys that only this connector knows (its ``OPTIONS`` says which)."""


class Connector(ABC):
    """One opened system. Use as a context manager; ``close`` is idempotent.

    >>> # with open_connector(config) as source:
    >>> #     listing = source.list_assets()
    >>> #     for asset in source.assets():
    >>> #         rows = source.sample(asset, 50)
    """

    KEYS: ClassVar[frozenset[str]] = frozenset()
    """Which of ``url`` and ``path`` the connector needs; checked before anything is opened."""
    OPTIONS: ClassVar[dict[str, type]] = {}
    """Further keys allowed in ``departments/*.yaml`` for this connector, with their types."""

    strict_types: bool = False
    """Whether the source lets no value into a column that is not of its type: servers do, files and SQLite do not."""

    @classmethod
    def keys_for(cls, name: str) -> frozenset[str]:
        """``KEYS`` of the connector that is registered as ``name``, for a class that serves several names."""
        return cls.KEYS

    def __init__(self, config: SystemConfig) -> None:
        self.config = config
        self.failures: list[Failure] = []
        """Problems with single assets, statements, cells; filled while the stream is read."""
        self.notices: list[str] = []
        """What the operator should know though nothing failed, such as a guess that was made; read with ``failures``.
        """
        self.statements = 0
        """Dictionary statements sent so far (sampling not counted); 0 for files."""
        self.quarantined: frozenset[str] = frozenset()
        """Qualified names that bear a secrecy mark, set by ``list_assets``. They stay in memory and are never shown:
        they tell which assets, stored before they were marked, must leave the store."""
        self.stamps: dict[str, str] = {}
        """Qualified name → at most 64 characters that differ once the source has changed, for what may be skipped next
        time; `connectors.unchanged` makes them. Assets of which there is something to tell, such as a failure, have
        none: they are read again, and it is told again. Assets that are only read together share one."""
        self.unchanged: set[str] = set()
        """Of the ``known`` names of `skip_unchanged`, those that ``list_assets`` listed and ``assets`` leaves out."""

    def skip_unchanged(self, known: Mapping[str, str], since: datetime) -> None:  # noqa: B027 - most cannot
        """Told before anything is opened: what the source itself says is unchanged need not be read again.

        Called only when the system's last run was complete, neither its configuration nor the program has changed
        since, and nobody asked for everything. ``known``: qualified names that are stored, present and sampled as they
        should be, with the stamps given for them. ``since`` (aware): the start of that run less a look-back; what
        changed then or later must be read. A connector that does nothing here reads everything.
        """

    @abstractmethod
    def probe(self) -> None:
        """Reach the source and check rights. Raises a ``ConnectorError``."""

    @abstractmethod
    def list_assets(self) -> Listing:
        """Names only. A failure half-way gives a partial listing with its reason; total failure raises."""

    @abstractmethod
    def assets(self) -> Iterator[Asset]:
        """Every kept asset with columns and comments, streaming, in a stable order."""

    def sample(self, asset: Asset, rows: int) -> Sample:
        """At most ``rows`` rows of one asset in one bounded read-only query; {} where the source holds no rows.

        Raises ``ConnectorError`` when this asset cannot be read.
        """
        return {}

    def rights(self) -> Rights:
        """What the user may not read there, and who must grant what. Raises ``ConnectorError``."""
        return Rights()

    def close(self) -> None:  # noqa: B027 - files have nothing to close
        """Let go of whatever is open."""

    def __enter__(self) -> Connector:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


# Art. 3 and the secrecy law: data whose own name says that it is secret leaves the catalogue at once.
_SECRET_MARK = re.compile(r"绝密|机密(?![性])|秘密★|涉密")


def is_quarantined(*texts: str | None) -> bool:
    """Whether an asset's own name or comment bears a secrecy mark (绝密, 机密, 秘密★, 涉密)."""
    return any(text and _SECRET_MARK.search(text) for text in texts)


def matches(qualified: str, globs: Sequence[str], name: str | None = None) -> bool:
    """``schema.table`` globs, case-insensitive; a glob without a dot is matched against the table's own name.

    ``name`` is that name where it may have dots in it (files, operations); a glob with a dot may mean it, too.
    """
    if not globs:
        return False
    own = name or qualified.rsplit(".", 1)[-1]
    return any(
        fnmatch.fnmatchcase(own.lower(), g.lower()) or ("." in g and fnmatch.fnmatchcase(qualified.lower(), g.lower()))
        for g in globs
    )


def keeps(config: SystemConfig, qualified: str, name: str | None = None) -> bool:
    """Whether include, exclude and restricted globs keep this ``schema.table``; ``name`` as for `matches`."""
    if matches(qualified, config.restricted, name) or matches(qualified, config.exclude, name):
        return False
    return not config.include or matches(qualified, config.include, name)


@cache
def _registered() -> dict[str, EntryPoint]:
    """Looking through the installed packages takes tens of milliseconds."""
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}


def registered(name: str) -> EntryPoint | None:
    """Where the connector ``name`` comes from; packages installed meanwhile are found too."""
    if name not in _registered():
        _registered.cache_clear()
    return _registered().get(name)


def connector_class(name: str) -> type[Connector]:
    """The connector registered under ``name``; ``ConfigurationError`` lists the known ones when there is none."""
    entry = registered(name)
    if entry is None:
        raise ConfigurationError(f"unknown connector {name!r}", hint=f"known: {', '.join(sorted(_registered()))}")
    loaded: type[Connector] = entry.load()
    return loaded


def open_connector(config: SystemConfig) -> Connector:
    return connector_class(config.connector)(config)
