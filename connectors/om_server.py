"""``connector: openmetadata``: one service of an OpenMetadata server as a system.

Its tables came from somebody else's connectors: names, types, keys, descriptions, row counts, and, where
``stored_samples`` allows it, the sample that the server keeps. API endpoints are operations where the server has them.
How servers list, hide and mask: reference/openmetadata-server.md, "Lists", "Roles, policies".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from connectors.base import (
    BadInputError,
    ConfigurationError,
    Connector,
    ConnectorError,
    Sample,
    SourceFatalError,
    SourceRetryError,
    SystemConfig,
    is_quarantined,
    keeps,
    matches,
)
from connectors.model import Asset, Failure, Listing
from connectors.om_assets import Place, Row, asset_of, place_of_parent, row_of
from connectors.om_client import OpenMetadata
from connectors.om_errors import (
    IncompleteListing,
    NotAllowed,
    Refused,
    ServerBroken,
    ServerError,
    ServerRetryError,
)
from connectors.om_names import decode_name, join_fqn, service_name

LONGEST_VALUE = 4_000
"""Characters of a stored value; the rest is cut off."""
MASKED_NAME, MASKED_VALUE = " [MASKED]", "********"
"""What servers show instead of a column with PII.Sensitive; the column's name changes too."""
BATCH, WORKERS = 100, 4


class ServerConnector(Connector):
    """Options: ``service`` and ``token`` (both needed), ``ca_file`` (absolute path), ``stored_samples`` (false)."""

    KEYS: ClassVar[frozenset[str]] = frozenset({"url"})
    OPTIONS: ClassVar[dict[str, type]] = {"service": str, "token": str, "ca_file": str, "stored_samples": bool}

    def __init__(self, config: SystemConfig) -> None:
        """Raises ``ConfigurationError`` when ``url`` or an option is wrong; nothing is opened."""
        super().__init__(config)
        self._service = _service_fqn(config)
        token = _needed(config, "token", "a JWT of the server, as ${NAME} or file:PATH")
        if not config.url:
            raise ConfigurationError("connector openmetadata needs url", hint="as in http://127.0.0.1:8585/api")
        self._client = OpenMetadata(config.url, token, verify=_ca_file(config), workers=WORKERS)
        self._profiles = True
        self._hidden: frozenset[tuple[str, str]] | None = None
        self._ids: dict[str, str] = {}
        self._reasons: list[str] = []
        self._sampled = 0

    def probe(self) -> None:
        with self._errors():
            self._client.check()
            self._services()

    def list_assets(self) -> Listing:
        names: list[str] = []
        secret: set[str] = set()
        hidden: set[tuple[str, str]] = set()
        excluded = 0
        self._reasons = []
        try:
            for place, row in self._rows(self._reasons):
                name = decode_name(row.name)
                if not keeps(self.config, f"{place.schema}.{name}"):
                    excluded += 1
                elif is_quarantined(name, row.description, row.displayName):
                    hidden.add((place.schema, name))
                    secret.add(_qualified(place, name))
                else:
                    names.append(_qualified(place, name))
        except ConnectorError as error:
            if not (names or secret or excluded):
                raise
            self._reasons.append(str(error))
        self._hidden, self.quarantined = frozenset(hidden), frozenset(secret)
        return Listing(
            names=tuple(dict.fromkeys(names)),
            complete=not self._reasons,
            reason="; ".join(self._reasons) or None,
            quarantined=len(secret),
            excluded=excluded,
        )

    def assets(self) -> Iterator[Asset]:
        """By database, schema and name. Of two assets whose dotted names are the same text the second is a failure."""
        if self._hidden is None:
            self.list_assets()
        self._ids = {}
        reasons: list[str] = []
        kept = self._kept(self._rows(reasons, whole=True))
        while batch := list(islice(kept, BATCH)):
            yield from self._with_counts(batch)
        for reason in reasons:
            if reason not in self._reasons:
                self._fail(Failure(f"the listing is incomplete: {reason}"))

    def sample(self, asset: Asset, rows: int) -> Sample:
        """The first rows of the sample that the server keeps, {} unless ``stored_samples``; masked columns left out."""
        if not self.config.options.get("stored_samples") or rows <= 0 or asset.kind == "operation":
            return {}
        place = f"{asset.schema}.{asset.name}"
        if not keeps(self.config, place) or is_quarantined(asset.name, asset.comment):
            raise SourceFatalError("this asset is restricted and is not sampled", place=place)
        ident = self._ids.get(asset.qualified_name)
        if ident is None:
            raise SourceFatalError("this asset was not among those read", place=place, hint="harvest it again")
        before = self._requests
        with self._errors():
            stored = self._client.sample(ident)
        self._sampled += self._requests - before
        return _values(stored, {column.name for column in asset.columns}, rows, place)

    def close(self) -> None:
        self._client.close()

    # --- reading -------------------------------------------------------------------------------------------------

    def _services(self) -> list[str]:
        """Kinds of service that bear the name; a server may have a database and an API service of one name."""
        kinds = ["databaseService", *(["apiService"] if self._client.features.api_services else [])]
        found = [kind for kind in kinds if self._client.get(kind, self._service) is not None]
        if not found:
            what = f"the server has no service {self._service}, or it is deleted"
            raise SourceFatalError(what, place=self._client.host, hint="check `service:` against the server's list")
        return found

    def _rows(self, reasons: list[str], whole: bool = False) -> Iterator[tuple[Place, Row]]:
        """Every table and endpoint that is not deleted; ``reasons`` why there may be more, ``whole`` with columns."""
        try:
            with self._errors():
                for kind in self._services():
                    if kind == "apiService":
                        yield from self._below("apiCollection", "apiEndpoint", self._service, [], reasons)
                        continue
                    fields = ["columns", "tableConstraints"] if whole else []
                    databases = self._all("database", [], reasons, "all", service=self._service)
                    for database in sorted(one["fullyQualifiedName"] for one in databases):
                        yield from self._below("databaseSchema", "table", database, fields, reasons)
        finally:
            self.statements = self._requests - self._sampled

    def _below(
        self, parent: str, kind: str, above: str, fields: list[str], reasons: list[str]
    ) -> Iterator[tuple[Place, Row]]:
        """Rows parent by parent, where names are unique; live ones may stand in deleted parents ("Delete")."""
        within = {"service" if parent == "apiCollection" else "database": above}
        parents = self._all(parent, [], reasons, "all", **within)
        places = {one["fullyQualifiedName"]: place_of_parent(one["fullyQualifiedName"]) for one in parents}
        for fqn, place in sorted(places.items(), key=lambda item: item[1].schema):
            for entity in self._all(kind, fields, reasons, "non-deleted", **{parent: fqn}):
                row = self._row(entity)
                if row is not None and not row.deleted:
                    yield place, row

    def _all(
        self, kind: str, fields: list[str], reasons: list[str], include: str, **parent: str
    ) -> Iterator[dict[str, Any]]:
        """One list; a server that shows fewer rows than it counts is a reason, and the other lists go on."""
        try:
            yield from self._client.list(kind, fields=fields, include=include, **parent)
        except IncompleteListing as error:
            reasons.append(str(error))

    def _row(self, entity: dict[str, Any]) -> Row | None:
        try:
            return row_of(entity)
        except msgspec.ValidationError as error:
            # msgspec names types and places only.
            place = str(entity.get("fullyQualifiedName") or self._client.host)[:300]
            self._fail(Failure(f"what the server says of it is not understood: {error}", place=place))
            return None

    def _kept(self, rows: Iterable[tuple[Place, Row]]) -> Iterator[tuple[Asset, str]]:
        """Assets that may be read, with their FQN."""
        for place, row in rows:
            name = decode_name(row.name)
            if not keeps(self.config, f"{place.schema}.{name}"):
                continue
            if is_quarantined(name, row.description, row.displayName):
                continue
            qualified = _qualified(place, name)
            if qualified in self._ids:
                what = "another asset has the same dotted name"
                self._fail(Failure(what, place=qualified, hint="rename one on the server, or exclude it"))
                continue
            self._ids[qualified] = row.id
            told: list[Failure] = []
            asset = asset_of(row, place, self.config, self._may_show, told)
            for failure in told:
                self._fail(failure)
            yield asset, row.fullyQualifiedName

    def _may_show(self, schema: str, name: str) -> bool:
        hidden = (schema, name) in (self._hidden or ())
        return not hidden and not is_quarantined(name) and not matches(f"{schema}.{name}", self.config.restricted)

    # --- row counts ----------------------------------------------------------------------------------------------

    def _with_counts(self, batch: list[tuple[Asset, str]]) -> Iterator[Asset]:
        """With the row counts of the latest profiles: one request each, a few at a time, as lists do not hold them."""
        with ThreadPoolExecutor(WORKERS) as pool, self._errors():
            counts = list(pool.map(self._count, batch))
        for (asset, _), count in zip(batch, counts, strict=True):
            yield asset if count is None else msgspec.structs.replace(asset, row_estimate=count)

    def _count(self, item: tuple[Asset, str]) -> int | None:
        asset, fqn = item
        if asset.kind == "operation" or not self._profiles:
            return None
        try:
            profile = (self._client.profile(fqn) or {}).get("profile")
        except NotAllowed:
            # The account may not see profiles: an estimate less, and no more questions.
            self._profiles = False
            return None
        except (Refused, ServerBroken) as error:
            self._fail(Failure(f"its row count cannot be read: {error.failure.what}", place=fqn))
            return None
        count = profile.get("rowCount") if isinstance(profile, dict) else None
        is_count = isinstance(count, (int, float)) and not isinstance(count, bool) and 0 <= count < 2**63
        return int(count) if is_count and count is not None else None

    # --- inside --------------------------------------------------------------------------------------------------

    @property
    def _requests(self) -> int:
        return self._client.requests_made.total()

    def _fail(self, failure: Failure) -> None:
        if failure not in self.failures:
            self.failures.append(failure)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """The server's errors as those of a source."""
        try:
            yield
        except ServerError as error:
            told, leaf = error.failure, SourceRetryError if isinstance(error, ServerRetryError) else SourceFatalError
            raise leaf(told.what, hint=told.hint, place=told.place) from error
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            # Its lists and entities are used as the API says they are; something else may answer as well.
            what = f"what the server answers is not understood ({type(error).__name__})"
            hint = "check the address, and proxies before it"
            raise SourceFatalError(what, hint=hint, place=self._client.host) from None


def _needed(config: SystemConfig, option: str, what: str) -> str:
    found = config.options.get(option)
    if not isinstance(found, str) or not found.strip():
        raise ConfigurationError(f"connector openmetadata needs {option}", hint=f"give {what}")
    return found.strip()


def _service_fqn(config: SystemConfig) -> str:
    try:
        return join_fqn(service_name(_needed(config, "service", "the service's name on the server")))
    except BadInputError as error:
        raise ConfigurationError(
            f"service: {error.failure.what}", hint="give its name as the server shows it"
        ) from None


def _ca_file(config: SystemConfig) -> bool | str:
    given = config.options.get("ca_file")
    if given is None:
        return True
    if not Path(given).is_absolute() or not Path(given).is_file():
        raise ConfigurationError("ca_file is no file", hint="give the absolute path of the authority's certificate")
    return str(given)


def _qualified(place: Place, name: str) -> str:
    return ".".join(part for part in (place.database, place.schema, name) if part)


def _values(stored: Any, names: set[str], rows: int, place: str) -> Sample:
    """Column → values of a stored sample, without what the server masked and what is no column of the asset."""
    if not isinstance(stored, dict):
        return {}
    titles, table = stored.get("columns") or [], stored.get("rows") or []
    shaped = isinstance(titles, list) and isinstance(table, list)
    if not shaped or any(not isinstance(row, list) or len(row) != len(titles) for row in table):
        raise SourceFatalError("the stored sample is not understood", place=place, hint="profile the table again")
    found: Sample = {}
    for at, title in enumerate(titles):
        name, values = decode_name(str(title)), [_cut(row[at]) for row in table[:rows]]
        if name in names and not name.endswith(MASKED_NAME) and MASKED_VALUE not in values:
            found[name] = values
    return found


def _cut(value: Any) -> Any:
    return value[:LONGEST_VALUE] if isinstance(value, str) else value
