"""What becomes of one row of a filled workbook, and what that row showed when it was exported."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import msgspec

from connectors.workbook.cells import Broken
from workflows.acts.text import UNSEEN
from workflows.review.desk import Verdict
from workflows.review.export import Manifest, SeenAsset, SeenColumn
from workflows.review.filled import Line
from workflows.review.sheets import ROW_ID

SHOWN = 60
"""Characters of a cell that a verdict repeats."""


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


def told_broken(text: Broken) -> str:
    """After the cell's place: a formula has no content that its author and this program surely read alike."""
    what = "是公式，不能导入" if text.is_formula else "是公式的错误值"
    return f"「{text}」：{what}，请直接填写内容"


def one_line(text: str) -> str:
    """Lines of one cell as one: what is kept in acts has no line feeds.

    >>> one_line("甲\\n  乙")
    '甲 乙'
    """
    return " ".join(text.split()) if "\n" in text or "\t" in text else text


def told_unseen(text: str) -> str:
    """After the cell's place: which character nobody sees; empty when there is none."""
    for number, character in enumerate(text, 1):
        if unicodedata.category(character) in UNSEEN:
            return f"：第{number}个字是看不见的字符U+{ord(character):04X}，请删去"
    return ""


def cut(text: str) -> str:
    """As much of a cell as a verdict repeats."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…（共{len(text)}字）"
