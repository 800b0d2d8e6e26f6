"""Assets that were published and are no more: which of them are soft-deleted on the server, and which are not.

An asset that harvest marked vanished, one that the store has forgotten (restricted since), one whose system is
configured no longer. The share of a system's assets that would go is guarded; of a restricted system all go, since it
must not be listed. Tables of an existing server (``connector: openmetadata``) are never deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from connectors.base import ConfigurationError
from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAuthenticated, ServerError
from connectors.om_names import split_fqn
from workflows.batches import chunks
from workflows.publish.ledger import InFlight, Ledger, asset_row
from workflows.publish.model import AssetKind, Base, Change, PlannedAsset
from workflows.publish.places import is_existing, service_of
from workflows.publish.planner import COLLECTIONS
from workflows.publish.stored import SERVER_KINDS
from workflows.server_settings import RemovalSettings
from workflows.store import Store

if TYPE_CHECKING:
    from workflows.settings import Department, Site, SystemSettings

TABLE_PARTS = 4
"""service.database.schema.table; endpoints have three parts."""


class Removal(NamedTuple):
    key: str
    """``Asset.key``."""
    base: Base
    forgotten: bool = False
    """The store has forgotten the asset; ``key`` is the row then."""

    @property
    def kind(self) -> AssetKind:
        return "table" if len(split_fqn(self.base.fqn)) == TABLE_PARTS else "endpoint"

    @property
    def planned(self) -> PlannedAsset:
        kind = COLLECTIONS[self.kind]
        change = Change("delete", kind, self.base.fqn, old=self.base.fqn, reason="目录中已不存在")
        return PlannedAsset(self.key, self.base.fqn, self.kind, "", (change,))


class Removals(NamedTuple):
    wanted: tuple[Removal, ...]
    refused: tuple[str, ...]
    """One sentence per system of which too much would go."""


def removals(
    store: Store, ledger: Ledger, site: Site, departments: Sequence[str], settings: RemovalSettings
) -> Removals:
    """What is to be deleted of the departments (none given = all, and what no department has any more)."""
    published = ledger.published_fqns() if settings.enabled else {}
    if not published:
        return Removals((), ())
    search = _Search(store, ledger, site, departments, settings.share, published)
    known = search.vanished()
    if published.keys() - known:
        search.forgotten(known)
    return Removals(tuple(search.wanted), tuple(search.refused))


class _Search:
    """Finds what is to go, system by system."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        site: Site,
        departments: Sequence[str],
        share: float,
        published: Mapping[str, str],
    ) -> None:
        self.store, self.ledger, self.site, self.share, self.published = store, ledger, site, share, published
        self.chosen = {one.id for one in site.select(departments)}
        self.partial = bool(departments)
        self.wanted: list[Removal] = []
        self.refused: list[str] = []

    def vanished(self) -> set[str]:
        """Assets that harvest marked vanished; returns the rows of all assets that the store knows."""
        known: set[str] = set()
        for department, system in self.site.systems():
            keys = self.store.known(department.id, system.id)
            rows = {asset_row(key): key for key in keys}
            known |= rows.keys()
            if department.id in self.chosen and not is_existing(system):
                gone = [key for row, key in rows.items() if keys[key].vanished and row in self.published]
                found = [Removal(key, base) for key, base in self.ledger.bases(gone).items() if not base.deleted]
                total = sum(row in self.published for row in rows) - (len(gone) - len(found))
                self._take(f"{department.id}/{system.id}", found, total, self.share)
        return known

    def forgotten(self, known: set[str]) -> None:
        """Published assets that the store knows no more, by the service that they stand in."""
        owners = dict(_services(self.site))
        by_service: dict[str, list[Removal]] = {}
        totals: Counter[str] = Counter()
        for row, base in self.ledger.every_base():
            service = split_fqn(base.fqn)[0]
            totals[service] += not base.deleted
            # In a service that nobody configures any more, what never had a structure of ours is another connector's.
            own = not is_existing(owners[service][1]) if service in owners else bool(base.structure)
            if row not in known and not base.deleted and own:
                by_service.setdefault(service, []).append(Removal(row, base, forgotten=True))
        for service, found in by_service.items():
            department, system = owners.get(service, (None, None))
            if system is None or department is None:
                if not self.partial:
                    self._take(service, found, totals[service], self.share)
            elif department.id in self.chosen:
                share = self.share if system.restricted is False else 1.0
                self._take(service, found, totals[service], share)

    def _take(self, name: str, found: list[Removal], total: int, share: float) -> None:
        if found and len(found) > share * total:
            what = (
                f"{name}: {len(found)} of {total} published assets are gone from the catalogue, more than {share:.0%}"
            )
            hint = "if they are really gone, raise removals.share for one run"
            self.refused.append(f"{what}: none is deleted there ({hint})")
        else:
            self.wanted.extend(found)


def _services(site: Site) -> Iterator[tuple[str, tuple[Department, SystemSettings]]]:
    for department, system in site.systems():
        try:
            yield service_of(department.id, system), (department, system)
        except ConfigurationError:
            continue


class Remover:
    """Soft-deletes assets and remembers it."""

    def __init__(self, client: OpenMetadata, ledger: Ledger, publication: int, at: str) -> None:
        self.client, self.ledger, self.publication, self.at = client, ledger, publication, at
        self.deleted = 0
        self.failures: list[str] = []

    def remove(self, found: Removals) -> None:
        for batch in chunks(found.wanted):
            done: dict[str, Base] = {}
            gone: list[str] = []
            # On disk first: what a kill leaves deleted was deleted by us, and comes back when its source does.
            known = [item for item in batch if not item.forgotten]
            flights = [InFlight(item.key, item.base.fqn, item.kind, item.base.id, removing=True) for item in known]
            self.ledger.enter(self.publication, flights)
            for item in batch:
                if self._delete(item):
                    if item.forgotten:
                        gone.append(item.key)
                    else:
                        done[item.key] = msgspec.structs.replace(item.base, deleted=True)
            self.ledger.settle(self.publication, done, self.at)
            self.ledger.forget(gone)

    def _delete(self, item: Removal) -> bool:
        try:
            self.deleted += self.client.delete(SERVER_KINDS[item.kind], item.base.id) if item.base.id else 0
        except NotAuthenticated:
            raise
        except ServerError as exc:
            self.failures.append(f"{item.base.fqn}: {exc}")
            return False
        return True
