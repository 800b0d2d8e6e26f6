"""Drops of files as systems: every format, encodings, families of dates, globs, secrecy, samples."""

from __future__ import annotations

import datetime
import json
import random
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.base import BadInputError, ConfigurationError, SourceFatalError, SystemConfig
from connectors.model import Asset, ForeignKey
from connectors.testing import Conformance

PEOPLE = "姓名,身份证号,金额\n某甲,310107199001011230,1.50\n某乙,310107199101011231,2\n"


def columns(asset: Asset) -> list[tuple[str, str]]:
    return [(column.name, column.data_type) for column in asset.columns]


class TestConformance(Conformance):
    @pytest.fixture
    def config(self, drop: Any) -> SystemConfig:
        fill(drop)
        return SystemConfig(department="d", id="s", connector="files", path=str(drop.root))


class TestConformanceZip(Conformance):
    MARKED = 1

    @pytest.fixture
    def config(self, drop: Any) -> SystemConfig:
        members = {"a_202601.csv": PEOPLE, "a_202602.csv": PEOPLE, "b/c.json": '[{"a": {"b": 1}}]'}
        path = drop.zip("d.zip", {**members, "机密名单.csv": PEOPLE})
        return SystemConfig(department="d", id="s", connector="files", path=str(path))


def fill(drop: Any) -> None:
    drop.write("低保_20260101.csv", PEOPLE)
    drop.write("低保_20260201.csv", PEOPLE, "gb18030")
    drop.write("sub/b.jsonl", '{"a": 1}\n{"a": 2, "b": {"c": ["x"]}}\n')
    drop.xlsx("名单.xlsx", Sheet1=[["姓名", "年龄"], ["某甲", 31]], 特困=[["编号", "姓名"], [1, "某乙"]])
    with sqlite3.connect(drop.root / "d.db") as database:
        database.execute("CREATE TABLE t (id INT PRIMARY KEY, xm TEXT)")
        database.execute("CREATE TABLE u (t_id INT REFERENCES t(id))")
        database.execute("INSERT INTO t VALUES (1, '某甲')")
    database.close()


def test_one_drop_of_everything(drop: Any) -> None:
    fill(drop)
    assets = drop.read()
    assert {name: asset.kind for name, asset in assets.items()} == {
        "低保": "file",
        "sub.b": "file",
        "名单": "sheet",
        "名单.xlsx.特困": "sheet",
        "d.db.t": "table",
        "d.db.u": "table",
    }
    assert columns(assets["低保"]) == [("姓名", "VARCHAR"), ("身份证号", "VARCHAR"), ("金额", "DECIMAL")]
    assert assets["低保"].place == "低保_{date}.csv (2 files)"
    assert columns(assets["sub.b"]) == [("a", "INT"), ("b.c[]", "VARCHAR")]
    assert columns(assets["名单"]) == [("姓名", "VARCHAR"), ("年龄", "INT")]
    assert assets["d.db.u"].foreign_keys == (ForeignKey(("t_id",), "d.db.t", ("id",)),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_found(drop: Any, encoding: str) -> None:
    drop.write("a.csv", PEOPLE, encoding)
    with drop.source() as source:
        (asset,) = source.assets()
        assert [column.name for column in asset.columns] == ["姓名", "身份证号", "金额"]
        assert source.sample(asset, 1) == {"姓名": ["某甲"], "身份证号": ["310107199001011230"], "金额": ["1.50"]}


def test_both_encodings_in_one_file(drop: Any) -> None:
    drop.write("a.csv", "编号,姓名\n1,某甲\n".encode() * 5 + "2,某乙\n".encode("gb18030"))
    with drop.source() as source:
        (asset,) = source.assets()
        assert source.sample(asset, 50)["姓名"][-1] == "某乙"


def test_an_encoding_and_a_delimiter_by_the_operator(drop: Any) -> None:
    drop.write("a.csv", "編號^名稱\n1^台灣\n", "big5")
    assert [column.name for column in drop.read(encoding="big5", delimiter="^", header=True)["a"].columns] == [
        "編號",
        "名稱",
    ]


def test_excels_own_line_about_the_delimiter(drop: Any) -> None:
    drop.write("a.csv", "sep=;\r\n编号;名称\r\n1;x,y\r\n")
    assert columns(drop.read()["a"]) == [("编号", "INT"), ("名称", "VARCHAR")]


def test_a_file_without_a_heading_has_numbered_columns_and_says_so(drop: Any) -> None:
    drop.write("a.csv", PEOPLE.split("\n", 1)[1])
    assets = drop.read()
    assert columns(assets["a"]) == [("c1", "VARCHAR"), ("c2", "VARCHAR"), ("c3", "DECIMAL")]
    assert drop.notices == [
        "a.csv: no heading row recognised; the columns are called c1 to c3 "
        "(set header: true or header: false for the system)"
    ]
    assert columns(drop.read(header=False)["a"]) == columns(assets["a"])
    assert drop.notices == []


def test_prose_is_no_table_and_a_delimited_text_is_one(drop: Any) -> None:
    drop.write("README.txt", "说明：本目录由系统导出。\n其他，略。\n")
    drop.write("b.txt", "编号\t名称\n1\tx\n2\ty\n")
    drop.write("photo.jpg", b"\xff\xd8\xff")
    assert list(drop.read()) == ["b"]


def test_dated_files_are_one_asset_with_all_columns(drop: Any) -> None:
    drop.write("in/ryxx_20260101.csv", "编号,名称,旧\n1,x,1\n")
    drop.write("in/ryxx_20260102.csv", "编号,名称\n1,x\n")
    drop.write("in/ryxx_20260103.csv", "编号,名称,新\n1,x,2026-01-01\n")
    assets = drop.read()
    assert [column.name for column in assets["in.ryxx"].columns] == ["编号", "名称", "新", "旧"]
    assert [column.ordinal for column in assets["in.ryxx"].columns] == [1, 2, 3, 4]
    assert assets["in.ryxx"].place == "in/ryxx_{date}.csv (3 files)"
    assert [notice.split(" (")[0] for notice in drop.notices] == [
        "in/ryxx_20260102.csv: 2 of 3 files have other columns than the newest; only there: 旧; not there: 新"
    ]
    assert set(drop.read(fold=False, include=["*02.csv", "*03.csv"])) == {"in.ryxx_20260102", "in.ryxx_20260103"}


def test_partitions_by_folders(drop: Any) -> None:
    for day in ("2026/01/02", "2026/01/03", "2025/12/31"):
        drop.write(f"events/{day}/part-0.csv", "id,type\n1,x\n")
    drop.write("hits/dt=2026-01-02/part-00000-0a1b2c3d.c000.csv", "id,type\n1,x\n")
    drop.write("202601/名单.csv", "编号,名称\n1,x\n")
    drop.write("202602/名单.csv", "编号,名称\n1,x\n")
    drop.write("3/b.csv", "编号,名称\n1,x\n")
    places = {name: asset.place for name, asset in drop.read().items()}
    assert places == {
        "events": "events/{date}/{date}/{date}/part-*.csv (3 files)",
        "hits": "hits/{date}/part-*.csv",
        "名单": "{date}/名单.csv (2 files)",
        "3.b": "3/b.csv",
    }


def test_one_dated_file_is_called_what_it_will_be_called_tomorrow(drop: Any) -> None:
    drop.write("ryxx-202601.csv", PEOPLE)
    before = drop.read()["ryxx"].fingerprint
    drop.write("ryxx-202602.csv", PEOPLE)
    assert drop.read()["ryxx"].fingerprint == before


def test_sheets_of_different_months_are_one_asset(drop: Any) -> None:
    rows = [["姓名", "年龄"], ["某甲", 31]]
    drop.xlsx("名单_202601.xlsx", **{"低保202601": rows})
    drop.xlsx("名单_202602.xlsx", **{"低保202602": rows})
    with drop.source() as source:
        (asset,) = source.assets()
        assert (asset.qualified_name, asset.place) == ("名单.xlsx.低保", "名单_{date}.xlsx (2 files)!低保202602")
        assert source.sample(asset, 5) == {"姓名": ["某甲"], "年龄": [31]}


def test_two_kinds_of_file_under_one_name(drop: Any) -> None:
    drop.write("a.csv", PEOPLE)
    drop.write("a.json", '[{"id": 1}]')
    drop.write("b/a.csv", PEOPLE)
    assert sorted(drop.read()) == ["a", "a.json", "b.a"]
    with drop.source() as source:
        samples = {asset.qualified_name: source.sample(asset, 1) for asset in source.assets()}
    assert samples["a.json"] == {"id": [1]}


def test_data_sheets_with_titles_merged_headings_and_errors(drop: Any) -> None:
    day = datetime.datetime(2026, 1, 2)
    rows = [
        ["2026年低保名单"],
        ["填报单位：某街道", None, None, "单位：元"],
        ["姓名", "联系方式", None, "发放日期", "金 额"],
        [None, "电话", "邮箱", None, None],
        ["某甲", "13800000000", "a@example.cn", day, 12.5],
        ["某乙", "13900000000", "无", day, "#REF!"],
    ]
    drop.xlsx("a.xlsx", Sheet1=rows, 空=[])
    with drop.source() as source:
        (asset,) = source.assets()
        assert source.failures == []
        assert (asset.comment, asset.kind) == ("2026年低保名单", "sheet")
        assert columns(asset) == [
            ("姓名", "VARCHAR"),
            ("联系方式/电话", "VARCHAR"),
            ("联系方式/邮箱", "VARCHAR"),
            ("发放日期", "DATETIME"),
            ("金额", "DOUBLE"),
        ]
        assert source.sample(asset, 9)["联系方式/邮箱"] == ["a@example.cn", None]
        assert source.sample(asset, 9)["金额"] == [12.5, None]


def test_json_in_its_envelopes(drop: Any) -> None:
    drop.write("a.json", json.dumps({"code": 0, "data": {"list": [{"id": 1, "p": [{"c": True}]}, {"q": None}]}}))
    drop.write("b.json", '{"persons": [{"name": "某"}], "orgs": [{"id": 1}]}')
    drop.write("c.geojson", '{"type": "FeatureCollection", "features": [{"properties": {"名称": "x"}, "g": [[1.5]]}]}')
    drop.write("d.json", '{"a": 1}\n{"a": 2}\n')
    drop.write("e.jsonl", '[{"a": 1}]')
    drop.write("f.json", "[1, 2]")
    assert {name: columns(asset) for name, asset in drop.read().items()} == {
        "a": [("id", "INT"), ("p[].c", "BOOLEAN"), ("q", "UNKNOWN")],
        "b": [("persons[].name", "VARCHAR"), ("orgs[].id", "INT")],
        "c": [("properties.名称", "VARCHAR"), ("g[][]", "DOUBLE")],
        "d": [("a", "INT")],
        "e": [("a", "INT")],
        "f": [("value", "INT")],
    }


def test_keys_that_are_data_become_no_columns(drop: Any) -> None:
    people = {f"31010719900101{n:04}": {"name": "某"} for n in range(500)}
    drop.write("a.json", json.dumps(people))
    assert columns(drop.read()["a"]) == [("*.name", "VARCHAR")]


def test_broken_lines_of_json_are_counted(drop: Any) -> None:
    drop.write("a.jsonl", '{"a": 1}\n{broken\n\n{"a": 2}\n')
    assets, failures, complete = drop.troubled()
    assert columns(assets["a"]) == [("a", "INT")]
    assert failures == ["a.jsonl:2: 1 of the first 3 lines are no JSON (deliver the file again; they are left out)"]
    assert complete


@pytest.mark.parametrize(("encoding", "mark"), [("gbk", 0), ("gbk", 3), ("utf-8", 0), ("big5", 0x78)])
def test_dbf(drop: Any, dbf: Callable[..., bytes], encoding: str, mark: int) -> None:
    fields = [("姓名".encode(encoding), "C", 20, 0), (b"JE", "N", 10, 2), (b"RQ", "D", 8, 0), (b"SF", "L", 1, 0)]
    fields += [(b"BZ", "M", 10, 0)]
    rows = [["張三".encode(encoding), b"      1.50", b"20260102", b"T", b""], [b"x", b"", b"", b"?", b""]]
    drop.write("a.dbf", dbf(fields, rows, mark))
    with drop.source() as source:
        (asset,) = source.assets()
        assert [(c.name, c.type, c.data_type) for c in asset.columns] == [
            ("姓名", "C(20)", "VARCHAR"),
            ("JE", "N(10,2)", "NUMERIC"),
            ("RQ", "D", "DATE"),
            ("SF", "L", "BOOLEAN"),
            ("BZ", "M", "TEXT"),
        ]
        assert (asset.row_estimate, asset.columns[0].length, asset.columns[1].scale) == (2, 20, 2)
        assert source.sample(asset, 1) == {
            "姓名": ["張三"],
            "JE": [1.5],
            "RQ": [datetime.date(2026, 1, 2)],
            "SF": [True],
            "BZ": [None],
        }


def test_deleted_records_of_a_dbf_are_not_sampled(drop: Any, dbf: Callable[..., bytes]) -> None:
    table = bytearray(dbf([(b"A", "C", 3, 0)], [[b"one"], [b"two"]]))
    table[33 + 32] = ord("*")
    drop.write("a.dbf", bytes(table))
    with drop.source() as source:
        (asset,) = source.assets()
        assert source.sample(asset, 5) == {"A": ["two"]}


def test_globs_of_paths_and_of_assets(drop: Any) -> None:
    fill(drop)
    drop.write("sub/深/x.csv", PEOPLE)
    assert set(drop.read(include=["*.csv"])) == {"低保", "sub/深.x"}
    assert set(drop.read(include=["sub/*"])) == {"sub.b", "sub/深.x"}
    assert set(drop.read(include=["sub/*", "低*"])) == {"sub.b", "sub/深.x", "低保"}
    assert set(drop.read(include=["名单.xlsx.*"])) == {"名单.xlsx.特困"}
    assert set(drop.read(exclude=["*.xlsx", "*.db", "sub/*"])) == {"低保"}
    with drop.source(restricted=["*.csv", "特困"]) as source:
        listing = source.list_assets()
        assert (listing.excluded, listing.complete) == (4, True)
        assert {"低保", "sub/深.x"} <= source.quarantined


def test_restricted_files_are_not_opened(drop: Any) -> None:
    drop.write("a.csv", PEOPLE)
    drop.write("b.csv", PEOPLE).chmod(0)
    opened: list[str] = []
    with drop.source(restricted=["b"]) as source:
        find = source._sources

        def watched(discovery: Any) -> Any:
            from dataclasses import replace

            for found in find(discovery):
                yield replace(found, open=lambda found=found: opened.append(found.path) or found.open())

        source._sources = watched
        assert source.list_assets().names == ("a",)
    assert set(opened) == {"a.csv"}


SECRET = [
    lambda drop: drop.write("涉密名单.csv", PEOPLE),
    lambda drop: drop.write("机密/a.csv", PEOPLE),
    lambda drop: drop.zip("绝密.zip", {"a.csv": PEOPLE}),
    lambda drop: drop.zip("a.zip", {"涉密/a.csv": PEOPLE}),
    lambda drop: drop.xlsx("a.xlsx", 涉密=[["编号", "姓名"], [1, "x"]]),
    lambda drop: drop.xlsx("a.xlsx", Sheet1=[["某名单（机密）"], ["编号", "姓名"], [1, "x"]]),
    lambda drop: drop.xlsx("a.xlsx", Sheet1=[["密级：机密", "编号：1"], ["编号", "姓名"], [1, "x"]]),
    lambda drop: drop.write("a.csv", "秘密★十年\n编号,姓名\n1,x\n"),
]


@pytest.mark.parametrize("make", SECRET)
def test_files_with_a_secrecy_mark_are_counted_and_never_named(drop: Any, make: Callable[[Any], Path]) -> None:
    drop.write("plain.csv", PEOPLE)
    make(drop)
    with drop.source() as source:
        listing = source.list_assets()
        assert (listing.names, listing.quarantined, listing.complete) == (("plain",), 1, True)
        assert [asset.name for asset in source.assets()] == ["plain"]
        assert source.failures == []
        assert source.quarantined


def test_hidden_and_unfinished_files_are_passed_over(drop: Any) -> None:
    for name in ("~$a.xlsx", ".a.csv", "a.csv.tmp", "a.csv.part", "b.csv~", ".git/c.csv", "__MACOSX/d.csv"):
        drop.write(name, PEOPLE)
    assert drop.read() == {}


def test_a_packed_text_is_read_like_a_plain_one(drop: Any) -> None:
    import gzip

    drop.write("a_20260101.csv.gz", gzip.compress(PEOPLE.encode()))
    drop.write("b.tar.gz", gzip.compress(b"x"))
    assets, failures, _ = drop.troubled()
    assert [column.name for column in assets["a"].columns] == ["姓名", "身份证号", "金额"]
    assert failures == ["b.tar.gz: 1 file of a kind that is not read (.gz) (unpack it)"]


def test_archives_with_names_in_gbk(drop: Any) -> None:
    path = drop.zip("d.zip", {"AAAA/BBBB.csv": PEOPLE})
    raw = path.read_bytes().replace(b"AAAA", "民政".encode("gbk")).replace(b"BBBB", "名单".encode("gbk"))
    path.write_bytes(raw)
    with drop.source() as source:
        (asset,) = source.assets()
        assert asset.qualified_name == "d.zip/民政.名单"
        assert source.sample(asset, 1)["姓名"] == ["某甲"]


def test_what_is_in_an_archive_is_read_like_what_is_beside_it(drop: Any, dbf: Callable[..., bytes]) -> None:
    fill(drop)
    inside = {path.name: path.read_bytes() for path in drop.root.rglob("*") if path.is_file()}
    inside["e.dbf"] = dbf([(b"A", "C", 3, 0)], [[b"one"]])
    for path in list(drop.root.rglob("*.*")):
        path.unlink()
    drop.zip("备份_20260101.zip", inside)
    with drop.source() as source:
        samples = {asset.qualified_name: source.sample(asset, 1) for asset in source.assets()}
        assert source.failures == []
    assert set(samples) == {
        *("备份.zip.低保", "备份.zip.b", "备份.zip.e", "备份.zip.名单", "备份.zip/名单.xlsx.特困"),
        *("备份.zip/d.db.t", "备份.zip/d.db.u"),
    }
    assert samples["备份.zip/d.db.t"] == {"id": [1], "xm": ["某甲"]}
    assert samples["备份.zip/名单.xlsx.特困"] == {"编号": [1], "姓名": ["某乙"]}


def test_one_file_as_a_system(drop: Any) -> None:
    path = drop.write("ryxx_20260101.csv", PEOPLE)
    assert list(drop.read("ryxx_20260101.csv")) == ["ryxx"]
    path.rename(path.with_name("20260101.csv"))
    assert list(drop.read()) == ["drop"]


def test_one_broken_file_leaves_the_others(drop: Any) -> None:
    drop.write("a.csv", PEOPLE)
    drop.write("b.xlsx", b"PK\x03\x04broken")
    drop.write("c.dbf", b"no table")
    drop.write("d.json", "{broken")
    drop.write("e.sqlite", b"x" * 100)
    drop.write("f.csv", b"\0\1\2" * 100)
    drop.write("Thumbs.db", b"x" * 100)
    assets, failures, complete = drop.troubled()
    assert list(assets) == ["a"]
    assert sorted(failure.partition(":")[0] for failure in failures) == [
        "b.xlsx",
        "c.dbf",
        "d.json",
        "e.sqlite",
        "f.csv",
    ]
    assert all(failure.endswith(")") for failure in failures)
    assert not complete


def test_nothing_readable_is_a_failure_and_nothing_at_all_an_empty_system(drop: Any) -> None:
    assert drop.read() == {}
    drop.write("c.dbf", b"no table")
    with drop.source() as source, pytest.raises(SourceFatalError, match="no file could be read"):
        source.list_assets()
    with drop.source("missing") as source, pytest.raises(SourceFatalError, match="no such file or folder"):
        source.probe()


def test_a_file_that_goes_away_before_it_is_sampled(drop: Any) -> None:
    path = drop.write("a.csv", PEOPLE)
    with drop.source() as source:
        (asset,) = source.assets()
        path.unlink()
        with pytest.raises(BadInputError, match=r"a\.csv: the file cannot be read \(No such file"):
            source.sample(asset, 1)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"delimiter": "||"}, "one character"),
        ({"encoding": "klingon"}, "unknown encoding"),
        ({"max_mib": 0}, "max_mib must be"),
        ({"url": "file:///etc"}, "not an address of remote files"),
        ({"url": "simplecache::s3://x"}, "not an address of remote files"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_opened(drop: Any, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        drop.source("missing", **keys)


@pytest.mark.parametrize(("name", "module", "extra"), [("a.parquet", "pyarrow", "parquet"), ("a.xls", "xlrd", "xls")])
def test_a_missing_extra_is_one_sentence_with_the_command(
    drop: Any, monkeypatch: pytest.MonkeyPatch, name: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    drop.write("b.csv", PEOPLE)
    drop.write(name, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" if extra == "xls" else b"PAR1")
    assets, failures, complete = drop.troubled()
    assert (list(assets), complete) == (["b"], False)
    assert len(failures) == 1
    assert f"needs the package {module}" in failures[0]
    assert f"pip install 'public-data-catalog[{extra}]'" in failures[0]


def test_a_url_without_fsspec_says_how_to_get_it(drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.registry", None)
    with pytest.raises(ConfigurationError, match=r"needs the package fsspec \(run: pip install .*\[remote\]") as caught:
        drop.source(url="s3://key:secret@bucket/x?token=y")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.json"])
def test_a_binary_file_is_no_table(drop: Any, seed: int, name: str) -> None:
    drop.write(name, random.Random(seed).randbytes(5000))
    drop.write("b.csv", PEOPLE)
    assets, failures, complete = drop.troubled()
    assert (list(assets), complete) == (["b"], False)
    assert [failure for failure in failures if "not text" in failure or "not JSON" in failure] == failures != []
