"""Nobody waits for us longer than lock_timeout, we wait for nobody longer than that, and no large table is scanned."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from connectors.base import SourceFatalError, SourceRetryError
from connectors.model import Asset
from connectors.sql.connector import SqlConnector
from connectors.sql.mariadb import DIALECT as MARIADB
from connectors.sql.postgresql import DIALECT as POSTGRESQL

LOCK, SAMPLE = 2, 3
"""Seconds of lock_timeout and sample_timeout in these tests; the shorter one counts."""
MARGIN = 2.0
TABLES, WIDTH, BIG = 150, 20, 200_000


class Server(NamedTuple):
    connector: str
    url: str
    slow: str
    """A view's body that takes a second for each row of t1."""

    def run(self, statement: str) -> float:
        """Seconds that it took somebody else to run a statement."""
        with self.connect() as connection:
            started = time.monotonic()
            connection.exec_driver_sql(statement)
            return time.monotonic() - started

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        engine = create_engine(self.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield connection

    def open(self, opened: Any, **options: Any) -> SqlConnector:
        source: SqlConnector = opened(self.connector, self.url, options={"lock_timeout": LOCK, **options})
        return source


def many_tables() -> Iterator[str]:
    columns = ", ".join(f"c{i} varchar(20) DEFAULT 'x'" for i in range(1, WIDTH))
    columns += ", twice int GENERATED ALWAYS AS (id * 2) STORED"
    for number in range(1, TABLES + 1):
        yield f"CREATE TABLE t{number} (id int PRIMARY KEY, {columns})"
    yield "CREATE VIEW plain AS SELECT id, c1 FROM t1"
    yield "INSERT INTO t1 (id) VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9)"
    yield "INSERT INTO t2 (id) VALUES (1), (2)"


def big_tables(kind: str) -> Iterator[str]:
    series = f"generate_series(1, {BIG}) i" if kind == "postgres" else f"(SELECT seq AS i FROM seq_1_to_{BIG}) s"
    yield "CREATE TABLE big (id int PRIMARY KEY, kind int, story varchar(200))"
    yield f"INSERT INTO big SELECT i, mod(i, 7), repeat('x', 100) FROM {series}"
    yield "CREATE TABLE shrunk (id bigint PRIMARY KEY, x int)"
    yield f"INSERT INTO shrunk SELECT i, i FROM {series} WHERE i <= 20000"
    yield "CREATE VIEW easy AS SELECT id, story FROM big"
    yield "CREATE VIEW small AS SELECT id, c1 FROM t1 WHERE c1 <> 'y' ORDER BY c1"
    yield "CREATE VIEW missing AS SELECT id, story FROM big WHERE md5(story) = 'x'"
    yield "CREATE VIEW joined AS SELECT b.id, t.c1 FROM big b JOIN t2 t ON t.id = -b.kind"
    pairs = "big a, big b" if kind == "postgres" else "big a"
    yield f"CREATE VIEW dear AS SELECT a.kind, count(*) AS n FROM {pairs} GROUP BY a.kind"
    analyze = "ANALYZE" if kind == "postgres" else "ANALYZE TABLE big, shrunk"
    yield analyze
    if kind == "postgres":
        yield "ALTER TABLE big SET (autovacuum_enabled = false)"
    yield "DELETE FROM shrunk WHERE id > 40"
    yield "INSERT INTO shrunk VALUES (1000000000000, 0)"


SLOW = {"postgres": "SELECT id, pg_sleep(1)::text AS x FROM t1", "mariadb": "SELECT id, sleep(1) AS x FROM t1"}


@pytest.fixture(scope="module", params=["postgres", "mariadb"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, kind: str) -> Server:
    make: Callable[[str], str] = request.getfixturevalue(f"{kind}_database")
    made = Server("postgresql" if kind == "postgres" else "mariadb", make("protected"), SLOW[kind])
    with made.connect() as connection:
        for statement in (*many_tables(), f"CREATE VIEW slow AS {made.slow}", *big_tables(kind)):
            connection.exec_driver_sql(statement)
    return made


@pytest.fixture
def stop(aside: Callable[..., Future[Any]]) -> Iterator[ExitStack]:
    """What ends the threads of `aside`, also when the test has failed."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def aside() -> Iterator[Callable[..., Future[Any]]]:
    """``aside(call, …)``: run something in a thread of its own."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield pool.submit


def named(source: SqlConnector, name: str) -> Asset:
    return next(asset for asset in source.assets() if asset.name == name)


def test_a_stalled_reader_holds_up_no_alter_table(server: Server, opened: Any) -> None:
    source = server.open(opened)
    stream = source.assets()
    first = next(stream)
    waits = [server.run(f"ALTER TABLE {name} ADD COLUMN late_{name} int") for name in ("t1", "t2", f"t{TABLES}", "big")]
    assert max(waits) < LOCK
    rest = list(stream)
    assert len(rest) + 1 == TABLES + 9
    assert first.name == "big"
    assert source.failures == []


OURS = "FROM pg_stat_activity WHERE application_name = 'public-data-catalog'"
LOCKED = {
    "postgres": f"SELECT relation FROM pg_locks WHERE pid IN (SELECT pid {OURS}) AND relation > 16384",
    "mariadb": "SELECT table_name FROM information_schema.metadata_lock_info WHERE table_schema = database()",
}


def test_between_two_answers_no_table_is_locked(kind: str, server: Server, opened: Any) -> None:
    if kind == "mariadb":
        server.run("INSTALL SONAME 'metadata_lock_info'")
    source = server.open(opened)
    stream = source.assets()
    next(stream)
    source.sample(named(server.open(opened), "t1"), 3)
    with server.connect() as connection:
        # Sessions of earlier tests may take a moment to end; what ours held, they would hold all the time.
        for _ in range(50):
            if not (held := connection.exec_driver_sql(LOCKED[kind]).all()):
                break
            time.sleep(0.2)
        assert held == []
        if kind == "postgres":
            assert connection.exec_driver_sql(f"SELECT count(*) {OURS}").scalar_one() >= 2
            connection.exec_driver_sql(
                "BEGIN; LOCK TABLE t2 IN ACCESS SHARE MODE; SET application_name = 'public-data-catalog'"
            )
        else:
            connection.exec_driver_sql("LOCK TABLES t2 READ")
        assert connection.exec_driver_sql(LOCKED[kind]).all() != [], "locks are seen where there are any"
    assert sum(1 for _ in stream) > TABLES


def test_a_slow_sample_holds_up_an_alter_table_no_longer_than_the_lock_timeout(
    server: Server, opened: Any, aside: Callable[..., Future[Any]]
) -> None:
    source = server.open(opened, sample_timeout=30)
    slow = named(source, "slow")
    sampling = aside(source.sample, slow, 50)
    time.sleep(1)
    assert not sampling.done()
    assert server.run("ALTER TABLE t1 ADD COLUMN more int") < LOCK
    with pytest.raises(SourceRetryError, match="took too long"):
        sampling.result(timeout=10)
    assert len(source.sample(named(source, "t1"), 3)["id"]) == 3


def test_a_locked_table_costs_its_own_sample_only(
    server: Server, opened: Any, kind: str, aside: Callable[..., Future[Any]], stop: ExitStack
) -> None:
    source = server.open(opened, sample_timeout=30)
    locked, free = named(source, "t1"), named(source, "t2")
    views = [named(source, name) for name in ("plain", "small", "slow")]
    held, done = threading.Event(), threading.Event()
    stop.callback(done.set)

    def hold() -> None:
        with create_engine(server.url, poolclass=NullPool).connect() as connection:
            if kind == "postgres":
                connection.exec_driver_sql("ALTER TABLE t1 ADD COLUMN held int")
            else:
                connection.exec_driver_sql("LOCK TABLES t1 WRITE")
            held.set()
            done.wait(60)
            connection.rollback()

    holding = aside(hold)
    assert held.wait(10)
    started = time.monotonic()
    with pytest.raises(SourceRetryError, match="locked by someone else") as caught:
        source.sample(locked, 5)
    assert LOCK - 1.2 < time.monotonic() - started < LOCK + MARGIN
    # Nobody waits for the same table once more, one view after the other.
    started = time.monotonic()
    for view in views:
        with pytest.raises(SourceRetryError, match="locked by someone else"):
            source.sample(view, 5)
    assert time.monotonic() - started < 0.5
    assert str(caught.value.failure.place).endswith(".t1")
    assert len(source.sample(free, 5)["id"]) == 2
    assets = {asset.name: asset for asset in source.assets()}
    done.set()
    holding.result(timeout=10)
    assert len(assets) == TABLES + 9
    # What needs the table itself is left out, the rest is as it was.
    lost = {"twice"} if kind == "postgres" else set()
    assert [c for c in assets["t1"].columns if c.name not in lost] == [c for c in locked.columns if c.name not in lost]
    undefined = ["public.plain", "public.slow", "public.small"] if kind == "postgres" else []
    assert [failure.place for failure in source.failures] == undefined


def test_readers_pass_an_alter_table_that_waits(server: Server, opened: Any, aside: Callable[..., Future[Any]]) -> None:
    source = server.open(opened)
    with create_engine(server.url, poolclass=NullPool).connect() as other:
        other.exec_driver_sql("SELECT * FROM t3").all()
        waiting = aside(server.run, "ALTER TABLE t3 ADD COLUMN waited int")
        time.sleep(0.5)
        started = time.monotonic()
        assert len(list(source.assets())) == TABLES + 9
        assert time.monotonic() - started < LOCK + MARGIN
        assert not waiting.done()
        other.rollback()
    waiting.result(timeout=10)


def test_a_large_table_is_sampled_in_several_places_and_not_scanned(server: Server, opened: Any, kind: str) -> None:
    source = server.open(opened)
    big = named(source, "big")
    assert big.row_estimate is not None
    assert 0.8 < big.row_estimate / BIG < 1.2
    before = work_done(server, source, kind)
    sample = source.sample(big, 50)
    assert 0 < work_done(server, source, kind) - before < WHOLE[kind] / 20
    assert len(sample["id"]) == 50
    assert len(set(sample["id"])) == 50
    assert max(sample["id"]) - min(sample["id"]) > BIG / 3
    assert len({number * 20 // BIG for number in sample["id"]}) >= 5
    assert source.sample(big, 50) == sample


WHOLE = {"postgres": BIG // 60, "mariadb": BIG}
"""Pages or rows of the whole table."""


def work_done(server: Server, source: SqlConnector, kind: str) -> int:
    """Pages (PostgreSQL) or rows (MariaDB) that were read so far."""
    if kind == "mariadb":
        told = source.sampler.connection().exec_driver_sql("SHOW SESSION STATUS LIKE 'Handler_read%%'").all()
        return sum(int(value) for _, value in told)
    # A session hands in its counts when it ends.
    source.sampler.close()
    time.sleep(0.3)
    with server.connect() as connection:
        query = "SELECT heap_blks_read + heap_blks_hit FROM pg_statio_user_tables WHERE relname = 'big'"
        return int(connection.exec_driver_sql(query).scalar_one())


def test_old_estimates_and_gaps_in_keys_give_the_first_rows(server: Server, opened: Any) -> None:
    source = server.open(opened)
    asset = named(source, "shrunk")
    # The estimate is as old as the last ANALYZE; some servers look again by themselves.
    estimated = asset if (asset.row_estimate or 0) >= 10_000 else replace_estimate(asset, 20_000)
    assert len(source.sample(estimated, 41)["id"]) == 41


def replace_estimate(asset: Asset, rows: int) -> Asset:
    import msgspec

    return msgspec.structs.replace(asset, row_estimate=rows)


def test_a_view_is_sampled_where_that_costs_little(server: Server, opened: Any) -> None:
    source = server.open(opened)
    for name in ("easy", "small"):
        assert len(source.sample(named(source, name), 5)["id"]) == 5
    assert source.notices == []
    for name in ("dear", "missing", "joined"):
        assert set(map(len, source.sample(named(source, name), 5).values())) == {0}
    assert [notice.split(":")[0].split(".")[1] for notice in source.notices] == ["dear", "missing", "joined"]
    assert all(notice.endswith("this view reads or sorts too much") for notice in source.notices)


def test_a_view_whose_condition_none_meets_scans_no_large_table(server: Server, opened: Any, kind: str) -> None:
    source = server.open(opened)
    missing = named(source, "missing")
    before = work_done(server, source, kind)
    source.sample(missing, 50)
    assert work_done(server, source, kind) - before < WHOLE[kind] / 20


def test_a_table_of_empty_pages_is_not_scanned_for_its_last_rows(postgres_url: str, fill: Any, opened: Any) -> None:
    fill(
        postgres_url,
        "CREATE TABLE big (id int, x text) WITH (autovacuum_enabled = false);"
        f"INSERT INTO big SELECT i, repeat('x', 1500) FROM generate_series(1, {BIG // 4}) i;"
        f"DELETE FROM big WHERE id < {BIG // 4 - 300}; ANALYZE big",
    )
    server = Server("postgresql", postgres_url, "")
    source = server.open(opened)
    big = named(source, "big")
    assert (big.row_estimate or 0) < 10_000
    before = work_done(server, source, "postgres")
    assert len(source.sample(big, 50)["id"]) < 50
    assert work_done(server, source, "postgres") - before < 1_500
    view = named(source, "big")
    assert view.size_bytes is not None
    assert view.size_bytes > 8192 * 9_000


def test_only_columns_that_may_be_read_are_sampled_and_check_tells_of_the_others(
    postgres_url: str, fill: Any, opened: Any
) -> None:
    role = f"columns_{postgres_url.rpartition('/')[2]}"
    fill(
        postgres_url,
        "CREATE TABLE a (id int, xm text, secret text); INSERT INTO a VALUES (1, '王', 's');"
        "CREATE TABLE large (id int PRIMARY KEY, xm text, secret text);"
        "INSERT INTO large SELECT i, 'x', 's' FROM generate_series(1, 30000) i; ANALYZE;"
        "CREATE TABLE shut (id int); CREATE TABLE whole (id int); CREATE TABLE hidden_a (id int, x int);"
        f"CREATE ROLE {role} LOGIN PASSWORD 'pw'; GRANT SELECT ON whole TO {role}; GRANT INSERT ON shut TO {role};"
        f"GRANT SELECT (id, xm) ON a, large TO {role}; GRANT SELECT (id) ON hidden_a TO {role}",
    )
    before, _, after = postgres_url.partition("//")
    url = f"{before}//{role}:pw@{after.rpartition('@')[2]}"
    source = opened("postgresql", url, restricted=("hidden_*",))
    assets = {asset.name: asset for asset in source.assets()}
    assert [column.name for column in assets["a"].columns] == ["id", "xm", "secret"]
    assert source.sample(assets["a"], 5) == {"id": [1], "xm": ["王"]}
    assert len(source.sample(assets["large"], 50)["id"]) == 50
    assert source.sample(assets["whole"], 5) == {"id": []}
    with pytest.raises(SourceFatalError, match="no right"):
        source.sample(assets["shut"], 5)
    assert source.rights().partly == ("public.a", "public.large", "public.shut")
    assert opened("postgresql", postgres_url).rights().partly == ()


def test_foreign_tables_are_sampled_when_asked_for_only(postgres_url: str, fill: Any, opened: Any) -> None:
    fill(
        postgres_url,
        "CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw "
        "OPTIONS (host '127.0.0.1', port '1'); CREATE FOREIGN TABLE far (id int) SERVER elsewhere;"
        "CREATE USER MAPPING FOR public SERVER elsewhere OPTIONS (user 'u', password 'p')",
    )
    source = opened("postgresql", postgres_url)
    far = next(source.assets())
    assert source.sample(far, 5) == {"id": []}
    assert source.notices == ["public.far: not sampled: it lies in another database; sample_foreign: true allows it"]
    with pytest.raises(Exception, match=r"error|reached|lost"):
        opened("postgresql", postgres_url, options={"sample_foreign": True}).sample(far, 5)


def test_a_partitioned_table_and_a_materialised_view_are_spread_too(postgres_url: str, fill: Any, opened: Any) -> None:
    fill(
        postgres_url,
        "CREATE TABLE parted (id int, x text) PARTITION BY RANGE (id);"
        "CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (0) TO (20000);"
        "CREATE TABLE p2 PARTITION OF parted FOR VALUES FROM (20000) TO (40001);"
        "INSERT INTO parted SELECT i, repeat('x', 50) FROM generate_series(1, 40000) i;"
        "CREATE MATERIALIZED VIEW kept AS SELECT * FROM parted; ANALYZE",
    )
    source = opened("postgresql", postgres_url)
    for asset in source.assets():
        ids = source.sample(asset, 50)["id"]
        assert (len(ids), max(ids) - min(ids) > 10_000) == (50, True), asset.name


def test_a_reader_who_may_not_see_how_a_view_is_computed(kind: str, server: Server, opened: Any) -> None:
    """PostgreSQL shows the plan to whoever may read the view, MariaDB to those who may read what is behind it."""
    if kind == "mariadb":
        server.run("CREATE USER 'viewer'@'%%' IDENTIFIED BY 'viewer-pw'")
        server.run("GRANT SELECT ON easy TO 'viewer'@'%%'")
    else:
        server.run("CREATE ROLE viewer LOGIN PASSWORD 'viewer-pw'")
        server.run("GRANT SELECT ON easy TO viewer")
    before, _, after = server.url.partition("//")
    as_viewer = f"{before}//viewer:viewer-pw@{after.rpartition('@')[2]}"
    source = opened(server.connector, as_viewer)
    (easy,) = source.assets()
    assert len(source.sample(easy, 5)["id"]) == (0 if kind == "mariadb" else 5)
    assert [notice.partition(";")[0] for notice in source.notices] == (
        [f"{easy.schema}.easy: not sampled: the user may not see how this view is computed"]
        if kind == "mariadb"
        else []
    )


def test_mariadbs_tables_of_another_server_are_foreign(mariadb_url: str, fill: Any, opened: Any) -> None:
    address = mariadb_url.replace("mariadb+pymysql", "mysql")
    fill(mariadb_url, "INSTALL SONAME 'ha_federatedx';\nCREATE TABLE near (id int PRIMARY KEY) COMMENT '近'")
    fill(mariadb_url, "INSERT INTO near VALUES (7)")
    fill(mariadb_url, f"CREATE TABLE far (id int) ENGINE=FEDERATED COMMENT '远' CONNECTION='{address}/near'")
    source = opened("mariadb", mariadb_url)
    far, near = source.assets()
    assert ((far.variant, far.comment), (near.variant, near.comment)) == (("foreign", "远"), (None, "近"))
    assert source.sample(far, 5) == {"id": []}
    assert opened("mariadb", mariadb_url, options={"sample_foreign": True}).sample(far, 5) == {"id": [7]}
    # The other server is away: what it is asked for costs counts, not the system.
    fill(mariadb_url, "DROP TABLE near;\nCREATE TABLE home (id int UNIQUE COMMENT '家') PARTITION BY HASH (id)")
    source = opened("mariadb", mariadb_url)
    far, home = source.assets()
    assert [(a.variant, a.comment, a.row_estimate) for a in (far, home)] == [
        ("foreign", "远", None),
        (None, None, None),
    ]
    assert (home.columns[0].comment, home.unique_keys, far.columns[0].name) == ("家", (("id",),), "id")
    (failure,) = source.failures
    assert failure.what.startswith("counts, sizes and foreign keys are missing")


@pytest.mark.parametrize(
    ("given", "limit"),
    [
        ({}, 5),
        ({"lock_timeout": 3}, 3),
        ({"sample_timeout": 9}, 5),
        ({"sample_timeout": 0, "lock_timeout": 0}, 300),
        ({"sample_timeout": 9, "lock_timeout": 0}, 9),
        ({"statement_timeout": 2}, 2),
    ],
)
def test_a_sample_may_take_the_shortest_of_all_times(opened: Any, given: dict[str, int], limit: int) -> None:
    source = opened("postgresql", "postgresql://u:p@127.0.0.1/d", options=given)
    assert source.timeouts.sampling == limit
    lock = given.get("lock_timeout", 5)
    assert f"SET lock_timeout = {1000 * lock}" in POSTGRESQL.session(source.timeouts)
    assert f"SET SESSION lock_wait_timeout = {lock or 31536000}" in MARIADB.session(source.timeouts)


def test_sessions_that_sample_are_bounded(kind: str, server: Server, opened: Any) -> None:
    connection = server.open(opened, sample_timeout=SAMPLE).sampler.connection()
    both: dict[str, dict[str, object]] = {
        "postgres": {
            "max_parallel_workers_per_gather": "0",
            "statement_timeout": f"{LOCK}s",
            "lock_timeout": f"{LOCK * 900}ms",
            "default_transaction_read_only": "on",
        },
        "mariadb": {"max_statement_time": LOCK, "lock_wait_timeout": LOCK - 1, "tx_read_only": 1},
    }
    expected = both[kind]
    show = "SHOW {}" if kind == "postgres" else "SELECT @@session.{}"
    assert {name: connection.exec_driver_sql(show.format(name)).scalar_one() for name in expected} == expected
