"""Kinds that need an extra: Parquet, old workbooks, remote files. Skipped where the extra is not installed."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from typing import Any

import pytest

from connectors.base import ConfigurationError

PEOPLE = "姓名,身份证号\n某甲,310107199001011230\n某乙,310107199101011231\n"


def write_parquet(drop: Any, path: str, table: Any, **keys: Any) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    drop.write(path, b"")
    parquet.write_table(table, drop.root / path, **keys)


def people(count: int = 2) -> Any:
    pa = pytest.importorskip("pyarrow")
    fields = [
        pa.field("编号", pa.int64(), nullable=False),
        pa.field("xm", pa.string(), metadata={"comment": "姓名"}),
        pa.field("je", pa.decimal128(10, 2)),
        pa.field("sj", pa.timestamp("us", tz="Asia/Shanghai")),
        pa.field("addr", pa.struct([("lines", pa.list_(pa.struct([("c", pa.date32())])))])),
        pa.field("tags", pa.list_(pa.string())),
        pa.field("kv", pa.map_(pa.string(), pa.int8())),
        pa.field("lb", pa.dictionary(pa.int32(), pa.string())),
        pa.field("raw", pa.binary()),
    ]
    rows = [{"编号": n, "xm": "某甲", "tags": ["x", "y"], "addr": {"lines": []}, "lb": "k"} for n in range(count)]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def test_parquet_from_its_footer(drop: Any) -> None:
    table = people()
    write_parquet(drop, "events/2026/01/01/part-0.parquet", table)
    write_parquet(drop, "events/2026/01/02/part-0.parquet", table)
    with drop.source() as source:
        (asset,) = source.assets()
        assert source.failures == []
        assert (asset.name, asset.row_estimate, asset.place) == (
            "events",
            4,
            "events/{date}/{date}/{date}/part-*.parquet (2 files)",
        )
        assert [(column.name, column.data_type) for column in asset.columns] == [
            ("编号", "BIGINT"),
            ("xm", "VARCHAR"),
            ("je", "DECIMAL"),
            ("sj", "TIMESTAMPZ"),
            ("addr.lines[].c", "DATE"),
            ("tags[]", "VARCHAR"),
            ("kv", "MAP"),
            ("lb", "VARCHAR"),
            ("raw", "VARBINARY"),
        ]
        number, name, money = asset.columns[:3]
        assert (number.nullable, name.comment, money.precision, money.scale) == (False, "姓名", 10, 2)
        sample = source.sample(asset, 1)
    assert (sample["编号"], sample["xm"], sample["tags[]"], sample["addr.lines[].c"]) == ([0], ["某甲"], ["x"], [None])


def test_a_large_row_group_is_not_read_whole(drop: Any) -> None:
    pa = pytest.importorskip("pyarrow")
    text = pa.array([f"{n:064}" for n in range(400_000)])
    write_parquet(
        drop, "a.parquet", pa.table({"t": text}), row_group_size=400_000, use_dictionary=False, compression="NONE"
    )
    del text
    pool = pa.system_memory_pool()
    before = pa.default_memory_pool()
    pa.set_memory_pool(pool)
    try:
        with drop.source() as source:
            (asset,) = source.assets()
            assert source.sample(asset, 2)["t"][0].endswith("0")
        assert pool.max_memory() < 12 << 20
    finally:
        pa.set_memory_pool(before)


@pytest.mark.parametrize("keep", [0, 4, 11, 200, -1, -8])
def test_damaged_parquet_is_told(drop: Any, keep: int) -> None:
    write_parquet(drop, "a.parquet", people())
    drop.write("b.csv", PEOPLE)
    raw = (drop.root / "a.parquet").read_bytes()
    drop.write("a.parquet", raw[:keep])
    assets, failures, complete = drop.troubled()
    assert (list(assets), complete) == (["b"], False)
    assert failures == ["a.parquet: the file is not a complete Parquet file (deliver it again)"]


def test_a_parquet_footer_with_any_byte_changed_breaks_nothing(drop: Any) -> None:
    write_parquet(drop, "a.parquet", people())
    drop.write("b.csv", PEOPLE)
    raw = (drop.root / "a.parquet").read_bytes()
    footer = struct.unpack("<I", raw[-8:-4])[0]
    for at in range(len(raw) - 8 - footer, len(raw), 7):
        changed = bytearray(raw)
        changed[at] ^= 0xFF
        drop.write("a.parquet", bytes(changed))
        with drop.source() as source:
            assert "b" in {asset.name for asset in source.assets()}


@pytest.mark.parametrize("name", ["a.xls", "a.et", "名单_202601.xls"])
def test_old_workbooks(drop: Any, xls: Callable[..., bytes], name: str) -> None:
    pytest.importorskip("xlrd")
    drop.write(name, xls([["低保名单"], ["编号", "姓名"], [1.0, "某甲"], [2.0, "某乙"]]))
    with drop.source() as source:
        (asset,) = source.assets()
        assert source.failures == []
        assert (asset.kind, asset.comment) == ("sheet", "低保名单")
        assert [(column.name, column.data_type) for column in asset.columns] == [("编号", "INT"), ("姓名", "VARCHAR")]
        assert source.sample(asset, 1) == {"编号": [1], "姓名": ["某甲"]}


def test_what_only_calls_itself_xls(drop: Any, xls: Callable[..., bytes]) -> None:
    pytest.importorskip("xlrd")
    drop.write("a.xls", PEOPLE.replace(",", "\t"), "gb18030")
    drop.write("b.xls", "<html><table><tr><td>1</td></tr></table></html>")
    drop.write("c.xls", xls([["编号", "姓名"], [1.0, "某甲"]])[:20] + b"\xff" * 50)
    assets, failures, complete = drop.troubled()
    assert [column.name for column in assets["a"].columns] == ["姓名", "身份证号"]
    assert "b.xls: a page of HTML or XML, not a workbook (save it as .xlsx)" in failures
    assert len(failures) == 2
    assert not complete


def test_remote_files(drop: Any) -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    parts = {"in/ryxx_20260101.csv": PEOPLE.encode(), "in/ryxx_20260102.csv": PEOPLE.encode(), "in/.x.csv": b"x"}
    drop.zip("d.zip", {"a.csv": PEOPLE})
    parts["d.zip"] = (drop.root / "d.zip").read_bytes()
    memory.pipe({f"/drop/{path}": content for path, content in parts.items()})
    with drop.source(url="memory://drop") as source:
        source.probe()
        samples = {asset.qualified_name: source.sample(asset, 1) for asset in source.assets()}
        assert source.failures == []
    assert samples == {name: {"姓名": ["某甲"], "身份证号": ["310107199001011230"]} for name in ("d.zip.a", "in.ryxx")}
    with drop.source(url="memory://nowhere") as source, pytest.raises(Exception, match="memory://nowhere"):
        source.list_assets()


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("s3://key:secret@bucket/x", "s3fs"),
        ("abfs://container/x", "adlfs"),
        ("gs://bucket/x", "gcsfs"),
        ("sftp://host/x", "paramiko"),
        ("oss://bucket/x", "ossfs"),
    ],
)
def test_a_remote_file_system_without_its_package_says_the_command(
    drop: Any, monkeypatch: pytest.MonkeyPatch, url: str, package: str
) -> None:
    registry = pytest.importorskip("fsspec.registry")
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, "fsspec.implementations.sftp", None)
    monkeypatch.setattr(registry, "registry", {})
    monkeypatch.setattr(registry, "_registry", {})
    with pytest.raises(ConfigurationError) as caught:
        drop.source(url=url)
    scheme = url.partition(":")[0]
    told = f"{scheme}:// needs the package {package}, which is not installed (run: pip install '{package}')"
    assert str(caught.value) == told


def test_a_remote_file_system_of_an_unknown_kind(drop: Any) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(ConfigurationError, match="check url") as caught:
        drop.source(url="klingon://user:secret@host/x")
    assert "secret" not in str(caught.value)
