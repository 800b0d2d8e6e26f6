"""Any catalogue with a list, and perhaps a detail, in JSON: what to ask and where things stand is configuration.

``asset.name`` and ``asset.schema`` are read from the list; everything else from the detail, where it says it, else from
the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from connectors.base import ConfigurationError, SystemConfig
from connectors.model import Asset, Column
from connectors.rest.flavour import LONGEST_NAME, Entry, Flavour, Item, columns_of, converted, text, truth
from connectors.rest.pages import Api, Endpoint, check_pages
from connectors.rest.paths import Path


class AssetMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Paths into an item of the list, or into the detail."""

    name: str
    id: str | None = None
    """What ``{id}`` in the detail's path, parameters and body stands for; the name if left out."""
    schema: str | None = None
    comment: str | None = None
    description: str | None = None
    update_cycle: str | None = None
    columns: str | None = None
    """The list of information items."""


class ColumnMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Paths into one information item."""

    name: str
    type: str | None = None
    length: str | None = None
    comment: str | None = None
    nullable: str | None = None


class Declarative(Flavour):
    def __init__(self, config: SystemConfig, api: Api) -> None:
        super().__init__(config, api)
        for key in ("list", "asset"):
            if key not in config.options:
                raise ConfigurationError(f"flavour declarative needs {key}", hint="see docs/connectors.md, rest")
        self.list: Endpoint = converted(config.options["list"], Endpoint, "list")
        self.detail: Endpoint | None = converted(config.options.get("detail"), Endpoint | None, "detail")
        asset: AssetMap = converted(config.options["asset"], AssetMap, "asset")
        column: ColumnMap | None = converted(config.options.get("column"), ColumnMap | None, "column")
        if bool(asset.columns) != bool(column):
            raise ConfigurationError("asset.columns and column belong together", hint="give both or neither")
        if self.detail and self.detail.pages:
            raise ConfigurationError("detail has no pages", hint="leave them out")
        for endpoint in (self.list, self.detail):
            if endpoint:
                check_pages(endpoint)
        self.asset_paths, self.column_paths = _paths(asset), _paths(column) if column else {}

    def probe(self) -> None:
        more = self.list.pages.first_request if self.list.pages else {}
        answer, _ = self.api.send(self.list, self.list.path, more)
        self.api.listed(self.list, answer)

    def entries(self) -> Iterator[Entry]:
        for number, record in enumerate(self.api.items(self.list), 1):
            name = self._text("name", record)
            if not name:
                self.fail(f"item {number} of the list has no name", self.api.client.host, "correct asset.name")
                continue
            if len(name) > LONGEST_NAME:
                self.fail(f"the name has {len(name)} characters", name[:50], f"at most {LONGEST_NAME} are possible")
                continue
            asset = self._asset(name, record, record)
            if self.detail is None:
                yield Entry(self._with_columns(asset, record))
            else:
                yield Entry(asset, (self._text("id", record) or name, record))

    def complete(self, entry: Entry) -> Asset:
        if self.detail is None:
            return entry.asset
        ident, record = entry.detail
        endpoint = _filled(self.detail, ident)
        answer, _ = self.api.send(endpoint, endpoint.path, {})
        detail = Path(self.detail.items).first(answer)
        return self._with_columns(self._asset(entry.asset.name, record, detail), detail, record)

    def _asset(self, name: str, listed: Any, detail: Any) -> Asset:
        def read(key: str) -> str:
            return self._text(key, detail) or self._text(key, listed)

        schema = self._text("schema", listed) or None
        return self.asset(name, read("comment"), read("description"), read("update_cycle"), schema=schema)

    def _with_columns(self, asset: Asset, *records: Any) -> Asset:
        return msgspec.structs.replace(asset, columns=self._columns(asset, records)) if self.column_paths else asset

    def _columns(self, asset: Asset, records: tuple[Any, ...]) -> tuple[Column, ...]:
        path = self.asset_paths["columns"]
        for record in records:
            items = path.items(record)
            if items:
                return columns_of(self._items(items, asset))
        if not any(path.all(record) for record in records):
            self.fail(f"no information items at {path.written}", asset.qualified_name, "correct asset.columns")
        return ()

    def _items(self, items: list[Any], asset: Asset) -> Iterator[Item]:
        for number, item in enumerate(items, 1):
            read = {key: path.first(item) for key, path in self.column_paths.items()}
            name, comment = text(read.get("name")), text(read.get("comment"))
            if not (name or comment):
                self.fail(f"information item {number} has no name", asset.qualified_name, "correct column.name")
            yield Item(name, text(read.get("type")), comment, truth(read.get("nullable")), text(read.get("length")))

    def _text(self, key: str, record: Any) -> str:
        path = self.asset_paths.get(key)
        return text(path.first(record)) if path else ""


def _paths(mapped: AssetMap | ColumnMap) -> dict[str, Path]:
    return {key: Path(value) for key, value in msgspec.structs.asdict(mapped).items() if value is not None}


def _filled(endpoint: Endpoint, ident: str) -> Endpoint:
    def put(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("{id}", ident)
        if isinstance(value, dict):
            return {key: put(inner) for key, inner in value.items()}
        return [put(inner) for inner in value] if isinstance(value, list) else value

    # A dot alone would be taken for a folder.
    quoted = re.sub(r"^\.+$", "", quote(ident, safe=""))
    path = endpoint.path.replace("{id}", quoted)
    return msgspec.structs.replace(endpoint, path=path, params=put(endpoint.params), body=put(endpoint.body))
