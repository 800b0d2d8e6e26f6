"""What the store remembers of publishing survives, is per server, and the journal empties only when settled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workflows.acts.described import Description
from workflows.publish.ledger import DefinitionBase, InFlight, Ledger, Question
from workflows.publish.model import Base, Mark
from workflows.store import Store

AT = "2026-11-26T10:00:00+08:00"
L3 = Mark("数据分级.L3")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path}/store.db") as opened:
        yield opened


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store, "http://om/api")


def base(fqn: str = "s.d.x.t", **more: object) -> Base:
    return Base(fqn=fqn, id="1", version=0.2, marks=[("idno", L3)], **more)  # type: ignore[arg-type]


def test_bases_come_back_and_belong_to_one_server(store: Store, ledger: Ledger) -> None:
    long = "minzheng/rescue/" + "表" * 300
    ledger.save_bases({"m/r/t": base(), long: base("s.d.x.long")}, AT)
    ledger.save_bases({"m/r/t": base(status="Draft")}, AT)
    assert ledger.bases(["m/r/t", long, "unknown"]) == {"m/r/t": base(status="Draft"), long: base("s.d.x.long")}
    assert Ledger(store, "http://other/api").bases(["m/r/t"]) == {}
    assert sorted(ledger.published_fqns().values()) == ["s.d.x.long", "s.d.x.t"]


def test_definitions_come_back(ledger: Ledger) -> None:
    tag = DefinitionBase("tag/tier/L3", "tags", "数据分级.L3", "7", {"description": "敏感"})
    ledger.save_definitions([tag], AT)
    assert ledger.definitions() == {"tag/tier/L3": tag}
    ledger.forget(["tag/tier/L3"])
    assert ledger.definitions() == {}


def test_what_is_in_flight_is_known_until_it_is_settled(ledger: Ledger) -> None:
    publication = ledger.begin("digest", AT)
    writes = [InFlight(key, f"s.{key}", "table", before=[("", L3)], after=[]) for key in ("a", "b")]
    ledger.enter(publication, writes)
    ledger.settle(publication, {"a": base()}, AT)
    assert ledger.in_flight(publication) == [writes[1]]
    assert [item.id for item in ledger.unfinished()] == [publication]
    ledger.finish(publication, AT, {"written": 1})
    assert ledger.unfinished() == []
    assert ledger.in_flight(publication) == []
    assert ledger.publications()[0].summary == {"written": 1}


def test_another_address_takes_over_what_is_known_and_under_way(store: Store, ledger: Ledger) -> None:
    """Once; what is written at the one from then on is not known at the other."""
    ledger.save_bases({"a": base()}, AT)
    ledger.save_definitions([DefinitionBase("tag/tier/L3", "tag", L3.fqn, "7")], AT)
    cut_off = InFlight("a", "s.a", "table", before=[("", L3)])
    ledger.enter(ledger.begin("", AT), [cut_off])
    ledger.finish(ledger.begin("", AT), AT, {})
    other = Ledger(store, "https://om/api")
    assert other.is_empty()
    assert [one.server for one in other.others()] == [ledger.server]
    other.take_over(ledger)
    assert not other.is_empty()
    assert (other.bases(["a"]), other.definitions()) == (ledger.bases(["a"]), ledger.definitions())
    assert [other.in_flight(one.id) for one in other.unfinished()] == [[cut_off]]
    other.settle(other.unfinished()[0].id, {"a": base(status="Draft")}, "2026-11-27T10:00:00+08:00")
    assert ledger.bases(["a"]) == {"a": base()}
    assert [ledger.in_flight(one.id) for one in ledger.unfinished()] == [[cut_off]]
    assert [one.server for one in Ledger(store, "third").others()] == [other.server, ledger.server]


def test_a_question_is_asked_and_settled_once(ledger: Ledger) -> None:
    asked = Question("lowering", "m/r/t", "tier", "L2", "张三", AT, "降低级别需要第二人同意", column="idno")
    assert ledger.ask([asked]) == [asked]
    assert ledger.ask([asked]) == []
    (found,) = ledger.questions()
    assert ledger.settle_question(found.id, "accepted", "李四", AT)
    assert not ledger.settle_question(found.id, "refused", "王五", AT)
    assert ledger.questions() == []
    assert ledger.questions(None)[0].settled_by == "李四"


def test_the_latest_description_counts(ledger: Ledger) -> None:
    ledger.describe([Description("a", "旧", "张三", AT, "c"), Description("a", "新", "李四", AT, "c")])
    ledger.describe([Description("a", "表", "李四", AT)])
    found = ledger.descriptions(["a", "b"])
    assert {key: item.text for key, item in found.items()} == {("a", "c"): "新", ("a", None): "表"}


def test_a_store_of_the_version_before_gets_the_tables(tmp_path: Path, make_old: Any) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with Store(url) as store, store.write() as connection:
        make_old(connection, 2)
    with Store(url) as store:
        ledger = Ledger(store, "x")
        ledger.save_bases({"k": base()}, AT)
        assert ledger.questions() == []
