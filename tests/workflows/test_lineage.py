"""Labels pass from tables to the views over them: `pdc run`, order of judging, decisions, and judging again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from classifiers.evidence import AssetVerdict, Decision
from classifiers.policy import Pack, load_pack
from classifiers.verdict import judge
from connectors.model import Asset, Column, ColumnSource
from workflows import classify as classify_module
from workflows.classify import ClassifyResult, classify
from workflows.cli import cli
from workflows.lineage import Names
from workflows.store import Store
from workflows.store_records import Harvested

AT, AS_OF = "2026-11-23T08:00:00+08:00", date(2026, 11, 23)
TABLE = "CREATE TABLE T_RY (XH integer PRIMARY KEY, XM varchar(50), SFZH varchar(18), GXSJ date);"
VIEWS = """
CREATE VIEW V2 AS SELECT SFZH AS XH, XM AS MC FROM T_RY;
CREATE VIEW V3 AS SELECT SFZH AS GXSJ FROM T_RY;
CREATE VIEW V4 AS SELECT upper(SFZH) AS C1 FROM T_RY;
CREATE VIEW V5 AS SELECT XH, GXSJ FROM T_RY;
CREATE VIEW V6 AS SELECT count(SFZH) AS SL FROM T_RY;
CREATE VIEW A7 AS SELECT GXSJ AS XH FROM V3;
"""


# pdc run --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text("name: 测试目录\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def pdc(site: Path) -> Callable[..., Result]:
    return lambda *args: CliRunner().invoke(cli, ["--site", str(site), *args])


def system(site: Path, **settings: Any) -> None:
    body = {"department": {"id": "d", "name": "普陀区民政局"}, "systems": [{"id": "s", "sample": False, **settings}]}
    (site / "departments" / "d.yaml").write_text(json.dumps(body), encoding="utf-8")


def in_sqlite(site: Path, _: Any) -> None:
    with closing(sqlite3.connect(site / "s.db")) as connection:
        connection.executescript(TABLE + VIEWS)
    system(site, connector="sqlite", path="s.db")


def in_a_dump(site: Path, _: Any) -> None:
    (site / "s.sql").write_text(TABLE + VIEWS, encoding="utf-8")
    system(site, connector="ddl", path="s.sql")


def in_postgresql(site: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres_url")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(TABLE + VIEWS))
    engine.dispose()
    system(site, connector="postgresql", url=url)


@pytest.mark.parametrize("make", [in_sqlite, in_a_dump, in_postgresql])
def test_views_are_labelled_as_their_tables(
    site: Path, pdc: Any, make: Callable[..., None], request: pytest.FixtureRequest
) -> None:
    make(site, request)
    assert pdc("run").exit_code == 0
    lines = map(json.loads, pdc("assets", "--jsonl", "--labels").stdout.splitlines())
    found = {
        f"{asset['name']}.{column['name']}".upper(): column["labels"] for asset in lines for column in asset["columns"]
    }
    id_card = [found["T_RY.SFZH"][dimension]["value"] for dimension in ("tier", "share", "open")]
    assert id_card == ["L3", "conditional", "none"]
    for name in ("V2.XH", "V3.GXSJ", "V4.C1", "A7.XH"):
        labels = found[name]
        assert labels["element"]["value"] == "person.id_card", name
        assert [labels[dimension]["value"] for dimension in ("tier", "share", "open")] == id_card, name
        assert {label["origin"] for label in labels.values()} == {"inherited"}, name
    for name in ("V5.XH", "V5.GXSJ", "V6.SL"):
        assert [found[name][dimension]["value"] for dimension in ("tier", "open")] == ["L1", "unconditional"], name
    assert found["V6.SL"]["tier"]["origin"] == "rule"
    shown = pdc("explain", "V2.XH").stdout.upper()
    assert "来自T_RY.SFZH：公民身份号码" in shown
    assert "视图来源「T_RY.SFZH」" in shown


def test_a_table_that_a_dump_fills_from_another_is_labelled_as_that(site: Path, pdc: Any) -> None:
    copy = "CREATE TABLE T_BK AS SELECT SFZH AS GXSJ FROM T_RY; CREATE VIEW V AS SELECT GXSJ AS C1 FROM T_BK;"
    (site / "s.sql").write_text(TABLE + copy, encoding="utf-8")
    system(site, connector="ddl", path="s.sql")
    assert pdc("run").exit_code == 0
    lines = map(json.loads, pdc("assets", "--jsonl", "--labels").stdout.splitlines())
    found = {asset["name"]: asset["columns"][-1]["labels"]["tier"] for asset in lines}
    assert [(found[name]["value"], found[name]["rule"]) for name in ("T_BK", "V")] == [("L3", "lineage")] * 2


SECRETS = """
CREATE TABLE t_ry (id integer PRIMARY KEY, sjh varchar(20), pwd varchar(20));
CREATE VIEW a_pw AS SELECT id, sjh AS zd2, pwd AS zd1 FROM t_ry;
CREATE VIEW b_pw AS SELECT upper(zd1) AS zd3, zd2 AS zd4 FROM a_pw;
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_passwords_are_not_read_through_views(site: Path, pdc: Any, kind: str, request: pytest.FixtureRequest) -> None:
    rows = [f"INSERT INTO t_ry VALUES ({n}, '138001380{n}', '139001390{n}')" for n in range(10, 30)]
    script = ";".join([SECRETS, *rows])
    if kind == "sqlite":
        with closing(sqlite3.connect(site / "s.db")) as connection:
            connection.executescript(script)
            connection.commit()
        system(site, connector=kind, path="s.db", sample={"rows": 20})
    else:
        url = request.getfixturevalue("postgres_url")
        engine = create_engine(url)
        with engine.begin() as opened:
            opened.execute(text(script))
        engine.dispose()
        system(site, connector=kind, url=url, sample={"rows": 20})
    assert pdc("run").exit_code == 0
    with Store(f"sqlite:///{site / 'var' / 'catalogue.sqlite'}") as store:
        seen = {
            f"{one.asset.name}.{column}" for one in store.stream() for column, found in one.evidence.items() if found
        }
        hidden = {
            f"{one.asset.name}.{name}"
            for one in store.stream()
            for name, verdict in one.column_verdicts.items()
            if not verdict.catalogued
        }
    assert {"t_ry.sjh", "a_pw.zd2", "b_pw.zd4"} <= seen
    assert hidden == {"t_ry.pwd", "a_pw.zd1", "b_pw.zd3"}
    assert seen.isdisjoint(hidden)


# from the store -------------------------------------------------------------------------------------------------------


def table(name: str = "t_ry", *columns: str, **more: Any) -> Asset:
    made = tuple(Column(column, index + 1) for index, column in enumerate(columns or ("xh", "xm", "sfzh")))
    return Asset("d", "s", name, columns=made, **more)


def view(name: str, more: dict[str, Any] | None = None, **columns: str | list[str]) -> Asset:
    """``view("v", a="t.b", c=["t.d", "t.e"])``"""

    def source(path: str) -> ColumnSource:
        of_table, _, column = path.rpartition(".")
        return ColumnSource(of_table, column)

    made = tuple(
        Column(column, index + 1, sources=tuple(map(source, [paths] if isinstance(paths, str) else paths)))
        for index, (column, paths) in enumerate(columns.items())
    )
    return Asset("d", "s", name, kind="view", columns=made, **(more or {}))


def saved(store: Store, *assets: Asset) -> None:
    known = store.known("d", "s")
    store.write_assets(1, AT, [Harvested(one, id=known[one.key].id if one.key in known else None) for one in assets])


def classified(store: Store, *, pack: Pack | None = None, **more: Any) -> ClassifyResult:
    return classify(store, pack or load_pack(), {}, run=2, at=AT, as_of=AS_OF, **more)


def labels(store: Store, path: str) -> dict[str, tuple[str, str, str]]:
    """Dimension → value, state, rule of ``asset.column``."""
    name, _, column = path.partition(".")
    stored = next(one for one in store.stream() if one.asset.name == name)
    return {label.dimension: (label.value, label.state, label.rule) for label in stored.column_verdicts[column].labels}


def ruled(store: Store, path: str, dimension: str, value: str, who: str = "王工") -> None:
    name, _, column = path.partition(".")
    decision = Decision(f"d/s/{name}", dimension, value, who, AT, column=column, reason="已核实")  # type: ignore[arg-type]
    store.add_decisions([decision])


def test_views_on_views_are_judged_after_what_they_show(store: Store) -> None:
    chain = [view(f"v{9 - n}", c1="t_ry.sfzh" if n == 0 else f"v{10 - n}.c1") for n in range(8)]
    saved(store, *reversed(chain), table())
    assert classified(store) == ClassifyResult(judged=9, first=9)
    for one in chain:
        assert labels(store, f"{one.name}.c1")["tier"] == ("L3", "suggested", "lineage")
    assert classified(store) == ClassifyResult(skipped=9)


def test_several_processes_respect_the_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classify_module, "workers_for", lambda assets, wanted: wanted)
    saved(store, view("a", c1="b.c1"), view("b", c1="t_ry.sfzh"), table())
    assert classified(store, workers=2).judged == 3
    assert labels(store, "a.c1")["tier"][0] == "L3"


def test_circles_and_unknown_tables_end(store: Store) -> None:
    saved(
        store,
        view("a", c1="b.c1", sfzh="nowhere.x"),
        view("b", c1="a.c1", c2="t_ry.sfzh"),
        view("self", c1="self.c1"),
        table(),
    )
    assert classified(store).judged == 4
    assert labels(store, "a.sfzh")["tier"][2] != "lineage"
    assert labels(store, "b.c2")["tier"] == ("L3", "suggested", "lineage")
    assert "element" not in labels(store, "self.c1")
    assert classified(store).judged == 0


def test_labels_in_a_circle_do_not_depend_on_the_run_before(store: Store) -> None:
    saved(store, view("a", sfzh="b.sfzh"), view("b", sfzh="a.sfzh"))
    classified(store)
    first = labels(store, "a.sfzh")
    assert classified(store, engine="other").judged == 2
    assert labels(store, "a.sfzh") == first


def test_what_people_ruled_on_a_table_holds_for_its_views(store: Store) -> None:
    saved(store, view("w", c1="v.c1"), view("v", c1="t_ry.sfzh"), table())
    classified(store)
    ruled(store, "t_ry.sfzh", "tier", "L4")
    ruled(store, "t_ry.sfzh", "element", "person.income")
    assert classified(store).judged == 3
    for path in ("v.c1", "w.c1"):
        assert labels(store, path)["tier"] == ("L4", "suggested", "lineage-decision")
        assert labels(store, path)["element"][0] == "person.income"


def test_a_tier_that_people_lowered_in_the_table_is_lowered_in_its_views(store: Store) -> None:
    saved(store, view("w", c1="v.c1"), view("v", c1="t_ry.sfzh"), table())
    classified(store)
    ruled(store, "t_ry.sfzh", "tier", "L2")
    classified(store)
    assert [labels(store, path)["tier"] for path in ("v.c1", "w.c1")] == [("L2", "suggested", "lineage-decision")] * 2


def test_a_view_that_shows_something_else_now_keeps_its_tier_until_a_person_agrees(store: Store) -> None:
    saved(store, view("v", c1="t_ry.sfzh"), table())
    classified(store)
    saved(store, view("v", c1="t_ry.xh"))
    classified(store)
    assert labels(store, "v.c1")["tier"] == ("L3", "suggested", "in-force")


def test_a_ruling_on_the_views_own_column_beats_its_sources(store: Store) -> None:
    saved(store, view("v", c1="t_ry.sfzh"), table())
    classified(store)
    ruled(store, "v.c1", "tier", "L2")
    ruled(store, "v.c1", "open", "conditional")
    assert classified(store).judged == 1
    found = labels(store, "v.c1")
    assert (found["tier"], found["open"][:2]) == (("L2", "confirmed", "decision"), ("conditional", "confirmed"))
    stored = next(one for one in store.stream() if one.asset.name == "v")
    assert stored.verdict is not None
    assert "rule_above_decision" in {finding.code for finding in stored.verdict.findings}


def test_another_table_or_pack_judges_the_views_again(store: Store) -> None:
    saved(store, view("v", c1="t_ry.c9"), table("t_ry", "c9"), table("other", "xh"))
    classified(store)
    assert "element" not in labels(store, "v.c1")
    asset = table("t_ry", "c9")
    commented = msgspec.structs.replace(asset, columns=(msgspec.structs.replace(asset.columns[0], comment="身份证号"),))
    saved(store, commented)
    assert classified(store).judged == 2
    assert labels(store, "v.c1")["tier"][:2] == ("L3", "suggested")
    assert classified(store, engine="other").judged == 3


def test_a_view_is_judged_again_when_its_table_could_not_be(store: Store) -> None:
    saved(store, view("w", c1="v.c1"), view("v", c1="t_ry.sfzh"), table())

    def failing(given: Any, *args: Any, **more: Any) -> AssetVerdict:
        if given.table == "t_ry":
            raise ValueError("no")
        return judge(given, *args, **more)

    assert classified(store, judge=failing).judged == 2
    assert "element" not in labels(store, "w.c1")
    assert classified(store).judged == 3
    assert labels(store, "w.c1")["tier"][0] == "L3"


def test_names_are_found_as_definitions_write_them() -> None:
    names = Names([("db.public.T", 1), ("db.public.t", 2), ("db.other.T", 3), ("db.other.u", 4)])
    assert names.find("public.T", None) == (1,)
    assert names.find("PUBLIC.U", None) == ()
    assert names.find("T", "other") == (3,)
    assert names.find("U", "public") == (4,)
    assert names.find("public.t", "other") == (2,)
    assert set(names.find("PUBLIC.T", None)) == {1, 2}
    assert names.find("nowhere", None) == ()


def test_a_whole_row_inherits_from_every_column(store: Store) -> None:
    saved(store, view("v", c1="t_ry.*"), table())
    classified(store)
    assert labels(store, "v.c1")["tier"][0] == "L3"
    assert "element" not in labels(store, "v.c1")


def test_a_table_of_another_schema_is_named_with_it(store: Store) -> None:
    saved(store, view("v", {"schema": "a"}, c1="b.t_ry.sfzh"), table(schema="b"))
    classified(store)
    (stored,) = (one for one in store.stream() if one.asset.name == "v")
    reason = next(label.reason for label in stored.column_verdicts["c1"].labels if label.dimension == "tier")
    assert reason.startswith("来自b.t_ry.sfzh：")


def test_what_is_only_counted_inherits_nothing(store: Store) -> None:
    counted = Column("sl", 1, sources=(ColumnSource("t_ry", "sfzh", carried=False),))
    saved(store, Asset("d", "s", "v", kind="view", columns=(counted,)), table())
    classified(store)
    assert labels(store, "v.sl")["tier"][2] not in ("lineage", "in-force")
