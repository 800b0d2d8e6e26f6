"""``pdc check``: one line per subject, and what it must never touch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import ClassVar

import pytest

from connectors import base, config
from connectors.base import Connector, SourceFatalError
from connectors.model import Asset, Failure, Listing, Rights
from workflows.check import check_site
from workflows.check_result import CheckResult, Found
from workflows.check_systems import check_systems
from workflows.settings import Site
from workflows.site import load_site


class Source(Connector):
    KEYS: ClassVar[frozenset[str]] = frozenset({"url", "path"})
    opened: ClassVar[list[str]] = []
    listing: ClassVar[Listing] = Listing(("s.a", "s.b"))
    broken: ClassVar[list[Failure]] = []
    lacking: ClassVar[Rights] = Rights()
    released: ClassVar[Event] = Event()

    def probe(self) -> None:
        self.opened.append(self.config.id)
        if self.config.url == "denied":
            raise SourceFatalError("no right to read the dictionary", place="127.0.0.1:1", hint="grant SELECT")
        if self.config.url == "fault":
            raise KeyError("13800138000")
        if self.config.url == "silent":
            self.released.wait(20)

    def list_assets(self) -> Listing:
        self.failures += self.broken
        return self.listing

    def rights(self) -> Rights:
        return self.lacking

    def assets(self) -> Iterator[Asset]:
        raise AssertionError("a check reads nothing")


@pytest.fixture(autouse=True)
def source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "connector_class", lambda name: Source)
    monkeypatch.setattr(base, "connector_class", lambda name: Source)
    monkeypatch.setattr(Source, "opened", [])
    monkeypatch.setattr(Source, "released", Event())


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "site.yaml").write_text("")
    (tmp_path / "departments").mkdir()
    (tmp_path / "departments" / "d.yaml").write_text(
        """department: {id: d, name: D, code: 11310107000000019C}
systems:
  - {id: good, connector: sqlite, path: here.db}
  - {id: gone, connector: sqlite, path: nowhere.db}
  - {id: many, connector: sqlite, path: "*.db"}
  - {id: denied, connector: sqlite, url: denied}
  - {id: secret, connector: sqlite, path: secret.db, restricted: true}
"""
    )
    (tmp_path / "here.db").write_text("")
    return load_site(tmp_path)


def by_subject(results: list[CheckResult]) -> dict[str, list[CheckResult]]:
    subjects: dict[str, list[CheckResult]] = {}
    for result in results:
        subjects.setdefault(result.subject, []).append(result)
    return subjects


def test_without_connect_nothing_is_opened(site: Site) -> None:
    results = by_subject(check_site(site))
    assert Source.opened == []
    assert [(one.status, one.message) for one in results["settings"]] == [
        ("ok", "1 departments, 5 systems, of which 1 restricted"),
        ("warning", "the check digit of 'code' is wrong"),
    ]
    assert results["settings"][1].place == "departments/d.yaml:1"
    statuses = {subject: one.status for subject, (one, *_) in results.items() if "/" in subject}
    assert statuses == {"d/good": "ok", "d/gone": "failed", "d/many": "ok", "d/denied": "ok", "d/secret": "ok"}
    (gone,) = results["d/gone"]
    assert gone.message == "the file does not exist"
    assert gone.place == str(site.root / "nowhere.db")


def test_with_connect_every_system_is_probed_but_the_restricted_one(site: Site) -> None:
    results = by_subject(check_site(site, connect=True))
    assert sorted(Source.opened) == ["denied", "good", "many"]
    assert [one.subject for group in results.values() for one in group if "/" in one.subject] == [
        *("d/good", "d/gone", "d/many", "d/denied", "d/secret")
    ]
    assert results["d/denied"] == [
        CheckResult("d/denied", "failed", "no right to read the dictionary", "127.0.0.1:1", "grant SELECT")
    ]
    assert results["d/good"] == [
        CheckResult("d/good", "ok", "reachable: 2 assets (s.a, s.b)", found=Found(2, 0, 0, ("s.a", "s.b")))
    ]
    assert results["d/secret"] == [CheckResult("d/secret", "ok", "restricted: counted, not looked at")]


def connected(site: Site, monkeypatch: pytest.MonkeyPatch, **changes: object) -> list[CheckResult]:
    """What is said of the system ``good`` when its source is like this."""
    for name, value in changes.items():
        monkeypatch.setattr(Source, name, value)
    return [one for one in check_systems(site, connect=True) if one.subject == "d/good"]


def test_what_would_be_listed_is_counted_and_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("s.list_31010719000101001X", "s." + "长" * 60, "s.c", "s.d")
    (told,) = connected(site, monkeypatch, listing=Listing(names, quarantined=2, excluded=7))
    assert told.message == (
        f"reachable: 4 assets (s.list_310107************, s.{'长' * 38}…, s.c, …), 7 excluded, 2 with a secrecy mark"
    )
    assert told.found == Found(4, 7, 2, ("s.list_310107************", names[1], "s.c", "s.d"))


def test_tables_that_the_user_may_not_read_are_counted_with_the_grants(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    grants = ("GRANT USAGE ON SCHEMA a TO r", "GRANT SELECT ON ALL TABLES IN SCHEMA a TO r")
    listing = Listing(("s.a",), quarantined=1, excluded=1)
    ok, warning = connected(site, monkeypatch, lacking=Rights(5, grants), listing=listing)
    assert (ok.status, warning.status) == ("ok", "warning")
    assert warning.message == "the user may read 3 of 8 tables"
    assert warning.hint == f"{grants[0]}; {grants[1]};"
    assert len(connected(site, monkeypatch, lacking=Rights(0, grants), listing=listing)) == 1


def test_tables_of_which_only_some_columns_may_be_read_are_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    partly = ("s.a", "s.list_31010719000101001X", "s.c", "s.d")
    _, warning = connected(site, monkeypatch, lacking=Rights(0, partly=partly), listing=Listing(partly))
    told = "the user may not read every column of 4 tables (s.a, s.list_310107************, s.c, …)"
    assert (warning.status, warning.message) == ("warning", told)
    assert "grant SELECT on the whole table" in (warning.hint or "")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"listing": Listing(("a",), False, "no right on b")}, "the listing is incomplete: no right on b"),
        ({"listing": Listing(())}, "it holds no assets, or none that the user may see"),
        ({"listing": Listing((), excluded=3)}, "nothing is left to list"),
        ({"broken": [Failure("not a workbook of 13800138000", "x.xlsx")]}, "not a workbook of 138********"),
    ],
)
def test_what_is_odd_is_a_warning(
    site: Site, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], message: str
) -> None:
    ok, warning = connected(site, monkeypatch, **changes)
    assert (ok.status, warning.status, warning.message) == ("ok", "warning", message)


def test_a_source_that_shows_nothing_is_told_with_the_grants(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _, warning = connected(site, monkeypatch, listing=Listing(()), lacking=Rights(None, ("GRANT x TO y",)))
    assert warning.hint == "if there are some, the user needs: GRANT x TO y;"


def one_system(tmp_path: Path, url: str, more: str = "") -> Site:
    (tmp_path / "site.yaml").write_text("")
    (tmp_path / "departments").mkdir()
    text = f"department: {{id: d, name: D}}\nsystems:\n  - {{id: s, connector: sqlite, url: {url}{more}}}\n"
    (tmp_path / "departments" / "d.yaml").write_text(text)
    return load_site(tmp_path)


def test_a_system_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    try:
        (told,) = check_systems(one_system(tmp_path, "silent"), connect=True, patience=0.2)
    finally:
        Source.released.set()
    assert (told.status, told.message) == ("failed", "no answer within 0.2 seconds")


def test_a_fault_of_a_connector_is_told_without_what_it_says(tmp_path: Path) -> None:
    (told,) = check_systems(one_system(tmp_path, "fault"), connect=True)
    assert told.status == "failed"
    assert told.message.startswith("unexpected KeyError at ")


def test_a_window_is_shown_and_does_not_bind_a_check(tmp_path: Path) -> None:
    site = one_system(tmp_path, "x", ', window: "03:00-03:01"')
    assert [one.message for one in check_systems(site, connect=False)] == ["configured; read 03:00–03:01 only"]
    assert check_systems(site, connect=True)[0].message == "reachable: 2 assets (s.a, s.b)"


def test_the_pack_is_checked_with_its_overlays(site: Site, tmp_path: Path) -> None:
    (pack,) = by_subject(check_site(site))["pack"]
    assert (pack.status, pack.message.startswith("putuo-2020@")) == ("ok", True)
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "local.yaml").write_text("extends: another-law\n")
    (pack,) = by_subject(check_site(load_site(tmp_path)))["pack"]
    assert pack.status == "failed"
    assert pack.place == "packs/local.yaml:1"


def test_a_site_without_departments_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("")
    settings = by_subject(check_site(load_site(tmp_path)))["settings"]
    assert [(one.status, one.message) for one in settings] == [("warning", "no department is configured")]


def test_folders_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("out: report.html\n")
    (tmp_path / "report.html").write_text("")
    (failed,) = by_subject(check_site(load_site(tmp_path)))["folders"]
    assert (failed.status, failed.message) == ("failed", "report.html/ cannot be written")
    assert failed.place == str(tmp_path / "report.html")


def test_a_store_on_a_server_is_opened_only_with_connect(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("store: postgresql://nobody@127.0.0.1:1/none\n")
    site = load_site(tmp_path)
    assert "store" not in by_subject(check_site(site))
    (failed,) = by_subject(check_site(site, connect=True))["store"]
    assert failed.status == "failed"
    assert "the store could not be used" in failed.message


def test_an_identifier_in_a_path_is_masked(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("")
    (tmp_path / "departments").mkdir()
    text = "department: {id: d, name: D}\nsystems:\n  - {id: s, connector: sqlite, path: 31010719000101001X.db}\n"
    (tmp_path / "departments" / "d.yaml").write_text(text)
    (told,) = by_subject(check_site(load_site(tmp_path)))["d/s"]
    assert (told.status, Path(told.place or "").name) == ("failed", "310107************.db")
