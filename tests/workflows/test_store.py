"""The store: versions, batches, interning, numbers, history; and that nothing is written when nothing changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import create_engine, text

from classifiers.evidence import AssetVerdict, Because, ColumnVerdict, Decision, Evidence, Label, Subject
from connectors.model import Asset
from workflows import store_steps
from workflows.entries import codes
from workflows.errors import StoreError
from workflows.store import Store
from workflows.store_records import Event, Harvested, Judged, LabelChange, SystemState

AT = "2025-06-01T08:00:00+08:00"
Make = Callable[..., Asset]


def column_verdict(tier: str, share: str = "unconditional", reason: str = "理由") -> ColumnVerdict:
    labels = (
        Label("tier", tier, "suggested", 0.9, reason),
        Label("share", share, "suggested", 0.9, reason, ("putuo-2020/22",)),
        Label("open", "unconditional", "suggested", 0.9, reason),
    )
    return ColumnVerdict("person.name", "person_name", "PB", labels)


def verdict(*columns: ColumnVerdict) -> AssetVerdict:
    labels = columns[0].labels if columns else ()
    because = {"tier": Because(("a",), "rollup")}
    return AssetVerdict(
        Subject("person", "表名"), labels, because, columns, open_view=("a",), open_view_labels={"tier": "L1"}
    )


def saved(store: Store, *assets: Asset, **more: Any) -> list[int]:
    store.write_assets(1, AT, [Harvested(asset=asset, **more) for asset in assets])
    known = store.known("dept", "sys")
    return [known[asset.key].id for asset in assets]


def judged(store: Store, row: int, names: tuple[str, ...], found: AssetVerdict, key: str = "k") -> None:
    store.write_verdicts(1, AT, [Judged(row, key, names, found)], [])


def test_an_asset_with_evidence_comes_back_whole(store: Store, asset: Make) -> None:
    made = asset("person", "name:姓名", "id_no:证件号", comment="人员", primary_key=("id_no",), row_estimate=12)
    evidence = {"id_no": (Evidence("id_card", "person.id_card", "value", 0.98, hits=48, distinct=50),)}
    (row,) = saved(store, made, evidence=evidence, sampled=True)
    (back,) = store.load([row])
    assert (back.asset, back.evidence, back.verdict) == (made, evidence, None)
    assert store.known("dept", "sys")[made.key].sampled


def test_a_replaced_asset_keeps_its_row_and_first_sight(store: Store, asset: Make) -> None:
    (row,) = saved(store, asset("t", "a"))
    store.write_assets(2, "2025-07-01", [Harvested(asset=asset("t", "a", "b"), id=row)])
    (back,) = store.load([row])
    assert [column.name for column in back.asset.columns] == ["a", "b"]
    assert (back.first_seen, back.changed_at) == (AT, "2025-07-01")


def test_a_verdict_comes_back_whole_and_equal_columns_are_stored_once(store: Store, asset: Make) -> None:
    first, second = saved(store, asset("t1", "a", "b"), asset("t2", "a"))
    same = verdict(column_verdict("L1"), column_verdict("L3"))
    judged(store, first, ("a", "b"), same)
    judged(store, second, ("a",), verdict(column_verdict("L3")))
    assert [item.verdict for item in store.load([first, second])] == [same, verdict(column_verdict("L3"))]
    with store.read() as connection:
        assert connection.execute(text("select count(*) from verdicts")).scalar_one() == 2


def test_verdicts_are_read_by_a_store_that_did_not_write_them(store: Store, asset: Make, tmp_path: Path) -> None:
    (row,) = saved(store, asset("t", "a"))
    judged(store, row, ("a",), verdict(column_verdict("L2")))
    with Store(f"sqlite:///{tmp_path / 'var' / 'store.db'}") as other:
        assert other.load([row])[0].column_verdicts == {"a": column_verdict("L2")}


def test_totals_count_present_assets_by_label(store: Store, asset: Make) -> None:
    first, second, gone, _ = saved(store, asset("t1", "a", "b"), asset("t2", "a"), asset("t3", "a"), asset("t4", "a"))
    judged(store, first, ("a", "b"), verdict(column_verdict("L1"), column_verdict("L2", "undetermined")))
    judged(store, second, ("a",), verdict(column_verdict("L3")))
    judged(store, gone, ("a",), verdict(column_verdict("L4")))
    store.mark_missing([gone], AT)
    totals = store.totals()
    assert (totals["assets"], totals["columns"], totals["undetermined"], totals["undetermined_assets"]) == (3, 4, 1, 1)
    assert totals["by_tier"] == {"L1": 1, "L3": 1, "unjudged": 1}
    assert store.totals(["other"])["assets"] == 0


def test_missing_assets_vanish_only_when_told_and_come_back(store: Store, asset: Make) -> None:
    made = asset("t", "a")
    (row,) = saved(store, made)
    store.mark_missing([row], None)
    assert (store.known("dept", "sys")[made.key].missing_runs, len(store.judgeable())) == (1, 1)
    store.mark_missing([row], AT)
    assert store.known("dept", "sys")[made.key].vanished
    assert store.judgeable() == []
    store.mark_present([row])
    assert (store.known("dept", "sys")[made.key].missing_runs, len(store.judgeable())) == (0, 1)


def test_catalogue_numbers_have_no_gaps(store: Store, asset: Make) -> None:
    b, a = saved(store, asset("b", "x"), asset("a", "x"))
    assert store.number_departments(["dept", "other"]) == {"dept": 1, "other": 2}
    assert codes.number(store, ["dept"]) == 2
    assert codes.codes(store, "dept") == {a: ("300001/000001",), b: ("300001/000002",)}
    store.forget([b])
    (c,) = saved(store, asset("c", "x"))
    assert codes.number(store, ["dept"]) == 1
    # Nothing was handed in under the number of what was forgotten.
    assert codes.codes(store, "dept") == {a: ("300001/000001",), c: ("300001/000002",)}
    assert codes.number(store, ["dept"]) == 0
    assert store.number_departments(["new", "other"])["new"] == 3


def test_another_class_gives_another_code_and_going_back_the_old_one(store: Store, asset: Make) -> None:
    a, b = saved(store, asset("a", "x"), asset("b", "x"))
    codes.number(store, ["dept"])
    assert codes.number(store, ["dept"], {("dept", "sys"): "1010010001"}) == 2
    assert codes.codes(store, "dept")[a] == ("300001/000001", "1010010001/000001")
    assert codes.number(store, ["dept"], {("dept", "sys"): "1010010001"}) == 0
    assert codes.number(store, ["dept"]) == 2
    assert codes.codes(store, "dept")[b] == ("300001/000002",)


def test_numbers_of_the_version_before_stay(tmp_path: Path, asset: Make, make_old: Any) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    with Store(url) as store:
        a, b = saved(store, asset("a", "x"), asset("b", "x"))
        store.number_departments(["other", "dept"])
        with store.write() as connection:
            make_old(connection, 3)
            connection.execute(text(f"INSERT INTO entries VALUES ({a}, 'dept', 12), ({b}, 'dept', 3)"))
    with Store(url) as store:
        assert codes.codes(store, "dept") == {a: ("300002/000012",), b: ("300002/000003",)}
        # What came before stamps and engines is read and sampled again.
        assert {(item.stamp, item.engine, item.columns) for item in store.known("dept", "sys").values()} == {
            ("", "", 1)
        }
        (c,) = saved(store, asset("c", "x"))
        codes.number(store, ["dept"])
        assert codes.codes(store, "dept")[c] == ("300002/000001",)


def test_a_forgotten_asset_leaves_no_trace_in_the_file(store: Store, asset: Make, tmp_path: Path) -> None:
    (row,) = saved(store, asset("t_covert", "agent_name"))
    store.write_verdicts(1, AT, [], [LabelChange("dept/sys/t_covert", "tier", "L2", "L3")])
    store.forget([row])
    assert store.label_changes("dept/sys/t_covert") == []
    store.close()
    with closing(sqlite3.connect(tmp_path / "var" / "store.db")) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    assert not [path for path in (tmp_path / "var").iterdir() if b"covert" in path.read_bytes()]


def test_decisions_are_appended_in_order(store: Store) -> None:
    rulings = [
        Decision("dept/sys/t", "tier", "L3", "王主任", AT, column="a", reason="核实", rejected="L2"),
        Decision("dept/sys/u", "share", None, "李科长", AT),
    ]
    store.add_decisions(rulings)
    assert store.decisions() == rulings
    assert store.decisions("dept/sys/u") == rulings[1:]


def test_history_runs_and_events_come_back(store: Store) -> None:
    run = store.start_run("run", AT)
    change = LabelChange(
        "dept/sys/t", "tier", "L2", "L3", column="a", old_state="suggested", new_state="suggested", why="新证据"
    )
    store.write_verdicts(run, AT, [], [change])
    store.add_events(run, AT, [Event("failed", "no right", "dept", "sys", "t")])
    store.finish_run(run, AT, 3, {"assets": 1})
    store.save_system(SystemState("dept", "sys", "sqlite", run, False, 2, "no right"))
    store.save_system(SystemState("dept", "sys", "sqlite", run, True, 1, None))
    assert store.label_changes("dept/sys/t") == [msgspec.structs.replace(change, run=run, at=AT)]
    assert [(item.command, item.exit_code, item.summary) for item in store.runs()] == [("run", 3, {"assets": 1})]
    assert [(item.kind, item.place, item.run) for item in store.events()] == [("failed", "t", run)]
    assert store.systems() == [SystemState("dept", "sys", "sqlite", run, True, 1, None)]


def test_a_newer_schema_is_refused_with_what_to_do(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    Store(url).close()
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection, connection:
        connection.execute("update schema_version set version = 99")
    with pytest.raises(StoreError, match=r"version 99.*install a newer"):
        Store(url)


def test_steps_bring_an_older_schema_up_in_order(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    taken: list[int] = []
    steps = {version: lambda _connection, version=version: taken.append(version) for version in (1, 2, 3)}
    with engine.begin() as connection:
        store_steps.prepare(connection, steps, target=1)
    with engine.begin() as connection:
        store_steps.prepare(connection, steps, target=3)
        assert connection.execute(text("select version from schema_version")).scalar_one() == 3
    engine.dispose()
    assert taken == [1, 2]


@pytest.mark.parametrize(
    ("url", "told"),
    [("nonsense", "no database URL"), ("foo://x", "no driver for"), ("sqlite:////dev/null/x.db", "cannot be made")],
)
def test_a_store_that_cannot_be_opened_says_so(url: str, told: str) -> None:
    with pytest.raises(StoreError, match=told):
        Store(url)


def test_a_file_that_is_no_database_is_named_as_the_store(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("no database at all, " * 100)
    with pytest.raises(StoreError, match=r"check `store` in site[.]yaml"):
        Store(f"sqlite:///{tmp_path / 'store.db'}")


def test_the_store_works_in_postgresql(postgres_url: str, asset: Make) -> None:
    with Store(postgres_url) as store:
        (row,) = saved(store, asset("t", "a:姓名"), sampled=True)
        judged(store, row, ("a",), verdict(column_verdict("L2")))
        assert store.number_departments(["dept"]) == {"dept": 1}
        assert codes.number(store, ["dept"]) == 1
        assert store.load([row])[0].column_verdicts == {"a": column_verdict("L2")}
        assert store.totals()["by_tier"] == {"L2": 1}
