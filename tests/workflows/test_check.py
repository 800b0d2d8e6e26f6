"""``pdc check``: one line per subject, and what it must never touch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from connectors import base, config
from connectors.base import Connector, SourceFatalError
from connectors.model import Asset, Listing
from workflows.check import CheckResult, check_site
from workflows.settings import Site, load_site


class Source(Connector):
    KEYS: ClassVar[frozenset[str]] = frozenset({"url", "path"})
    opened: ClassVar[list[str]] = []

    def probe(self) -> None:
        self.opened.append(self.config.id)
        if self.config.url == "denied":
            raise SourceFatalError("no right to read the dictionary", place="127.0.0.1:1", hint="grant SELECT")

    def list_assets(self) -> Listing:
        raise AssertionError("a check lists nothing")

    def assets(self) -> Iterator[Asset]:
        raise AssertionError("a check reads nothing")


@pytest.fixture(autouse=True)
def source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "connector_class", lambda name: Source)
    monkeypatch.setattr(base, "connector_class", lambda name: Source)
    monkeypatch.setattr(Source, "opened", [])


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
    assert Source.opened == ["good", "many", "denied"]
    assert results["d/denied"] == [
        CheckResult("d/denied", "failed", "no right to read the dictionary", "127.0.0.1:1", "grant SELECT")
    ]
    assert results["d/good"][0].message == "reachable, with the rights it needs"
    assert results["d/secret"] == [CheckResult("d/secret", "ok", "restricted: counted, not looked at")]


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
