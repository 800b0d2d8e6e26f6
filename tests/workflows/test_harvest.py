"""Harvest: what is stored, what is sampled, what vanishes, and what happens to the rest when something fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from classifiers.evidence import Decision
from classifiers.gain import gains_from_values
from classifiers.policy import load_pack
from connectors.base import SourceFatalError, SourceRetryError
from connectors.model import Asset, Column, ColumnSource, Failure
from workflows.classify import classify
from workflows.harvest_result import HarvestResult
from workflows.inputs import table_input
from workflows.store import Store

Make = Callable[..., Asset]
Harvest = Callable[..., HarvestResult]
ID_CARD = "31010719000101001X"
MOBILE = "13800138000"


def test_a_system_is_stored_with_evidence(store: Store, harvester: Harvest, source: Any, asset: Make) -> None:
    fake = source([asset("a", "x"), asset("b", "y", "z")], {"a": {"x": ["1", "2", None]}})
    (result,) = harvester({"sys": fake}).systems
    assert (result.assets, result.columns, result.new, result.failed, result.complete) == (2, 3, 2, [], True)
    assert result.statements == 1
    by_name = {item.asset.name: item for item in store.stream()}
    assert by_name["a"].evidence["x"][0].distinct == 3
    assert by_name["b"].evidence == {}


def test_an_unchanged_system_is_neither_written_nor_sampled_again(
    store: Store, harvester: Harvest, source: Any, asset: Make
) -> None:
    fake = source([asset("a", "x"), asset("b", "y")], {"a": {"x": ["1"]}})
    harvester({"sys": fake})
    before, asked = list(store.stream()), len(fake.asked)
    with store.write() as connection:
        connection.execute(
            text("create trigger no_insert before insert on assets begin select raise(abort, 'write'); end")
        )
        connection.execute(
            text("create trigger no_update before update on assets begin select raise(abort, 'write'); end")
        )
    (again,) = harvester({"sys": fake}).systems
    assert (again.unchanged, again.new, again.changed, again.failed) == (2, 0, 0, [])
    assert len(fake.asked) == asked
    assert list(store.stream()) == before


def test_a_changed_structure_is_sampled_again(store: Store, harvester: Harvest, source: Any, asset: Make) -> None:
    fake = source([asset("a", "x"), asset("b", "y")])
    harvester({"sys": fake})
    fake.assets[0] = asset("a", "x", "new")
    (again,) = harvester({"sys": fake}).systems
    assert (again.unchanged, again.changed) == (1, 1)
    assert [name for name, _, _ in fake.asked] == ["a", "b", "a"]


def test_resample_asks_every_asset_again(harvester: Harvest, source: Any, asset: Make, store: Store) -> None:
    fake = source([asset("a", "x")], {"a": {"x": ["1"]}})
    harvester({"sys": fake})
    fake.rows["a"]["x"] = ["1", "2", "3"]
    (again,) = harvester({"sys": fake}, resample=True).systems
    assert (again.unchanged, len(fake.asked)) == (1, 2)
    assert next(iter(store.stream())).evidence["x"][0].distinct == 3


def test_zero_sample_rows_never_ask_for_values(harvester: Harvest, source: Any, asset: Make) -> None:
    fake = source([asset("a", "x")], {"a": {"x": ["1"]}})
    harvester({"sys": fake}, rows=0)
    assert fake.asked == []


def test_credentials_are_never_asked_for(harvester: Harvest, source: Any, asset: Make) -> None:
    fake = source([asset("sys_user", "login_name:登录账号", "password:密码"), asset("only", "pwd:登录密码")])
    harvester({"sys": fake})
    assert fake.asked == [("sys_user", ("login_name",), 20)]


def test_a_sites_own_code_for_a_password_is_not_asked_for_either() -> None:
    own = "extends: putuo-2020\nterms:\n  credential.password: [开门码]\n"
    table = Asset("d", "s", "t", columns=(Column("c1", 1, comment="开门码"), Column("xm", 2)))
    assert gains_from_values(table_input(table)) == {"c1", "xm"}
    assert gains_from_values(table_input(table), load_pack("putuo-2020", [("packs/own.yaml", own)])) == {"xm"}


def test_a_failed_system_is_named_and_the_others_go_on(
    store: Store, harvester: Harvest, source: Any, asset: Make
) -> None:
    broken = source(probe_error=SourceRetryError("no route to the host", hint="is it running?", place="db:5432"))
    good = source([asset("a", "x", system="good")])
    result = harvester({"bad": broken, "good": good})
    assert [item.system for item in result.systems] == ["bad", "good"]
    assert result.systems[0].failed == [Failure("no route to the host", "db:5432", "is it running?")]
    assert (result.systems[0].lost, result.systems[1].assets, result.exit_code) == (True, 1, 3)
    assert [(item.kind, item.system) for item in store.events()] == [("failed", "bad")]
    assert harvester({"bad": broken}).exit_code == 1


def test_a_table_that_cannot_be_sampled_is_stored_and_named(
    store: Store, harvester: Harvest, source: Any, asset: Make
) -> None:
    fake = source(
        [asset("a", "x"), asset("b", "y")], {"b": {"y": ["1"]}}, sample_errors={"a": SourceFatalError("no right")}
    )
    result = harvester({"sys": fake})
    assert result.systems[0].failed == [Failure("no right", "a")]
    assert result.exit_code == 3
    by_name = {item.asset.name: item for item in store.stream()}
    assert [finding.code for finding in by_name["a"].findings] == ["not_sampled"]
    assert by_name["b"].evidence["y"]
    fake.sample_errors.clear()
    harvester({"sys": fake})
    assert [name for name, _, _ in fake.asked] == ["a", "b", "a"]


def test_earlier_evidence_outlives_a_failed_sample(store: Store, harvester: Harvest, source: Any, asset: Make) -> None:
    fake = source([asset("a", "x", "gone")], {"a": {"x": ["1"], "gone": ["1"]}})
    harvester({"sys": fake})
    fake.assets[0] = asset("a", "x", "new")
    fake.sample_errors["a"] = SourceRetryError("timed out")
    harvester({"sys": fake})
    assert list(next(iter(store.stream())).evidence) == ["x"]


TEN = [f"t{i}" for i in range(10)]


@pytest.mark.parametrize(
    ("left", "listed", "partial", "options", "vanished", "failed"),
    [
        (TEN[1:], None, None, {}, ["t0"], ""),
        (TEN[3:], None, None, {}, [], "3 of 10 assets are missing at once"),
        (TEN[3:], None, None, {"accept_removals": True}, ["t0", "t1", "t2"], ""),
        (TEN[3:], None, None, {"accept_removals": True, "removal_grace": 9}, ["t0", "t1", "t2"], ""),
        (TEN[3:], None, None, {"removal_share": 0.3}, ["t0", "t1", "t2"], ""),
        (TEN[1:], None, None, {"removal_grace": 2}, [], ""),
        (TEN[1:], None, "no right on schema x", {}, [], "no right on schema x"),
        ([], None, None, {}, [], "10 of 10 assets are missing at once"),
        # Listed, but its description failed: it is there.
        (TEN[1:], TEN, None, {}, [], ""),
    ],
)
def test_assets_vanish_only_after_a_whole_listing(
    store: Store,
    harvester: Harvest,
    source: Any,
    asset: Make,
    left: list[str],
    listed: list[str] | None,
    partial: str | None,
    options: dict[str, Any],
    vanished: list[str],
    failed: str,
) -> None:
    harvester({"sys": source([asset(name, "x") for name in TEN])})
    second = source([asset(name, "x") for name in left], listed=listed, partial=partial)
    (result,) = harvester({"sys": second}, **options).systems
    known = store.known("dept", "sys")
    assert [key.rsplit("/", 1)[1] for key, item in sorted(known.items()) if item.vanished] == vanished
    assert result.vanished == len(vanished)
    assert failed in "".join(map(str, result.failed))
    assert bool(failed) == bool(result.failed)


def test_a_stream_that_breaks_off_makes_nothing_vanish(
    store: Store, harvester: Harvest, source: Any, asset: Make
) -> None:
    harvester({"sys": source([asset("a", "x"), asset("b", "x")])})
    broken = source([asset("a", "x")], listed=["a"], stream_error=SourceRetryError("connection lost"))
    result = harvester({"sys": broken}, removal_share=1.0)
    assert not any(item.vanished for item in store.known("dept", "sys").values())
    assert (result.systems[0].complete, result.exit_code) == (False, 3)


def test_grace_counts_runs_and_a_return_resets_it(store: Store, harvester: Harvest, source: Any, asset: Make) -> None:
    whole, less = source([asset(name, "x") for name in TEN]), source([asset(name, "x") for name in TEN[1:]])
    for fake in (whole, less, whole, less):
        harvester({"sys": fake}, removal_grace=2)
    assert not store.known("dept", "sys")["dept/sys/t0"].vanished
    harvester({"sys": less}, removal_grace=2)
    assert store.known("dept", "sys")["dept/sys/t0"].vanished
    harvester({"sys": whole}, removal_grace=2)
    assert not store.known("dept", "sys")["dept/sys/t0"].vanished


def test_what_becomes_restricted_leaves_the_store(store: Store, harvester: Harvest, source: Any, asset: Make) -> None:
    harvester({"sys": source([asset("a", "x"), asset("secret_a", "x"), asset("secret_b", "x")])})
    (result,) = harvester({"sys": source([asset("a", "x")])}, config={"restricted": ("secret_*",)}).systems
    assert list(store.known("dept", "sys")) == ["dept/sys/a"]
    assert "2 stored assets are restricted now" in result.notices[0]
    assert result.failed == []


def test_an_empty_source_is_no_failure(harvester: Harvest, source: Any) -> None:
    result = harvester({"sys": source()}, config={"include": ("nothing.*",)})
    assert (result.exit_code, result.systems[0].notices) == (0, ["include matches nothing"])


@pytest.mark.parametrize(
    ("hidden", "told"),
    [((), "the source holds no assets"), (("b",), "every asset is excluded, restricted or bears a secrecy mark")],
)
def test_a_source_whose_assets_are_all_hidden_is_not_empty(
    harvester: Harvest, source: Any, hidden: tuple[str, ...], told: str
) -> None:
    result = harvester({"sys": source(quarantined=hidden)})
    assert (result.exit_code, result.systems[0].notices) == (0, [told])


def test_quarantined_assets_are_counted(store: Store, harvester: Harvest, source: Any, asset: Make) -> None:
    (result,) = harvester({"sys": source([asset("a", "x")], quarantined=("b", "c", "d"))}).systems
    assert (result.quarantined, store.systems()[0].quarantined) == (3, 3)


def test_what_gets_a_secrecy_mark_leaves_the_store_whatever_the_guards_say(
    store: Store, harvester: Harvest, source: Any, asset: Make
) -> None:
    numbered = f"a_{ID_CARD}"
    harvester({"sys": source([asset("a", "x"), asset(numbered, "x"), asset("c", "x")])})
    marked = source([asset("a", "x")], quarantined=(numbered, "c"), partial="one file could not be read")
    (result,) = harvester({"sys": marked}, removal_share=0).systems
    assert list(store.known("dept", "sys")) == ["dept/sys/a"]
    assert result.notices == ["2 stored assets bear a secrecy mark now and were removed from the store"]


def test_identifiers_in_structure_are_masked_and_found(
    store: Store, harvester: Harvest, source: Any, asset: Make, tmp_path: Path
) -> None:
    odd = asset(f"list_{ID_CARD}", ID_CARD, f"note:联系 {MOBILE}", comment=f"经办 {MOBILE}", primary_key=(ID_CARD,))
    fake = source([odd], {odd.name: {ID_CARD: ["1"], "note": ["2"]}}, listed=[odd.qualified_name])
    harvester({"sys": fake})
    (stored,) = store.stream()
    assert [column.name for column in stored.asset.columns] == ["310107************", "note"]
    assert stored.asset.primary_key == ("310107************",)
    assert set(stored.evidence) == {"310107************", "note"}
    assert [finding.code for finding in stored.findings] == ["identifier_in_structure"] * 3
    assert fake.asked == [(odd.name, (ID_CARD, "note"), 20)]
    again = harvester({"sys": fake}).systems[0]
    assert (again.unchanged, again.vanished, again.failed) == (1, 0, [])
    assert not planted(tmp_path, ID_CARD, MOBILE)


def test_columns_whose_masked_names_are_equal_are_told_apart(
    store: Store, harvester: Harvest, source: Any, asset: Make
) -> None:
    fake = source([asset("t", MOBILE, "13800138001")], {"t": {MOBILE: ["1"], "13800138001": ["1", "2"]}})
    harvester({"sys": fake})
    (stored,) = store.stream()
    assert [column.name for column in stored.asset.columns] == ["138********", "138********_2"]
    assert [stored.evidence[name][0].distinct for name in ("138********", "138********_2")] == [1, 2]


def test_assets_whose_masked_names_are_equal_are_told_apart(
    store: Store, harvester: Harvest, source: Any, asset: Make
) -> None:
    fake = source([asset(f"{MOBILE}.csv", "x"), asset("13800138001.csv", "x")])
    harvester({"sys": fake})
    assert [item.asset.name for item in store.stream()] == ["138********.csv", "138********.csv_2"]
    assert harvester({"sys": fake}).systems[0].unchanged == 2


def test_failures_hold_no_identifier(harvester: Harvest, source: Any) -> None:
    broken = source(probe_error=SourceFatalError(f"row of {ID_CARD} is locked", place=f"{MOBILE}.csv"))
    (failure,) = harvester({"sys": broken}).systems[0].failed
    assert ID_CARD not in str(failure)
    assert MOBILE not in str(failure)


def planted(folder: Path, *values: str) -> list[str]:
    """Files under ``folder`` that hold one of the values."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [str(path) for path in files if any(value.encode() in path.read_bytes() for value in values)]


def _view(asset: Make, name: str, **columns: str) -> Asset:
    """``_view(asset, "v", shown="table.column")``"""
    made = asset(name, *columns, kind="view")
    parts = (path.rpartition(".") for path in columns.values())
    pairs = zip(made.columns, (ColumnSource(of_table, name) for of_table, _, name in parts), strict=True)
    shown = tuple(msgspec.structs.replace(column, sources=(one,)) for column, one in pairs)
    return msgspec.structs.replace(made, columns=shown)


def test_passwords_are_not_sampled_through_views(harvester: Any, source: Any, asset: Make) -> None:
    system = source(
        [
            _view(asset, "a_v", id="t_ry.id", c1="t_ry.q9x"),
            _view(asset, "b_v", c1="a_v.c1", c2="a_v.id"),
            _view(asset, "c_v", c1="nowhere.mima", c2="nowhere.xm"),
            _view(asset, "d_v", c1="e_v.c1"),
            _view(asset, "e_v", c1="d_v.c1"),
            asset("t_ry", "id", "q9x:登录密码"),
        ],
    )
    harvester({"sys": system})
    asked = {name: columns for name, columns, _ in system.asked}
    assert asked == {"t_ry": ("id",), "a_v": ("id",), "b_v": ("c2",), "c_v": ("c2",), "d_v": ("c1",), "e_v": ("c1",)}


def test_what_a_view_only_counts_may_be_sampled(harvester: Any, source: Any, asset: Make) -> None:
    view = _view(asset, "v", sl="t.pwd")
    counted = msgspec.structs.replace(view.columns[0], sources=(ColumnSource("t", "pwd", carried=False),))
    system = source([msgspec.structs.replace(view, columns=(counted,)), asset("t", "pwd")])
    harvester({"sys": system})
    assert [name for name, _, _ in system.asked] == ["v"]


def test_a_column_that_people_called_a_password_is_none_to_be_sampled_in_a_view(
    harvester: Any, store: Store, source: Any, asset: Make
) -> None:
    table, view = asset("t", "q9x"), _view(asset, "v", c1="t.q9x")
    harvester({"sys": source([table])})
    decision = Decision(table.key, "element", "credential.password", "王工", "2025-06-01", column="q9x")
    store.add_decisions([decision])
    classify(store, load_pack(), {}, run=1, at="2025-06-01", as_of=date(2025, 6, 1))
    system = source([table, view])
    harvester({"sys": system})
    assert system.asked == []


def test_views_are_kept_unsampled_when_the_stream_breaks_off(
    harvester: Any, store: Store, source: Any, asset: Make
) -> None:
    assets = [_view(asset, "v", c1="t.xm"), asset("t", "xm")]
    broken = source(assets, stream_error=SourceRetryError("connection lost"))
    harvester({"sys": broken})
    assert [name for name, _, _ in broken.asked] == ["t"]
    assert {one.asset.name for one in store.stream()} == {"t", "v"}
    whole = source(assets)
    harvester({"sys": whole})
    assert [name for name, _, _ in whole.asked] == ["v"]
