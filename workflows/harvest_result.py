"""What a harvest says it did, system by system."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from connectors.model import Failure
from workflows.errors import Refusal
from workflows.store_records import Event


class SystemResult(msgspec.Struct, kw_only=True):
    """What happened to one system. ``failed`` holds reasons, never values."""

    department: str
    system: str
    connector: str
    assets: int = 0
    columns: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    not_read: int = 0
    """Of the unchanged ones, those whose source said so: they were not read again."""
    vanished: int = 0
    excluded: int = 0
    quarantined: int = 0
    failed: list[Failure] = []
    refused: bool = False
    """So much was missing at once that nothing was marked vanished; ``failed`` says so."""
    skipped: bool = False
    """Outside its window: not opened, and what is stored of it stays."""
    notices: list[str] = []
    complete: bool = False
    seconds: float = 0.0
    statements: int = 0

    @property
    def lost(self) -> bool:
        """Nothing of this system could be read."""
        return bool(self.failed) and not self.complete and not self.assets

    def as_json(self) -> dict[str, Any]:
        fields = msgspec.structs.asdict(self)
        return fields | {
            "failed": [msgspec.to_builtins(item) for item in self.failed],
            "seconds": round(self.seconds, 3),
        }


class HarvestResult(msgspec.Struct, kw_only=True):
    systems: list[SystemResult]
    restricted: int = 0
    """Systems that were not opened or resolved: counted only."""
    notices: list[str] = []
    """What concerns no configured system."""

    @property
    def exit_code(self) -> int:
        """0 all done, 4 removals refused, 3 partial, 1 all failed."""
        if not any(item.failed for item in self.systems):
            return 0
        if any(item.refused for item in self.systems):
            return Refusal.exit_code
        return 1 if all(item.lost for item in self.systems) else 3

    def as_json(self) -> dict[str, Any]:
        systems = [item.as_json() for item in self.systems]
        return {"systems": systems, "restricted": self.restricted, "notices": self.notices}


def events(result: SystemResult) -> Iterator[Event]:
    """What the store keeps of one system's harvest."""

    def event(kind: str, message: str, place: str | None = None) -> Event:
        return Event(kind, message, result.department, result.system, place)

    yield from (event("failed", str(failure), failure.place) for failure in result.failed)
    yield from (event("notice", notice) for notice in result.notices)
    if result.vanished:
        yield event("vanished", f"{result.vanished} assets are gone from the source")
