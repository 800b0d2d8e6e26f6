"""The entries that somebody names on a command line: as they are now, or as they were when their source lost them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from workflows import catalogue
from workflows.acts.trail import Trail
from workflows.classify import outdated
from workflows.cli_show import asset_matches
from workflows.entries.blockers import to_submit
from workflows.entries.changes import system_of
from workflows.entries.codes import codes
from workflows.entries.documents import UNDER_REVIEW, open_version
from workflows.entries.lifecycle import NOT_THERE, Labelled
from workflows.entries.published import published_entry
from workflows.entries.states import EntryState, last_in_force
from workflows.entry import Entry
from workflows.errors import InputError, StoreError

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.settings import Site
    from workflows.store import Store

SHOWN = 5
"""Entries that an error names."""


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
        return Labelled(outdated(self.store, self.pack, names), rulings, self.gone)

    @cached_property
    def gone(self) -> frozenset[str]:
        """Entries that people have acted on and that are not there any more: see `keys`."""
        return frozenset(key for key in self.known.states if key not in self._rows)

    def to_do(self, entry: Entry) -> list[str]:
        """What keeps an entry from being submitted."""
        return [f"{entry.asset}: {NOT_THERE}"] if entry.asset in self.gone else to_submit(entry, self.pack)

    def state(self, asset: str) -> EntryState:
        return self.known.states.get(asset) or EntryState(asset)

    def keys(self, globs: Sequence[str]) -> list[str]:
        """Keys that a glob names: present ones, then those once in force or under review that are gone.

        Gone: their source has lost them, or the configuration their system or department. Raises `InputError` for a
        glob that names none.
        """
        present = self._rows
        lost = sorted(key for key, state in self.known.states.items() if _is_held(state) and key not in present)
        every = dict.fromkeys((*present, *lost))
        wanted: set[str] = set()
        for glob in globs:
            # A key names itself, whatever characters it has.
            matching = {glob} if glob in every else {key for key in every if _matches(key, glob)}
            if not matching:
                raise InputError(f"no entry is named {glob!r} (pdc entry list shows them)")
            wanted |= matching
        return [key for key in every if key in wanted]

    def entries(self, globs: Sequence[str], unread: dict[str, str] | None = None) -> Iterator[Entry]:
        """The entries that globs name. One that cannot be had goes into ``unread`` with what is wrong.

        Raises `InputError` for a glob that names none; where there is no ``unread``, also for an asset that was not
        compiled yet, and `StoreError` for a version that the store has lost.
        """
        wanted, rows = self.keys(globs), self._rows
        numbers = {one: codes(self.store, one) for one in {key.split("/", 1)[0] for key in wanted}}
        for key in wanted:
            try:
                found = self._present(key, rows[key], numbers) if key in rows else self._lost(key)
            except (InputError, StoreError) as error:
                if unread is None:
                    raise
                unread[key] = str(error)
                continue
            yield found

    def one(self, name: str) -> Entry:
        """The only entry of a name. Raises `InputError` for none and for more than one, as `key`, and as `entries`."""
        return next(self.entries([self.key(name)]))

    def key(self, name: str) -> str:
        """The only key of a name. Raises `InputError`."""
        found = self.keys([name])
        if len(found) > 1:
            more = " …" if len(found) > SHOWN else ""
            raise InputError(f"{name!r} names {len(found)} entries: {', '.join(found[:SHOWN])}{more}; name one of them")
        return found[0]

    def declared(self, entry: Entry) -> tuple[str, ...]:
        """Elements that departments/*.yaml says of an entry's system by keys of its own, and the entry, too."""
        departments = (one for one in self.site.departments if one.id == entry.department)
        cycles = (one.update_cycle for found in departments for one in found.systems if one.id == entry.system)
        return ("update_cycle",) if entry.update_cycle in filter(None, cycles) else ()

    @cached_property
    def _rows(self) -> dict[str, int]:
        """Key → row of what is present in a system of the configuration."""
        known = {f"{department.id}/{system.id}" for department, system in self.site.systems()}
        return {item.key: item.id for item in self.store.judgeable() if system_of(item.key) in known}

    def _present(self, key: str, row: int, numbers: Mapping[str, dict[int, tuple[str, ...]]]) -> Entry:
        stored, own = self.store.load([row])[0], numbers[key.split("/", 1)[0]]
        if stored.verdict is None or row not in own:
            raise InputError(f"{key} has no entry yet (run `pdc classify` and `pdc compile` first)")
        department = self.site.department(stored.asset.department)
        system = department.system(stored.asset.system)
        return catalogue.entry(stored, own[row], department, system, self.pack, self.known)

    def _lost(self, key: str) -> Entry:
        """The version in force; else the one under review or in force last, without items.

        Nothing of it is there any more: it can be returned and withdrawn, not submitted or approved.
        """
        found = published_entry(self.trail, key)
        if found is not None:
            return found.entry
        state = self.state(key)
        if state.under_way is not None:
            version = open_version(self.trail, key, state.under_way.digest, UNDER_REVIEW)
        else:
            version = open_version(
                self.trail, key, last_in_force(self.trail.acts("entry", key)), "the version withdrawn"
            )
        return msgspec.structs.replace(version, items=(), state=state.stage)


def _matches(key: str, glob: str) -> bool:
    return asset_matches(key.casefold(), glob.casefold())


def _is_held(state: EntryState) -> bool:
    return state.issue > 0 or state.stage in ("submitted", "returned", "approved")
