"""Tiers that versions in force say, together with rulings since: what no rule lowers silently.

Read in bulk, by the few parts of a version that classifying needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from sqlalchemy import func, select

from connectors.model import Asset
from workflows import store_schema as schema
from workflows.batches import chunks
from workflows.publish.history import present_case
from workflows.store import Store
from workflows.store_records import StoredAsset

Place = tuple["str | None", str]
"""Column (None = the asset itself) and dimension."""


class _Label(msgspec.Struct):
    dimension: str
    value: str


class _Item(msgspec.Struct):
    name: str
    labels: tuple[_Label, ...] = ()


class _Version(msgspec.Struct):
    """Of `workflows.entry.Entry`."""

    labels: tuple[_Label, ...] = ()
    items: tuple[_Item, ...] = ()


_read = msgspec.json.Decoder(_Version).decode


def digests_in_force(store: Store) -> dict[str, str]:
    """Asset → digest of its version in force."""
    table = schema.acts
    last = (
        select(func.max(table.c.number).label("number"))
        .where(table.c.kind == "entry", table.c.verb.in_(("publish", "withdraw")))
        .group_by(table.c.subject)
        .subquery()
    )
    query = select(table.c.subject, table.c.after).join(last, table.c.number == last.c.number)
    with store.read() as connection:
        rows = connection.execute(query.where(table.c.verb == "publish")).all()
    return {row.subject: msgspec.json.decode(row.after)["version"] for row in rows}


def may_differ(store: Store, loaded: Sequence[StoredAsset], digests: Mapping[str, str]) -> Iterator[Asset]:
    """Of assets with a version in force those whose last run may have another tier than the version.

    What is published has the tiers of the last run; since then a tier has changed or a column has come, or none has.
    """
    table = schema.label_changes
    present = [one for one in loaded if one.asset.key in digests]
    changed: set[str] = set()
    for batch in chunks(one.asset.key for one in present):
        query = select(table.c.asset).where(table.c.asset.in_(batch), table.c.dimension == "tier").distinct()
        with store.read() as connection:
            changed.update(connection.execute(query).scalars())
    for one in present:
        known = frozenset(one.judged_columns)
        if one.asset.key in changed or not all(column.name in known for column in one.asset.columns):
            yield one.asset


def tiers_of_versions(store: Store, assets: Iterable[Asset], digests: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Asset → column as it is called now ("" = the asset itself) → tier in force.

    ``digests``: those of `digests_in_force`. What has no version, or one that the store has lost, is not there.
    A ruling since that sets a tier is no matter here, since no rule changes that; one that takes a tier away without
    setting another leaves the one in force that was ruled before it.
    """
    found: dict[str, dict[str, str]] = {}
    for batch in chunks(asset for asset in assets if asset.key in digests):
        versions = _versions(store, {digests[asset.key] for asset in batch})
        since = rulings_since(store, [asset.key for asset in batch])
        for asset in batch:
            version = versions.get(digests[asset.key])
            if version is not None:
                found[asset.key] = _tiers(version, since.get(asset.key, ()), asset)
    return found


def _tiers(version: _Version, since: Iterable[tuple[Place, str | None]], asset: Asset) -> dict[str, str]:
    owners = {"": version.labels} | {item.name: item.labels for item in version.items}
    tiers = {name: one.value for name, labels in owners.items() for one in labels if one.dimension == "tier"}
    tiers |= _before_refusals(since)
    now = present_case(filter(None, tiers), [column.name for column in asset.columns])
    return {now.get(name, name): tier for name, tier in tiers.items()}


def _before_refusals(since: Iterable[tuple[Place, str | None]]) -> dict[str, str]:
    """Column → the tier ruled before somebody took it away."""
    ruled: dict[str, str] = {}
    refused: dict[str, str] = {}
    for (column, dimension), value in since:
        name = column or ""
        if dimension != "tier":
            continue
        if value is not None:
            ruled[name] = value
            refused.pop(name, None)
        elif name in ruled:
            refused[name] = ruled[name]
    return refused


def _versions(store: Store, digests: Iterable[str]) -> dict[str, _Version]:
    table = schema.documents
    with store.read() as connection:
        rows = connection.execute(select(table).where(table.c.digest.in_(sorted(digests)))).all()
    return {row.digest: _read(row.body.encode()) for row in rows}


def rulings_since(store: Store, assets: Sequence[str]) -> dict[str, list[tuple[Place, str | None]]]:
    """Asset → what was ruled on it since its last publication; None = a value was taken away, and none set.

    In the order of the trail, since a ruling may be brought in long after the person made it.
    """
    table = schema.acts
    published = (
        select(table.c.subject, func.max(table.c.number).label("number"))
        .where(table.c.kind == "entry", table.c.verb == "publish", table.c.subject.in_(assets))
        .group_by(table.c.subject)
        .subquery()
    )
    rulings = (
        select(table.c.subject, table.c.after)
        .join(published, table.c.subject == published.c.subject)
        .where(table.c.kind == "decision", table.c.verb == "decide", table.c.number > published.c.number)
        .order_by(table.c.number)
    )
    found: dict[str, list[tuple[Place, str | None]]] = {}
    with store.read() as connection:
        for row in connection.execute(rulings):
            told = msgspec.json.decode(row.after)
            found.setdefault(row.subject, []).append(((told.get("column"), told["dimension"]), told.get("value")))
    return found
