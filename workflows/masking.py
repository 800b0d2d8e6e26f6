"""Identifiers that stand in structure (names, comments, messages) are masked before anything is stored or shown."""

from __future__ import annotations

import re

import msgspec

from classifiers.evidence import Finding
from connectors.model import Asset, Column, to_json

# What cannot match here holds nothing that the validators know: most assets are done after one scan.
_SUSPICIOUS = re.compile(rb"\d{5}|@")
_SUSPICIOUS_TEXT = re.compile(r"\d{5}|@|[０-９]{5}")


def masked_text(text: str) -> str:
    """``text`` with validated identifiers masked."""
    if not _SUSPICIOUS_TEXT.search(text):
        return text
    from classifiers.structure import mask_identifiers

    return mask_identifiers(text)


def masked_asset(asset: Asset) -> tuple[Asset, tuple[Finding, ...]]:
    """The asset with identifiers in its structure masked, and one finding per place that held one."""
    body = to_json(asset)
    if not _SUSPICIOUS.search(body) and not _SUSPICIOUS_TEXT.search(body.decode()):
        return asset, ()
    columns, found = _masked_columns(asset.columns)
    names = {before.name: after.name for before, after in zip(asset.columns, columns, strict=True)}
    name = masked_text(asset.name)
    comment = _optional(asset.comment)
    if name != asset.name or comment != asset.comment:
        found.insert(0, Finding("identifier_in_structure", "资源名称或注释中含有个人标识，已遮盖"))
    return (
        msgspec.structs.replace(
            asset,
            name=name,
            comment=comment,
            place=_optional(asset.place),
            columns=columns,
            primary_key=tuple(names.get(key, key) for key in asset.primary_key),
        ),
        tuple(found),
    )


def _masked_columns(columns: tuple[Column, ...]) -> tuple[tuple[Column, ...], list[Finding]]:
    taken: set[str] = set()
    masked, found = [], []
    for column in columns:
        name = _unique(masked_text(column.name), taken)
        comment, default = _optional(column.comment), _optional(column.default)
        taken.add(name)
        if (name, comment, default) != (column.name, column.comment, column.default):
            found.append(Finding("identifier_in_structure", "字段名、注释或默认值中含有个人标识，已遮盖", name))
            column = msgspec.structs.replace(column, name=name, comment=comment, default=default)
        masked.append(column)
    return tuple(masked), found


def _optional(text: str | None) -> str | None:
    return None if text is None else masked_text(text)


def _unique(name: str, taken: set[str]) -> str:
    """Two masked names can become equal: later ones get a number."""
    number, candidate = 2, name
    while candidate in taken:
        candidate = f"{name}_{number}"
        number += 1
    return candidate
