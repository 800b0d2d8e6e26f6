"""A stored asset as the classifiers take it."""

from __future__ import annotations

from classifiers.evidence import ColumnInput, TableInput
from connectors.model import Asset


def table_input(asset: Asset, department: str | None = None) -> TableInput:
    """What the classifiers are told of an asset; ``department`` is its display name when known."""
    columns = tuple(
        ColumnInput(c.name, c.comment, c.type or None, tuple(f"{s.table}.{s.column}" for s in c.sources))
        for c in asset.columns
    )
    return TableInput(
        table=asset.name,
        columns=columns,
        department=department or asset.department,
        system=asset.system,
        comment=asset.comment,
        kind=asset.kind,
        origin=asset.origin,
        update_cycle=asset.update_cycle,
        row_estimate=asset.row_estimate,
    )
