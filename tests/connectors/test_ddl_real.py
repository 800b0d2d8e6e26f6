"""Real dumps: what pg_dump and mariadb-dump write is read as what the same databases' dictionaries say."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from connectors.base import SystemConfig, open_connector
from connectors.model import Asset

POSTGRES = [
    """CREATE TABLE "T_人员" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Xm" varchar(50) NOT NULL
       DEFAULT '无;''', amount numeric(10,2) DEFAULT 0.5, at timestamptz(3) DEFAULT now(), tags text[], key char(3),
       day date, span interval, data jsonb, CHECK (amount > 0), UNIQUE (key))""",
    """COMMENT ON TABLE "T_人员" IS '人员;信息''s -- 表'""",
    """COMMENT ON COLUMN "T_人员"."Xm" IS E'姓名\\n第二行 \\\\ /* x */'""",
    "CREATE TABLE part (a int NOT NULL, b text, PRIMARY KEY (a)) PARTITION BY RANGE (a)",
    "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (1) TO (9)",
    """CREATE TABLE child (x bigint REFERENCES "T_人员" (id), y int, PRIMARY KEY (y, x))""",
    """CREATE VIEW v AS SELECT p."Xm", p.amount * 2 AS twice, c.y FROM "T_人员" p LEFT JOIN child c ON c.x = p.id""",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; -- ' CREATE TABLE no (a int); $$",
    """INSERT INTO "T_人员" ("Xm") VALUES ('a;b''c'), (E'x\\ny\\\\.'), ('CREATE TABLE t (a int);')""",
]

MARIADB = [
    """CREATE TABLE `t_人员` (`id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT '主键', `a``b` varchar(50) NOT NULL
       DEFAULT '无;\\'' COMMENT '姓名;''s\\n二 -- (表', `amount` decimal(10,2) DEFAULT 0.5,
       `at` datetime(3) DEFAULT now(3), `kind` enum('a','b;','c''d') COMMENT '类别', `data` longblob,
       `k` char(3) GENERATED ALWAYS AS (left(`a``b`, 3)),
       PRIMARY KEY (`id`), KEY `u` (`amount`)) COMMENT='人员;信息''s'""",
    """CREATE TABLE `child` (`x` bigint unsigned, `y` int NOT NULL, PRIMARY KEY (`y`),
       CONSTRAINT `fk` FOREIGN KEY (`x`) REFERENCES `t_人员` (`id`) ON DELETE CASCADE)""",
    "CREATE VIEW `v` AS SELECT p.`a``b`, concat(p.`kind`, c.`y`) AS `both`"
    " FROM `t_人员` p JOIN `child` c ON c.x = p.id"
    " WHERE p.`a``b` <> ';'",
    "CREATE TRIGGER `tr` BEFORE INSERT ON `child` FOR EACH ROW"
    " BEGIN SET @a = ';'; SET @b = 'CREATE TABLE no (a int)'; END",
    "INSERT INTO `t_人员` (`a``b`, `data`) VALUES ('a;b''c\\\\', x'00ff2720803b5c'),"
    " ('x\\ny); CREATE TABLE t (a int);', NULL)",
]


def fill(url: str, statements: list[str]) -> sa.URL:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))
    engine.dispose()
    return engine.url


def dumped(path: Path) -> dict[str, Asset]:
    config = SystemConfig(department="d", id="s", connector="ddl", path=str(path))
    with open_connector(config) as source:
        assets = {asset.name: asset for asset in source.assets()}
        assert source.failures == []
        assert source.list_assets().complete
    return assets


def harvested(name: str, url: str) -> dict[str, Asset]:
    with open_connector(SystemConfig(department="d", id="s", connector=name, url=url)) as source:
        return {asset.name: asset for asset in source.assets()}


def structure(asset: Asset) -> tuple[object, ...]:
    columns = [(c.name, c.data_type, c.length, c.nullable, c.comment) for c in asset.columns]
    keys = sorted((key.columns, key.referred_columns) for key in asset.foreign_keys)
    return asset.kind, asset.comment, asset.primary_key, keys, columns


def compare(dump: dict[str, Asset], database: dict[str, Asset]) -> None:
    assert sorted(dump) == sorted(database)
    for name, asset in dump.items():
        if asset.kind == "table":
            assert structure(asset) == structure(database[name])
        else:
            assert [column.name for column in asset.columns] == [column.name for column in database[name].columns]


def test_pg_dump(postgres_url: str, tmp_path: Path) -> None:
    url = fill(postgres_url, POSTGRES)
    path = tmp_path / "dump.sql"
    command = ["pg_dump", "-Fp", "-h", str(url.host), "-p", str(url.port), "-U", str(url.username), str(url.database)]
    with path.open("wb") as out:
        subprocess.run(command, stdout=out, check=True, env={**os.environ, "PGPASSWORD": str(url.password)}, timeout=30)
    dump = dumped(path)
    compare(dump, harvested("postgresql", postgres_url))
    sources = {c.name: [(s.table, s.column) for s in c.sources] for c in dump["v"].columns}
    assert sources == {
        "Xm": [("public.T_人员", "Xm")],
        "twice": [("public.T_人员", "amount")],
        "y": [("public.child", "y")],
    }


def test_mariadb_dump(mariadb_database: Callable[[str], str], tmp_path: Path) -> None:
    url = fill(text := mariadb_database("dumped"), MARIADB)
    path = tmp_path / "dump.sql"
    command = ["mariadb-dump", "--no-defaults", "-h", str(url.host), "-P", str(url.port), "-u", str(url.username)]
    command += [f"--password={url.password}", "--default-character-set=utf8mb4", str(url.database)]
    with path.open("wb") as out:
        subprocess.run(command, stdout=out, check=True, timeout=30)
    dump = dumped(path)
    compare(dump, harvested("mariadb", text))
    sources = {c.name: [(s.table, s.column) for s in c.sources] for c in dump["v"].columns}
    assert sources == {"a`b": [("t_人员", "a`b")], "both": [("t_人员", "kind"), ("child", "y")]}
