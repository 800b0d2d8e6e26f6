"""Stored assets, verdicts, entries and decisions → what the server should hold of each asset.

Restricted and quarantined assets never appear. What one asset's names make impossible is a `Failure` of that asset; the
rest goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import msgspec

from classifiers.evidence import ColumnVerdict, Decision, Label
from connectors.base import BadInputError
from connectors.model import Asset, Column, Failure
from connectors.om_names import join_fqn
from connectors.om_version import Features
from workflows import catalogue
from workflows.batches import chunks
from workflows.catalogue import citation_line, entry, texts_of
from workflows.entries.codes import codes
from workflows.entries.states import EntryState
from workflows.entry import Entry, EntryItem
from workflows.publish.in_force import InForce, by_present_names, labels_shown, versions_in_force
from workflows.publish.model import AssetKind, LabelState, Mark, WantedAsset, WantedColumn, WantedEdge
from workflows.publish.places import LONGEST_FIELD, Place, is_existing, owners_of, services, stored_name
from workflows.publish.siblings import Row, Siblings, rows_of
from workflows.publish.vocabulary import Vocabulary
from workflows.store import Store
from workflows.store_records import StoredAsset

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.settings import Department, Site, SystemSettings

STATUS = {
    "draft": "Draft",
    "submitted": "In Review",
    "approved": "Approved",
    "published": "Approved",
    "changed": "Approved",
    "returned": "Rejected",
    "withdrawn": "Deprecated",
}
"""Life-cycle state of an entry → ``entityStatus``; a version in force beats it (`status_of`)."""
NEED_LENGTH = frozenset(("CHAR", "VARCHAR", "BINARY", "VARBINARY"))
# An ARRAY or STRUCT must say of what, which no dictionary tells us: the native type is shown all the same.
INCOMPLETE_TYPES = frozenset(("ARRAY", "STRUCT"))
# Not in the enumeration of servers before 1.5.
YOUNG_TYPES = frozenset(("MONEY", "BIT", "LARGEINT"))
FIELD_TYPES = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INT"), "INT"),
    **dict.fromkeys(("BIGINT", "LARGEINT", "LONG"), "LONG"),
    **dict.fromkeys(("DECIMAL", "NUMERIC", "NUMBER", "DOUBLE", "MONEY"), "DOUBLE"),
    **dict.fromkeys(("STRING", "VARCHAR", "CHAR", "TEXT", "MEDIUMTEXT", "NTEXT", "CLOB", "UUID"), "STRING"),
    **dict.fromkeys(("BLOB", "MEDIUMBLOB", "LONGBLOB", "BYTEA", "BINARY", "VARBINARY", "IMAGE"), "BYTES"),
    **dict.fromkeys(("JSON", "STRUCT", "RECORD"), "RECORD"),
    **{name: name for name in ("FLOAT", "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "TIMESTAMPZ", "ARRAY", "MAP", "ENUM")},
    "DATETIME": "TIMESTAMP",
}
"""Table data type → that of an endpoint's field; others are UNKNOWN."""
REMEMBERED = 50_000
_METHOD = re.compile(r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|TRACE)\b", re.IGNORECASE)
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")


@dataclass
class Told:
    """What could not be wanted, and what the reader should know; filled while the assets stream."""

    failures: list[Failure] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


class _System(NamedTuple):
    """One system with all that its assets need."""

    department: Department
    settings: SystemSettings
    service: str
    numbers: Mapping[int, tuple[str, ...]]
    siblings: Siblings


class _People(NamedTuple):
    """What people said about assets, beside what verdicts hold."""

    reviews: Mapping[str, Decision]
    known: catalogue.Known


class _Shown(NamedTuple):
    """What readers of the server may see of an entry."""

    entry: Entry
    items: Mapping[str, EntryItem]
    """By the names that columns have now."""
    texts: Mapping[str, str]
    """Column → the description that a person wrote."""


def wanted_assets(
    store: Store,
    site: Site,
    pack: Pack,
    vocabulary: Vocabulary,
    features: Features,
    departments: Sequence[str] = (),
    told: Told | None = None,
) -> Iterator[WantedAsset]:
    """Every asset of the departments (none given = all) as the server should hold it.

    In the configured order of systems, within one by database, schema and name, so that all of one schema follow each
    other. Raises ``ConfigurationError`` before the first one when two systems would be one service.
    """
    told = Told() if told is None else told
    names = services(site)
    people = _people(store)
    maker = _Maker(pack, vocabulary, features, people, told)
    for department in site.select(departments):
        numbers = codes(store, department.id)
        for settings in department.systems:
            if settings.is_restricted:
                continue
            service = names[department.id, settings.id]
            rows = rows_of(store, department.id, settings, service, features, told.failures)
            system = _System(department, settings, service, numbers, Siblings(store, rows))
            yield from _of_system(store, system, rows, maker)


def wanted_places(store: Store, site: Site, features: Features, departments: Sequence[str] = ()) -> Iterator[Place]:
    """Where every asset of the departments stands, for `taxonomy.definitions`; reads names only."""
    names = services(site)
    for department in site.select(departments):
        for settings in department.systems:
            if not settings.is_restricted:
                service = names[department.id, settings.id]
                yield from (row.place for row in rows_of(store, department.id, settings, service, features, []))


def _of_system(store: Store, system: _System, rows: Sequence[Row], maker: _Maker) -> Iterator[WantedAsset]:
    waiting = 0
    for batch in chunks(rows):
        places = {row.id: row.place for row in batch}
        loaded = store.load(list(places))
        versions = maker.versions(store, loaded)
        for stored in loaded:
            given = system.numbers.get(stored.id)
            if stored.verdict is None or given is None:
                waiting += 1
                continue
            yield maker.asset(stored, places[stored.id], given, system, versions.get(stored.asset.key))
    if waiting:
        name = f"{system.department.id}/{system.settings.id}"
        maker.told.notices.append(f"{name}: {waiting} assets have no labels or number yet and wait for `pdc run`")


def _people(store: Store) -> _People:
    reviews = {item.asset: item for item in store.decisions() if item.dimension == "review" and item.column is None}
    return _People(reviews, catalogue.known(store))


class _Maker:
    """Makes wanted assets from stored ones."""

    def __init__(self, pack: Pack, names: Vocabulary, features: Features, people: _People, told: Told) -> None:
        self.pack, self.names, self.features, self.people, self.told = pack, names, features, people, told
        self._basis_lines: dict[tuple[str, ...], str] = {}
        # Equal verdicts are one object (`Store`), which is kept here so that its id stays its own.
        self._marks: dict[int, tuple[ColumnVerdict, tuple[Mark, ...]]] = {}

    def versions(self, store: Store, loaded: Sequence[StoredAsset]) -> dict[str, InForce]:
        """The versions in force of these assets; one that the store has lost is told and counts as none."""
        found = versions_in_force(store, self.people.known.states, [stored.asset.key for stored in loaded])
        for key in (key for key, version in found.items() if version is None):
            what = f"{key}: the store has lost the text of its version in force; the entry goes out as compiled now"
            self.told.notices.append(f"{what} (restore the store from a backup, or publish the entry anew)")
        return {key: version for key, version in found.items() if version is not None}

    def asset(
        self, stored: StoredAsset, place: Place, given: Sequence[str], system: _System, version: InForce | None = None
    ) -> WantedAsset:
        labels_only = is_existing(system.settings)
        columns = self._columns(stored, place.kind, labels_only, version)
        wanted = WantedAsset(
            key=stored.asset.key,
            kind=place.kind,
            fqn=place.fqn,
            service=place.service,
            database=place.database,
            schema=place.schema,
            name=place.name,
            columns=tuple(column for _, column in columns),
            marks=self._asset_marks(stored, version, [mark for _, column in columns for mark in column.marks]),
            labels_only=labels_only,
            in_force=version.at if version else "",
        )
        return wanted if labels_only else self._described(wanted, stored, columns, given, system, version)

    def _described(
        self,
        wanted: WantedAsset,
        stored: StoredAsset,
        columns: Sequence[tuple[Column, WantedColumn]],
        given: Sequence[str],
        system: _System,
        version: InForce | None,
    ) -> WantedAsset:
        """With structure, texts, properties, owner, domain and lineage: what is only written to our own services."""
        asset = stored.asset
        found, items, texts = self._shown(stored, given, system, version)
        stored_names = {source.name: column.name for source, column in columns}
        keys = tuple(stored_names[key] for key in asset.primary_key if key in stored_names)
        endpoint = wanted.kind == "endpoint"
        return msgspec.structs.replace(
            wanted,
            columns=tuple(
                self._column_described(source, column, items.get(source.name), texts.get(source.name), endpoint)
                for source, column in columns
            ),
            table_type="View" if asset.kind == "view" else "Regular",
            title=readable(found.title) if found.title != asset.name else "",
            description=readable(found.abstract),
            primary_key=keys if len(keys) == len(asset.primary_key) and not endpoint else (),
            foreign_keys=() if endpoint else tuple(system.siblings.foreign_keys(asset, stored_names)),
            properties=self.properties(found),
            owner=owners_of(system.department.id),
            domain=join_fqn(system.department.id),
            status=status_of(self.people.known.states.get(asset.key)) if self.features.entity_status else None,
            lineage=self._lineage(asset, wanted, stored_names, system),
            url=f"urn:public-data-catalog:{quote(asset.key, safe='/:')}" if endpoint else "",
            method=method_of(asset.name) if endpoint else "",
        )

    def _shown(self, stored: StoredAsset, given: Sequence[str], system: _System, version: InForce | None) -> _Shown:
        """The version in force where there is one, else the entry as it is compiled.

        Nothing that is published changes by itself: what people have written since waits for its own publication.
        """
        asset, known = stored.asset, self.people.known
        told = known if version is None else known._replace(values={})
        made = entry(stored, given, system.department, system.settings, self.pack, told)
        items = {item.name: item for item in made.items}
        if version is None:
            said = {name: text for name, text in texts_of(known.values.get(asset.key, {})).items() if name}
            return _Shown(made, items, by_present_names(said, asset))
        # Columns that are newer than the version stay as the machine describes them.
        items |= version.items(asset)
        texts = {name: item.extra["description"] for name, item in items.items() if "description" in item.extra}
        return _Shown(version.entry, items, texts)

    # --- columns -------------------------------------------------------------------------------------------------

    def _columns(
        self, stored: StoredAsset, kind: AssetKind, everything: bool, version: InForce | None
    ) -> list[tuple[Column, WantedColumn]]:
        """Columns with their labels; credentials are no catalogue items and stay out of what is ours."""
        verdicts = stored.column_verdicts
        items = version.items(stored.asset) if version else {}
        ruled = version.ruled(stored.asset) if version else {}
        found: dict[str, tuple[Column, WantedColumn]] = {}
        for column in stored.asset.columns:
            verdict = verdicts.get(column.name)
            if verdict is not None and not verdict.catalogued and not everything:
                continue
            place = f"{stored.asset.key}.{column.name}"
            try:
                name = stored_name(column.name, LONGEST_FIELD if kind == "endpoint" else None)
            except BadInputError as exc:
                self.told.failures.append(Failure(f"not published: {exc.failure.what}", place[:300], exc.failure.hint))
                continue
            if name in found:
                what = "not published: another column has the same name on the server"
                self.told.failures.append(Failure(what, place, "rename one of them in the source"))
                continue
            if column.name in items:
                marks = self._marks_in_force(verdict, items[column.name], ruled.get(column.name, {}))
            else:
                marks = self._column_marks(verdict) if verdict else ()
            found[name] = (column, self._column(column, name, kind, marks))
        return list(found.values())

    def _column(self, column: Column, name: str, kind: AssetKind, marks: tuple[Mark, ...]) -> WantedColumn:
        data_type = column_type(column.data_type, kind, self.features)
        return WantedColumn(
            name=name,
            ordinal=column.ordinal,
            data_type=data_type,
            display_type=column.type,
            length=(column.length or 1) if data_type in NEED_LENGTH else None,
            precision=column.precision,
            scale=column.scale,
            constraint=None if column.nullable is None or kind == "endpoint" else constraint(column.nullable),
            marks=marks,
        )

    def _column_described(
        self, source: Column, column: WantedColumn, item: EntryItem | None, text: str | None, endpoint: bool
    ) -> WantedColumn:
        # An item of the version in force may have its column's name in another case.
        title = readable(item.title) if item and item.title not in (source.name, item.name) else ""
        # Fields of endpoints take none (FieldModel of the 2.0.6 SDK).
        properties = self.item_properties(item) if item and self.features.column_properties and not endpoint else {}
        description = readable(text if text is not None else source.comment or "")
        return msgspec.structs.replace(column, title=title, description=description, properties=properties)

    def _column_marks(self, verdict: ColumnVerdict) -> tuple[Mark, ...]:
        known = self._marks.get(id(verdict))
        if known is None:
            if len(self._marks) >= REMEMBERED:
                self._marks.clear()
            known = self._marks[id(verdict)] = (verdict, self._marks_of(verdict.labels, verdict.category))
        return known[1]

    def _marks_in_force(
        self, verdict: ColumnVerdict | None, item: EntryItem, ruled: Mapping[str, str | None]
    ) -> tuple[Mark, ...]:
        shown = labels_shown(item.labels, verdict.labels if verdict else (), ruled)
        return self._marks_of(shown, verdict.category if verdict and "element" in ruled else item.category)

    def _marks_of(self, labels: Sequence[Label], held: str) -> tuple[Mark, ...]:
        """``held``: the category of what the column holds."""
        by_dimension = {label.dimension: label for label in labels}
        element = by_dimension.get("element")
        found = []
        for label in labels:
            beside = element if label.dimension != "element" else None
            mark = self.names.mark(label.dimension, label, beside)
            found += [mark] if mark else []
        category = self._category(held, element)
        mask = self.names.mask(by_dimension.get("tier"))
        return (*found, *(mark for mark in (category, mask) if mark))

    def _category(self, held: str, element: Label | None) -> Mark | None:
        """数据类别 follows from the element, and is as sure as that is."""
        if ("category", held) not in self.names.named or element is None:
            return None
        term = self.names.mark("element", element)
        if term is None:
            return None
        why = f"数据元为{self.pack.display('element', element.value)}；{element.pack or self.pack.ident}"
        return self.names.plain_mark("category", held, term.state, why)

    # --- the asset -----------------------------------------------------------------------------------------------

    def _asset_marks(
        self, stored: StoredAsset, version: InForce | None, of_columns: Sequence[Mark]
    ) -> tuple[Mark, ...]:
        """``of_columns``: every column's, from which 数据类别 of the asset follows with its state."""
        verdict = stored.verdict
        assert verdict is not None
        labels, held = verdict.labels, _categories(stored, version)
        if version is not None:
            labels = labels_shown(version.entry.labels, labels, version.ruled(stored.asset).get(None, {}))
        marks = [self.names.mark(label.dimension, label) for label in labels]
        known = [key for key in sorted(held) if ("category", key) in self.names.named]
        why = f"信息项涉及的类别；{self.pack.ident}"
        states = {key: _held_state(self.names.category(key), of_columns) for key in known}
        categories = [self.names.plain_mark("category", key, state, why) for key, state in states.items()]
        return (*(mark for mark in marks if mark), *categories, self._review(stored.asset.key))

    def _review(self, key: str) -> Mark:
        ruled = self.people.reviews.get(key)
        if ruled is None or ruled.value not in ("confirmed", "objected"):
            return self.names.plain_mark("review", "pending", why=f"机器建议，待数据提供单位确认；{self.pack.ident}")
        return self.names.plain_mark("review", ruled.value, "Confirmed", f"{ruled.who}，{ruled.at[:10]}")

    def properties(self, found: Entry) -> dict[str, str | int]:
        """The entry's elements as custom properties; what is not filled is left out."""
        share = found.label("share")
        values: dict[str, str | int | None] = {
            "resourceCode": found.code,
            "updateCycle": found.update_cycle,
            "shareCondition": found.share_condition,
            "shareBasis": self._basis(share),
            "shareMethod": found.share_method,
            "openCondition": found.open_condition,
            "resourceFormat": found.format,
            "provider": found.provider,
            "providerCode": found.provider_code,
            "dataSource": f"{found.system_name}：{found.source_name}",
            "publishDate": found.publish_date,
            "withheldColumns": found.withheld or None,
        }
        return _filled(values)

    def item_properties(self, item: EntryItem) -> dict[str, str | int]:
        basis = {"shareBasis": self._basis(item.label("share")), "openBasis": self._basis(item.label("open"))}
        return {"itemType": item.data_type, **{name: value for name, value in basis.items() if value}}

    def _basis(self, label: Label | None) -> str:
        basis = label.basis if label else ()
        if basis not in self._basis_lines:
            self._basis_lines[basis] = readable("；".join(citation_line(self.pack, key) for key in basis))
        return self._basis_lines[basis]

    def _lineage(
        self, asset: Asset, wanted: WantedAsset, names: Mapping[str, str], system: _System
    ) -> tuple[WantedEdge, ...]:
        if not self.names.settings.lineage or wanted.kind == "endpoint":
            return ()
        return tuple(system.siblings.lineage(asset, wanted.fqn, names))


def _held_state(fqn: str, marks: Sequence[Mark]) -> LabelState:
    """Confirmed where one mark of this tag is: then the asset holds what it says."""
    found = {mark.state for mark in marks if mark.fqn == fqn}
    return "Confirmed" if "Confirmed" in found else "Suggested"


def _categories(stored: StoredAsset, version: InForce | None) -> set[str]:
    """数据类别 of what the columns hold: as the version in force says, but where somebody has ruled on it since."""
    found = {name: one.category for name, one in stored.column_verdicts.items() if one.catalogued}
    if version is not None:
        ruled = version.ruled(stored.asset)
        kept = version.items(stored.asset).items()
        found |= {name: item.category for name, item in kept if "element" not in ruled.get(name, {})}
    return set(found.values())


def status_of(state: EntryState | None) -> str:
    """``entityStatus`` of an entry: while a version is in force it is Approved, whatever becomes of a newer one.

    >>> status_of(None)
    'Draft'
    """
    if state is None:
        return STATUS["draft"]
    return "Approved" if state.in_force is not None else STATUS[state.stage]


def column_type(data_type: str, kind: AssetKind, features: Features) -> str:
    """The server's name of a type that it takes without more; the native type is shown beside it."""
    if kind == "endpoint":
        return FIELD_TYPES.get(data_type, "UNKNOWN")
    if data_type in INCOMPLETE_TYPES or (data_type in YOUNG_TYPES and not features.owners):
        return "UNKNOWN"
    return data_type


def constraint(nullable: bool) -> str:
    return "NULL" if nullable else "NOT_NULL"


def method_of(name: str) -> str:
    """The HTTP method that an operation's name begins with, else GET.

    >>> method_of("post /v1/persons")
    'POST'
    """
    found = _METHOD.match(name)
    return found[1].upper() if found else "GET"


def readable(text: str) -> str:
    """The text without characters that nobody can read and some servers refuse."""
    return _UNREADABLE.sub("", text).strip()


def _filled(values: Mapping[str, str | int | None]) -> dict[str, str | int]:
    cleaned = {name: readable(value) if isinstance(value, str) else value for name, value in values.items()}
    return {name: value for name, value in cleaned.items() if value not in (None, "")}
