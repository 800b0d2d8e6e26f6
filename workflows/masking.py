"""Identifiers that stand in structure (names, comments, messages) are masked before anything is stored or shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from classifiers.evidence import Finding
from connectors.model import Asset, Column, ColumnSource, ForeignKey, to_json

# No identifier that the validators know has fewer digits in a row, or in groups: most assets are done after one scan.
_SUSPICIOUS = re.compile(r"\d(?:[ -]?\d){10}")

_HAN = re.compile("[\u3400-\u9fff]{2}")
_NAMES = ("person_name", "legal_rep")

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def masked_text(text: str) -> str:
    """``text`` with validated identifiers masked."""
    if not _SUSPICIOUS.search(text):
        return text
    from classifiers.structure import mask_identifiers

    return mask_identifiers(text, None)[0]


def _masked_default(column: Column) -> str | None:
    """A default is a value: addresses of mail go too, and names where the column holds names."""
    if column.default is None:
        return None
    from classifiers.structure import mask_mail, mask_names

    text = mask_mail(masked_text(column.default))
    return mask_names(text) if _HAN.search(text) and _holds_names(column) else text


def _holds_names(column: Column) -> bool:
    from classifiers.elements import elements
    from classifiers.names.grammar import default_reader

    reader = default_reader()
    said = [*reader.name(column.name)[:1], *(reader.comment(column.comment)[:1] if column.comment else ())]
    return any(elements()[candidate.element].family in _NAMES for candidate in said)


def _has_telling_default(asset: Asset) -> bool:
    return any(c.default and ("@" in c.default or _HAN.search(c.default)) for c in asset.columns)


def masked_asset(asset: Asset) -> tuple[Asset, tuple[Finding, ...]]:
    """The asset with identifiers in its structure masked, and one finding per place that held one."""
    asset, body = _storable(asset)
    if not _SUSPICIOUS.search(body) and not _has_telling_default(asset):
        return asset, ()
    columns, found = _masked_columns(asset.columns)
    names = {before.name: after.name for before, after in zip(asset.columns, columns, strict=True)}
    masked = msgspec.structs.replace(
        asset,
        name=masked_text(asset.name),
        schema=_optional(asset.schema),
        database=_optional(asset.database),
        comment=_optional(asset.comment),
        place=_optional(asset.place),
        columns=columns,
        primary_key=tuple(names.get(key, key) for key in asset.primary_key),
        foreign_keys=tuple(_masked_key(key, names) for key in asset.foreign_keys),
    )
    if (masked.key, masked.comment) != (asset.key, asset.comment):
        found.insert(0, Finding("identifier_in_structure", "资源名称或注释中含有个人标识，已遮盖"))
    return masked, tuple(found)


def _storable(asset: Asset) -> tuple[Asset, str]:
    """The asset and its JSON; lone surrogates and NUL, which databases refuse, become ``\ufffd``."""
    try:
        body = to_json(asset).decode()
    except UnicodeEncodeError:
        body = "\\u0000"
    if "\\u0000" not in body:
        return asset, body
    clean = msgspec.convert(_cleaned(msgspec.to_builtins(asset)), Asset)
    return clean, to_json(clean).decode()


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {key: _cleaned(item) for key, item in value.items()}
    return [_cleaned(item) for item in value] if isinstance(value, (list, tuple)) else value


def _masked_key(key: ForeignKey, names: Mapping[str, str]) -> ForeignKey:
    return ForeignKey(
        columns=tuple(names.get(column, column) for column in key.columns),
        referred_table=masked_text(key.referred_table),
        referred_columns=tuple(masked_text(column) for column in key.referred_columns),
    )


def _masked_column(column: Column, taken: set[str]) -> Column:
    sources = tuple(ColumnSource(masked_text(s.table), masked_text(s.column), s.carried) for s in column.sources)
    return msgspec.structs.replace(
        column,
        name=_unique(masked_text(column.name), taken),
        type=masked_text(column.type),
        comment=_optional(column.comment),
        default=_masked_default(column),
        sources=sources,
    )


def _masked_columns(columns: tuple[Column, ...]) -> tuple[tuple[Column, ...], list[Finding]]:
    taken: set[str] = set()
    masked, found = [], []
    for column in columns:
        clean = _masked_column(column, taken)
        taken.add(clean.name)
        masked.append(clean)
        if clean != column:
            message = "字段名、类型、注释或默认值中含有个人标识，已遮盖"
            found.append(Finding("identifier_in_structure", message, clean.name))
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
