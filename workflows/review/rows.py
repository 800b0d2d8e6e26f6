"""What becomes of one row of a filled workbook, and what that row showed when it was exported."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from workflows.review.desk import Verdict
from workflows.review.export import Manifest, SeenAsset, SeenColumn
from workflows.review.filled import Line
from workflows.review.sheets import ROW_ID


class RowVerdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """What becomes of one row that somebody filled in."""

    place: str
    """``待审信息项!12``"""
    verdict: Verdict
    asset: str = ""
    column: str | None = None
    yours: Mapping[str, str | None] = {}
    """Dimension or element → what the row says; None = the proposal refused."""
    theirs: str = ""
    """Of a conflict: what stands there now."""
    told: str = ""
    """Chinese: which cell is wrong and why, or what it waits for."""


def seen_asset(line: Line, manifest: Manifest) -> SeenAsset | None:
    if line.ident is None or line.ident.asset >= len(manifest.assets):
        return None
    return manifest.assets[line.ident.asset]


def seen_column(line: Line, asset: SeenAsset | None) -> SeenColumn | None:
    if asset is None or line.ident is None or line.ident.column is None or line.ident.column >= len(asset.columns):
        return None
    return asset.columns[line.ident.column]


def without_id(line: Line) -> RowVerdict:
    told = f"{line.place}：{ROW_ID}缺失或被改动，不能对应到导出的行"
    return RowVerdict(line.place, "refused", told=told)


def not_exported(line: Line) -> RowVerdict:
    return RowVerdict(line.place, "refused", told=f"{line.place}：{ROW_ID}不在导出的内容中")
