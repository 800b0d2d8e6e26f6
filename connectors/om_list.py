"""Complete lists from servers that skip rows.

Reference, "Lists, concurrency, limits": pages are sorted by name and the cursor is a name, so that on 1.2 equal names
of different parents are skipped at a page border and the last page may be a 500. So lists are made where names are
unique; counts are compared; what still lacks rows is asked for once more in a single page, and if that fails, said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from connectors.om_errors import IncompleteListing, Refused, ServerBroken
from connectors.om_kinds import KINDS, Kind
from connectors.om_names import is_id

PAGE = 100
MAX_LIMIT = 1_000_000

Row = dict[str, Any]


class Request(Protocol):
    def __call__(self, method: str, path: str, params: Mapping[str, Any], *, doing: str, kind: str) -> Any: ...


def list_kind(
    request: Request, kind: Kind, fields: list[str], include: str, parents: Mapping[str, str], host: str
) -> Iterator[Row]:
    """Rows of ``kind``, by parent where it has one. Raises ``IncompleteListing`` after the last row that was seen."""
    check_params(kind, parents)
    if kind.parent is None or kind.parent_param in parents:
        yield from Pages(request, kind, fields, include, parents, host).rows()
        return
    own = {name: value for name, value in parents.items() if name in kind.params}
    above = {name: value for name, value in parents.items() if name not in kind.params}
    # Live rows may lie below deleted parents (reference, "Delete and restore").
    for parent in list_kind(request, KINDS[kind.parent], [], "all", above, host):
        narrowed = {**own, kind.parent_param: parent["id" if kind.by_id else "fullyQualifiedName"]}
        yield from Pages(request, kind, fields, include, narrowed, host).rows()


def check_params(kind: Kind, parents: Mapping[str, str]) -> None:
    """``ValueError`` for a parameter that neither the kind nor a parent of it knows: servers would ignore it."""
    known: set[str] = set()
    at: Kind | None = kind
    while at is not None:
        known |= {at.parent_param, *(at.params if at is kind else ())} - {""}
        at = KINDS[at.parent] if at.parent else None
    if kind.by_id and kind.parent_param in parents and not is_id(parents[kind.parent_param]):
        raise ValueError(f"{kind.name} is listed by the id of its {kind.parent}, not by its name")
    unknown = parents.keys() - known
    if unknown:
        raise ValueError(
            f"{kind.name} is not listed by {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}"
        )


class Pages:
    """One list request, page by page, each row once."""

    def __init__(
        self, request: Request, kind: Kind, fields: list[str], include: str, filters: Mapping[str, str], host: str
    ) -> None:
        self._request, self._kind, self._host = request, kind, host
        self._params = {"include": include, **({"fields": ",".join(fields)} if fields else {}), **filters}
        self._seen: set[str] = set()
        self._totals: list[int] = []

    def rows(self) -> Iterator[Row]:
        yield from self._all_pages()
        if self._lacking:
            yield from self._once_more()
        if self._lacking:
            raise self._incomplete()

    @property
    def _lacking(self) -> bool:
        # Others may write meanwhile: fewer than the smallest total that was told is too few whatever they did.
        return not self._totals or len(self._seen) < min(self._totals)

    def _all_pages(self) -> Iterator[Row]:
        after: str | None = None
        while True:
            try:
                rows, after = self._page(PAGE, after)
            except ServerBroken:
                if after is None:
                    raise
                # The last page of a list with equal names; the count says whether it would have had rows.
                return
            yield from rows
            if after is None:
                return

    def _once_more(self) -> Iterator[Row]:
        try:
            rows, _ = self._page(min(max(self._totals) + PAGE, MAX_LIMIT), None)
        except (ServerBroken, Refused):
            return
        # What was told before counted rows that this one page shows or does not.
        del self._totals[:-1]
        yield from rows

    def _page(self, limit: int, after: str | None) -> tuple[list[Row], str | None]:
        params = {**self._params, "limit": str(limit), **({"after": after} if after else {})}
        kind = self._kind.name
        answer = self._request("GET", self._kind.path, params, doing=f"list {kind}", kind=kind)
        paging = answer.get("paging") or {}
        fresh = [row for row in answer.get("data") or [] if row["id"] not in self._seen]
        self._seen.update(row["id"] for row in fresh)
        self._totals.append(int(paging.get("total", len(self._seen))))
        return fresh, paging.get("after")

    def _incomplete(self) -> IncompleteListing:
        return IncompleteListing(
            f"list {self._kind.name}: the server showed {len(self._seen)} of {min(self._totals)}",
            hint="nothing is taken as deleted; try again, or update the server",
            place=self._host,
        )
