"""Tables that somebody holds locked, and the views that need not wait for them again, one after the other."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.model import Asset, Column


class Locks:
    """What one run has waited for in vain."""

    def __init__(self) -> None:
        self._needs: dict[str, frozenset[str]] = {}
        """``schema.view`` → the tables that its columns come from."""
        self._held: list[frozenset[str]] = []
        """Of each set, one at least is locked."""

    def learn(self, view: str, columns: Iterable[Column]) -> None:
        if found := frozenset(source.table for column in columns for source in column.sources):
            self._needs[view] = found

    def add(self, asset: Asset) -> None:
        """This one could not be sampled: it is locked, or a table behind it."""
        name = _name(asset)
        for held in (frozenset({name}), self._needs.get(name)):
            if held and held not in self._held:
                self._held.append(held)

    def add_view(self, view: str) -> None:
        """Not even the definition of this one could be read."""
        self._held.append(frozenset({view}))

    def concern(self, asset: Asset) -> bool:
        """Whether a sample of this view would wait for what the run has already waited for. Tables are always tried."""
        if asset.kind != "view":
            return False
        behind = self.behind(asset)
        return any(held <= behind for held in self._held)

    def behind(self, asset: Asset) -> set[str]:
        """This view and what it reads, as far as lineage tells, through other views too."""
        found: set[str] = set()
        waiting = {_name(asset)}
        while waiting:
            name = waiting.pop()
            found.add(name)
            waiting |= self._needs.get(name, frozenset()) - found
        return found


def _name(asset: Asset) -> str:
    return ".".join(part for part in (asset.schema, asset.name) if part)
