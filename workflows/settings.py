"""A site's settings: ``site.yaml``, ``departments/*.yaml``, ``packs/*.yaml`` and ``openmetadata.yaml`` of one folder.

`workflows.site.load_site` reads all of them, opens nothing, and raises every mistake at once with its file and line::

    ConfigurationError                (connectors.base) exit 2, before anything is opened
    └── InvalidConfiguration          (connectors.config) ``problems``: one `Failure` for each mistake
        └── SettingsError             this folder is no site, or its files are wrong: repair the places named
    PackError                         (classifiers.pack_file) an overlay is wrong: raised when the pack is loaded

Secrets (``${NAME}``, ``file:PATH``) are checked when the site is loaded and put in only when a system is opened. Of a
system with ``restricted: true`` nothing but id, name, origin and update cycle is kept: it is counted, never resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from connectors.base import ConfigurationError, SystemConfig
from connectors.config import InvalidConfiguration, expand, expand_all, suggest
from connectors.model import Failure
from workflows.acts.rights import DEFAULT, Rights
from workflows.people import Person, Role
from workflows.schedule import Window, parse_window
from workflows.server_settings import ServerSettings
from workflows.sharing.calendar import WorkingCalendar, days_of

UpdateCycle = Literal["实时", "每日", "每周", "每旬", "每月", "每季度", "每半年", "每年", "不定期", "一次性"]
"""更新周期 of the compilation guide (发改高技术〔2017〕1272号) with the local additions."""
UPDATE_CYCLES: tuple[str, ...] = get_args(UpdateCycle)

IDENTIFIER = r"^\w[\w.-]{0,63}$"
CLASS_CODE = r"^[1-3][0-9]{5}[0-9A-Za-z]*$"
"""Class part of a resource code: 类 (1 digit), 项 (2), 目 (3), 细目 (any)."""
# GB 32100-2015: 18 of 31 symbols (no I, O, S, V, Z), the area digits in places 3 to 8.
USCC = r"^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$"

_RELATIVE_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!/|:memory:|file:|[A-Za-z]:)(.+)")

Texts = Annotated[tuple[str, ...], Field(strict=False)]
CLASS_DIGITS = r"^[1-3]([0-9]{2}([0-9]{3}[0-9A-Za-z]*)?)?$"
"""Class part of a code, or its first one (类) or three digits (类, 项)."""


class SettingsError(InvalidConfiguration):
    """This folder is no site, or its files are wrong."""


# --- the shape of the files --------------------------------------------------------------------------------------


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _globs_or_flag(value: object) -> object:
    if isinstance(value, bool) or (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        return value
    raise PydanticCustomError("globs_or_flag", "must be true, or a list of schema.table globs")


def _rows_or_false(value: object) -> object:
    if value is False:
        return {"rows": 0}
    if isinstance(value, dict):
        return value
    raise PydanticCustomError("rows_or_false", "must be {rows: NUMBER} or false")


def _window(value: object) -> Window:
    try:
        return parse_window(value) if isinstance(value, str) else parse_window("")
    except ValueError:
        shape = 'must be a time of day as in "20:00-06:00"; "00:00-24:00" is always'
        raise PydanticCustomError("window", shape) from None


_WINDOW_SCHEMA = {"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2} *[-–] *[0-9]{1,2}:[0-9]{2}$"}
WindowText = Annotated[Window, PlainValidator(_window), WithJsonSchema(_WINDOW_SCHEMA)]
"""``HH:MM-HH:MM`` in the site's local time."""


_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _span(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(_SPAN, value):
        return value
    raise PydanticCustomError("span", "must be a span of time such as 1d, 12h or 30m")


def span_of(text: str) -> timedelta:
    """
    >>> span_of("90m")
    datetime.timedelta(seconds=5400)
    """
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


_SPAN = "^[0-9]{1,4}[mhd]$"
Span = Annotated[str, PlainValidator(_span), WithJsonSchema({"type": "string", "pattern": _SPAN})]


def _entry_elements(value: object) -> object:
    """Elements of ``entries/elements.yaml`` that the configuration may give."""
    from workflows.entries.elements import check_value
    from workflows.errors import InputError

    if not isinstance(value, dict) or not all(isinstance(one, str) for one in (*value, *value.values())):
        raise PydanticCustomError("entry", "must be a mapping of elements to texts (put numbers in quotes)")
    try:
        return {key: check_value("asset", key, text) for key, text in value.items()}
    except InputError as error:
        raise PydanticCustomError("entry", "{told}", {"told": str(error)}) from None


EntryElements = Annotated[Mapping[str, str], BeforeValidator(_entry_elements)]
"""Element of a catalogue entry → what it says for every asset of a system or department."""


def _class_names(value: object) -> object:
    """Digits of a class and what it is called."""
    if not isinstance(value, dict):
        raise PydanticCustomError("classes", "must be a mapping of a class's digits to its name")
    for digits, name in value.items():
        if not re.fullmatch(CLASS_DIGITS, str(digits)):
            shape = "has the key {digits}: digits are 类 (1 to 3), 类 and 项 (three), with 目 (six), or with 细目"
            raise PydanticCustomError("classes", shape, {"digits": repr(digits)})
        if not isinstance(name, str) or not name.strip() or not _CLASS_NAME.fullmatch(name.strip()):
            shape = "needs a name for {digits}: one line of text without /, which stands between 类, 项 and 目"
            raise PydanticCustomError("classes", shape, {"digits": digits})
    return {digits: name.strip() for digits, name in value.items()}


_CLASS_NAME = re.compile(r"[^/\x00-\x1f\x7f-\x9f]{1,100}")
_CLASSES_SCHEMA = {
    "type": "object",
    "propertyNames": {"pattern": CLASS_DIGITS},
    "additionalProperties": {"type": "string"},
}
ClassNames = Annotated[Mapping[str, str], BeforeValidator(_class_names), WithJsonSchema(_CLASSES_SCHEMA)]
"""Digits of a class → its name."""


class SampleSettings(_Settings):
    """How many rows of each table may be looked at, in memory only."""

    rows: int = Field(default=50, ge=0, le=1000)


_SAMPLE_SCHEMA = {"anyOf": [{"const": False}, SampleSettings.model_json_schema()]}


class SystemSettings(_Settings):
    """One system (业务系统) of a department."""

    id: str = Field(pattern=IDENTIFIER)
    name: str | None = None
    connector: str | None = None
    url: str | None = Field(default=None, repr=False)
    path: str | None = None
    include: Texts = ()
    exclude: Texts = ()
    sample: Annotated[SampleSettings | None, BeforeValidator(_rows_or_false), WithJsonSchema(_SAMPLE_SCHEMA)] = None
    """None = as many rows as ``harvest.sample_rows`` of site.yaml says."""
    update_cycle: UpdateCycle | None = None
    origin: Literal["own", "shared", "negotiated"] = "own"
    restricted: Annotated[bool | Texts, BeforeValidator(_globs_or_flag)] = False
    window: WindowText | None = None
    """When the system may be read; None = as its department says."""
    time_limit: Span | None = None
    """How long one run may read it; None = as ``harvest.time_limit`` of site.yaml says."""
    class_code: str = Field(default="", pattern=rf"^$|{CLASS_CODE}")
    """Class part of its assets' codes (类, 项, 目, 细目); empty = as its department says."""
    entry: EntryElements = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict, repr=False)
    """The connector's own keys. In the file they stand beside the others."""

    @property
    def is_restricted(self) -> bool:
        """Whether the whole system is restricted; globs restrict some of its tables only."""
        return self.restricted is True

    @property
    def is_declared_open(self) -> bool:
        """Whether somebody wrote ``restricted: false``: it holds no secrets. Saying nothing says nothing."""
        return self.restricted is False and "restricted" in self.model_fields_set

    @property
    def title(self) -> str:
        return self.name or self.id

    def to_config(
        self, department: str, root: Path, *, rows: int = 50, environ: Mapping[str, str] | None = None
    ) -> SystemConfig:
        """What a connector is opened with, secrets put in, paths absolute under ``root``.

        Raises `ConfigurationError` for a restricted system and for a secret that is not there.
        """
        if self.is_restricted:
            raise ConfigurationError(f"the system {department}/{self.id} is restricted", hint="it is never opened")
        url = None if self.url is None else under_root(expand(self.url, root, environ), root)
        path = None if self.path is None else str(root / expand(self.path, root, environ, whole_file=False))
        return SystemConfig(
            department=department,
            id=self.id,
            connector=self.connector or "",
            name=self.name,
            url=url,
            path=path,
            include=self.include,
            exclude=self.exclude,
            restricted=self.restricted if isinstance(self.restricted, tuple) else (),
            sample_rows=rows if self.sample is None else self.sample.rows,
            update_cycle=self.update_cycle,
            origin=self.origin,
            options=expand_all(self.options, root, environ),
        )


class DepartmentSettings(_Settings):
    """A data-providing department (数据提供单位)."""

    id: str = Field(pattern=IDENTIFIER)
    name: str = Field(min_length=1)
    code: str = Field(default="", pattern=rf"^$|{USCC}")
    """统一社会信用代码, GB 32100-2015."""
    section: str = ""
    """责任科室."""
    contact: str = ""
    window: WindowText | None = None
    """When its systems may be read; None = as ``harvest.window`` of site.yaml says."""
    class_code: str = Field(default="", pattern=rf"^$|{CLASS_CODE}")
    entry: EntryElements = Field(default_factory=dict)


class DepartmentFile(_Settings):
    """``departments/*.yaml``."""

    department: DepartmentSettings
    systems: Annotated[tuple[SystemSettings, ...], Field(strict=False)] = ()


class HarvestSettings(_Settings):
    """How systems are read."""

    workers: int = Field(default=2, ge=1, le=64)
    """Systems read at the same time."""
    per_host: int = Field(default=1, ge=1, le=64)
    """Of these, systems on one host (``host:port``)."""
    window: WindowText | None = None
    """When systems may be read where neither they nor their departments say; None = always."""
    sample_rows: int = Field(default=50, ge=0, le=1000)
    """Rows looked at per table where a system does not say; 0 = none."""
    removal_share: float = Field(default=0.2, ge=0, le=1, strict=False)
    """A run that misses more than this share of a system's assets marks none of them vanished."""
    removal_grace: int = Field(default=1, ge=1)
    """Runs in a row that must miss an asset before it counts as vanished."""
    look_back: Span = "1d"
    """What a source says changed so long before the last complete run, or later, is read again."""

    time_limit: Span = "4h"
    """How long one run may read one system, which is then given up: it may hang."""

    @property
    def look_back_time(self) -> timedelta:
        return span_of(self.look_back)


class ClassifySettings(_Settings):
    """How labels are worked out."""

    workers: int = Field(default=1, ge=1, le=64)
    """Processes that judge when thousands of assets are new or changed. Each loads the engine and learns the names
    anew: on two cores one process is the quickest."""


class AuditSettings(_Settings):
    """Where the end of the audit trail is recorded besides the store."""

    head: str = Field(default="var/audit-head.jsonl", min_length=1)
    """A file that only grows; relative paths start at the site's folder. Best on a disk that whoever runs the store
    cannot change."""


def _days(value: object) -> frozenset[date]:
    """Days and ranges (``2026-10-01/2026-10-07``), as YAML dates or texts."""
    found: set[date] = set()
    for one in value if isinstance(value, list) else [value]:
        try:
            found.update(days_of(one.isoformat() if isinstance(one, date) else str(one)))
        except ValueError:
            shape = "must be a list of days such as 2026-10-01, or ranges such as 2026-10-01/2026-10-07"
            raise PydanticCustomError("days", shape) from None
    return frozenset(found)


_DAYS_SCHEMA = {"type": "array", "items": {"type": "string", "pattern": "^[0-9-]{10}(/[0-9-]{10})?$"}}
Days = Annotated[frozenset[date], PlainValidator(_days), WithJsonSchema(_DAYS_SCHEMA)]


class CalendarSettings(_Settings):
    """Which days people work, where it is not Monday to Friday; a year of which nothing is said is that."""

    holidays: Days = frozenset()
    working_weekends: Days = frozenset()


class SiteSettings(_Settings):
    """``site.yaml``."""

    name: str = Field(default="普陀区公共数据资源目录", min_length=1)
    district: str = "普陀区"
    store: str = Field(default="sqlite:///var/catalogue.sqlite", min_length=1, repr=False)
    """SQLAlchemy URL of the site's own database; relative SQLite paths start at the site's folder."""
    out: str = "out"
    pack: str = "putuo-2020"
    overlays: Texts | None = None
    """Files under the site's folder, in order; None = all of packs/*.yaml by name."""
    harvest: HarvestSettings = Field(default_factory=HarvestSettings)
    classify: ClassifySettings = Field(default_factory=ClassifySettings)
    people: Annotated[tuple[Person, ...], Field(strict=False)] = ()
    """Who rules on labels; see `workflows.people`."""
    audit: AuditSettings = Field(default_factory=AuditSettings)
    calendar: CalendarSettings = Field(default_factory=CalendarSettings)
    rights: Mapping[str, Annotated[tuple[Role, ...], Field(strict=False)]] = Field(default_factory=dict)
    """Roles by act, where they are others than `workflows.acts.rights.DEFAULT` says; the reader checks the acts."""
    classes: ClassNames = Field(default_factory=dict)
    """What 类, 项, 目 and 细目 of codes are called, see `workflows.entries.classes`."""


# --- a loaded site -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Department:
    id: str
    name: str
    code: str
    section: str
    contact: str
    systems: tuple[SystemSettings, ...]
    file: str
    """The file that declares it, relative to the site's folder."""
    window: Window | None = None
    class_code: str = ""
    entry: Mapping[str, str] = field(default_factory=dict)
    class_names: Mapping[str, str] = field(default_factory=dict)
    """``classes:`` of site.yaml, by which its entries are classified."""

    def system(self, ident: str) -> SystemSettings:
        """Raises `ConfigurationError` with the known ids."""
        return _pick(self.systems, ident, f"system of {self.id}")


@dataclass(frozen=True)
class Site:
    """A site's checked settings. Secrets are not in it: `system_config` and `store_url` put them in when asked."""

    root: Path
    settings: SiteSettings
    departments: tuple[Department, ...]
    overlays: tuple[tuple[str, str], ...] = ()
    """(file, YAML text) of the site's pack overlays, in order."""
    openmetadata: ServerSettings | None = field(default=None, repr=False)
    """``openmetadata.yaml`` with secrets not put in; None when there is none."""
    warnings: tuple[Failure, ...] = ()
    environ: Mapping[str, str] | None = field(default=None, repr=False)
    """Variables for secrets; None = the process's own."""

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def district(self) -> str:
        return self.settings.district

    @property
    def pack(self) -> str:
        return self.settings.pack

    @property
    def store_url(self) -> str:
        return under_root(expand(self.settings.store, self.root, self.environ), self.root)

    @property
    def rights(self) -> Rights:
        """Who may do what: the law's roles, with the site's own in their place."""
        return {**DEFAULT, **self.settings.rights}

    @property
    def calendar(self) -> WorkingCalendar:
        return WorkingCalendar(self.settings.calendar.holidays, self.settings.calendar.working_weekends)

    @property
    def audit_head(self) -> Path:
        return self.root / self.settings.audit.head

    @property
    def out_dir(self) -> Path:
        return self.root / self.settings.out

    @property
    def var_dir(self) -> Path:
        return self.root / "var"

    @property
    def people(self) -> tuple[Person, ...]:
        return self.settings.people

    @property
    def server(self) -> ServerSettings:
        """The OpenMetadata server with secrets put in. Raises `ConfigurationError`: none named, secrets missing."""
        if self.openmetadata is None:
            what = "no OpenMetadata server is configured"
            raise ConfigurationError(what, hint="write `url:` and `token:` into openmetadata.yaml")
        return self.openmetadata.resolved(self.root, self.environ)

    @property
    def classes(self) -> dict[tuple[str, str], str]:
        """(department, system) → class part of codes, where one is configured."""
        found = {(one.id, system.id): system.class_code or one.class_code for one, system in self.systems()}
        return {key: code for key, code in found.items() if code}

    @property
    def restricted_systems(self) -> int:
        return sum(system.is_restricted for _, system in self.systems())

    def systems(self) -> Iterator[tuple[Department, SystemSettings]]:
        return ((department, system) for department in self.departments for system in department.systems)

    def department(self, ident: str) -> Department:
        """Raises `ConfigurationError` with the known ids."""
        return _pick(self.departments, ident, "department")

    def select(self, idents: Sequence[str]) -> tuple[Department, ...]:
        """The departments asked for, in the configured order; all when none is."""
        wanted = {self.department(ident).id for ident in idents}
        return tuple(one for one in self.departments if not idents or one.id in wanted)

    def window(self, department: str, system: str) -> Window | None:
        """When a system may be read, by the nearest that says so: it, its department, the site. None = always."""
        owner = self.department(department)
        return owner.system(system).window or owner.window or self.settings.harvest.window

    def time_limit(self, department: str, system: str) -> timedelta:
        """How long one run may read a system."""
        own = self.department(department).system(system).time_limit
        return span_of(own or self.settings.harvest.time_limit)

    def system_config(self, department: str, system: str) -> SystemConfig:
        """What a connector is opened with. Raises `ConfigurationError`: unknown ids, restricted, missing secrets."""
        settings = self.department(department).system(system)
        rows = self.settings.harvest.sample_rows
        return settings.to_config(department, self.root, rows=rows, environ=self.environ)


_Named = TypeVar("_Named", Department, SystemSettings)


def _pick(among: Sequence[_Named], ident: str, what: str) -> _Named:
    found = next((one for one in among if one.id == ident), None)
    if found is None:
        raise ConfigurationError(f"unknown {what} {ident!r}", hint=suggest(ident, [one.id for one in among]))
    return found


def under_root(url: str, root: Path) -> str:
    """The URL with a relative SQLite path made absolute under ``root``; any other URL as it is."""
    return _RELATIVE_SQLITE.sub(lambda match: f"{match[1]}{root / match[2]}", url)
