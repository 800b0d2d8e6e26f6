"""What is not read again, by the real command line: opened files and requests are counted, not believed."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connectors.base import Connector, SystemConfig
from connectors.files import FilesConnector
from connectors.model import Asset, Column, Listing
from workflows import unchanged
from workflows.cli import cli
from workflows.harvest import harvest
from workflows.harvest_result import SystemResult
from workflows.store import Store
from workflows.store_records import Known, SystemState

Pdc = Callable[..., dict[str, Any]]
OLD = datetime(2020, 1, 1).timestamp()
DDL = "create table t_lamp (id int, road varchar(20));\ncreate table t_bin (id int);\n"

_opened: list[str] = []
_listening: list[bool] = []


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if event == "open" and _listening and isinstance(args[0], str):
        _opened.append(args[0])


# A hook of the interpreter hears of every file whoever opens it, and stays: it listens during `pdc` only.
sys.addaudithook(_hear)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text("harvest: {removal_share: 1}\n")
    system(tmp_path, "files", "drop")
    return tmp_path


def system(site: Path, connector: str, path: str, **more: Any) -> None:
    one = json.dumps({"id": "s", "connector": connector, "path": path, **more})
    head = "department: {id: d, name: 某局, code: '113101070000000276'}\nsystems:\n"
    (site / "departments" / "d.yaml").write_text(f"{head}  - {one}\n", encoding="utf-8")


def drop(site: Path, name: str, text: str = "toilet_name,address\n一号公厕,示例路1号\n") -> Path:
    """A file of 2020, by its own time."""
    path = site / "drop" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return aged(path)


def aged(path: Path) -> Path:
    os.utime(path, (OLD, OLD))
    return path


@pytest.fixture
def pdc(site: Path) -> Pdc:
    def run(*args: str, code: int = 0) -> dict[str, Any]:
        """What a harvest says of the system, and ``opened``: the files of the drop that it opened."""
        _opened.clear()
        _listening.append(True)
        try:
            result = CliRunner().invoke(cli, ["--site", str(site), "harvest", "--json", *args])
        finally:
            _listening.clear()
        assert result.exit_code == code, result.output
        (found,) = json.loads(result.stdout)["systems"]
        folder = str(site / "drop") + os.sep
        opened = {path[len(folder) :] for path in _opened if path.startswith(folder)}
        counts = {name: found[name] for name in ("assets", "new", "changed", "unchanged", "not_read", "vanished")}
        return counts | {"opened": sorted(opened), "columns": found["columns"]}

    return run


def test_files_that_did_not_change_are_not_opened(site: Path, pdc: Pdc) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        drop(site, name)
    first, second = pdc(), pdc()
    assert (first["opened"], first["new"], first["not_read"]) == (["a.csv", "b.csv", "c.csv"], 3, 0)
    assert (second["opened"], second["unchanged"], second["not_read"]) == ([], 3, 3)
    assert (second["assets"], second["columns"]) == (3, first["columns"])
    assert pdc()["opened"] == []


def test_what_changed_within_the_look_back_is_read_again_and_again(site: Path, pdc: Pdc) -> None:
    drop(site, "a.csv")
    edited = datetime.now().timestamp() - 2 * 3600
    os.utime(drop(site, "b.csv"), (edited, edited))
    pdc()
    assert [pdc()["opened"], pdc()["opened"]] == [["b.csv"], ["b.csv"]]
    (site / "site.yaml").write_text("harvest: {look_back: 1h}\n")
    assert pdc()["opened"] == []


def test_a_touched_file_is_read(site: Path, pdc: Pdc) -> None:
    drop(site, "a.csv"), drop(site, "b.csv")
    pdc()
    (site / "drop" / "a.csv").touch()
    assert pdc()["opened"] == ["a.csv"]


def test_an_edit_with_its_old_time_and_size_is_read(site: Path, pdc: Pdc) -> None:
    drop(site, "a.csv"), drop(site, "b.csv")
    pdc()
    drop(site, "a.csv", "toilet_name,adresse\n一号公厕,示例路1号\n")
    found = pdc()
    assert (found["opened"], found["changed"], found["not_read"]) == (["a.csv"], 1, 1)


def test_a_file_replaced_by_an_older_one_is_read(site: Path, pdc: Pdc) -> None:
    drop(site, "a.csv"), drop(site, "b.csv")
    pdc()
    older = site / "older.csv"
    older.write_text("road,length\n示例路,3\n", encoding="utf-8")
    os.utime(older, (OLD - 9, OLD - 9))
    os.replace(older, site / "drop" / "a.csv")
    assert (pdc()["opened"], pdc()["opened"]) == (["a.csv"], [])


def test_added_renamed_and_removed_files(site: Path, pdc: Pdc) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        drop(site, name)
    pdc()
    (site / "drop" / "a.csv").rename(site / "drop" / "z.csv")
    (site / "drop" / "b.csv").unlink()
    drop(site, "d.csv")
    found = pdc()
    assert (found["opened"], found["new"], found["vanished"]) == (["d.csv", "z.csv"], 2, 2)
    assert (found["not_read"], found["assets"]) == (1, 3)


def test_a_family_is_read_when_one_of_its_files_comes_or_goes(site: Path, pdc: Pdc) -> None:
    days = [f"toilets_2026010{day}.csv" for day in (1, 2, 3)]
    for name in days[:2]:
        drop(site, name)
    drop(site, "other.csv")
    assert pdc()["assets"] == 2
    assert pdc()["opened"] == []
    drop(site, days[2])
    assert pdc()["opened"] == days
    (site / "drop" / days[2]).unlink()
    assert pdc()["opened"] == days[:2]
    assert pdc()["opened"] == []


def test_of_an_archive_only_the_list_of_members_is_read(site: Path, pdc: Pdc, monkeypatch: pytest.MonkeyPatch) -> None:
    def pack(text: str) -> None:
        path = site / "drop" / "in.zip"
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("a.csv", text)
            packed.writestr("b.csv", "road,length\n示例路,3\n")
        aged(path)

    members: list[str] = []
    plain = zipfile.ZipFile.open

    def count(self: zipfile.ZipFile, entry: Any, *args: Any, **more: Any) -> Any:
        members.append(entry.filename)
        return plain(self, entry, *args, **more)

    pack("toilet_name,address\n一号公厕,示例路1号\n")
    monkeypatch.setattr(zipfile.ZipFile, "open", count)
    assert (pdc()["assets"], set(members)) == (2, {"a.csv", "b.csv"})
    members.clear()
    assert (pdc()["not_read"], members) == (2, [])
    monkeypatch.setattr(zipfile.ZipFile, "open", plain)
    pack("toilet_name,addr\n一号公厕,示例路1号\n")
    assert pdc()["changed"] == 1


def test_all_tables_of_an_unchanged_database_stay(site: Path, pdc: Pdc) -> None:
    (site / "drop").mkdir()
    with closing(sqlite3.connect(site / "drop" / "x.sqlite")) as connection:
        connection.execute("create table toilet (name text)")
        connection.execute("create table road (name text)")
    aged(site / "drop" / "x.sqlite")
    assert pdc()["assets"] == 2
    found = pdc()
    assert (found["opened"], found["not_read"], found["vanished"]) == ([], 2, 0)


@pytest.mark.parametrize("changed", [{"exclude": ["zzz"]}, {"encoding": "gb18030"}, {"update_cycle": "每月"}])
def test_another_configuration_reads_everything_once(site: Path, pdc: Pdc, changed: dict[str, Any]) -> None:
    drop(site, "a.csv", "name,length\nx,3\n")
    pdc(), pdc()
    system(site, "files", "drop", **changed)
    assert (pdc()["opened"], pdc()["opened"]) == (["a.csv"], [])


def test_another_program_reads_everything_once(site: Path, pdc: Pdc, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(site, "a.csv")
    pdc(), pdc()
    monkeypatch.setattr(unchanged, "version", lambda name: "99")
    assert (pdc()["opened"], pdc()["opened"]) == (["a.csv"], [])


def test_full_and_resample_read_everything(site: Path, pdc: Pdc) -> None:
    drop(site, "a.csv")
    pdc()
    assert [pdc("--full")["opened"], pdc("--resample")["opened"], pdc()["opened"]] == [["a.csv"], ["a.csv"], []]


def test_another_engine_samples_again_once(site: Path, pdc: Pdc, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(site, "a.csv")
    pdc(), pdc()
    sampled: list[str] = []
    plain = FilesConnector.sample

    def sample(self: Any, asset: Any, rows: int) -> Any:
        sampled.append(asset.name)
        return plain(self, asset, rows)

    monkeypatch.setattr(FilesConnector, "sample", sample)
    pdc("--full")
    assert sampled == []
    monkeypatch.setattr("workflows.harvest._evidence_version", lambda: "another")
    pdc(), pdc()
    assert sampled == ["a"]


def test_what_there_is_something_to_tell_of_is_told_again(site: Path, pdc: Pdc) -> None:
    drop(site, "a.csv", "")
    drop(site, "b.csv")
    for _ in range(2):
        result = CliRunner().invoke(cli, ["--site", str(site), "harvest"])
        assert (result.exit_code, "holds no columns" in result.output) == (3, True)
    assert pdc(code=3)["opened"] == ["a.csv"]


def test_after_a_run_that_was_not_complete_everything_is_read(site: Path, pdc: Pdc) -> None:
    drop(site, "a.csv")
    pdc()
    broken = drop(site, "x.zip", "no archive")
    pdc(code=3)
    broken.unlink()
    assert (pdc()["opened"], pdc()["opened"]) == (["a.csv"], [])


def test_a_restricted_file_leaves_the_store_though_it_is_unchanged(site: Path, pdc: Pdc) -> None:
    drop(site, "a.csv"), drop(site, "b.csv")
    pdc(), pdc()
    system(site, "files", "drop", restricted=["b"])
    assert pdc()["assets"] == 1
    listed = CliRunner().invoke(cli, ["--site", str(site), "assets", "--jsonl"]).stdout.splitlines()
    assert [json.loads(line)["name"] for line in listed] == ["a"]


def test_names_that_are_masked_are_found_again(site: Path, pdc: Pdc) -> None:
    for phone in ("13800138000", "13800138001"):
        drop(site, f"名单{phone}.csv")
    first = pdc()
    found = pdc()
    assert (first["assets"], found["not_read"], found["new"], found["vanished"]) == (2, 2, 0, 0)


@pytest.mark.parametrize(("connector", "name"), [("ddl", "x.sql"), ("workbook", "x.csv")])
def test_descriptions_are_read_when_one_of_their_files_changed(site: Path, pdc: Pdc, connector: str, name: str) -> None:
    text = DDL if connector == "ddl" else "表名,字段名,类型\nt_lamp,id,int\nt_lamp,road,varchar(20)\nt_bin,id,int\n"
    drop(site, name, text)
    system(site, connector, "drop")
    assert (pdc()["assets"], pdc()["opened"]) == (2, [])
    second = name.replace("x", "y")
    drop(site, second, text.replace("t_lamp", "t_tree").replace("t_bin", "t_bank"))
    found = pdc()
    assert (found["opened"], found["new"], found["unchanged"]) == ([name, second], 2, 2)
    found = pdc()
    assert (found["opened"], found["not_read"], found["columns"]) == ([], 4, 6)
    (site / "drop" / second).unlink()
    assert (pdc()["vanished"], pdc()["opened"]) == (2, [])


# --- connectors of others ------------------------------------------------------------------------------------------


class Stamping(Connector):
    """A source with stamps; it skips what it may and what ``lies`` says."""

    def __init__(self, config: SystemConfig, stamps: dict[str, str], yielded: set[str], lies: set[str]) -> None:
        super().__init__(config)
        self.given, self.yielded, self.lies = stamps, yielded, lies
        self.known: dict[str, str] | None = None

    def skip_unchanged(self, known: Mapping[str, str], since: datetime) -> None:
        self.known = dict(known)

    def probe(self) -> None: ...

    def list_assets(self) -> Listing:
        self.unchanged = {name for name, mark in (self.known or {}).items() if self.given.get(name) == mark}
        self.unchanged |= self.lies
        return Listing(tuple(self.given))

    def assets(self) -> Iterator[Asset]:
        self.stamps = dict(self.given)
        for name in sorted(self.yielded - self.unchanged):
            yield Asset("d", "s", name, columns=(Column("x", 1),))


@pytest.fixture
def harvested(store: Store) -> Callable[..., tuple[Stamping, SystemResult]]:
    """One harvest of a system ``d/s`` with these stamps; all assets are yielded unless ``yielded`` says which."""

    def run(
        stamps: dict[str, str], yielded: set[str] | None = None, lies: set[str] | None = None, **more: Any
    ) -> tuple[Stamping, SystemResult]:
        settings = SystemConfig(department="d", id="s", connector="files", sample_rows=0, **more)
        source = Stamping(settings, stamps, set(stamps) if yielded is None else yielded, lies or set())
        day = date(2026, 1, 1)
        result = harvest(store, [settings], run=1, at=f"{day}T00:00:00+08:00", as_of=day, opener=lambda _: source)
        return source, result.systems[0]

    return run


def test_what_another_configuration_made_is_not_kept_by_a_failure(harvested: Any) -> None:
    harvested({"a": "1", "b": "1b"})
    assert harvested({"a": "1", "b": "1b"})[0].known == {"a": "1", "b": "1b"}
    # `a` is listed and cannot be read: what is stored of it comes from before the change.
    source, result = harvested({"a": "1", "b": "1b"}, {"b"}, update_cycle="每月")
    assert (source.known, result.complete) == (None, True)
    assert harvested({"a": "1", "b": "1b"}, update_cycle="每月")[0].known == {"b": "1b"}


def test_what_was_not_asked_about_is_not_believed_to_be_unchanged(harvested: Any) -> None:
    harvested({"a": "1", "b": ""})
    _, result = harvested({"a": "1", "b": ""}, lies={"b", "never"})
    assert (result.assets, result.not_read) == (1, 1)


def test_a_stamp_that_is_too_long_is_none(harvested: Any) -> None:
    harvested({"a": "x" * 64, "b": "x" * 65})
    assert harvested({"a": "x" * 64, "b": ""})[0].known == {"a": "x" * 64}


def test_a_missing_asset_that_comes_back_unchanged_is_there_again(harvested: Any, store: Store) -> None:
    names = {name: name for name in "abcdefgh"}
    harvested(names)
    (row,) = (item.id for key, item in store.known("d", "s").items() if key == "d/s/a")
    store.mark_missing([row], None)
    _, result = harvested(names)
    assert (result.not_read, store.known("d", "s")["d/s/a"].missing_runs) == (8, 0)


# --- the parts -----------------------------------------------------------------------------------------------------


def config(**more: Any) -> SystemConfig:
    return SystemConfig(department="d", id="s", connector="files", **more)


def test_secrets_are_not_in_the_digest_and_all_else_is() -> None:
    def digest(url: str, **options: Any) -> str:
        return unchanged.config_digest(config(url=url, options=options))

    plain = digest("postgresql://a:one@host/db?password=x", auth={"secret": "s"}, headers={"X-Api-Key": "k"})
    assert plain == digest("postgresql://b:two@host/db?password=y", auth={"secret": "t"}, headers={"X-Api-Key": "l"})
    assert plain != digest("postgresql://a:one@other/db?password=x", auth={"secret": "s"}, headers={"X-Api-Key": "k"})
    assert plain != unchanged.config_digest(config(url="postgresql://a:one@host/db?password=x"))


def known(stamp: str, *, sampled: bool = True, engine: str = "e", vanished: bool = False) -> Known:
    return Known(1, "f", sampled, 0, vanished, 3, stamp, engine)


def test_assets_that_are_read_together_are_skipped_together() -> None:
    stored = {
        "d/s/a": known("1"),
        "d/s/b": known("1", sampled=False),
        "d/s/c": known("2"),
        "d/s/e": known("3", engine="older"),
        "d/s/f": known("4", vanished=True),
        "d/s/g": known(""),
    }
    assert unchanged.skippable(stored, "d/s/", "e") == {"c": "2"}
    assert unchanged.skippable(stored, "d/s/", None) == {"a": "1", "b": "1", "c": "2", "e": "3"}


def test_since_is_the_start_of_a_complete_run_of_the_same_configuration() -> None:
    state = SystemState("d", "s", "files", 1, True, 0, None, "2026-01-02T00:00:00+08:00", "x")
    found = unchanged.since(state, "x", timedelta(hours=8))
    assert found == datetime(2026, 1, 1, 8, tzinfo=timezone.utc)
    assert unchanged.since(state, "y", timedelta()) is None
    assert unchanged.since(None, "x", timedelta()) is None
