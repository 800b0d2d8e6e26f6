"""What connectors over files share: which files are read, what a lost one means, which assets may be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.base import ConfigurationError, SourceFatalError, SystemConfig, matches
from connectors.files_base import find_files, judge, needed_path, read_each
from connectors.model import Asset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub.sql").mkdir()
    for name in ("b.SQL", "sub.sql/a.sql", "~$b.sql", "._b.sql", "notes.txt"):
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", ["b.SQL", "sub.sql/a.sql"]),
        ("sub.sql", ["sub.sql/a.sql"]),
        ("notes.txt", ["notes.txt"]),
        ("**/*.sql", ["sub.sql/a.sql"]),
    ],
)
def test_files_of_a_path(folder: Path, path: str, found: list[str]) -> None:
    assert find_files(folder / path, (".sql",), "SQL file") == [folder / name for name in found]


@pytest.mark.parametrize(("path", "what"), [("none", "no such file"), ("*.xml", "no SQL file there"), ("\0", "path")])
def test_a_path_without_files_is_a_failure(folder: Path, path: str, what: str) -> None:
    with pytest.raises(SourceFatalError, match=what):
        find_files(folder / path, (".sql",), "SQL file")


def refuse_b(path: Path) -> str:
    if path.name == "b":
        raise SourceFatalError("damaged", place=path.name)
    return path.name


def test_one_lost_file_of_several_is_told_and_the_others_stay() -> None:
    found = read_each([Path("a"), Path("b")], refuse_b)
    assert (found.results, found.lost) == (["a"], ["b could not be read"])
    assert [str(failure) for failure in found.failures] == ["b: damaged"]
    for files in ([Path("b")], [Path("b"), Path("x/b")]):
        with pytest.raises(SourceFatalError, match="b: damaged"):
            read_each(files, refuse_b)


def test_what_may_be_shown() -> None:
    config = SystemConfig(department="d", id="s", connector="x", restricted=("get /inner*",), exclude=("*.json",))
    names = ("GET /open", "GET /inner/a.b", "GET /x.json", "绝密名单")
    assets = [Asset(department="d", system="s", schema="tag", name=name) for name in names]
    judged = judge(config, assets, ["a is lost", "b too"])
    assert [asset.name for asset in judged.assets] == ["GET /open"]
    assert judged.listing.names == ("tag.GET /open",)
    assert (judged.listing.excluded, judged.listing.quarantined) == (2, 1)
    assert (judged.listing.complete, judged.listing.reason) == (False, "a is lost; b too")
    assert judged.quarantined == {"tag.绝密名单"}


@pytest.mark.parametrize(
    ("glob", "matched"),
    [("a.b", True), ("s.a.b", True), ("a*", True), ("s.*", True), ("b", False), ("s", False), ("x.*", False)],
)
def test_globs_of_names_with_dots(glob: str, matched: bool) -> None:
    assert matches("s.a.b", [glob], "a.b") is matched


def test_where_there_are_no_globs_names_are_not_looked_at() -> None:
    class Unread(str):
        def rsplit(self, *_: object, **__: object) -> list[str]:
            raise AssertionError("looked at")

    assert matches(Unread("s.a"), ()) is False


def test_a_path_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="connector ddl needs path"):
        needed_path(SystemConfig(department="d", id="s", connector="ddl"), "give one")
