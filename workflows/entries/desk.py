"""The entries that somebody names on a command line: as they are now, or as they were when their source lost them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from workflows import catalogue
from workflows.acts.trail import Trail
from workflows.classify import outdated
from workflows.cli_show import asset_matches
from workflows.entries.codes import codes
from workflows.entries.documents import open_version
from workflows.entries.lifecycle import Labelled
from workflows.entries.published import published_entry
from workflows.entries.states import EntryState
from workflows.entry import Entry
from workflows.errors import InputError, StoreError

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.settings import Site
    from workflows.store import Store


class Desk:
    """One site's entries, compiled when asked for."""

    def __init__(self, site: Site, store: Store, pack: Pack) -> None:
        self.site, self.store, self.pack = site, store, pack
        self.trail = Trail(store)
        self.known = catalogue.known(store)

    def labelled(self) -> Labelled:
        """For `LifeCycle`; read the rulings first, so that one that comes meanwhile is noticed."""
        rulings = Counter(act.subject for act in self.trail.acts("decision"))
        names = {one.id: one.name for one in self.site.departments}
        return Labelled(outdated(self.store, self.pack, names), rulings)

    def state(self, asset: str) -> EntryState:
        return self.known.states.get(asset) or EntryState(asset)

    def keys(self, globs: Sequence[str]) -> list[str]:
        """Keys that a glob names, present ones and then those in force or under review whose source has lost them.

        Raises `InputError` for a glob that names none.
        """
        present = dict.fromkeys(item.key for item in self.store.judgeable())
        lost = sorted(key for key, state in self.known.states.items() if _is_held(state) and key not in present)
        every = [*present, *lost]
        for glob in globs:
            if not any(asset_matches(key.casefold(), glob.casefold()) for key in every):
                raise InputError(f"no entry is named {glob!r} (pdc entry list shows them)")
        return [key for key in every if any(asset_matches(key.casefold(), glob.casefold()) for glob in globs)]

    def entries(self, globs: Sequence[str], unread: dict[str, str] | None = None) -> Iterator[Entry]:
        """The entries that globs name. One whose version the store has lost goes into ``unread`` with what is wrong.

        Raises `InputError` for a glob that names none; `StoreError` where there is no ``unread``.
        """
        wanted = self.keys(globs)
        rows = {item.key: item for item in self.store.judgeable()}
        numbers = {one: codes(self.store, one) for one in {key.split("/", 1)[0] for key in wanted}}
        for key in wanted:
            try:
                found = self._present(rows[key].id, numbers[key.split("/", 1)[0]]) if key in rows else self._lost(key)
            except StoreError as error:
                if unread is None:
                    raise
                unread[key] = str(error)
                continue
            if found is None:
                raise InputError(f"{key} has no entry yet (run `pdc classify` and `pdc compile` first)")
            yield found

    def _present(self, row: int, numbers: dict[int, tuple[str, ...]]) -> Entry | None:
        stored = self.store.load([row])[0]
        if stored.verdict is None or row not in numbers:
            return None
        department = self.site.department(stored.asset.department)
        system = next((one for one in department.systems if one.id == stored.asset.system), None)
        return catalogue.entry(stored, numbers[row], department, system, self.pack, self.known)

    def _lost(self, key: str) -> Entry | None:
        found = published_entry(self.trail, key)
        if found is not None:
            return found.entry
        state = self.state(key)
        if state.under_way is None:
            return None
        version = open_version(self.trail, key, state.under_way.digest, "the version under review")
        # Nothing of it is there any more: without items it can be returned and withdrawn, not approved.
        return msgspec.structs.replace(version, items=(), state=state.stage)


def _is_held(state: EntryState) -> bool:
    return state.issue > 0 or state.stage in ("submitted", "returned", "approved")
