"""From draft to publication: who may, what must be there, and that nothing published changes by itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from classifiers.evidence import Decision
from connectors.model import Column
from workflows.acts.model import Blocked, Conflict, NotAllowed
from workflows.acts.rights import DEFAULT
from workflows.acts.site import program
from workflows.acts.verify import verify
from workflows.entries.changes import GONE, record_changes
from workflows.entries.lifecycle import LifeCycle
from workflows.entries.published import published_entries, published_entry
from workflows.entries.states import fold, states
from workflows.entries.values import Fill, fill


def test_the_whole_way(office: Any) -> None:
    found = office.entries()["parks"]
    assert (found.state, found.publish_date) == ("draft", None)
    found = office.publish()
    assert (found.state, found.publish_date) == ("published", "2026-01-05")
    (one,) = published_entries(office.trail)
    assert (one.entry.asset, one.entry.state, one.entry.publish_date) == (office.parks.key, "published", "2026-01-05")
    assert [act.verb for act in office.trail.acts("entry")] == [
        *("submit", "approve", "sign-secrecy", "sign-security", "publish")
    ]
    stages = [msgspec.json.decode(act.before) for act in office.trail.acts("entry")]
    assert stages == [{"stage": name} for name in ("draft", "submitted", "approved", "approved", "approved")]
    assert not verify(office.trail).faults


def test_what_is_missing_is_listed_and_nothing_is_written(office: Any) -> None:
    office.entry_config = {}
    with pytest.raises(Blocked) as refused:
        office.cycle("li").submit(office.entries()["parks"])
    assert refused.value.missing == (
        "市级目录收录情况 (municipal) is not filled: pdc entry fill lvhua/gis/parks municipal=…",
    )
    assert list(office.trail.acts()) == []


def test_undetermined_labels_block(office: Any) -> None:
    office.hold(
        msgspec.structs.replace(
            office.parks, columns=(*office.parks.columns, Column("qz7x", 4, "varchar(9)", "VARCHAR"))
        )
    )
    with pytest.raises(Blocked, match=r"qz7x: .*待判定"):
        office.cycle("li").submit(office.entries()["parks"])


@pytest.mark.parametrize(
    ("who", "act"),
    [
        ("wang", "submit"),
        ("ops", "submit"),
        ("li", "approve"),
        ("zhao", "approve"),
        ("li", "publish"),
        ("sun", "publish"),
    ],
)
def test_roles_hold_their_own_acts_only(office: Any, who: str, act: str) -> None:
    found = office.entries()["parks"]
    if act != "submit":
        office.cycle("li").submit(found)
    if act == "publish":
        office.cycle("wang").approve(found)
    with pytest.raises(NotAllowed):
        getattr(office.cycle(who, behalf="wang"), act)(found)


def test_nobody_approves_what_they_submitted(office: Any) -> None:
    found = office.entries()["parks"]
    both = msgspec.structs.replace(office.actor("li"), roles=("steward", "reviewer"), departments=())
    cycle = LifeCycle(office.trail, office.pack, both)
    cycle.submit(found)
    for verb in (cycle.approve, cycle.approve_refusal):
        rights = {**DEFAULT, "entry.approve-refusal": ("reviewer",)}
        with pytest.raises(NotAllowed, match="needs a second person"):
            LifeCycle(office.trail, office.pack, both, rights).__getattribute__(verb.__name__)(found)
    again = LifeCycle(office.trail, office.pack, msgspec.structs.replace(both, person="other", behalf="wang"))
    with pytest.raises(NotAllowed, match="needs a second person"):
        again.approve(found)


def test_no_publication_without_both_reviews(office: Any) -> None:
    found = office.entries()["parks"]
    office.cycle("li").submit(found)
    with pytest.raises(Blocked, match="publish is for entries that are approved"):
        office.cycle("chen").publish(found)
    office.cycle("wang").approve(found)
    with pytest.raises(Blocked) as refused:
        office.cycle("chen").publish(found)
    assert [text.split(" ")[0] for text in refused.value.missing] == ["保密审查", "安全审查"]
    office.cycle("zhao").sign(found, "secrecy")
    with pytest.raises(Blocked, match="安全审查 is not signed"):
        office.cycle("chen").publish(found)


def test_signatures_hold_for_one_version(office: Any) -> None:
    found = office.entries()["parks"]
    office.cycle("li").submit(found)
    office.cycle("wang").approve(found)
    office.cycle("zhao").sign(found, "secrecy")
    with pytest.raises(Blocked, match="return needs a reason"):
        office.cycle("wang").send_back(found, " ")
    office.cycle("wang").send_back(found, "摘要太短")
    with office.trail.acting(office.actor("li")) as acting:
        fill(acting, found.asset, [Fill("abstract", "全区公园绿地的名称和面积")], rights=DEFAULT, items=[])
    found = office.entries()["parks"]
    assert (found.state, found.abstract) == ("returned", "全区公园绿地的名称和面积")
    office.cycle("li").submit(found)
    state = states(office.trail)[found.asset]
    assert (state.stage, state.approved, state.signed) == ("submitted", None, {})


def test_submitted_again_as_it_was_the_signatures_stay(office: Any) -> None:
    found = office.entries()["parks"]
    office.cycle("li").submit(found)
    office.cycle("zhao").sign(found, "secrecy")
    office.cycle("wang").send_back(found, "请补盖章")
    office.cycle("li").submit(found)
    assert set(states(office.trail)[found.asset].signed) == {"secrecy"}


def test_nobodys_own_signature_holds_for_what_they_submit_later(office: Any) -> None:
    found = office.entries()["parks"]
    office.cycle("li").submit(found)
    office.cycle("zhao").sign(found, "secrecy")
    office.cycle("chen").sign(found, "security")
    office.cycle("wang").send_back(found, "请补盖章")
    office.cycle("zhao").submit(found)
    assert set(states(office.trail)[found.asset].signed) == {"security"}
    office.cycle("wang").approve(found)
    with pytest.raises(Blocked, match="保密审查 is not signed"):
        office.cycle("chen").publish(found)


def test_what_changed_under_review_is_neither_approved_nor_published(office: Any) -> None:
    found = office.entries()["parks"]
    office.cycle("li").submit(found)
    office.hold(
        msgspec.structs.replace(
            office.parks, columns=(*office.parks.columns, Column("dz", 4, "text", "TEXT", True, "公园地址"))
        )
    )
    with pytest.raises(Conflict, match="新增信息项 dz"):
        office.cycle("wang").approve(office.entries()["parks"])


def test_refusing_to_share_needs_law_and_the_office(office: Any) -> None:
    key = office.permits.key

    def rule(basis: tuple[str, ...]) -> None:
        given = [
            Decision(
                key, "share", "none", "li", office.now().isoformat(), column=column, reason="依法不予共享", basis=basis
            )
            for column in (None, "xm", "sfzh", "lxdh")
        ]
        office.store.add_decisions(given)
        office.hold(office.permits)

    rule(())
    with pytest.raises(Blocked, match=r"待判定|without a law"):
        office.cycle("li").submit(office.entries()["applicants"])
    rule(("pipl/34",))
    found = office.entries()["applicants"]
    office.cycle("li").submit(found)
    office.cycle("wang").approve(found)
    office.cycle("zhao").sign(found, "secrecy")
    office.cycle("chen").sign(found, "security")
    with pytest.raises(Blocked, match="非共享 is not approved by the district office"):
        office.cycle("chen").publish(found)
    office.cycle("sun").approve_refusal(found, "符合")
    office.cycle("chen").publish(found)
    assert published_entry(office.trail, key) is not None


def test_a_harvest_opens_a_change_and_changes_nothing(office: Any) -> None:
    before = office.publish()
    more = msgspec.structs.replace(
        office.parks, columns=(*office.parks.columns, Column("dz", 4, "text", "TEXT", True, "公园地址"))
    )
    office.hold(more)
    acts = record_changes(office.trail, office.entries().values(), ["lvhua"], office.actor("ops")).acts
    assert [(act.verb, act.subject) for act in acts] == [("change", office.parks.key)]
    assert record_changes(office.trail, office.entries().values(), ["lvhua"], office.actor("ops")).acts == []
    found = office.entries()["parks"]
    assert (found.state, found.publish_date) == ("changed", "2026-01-05")
    kept = published_entry(office.trail, office.parks.key)
    assert kept is not None
    assert [item.name for item in kept.entry.items] == [item.name for item in before.items]
    assert "新增信息项 dz：（空） → 公园地址" in states(office.trail)[office.parks.key].changes
    office.hold(office.parks)
    assert [
        act.verb for act in record_changes(office.trail, office.entries().values(), ["lvhua"], office.actor("ops")).acts
    ] == ["settle"]
    assert office.entries()["parks"].state == "published"


def test_a_change_is_told_once_in_whatever_words(office: Any) -> None:
    office.publish()
    ruling = Decision(office.parks.key, "tier", "L3", "li", office.now().isoformat(), column="mc", reason="核实")
    office.store.add_decisions([ruling])
    office.hold(office.parks)
    now = office.entries().values()
    (act,) = record_changes(office.trail, now, ["lvhua"], office.actor("ops")).acts
    assert "信息项 mc 的数据分级：L1 → L3" in act.after
    assert record_changes(office.trail, now, ["lvhua"], office.actor("ops"), office.pack).acts == []


def test_acts_of_the_program_say_by_which_pack_and_what_was_before(office: Any) -> None:
    office.publish()
    version = states(office.trail)[office.parks.key].in_force.digest
    office.hold(msgspec.structs.replace(office.parks, comment="公园名录"))
    (change,) = record_changes(office.trail, office.entries().values(), ["lvhua"], program(), office.pack).acts
    office.hold(office.parks)
    (settle,) = record_changes(office.trail, office.entries().values(), ["lvhua"], program(), office.pack).acts
    assert [(act.verb, act.who, act.pack) for act in (change, settle)] == [
        *(("change", "pdc", office.pack.ident), ("settle", "pdc", office.pack.ident))
    ]
    before = [msgspec.json.decode(act.before) for act in (change, settle)]
    assert [(one["stage"], one["version"]) for one in before] == [("published", version), ("changed", version)]
    assert "信息资源名称：公园绿地 → 公园名录" in before[1]["changes"]


def test_what_is_not_shared_is_not_opened(office: Any) -> None:
    at = office.now().isoformat()
    office.store.add_decisions(
        [Decision(office.parks.key, "share", "none", "li", at, column="mc", reason="依法", basis=("pipl/34",))]
    )
    office.hold(office.parks)
    with pytest.raises(Blocked) as refused:
        office.cycle("li").submit(office.entries()["parks"])
    assert "mc: 非共享 and yet to be opened (Art. 21, 25): rule it 非开放, or share it" in refused.value.missing


def test_what_was_returned_and_is_as_it_was_published_is_published(office: Any) -> None:
    before = office.publish()
    with office.trail.acting(office.actor("li")) as acting:
        fill(acting, office.parks.key, [Fill("abstract", "新摘要")], rights=DEFAULT, items=[])
    found = office.entries()["parks"]
    office.cycle("li").submit(found)
    office.cycle("wang").send_back(found, "不如原来")
    with office.trail.acting(office.actor("li")) as acting:
        fill(acting, office.parks.key, [Fill("abstract", "")], rights=DEFAULT, items=[])
    acts = record_changes(office.trail, office.entries().values(), ["lvhua"], office.actor("ops")).acts
    assert [act.verb for act in acts] == ["settle"]
    found = office.entries()["parks"]
    assert (found.state, found.abstract) == ("published", before.abstract)
    assert record_changes(office.trail, office.entries().values(), ["lvhua"], office.actor("ops")).acts == []


def test_a_vanished_entry_stays_in_force_until_somebody_withdraws_it(office: Any) -> None:
    found = office.publish()
    office.store.mark_missing([office.store.known("lvhua", "gis")[office.parks.key].id], "2026-02-01")
    record_changes(office.trail, office.entries().values(), ["lvhua"], office.actor("ops"))
    state = states(office.trail)[office.parks.key]
    assert (state.stage, state.changes, state.in_force is not None) == ("changed", (GONE,), True)
    office.cycle("wang").withdraw(found, "系统下线")
    assert published_entry(office.trail, office.parks.key) is None
    assert record_changes(office.trail, office.entries().values(), ["lvhua"], office.actor("ops")).acts == []


def test_any_day_can_be_had_again(office: Any) -> None:
    office.publish()
    office.time = office.time.replace(month=6)
    with office.trail.acting(office.actor("li")) as acting:
        fill(acting, office.parks.key, [Fill("abstract", "新摘要")], rights=DEFAULT, items=[])
    office.publish()
    assert [one.entry.abstract == "新摘要" for one in published_entries(office.trail)] == [True]
    (old,) = published_entries(office.trail, "2026-03-01")
    assert (old.entry.abstract == "新摘要", old.entry.publish_date, old.state.issue) == (False, "2026-01-05", 1)
    assert list(published_entries(office.trail, "2026-01-04")) == []


def test_an_unchanged_entry_is_not_published_twice(office: Any) -> None:
    found = office.publish()
    with pytest.raises(Blocked, match="in force already"):
        office.cycle("li").submit(found)


def test_who_saw_another_version_is_refused(office: Any) -> None:
    found = office.entries()["parks"]
    office.cycle("li").submit(found)
    with pytest.raises(Conflict, match="somebody else acted on it meanwhile"):
        office.cycle("wang").approve(found, expected=0)
    assert fold(office.trail.acts("entry", found.asset)).stage == "submitted"


def test_taken_back_and_filled_in_again_the_same_is_no_other_version(office: Any) -> None:
    def abstract(value: str) -> None:
        with office.trail.acting(office.actor("li")) as acting:
            fill(acting, office.parks.key, [Fill("abstract", value)], rights=DEFAULT, items=[])

    abstract("全区公园")
    office.publish()
    abstract("")
    office.time = office.time.replace(month=7)
    abstract("全区公园")
    with pytest.raises(Blocked, match="in force already"):
        office.cycle("li").submit(office.entries()["parks"])
