"""What hostile drops may not do: fill memory or disk, lead out of the folder, hang, or leave anything behind."""

from __future__ import annotations

import os
import tempfile
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.files.jsontext import closed

PEOPLE = "姓名,身份证号,金额\n某甲,310107199001011230,1.50\n某乙,310107199101011231,2\n"
GIB = 1 << 30
MIB = 1 << 20


@contextmanager
def bounded(mebibytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < mebibytes * MIB, f"{peak / MIB:.0f} MiB"


def sampled(drop: Any, **keys: Any) -> dict[str, dict[str, list[Any]]]:
    with drop.source(**keys) as source:
        found = {asset.qualified_name: source.sample(asset, 3) for asset in source.assets()}
        assert source.failures == []
    return found


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.dbf"])
def test_two_gibibytes_are_read_in_bounded_memory(drop: Any, dbf: Callable[..., bytes], name: str) -> None:
    heads = {
        "a.csv": "编号,姓名\n" + "1,某甲\n" * 200_000,
        "a.json": '{"data": [' + '{"编号": 1, "姓名": "某甲"},' * 60_000,
        "a.jsonl": '{"编号": 1, "姓名": "某甲"}\n' * 60_000,
        "a.dbf": dbf([("编号".encode(), "N", 8, 0), ("姓名".encode(), "C", 8, 0)], [[b"1", "某甲".encode()]] * 60_000),
    }
    content = heads[name]
    path = drop.write(name, content)
    os.truncate(path, 2 * GIB)
    with bounded(48):
        rows = sampled(drop)
    assert rows["a"]["姓名"] == ["某甲"] * 3


def test_a_line_without_end_is_read_in_bounded_memory(drop: Any) -> None:
    path = drop.write("a.csv", b"x," * MIB)
    os.truncate(path, 2 * GIB)
    with bounded(200):
        assets, failures, complete = drop.troubled()
    assert len(assets["a"].columns) == 20_000
    assert any("more than 20000 columns" in failure for failure in failures)
    assert complete


def test_a_member_of_an_archive_is_read_in_bounded_memory(drop: Any) -> None:
    row = "1,某甲,xyz\n".encode() * 100_000
    with (
        zipfile.ZipFile(drop.root / "d.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        packed.open("a.csv", "w", force_zip64=True) as member,
    ):
        member.write("编号,姓名,备注\n".encode())
        for _ in range(200):
            member.write(row)
    with bounded(48):
        rows = sampled(drop, max_ratio=10_000)
    assert rows["d.zip.a"]["姓名"] == ["某甲"] * 3


def bomb(drop: Any, name: str, member: str, size: int = 64 * MIB) -> None:
    with zipfile.ZipFile(drop.root / name, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(member, b"0" * size)


@pytest.mark.parametrize("member", ["a.csv", "a.dbf", "a.json"])
def test_bombs_are_refused_unread(drop: Any, member: str) -> None:
    bomb(drop, "d.zip", member)
    drop.write("b.csv", PEOPLE)
    with bounded(16):
        assets, failures, complete = drop.troubled()
    assert list(assets) == ["b"]
    assert failures == [
        f"d.zip/{member}: refused: it unpacks to more than 200 times its size "
        "(it may be hostile; if it is right, raise max_ratio)"
    ]
    assert not complete


def test_a_workbook_that_is_a_bomb_is_refused_unread(drop: Any) -> None:
    drop.write("b.csv", PEOPLE)
    bomb(drop, "a.xlsx", "xl/sharedStrings.xml")
    with bounded(16):
        assets, failures, _ = drop.troubled()
    assert list(assets) == ["b"]
    assert len(failures) == 1
    assert failures[0].startswith("a.xlsx: it unpacks to more than 200 times its size")


def test_limits_are_the_operators(drop: Any) -> None:
    drop.write("b.csv", PEOPLE)
    with zipfile.ZipFile(drop.root / "d.zip", "w") as packed:
        for number in range(20):
            packed.writestr(f"{number}.db", b"SQLite format 3\0" + bytes(2 * MIB))
    assert any("the archive unpacks to more than 16 MiB" in text for text in drop.troubled(max_mib=1)[1])
    assert any("d.zip/0.db: the file is larger than 1 MiB" in text for text in drop.troubled(max_mib=1)[1])
    _, failures, complete = drop.troubled(max_files=3, exclude=["*.db"])
    assert not complete
    assert "more than 3 files; the rest is not read (raise max_files, or exclude some)" in failures


def test_an_archive_with_more_members_than_allowed_is_not_even_listed(drop: Any) -> None:
    drop.write("b.csv", PEOPLE)
    drop.zip("d.zip", {f"{'x' * 200}{number}.csv": "" for number in range(5_000)})
    assets, failures, complete = drop.troubled(max_files=10)
    assert list(assets) == ["b"]
    assert failures == ["d.zip: the archive holds too many members (raise max_files, or deliver several archives)"]
    assert not complete


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil.csv", "C:\\evil.csv", "a/../../evil.csv", "..\\evil.csv"])
def test_members_that_lead_out_of_the_archive_are_refused(drop: Any, name: str) -> None:
    drop.zip("d.zip", {name: PEOPLE, "b.csv": PEOPLE})
    assets, failures, complete = drop.troubled()
    assert list(assets) == ["d.zip.b"]
    assert len(failures) == 1
    assert "leads out of the archive" in failures[0]
    assert complete


def test_links_encrypted_members_and_archives_in_archives_are_not_opened(drop: Any) -> None:
    with zipfile.ZipFile(drop.root / "d.zip", "w") as packed:
        link = zipfile.ZipInfo("link.csv")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
        packed.writestr("in.zip", "PK")
        packed.writestr("b.csv", PEOPLE)
        packed.writestr("secret.csv", PEOPLE)
    raw = bytearray((drop.root / "d.zip").read_bytes())
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1
    (drop.root / "d.zip").write_bytes(bytes(raw))
    assets, failures, _ = drop.troubled()
    assert list(assets) == ["d.zip.b"]
    assert [text.split(" (")[0] for text in failures] == [
        "d.zip/link.csv: the member is a link; it is refused",
        "d.zip/secret.csv: the member is encrypted",
        "d.zip/in.zip: 1 file of a kind that is not read",
    ]


def test_links_out_of_the_folder_are_refused_and_those_inside_passed_over(drop: Any, tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text(PEOPLE, encoding="utf-8")
    (tmp_path / "other").mkdir()
    drop.write("a.csv", PEOPLE)
    (drop.root / "b.csv").symlink_to(tmp_path / "outside.csv")
    (drop.root / "folder").symlink_to(tmp_path / "other")
    (drop.root / "again.csv").symlink_to(drop.root / "a.csv")
    (drop.root / "loop").symlink_to(drop.root)
    assets, failures, complete = drop.troubled()
    assert list(assets) == ["a"]
    assert [text.split(":")[0] for text in failures] == ["b.csv", "folder"]
    assert "leads out of the folder" in failures[0]
    assert complete


def test_a_file_replaced_by_a_link_while_reading_is_not_followed(drop: Any, tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text(PEOPLE, encoding="utf-8")
    path = drop.write("a.csv", PEOPLE)
    with drop.source() as source:
        (asset,) = source.assets()
        path.unlink()
        path.symlink_to(tmp_path / "outside.csv")
        with pytest.raises(Exception, match=r"a\.csv: the file cannot be read"):
            source.sample(asset, 1)


def test_a_folder_replaced_by_a_link_while_reading_is_not_followed(drop: Any, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.csv").write_text(PEOPLE, encoding="utf-8")
    path = drop.write("sub/a.csv", PEOPLE)
    with drop.source() as source:
        (asset,) = source.assets()
        path.unlink()
        path.parent.rmdir()
        path.parent.symlink_to(tmp_path / "outside")
        with pytest.raises(Exception, match=r"sub/a\.csv: the file cannot be read"):
            source.sample(asset, 1)


def test_a_packed_file_that_hides_its_size_is_unpacked_up_to_the_limit(drop: Any) -> None:
    import gzip

    drop.write("b.csv", PEOPLE)
    drop.write("a.db.gz", gzip.compress(b"SQLite format 3\0" + bytes(3 * MIB)))
    assets, failures, complete = drop.troubled(max_mib=1)
    assert (list(assets), complete) == (["b"], False)
    assert failures == ["a.db: it unpacks to more than 1 MiB (raise max_mib if that is right)"]


@pytest.mark.timeout(20)
def test_pipes_and_devices_do_not_hang(drop: Any) -> None:
    os.mkfifo(drop.root / "pipe.csv")
    drop.write("a.csv", PEOPLE)
    assert list(drop.read()) == ["a"]
    with drop.source("pipe.csv") as source, pytest.raises(Exception, match="neither a file nor a folder"):
        source.probe()


def test_deep_folders_end(drop: Any) -> None:
    drop.write("a.csv", PEOPLE)
    drop.write("/".join("x" * 40) + "/b.csv", PEOPLE)
    assets, failures, complete = drop.troubled()
    assert list(assets) == ["a"]
    assert "more than 32 folders deep" in failures[0]
    assert not complete


def test_nothing_is_left_behind(drop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    path = drop.root / "w.db"
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE t (a INT)")
    database.commit()
    database.close()
    drop.zip("d.zip", {"w.db": path.read_bytes(), "a.csv": PEOPLE})
    drop.xlsx("b.xlsx", Sheet1=[["编号", "名称"], [1, "x"]])
    drop.zip("e.zip", {"b.xlsx": (drop.root / "b.xlsx").read_bytes()})
    before = {found: found.stat().st_mtime_ns for found in drop.root.rglob("*")}
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    there = set(tmp_path.iterdir())
    assert set(sampled(drop)) == {"w.db.t", "d.zip/w.db.t", "d.zip.a", "b", "e.zip.b"}
    assert {found: found.stat().st_mtime_ns for found in drop.root.rglob("*")} == before
    assert set(tmp_path.iterdir()) == there


@pytest.mark.parametrize(
    "text", ['{"a": [1, 2', '[{"a": "x]}', '[{"a": {"b": [1, {"c": "}', '{"a": 1, "b', "[[[[", '["\\"', "", "["]
)
def test_a_cut_json_is_closed(text: str) -> None:
    import json

    repaired = closed(text)
    assert repaired == "" or json.loads(repaired) is not None


def test_deep_nesting_of_json_is_an_error_of_that_file(drop: Any) -> None:
    drop.write("a.csv", PEOPLE)
    drop.write("b.json", "[" * 100_000 + "]" * 100_000)
    drop.write("c.json", '{"a":' * 300 + "1" + "}" * 300)
    assets, failures, _ = drop.troubled()
    assert set(assets) == {"a", "c"}
    assert [text.split(" (")[0] for text in failures] == ["b.json: the file is not JSON, or nested too deeply"]


@pytest.mark.timeout(20)
def test_patterns_take_no_time_on_endless_texts(drop: Any) -> None:
    endless = ["1" * 900_000, "@" * 900_000, "a." * 450_000, " " * 900_000, "某 " * 200_000, "(" * 900_000]
    for number, text in enumerate(endless):
        drop.write(f"k{number}x.json", f'{{"{text}": 1}}')
        drop.write(f"t{number}x.csv", f"编号,名称\n1,{text}\n")
        drop.write(f"h{number}x.csv", f"编号,{text}\n1,x\n")
    with drop.source() as source:
        assert len(source.list_assets().names) == 18
        assert all(len(column.name) <= 600 for asset in source.assets() for column in asset.columns)


def test_a_sheet_with_one_cell_far_out_is_read_quickly(drop: Any) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for number in range(1, 1_000):
        book.active.cell(number, 1, number)
    book.active.cell(1, 16_000, "编号")
    book.active.cell(1_048_576, 2, "x")
    book.save(drop.root / "a.xlsx")
    with bounded(200):
        assets, _, _ = drop.troubled()
    assert [asset.kind for asset in assets.values()] == ["sheet"]


def test_names_of_members_have_an_end(drop: Any) -> None:
    drop.zip("d.zip", {"x/" * 20_000 + "a.csv": PEOPLE, "b.csv": PEOPLE})
    assets, failures, _ = drop.troubled()
    assert list(assets) == ["d.zip.b"]
    assert len(failures) == 1
    assert "the member's name is too long" in failures[0]


def test_the_directory_of_an_archive_is_read_once_whatever_it_holds(drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    drop.zip("a.zip", {f"{number}/x.csv": "编号,名称\n1,x\n" for number in range(300)})
    opened: list[object] = []
    plain = zipfile.ZipFile

    def counted(stream: Any) -> zipfile.ZipFile:
        opened.append(stream)
        return plain(stream)

    monkeypatch.setattr("connectors.files.archive.zipfile.ZipFile", counted)
    with drop.source() as source:
        assert sum(len(source.sample(asset, 1)) for asset in source.assets()) == 600
    assert len(opened) == 1


def test_archives_whose_members_mix_are_read_however_many_they_are(drop: Any) -> None:
    """More of them than stay open; each family takes one file of every archive."""
    for day in range(10, 20):
        drop.zip(f"drop_202601{day}.zip", {f"{name}.csv": f"编号,名称\n{day},x\n" for name in "ab"})
    assets = drop.read()
    assert sorted(asset.place for asset in assets.values()) == [
        f"drop_{{date}}.zip/{name}.csv (10 files)" for name in "ab"
    ]
