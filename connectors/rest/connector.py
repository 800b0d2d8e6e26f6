"""Catalogues of data sets as a system: ``connector: rest``, ``url:`` the catalogue's API, ``flavour:`` its kind.

``ckan`` and ``dcat`` know what to ask; ``declarative`` is told by options. Descriptions are read, never the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from connectors.base import ConfigurationError, Connector, ConnectorError, SystemConfig, is_quarantined
from connectors.files_base import judge
from connectors.http_config import OPTIONS, http_client
from connectors.model import Asset, Failure, Listing, to_json
from connectors.rest.auth import Spec, signer
from connectors.rest.ckan import Ckan
from connectors.rest.dcat import Dcat
from connectors.rest.declarative import Declarative
from connectors.rest.flavour import Entry, Flavour, converted
from connectors.rest.pages import Api
from connectors.unchanged import Earlier, moment, stamp

FLAVOURS: dict[str, type[Flavour]] = {"ckan": Ckan, "dcat": Dcat, "declarative": Declarative}
MAX_BYTES = 32 << 20
RETRIES = 4


class RestConnector(Connector):
    KEYS: ClassVar[frozenset[str]] = frozenset({"url"})
    OPTIONS: ClassVar[dict[str, type]] = {
        **{"flavour": str, "auth": dict, "rate": float, **OPTIONS},
        **{"list": dict, "detail": dict, "asset": dict, "column": dict},
    }

    def __init__(self, config: SystemConfig) -> None:
        """Raises ``ConfigurationError`` when an option is wrong; nothing is opened."""
        super().__init__(config)
        flavour = config.options.get("flavour")
        if flavour not in FLAVOURS:
            raise ConfigurationError("connector rest needs flavour", hint=f"one of {', '.join(FLAVOURS)}")
        if not config.url:
            raise ConfigurationError("connector rest needs url", hint="the address of the catalogue's API")
        rate = config.options.get("rate")
        if rate is not None and rate <= 0:
            raise ConfigurationError("rate must be more than 0 requests per second", hint="leave it out for no limit")
        spec: Spec | None = converted(config.options.get("auth"), Spec | None, "auth")
        self._client = http_client(config, MAX_BYTES, retries=RETRIES, rate=rate)
        self._flavour = FLAVOURS[flavour](config, Api(self._client, signer(spec)))
        self._entries: dict[str, Entry] | None = None
        self._listing_failures: list[Failure] = []
        self._earlier = Earlier()

    def skip_unchanged(self, known: Mapping[str, str], since: datetime) -> None:
        """Entries of catalogues that tell when they changed (CKAN): their fields are not asked for again."""
        self._earlier = Earlier(known, since)

    def probe(self) -> None:
        self._flavour.probe()

    def list_assets(self) -> Listing:
        found: dict[str, Entry] = {}
        self._flavour.failures = []
        lost: list[str] = []
        try:
            for entry in self._flavour.entries():
                self._add(found, entry)
        except ConnectorError as error:
            if not found:
                raise
            lost.append(str(error))
        lost += ["some entries could not be read"] if self._flavour.failures else []
        judged = judge(self.config, [entry.asset for entry in found.values()], lost)
        self.quarantined = judged.quarantined
        self._entries = {asset.key: found[asset.key] for asset in judged.assets}
        self._listing_failures = list(self._flavour.failures)
        self._leave_out_unchanged()
        self._count()
        return judged.listing

    def assets(self) -> Iterator[Asset]:
        """In the catalogue's order. What the detail of one entry lacks is a failure, and the entry is left out."""
        if self._entries is None:
            self.list_assets()
        self.failures = list(self._listing_failures)
        for entry in (self._entries or {}).values():
            self._flavour.failures = []
            try:
                asset = self._flavour.complete(entry)
            except ConnectorError as error:
                self.failures.append(msgspec.structs.replace(error.failure, place=_place(error, entry.asset)))
                continue
            finally:
                self.failures += self._flavour.failures
                self._count()
            # The description of an entry may say what its title does not.
            if not is_quarantined(asset.comment):
                if not self._flavour.failures and (mark := _stamp(entry)):
                    self.stamps[asset.qualified_name] = mark
                yield asset
            else:
                self.quarantined |= {asset.qualified_name}

    def close(self) -> None:
        self._entries = None
        self._client.close()

    def _add(self, found: dict[str, Entry], entry: Entry) -> None:
        if entry.asset.key in found:
            what = "another entry has the same name"
            self._flavour.fail(what, entry.asset.qualified_name, "map name to what is unique")
            return
        found[entry.asset.key] = entry

    def _leave_out_unchanged(self) -> None:
        self.stamps, self.unchanged = {}, set()
        entries = self._entries or {}
        for key, entry in list(entries.items()):
            name, mark = entry.asset.qualified_name, _stamp(entry)
            if name in self._earlier.unchanged(mark, [moment(entry.changed)]):
                self.unchanged.add(name)
                self.stamps[name] = mark
                del entries[key]

    def _count(self) -> None:
        self.statements = sum(self._client.requests_made.values())


def _place(error: ConnectorError, asset: Asset) -> str:
    return f"{error.failure.place} {asset.qualified_name}" if error.failure.place else asset.qualified_name


def _stamp(entry: Entry) -> str:
    """Of all that the list tells of an entry, since a renamed organisation may leave its time as it was."""
    return stamp(to_json(entry.asset).decode(), repr(entry.detail), entry.changed) if entry.changed else ""
