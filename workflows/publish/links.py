"""What ties assets together and is written once all of them are there: lineage of views, and foreign keys.

Reference, "Lineage": repeating an edge replaces it, and without details its column lineage is cleared, so details are
always sent. Only edges that the base names as ours are ever removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import msgspec

from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAuthenticated, ServerError
from connectors.om_names import child_fqn
from workflows.batches import chunks
from workflows.publish.apply import Links, unpacked
from workflows.publish.ledger import Ledger
from workflows.publish.model import Base, Entity, WantedAsset, WantedEdge
from workflows.publish.writing import constraints_op

BATCH = 50


def details_of(edge: WantedEdge, target: str) -> Entity:
    """``lineageDetails``: which upstream columns feed which column of the view."""
    feeds: dict[str, list[str]] = {}
    for upstream, own in edge.columns:
        feeds.setdefault(own, []).append(child_fqn(edge.source, upstream))
    columns = [
        {"fromColumns": sources, "toColumn": child_fqn(target, own), "function": ""} for own, sources in feeds.items()
    ]
    return {"columnsLineage": columns, "source": "ViewLineage", "sqlQuery": ""}


class Linker:
    """Writes links and remembers them."""

    def __init__(self, client: OpenMetadata, ledger: Ledger, at: str) -> None:
        self.client, self.ledger, self.at = client, ledger, at
        self.failures: list[str] = []
        self.written = 0
        self._id = lru_cache(maxsize=10_000)(self._ask_id)

    def write(self, links: Sequence[Links]) -> None:
        """All links of these assets. A link that is refused is a failure, and wanted again next time."""
        for batch in chunks(links, BATCH):
            wanted = [(unpacked(link.wanted), link.keys) for link in batch]
            bases = self.ledger.bases([asset.key for asset, _ in wanted])
            settled = {
                asset.key: self._asset(asset, bases[asset.key], keys) for asset, keys in wanted if asset.key in bases
            }
            self.ledger.save_bases(settled, self.at)

    def _asset(self, wanted: WantedAsset, base: Base, keys: bool) -> Base:
        """The base after one asset's links."""
        if keys and self._tried(wanted.fqn, lambda: self._keys(wanted, base)):
            base = msgspec.structs.replace(base, structure=wanted.structure)
        return msgspec.structs.replace(base, edges=list(self._edges(wanted, base)))

    def _edges(self, wanted: WantedAsset, base: Base) -> Iterator[WantedEdge]:
        """Edges that stand afterwards."""
        known = {edge.source: edge for edge in base.edges}
        for edge in wanted.lineage:
            old = known.pop(edge.source, None)
            if old == edge or self._tried(wanted.fqn, lambda edge=edge: self._put(wanted, base, edge)):  # type: ignore[misc]
                yield edge
            elif old is not None:
                yield old
        for edge in known.values():
            if not self._tried(wanted.fqn, lambda edge=edge: self._delete(base, edge)):  # type: ignore[misc]
                yield edge

    def _put(self, wanted: WantedAsset, base: Base, edge: WantedEdge) -> None:
        source = self._id(edge.source)
        if source is None:
            raise ServerError(f"its source {edge.source} is not there", hint="publish it, then publish again")
        self.client.put_lineage(("table", source), ("table", base.id), details_of(edge, wanted.fqn))

    def _delete(self, base: Base, edge: WantedEdge) -> None:
        source = self._id(edge.source)
        if source is not None:
            self.client.delete_lineage(("table", source), ("table", base.id))

    def _keys(self, wanted: WantedAsset, base: Base) -> None:
        stored = self.client.get("table", base.id)
        if stored is None:
            raise ServerError("it is not there", hint="publish again")
        patched = self.client.patch("table", base.id, [constraints_op(wanted)], stored["version"])
        if base.version == stored["version"]:
            base.version = patched["version"]

    def _ask_id(self, fqn: str) -> str | None:
        found = self.client.get("table", fqn)
        return None if found is None else str(found["id"])

    def _tried(self, fqn: str, write: Callable[[], None]) -> bool:
        try:
            write()
        except NotAuthenticated:
            raise
        except ServerError as exc:
            self.failures.append(f"{fqn}: {exc}")
            return False
        self.written += 1
        return True
