"""CKAN 2.8 and newer (Action API v3): data sets with their resources' fields, as far as the DataStore holds them.

An asset is a data set; its columns are the fields of all its resources together, since resources of one data set are
mostly its formats and years. The DataStore is asked for no rows (``limit=0``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from connectors.base import SourceFatalError
from connectors.model import Asset
from connectors.rest.flavour import Entry, Flavour, Item, columns_of, text
from connectors.rest.pages import Endpoint, Pages
from connectors.rest.paths import Path

_CYCLE_KEYS = ("frequency", "accrual_periodicity", "accrualperiodicity", "update_frequency", "更新频率", "更新周期")
_SUCCESS: dict[str, list[Any]] = {"success": [True]}
_PAGES = Pages(style="offset", parameter="start", size_parameter="rows", size=100, total="result.count")
_SEARCH = Endpoint(params={"sort": "name asc"}, items="result.results", success=_SUCCESS, pages=_PAGES)
_FIELDS = Endpoint(items="result.fields", success=_SUCCESS)


class Ckan(Flavour):
    def probe(self) -> None:
        self.api.send(_SEARCH, self._action("package_search"), {"rows": 1})

    def entries(self) -> Iterator[Entry]:
        search = msgspec.structs.replace(_SEARCH, path=self._action("package_search"))
        for package in self.api.items(search):
            name = text(package.get("name") or package.get("id")) if isinstance(package, dict) else ""
            if name:
                resources = _resources(package) if "resources" in package else None
                changed = text(package.get("metadata_modified"))
                yield Entry(self._asset(name, package, bool(resources)), resources, changed)
            else:
                self.fail("a data set without a name", self.api.client.host, "ask the catalogue's operator")

    def complete(self, entry: Entry) -> Asset:
        resources = self._shown(entry.asset.name) if entry.detail is None else entry.detail
        items = [item for resource in resources for item in self._fields(resource, entry.asset)]
        return msgspec.structs.replace(entry.asset, columns=columns_of(items))

    def _shown(self, name: str) -> list[str]:
        """Some portals leave the resources out of their search."""
        answer, _ = self.api.send(Endpoint(success=_SUCCESS), self._action("package_show"), {"id": name})
        found = Path("result").first(answer)
        return _resources(found) if isinstance(found, dict) else []

    def _asset(self, name: str, package: dict[str, Any], stored: bool) -> Asset:
        organization = package.get("organization")
        schema = text(organization.get("name")) if isinstance(organization, dict) else ""
        title, notes = text(package.get("title")), text(package.get("notes"))
        kind = "table" if stored else "file"
        return self.asset(name, title, notes, _cycle(package), schema=schema or None, kind=kind)

    def _fields(self, resource: str, asset: Asset) -> Iterator[Item]:
        query = {"resource_id": resource, "limit": 0}
        try:
            answer, _ = self.api.send(_FIELDS, self._action("datastore_search"), query)
            fields = self.api.listed(_FIELDS, answer)
        except SourceFatalError as error:
            self.fail(f"the fields of a resource: {error.failure.what}", asset.qualified_name, str(error.failure.hint))
            return
        for field in fields:
            if isinstance(field, dict) and field.get("id") != "_id":
                yield _item(field)

    def _action(self, name: str) -> str:
        base = self.api.client.base_url
        return name if base.endswith("/action") else f"api/3/action/{name}"


def _item(field: dict[str, Any]) -> Item:
    """A field and its entry in the data dictionary (``info``), if the publisher filled one in."""
    info = field.get("info")
    info = info if isinstance(info, dict) else {}
    label, notes = text(info.get("label")), text(info.get("notes"))
    comment = f"{label}（{notes}）" if label and notes else label or notes
    return Item(text(field.get("id")), text(info.get("type_override")) or text(field.get("type")), comment)


def _resources(package: dict[str, Any]) -> list[str]:
    """Those that the DataStore holds."""
    active = (one for one in _list(package.get("resources")) if one.get("datastore_active") is True)
    return [ident for one in active if (ident := text(one.get("id")))]


def _cycle(package: dict[str, Any]) -> str:
    extras = {text(one.get("key")).lower(): text(one.get("value")) for one in _list(package.get("extras"))}
    own = {key.lower(): text(value) for key, value in package.items()}
    return next((found for key in _CYCLE_KEYS if (found := own.get(key) or extras.get(key))), "")


def _list(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
