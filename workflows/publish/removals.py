"""Assets that were published and are no more: which of them are soft-deleted on the server, and which are not.

An asset that harvest marked vanished, one that the store has forgotten (restricted since), one whose system is
configured no longer. The share of a system's assets that would go is guarded; of a restricted system all go, since it
must not be listed. Tables of an existing server (``connector: openmetadata``) are never deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from connectors.base import ConfigurationError
from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAuthenticated, ServerError
from connectors.om_names import split_fqn
from workflows.publish.ledger import Ledger, asset_row
from workflows.publish.model import AssetKind, Base, Change, PlannedAsset
from workflows.publish.places import is_existing, service_of
from workflows.publish.planner import COLLECTIONS
from workflows.publish.stored import SERVER_KINDS
from workflows.server_settings import RemovalSettings
from workflows.store import Store, chunks

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


def removals(store: Store, ledger: Ledger, site: Site, departments: list[str], settings: RemovalSettings) -> Removals:
    """What is to be deleted of the departments (none given = all, and what no department has any more)."""
    if not settings.enabled:
        return Removals((), ())
    published = ledger.published_fqns()
    chosen = {one.id for one in site.select(departments)}
    known: set[str] = set()
    wanted: list[Removal] = []
    refused: list[str] = []
    for department, system in site.systems():
        keys = store.known(department.id, system.id)
        rows = {asset_row(key): key for key in keys} if published else {}
        known |= rows.keys()
        if department.id not in chosen or is_existing(system):
            continue
        gone = [key for row, key in rows.items() if keys[key].vanished and row in published]
        found = [Removal(key, base) for key, base in ledger.bases(gone).items() if not base.deleted]
        total = sum(row in published for row in rows) - (len(gone) - len(found))
        _guard(f"{department.id}/{system.id}", found, total, settings.share, wanted, refused)
    forgotten = published.keys() - known
    if forgotten:
        _forgotten(ledger, site, chosen, bool(departments), forgotten, settings.share, wanted, refused)
    return Removals(tuple(wanted), tuple(refused))


def _guard(
    name: str, found: list[Removal], total: int, share: float, wanted: list[Removal], refused: list[str]
) -> None:
    if found and len(found) > share * total:
        what = f"{name}: {len(found)} of {total} published assets are gone from the catalogue, more than {share:.0%}"
        refused.append(f"{what}: none is deleted there (if they are really gone, raise removals.share for one run)")
    else:
        wanted.extend(found)


def _forgotten(
    ledger: Ledger,
    site: Site,
    chosen: set[str],
    partial: bool,
    rows: set[str],
    share: float,
    wanted: list[Removal],
    refused: list[str],
) -> None:
    """Published assets that the store knows no more, by the service that they stand in."""
    owners = dict(_services(site))
    by_service: dict[str, list[Removal]] = {}
    totals: Counter[str] = Counter()
    for row, base in ledger.every_base():
        service = split_fqn(base.fqn)[0]
        totals[service] += not base.deleted
        # What never had a structure of ours is another connector's.
        if row in rows and not base.deleted and base.structure:
            by_service.setdefault(service, []).append(Removal(row, base, forgotten=True))
    for service, found in by_service.items():
        department, system = owners.get(service, (None, None))
        if (department is None and partial) or (department is not None and department.id not in chosen):
            continue
        if system is not None and is_existing(system):
            continue
        restricted = system is not None and system.restricted is not False
        _guard(service, found, totals[service], 1.0 if restricted else share, wanted, refused)


def _services(site: Site) -> Iterator[tuple[str, tuple[Department, SystemSettings]]]:
    for department, system in site.systems():
        try:
            yield service_of(department.id, system), (department, system)
        except ConfigurationError:
            continue


class Remover:
    """Soft-deletes assets and remembers it."""

    def __init__(self, client: OpenMetadata, ledger: Ledger, at: str) -> None:
        self.client, self.ledger, self.at = client, ledger, at
        self.deleted = 0
        self.failures: list[str] = []

    def remove(self, found: Removals) -> None:
        for batch in chunks(found.wanted):
            done: dict[str, Base] = {}
            gone: list[str] = []
            for item in batch:
                if self._delete(item):
                    if item.forgotten:
                        gone.append(item.key)
                    else:
                        done[item.key] = msgspec.structs.replace(item.base, deleted=True)
            self.ledger.save_bases(done, self.at)
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
