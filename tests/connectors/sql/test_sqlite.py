"""SQLite: pragmas for the dictionary, comments from the DDL, files that are never created or written."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from connectors.base import SourceFatalError, SourceRetryError, SystemConfig
from connectors.model import Column, ForeignKey
from connectors.sql.sqlite import ddl_comments
from connectors.testing import Conformance

SCRIPT = """
CREATE TABLE "人员.表" ( -- 人员基本信息
  "身份 证" varchar(18) PRIMARY KEY NOT NULL, -- 证件号, 公民
  "a""b" decimal(5,2) DEFAULT 'x--y', /* 金额 */
  c int, d int, -- 两列
  e date -- 出生
);
CREATE TABLE "T%" (k int, v int, "100%" text, ":y" text, photo blob, "select" text, PRIMARY KEY (v, k));
CREATE TABLE refers (x REFERENCES "人员.表", a int, b int, g int AS (a + b), FOREIGN KEY (b, a) REFERENCES "T%");
CREATE VIEW v AS SELECT x, a FROM refers;
INSERT INTO "T%" SELECT value, value, 'abc', char(24464) || value, x'00ff', 's' FROM generate_series;
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "数据 100%?#.db"
    with closing(sqlite3.connect(path)) as connection:
        numbers = "(WITH RECURSIVE n(value) AS (VALUES (1) UNION ALL SELECT value + 1 FROM n LIMIT 9) SELECT * FROM n)"
        connection.executescript(SCRIPT.replace("generate_series", numbers))
    return path


class TestSQLite(Conformance):
    @pytest.fixture
    def config(self, file: Path) -> SystemConfig:
        return SystemConfig(department="d", id="s", connector="sqlite", path=str(file))


class TestSQLiteByUrl(Conformance):
    @pytest.fixture
    def config(self, file: Path) -> SystemConfig:
        file = file.rename(file.with_name("plain.db"))
        return SystemConfig(department="d", id="s", connector="sqlite", url=f"sqlite:///{file}")


def change(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)


def test_tables_equal_the_inspectors_view(file: Path, opened: Any) -> None:
    assets = {asset.name: asset for asset in opened("sqlite", path=str(file)).assets()}
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(file), poolclass=NullPool)
    inspector = inspect(engine)
    assert list(assets) == sorted(inspector.get_table_names() + inspector.get_view_names())
    for name, asset in assets.items():
        reflected = inspector.get_columns(name)
        assert [(c.name, c.default) for c in asset.columns] == [(c["name"], c["default"]) for c in reflected]
        if asset.kind == "table":
            assert list(asset.primary_key) == inspector.get_pk_constraint(name)["constrained_columns"]
    assert {asset.schema for asset in assets.values()} == {"main"}
    assert [asset.kind for asset in assets.values()] == ["table", "table", "view", "table"]


def test_keys_types_and_comments(file: Path, opened: Any) -> None:
    assets = {asset.name: asset for asset in opened("sqlite", path=str(file)).assets()}
    assert set(assets["refers"].foreign_keys) == {
        ForeignKey(columns=("x",), referred_table="main.人员.表", referred_columns=("身份 证",)),
        ForeignKey(columns=("b", "a"), referred_table="main.T%", referred_columns=("v", "k")),
    }
    person = assets["人员.表"]
    assert person.comment == "人员基本信息"
    assert person.columns[0] == Column(
        name="身份 证",
        ordinal=1,
        type="varchar(18)",
        data_type="VARCHAR",
        nullable=False,
        comment="证件号, 公民",
        length=18,
    )
    assert [column.comment for column in person.columns] == ["证件号, 公民", "金额", None, None, "出生"]


def test_statements_do_not_grow_with_tables(file: Path, opened: Any, sent: list[str]) -> None:
    counts = []
    for more in (0, 300):
        change(file, "".join(f"CREATE TABLE m{i} (x int);" for i in range(more)))
        sent.clear()
        source = opened("sqlite", path=str(file))
        source.probe()
        assert len(source.list_assets().names) == len(list(source.assets())) == 4 + more
        counts.append((len(sent), source.statements))
    assert counts[0] == counts[1]
    assert counts[0][1] <= 8


def test_samples_obey_the_limit(file: Path, opened: Any, sent: list[str]) -> None:
    source = opened("sqlite", path=str(file))
    assets = {asset.name: asset for asset in source.assets()}
    sent.clear()
    sample = source.sample(assets["T%"], 2)
    assert len(sent) == 1
    assert sample == {"k": [1, 2], "v": [1, 2], "100%": ["abc"] * 2, ":y": ["录1", "录2"], "select": ["s", "s"]} | {
        ":y": [chr(24464) + "1", chr(24464) + "2"]
    }


def test_a_column_that_went_away_is_an_error_not_its_own_name(file: Path, opened: Any) -> None:
    source = opened("sqlite", path=str(file))
    asset = next(asset for asset in source.assets() if asset.name == "T%")
    change(file, 'ALTER TABLE "T%" RENAME COLUMN "select" TO other')
    with pytest.raises(SourceFatalError):
        source.sample(asset, 2)


def test_broken_views_and_module_tables_leave_the_others_alone(file: Path, opened: Any) -> None:
    change(file, "CREATE VIEW aa AS SELECT * FROM missing; CREATE VIRTUAL TABLE search USING fts5(body);")
    source = opened("sqlite", path=str(file))
    assets = {asset.name: asset for asset in source.assets()}
    assert set(assets) == {"人员.表", "T%", "refers", "v", "aa", "search"}
    assert [column.name for column in assets["v"].columns] == ["x", "a"]
    assert [column.name for column in assets["search"].columns] == ["body"]
    assert source.failures == []
    assert source.notices == ["main.aa: the view is broken in the source, or the user has no right to its columns"]


def test_text_in_another_encoding_becomes_unreadable_not_an_error(file: Path, opened: Any) -> None:
    garbled = "姓名".encode("gb18030").hex()
    change(file, f"CREATE TABLE zz (x text); INSERT INTO zz VALUES (CAST(x'{garbled}' AS TEXT))")
    source = opened("sqlite", path=str(file))
    asset = next(asset for asset in source.assets() if asset.name == "zz")
    assert set(source.sample(asset, 1)["x"][0]) == {"�"}


def test_secret_tables_are_counted_only(file: Path, opened: Any) -> None:
    change(file, "CREATE TABLE 涉密台账 (x int); CREATE TABLE r2 (x REFERENCES 涉密台账);")
    change(file, "CREATE TABLE plan ( -- 机密★长期\n x int);")
    source = opened("sqlite", path=str(file), restricted=("main.T*",))
    listing = source.list_assets()
    assert (listing.quarantined, listing.excluded) == (2, 1)
    assert source.quarantined == {"main.涉密台账", "main.plan"}
    assets = {asset.name: asset for asset in source.assets()}
    assert {name: len(asset.columns) for name, asset in assets.items()} == {"人员.表": 5, "refers": 4, "v": 2, "r2": 1}
    assert (assets["人员.表"].primary_key, source.failures) == (("身份 证",), [])
    assert not [word for word in ("涉密", "plan", "T%") if word in f"{listing}{assets}{source.failures}"]


def test_the_file_is_neither_created_nor_written(file: Path, tmp_path: Path, opened: Any) -> None:
    missing = tmp_path / "none.db"
    with pytest.raises(SourceFatalError, match="no such file"):
        opened("sqlite", path=str(missing)).probe()
    assert not missing.exists()
    before = file.read_bytes(), file.stat().st_mtime_ns
    source = opened("sqlite", path=str(file))
    for asset in list(source.assets()):
        source.sample(asset, 5)
    for statement in ("CREATE TABLE x (y)", 'DELETE FROM "T%"', "PRAGMA user_version = 7"):
        with pytest.raises(DBAPIError, match="readonly"):
            source.sampler.connection().exec_driver_sql(statement)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert sorted(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"PK\x03\x04 this is a workbook" * 100, "is not a SQLite database"), (None, "no such file")],
    ids=["not-a-database", "folder"],
)
def test_what_is_no_database_is_named(tmp_path: Path, opened: Any, content: bytes | None, told: str) -> None:
    path = tmp_path / "odd.db"
    path.mkdir() if content is None else path.write_bytes(content)
    for check in ("probe", "list_assets"):
        with pytest.raises(SourceFatalError, match=told) as caught:
            getattr(opened("sqlite", path=str(path)), check)()
        assert caught.value.failure.place == str(path)
        assert caught.value.failure.hint


def test_a_locked_file_may_be_read_later(file: Path, opened: Any) -> None:
    source = opened("sqlite", path=str(file), options={"lock_timeout": 1})
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        started = time.monotonic()
        with pytest.raises(SourceRetryError, match="locked"):
            source.probe()
        assert 0.9 < time.monotonic() - started < 3
    source.probe()


def test_a_stalled_reader_keeps_nobody_from_writing(file: Path, opened: Any) -> None:
    change(
        file, "".join(f"CREATE TABLE m{i} (x int UNIQUE, y REFERENCES refers, PRIMARY KEY (y));" for i in range(3000))
    )
    # Columns are known at once anyway where views are.
    change(file, "DROP VIEW v")
    source = opened("sqlite", path=str(file))
    stream = source.assets()
    source.sample(next(stream), 1)
    with closing(sqlite3.connect(file, timeout=0)) as writer:
        writer.execute("ALTER TABLE m7 ADD COLUMN late int")
        writer.commit()
    assert sum(1 for _ in stream) == 3002


def test_unique_keys_are_whole_columns(file: Path, opened: Any) -> None:
    change(
        file,
        'CREATE TABLE u (a int UNIQUE, b text, "c d" int, e int, UNIQUE (b, "c d"), PRIMARY KEY (e, a));'
        "CREATE UNIQUE INDEX i1 ON u (b); CREATE UNIQUE INDEX i2 ON u (e) WHERE a > 1;"
        "CREATE UNIQUE INDEX i3 ON u (lower(b)); CREATE UNIQUE INDEX i4 ON u (e, a); CREATE INDEX i5 ON u (e);"
        "CREATE UNIQUE INDEX i6 ON u (e, length(b));",
    )
    u = next(asset for asset in opened("sqlite", path=str(file)).assets() if asset.name == "u")
    assert sorted(u.unique_keys) == [("a",), ("b",), ("b", "c d")]
    assert u.primary_key == ("e", "a")


def test_a_slow_sample_is_stopped_and_the_next_one_works(file: Path, opened: Any) -> None:
    change(file, "CREATE VIEW slow AS WITH n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) AS x FROM n")
    source = opened("sqlite", path=str(file), options={"statement_timeout": 1})
    assets = {asset.name: asset for asset in source.assets()}
    with pytest.raises(SourceRetryError, match="took too long"):
        source.sample(assets["slow"], 1)
    assert source.sample(assets["T%"], 1)["k"] == [1]


def test_an_empty_database_is_a_complete_listing(tmp_path: Path, opened: Any) -> None:
    change(tmp_path / "empty.db", "CREATE TABLE x (y); DROP TABLE x")
    listing = opened("sqlite", path=str(tmp_path / "empty.db")).list_assets()
    assert (listing.names, listing.complete) == ((), True)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("CREATE TABLE t (a int, b int)", (None, {})),
        ("CREATE TABLE t (\n a int, -- 一\n b int /* 二 */\n)", (None, {"a": "一", "b": "二"})),
        ("CREATE TABLE t ( /* 表 */\n a int -- 一\n, b int -- 二\n)", ("表", {"a": "一", "b": "二"})),
        ("CREATE TABLE t (\n a int, b int -- 谁的\n)", (None, {})),
        ("CREATE TABLE t (\n a int, -- 一\n -- 说明\n b int\n)", (None, {"a": "一"})),
        ("CREATE TABLE t (\n a text DEFAULT '-- 不是', -- 一\n b text DEFAULT '/*'\n)", (None, {"a": "一"})),
        (
            "CREATE TABLE t (\n a int CHECK (a IN (1,2)), -- 一\n b int,\n PRIMARY KEY (a, b) -- 主键\n)",
            (None, {"a": "一"}),
        ),
        ("CREATE TABLE t (\n [A] int, -- 一\n `b` int -- 二\n) -- 完", (None, {"a": "一", "b": "二"})),
        ("CREATE TABLE t (\n a int, /* 一 */ -- 又\n b int -- \n)", (None, {})),
        ("CREATE TABLE t (\n a int /* 长\n 注释 */,\n b int\n)", (None, {})),
    ],
)
def test_comments_in_ddl(definition: str, expected: tuple[str | None, dict[str, str]]) -> None:
    assert ddl_comments(definition, ["a", "b"]) == expected
