"""Classify: what is judged again and what is left alone; history; and files of columns without a site."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from classifiers.evidence import (
    AssetVerdict,
    Because,
    ColumnVerdict,
    Decision,
    Evidence,
    Label,
    Subject,
    TableInput,
)
from classifiers.policy import load_pack
from connectors.model import Asset
from workflows.classify import ClassifyResult, classify, tiers_in_force
from workflows.standalone import Classifier, classify_lines
from workflows.store import Store
from workflows.store_records import Harvested, Judged

AT = "2025-06-01T08:00:00+08:00"
AS_OF = date(2025, 6, 1)
Make = Callable[..., Asset]


class Judge:
    """Tier by column name, share by decision; remembers what it was asked."""

    def __init__(self) -> None:
        self.tiers = {"name": "L2", "id_no": "L3"}
        self.asked: list[tuple[TableInput, dict[str, Any]]] = []

    def __call__(self, table: TableInput, values: Any, pack: Any, **more: Any) -> AssetVerdict:
        self.asked.append((table, {"values": values, **more}))
        decided = {item.column: item.value for item in more.get("decisions", ())}
        columns = tuple(self.column(column.name, decided.get(column.name)) for column in table.columns)
        tier = max((column.labels[1].value for column in columns), default="L1")
        because = {
            "tier": Because(
                tuple(c.name for c, v in zip(table.columns, columns, strict=True) if v.labels[1].value == tier)
            )
        }
        labels = (Label("tier", tier, "suggested", 0.8, "就高"), *columns[0].labels[2:])
        return AssetVerdict(Subject("person", "测试"), labels, because, columns)

    def column(self, name: str, decided: str | None) -> ColumnVerdict:
        known = name in self.tiers
        state = "confirmed" if decided else "suggested"
        return ColumnVerdict(
            "person.name" if known else None,
            "person_name" if known else "other",
            "PB" if known else "",
            (
                Label("element", "person.name", "suggested", 0.9, "名称"),
                Label("tier", decided or self.tiers.get(name, "L2"), state, 0.9, "分级", ("putuo-2020/28",), "t1"),
                Label("share", "conditional", "suggested", 0.7, "个人信息", ("pipl/23", "putuo-2020/22"), "s1"),
                Label("open", "undetermined", "undetermined", 0.4, "个人信息", ("putuo-2020/25",), "o1"),
            ),
            (Evidence("term", "person.name", "name", 0.6, "pinyin", "XM"),),
        )


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def classified(store: Store, judge: Judge) -> Callable[..., ClassifyResult]:
    def run(engine: str = "1", pack: str = "p1", name: str = "普陀区民政局") -> ClassifyResult:
        policy: Any = SimpleNamespace(digest=pack)
        names = {"dept": name}
        return classify(store, policy, names, run=7, at=AT, as_of=AS_OF, judge=judge, engine=engine)

    return run


def saved(store: Store, *assets: Asset, **more: Any) -> None:
    known = store.known("dept", "sys")
    rows = (known[asset.key].id if asset.key in known else None for asset in assets)
    batch = [Harvested(asset=asset, id=row, **more) for asset, row in zip(assets, rows, strict=True)]
    store.write_assets(1, AT, batch)


def test_everything_new_is_judged_with_its_context(store: Store, classified: Any, judge: Judge, asset: Make) -> None:
    evidence = {"id_no": (Evidence("id_card", "person.id_card", "value", 0.98),)}
    saved(store, asset("t", "name:姓名", "id_no", comment="人员"), evidence=evidence)
    assert classified() == ClassifyResult(judged=1, first=1)
    ((table, more),) = judge.asked
    assert (table.department, table.system, table.table, table.comment) == ("普陀区民政局", "sys", "t", "人员")
    assert (table.columns[0].comment, more["values"], more["in_force"]) == ("姓名", evidence, {})
    assert store.totals()["by_tier"] == {"L3": 1}


def test_a_second_run_judges_nothing_and_says_so(store: Store, classified: Any, judge: Judge, asset: Make) -> None:
    saved(store, asset("a", "name"), asset("b", "id_no"))
    classified()
    again = classified()
    assert again == ClassifyResult(skipped=2)
    assert again.nothing_changed
    assert len(judge.asked) == 2


@pytest.mark.parametrize("changed", [{"engine": "2"}, {"pack": "p2"}, {"name": "普陀区医保局"}])
def test_another_engine_pack_or_department_name_judges_again(
    store: Store, classified: Any, asset: Make, changed: dict[str, str]
) -> None:
    saved(store, asset("a", "name"))
    classified()
    assert classified(**changed) == ClassifyResult(judged=1)


def test_a_decision_judges_its_own_asset_again(store: Store, classified: Any, judge: Judge, asset: Make) -> None:
    saved(store, asset("a", "name"), asset("b", "name"))
    classified()
    store.add_decisions([Decision("dept/sys/a", "tier", "L4", "王主任", AT, column="name")])
    result = classified()
    assert (result.judged, result.skipped) == (1, 1)
    assert [item.value for item in judge.asked[-1][1]["decisions"]] == ["L4"]


def test_changed_labels_go_into_the_history(store: Store, classified: Any, judge: Judge, asset: Make) -> None:
    saved(store, asset("a", "name", "old"))
    classified()
    saved(store, asset("a", "new", "name"))
    judge.tiers["name"] = "L3"
    result = classified()
    assert (result.first, result.changed_labels) == (0, 2)
    found = [(c.column, c.dimension, c.old, c.new, c.run, c.at) for c in store.label_changes("dept/sys/a")]
    assert found == [(None, "tier", "L2", "L3", 7, AT), ("name", "tier", "L2", "L3", 7, AT)]
    assert "t1" in store.label_changes("dept/sys/a")[1].why
    assert judge.asked[-1][1]["in_force"] == {"": "L2", "name": "L2", "old": "L2"}


def test_a_state_that_changes_is_a_change(store: Store, classified: Any, asset: Make) -> None:
    saved(store, asset("a", "name"))
    classified()
    store.add_decisions([Decision("dept/sys/a", "tier", "L2", "王主任", AT, column="name")])
    assert classified().changed_labels == 1
    (change,) = store.label_changes("dept/sys/a")
    assert (change.old_state, change.new_state) == ("suggested", "confirmed")


# --- a file without a site ---------------------------------------------------------------------------------------


def rows(*lines: dict[str, Any] | str) -> list[bytes]:
    return [
        (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)).encode() + b"\n" for line in lines
    ]


def run_file(judge: Judge, lines: list[bytes]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], Any]:
    output, assets = io.BytesIO(), io.BytesIO()
    pack: Any = None
    classifier = Classifier(pack, AS_OF, observe=lambda table, samples, as_of: {"seen": samples}, judge=judge)
    summary = classify_lines(lines, "columns.jsonl", classifier, output, assets)
    read = [[json.loads(line) for line in file.getvalue().splitlines()] for file in (output, assets)]
    return read[0], read[1], summary


def test_one_line_out_per_line_in_with_the_same_identity(judge: Judge) -> None:
    lines = rows(
        {
            "department": "民政局",
            "system": "救助",
            "table": "T",
            "column": "name",
            "comment": None,
            "label": "person_name",
        },
        {"department": "民政局", "system": "救助", "table": "T", "column": "x"},
        {"source": "public schema 1", "table": "T", "column": "id_no"},
    )
    out, assets, summary = run_file(judge, lines)
    assert [
        {k: v for k, v in line.items() if k in ("department", "system", "source", "table", "column")} for line in out
    ] == [
        {"department": "民政局", "system": "救助", "table": "T", "column": "name"},
        {"department": "民政局", "system": "救助", "table": "T", "column": "x"},
        {"source": "public schema 1", "table": "T", "column": "id_no"},
    ]
    assert [len(table.columns) for table, _ in judge.asked] == [2, 1]
    assert [asset["tier"] for asset in assets] == ["L2", "L3"]
    assert (summary.columns, summary.tables, summary.bad) == (3, 2, [])


def test_a_line_says_everything(judge: Judge) -> None:
    out, assets, _ = run_file(judge, rows({"table": "T", "column": "name"}, {"table": "T", "column": "x"}))
    known, unknown = out
    assert {key: known[key] for key in ("element", "family", "category", "tier", "share", "open")} == {
        "element": "person.name",
        "family": "person_name",
        "category": "PB",
        "tier": "L2",
        "share": "conditional",
        "open": "undetermined",
    }
    assert (known["state"], known["confidence"], known["reason"]) == ("undetermined", 0.4, "分级；个人信息")
    assert known["basis"] == ["putuo-2020/28", "pipl/23", "putuo-2020/22", "putuo-2020/25"]
    assert known["labels"]["share"]["basis"] == ["pipl/23", "putuo-2020/22"]
    assert known["evidence"][0]["term"] == "XM"
    assert (unknown["element"], unknown["family"]) == (None, "other")
    assert assets[0]["because"] == {"tier": ["name", "x"]}
    assert {"tier", "share", "open", "state", "basis", "publishable"} <= assets[0].keys()
    assert "column" not in assets[0]


def test_bad_lines_keep_their_place_and_hold_up_nothing(judge: Judge) -> None:
    lines = rows(
        {"table": "T", "column": "a"},
        "{not json",
        {"table": "T", "column": "b", "samples": "13800138000"},
        {"table": "T"},
        "",
        {"table": "T", "column": "c"},
        '"text"',
        {"table": "", "column": "c"},
    )
    lines.append(b'\xff\xfe{"table": "T", "column": "d"}\n')
    out, _, summary = run_file(judge, lines)
    assert [line.get("column", "error") for line in out] == ["a", *["error"] * 3, "c", *["error"] * 3]
    assert out[1]["error"].startswith("columns.jsonl:2: ")
    assert [line["error"].split(":")[1] for line in out if "error" in line] == ["2", "3", "4", "7", "8", "9"]
    assert "13800138000" not in str(out)
    assert len(judge.asked) == 1
    assert (summary.columns, len(summary.bad)) == (2, 6)


def test_samples_are_looked_at_and_never_written(judge: Judge) -> None:
    lines = rows({"table": "T", "column": "name", "samples": ["王小明", None]}, {"table": "T", "column": "x"})
    out, assets, _ = run_file(judge, lines)
    assert judge.asked[0][1]["values"] == {"seen": {"name": ["王小明", None]}}
    assert "王小明" not in str(out) + str(assets)


def test_identifiers_in_names_and_comments_are_masked_before_anything_is_said(judge: Judge) -> None:
    row = {
        "table": "t13800138000",
        "table_comment": "名单 13800138000",
        "column": "c",
        "comment": "如31010719000101001X",
    }
    out, assets, _ = run_file(judge, rows(row | {"table": "名单_13800138000"}))
    told = str(judge.asked) + str(out) + str(assets)
    assert "13800138000" not in told
    assert "31010719000101001X" not in told
    assert out[0]["table"] == "名单_138********"


def test_a_table_that_comes_again_is_judged_again(judge: Judge) -> None:
    lines = rows({"table": "A", "column": "a"}, {"table": "B", "column": "b"}, {"table": "A", "column": "c"})
    _, assets, _ = run_file(judge, lines)
    assert [asset["table"] for asset in assets] == ["A", "B", "A"]


def test_a_byte_order_mark_is_no_error(judge: Judge) -> None:
    out, _, summary = run_file(judge, [b"\xef\xbb\xbf" + rows({"table": "T", "column": "a"})[0]])
    assert (len(out), summary.bad) == (1, [])


def _tier(value: str, rule: str) -> Label:
    return Label("tier", value, "suggested", 0.9, "理由", rule=rule)


@pytest.mark.parametrize(
    ("columns", "asset_label", "in_force"),
    [
        ({"a": _tier("L2", "unknown")}, _tier("L2", "roll-up"), {}),
        ({"a": _tier("L2", "tiers/x"), "b": _tier("L2", "unknown")}, _tier("L2", "roll-up"), {"a": "L2", "": "L2"}),
        ({"a": _tier("L1", "tiers/x"), "b": _tier("L2", "unknown")}, _tier("L2", "roll-up"), {"a": "L1"}),
        ({"a": _tier("L3", "tiers/x")}, _tier("L4", "minors-asset"), {"a": "L3", "": "L4"}),
    ],
)
def test_the_floor_of_the_unknown_is_no_tier_in_force(
    store: Store, asset: Make, columns: dict[str, Label], asset_label: Label, in_force: dict[str, str]
) -> None:
    saved(store, asset("t", *columns))
    (row,) = store.judgeable([])
    verdicts = tuple(ColumnVerdict(None, "other", "", (label,)) for label in columns.values())
    verdict = AssetVerdict(Subject("unknown", ""), (asset_label,), {}, verdicts)
    store.write_verdicts(1, AT, [Judged(row.id, "k", tuple(columns), verdict)], [])
    (stored,) = store.load([row.id])
    assert tiers_in_force(stored) == in_force


def test_a_table_with_a_secrecy_mark_is_not_read_and_never_open() -> None:
    rows = [{"table": "t1", "table_comment": "机密文件目录", "column": name, "comment": text} for name, text in PUBLIC]
    output, assets = io.BytesIO(), io.BytesIO()
    lines = [json.dumps(row).encode() for row in rows]
    classify_lines(lines, "f", Classifier(load_pack(), date(2026, 1, 1)), output, assets)
    records = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [(r["element"], r["tier"], r["share"], r["open"], r["state"]) for r in records] == [
        (None, "L4", "undetermined", "undetermined", "undetermined")
    ] * 2
    asset = json.loads(assets.getvalue())
    assert (asset["open"], asset["publishable"], asset["basis"]) == ("undetermined", False, ["putuo-2020/3"])


PUBLIC = [("wjbt", "文件标题"), ("fwjg", "发文机关")]
