"""Rulings on labels as acts: a decision and its act are written together or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from classifiers.evidence import Decision
from workflows import store_schema as schema
from workflows.acts.trail import Acting, Draft
from workflows.store import Store


def decide(acting: Acting, store: Store, decisions: Sequence[Decision], *, verb: str = "decide") -> None:
    """Append rulings with one act each, under the names of those who ruled.

    The act's subject is the asset, its ``before`` the ruling that was in force, its ``after`` the new one.
    """
    standing = _standing(acting, {item.asset for item in decisions})
    drafts = []
    for item in decisions:
        place = (item.asset, item.column, item.dimension)
        before = {"value": standing[place]} if place in standing else None
        drafts.append(Draft(item.asset, verb, item.reason, before, _told(item), item.who))
        standing[place] = item.value
    acting.add_all("decision", drafts)
    store.add_decisions(decisions, acting.connection)


def _told(item: Decision) -> Mapping[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(item)
    return {name: value for name, value in fields.items() if name not in ("asset", "who", "reason")}


def _standing(acting: Acting, assets: set[str]) -> dict[tuple[str, str | None, str], str | None]:
    """The latest ruling by asset, column and dimension."""
    table = schema.decisions
    found: dict[tuple[str, str | None, str], str | None] = {}
    names = sorted(assets)
    for start in range(0, len(names), 500):
        query = select(table).where(table.c.asset.in_(names[start : start + 500])).order_by(table.c.id)
        for row in acting.connection.execute(query):
            found[row.asset, row.column, row.dimension] = row.value
    return found
