"""Packs on a site: what another one would change, which rules are noisy, and decisions that say what was seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine

from classifiers.evidence import Decision
from classifiers.policy import load_pack
from connectors.model import Asset, Column, ColumnSource
from workflows.acts.trail import Trail
from workflows.classify import classify
from workflows.cli import cli
from workflows.errors import InputError
from workflows.packs import diff_site, find_pack, noisy_rules, record_decisions
from workflows.store import Store
from workflows.store_records import Harvested, LabelChange

AT = "2025-06-01T08:00:00+08:00"
AS_OF = date(2025, 6, 1)
PEOPLE, PARKS = "dept/sys/people", "dept/sys/parks"
MOBILE_L4 = "extends: putuo-2020\nid: ours\ntiers: {person.mobile: L4}\n"
COMMENTS = {"people": [("xm", "姓名"), ("sjh", "手机号")], "parks": [("mc", "公园名称"), ("dz", "地址")]}


def asset(name: str, columns: Sequence[tuple[str, str]]) -> Asset:
    made = tuple(
        Column(column, i, "varchar", "VARCHAR", True, comment) for i, (column, comment) in enumerate(columns, 1)
    )
    return Asset("dept", "sys", name, "table", columns=made)


def judge_all(store: Store, overlay: str = "") -> None:
    pack = load_pack("putuo-2020", [("packs/o.yaml", overlay)] if overlay else [])
    classify(store, pack, {}, run=store.start_run("classify", AT), at=AT, as_of=AS_OF)


@pytest.fixture
def judged(store: Store) -> Store:
    store.write_assets(1, AT, [Harvested(asset(name, columns)) for name, columns in COMMENTS.items()])
    judge_all(store)
    return store


def labels(store: Store) -> dict[str, Any]:
    return {item.asset.key: item.verdict for item in store.stream()}


def test_the_diff_names_every_label_that_would_change_and_changes_none(judged: Store, tmp_path: Path) -> None:
    overlay = tmp_path / "ours.yaml"
    overlay.write_text(MOBILE_L4, "utf-8")
    before = labels(judged)
    found = diff_site(judged, load_pack(), find_pack(str(overlay)), {}, AS_OF)
    assert found.assets == 2
    changed = [(item.asset, item.column, item.dimension, item.old, item.new) for item in found.labels]
    assert changed == [(PEOPLE, None, "tier", "L3", "L4"), (PEOPLE, "sjh", "tier", "L3", "L4")]
    assert found.labels[1].new_rule == "tiers/person.mobile"
    assert (found.counts, found.asset_counts) == ({"tier": 1}, {"tier": 1})
    assert [(c.section, c.key, c.old, c.new) for c in found.pack] == [("tiers", "person.mobile", "L3", "L4")]
    assert labels(judged) == before
    assert judged.label_changes(PEOPLE) == []


def test_the_diff_passes_what_changes_on_to_views(judged: Store, tmp_path: Path) -> None:
    overlay = tmp_path / "ours.yaml"
    overlay.write_text(MOBILE_L4, "utf-8")
    view = asset("a_view", [("c1", "")])
    shown = msgspec.structs.replace(view.columns[0], sources=(ColumnSource("people", "sjh"),))
    judged.write_assets(2, AT, [Harvested(msgspec.structs.replace(view, kind="view", columns=(shown,)))])
    found = diff_site(judged, load_pack(), find_pack(str(overlay)), {}, AS_OF)
    changed = [(item.asset, item.column, item.old, item.new) for item in found.labels if item.dimension == "tier"]
    assert ("dept/sys/a_view", "c1", "L3", "L4") in changed


def test_the_diff_shows_lower_tiers_and_respects_decisions(judged: Store) -> None:
    judged.write_assets(2, AT, [Harvested(asset("cameras", [("sxt", "摄像头编号"), ("gx", "管线编号")]))])
    judged.add_decisions([Decision("dept/sys/cameras", "tier", "L3", "王主任", AT, column="gx")])
    judge_all(judged)
    text = "extends: putuo-2020\ntiers: {place.camera: L2, place.pipeline: L2}\n"
    found = diff_site(judged, load_pack(), load_pack("putuo-2020", [("o.yaml", text)]), {}, AS_OF)
    changed = [(item.column, item.old, item.new) for item in found.labels if item.dimension == "tier"]
    assert changed == [("sxt", "L3", "L2")]


def test_the_same_pack_changes_nothing(judged: Store) -> None:
    found = diff_site(judged, load_pack(), load_pack(), {}, AS_OF)
    assert (found.labels, found.pack, found.counts) == ([], [], {})


@pytest.mark.parametrize("spec", ["putuo-2020+{file}", "{file}"])
def test_packs_are_found_by_name_and_file(spec: str, tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(MOBILE_L4, "utf-8")
    assert find_pack(spec.format(file=file)).ident == "putuo-2020@1+ours.1"
    assert find_pack("national-2025").id == "national-2025"
    file.write_text("extends: national-2025\nid: ours\n", "utf-8")
    assert find_pack(str(file)).ident == "national-2025@1+ours.1"


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none.yaml: No such file"):
        find_pack(str(tmp_path / "none.yaml"))


def decision(value: str | None, column: str | None = "sjh", asset: str = PEOPLE, dimension: str = "share") -> Decision:
    return Decision(asset, dimension, value, "王主任", "2025-06-02T08:00:00+08:00", column)  # type: ignore[arg-type]


@pytest.mark.parametrize(("dimension", "value"), [("tier", "L9"), ("share", "授权共享"), ("open", "yes")])
def test_a_value_that_its_dimension_does_not_have_is_not_recorded(judged: Store, dimension: str, value: str) -> None:
    with pytest.raises(InputError, match=f"{PEOPLE}.sjh: {dimension} is one of .*, not '{value}'"):
        record_decisions(judged, [decision("L4", dimension="tier"), decision(value, dimension=dimension)])
    assert judged.decisions() == []


def test_a_recorded_refusal_stays_until_the_column_changes(judged: Store) -> None:
    (recorded,) = record_decisions(judged, [decision(None)])
    assert (recorded.rejected, recorded.rule) == ("conditional", "share-personal")
    (act,) = Trail(judged).acts("decision")
    assert msgspec.json.decode(act.before) == {"value": "conditional", "rule": "share-personal"}
    assert judged.decisions() == [recorded]
    judge_all(judged)
    assert said(judged, "sjh") == ("undetermined", [])
    (row,) = [item.id for item in judged.judgeable() if item.key == PEOPLE]
    renamed = asset("people", [("xm", "姓名"), ("sjh", "家长手机号")])
    judged.write_assets(2, AT, [Harvested(renamed, id=row)])
    judge_all(judged)
    assert said(judged, "sjh") == ("conditional", ["asks_again"])


def said(store: Store, column: str) -> tuple[str | None, list[str]]:
    verdict = next(item for item in store.stream() if item.asset.key == PEOPLE).column_verdicts[column]
    label = verdict.label("share")
    return label.value if label else None, [f.code for f in verdict.findings if f.code == "asks_again"]


def test_rules_are_ranked_by_how_often_people_disagree(judged: Store) -> None:
    record_decisions(judged, [decision("conditional", "xm"), decision(None, "sjh")])
    record_decisions(judged, [decision("none", column, PARKS) for column in ("mc", "dz")])
    record_decisions(judged, [decision("unconditional", "mc", PARKS, "open")])
    ranked = [(n.rule, n.dimension, n.ruled, n.confirmed, n.changed, n.rejected, n.noise) for n in noisy_rules(judged)]
    assert ranked == [
        ("share-default", "share", 2, 0, 2, 0, 1.0),
        ("share-personal", "share", 2, 1, 0, 1, 0.5),
        ("open-default", "open", 1, 1, 0, 0, 0.0),
    ]
    assert [n.rule for n in noisy_rules(judged, least=2)] == ["share-default", "share-personal"]


def test_a_decision_without_its_rule_is_traced_through_the_history(judged: Store) -> None:
    (row,) = [item for item in judged.stream() if item.asset.key == PEOPLE]
    assert row.verdict is not None
    change = LabelChange(
        PEOPLE, "share", "unconditional", "conditional", column="sjh", why="share-tax putuo-2020@1: 理由"
    )
    judged.write_verdicts(2, AT, [], [change])
    judged.add_decisions([decision(None)])
    judged.add_decisions([decision(None, "xm")])
    assert [(n.rule, n.rejected) for n in noisy_rules(judged)] == [("share-tax", 1)]


def test_an_older_store_gets_the_new_columns(tmp_path: Path, make_old: Any) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with Store(url) as store:
        store.add_decisions([decision("none")])
    engine = create_engine(url)
    with engine.begin() as connection:
        make_old(connection, 1)
    engine.dispose()
    with Store(url) as store:
        assert store.decisions() == [decision("none")]


@pytest.mark.parametrize("column", ["sjh", None])
def test_who_agrees_keeps_the_proposals_reason_and_citations(judged: Store, column: str | None) -> None:
    """As `pdc pull` records 已确认: the act tells how, the label says what it said."""

    def grounds() -> list[tuple[str, str, str, tuple[str, ...]]]:
        verdict = labels(judged)[PEOPLE]
        place = verdict if column is None else verdict.columns[1]
        return [(one.dimension, one.value, one.reason, one.basis) for one in place.labels]

    before = grounds()
    agreed = [
        msgspec.structs.replace(decision(value, column, dimension=dimension), reason="在OpenMetadata中将全表标为已确认")
        for dimension, value, _, _ in before
    ]
    kept = record_decisions(judged, agreed)
    assert [(one.because, one.basis) for one in kept] == [(reason, basis) for _, _, reason, basis in before]
    assert {one.reason for one in judged.decisions(PEOPLE)} == {"在OpenMetadata中将全表标为已确认"}
    judge_all(judged)
    assert grounds() == before


# --- commands ----------------------------------------------------------------------------------------------------


@pytest.fixture
def pdc(tmp_path: Path) -> Callable[..., Result]:
    def call(*args: object) -> Result:
        return CliRunner().invoke(cli, ["--site", str(tmp_path), *(str(arg) for arg in args)])

    return call


def test_pack_test_prints_every_example(pdc: Any, tmp_path: Path) -> None:
    result = pdc("pack", "test", "national-2025", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert len(found) == len(load_pack("national-2025").body.examples)
    assert {item["status"] for item in found} == {"ok"}
    bad = tmp_path / "bad.yaml"
    example = "{id: wrong, table: t_gc, columns: [{name: mc, comment: 公厕名称}], expect: {tier: L4}}"
    bad.write_text(f"extends: putuo-2020\nparameters: {{id_number_tier: L4}}\nexamples:\n  - {example}\n", "utf-8")
    result = pdc("pack", "test", bad)
    assert result.exit_code == 2
    told = {line.split()[1]: line.split()[2] for line in result.stdout.splitlines()[1:]}
    assert (told["wrong"], told["minimum-living-allowance"], told["public-toilets"]) == ("failed", "changed", "ok")


def test_pack_diff_without_a_site_compares_the_packs(pdc: Any) -> None:
    found = json.loads(pdc("pack", "diff", "putuo-2020", "national-2025", "--json").stdout)
    assert found["assets"] is None
    changed = {(item["section"], item["key"]) for item in found["pack"]}
    assert {("display", "share.conditional"), ("citations", "state-809/3"), ("share_rules", "share-default")} <= changed
    assert not [item for item in found["pack"] if item["section"] == "tiers"]
    assert "授权共享" in pdc("pack", "diff", "putuo-2020", "national-2025").stdout


def test_the_schema_knows_the_keys_of_an_overlay(pdc: Any) -> None:
    schema = json.loads(pdc("pack", "schema").stdout)
    overlay = schema["$defs"]["Overlay"]
    assert {"extends", "terms", "codebooks", "elements", "tiers", "share_rules", "examples"} <= set(
        overlay["properties"]
    )
    assert overlay["required"] == ["extends"]
    assert overlay["additionalProperties"] is False


def test_columns_are_labelled_by_another_pack(pdc: Any) -> None:
    row = '{"table": "t_person", "table_comment": "人员信息", "column": "xm", "comment": "姓名"}\n'
    runner = CliRunner().invoke(
        cli, ["classify", "--input", "-", "--output", "-", "--pack", "national-2025"], input=row
    )
    found = json.loads(runner.stdout)
    assert (found["share"], found["labels"]["share"]["pack"]) == ("conditional", "national-2025@1")
    assert "state-809/catalogue" in found["basis"]


@pytest.fixture
def site(pdc: Any, tmp_path: Path) -> Path:
    """A site whose store holds what one run judged, and two rulings."""
    assert pdc("init", tmp_path).exit_code == 0
    with Store(f"sqlite:///{tmp_path / 'var' / 'catalogue.sqlite'}") as store:
        store.write_assets(1, AT, [Harvested(asset(name, columns)) for name, columns in COMMENTS.items()])
        judge_all(store)
        record_decisions(store, [decision("none", "mc", PARKS), decision("conditional")])
    return tmp_path


def test_the_commands_on_a_site(site: Path, pdc: Any) -> None:
    ranked = json.loads(pdc("rules", "noisy", "--json").stdout)
    assert [(item["rule"], item["noise"]) for item in ranked] == [("share-default", 1.0), ("share-personal", 0.0)]
    assert "100%" in pdc("rules", "noisy").stdout
    assert pdc("rules", "noisy", "--least", "9").stdout == ""
    overlay = site / "packs" / "ours.yaml"
    overlay.write_text(MOBILE_L4, "utf-8")
    found = json.loads(pdc("pack", "diff", "putuo-2020", overlay, "--json").stdout)
    assert (found["assets"], found["counts"], found["asset_counts"]) == (2, {"tier": 1}, {"tier": 1})
    shown = pdc("pack", "diff", "putuo-2020", overlay).stdout
    assert "sjh" in shown
    assert "tiers/person.mobile" in shown
    assert "putuo-2020@1+ours.1: good" in pdc("pack", "check").stdout


def test_an_overlay_of_an_unknown_pack_is_told_with_its_line(pdc: Any, tmp_path: Path) -> None:
    (tmp_path / "o.yaml").write_text("id: a\nextends: putuo-2030\n", "utf-8")
    result = pdc("pack", "check", tmp_path / "o.yaml")
    assert result.exit_code == 2
    assert "o.yaml:2: extends: no pack 'putuo-2030'; known: national-2025, putuo-2020" in result.stderr
