"""Bringing roles and policies to the wanted state: within a publication where the token may, or alone as an
administrator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAllowed, NotFound, ServerBroken
from workflows.clock import now
from workflows.publish.addresses import ledger_of
from workflows.publish.definition_steps import ONCE, SHARED, stored_value
from workflows.publish.definitions import apply_definitions, plan_definitions, read_definitions
from workflows.publish.ledger import DefinitionBase, Ledger
from workflows.publish.model import Change, Definition
from workflows.publish.protection import Rights, protected, read_rights
from workflows.publish.taxonomy import ORGANIZATION, definitions
from workflows.publish.vocabulary import Vocabulary, vocabulary
from workflows.server_settings import ServerSettings
from workflows.store import Store

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.settings import Site

GUARDED = ("policy", "role", "team")
"""Kinds that only an administrator writes."""
DEMANDED = ("rules", "policies", "defaultRoles", "enabled")
"""Fields that protect; the others are texts."""
ASK = "run `pdc protect` with an administrator's token"
EVERYBODY = f"holder/{ORGANIZATION}"
"""The definition that gives roles and policies to all users of the server."""
SORTS = frozenset(("policy", "role", "team", "owners", "holder"))
DIMENSIONS = ("classification/tier", "classification/review", "tag/tier/", "tag/review/")
"""What policies name must be there before them."""


class Guard:
    """Roles and policies among the definitions of a publication, and what is told when the token may not write them."""

    def __init__(self, site: Site, pack: Pack, names: Vocabulary, client: OpenMetadata, ledger: Ledger) -> None:
        self.site, self.pack, self.names, self.client, self.ledger = site, pack, names, client, ledger
        self.notices: list[str] = []

    def completed(self, found: list[Definition]) -> list[Definition]:
        """The definitions with what protects where the token may write it; without what it may not."""
        if not self.names.settings.protection.enabled:
            return found
        try:
            rights = read_rights(self.client, self.pack, self.names)
        except (NotAllowed, NotFound, ServerBroken) as exc:
            self.notices.append(f"roles and policies were left out: {exc} ({ASK})")
            return found
        every = protected(found, rights, [department.id for department in self.site.departments])
        if _may(self.client, "policy"):
            return self._invited(every)
        stale = differing(every, self.ledger.definitions())
        if stale:
            self.notices.append(f"{len(stale)} roles, policies and teams are not as the pack demands ({ASK})")
        return found if _may(self.client, "team") else [item for item in found if item.kind not in GUARDED]

    def _invited(self, every: list[Definition]) -> list[Definition]:
        """Without what binds everybody on the server, until an administrator has once said so by `pdc protect`.

        The team Organization is not ours, and whoever edited labels yesterday shall not learn from a publication that
        he may no longer.
        """
        if EVERYBODY in self.ledger.definitions():
            return every
        self.notices.append(f"tiers do not yet limit who sees samples or edits labels on this server ({ASK})")
        return [item for item in every if item.key != EVERYBODY]


def _may(client: OpenMetadata, kind: str) -> bool:
    return client.permissions(kind).get("Create") == "allow"


def differing(every: Sequence[Definition], bases: Mapping[str, DefinitionBase]) -> list[Definition]:
    """Roles, policies and their holders that were never written as they should be now. Pure."""
    guarded = [item for item in every if item.kind in GUARDED]
    return [item for item in guarded if not _remembered(item, bases.get(item.key))]


def _remembered(item: Definition, base: DefinitionBase | None) -> bool:
    if base is None:
        return False
    return all(base.body.get(name) == item.body[name] for name in DEMANDED if name in item.body)


class Protected(msgspec.Struct, kw_only=True):
    """What ``pdc protect`` did, or with ``--dry-run`` would do."""

    server: str
    server_version: str
    changes: list[Change] = []
    conflicts: list[Change] = []
    """What somebody changed, and what was there before under our names: left as it is without ``--force``."""
    failures: list[str] = []
    dry_run: bool = False

    @property
    def exit_code(self) -> int:
        if self.failures:
            return 3 if self.changes else 1
        return 3 if self.conflicts else 0

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found | {"exit_code": self.exit_code}


class Protecting:
    """One site and one server, opened as an administrator."""

    def __init__(
        self,
        site: Site,
        store: Store,
        pack: Pack,
        settings: ServerSettings,
        client: OpenMetadata,
        *,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self.site, self.store, self.pack, self.settings, self.client = site, store, pack, settings, client
        self.names = vocabulary(pack, settings, client.features)
        self.ledger = ledger_of(store, settings, client)
        self.at = clock().isoformat()
        self.rights: Rights = read_rights(client, pack, self.names)
        found = definitions(site, pack, self.names, client.features)
        needed = [item for item in found if _sort(item) in SORTS or item.key.startswith(DIMENSIONS)]
        departments = [department.id for department in site.departments]
        self.definitions = protected(needed, self.rights, departments)

    def plan(self) -> Protected:
        """What `protect` would write now. Writes nothing."""
        changes, facts = plan_definitions(self.client, self.definitions, self.ledger.definitions())
        return self._result(changes, facts.conflicts, facts.failures, dry_run=True)

    def protect(self, force: bool = False) -> Protected:
        """Write it. ``force``: also over what people changed of our roles, policies and their holders."""
        if force:
            self._take_over()
        changes, facts = plan_definitions(self.client, self.definitions, self.ledger.definitions())
        applied = apply_definitions(self.client, self.definitions, changes, self.ledger, self.at)
        return self._result(applied.done, facts.conflicts, applied.failures)

    def _take_over(self) -> None:
        """Remember what stands there as if we had written it: then it is ours to change."""
        items = [item for item in self.definitions if item.kind in GUARDED]
        stored = read_definitions(self.client, items, self.ledger.definitions())
        bases = []
        for item in items:
            found = stored.at(item.kind, item.fqn)
            if found is None:
                continue
            body = {name: stored_value(name, found) for name in item.body if name in DEMANDED}
            for name in SHARED.get(item.kind, ()):
                # Of a list that others share only our part is ours.
                body |= {name: [one for one in item.body[name] if one in body[name]]} if name in item.body else {}
            known = {name: item.body[name] for name in item.body if name in ONCE}
            bases.append(DefinitionBase(item.key, item.kind, item.fqn, str(found["id"]), {**known, **body}))
        self.ledger.save_definitions(bases, self.at)

    def _result(
        self, changes: list[Change], conflicts: list[Change], failures: list[str], dry_run: bool = False
    ) -> Protected:
        return Protected(
            server=self.ledger.server,
            server_version=str(self.client.version),
            changes=changes,
            conflicts=conflicts,
            failures=list(failures),
            dry_run=dry_run,
        )


def _sort(item: Definition) -> str:
    return item.key.split("/", 1)[0]
