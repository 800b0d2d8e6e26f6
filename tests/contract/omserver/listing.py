"""Lists and pages (reference: Lists, concurrency, limits)."""

from __future__ import annotations

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING

from .errors import BadRequest, ServerError
from .kinds import Kind
from .store import Doc, Entity

if TYPE_CHECKING:
    from .routing import Call
    from .server import Server

MAX_LIMIT = 1_000_000
INCLUDE = ("non-deleted", "deleted", "all")
#: Query parameter → kind of the ancestor whose FQN (or id) it gives, per listed kind.
ANCESTORS: dict[str, dict[str, tuple[str, ...]]] = {
    "database": {"service": ("databaseService",)},
    "databaseSchema": {"database": ("database",), "service": ("databaseService",)},
    "table": {"databaseSchema": ("databaseSchema",), "database": ("database",), "service": ("databaseService",)},
    "apiCollection": {"service": ("apiService",)},
    "apiEndpoint": {"apiCollection": ("apiCollection",), "service": ("apiService",)},
    "tag": {"parent": ("classification", "tag"), "classification": ("classification",)},
    "glossaryTerm": {"glossary": ("glossary",), "parent": ("glossaryTerm", "glossary")},
}
Key = tuple[str, ...]


def included(include: str | None) -> Callable[[Entity], bool]:
    if include not in (None, *INCLUDE):
        raise BadRequest("query param include must be one of [all, deleted, non-deleted]")
    if include == "all":
        return lambda _: True
    return lambda entity: entity.deleted == (include == "deleted")


class Lists:
    """Sorted lists of one server, remembered until a kind gains, loses, hides or renames an entity."""

    def __init__(self, server: Server) -> None:
        self.store = server.store
        self.by_name = server.profile.paging_by_name
        self.remembered: dict[tuple[str, str | None, tuple[tuple[str, str], ...]], tuple[int, list[Entity]]] = {}

    def sort_key(self, entity: Entity) -> Key:
        return (entity.name,) if self.by_name else (entity.name, entity.id)

    def rows(self, kind: Kind, query: dict[str, str], include: str | None) -> list[Entity]:
        """All rows of a list in order."""
        wanted = included(include)
        place = (kind.name, include, tuple(sorted(query.items())))
        generation = self.store.generation[kind.name]
        known = self.remembered.get(place)
        if known is None or known[0] != generation:
            found = sorted(filter(wanted, self.matching(kind, query)), key=self.sort_key)
            known = self.remembered[place] = (generation, found)
        return known[1]

    def matching(self, kind: Kind, query: dict[str, str]) -> list[Entity]:
        tops = [self.ancestor(ANCESTORS[kind.name][name], value) for name, value in query.items()]
        if not tops:
            return list(self.store.of_kind[kind.name].values())
        if any(top is None for top in tops):
            return []
        below = [{one.id: one for one in self.store.below(top) if one.kind == kind.name} for top in tops if top]
        return [one for one in below[0].values() if all(one.id in others for others in below[1:])]

    def ancestor(self, kinds: tuple[str, ...], value: str) -> Entity | None:
        found = (self.store.named(kind, value) or self.store.get(kind, value) for kind in kinds)
        return next(filter(None, found), None)

    # --- pages ---

    def encode(self, entity: Entity) -> str:
        text = entity.name if self.by_name else json.dumps({"name": entity.name, "id": entity.id}, ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode()

    def decode(self, cursor: str) -> Key:
        try:
            text = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
            if self.by_name:
                return (text,)
            place = json.loads(text)
            return place["name"], place["id"]
        except (ValueError, TypeError, KeyError):
            raise ServerError("Illegal base64 character in the cursor") from None

    def page(self, call: Call, kind: Kind) -> tuple[list[Entity], Doc]:
        """One page and its ``paging``."""
        limit = limit_of(call.query.get("limit"))
        after, before = call.query.get("after"), call.query.get("before")
        if after is not None and before is not None:
            raise BadRequest("Only one of before or after query parameter allowed")
        query = {name: value for name, value in call.query.items() if name in ANCESTORS.get(kind.name, {})}
        rows = self.rows(kind, query, call.query.get("include"))
        if limit == 0:
            return [], {"total": len(rows)}
        page, paging = self.backward(rows, before, limit) if before is not None else self.forward(rows, after, limit)
        return page, {**paging, "total": len(rows)}

    def forward(self, rows: list[Entity], after: str | None, limit: int) -> tuple[list[Entity], Doc]:
        paging: Doc = {}
        start = 0 if after is None else bisect_right(rows, self.decode(after), key=self.sort_key)
        page = rows[start : start + limit]
        if not page and after is not None and self.by_name:
            # What equal names at the border left over is nothing, and the server looks at its first row.
            raise ServerError("Index 0 out of bounds for length 0")
        if after is not None and page:
            paging["before"] = self.encode(page[0])
        if len(rows) > start + limit:
            paging["after"] = self.encode(page[-1])
        return page, paging

    def backward(self, rows: list[Entity], before: str, limit: int) -> tuple[list[Entity], Doc]:
        end = bisect_left(rows, self.decode(before), key=self.sort_key)
        page, paging = rows[max(0, end - limit) : end], {}
        if end > limit:
            paging["before"] = self.encode(page[0])
        if page:
            paging["after"] = self.encode(page[-1])
        return page, paging


def limit_of(text: str | None) -> int:
    try:
        limit = int(text) if text is not None else 10
    except ValueError:
        raise ServerError("HTTP 404 Not Found") from None
    if not 0 <= limit <= MAX_LIMIT:
        raise BadRequest(f"[query param limit must be between 0 and {MAX_LIMIT}]")
    return limit
