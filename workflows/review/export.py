"""Writing a department's review workbook; what it showed is kept as a document that an act names.

That is what lets an import tell what has changed since, whatever a spreadsheet program did to the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from workflows import catalogue
from workflows.acts.model import Actor
from workflows.acts.trail import Trail
from workflows.entry import Entry
from workflows.errors import InputError
from workflows.outputs.cells import MAX_ROWS, Cell
from workflows.review import sheets
from workflows.review.forms import FormBook
from workflows.review.items import Group, Marks, fingerprint, groups, items
from workflows.store import Store

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.settings import Department

SHORT = 16
"""Digits of an export's id that stand in every row."""
ELEMENT_ROW = "e"


class SeenColumn(msgspec.Struct, frozen=True, array_like=True):
    name: str
    fingerprint: str
    group: int
    marks: Marks
    values: dict[str, str] = {}
    """Element of the item → the text that the sheet 信息项 showed; empty cells are left out."""


class SeenAsset(msgspec.Struct, frozen=True, array_like=True):
    key: str
    values: dict[str, str]
    """Element of the entry → the text that the sheet 资源 showed; empty cells are left out."""
    columns: tuple[SeenColumn, ...]


class Manifest(msgspec.Struct, frozen=True):
    """What one export showed.

    A row's id is ``<first digits of the manifest's SHA-256>-<asset>[-<column>]``, and ends in ``e`` on 信息项.
    """

    department: str
    at: str
    pack: str
    assets: tuple[SeenAsset, ...]


class Exported(msgspec.Struct, frozen=True):
    path: Path
    export: str
    """SHA-256 of the manifest."""
    items: int
    pending: int
    """Items that wait for a person."""
    resources: int


class _Content(NamedTuple):
    groups: Sequence[Group]
    entries: Sequence[Entry]
    values: Sequence[Mapping[str, str]]


def export(store: Store, pack: Pack, department: Department, actor: Actor, path: Path, trail: Trail) -> Exported:
    """Write the workbook. Raises `InputError` for a department without labels, or with more than a sheet holds."""
    found = groups(items(store, [department.id]))
    if not found:
        raise InputError(f"{department.id} has no labelled items (run `pdc run {department.id}`)")
    count = sum(len(group.items) for group in found)
    if count >= MAX_ROWS:
        raise InputError(
            f"{department.id} has {count} items, a sheet holds {MAX_ROWS - 1} (rule by `pdc decide --where`)"
        )
    systems = {system.id: system for system in department.systems}
    entries = list(catalogue.entries(store, pack, department, systems))
    content = _Content(found, entries, [sheets.shown_values(entry) for entry in entries])
    with trail.acting(actor, pack=pack.ident) as acting:
        manifest = _manifest(content, department.id, acting.at, pack)
        digest = acting.keep(manifest)
        after = {"export": digest, "items": count, "resources": len(entries)}
        acting.add("import", department.id, "export", after=after)
    pending = sum(item.state != "confirmed" for group in found for item in group.items)
    _write(path, content, manifest, digest, department.name, pack, pending)
    return Exported(path, digest, count, pending, len(entries))


def _manifest(content: _Content, department: str, at: str, pack: Pack) -> Manifest:
    columns: dict[str, list[SeenColumn]] = {entry.asset: [] for entry in content.entries}
    said = {
        (entry.asset, item.name): sheets.shown_item_values(entry, item, pack)
        for entry in content.entries
        for item in entry.items
    }
    for group in content.groups:
        for item in group.items:
            key, name = item.stored.asset.key, item.column.name
            seen = SeenColumn(name, fingerprint(item.column), group.number, item.marks, said.get((key, name), {}))
            columns.setdefault(key, []).append(seen)
    values = {entry.asset: dict(own) for entry, own in zip(content.entries, content.values, strict=True)}
    assets = (SeenAsset(key, values.get(key, {}), tuple(seen)) for key, seen in columns.items())
    return Manifest(department, at, pack.ident, tuple(assets))


def _write(path: Path, content: _Content, manifest: Manifest, digest: str, name: str, pack: Pack, pending: int) -> None:
    title = f"{name}公共数据目录审核表"
    book = FormBook(title, manifest.at)
    count = sum(len(group.items) for group in content.groups)
    book.cover(title, sheets.instructions(name, manifest.at, pack, count, pending))
    choices = sheets.Choices(pack)
    numbers = {asset.key: number for number, asset in enumerate(manifest.assets)}
    ids = {
        (asset.key, column.name): f"{digest[:SHORT]}-{numbers[asset.key]}-{place}"
        for asset in manifest.assets
        for place, column in enumerate(asset.columns)
    }
    systems = {entry.system: entry.system_name for entry in content.entries}
    rows = sheets.item_rows(content.groups, ids, pack, systems)
    book.form(sheets.ITEMS, sheets.item_fields(choices), rows, frozen=5, count=count)
    resources = (
        sheets.resource_row(entry, values, f"{digest[:SHORT]}-{numbers[entry.asset]}")
        for entry, values in zip(content.entries, content.values, strict=True)
    )
    book.form(sheets.RESOURCES, sheets.resource_fields(), resources, frozen=3, count=len(content.entries))
    elements = _element_rows(content.entries, manifest, ids)
    book.form(sheets.ELEMENTS, sheets.element_fields(), elements, frozen=4, count=count)
    book.notes(
        sheets.VERSIONS,
        [
            (sheets.EXPORT_ID, digest),
            ("部门", manifest.department),
            ("导出时间", manifest.at),
            ("规则包", manifest.pack),
        ],
    )
    book.save(path)


def _element_rows(
    entries: Sequence[Entry], manifest: Manifest, ids: Mapping[tuple[str, str], str]
) -> Iterator[list[Cell]]:
    """The rows of 信息项, in the order of the catalogue."""
    seen = {asset.key: {column.name: column.values for column in asset.columns} for asset in manifest.assets}
    for entry in entries:
        for item in entry.items:
            values = seen[entry.asset].get(item.name)
            if values is not None:
                yield sheets.element_row(entry, item, values, f"{ids[entry.asset, item.name]}{ELEMENT_ROW}")
