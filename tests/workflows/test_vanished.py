"""What is gone from a source, by the real command line: grace, refusal of much, return with decisions."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from classifiers.evidence import Decision
from workflows.cli import cli
from workflows.clock import now
from workflows.packs import record_decisions
from workflows.store import Store

Pdc = Callable[..., Result]
TABLES = [f"facility_{number}" for number in range(10)]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Ten tables of a SQLite file, and ten files of a drop."""
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text("harvest: {removal_grace: 2, sample_rows: 0}\n")
    (tmp_path / "departments" / "d.yaml").write_text(
        "department: {id: d, name: 某局, code: '113101070000000276'}\nsystems:\n"
        "  - {id: db, connector: sqlite, path: db.sqlite}\n"
        "  - {id: drop, connector: files, path: drop}\n",
        encoding="utf-8",
    )
    write_tables(tmp_path, TABLES)
    write_files(tmp_path, TABLES)
    return tmp_path


def write_tables(site: Path, names: list[str]) -> None:
    (site / "db.sqlite").unlink(missing_ok=True)
    with closing(sqlite3.connect(site / "db.sqlite")) as connection:
        for name in names:
            connection.execute(f"create table {name} (toilet_name text, address text)")


def write_files(site: Path, names: list[str]) -> None:
    shutil.rmtree(site / "drop", ignore_errors=True)
    (site / "drop").mkdir()
    for name in names:
        (site / "drop" / f"{name}.csv").write_text("toilet_name,address\n一号公厕,示例路1号\n", encoding="utf-8")


@pytest.fixture
def pdc(site: Path) -> Pdc:
    return lambda *args: CliRunner().invoke(cli, ["--site", str(site), *args])


def listed(pdc: Pdc, system: str) -> list[str]:
    """Names of a system's assets that are in the catalogue."""
    lines = map(json.loads, pdc("assets", "--jsonl").stdout.splitlines())
    return sorted(asset["name"] for asset in lines if asset["system"] == system)


@pytest.mark.parametrize(("system", "write"), [("db", write_tables), ("drop", write_files)])
def test_grace_then_gone_then_back(site: Path, pdc: Pdc, system: str, write: Any) -> None:
    assert pdc("run").exit_code == 0
    write(site, TABLES[1:])
    waiting = pdc("run")
    assert (waiting.exit_code, listed(pdc, system)) == (0, TABLES)
    gone = pdc("run", "--json")
    vanished = {item["system"]: item["vanished"] for item in json.loads(gone.stdout)["systems"]}
    assert (gone.exit_code, vanished[system], sum(vanished.values())) == (0, 1, 1)
    assert listed(pdc, system) == TABLES[1:]
    write(site, TABLES)
    assert (pdc("run").exit_code, listed(pdc, system)) == (0, TABLES)


def test_what_comes_back_has_its_number_and_its_decision(site: Path, pdc: Pdc) -> None:
    pdc("run")

    def told() -> tuple[str, str, int]:
        line = pdc("assets", "d/db/main.facility_0", "--jsonl", "--labels").stdout
        tier = json.loads(line)["labels"]["tier"]
        with closing(sqlite3.connect(site / "var" / "catalogue.sqlite")) as store:
            query = "select sequence from codes join assets on assets.id = asset where key = 'd/db/main.facility_0'"
            ((number,),) = store.execute(query)
        return tier["value"], tier["state"], number

    value, state, number = told()
    assert (value, state) == ("L1", "suggested")
    with Store(f"sqlite:///{site / 'var' / 'catalogue.sqlite'}") as store:
        record_decisions(store, [Decision("d/db/main.facility_0", "tier", "L2", "王主任", "2026-06-01", reason="内部")])
    write_tables(site, TABLES[1:])
    pdc("run")
    pdc("run")
    assert "facility_0" not in listed(pdc, "db")
    write_tables(site, TABLES)
    pdc("run")
    assert told() == ("L2", "confirmed", number)


@pytest.mark.parametrize(("system", "write"), [("db", write_tables), ("drop", write_files)])
@pytest.mark.parametrize("left", [7, 0])
def test_much_at_once_is_refused_and_carried_forward(site: Path, pdc: Pdc, system: str, write: Any, left: int) -> None:
    assert pdc("run").exit_code == 0
    write(site, TABLES[:left])
    for command in ("run", "harvest", "run"):
        refused = pdc(command)
        assert refused.exit_code == 4
        assert f"d/{system}: {10 - left} of 10 assets are missing at once; none was marked vanished" in refused.stderr
        assert listed(pdc, system) == TABLES
    assert (site / "out" / "catalogue.html").exists()
    write(site, TABLES)
    assert pdc("run").exit_code == 0
    write(site, TABLES[:left])
    assert (pdc("run", "--accept-removals").exit_code, listed(pdc, system)) == (0, TABLES[:left])


def test_a_folder_that_is_not_mounted_is_a_failure_and_nothing_vanishes(site: Path, pdc: Pdc) -> None:
    pdc("run")
    (site / "drop").rename(site / "elsewhere")
    for _ in range(3):
        lost = pdc("run")
        assert (lost.exit_code, listed(pdc, "drop")) == (3, TABLES)
        assert "failed: d/drop: " in lost.stderr
    assert pdc("run", "--accept-removals").exit_code == 3
    assert listed(pdc, "drop") == TABLES


def test_a_file_that_cannot_be_read_makes_the_listing_partial(site: Path, pdc: Pdc) -> None:
    pdc("run")
    write_files(site, TABLES[2:])
    (site / "drop" / "broken.zip").write_bytes(b"PK\x03\x04 cut off")
    for _ in range(3):
        partial = pdc("run")
        assert (partial.exit_code, listed(pdc, "drop")) == (3, TABLES)
    (site / "drop" / "broken.zip").unlink()
    pdc("run")
    assert (pdc("run").exit_code, listed(pdc, "drop")) == (0, TABLES[2:])


def test_outside_its_window_an_emptied_system_is_not_noticed(site: Path, pdc: Pdc) -> None:
    pdc("run")
    text = (site / "departments" / "d.yaml").read_text("utf-8")
    soon = [f"{now() + timedelta(hours=hours):%H:%M}" for hours in (5, 6, 7)]
    shut = text.replace("path: drop}", f"path: drop, window: {soon[0]}-{soon[1]}}}")
    shut = shut.replace("某局,", f"某局, window: {soon[1]}-{soon[2]},")
    (site / "departments" / "d.yaml").write_text(shut, encoding="utf-8")
    (site / "db.sqlite").unlink()
    shutil.rmtree(site / "drop")
    left_alone = pdc("run")
    assert left_alone.exit_code == 0
    assert f"notice: d/drop: outside its window {soon[0]}–{soon[1]}; nothing was read" in left_alone.stderr
    assert f"notice: d/db: outside its window {soon[1]}–{soon[2]}; nothing was read" in left_alone.stderr
    assert (listed(pdc, "db"), listed(pdc, "drop")) == (TABLES, TABLES)
    assert pdc("run", "--now").exit_code == 1
