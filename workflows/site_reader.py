"""How `workflows.site.load_site` reads a folder: raw YAML first, so that every mistake is known with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from classifiers.identifiers import uscc
from classifiers.policy import pack_names
from connectors.base import ENTRY_POINTS, ConfigurationError
from connectors.config import (
    Document,
    KeyPath,
    KeyProblem,
    check_keys,
    expand,
    expand_all,
    find_connector,
    read_yaml,
    suggest,
    type_name,
    unknown_key,
)
from connectors.model import Failure
from workflows.acts.rights import DEFAULT
from workflows.entries.classes import DEPARTMENTS, class_name, class_of
from workflows.people import PROGRAM, Role
from workflows.server_settings import ServerSettings
from workflows.settings import (
    Department,
    DepartmentFile,
    DepartmentSettings,
    SettingsError,
    Site,
    SiteSettings,
    SystemSettings,
    under_root,
)
from workflows.sharing.calendar import SATURDAY

COMMON_KEYS = tuple(name for name in SystemSettings.model_fields if name != "options")
# All that is kept of a restricted system.
_RESTRICTED_KEYS = ("id", "name", "restricted", "origin", "update_cycle")

_SHAPES = {
    "id": "must be letters, digits, _ . or -, at most 64, and begin with a letter or digit",
    "class_code": "must be a code's class digits: 类 (1 to 3), 项 (2), 目 (3), then 细目, as in 1010010001",
    "name": "must be one line without 、, which stands between the names of those who rule together",
    "code": "must be a 统一社会信用代码: 18 digits and capital letters without I, O, S, V, Z; places 3 to 8 are digits",
}
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}

_Model = TypeVar("_Model", bound=BaseModel)


class SiteReader:
    """One reading of one folder; mistakes gather in ``problems``."""

    def __init__(self, root: Path, environ: Mapping[str, str] | None, secrets: bool) -> None:
        self.root = root
        self.environ = environ
        self.secrets = secrets
        self.problems: list[Failure] = []
        self.warnings: list[Failure] = []
        self.find_connector = cache(find_connector)

    def read(self) -> Site:
        if not (self.root / "site.yaml").is_file():
            missing = Failure("no site.yaml here", place=str(self.root), hint="`pdc init DIR` writes a new site folder")
            raise SettingsError([missing])
        settings = self.read_settings()
        departments = self.read_departments(settings.classes if settings else {})
        overlays = self.read_overlays(settings) if settings else ()
        openmetadata = self.read_openmetadata()
        if settings:
            self.check_people(settings, departments, self.site_document)
            self.check_rights(settings, self.site_document)
            self.check_calendar(settings, self.site_document)
            self.check_audit(settings, self.site_document)
        if self.problems or settings is None:
            raise SettingsError(sorted(self.problems, key=by_place))
        return Site(
            root=self.root,
            settings=settings,
            departments=departments,
            overlays=overlays,
            openmetadata=openmetadata,
            warnings=tuple(self.warnings),
            environ=self.environ,
        )

    def read_settings(self) -> SiteSettings | None:
        document = self.open(self.root / "site.yaml")
        data = {} if document.data is None else document.data
        settings = self.validate(SiteSettings, data, document)
        self.site_document = document
        if settings:
            self.check_secret(settings.store, document, ("store",))
            if settings.pack not in pack_names():
                hint = suggest(settings.pack, pack_names())
                what = f"there is no policy pack {settings.pack!r}"
                self.problems.append(Failure(what, place=document.place(("pack",)), hint=hint))
        return settings

    def open(self, path: Path) -> Document:
        return read_yaml(path, self.problems, path.relative_to(self.root).as_posix())

    # --- departments ---

    def read_departments(self, class_names: Mapping[str, str]) -> tuple[Department, ...]:
        folder = self.root / "departments"
        files = sorted(path for path in folder.glob("*") if path.suffix in (".yaml", ".yml"))
        found: list[Department] = []
        seen: dict[str, str] = {}
        for path in files:
            document = self.open(path)
            # An all-commented file, such as the example that `pdc init` writes, declares nothing.
            if document.data is None:
                continue
            self.check_unique(document, ("department", "id"), "department", seen)
            department = self.read_department(document, class_names)
            if department:
                found.append(department)
        return tuple(found)

    def read_department(self, document: Document, class_names: Mapping[str, str]) -> Department | None:
        data = document.data
        if isinstance(data, dict) and isinstance(data.get("systems"), list):
            systems = self.read_systems(data["systems"], document)
            data = {**data, "systems": systems}
        checked = self.validate(DepartmentFile, data, document)
        if checked is None:
            return None
        department = checked.department
        self.check_code(department.code, document)
        # A window would come out of `model_dump` as a bare pair of numbers.
        fields = {name: getattr(department, name) for name in DepartmentSettings.model_fields}
        made = Department(**fields, systems=checked.systems, file=document.file, class_names=class_names)
        self.check_categories(made, document)
        return made

    def read_systems(self, systems: list[Any], document: Document) -> list[Any]:
        seen: dict[str, str] = {}
        result: list[Any] = []
        for number, raw in enumerate(systems):
            path = ("systems", number)
            if isinstance(raw, dict):
                self.check_unique(document, (*path, "id"), "system", seen)
                raw = self.read_system(raw, document, path)
            result.append(raw)
        return result

    def read_system(self, raw: dict[str, Any], document: Document, path: KeyPath) -> dict[str, Any]:
        """The system with its connector's own keys under ``options``; little of a restricted one."""
        restricted = raw.get("restricted", False)
        if restricted is True:
            return {key: value for key, value in raw.items() if key in _RESTRICTED_KEYS}
        wrong = self.key_problems(raw)
        for problem in wrong:
            place = document.place((*path, problem.key) if problem.key else path)
            self.problems.append(Failure(f"{shown(path)}: {problem.what}", place=place, hint=problem.hint))
        common = {key: value for key, value in raw.items() if key in COMMON_KEYS}
        options = {key: value for key, value in raw.items() if key not in COMMON_KEYS}
        # A flag that is neither true, false nor a list is a mistake, perhaps in a restricted system: look no further.
        if restricted is False or isinstance(restricted, list):
            before = len(self.problems)
            self.check_secrets(raw, document, path)
            bad = {problem.key for problem in wrong}
            if self.secrets and len(self.problems) == before and bad.isdisjoint((None, "connector", "url", "path")):
                good = {key: value for key, value in options.items() if key not in bad}
                self.check_connector({**common, "options": good}, document, path)
        return {**common, "options": options}

    def key_problems(self, raw: dict[str, Any]) -> list[KeyProblem]:
        name = raw.get("connector")
        if isinstance(name, str):
            problems = check_keys(name, raw, COMMON_KEYS, self.find_connector)
        else:
            problems = [unknown_key(key, COMMON_KEYS) for key in raw if key not in COMMON_KEYS]
        if name is None:
            problems.append(
                KeyProblem(None, "the key 'connector' is missing", f"known: {', '.join(connector_names())}")
            )
        return problems

    def check_secrets(self, raw: dict[str, Any], document: Document, path: KeyPath) -> None:
        for key in raw:
            if key in ("url", "path") or key not in COMMON_KEYS:
                self.check_secret(raw[key], document, (*path, key))

    def check_secret(self, value: Any, document: Document, path: KeyPath) -> None:
        if not self.secrets:
            return
        try:
            if path[-1] == "path" and isinstance(value, str):
                expand(value, self.root, self.environ, whole_file=False)
            else:
                expand_all(value, self.root, self.environ)
        except ConfigurationError as error:
            what, hint = error.failure.what, error.failure.hint
            if path[-1] == "url" and isinstance(value, str) and value.startswith("file://"):
                what = "'url' is for servers; file:// would be the file of a secret"
                hint = "for files on this machine write path: and the folder or file instead of url:"
            self.problems.append(Failure(f"{shown(path)}: {what}", place=document.place(path), hint=hint))

    def check_connector(self, raw: dict[str, Any], document: Document, path: KeyPath) -> None:
        """What only a connector can tell of its keys' values, such as a URL it cannot read; made, it opens nothing.

        Whatever else is wrong in the files: the department's id is not needed for it.
        """
        try:
            system = SystemSettings.model_validate(raw)
        except ValidationError:
            # Told when the file is validated as a whole.
            return
        if system.is_restricted or system.connector is None:
            return
        try:
            config = system.to_config("", self.root, environ=self.environ)
            self.find_connector(system.connector)(config)
        except ConfigurationError as error:
            what, hint = error.failure.what, error.failure.hint
            self.problems.append(Failure(f"{shown(path)}: {what}", place=document.place(path), hint=hint))

    def check_unique(self, document: Document, path: KeyPath, what: str, seen: dict[str, str]) -> None:
        ident = value_at(document.data, path)
        if not isinstance(ident, str):
            return
        place = document.place(path)
        if ident in seen:
            hint = f"first at {seen[ident]}; rename one"
            self.problems.append(Failure(f"the {what} id {ident!r} is used twice", place=place, hint=hint))
        seen.setdefault(ident, place)

    def check_categories(self, department: Department, document: Document) -> None:
        """信息资源分类 and the class part of codes are one fact."""
        for number, system in enumerate(department.systems):
            code = system.class_code or department.class_code or DEPARTMENTS
            own = "category" in system.entry
            said = (system.entry if own else department.entry).get("category")
            wanted = class_name(code, department.class_names)
            if said is not None and class_of(said) != wanted:
                path: KeyPath = ("systems", number, "entry") if own else ("department", "entry")
                what = f"{shown(path)}: 'category' is of another 类 than the codes of {system.id}, which are {wanted}"
                hint = f"begin it with {wanted}/, or give the system another class_code"
                self.problems.append(Failure(what, place=document.place((*path, "category")), hint=hint))

    def check_code(self, code: str, document: Document) -> None:
        place = document.place(("department", "code"))
        if not code:
            hint = "the catalogue must name it (信息资源提供方代码)"
            self.warnings.append(Failure("the department has no 'code'", place=place, hint=hint))
        elif (right := uscc.check_character(code[:17])) != code[17]:
            hint = f"after {code[:17]} comes {right}; compare it with the department's certificate"
            self.warnings.append(Failure("the check digit of 'code' is wrong", place=place, hint=hint))

    # --- overlays, OpenMetadata ---

    def read_overlays(self, settings: SiteSettings) -> tuple[tuple[str, str], ...]:
        names = settings.overlays
        if names is None:
            found = sorted(path for path in (self.root / "packs").glob("*") if path.suffix in (".yaml", ".yml"))
            names = tuple(path.relative_to(self.root).as_posix() for path in found)
        return tuple((name, text) for name in names if (text := self.read_overlay(name)) is not None)

    def read_overlay(self, name: str) -> str | None:
        """The text of an overlay, None when it says nothing. What it means is the pack's affair."""
        document = read_yaml(self.root / name, self.problems, name)
        return None if document.data is None else (self.root / name).read_text(encoding="utf-8-sig")

    def read_openmetadata(self) -> ServerSettings | None:
        path = self.root / "openmetadata.yaml"
        if not path.exists():
            return None
        document = self.open(path)
        # As `pdc init` writes it, all of it is commented out.
        if document.data is None:
            return None
        settings = self.validate(ServerSettings, document.data, document)
        # The administrator's is for two commands only, which look for it themselves.
        for key in ("url", "token") if settings else ():
            self.check_secret(getattr(settings, key), document, (key,))
        return settings

    def check_people(self, settings: SiteSettings, departments: Sequence[Department], document: Document) -> None:
        """Ids, names and logins are used once, and every department named exists. Rulings are signed with the name."""
        known = [department.id for department in departments]
        seen: dict[str, str] = {}
        for number, person in enumerate(settings.people):
            if person.id == PROGRAM:
                problem = f"people[{number}]: {PROGRAM!r} is the program's own id"
                self.problems.append(Failure(problem, place=document.place(("people", number)), hint="rename it"))
            logins = [("openmetadata", person.openmetadata.casefold())] if person.openmetadata else []
            for what, name in [
                ("id", person.id),
                ("name", person.name),
                *logins,
                *(("account", one) for one in person.accounts),
            ]:
                place = document.place(("people", number))
                if (first := seen.setdefault(f"{what} {name}", place)) != place:
                    problem = f"people[{number}]: the {what} {name!r} is used twice"
                    rename = "tell them apart, as in 张三-民政" if what == "name" else "rename one"
                    self.problems.append(Failure(problem, place=place, hint=f"first at {first}; {rename}"))
            for department in person.departments:
                if department not in known:
                    problem = f"people[{number}]: unknown department {department!r}"
                    self.problems.append(Failure(problem, place=place, hint=suggest(department, known)))

    def check_rights(self, settings: SiteSettings, document: Document) -> None:
        """Every act is one that people do, and somebody may do it."""
        for act, roles in settings.rights.items():
            place = document.place(("rights", act))
            if act not in DEFAULT:
                self.problems.append(
                    Failure(f"rights: no such act {act!r}", place=place, hint=suggest(act, [*DEFAULT]))
                )
            elif not roles:
                hint = f"name roles: {', '.join(get_args(Role))}; without this line: {', '.join(DEFAULT[act])}"
                self.problems.append(Failure(f"rights: nobody may {act}, as it has no role", place=place, hint=hint))

    def check_calendar(self, settings: SiteSettings, document: Document) -> None:
        """No day is both, and a working weekend is one."""
        given, place = settings.calendar, document.place(("calendar", "working_weekends"))
        for day in sorted(given.working_weekends):
            if day.weekday() < SATURDAY:
                hint = "working_weekends are Saturdays and Sundays on which people work"
                self.problems.append(Failure(f"calendar: {day} is a {day:%A}", place=place, hint=hint))
            if day in given.holidays:
                what = f"calendar: {day} is both a holiday and a working weekend"
                self.problems.append(
                    Failure(what, place=place, hint="a range of holidays may cover it; split the range")
                )

    def check_audit(self, settings: SiteSettings, document: Document) -> None:
        """The head is recorded in a file of its own: lines are added to whatever is there."""
        name, place = settings.audit.head, document.place(("audit", "head"))
        store = under_root(settings.store, self.root).partition(":///")[2].partition("?")[0]
        if "\0" in name:
            what = "must be the path of a file"
        elif (self.root / name).is_dir():
            what = "is a folder"
        elif (self.root / name).suffix in (".yaml", ".yml") or (store and (self.root / name) == Path(store)):
            what = "is another file of this site"
        else:
            return
        hint = "name a file that nothing else writes, such as var/audit-head.jsonl"
        self.problems.append(Failure(f"audit: 'head' {what}", place=place, hint=hint))

    # --- pydantic's errors in the operator's words ---

    def validate(self, model: type[_Model], data: Any, document: Document) -> _Model | None:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_context=True):
                self.problems.append(as_failure(detail, model, document))
            return None


def by_place(problem: Failure) -> tuple[bool, str, int]:
    """site.yaml first, then file by file and line by line."""
    file, _, line = (problem.place or "").rpartition(":")
    return file != "site.yaml", file, int(line) if line.isdigit() else 0


def as_failure(detail: ErrorDetails, model: type[BaseModel], document: Document) -> Failure:
    path = detail["loc"]
    what, hint = in_words(detail, model)
    above = path[:-1] if path and isinstance(path[-1], str) else ()
    where = f"{shown(above)}: " if above else ""
    return Failure(where + what, place=document.place(path), hint=hint)


def in_words(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str | None]:
    """What is wrong and what to do, naming only the last key: never a value."""
    path, kind, given = detail["loc"], detail["type"], detail["input"]
    key = str(path[-1]) if path else ""
    name = "the file" if not path else repr(key) if isinstance(path[-1], str) else shown(path)
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key {name}", suggest(key, list(model_at(model, path[:-1]).model_fields))
    if kind == "missing":
        return f"the key {name} is missing", None
    if kind == "literal_error":
        return f"{name} is not one of the allowed words", suggest(str(given), literals_at(model, path))
    if kind in ("string_too_short", "too_short"):
        return f"{name} must not be empty", None
    if kind == "string_too_long":
        return f"{name} must be at most {context['max_length']} characters", None
    if kind == "string_pattern_mismatch":
        return f"{name} {_SHAPES[key]}", None
    if kind in _WANTED:
        quotes = kind == "string_type" and not isinstance(given, list | dict)
        return f"{name} must be {_WANTED[kind]}, not {type_name(given)}", "put it in quotes" if quotes else None
    for bound, side in (("ge", "least"), ("le", "most")):
        if bound in context:
            return f"{name} must be at {side} {context[bound]}", None
    return f"{name} {detail['msg'][:1].lower()}{detail['msg'][1:]}", None


def model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel]:
    """The model whose keys stand at a key path."""
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            model = next(models_in(model.model_fields[part].annotation), model)
    return model


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models_in(inner)


def literals_at(model: type[BaseModel], path: KeyPath) -> list[str]:
    """The words that may stand at a key path, in a list or mapping there too."""
    annotation: Any = model
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            annotation = model.model_fields[part].annotation
            model = next(models_in(annotation), model)
    return list(_words_in(annotation))


def _words_in(annotation: Any) -> Iterator[str]:
    for inner in get_args(annotation):
        if isinstance(inner, str):
            yield inner
        else:
            yield from _words_in(inner)


def shown(path: KeyPath) -> str:
    """A key path as people write it: ``systems[0].sample``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def value_at(data: Any, path: KeyPath) -> Any:
    for part in path:
        try:
            data = data[part]
        except (TypeError, KeyError, IndexError):
            return None
    return data


def connector_names() -> list[str]:
    return sorted({entry.name for entry in entry_points(group=ENTRY_POINTS)})
