"""Everything that is told equals what the databases' own dictionaries say to questions of another kind, asked table by
table: information_schema, pg_get_*, obj_description and counts of PostgreSQL, SHOW of MariaDB."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from connectors.base import SystemConfig
from connectors.model import Asset, ForeignKey
from connectors.sql.connector import SqlConnector
from connectors.types import normalise

NAMES = [
    *(
        'quo"te',
        "tick`",
        "it's",
        "a.b",
        "a.b.c",
        "人员基本信息",
        "é",
        "e\u0301",
        "ｆｕｌｌ",
        "tab\there",
        "line\nbreak",
    ),
    *(
        "select",
        "SELECT",
        "Select",
        "user",
        "table",
        "100%",
        "%s %(x)s",
        ":x",
        "back\\slash",
        "$$",
        "-- c",
        "/* c */",
        "{}",
    ),
    *("长" * 21, "x" * 63, "x" * 62 + "X", " leading", "0", "_", "\u200b"),
]
EMOJI = ["😀", "👩‍👩‍👧 家", "𠮷野"]
"""Beyond the basic multilingual plane: PostgreSQL takes them, MariaDB does in comments only."""


@contextmanager
def asking(url: str) -> Iterator[Connection]:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        yield connection


# --- PostgreSQL --------------------------------------------------------------------------------------------------

SCHEMA = '区.级 "1"'
TYPES = {
    **{"smallint": "SMALLINT", "integer": "INT", "bigint": "BIGINT", "numeric(10,2)": "NUMERIC", "numeric": "NUMERIC"},
    **{"real": "FLOAT", "double precision": "DOUBLE", "money": "MONEY", "character(6)": "CHAR", "text": "TEXT"},
    **{"character varying(18)": "VARCHAR", "character varying": "VARCHAR", '"char"': "CHAR", "name": "VARCHAR"},
    **{"bytea": "BYTEA", "boolean": "BOOLEAN", "date": "DATE", "time(3) without time zone": "TIME", "uuid": "UUID"},
    **{"time with time zone": "TIME", "timestamp(6) without time zone": "TIMESTAMP", "xml": "XML", "json": "JSON"},
    **{
        "timestamp with time zone": "TIMESTAMPZ",
        "interval year to month": "INTERVAL",
        "jsonb": "JSON",
        "oid": "BIGINT",
    },
    **{"bit(8)": "BIT", "bit varying(12)": "BIT", "inet": "INET", "cidr": "CIDR", "macaddr": "MACADDR"},
    **{"point": "POINT", "polygon": "POLYGON", "box": "GEOMETRY", "tsvector": "TSVECTOR", "tsquery": "TSQUERY"},
    **{"daterange": "DATETIMERANGE", "int4range": "UNKNOWN", "pg_lsn": "PG_LSN", "integer[]": "ARRAY"},
    **{"character varying(18)[]": "ARRAY", "mood": "ENUM", "mood[]": "ARRAY", "pair": "STRUCT", "pair[]": "ARRAY"},
    **{"id_no": "VARCHAR", "id_no[]": "ARRAY", "strict_id": "VARCHAR", "moods": "ENUM", "numbers": "ARRAY"},
    **{"postgis.geometry(4326)": "GEOMETRY", "postgis.geometry": "GEOMETRY", "postgis.geography(4490)": "GEOGRAPHY"},
    **{"citext": "TEXT", "hstore": "MAP", "ltree": "UNKNOWN", "cube": "UNKNOWN"},
}
# PostGIS is not needed for types that look like its: a base type with a modifier in another schema, over functions
# that PostgreSQL has for its own types.
POSTGIS_LIKE = """
CREATE TYPE postgis.{0};
CREATE FUNCTION postgis.{0}_in(cstring) RETURNS postgis.{0} LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION postgis.{0}_out(postgis.{0}) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE postgis.{0} (INPUT = postgis.{0}_in, OUTPUT = postgis.{0}_out, INTERNALLENGTH = VARIABLE,
  TYPMOD_IN = varchartypmodin, TYPMOD_OUT = varchartypmodout, STORAGE = extended);
"""


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def hostile_postgresql() -> Iterator[str]:
    yield "SET client_min_messages = error; CREATE SCHEMA postgis;" + "".join(
        POSTGIS_LIKE.format(name) for name in ("geometry", "geography")
    )
    yield "".join(f"CREATE EXTENSION {name};" for name in ("citext", "hstore", "ltree", "cube"))
    yield "CREATE TYPE mood AS ENUM ('a', '''b'); CREATE TYPE pair AS (a int, b varchar(3));"
    yield "CREATE DOMAIN id_no AS varchar(18) CHECK (value <> ''); CREATE DOMAIN strict_id AS id_no NOT NULL;"
    yield "CREATE DOMAIN moods AS mood DEFAULT 'a'; CREATE DOMAIN numbers AS int[] NOT NULL;"
    typed = ", ".join(f"c{i} {native}" for i, native in enumerate(TYPES))
    yield f"CREATE SCHEMA {quoted(SCHEMA)}; CREATE TABLE typed ({typed});"
    for number, name in enumerate([*NAMES, *EMOJI]):
        own = quoted(name)
        for schema in ("public", quoted(SCHEMA)):
            table = f"{schema}.{own}"
            yield f"""
            CREATE TABLE {table} ({own} varchar(18) NOT NULL DEFAULT '''"{number}', id int PRIMARY KEY,
              up int REFERENCES {table}, twice int GENERATED ALWAYS AS (id * 2) STORED, UNIQUE ({own}, up));
            COMMENT ON TABLE {table} IS $pdc${name}'s 😀 "表"; --$pdc$;
            COMMENT ON COLUMN {table}.{own} IS $pdc${name}$pdc$;
            INSERT INTO {table} SELECT i, i, NULL FROM generate_series(1, {number}) i;"""
    wide = ", ".join(f'"Ｃ{i}" int' for i in range(1, 1600))
    yield f"CREATE TABLE wide (id int PRIMARY KEY, {wide});"
    yield """
    CREATE TABLE composed (a int, b int, c int, d text, e text, f int, PRIMARY KEY (c, a), UNIQUE (b), UNIQUE (a, c, b),
      FOREIGN KEY (f, b) REFERENCES composed (c, a), EXCLUDE USING gist (int4range(a, b) WITH &&));
    CREATE UNIQUE INDEX ON composed (e) INCLUDE (f);
    CREATE UNIQUE INDEX ON composed (lower(d));
    CREATE UNIQUE INDEX ON composed (d) WHERE a > 0;
    CREATE UNIQUE INDEX ON composed (c, a);
    CREATE INDEX ON composed (f);
    CREATE TABLE parted (day date, region int, n bigint, PRIMARY KEY (day, region)) PARTITION BY RANGE (day);
    CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE TABLE p2 PARTITION OF parted FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY LIST (region);
    CREATE TABLE p21 PARTITION OF p2 FOR VALUES IN (1);
    CREATE TABLE p22 PARTITION OF p2 DEFAULT;
    INSERT INTO parted SELECT '2026-01-01'::date + i % 50, i, i FROM generate_series(1, 3000) i;
    CREATE TABLE stories (x text);
    INSERT INTO stories SELECT string_agg(md5((i * j)::text), '')
      FROM generate_series(1, 5) i, generate_series(1, 900) j GROUP BY i;
    CREATE INDEX ON stories (md5(x));
    CREATE MATERIALIZED VIEW kept AS SELECT n, day FROM parted;
    CREATE VIEW shown AS SELECT n, day FROM parted;
    CREATE EXTENSION postgres_fdw;
    CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
    CREATE FOREIGN TABLE far (id int NOT NULL, 姓名 text) SERVER elsewhere;
    COMMENT ON MATERIALIZED VIEW kept IS '物化';
    CREATE TABLE parent (a int UNIQUE); CREATE TABLE heir (b int) INHERITS (parent);
    CREATE TABLE never (x int);"""


@pytest.fixture(scope="module")
def hostile(postgres_database: Callable[[str], str], fill: Any) -> str:
    url = postgres_database("hostile")
    for script in hostile_postgresql():
        fill(url, script)
    never = "ALTER TABLE never SET (autovacuum_enabled = false);"
    fill(url, never)
    with create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        tables = "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm') AND relname <> 'never'"
        for name in connection.execute(text(f"{tables} AND oid > 16384")).scalars().all():
            connection.exec_driver_sql(f"VACUUM ANALYZE {name}", execution_options={"no_parameters": True})
    return url


def test_every_field_equals_postgresqls_dictionary(hostile: str, opened: Any) -> None:
    source = opened("postgresql", hostile)
    assets = list(source.assets())
    with asking(hostile) as connection:
        listed = connection.execute(
            text(
                "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^pg_|^information_schema$' "
                "AND tablename NOT IN ('p1', 'p2', 'p21', 'p22') UNION SELECT table_schema, table_name "
                "FROM information_schema.tables WHERE table_type IN ('VIEW', 'FOREIGN') AND table_schema = 'public' "
                "UNION SELECT schemaname, matviewname FROM pg_matviews"
            )
        ).all()
        assert sorted((a.schema, a.name) for a in assets) == sorted(map(tuple, listed))
        assert [(a.schema, a.name) for a in assets] == sorted((a.schema, a.name) for a in assets)
        for asset in assets:
            assert_described_by_postgresql(asset, connection)
    assert source.failures == []
    by_name = {asset.name: asset for asset in assets}
    assert len(by_name["wide"].columns) == 1600
    assert {name: asset.variant for name, asset in by_name.items() if asset.variant} == {
        "kept": "materialized",
        "parted": "partitioned",
        "far": "foreign",
    }
    assert (by_name["never"].row_estimate, by_name["never"].size_bytes, by_name["never"].statistics_at) == (None,) * 3
    assert sorted(by_name["composed"].unique_keys) == [("a", "c", "b"), ("b",), ("e",)]


def test_every_type_is_told_in_postgresqls_words_and_ours(hostile: str, opened: Any) -> None:
    typed = next(asset for asset in opened("postgresql", hostile, include=("public.typed",)).assets())
    assert {column.type: column.data_type for column in typed.columns} == TYPES
    nullable = {column.type: column.nullable for column in typed.columns}
    assert [name for name, value in nullable.items() if not value] == ["strict_id", "numbers"]
    lengths = {column.type: column.length for column in typed.columns}
    assert (lengths["id_no"], lengths["strict_id"], lengths["character varying(18)"]) == (18, 18, 18)


def assert_described_by_postgresql(asset: Asset, connection: Connection) -> None:
    given = {"schema": asset.schema, "name": asset.name, "table": f"{quoted(asset.schema or '')}.{quoted(asset.name)}"}

    def ask(query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(text(query), given)]

    assert [(asset.comment,)] == ask("SELECT obj_description(CAST(:table AS regclass), 'pg_class')")
    attributes = (
        "SELECT attname, attnum, col_description(attrelid, attnum), format_type(atttypid, atttypmod) "
        "FROM pg_attribute WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 ORDER BY attnum"
    )
    assert [(c.name, c.ordinal, c.comment, c.type) for c in asset.columns] == ask(attributes)
    # A materialised view is not in information_schema, and of a domain over a domain it tells one level only.
    if asset.variant != "materialized" and asset.name != "typed":
        assert_in_information_schema(asset, ask)
    assert_keys_of_postgresql(asset, ask)
    assert_measured_by_postgresql(asset, ask)


Asking = Callable[[str], "list[tuple[Any, ...]]"]


def assert_in_information_schema(asset: Asset, ask: Asking) -> None:
    found = ask(
        "SELECT column_name, is_nullable = 'YES', coalesce(column_default, generation_expression), data_type, "
        "character_maximum_length, numeric_precision, numeric_scale FROM information_schema.columns "
        "WHERE table_schema = :schema AND table_name = :name ORDER BY ordinal_position"
    )
    assert [(c.name, c.nullable, c.default) for c in asset.columns] == [row[:3] for row in found]
    for column, (_, _, _, told, length, precision, scale) in zip(asset.columns, found, strict=True):
        assert column.data_type == normalise(told).data_type
        assert column.length == length
        if column.data_type == "NUMERIC":
            assert (column.precision, column.scale) == (precision, scale)


def assert_keys_of_postgresql(asset: Asset, ask: Asking) -> None:
    rows = ask(
        "SELECT c.constraint_type, c.constraint_name, k.column_name, u.table_schema, u.table_name, u.column_name "
        "FROM information_schema.table_constraints c "
        "JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name, table_name) "
        "LEFT JOIN information_schema.referential_constraints r USING (constraint_schema, constraint_name) "
        "LEFT JOIN information_schema.key_column_usage u ON u.constraint_schema = r.unique_constraint_schema "
        "AND u.constraint_name = r.unique_constraint_name AND u.ordinal_position = k.position_in_unique_constraint "
        "WHERE c.table_schema = :schema AND c.table_name = :name ORDER BY c.constraint_name, k.ordinal_position"
    )
    groups: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for kind, constraint, *rest in rows:
        groups.setdefault((kind, constraint), []).append(tuple(rest))
    keys = {kind: [tuple(p[0] for p in v) for (k, _), v in groups.items() if k == kind] for kind, _ in groups}
    assert list(filter(None, [asset.primary_key])) == keys.get("PRIMARY KEY", [])
    assert set(keys.get("UNIQUE", [])) <= set(asset.unique_keys)
    foreign = [v for (kind, _), v in groups.items() if kind == "FOREIGN KEY"]
    assert set(asset.foreign_keys) == {
        ForeignKey(tuple(p[0] for p in parts), f"{parts[0][1]}.{parts[0][2]}", tuple(p[3] for p in parts))
        for parts in foreign
    }


def assert_measured_by_postgresql(asset: Asset, ask: Asking) -> None:
    if (asset.kind == "view" and asset.variant is None) or asset.variant == "foreign" or asset.name == "never":
        assert (asset.row_estimate, asset.size_bytes, asset.statistics_at) == (None, None, None)
        return
    of_heap = "SELECT count(*) FROM ONLY" if asset.name == "parent" else "SELECT count(*) FROM"
    count = ask(f"{of_heap} {quoted(asset.schema or '')}.{quoted(asset.name)}".replace(":", "\\:"))
    assert [(asset.row_estimate,)] == count
    leaves = (
        "SELECT CAST(:table AS regclass) AS relid WHERE CAST(:table AS regclass) NOT IN (SELECT partrelid "
        "FROM pg_partitioned_table) UNION SELECT relid FROM pg_partition_tree(CAST(:table AS regclass)) WHERE isleaf"
    )
    # The main fork, of which pg_class keeps count; what maps its free space is left out.
    sizes = ask(
        f"""WITH leaf AS ({leaves}),
        toast AS (SELECT t.reltoastrelid AS relid FROM leaf JOIN pg_class t ON t.oid = relid),
        heap AS (SELECT * FROM leaf UNION SELECT * FROM toast WHERE relid <> 0)
        SELECT sum(pg_relation_size(relid) + (SELECT coalesce(sum(pg_relation_size(indexrelid)), 0)
               FROM pg_index WHERE indrelid = relid))::bigint FROM heap"""
    )
    # VACUUM does not count anew the pages of an index in which it found nothing to do, such as that of TOAST.
    assert asset.size_bytes is not None
    assert 0 <= sizes[0][0] - asset.size_bytes <= (8192 if asset.name == "stories" else 0)
    times = ask(
        f"SELECT max(greatest(last_analyze, last_autoanalyze)) FROM pg_stat_all_tables WHERE relid IN ({leaves})"
    )
    assert asset.statistics_at is not None
    assert abs(datetime.fromisoformat(asset.statistics_at) - times[0][0]).total_seconds() < 1
    assert asset.changed_at is None


def names_of(longest: int, encoded: int, last: int) -> st.SearchStrategy[list[str]]:
    """Names of anything but NUL and surrogates, up to ``longest`` characters and ``encoded`` bytes."""
    letters = st.characters(min_codepoint=1, max_codepoint=last, exclude_categories=("Cs",))
    odd = st.text(st.one_of(st.sampled_from("\"'`.\\%:$ {}[]();-#\n\t人é😀"[: None if last > 0xFFFF else -1]), letters))
    name = odd.filter(lambda n: 0 < len(n) <= longest and len(n.encode()) <= encoded and n == n.rstrip())
    return st.lists(name, min_size=1, max_size=6, unique=True)


HYPOTHESIS = settings(
    max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


@HYPOTHESIS
@given(names=names_of(63, 63, 0x10FFFF))
def test_postgresql_gives_back_any_name(hypothetical: str, fill: Any, names: list[str]) -> None:
    columns = ", ".join(f"{quoted(name)} int" for name in names)
    tables = "".join(
        f"CREATE TABLE {quoted(name)} ({columns}, UNIQUE ({quoted(names[-1])}));"
        f"COMMENT ON TABLE {quoted(name)} IS {literal(name)};"
        for name in names
    )
    fill(hypothetical, f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; {tables}")
    with SqlConnector(SystemConfig(department="d", id="s", connector="postgresql", url=hypothetical)) as source:
        assets = list(source.assets())
        assert [asset.name for asset in assets] == sorted(names)
        for asset in assets:
            assert [column.name for column in asset.columns] == names
            assert (asset.comment, asset.unique_keys) == (asset.name, ((names[-1],),))
            assert source.sample(asset, 3) == {name: [] for name in names}


def literal(value: str) -> str:
    """A string that both databases read alike, whatever a backslash means to them."""
    return "E'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


@pytest.fixture(scope="module")
def hypothetical(postgres_database: Callable[[str], str]) -> str:
    return postgres_database("hypothetical")


# --- MariaDB -----------------------------------------------------------------------------------------------------

WIDEST = 1017
"""Columns that InnoDB gives a table; MariaDB itself would allow 4,096."""
MARIADB_TYPES = {
    **{"tinyint(1)": "TINYINT", "smallint(6)": "SMALLINT", "mediumint(8) unsigned": "INT", "int(11)": "INT"},
    **{"bigint(20) unsigned zerofill": "BIGINT", "decimal(12,2)": "DECIMAL", "float": "FLOAT", "double": "DOUBLE"},
    **{"bit(3)": "BIT", "char(6)": "CHAR", "varchar(18)": "VARCHAR", "tinytext": "TEXT", "mediumtext": "MEDIUMTEXT"},
    **{"longtext": "TEXT", "binary(16)": "BINARY", "varbinary(9)": "VARBINARY", "blob": "BLOB", "longblob": "LONGBLOB"},
    **{"date": "DATE", "time(3)": "TIME", "datetime(6)": "DATETIME", "timestamp": "TIMESTAMP", "year(4)": "YEAR"},
    **{"enum('a','b''c','人')": "ENUM", "set('甲','乙')": "SET", "geometry": "GEOMETRY", "point": "POINT"},
    **{"polygon": "POLYGON", "multipolygon": "GEOMETRY", "uuid": "UUID", "inet6": "IPV6"},
}


def ticked(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def text_of(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def hostile_mariadb() -> Iterator[str]:
    typed = ", ".join(f"c{i} {native} NULL" for i, native in enumerate(MARIADB_TYPES))
    yield f"CREATE TABLE typed ({typed})"
    for number, name in enumerate(NAMES):
        own, said = ticked(name), text_of(f"{name}'s 😀")
        # Names of columns in one table are the same in any case.
        yield f"""CREATE TABLE {own} ({own} varchar(18) NOT NULL DEFAULT {text_of(f"'{number}")} COMMENT {said},
          pk_ int PRIMARY KEY, up_ int, at_ datetime DEFAULT current_timestamp(), twice_ int AS (pk_ * 2),
          UNIQUE KEY ({own}, up_), CONSTRAINT f{number} FOREIGN KEY (up_) REFERENCES {own} (pk_)) COMMENT {said}"""
        yield f"INSERT INTO {own} (pk_) SELECT seq FROM seq_1_to_{number + 1}"
    yield "CREATE TABLE wide (id int PRIMARY KEY, " + ", ".join(f"`Ｃ{i}` int" for i in range(1, WIDEST)) + ")"
    yield """CREATE TABLE composed (a int NOT NULL, b int, c int NOT NULL, d text, e varchar(300), f int,
      PRIMARY KEY (c, a), UNIQUE (b), UNIQUE (a, c, b), UNIQUE (d(10)), UNIQUE (e(9), b), UNIQUE (e), UNIQUE (c, a),
      KEY (f), FOREIGN KEY (f, b) REFERENCES composed (c, a))"""
    yield """CREATE TABLE parted (day date NOT NULL, n bigint, PRIMARY KEY (n, day)) PARTITION BY RANGE COLUMNS (day)
      (PARTITION p1 VALUES LESS THAN ('2026-02-01'), PARTITION p2 VALUES LESS THAN (MAXVALUE))"""
    yield "INSERT INTO parted SELECT '2026-01-01' + INTERVAL seq % 50 DAY, seq FROM seq_1_to_3000"
    yield "CREATE VIEW shown AS SELECT day, n FROM parted"
    yield "CREATE TABLE old (x int) ENGINE MyISAM"
    yield "INSERT INTO old VALUES (1), (2)"
    yield "CREATE TABLE versioned (x int) WITH SYSTEM VERSIONING COMMENT '历史'"


@pytest.fixture(scope="module")
def hostile_maria(mariadb_database: Callable[[str], str]) -> str:
    url = mariadb_database("hostile")
    with create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        for statement in hostile_mariadb():
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        for name in connection.execute(text("SHOW TABLES")).scalars().all():
            connection.exec_driver_sql(f"ANALYZE TABLE {ticked(name)}", execution_options={"no_parameters": True})
    return url


def test_every_field_equals_mariadbs_dictionary(hostile_maria: str, opened: Any) -> None:
    source = opened("mariadb", hostile_maria)
    assets = list(source.assets())
    with asking(hostile_maria) as connection:
        connection.exec_driver_sql("SET time_zone = '+00:00'")

        def ask(statement: str) -> list[Any]:
            return list(connection.exec_driver_sql(statement, execution_options={"no_parameters": True}).mappings())

        shown = {row["Name"]: row for row in ask("SHOW TABLE STATUS")}
        assert [asset.name for asset in assets] == sorted(shown)
        for asset in assets:
            assert_shown(asset, shown[asset.name], ask)
    assert source.failures == []
    by_name = {asset.name: asset for asset in assets}
    assert len(by_name["wide"].columns) == WIDEST
    assert sorted(by_name["composed"].unique_keys) == [("a", "c", "b"), ("b",), ("e",)]
    assert {asset.name for asset in assets if asset.variant == "partitioned"} == {"parted"}
    assert {column.type: column.data_type for column in by_name["typed"].columns} == MARIADB_TYPES
    assert by_name["versioned"].comment == "历史"
    assert by_name["old"].row_estimate == 2


def assert_shown(asset: Asset, status: Any, ask: Callable[[str], list[Any]]) -> None:
    table = ticked(asset.name)
    view = status["Comment"] == "VIEW"
    assert asset.kind == ("view" if view else "table")
    assert asset.comment == (None if view else status["Comment"] or None)
    assert asset.row_estimate == status["Rows"]
    assert asset.size_bytes == (None if view else status["Data_length"] + status["Index_length"])
    assert asset.statistics_at is None
    changed = status["Update_time"] or status["Create_time"]
    assert asset.changed_at == (None if view else f"{changed.isoformat(timespec='seconds')}+00:00")
    columns = ask(f"SHOW FULL COLUMNS FROM {table}")
    assert [(c.name, c.type, c.nullable, c.comment) for c in asset.columns] == [
        (row["Field"], row["Type"], row["Null"] == "YES", row["Comment"] or None) for row in columns
    ]
    for column, row in zip(asset.columns, columns, strict=True):
        # SHOW tells a default's value, the dictionary its SQL.
        told = column.default
        value = told if told is None or not told.startswith("'") else ask(f"SELECT {told} AS it")[0]["it"]
        assert value == row["Default"]
    if not view:
        assert_keys_of_mariadb(asset, ask)


def assert_keys_of_mariadb(asset: Asset, ask: Callable[[str], list[Any]]) -> None:
    keys: dict[str, list[Any]] = {}
    for row in ask(f"SHOW INDEX FROM {ticked(asset.name)}"):
        if not row["Non_unique"]:
            keys.setdefault(row["Key_name"], []).append(row)
    whole = {
        name: tuple(part["Column_name"] for part in parts)
        for name, parts in keys.items()
        if all(part["Sub_part"] is None for part in parts)
    }
    assert asset.primary_key == whole.pop("PRIMARY", ())
    assert set(asset.unique_keys) == set(whole.values()) - {asset.primary_key}
    definition = ask(f"SHOW CREATE TABLE {ticked(asset.name)}")[0]["Create Table"]
    foreign = []
    for key in asset.foreign_keys:
        own, referred = (", ".join(map(ticked, names)) for names in (key.columns, key.referred_columns))
        target = ticked(key.referred_table.removeprefix(f"{asset.schema}."))
        foreign.append(f"FOREIGN KEY ({own}) REFERENCES {target} ({referred})")
    assert all(clause in definition for clause in foreign)
    assert len(re.findall(r"^  CONSTRAINT .* FOREIGN KEY", definition, re.MULTILINE)) == len(foreign)


@HYPOTHESIS
@given(names=names_of(60, 240, 0xFFFF))
def test_mariadb_gives_back_any_name(hypothetical_maria: str, fill: Any, names: list[str]) -> None:
    own = [f"{i}.{name}" for i, name in enumerate(names)]
    columns = ", ".join(f"{ticked(name)} int COMMENT {text_of(name)}" for name in own)
    with create_engine(hypothetical_maria, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        for name in connection.execute(text("SHOW TABLES")).scalars().all():
            connection.exec_driver_sql(f"DROP TABLE {ticked(name)}", execution_options={"no_parameters": True})
        for name in own:
            made = f"CREATE TABLE {ticked(name)} ({columns}, UNIQUE ({ticked(own[-1])}))"
            connection.exec_driver_sql(made, execution_options={"no_parameters": True})
    with SqlConnector(SystemConfig(department="d", id="s", connector="mariadb", url=hypothetical_maria)) as source:
        assets = list(source.assets())
        assert [asset.name for asset in assets] == sorted(own)
        for asset in assets:
            assert [(column.name, column.comment) for column in asset.columns] == [(name, name) for name in own]
            assert asset.unique_keys == ((own[-1],),)
            assert source.sample(asset, 3) == {name: [] for name in own}


@pytest.fixture(scope="module")
def hypothetical_maria(mariadb_database: Callable[[str], str]) -> str:
    return mariadb_database("hypothetical")
