"""The stream of a connector's assets as a harvest takes it: what is sound and may be catalogued, till it breaks off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec

from connectors.base import Connector, ConnectorError, SystemConfig
from connectors.model import Asset, Failure
from workflows.contract import ConnectorFault, blamed, checked_asset, hidden, os_failure


class Intake:
    """One system's stream; ``check_time`` raises a ``ConnectorError`` when the reading has to end."""

    def __init__(self, config: SystemConfig, check_time: Callable[[], None]) -> None:
        self.config, self.check_time = config, check_time
        self.broken = False
        """Whether something was lost, so that what is missing need not be gone."""
        self.quarantined: set[str] = set()
        self.excluded: set[str] = set()
        """Qualified names of what the connector yields although it may not be catalogued."""
        self._end: Failure | None = None
        self._faults: Counter[str] = Counter()
        self._first: dict[str, Failure] = {}

    def assets(self, source: Connector, quarantined: frozenset[str]) -> Iterator[Asset]:
        """Sound assets of this system. Marks and globs count whatever the connector does; ``quarantined`` are the
        names that it has counted itself."""
        for given in self._until_broken(source):
            try:
                asset = checked_asset(given, self.config)
            except ConnectorFault as fault:
                self._note(fault.failure)
                continue
            why = hidden(asset, self.config)
            if not why:
                yield asset
            elif why == "excluded":
                self.excluded.add(asset.qualified_name)
            elif asset.qualified_name not in quarantined:
                self.quarantined.add(asset.qualified_name)

    @property
    def has_ended(self) -> bool:
        """Whether the stream broke off."""
        return self._end is not None

    def kept_back(self, assets: Iterable[Asset]) -> Iterator[Asset]:
        """Assets that have come already, until the reading has to end."""
        try:
            for asset in assets:
                self.check_time()
                yield asset
        except ConnectorError as exc:
            self.broken = True
            self._end = self._end or exc.failure

    def failures(self) -> Iterator[Failure]:
        """Why the stream broke off, and one failure for each kind of fault, however many assets have it."""
        if self._end:
            yield self._end
        for what, failure in self._first.items():
            more = self._faults[what] - 1
            told = f"{what} (and {more} more of the kind)" if more else what
            yield msgspec.structs.replace(failure, what=told)

    def _until_broken(self, source: Connector) -> Iterator[object]:
        try:
            with blamed(self.config.connector):
                for given in source.assets():
                    self.check_time()
                    yield given
        except (ConnectorError, OSError) as exc:
            self.broken = True
            self._end = exc.failure if isinstance(exc, ConnectorError) else os_failure(exc)

    def _note(self, failure: Failure) -> None:
        self.broken = True
        self._faults[failure.what] += 1
        self._first.setdefault(failure.what, failure)
