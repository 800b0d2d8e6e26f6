"""Rulings on labels as acts: a decision and its act are written together or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

import msgspec
from sqlalchemy import select

from classifiers.evidence import Decision
from workflows import store_schema as schema
from workflows.acts.acting import Acting, Draft
from workflows.batches import chunks
from workflows.people import ids_in
from workflows.store import Store

Place = tuple[str, "str | None", str]
"""Asset, column, dimension."""


def decide(acting: Acting, store: Store, decisions: Sequence[Decision], *, verb: str = "decide") -> None:
    """Append rulings with one act each, of those who ruled: their ids in ``who``, how they signed in ``name``.

    The act's subject is the asset, its ``after`` the ruling, its ``before`` the one that was in force, else what the
    rules proposed (`workflows.packs.completed`).
    """
    standing = _standing(acting, {item.asset for item in decisions})
    acting.add_all("decision", _drafts(decisions, standing, verb, cache(partial(ids_in, people=store.people))))
    for batch in chunks(decisions):
        store.add_decisions(batch, acting.connection)


def _drafts(
    decisions: Iterable[Decision], standing: dict[Place, str | None], verb: str, ids: Callable[[str], str]
) -> Iterator[Draft]:
    for item in decisions:
        place = (item.asset, item.column, item.dimension)
        before = {"value": standing[place]} if place in standing else _proposed(item)
        yield Draft(item.asset, verb, item.reason, before, _told(item), ids(item.who), item.who)
        standing[place] = item.value


def _proposed(item: Decision) -> Mapping[str, Any] | None:
    """What the label said before anybody ruled: the rule's value; None = no label."""
    if not (item.rejected or item.rule):
        return None
    return {"value": item.rejected or item.value, **({"rule": item.rule} if item.rule else {})}


def _told(item: Decision) -> Mapping[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(item)
    return {name: value for name, value in fields.items() if name not in ("asset", "who", "reason")}


def _standing(acting: Acting, assets: set[str]) -> dict[Place, str | None]:
    """The latest ruling by asset, column and dimension."""
    table = schema.decisions
    found: dict[Place, str | None] = {}
    for batch in chunks(sorted(assets)):
        query = select(table).where(table.c.asset.in_(batch)).order_by(table.c.id)
        for row in acting.connection.execute(query):
            found[row.asset, row.column, row.dimension] = row.value
    return found
