"""Site settings: what is accepted, and that every mistake is named with file, line and what is allowed."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest

from connectors import config
from connectors.base import ConfigurationError, Connector, SystemConfig
from connectors.model import Asset, Listing
from workflows.people import Person, by_login
from workflows.settings import UPDATE_CYCLES, SettingsError, Site
from workflows.site import department_schema, load_site, site_schema

CODE = "11310107000000019B"
COMMON = (
    "id, name, connector, url, path, include, exclude, sample, update_cycle, origin, restricted, window, "
    "time_limit, class_code, entry"
)
WriteSite = Callable[..., Path]


class Unopened(Connector):
    """A connector that is made, to look at its settings, and never asked for anything."""

    def probe(self) -> None:
        raise AssertionError("opened")

    def list_assets(self) -> Listing:
        raise AssertionError("opened")

    def assets(self) -> Iterator[Asset]:
        raise AssertionError("opened")


class Database(Unopened):
    KEYS: ClassVar[frozenset[str]] = frozenset({"url", "path"})
    OPTIONS: ClassVar[dict[str, type]] = {"connect_timeout": int}


class Dump(Unopened):
    KEYS: ClassVar[frozenset[str]] = frozenset({"path"})
    OPTIONS: ClassVar[dict[str, type]] = {"dialect": str}

    def __init__(self, config: SystemConfig) -> None:
        super().__init__(config)
        if config.options.get("dialect") == "klingon":
            raise ConfigurationError("unknown dialect 'klingon'", place="d/s", hint="known: mysql")


@pytest.fixture(autouse=True)
def connectors(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[str, type[Connector]] = {"sqlite": Database, "postgresql": Database, "ddl": Dump}

    def connector_class(name: str) -> type[Connector]:
        if name not in known:
            raise ConfigurationError(f"unknown connector {name!r}", hint="known: ddl, postgresql, sqlite")
        return known[name]

    monkeypatch.setattr(config, "connector_class", connector_class)


@pytest.fixture
def write(tmp_path: Path) -> WriteSite:
    """``write(site, name=text, …)``: a site folder with departments/<name>.yaml."""

    def write(site: str = "", **departments: str) -> Path:
        (tmp_path / "site.yaml").write_text(site, encoding="utf-8")
        (tmp_path / "departments").mkdir(exist_ok=True)
        for name, text in departments.items():
            (tmp_path / "departments" / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def department(*systems: str, head: str = f"{{id: d, name: 民政局, code: {CODE}}}") -> str:
    lines = "".join(f"  - {system}\n" for system in systems)
    return f"department: {head}\nsystems:\n{lines}" if systems else f"department: {head}\n"


def problems(root: Path, **options: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_site(root, environ={}, **options)
    assert isinstance(caught.value, ConfigurationError)
    return str(caught.value).splitlines()


def test_what_only_the_connector_can_tell_is_a_mistake_in_the_file_too(write: WriteSite) -> None:
    systems = [
        "{id: good, connector: ddl, path: a.sql}",
        "{id: bad, connector: ddl, path: a.sql, dialect: '${D}'}",
        "{id: secret, restricted: true, connector: ddl, path: a.sql, dialect: klingon}",
    ]
    root = write(m=department(*systems))
    with pytest.raises(SettingsError) as caught:
        load_site(root, environ={"D": "klingon"})
    assert str(caught.value) == "departments/m.yaml:4: systems[1]: unknown dialect 'klingon' (known: mysql)"
    assert load_site(root, environ={}, secrets=False).departments


# --- what is accepted ---


def test_an_empty_site_has_the_defaults(write: WriteSite) -> None:
    site = load_site(write())
    assert (site.name, site.district, site.pack) == ("普陀区公共数据资源目录", "普陀区", "putuo-2020")
    assert site.store_url == f"sqlite:///{site.root}/var/catalogue.sqlite"
    assert (site.out_dir, site.var_dir) == (site.root / "out", site.root / "var")
    harvest = site.settings.harvest
    assert (harvest.workers, harvest.sample_rows, harvest.removal_share, harvest.removal_grace) == (2, 50, 0.2, 1)
    assert site.departments == ()


def test_a_system_becomes_what_a_connector_is_opened_with(write: WriteSite) -> None:
    text = """
department: {id: minzheng, name: 普陀区民政局, code: 11310107000000019B, section: 信息科, contact: data@example.cn}
systems:
  - id: rescue
    name: 社会救助系统
    connector: postgresql
    url: postgresql://reader:${PW}@127.0.0.1:5432/rescue
    include: ["public.*", "dept_*.*"]
    exclude: [public.tmp_*]
    restricted: ["public.sm_*"]
    sample: {rows: 7}
    update_cycle: 每日
    origin: shared
    connect_timeout: 3
  - {id: files, connector: ddl, path: data/a.sql, sample: false, dialect: "${PW}"}
  - {id: local, connector: sqlite, url: "sqlite:///data/a.db"}
  - {id: other, connector: sqlite, path: /srv/a.db}
"""
    site = load_site(write("harvest: {sample_rows: 20, removal_share: 1}", m=text), environ={"PW": "geheim"})
    config = site.system_config("minzheng", "rescue")
    assert config.url == "postgresql://reader:geheim@127.0.0.1:5432/rescue"
    assert (config.department, config.id, config.name) == ("minzheng", "rescue", "社会救助系统")
    assert config.include == ("public.*", "dept_*.*")
    assert (config.exclude, config.restricted) == (("public.tmp_*",), ("public.sm_*",))
    assert (config.sample_rows, config.update_cycle, config.origin) == (7, "每日", "shared")
    assert config.options == {"connect_timeout": 3}
    files = site.system_config("minzheng", "files")
    assert (files.path, files.url, files.sample_rows) == (str(site.root / "data/a.sql"), None, 0)
    assert files.options == {"dialect": "geheim"}
    local = site.system_config("minzheng", "local")
    assert (local.url, local.sample_rows) == (f"sqlite:///{site.root}/data/a.db", 20)
    assert site.system_config("minzheng", "other").path == "/srv/a.db"
    one = site.department("minzheng")
    assert (one.name, one.code, one.section, one.contact) == ("普陀区民政局", CODE, "信息科", "data@example.cn")
    assert one.file == "departments/m.yaml"


def test_secrets_do_not_stay_in_the_site(write: WriteSite) -> None:
    text = department("{id: s, connector: postgresql, url: '${URL}'}")
    site = load_site(write("store: '${STORE}'", d=text), environ={"URL": "pg://geheim", "STORE": "sqlite:///x.db"})
    assert site.store_url == f"sqlite:///{site.root}/x.db"
    assert site.system_config("d", "s").url == "pg://geheim"
    assert "geheim" not in repr(site)
    assert "geheim" not in repr(site.departments[0].systems[0].__dict__)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:////srv/x.db", "sqlite:////srv/x.db"),
        ("sqlite+pysqlite:///x.db", "sqlite+pysqlite:///{root}/x.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://h/d", "postgresql://h/d"),
    ],
)
def test_only_relative_sqlite_paths_are_moved(write: WriteSite, url: str, expected: str) -> None:
    site = load_site(write(f"store: '{url}'"))
    assert site.store_url == expected.format(root=site.root)


def test_departments_come_in_the_order_of_their_files_and_comments_alone_declare_nothing(write: WriteSite) -> None:
    root = write(b=department(head="{id: b, name: B}"), a=department(head="{id: a, name: A}"), example="# nothing\n")
    site = load_site(root)
    assert [one.id for one in site.departments] == ["a", "b"]
    assert [one.id for one in site.select(())] == ["a", "b"]
    assert [one.id for one in site.select(["b", "a"])] == ["a", "b"]
    with pytest.raises(ConfigurationError, match=r"unknown department 'c' \(allowed: a, b\)"):
        site.select(["c"])


@pytest.mark.parametrize("cycle", UPDATE_CYCLES)
def test_update_cycles_of_the_guide(write: WriteSite, cycle: str) -> None:
    root = write(d=department(f"{{id: s, connector: sqlite, path: x, update_cycle: {cycle}}}"))
    assert load_site(root).system_config("d", "s").update_cycle == cycle


def test_overlays_are_read_in_order(write: WriteSite, tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    for name in "abc":
        (tmp_path / "packs" / f"{name}.yaml").write_text(f"extends: putuo-2020 # {name}\n")
    (tmp_path / "packs" / "comment.yaml").write_text("# nothing\n")
    names = [name for name, _ in load_site(write()).overlays]
    assert names == ["packs/a.yaml", "packs/b.yaml", "packs/c.yaml"]
    chosen = load_site(write("overlays: [packs/c.yaml, packs/a.yaml]")).overlays
    assert chosen[0] == ("packs/c.yaml", "extends: putuo-2020 # c\n")
    assert len(chosen) == 2
    assert load_site(write("overlays: []")).overlays == ()


def test_openmetadata_keeps_its_secrets_out_until_asked(write: WriteSite, tmp_path: Path) -> None:
    (tmp_path / "openmetadata.yaml").write_text("url: http://x\ntoken: ${T}\n")
    site = load_site(write(), environ={"T": "jwt-of-the-bot"})
    assert site.openmetadata is not None
    assert site.openmetadata.token == "${T}"
    assert site.server.token == "jwt-of-the-bot"
    assert "jwt" not in repr(site)
    with pytest.raises(SettingsError, match=r"openmetadata.yaml:2: token: "):
        load_site(write(), environ={})
    assert load_site(write(), environ={}, secrets=False).openmetadata is not None


def test_people_are_unique_and_in_known_departments(write: WriteSite, tmp_path: Path) -> None:
    root = write()
    person = "{id: zhang, name: 张三, accounts: [zs], openmetadata: Zhang.San, roles: [steward]"
    (root / "site.yaml").write_text(f"people:\n- {person}}}\n- {person}, departments: [nil]}}\n")
    found = problems(root)
    assert [line.split(" (")[0] for line in found] == [
        "site.yaml:3: people[1]: the id 'zhang' is used twice",
        "site.yaml:3: people[1]: the name '张三' is used twice",
        "site.yaml:3: people[1]: the openmetadata 'zhang.san' is used twice",
        "site.yaml:3: people[1]: the account 'zs' is used twice",
        "site.yaml:3: people[1]: unknown department 'nil'",
    ]


def test_who_may_rule(write: WriteSite) -> None:
    steward = Person(id="zhang", name="张三", openmetadata="Zhang.San", departments=("minzheng",), roles=("steward",))
    reviewer = Person(id="li", name="李四", accounts=("li",), roles=("reviewer",))
    admin = Person(id="root", name="管理员", roles=("admin",))
    assert steward.may_rule("minzheng")
    assert not steward.may_rule("weijian")
    assert reviewer.may_rule("weijian")
    assert not admin.may_rule("weijian")
    assert by_login([steward, reviewer], "zhang.san") is steward
    assert by_login([steward, reviewer], None) is None


def test_openmetadata_must_be_a_mapping(write: WriteSite, tmp_path: Path) -> None:
    write()
    (tmp_path / "openmetadata.yaml").write_text("- url\n")
    assert problems(tmp_path) == ["openmetadata.yaml:1: the file must be a mapping, not a list"]


@pytest.mark.parametrize(
    ("code", "warning"),
    [
        (CODE, None),
        ('""', "departments/d.yaml:1: the department has no 'code' (the catalogue must name it (信息资源提供方代码))"),
        (
            "11310107000000019C",
            "departments/d.yaml:1: the check digit of 'code' is wrong "
            "(after 11310107000000019 comes B; compare it with the department's certificate)",
        ),
    ],
)
def test_a_wrong_check_digit_is_only_a_warning(write: WriteSite, code: str, warning: str | None) -> None:
    site = load_site(write(d=department(head=f"{{id: d, name: 民政局, code: {code}}}")))
    assert [str(one) for one in site.warnings] == ([warning] if warning else [])


# --- mistakes ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "name: x\nstroe: y\n",
            "site.yaml:2: unknown key 'stroe' (did you mean 'store'? "
            "allowed: name, district, store, out, pack, overlays, harvest, classify, people, audit, calendar, rights, "
            "classes)",
        ),
        ("calendar: {holidays: [soon]}", "site.yaml:1: calendar: 'holidays' must be a list of days such as 2026-10-01"),
        ("calendar: {working: []}", "site.yaml:1: calendar: unknown key 'working'"),
        ("name: 5", "site.yaml:1: 'name' must be text, not a whole number (put it in quotes)"),
        ("\nname: [x]", "site.yaml:2: 'name' must be text, not a list"),
        ('name: ""', "site.yaml:1: 'name' must not be empty"),
        ("harvest: fast", "site.yaml:1: 'harvest' must be a mapping, not text"),
        ("harvest:\n  workers: '2'", "site.yaml:2: harvest: 'workers' must be a whole number, not text"),
        ("harvest:\n  workers: 0", "site.yaml:2: harvest: 'workers' must be at least 1"),
        ("harvest:\n  sample_rows: 5000", "site.yaml:2: harvest: 'sample_rows' must be at most 1000"),
        (
            "harvest:\n  rows: 1",
            "site.yaml:2: harvest: unknown key 'rows' (allowed: workers, per_host, window, sample_rows, removal_share, "
            "removal_grace, look_back, time_limit)",
        ),
        ("harvest:\n  per_host: 0", "site.yaml:2: harvest: 'per_host' must be at least 1"),
        (
            "harvest:\n  look_back: 1w",
            "site.yaml:2: harvest: 'look_back' must be a span of time such as 1d, 12h or 30m",
        ),
        ("harvest:\n  look_back: 1", "site.yaml:2: harvest: 'look_back' must be a span of time such as 1d"),
        ("harvest:\n  window: night", "site.yaml:2: harvest: 'window' must be a time of day as in "),
        ("overlays: packs/a.yaml", "site.yaml:1: 'overlays' must be a list, not text"),
        ("overlays: [packs/no.yaml]", "packs/no.yaml: cannot read the file: No such file or directory"),
        ("pack: putuo", "site.yaml:1: there is no policy pack 'putuo' (did you mean 'putuo-2020'? allowed: "),
        ("store: ${NOPE}", "site.yaml:1: store: the environment variable NOPE is not set"),
        ("- a", "site.yaml:1: the file must be a mapping, not a list"),
        ("a: [", "site.yaml:1: not YAML"),
    ],
)
def test_mistakes_in_site_yaml(write: WriteSite, text: str, expected: str) -> None:
    found = problems(write(text))
    assert len(found) == 1
    assert found[0].startswith(expected)


SYSTEM_MISTAKES = [
    (
        "{id: s, connector: sqlite, path: x, inclde: []}",
        f"unknown key 'inclde' (did you mean 'include'? allowed: {COMMON},",
    ),
    ("{id: s, connector: ddl, path: x, options: {}}", f"unknown key 'options' (allowed: {COMMON}, dialect)"),
    (
        "{id: s, connector: sqlit, path: x}",
        "unknown connector 'sqlit' (did you mean 'sqlite'? allowed: ddl, postgresql, sqlite)",
    ),
    ("{id: s, connector: sqlite}", "the connector 'sqlite' needs 'path' or 'url'"),
    ("{id: s, connector: ddl, url: x}", "the connector 'ddl' takes no 'url' (give path)"),
    (
        "{id: s, connector: sqlite, path: x, connect_timeout: fast}",
        "'connect_timeout' must be a whole number, not text",
    ),
    ("{id: s, path: x}", "the key 'connector' is missing (known: "),
    ("{connector: sqlite, path: x}", "the key 'id' is missing"),
    ("{id: 7, connector: sqlite, path: x}", "'id' must be text, not a whole number (put it in quotes)"),
    ("{id: a/b, connector: sqlite, path: x}", "'id' must be letters, digits, _ . or -"),
    ("{id: .., connector: sqlite, path: x}", "'id' must be letters, digits, _ . or -"),
    ("{id: s, connector: sqlite, path: 1}", "'path' must be text, not a whole number (put it in quotes)"),
    ("{id: s, connector: sqlite, path: x, include: a.*}", "'include' must be a list, not text"),
    ("{id: s, connector: sqlite, path: x, sample: true}", "'sample' must be {rows: NUMBER} or false"),
    ("{id: s, connector: sqlite, path: x, sample: 50}", "'sample' must be {rows: NUMBER} or false"),
    ("{id: s, connector: sqlite, path: x, restricted: yes-please}", "'restricted' must be true, or a list of"),
    ("{id: s, connector: sqlite, path: x, restricted: [1]}", "'restricted' must be true, or a list of"),
    *(
        (f"{{id: s, connector: sqlite, path: x, window: {window}}}", "'window' must be a time of day as in ")
        for window in ("20:00", "20:00-25:00", "24:00-06:00", "'20:00-20:00'", "2000-0600", "[1]", "true")
    ),
    (
        "{id: s, connector: sqlite, path: x, update_cycle: 每季}",
        f"'update_cycle' is not one of the allowed words (did you mean '每季度'? allowed: {', '.join(UPDATE_CYCLES)})",
    ),
    (
        "{id: s, connector: sqlite, path: x, origin: borrowed}",
        "'origin' is not one of the allowed words (allowed: own, shared, negotiated)",
    ),
]


@pytest.mark.parametrize(("system", "expected"), SYSTEM_MISTAKES)
def test_mistakes_in_a_system(write: WriteSite, system: str, expected: str) -> None:
    found = problems(write(d=department("{id: good, connector: sqlite, path: x}", system)))
    assert len(found) == 1
    assert found[0].startswith(f"departments/d.yaml:4: systems[1]: {expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("systems: []", "departments/d.yaml:1: the key 'department' is missing"),
        ("department: {id: d}", "departments/d.yaml:1: department: the key 'name' is missing"),
        ("- x", "departments/d.yaml:1: the file must be a mapping, not a list"),
        (
            "department:\n  id: d\n  name: d\n  code: 113101070000000193",
            "departments/d.yaml:4: department: 'code' must be text, not a whole number (put it in quotes)",
        ),
        (
            "department:\n  id: d\n  name: d\n  code: 1131010O000000019B",
            "departments/d.yaml:4: department: 'code' must be a 统一社会信用代码",
        ),
        (
            "department: {id: d, name: d}\nsystems: {id: s}",
            "departments/d.yaml:2: 'systems' must be a list, not a mapping",
        ),
        (
            "department: {id: d, name: d}\nsystems:\n  - rescue",
            "departments/d.yaml:3: systems[0] must be a mapping, not text",
        ),
        (
            department("{id: s, connector: sqlite, path: x, sample: {lines: 5}}"),
            "departments/d.yaml:3: systems[0].sample: unknown key 'lines' (allowed: rows)",
        ),
        (
            department("{id: s, connector: sqlite, path: x, include: [a, 2]}"),
            "departments/d.yaml:3: systems[0].include[1] must be text, not a whole number",
        ),
        (
            department("{id: s, connector: sqlite, path: x}", "{id: s, connector: sqlite, path: y}"),
            "departments/d.yaml:4: the system id 's' is used twice (first at departments/d.yaml:3; rename one)",
        ),
        (
            department("{id: s, connector: postgresql, url: 'pg://u:${RESCUE_PW}@h/d'}"),
            "departments/d.yaml:3: systems[0].url: the environment variable RESCUE_PW is not set",
        ),
        (
            department("{id: s, connector: postgresql, url: 'file:secrets/none'}"),
            "departments/d.yaml:3: systems[0].url: cannot read the secret file secrets/none",
        ),
        (
            department("{id: s, connector: ddl, path: x, dialect: '${DIALECT}'}"),
            "departments/d.yaml:3: systems[0].dialect: the environment variable DIALECT is not set",
        ),
    ],
)
def test_mistakes_in_a_department(write: WriteSite, text: str, expected: str) -> None:
    found = problems(write(d=text))
    assert len(found) == 1
    assert found[0].startswith(expected)


def test_two_departments_with_one_id(write: WriteSite) -> None:
    assert problems(write(a=department(), b="\n" + department())) == [
        "departments/b.yaml:2: the department id 'd' is used twice (first at departments/a.yaml:1; rename one)"
    ]


def test_all_mistakes_are_listed_at_once_in_the_order_of_the_files(write: WriteSite) -> None:
    a = department("{id: s, connector: sqlite, path: x, inclde: [], update_cycle: 天}", "{id: s, connector: nope}")
    b = "department: {id: b}\ndepartment: {id: c}\n"
    found = problems(write("nmae: x\n", a=a, b=b))
    assert [line.split(": ")[0] for line in found] == [
        "site.yaml:1",
        *["departments/a.yaml:3"] * 2,
        *["departments/a.yaml:4"] * 2,
        "departments/b.yaml:2",
        "departments/b.yaml:2",
    ]


def test_values_that_may_be_secrets_are_not_repeated_in_messages(write: WriteSite) -> None:
    bad = department("{id: s, connector: ddl, url: 'pg://u:geheim@h', path: [geheim], x: geheim, dialect: [geheim]}")
    assert "geheim" not in "\n".join(problems(write(d=bad)))


def test_commands_that_open_nothing_need_no_secrets(write: WriteSite) -> None:
    root = write(d=department("{id: s, connector: postgresql, url: 'pg://${NOPE}'}"))
    site = load_site(root, environ={}, secrets=False)
    with pytest.raises(ConfigurationError, match="NOPE"):
        site.system_config("d", "s")


def test_a_folder_that_is_no_site(tmp_path: Path) -> None:
    assert problems(tmp_path) == [f"{tmp_path}: no site.yaml here (`pdc init DIR` writes a new site folder)"]


# --- restricted systems ---


def restricted_site(write: WriteSite) -> Site:
    system = """id: secret
    name: 涉密系统
    restricted: true
    connector: no-such-connector
    url: postgresql://u:${NOT_SET}@canary-host/canary
    path: file:canary-file
    whatever: canary-option
"""
    return load_site(write(d=department(system)), environ={})


def test_a_restricted_system_is_counted_and_nothing_else(write: WriteSite) -> None:
    site = restricted_site(write)
    assert site.restricted_systems == 1
    ((_, system),) = site.systems()
    assert (system.id, system.title, system.is_restricted) == ("secret", "涉密系统", True)
    with pytest.raises(ConfigurationError, match="restricted"):
        site.system_config("d", "secret")


def test_a_restricted_systems_address_is_not_kept(write: WriteSite) -> None:
    site = restricted_site(write)
    assert b"canary" not in pickle.dumps(site.departments)
    assert "canary" not in repr(site)


@pytest.mark.parametrize("flag", ["'true'", "1", "null"])
def test_a_doubtful_restriction_stops_everything_and_looks_nothing_up(write: WriteSite, flag: str) -> None:
    text = department(f"{{id: s, connector: sqlite, restricted: {flag}, url: 'file:canary'}}")
    assert problems(write(d=text)) == [
        "departments/d.yaml:3: systems[0]: 'restricted' must be true, or a list of schema.table globs"
    ]


# --- windows ---


def test_the_nearest_window_counts(write: WriteSite) -> None:
    systems = ["{id: own, connector: sqlite, path: x, window: 1:30-5:00}", "{id: none, connector: sqlite, path: x}"]
    night = department(*systems).replace("id: d,", "id: d, window: 22:00-04:00,", 1)
    site = load_site(
        write('harvest: {window: "20:00-06:00"}', d=night, e=department(*systems).replace("id: d,", "id: e,", 1))
    )
    found = {f"{one.id}/{system.id}": str(site.window(one.id, system.id)) for one, system in site.systems()}
    assert found == {"d/own": "01:30–05:00", "d/none": "22:00–04:00", "e/own": "01:30–05:00", "e/none": "20:00–06:00"}
    assert load_site(write("", d=department(*systems), e="")).window("d", "none") is None


def test_the_calendar_has_days_and_ranges(write: WriteSite) -> None:
    text = (
        "calendar:\n  holidays: [2026-10-01/2026-10-07, 2026-01-01, '2026-05-01']\n  working_weekends: [2026-10-10]\n"
    )
    found = load_site(write(text)).calendar
    assert (len(found.holidays), found.is_working(date(2026, 10, 7)), found.is_working(date(2026, 10, 10))) == (
        *(9, False),
        True,
    )
    assert load_site(write("name: x")).calendar.known == frozenset()


# --- schemas ---


def test_schemas_are_json_and_know_the_keys() -> None:
    site, one = site_schema(), department_schema()
    json.dumps([site, one])
    assert set(site["properties"]) == {
        "name",
        "district",
        "store",
        "out",
        "pack",
        "overlays",
        "harvest",
        "classify",
        "people",
        "audit",
        "calendar",
        "rights",
        "classes",
    }
    system = one["$defs"]["SystemSettings"]
    assert {"id", "url", "path", "include", "restricted", "sample"} <= set(system["properties"])
    assert "options" not in system["properties"]
    assert system["additionalProperties"] is False
    assert system["properties"]["update_cycle"]["anyOf"][0]["enum"] == list(UPDATE_CYCLES)
    assert {"const": False} in system["properties"]["sample"]["anyOf"]


def test_schema_lists_connectors_own_keys() -> None:
    system = department_schema()["$defs"]["SystemSettings"]["properties"]
    assert system["dialect"] == {"type": "string", "description": "connectors: ddl"}
    assert system["connect_timeout"] == {"type": "integer", "description": "connectors: postgresql, sqlite"}
