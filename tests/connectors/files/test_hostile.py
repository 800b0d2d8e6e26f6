"""Two hundred hostile inputs: no file breaks the reading of the others, and messages quote nothing of a file."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import ConnectorError, SystemConfig
from connectors.files import FilesConnector
from connectors.files.formats import KNOWN
from connectors.model import Asset
from connectors.testing import NASTY_TEXTS
from connectors.types import DATA_TYPES

CELL = st.one_of(
    st.sampled_from(["", "无", "310107199001011230", "1,5", '"', '"a\nb"', "'", "\\", "某甲", "=1+1", *NASTY_TEXTS]),
    st.text(max_size=20),
    st.integers().map(str),
)
DELIMITED = st.tuples(
    st.sampled_from([",", "\t", ";", "|", "||", "\x01"]),
    st.lists(st.lists(CELL, max_size=8), max_size=12),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
).map(lambda parts: parts[2].join(parts[0].join(row) for row in parts[1]))
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
TEXT = st.one_of(DELIMITED, VALUE.map(lambda value: __import__("json").dumps(value)), st.text(max_size=200))
CONTENT = st.one_of(
    st.tuples(TEXT, st.sampled_from(["utf-8", "gb18030", "utf-16", "utf-8-sig", "utf-32"])).map(
        lambda pair: pair[0].encode(pair[1], "replace")
    ),
    st.binary(max_size=300),
)
NAME = st.sampled_from(
    ["a", "a_20260101", "20260101", "2026/01/x", "名单", "涉密", "part-0", "a.b", "~$a", "x=1/b", "310107199001011230"]
)
SUFFIX = st.sampled_from(sorted(KNOWN))
FILES = st.dictionaries(st.tuples(NAME, SUFFIX).map("".join), CONTENT, max_size=6)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Sound files of the binary kinds, to be damaged."""
    import sqlite3

    from openpyxl import Workbook

    folder = tmp_path_factory.mktemp("seeds")
    book = Workbook()
    for row in (["编号", "名称"], [1, "x"], [2, "y"]):
        book.active.append(row)
    book.save(folder / "a.xlsx")
    with sqlite3.connect(folder / "a.db") as database:
        database.execute("CREATE TABLE t (id INT, xm TEXT)")
        database.execute("CREATE VIEW v AS SELECT xm FROM t")
    database.close()
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("in/a.csv", "编号,名称\n1,x\n")
        packed.writestr("b.json", "[1]")
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


def read(folder: Path) -> tuple[list[Asset], list[str]]:
    """Everything a harvest does; only a `ConnectorError` may come out."""
    config = SystemConfig(department="d", id="s", connector="files", path=str(folder))
    with FilesConnector(config) as source:
        try:
            source.probe()
            listing = source.list_assets()
        except ConnectorError as error:
            return [], [str(error)]
        assets = list(source.assets())
        assert [asset.qualified_name for asset in assets] == list(listing.names)
        told = [str(failure) for failure in source.failures]
        for asset in assets:
            try:
                sample = source.sample(asset, 3)
            except ConnectorError as error:
                told.append(str(error))
                continue
            assert set(sample) <= {column.name for column in asset.columns}
            assert all(len(values) <= 3 for values in sample.values())
    return assets, told


def check(assets: list[Asset], told: list[str]) -> None:
    assert len({asset.key for asset in assets}) == len(assets)
    for asset in assets:
        assert "涉密" not in asset.qualified_name
        names = [column.name for column in asset.columns]
        assert all(names)
        assert len(set(names)) == len(names)
        assert not [name for name in names if "310107199001011230" in name]
        assert {column.data_type for column in asset.columns} <= DATA_TYPES
    for text in told:
        assert "\n" not in text.replace("\\n", "")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files=FILES)
def test_any_files_at_all(files: dict[str, bytes]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="pdc-test-"))
    try:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (folder / "sound.csv").write_text("编号,名称\n1,x\n", encoding="utf-8")
        assets, told = read(folder)
        check(assets, told)
        assert "sound" in {asset.name for asset in assets}
        assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == sorted(
            [*(Path(name).name for name in files), "sound.csv"]
        )
    finally:
        shutil.rmtree(folder)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    suffix=st.sampled_from([".xlsx", ".db", ".zip", ".dbf"]),
    damage=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=6),
    keep=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_damaged_files_of_every_binary_kind(
    seeds: dict[str, bytes],
    dbf: Callable[..., bytes],
    suffix: str,
    damage: list[tuple[float, bytes]],
    keep: float,
) -> None:
    seeds.setdefault(".dbf", dbf([(b"A", "C", 3, 0), (b"B", "N", 5, 1)], [[b"one", b"1.5"], [b"two", b"2"]]))
    raw = bytearray(seeds[suffix])
    for at, patch in damage:
        start = int(at * len(raw))
        raw[start : start + len(patch)] = patch
    folder = Path(tempfile.mkdtemp(prefix="pdc-test-"))
    try:
        (folder / f"a{suffix}").write_bytes(bytes(raw[: int(keep * len(raw))]))
        check(*read(folder))
    finally:
        shutil.rmtree(folder)


def test_the_checks_can_fail(drop: Any) -> None:
    drop.write("310107199001011230.csv", "310107199001011230,b\n1,2\n")
    with drop.source(header=True) as source, pytest.raises(AssertionError):
        check(list(source.assets()), [])
