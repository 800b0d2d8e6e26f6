"""How fast dumps full of rows are read for their structure, and how much memory that takes, dialect by dialect.

python benchmarks/ddl.py [--mib 512] [--dialects mysql,postgres,oracle,dm,mssql]

Each dump has 200 tables of 20 commented columns and, between them, rows as the makers' own tools write them: extended
INSERTs of half a mebibyte (mysqldump), COPY (pg_dump), one INSERT a row (SQL Developer, DM Manager), UTF-16 with GO
every hundred rows (SSMS). It is written to a temporary folder and read by a process of its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from connectors.base import SystemConfig, open_connector

TABLES, COLUMNS = 200, 20
MIB = 1 << 20
DIALECTS = ("mysql", "postgres", "oracle", "dm", "mssql")
_NAME = "张三'';CREATE TABLE x (a int);--"


def _mysql(table: str, size: int) -> Iterator[str]:
    columns = ",\n".join(f"  `c{i}` varchar(50) DEFAULT NULL COMMENT '第{i}项'" for i in range(COLUMNS))
    yield f"CREATE TABLE `{table}` (\n{columns},\n  PRIMARY KEY (`c0`)\n) ENGINE=InnoDB COMMENT='表';\n"
    row = "(" + ",".join(["'" + r"it\'s; 张三', '2026-01-01', NULL"] * (COLUMNS // 3)) + ")"
    statement = f"INSERT INTO `{table}` VALUES " + ",".join([row] * (MIB // 2 // len(row.encode()))) + ";\n"
    yield from _repeated(statement, size)


def _postgres(table: str, size: int) -> Iterator[str]:
    yield f"CREATE TABLE public.{table} (" + ",".join(f"c{i} character varying(50)" for i in range(COLUMNS)) + ");\n"
    yield from (f"COMMENT ON COLUMN public.{table}.c{i} IS '第{i}项';\n" for i in range(COLUMNS))
    yield f"COPY public.{table} FROM stdin;\n"
    yield from _repeated("\t".join(["张三'; \\N", "2026-01-01"] * (COLUMNS // 2)) + "\n", size)
    yield "\\.\n"


def _oracle(table: str, size: int, storage: str = 'TABLESPACE "USERS"') -> Iterator[str]:
    columns = ",".join(f'"C{i}" VARCHAR2(50 BYTE)' for i in range(COLUMNS))
    yield f'CREATE TABLE "HR"."{table}" ({columns}) {storage};\n'
    yield from (f'COMMENT ON COLUMN "HR"."{table}"."C{i}" IS \'第{i}项\';\n' for i in range(COLUMNS))
    values = ",".join([f"'{_NAME}'", "to_date('2026-01-01','yyyy-mm-dd')"] * (COLUMNS // 2))
    yield from _repeated(f'Insert into "HR"."{table}" values ({values});\n', size)


def _dm(table: str, size: int) -> Iterator[str]:
    yield from _oracle(table, size, 'STORAGE(ON "MAIN", CLUSTERBTR)')


def _mssql(table: str, size: int) -> Iterator[str]:
    columns = ",\n".join(f"\t[c{i}] [nvarchar](50) NULL" for i in range(COLUMNS))
    yield f"USE [d]\nGO\nCREATE TABLE [dbo].[{table}](\n{columns}\n) ON [PRIMARY]\nGO\n"
    place = f"@level0type=N'SCHEMA',@level0name=N'dbo', @level1type=N'TABLE',@level1name=N'{table}'"
    for i in range(COLUMNS):
        yield f"EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'第{i}项' , {place}"
        yield f", @level2type=N'COLUMN',@level2name=N'c{i}'\nGO\n"
    row = f"INSERT [dbo].[{table}] VALUES (" + ", ".join([f"N'{_NAME}'", "NULL"] * (COLUMNS // 2)) + ")\n"
    yield from _repeated(row * 100 + "GO\n", size // 2)


def _repeated(text: str, size: int) -> Iterator[str]:
    for _ in range(max(1, size // len(text.encode()))):
        yield text


MAKERS = {"mysql": _mysql, "postgres": _postgres, "oracle": _oracle, "dm": _dm, "mssql": _mssql}


def write_dump(path: Path, dialect: str, size: int) -> None:
    with path.open("w", encoding="utf-16" if dialect == "mssql" else "utf-8") as file:
        for number in range(TABLES):
            file.writelines(MAKERS[dialect](f"t{number:03}", size // TABLES))


def measure(path: str) -> tuple[float, int, int, int]:
    """Seconds, assets, comments, and the peak of this process in bytes."""
    started = time.perf_counter()
    with open_connector(SystemConfig(department="d", id="s", connector="ddl", path=path)) as source:
        assets = list(source.assets())
        if source.failures:
            raise SystemExit(str(source.failures[0]))
    comments = sum(1 for asset in assets for column in asset.columns if column.comment)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    return time.perf_counter() - started, len(assets), comments, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=512)
    parser.add_argument("--dialects", default=",".join(DIALECTS))
    wanted = parser.parse_args()
    print("dialect   MiB  seconds  MiB/s  tables  comments  peak MiB")
    for dialect in wanted.dialects.split(","):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "dump.sql"
            write_dump(path, dialect, wanted.mib * MIB)
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                seconds, tables, comments, peak = pool.apply(measure, (str(path),))
            size = path.stat().st_size / MIB
        line = f"{dialect:8}{size:5.0f}{seconds:9.1f}{size / seconds:7.0f}{tables:8}{comments:10}{peak / MIB:10.0f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
